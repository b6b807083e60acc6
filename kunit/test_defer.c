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

#include "cache.h"
#include "context.h"
#include "defer.h"
#include "kit.h"
#include "pool.h"
#include "root.h"
#include "suites.h"

#define RING		DEFER_RING
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

/* Reports in an NMI cannot be caught: only their number tells. */
static void test_a_block_that_an_nmi_frees_twice_is_reported(struct kunit *test)
{
	unsigned long doubles = report_count(MISUSE_DOUBLE_FREE), before = put_off();
	struct visit *visit = visit_of(test);

	take(test, visit, 1);
	visit->blocks[visit->nr++] = visit->blocks[0];
	/* By the second call itself: the first one has claimed the block. */
	give_in_nmi(visit);
	KUNIT_EXPECT_EQ(test, report_count(MISUSE_DOUBLE_FREE), doubles + 1);
	KUNIT_EXPECT_EQ(test, put_off(), before + 1);
	KUNIT_EXPECT_EQ(test, root_used(), 0);
}

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

/* ---- NMIs that nest: what an NMI does to the ring, one step at a time ---- */

static struct defer_ring *ring_of(struct kunit *test)
{
	struct defer_ring *ring = kunit_kzalloc(test, sizeof(*ring), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, ring);
	defer_ring_init(ring);
	return ring;
}

/* A number to stand for an object: nothing looks at what it points to. */
static void *nth(unsigned long n)
{
	return (void *)(n + 1);
}

/* Lets the ring go round: @nr objects in, one by one, and out again. */
static void turn(struct kunit *test, struct defer_ring *ring, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		struct deferred *slot = defer_reserve(ring);

		KUNIT_ASSERT_NOT_NULL(test, slot);
		defer_publish(slot, nth(i), NULL);
		KUNIT_ASSERT_PTR_EQ(test, defer_pop(ring).object, nth(i));
	}
}

static void test_an_nmi_amid_another_has_a_slot_of_its_own(struct kunit *test)
{
	struct defer_ring *ring = ring_of(test);
	unsigned int round;

	/* At the beginning, and where the slots are used again and the indices wrap. */
	for (round = 0; round < 2 * RING; round++) {
		struct deferred *outer = defer_reserve(ring), *inner = defer_reserve(ring);
		struct deferred *innermost;

		KUNIT_ASSERT_PTR_NE(test, outer, inner);
		defer_publish(inner, nth(1), NULL);
		innermost = defer_reserve(ring);
		KUNIT_ASSERT_PTR_NE(test, innermost, outer);
		KUNIT_ASSERT_PTR_NE(test, innermost, inner);
		defer_publish(innermost, nth(2), NULL);
		/* The outermost has yet to write its slot, and is not passed over. */
		KUNIT_ASSERT_NULL(test, defer_pop(ring).object);
		defer_publish(outer, nth(0), NULL);
		KUNIT_ASSERT_PTR_EQ(test, defer_pop(ring).object, nth(0));
		KUNIT_ASSERT_PTR_EQ(test, defer_pop(ring).object, nth(1));
		KUNIT_ASSERT_PTR_EQ(test, defer_pop(ring).object, nth(2));
		KUNIT_ASSERT_NULL(test, defer_pop(ring).object);
	}
}

static void test_nmis_that_nest_fill_the_ring_and_no_more(struct kunit *test)
{
	struct defer_ring *ring = ring_of(test);
	struct deferred **slots = kunit_kcalloc(test, RING, sizeof(*slots), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, slots);
	turn(test, ring, RING / 2 + 3);
	for (i = 0; i < RING; i++) {
		slots[i] = defer_reserve(ring);
		KUNIT_ASSERT_NOT_NULL(test, slots[i]);
	}
	KUNIT_EXPECT_NULL(test, defer_reserve(ring));
	/* The innermost is done first. */
	while (i--)
		defer_publish(slots[i], nth(i), NULL);
	KUNIT_EXPECT_NULL(test, defer_reserve(ring));
	for (i = 0; i < RING; i++)
		KUNIT_ASSERT_PTR_EQ(test, defer_pop(ring).object, nth(i));
	KUNIT_EXPECT_NULL(test, defer_pop(ring).object);
	turn(test, ring, RING);
}

/* ---- what was freed elsewhere meanwhile ---- */

/* As if @object had been one of @cache when an NMI freed it. */
static void put_off_for(struct slabmod_cache *cache, void *object)
{
	preempt_disable();
	defer_free(cache, object);
	preempt_enable();
}

static void test_what_was_put_off_does_not_free_the_next_owner(struct kunit *test)
{
	struct slabmod_cache *former = slabmod_cache_create("kit-former", 64, 0, 0, NULL);
	struct slabmod_cache *owner = slabmod_cache_create("kit-owner", 64, 0, 0, NULL);
	void *object = slabmod_cache_alloc(owner, GFP_KERNEL);

	KUNIT_ASSERT_TRUE(test, former && object);
	KIT_EXPECT_MISUSE_FROM(test, NULL, MISUSE_DOUBLE_FREE, "kit-former",
			       put_off_for(former, object); slabmod_cache_shrink(former));
	KUNIT_EXPECT_EQ(test, cache_used(owner), 1);
	KIT_EXPECT_NO_MISUSE(test, slabmod_cache_free(owner, object));
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(owner), 0);
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(former), 0);
}

static struct kunit_case defer_cases[] = {
	KUNIT_CASE(test_what_was_put_off_does_not_free_the_next_owner),
	KUNIT_CASE(test_blocks_that_an_nmi_frees_go_back_right_after),
	KUNIT_CASE(test_every_way_to_free_a_block_works_in_an_nmi),
	KUNIT_CASE(test_a_block_that_an_nmi_frees_twice_is_reported),
	KUNIT_CASE(test_what_an_nmi_frees_too_much_of_is_counted_and_stays),
	KUNIT_CASE(test_an_nmi_amid_another_has_a_slot_of_its_own),
	KUNIT_CASE(test_nmis_that_nest_fill_the_ring_and_no_more),
	{}
};

struct kunit_suite defer_suite = {
	.name = "defer",
	ROOT_SUITE_HOOKS,
	.test_cases = defer_cases,
};
