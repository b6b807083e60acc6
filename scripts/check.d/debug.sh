#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# All memory debugged, and a client that leaks: who has what is in debugfs, kmemleak finds
# what nobody points to, and no file tells an address, not even of code that is gone.
# vm: --kernel kunit --smp 2 --mem 512M --timeout 300 --allow-reports
# vm: --expect 'kmemleak: [0-9]+ new suspected memory leaks'

. /check.lib

debug=/sys/kernel/debug/slabmod

# callsite BYTES OBJECTS: there is a place in the client that has these
callsite() {
	awk -v bytes="$1" -v objects="$2" '
		/ leave_objects\+.*\[slabmod_leaky\]$/ && $1 == bytes && $2 == objects { n++ }
		END { exit n != 1 }' $debug/callsites || { cat $debug/callsites; return 1; }
}

has_stack() {
	grep -q '^ .* leave_objects+.*slabmod_leaky' $debug/leaks || { cat $debug/leaks; return 1; }
}

# kmemleak_finds SIZE N: of small ones; a large block is soon pointed to by chance
kmemleak_finds() {
	found=$(grep -c "^unreferenced object .*(size $1):" /tmp/leaks)
	[ "$found" = "$2" ] || { cat /tmp/leaks; return 1; }
}

scan() {
	scan_leaks
	grep -q ' leave_objects+' /tmp/leaks
}

# Once without the client's code, by what slabmod keeps
lists_stacks() {
	dmesg | sed -n '/misuse: leak: leaky: its module went with 3 live objects/,$p' >/tmp/log
	[ "$(grep -c 'slabmod:   object .* of leaky, 104 bytes, 100 requested, in use' /tmp/log)" = 3 ] &&
		grep -q 'slabmod:   allocated ' /tmp/log && grep -q ' leave_objects+' /tmp/log
}

files_tell_no_address() {
	find $debug -type f -perm -400 | while read -r file; do
		cat "$file"
	done >/tmp/content
	no_address_in /tmp/content
}

names_nobody() {
	grep -q ' ?$' $debug/callsites && ! grep leave_objects $debug/callsites
}

forget_leaks
check 'loads' insmod /modules/slabmod.ko debug=1
check 'a leaky client comes' insmod /modules/slabmod_leaky.ko
check 'callsites has its objects' callsite 300 3
check 'and its block' callsite 65536 1
check 'leaks has their stack' has_stack
check 'files tell no address' files_tell_no_address
check 'kmemleak looks' scan
check 'it finds the objects' kmemleak_finds 104 3
check 'the client goes' rmmod slabmod_leaky
check 'its objects are listed with who took them' lists_stacks
check 'callsites names code that is gone no more' names_nobody
check 'and no file tells its address' files_tell_no_address
check 'validates' [ "$(cat $debug/validate)" = ok ]
check 'unloads' rmmod slabmod
