#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Source for the kernel's allocators runs on slabmod: every mapped function is called, in a pool
# with the module's name, and nothing is left. What the module leaves behind is reported, once.
# vm: --kernel kunit --smp 2 --mem 1G --expect "slabmod: misuse: leak: "

. /check.lib

does_not_load() {
	! insmod /modules/slabmod_dropin.ko fails=1
}

pool_is_there() {
	[ -d /sys/kernel/debug/slabmod/pools/slabmod_dropin ] &&
		[ "$(cat /sys/module/slabmod_dropin/parameters/slabmod_limit_mb)" = "$1" ]
}

no_pool() {
	[ ! -d /sys/kernel/debug/slabmod/pools/slabmod_dropin ]
}

# logged N REGEX: N lines of the log match
logged() {
	[ "$(dmesg | grep -c "$2")" = "$1" ] || { dmesg | grep slabmod; return 1; }
}

check 'slabmod.ko loads' insmod /modules/slabmod.ko
for debug in 0 1; do
	check "all mapped functions work, slabmod_debug=$debug" \
		insmod /modules/slabmod_dropin.ko slabmod_debug=$debug slabmod_limit_mb=64 slabmod_reserve_mb=1
	check 'the module has a pool with its name' pool_is_there 64
	check 'the module unloads' rmmod slabmod_dropin
	check 'the pool is gone' no_pool
done
check 'a module with a failing init function does not load' does_not_load
check 'and has no pool' no_pool
check 'nothing is reported' sh -c '! dmesg | grep "slabmod: misuse"'
check 'a module that leaks loads' insmod /modules/slabmod_dropin.ko leaks=1
check 'and unloads' rmmod slabmod_dropin
check 'its cache is reported, with a name that slabmod accepts' \
	logged 1 'misuse: leak: left_by_the_sample,_40_bytes_ea: its module was unloaded with 1 live'
check 'and an empty one' logged 1 'misuse: leak: empty: its module was unloaded without destroying it'
check 'its pool is reported' \
	logged 1 'pool slabmod_dropin: its module was unloaded with 1 caches, 2 live objects, 2 pages in use'
check 'there is no other report' logged 3 'slabmod: misuse:'
check 'each object is listed once' logged 3 'slabmod:   .* object '
check 'the name of the pool is free' insmod /modules/slabmod_dropin.ko
check 'and the module unloads' rmmod slabmod_dropin
check 'which is no leak' logged 3 'slabmod: misuse:'
check 'slabmod.ko unloads' rmmod slabmod
