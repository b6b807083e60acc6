#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Bad reads, which leave no trace in memory: KASAN reports those of debugged memory, and no
# others.
# vm: --kernel kasan --smp 2 --mem 1G --timeout 300 --append kasan_multi_shot --expect 'BUG: KASAN: .* in victim_peek'
# long

. /check.lib

peek=/sys/kernel/debug/slabmod_victim/peek

load() {
	insmod /modules/slabmod.ko debug=1 && insmod /modules/slabmod_victim.ko
}

# peek WHERE: print the kinds of the reports
peek() {
	echo "shadow: $1" >/dev/kmsg
	echo "$1" >$peek
	dmesg | sed -n "/shadow: $1\$/,\$p" | sed -n 's/.*BUG: KASAN: \(.*\) in victim_peek.*/\1/p'
}

silent() {
	[ -z "$(peek "$1")" ]
}

# reported KIND WHERE
reported() {
	said=$(peek "$2")
	echo "# $2: $said"
	case $said in
	*"$1") ;;
	*) return 1 ;;
	esac
}

# The report has the reader's stack.
has_stack() {
	dmesg | sed -n '/BUG: KASAN/,$p' | grep -q ' peek.*slabmod_victim'
}

check 'loads' load
check 'the first byte may be read' silent 0
check 'the last byte may be read' silent 99
check 'a byte after it may not' reported out-of-bounds 100
check 'nor far after it' reported out-of-bounds 110
check 'nor before it' reported out-of-bounds -1
check 'nor after it was freed' reported use-after-free f0
check 'to its last byte' reported use-after-free f99
check 'a block may be read to its end' silent b40000
check 'but not after it' reported out-of-bounds b40001
check 'nor to the end of its pages' reported out-of-bounds b40900
check 'nor after it was freed' reported use-after-free bf0
check 'reports have the stack' has_stack
check 'unloads' rmmod slabmod_victim slabmod
