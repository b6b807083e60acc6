#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The KUnit suites under KCSAN, which detects data races.
# vm: --kernel kcsan --smp 4 --nodes 2 --mem 4G --timeout 3000 --allow-reports
# ktap
# long

. /check.lib

check 'slabmod.ko loads' insmod /modules/slabmod.ko kmemleak=0
check 'slabmod_kunit.ko loads' insmod /modules/slabmod_kunit.ko ${SUITES:+suites="$SUITES"}
check 'slabmod_kunit.ko unloads' rmmod slabmod_kunit
check 'slabmod.ko unloads' rmmod slabmod
