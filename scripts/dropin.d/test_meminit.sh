# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# source: lib/test_meminit.c
# add: end.c
# kbuild: obj-m := test_meminit_all.o
# kbuild: test_meminit_all-y := test_meminit.o end.o
# load: test_meminit_all
# append: init_on_alloc=1 init_on_free=1
# work: the kernel's test of memory cleared with init_on_alloc=1 init_on_free=1: all pass

work() {
	step "all tests pass" verdict 'all [0-9]* tests passed'
}
