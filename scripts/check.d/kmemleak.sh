#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A client on a kernel with kmemleak: what is held by pointers in slabmod's memory is no
# leak, an object to which nothing points is one, and with kmemleak=0 no object is known.
# vm: --kernel kunit --smp 2 --mem 512M --timeout 300 --allow-reports
# vm: --expect 'kmemleak: [0-9]+ new suspected memory leaks'

. /check.lib

# finds FUNCTION N: leaks of memory that was allocated in FUNCTION of the client
finds() {
	found=$(grep -c " $1+.*slabmod_leaky" /tmp/leaks)
	[ "$found" = "$2" ] || { cat /tmp/leaks; return 1; }
}

# finds_most FUNCTION N: likewise, but for one to which something points by chance
finds_most() {
	found=$(grep -c " $1+.*slabmod_leaky" /tmp/leaks)
	[ "$found" = "$2" ] || [ "$found" = $(($2 - 1)) ] || { cat /tmp/leaks; return 1; }
}

running() {
	! dmesg | grep 'kmemleak: .*disabled'
}

forget_leaks
check 'loads' insmod /modules/slabmod.ko
check 'a client comes' insmod /modules/slabmod_leaky.ko holds=1
check 'kmemleak looks' scan_leaks
check 'what it holds is no leak' finds hold 0
check 'what it lost is' finds_most lose_objects 3
check 'the client goes' rmmod slabmod_leaky
check 'validates' [ "$(cat /sys/kernel/debug/slabmod/validate)" = ok ]
check 'unloads' rmmod slabmod
check 'loads, not to tell kmemleak' insmod /modules/slabmod.ko kmemleak=0
check 'a client comes' insmod /modules/slabmod_leaky.ko holds=1
check 'kmemleak looks' scan_leaks
check 'it takes all that is held for a leak' finds_most hold 8
check 'and knows nothing of what was lost' finds lose_objects 0
check 'the client goes' rmmod slabmod_leaky
check 'unloads' rmmod slabmod
check 'kmemleak is still running' running
