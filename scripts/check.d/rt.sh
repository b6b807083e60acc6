#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# All KUnit suites on PREEMPT_RT, under lockdep and the other checkers: raw locks, and
# contexts that must not allocate pages.
# vm: --kernel rt --smp 4 --nodes 2 --mem 2G --timeout 3600 --append page_poison=1 --allow-reports
# ktap
# long

. /check.lib

check 'the kernel has PREEMPT_RT' eval 'uname -v | grep PREEMPT_RT'
check 'slabmod.ko loads' insmod /modules/slabmod.ko kmemleak=0
check 'slabmod_kunit.ko loads' insmod /modules/slabmod_kunit.ko ${SUITES:+suites="$SUITES"}
check 'slabmod_kunit.ko unloads' rmmod slabmod_kunit
check 'slabmod.ko unloads' rmmod slabmod
