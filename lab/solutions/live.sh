#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# In a guest: the three requests of the lecture, in the live files of slabmod_lab.ko.
#
# usage: scripts/vm --add lab/solutions/live.sh -- sh /live.sh
set -e
insmod /modules/slabmod.ko
insmod /modules/slabmod_lab.ko
cd /sys/kernel/debug/slabmod_lab
echo list_lifo >strategy
echo alloc 50 >step
echo alloc 50 >step
echo alloc 50 >step
echo free 1 >step
cat objects
cat map
tail -n +2 result
