#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Beyond the suites: slabmod is loaded with valid and invalid parameters, its files are read
# and written, with CPU hotplug, and serves clients.
# vm: --smp 4 --nodes 2 --mem 1G --allow-reports

# shellcheck source=../check.d/check.lib
. /check.lib

debug=/sys/kernel/debug/slabmod
params=/sys/module/slabmod/parameters

load() {
	insmod /modules/slabmod.ko "$@"
}

# event NAME: print a counter of the root pool
figure() {
	sed -n "s/^$1  *\([0-9]*\) .*/\1/p" $debug/summary
}

read_all() {
	find $debug -type f -perm -400 >/tmp/files
	while read -r file; do
		cat "$file" >/tmp/content || { echo "cannot read $file"; return 1; }
		[ -s /tmp/content ] || { echo "$file is empty"; return 1; }
	done </tmp/files
	[ -s /tmp/files ]
}

# Reading and writing: a write fails if an invariant is broken.
valid() {
	[ "$(cat $debug/validate)" = ok ] && echo 1 >$debug/validate
}

shrink_all() {
	find $debug -name shrink >/tmp/files
	while read -r file; do
		echo 1 >"$file" || return 1
	done </tmp/files
	[ -s /tmp/files ] && [ "$(figure free_in_slabs)" -lt $((64 << 10)) ]
}

# refuses PARAMETER=VALUE MESSAGE
refuses() {
	! load "$1" 2>/dev/null && [ ! -d /sys/module/slabmod ] && dmesg | grep "slabmod: $2"
}

# takes PARAMETER=VALUE: slabmod loads with it and serves a client
takes() {
	load "$1" && [ "$(cat "$params/${1%=*}")" = "${1#*=}" ] &&
		insmod /modules/slabmod_words.ko && count_words 5000 && valid &&
		rmmod slabmod_words slabmod
}

# In debug mode, with callers to list
serves_debugged() {
	load debug=1 && insmod /modules/slabmod_words.ko && count_words 5000 && read_all &&
		grep -q '\[slabmod_words\]' $debug/callsites &&
		grep -q '\[slabmod_words\]' $debug/leaks && valid &&
		rmmod slabmod_words slabmod
}

# Each CPU but the first goes offline under load, and its objects are drained.
hotplug() {
	for cpu in 1 2 3; do
		online=/sys/devices/system/cpu/cpu$cpu/online
		taskset -c "$cpu" sh -c "head -n 3000 /proc/kallsyms >$words/text" || return 1
		echo 0 >$online && read_all && valid || return 1
		[ "$(figure unaccounted)" = 0 ] || return 1
		echo 1 >$online || return 1
	done
	valid
}

goes_without_a_cpu() {
	echo 0 >/sys/devices/system/cpu/cpu3/online && rmmod slabmod_words &&
		echo 1 >/sys/devices/system/cpu/cpu3/online && [ "$(figure leak)" = 0 ] && valid
}

# Magazines that overflow are resized, and idle memory is freed by age.
ages() {
	looks=0
	while [ $looks -lt 200 ]; do
		sleep 2
		[ "$(figure in_magazines)" != 0 ] || [ "$(figure aged)" = 0 ] || break
		looks=$((looks + 1))
	done
	[ "$(figure in_magazines)" = 0 ] && [ "$(figure aged)" -gt 0 ] && valid
}

for bad in limit_mb=999999999 chunk_order=11 magazine_bytes=1; do
	check "refuses $bad" refuses "$bad" "$bad is out of range"
done
check 'refuses an unknown parameter' refuses limit=64 "unknown parameter 'limit'"
for good in limit_mb=64 chunk_order=0 chunk_order=4 magazine_bytes=1024; do
	check "takes $good" takes "$good"
done
check 'loads' load
check 'every file can be read' read_all
check 'is valid' valid
check 'a client comes' insmod /modules/slabmod_words.ko
check 'and is served' count_words 5000
check 'every file can be read with objects live' read_all
check 'CPUs go and come' hotplug
check 'shrinks' shrink_all
check 'the client goes while a CPU is gone' goes_without_a_cpu
check 'and comes again' insmod /modules/slabmod_words.ko
check 'and is served again' count_words 5000
check 'and goes' rmmod slabmod_words
check 'idle memory is freed by age' ages
check 'unloads' rmmod slabmod
check 'serves in debug mode, and lists callers' serves_debugged
