// SPDX-License-Identifier: GPL-2.0
/*
 * test_misuse_args.c - what happens to callers who ask for what cannot be: NULL,
 * a report that names them, and a count.
 */
#include <linux/nodemask.h>
#include <linux/slab.h>

#include <slabmod/slabmod.h>

#include "cache.h"
#include "cache_list.h"
#include "context.h"
#include "kit.h"
#include "root.h"
#include "test_misuse.h"

/* @call gives NULL, or 0, and one report. */
#define REFUSED(test, kind, text, call)						\
	KIT_EXPECT_MISUSE(test, kind, text, KUNIT_EXPECT_TRUE(test, !(call)))

/* ---- sizes and orders ---- */

void test_sizes_that_overflow_are_refused(struct kunit *test)
{
	void *p = slabmod_kmalloc(100, GFP_KERNEL), *q = p;

	REFUSED(test, MISUSE_OVERFLOW, "overflow",
		slabmod_kmalloc_array(SIZE_MAX, 2, GFP_KERNEL));
	REFUSED(test, MISUSE_OVERFLOW, "overflow",
		slabmod_kmalloc_array(SIZE_MAX / 2 + 1, 2, GFP_KERNEL));
	REFUSED(test, MISUSE_OVERFLOW, "overflow",
		slabmod_kcalloc(1ul << 33, 1ul << 33, GFP_KERNEL));
	REFUSED(test, MISUSE_OVERFLOW, "overflow",
		q = slabmod_krealloc_array(p, SIZE_MAX, 16, GFP_KERNEL));
	KIT_EXPECT_NO_MISUSE(test, slabmod_kfree(p));
}

void test_sizes_above_the_limit_are_refused(struct kunit *test)
{
	static const size_t sizes[] = { SLABMOD_KMALLOC_MAX + 1, 1ul << 32, SIZE_MAX };
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t size = sizes[i];

		REFUSED(test, MISUSE_TOO_LARGE, "kmalloc", slabmod_kmalloc(size, GFP_KERNEL));
		REFUSED(test, MISUSE_TOO_LARGE, "kmalloc", slabmod_kzalloc(size, GFP_KERNEL));
		REFUSED(test, MISUSE_TOO_LARGE, "kmalloc",
			slabmod_kmalloc_node(size, GFP_KERNEL, 0));
		REFUSED(test, MISUSE_TOO_LARGE, "kmalloc",
			slabmod_kmalloc_array(size, 1, GFP_KERNEL));
		REFUSED(test, MISUSE_TOO_LARGE, "kmalloc",
			slabmod_krealloc(NULL, size, GFP_KERNEL));
		REFUSED(test, MISUSE_TOO_LARGE, "kmalloc",
			slabmod_kmemdup("", size, GFP_KERNEL));
		REFUSED(test, MISUSE_TOO_LARGE, "alloc_pages_exact",
			slabmod_alloc_pages_exact(size, GFP_KERNEL));
	}
	REFUSED(test, MISUSE_TOO_LARGE, "kmalloc",
		slabmod_kmalloc(SLABMOD_KMALLOC_MAX + 1, GFP_KERNEL));
	REFUSED(test, MISUSE_TOO_LARGE, "alloc_pages_exact",
		slabmod_alloc_pages_exact(0, GFP_KERNEL));
}

void test_orders_above_the_limit_are_refused(struct kunit *test)
{
	static const unsigned int orders[] = { SLABMOD_MAX_ORDER + 1, 31, 32, 64, UINT_MAX };
	unsigned long addr = slabmod_get_free_page(GFP_KERNEL);
	int i;

	for (i = 0; i < ARRAY_SIZE(orders); i++) {
		REFUSED(test, MISUSE_TOO_LARGE, "order",
			slabmod_get_free_pages(GFP_KERNEL, orders[i]));
		REFUSED(test, MISUSE_TOO_LARGE, "order",
			slabmod_alloc_pages(GFP_KERNEL, orders[i]));
		REFUSED(test, MISUSE_TOO_LARGE, "order",
			slabmod_alloc_pages_node(0, GFP_KERNEL, orders[i]));
		KIT_EXPECT_MISUSE(test, MISUSE_TOO_LARGE, "order",
				  slabmod_free_pages(addr, orders[i]));
	}
	KIT_EXPECT_MISUSE(test, MISUSE_WRONG_SIZE, "free_pages_exact",
			  slabmod_free_pages_exact((void *)addr, 0));
	KIT_EXPECT_MISUSE(test, MISUSE_WRONG_SIZE, "free_pages_exact",
			  slabmod_free_pages_exact((void *)addr, SIZE_MAX));
	KIT_EXPECT_NO_MISUSE(test, slabmod_free_page(addr));
}

/* ---- flags and nodes ---- */

static const gfp_t refused[] = {
	__GFP_DMA, __GFP_DMA32, __GFP_HIGHMEM, __GFP_MOVABLE, __GFP_RECLAIMABLE, __GFP_ACCOUNT,
	__GFP_COMP,
};

void test_flags_that_cannot_be_honoured_are_refused(struct kunit *test)
{
	struct slabmod_cache *cache = slabmod_cache_create("kit-flags", 64, 0, 0, NULL);
	void *p;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, cache);
	for (i = 0; i < ARRAY_SIZE(refused); i++) {
		gfp_t gfp = GFP_KERNEL | refused[i];

		REFUSED(test, MISUSE_BAD_GFP, "kit-flags", slabmod_cache_alloc(cache, gfp));
		REFUSED(test, MISUSE_BAD_GFP, "kit-flags", slabmod_cache_zalloc(cache, gfp));
		REFUSED(test, MISUSE_BAD_GFP, "kit-flags",
			slabmod_cache_alloc_node(cache, gfp, 0));
		REFUSED(test, MISUSE_BAD_GFP, "kit-flags",
			slabmod_cache_alloc_bulk(cache, gfp, 1, &p));
		REFUSED(test, MISUSE_BAD_GFP, "kmalloc", slabmod_kmalloc(100, gfp));
		REFUSED(test, MISUSE_BAD_GFP, "kmalloc", slabmod_kmalloc(100000, gfp));
		REFUSED(test, MISUSE_BAD_GFP, "kmalloc", slabmod_kstrdup("a", gfp));
		REFUSED(test, MISUSE_BAD_GFP, "pages", slabmod_alloc_pages(gfp, 0));
		REFUSED(test, MISUSE_BAD_GFP, "pages", slabmod_alloc_pages(gfp, 8));
		REFUSED(test, MISUSE_BAD_GFP, "pages", slabmod_alloc_pages_exact(12288, gfp));
	}
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(cache), 0);
}

void test_nofail_that_cannot_be_kept_is_refused(struct kunit *test)
{
	void *p = NULL;

	REFUSED(test, MISUSE_BAD_GFP, "NOFAIL",
		slabmod_kmalloc(100, GFP_ATOMIC | __GFP_NOFAIL));
	REFUSED(test, MISUSE_BAD_GFP, "NOFAIL",
		slabmod_kmalloc(100000, GFP_KERNEL | __GFP_NOFAIL));
	REFUSED(test, MISUSE_BAD_GFP, "NOFAIL",
		slabmod_get_free_pages(GFP_KERNEL | __GFP_NOFAIL, 5));
	KIT_EXPECT_NO_MISUSE(test, p = slabmod_kmalloc(100, GFP_KERNEL | __GFP_NOFAIL));
	KUNIT_EXPECT_NOT_NULL(test, p);
	slabmod_kfree(p);
}

void test_nodes_that_do_not_exist_are_refused(struct kunit *test)
{
	const int nodes[] = { -2, nr_node_ids, MAX_NUMNODES, INT_MAX, INT_MIN };
	struct slabmod_cache *cache = slabmod_cache_create("kit-nodes", 64, 0, 0, NULL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, cache);
	for (i = 0; i < ARRAY_SIZE(nodes); i++) {
		REFUSED(test, MISUSE_BAD_NODE, "no node",
			slabmod_cache_alloc_node(cache, GFP_KERNEL, nodes[i]));
		REFUSED(test, MISUSE_BAD_NODE, "no node",
			slabmod_kmalloc_node(100, GFP_KERNEL, nodes[i]));
		REFUSED(test, MISUSE_BAD_NODE, "no node",
			slabmod_kmalloc_node(100000, GFP_KERNEL, nodes[i]));
		REFUSED(test, MISUSE_BAD_NODE, "no node",
			slabmod_alloc_pages_node(nodes[i], GFP_KERNEL, 0));
		REFUSED(test, MISUSE_BAD_NODE, "no node",
			slabmod_alloc_pages_node(nodes[i], GFP_KERNEL, 6));
	}
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(cache), 0);
}

/* ---- caches ---- */

void test_caches_with_impossible_properties_are_refused(struct kunit *test)
{
	static const size_t sizes[] = { 0, SLABMOD_CACHE_MAX_SIZE + 1, 1ul << 32, SIZE_MAX };
	static const size_t aligns[] = { 3, 24, 4097, 8192, SIZE_MAX };
	static const unsigned int flags[] = {
		0x20, 0x100, CACHE_SHARES_LINES, CACHE_CHECK_HOME, CACHE_INTERNAL, CACHE_PAGES,
		0x80000000,
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		REFUSED(test, MISUSE_BAD_CACHE, "size",
			slabmod_cache_create("kit-bad", sizes[i], 0, 0, NULL));
	for (i = 0; i < ARRAY_SIZE(aligns); i++)
		REFUSED(test, MISUSE_BAD_CACHE, "alignment",
			slabmod_cache_create("kit-bad", 64, aligns[i], 0, NULL));
	for (i = 0; i < ARRAY_SIZE(flags); i++)
		REFUSED(test, MISUSE_BAD_CACHE, "flags",
			slabmod_cache_create("kit-bad", 64, 0, flags[i], NULL));
	/* Nor does slabmod itself mistake what is found out about a cache for what is wanted. */
	REFUSED(test, MISUSE_BAD_CACHE, "flags",
		cache_create(root_pool, "kit-bad", 64, 0, CACHE_CHECK_HOME, NULL, NULL));
}

void test_bad_names_are_refused(struct kunit *test)
{
	static const char *const names[] = {
		NULL, "", "a name", "a\tname", "a\nname", "a/name", "name\x7f", "n\x01me",
		"thirty-two-characters-are-too-ma",
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		REFUSED(test, MISUSE_BAD_CACHE, "name",
			slabmod_cache_create(names[i], 64, 0, 0, NULL));
}

void test_destroying_a_cache_with_live_objects_is_refused(struct kunit *test)
{
	struct slabmod_cache *cache = slabmod_cache_create("kit-live", 64, 0, 0, NULL);
	void *object, *another;
	int err = 0;

	KUNIT_ASSERT_NOT_NULL(test, cache);
	object = slabmod_cache_alloc(cache, GFP_KERNEL);
	KIT_EXPECT_MISUSE(test, MISUSE_CACHE_BUSY, "kit-live: destroyed with 1 live objects",
			  err = slabmod_cache_destroy(cache));
	KUNIT_EXPECT_EQ(test, err, -EBUSY);
	KUNIT_EXPECT_EQ(test, kit_captured("kit-live object "), 1);
	another = slabmod_cache_alloc(cache, GFP_KERNEL);
	KUNIT_EXPECT_NOT_NULL(test, another);
	KUNIT_EXPECT_PTR_NE(test, another, object);
	slabmod_cache_free(cache, another);
	slabmod_cache_free(cache, object);
	KIT_EXPECT_NO_MISUSE(test, err = slabmod_cache_destroy(cache));
	KUNIT_EXPECT_EQ(test, err, 0);
}

void test_destroying_what_is_slabmods_own_is_refused(struct kunit *test)
{
	unsigned int class;
	int err = 0;

	for (class = 0; class < SLABMOD_KMALLOC_CLASSES; class++) {
		KIT_EXPECT_MISUSE(test, MISUSE_BAD_CACHE, "kmalloc-",
				  err = slabmod_cache_destroy(slabmod_kmalloc_caches[class]));
		KUNIT_EXPECT_EQ(test, err, -EBUSY);
	}
}

/* ---- reports ---- */

void test_flood_of_misuse_is_cut_but_counted(struct kunit *test)
{
	unsigned long before = report_count(MISUSE_BAD_FREE);
	char stacked[16];
	int i;

	kit_capture_begin();
	for (i = 0; i < 200; i++)
		slabmod_kfree(stacked);
	kit_capture_end();
	KUNIT_EXPECT_EQ(test, report_count(MISUSE_BAD_FREE), before + 200);
	KUNIT_EXPECT_GE(test, kit_captured("slabmod: misuse: bad_free: "), 1);
	KUNIT_EXPECT_LE(test, kit_captured("slabmod: misuse: bad_free: "), 20);
}

static void free_inside(void *p)
{
	slabmod_kfree(p + 1);
	/* Not the last call, or the function would not be in the stack. */
	barrier();
}

void test_misuse_in_an_interrupt_is_reported(struct kunit *test)
{
	void *p = slabmod_kmalloc(64, GFP_KERNEL);

	KIT_EXPECT_MISUSE_FROM(test, "free_inside", MISUSE_INNER_FREE, "kmalloc-64",
			       context_softirq(free_inside, p));
	KIT_EXPECT_MISUSE_FROM(test, "free_inside", MISUSE_INNER_FREE, "kmalloc-64",
			       context_hardirq(free_inside, p));
	KIT_EXPECT_NO_MISUSE(test, slabmod_kfree(p));
}
