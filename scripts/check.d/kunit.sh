#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The KUnit suites, under every checker of the kernel, on four CPUs and two nodes; then
# unloading, and a search for leaks.
# vm: --kernel kunit --smp 4 --nodes 2 --mem 2G --timeout 900 --append "page_poison=1 init_on_alloc=0" --allow-reports
# ktap

. /check.lib

# Without kmemleak=0, which the step kmemleak tests, no call would use the fast path, and the
# suites would take several times as long. Leaks of the boot are discarded.
[ ! -e $leaks ] || forget_leaks
# On a kernel without it (scripts/build --suites)
[ ! -e /modules/kunit.ko ] || check 'kunit.ko loads' insmod /modules/kunit.ko enable=1
check 'slabmod.ko loads' insmod /modules/slabmod.ko kmemleak=0
check 'slabmod_kunit.ko loads' insmod /modules/slabmod_kunit.ko ${SUITES:+suites="$SUITES"}
check 'slabmod_kunit.ko unloads' rmmod slabmod_kunit
check 'slabmod.ko unloads' rmmod slabmod
if [ -e $leaks ]; then
	check 'no leaks' no_leaks
else
	skip 'no leaks' 'this kernel has no kmemleak'
fi
