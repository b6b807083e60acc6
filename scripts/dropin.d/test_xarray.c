// SPDX-License-Identifier: GPL-2.0
/* lib/test_xarray.c with a copy of lib/xarray.c and lib/radix-tree.c, which has their cache */
#include "whole.h"
#include <linux/radix-tree.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#pragma push_macro("module_init")
#pragma push_macro("module_exit")
#undef module_init
#undef module_exit
#define module_init(fn) static int test(void) { return fn(); }
#define module_exit(fn) static void after_test(void) { fn(); }
#include "lib-test_xarray.c"
#pragma pop_macro("module_init")
#pragma pop_macro("module_exit")

extern struct kmem_cache *radix_tree_node_cachep;

static void end(void)
{
	after_test();
	rcu_barrier();
	kmem_cache_destroy(radix_tree_node_cachep);
}

static int __init begin(void)
{
	int error;

	radix_tree_init();
	error = test();
	if (error)
		end();
	return error;
}
module_init(begin);
module_exit(end);
