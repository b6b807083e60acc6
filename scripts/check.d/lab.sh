#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The lab in the kernel: the checks of all strategies, and the files of debugfs.
# vm: --kernel kunit --smp 4 --mem 1G --timeout 600 --expect slabmod_lab:
# ktap

. /check.lib

d=/sys/kernel/debug/slabmod_lab

# step WORDS: one call in the arena
step() {
	echo "$*" >$d/step
}

# The example of three requests of 50 bytes, of which the second is freed
example() {
	echo list_lifo >$d/strategy && step alloc 50 && step alloc 50 && step alloc 50 && step free 1 &&
		[ "$(cut -d' ' -f1,3 $d/objects | tr '\n' ,)" = '0 50,2 50,' ] &&
		grep -q '^asked      100 bytes (at most 150)$' $d/result &&
		sed -n 2p $d/map | grep -qE '^ +0 \|-###\+\.+###\+\.'
}

# runs NAME: a workload, with this strategy
runs() {
	echo "$1" >$d/strategy && [ "$(cat $d/strategy)" = "$1" ] && echo 'mix 2000' >$d/run &&
		grep -q '^operations 2000,' $d/result && [ "$(wc -l <$d/map)" -gt 1 ]
}

all_run() {
	sed 's/^..//; s/ .*//' $d/strategies >/names
	[ -s /names ] || return
	while read -r name; do
		runs "$name" || return
	done </names
}

refuses() {
	! echo nonsense >$d/strategy 2>/dev/null && ! echo nonsense >$d/run 2>/dev/null &&
		! echo 'mix x' >$d/run 2>/dev/null && ! step alloc 2>/dev/null && ! step free 9999 2>/dev/null &&
		! step alloc 1 2 2>/dev/null
}

check 'slabmod.ko loads' insmod /modules/slabmod.ko
check 'slabmod_lab.ko loads' insmod /modules/slabmod_lab.ko
check 'the example of the lecture is as in its drawing' example
check 'each strategy runs a workload' all_run
check 'bad input is refused' refuses
check 'slabmod_lab_kunit.ko loads' insmod /modules/slabmod_lab_kunit.ko
check 'slabmod_lab_kunit.ko unloads' rmmod slabmod_lab_kunit
check 'slabmod_lab.ko unloads' rmmod slabmod_lab
check 'slabmod.ko unloads, and nothing was leaked' rmmod slabmod
