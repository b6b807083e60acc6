#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Out of memory: a process allocates all memory until the kernel kills it; then memory is
# so fragmented that no sixteen contiguous pages are free.
# vm: --kernel debian --smp 2 --mem 256M --timeout 180

. /check.lib

debug=/sys/kernel/debug/slabmod
edge=/sys/kernel/debug/slabmod_edge

load() {
	insmod /modules/slabmod.ko && insmod /modules/slabmod_edge.ko
}

tell() {
	echo "$1" >$edge/command
}

# figure NAME: print a result of kunit/clients/edge.c
figure() {
	sed -n "s/^$1 //p" $edge/results
}

# event NAME: print a counter of slabmod
event() {
	sed -n "s/^$1  *\([0-9]*\) .*/\1/p" $debug/summary
}

# note NAME...
note() {
	for each; do
		echo "# $each: $(figure "$each")"
	done
}

valid() {
	for each in "$debug"/validate "$debug"/pools/*/validate; do
		[ ! -e "$each" ] || echo 1 >"$each" || return
	done
}

# ---- a hog

has_much_free() {
	tell fill || return
	note free_before
	reclaimed=$(event reclaimed)
	aged=$(event aged)
	[ "$(figure free_before)" -ge $((16 << 20)) ]
}

# dd allocates a buffer of twice the memory.
hog() {
	echo 1 >/proc/sys/vm/overcommit_memory
	sh -c 'echo 1000 >/proc/self/oom_score_adj; exec dd if=/dev/zero of=/dev/null bs=512M' &
	wait $!
	reclaimed=$(($(event reclaimed) - reclaimed))
	aged=$(($(event aged) - aged))
	dmesg | grep 'Killed process' >/tmp/killed
	cat /tmp/killed
	[ "$(grep -c '(dd)' /tmp/killed)" = "$(wc -l </tmp/killed)" ] &&
		[ -s /tmp/killed ] && [ "$(figure oom_calls)" -gt 0 ]
}

# Pages may also be freed by age: the slower the machine, the more.
gave_back() {
	note free_before free_at_oom used_at_oom
	given=$(($(figure free_before) - $(figure free_at_oom)))
	echo "# freed: $((given * 100 / $(figure free_before))) %, pages by age: $aged"
	[ $((given * 100)) -ge $(($(figure free_before) * 95)) ]
}

# Most of the rest must have been reclaimed. A work queue frees some, and does not count as
# reclaim.
was_asked() {
	echo "# pages reclaimed: $reclaimed"
	[ $((reclaimed * 4096 * 4)) -ge $(($(figure free_before) - aged * 4096)) ]
}

# Otherwise the OOM killer started while memory was free.
slub_fails() {
	note oom_pages slub_pages slub_failed
	[ "$(figure slub_failed)" -ge 1024 ]
}

reserve_serves() {
	note reserve_pages reserve_failed reserve_small
	[ "$(figure reserve_pages)" = 2048 ] && [ "$(figure reserve_failed)" = 0 ]
}

# ---- no sixteen contiguous pages

# Use no processes, which would allocate and free memory.
tell_and_look() {
	tell "$1" && while read -r line; do echo "$line"; done </proc/buddyinfo >/tmp/blocks
}

# Print the free blocks of order 4 and above, right after the last command
no_runs() {
	sed 's/^/# /' /tmp/blocks
	awk '{ for (i = 9; i <= NF; i++) n += $i } END { exit n > 0 }' /tmp/blocks
}

break_up() {
	# Disable compaction.
	echo 0 >/proc/sys/vm/compaction_proactiveness
	echo 1 >$debug/shrink && tell_and_look break || return
	note broken_pages broken_free
	[ "$(figure broken_free)" -ge 16384 ] && no_runs
}

serve() {
	chunks=$(event chunk_new)
	strays=$(event chunk_stray)
	tell_and_look serve || return
	note runs_broken requests requests_failed requests_wrong requests_most
	echo "# chunks: $(($(event chunk_new) - chunks)), below the usual size: $(($(event chunk_stray) - strays))"
	[ "$(figure requests)" = 1000000 ] && [ "$(figure requests_failed)" = 0 ] &&
		[ "$(figure requests_wrong)" = 0 ] &&
		[ "$(figure requests_most)" -ge $((16 << 20)) ]
}

# The kernel keeps some memory of its own for so many caches.
gives_back() {
	rm -f /tmp/*
	pages_back "$free" 256
}

free=$(free_pages)
check 'loads' load
check 'has much free memory' has_much_free
check 'a hog is killed' hog
check 'after slabmod freed 95 % of that' gave_back
check 'most of it for the shrinker' was_asked
check 'when atomic requests of 8 MiB fail in SLUB' slub_fails
check 'and are served from a reserve' reserve_serves
check 'validates' valid
check 'destroys the pool with the reserve' tell empty
check 'memory is fragmented' break_up
check 'a million requests are served' serve
check 'and it is still fragmented' no_runs
check 'validates again' valid
check 'unloads' rmmod slabmod_edge slabmod
if [ -d /sys/kernel/debug/gcov ]; then
	skip 'frees every page' 'the limit is known for the stock kernel only'
else
	check 'frees every page' gives_back
fi
