#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A short run of make stress BAD=1: callers that free memory twice, inner addresses, to other
# caches and pools, and foreign addresses, beside correct ones.
# vm: --kernel kunit --smp 4 --nodes 2 --mem 512M --timeout 900 --add "$top/scripts/stress.d/guest:/stress.guest"
# vm: --expect "slabmod: misuse: (bad_free|inner_free|double_free|wrong_cache|wrong_size|too_large|wrong_pool|cache_busy|pool_busy): "

. /check.lib

results=/stress/results

# Print the kinds of calls and contexts that are missing
none_of() {
	awk -v what="$1" '$1 == what && !$3 { print "missing: " $2; n++ } $1 == what { all++ }
		END { exit n || !all }' $results
}

# The guest's script fails on any other error, and on a wrong number of reports.
check 'misuse affects no other memory' sh /stress.guest ops=80000 bad=1
check 'every kind of misuse' none_of bad
check 'from every context' none_of bad_context
