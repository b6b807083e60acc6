#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# All KUnit suites on PREEMPT_RT, under lockdep and the other checkers: what raw locks
# are for, and where pages may not be asked for.
# vm: --kernel rt --smp 4 --nodes 2 --mem 2G --timeout 3600 --append page_poison=1 --allow-reports
# ktap
# long

. /check.lib

check 'the kernel is one of PREEMPT_RT' eval 'uname -v | grep PREEMPT_RT'
check 'slabmod.ko loads' insmod /modules/slabmod.ko kmemleak=0
check 'slabmod_kunit.ko loads' insmod /modules/slabmod_kunit.ko ${SUITES:+suites="$SUITES"}
check 'slabmod_kunit.ko unloads' rmmod slabmod_kunit
check 'slabmod.ko unloads' rmmod slabmod
