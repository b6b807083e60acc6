#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Source for the kernel's allocators runs on slabmod: every mapped function is called, in a pool
# with the module's name, and nothing is left.
# vm: --kernel kunit --smp 2 --mem 1G

. /check.lib

sample_refuses_a_limit_below_its_reserve() {
	! insmod /modules/slabmod_dropin.ko slabmod_limit_mb=8 slabmod_reserve_mb=16
}

pool_is_there() {
	[ -d /sys/kernel/debug/slabmod/pools/slabmod_dropin ] &&
		[ "$(cat /sys/module/slabmod_dropin/parameters/slabmod_limit_mb)" = "$1" ]
}

no_pool() {
	[ ! -d /sys/kernel/debug/slabmod/pools/slabmod_dropin ]
}

check 'slabmod.ko loads' insmod /modules/slabmod.ko
for debug in 0 1; do
	check "all mapped functions work, slabmod_debug=$debug" \
		insmod /modules/slabmod_dropin.ko slabmod_debug=$debug slabmod_limit_mb=64 slabmod_reserve_mb=1
	check 'the module has a pool with its name' pool_is_there 64
	check 'the module unloads' rmmod slabmod_dropin
	check 'the pool is gone' no_pool
done
check 'nothing is reported' sh -c '! dmesg | grep "slabmod: misuse"'
check 'slabmod.ko unloads' rmmod slabmod
