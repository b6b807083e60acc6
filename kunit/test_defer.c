// SPDX-License-Identifier: GPL-2.0
/*
 * test_defer.c - blocks that an NMI frees: it cannot call the buddy, so they are freed
 * right after it, each once; those that are too many are reported, and stay in use.
 *
 * Objects that an NMI frees are in test_contexts_amid.c.
 */
#include "context.h"
#include "defer.h"
#include "root.h"
#include "suites.h"
#include "verbs.h"

#define RING		DEFER_RING
#define SIZE		(9 * PAGE_SIZE)	/* of no cache, so an NMI finds no magazine */

struct visit {
	void *blocks[RING + 1];
	unsigned int nr;
	void (*free)(void *block);
};

static void free_blocks(void *arg)
{
	struct visit *visit = arg;
	unsigned int i;

	for (i = 0; i < visit->nr; i++)
		visit->free(visit->blocks[i]);
}

static void free_exact(void *block)
{
	slabmod_free_pages_exact(block, SIZE);
}

static void free_order(void *block)
{
	slabmod_free_pages((unsigned long)block, 4);
}

static void free_memory(void *block)
{
	slabmod_kfree(block);
}

static void alloc_blocks(struct kunit *test, struct visit *visit, unsigned int nr)
{
	for (visit->nr = 0; visit->nr < nr; visit->nr++) {
		visit->blocks[visit->nr] = slabmod_alloc_pages_exact(SIZE, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, visit->blocks[visit->nr]);
	}
}

static struct visit *visit_of(struct kunit *test)
{
	struct visit *visit = kit_zalloc(test, sizeof(*visit));

	if (!context_nmi_begin(free_blocks, visit))
		kunit_skip(test, "needs NMIs");
	context_nmi_end();
	visit->free = free_exact;
	context_pin(0);
	return visit;
}

/* Free all blocks in one NMI, and wait until the deferred frees are done. */
static void free_in_nmi(struct visit *visit)
{
	context_nmi_begin(free_blocks, visit);
	context_nmi();
	context_nmi_end();
	slabmod_shrink();
}

static unsigned long nr_deferred(void)
{
	return stat_sum(root_pool->source.stats, EVENT_NMI_DEFER);
}

static void test_blocks_freed_in_an_nmi(struct kunit *test)
{
	struct visit *visit = visit_of(test);
	unsigned long before = nr_deferred();
	unsigned int round;

	/* The second time the slots are used again. */
	for (round = 1; round <= 2; round++) {
		alloc_blocks(test, visit, RING);
		KUNIT_EXPECT_EQ(test, root_used(), RING * SIZE);
		free_in_nmi(visit);
		KUNIT_EXPECT_EQ(test, nr_deferred(), before + round * RING);
		KUNIT_EXPECT_EQ(test, root_used(), 0);
	}
}

static void test_every_call_that_frees_a_block_in_an_nmi(struct kunit *test)
{
	struct visit *visit = visit_of(test);
	unsigned long before = nr_deferred();

	visit->nr = 1;
	visit->blocks[0] = (void *)slabmod_get_free_pages(GFP_KERNEL, 4);
	KUNIT_ASSERT_NOT_NULL(test, visit->blocks[0]);
	visit->free = free_order;
	free_in_nmi(visit);
	KUNIT_EXPECT_EQ(test, root_used(), 0);
	/* The magazine had room. */
	KUNIT_EXPECT_EQ(test, nr_deferred(), before);
	visit->blocks[0] = slabmod_kmalloc(100000, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, visit->blocks[0]);
	visit->free = free_memory;
	free_in_nmi(visit);
	KUNIT_EXPECT_EQ(test, root_used(), 0);
	KUNIT_EXPECT_EQ(test, nr_deferred(), before + 1);
}

/* The text of a report in an NMI cannot be captured, only counted. */
static void test_double_free_in_an_nmi_is_reported(struct kunit *test)
{
	unsigned long doubles = report_count(MISUSE_DOUBLE_FREE), before = nr_deferred();
	struct visit *visit = visit_of(test);

	alloc_blocks(test, visit, 1);
	visit->blocks[visit->nr++] = visit->blocks[0];
	/* The second call reports it, because the first has claimed the block. */
	free_in_nmi(visit);
	KUNIT_EXPECT_EQ(test, report_count(MISUSE_DOUBLE_FREE), doubles + 1);
	KUNIT_EXPECT_EQ(test, nr_deferred(), before + 1);
	KUNIT_EXPECT_EQ(test, root_used(), 0);
}

static void test_blocks_beyond_the_ring_stay_and_are_reported(struct kunit *test)
{
	unsigned long floods = report_count(MISUSE_NMI_FLOOD), before = nr_deferred();
	struct visit *visit = visit_of(test);

	alloc_blocks(test, visit, RING + 1);
	free_in_nmi(visit);
	KUNIT_EXPECT_EQ(test, report_count(MISUSE_NMI_FLOOD), floods + 1);
	KUNIT_EXPECT_EQ(test, nr_deferred(), before + RING);
	/* The last one is still in use. */
	KUNIT_EXPECT_EQ(test, root_used(), SIZE);
	KIT_EXPECT_NO_MISUSE(test, free_exact(visit->blocks[RING]));
	KUNIT_EXPECT_EQ(test, root_used(), 0);
}

/* ---- nested NMIs: the steps of an NMI, one at a time ---- */

static struct defer_ring *ring_of(struct kunit *test)
{
	struct defer_ring *ring = kit_zalloc(test, sizeof(*ring));

	defer_ring_init(ring);
	return ring;
}

/* A number in place of an object, which is never dereferenced. */
static void *nth(unsigned long n)
{
	return (void *)(n + 1);
}

static void test_nested_nmi_has_its_own_slot(struct kunit *test)
{
	struct defer_ring *ring = ring_of(test);
	unsigned int round;

	/* Until slots are used again and indices wrap. */
	for (round = 0; round < 2 * RING; round++) {
		struct deferred *outer = defer_reserve(ring), *inner = defer_reserve(ring);
		struct deferred *innermost;

		KUNIT_ASSERT_PTR_NE(test, outer, inner);
		defer_publish(inner, nth(1), NULL);
		innermost = defer_reserve(ring);
		KUNIT_ASSERT_PTR_NE(test, innermost, outer);
		KUNIT_ASSERT_PTR_NE(test, innermost, inner);
		defer_publish(innermost, nth(2), NULL);
		/* The outermost has not written its slot, and is not skipped. */
		KUNIT_ASSERT_NULL(test, defer_pop(ring).object);
		defer_publish(outer, nth(0), NULL);
		KUNIT_ASSERT_PTR_EQ(test, defer_pop(ring).object, nth(0));
		KUNIT_ASSERT_PTR_EQ(test, defer_pop(ring).object, nth(1));
		KUNIT_ASSERT_PTR_EQ(test, defer_pop(ring).object, nth(2));
		KUNIT_ASSERT_NULL(test, defer_pop(ring).object);
	}
}

/* ---- another owner meanwhile ---- */

/* As if @object had been one of @cache when an NMI freed it. */
static void defer_for(struct slabmod_cache *cache, void *object)
{
	preempt_disable();
	defer_free(cache, object);
	preempt_enable();
}

static void test_deferred_free_spares_the_next_owner(struct kunit *test)
{
	struct slabmod_cache *former = slabmod_cache_create("kit-former", 64, 0, 0, NULL);
	struct slabmod_cache *owner = slabmod_cache_create("kit-owner", 64, 0, 0, NULL);
	void *object = slabmod_cache_alloc(owner, GFP_KERNEL);

	KUNIT_ASSERT_TRUE(test, former && object);
	KIT_EXPECT_MISUSE_FROM(test, NULL, MISUSE_DOUBLE_FREE, "kit-former",
			       defer_for(former, object); slabmod_cache_shrink(former));
	KUNIT_EXPECT_EQ(test, cache_used(owner), 1);
	KIT_EXPECT_NO_MISUSE(test, slabmod_cache_free(owner, object));
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(owner), 0);
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(former), 0);
}

static struct kunit_case defer_cases[] = {
	KUNIT_CASE(test_deferred_free_spares_the_next_owner),
	KUNIT_CASE(test_blocks_freed_in_an_nmi),
	KUNIT_CASE(test_every_call_that_frees_a_block_in_an_nmi),
	KUNIT_CASE(test_double_free_in_an_nmi_is_reported),
	KUNIT_CASE(test_blocks_beyond_the_ring_stay_and_are_reported),
	KUNIT_CASE(test_nested_nmi_has_its_own_slot),
	{}
};

struct kunit_suite defer_suite = {
	.name = "defer",
	ROOT_SUITE_HOOKS,
	.test_cases = defer_cases,
};
