#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A node with CPUs and no memory, beside two that have both: its CPUs are served from the
# nearest memory.
# vm: --kernel kunit --smp 6 --nodes 2 --bare-nodes 1 --mem 2G --timeout 600 --allow-reports
# ktap

. /check.lib

nodes=/sys/devices/system/node

check 'node 2 has CPUs' grep -q 2 $nodes/has_cpu
check 'and no memory' eval "! grep -q 2 $nodes/has_memory"
check 'slabmod.ko loads' insmod /modules/slabmod.ko kmemleak=0
check 'slabmod_kunit.ko loads' insmod /modules/slabmod_kunit.ko suites="${SUITES:-bare,contexts}"
check 'validates' eval 'echo 1 >/sys/kernel/debug/slabmod/validate'
check 'slabmod_kunit.ko unloads' rmmod slabmod_kunit
check 'slabmod.ko unloads' rmmod slabmod
