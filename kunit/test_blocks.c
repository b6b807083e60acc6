// SPDX-License-Identifier: GPL-2.0
/*
 * test_blocks.c - magazines of blocks: what they hold, and that of which sizes there are.
 */
#include <linux/log2.h>

#include "block_magazine.h"
#include "buddy.h"
#include "chunk.h"
#include "context.h"
#include "free_map.h"
#include "magazine_set.h"
#include "pages.h"
#include "pool_check.h"
#include "pool_list.h"
#include "root.h"
#include "suites.h"
#include "verbs.h"

/* Blocks of 64 KiB */
#define ORDER	(16 - PAGE_SHIFT)
#define BLOCKS	128

/* A pool of @pages at most, with all its caches. */
static struct slabmod_pool *open_pool(struct kunit *test, unsigned long pages)
{
	struct slabmod_pool_params params = SLABMOD_POOL_PARAMS_INIT;
	struct slabmod_pool *pool;

	/* What a magazine holds is that of one CPU. */
	context_pin(0);
	params.limit_bytes = pages << PAGE_SHIFT;
	pool = slabmod_pool_create("kit-blocks", &params);
	KUNIT_ASSERT_NOT_NULL(test, pool);
	return pool;
}

static void no_pool(struct slabmod_pool *pool, void *arg)
{
}

/* From here on, no worker scans the magazines of the pool. */
static void stop_aging(struct slabmod_pool *pool)
{
	list_del_rcu(&pool->node);
	/* Wait for a scan that has begun. */
	pool_walk(no_pool, NULL);
}

static void close_pool(struct kunit *test, struct slabmod_pool *pool)
{
	if (pool->node.prev == LIST_POISON2)
		list_add_rcu(&pool->node, &root_pool->node);
	KUNIT_EXPECT_TRUE(test, pool_check(pool));
	KUNIT_EXPECT_EQ(test, slabmod_pool_destroy(pool), 0);
}

static void *alloc(struct kunit *test, struct slabmod_pool *pool, unsigned int nr_pages)
{
	void *p = slabmod_pool_alloc_pages_exact(pool, nr_pages << PAGE_SHIFT, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, p);
	return p;
}

static void release(void *p, unsigned int nr_pages)
{
	slabmod_free_pages_exact(p, nr_pages << PAGE_SHIFT);
}

/* Allocate many blocks and free them, each with another address. */
static void turn_over_some(struct kunit *test, struct slabmod_cache *cache, unsigned int nr)
{
	unsigned int nr_pages = cache->usual.pages, i;
	void **blocks = kit_array(test, nr);

	for (i = 0; i < nr; i++)
		blocks[i] = alloc(test, cache->pool, nr_pages);
	for (i = 0; i < nr; i++)
		release(blocks[i], nr_pages);
}

static void turn_over(struct kunit *test, struct slabmod_cache *cache)
{
	turn_over_some(test, cache, BLOCKS);
}

static void test_magazine_holds_more_while_it_is_used(struct kunit *test)
{
	struct slabmod_pool *pool = open_pool(test, KIT_LIMIT);
	struct slabmod_cache *cache = pool->pages[ORDER];
	unsigned long capacity, before = 0;

	/* Enough for this test in any case: the limit is shared by all CPUs. */
	cache->capacity_max = 32;
	cache->capacity = 32;
	release(alloc(test, pool, 1 << ORDER), 1 << ORDER);
	KUNIT_EXPECT_EQ(test, kit_magazine(cache)->capacity, block_magazine_start(cache));
	KUNIT_EXPECT_EQ(test, kit_magazine(cache)->room, 32);
	turn_over(test, cache);
	capacity = kit_magazine(cache)->capacity;
	KUNIT_EXPECT_GT(test, capacity, block_magazine_start(cache));
	while (capacity > before) {
		before = capacity;
		turn_over(test, cache);
		capacity = kit_magazine(cache)->capacity;
	}
	KUNIT_EXPECT_EQ(test, capacity, 32);
	/* After that many frees it is not nearly empty, and never above its capacity. */
	KUNIT_EXPECT_GE(test, magazine_count(cache), 32 / 4);
	KUNIT_EXPECT_LE(test, magazine_count(cache), 32);
	close_pool(test, pool);
}

static void test_idle_magazine_holds_few_again(struct kunit *test)
{
	struct slabmod_pool *pool = open_pool(test, KIT_LIMIT);
	struct slabmod_cache *cache = pool->pages[ORDER];

	cache->capacity_max = 32;
	cache->capacity = 32;
	turn_over(test, cache);
	KUNIT_EXPECT_GT(test, kit_magazine(cache)->capacity, block_magazine_start(cache));
	magazine_drain_all(cache);
	KUNIT_EXPECT_EQ(test, kit_magazine(cache)->capacity, block_magazine_start(cache));
	KUNIT_EXPECT_EQ(test, magazine_count(cache), 0);
	KUNIT_EXPECT_EQ(test, pages_in_use(pool), 0);
	close_pool(test, pool);
}

/* A scan takes half of it, and the next frees what is above. */
static void test_magazine_in_use_that_needs_less_holds_less(struct kunit *test)
{
	struct slabmod_pool *pool = open_pool(test, KIT_LIMIT);
	struct slabmod_cache *cache = pool->pages[ORDER];
	struct slabmod_magazine *magazine;
	unsigned long flushes;
	unsigned int i;

	cache->capacity_max = 32;
	cache->capacity = 32;
	stop_aging(pool);
	for (i = 0; i < 4; i++)
		turn_over(test, cache);
	magazine = kit_magazine(cache);
	KUNIT_EXPECT_EQ(test, magazine->capacity, 32);
	KUNIT_EXPECT_GT(test, magazine_count(cache), 16);
	/* There were refills. */
	magazine_scan_idle(cache);
	KUNIT_EXPECT_EQ(test, magazine->capacity, 32);
	magazine_scan_idle(cache);
	KUNIT_EXPECT_EQ(test, magazine->capacity, 16);
	KUNIT_EXPECT_GT(test, magazine_count(cache), 16);
	KUNIT_EXPECT_TRUE(test, magazine_check(cache));
	flushes = kit_stat(cache, EVENT_FLUSH);
	release(alloc(test, pool, 1 << ORDER), 1 << ORDER);
	KUNIT_EXPECT_LE(test, magazine_nr_objects(kit_magazine(cache)), 16);
	KUNIT_EXPECT_EQ(test, kit_stat(cache, EVENT_FLUSH), flushes + 1);
	/* That was no reason to hold more. */
	magazine_scan_idle(cache);
	KUNIT_EXPECT_EQ(test, magazine->capacity, 8);
	for (i = 0; i < 8; i++)
		magazine_scan_idle(cache);
	KUNIT_EXPECT_EQ(test, magazine->capacity, block_magazine_start(cache));
	KUNIT_EXPECT_EQ(test, pages_in_use(pool), 0);
	close_pool(test, pool);
}

static void test_cpu_that_only_frees_holds_little(struct kunit *test)
{
	struct slabmod_pool *pool = open_pool(test, KIT_LIMIT);
	struct slabmod_cache *cache = pool->pages[ORDER];
	void **blocks = kit_array(test, BLOCKS);
	unsigned int round, i;

	kit_need_cpus(test, 2);
	cache->capacity_max = 32;
	cache->capacity = 32;
	for (round = 0; round < 8; round++) {
		context_pin(1);
		for (i = 0; i < BLOCKS; i++)
			blocks[i] = alloc(test, pool, 1 << ORDER);
		context_pin(0);
		for (i = 0; i < BLOCKS; i++)
			release(blocks[i], 1 << ORDER);
	}
	KUNIT_EXPECT_EQ(test, kit_magazine(cache)->capacity, block_magazine_start(cache));
	KUNIT_EXPECT_LE(test, magazine_nr_objects(kit_magazine(cache)),
			block_magazine_start(cache));
	KUNIT_EXPECT_EQ(test, pages_in_use(pool), 0);
	close_pool(test, pool);
}

/* Fill a magazine of @nr single pages, and let it hold no more than @capacity from now on. */
static struct slabmod_magazine *overfull_magazine(struct kunit *test, struct slabmod_pool *pool,
						  unsigned int nr, unsigned int capacity)
{
	struct slabmod_cache *cache = pool->pages[0];
	void **pages = kit_array(test, nr);
	struct slabmod_magazine *magazine;
	unsigned int i;

	stop_aging(pool);
	cache->capacity_max = nr;
	cache->capacity = nr;
	for (i = 0; i < nr; i++)
		pages[i] = alloc(test, pool, 1);
	magazine_drain_all(cache);
	magazine = kit_magazine(cache);
	magazine->capacity = nr;
	for (i = 0; i < nr; i++)
		release(pages[i], 1);
	KUNIT_EXPECT_EQ(test, magazine_nr_objects(magazine), nr);
	magazine->capacity = capacity;
	return magazine;
}

static void test_flush_of_many_is_bounded(struct kunit *test)
{
	struct slabmod_pool *pool = open_pool(test, KIT_LIMIT);
	struct slabmod_magazine *magazine = overfull_magazine(test, pool, 200, 16);

	release(alloc(test, pool, 1), 1);
	/* The one that was freed is not among them. */
	KUNIT_EXPECT_EQ(test, magazine_nr_objects(magazine), 200 - 1 - 64);
	KUNIT_EXPECT_EQ(test, magazine->capacity, 16);
	KUNIT_EXPECT_EQ(test, pages_in_use(pool), 0);
	close_pool(test, pool);
}

static void test_overfull_magazine_without_frees_is_drained(struct kunit *test)
{
	struct slabmod_pool *pool = open_pool(test, KIT_LIMIT);
	struct slabmod_magazine *magazine = overfull_magazine(test, pool, 200, 16);
	struct slabmod_cache *cache = pool->pages[0];
	void *p = alloc(test, pool, 1);

	magazine_scan_idle(cache);
	KUNIT_EXPECT_TRUE(test, magazine_has_idle_objects(cache, 4));
	magazine_drain_idle(cache, 4);
	KUNIT_EXPECT_LE(test, magazine_nr_objects(magazine), 2 * magazine->capacity);
	KUNIT_EXPECT_FALSE(test, magazine_has_idle_objects(cache, 4));
	release(p, 1);
	close_pool(test, pool);
}

static void test_magazines_stay_small_while_memory_is_sparse(struct kunit *test)
{
	const unsigned int order = UNIT_ORDER, nr = 4 * BUDDY_SPARSE_PAGES >> order;
	struct slabmod_pool *pool = open_pool(test, 8 * BUDDY_SPARSE_PAGES);
	struct buddy *buddy = &pool->buddies[NID];
	struct slabmod_cache *cache = pool->pages[order];
	void **spread = kit_array(test, nr);
	unsigned int i, kept = 0;

	cache->capacity_max = 64;
	cache->capacity = 64;
	for (i = 0; i < nr; i++)
		spread[i] = alloc(test, pool, 1 << order);
	KUNIT_EXPECT_FALSE(test, buddy_is_sparse(buddy));
	for (i = 0; i < 4; i++)
		turn_over_some(test, cache, 40);
	KUNIT_EXPECT_GT(test, kit_magazine(cache)->capacity, 16);
	/* One in each chunk stays. */
	for (i = 0; i < nr; i++)
		if (chunk_index(chunk_of(spread[i]), spread[i]))
			release(spread[i], 1 << order);
		else
			spread[kept++] = spread[i];
	KUNIT_EXPECT_TRUE(test, buddy_is_sparse(buddy));
	for (i = 0; i < 4; i++)
		turn_over_some(test, cache, 40);
	KUNIT_EXPECT_TRUE(test, buddy_is_sparse(buddy));
	/* 4 MiB */
	KUNIT_EXPECT_EQ(test, kit_magazine(cache)->capacity, SZ_4M / PAGE_SIZE >> order);
	KUNIT_EXPECT_LE(test, magazine_nr_objects(kit_magazine(cache)), 16);
	while (kept)
		release(spread[--kept], 1 << order);
	KUNIT_EXPECT_EQ(test, pages_in_use(pool), 0);
	close_pool(test, pool);
}

static void test_magazines_hold_up_to_64_mib(struct kunit *test)
{
	/* No limit to speak of. */
	struct slabmod_pool *pool = open_pool(test, totalram_pages() * 10000);
	unsigned int order;

	for (order = 0; order < BUDDY_ORDERS; order++)
		KUNIT_EXPECT_EQ(test, pool->pages[order]->capacity_max,
				min(1024ul, SZ_64M / PAGE_SIZE >> order));
	close_pool(test, pool);
}

static void test_magazines_leave_most_of_a_reserve(struct kunit *test)
{
	struct slabmod_pool_params params = SLABMOD_POOL_PARAMS_INIT;
	unsigned long pages = 0, share = 2048 / num_possible_cpus();
	struct slabmod_pool *pool;
	unsigned int order, n;

	params.reserve_bytes = 2048 << PAGE_SHIFT;
	pool = slabmod_pool_create("kit-blocks", &params);
	KUNIT_ASSERT_NOT_NULL(test, pool);
	for (order = 0; order < BUDDY_ORDERS; order++)
		if (pool->pages[order]->capacity_max > 1)
			pages += pool->pages[order]->capacity_max << order;
	for (n = 3; n < SMALL_BLOCK; n++)
		if (!is_power_of_2(n) && pool->small_blocks[n]->capacity_max > 1)
			pages += pool->small_blocks[n]->capacity_max * n;
	KUNIT_EXPECT_GT(test, pages, 0);
	KUNIT_EXPECT_LT(test, pages, share / 2);
	close_pool(test, pool);
}

static void test_magazines_of_a_small_pool_hold_a_part_of_its_limit(struct kunit *test)
{
	static const unsigned long limits[] = { 64, 1024, KIT_LIMIT };
	unsigned int i, order;

	for (i = 0; i < ARRAY_SIZE(limits); i++) {
		struct slabmod_pool *pool = open_pool(test, limits[i]);
		unsigned long share = limits[i] / num_possible_cpus() / MAGAZINE_LIMIT_SHARE;

		for (order = 0; order < BUDDY_ORDERS; order++) {
			unsigned long most = pool->pages[order]->capacity_max;

			KUNIT_EXPECT_GE(test, most, 1);
			KUNIT_EXPECT_TRUE(test, most == 1 || most << order <= share);
		}
		close_pool(test, pool);
	}
}

static void test_small_exact_sizes_have_magazines(struct kunit *test)
{
	struct slabmod_pool *pool = open_pool(test, KIT_LIMIT);
	struct buddy *buddy = &pool->buddies[NID];
	unsigned int n;

	for (n = 1; n <= SMALL_BLOCK; n++) {
		struct slabmod_cache *cache = pool->small_blocks[n];
		unsigned long free;
		void *p, *q;

		KUNIT_ASSERT_NOT_NULL(test, cache);
		KUNIT_EXPECT_EQ(test, cache->usual.pages, n);
		p = alloc(test, pool, n);
		KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)p,
						   PAGE_SIZE << order_base_2(n)));
		KUNIT_EXPECT_EQ(test, pages_in_use(pool), n);
		KUNIT_EXPECT_EQ(test, frame_nr_pages(chunk_frame(p)), n);
		release(p, n);
		KUNIT_EXPECT_EQ(test, pages_in_use(pool), 0);
		/* The next one is the same, and the buddy has no part in it. */
		free = buddy->free_pages;
		q = alloc(test, pool, n);
		KUNIT_EXPECT_PTR_EQ(test, q, p);
		KUNIT_EXPECT_EQ(test, buddy->free_pages, free);
		release(q, n);
		magazine_drain_all(cache);
		KUNIT_EXPECT_EQ(test, magazine_count(cache), 0);
	}
	close_pool(test, pool);
}

static void test_tails_of_exact_blocks_are_free(struct kunit *test)
{
	struct slabmod_pool *pool = open_pool(test, KIT_LIMIT);
	struct buddy *buddy;
	unsigned long free;
	void *p, *q;

	p = alloc(test, pool, 5);
	/* Nothing else may be in the magazine. */
	magazine_drain_all(pool->small_blocks[5]);
	buddy = chunk_of(p)->buddy;
	free = buddy->free_pages;
	q = slabmod_pool_alloc_pages_exact(pool, 9 << PAGE_SHIFT, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, q);
	KUNIT_EXPECT_EQ(test, buddy->free_pages, free - 9);
	KUNIT_EXPECT_EQ(test, pages_in_use(pool), 5 + 9);
	release(q, 9);
	KUNIT_EXPECT_EQ(test, buddy->free_pages, free);
	KUNIT_EXPECT_TRUE(test, page_is_free(chunk_of(p), chunk_index(chunk_of(p), p) + 5));
	release(p, 5);
	magazine_drain_all(pool->small_blocks[5]);
	KUNIT_EXPECT_EQ(test, buddy->free_pages, free + 5);
	close_pool(test, pool);
}

static void test_wrong_frees_of_exact_blocks_are_refused(struct kunit *test)
{
	struct slabmod_pool *pool = open_pool(test, KIT_LIMIT);
	void *p = alloc(test, pool, 5);

	KIT_EXPECT_MISUSE(test, MISUSE_WRONG_SIZE, "5 pages", release(p, 6));
	KIT_EXPECT_MISUSE(test, MISUSE_WRONG_SIZE, "5 pages", release(p, 8));
	KIT_EXPECT_MISUSE(test, MISUSE_WRONG_SIZE, "5 pages",
			  slabmod_free_pages((unsigned long)p, 3));
	KIT_EXPECT_MISUSE(test, MISUSE_INNER_FREE, "inside a block of 5 pages",
			  release(p + PAGE_SIZE, 5));
	KUNIT_EXPECT_EQ(test, pages_in_use(pool), 5);
	release(p, 5);
	KUNIT_EXPECT_EQ(test, pages_in_use(pool), 0);
	KIT_EXPECT_MISUSE(test, MISUSE_DOUBLE_FREE, "", release(p, 5));
	close_pool(test, pool);
}

/* A run that begins in the unused end of another, so that the frames of both are of runs. */
static void test_size_that_covers_a_neighbour_is_refused(struct kunit *test)
{
	struct slabmod_pool *pool = open_pool(test, KIT_LIMIT);
	void *p = alloc(test, pool, 33), *q = NULL, *others[16];
	unsigned int i, nr, distance = 0;

	/* Until one is in the same 64 pages. */
	for (i = 0; i < ARRAY_SIZE(others) && !q; i++) {
		others[i] = alloc(test, pool, 9);
		distance = ((unsigned long)others[i] - (unsigned long)p) >> PAGE_SHIFT;
		if (distance < 64)
			q = others[i];
	}
	nr = i;
	KUNIT_EXPECT_NOT_NULL(test, q);
	if (q)
		KIT_EXPECT_MISUSE(test, MISUSE_WRONG_SIZE, "33 pages",
				  release(p, distance + 9));
	KUNIT_EXPECT_EQ(test, pages_in_use(pool), 33 + 9 * nr);
	KUNIT_EXPECT_TRUE(test, pool_check(pool));
	for (i = 0; i < nr; i++)
		release(others[i], 9);
	release(p, 33);
	KUNIT_EXPECT_EQ(test, pages_in_use(pool), 0);
	close_pool(test, pool);
}

static void test_grown_magazine_that_is_empty_is_reset_too(struct kunit *test)
{
	struct slabmod_pool *pool = open_pool(test, KIT_LIMIT);
	struct slabmod_cache *cache = pool->pages[ORDER];
	void **blocks = kit_array(test, BLOCKS);
	unsigned int i, nr = 0;

	stop_aging(pool);
	cache->capacity_max = 32;
	cache->capacity = 32;
	turn_over(test, cache);
	/* Allocate what it has. */
	while (magazine_count(cache) && nr < BLOCKS)
		blocks[nr++] = alloc(test, pool, 1 << ORDER);
	KUNIT_EXPECT_EQ(test, magazine_count(cache), 0);
	KUNIT_EXPECT_GT(test, kit_magazine(cache)->capacity, block_magazine_start(cache));
	magazine_scan_idle(cache);
	KUNIT_EXPECT_FALSE(test, magazine_has_idle_objects(cache, 1));
	magazine_scan_idle(cache);
	KUNIT_EXPECT_TRUE(test, magazine_has_idle_objects(cache, 1));
	magazine_drain_idle(cache, 1);
	KUNIT_EXPECT_EQ(test, kit_magazine(cache)->capacity, block_magazine_start(cache));
	KUNIT_EXPECT_FALSE(test, magazine_has_idle_objects(cache, 1));
	for (i = 0; i < nr; i++)
		release(blocks[i], 1 << ORDER);
	close_pool(test, pool);
}

/* They would have to be allocated from the kernel otherwise, which the limit refuses. */
static void test_atomic_request_gets_what_the_magazines_have(struct kunit *test)
{
	struct slabmod_pool *pool = open_pool(test, 64);
	void *blocks[16], *all;
	unsigned int n, i;

	for (n = 3; n < SMALL_BLOCK; n++) {
		for (i = 0; i < 2; i++)
			blocks[i] = alloc(test, pool, n);
		for (i = 0; i < 2; i++)
			release(blocks[i], n);
	}
	preempt_disable();
	all = slabmod_pool_alloc_pages_exact(pool, 64 << PAGE_SHIFT, GFP_ATOMIC);
	preempt_enable();
	KUNIT_EXPECT_NOT_NULL(test, all);
	if (all)
		release(all, 64);
	close_pool(test, pool);
}

static void test_bound_of_a_freed_run(struct kunit *test)
{
	struct free_map map;

	map_init(&map, UNIT_ORDER);
	map.bound = 0;
	/* Without its buddy a block stays what it is, with it, it may be any. */
	map.free = 0;
	KUNIT_EXPECT_EQ(test, map_run_bound(&map, bits_run(4, 1), 4, 1), 0);
	KUNIT_EXPECT_EQ(test, map_run_bound(&map, bits_run(4, 4), 4, 4), 2);
	KUNIT_EXPECT_EQ(test, map_run_bound(&map, bits_run(8, 5), 8, 5), 2);
	KUNIT_EXPECT_EQ(test, map_run_bound(&map, bits_run(0, 64), 0, 64), UNIT_ORDER - 1);
	map.free = BIT_ULL(5);
	KUNIT_EXPECT_EQ(test, map_run_bound(&map, bits_run(4, 1), 4, 1), UNIT_ORDER - 1);
	map.free = bits_run(13, 3);
	KUNIT_EXPECT_EQ(test, map_run_bound(&map, bits_run(8, 5), 8, 5), 3);
	/* Not aligned */
	KUNIT_EXPECT_EQ(test, map_run_bound(&map, bits_run(5, 5), 5, 5), UNIT_ORDER - 1);
}

static struct kunit_case blocks_cases[] = {
	KUNIT_CASE(test_magazine_holds_more_while_it_is_used),
	KUNIT_CASE(test_idle_magazine_holds_few_again),
	KUNIT_CASE(test_magazine_in_use_that_needs_less_holds_less),
	KUNIT_CASE(test_cpu_that_only_frees_holds_little),
	KUNIT_CASE(test_flush_of_many_is_bounded),
	KUNIT_CASE(test_overfull_magazine_without_frees_is_drained),
	KUNIT_CASE(test_magazines_hold_up_to_64_mib),
	KUNIT_CASE(test_magazines_leave_most_of_a_reserve),
	KUNIT_CASE(test_magazines_stay_small_while_memory_is_sparse),
	KUNIT_CASE(test_magazines_of_a_small_pool_hold_a_part_of_its_limit),
	KUNIT_CASE(test_small_exact_sizes_have_magazines),
	KUNIT_CASE(test_tails_of_exact_blocks_are_free),
	KUNIT_CASE(test_wrong_frees_of_exact_blocks_are_refused),
	KUNIT_CASE(test_size_that_covers_a_neighbour_is_refused),
	KUNIT_CASE(test_grown_magazine_that_is_empty_is_reset_too),
	KUNIT_CASE(test_atomic_request_gets_what_the_magazines_have),
	KUNIT_CASE(test_bound_of_a_freed_run),
	{}
};

struct kunit_suite blocks_suite = {
	.name = "blocks",
	KIT_SUITE_HOOKS,
	.test_cases = blocks_cases,
};
