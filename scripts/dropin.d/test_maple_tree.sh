# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# source: lib/maple_tree.c=lib-maple_tree.c lib/test_maple_tree.c=lib-test_maple_tree.c
# add: test_maple_tree.c whole.h
# kbuild: obj-m := test_maple_tree.o
# kbuild: ccflags-y += -DCONFIG_DEBUG_MAPLE_TREE
# load: test_maple_tree
# work: the kernel's test with a copy of the library: all its checks pass but one, in next_prev_test(), which fails on SLUB as well

# The stable release of the library does not agree with that check of its test.
others_pass() {
	dmesg | grep -oE 'BUG at [a-z_]+:[0-9]+' | sort | uniq -c
	[ "$(dmesg | grep 'BUG at ' | grep -vc 'BUG at next_prev_test:')" = 0 ] &&
		[ "$(dmesg | grep -c 'BUG at ')" -le 1 ]
}

work() {
	step "the test ends" verdict 'maple_tree: [1-9][0-9]* of [1-9][0-9]* tests passed'
	step "all other checks pass" others_pass
}
