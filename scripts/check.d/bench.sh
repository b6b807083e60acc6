#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The benchmark as an instrument: its cases run and say all they should, nothing
# stays behind. How long anything takes is not looked at.
# vm: --kernel debian --smp 2 --mem 512M --timeout 180 --add "$top/mod/bench/sample.trace:/trace"

. /check.lib

bench=/sys/kernel/debug/slabmod_bench
stepped='atomics_per_op cycles_per_op locks_per_op ops_per_s slow_per_op'
timed='cycles_per_op ops_per_s'
bytes='asked_end asked_peak held_end held_over_asked_peak held_peak'

load() {
	insmod /modules/slabmod.ko magazine_bytes=8192 && insmod /modules/slabmod_bench.ko tries=1
}

# Names, each once
has_cases() {
	cat $bench/cases >/tmp/cases
	[ -s /tmp/cases ] && ! grep -vxE '[a-z0-9]+(-[a-z0-9]+)*' /tmp/cases &&
		[ -z "$(sort /tmp/cases | uniq -d)" ] && wc -l </tmp/cases
}

# A line has six fields, of the case that ran; both allocators have each metric, once
# for each number of CPUs. A machine that is busy may make a cost come out as less than
# that of no allocator, which is taken off.
well_formed() {
	awk -F, -v name="$1" -v kernel="$2" -v ours="$3" '
	function bad(why) { print "in line " NR ", " $0 ": " why; failed = 1 }
	BEGIN {
		unit["cycles_per_op"] = "cycles"; unit["ops_per_s"] = "1/s"
		unit["atomics_per_op"] = unit["locks_per_op"] = unit["slow_per_op"] = "1"
	}
	NF != 6 { bad("there are not six fields") }
	$1 != name { bad("this is another case") }
	$2 != kernel && $2 != ours { bad("this is another allocator") }
	$3 !~ /^[12]$/ { bad("there are not so many CPUs") }
	unit[$4] != $6 { bad("metric or unit are unknown") }
	$5 !~ /^-?[0-9]+\.[0-9][0-9]$/ { bad("a figure has two decimals") }
	$4 != "cycles_per_op" && $5 < 0 { bad("it is negative") }
	$4 == "ops_per_s" && $5 == 0 { bad("there were none") }
	seen[$2, $3, $4]++ { bad("a second time") }
	{ other = $2 == ours ? kernel : ours; want[other, $3, $4] = $0 }
	END {
		for (key in want)
			if (!(key in seen)) { print "one side only: " want[key]; failed = 1 }
		exit failed || !NR
	}' $bench/results
}

# metrics_are CPUS NAMES: just these, sorted
metrics_are() {
	found=$(awk -F, -v cpus="$1" '$3 == cpus { print $4 }' $bench/results | sort -u | xargs)
	[ "$found" = "$2" ] || { echo "with $1 CPUs it has: $found"; return 1; }
}

# One object of 64 bytes, and its free
small_trace() {
	printf 'smtrace\n\1\0\0\0\043\0\0\0\0\0\0\0\2\0\0\0\1\0\0\0\1\0\0\0\201\2\4' >$bench/trace
}

bad_trace() {
	! (echo 'no trace, as anybody can see who looks at it' >$bench/trace) 2>/dev/null &&
		dmesg | grep 'slabmod_bench: trace refused: '
}

# runs NAME KERNEL OURS CPUS METRICS
runs() {
	echo "$1" >$bench/run || return
	cat $bench/results
	well_formed "$1" "$2" "$3" && metrics_are "$4" "$5"
}

# refuses NAME ERROR
refuses() {
	! said=$( (echo "$1" >$bench/run) 2>&1) && echo "$said" | grep "$2"
}

# value METRIC ALLOCATOR, of the case that ran last
value() {
	sed -n "s/^[^,]*,$2,1,$1,\([^,]*\),.*/\1/p" $bench/results
}

# The single step sees what is there, and nothing where there is nothing: no lock, no
# atomic, no slow path in a pair of slabmod's; all of them in a batch that magazines
# cannot hold: they are loaded small, since a long batch takes long to be stepped.
counts_of_pair() {
	for metric in locks_per_op atomics_per_op slow_per_op; do
		[ "$(value $metric slabmod)" = 0.00 ] || { echo "there is $metric"; return 1; }
	done
}

counts_of_batch() {
	for metric in locks_per_op atomics_per_op slow_per_op; do
		for allocator in slub slabmod; do
			[ "$(value $metric $allocator)" != 0.00 ] || { echo "$allocator: no $metric"; return 1; }
		done
	done
}

# How much was held when: from the first step to the end, with the peak among them.
well_timed() {
	awk -F, -v name="$1" -v allocator="$2" -v peak="$3" -v end="$4" '
	function bad(why) { print allocator ", line " NR ", " $0 ": " why; failed = 1 }
	$2 != allocator { next }
	NF != 5 { bad("there are not five fields") }
	$1 != name { bad("this is another case") }
	n++ ? $3 <= step : $3 != 0 { bad("this is not the next step") }
	$5 > most { most = $5 }
	{ step = $3; last = $5 }
	END {
		if (n < 100) bad("there are few lines")
		if (most != peak || last != end) bad("peak and end are others in the results")
		exit failed
	}' $bench/memory
}

# runs_memory NAME: both are asked for the same, and hold no less.
runs_memory() {
	echo "$1" >$bench/run || return
	cat $bench/results
	[ "$(wc -l <$bench/results)" = 10 ] && metrics_are 1 "$bytes" || return
	for metric in asked_peak asked_end; do
		[ "$(value $metric slub)" = "$(value $metric slabmod)" ] || { echo "$metric differs"; return 1; }
	done
	for allocator in slub slabmod; do
		[ "$(value held_peak $allocator)" -ge "$(value asked_peak $allocator)" ] &&
			well_timed "$1" $allocator "$(value held_peak $allocator)" \
				"$(value held_end $allocator)" || return
	done
}

# By function: each allocator's own have to be among them (of ours, one is compiled into its caller).
has_profile() {
	cat $bench/profile
	grep -q slabmod_cache_free $bench/profile && grep -q kmem_cache_alloc $bench/profile
}

# Two are needed, and one is there.
without_cpu1() {
	echo 0 >/sys/devices/system/cpu/cpu1/online || return
	refuses remote-64 'No such device'
	status=$?
	echo 1 >/sys/devices/system/cpu/cpu1/online
	return $status
}

# The first time leaves traces in the kernel: directories, inodes, per-CPU memory, and
# what a CPU needs that comes back.
rehearse() {
	load || return
	small_trace
	for each in pair-typed-64 batch-1000-shuffled-64 pages-pair-o0 remote-64 threadtest replay mem-free; do
		echo $each >$bench/run || return
		cat $bench/results $bench/profile $bench/memory >/tmp/all
	done
	without_cpu1
	rmmod slabmod_bench slabmod
}

# The kernel's own use goes up and down by some tens of pages; a trace is a thousand.
gives_back() {
	rm -f /tmp/*
	pages_back "$free" 128
}

check 'loads, runs, unloads' rehearse
rm -f /tmp/*
free=$(free_pages)
check 'loads' load
check 'names its cases' has_cases
check 'refuses one it does not know' refuses pair-typed-65 'No such file'
check 'a pair' runs pair-typed-64 slub slabmod 1 "$stepped"
check 'of which slabmod takes no lock' counts_of_pair
check 'its profile' has_profile
check 'a batch' runs batch-1000-shuffled-64 slub slabmod 1 "$stepped"
check 'in which locks are counted' counts_of_batch
check 'pages' runs pages-pair-o0 kernel-pages slabmod-pages 1 "$stepped"
check 'one CPU allocates, another frees' runs remote-64 slub slabmod 2 "$timed"
check 'threads' runs threadtest slub slabmod 2 "$timed"
check 'refuses two CPUs where there is one' without_cpu1
check 'memory that is held' runs_memory mem-free
check 'refuses to replay no trace' refuses replay 'No data available'
check 'refuses what is none' bad_trace
check 'takes a small trace' small_trace
check 'replays it' runs replay slub slabmod 1 "$stepped"
check 'takes a recorded one' eval "cat /trace >$bench/trace"
check 'memory held for its mix' runs_memory mem-mix
check 'unloads' rmmod slabmod_bench slabmod
check 'gives back every page' gives_back
