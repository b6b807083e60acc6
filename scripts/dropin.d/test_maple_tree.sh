# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# source: lib/maple_tree.c=lib-maple_tree.c lib/test_maple_tree.c=lib-test_maple_tree.c
# add: test_maple_tree.c whole.h
# kbuild: obj-m := test_maple_tree.o
# load: test_maple_tree
# work: the kernel's test with a copy of the library: all its checks pass

work() {
	step "all checks pass" verdict 'maple_tree: \([1-9][0-9]*\) of \1 tests passed'
}
