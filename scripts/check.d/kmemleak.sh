#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A client on a kernel with kmemleak: memory referenced from slabmod's memory is not a leak,
# an unreferenced object is one, and with kmemleak=0 no object is known.
# vm: --kernel kunit --smp 2 --mem 512M --timeout 300 --allow-reports
# vm: --expect 'kmemleak: [0-9]+ new suspected memory leaks'

. /check.lib

# finds FUNCTION N: leaks of memory that was allocated in FUNCTION of the client
finds() {
	found=$(grep -c " $1+.*slabmod_leaky" /tmp/leaks)
	[ "$found" = "$2" ] || { cat /tmp/leaks; return 1; }
}

# finds_most FUNCTION N: likewise, but one may be referenced by chance
finds_most() {
	found=$(grep -c " $1+.*slabmod_leaky" /tmp/leaks)
	[ "$found" = "$2" ] || [ "$found" = $(($2 - 1)) ] || { cat /tmp/leaks; return 1; }
}

running() {
	! dmesg | grep 'kmemleak: .*disabled'
}

forget_leaks
check 'loads' insmod /modules/slabmod.ko
check 'a client loads' insmod /modules/slabmod_leaky.ko holds=1
check 'kmemleak scans' scan_leaks
check 'memory it references is not a leak' finds hold 0
check 'lost objects are' finds_most lose_objects 3
check 'the client unloads' rmmod slabmod_leaky
check 'validates' [ "$(cat /sys/kernel/debug/slabmod/validate)" = ok ]
check 'unloads' rmmod slabmod
check 'loads with kmemleak=0' insmod /modules/slabmod.ko kmemleak=0
check 'a client loads' insmod /modules/slabmod_leaky.ko holds=1
check 'kmemleak scans' scan_leaks
check 'it reports all referenced memory' finds_most hold 8
check 'and no lost object' finds lose_objects 0
check 'the client unloads' rmmod slabmod_leaky
check 'unloads' rmmod slabmod
check 'kmemleak is still running' running
