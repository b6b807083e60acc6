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
#include "slab.h"
#include "suites.h"
#include "test_buddy.h"
#include "verbs.h"

#define ORDER	5
#define PAGES	((unsigned int)BIT(ORDER))

static struct slabmod_pool *small_pool(struct kunit *test, unsigned int chunks)
{
	return kit_pool_create_orders(test, chunks * PAGES, ORDER, ORDER);
}

static void *try_alloc(struct slabmod_pool *pool, unsigned int nr_pages)
{
	return kit_buddy_alloc(pool->buddies, NID, nr_pages, GFP_KERNEL | __GFP_THISNODE);
}

static void *alloc(struct kunit *test, struct slabmod_pool *pool, unsigned int nr_pages)
{
	void *block = try_alloc(pool, nr_pages);

	KUNIT_ASSERT_NOT_NULL(test, block);
	return block;
}

/* Claim a block and free it; false if it is not in use. */
static bool claim_and_free(void *block)
{
	const struct claimed_block b = kit_claimed(block);

	if (!frame_claim(b.frame))
		return false;
	if (b.frame->use->nr_pages)
		buddy_free_bulk(b.frame->use, &b, 1);
	else
		buddy_free_claimed(block);
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
	void *blocks[SLABMOD_MAX_ORDER + 1];
	unsigned int order;

	for (order = 0; order <= SLABMOD_MAX_ORDER; order++) {
		void *block = blocks[order] = alloc(test, pool, 1u << order);
		struct frame *frame = chunk_frame(block);

		KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)block, PAGE_SIZE << order));
		KUNIT_EXPECT_EQ(test, frame->use->order, order);
		KUNIT_EXPECT_EQ(test, frame_nr_pages(frame), 1u << order);
		KUNIT_EXPECT_NULL(test, frame_cache(frame));
	}
	KUNIT_EXPECT_TRUE(test, buddy_check(&pool->buddies[NID]));
	while (order)
		buddy_free(blocks[--order]);
}

/* ---- free chunks ---- */

static void test_free_chunk_is_touched_last(struct kunit *test)
{
	struct slabmod_pool *pool = small_pool(test, 4);
	void *whole = alloc(test, pool, PAGES);
	void *page = alloc(test, pool, 1), *more;

	buddy_free(whole);
	KUNIT_ASSERT_EQ(test, pool->buddies[NID].nr_free_chunks, 1);
	more = alloc(test, pool, PAGES / 2);
	KUNIT_EXPECT_PTR_EQ(test, chunk_of(more), chunk_of(page));
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
	void *whole[4];
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
	void *whole[8];
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
	void *block;

	other_node(test);
	kit_source.full_nodes = BIT(NID);
	KUNIT_EXPECT_NULL(test, try_alloc(pool, 1));
	block = kit_buddy_alloc(pool->buddies, NID, 1, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, block);
	KUNIT_EXPECT_NE(test, kit_node(block), NID);
	buddy_free(block);
}

static void test_at_the_limit_free_pages_of_another_node_serve(struct kunit *test)
{
	struct slabmod_pool *pool = small_pool(test, 1);
	void *first, *second;

	first = kit_buddy_alloc(pool->buddies, other_node(test), 1, GFP_KERNEL | __GFP_THISNODE);
	KUNIT_ASSERT_NOT_NULL(test, first);
	KUNIT_EXPECT_NULL(test, try_alloc(pool, 1));
	second = kit_buddy_alloc(pool->buddies, NID, 1, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, second);
	KUNIT_EXPECT_PTR_EQ(test, chunk_of(second), chunk_of(first));
	buddy_free(first);
	buddy_free(second);
}

/* ---- several blocks at once ---- */

static void test_blocks_in_bulk_are_distinct_and_come_back(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, 1024);
	struct buddy *buddy = &pool->buddies[NID];
	struct claimed_block blocks[BUDDY_BULK + 1];
	unsigned int order, got, i;

	for (order = 0; order <= SLABMOD_MAX_ORDER; order++) {
		unsigned int fits = min(1024u >> order, BUDDY_BULK);

		/* Nothing is allocated from the source. */
		KUNIT_EXPECT_EQ(test, buddy_alloc_bulk(buddy, kit_use(order), blocks, 1), 0);
		KUNIT_ASSERT_TRUE(test, buddy_add_chunk(pool->buddies, NID, SLABMOD_MAX_ORDER,
							GFP_KERNEL));
		got = buddy_alloc_bulk(buddy, kit_use(order), blocks, BUDDY_BULK + 1);
		KUNIT_EXPECT_EQ(test, got, fits);
		for (i = 0; i < got; i++) {
			void *block = blocks[i].block;
			struct frame *frame = blocks[i].frame;

			KUNIT_EXPECT_PTR_EQ(test, frame, chunk_frame(block));
			KUNIT_EXPECT_EQ(test, frame_state(frame), FRAME_CLAIMED);
			KUNIT_EXPECT_EQ(test, frame_nr_pages(frame), 1u << order);
			KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)block,
							   PAGE_SIZE << order));
			KUNIT_EXPECT_FALSE(test, buddy_free(block));
		}
		/* Each block is counted once by its own pages. */
		KUNIT_EXPECT_EQ(test, buddy->free_pages, 1024 - (got << order));
		KUNIT_EXPECT_TRUE(test, buddy_check(buddy));
		buddy_free_bulk(kit_use(order), blocks, got);
		KUNIT_EXPECT_EQ(test, buddy->free_pages, 1024);
		KUNIT_EXPECT_TRUE(test, buddy_check(buddy));
		KUNIT_EXPECT_EQ(test, buddy_trim(buddy), 1024);
	}
}

static void test_slabs_and_pages_use_different_chunks(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create_orders(test, 10 * 1024, 10, 10);
	struct slabmod_cache *cache = kit_cache_create(test, pool, 4096, 0, NULL);
	void *page = alloc(test, pool, 1), *mixed, *large[8];
	struct slab *slab;
	int i;

	/* A pool that holds little mixes them, one that holds much does not. */
	slab = slab_create(cache, NID, GFP_KERNEL | __GFP_THISNODE);
	KUNIT_ASSERT_NOT_NULL(test, slab);
	KUNIT_EXPECT_PTR_EQ(test, slab_chunk(slab), chunk_of(page));
	slab_destroy(cache, slab);
	for (i = 0; i < ARRAY_SIZE(large); i++)
		large[i] = alloc(test, pool, 1024);
	slab = slab_create(cache, NID, GFP_KERNEL | __GFP_THISNODE);
	KUNIT_ASSERT_NOT_NULL(test, slab);
	KUNIT_EXPECT_PTR_NE(test, slab_chunk(slab), chunk_of(page));
	/* Unless it may not hold more. */
	buddy_free(page);
	page = alloc(test, pool, 1024);
	KUNIT_EXPECT_EQ(test, kit_source.pages, 10 * 1024);
	mixed = alloc(test, pool, 1);
	KUNIT_EXPECT_PTR_EQ(test, chunk_of(mixed), slab_chunk(slab));
	buddy_free(mixed);
	buddy_free(page);
	for (i = 0; i < ARRAY_SIZE(large); i++)
		buddy_free(large[i]);
	slab_destroy(cache, slab);
}

static void free_if(void **pages, unsigned int nr, const struct chunk *chunk,
		    bool (*which)(unsigned int index))
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (!pages[i] || chunk_of(pages[i]) != chunk ||
		    !which(chunk_index(chunk, pages[i])))
			continue;
		buddy_free(pages[i]);
		pages[i] = NULL;
	}
}

static bool is_in_first_half_unit(unsigned int index)
{
	return index < 32;
}

static bool is_second(unsigned int index)
{
	return index == 1;
}

static bool is_in_other_units(unsigned int index)
{
	return index >= 64;
}

/* All units but the first are free then, and of that a single page. */
static bool is_second_or_in_other_units(unsigned int index)
{
	return is_second(index) || is_in_other_units(index);
}

static void test_chunk_that_drains_is_used_last(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create_orders(test, 2048, 10, 10);
	void **pages = kit_array(test, 2048), *more[33];
	struct chunk *fills, *drains;
	unsigned int i;

	for (i = 0; i < 2048; i++)
		pages[i] = alloc(test, pool, 1);
	fills = chunk_of(pages[0]);
	drains = chunk_of(pages[2047]);
	KUNIT_ASSERT_PTR_NE(test, fills, drains);
	free_if(pages, 2048, drains, is_second_or_in_other_units);
	KUNIT_EXPECT_TRUE(test, drains->drains);
	free_if(pages, 2048, fills, is_in_first_half_unit);
	KUNIT_EXPECT_FALSE(test, fills->drains);
	/* The single page fits best, but it would keep the chunk from being freed. */
	for (i = 0; i < 32; i++) {
		more[i] = alloc(test, pool, 1);
		KUNIT_EXPECT_PTR_EQ(test, chunk_of(more[i]), fills);
	}
	more[32] = alloc(test, pool, 1);
	KUNIT_EXPECT_PTR_EQ(test, chunk_of(more[32]), drains);
	KUNIT_EXPECT_TRUE(test, buddy_check(&pool->buddies[NID]));
	for (i = 0; i < ARRAY_SIZE(more); i++)
		buddy_free(more[i]);
	for (i = 0; i < 2048; i++)
		if (pages[i])
			buddy_free(pages[i]);
}

/* A partly free unit is listed as one of a chunk that drains, and then the chunk fills up. */
static void test_unit_of_a_chunk_that_drained_is_found(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create_orders(test, 1024, 10, 10);
	void **pages = kit_array(test, 1024), *units[15];
	struct claimed_block b;
	struct chunk *chunk;
	unsigned int i;

	for (i = 0; i < 1024; i++)
		pages[i] = alloc(test, pool, 1);
	chunk = chunk_of(pages[0]);
	free_if(pages, 1024, chunk, is_in_other_units);
	KUNIT_ASSERT_TRUE(test, chunk->drains);
	free_if(pages, 1024, chunk, is_second);
	for (i = 0; i < ARRAY_SIZE(units); i++)
		units[i] = alloc(test, pool, 64);
	KUNIT_ASSERT_FALSE(test, chunk->drains);
	KUNIT_ASSERT_EQ(test, buddy_alloc_bulk(&pool->buddies[NID], kit_use(0), &b, 1), 1);
	KUNIT_EXPECT_EQ(test, chunk_index(chunk, b.block), 1);
	frame_unclaim(b.frame);
	buddy_free(b.block);
	for (i = 0; i < ARRAY_SIZE(units); i++)
		buddy_free(units[i]);
	for (i = 0; i < 1024; i++)
		if (pages[i])
			buddy_free(pages[i]);
}

/* ---- many CPUs ---- */

static struct slabmod_pool *crowd_pool;

static void *crowd_alloc(struct model *model, struct rnd_state *rnd, gfp_t gfp, size_t *size)
{
	unsigned int nr_pages = 1 + kit_random(rnd, 5);
	unsigned int order = ilog2(nr_pages);
	struct claimed_block b;
	void *block;

	if (is_power_of_2(nr_pages) &&
	    buddy_alloc_bulk(&crowd_pool->buddies[NID], kit_use(order), &b, 1)) {
		block = b.block;
		frame_unclaim(b.frame);
	} else {
		block = kit_buddy_alloc(crowd_pool->buddies, NID, nr_pages, gfp);
	}
	if (!block)
		return NULL;
	*size = frame_nr_pages(chunk_frame(block)) == nr_pages ? nr_pages * PAGE_SIZE : 0;
	return block;
}

/* A free that fails is counted as an overwritten piece. */
static void crowd_free(struct model *model, void *block, size_t size)
{
	if (!size || !(size & PAGE_SIZE ? buddy_free(block) : claim_and_free(block)))
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
	KUNIT_CASE(test_blocks_in_bulk_are_distinct_and_come_back),
	KUNIT_CASE(test_slabs_and_pages_use_different_chunks),
	KUNIT_CASE(test_chunk_that_drains_is_used_last),
	KUNIT_CASE(test_unit_of_a_chunk_that_drained_is_found),
	KUNIT_CASE(test_many_cpus_share_a_node),
	KUNIT_CASE(test_random_run_matches_a_map_of_pages),
	{}
};

struct kunit_suite buddy_suite = {
	.name = "buddy",
	KIT_SUITE_HOOKS,
	.test_cases = buddy_cases,
};
