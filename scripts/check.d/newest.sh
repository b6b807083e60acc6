#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# All KUnit suites on the newest kernel series, under the same checkers.
# vm: --kernel kunit-7.2 --smp 4 --nodes 2 --mem 2G --timeout 3600 --append page_poison=1 --allow-reports
# ktap
# long

. /check.lib

check 'slabmod.ko loads' insmod /modules/slabmod.ko kmemleak=0
check 'slabmod_kunit.ko loads' insmod /modules/slabmod_kunit.ko ${SUITES:+suites="$SUITES"}
check 'slabmod_kunit.ko unloads' rmmod slabmod_kunit
check 'slabmod.ko unloads' rmmod slabmod
