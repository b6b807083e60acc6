// SPDX-License-Identifier: GPL-2.0
/*
 * test_limit.c - a request that meets the limit of its pool reclaims all free memory of the
 * pool, and waits for concurrent requests: their charges may fail.
 */
#include <linux/completion.h>
#include <linux/sched.h>
#include <linux/workqueue.h>

#include "context.h"
#include "pool_check.h"
#include "suites.h"
#include "verbs_pool.h"

#define LIMIT	1024	/* pages; a block of the highest order takes all of it */

/* ---- a concurrent request ---- */

/*
 * In front of a pool's source: delay the request of one task until another task meets the
 * limit. One pool at a time.
 */
static struct {
	struct page *(*get)(struct chunk_source *source, gfp_t gfp, unsigned int order, int nid);
	struct slabmod_pool *pool;
	struct task_struct *task;
	struct work_struct work;
	struct completion entered;
	unsigned long refused;		/* requests refused before */
	bool grant;
	bool grow;			/* the task adds a chunk, and allocates no block */
	void *block;			/* of the task */
} gate;

static unsigned long limit_refused(struct chunk_source *source)
{
	return stat_sum(source->stats, EVENT_LIMIT_REFUSED);
}

static struct page *gate_get(struct chunk_source *source, gfp_t gfp, unsigned int order, int nid)
{
	if (current != READ_ONCE(gate.task))
		return gate.get(source, gfp, order, nid);
	complete(&gate.entered);
	while (limit_refused(source) == gate.refused)
		schedule_timeout_uninterruptible(1);
	return gate.grant ? gate.get(source, gfp, order, nid) : NULL;
}

static void gate_work(struct work_struct *work)
{
	WRITE_ONCE(gate.task, current);
	if (gate.grow)
		buddy_add_chunk(gate.pool->buddies, numa_mem_id(), SLABMOD_MAX_ORDER, GFP_KERNEL);
	else
		gate.block = block_alloc("gate", gate.pool, numa_mem_id(), LIMIT,
					 GFP_KERNEL | __GFP_NORETRY);
	WRITE_ONCE(gate.task, NULL);
}

/*
 * Return when the task's request for the whole limit is charged and delayed. Then a chunk is
 * added, for any request, or the request fails.
 */
static void gate_begin(struct slabmod_pool *pool, bool grant)
{
	gate.pool = pool;
	gate.get = pool->source.alloc;
	gate.grant = grant;
	gate.grow = grant;
	gate.refused = limit_refused(&pool->source);
	gate.block = NULL;
	init_completion(&gate.entered);
	pool->source.alloc = gate_get;
	INIT_WORK(&gate.work, gate_work);
	queue_work(system_unbound_wq, &gate.work);
	wait_for_completion(&gate.entered);
}

static void gate_end(void)
{
	flush_work(&gate.work);
	if (gate.block)
		block_free(gate.block);
	gate.pool->source.alloc = gate.get;
}

static const gfp_t sleeping[] = { GFP_KERNEL, GFP_NOFS, GFP_KERNEL | __GFP_NOFAIL };

/* The limit can be used as a whole, and is still enforced. */
static void expect_end_of_limit(struct kunit *test, struct slabmod_pool *pool)
{
	void *block = block_alloc("test", pool, numa_mem_id(), LIMIT, GFP_KERNEL);

	KUNIT_EXPECT_NOT_NULL(test, block);
	KUNIT_EXPECT_NULL(test, block_alloc("test", pool, numa_mem_id(), 1,
					    GFP_KERNEL | __GFP_NOFAIL));
	if (block)
		block_free(block);
}

static void expect_page_beside(struct kunit *test, bool grant)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sleeping); i++) {
		struct slabmod_pool *pool = kit_pool_create(test, LIMIT);
		void *page;

		gate_begin(pool, grant);
		page = block_alloc("test", pool, numa_mem_id(), 1, sleeping[i]);
		gate_end();
		KUNIT_EXPECT_NOT_NULL_MSG(test, page, "GFP %#x", (__force u32)sleeping[i]);
		if (page)
			block_free(page);
		expect_end_of_limit(test, pool);
		kit_pool_destroy(test, pool, 0);
	}
}

/* For a charge that fails, and for a chunk that the other task adds. */
static void test_request_waits_for_another_task(struct kunit *test)
{
	expect_page_beside(test, false);
	expect_page_beside(test, true);
}

/* The slab of an object is requested in more than one size. */
static void test_object_waits_for_a_charge_that_fails(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, LIMIT);
	struct slabmod_cache *cache = kit_cache_in(test, pool, "sleeping", 192, 0);
	void *object;

	gate_begin(pool, false);
	object = slabmod_cache_alloc(cache, GFP_KERNEL | __GFP_NOFAIL);
	gate_end();
	KUNIT_EXPECT_NOT_NULL(test, object);
	slabmod_cache_free(cache, object);
}

/* ---- free memory of the pool ---- */

#define OBJECTS	500

struct spread {
	struct slabmod_cache *cache;
	void *objects[OBJECTS];
	void *block;
	gfp_t gfp;
};

static void alloc_and_free(void *arg)
{
	struct spread *spread = arg;

	kit_free_n(spread->cache, spread->objects,
		   kit_alloc_all(spread->cache, spread->objects, OBJECTS, GFP_KERNEL));
}

static void alloc_limit(void *arg)
{
	struct spread *spread = arg;

	spread->block = block_alloc("test", spread->cache->pool, NUMA_NO_NODE, LIMIT, spread->gfp);
}

/* All memory of the pool is free, in the magazines and homes of all CPUs. */
static struct spread *spread_out(struct kunit *test, struct slabmod_pool *pool)
{
	struct spread *spread = kit_zalloc(test, sizeof(*spread));
	unsigned int n;

	spread->gfp = GFP_KERNEL;
	spread->cache = kit_cache_in(test, pool, "spread", 256, 0);
	for (n = 0; n < num_online_cpus(); n++)
		kit_run_on(n, alloc_and_free, spread);
	KUNIT_EXPECT_GT(test, magazine_count(spread->cache), 0);
	KUNIT_EXPECT_EQ(test, cache_used(spread->cache), 0);
	return spread;
}

static void expect_limit(struct kunit *test, struct spread *spread)
{
	KUNIT_EXPECT_NOT_NULL(test, spread->block);
	if (spread->block)
		block_free(spread->block);
	spread->block = NULL;
}

static void test_block_of_the_whole_limit(struct kunit *test)
{
	static const gfp_t kinds[] = { GFP_KERNEL, GFP_NOIO, GFP_KERNEL | __GFP_NORETRY };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct spread *spread = spread_out(test, kit_pool_create(test, LIMIT));

		spread->gfp = kinds[i];
		alloc_limit(spread);
		expect_limit(test, spread);
		KUNIT_EXPECT_TRUE(test, pool_check(spread->cache->pool));
	}
}

/* They hold all pages of the limit. */
static void test_magazines_of_another_cache_are_reclaimed(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, 4);
	struct slabmod_cache *one = kit_cache_in(test, pool, "one", 4096, 0);
	struct slabmod_cache *two = kit_cache_in(test, pool, "two", 2048, 0);
	void *object, *pages[4];

	kit_alloc_n(test, one, pages, 4);
	slabmod_cache_free_bulk(one, 4, pages);
	KUNIT_EXPECT_EQ(test, magazine_count(one), 4);
	object = slabmod_cache_alloc(two, GFP_KERNEL | __GFP_NOFAIL);
	KUNIT_EXPECT_NOT_NULL(test, object);
	slabmod_cache_free(two, object);
}

static void test_magazine_of_another_cpu_is_reclaimed(struct kunit *test)
{
	static const unsigned int flags[] = { 0, SLABMOD_ISOLATED };
	void *objects[4], *object;
	unsigned int i;

	kit_need_cpus(test, 2);
	context_pin(0);
	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		struct slabmod_cache *cache = kit_cache_in(test, kit_pool_create(test, 4), "far",
							   4096, flags[i]);

		kit_alloc_on(1, test, cache, objects, 4);
		kit_free_on(1, cache, objects, 4);
		KUNIT_EXPECT_EQ(test, magazine_count(cache), 4);
		object = slabmod_cache_alloc(cache, GFP_KERNEL);
		KUNIT_EXPECT_NOT_NULL(test, object);
		slabmod_cache_free(cache, object);
	}
}

/* Calling other CPUs needs interrupts, and waiting for them a caller that may sleep. */
static void test_atomic_requests_drain_no_magazines(struct kunit *test)
{
	struct spread *spread = spread_out(test, kit_pool_create(test, LIMIT));
	unsigned long before = magazine_count(spread->cache);

	spread->gfp = GFP_ATOMIC;
	context_irqs_off(alloc_limit, spread);
	KUNIT_EXPECT_NULL(test, spread->block);
	context_hardirq(alloc_limit, spread);
	KUNIT_EXPECT_NULL(test, spread->block);
	spread->gfp = GFP_NOWAIT;
	alloc_limit(spread);
	KUNIT_EXPECT_NULL(test, spread->block);
	KUNIT_EXPECT_EQ(test, magazine_count(spread->cache), before);
}

static void alloc_once(struct slabmod_cache *cache, void *arg)
{
	struct spread *spread = arg;

	if (cache == spread->cache)
		alloc_limit(spread);
}

/* The kernel's reclaim may call slabmod during a call of slabmod. */
static void test_reclaim_works_while_the_list_of_caches_is_locked(struct kunit *test)
{
	struct spread *spread = spread_out(test, kit_pool_create(test, LIMIT));

	cache_walk(spread->cache->pool, alloc_once, spread);
	expect_limit(test, spread);
}

static void test_exhausted_limit_returns_null(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, 64);
	struct slabmod_cache *cache = kit_cache_in(test, pool, "used", 4096, 0);
	unsigned int all = 64 * (PAGE_SIZE / 4096);
	void **objects = kit_array(test, all + 1);

	KUNIT_EXPECT_EQ(test, kit_alloc_all(cache, objects, all + 1, GFP_KERNEL), all);
	KUNIT_EXPECT_NULL(test, slabmod_cache_alloc(cache, GFP_KERNEL | __GFP_NOFAIL));
	KUNIT_EXPECT_NULL(test, block_alloc("test", pool, NUMA_NO_NODE, 2,
					    GFP_KERNEL | __GFP_NOFAIL));
	slabmod_cache_free_bulk(cache, all, objects);
}

static struct kunit_case limit_cases[] = {
	KUNIT_CASE(test_request_waits_for_another_task),
	KUNIT_CASE(test_object_waits_for_a_charge_that_fails),
	KUNIT_CASE(test_block_of_the_whole_limit),
	KUNIT_CASE(test_magazines_of_another_cache_are_reclaimed),
	KUNIT_CASE(test_magazine_of_another_cpu_is_reclaimed),
	KUNIT_CASE(test_atomic_requests_drain_no_magazines),
	KUNIT_CASE(test_reclaim_works_while_the_list_of_caches_is_locked),
	KUNIT_CASE(test_exhausted_limit_returns_null),
	{}
};

struct kunit_suite limit_suite = {
	.name = "limit",
	KIT_SUITE_HOOKS,
	.test_cases = limit_cases,
};
