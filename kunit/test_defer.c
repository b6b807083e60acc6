// SPDX-License-Identifier: GPL-2.0
/*
 * test_defer.c - what becomes of pages that an NMI frees, which may not call the buddy:
 * they go back right after it, each once; and those that are too many are not lost
 * without a word.
 *
 * What an NMI does with objects is in test_cache_alloc.c.
 */
#include <linux/slab.h>

#include <slabmod/slabmod.h>

#include "context.h"
#include "kit.h"
#include "pool.h"
#include "root.h"
#include "suites.h"

/* As many as one CPU's NMIs may put off. */
#define RING		256
#define SIZE		(3 * PAGE_SIZE)	/* no order, so it is a block, small though it is */

struct visit {
	void *blocks[RING + 1];
	unsigned int nr;
	void (*give)(void *block);
};

static void give_all(void *arg)
{
	struct visit *visit = arg;
	unsigned int i;

	for (i = 0; i < visit->nr; i++)
		visit->give(visit->blocks[i]);
}

static void give_exact(void *block)
{
	slabmod_free_pages_exact(block, SIZE);
}

static void give_order(void *block)
{
	slabmod_free_pages((unsigned long)block, 4);
}

static void give_memory(void *block)
{
	slabmod_kfree(block);
}

static void take(struct kunit *test, struct visit *visit, unsigned int nr)
{
	for (visit->nr = 0; visit->nr < nr; visit->nr++) {
		visit->blocks[visit->nr] = slabmod_alloc_pages_exact(SIZE, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, visit->blocks[visit->nr]);
	}
}

static struct visit *visit_of(struct kunit *test)
{
	struct visit *visit = kunit_kzalloc(test, sizeof(*visit), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, visit);
	if (!context_nmi_begin(give_all, visit))
		kunit_skip(test, "there are no NMIs to be had");
	context_nmi_end();
	visit->give = give_exact;
	context_pin(0);
	return visit;
}

/* Frees all of it in one NMI, and waits until all that was put off is done. */
static void give_in_nmi(struct visit *visit)
{
	context_nmi_begin(give_all, visit);
	context_nmi();
	context_nmi_end();
	slabmod_shrink();
}

static unsigned long put_off(void)
{
	return stat_sum(root_pool->source.stats, STAT_NMI_DEFER);
}

static void test_blocks_that_an_nmi_frees_go_back_right_after(struct kunit *test)
{
	struct visit *visit = visit_of(test);
	unsigned long before = put_off();

	take(test, visit, RING);
	KUNIT_EXPECT_EQ(test, root_used(), RING * SIZE);
	give_in_nmi(visit);
	KUNIT_EXPECT_EQ(test, put_off(), before + RING);
	KUNIT_EXPECT_EQ(test, root_used(), 0);
	/* The ring is as good as new. */
	take(test, visit, RING);
	give_in_nmi(visit);
	KUNIT_EXPECT_EQ(test, put_off(), before + 2 * RING);
	KUNIT_EXPECT_EQ(test, root_used(), 0);
}

static void test_every_way_to_free_a_block_works_in_an_nmi(struct kunit *test)
{
	struct visit *visit = visit_of(test);
	unsigned long before = put_off();

	visit->nr = 1;
	visit->blocks[0] = (void *)slabmod_get_free_pages(GFP_KERNEL, 4);
	KUNIT_ASSERT_NOT_NULL(test, visit->blocks[0]);
	visit->give = give_order;
	give_in_nmi(visit);
	KUNIT_EXPECT_EQ(test, root_used(), 0);
	visit->blocks[0] = slabmod_kmalloc(100000, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, visit->blocks[0]);
	visit->give = give_memory;
	give_in_nmi(visit);
	KUNIT_EXPECT_EQ(test, root_used(), 0);
	KUNIT_EXPECT_EQ(test, put_off(), before + 2);
}

static void test_a_block_that_an_nmi_frees_twice_is_reported(struct kunit *test)
{
	struct visit *visit = visit_of(test);

	take(test, visit, 1);
	visit->blocks[visit->nr++] = visit->blocks[0];
	/* It comes out when the NMI is over, and with it who called. */
	KIT_EXPECT_MISUSE_FROM(test, NULL, MISUSE_DOUBLE_FREE, "was freed twice in an NMI",
			       give_in_nmi(visit));
	KUNIT_EXPECT_EQ(test, root_used(), 0);
}

/* Reports in an NMI cannot be caught: only their number tells. */
static void test_what_an_nmi_frees_too_much_of_is_counted_and_stays(struct kunit *test)
{
	unsigned long floods = report_count(MISUSE_NMI_FLOOD), before = put_off();
	struct visit *visit = visit_of(test);

	take(test, visit, RING + 1);
	give_in_nmi(visit);
	KUNIT_EXPECT_EQ(test, report_count(MISUSE_NMI_FLOOD), floods + 1);
	KUNIT_EXPECT_EQ(test, put_off(), before + RING);
	/* The last one is its owner's as before. */
	KUNIT_EXPECT_EQ(test, root_used(), SIZE);
	KIT_EXPECT_NO_MISUSE(test, give_exact(visit->blocks[RING]));
	KUNIT_EXPECT_EQ(test, root_used(), 0);
}

static struct kunit_case defer_cases[] = {
	KUNIT_CASE(test_blocks_that_an_nmi_frees_go_back_right_after),
	KUNIT_CASE(test_every_way_to_free_a_block_works_in_an_nmi),
	KUNIT_CASE(test_a_block_that_an_nmi_frees_twice_is_reported),
	KUNIT_CASE(test_what_an_nmi_frees_too_much_of_is_counted_and_stays),
	{}
};

struct kunit_suite defer_suite = {
	.name = "defer",
	ROOT_SUITE_HOOKS,
	.test_cases = defer_cases,
};
