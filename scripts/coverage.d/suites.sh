#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# All KUnit suites, on four CPUs and two nodes, and loading and unloading slabmod.
# vm: --smp 4 --nodes 2 --mem 2G --timeout 3000 --allow-reports
# ktap

# shellcheck source=../check.d/check.lib
. /check.lib

check 'slabmod.ko loads' insmod /modules/slabmod.ko kmemleak=0
check 'slabmod_kunit.ko loads' insmod /modules/slabmod_kunit.ko ${SUITES:+suites="$SUITES"}
check 'no suite failed' [ "$(cat /sys/module/slabmod_kunit/parameters/failed)" = 0 ]
check 'slabmod_kunit.ko unloads' rmmod slabmod_kunit
check 'slabmod.ko unloads' rmmod slabmod
