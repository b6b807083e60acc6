# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# source: lib/rhashtable.c lib/test_rhashtable.c
# add: whole.h
# kbuild: obj-m := test_rhashtable_all.o
# kbuild: test_rhashtable_all-y := test_rhashtable.o rhashtable.o
# kbuild: ccflags-y += -include $(src)/whole.h
# load: test_rhashtable_all
# parameters: runs=2 entries=20000 tcount=8
# work: the kernel's test with a copy of the library: 2 runs, 20000 entries, 8 threads; all pass

no_failure() {
	! dmesg | grep -E 'Test failed|YES, failed|thread\[[0-9]+\]: .*failed|should have failed|object .*not found|wrong object|, [1-9][0-9]* failed'
}

work() {
	step "the threads succeed" verdict 'Started 8 threads, 0 failed, rhltable test returns 0'
	step "nothing fails" no_failure
}
