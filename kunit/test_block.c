// SPDX-License-Identifier: GPL-2.0
/*
 * test_block.c - what the block that was freed last promises: who wants just such a
 * one gets it, whole; it is in the way of nobody else; and nobody gets it twice.
 */
#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/mm.h>

#include "block.h"
#include "buddy.h"
#include "chunk.h"
#include "context.h"
#include "kit.h"
#include "pool.h"
#include "pool_check.h"
#include "pool_ledger.h"
#include "suites.h"

#define LIMIT	1024	/* pages: one chunk of the largest order */

static void *take(struct slabmod_pool *pool, unsigned int pages)
{
	return block_alloc("test", pool, NUMA_NO_NODE, pages, GFP_KERNEL);
}

static bool give(void *p)
{
	return block_free(chunk_frame(p));
}

static unsigned long free_pages_of(struct slabmod_pool *pool)
{
	return pool_ledger(pool).buddy >> PAGE_SHIFT;
}

static void test_a_block_freed_last_is_taken_again_as_it_is(struct kunit *test)
{
	static const unsigned int sizes[] = { 1, 16, 33, 512 };
	struct slabmod_pool *pool = kit_pool_create(test, LIMIT);
	unsigned int i;
	void *p;

	context_pin(0);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		p = take(pool, sizes[i]);
		KUNIT_ASSERT_NOT_NULL(test, p);
		KUNIT_EXPECT_TRUE(test, give(p));
		KUNIT_EXPECT_EQ(test, chunk_frame(p)->state, FRAME_CLAIMED);
		KUNIT_EXPECT_PTR_EQ(test, take(pool, sizes[i]), p);
		KUNIT_EXPECT_EQ(test, chunk_frame(p)->state, FRAME_PAGES);
		KUNIT_EXPECT_TRUE(test, give(p));
		KUNIT_EXPECT_TRUE(test, pool_check(pool));
	}
}

static void test_a_kept_block_is_not_for_who_wants_another_size(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, LIMIT);
	void *large, *small;

	context_pin(0);
	large = take(pool, 48);
	KUNIT_ASSERT_NOT_NULL(test, large);
	give(large);
	small = take(pool, 16);
	KUNIT_ASSERT_NOT_NULL(test, small);
	KUNIT_EXPECT_PTR_NE(test, small, large);
	KUNIT_EXPECT_PTR_EQ(test, take(pool, 48), large);
	give(small);
	give(large);
	KUNIT_EXPECT_TRUE(test, pool_check(pool));
}

/* Half of a chunk is kept; the whole is to be had for all that, and of no more pages. */
static void test_a_kept_block_is_merged_when_pages_are_needed(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create_orders(test, LIMIT, 10, 10);
	void *half, *other, *whole;

	context_pin(0);
	half = take(pool, LIMIT / 2);
	other = take(pool, LIMIT / 2);
	KUNIT_ASSERT_NOT_NULL(test, half);
	KUNIT_ASSERT_NOT_NULL(test, other);
	give(half);
	give(other);
	KUNIT_EXPECT_EQ(test, free_pages_of(pool), LIMIT);
	whole = take(pool, LIMIT);
	KUNIT_EXPECT_NOT_NULL(test, whole);
	KUNIT_EXPECT_EQ(test, kit_source.pages, LIMIT);
	KUNIT_EXPECT_TRUE(test, give(whole));
}

static void test_a_kept_block_is_free_in_the_ledger_and_goes_with_a_shrink(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, LIMIT);
	void *p = take(pool, 100);

	KUNIT_ASSERT_NOT_NULL(test, p);
	KUNIT_EXPECT_EQ(test, pool_ledger(pool).used, 100 * PAGE_SIZE);
	give(p);
	KUNIT_EXPECT_EQ(test, pool_ledger(pool).used, 0);
	KUNIT_EXPECT_EQ(test, free_pages_of(pool), kit_source.pages);
	KUNIT_EXPECT_TRUE(test, pool_check(pool));
	pool_shrink(pool);
	KUNIT_EXPECT_EQ(test, kit_source.pages, 0);
	KUNIT_EXPECT_TRUE(test, pool_check(pool));
}

static void test_a_kept_block_is_not_freed_twice(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, LIMIT);
	void *p = take(pool, 40), *q = take(pool, 40);

	KUNIT_ASSERT_NOT_NULL(test, p);
	KUNIT_ASSERT_NOT_NULL(test, q);
	KUNIT_EXPECT_TRUE(test, give(p));
	KUNIT_EXPECT_FALSE(test, give(p));
	KUNIT_EXPECT_EQ(test, pool_ledger(pool).used, 40 * PAGE_SIZE);
	/* Driven out by the next, and merged: free all the same. */
	KUNIT_EXPECT_TRUE(test, give(q));
	KUNIT_EXPECT_FALSE(test, give(p));
	KUNIT_EXPECT_FALSE(test, give(q));
	KUNIT_EXPECT_EQ(test, pool_ledger(pool).used, 0);
	KUNIT_EXPECT_TRUE(test, pool_check(pool));
}

/* ---- by all CPUs ---- */

struct crowd {
	struct slabmod_pool *pool;
	atomic_t wrong;
	atomic_t left;
	struct completion done;
};

static const unsigned int crowd_sizes[] = { 16, 16, 16, 32, 7 };

static int take_and_give(void *arg)
{
	struct crowd *crowd = arg;
	unsigned long me = (unsigned long)current;
	unsigned int i;

	for (i = 0; i < KIT_STEPS; i++) {
		unsigned int pages = crowd_sizes[i % ARRAY_SIZE(crowd_sizes)];
		unsigned long *p = take(crowd->pool, pages);
		unsigned long *last = p ? (void *)p + pages * PAGE_SIZE - sizeof(*p) : NULL;

		if (!p)
			continue;
		*p = me + i;
		*last = me - i;
		if (!(i % 64))
			cond_resched();
		if (READ_ONCE(*p) != me + i || READ_ONCE(*last) != me - i || !give(p))
			atomic_inc(&crowd->wrong);
	}
	if (atomic_dec_and_test(&crowd->left))
		complete(&crowd->done);
	return 0;
}

static void test_many_cpus_never_share_the_kept_block(struct kunit *test)
{
	struct crowd crowd = { .pool = kit_pool_create(test, LIMIT) };
	enum { TASKS = 8 };
	int i;

	atomic_set(&crowd.left, TASKS);
	init_completion(&crowd.done);
	for (i = 0; i < TASKS; i++)
		if (IS_ERR(kthread_run(take_and_give, &crowd, "block-%d", i)) &&
		    atomic_dec_and_test(&crowd.left))
			complete(&crowd.done);
	wait_for_completion(&crowd.done);
	KUNIT_EXPECT_EQ(test, atomic_read(&crowd.wrong), 0);
	KUNIT_EXPECT_EQ(test, pool_ledger(crowd.pool).used, 0);
	KUNIT_EXPECT_TRUE(test, pool_check(crowd.pool));
}

static struct kunit_case block_cases[] = {
	KUNIT_CASE(test_a_block_freed_last_is_taken_again_as_it_is),
	KUNIT_CASE(test_a_kept_block_is_not_for_who_wants_another_size),
	KUNIT_CASE(test_a_kept_block_is_merged_when_pages_are_needed),
	KUNIT_CASE(test_a_kept_block_is_free_in_the_ledger_and_goes_with_a_shrink),
	KUNIT_CASE(test_a_kept_block_is_not_freed_twice),
	KUNIT_CASE(test_many_cpus_never_share_the_kept_block),
	{}
};

struct kunit_suite block_suite = {
	.name = "block",
	KIT_SUITE_HOOKS,
	.test_cases = block_cases,
};
