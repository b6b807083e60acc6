// SPDX-License-Identifier: GPL-2.0
/*
 * test_pages.c - what runs of pages promise: alignment to their size, whole pages
 * nobody else has, exact sizes, pins that do no harm, and NULL without harm.
 */
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/slab.h>

#include <slabmod/pages.h>

#include "context.h"
#include "kit.h"
#include "model.h"
#include "pool_check.h"
#include "pool_ledger.h"
#include "root.h"
#include "suites.h"

static size_t bytes_of(unsigned int order)
{
	return PAGE_SIZE << order;
}

static bool all_zero(const void *p, size_t size)
{
	return !memchr_inv(p, 0, size);
}

/* ---- by order ---- */

static void test_run_is_aligned_to_its_size_and_all_the_callers(struct kunit *test)
{
	unsigned int order;

	for (order = 0; order <= SLABMOD_MAX_ORDER; order++) {
		unsigned long addr = slabmod_get_free_pages(GFP_KERNEL, order);
		struct piece piece;

		KUNIT_ASSERT_NE(test, addr, 0);
		KUNIT_EXPECT_TRUE(test, IS_ALIGNED(addr, bytes_of(order)));
		KUNIT_EXPECT_EQ(test, root_used(), bytes_of(order));
		piece_fill(&piece, (void *)addr, bytes_of(order), order);
		KUNIT_EXPECT_TRUE(test, piece_intact(&piece));
		slabmod_free_pages(addr, order);
		KUNIT_EXPECT_EQ(test, root_used(), 0);
	}
}

static void test_runs_of_all_orders_live_side_by_side(struct kunit *test)
{
	struct piece pieces[2 * (SLABMOD_MAX_ORDER + 1)];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pieces); i++) {
		unsigned long addr = slabmod_get_free_pages(GFP_KERNEL, i / 2);

		KUNIT_ASSERT_NE(test, addr, 0);
		piece_fill(&pieces[i], (void *)addr, bytes_of(i / 2), i);
	}
	for (i = 0; i < ARRAY_SIZE(pieces); i++) {
		KUNIT_EXPECT_TRUE(test, piece_intact(&pieces[i]));
		slabmod_free_pages((unsigned long)pieces[i].memory, i / 2);
	}
}

static void test_pages_are_cleared_if_asked_for(struct kunit *test)
{
	unsigned int order;

	context_pin(0);
	for (order = 0; order <= SLABMOD_MAX_ORDER; order++) {
		unsigned long addr = slabmod_get_free_pages(GFP_KERNEL, order);

		KUNIT_ASSERT_NE(test, addr, 0);
		memset((void *)addr, 0xdd, bytes_of(order));
		slabmod_free_pages(addr, order);
		addr = slabmod_get_free_pages(GFP_KERNEL | __GFP_ZERO, order);
		KUNIT_ASSERT_NE(test, addr, 0);
		KUNIT_EXPECT_TRUE_MSG(test, all_zero((void *)addr, bytes_of(order)), "order %u",
				      order);
		slabmod_free_pages(addr, order);
	}
}

static void test_single_pages_have_calls_of_their_own(struct kunit *test)
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
	KUNIT_EXPECT_TRUE(test, all_zero((void *)addr, PAGE_SIZE));
	slabmod_free_page(addr);
}

static void test_struct_pages_and_addresses_are_the_same_runs(struct kunit *test)
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

static void test_nothing_may_be_freed(struct kunit *test)
{
	kit_capture_begin();
	slabmod_free_pages(0, 3);
	slabmod_free_page(0);
	__slabmod_free_pages(NULL, 3);
	slabmod_free_pages_exact(NULL, 100);
	kit_capture_end();
	kit_expect_no_misuse(test, __LINE__);
}

static void test_node_asked_for_is_the_node_given(struct kunit *test)
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

static void test_run_freed_with_another_order_is_kept(struct kunit *test)
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

/* ---- by size ---- */

static void test_exact_sizes_take_just_the_pages_they_need(struct kunit *test)
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

static void test_the_rest_of_an_exact_run_serves_others(struct kunit *test)
{
	/* The first brings a chunk, so that the second only takes of what is free. */
	void *first = slabmod_alloc_pages_exact(33 * 1024, GFP_KERNEL);
	unsigned long buddy = pool_ledger(root_pool).buddy;
	void *second = slabmod_alloc_pages_exact(33 * 1024, GFP_KERNEL);

	KUNIT_EXPECT_EQ(test, buddy - pool_ledger(root_pool).buddy, 36 * 1024);
	slabmod_free_pages_exact(first, 33 * 1024);
	slabmod_free_pages_exact(second, 33 * 1024);
}

static void test_exact_run_may_be_freed_with_any_size_of_as_many_pages(struct kunit *test)
{
	void *p = slabmod_alloc_pages_exact(33 * 1024, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, p);
	KIT_EXPECT_MISUSE(test, MISUSE_WRONG_SIZE, "free_pages_exact",
			  slabmod_free_pages_exact(p, 36 * 1024 + 1));
	KIT_EXPECT_MISUSE(test, MISUSE_WRONG_SIZE, "free_pages_exact",
			  slabmod_free_pages_exact(p, 32 * 1024));
	KIT_EXPECT_NO_MISUSE(test, slabmod_free_pages_exact(p, 36 * 1024));
}

/* ---- pins ---- */

static void test_pin_on_a_page_inside_does_no_harm(struct kunit *test)
{
	struct page *page = slabmod_alloc_pages(GFP_KERNEL, 3);
	struct piece piece;

	KUNIT_ASSERT_NOT_NULL(test, page);
	get_page(page + 5);
	__slabmod_free_pages(page, 3);
	pool_shrink(root_pool);
	/* The pages stay while they are pinned; the count of a chunk's is below 0. */
	KUNIT_EXPECT_NE(test, page_count(compound_head(page)), 0);
	piece_fill(&piece, page_address(page + 5), PAGE_SIZE, 1);
	KUNIT_EXPECT_TRUE(test, pool_check(root_pool));
	KUNIT_EXPECT_TRUE(test, piece_intact(&piece));
	put_page(page + 5);
}

static void test_pins_may_come_and_go_while_a_run_is_in_use(struct kunit *test)
{
	struct page *page = slabmod_alloc_pages(GFP_KERNEL, 3);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, page);
	for (i = 0; i < 8; i++)
		get_page(page + i);
	for (i = 0; i < 8; i++)
		put_page(page + i);
	memset(page_address(page), 0x11, bytes_of(3));
	KIT_EXPECT_NO_MISUSE(test, __slabmod_free_pages(page, 3));
}

/* ---- none ---- */

static void test_no_memory_gives_null_for_every_kind_of_gfp(struct kunit *test)
{
	unsigned int kind, order;

	for (kind = 0; kind < root_nr_gfp_kinds; kind++) {
		gfp_t gfp = root_gfp_kinds[kind];

		for (order = 0; order <= SLABMOD_MAX_ORDER; order += 2) {
			size_t size = 3 * bytes_of(order) / 4;

			root_dry();
			KUNIT_EXPECT_EQ(test, slabmod_get_free_pages(gfp, order), 0);
			KUNIT_EXPECT_NULL(test, slabmod_alloc_pages(gfp, order));
			KUNIT_EXPECT_NULL(test, slabmod_alloc_pages_exact(size, gfp));
			root_wet();
		}
	}
}

/* ---- at random ---- */

/* What is exact is marked by a size that is no power of two. */
static void *model_take(struct model *model, struct rnd_state *rnd, gfp_t gfp, size_t *size)
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
		if (p && !all_zero(p, *size))
			model->wrong++;
		break;
	default:
		p = (void *)slabmod_get_free_pages(gfp, order);
	}
	if (!IS_ALIGNED((unsigned long)p, *size))
		model->wrong++;
	return p;
}

static void model_give(struct model *model, void *memory, size_t size)
{
	if (is_power_of_2(size))
		__slabmod_free_pages(virt_to_page(memory), get_order(size));
	else
		slabmod_free_pages_exact(memory, size);
}

static struct model model_of(struct kunit *test)
{
	return (struct model) {
		.alloc = model_take, .free = model_give, .rest = root_rest, .test = test,
	};
}

static void test_random_calls_of_one_thread_lose_nothing(struct kunit *test)
{
	struct model model = model_of(test);

	model_run(&model, 500, KIT_STEPS);
	KUNIT_EXPECT_EQ(test, model.wrong, 0);
	KUNIT_EXPECT_EQ(test, model.failed, 0);
}

static void test_cpus_that_exchange_pages_lose_nothing(struct kunit *test)
{
	struct model model = model_of(test);

	model_run_on_cpus(&model, KIT_STEPS / MODEL_CPUS / 4);
	KUNIT_EXPECT_EQ(test, model.wrong, 0);
	KUNIT_EXPECT_EQ(test, model.failed, 0);
}

static struct kunit_case pages_cases[] = {
	KUNIT_CASE(test_run_is_aligned_to_its_size_and_all_the_callers),
	KUNIT_CASE(test_runs_of_all_orders_live_side_by_side),
	KUNIT_CASE(test_pages_are_cleared_if_asked_for),
	KUNIT_CASE(test_single_pages_have_calls_of_their_own),
	KUNIT_CASE(test_struct_pages_and_addresses_are_the_same_runs),
	KUNIT_CASE(test_nothing_may_be_freed),
	KUNIT_CASE(test_node_asked_for_is_the_node_given),
	KUNIT_CASE(test_run_freed_with_another_order_is_kept),
	KUNIT_CASE(test_exact_sizes_take_just_the_pages_they_need),
	KUNIT_CASE(test_the_rest_of_an_exact_run_serves_others),
	KUNIT_CASE(test_exact_run_may_be_freed_with_any_size_of_as_many_pages),
	KUNIT_CASE(test_pin_on_a_page_inside_does_no_harm),
	KUNIT_CASE(test_pins_may_come_and_go_while_a_run_is_in_use),
	KUNIT_CASE(test_no_memory_gives_null_for_every_kind_of_gfp),
	KUNIT_CASE(test_random_calls_of_one_thread_lose_nothing),
	KUNIT_CASE(test_cpus_that_exchange_pages_lose_nothing),
	{}
};

struct kunit_suite pages_suite = {
	.name = "pages",
	ROOT_SUITE_HOOKS,
	.test_cases = pages_cases,
};
