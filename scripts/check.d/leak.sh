#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A client that goes with objects live, and slabmod going after it: both are
# said, and the pages are not used again.
# vm: --kernel debian --smp 2 --mem 512M --timeout 180 --allow-reports

. /check.lib

summary=/sys/kernel/debug/slabmod/summary

logged() {
	dmesg | grep -q "$1" || { echo "the log lacks: $1"; return 1; }
}

# The lines "slabmod:   leaky object ..." of the first report
lists_objects() {
	[ "$(dmesg | grep -c 'slabmod:   leaky object')" = 3 ]
}

pages_in_use() {
	sed -n 's/^block_pages  *\([0-9]*\) .*/\1/p' $summary
}

# The smallest chunk has 64 pages; all of it stays. Others come and go by some twenty.
keeps_pages() {
	kept=$(dmesg | sed -n 's/.*slabmod: \([0-9]*\) pages in use .* are kept from reuse/\1/p')
	echo "free pages before: $free, after: $(free_pages), kept: $kept"
	[ -n "$kept" ] && [ "$kept" -ge 64 ] && [ $((free - $(free_pages))) -ge $((kept / 2)) ]
}

free=$(free_pages)
check 'loads' insmod /modules/slabmod.ko
check 'a leaky client comes' insmod /modules/slabmod_leaky.ko
check 'and goes' rmmod slabmod_leaky
check 'its objects are reported' logged 'misuse: leak: leaky: its module went with 3 live objects'
check 'and listed' lists_objects
check 'its block is still known' [ "$(pages_in_use)" = 16 ]
check 'the counter says so' grep -q '^leak  *1 ' $summary
check 'unloads' rmmod slabmod
check 'the cache is reported again' logged 'misuse: leak: leaky: its pool went with 3 live objects'
check 'the block is reported' logged 'misuse: leak: pool root went with 16 pages in use as blocks'
check 'its pages are kept from reuse' keeps_pages
check 'loads again' insmod /modules/slabmod.ko
check 'unloads again' rmmod slabmod
