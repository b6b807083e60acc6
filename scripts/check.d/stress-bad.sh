#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A short run of what make stress BAD=1 does: callers that free memory twice, in the middle,
# to other caches and pools, and addresses that are not slabmod's, beside others that do not.
# vm: --kernel kunit --smp 4 --nodes 2 --mem 512M --timeout 900 --add "$top/scripts/stress.d/guest:/stress.guest"
# vm: --expect "slabmod: misuse: (bad_free|inner_free|double_free|wrong_cache|wrong_size|too_large|wrong_pool|cache_busy|pool_busy): "

. /check.lib

results=/stress/results

# Kinds of calls and contexts that there were none of
none_of() {
	awk -v what="$1" '$1 == what && !$3 { print "there were none: " $2; n++ } $1 == what { all++ }
		END { exit n || !all }' $results
}

# All of it but the number of reports is decided in the guest's script, which fails then.
check 'misuse harms nothing but what is misused' sh /stress.guest ops=80000 bad=1
check 'every rule was broken' none_of bad
check 'from every context' none_of bad_context
