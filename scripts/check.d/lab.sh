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

# has_map NAME: there is one of the arena. The memory of slabmod and SLUB is elsewhere.
has_map() {
	case $1 in
	slabmod | slub) [ "$(cat $d/map)" = "the memory of $1 is not in the arena" ] ;;
	*) [ "$(wc -l <$d/map)" -gt 1 ] ;;
	esac
}

# runs NAME: a workload, with this strategy
runs() {
	echo "$1" >$d/strategy && [ "$(cat $d/strategy)" = "$1" ] && echo 'mix 2000' >$d/run &&
		grep -q '^operations 2000,' $d/result && has_map "$1"
}

all_run() {
	sed 's/^..//; s/ .*//' $d/strategies >/names
	[ -s /names ] || return
	while read -r each; do
		runs "$each" || return
	done </names
}

# figures STRATEGY WORKLOAD [RUNS [LIMIT]]: print the line of the table
figures() {
	echo "$*" >$d/measure && sed -n 2p $d/measure
}

# sound NAME: it got the same requests as the others, which are in no fewer bytes of pages, and these are
# the sum of all uses
sound() {
	figures "$1" vector | awk -F, -v name="$1" '
		{ print; ok = $1 == name && $2 == "vector" && $3 == 1040 && $4 == 0 && $7 == 2654208 && $8 >= $7 &&
			$8 == $7 + $9 + $10 + $11 && $12 >= $8 && $5 > 0 && $6 >= $5 }
		END { exit !ok }'
}

all_sound() {
	sound buddy && sound slabmod && sound slub
}

# large NAME: it has large objects, but none that are larger than kmalloc()'s in an arena that is
large() {
	echo "$1" >$d/strategy && step alloc 1048576 && ! step alloc 4194305 2>/dev/null &&
		[ "$(cat $d/objects)" = '0 - 1048576' ] && step free 0
}

all_large() {
	large slabmod && large slub
}

# refused WORDS: measure refuses them, and has no figures then
refused() {
	! figures "$@" 2>/dev/null && [ "$(wc -l <$d/measure)" = 1 ]
}

measure_refuses() {
	refused nonsense mix && refused buddy nonsense && refused buddy && refused buddy mix 0 &&
		refused buddy mix 6 && refused buddy mix x && refused buddy mix 1 x && refused buddy mix 1 1 1
}

# A run that takes longer is stopped, and has no figures but for its operations
limit_stops() {
	figures buddy mix 1 100000 | grep -E '^buddy,mix,[0-9]{1,4}(,-){10}$'
}

# trace BYTES EVENTS: write a trace without caches, of three events, two of them allocations; in octal
trace() {
	# shellcheck disable=SC2059
	printf "smtrace\\n\\1\\0\\0\\0\\$1\\0\\0\\0\\0\\0\\0\\0\\3\\0\\0\\0\\2\\0\\0\\0\\2\\0\\0\\0$2" >$d/trace
}

# 50 bytes, 16 bytes, and the free of the first
trace_runs() {
	trace 44 '\311\1\101\10' && figures buddy trace | grep '^buddy,trace,3,0,[0-9]*,[0-9]*,66,' &&
		figures slub trace | grep '^slub,trace,3,0,[0-9]*,[0-9]*,66,'
}

# Refused: another length, twice; an event that ends early, a free before the allocation, a third
# allocation, a fourth event; and what is no trace
trace_refuses() {
	for bad in 'trace 45 \311\1\101\10' 'trace 44 \311\1\101\210' 'trace 44 \10\311\1\101' \
		'trace 44 \101\101\301\1' 'trace 44 \101\101\10\10' 'trace 43 \311\1\101\10'; do
		trace_runs >/dev/null || return
		$bad
		refused buddy trace || return
	done
	echo nonsense >$d/trace
	refused buddy trace
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
check 'slabmod and SLUB have figures that add up, as strategies have' all_sound
check 'slabmod and SLUB refuse more than 4 MiB' all_large
check 'measure refuses bad input' measure_refuses
check 'a limit stops a run' limit_stops
check 'a recorded trace is a workload' trace_runs
check 'a bad trace is refused' trace_refuses
check 'slabmod_lab_kunit.ko loads' insmod /modules/slabmod_lab_kunit.ko
check 'slabmod_lab_kunit.ko unloads' rmmod slabmod_lab_kunit
check 'slabmod_lab.ko unloads' rmmod slabmod_lab
check 'slabmod.ko unloads, and nothing was leaked' rmmod slabmod
