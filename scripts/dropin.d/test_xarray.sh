# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# source: lib/radix-tree.c lib/xarray.c lib/test_xarray.c=lib-test_xarray.c
# add: test_xarray.c whole.h
# kbuild: obj-m := test_xarray_all.o
# kbuild: test_xarray_all-y := test_xarray.o xarray.o radix-tree.o
# kbuild: ccflags-y += -include $(src)/whole.h
# load: test_xarray_all
# work: the kernel's test with a copy of the library: all its checks pass

work() {
	step "all checks pass" verdict 'XArray: \([1-9][0-9]*\) of \1 tests passed'
}
