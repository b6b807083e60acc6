// SPDX-License-Identifier: GPL-2.0
/*
 * test_misuse_args.c - impossible requests fail, with a report and a count.
 */
#include <linux/nodemask.h>

#include "context.h"
#include "root.h"
#include "test_misuse.h"
#include "verbs_pool.h"

/* @call returns NULL, or 0, and makes one report. */
#define REFUSED(test, kind, text, call)						\
	KIT_EXPECT_MISUSE(test, kind, text, KUNIT_EXPECT_TRUE(test, !(call)))

/* ---- sizes and orders ---- */

#define OVERFLOWS(call)	REFUSED(test, MISUSE_OVERFLOW, "overflow", call)

void test_sizes_that_overflow_are_refused(struct kunit *test)
{
	void *p = kit_kmalloc(test, 100), *q = p;

	OVERFLOWS(slabmod_kmalloc_array(SIZE_MAX, 2, GFP_KERNEL));
	OVERFLOWS(slabmod_kmalloc_array(SIZE_MAX / 2 + 1, 2, GFP_KERNEL));
	OVERFLOWS(slabmod_kcalloc(1ul << 33, 1ul << 33, GFP_KERNEL));
	OVERFLOWS(q = slabmod_krealloc_array(p, SIZE_MAX, 16, GFP_KERNEL));
	KIT_EXPECT_NO_MISUSE(test, slabmod_kfree(p));
}

#define TOO_LARGE(text, call)	REFUSED(test, MISUSE_TOO_LARGE, text, call)

void test_sizes_above_the_limit_are_refused(struct kunit *test)
{
	static const size_t sizes[] = { SLABMOD_KMALLOC_MAX + 1, 1ul << 32, SIZE_MAX };
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t size = sizes[i];

		TOO_LARGE("kmalloc", slabmod_kmalloc(size, GFP_KERNEL));
		TOO_LARGE("kmalloc", slabmod_kzalloc(size, GFP_KERNEL));
		TOO_LARGE("kmalloc", slabmod_kmalloc_node(size, GFP_KERNEL, 0));
		TOO_LARGE("kmalloc", slabmod_kmalloc_array(size, 1, GFP_KERNEL));
		TOO_LARGE("kmalloc", slabmod_krealloc(NULL, size, GFP_KERNEL));
		TOO_LARGE("kmalloc", slabmod_kmemdup("", size, GFP_KERNEL));
		TOO_LARGE("alloc_pages_exact", slabmod_alloc_pages_exact(size, GFP_KERNEL));
	}
	/* A constant size. */
	TOO_LARGE("kmalloc", slabmod_kmalloc(SLABMOD_KMALLOC_MAX + 1, GFP_KERNEL));
	TOO_LARGE("alloc_pages_exact", slabmod_alloc_pages_exact(0, GFP_KERNEL));
}

void test_orders_above_the_limit_are_refused(struct kunit *test)
{
	static const unsigned int orders[] = { SLABMOD_MAX_ORDER + 1, 31, 32, 64, UINT_MAX };
	unsigned long addr = slabmod_get_free_page(GFP_KERNEL);
	int i;

	for (i = 0; i < ARRAY_SIZE(orders); i++) {
		TOO_LARGE("order", slabmod_get_free_pages(GFP_KERNEL, orders[i]));
		TOO_LARGE("order", slabmod_alloc_pages(GFP_KERNEL, orders[i]));
		TOO_LARGE("order", slabmod_alloc_pages_node(0, GFP_KERNEL, orders[i]));
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

#define BAD_GFP(text, call)	REFUSED(test, MISUSE_BAD_GFP, text, call)

void test_flags_that_cannot_be_honoured_are_refused(struct kunit *test)
{
	struct slabmod_cache *cache = slabmod_cache_create("kit-flags", 64, 0, 0, NULL);
	void *p;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, cache);
	for (i = 0; i < ARRAY_SIZE(refused); i++) {
		gfp_t gfp = GFP_KERNEL | refused[i];

		BAD_GFP("kit-flags", slabmod_cache_alloc(cache, gfp));
		BAD_GFP("kit-flags", slabmod_cache_zalloc(cache, gfp));
		BAD_GFP("kit-flags", slabmod_cache_alloc_node(cache, gfp, 0));
		BAD_GFP("kit-flags", slabmod_cache_alloc_bulk(cache, gfp, 1, &p));
		BAD_GFP("kmalloc", slabmod_kmalloc(100, gfp));
		BAD_GFP("kmalloc", slabmod_kmalloc(100000, gfp));
		BAD_GFP("kmalloc", slabmod_kstrdup("a", gfp));
		BAD_GFP("pages", slabmod_alloc_pages(gfp, 0));
		BAD_GFP("pages", slabmod_alloc_pages(gfp, 8));
		BAD_GFP("pages", slabmod_alloc_pages_exact(12288, gfp));
	}
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(cache), 0);
}

void test_nofail_that_cannot_be_kept_is_refused(struct kunit *test)
{
	void *p = NULL;

	BAD_GFP("NOFAIL", slabmod_kmalloc(100, GFP_ATOMIC | __GFP_NOFAIL));
	BAD_GFP("NOFAIL", slabmod_kmalloc(100000, GFP_KERNEL | __GFP_NOFAIL));
	BAD_GFP("NOFAIL", slabmod_get_free_pages(GFP_KERNEL | __GFP_NOFAIL, 5));
	KIT_EXPECT_NO_MISUSE(test, p = slabmod_kmalloc(100, GFP_KERNEL | __GFP_NOFAIL));
	KUNIT_EXPECT_NOT_NULL(test, p);
	slabmod_kfree(p);
}

#define BAD_NODE(call)	REFUSED(test, MISUSE_BAD_NODE, "no node", call)

void test_nodes_that_do_not_exist_are_refused(struct kunit *test)
{
	const int nodes[] = { -2, nr_node_ids, MAX_NUMNODES, INT_MAX, INT_MIN };
	struct slabmod_cache *cache = slabmod_cache_create("kit-nodes", 64, 0, 0, NULL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, cache);
	for (i = 0; i < ARRAY_SIZE(nodes); i++) {
		BAD_NODE(slabmod_cache_alloc_node(cache, GFP_KERNEL, nodes[i]));
		BAD_NODE(slabmod_kmalloc_node(100, GFP_KERNEL, nodes[i]));
		BAD_NODE(slabmod_kmalloc_node(100000, GFP_KERNEL, nodes[i]));
		BAD_NODE(slabmod_alloc_pages_node(nodes[i], GFP_KERNEL, 0));
		BAD_NODE(slabmod_alloc_pages_node(nodes[i], GFP_KERNEL, 6));
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
	/* Nor are flags that slabmod derives accepted as requested ones. */
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

void test_internal_caches_are_not_destroyed(struct kunit *test)
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

void test_reports_are_rate_limited_but_counted(struct kunit *test)
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
	/* Keep the function in the stack. */
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
