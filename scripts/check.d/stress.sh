#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A short run of what make stress does: every call at once, from everywhere, while CPUs
# come and go.
# vm: --kernel kunit --smp 4 --nodes 2 --mem 512M --timeout 900 --add "$top/scripts/stress.d/guest:/stress.guest"

. /check.lib

results=/stress/results

# Kinds of calls and contexts that there were none of
none_of() {
	awk -v what="$1" '$1 == what && !$3 { print "there were none: " $2; n++ } $1 == what { all++ }
		END { exit n || !all }' $results
}

check 'what is taken is right when it is given back' sh /stress.guest ops=300000
check 'all was called' none_of op
check 'from every context' none_of context
check 'while CPUs went and came back' [ "$(sed -n 's/^hotplug //p' $results)" -gt 0 ]
