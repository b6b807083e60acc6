// SPDX-License-Identifier: GPL-2.0
/*
 * test_pages.c - pages: alignment to their size, exact sizes, and pinned pages.
 */
#include <linux/mm.h>
#include <linux/nodemask.h>

#include "context.h"
#include "defer.h"
#include "pool_check.h"
#include "pool_ledger.h"
#include "root.h"
#include "suites.h"
#include "verbs_pool.h"

static size_t bytes_of(unsigned int order)
{
	return PAGE_SIZE << order;
}

/* ---- by order ---- */

static void test_calls_for_single_pages(struct kunit *test)
{
	unsigned long addr = slabmod_get_free_page(GFP_KERNEL);
	struct page *page = slabmod_alloc_page(GFP_KERNEL);

	KUNIT_ASSERT_NE(test, addr, 0);
	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, root_used(), 2 * PAGE_SIZE);
	memset((void *)addr, 0xdd, PAGE_SIZE);
	slabmod_free_page(addr);
	__slabmod_free_page(page);
	addr = slabmod_get_zeroed_page(GFP_KERNEL);
	KUNIT_ASSERT_NE(test, addr, 0);
	KUNIT_EXPECT_TRUE(test, kit_cleared((void *)addr, PAGE_SIZE));
	slabmod_free_page(addr);
}

static void test_struct_pages_and_addresses_are_interchangeable(struct kunit *test)
{
	unsigned int order;

	for (order = 0; order <= SLABMOD_MAX_ORDER; order++) {
		struct page *page = slabmod_alloc_pages(GFP_KERNEL, order);

		KUNIT_ASSERT_NOT_NULL(test, page);
		KUNIT_EXPECT_TRUE(test, IS_ALIGNED(page_to_pfn(page), 1ul << order));
		KUNIT_EXPECT_EQ(test, root_used(), bytes_of(order));
		slabmod_free_pages((unsigned long)page_address(page), order);

		page = virt_to_page(slabmod_get_free_pages(GFP_KERNEL, order));
		KIT_EXPECT_NO_MISUSE(test, __slabmod_free_pages(page, order));
		KUNIT_EXPECT_EQ(test, root_used(), 0);
	}
}

static void test_null_may_be_freed(struct kunit *test)
{
	kit_capture_begin();
	slabmod_free_pages(0, 3);
	slabmod_free_page(0);
	__slabmod_free_pages(NULL, 3);
	slabmod_free_pages_exact(NULL, 100);
	kit_capture_end();
	kit_expect_no_misuse(test, __LINE__);
}

static void test_memory_is_on_the_requested_node(struct kunit *test)
{
	gfp_t gfp = GFP_KERNEL | __GFP_THISNODE;
	unsigned int order;
	int nid;

	for_each_online_node(nid) {
		for (order = 0; order <= SLABMOD_MAX_ORDER; order += 2) {
			struct page *page = slabmod_alloc_pages_node(nid, gfp, order);

			KUNIT_ASSERT_NOT_NULL(test, page);
			KUNIT_EXPECT_EQ(test, page_to_nid(page), nid);
			__slabmod_free_pages(page, order);
		}
	}
}

static void test_wrong_order_is_refused(struct kunit *test)
{
	unsigned int order;

	for (order = 0; order <= SLABMOD_MAX_ORDER; order++) {
		unsigned long addr = slabmod_get_free_pages(GFP_KERNEL, order);
		unsigned int other = order == SLABMOD_MAX_ORDER ? order - 1 : order + 1;

		KUNIT_ASSERT_NE(test, addr, 0);
		KIT_EXPECT_MISUSE(test, MISUSE_WRONG_SIZE, "free_pages",
				  slabmod_free_pages(addr, other));
		KUNIT_EXPECT_EQ(test, root_used(), bytes_of(order));
		KIT_EXPECT_NO_MISUSE(test, slabmod_free_pages(addr, order));
		KUNIT_EXPECT_EQ(test, root_used(), 0);
	}
}

static void free_a_page(void *p)
{
	slabmod_free_page((unsigned long)p);
}

/* An NMI may have interrupted a call with the magazine. */
static void test_page_freed_by_an_nmi_with_a_busy_magazine(struct kunit *test)
{
	unsigned long p = slabmod_get_free_page(GFP_KERNEL);

	KUNIT_ASSERT_NE(test, p, 0);
	context_pin(0);
	if (!context_nmi_begin(free_a_page, (void *)p)) {
		slabmod_free_page(p);
		kunit_skip(test, "needs NMIs");
	}
	KIT_WHILE_BUSY(root_pool->pages[0], context_nmi());
	context_nmi_end();
	defer_sync();
	KUNIT_EXPECT_EQ(test, root_used(), 0);
}

/* ---- by size ---- */

static void test_exact_sizes_use_no_more_pages_than_needed(struct kunit *test)
{
	static const size_t sizes[] = {
		1, 4096, 4097, 8192, 10000, 12288, 33 * 1024, 40000, 100000, 1000000,
		3 * 1024 * 1024 + 1, 4 * 1024 * 1024,
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		void *p = slabmod_alloc_pages_exact(sizes[i], GFP_KERNEL);
		struct piece piece;

		KUNIT_ASSERT_NOT_NULL(test, p);
		KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)p, PAGE_SIZE));
		KUNIT_EXPECT_EQ(test, root_used(), PAGE_ALIGN(sizes[i]));
		piece_fill(&piece, p, PAGE_ALIGN(sizes[i]), i);
		KUNIT_EXPECT_TRUE(test, piece_intact(&piece));
		slabmod_free_pages_exact(p, sizes[i]);
		KUNIT_EXPECT_EQ(test, root_used(), 0);
	}
}

static void test_unused_tail_of_exact_pages_is_free(struct kunit *test)
{
	unsigned long buddy;
	void *first, *second;

	/* Another node would add a chunk for the second. */
	context_pin(0);
	/* Leave the ager nothing to drain, which would add free pages. */
	pool_shrink(root_pool);
	/* The first adds a chunk, the second uses free pages of it. */
	first = slabmod_alloc_pages_exact(8 * PAGE_SIZE + 1024, GFP_KERNEL);
	buddy = pool_ledger(root_pool).buddy;
	second = slabmod_alloc_pages_exact(8 * PAGE_SIZE + 1024, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, buddy - pool_ledger(root_pool).buddy, 9 * PAGE_SIZE);
	slabmod_free_pages_exact(first, 8 * PAGE_SIZE + 1024);
	slabmod_free_pages_exact(second, 8 * PAGE_SIZE + 1024);
}

static void test_exact_pages_are_freed_with_any_size_of_as_many_pages(struct kunit *test)
{
	void *p = slabmod_alloc_pages_exact(8 * PAGE_SIZE + 1024, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, p);
	KIT_EXPECT_MISUSE(test, MISUSE_WRONG_SIZE, "free_pages_exact",
			  slabmod_free_pages_exact(p, 9 * PAGE_SIZE + 1));
	KIT_EXPECT_MISUSE(test, MISUSE_WRONG_SIZE, "free_pages_exact",
			  slabmod_free_pages_exact(p, 8 * PAGE_SIZE));
	KIT_EXPECT_NO_MISUSE(test, slabmod_free_pages_exact(p, 9 * PAGE_SIZE));
}

/* ---- pins ---- */

static void test_pinned_page_outlives_its_run(struct kunit *test)
{
	struct page *page = slabmod_alloc_pages(GFP_KERNEL, 3);
	struct piece piece;

	KUNIT_ASSERT_NOT_NULL(test, page);
	get_page(page + 5);
	__slabmod_free_pages(page, 3);
	pool_shrink(root_pool);
	/* The chunk stays while a page of it is pinned. */
	KUNIT_EXPECT_NE(test, page_count(compound_head(page)), 0);
	piece_fill(&piece, page_address(page + 5), PAGE_SIZE, 1);
	KUNIT_EXPECT_TRUE(test, root_check());
	KUNIT_EXPECT_TRUE(test, piece_intact(&piece));
	put_page(page + 5);
}

/* ---- at random ---- */

/* Exact pages have a size that is no power of two. */
static void *model_alloc(struct model *model, struct rnd_state *rnd, gfp_t gfp, size_t *size)
{
	unsigned int order = kit_random(rnd, 1000) ? kit_random(rnd, 4) : kit_random(rnd, 9);
	void *p;

	*size = bytes_of(order);
	switch (kit_random(rnd, 4)) {
	case 0:
		*size = PAGE_SIZE * (1 + kit_random(rnd, 12));
		return slabmod_alloc_pages_exact(*size, gfp);
	case 1:
		p = (void *)slabmod_get_free_pages(gfp | __GFP_ZERO, order);
		if (p && !kit_cleared(p, *size))
			model->wrong++;
		break;
	default:
		p = (void *)slabmod_get_free_pages(gfp, order);
	}
	if (!IS_ALIGNED((unsigned long)p, *size))
		model->wrong++;
	return p;
}

static void model_free(struct model *model, void *memory, size_t size)
{
	if (is_power_of_2(size))
		__slabmod_free_pages(virt_to_page(memory), get_order(size));
	else
		slabmod_free_pages_exact(memory, size);
}

static void test_random_calls_lose_nothing(struct kunit *test)
{
	struct model model = {
		.alloc = model_alloc, .free = model_free, .rest = root_rest, .test = test,
	};

	model_run(&model, 500, KIT_STEPS);
	model_run_on_cpus(&model, KIT_STEPS / MODEL_CPUS / 4);
	KUNIT_EXPECT_EQ(test, model.wrong, 0);
	KUNIT_EXPECT_EQ(test, model.failed, 0);
}

static struct kunit_case pages_cases[] = {
	KUNIT_CASE(test_calls_for_single_pages),
	KUNIT_CASE(test_struct_pages_and_addresses_are_interchangeable),
	KUNIT_CASE(test_null_may_be_freed),
	KUNIT_CASE(test_memory_is_on_the_requested_node),
	KUNIT_CASE(test_wrong_order_is_refused),
	KUNIT_CASE(test_page_freed_by_an_nmi_with_a_busy_magazine),
	KUNIT_CASE(test_exact_sizes_use_no_more_pages_than_needed),
	KUNIT_CASE(test_unused_tail_of_exact_pages_is_free),
	KUNIT_CASE(test_exact_pages_are_freed_with_any_size_of_as_many_pages),
	KUNIT_CASE(test_pinned_page_outlives_its_run),
	KUNIT_CASE(test_random_calls_lose_nothing),
	{}
};

struct kunit_suite pages_suite = {
	.name = "pages",
	ROOT_SUITE_HOOKS,
	.test_cases = pages_cases,
};
