#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The suites about the contents of memory, on a kernel that clears memory when it is
# allocated and when it is freed.
# vm: --kernel kunit --smp 2 --mem 1G --timeout 900 --append "init_on_alloc=1 init_on_free=1" --allow-reports
# ktap

. /check.lib

told() {
	dmesg | grep 'mem auto-init: .*heap alloc:on, heap free:on'
}

check 'the kernel clears memory' told
check 'slabmod.ko loads' insmod /modules/slabmod.ko kmemleak=0
check 'slabmod_kunit.ko loads' insmod /modules/slabmod_kunit.ko \
	suites="${SUITES:-cache,kmalloc,pages,typesafe,strict}"
check 'slabmod_kunit.ko unloads' rmmod slabmod_kunit
check 'slabmod.ko unloads' rmmod slabmod
