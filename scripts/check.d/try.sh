#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The KUnit suites on user-mode Linux, which boots in a second and runs natively: for the time
# between an edit and a first answer (make try). It has one node, few checkers and no NMIs, and not
# all suites run there.
# vm: --kernel uml-kunit --smp 2 --mem 1G --timeout 60 --append kunit.enable=1 --allow-reports
# ktap
# long

. /check.lib

check 'slabmod.ko loads' insmod /modules/slabmod.ko
check 'slabmod_kunit.ko loads' insmod /modules/slabmod_kunit.ko \
	suites="${SUITES:-slab,magazine,buddy}"
check 'slabmod_kunit.ko unloads' rmmod slabmod_kunit
check 'slabmod.ko unloads' rmmod slabmod
