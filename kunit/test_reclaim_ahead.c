// SPDX-License-Identifier: GPL-2.0
/*
 * test_reclaim_ahead.c - what is taken ahead of need, and what could go back, to the page.
 */
#include "buddy_age.h"
#include "buddy_walk.h"
#include "cache.h"
#include "cache_list.h"
#include "home_refill.h"
#include "home_return.h"
#include "slab.h"
#include "test_reclaim.h"

/* ---- ahead of need ---- */

static unsigned int woken;

static void count_wake(struct chunk_source *source)
{
	woken++;
}

/* Leaves so many pages free. */
static void leave_free(struct kunit *test, struct slabmod_pool *pool, unsigned long pages)
{
	struct buddy *buddy = buddy_here(pool);

	while (buddy->free_pages > pages) {
		unsigned int more = rounddown_pow_of_two(buddy->free_pages - pages);

		KUNIT_ASSERT_NOT_NULL(test, block_alloc("test", pool, NUMA_NO_NODE, more,
							GFP_KERNEL));
	}
}

static struct slabmod_pool *pool_with_free_pages(struct kunit *test, unsigned long pages)
{
	struct slabmod_pool *pool = pool_of_small_chunks(test);

	add_chunks(test, pool, DIV_ROUND_UP(pages, CHUNK_PAGES));
	leave_free(test, pool, pages);
	pool->source.kick_worker = count_wake;
	woken = 0;
	return pool;
}

static void free_frame(struct frame *frame, void *arg)
{
	if (frame->state == FRAME_PAGES)
		block_free(frame);
}

static void free_blocks(struct slabmod_pool *pool)
{
	pool->source.kick_worker = NULL;
	buddy_for_each_frame(buddy_here(pool), free_frame, NULL);
}

static void expect_wanted(struct kunit *test, struct slabmod_pool *pool, bool wanted)
{
	KUNIT_EXPECT_EQ(test, buddy_here(pool)->low, wanted);
	KUNIT_EXPECT_EQ(test, !!woken, wanted);
	woken = 0;
}

static void fill(struct slabmod_pool *pool)
{
	buddy_prefill(pool->buddies, buddy_here(pool)->nid, GFP_KERNEL);
	woken = 0;
}

void test_who_may_not_sleep_has_pages_taken_ahead(struct kunit *test)
{
	struct slabmod_pool *pool = pool_with_free_pages(test, CHUNK_PAGES + 10);
	struct slabmod_cache *cache;
	void *object;

	cache = cache_create(pool, "kit-ahead", SIZE, 0, 0, NULL, THIS_MODULE);
	KUNIT_ASSERT_NOT_NULL(test, cache);

	/* There are many; then there are few, but whoever sleeps can wait. */
	KUNIT_EXPECT_NOT_NULL(test, block_alloc("test", pool, NUMA_NO_NODE, 5, GFP_ATOMIC));
	expect_wanted(test, pool, false);
	leave_free(test, pool, 20);
	KUNIT_EXPECT_NOT_NULL(test, block_alloc("test", pool, NUMA_NO_NODE, 5, GFP_KERNEL));
	expect_wanted(test, pool, false);
	fill(pool);
	KUNIT_EXPECT_EQ(test, ahead(pool), 0);
	/* For a block, and for a slab. */
	KUNIT_EXPECT_NOT_NULL(test, block_alloc("test", pool, NUMA_NO_NODE, 5, GFP_ATOMIC));
	expect_wanted(test, pool, true);
	fill(pool);
	expect_wanted(test, pool, false);
	KUNIT_EXPECT_EQ(test, ahead(pool), 1);
	KUNIT_EXPECT_EQ(test, buddy_here(pool)->free_pages, CHUNK_PAGES + 10);
	leave_free(test, pool, 20);
	object = slabmod_cache_alloc(cache, GFP_ATOMIC);
	KUNIT_EXPECT_NOT_NULL(test, object);
	expect_wanted(test, pool, true);
	fill(pool);
	KUNIT_EXPECT_EQ(test, ahead(pool), 2);
	slabmod_cache_free(cache, object);
	cache_destroy(cache);
	free_blocks(pool);
}

void test_what_is_taken_ahead_is_taken_once_and_not_by_force(struct kunit *test)
{
	struct slabmod_pool *pool = pool_with_free_pages(test, 20);

	KUNIT_EXPECT_NOT_NULL(test, block_alloc("test", pool, NUMA_NO_NODE, 5, GFP_NOWAIT));
	expect_wanted(test, pool, true);
	kit_source.fail_all = true;
	fill(pool);
	expect_wanted(test, pool, false);
	kit_source_reset();
	fill(pool);
	KUNIT_EXPECT_EQ(test, kit_source.requests, 0);
	KUNIT_EXPECT_EQ(test, ahead(pool), 0);
	/* Of small chunks it takes as many as there are to be. */
	KUNIT_EXPECT_NOT_NULL(test, block_alloc("test", pool, NUMA_NO_NODE, 5, GFP_NOWAIT));
	pool->source.min_order = 2;
	fill(pool);
	KUNIT_EXPECT_EQ(test, ahead(pool), DIV_ROUND_UP(64 - 10, 4));
	/* The limit holds. */
	leave_free(test, pool, 20);
	pool->source.limit = kit_source.pages + 10;
	KUNIT_EXPECT_NOT_NULL(test, block_alloc("test", pool, NUMA_NO_NODE, 5, GFP_NOWAIT));
	fill(pool);
	KUNIT_EXPECT_EQ(test, kit_source.pages, pool->source.limit - 2);
	free_blocks(pool);
}

void test_nothing_is_taken_ahead_for_a_node_from_others(struct kunit *test)
{
	struct slabmod_pool *pool = pool_with_free_pages(test, 20);
	unsigned long before = kit_source.pages;

	if (num_online_nodes() < 2)
		kunit_skip(test, "there is one node");
	KUNIT_EXPECT_NOT_NULL(test, block_alloc("test", pool, NUMA_NO_NODE, 5, GFP_ATOMIC));
	expect_wanted(test, pool, true);
	kit_source.full_nodes = BIT(numa_mem_id());
	fill(pool);
	KUNIT_EXPECT_EQ(test, kit_source.pages, before);
	free_blocks(pool);
}

/* ---- what could go back ---- */

#define THINGS	200

struct clutter {
	struct kunit *test;
	struct rnd_state rnd;
	struct slabmod_pool *pool;
	struct slabmod_cache *caches[3];
	void *things[THINGS];
};

static void free_thing(struct clutter *clutter, unsigned int i)
{
	struct frame *frame = chunk_frame(clutter->things[i]);

	if (frame_cache(frame))
		home_free(frame_cache(frame), &clutter->things[i], 1);
	else
		block_free(frame);
	clutter->things[i] = NULL;
}

static void take_thing(struct clutter *clutter, unsigned int i)
{
	unsigned int which = kit_random(&clutter->rnd, 4);
	struct slabmod_cache *cache;

	if (which == 3) {
		clutter->things[i] = block_alloc("test", clutter->pool, NUMA_NO_NODE,
						 1 + kit_random(&clutter->rnd, 20), GFP_KERNEL);
		return;
	}
	cache = clutter->caches[which];
	preempt_disable();
	if (!home_alloc(cache, &clutter->things[i], 1, false))
		clutter->things[i] = NULL;
	preempt_enable();
	if (!clutter->things[i])
		clutter->things[i] = home_alloc_new_slab(cache, numa_mem_id(), GFP_KERNEL,
							 kit_random(&clutter->rnd, 2));
}

/* Takes and frees at random, so that about one of @part things is there. */
static void clutter_up(struct clutter *clutter, unsigned int part)
{
	unsigned int step, i;

	for (step = 0; step < 4 * THINGS; step++) {
		/* From time to time there are no runs, and slabs are small. */
		if (step % 64 == 0) {
			kit_source.max_order = kit_random(&clutter->rnd, 4) ? UINT_MAX : 0;
			context_pin(kit_random(&clutter->rnd, num_online_cpus()));
		}
		i = kit_random(&clutter->rnd, THINGS);
		if (clutter->things[i])
			free_thing(clutter, i);
		if (kit_random(&clutter->rnd, part) == 0)
			take_thing(clutter, i);
	}
}

/* Gives back all that is free but for what is in magazines; returns pages. */
static unsigned long reclaim(struct clutter *clutter)
{
	unsigned long before = kit_source.pages;
	int i;

	for (i = 0; i < ARRAY_SIZE(clutter->caches); i++)
		home_shrink(clutter->caches[i]);
	for_each_online_node(i)
		buddy_trim(&clutter->pool->buddies[i]);
	return before - kit_source.pages;
}

void test_what_could_go_back_is_known_to_the_page(struct kunit *test)
{
	static const unsigned int sizes[] = { 192, SIZE, 12288 };
	struct clutter *clutter = kunit_kzalloc(test, sizeof(*clutter), GFP_KERNEL);
	unsigned long all = 0, pages;
	unsigned int round, i;

	KUNIT_ASSERT_NOT_NULL(test, clutter);
	kit_seed(test, &clutter->rnd);
	clutter->pool = pool_of_small_chunks(test);
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		clutter->caches[i] = kit_cache_create(test, clutter->pool, sizes[i], 0, NULL);
	for (round = 0; round < 25; round++) {
		clutter_up(clutter, 1 + round % 10);
		clutter_up(clutter, 10 * (1 + round % 10));
		pages = reclaimable(clutter->pool);
		KUNIT_EXPECT_EQ(test, reclaim(clutter), pages);
		KUNIT_EXPECT_EQ(test, reclaimable(clutter->pool), 0);
		all += pages;
	}
	KUNIT_EXPECT_GT(test, all, 25);
	for (i = 0; i < THINGS; i++)
		if (clutter->things[i])
			free_thing(clutter, i);
	KUNIT_EXPECT_EQ(test, reclaimable(clutter->pool), kit_source.pages);
	reclaim(clutter);
	KUNIT_EXPECT_EQ(test, kit_source.pages, 0);
}

/* ---- the reserve, while many give back at once ---- */

struct race {
	struct slabmod_pool *pool;
	atomic_t turn;
	unsigned int cpus;
	atomic_long_t short_of;		/* how often less than the reserve was there */
};

static void trim_all(struct race *race)
{
	int nid;

	for_each_online_node(nid)
		buddy_trim(&race->pool->buddies[nid]);
}

static void give_back(unsigned int n, void *arg)
{
	struct race *race = arg;
	struct chunk_source *source = &race->pool->source;
	unsigned int turn;

	for (turn = 1; turn <= 40; turn++) {
		int nid = (n + turn) % num_online_nodes();
		unsigned int grown;

		for (grown = 0; grown < 8; grown++)
			buddy_add_chunk(race->pool->buddies, nid, CHUNK_ORDER, GFP_KERNEL);
		/* All at once. */
		atomic_inc(&race->turn);
		while (atomic_read(&race->turn) < turn * race->cpus)
			cond_resched();
		trim_all(race);
		if (atomic_long_read(&source->staying) < source->reserve)
			atomic_long_inc(&race->short_of);
	}
}

void test_reserve_stays_though_many_give_back_at_once(struct kunit *test)
{
	struct slabmod_pool *pool = pool_of_small_chunks(test);
	struct race race = { .pool = pool };

	race.cpus = min_t(unsigned int, num_online_cpus(), 4);
	pool->source.reserve = 5 * CHUNK_PAGES;
	KUNIT_ASSERT_TRUE(test, pool_reserve(pool));
	kit_run_on_cpus(test, race.cpus, give_back, &race);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&race.short_of), 0);
	trim_all(&race);
	KUNIT_EXPECT_EQ(test, kit_source.pages, 5 * CHUNK_PAGES);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&pool->source.staying), 5 * CHUNK_PAGES);
}
