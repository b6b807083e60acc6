// SPDX-License-Identifier: GPL-2.0
/*
 * test_block.c - what the last-freed block promises: the next request of its size gets
 * it, whole; other requests can use its pages; and it is never freed twice.
 *
 * Many CPUs share it in test_buddy.c.
 */
#include "context.h"
#include "pool_check.h"
#include "pool_ledger.h"
#include "suites.h"
#include "verbs.h"

#define LIMIT	1024	/* pages: one chunk of the largest order */

static void test_last_freed_block_is_allocated_again(struct kunit *test)
{
	static const unsigned int sizes[] = { 1, 16, 33, 512 };
	struct slabmod_pool *pool = kit_pool_create(test, LIMIT);
	void *large, *small;
	unsigned int i;

	context_pin(0);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		large = kit_block(test, pool, sizes[i]);
		KUNIT_EXPECT_TRUE(test, kit_block_free(large));
		KUNIT_EXPECT_EQ(test, chunk_frame(large)->state, FRAME_CLAIMED);
		/* A request of another size leaves it there. */
		small = kit_block(test, pool, 3);
		KUNIT_EXPECT_PTR_NE(test, small, large);
		KUNIT_EXPECT_PTR_EQ(test, kit_block(test, pool, sizes[i]), large);
		KUNIT_EXPECT_EQ(test, chunk_frame(large)->state, FRAME_PAGES);
		KUNIT_EXPECT_TRUE(test, kit_block_free(small));
		KUNIT_EXPECT_TRUE(test, kit_block_free(large));
		KUNIT_EXPECT_TRUE(test, pool_check(pool));
	}
}

static void test_last_freed_block_is_not_freed_twice(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, LIMIT);
	void *p = kit_block(test, pool, 40), *q = kit_block(test, pool, 40);

	KUNIT_EXPECT_TRUE(test, kit_block_free(p));
	KUNIT_EXPECT_FALSE(test, kit_block_free(p));
	KUNIT_EXPECT_EQ(test, pool_ledger(pool).used, 40 * PAGE_SIZE);
	/* The next block displaces it; it is merged, and still free. */
	KUNIT_EXPECT_TRUE(test, kit_block_free(q));
	KUNIT_EXPECT_FALSE(test, kit_block_free(p));
	KUNIT_EXPECT_FALSE(test, kit_block_free(q));
	KUNIT_EXPECT_EQ(test, pool_ledger(pool).used, 0);
	KUNIT_EXPECT_TRUE(test, pool_check(pool));
}

static struct kunit_case block_cases[] = {
	KUNIT_CASE(test_last_freed_block_is_allocated_again),
	KUNIT_CASE(test_last_freed_block_is_not_freed_twice),
	{}
};

struct kunit_suite block_suite = {
	.name = "block",
	KIT_SUITE_HOOKS,
	.test_cases = block_cases,
};
