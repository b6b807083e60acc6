#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What no suite can do: slabmod is loaded with parameters good and bad, its files are
# read and written, CPUs go and come back, clients come, are served, and go.
# vm: --smp 4 --nodes 2 --mem 1G --allow-reports

# shellcheck source=../check.d/check.lib
. /check.lib

debug=/sys/kernel/debug/slabmod
params=/sys/module/slabmod/parameters

load() {
	insmod /modules/slabmod.ko "$@"
}

# Of the root pool, since it was loaded
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

# Both ways to ask: a write fails where a reading says that it is broken.
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

refuses() {
	! load "$1" 2>/dev/null && [ ! -d /sys/module/slabmod ] &&
		dmesg | grep "slabmod: $1 is out of range"
}

# takes PARAMETER=VALUE: it is served with it, too
takes() {
	load "$1" && [ "$(cat "$params/${1%=*}")" = "${1#*=}" ] &&
		insmod /modules/slabmod_words.ko && count_words 5000 && valid &&
		rmmod slabmod_words slabmod
}

# In debug mode, with somebody to be found in the lists of who has what
serves_debugged() {
	load debug=1 && insmod /modules/slabmod_words.ko && count_words 5000 && read_all &&
		grep -q '\[slabmod_words\]' $debug/callsites &&
		grep -q '\[slabmod_words\]' $debug/leaks && valid &&
		rmmod slabmod_words slabmod
}

# Each CPU but the first goes while there is work, and what it had is with the others.
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

# Magazines that run over are exchanged, and what nobody uses any more goes by itself.
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
	check "refuses $bad" refuses "$bad"
done
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
check 'what nobody uses goes by itself' ages
check 'unloads' rmmod slabmod
check 'serves in debug mode, and says who has what' serves_debugged
