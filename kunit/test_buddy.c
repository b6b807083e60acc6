// SPDX-License-Identifier: GPL-2.0
/*
 * test_buddy.c - what the blocks of pages of a node promise.
 *
 * Most tests use chunks of 32 pages, few enough to see through. The random run is
 * in test_buddy_random.c.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/sort.h>

#include "buddy.h"
#include "buddy_age.h"
#include "buddy_check.h"
#include "buddy_walk.h"
#include "chunk.h"
#include "context.h"
#include "kit.h"
#include "pool_ledger.h"
#include "suites.h"
#include "test_buddy.h"

#define ORDER	5
#define PAGES	((unsigned int)BIT(ORDER))
#define NID	first_online_node

static struct slabmod_pool *small_pool(struct kunit *test, unsigned int chunks)
{
	return kit_pool_create_orders(test, chunks * PAGES, ORDER, ORDER);
}

static struct frame *try_take(struct slabmod_pool *pool, unsigned int nr_pages)
{
	return kit_buddy_alloc(pool->buddies, NID, nr_pages, GFP_KERNEL | __GFP_THISNODE);
}

static struct frame *take(struct kunit *test, struct slabmod_pool *pool, unsigned int nr_pages)
{
	struct frame *frame = try_take(pool, nr_pages);

	KUNIT_ASSERT_NOT_NULL(test, frame);
	return frame;
}

/* Gives a block back that is likely to be taken again; false when it is nobody's. */
static bool keep(struct frame *frame)
{
	if (!buddy_claim(frame))
		return false;
	buddy_free_claimed(frame);
	return true;
}

static void expect_free(struct kunit *test, struct slabmod_pool *pool, unsigned int order,
			unsigned long nr)
{
	KUNIT_EXPECT_EQ_MSG(test, pool->buddies[NID].nr_free[order], nr, "of order %u", order);
}

/* ---- blocks ---- */

static void test_a_block_is_aligned_to_its_size(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, 4096);
	struct frame *frames[SLABMOD_MAX_ORDER + 1];
	unsigned int order;

	for (order = 0; order <= SLABMOD_MAX_ORDER; order++) {
		struct frame *frame = frames[order] = take(test, pool, 1u << order);

		KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)frame_address(frame),
						   PAGE_SIZE << order));
		KUNIT_EXPECT_EQ(test, frame->state, FRAME_PAGES);
		KUNIT_EXPECT_EQ(test, frame->order, order);
		KUNIT_EXPECT_EQ(test, frame->nr_pages, 1u << order);
		KUNIT_EXPECT_NULL(test, frame->cache);
	}
	KUNIT_EXPECT_TRUE(test, buddy_check(&pool->buddies[NID]));
	while (order)
		buddy_free(frames[--order]);
}

static void test_blocks_do_not_overlap(struct kunit *test)
{
	static const u8 sizes[] = { 1, 4, 2, 3, 8, 1, 5, 2, 1, 1 };
	struct slabmod_pool *pool = small_pool(test, 4);
	struct frame *frames[ARRAY_SIZE(sizes)];
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		frames[i] = take(test, pool, sizes[i]);
		memset(frame_address(frames[i]), i, sizes[i] * PAGE_SIZE);
	}
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		KUNIT_EXPECT_NULL(test, memchr_inv(frame_address(frames[i]), i,
						   sizes[i] * PAGE_SIZE));
		buddy_free(frames[i]);
	}
}

static void test_every_page_of_a_chunk_can_be_had(struct kunit *test)
{
	struct slabmod_pool *pool = small_pool(test, 1);
	struct frame *frames[PAGES];
	int i;

	for (i = 0; i < PAGES; i++)
		frames[i] = take(test, pool, 1);
	KUNIT_EXPECT_NULL(test, try_take(pool, 1));
	KUNIT_EXPECT_EQ(test, pool->buddies[NID].free_pages, 0);
	KUNIT_EXPECT_EQ(test, kit_source.pages, PAGES);
	while (i)
		buddy_free(frames[--i]);
}

static void test_a_block_is_split_into_halves(struct kunit *test)
{
	struct slabmod_pool *pool = small_pool(test, 1);
	struct frame *frame = take(test, pool, 1);
	unsigned int order;

	for (order = 0; order < ORDER; order++)
		expect_free(test, pool, order, 1);
	expect_free(test, pool, ORDER, 0);
	buddy_free(frame);
}

static void test_the_smallest_block_that_fits_is_split(struct kunit *test)
{
	struct slabmod_pool *pool = small_pool(test, 1);
	struct frame *page = take(test, pool, 1), *pair;

	/* There are free blocks of 1, 2, 4, 8 and 16 pages. */
	pair = take(test, pool, 2);
	expect_free(test, pool, 0, 1);
	expect_free(test, pool, 1, 0);
	expect_free(test, pool, 2, 1);
	expect_free(test, pool, 3, 1);
	expect_free(test, pool, 4, 1);
	buddy_free(pair);
	buddy_free(page);
}

static void test_a_number_of_pages_gives_its_tail_back(struct kunit *test)
{
	struct slabmod_pool *pool = small_pool(test, 1);
	unsigned int nr, order;

	for (nr = 1; nr <= PAGES; nr++) {
		struct frame *frame = take(test, pool, nr);
		void *start = frame_address(frame);

		KUNIT_EXPECT_EQ(test, frame->nr_pages, nr);
		KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)start,
						   roundup_pow_of_two(nr) * PAGE_SIZE));
		KUNIT_EXPECT_EQ(test, pool->buddies[NID].free_pages, PAGES - nr);
		/* What is left behind a block at the chunk's beginning: the bits of its size. */
		for (order = 0; order <= ORDER; order++)
			expect_free(test, pool, order, (PAGES - nr) >> order & 1);
		KUNIT_EXPECT_TRUE(test, buddy_check(&pool->buddies[NID]));
		buddy_free(frame);
		expect_free(test, pool, ORDER, 1);
	}
}

static void test_freeing_merges_up_to_the_whole_chunk(struct kunit *test)
{
	struct slabmod_pool *pool = small_pool(test, 1);
	struct frame *frames[PAGES];
	struct rnd_state rnd;
	unsigned int i, order;

	kit_seed(test, &rnd);
	for (i = 0; i < PAGES; i++)
		frames[i] = take(test, pool, 1);
	for (i = 0; i < PAGES; i++) {
		unsigned int k = i + kit_random(&rnd, PAGES - i);

		swap(frames[i], frames[k]);
		buddy_free(frames[i]);
		KUNIT_EXPECT_TRUE(test, buddy_check(&pool->buddies[NID]));
	}
	for (order = 0; order < ORDER; order++)
		expect_free(test, pool, order, 0);
	expect_free(test, pool, ORDER, 1);
}

static int by_index(const void *a, const void *b)
{
	const struct frame *x = *(struct frame **)a, *y = *(struct frame **)b;

	return x->index - y->index;
}

static void test_only_buddies_merge(struct kunit *test)
{
	struct slabmod_pool *pool = small_pool(test, 1);
	struct frame *f[PAGES];
	int i;

	for (i = 0; i < PAGES; i++)
		f[i] = take(test, pool, 1);
	sort(f, PAGES, sizeof(f[0]), by_index, NULL);
	/* Neighbours, but halves of different blocks. */
	buddy_free(f[1]);
	buddy_free(f[2]);
	expect_free(test, pool, 0, 2);
	buddy_free(f[0]);
	expect_free(test, pool, 0, 1);
	expect_free(test, pool, 1, 1);
	/* An equal, but not a whole one yet. */
	buddy_free(f[3]);
	expect_free(test, pool, 0, 0);
	expect_free(test, pool, 1, 0);
	expect_free(test, pool, 2, 1);
	for (i = 4; i < PAGES; i++)
		buddy_free(f[i]);
}

static void test_a_merged_block_serves_a_large_request(struct kunit *test)
{
	struct slabmod_pool *pool = small_pool(test, 1);
	struct frame *frames[PAGES];
	int i;

	for (i = 0; i < PAGES; i++)
		frames[i] = take(test, pool, 1);
	while (i)
		buddy_free(frames[--i]);
	buddy_free(take(test, pool, PAGES));
}

/* ---- chunks ---- */

static void test_a_request_comes_from_the_fullest_chunk_that_fits(struct kunit *test)
{
	/* Each needs a chunk of its own, and leaves a block of 4, 8 or 16 pages in it. */
	static const u8 sizes[] = { PAGES - 4, PAGES - 8, PAGES - 16 };
	struct slabmod_pool *pool = small_pool(test, 4);
	struct frame *used[ARRAY_SIZE(sizes)], *frame;
	int i, nr;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		used[i] = take(test, pool, sizes[i]);
	KUNIT_ASSERT_EQ(test, kit_source.pages, 3 * PAGES);
	for (nr = 1; nr <= 16; nr++) {
		i = nr <= 4 ? 0 : nr <= 8 ? 1 : 2;
		frame = take(test, pool, nr);
		KUNIT_EXPECT_PTR_EQ_MSG(test, frame_chunk(frame), frame_chunk(used[i]),
					"%d pages", nr);
		buddy_free(frame);
	}
	frame = take(test, pool, 17);
	KUNIT_EXPECT_EQ(test, kit_source.pages, 4 * PAGES);
	buddy_free(frame);
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		buddy_free(used[i]);
}

static void test_an_empty_chunk_is_touched_last(struct kunit *test)
{
	struct slabmod_pool *pool = small_pool(test, 2);
	struct frame *whole = take(test, pool, PAGES);
	struct frame *page = take(test, pool, 1), *more;

	buddy_free(whole);
	KUNIT_ASSERT_EQ(test, pool->buddies[NID].nr_empty, 1);
	more = take(test, pool, PAGES / 2);
	KUNIT_EXPECT_PTR_EQ(test, frame_chunk(more), frame_chunk(page));
	KUNIT_EXPECT_EQ(test, pool->buddies[NID].nr_empty, 1);
	buddy_free(more);
	buddy_free(page);
}

static void test_an_empty_chunk_is_used_before_a_new_one(struct kunit *test)
{
	struct slabmod_pool *pool = small_pool(test, 4);

	buddy_free(take(test, pool, PAGES));
	KUNIT_EXPECT_EQ(test, kit_source.requests, 1);
	buddy_free(take(test, pool, 7));
	KUNIT_EXPECT_EQ(test, kit_source.requests, 1);
}

static void test_one_empty_chunk_is_kept(struct kunit *test)
{
	struct slabmod_pool *pool = small_pool(test, 4);
	struct frame *whole[4];
	int i;

	for (i = 0; i < 4; i++)
		whole[i] = take(test, pool, PAGES);
	for (i = 0; i < 4; i++) {
		buddy_free(whole[i]);
		KUNIT_EXPECT_EQ(test, pool->buddies[NID].nr_empty, 1);
		KUNIT_EXPECT_EQ(test, kit_source.pages, (4 - i) * PAGES);
	}
}

static void test_as_many_pages_in_empty_chunks_as_the_source_says_are_kept(struct kunit *test)
{
	struct slabmod_pool *pool = small_pool(test, 4);
	struct frame *whole[4];
	int i;

	pool->source.max_free = 2 * PAGES + PAGES / 2;
	for (i = 0; i < 4; i++)
		whole[i] = take(test, pool, PAGES);
	for (i = 0; i < 4; i++) {
		buddy_free(whole[i]);
		KUNIT_EXPECT_EQ(test, pool->buddies[NID].nr_empty, min(i + 1, 2));
		KUNIT_EXPECT_EQ(test, pool->buddies[NID].empty_pages, min(i + 1, 2) * PAGES);
		KUNIT_EXPECT_EQ(test, kit_source.pages, min(4, 5 - i) * PAGES);
	}
	/* Nobody wanted them in between: the first look is at what has just come. */
	buddy_age(&pool->buddies[NID]);
	buddy_age(&pool->buddies[NID]);
	KUNIT_EXPECT_EQ(test, kit_source.pages, 0);
	KUNIT_EXPECT_EQ(test, pool->buddies[NID].empty_pages, 0);
}

static void test_what_has_to_stay_for_the_reserve_is_not_looked_at_again(struct kunit *test)
{
	struct slabmod_pool *pool = small_pool(test, 2);
	struct buddy *buddy = &pool->buddies[NID];

	KUNIT_EXPECT_FALSE(test, buddy_has_idle(buddy));
	buddy_free(take(test, pool, PAGES));
	KUNIT_ASSERT_EQ(test, buddy->nr_empty, 1);
	KUNIT_EXPECT_TRUE(test, buddy_has_idle(buddy));
	/* There are pages beyond it, but no chunk that is small enough to go. */
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
	pool->source.limit = 8 * PAGES;
	for (i = 0; i < 8; i++)
		whole[i] = take(test, pool, PAGES);
	for (i = 0; i < 8; i++)
		buddy_free(whole[i]);
	KUNIT_ASSERT_EQ(test, kit_source.pages, 8 * PAGES);
	whole[0] = take(test, pool, 4 * PAGES);
	KUNIT_EXPECT_LE(test, kit_source.pages, 8 * PAGES);
	buddy_free(whole[0]);
	/* Those of a reserve stay. */
	pool->source.reserve = 8 * PAGES;
	KUNIT_ASSERT_TRUE(test, pool_reserve(pool));
	KUNIT_EXPECT_NULL(test, kit_buddy_alloc(pool->buddies, NID, 8 * PAGES, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, kit_source.pages, 8 * PAGES);
	pool->source.reserve = 0;
}

static void test_trimming_gives_back_what_is_wholly_free(struct kunit *test)
{
	struct slabmod_pool *pool = small_pool(test, 2);
	struct buddy *buddy = &pool->buddies[NID];
	struct frame *whole = take(test, pool, PAGES);
	struct frame *page = take(test, pool, 1);

	KUNIT_EXPECT_EQ(test, buddy_trim(buddy), 0);
	buddy_free(whole);
	KUNIT_EXPECT_EQ(test, buddy_trim(buddy), PAGES);
	KUNIT_EXPECT_EQ(test, kit_source.pages, PAGES);
	buddy_free(page);
	KUNIT_EXPECT_EQ(test, buddy_trim(buddy), PAGES);
	KUNIT_EXPECT_EQ(test, kit_source.pages, 0);
	KUNIT_EXPECT_TRUE(test, list_empty(&buddy->chunks));
	KUNIT_EXPECT_EQ(test, buddy->free_pages, 0);
	buddy_free(take(test, pool, 1));
}

/* ---- limits, failures, nodes ---- */

static void test_all_of_the_limit_can_be_had_and_no_more(struct kunit *test)
{
	enum { LIMIT = 50 };
	struct slabmod_pool *pool = kit_pool_create_orders(test, LIMIT, ORDER, ORDER);
	struct frame *frames[LIMIT];
	int i;

	for (i = 0; i < LIMIT; i++)
		frames[i] = take(test, pool, 1);
	KUNIT_EXPECT_NULL(test, try_take(pool, 1));
	KUNIT_EXPECT_EQ(test, kit_source.pages, LIMIT);
	/* A page that comes back can be had again. */
	buddy_free(frames[7]);
	frames[7] = take(test, pool, 1);
	while (i)
		buddy_free(frames[--i]);
}

static void test_no_memory_gives_null_and_loses_nothing(struct kunit *test)
{
	struct slabmod_pool *pool = small_pool(test, 2);
	struct frame *page = take(test, pool, 1), *rest;

	kit_source.fail_all = true;
	KUNIT_EXPECT_NULL(test, try_take(pool, PAGES));
	KUNIT_EXPECT_EQ(test, pool->buddies[NID].free_pages, PAGES - 1);
	KUNIT_EXPECT_TRUE(test, buddy_check(&pool->buddies[NID]));
	/* What is there already serves on. */
	rest = take(test, pool, PAGES / 2);
	buddy_free(rest);
	buddy_free(page);
	expect_free(test, pool, ORDER, 1);
}

static void test_a_single_page_is_had_from_fragmented_memory(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, 4096);
	struct frame *frames[20];
	int i;

	kit_source.max_order = 0;
	for (i = 0; i < ARRAY_SIZE(frames); i++)
		frames[i] = take(test, pool, 1);
	KUNIT_EXPECT_NULL(test, try_take(pool, 2));
	KUNIT_EXPECT_EQ(test, kit_source.pages, ARRAY_SIZE(frames));
	KUNIT_EXPECT_TRUE(test, buddy_check(&pool->buddies[NID]));
	while (i)
		buddy_free(frames[--i]);
}

static void test_pages_are_of_the_node_asked_for(struct kunit *test)
{
	struct slabmod_pool *pool = small_pool(test, 64);
	int nid;

	for_each_online_node(nid) {
		struct frame *frame = kit_buddy_alloc(pool->buddies, nid, 3, GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, frame);
		KUNIT_EXPECT_EQ(test, page_to_nid(virt_to_page(frame_address(frame))), nid);
		KUNIT_EXPECT_EQ(test, pool->buddies[nid].free_pages, PAGES - 3);
		buddy_free(frame);
		KUNIT_EXPECT_EQ(test, pool->buddies[nid].free_pages, PAGES);
	}
}

static void test_another_node_serves_when_one_is_full(struct kunit *test)
{
	struct slabmod_pool *pool = small_pool(test, 64);
	int other = next_online_node(NID);
	struct frame *frame;

	if (other >= MAX_NUMNODES)
		kunit_skip(test, "there is only one node");
	kit_source.full_nodes = BIT(NID);
	KUNIT_EXPECT_NULL(test, try_take(pool, 1));
	frame = kit_buddy_alloc(pool->buddies, NID, 1, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, frame);
	KUNIT_EXPECT_NE(test, page_to_nid(virt_to_page(frame_address(frame))), NID);
	buddy_free(frame);
}

static void test_at_the_limit_another_node_gives_what_it_has_free(struct kunit *test)
{
	struct slabmod_pool *pool = small_pool(test, 1);
	int other = next_online_node(NID);
	struct frame *first, *second;

	if (other >= MAX_NUMNODES)
		kunit_skip(test, "there is only one node");
	first = kit_buddy_alloc(pool->buddies, other, 1, GFP_KERNEL | __GFP_THISNODE);
	KUNIT_ASSERT_NOT_NULL(test, first);
	KUNIT_EXPECT_NULL(test, try_take(pool, 1));
	second = kit_buddy_alloc(pool->buddies, NID, 1, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, second);
	KUNIT_EXPECT_PTR_EQ(test, frame_chunk(second), frame_chunk(first));
	buddy_free(first);
	buddy_free(second);
}

static void test_blocks_come_and_go_with_interrupts_off(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, 4096);
	struct frame *frame;
	unsigned long flags;

	local_irq_save(flags);
	frame = kit_buddy_alloc(pool->buddies, NID, 9, GFP_ATOMIC);
	if (frame)
		buddy_free(frame);
	local_irq_restore(flags);
	KUNIT_EXPECT_EQ(test, !!frame, CONTEXT_PAGES_ANYWHERE);
}

/* ---- walks ---- */

struct tally {
	unsigned int nr;
	unsigned long pages;
	bool odd;
};

static void count_block(struct frame *frame, void *arg)
{
	struct tally *tally = arg;

	tally->nr++;
	tally->pages += frame->state == FRAME_FREE ? 1u << frame->order : frame->nr_pages;
	tally->odd |= frame->state != FRAME_FREE && frame->state != FRAME_PAGES;
}

static void test_a_walk_sees_every_block_once(struct kunit *test)
{
	struct slabmod_pool *pool = small_pool(test, 3);
	struct tally tally = { 0 };
	struct frame *frames[5];
	int i;

	for (i = 0; i < ARRAY_SIZE(frames); i++)
		frames[i] = take(test, pool, 4 * i + 1);
	buddy_for_each_frame(&pool->buddies[NID], count_block, &tally);
	KUNIT_EXPECT_EQ(test, tally.pages, kit_source.pages);
	KUNIT_EXPECT_FALSE(test, tally.odd);
	for (i = 0; i <= ORDER; i++)
		tally.nr -= pool->buddies[NID].nr_free[i];
	KUNIT_EXPECT_EQ(test, tally.nr, ARRAY_SIZE(frames));
	for (i = 0; i < ARRAY_SIZE(frames); i++)
		buddy_free(frames[i]);
}

/* ---- the block that was freed last ---- */

/* Free pages, whether they are kept or not, as the ledger has them. */
static unsigned long pages_free(struct slabmod_pool *pool)
{
	return pool_ledger(pool).buddy >> PAGE_SHIFT;
}

static void test_a_kept_block_is_had_again_as_it_was(struct kunit *test)
{
	struct slabmod_pool *pool = small_pool(test, 1);
	struct buddy *buddy = &pool->buddies[NID];
	struct frame *frame = take(test, pool, 11);

	KUNIT_EXPECT_NULL(test, kit_buddy_alloc_last_freed(buddy, 11));
	KUNIT_EXPECT_TRUE(test, keep(frame));
	KUNIT_EXPECT_EQ(test, pages_free(pool), PAGES);
	KUNIT_EXPECT_TRUE(test, buddy_check(buddy));
	/* It is nobody's: it can neither be kept nor freed once more. */
	KUNIT_EXPECT_FALSE(test, keep(frame));
	KUNIT_EXPECT_FALSE(test, buddy_free(frame));
	/* Not for another size, not even a smaller one. */
	KUNIT_EXPECT_NULL(test, kit_buddy_alloc_last_freed(buddy, 12));
	KUNIT_EXPECT_NULL(test, kit_buddy_alloc_last_freed(buddy, 10));
	KUNIT_EXPECT_PTR_EQ(test, kit_buddy_alloc_last_freed(buddy, 11), frame);
	KUNIT_EXPECT_NULL(test, kit_buddy_alloc_last_freed(buddy, 11));
	KUNIT_EXPECT_EQ(test, frame->state, FRAME_PAGES);
	KUNIT_EXPECT_EQ(test, frame->nr_pages, 11);
	KUNIT_EXPECT_EQ(test, pages_free(pool), PAGES - 11);
	KUNIT_EXPECT_TRUE(test, buddy_free(frame));
	expect_free(test, pool, ORDER, 1);
}

static void test_one_block_is_kept_and_the_one_before_it_merges(struct kunit *test)
{
	struct slabmod_pool *pool = small_pool(test, 1);
	struct buddy *buddy = &pool->buddies[NID];
	struct frame *a = take(test, pool, 4), *b = take(test, pool, 4);

	keep(a);
	KUNIT_EXPECT_EQ(test, buddy->free_pages, PAGES - 8);
	keep(b);
	KUNIT_EXPECT_EQ(test, buddy->free_pages, PAGES - 4);
	KUNIT_EXPECT_PTR_EQ(test, kit_buddy_alloc_last_freed(buddy, 4), b);
	buddy_free(b);
	expect_free(test, pool, ORDER, 1);
}

static void test_a_kept_block_serves_when_pages_are_needed(struct kunit *test)
{
	struct slabmod_pool *pool = small_pool(test, 1);
	struct frame *frame = take(test, pool, PAGES), *page;

	/* There is no more than this one chunk to be had. */
	keep(frame);
	page = take(test, pool, 1);
	KUNIT_EXPECT_EQ(test, kit_source.requests, 1);
	KUNIT_EXPECT_NULL(test, kit_buddy_alloc_last_freed(&pool->buddies[NID], PAGES));
	KUNIT_EXPECT_EQ(test, pages_free(pool), PAGES - 1);
	buddy_free(page);
	/* And for the kernel. */
	keep(take(test, pool, 3));
	KUNIT_EXPECT_EQ(test, buddy_trim(&pool->buddies[NID]), PAGES);
	KUNIT_EXPECT_EQ(test, kit_source.pages, 0);
	/* The end of the pool finds the last. */
	keep(take(test, pool, 5));
}

/* ---- many CPUs ---- */

struct crowd {
	struct slabmod_pool *pool;
	atomic_t errors;
};

static void crowd_step(struct crowd *crowd, struct rnd_state *rnd, struct frame **frame,
		       unsigned long tag)
{
	unsigned long *word;

	if (!*frame) {
		unsigned int nr_pages = 1 + kit_random(rnd, 8);

		*frame = kit_buddy_alloc_last_freed(&crowd->pool->buddies[NID], nr_pages);
		if (!*frame)
			*frame = kit_buddy_alloc(crowd->pool->buddies, NID, nr_pages, GFP_KERNEL);
		if (*frame && ((*frame)->nr_pages != nr_pages || (*frame)->state != FRAME_PAGES))
			atomic_inc(&crowd->errors);
		if (*frame)
			*(unsigned long *)frame_address(*frame) = tag;
		return;
	}
	word = frame_address(*frame);
	if (*word != tag)
		atomic_inc(&crowd->errors);
	*word = 0;
	if (!(kit_random(rnd, 2) ? buddy_free(*frame) : keep(*frame)))
		atomic_inc(&crowd->errors);
	*frame = NULL;
}

static void crowd_run(unsigned int n, void *arg)
{
	struct frame *frames[8] = { NULL };
	struct crowd *crowd = arg;
	struct rnd_state rnd;
	int i;

	prandom_seed_state(&rnd, n + 1);
	for (i = 0; i < KIT_STEPS / 16; i++) {
		unsigned int k = kit_random(&rnd, ARRAY_SIZE(frames));

		crowd_step(crowd, &rnd, &frames[k], (unsigned long)n << 32 | k | BIT(20));
	}
	for (i = 0; i < ARRAY_SIZE(frames); i++)
		if (frames[i])
			buddy_free(frames[i]);
}

static void test_many_cpus_share_a_node(struct kunit *test)
{
	struct crowd crowd = { .pool = kit_pool_create_orders(test, 128, 3, ORDER) };

	kit_run_on_cpus(test, 4, crowd_run, &crowd);
	KUNIT_EXPECT_EQ(test, atomic_read(&crowd.errors), 0);
	KUNIT_EXPECT_LE(test, atomic_long_read(&crowd.pool->source.peak), 128);
	KUNIT_EXPECT_TRUE(test, buddy_check(&crowd.pool->buddies[NID]));
}

static struct kunit_case buddy_cases[] = {
	KUNIT_CASE(test_a_block_is_aligned_to_its_size),
	KUNIT_CASE(test_blocks_do_not_overlap),
	KUNIT_CASE(test_every_page_of_a_chunk_can_be_had),
	KUNIT_CASE(test_a_block_is_split_into_halves),
	KUNIT_CASE(test_the_smallest_block_that_fits_is_split),
	KUNIT_CASE(test_a_number_of_pages_gives_its_tail_back),
	KUNIT_CASE(test_freeing_merges_up_to_the_whole_chunk),
	KUNIT_CASE(test_only_buddies_merge),
	KUNIT_CASE(test_a_merged_block_serves_a_large_request),
	KUNIT_CASE(test_a_request_comes_from_the_fullest_chunk_that_fits),
	KUNIT_CASE(test_an_empty_chunk_is_touched_last),
	KUNIT_CASE(test_an_empty_chunk_is_used_before_a_new_one),
	KUNIT_CASE(test_one_empty_chunk_is_kept),
	KUNIT_CASE(test_as_many_pages_in_empty_chunks_as_the_source_says_are_kept),
	KUNIT_CASE(test_what_has_to_stay_for_the_reserve_is_not_looked_at_again),
	KUNIT_CASE(test_small_free_chunks_make_room_for_a_large_one),
	KUNIT_CASE(test_trimming_gives_back_what_is_wholly_free),
	KUNIT_CASE(test_all_of_the_limit_can_be_had_and_no_more),
	KUNIT_CASE(test_no_memory_gives_null_and_loses_nothing),
	KUNIT_CASE(test_a_single_page_is_had_from_fragmented_memory),
	KUNIT_CASE(test_pages_are_of_the_node_asked_for),
	KUNIT_CASE(test_another_node_serves_when_one_is_full),
	KUNIT_CASE(test_at_the_limit_another_node_gives_what_it_has_free),
	KUNIT_CASE(test_blocks_come_and_go_with_interrupts_off),
	KUNIT_CASE(test_a_walk_sees_every_block_once),
	KUNIT_CASE(test_a_kept_block_is_had_again_as_it_was),
	KUNIT_CASE(test_one_block_is_kept_and_the_one_before_it_merges),
	KUNIT_CASE(test_a_kept_block_serves_when_pages_are_needed),
	KUNIT_CASE(test_many_cpus_share_a_node),
	KUNIT_CASE(test_a_random_run_agrees_with_a_map_of_pages),
	{}
};

struct kunit_suite buddy_suite = {
	.name = "buddy",
	KIT_SUITE_HOOKS,
	.test_cases = buddy_cases,
};
