#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# All memory in debug mode, and a client that leaks: debugfs lists the owners of objects,
# kmemleak finds unreferenced objects, and no file shows an address, not even of code that
# was unloaded.
# vm: --kernel kunit --smp 2 --mem 512M --timeout 300 --allow-reports
# vm: --expect 'kmemleak: [0-9]+ new suspected memory leaks'

. /check.lib

debug=/sys/kernel/debug/slabmod

# callsite BYTES OBJECTS: one call site of the client has these
callsite() {
	awk -v bytes="$1" -v objects="$2" '
		/ leave_objects\+.*\[slabmod_leaky\]$/ && $1 == bytes && $2 == objects { n++ }
		END { exit n != 1 }' $debug/callsites || { cat $debug/callsites; return 1; }
}

has_stack() {
	grep -q '^ .* leave_objects+.*slabmod_leaky' $debug/leaks || { cat $debug/leaks; return 1; }
}

# kmemleak_finds SIZE N: of small objects; a pointer to a large block often exists by chance
kmemleak_finds() {
	found=$(grep -c "^unreferenced object .*(size $1):" /tmp/leaks)
	[ "$found" = "$2" ] || { cat /tmp/leaks; return 1; }
}

scan() {
	scan_leaks
	grep -q ' leave_objects+' /tmp/leaks
}

# The stacks are listed after the client was unloaded, from slabmod's own data.
lists_stacks() {
	dmesg | sed -n '/misuse: leak: leaky: its module was unloaded with 3 live objects/,$p' >/tmp/log
	[ "$(grep -c 'slabmod:   object .* of leaky, 104 bytes, 100 requested, in use' /tmp/log)" = 3 ] &&
		grep -q 'slabmod:   allocated ' /tmp/log && grep -q ' leave_objects+' /tmp/log
}

files_show_no_address() {
	find $debug -type f -perm -400 | while read -r file; do
		cat "$file"
	done >/tmp/content
	no_address_in /tmp/content
}

names_no_caller() {
	grep -q ' ?$' $debug/callsites && ! grep leave_objects $debug/callsites
}

forget_leaks
check 'loads' insmod /modules/slabmod.ko debug=1
check 'a leaky client loads' insmod /modules/slabmod_leaky.ko
check 'callsites has its objects' callsite 300 3
check 'and its block' callsite 65536 1
check 'leaks has their stack' has_stack
check 'and neither claims that a cache is missing' eval "! grep 'in debug mode' $debug/callsites $debug/leaks"
check 'files show no address' files_show_no_address
check 'kmemleak scans' scan
check 'it finds the objects' kmemleak_finds 104 3
check 'the client unloads' rmmod slabmod_leaky
check 'its objects are listed with their callers' lists_stacks
check 'callsites does not name unloaded code' names_no_caller
check 'and no file shows its address' files_show_no_address
check 'validates' [ "$(cat $debug/validate)" = ok ]
check 'unloads' rmmod slabmod
