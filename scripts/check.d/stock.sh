#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Load, use and unload on the distribution's own kernel, as a user does first.
# vm: --kernel debian --smp 2 --mem 512M --timeout 180

. /check.lib

debug=/sys/kernel/debug/slabmod

load() {
	insmod /modules/slabmod.ko "$@"
}

read_all() {
	find $debug -type f -perm -400 >/tmp/files
	[ -s /tmp/files ] || { echo "no readable files in $debug"; return 1; }
	while read -r file; do
		cat "$file" >/tmp/content || { echo "cannot read $file"; return 1; }
		[ -s /tmp/content ] || { echo "$file is empty"; return 1; }
	done </tmp/files
}

poke() {
	echo 1 >$debug/validate && echo 1 >$debug/shrink && echo 1 >$debug/validate
}

use() {
	insmod /modules/slabmod_words.ko && count_words 20000 && read_all && poke
}

# An empty list would read as "no leaks".
lists_say_why() {
	for file in callsites leaks; do
		cat $debug/$file
		grep -q '^# no cache of this pool is in debug mode' $debug/$file || return 1
	done
}

# Every allocation is in "magazines", if not in the line of a CPU then in the comment.
allocs_add_up() {
	cat $debug/caches/words_node/magazines
	[ "$(awk '$1 == "#" && $2 == "and" { n += $3 } /^ / { n += $4 } END { print n }' \
		$debug/caches/words_node/magazines)" = \
		"$(awk '$1 == "allocs" { print $2 }' $debug/caches/words_node/info)" ]
}

homes_have_names() {
	cat $debug/caches/words_node/homes
	[ "$(awk '!/^#/ { printf "%s ", $1 }' $debug/caches/words_node/homes)" = 'node0 cpu0 cpu1 ' ]
}

# 999999999 is out of range for every parameter; the log has the range, or for booleans a
# message of the kernel.
refuses() {
	if load "$1=999999999" 2>/dev/null; then
		rmmod slabmod
		return 1
	fi
	[ ! -d /sys/module/slabmod ] &&
		dmesg | grep -E "slabmod: ($1=.* is out of range: it must be [0-9]* to [0-9]*|.999999999. invalid for parameter .$1.)"
}

# The kernel itself only warns of an unknown parameter.
refuses_unknown() {
	dmesg -c >/dev/null
	if load "$@" 2>/dev/null; then
		rmmod slabmod
		return 1
	fi
	[ ! -d /sys/module/slabmod ] && dmesg | grep "slabmod: unknown parameter 'limit'; modinfo"
}

# Names with dashes, values with blanks, and parameters that the kernel takes from all modules
knows() {
	load limit-mb=64 'dyndbg="file main.c +p"' debug async_probe=1 -- limit=1 &&
		[ "$(cat /sys/module/slabmod/parameters/limit_mb)" = 64 ] && rmmod slabmod
}

# logs PARAMETERS REGEX: loading and unloading print one line each
logs() {
	dmesg -c >/dev/null
	# shellcheck disable=SC2086
	load $1 && rmmod slabmod || return 1
	dmesg | sed -n 's/.*\(slabmod: \)/\1/p' >/tmp/log
	cat /tmp/log
	[ "$(grep -c . /tmp/log)" = 2 ] && sed -n 1p /tmp/log | grep -Eqx "$2" &&
		sed -n 2p /tmp/log | grep -qx 'slabmod: unloaded'
}

# The first run makes the kernel allocate memory it keeps: directories, inodes, per-CPU memory.
rehearse() {
	load && read_all && poke && use && rmmod slabmod_words slabmod
}

gives_back() {
	rm -f /tmp/*
	pages_back "$free" 64
}

# 4096: out of tree, 8192: unsigned, if the kernel knows signatures.
tainted() {
	expected=4096
	[ ! -e /sys/module/module/parameters/sig_enforce ] || expected=$((4096 + 8192))
	cat /proc/sys/kernel/tainted
	[ "$(cat /proc/sys/kernel/tainted)" = "$expected" ]
}

check 'loads, serves a client, unloads' rehearse
rm -f /tmp/*
free=$(free_pages)
check 'loads' load
check 'every file can be read' read_all
check 'validates and shrinks' poke
params=$(ls /sys/module/slabmod/parameters 2>/dev/null)
check 'a client counts words' use
check 'lists of live objects say that they need debug mode' lists_say_why
check 'allocations of all magazines add up' allocs_add_up
check 'homes have the names of their nodes and CPUs' homes_have_names
check 'does not unload while a client uses it' eval '! rmmod slabmod 2>/dev/null'
check 'unloads after its client' rmmod slabmod_words slabmod
check 'frees every page' gives_back
for param in $params; do
	check "refuses $param out of range" refuses "$param"
done
for param in limit=64 'limit_mb=64 limit=1' 'limit=64 debug=1' limit; do
	# shellcheck disable=SC2086
	check "refuses unknown parameters: $param" refuses_unknown $param
done
check 'takes known ones however they are written' knows
check 'prints its version and state' logs '' \
	'slabmod: version [0-9.]+ is loaded: nodes 1, limit none, debug off, strict off'
check 'and what it was loaded with' logs 'limit_mb=64 debug=1' \
	'slabmod: version [0-9.]+ is loaded: nodes 1, limit 64 MiB, debug on, strict off'
check 'adds no other taint' tainted
