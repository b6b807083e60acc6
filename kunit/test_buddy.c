// SPDX-License-Identifier: GPL-2.0
/*
 * test_buddy.c - what the blocks of pages of a node promise.
 *
 * Which block is split, what merges and which chunk serves a request is compared with a
 * model in test_buddy_random.c. Here are large orders, limits, nodes, and free chunks.
 */
#include <linux/mm.h>
#include <linux/slab.h>

#include "buddy.h"
#include "buddy_age.h"
#include "buddy_check.h"
#include "context.h"
#include "pool_check.h"
#include "pool_ledger.h"
#include "suites.h"
#include "test_buddy.h"
#include "verbs.h"

#define ORDER	5
#define PAGES	((unsigned int)BIT(ORDER))

static struct slabmod_pool *small_pool(struct kunit *test, unsigned int chunks)
{
	return kit_pool_create_orders(test, chunks * PAGES, ORDER, ORDER);
}

static struct frame *try_alloc(struct slabmod_pool *pool, unsigned int nr_pages)
{
	return kit_buddy_alloc(pool->buddies, NID, nr_pages, GFP_KERNEL | __GFP_THISNODE);
}

static struct frame *alloc(struct kunit *test, struct slabmod_pool *pool, unsigned int nr_pages)
{
	struct frame *frame = try_alloc(pool, nr_pages);

	KUNIT_ASSERT_NOT_NULL(test, frame);
	return frame;
}

/* Frees a block that is likely to be allocated again; false if it is not in use. */
static bool free_last(struct frame *frame)
{
	if (!buddy_claim(frame))
		return false;
	buddy_free_claimed(frame);
	return true;
}

static int other_node(struct kunit *test)
{
	int nid = next_online_node(NID);

	if (nid >= MAX_NUMNODES)
		kunit_skip(test, "needs two nodes");
	return nid;
}

/* ---- blocks ---- */

static void test_block_is_aligned_to_its_size(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, 4096);
	struct frame *frames[SLABMOD_MAX_ORDER + 1];
	unsigned int order;

	for (order = 0; order <= SLABMOD_MAX_ORDER; order++) {
		struct frame *frame = frames[order] = alloc(test, pool, 1u << order);

		KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)frame_address(frame),
						   PAGE_SIZE << order));
		KUNIT_EXPECT_EQ(test, frame->order, order);
		KUNIT_EXPECT_EQ(test, frame->nr_pages, 1u << order);
		KUNIT_EXPECT_NULL(test, frame->cache);
	}
	KUNIT_EXPECT_TRUE(test, buddy_check(&pool->buddies[NID]));
	while (order)
		buddy_free(frames[--order]);
}

/* ---- free chunks ---- */

static void test_free_chunk_is_touched_last(struct kunit *test)
{
	struct slabmod_pool *pool = small_pool(test, 4);
	struct frame *whole = alloc(test, pool, PAGES);
	struct frame *page = alloc(test, pool, 1), *more;

	buddy_free(whole);
	KUNIT_ASSERT_EQ(test, pool->buddies[NID].nr_free_chunks, 1);
	more = alloc(test, pool, PAGES / 2);
	KUNIT_EXPECT_PTR_EQ(test, frame_chunk(more), frame_chunk(page));
	KUNIT_EXPECT_EQ(test, pool->buddies[NID].nr_free_chunks, 1);
	/* But before the kernel is asked for another one. */
	buddy_free(alloc(test, pool, PAGES));
	KUNIT_EXPECT_EQ(test, kit_source.requests, 2);
	buddy_free(more);
	buddy_free(page);
}

static void test_free_chunks_are_kept_up_to_max_free(struct kunit *test)
{
	static const unsigned int max_free[] = { 0, 2 * PAGES + PAGES / 2 };
	struct slabmod_pool *pool = small_pool(test, 4);
	struct buddy *buddy = &pool->buddies[NID];
	struct frame *whole[4];
	unsigned int i, k;

	for (k = 0; k < ARRAY_SIZE(max_free); k++) {
		/* One is always kept. */
		unsigned int kept = max(max_free[k] / PAGES, 1u);

		pool->source.max_free = max_free[k];
		for (i = 0; i < 4; i++)
			whole[i] = alloc(test, pool, PAGES);
		for (i = 0; i < 4; i++) {
			buddy_free(whole[i]);
			KUNIT_EXPECT_EQ(test, buddy->nr_free_chunks, min(i + 1, kept));
			KUNIT_EXPECT_EQ(test, buddy->free_chunk_pages, min(i + 1, kept) * PAGES);
			KUNIT_EXPECT_EQ(test, kit_source.pages, min(4, 3 - i + kept) * PAGES);
		}
	}
	/* The first call only notes what is free; the second finds it unused since. */
	buddy_age(buddy);
	buddy_age(buddy);
	KUNIT_EXPECT_EQ(test, kit_source.pages, 0);
	KUNIT_EXPECT_EQ(test, buddy->free_chunk_pages, 0);
}

static void test_pages_of_the_reserve_are_not_idle(struct kunit *test)
{
	struct slabmod_pool *pool = small_pool(test, 2);
	struct buddy *buddy = &pool->buddies[NID];

	KUNIT_EXPECT_FALSE(test, buddy_has_idle(buddy));
	buddy_free(alloc(test, pool, PAGES));
	KUNIT_ASSERT_EQ(test, buddy->nr_free_chunks, 1);
	KUNIT_EXPECT_TRUE(test, buddy_has_idle(buddy));
	/* There are pages beyond it, but no chunk that is small enough to be freed. */
	pool->source.reserve = PAGES / 2;
	KUNIT_EXPECT_FALSE(test, buddy_has_idle(buddy));
	pool->source.reserve = 0;
	KUNIT_EXPECT_TRUE(test, buddy_has_idle(buddy));
}

static void test_small_free_chunks_make_room_for_a_large_one(struct kunit *test)
{
	struct slabmod_pool *pool = small_pool(test, 8);
	struct frame *whole[8];
	int i;

	pool->source.max_free = 8 * PAGES;
	for (i = 0; i < 8; i++)
		whole[i] = alloc(test, pool, PAGES);
	for (i = 0; i < 8; i++)
		buddy_free(whole[i]);
	KUNIT_ASSERT_EQ(test, kit_source.pages, 8 * PAGES);
	whole[0] = alloc(test, pool, 4 * PAGES);
	KUNIT_EXPECT_LE(test, kit_source.pages, 8 * PAGES);
	buddy_free(whole[0]);
	/* Those of a reserve stay. */
	pool->source.reserve = 8 * PAGES;
	KUNIT_ASSERT_TRUE(test, pool_reserve(pool));
	KUNIT_EXPECT_NULL(test, kit_buddy_alloc(pool->buddies, NID, 8 * PAGES, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, kit_source.pages, 8 * PAGES);
	pool->source.reserve = 0;
}

/* ---- limits, nodes, contexts ---- */

static void test_another_node_serves_when_one_is_full(struct kunit *test)
{
	struct slabmod_pool *pool = small_pool(test, 64);
	struct frame *frame;

	other_node(test);
	kit_source.full_nodes = BIT(NID);
	KUNIT_EXPECT_NULL(test, try_alloc(pool, 1));
	frame = kit_buddy_alloc(pool->buddies, NID, 1, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, frame);
	KUNIT_EXPECT_NE(test, kit_node(frame_address(frame)), NID);
	buddy_free(frame);
}

static void test_at_the_limit_free_pages_of_another_node_serve(struct kunit *test)
{
	struct slabmod_pool *pool = small_pool(test, 1);
	struct frame *first, *second;

	first = kit_buddy_alloc(pool->buddies, other_node(test), 1, GFP_KERNEL | __GFP_THISNODE);
	KUNIT_ASSERT_NOT_NULL(test, first);
	KUNIT_EXPECT_NULL(test, try_alloc(pool, 1));
	second = kit_buddy_alloc(pool->buddies, NID, 1, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, second);
	KUNIT_EXPECT_PTR_EQ(test, frame_chunk(second), frame_chunk(first));
	buddy_free(first);
	buddy_free(second);
}

/* ---- the last-freed block ---- */

/* Free pages as the ledger has them, those of the last-freed block included. */
static unsigned long pages_free(struct slabmod_pool *pool)
{
	return pool_ledger(pool).buddy >> PAGE_SHIFT;
}

static void test_last_freed_block_is_reused_for_its_size_only(struct kunit *test)
{
	struct slabmod_pool *pool = small_pool(test, 1);
	struct buddy *buddy = &pool->buddies[NID];
	struct frame *frame = alloc(test, pool, 11);

	KUNIT_EXPECT_NULL(test, kit_buddy_alloc_last_freed(buddy, 11));
	KUNIT_EXPECT_TRUE(test, free_last(frame));
	KUNIT_EXPECT_EQ(test, pages_free(pool), PAGES);
	KUNIT_EXPECT_TRUE(test, buddy_check(buddy));
	/* It cannot be freed again in either way. */
	KUNIT_EXPECT_FALSE(test, free_last(frame));
	KUNIT_EXPECT_FALSE(test, buddy_free(frame));
	KUNIT_EXPECT_NULL(test, kit_buddy_alloc_last_freed(buddy, 12));
	KUNIT_EXPECT_NULL(test, kit_buddy_alloc_last_freed(buddy, 10));
	KUNIT_EXPECT_PTR_EQ(test, kit_buddy_alloc_last_freed(buddy, 11), frame);
	KUNIT_EXPECT_NULL(test, kit_buddy_alloc_last_freed(buddy, 11));
	KUNIT_EXPECT_EQ(test, frame->state, FRAME_PAGES);
	KUNIT_EXPECT_EQ(test, frame->nr_pages, 11);
	KUNIT_EXPECT_EQ(test, pages_free(pool), PAGES - 11);
	KUNIT_EXPECT_TRUE(test, buddy_free(frame));
	KUNIT_EXPECT_EQ(test, buddy->nr_free[ORDER], 1);
}

static void test_last_freed_block_is_merged_when_displaced_or_needed(struct kunit *test)
{
	struct slabmod_pool *pool = small_pool(test, 1);
	struct buddy *buddy = &pool->buddies[NID];
	struct frame *a = alloc(test, pool, 4), *b = alloc(test, pool, 4), *page;

	free_last(a);
	KUNIT_EXPECT_EQ(test, buddy->free_pages, PAGES - 8);
	free_last(b);
	KUNIT_EXPECT_EQ(test, buddy->free_pages, PAGES - 4);
	KUNIT_EXPECT_PTR_EQ(test, kit_buddy_alloc_last_freed(buddy, 4), b);
	buddy_free(b);
	/* The limit is this one chunk. */
	free_last(alloc(test, pool, PAGES));
	page = alloc(test, pool, 1);
	KUNIT_EXPECT_EQ(test, kit_source.requests, 1);
	KUNIT_EXPECT_NULL(test, kit_buddy_alloc_last_freed(buddy, PAGES));
	KUNIT_EXPECT_EQ(test, pages_free(pool), PAGES - 1);
	buddy_free(page);
	free_last(alloc(test, pool, 3));
	KUNIT_EXPECT_EQ(test, buddy_trim(buddy), PAGES);
	KUNIT_EXPECT_EQ(test, kit_source.pages, 0);
	/* The destruction of the pool finds the last one. */
	free_last(alloc(test, pool, 5));
}

/* ---- the last-freed block through block_alloc() ---- */

static void test_last_freed_block_is_allocated_again(struct kunit *test)
{
	static const unsigned int sizes[] = { 1, 16, 33, 512 };
	struct slabmod_pool *pool = kit_pool_create(test, KIT_LIMIT);
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
	struct slabmod_pool *pool = kit_pool_create(test, KIT_LIMIT);
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

/* ---- many CPUs ---- */

static struct slabmod_pool *crowd_pool;

static void *crowd_alloc(struct model *model, struct rnd_state *rnd, gfp_t gfp, size_t *size)
{
	unsigned int nr_pages = 1 + kit_random(rnd, 5);
	struct frame *frame = kit_buddy_alloc_last_freed(&crowd_pool->buddies[NID], nr_pages);

	if (!frame)
		frame = kit_buddy_alloc(crowd_pool->buddies, NID, nr_pages, gfp);
	if (!frame)
		return NULL;
	*size = frame->nr_pages == nr_pages ? nr_pages * PAGE_SIZE : 0;
	return frame_address(frame);
}

/* A free that fails is counted as an overwritten piece. */
static void crowd_free(struct model *model, void *block, size_t size)
{
	struct frame *frame = chunk_frame(block);

	if (!size || !(size & PAGE_SIZE ? buddy_free(frame) : free_last(frame)))
		model->wrong++;
}

static void test_many_cpus_share_a_node(struct kunit *test)
{
	struct model model = { .alloc = crowd_alloc, .free = crowd_free, .test = test };

	crowd_pool = kit_pool_create_orders(test, 128, 3, ORDER);
	model_run_on_cpus(&model, KIT_STEPS / 8);
	KUNIT_EXPECT_EQ(test, model.wrong, 0);
	KUNIT_EXPECT_LE(test, atomic_long_read(&crowd_pool->source.peak), 128);
	KUNIT_EXPECT_EQ(test, pool_ledger(crowd_pool).used, 0);
	KUNIT_EXPECT_TRUE(test, buddy_check(&crowd_pool->buddies[NID]));
}

static struct kunit_case buddy_cases[] = {
	KUNIT_CASE(test_block_is_aligned_to_its_size),
	KUNIT_CASE(test_free_chunk_is_touched_last),
	KUNIT_CASE(test_free_chunks_are_kept_up_to_max_free),
	KUNIT_CASE(test_pages_of_the_reserve_are_not_idle),
	KUNIT_CASE(test_small_free_chunks_make_room_for_a_large_one),
	KUNIT_CASE(test_another_node_serves_when_one_is_full),
	KUNIT_CASE(test_at_the_limit_free_pages_of_another_node_serve),
	KUNIT_CASE(test_last_freed_block_is_reused_for_its_size_only),
	KUNIT_CASE(test_last_freed_block_is_merged_when_displaced_or_needed),
	KUNIT_CASE(test_last_freed_block_is_allocated_again),
	KUNIT_CASE(test_last_freed_block_is_not_freed_twice),
	KUNIT_CASE(test_many_cpus_share_a_node),
	KUNIT_CASE(test_random_run_matches_a_map_of_pages),
	{}
};

struct kunit_suite buddy_suite = {
	.name = "buddy",
	KIT_SUITE_HOOKS,
	.test_cases = buddy_cases,
};
