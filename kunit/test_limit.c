// SPDX-License-Identifier: GPL-2.0
/*
 * test_limit.c - what a request gets that the limit of its pool is in the way of: all
 * that is free in the pool, wherever it lies, and what others asked for and did not get.
 */
#include <linux/completion.h>
#include <linux/sched.h>
#include <linux/workqueue.h>

#include <slabmod/slabmod.h>

#include "block.h"
#include "buddy.h"
#include "cache.h"
#include "cache_list.h"
#include "chunk.h"
#include "context.h"
#include "kit.h"
#include "magazine_set.h"
#include "pool_check.h"
#include "suites.h"

#define LIMIT	1024	/* pages; a block of the highest order takes all of it */

/* ---- a request that is on its way to the kernel meanwhile ---- */

/*
 * Stands before a pool's own source and holds up what one task asks for, until another
 * task has met the limit. One pool at a time.
 */
static struct {
	struct page *(*get)(struct chunk_source *source, gfp_t gfp, unsigned int order, int nid);
	struct slabmod_pool *pool;
	struct task_struct *task;
	struct work_struct work;
	struct completion entered;
	unsigned long refused;		/* requests that the limit refused before */
	bool grant;
	bool grow;			/* the task takes a chunk for later, and no block */
	void *block;			/* what it got */
} gate;

static unsigned long limit_refused(struct chunk_source *source)
{
	return stat_sum(source->stats, STAT_LIMIT_REFUSED);
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
 * Returns when the task's request for all of the limit has been charged, and is held up. In
 * the end it gets it, for anybody, or nothing.
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
		block_free(chunk_frame(gate.block));
	gate.pool->source.alloc = gate.get;
}

static const gfp_t patient[] = { GFP_KERNEL, GFP_NOFS, GFP_KERNEL | __GFP_NOFAIL };

/* Let all that wait go on. */
static void expect_end_of_limit(struct kunit *test, struct slabmod_pool *pool)
{
	void *block = block_alloc("test", pool, numa_mem_id(), LIMIT, GFP_KERNEL);

	KUNIT_EXPECT_NOT_NULL(test, block);
	KUNIT_EXPECT_NULL(test, block_alloc("test", pool, numa_mem_id(), 1,
					    GFP_KERNEL | __GFP_NOFAIL));
	if (block)
		block_free(chunk_frame(block));
}

static void expect_page_beside(struct kunit *test, bool grant)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(patient); i++) {
		struct slabmod_pool *pool = kit_pool_create(test, LIMIT);
		void *page;

		gate_begin(pool, grant);
		page = block_alloc("test", pool, numa_mem_id(), 1, patient[i]);
		gate_end();
		KUNIT_EXPECT_NOT_NULL_MSG(test, page, "GFP %#x", (__force u32)patient[i]);
		if (page)
			block_free(chunk_frame(page));
		expect_end_of_limit(test, pool);
		kit_pool_destroy(test, pool, 0);
	}
}

/* All of the limit is charged for what the kernel then does not give. */
static void test_request_outlasts_a_charge_that_comes_to_nothing(struct kunit *test)
{
	expect_page_beside(test, false);
}

/* All of the limit becomes a chunk that is for anybody. */
static void test_request_is_served_from_the_chunk_that_another_waits_for(struct kunit *test)
{
	expect_page_beside(test, true);
}

/* The same for an object, whose slab is tried for in more than one size. */
static void test_object_outlasts_a_charge_that_comes_to_nothing(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, LIMIT);
	struct slabmod_cache *cache = cache_create(pool, "patient", 192, 0, 0, NULL, THIS_MODULE);
	void *object;

	KUNIT_ASSERT_NOT_NULL(test, cache);
	gate_begin(pool, false);
	object = slabmod_cache_alloc(cache, GFP_KERNEL | __GFP_NOFAIL);
	gate_end();
	KUNIT_EXPECT_NOT_NULL(test, object);
	slabmod_cache_free(cache, object);
}

/* ---- what is free in the pool already ---- */

#define OBJECTS	500

struct spread {
	struct slabmod_cache *cache;
	void *objects[OBJECTS];
	void *block;
	gfp_t gfp;
};

static void take_and_give(void *arg)
{
	struct spread *spread = arg;
	unsigned int nr = 0;

	while (nr < OBJECTS && (spread->objects[nr] = slabmod_cache_alloc(spread->cache,
									  GFP_KERNEL)))
		nr++;
	slabmod_cache_free_bulk(spread->cache, nr, spread->objects);
}

static void take_limit(void *arg)
{
	struct spread *spread = arg;

	spread->block = block_alloc("test", spread->cache->pool, NUMA_NO_NODE, LIMIT, spread->gfp);
}

/* A pool in which everything is free, but in the magazines and homes of all CPUs. */
static struct spread *spread_out(struct kunit *test, struct slabmod_pool *pool)
{
	struct spread *spread = kunit_kzalloc(test, sizeof(*spread), GFP_KERNEL);
	unsigned int n;

	KUNIT_ASSERT_NOT_NULL(test, spread);
	spread->gfp = GFP_KERNEL;
	spread->cache = cache_create(pool, "spread", 256, 0, 0, NULL, THIS_MODULE);
	KUNIT_ASSERT_NOT_NULL(test, spread->cache);
	for (n = 0; n < num_online_cpus(); n++)
		kit_run_on(n, take_and_give, spread);
	KUNIT_EXPECT_GT(test, magazine_count(spread->cache), 0);
	KUNIT_EXPECT_EQ(test, cache_used(spread->cache), 0);
	return spread;
}

static void expect_limit(struct kunit *test, struct spread *spread)
{
	KUNIT_EXPECT_NOT_NULL(test, spread->block);
	if (spread->block)
		block_free(chunk_frame(spread->block));
	spread->block = NULL;
}

static void test_all_of_the_limit_serves_a_block_when_nothing_is_in_use(struct kunit *test)
{
	static const gfp_t kinds[] = { GFP_KERNEL, GFP_NOIO, GFP_KERNEL | __GFP_NORETRY };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct spread *spread = spread_out(test, kit_pool_create(test, LIMIT));

		spread->gfp = kinds[i];
		take_limit(spread);
		expect_limit(test, spread);
		KUNIT_EXPECT_TRUE(test, pool_check(spread->cache->pool));
	}
}

/* As callers have it: a page and its free, then all there may be. */
static void test_page_that_was_freed_is_in_no_ones_way(struct kunit *test)
{
	struct slabmod_pool_params params = SLABMOD_POOL_PARAMS_INIT;
	struct slabmod_pool *pool;
	unsigned long page;

	params.limit_bytes = LIMIT << PAGE_SHIFT;
	pool = slabmod_pool_create("limit", &params);
	KUNIT_ASSERT_NOT_NULL(test, pool);
	page = slabmod_pool_get_free_pages(pool, GFP_KERNEL, 0);
	KUNIT_EXPECT_NE(test, page, 0);
	slabmod_pool_free_pages(pool, page, 0);
	page = slabmod_pool_get_free_pages(pool, GFP_KERNEL, SLABMOD_MAX_ORDER);
	KUNIT_EXPECT_NE(test, page, 0);
	slabmod_pool_free_pages(pool, page, SLABMOD_MAX_ORDER);
	KUNIT_EXPECT_EQ(test, slabmod_pool_destroy(pool), 0);
}

/* Objects of one cache, while another has all pages, and only in magazines. */
static void test_object_is_had_of_what_another_cache_has_in_magazines(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, 4);
	struct slabmod_cache *one = cache_create(pool, "one", 4096, 0, 0, NULL, THIS_MODULE);
	struct slabmod_cache *two = cache_create(pool, "two", 2048, 0, 0, NULL, THIS_MODULE);
	void *object, *pages[4];
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, one);
	KUNIT_ASSERT_NOT_NULL(test, two);
	for (i = 0; i < 4; i++) {
		pages[i] = slabmod_cache_alloc(one, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, pages[i]);
	}
	slabmod_cache_free_bulk(one, 4, pages);
	KUNIT_EXPECT_EQ(test, magazine_count(one), 4);
	object = slabmod_cache_alloc(two, GFP_KERNEL | __GFP_NOFAIL);
	KUNIT_EXPECT_NOT_NULL(test, object);
	slabmod_cache_free(two, object);
}

struct far_objects {
	struct slabmod_cache *cache;
	void *objects[4];
};

static void take_far(void *arg)
{
	struct far_objects *far = arg;
	unsigned int i;

	for (i = 0; i < 4; i++)
		far->objects[i] = slabmod_cache_alloc(far->cache, GFP_KERNEL);
}

static void give_far(void *arg)
{
	struct far_objects *far = arg;

	slabmod_cache_free_bulk(far->cache, 4, far->objects);
}

/* Of one cache, while another CPU's magazine has all of its objects. */
static void test_object_is_had_of_what_another_cpu_has(struct kunit *test)
{
	static const unsigned int flags[] = { 0, SLABMOD_ISOLATED };
	unsigned int i;

	if (num_online_cpus() < 2)
		kunit_skip(test, "there is one CPU");
	context_pin(0);
	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		struct slabmod_pool *pool = kit_pool_create(test, 4);
		struct far_objects far;
		void *object;

		far.cache = cache_create(pool, "far", 4096, 0, flags[i], NULL, THIS_MODULE);
		KUNIT_ASSERT_NOT_NULL(test, far.cache);
		kit_run_on(1, take_far, &far);
		KUNIT_ASSERT_NOT_NULL(test, far.objects[3]);
		kit_run_on(1, give_far, &far);
		KUNIT_EXPECT_EQ(test, magazine_count(far.cache), 4);
		object = slabmod_cache_alloc(far.cache, GFP_KERNEL);
		KUNIT_EXPECT_NOT_NULL(test, object);
		slabmod_cache_free(far.cache, object);
	}
}

/* To call on other CPUs takes interrupts, and to wait for them a caller that may. */
static void test_who_may_not_sleep_drains_nobody(struct kunit *test)
{
	struct spread *spread = spread_out(test, kit_pool_create(test, LIMIT));
	unsigned long before = magazine_count(spread->cache);

	spread->gfp = GFP_ATOMIC;
	context_irqs_off(take_limit, spread);
	KUNIT_EXPECT_NULL(test, spread->block);
	context_hardirq(take_limit, spread);
	KUNIT_EXPECT_NULL(test, spread->block);
	spread->gfp = GFP_NOWAIT;
	take_limit(spread);
	KUNIT_EXPECT_NULL(test, spread->block);
	KUNIT_EXPECT_EQ(test, magazine_count(spread->cache), before);
}

static void take_once(struct slabmod_cache *cache, void *arg)
{
	struct spread *spread = arg;

	if (cache == spread->cache)
		take_limit(spread);
}

/* As when the kernel's reclaim comes to a caller of slabmod, amid one of its own calls. */
static void test_pool_is_drained_while_the_list_of_caches_is_locked(struct kunit *test)
{
	struct spread *spread = spread_out(test, kit_pool_create(test, LIMIT));

	cache_for_each(spread->cache->pool, take_once, spread);
	expect_limit(test, spread);
}

static void test_limit_that_is_in_use_gives_null(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, 64);
	struct slabmod_cache *cache = cache_create(pool, "used", 4096, 0, 0, NULL, THIS_MODULE);
	void **pages = kunit_kcalloc(test, 65, sizeof(*pages), GFP_KERNEL);
	unsigned int nr = 0;

	KUNIT_ASSERT_NOT_NULL(test, cache);
	KUNIT_ASSERT_NOT_NULL(test, pages);
	while (nr < 65 && (pages[nr] = slabmod_cache_alloc(cache, GFP_KERNEL)))
		nr++;
	KUNIT_EXPECT_EQ(test, nr, 64);
	KUNIT_EXPECT_NULL(test, slabmod_cache_alloc(cache, GFP_KERNEL | __GFP_NOFAIL));
	KUNIT_EXPECT_NULL(test, block_alloc("test", pool, NUMA_NO_NODE, 2,
					    GFP_KERNEL | __GFP_NOFAIL));
	slabmod_cache_free_bulk(cache, nr, pages);
}

static struct kunit_case limit_cases[] = {
	KUNIT_CASE(test_request_outlasts_a_charge_that_comes_to_nothing),
	KUNIT_CASE(test_request_is_served_from_the_chunk_that_another_waits_for),
	KUNIT_CASE(test_object_outlasts_a_charge_that_comes_to_nothing),
	KUNIT_CASE(test_all_of_the_limit_serves_a_block_when_nothing_is_in_use),
	KUNIT_CASE(test_page_that_was_freed_is_in_no_ones_way),
	KUNIT_CASE(test_object_is_had_of_what_another_cache_has_in_magazines),
	KUNIT_CASE(test_object_is_had_of_what_another_cpu_has),
	KUNIT_CASE(test_who_may_not_sleep_drains_nobody),
	KUNIT_CASE(test_pool_is_drained_while_the_list_of_caches_is_locked),
	KUNIT_CASE(test_limit_that_is_in_use_gives_null),
	{}
};

struct kunit_suite limit_suite = {
	.name = "limit",
	KIT_SUITE_HOOKS,
	.test_cases = limit_cases,
};
