#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Where memory runs out: a process takes all there is, until the kernel kills it;
# then memory is so broken up that there are no sixteen pages in a row.
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

# Of slabmod_edge, what kunit/clients/edge.c has under this name
figure() {
	sed -n "s/^$1 //p" $edge/results
}

# Of slabmod, since it was loaded
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

# It reads twice what memory there is at one go.
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

# By age too: the slower the machine, the more of it.
gave_back() {
	note free_before free_at_oom used_at_oom
	given=$(($(figure free_before) - $(figure free_at_oom)))
	echo "# given back: $((given * 100 / $(figure free_before))) %, pages by age: $aged"
	[ $((given * 100)) -ge $(($(figure free_before) * 95)) ]
}

# Of what had not gone by age. Some of it goes by a work queue, which is not told why.
was_asked() {
	echo "# pages reclaimed: $reclaimed"
	[ $((reclaimed * 4096 * 4)) -ge $(($(figure free_before) - aged * 4096)) ]
}

# Or else the OOM killer started while there was memory.
slub_fails() {
	note oom_pages slub_pages slub_failed
	[ "$(figure slub_failed)" -ge 1024 ]
}

reserve_serves() {
	note reserve_pages reserve_failed reserve_small
	[ "$(figure reserve_pages)" = 2048 ] && [ "$(figure reserve_failed)" = 0 ]
}

# ---- no sixteen pages in a row

# Does without processes: they would take memory, and give some back.
tell_and_look() {
	tell "$1" && while read -r line; do echo "$line"; done </proc/buddyinfo >/tmp/blocks
}

# Blocks of order 4 and above, of all zones, right after the last command
no_runs() {
	sed 's/^/# /' /tmp/blocks
	awk '{ for (i = 9; i <= NF; i++) n += $i } END { exit n > 0 }' /tmp/blocks
}

break_up() {
	# Nor may the kernel tidy up.
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

# The kernel keeps some of what it has grown by for so many caches.
gives_back() {
	rm -f /tmp/*
	pages_back "$free" 256
}

free=$(free_pages)
check 'loads' load
check 'has much memory that is free' has_much_free
check 'a hog is killed' hog
check 'when 95 % of that was given back' gave_back
check 'because the kernel asked' was_asked
check 'when SLUB has no 8 MiB for who may not sleep' slub_fails
check 'and a reserve has them' reserve_serves
check 'validates' valid
check 'gives the reserve back' tell empty
check 'memory is broken up' break_up
check 'a million requests are served' serve
check 'and it is still broken up' no_runs
check 'validates again' valid
check 'unloads' rmmod slabmod_edge slabmod
if [ -d /sys/kernel/debug/gcov ]; then
	skip 'gives back every page' 'how much the kernel keeps is known of the stock kernel only'
else
	check 'gives back every page' gives_back
fi
