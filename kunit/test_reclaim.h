/* SPDX-License-Identifier: GPL-2.0 */
/*
 * test_reclaim.h - what both files of the suite use.
 */
#ifndef SLABMOD_TEST_RECLAIM_H
#define SLABMOD_TEST_RECLAIM_H

#include <linux/log2.h>
#include <linux/nodemask.h>
#include <linux/topology.h>

#include "block.h"
#include "buddy.h"
#include "buddy_age.h"
#include "chunk.h"
#include "context.h"
#include "home.h"
#include "kit.h"

#define SIZE		1024	/* of most objects: no line is shared */
#define CHUNK_PAGES	64	/* of all chunks of most pools */
#define CHUNK_ORDER	6

static inline struct slabmod_pool *pool_of_small_chunks(struct kunit *test)
{
	context_pin(0);
	return kit_pool_create_orders(test, 4096, CHUNK_ORDER, CHUNK_ORDER);
}

static inline struct buddy *buddy_here(struct slabmod_pool *pool)
{
	return &pool->buddies[numa_mem_id()];
}

/* Adds wholly free chunks to the pool. */
static inline void add_chunks(struct kunit *test, struct slabmod_pool *pool, unsigned int nr)
{
	while (nr--)
		KUNIT_ASSERT_TRUE(test, buddy_add_chunk(pool->buddies, numa_mem_id(), CHUNK_ORDER,
							GFP_KERNEL));
}

/* Chunks that were taken ahead of need. */
static inline unsigned long ahead(struct slabmod_pool *pool)
{
	return stat_sum(pool->source.stats, STAT_AHEAD);
}

static inline unsigned long reclaimable(struct slabmod_pool *pool)
{
	unsigned long pages = 0;
	int nid;

	for_each_online_node(nid)
		pages += buddy_reclaimable(&pool->buddies[nid]);
	return pages;
}

/* ---- in test_reclaim_ahead.c ---- */

void test_who_may_not_sleep_has_pages_taken_ahead(struct kunit *test);
void test_what_is_taken_ahead_is_taken_once_and_not_by_force(struct kunit *test);
void test_nothing_is_taken_ahead_for_a_node_from_others(struct kunit *test);
void test_what_could_go_back_is_known_to_the_page(struct kunit *test);
void test_reserve_stays_though_many_give_back_at_once(struct kunit *test);

#endif /* SLABMOD_TEST_RECLAIM_H */
