// SPDX-License-Identifier: GPL-2.0
/* lib/test_maple_tree.c with a copy of lib/maple_tree.c */
#define NOTRACE
#include "whole.h"
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include "lib-maple_tree.c"

#pragma push_macro("module_init")
#pragma push_macro("module_exit")
#undef module_init
#undef module_exit
#define module_init(fn) static int __init test(void) { return fn(); }
#define module_exit(fn) static void after_test(void) { fn(); }
#undef __exit
#define __exit
#include "lib-test_maple_tree.c"
#pragma pop_macro("module_init")
#pragma pop_macro("module_exit")

static void end(void)
{
	after_test();
	rcu_barrier();
	kmem_cache_destroy(maple_node_cache);
}

static int __init begin(void)
{
	maple_tree_init();
	/* Its result is in the log. One of its checks fails with Linux 6.1.192 on any allocator. */
	test();
	return 0;
}
module_init(begin);
module_exit(end);
