// SPDX-License-Identifier: GPL-2.0
/*
 * test_kvmalloc.c - kvmalloc: which memory serves a size, the fallback, frees of each kind, and
 * resizing from one kind to the other.
 */
#include <linux/mm.h>
#include <linux/sizes.h>

#include "context.h"
#include "root.h"
#include "suites.h"
#include "test_vmalloc.h"
#include "vmalloc.h"

/* ---- which memory ---- */

static void test_sizes_choose_the_kind_of_memory(struct kunit *test)
{
	static const struct {
		size_t size;
		bool mapped;
	} cases[] = {
		{ 1, false }, { PAGE_SIZE, false }, { 20000, false }, { 100000, false },
		{ SLABMOD_KMALLOC_MAX, false }, { SLABMOD_KMALLOC_MAX + 1, true },
		{ SZ_8M, true },
	};
	struct piece piece;
	int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		void *p = kvmalloc_of(test, cases[i].size);

		/* Contiguous memory of megabytes may be short. */
		if (cases[i].mapped || cases[i].size < SZ_1M)
			KUNIT_EXPECT_EQ_MSG(test, slabmod_is_vmalloc_addr(p), cases[i].mapped,
					    "%zu bytes", cases[i].size);
		KUNIT_EXPECT_GE(test, root_used(), cases[i].size);
		piece_fill(&piece, p, cases[i].size, i);
		KUNIT_EXPECT_TRUE(test, piece_intact(&piece));
		KIT_EXPECT_NO_MISUSE(test, slabmod_kvfree(p));
		KUNIT_EXPECT_EQ(test, root_used(), 0);
	}
	KUNIT_EXPECT_PTR_EQ(test, slabmod_kvmalloc(0, GFP_KERNEL), ZERO_SIZE_PTR);
}

/* A pool of single pages: larger blocks are not to be had. */
static struct slabmod_pool *pool_of_single_pages(struct kunit *test)
{
	struct slabmod_pool *pool = kit_module_pool(test, "kvmalloc", 0, 0);

	pool->source.min_order = 0;
	pool->source.max_order = 0;
	return pool;
}

static struct page *(*real_alloc)(struct chunk_source *source, gfp_t gfp, unsigned int order,
				  int nid);

static struct page *alloc_single(struct chunk_source *source, gfp_t gfp, unsigned int order,
				 int nid)
{
	return order ? NULL : real_alloc(source, gfp, order, nid);
}

static void test_fallback(struct kunit *test)
{
	struct slabmod_pool *pool = pool_of_single_pages(test);
	struct piece piece;
	void *p;

	real_alloc = pool->source.alloc;
	pool->source.alloc = alloc_single;
	KUNIT_EXPECT_NULL(test, slabmod_pool_kmalloc(pool, 100000, GFP_KERNEL));
	KIT_EXPECT_NO_MISUSE(test, p = slabmod_pool_kvmalloc(pool, 100000, GFP_KERNEL));
	KUNIT_ASSERT_NOT_NULL(test, p);
	KUNIT_EXPECT_TRUE(test, slabmod_is_vmalloc_addr(p));
	piece_fill(&piece, p, 100000, 1);
	KUNIT_EXPECT_TRUE(test, piece_intact(&piece));
	slabmod_pool_kvfree(pool, p);
	KIT_EXPECT_NO_MISUSE(test, p = slabmod_pool_kvzalloc(pool, 100000, GFP_KERNEL));
	KUNIT_ASSERT_NOT_NULL(test, p);
	KUNIT_EXPECT_TRUE(test, kit_cleared(p, 100000));
	slabmod_kvfree(p);
	/* Not where that would sleep, and not below a page. */
	KIT_EXPECT_NO_MISUSE(test, p = slabmod_pool_kvmalloc(pool, 100000, GFP_ATOMIC));
	KUNIT_EXPECT_NULL(test, p);
	KIT_EXPECT_NO_MISUSE(test, p = slabmod_pool_kvmalloc(pool, 100000, GFP_NOWAIT));
	KUNIT_EXPECT_NULL(test, p);
	p = slabmod_pool_kvmalloc(pool, 100000, GFP_KERNEL | __GFP_NOFAIL);
	KUNIT_EXPECT_NOT_NULL(test, p);
	slabmod_kvfree(p);
	KUNIT_EXPECT_EQ(test, slabmod_pool_destroy(pool), 0);
}

static void alloc_in_interrupt(void *arg)
{
	void **p = arg;

	p[0] = slabmod_kvmalloc(SZ_8M, GFP_ATOMIC);
	p[1] = slabmod_kvmalloc(100, GFP_ATOMIC);
	p[2] = slabmod_kvmalloc(SZ_8M, GFP_KERNEL & ~__GFP_DIRECT_RECLAIM);
	slabmod_kvfree(p[1]);
}

static void test_interrupts_get_contiguous_memory_only(struct kunit *test)
{
	void *p[3] = { test, NULL, test };

	KIT_EXPECT_NO_MISUSE(test, context_softirq(alloc_in_interrupt, p));
	KUNIT_EXPECT_NULL(test, p[0]);
	KUNIT_EXPECT_NOT_NULL(test, p[1]);
	KUNIT_EXPECT_NULL(test, p[2]);
}

static void test_refused_requests(struct kunit *test)
{
	void *p = test;

	KIT_EXPECT_MISUSE(test, MISUSE_TOO_LARGE, "kvmalloc",
			  p = slabmod_kvmalloc((size_t)INT_MAX + 1, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, p);
	KIT_EXPECT_NO_MISUSE(test, p = slabmod_kvmalloc((size_t)INT_MAX + 1,
							GFP_KERNEL | __GFP_NOWARN));
	KUNIT_EXPECT_NULL(test, p);
	KIT_EXPECT_MISUSE(test, MISUSE_OVERFLOW, "overflow",
			  p = slabmod_kvmalloc_array(SIZE_MAX, 2, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, p);
	KIT_EXPECT_MISUSE(test, MISUSE_OVERFLOW, "overflow",
			  p = slabmod_kvcalloc(SIZE_MAX, 2, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, p);
	/* Once, although two functions would report it. */
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_GFP, "cannot be honoured",
			  p = slabmod_kvmalloc(100000, GFP_KERNEL | __GFP_DMA));
	KUNIT_EXPECT_NULL(test, p);
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_NODE, "there is no node",
			  p = slabmod_kvmalloc_node(100000, GFP_KERNEL, MAX_NUMNODES));
	KUNIT_EXPECT_NULL(test, p);
}

static const size_t kinds[] = { 100, 8192, 100000, SZ_4M + 1 };

static void test_every_call(struct kunit *test)
{
	char *text;
	void *p[8];
	int i, k;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		size_t size = kinds[i];

		p[0] = slabmod_kvmalloc(size, GFP_KERNEL);
		p[1] = slabmod_kvmalloc_node(size, GFP_KERNEL, first_online_node);
		p[2] = slabmod_kvmalloc_array(1, size, GFP_KERNEL);
		p[3] = slabmod_kvmalloc_array_node(1, size, GFP_KERNEL, first_online_node);
		for (k = 0; k < 4; k++) {
			KUNIT_ASSERT_NOT_NULL(test, p[k]);
			memset(p[k], 0xdd, size);
			slabmod_kvfree(p[k]);
		}
		p[0] = slabmod_kvzalloc(size, GFP_KERNEL);
		p[1] = slabmod_kvzalloc_node(size, GFP_KERNEL, first_online_node);
		p[2] = slabmod_kvcalloc(1, size, GFP_KERNEL);
		p[3] = slabmod_kvcalloc_node(1, size, GFP_KERNEL, first_online_node);
		for (k = 0; k < 4; k++) {
			KUNIT_ASSERT_NOT_NULL(test, p[k]);
			KUNIT_EXPECT_TRUE(test, kit_cleared(p[k], size));
		}
		text = slabmod_kvmemdup(memset(p[0], 'k', size), size, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, text);
		KUNIT_EXPECT_TRUE(test, kit_filled_with(text, 'k', size));
		slabmod_kvfree(text);
		for (k = 0; k < 4; k++)
			slabmod_kvfree(p[k]);
	}
	KUNIT_EXPECT_EQ(test, root_used(), 0);
}

/* ---- freeing ---- */

static void free_it(void *p)
{
	slabmod_kvfree(p);
}

static void test_frees_of_every_kind(struct kunit *test)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		slabmod_kvfree(kvmalloc_of(test, kinds[i]));
		slabmod_kvfree_atomic(kvmalloc_of(test, kinds[i]));
		slabmod_pool_kvfree(NULL, kvmalloc_of(test, kinds[i]));
		slabmod_kvfree_sensitive(kvmalloc_of(test, kinds[i]), kinds[i]);
		context_hard(free_it, kvmalloc_of(test, kinds[i]));
		slabmod_kvfree(slabmod_kmalloc(kinds[i] % SZ_4M, GFP_KERNEL));
		slabmod_kvfree(slabmod_vmalloc(kinds[i]));
	}
	KIT_EXPECT_NO_MISUSE(test, slabmod_kvfree(NULL));
	KIT_EXPECT_NO_MISUSE(test, slabmod_kvfree(ZERO_SIZE_PTR));
	KIT_EXPECT_NO_MISUSE(test, slabmod_kvfree_sensitive(NULL, 5));
	KIT_EXPECT_NO_MISUSE(test, slabmod_kvfree_sensitive(ZERO_SIZE_PTR, 0));
	vmalloc_sync();
	KUNIT_EXPECT_EQ(test, root_used(), 0);
}

static void test_wrong_frees_are_reported(struct kunit *test)
{
	void *area = slabmod_vmalloc(3 * PAGE_SIZE), *p = kit_kmalloc(test, 100000);
	void *kernel = vmalloc(PAGE_SIZE);

	KUNIT_ASSERT_NOT_NULL(test, area);
	KIT_EXPECT_MISUSE(test, MISUSE_INNER_FREE, "vfree", slabmod_kvfree(area + 8));
	KIT_EXPECT_MISUSE(test, MISUSE_INNER_FREE, "kvfree_sensitive",
			  slabmod_kvfree_sensitive(area + PAGE_SIZE, 8));
	KIT_EXPECT_MISUSE(test, MISUSE_INNER_FREE, "kfree", slabmod_kvfree(p + 8));
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_FREE, "vmalloc memory", slabmod_kvfree(kernel));
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_FREE, "a user address", slabmod_kvfree((void *)SZ_4M));
	slabmod_kvfree(area);
	slabmod_kvfree(p);
	KIT_EXPECT_MISUSE(test, MISUSE_DOUBLE_FREE, "vfree", slabmod_kvfree(area));
	KIT_EXPECT_MISUSE(test, MISUSE_DOUBLE_FREE, "kfree", slabmod_kvfree(p));
	KIT_EXPECT_MISUSE(test, MISUSE_DOUBLE_FREE, "kvfree_sensitive",
			  slabmod_kvfree_sensitive(area, 8));
	vfree(kernel);
}

static void test_secrets_are_cleared(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, 64);
	void *p = slabmod_pool_vmalloc(pool, 3 * PAGE_SIZE - 5), *page;

	KUNIT_ASSERT_NOT_NULL(test, p);
	page = page_address(vmalloc_to_page(p));
	memset(p, 0x5e, 3 * PAGE_SIZE - 5);
	slabmod_kvfree_sensitive(p, 3);
	/* The pages stay in the pool. */
	KUNIT_EXPECT_TRUE(test, kit_cleared(page, PAGE_SIZE));
}

/* ---- resizing ---- */

static void test_kvrealloc_keeps_the_contents(struct kunit *test)
{
	static const size_t to[] = {
		100, 5000, 100000, SZ_1M, SZ_4M + 1, SZ_8M, 10, 100, SZ_8M + 1,
	};
	struct piece piece = { }, old;
	int i;

	for (i = 0; i < ARRAY_SIZE(to); i++) {
		void *p = slabmod_kvrealloc(piece.memory, to[i], GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, p);
		old = (struct piece) { p, piece.size, piece.mark };
		KUNIT_EXPECT_TRUE(test, piece_begins(&old, round_down(min(piece.size, to[i]), 8)));
		piece_fill(&piece, p, to[i], i);
	}
	KUNIT_EXPECT_NULL(test, slabmod_kvrealloc(piece.memory, 0, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, root_used(), 0);
	KUNIT_EXPECT_PTR_EQ(test, slabmod_kvrealloc(kvmalloc_of(test, 5), 0, GFP_KERNEL),
			    ZERO_SIZE_PTR);
	KUNIT_EXPECT_PTR_EQ(test, slabmod_kvrealloc(NULL, 0, GFP_KERNEL), ZERO_SIZE_PTR);
	KUNIT_EXPECT_EQ(test, root_used(), 0);
}

static void test_kvrealloc_with_four_arguments(struct kunit *test)
{
	void *p = slabmod_kvrealloc_sized(NULL, 0, 5000, GFP_KERNEL), *more;
	struct piece piece;

	KUNIT_ASSERT_NOT_NULL(test, p);
	piece_fill(&piece, p, 5000, 1);
	KUNIT_EXPECT_PTR_EQ(test, slabmod_kvrealloc_sized(p, 5000, 4000, GFP_KERNEL), p);
	more = slabmod_kvrealloc_sized(p, 5000, SZ_8M, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, more);
	piece.memory = more;
	KUNIT_EXPECT_TRUE(test, piece_intact(&piece));
	slabmod_kvfree(more);
}

static void test_kvrealloc_stays_in_its_pool(struct kunit *test)
{
	struct slabmod_pool *pool = kit_module_pool(test, "kvmalloc", 0, 0);
	struct slabmod_usage usage;
	void *p = slabmod_pool_kvmalloc(pool, 1000, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, p);
	p = slabmod_kvrealloc(p, SZ_8M, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, p);
	slabmod_pool_usage(pool, &usage);
	KUNIT_EXPECT_EQ(test, usage.used, SZ_8M);
	KUNIT_EXPECT_EQ(test, root_used(), 0);
	slabmod_kvfree(p);
	KUNIT_EXPECT_EQ(test, slabmod_pool_destroy(pool), 0);
}

static void test_kvrealloc_of_a_wrong_address_is_reported(struct kunit *test)
{
	void *p = kit_kmalloc(test, 100000), *new = test, *kernel = vmalloc(100);

	KIT_EXPECT_MISUSE(test, MISUSE_INNER_FREE, "krealloc",
			  new = slabmod_kvrealloc(p + 8, SZ_1M, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, new);
	KIT_EXPECT_MISUSE(test, MISUSE_INNER_FREE, "ksize",
			  new = slabmod_kvrealloc(p + 8, SZ_8M, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, new);
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_FREE, "vrealloc",
			  new = slabmod_kvrealloc(kernel, SZ_8M, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, new);
	slabmod_kvfree(p);
	vfree(kernel);
}

static struct kunit_case kvmalloc_cases[] = {
	KUNIT_CASE(test_sizes_choose_the_kind_of_memory),
	KUNIT_CASE(test_fallback),
	KUNIT_CASE(test_interrupts_get_contiguous_memory_only),
	KUNIT_CASE(test_refused_requests),
	KUNIT_CASE(test_every_call),
	KUNIT_CASE(test_frees_of_every_kind),
	KUNIT_CASE(test_wrong_frees_are_reported),
	KUNIT_CASE(test_secrets_are_cleared),
	KUNIT_CASE(test_kvrealloc_keeps_the_contents),
	KUNIT_CASE(test_kvrealloc_with_four_arguments),
	KUNIT_CASE(test_kvrealloc_stays_in_its_pool),
	KUNIT_CASE(test_kvrealloc_of_a_wrong_address_is_reported),
	{}
};

struct kunit_suite kvmalloc_suite = {
	.name = "kvmalloc",
	ROOT_SUITE_HOOKS,
	.test_cases = kvmalloc_cases,
};
