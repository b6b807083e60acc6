#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A short run of make stress: all calls at once from every context, with CPU hotplug.
# vm: --kernel kunit --smp 4 --nodes 2 --mem 512M --timeout 900 --add "$top/scripts/stress.d/guest:/stress.guest"

. /check.lib

results=/stress/results

# Print the kinds of calls and contexts that are missing
none_of() {
	awk -v what="$1" '$1 == what && !$3 { print "missing: " $2; n++ } $1 == what { all++ }
		END { exit n || !all }' $results
}

check 'memory is intact when it is freed' sh /stress.guest ops=300000
check 'every call was made' none_of op
check 'from every context' none_of context
check 'with CPU hotplug' [ "$(sed -n 's/^hotplug //p' $results)" -gt 0 ]
