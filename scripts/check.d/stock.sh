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

# The first run makes the kernel allocate memory it keeps: directories, inodes, per-CPU memory.
rehearse() {
	load && read_all && poke && use && rmmod slabmod_words slabmod
}

gives_back() {
	rm -f /tmp/*
	pages_back "$free" 64
}

# 4096: out of tree, 8192: unsigned.
tainted() {
	cat /proc/sys/kernel/tainted
	[ "$(cat /proc/sys/kernel/tainted)" = $((4096 + 8192)) ]
}

check 'loads, serves a client, unloads' rehearse
rm -f /tmp/*
free=$(free_pages)
check 'loads' load
check 'every file can be read' read_all
check 'validates and shrinks' poke
params=$(ls /sys/module/slabmod/parameters 2>/dev/null)
check 'a client counts words' use
check 'does not unload while a client uses it' eval '! rmmod slabmod 2>/dev/null'
check 'unloads after its client' rmmod slabmod_words slabmod
check 'frees every page' gives_back
for param in $params; do
	check "refuses $param out of range" refuses "$param"
done
check 'adds no other taint' tainted
