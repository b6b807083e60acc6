#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The KUnit suites under KASAN and UBSAN; then a stress run with debug=1.
# vm: --kernel kasan --smp 4 --nodes 2 --mem 4G --timeout 3000 --allow-reports --add "$top/scripts/stress.d/guest:/stress.guest"
# ktap
# long

. /check.lib

check 'slabmod.ko loads' insmod /modules/slabmod.ko kmemleak=0
check 'slabmod_kunit.ko loads' insmod /modules/slabmod_kunit.ko ${SUITES:+suites="$SUITES"}
check 'slabmod_kunit.ko unloads' rmmod slabmod_kunit
check 'slabmod.ko unloads' rmmod slabmod
check 'stress with debug=1' env SLABMOD=debug=1 sh /stress.guest ops=100000
