#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A client is unloaded with live objects, then slabmod: both are reported, and the pages are
# not used again.
# vm: --kernel debian --smp 2 --mem 512M --timeout 180 --allow-reports

. /check.lib

debug=/sys/kernel/debug/slabmod
summary=$debug/summary

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

# The smallest chunk has 64 pages and is leaked as a whole. Free pages vary by some twenty.
keeps_pages() {
	kept=$(dmesg | sed -n 's/.*slabmod: \([0-9]*\) pages were in use .* are not reused/\1/p')
	echo "free pages before: $free, after: $(free_pages), kept: $kept"
	[ -n "$kept" ] && [ "$kept" -ge 64 ] && [ $((free - $(free_pages))) -ge $((kept / 2)) ]
}

# Leaked caches and pools have no files.
without_names() {
	[ -d $debug/caches ] &&
		[ -z "$(find $debug \( -name idle -o -name busy -o -name unused \))" ]
}

free=$(free_pages)
check 'loads' insmod /modules/slabmod.ko
check 'a leaky client loads' insmod /modules/slabmod_leaky.ko
check 'and unloads' rmmod slabmod_leaky
check 'its objects are reported' logged 'misuse: leak: leaky: its module was unloaded with 3 live objects'
check 'and listed' lists_objects
check 'its block and its area are still known' [ "$(pages_in_use)" = $((16 + 2048)) ]
check 'the counter says so' grep -q '^leak  *1 ' $summary
check 'unloads' rmmod slabmod
check 'the cache is reported again' logged 'misuse: leak: leaky: its pool was destroyed with 3 live objects'
check 'the block is reported' logged 'misuse: leak: pages-4: its pool was destroyed with 1 live objects'
check 'its pages are kept from reuse' keeps_pages
check 'loads again' insmod /modules/slabmod.ko
check 'a client that leaves pools loads' insmod /modules/slabmod_leaky.ko pools=1
check 'of its caches one is in debug mode' grep -q '^# 1 of [0-9]* caches are in debug mode' $debug/callsites
check 'and unloads' rmmod slabmod_leaky
check 'its cache is reported' logged 'misuse: leak: unused: its module was unloaded without destroying it'
check 'a pool without objects is, too' logged \
	'misuse: leak: pool idle: its module was unloaded with 0 caches, 0 live objects, 0 pages in use'
check 'and one with an object' logged \
	'misuse: leak: pool busy: its module was unloaded with 0 caches, 1 live objects, 0 pages in use'
check 'their names can be used again' insmod /modules/slabmod_leaky.ko pools=1
check 'and unloads again' rmmod slabmod_leaky
check 'two of each are counted' grep -q '^leak  *6 ' $summary
check 'caches and pools with objects stay, without a name' without_names
check 'is valid' [ "$(cat $debug/validate)" = ok ]
check 'unloads again' rmmod slabmod
check 'objects in pools are reported again' [ "$(dmesg | grep -c 'misuse: leak: kmalloc-112: its pool was destroyed with 1 live objects')" = 2 ]

# In debug mode, where blocks have records
check 'loads in debug mode' insmod /modules/slabmod.ko debug=1
check 'a leaky client loads' insmod /modules/slabmod_leaky.ko
check 'and unloads' rmmod slabmod_leaky
check 'its block and its area are still known' [ "$(pages_in_use)" = $((16 + 2048)) ]
check 'unloads' rmmod slabmod
check 'the block is reported again' [ "$(dmesg | grep -c 'misuse: leak: pages-4: its pool was destroyed with 1 live objects')" = 2 ]

# Memory that waits for a grace period
all_destroyed() {
	! dmesg | grep -E 'leaky: not destroyed|misuse: (cache_busy|pool_busy|double_free|bad_free)'
}

nothing_used() {
	[ "$(sed -n 's/^used  *\([0-9]*\) .*/\1/p' $summary)" = 0 ] && grep -q '^rcu_waiting  *0 ' $summary
}

check 'loads again' insmod /modules/slabmod.ko
for round in 1 2 3; do
	check "a client with memory that waits for a grace period loads ($round)" insmod /modules/slabmod_leaky.ko passes=1
	check 'and unloads' rmmod slabmod_leaky
	check 'its memory is freed' nothing_used
done
check 'its cache and its pool are empty when they are destroyed' all_destroyed
check 'and those that it leaves behind, too' [ "$(dmesg | grep -c 'misuse: leak: left: its module was unloaded without destroying it')" = 3 ]
check 'and the pool' [ "$(dmesg | grep -c 'misuse: leak: pool left: its module was unloaded with 0 caches, 0 live objects, 0 pages in use')" = 3 ]
check 'is valid' [ "$(cat $debug/validate)" = ok ]
check 'unloads' rmmod slabmod
