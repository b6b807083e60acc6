#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The suites that depend on the number of CPUs, on 64 CPUs and four nodes. The kernel has no
# checkers, with which so many CPUs do not boot in time.
# vm: --kernel coverage --smp 64 --nodes 4 --mem 4G --timeout 1800 --allow-reports
# ktap
# long

. /check.lib

check 'there are 64 CPUs' [ "$(nproc)" = 64 ]
check 'and four nodes' [ "$(cat /sys/devices/system/node/online)" = 0-3 ]
check 'slabmod.ko loads' insmod /modules/slabmod.ko
check 'slabmod_kunit.ko loads' insmod /modules/slabmod_kunit.ko suites="${SUITES:-bound,contexts}"
check 'slabmod_kunit.ko unloads' rmmod slabmod_kunit
check 'slabmod.ko unloads' rmmod slabmod
