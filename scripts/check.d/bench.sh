#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The benchmark as an instrument: its cases run and print complete results, nothing is left
# allocated. The measured times are not checked.
# vm: --kernel debian --smp 2 --mem 512M --timeout 180 --add "$top/mod/bench/sample.trace:/trace"

. /check.lib

bench=/sys/kernel/debug/slabmod_bench
stepped='atomics_per_op cycles_per_op first_cycles_per_op gross_cycles_per_op irqs_off_max locks_per_op ops_per_s preempt_off_max slow_per_op'
timed='cycles_per_op first_cycles_per_op gross_cycles_per_op ops_per_s'
scaled='atomics_per_op irqs_off_max locks_per_op preempt_off_max slow_per_op stepped_per_op'
tails='alloc_max alloc_p50 alloc_p99 alloc_p999 alloc_p9999 free_max free_p50 free_p99 free_p999 free_p9999'
bytes='asked_end asked_peak held_end held_over_asked_peak held_peak'

load() {
	insmod /modules/slabmod.ko magazine_bytes=8192 && insmod /modules/slabmod_bench.ko tries=1
}

# The names are valid and unique.
has_cases() {
	cat $bench/cases >/tmp/cases
	[ -s /tmp/cases ] && ! grep -vxE '[a-z0-9]+(-[a-z0-9]+)*' /tmp/cases &&
		[ -z "$(sort /tmp/cases | uniq -d)" ] && wc -l </tmp/cases
}

# A line has six fields, of the case that ran; both allocators have each metric, once for
# each number of CPUs. A cost may be negative on a busy machine, because the overhead of the
# loop is subtracted.
well_formed() {
	awk -F, -v name="$1" -v kernel="$2" -v ours="$3" '
	function bad(why) { print "in line " NR ", " $0 ": " why; failed = 1 }
	BEGIN {
		unit["cycles_per_op"] = unit["first_cycles_per_op"] = "cycles"
		unit["gross_cycles_per_op"] = "cycles"
		unit["ops_per_s"] = "1/s"
		n = split("alloc_max alloc_p50 alloc_p99 alloc_p999 alloc_p9999", tails, " ")
		for (i = 1; i <= n; i++) {
			unit[tails[i]] = "cycles"
			sub("alloc", "free", tails[i])
			unit[tails[i]] = "cycles"
		}
		unit["stepped_per_op"] = "instructions"
		unit["irqs_off_max"] = unit["preempt_off_max"] = "instructions"
		unit["atomics_per_op"] = unit["locks_per_op"] = unit["slow_per_op"] = "1"
	}
	NF != 6 { bad("not six fields") }
	$1 != name { bad("wrong case") }
	$2 != kernel && $2 != ours { bad("wrong allocator") }
	$3 !~ /^[12]$/ { bad("wrong number of CPUs") }
	unit[$4] != $6 { bad("unknown metric or unit") }
	$5 !~ /^-?[0-9]+\.[0-9][0-9]$/ { bad("a figure has two decimals") }
	unit[$4] != "cycles" && $5 < 0 { bad("negative value") }
	$4 == "ops_per_s" && $5 == 0 { bad("the value is 0") }
	seen[$2, $3, $4]++ { bad("duplicate line") }
	{ other = $2 == ours ? kernel : ours; want[other, $3, $4] = $0 }
	END {
		for (key in want)
			if (!(key in seen)) { print "only one allocator: " want[key]; failed = 1 }
		exit failed || !NR
	}' $bench/results
}

# metrics_are CPUS NAMES: exactly these, sorted
metrics_are() {
	found=$(awk -F, -v cpus="$1" '$3 == cpus { print $4 }' $bench/results | sort -u | xargs)
	[ "$found" = "$2" ] || { echo "with $1 CPUs it has: $found"; return 1; }
}

# A trace of one allocation of 64 bytes and its free
small_trace() {
	printf 'smtrace\n\1\0\0\0\043\0\0\0\0\0\0\0\2\0\0\0\1\0\0\0\1\0\0\0\201\2\4' >$bench/trace
}

bad_trace() {
	! (echo 'this is not a trace, whatever its length is' >$bench/trace) 2>/dev/null &&
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

# value METRIC ALLOCATOR: print it for the last case
value() {
	sed -n "s/^[^,]*,$2,1,$1,\([^,]*\),.*/\1/p" $bench/results
}

# Single-stepping counts correctly: no lock, no atomic operation, no slow path in a pair of
# slabmod; all of them in a batch larger than the magazines, which are small here because
# stepping a long batch takes long.
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

# Interrupts are never off in a pair of slabmod, and are in a batch of both. Where they are
# off, preemption counts as off.
pauses_of_pair() {
	[ "$(value irqs_off_max slabmod)" = 0.00 ] || { echo 'interrupts were off'; return 1; }
	[ "$(value preempt_off_max slabmod)" != 0.00 ] || { echo 'preemption was on'; return 1; }
}

pauses_of_batch() {
	for allocator in slub slabmod; do
		off=$(value irqs_off_max $allocator) longest=$(value preempt_off_max $allocator)
		if [ "${off%.00}" -le 20 ] || [ "${longest%.00}" -lt "${off%.00}" ]; then
			echo "$allocator: off for $off and $longest instructions"
			return 1
		fi
	done
}

# The call takes some thousand instructions, and interrupts are off at times.
pauses_of_call() {
	for allocator in slub slabmod; do
		all=$(value stepped_per_op $allocator) off=$(value irqs_off_max $allocator)
		if [ "${all%.*}" -le 500 ] || [ "${off%.00}" -le 20 ]; then
			echo "$allocator: $all instructions, $off of them with interrupts off"
			return 1
		fi
	done
}

# The more calls, the slower the slowest of them. An allocation takes more than nothing, and the
# slowest of 100,000 takes longer than the median.
tail_ascends() {
	for allocator in "$@"; do
		for call in alloc free; do
			last=-1000000000
			for metric in p50 p99 p999 p9999 max; do
				now=$(value ${call}_$metric "$allocator")
				[ "${now%.00}" -ge "$last" ] || { echo "$allocator: ${call}_$metric"; return 1; }
				last=${now%.00}
			done
			now=$(value ${call}_p50 "$allocator")
			[ "$last" -gt "${now%.00}" ] || { echo "$allocator: $call has no tail"; return 1; }
		done
	done
}

# The memory held over time: from the first step to the end, with the peak.
well_timed() {
	awk -F, -v name="$1" -v allocator="$2" -v peak="$3" -v end="$4" '
	function bad(why) { print allocator ", line " NR ", " $0 ": " why; failed = 1 }
	$2 != allocator { next }
	NF != 5 { bad("there are not five fields") }
	$1 != name { bad("wrong case") }
	n++ ? $3 <= step : $3 != 0 { bad("not the next step") }
	$5 > most { most = $5 }
	{ step = $3; last = $5 }
	END {
		if (n < 100) bad("too few lines")
		if (most != peak || last != end) bad("peak or end differ from the results")
		exit failed
	}' $bench/memory
}

# runs_memory NAME: both get the same requests, and hold at least that much.
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

# runs_fragments NAME: both have the same requests, and no more whole blocks than is possible.
runs_fragments() {
	echo "$1" >$bench/run || return
	cat $bench/results
	[ "$(wc -l <$bench/results)" = 6 ] &&
		metrics_are 1 'areas_in_use ideal_2m_blocks whole_2m_blocks' &&
		[ "$(value ideal_2m_blocks kernel-pages)" = "$(value ideal_2m_blocks slabmod-pages)" ] ||
		return
	for allocator in kernel-pages slabmod-pages; do
		[ "$(value areas_in_use $allocator)" -gt 0 ] &&
			[ "$(value whole_2m_blocks $allocator)" -le "$(value ideal_2m_blocks $allocator)" ] ||
			return
	done
}

# The profile has functions of both allocators (slabmod's allocation is inlined).
has_profile() {
	cat $bench/profile
	grep -q slabmod_cache_free $bench/profile && grep -q kmem_cache_alloc $bench/profile
}

# The case needs two CPUs.
without_cpu1() {
	echo 0 >/sys/devices/system/cpu/cpu1/online || return
	refuses remote-64 'No such device'
	status=$?
	echo 1 >/sys/devices/system/cpu/cpu1/online
	return $status
}

# The first run makes the kernel allocate memory it keeps: directories, inodes, per-CPU
# memory, memory of a CPU that comes online again.
rehearse() {
	load || return
	small_trace
	for each in pair-typed-64 batch-1000-shuffled-64 pages-pair-o0 pages-aged-o0 pages-first-o10 scale-pages-1000-o0 scale-remote-1000-64 pause-destroy-72 pause-shrink-72 tail-shrink-72 fresh-3000-round2 caches-200-72 mix-sizes frag-slabs remote-64 threadtest replay mem-free; do
		echo $each >$bench/run || return
		cat $bench/results $bench/profile $bench/memory >/tmp/all
	done
	without_cpu1
	rmmod slabmod_bench slabmod
}

# The kernel's own use varies by some tens of pages; a trace has a thousand.
gives_back() {
	rm -f /tmp/*
	pages_back "$free" 128
}

check 'loads, runs, unloads' rehearse
rm -f /tmp/*
free=$(free_pages)
check 'loads' load
check 'lists its cases' has_cases
check 'refuses an unknown case' refuses pair-typed-65 'No such file'
check 'a pair' runs pair-typed-64 slub slabmod 1 "$stepped"
check 'in which slabmod takes no lock' counts_of_pair
check 'and leaves interrupts on' pauses_of_pair
check 'its profile' has_profile
check 'a batch' runs batch-1000-shuffled-64 slub slabmod 1 "$stepped"
check 'in which locks are counted' counts_of_batch
check 'and interrupts are off' pauses_of_batch
check 'a new cache' runs fresh-3000-round2 slub slabmod 1 "$timed"
check 'a pause' runs idle-100ms-72 slub slabmod 1 "$timed"
check 'many caches' runs caches-200-72 slub slabmod 1 "$stepped"
check 'many sizes' runs mix-sizes slub slabmod 1 "$stepped"
check 'the creation of a cache' runs pause-create-72 slub slabmod 1 "$scaled"
check 'which takes so long' pauses_of_call
check 'its destruction' runs pause-destroy-72 slub slabmod 1 "$scaled"
check 'which takes so long' pauses_of_call
check 'a shrink' runs pause-shrink-72 slub slabmod 1 "$scaled"
check 'which takes so long' pauses_of_call
check 'single calls' runs tail-shrink-72 slub slabmod 1 "$tails"
check 'of which few are slow' tail_ascends slub slabmod
check 'single calls for pages' runs tail-pages-o0 kernel-pages slabmod-pages 1 "$tails"
check 'of which few are slow' tail_ascends kernel-pages slabmod-pages
check 'pages' runs pages-pair-o0 kernel-pages slabmod-pages 1 "$stepped"
check 'pages of an exact size' runs pages-batch-77-shuffled-exact-5 kernel-pages slabmod-pages 1 "$stepped"
check 'pages of this node' runs pages-thisnode-o0 kernel-pages slabmod-pages 1 "$stepped"
check 'pages of many orders' runs pages-mix kernel-pages slabmod-pages 1 "$stepped"
check 'pages among others' runs pages-aged-o3 kernel-pages slabmod-pages 1 "$stepped"
check 'the first pages' runs pages-first-o10 kernel-pages slabmod-pages 1 "$timed"
check 'refuses more pages than there are' refuses pages-batch-1000-fifo-o7 'allocate memory'
check 'pages on two CPUs' runs pages-batch-1000-both-o0 kernel-pages slabmod-pages 2 "$timed"
check 'one CPU allocates, another frees' runs remote-64 slub slabmod 2 "$timed"
check 'threads' runs threadtest slub slabmod 2 "$timed"
check 'refuses a case for two CPUs on one' without_cpu1
check 'a step while others have pages' runs scale-pages-1000-o0 kernel-pages slabmod-pages 2 "$scaled"
check 'an object while others have some' runs scale-pair-64 slub slabmod 2 "$scaled"
check 'many objects' runs scale-batch-2000-fifo-64 slub slabmod 2 "$scaled"
check 'objects of another CPU' runs scale-remote-1000-64 slub slabmod 2 "$scaled"
check 'large blocks that are left' runs_fragments frag-pages-settled
check 'among slabs' runs_fragments frag-slabs
check 'memory held' runs_memory mem-free
check 'refuses to replay without a trace' refuses replay 'No data available'
check 'refuses an invalid trace' bad_trace
check 'accepts a small trace' small_trace
check 'replays it' runs replay slub slabmod 1 "$stepped"
check 'accepts a recorded one' eval "cat /trace >$bench/trace"
check 'memory held for its mix' runs_memory mem-mix
check 'unloads' rmmod slabmod_bench slabmod
check 'frees every page' gives_back
