// SPDX-License-Identifier: GPL-2.0
/*
 * test_pools.c - what slabmod_pool_create() promises: a reserve that is there from the
 * beginning and stays, a limit that is never passed, a node and a zone, and an end that
 * loses nothing.
 *
 * Pages come from the kernel itself, but for a watchman before it who looks at what a
 * pool asks for, and refuses when he is told to.
 */
#include "block.h"
#include "buddy.h"
#include "buddy_age.h"
#include "cache_list.h"
#include "home_walk.h"
#include "magazine_set.h"
#include "model.h"
#include "pool_check.h"
#include "source.h"
#include "suites.h"
#include "test_pools.h"

/* ---- the watchman ---- */

struct pools_watch pools_watch;

static struct page *watch_get(struct chunk_source *source, gfp_t gfp, unsigned int order, int nid)
{
	struct page *page = NULL;

	if ((gfp & pools_watch.wanted) != pools_watch.wanted)
		atomic_long_inc(&pools_watch.without);
	if (!READ_ONCE(pools_watch.refuses))
		page = kernel_source.alloc(source, gfp, order, nid);
	if (page)
		update_peak(&pools_watch.most,
			    atomic_long_add_return(1l << order, &pools_watch.pages));
	return page;
}

static void watch_put(struct chunk_source *source, struct page *page, unsigned int order)
{
	atomic_long_sub(1l << order, &pools_watch.pages);
	kernel_source.free(source, page, order);
}

/* ---- pools of a test ---- */

static struct slabmod_pool *made[4];

/* While magazines are exchanged for larger ones, what is in the old ones cannot be had. */
static void keep_small(struct slabmod_cache *cache, void *arg)
{
	cache->capacity_max = cache->capacity;
}

struct slabmod_pool *make_pool_with(struct kunit *test, const char *name,
				    const struct slabmod_pool_params *params)
{
	struct slabmod_pool *pool = slabmod_pool_create(name, params);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, pool);
	for (i = 0; made[i]; i++)
		KUNIT_ASSERT_LT(test, i + 1, ARRAY_SIZE(made));
	made[i] = pool;
	atomic_long_set(&pools_watch.pages, atomic_long_read(&pool->source.held));
	atomic_long_set(&pools_watch.most, 0);
	pool->source.alloc = watch_get;
	pool->source.free = watch_put;
	/* Nor is more to come of what the worker does meanwhile. */
	pool->source.kick_worker = NULL;
	cache_for_each(pool, keep_small, NULL);
	return pool;
}

/* A pool of pages: so many that stay, and so many at the most. */
struct slabmod_pool *make_pool(struct kunit *test, const char *name, unsigned long reserve,
			       unsigned long limit)
{
	struct slabmod_pool_params params = SLABMOD_POOL_PARAMS_INIT;

	params.reserve_bytes = reserve << PAGE_SHIFT;
	params.limit_bytes = limit << PAGE_SHIFT;
	return make_pool_with(test, name, &params);
}

static void forget(struct slabmod_pool *pool)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(made); i++)
		if (made[i] == pool)
			made[i] = NULL;
}

void unmake_pool(struct kunit *test, struct slabmod_pool *pool)
{
	int nid;

	for_each_online_node(nid)
		pool->buddies[nid].low = false;
	KUNIT_EXPECT_TRUE(test, pool_check(pool));
	pools_watch.refuses = false;
	forget(pool);
	KIT_EXPECT_NO_MISUSE(test, KUNIT_EXPECT_EQ(test, slabmod_pool_destroy(pool), 0));
}

static int pools_init(struct kunit *test)
{
	pools_watch.refuses = false;
	pools_watch.wanted = 0;
	atomic_long_set(&pools_watch.without, 0);
	return kit_init(test);
}

static void pools_exit(struct kunit *test)
{
	int i;

	/* Those of a test that was given up. */
	for (i = 0; i < ARRAY_SIZE(made); i++)
		slabmod_pool_destroy(made[i]);
	memset(made, 0, sizeof(made));
	kit_exit(test);
}

/* ---- all that a pool has, page by page ---- */

struct haul {
	struct slabmod_pool *pool;
	unsigned int order, max, nr;
	unsigned long *runs;
};

static void take_all(void *arg)
{
	struct haul *haul = arg;

	while (haul->nr < haul->max) {
		unsigned long run;

		run = slabmod_pool_get_free_pages(haul->pool, GFP_ATOMIC, haul->order);
		if (!run)
			return;
		*(unsigned long *)run = run;
		haul->runs[haul->nr++] = run;
	}
}

/* How many runs who may not sleep can have, up to @max; they are given back. */
static unsigned int runs_to_be_had(struct kunit *test, struct slabmod_pool *pool,
				   unsigned int order, unsigned int max)
{
	struct haul haul = { .pool = pool, .order = order, .max = max };
	unsigned int i;

	haul.runs = kunit_kcalloc(test, max, sizeof(*haul.runs), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, haul.runs);
	context_irqs_off(take_all, &haul);
	KUNIT_EXPECT_EQ(test, usage_of(pool).used, (size_t)haul.nr << order << PAGE_SHIFT);
	for (i = 0; i < haul.nr; i++) {
		KUNIT_EXPECT_EQ(test, *(unsigned long *)haul.runs[i], haul.runs[i]);
		slabmod_pool_free_pages(pool, haul.runs[i], order);
	}
	return haul.nr;
}

/* ---- the reserve ---- */

/* What is a run, what is none, and what is less or more than the first chunk. */
static const unsigned int reserves[] = { 1, 37, MIN_PAGES, 101, 333, 1024 };

static void test_reserve_is_there_from_the_beginning(struct kunit *test)
{
	struct slabmod_pool_params params = SLABMOD_POOL_PARAMS_INIT;
	int i;

	for (i = 0; i < ARRAY_SIZE(reserves); i++) {
		struct slabmod_pool *pool = make_pool(test, "reserved", reserves[i], 0);
		struct slabmod_usage usage = usage_of(pool);

		KUNIT_EXPECT_EQ(test, pages_of(pool), reserves[i]);
		KUNIT_EXPECT_EQ(test, usage.free_in_buddy, (size_t)reserves[i] << PAGE_SHIFT);
		KUNIT_EXPECT_EQ(test, usage.used + usage.free_in_slabs + usage.in_magazines, 0);
		unmake_pool(test, pool);
	}
	/* Bytes are rounded up. */
	params.reserve_bytes = 9 * PAGE_SIZE + 1;
	KUNIT_EXPECT_EQ(test, pages_of(make_pool_with(test, "rounded", &params)), 10);
}

static void test_reserve_serves_who_may_not_sleep_when_the_kernel_has_nothing(struct kunit *test)
{
	int i;

	context_pin(0);
	for (i = 0; i < ARRAY_SIZE(reserves); i++) {
		struct slabmod_pool *pool = make_pool(test, "reserved", reserves[i], 0);

		pools_watch.refuses = true;
		KUNIT_EXPECT_EQ(test, runs_to_be_had(test, pool, 0, 2000), reserves[i]);
		/* By other sizes as well: what lies in magazines is another's. */
		slabmod_pool_shrink(pool);
		KUNIT_EXPECT_EQ(test, runs_to_be_had(test, pool, 0, 2000), reserves[i]);
		unmake_pool(test, pool);
	}
}

static void test_reserve_that_is_the_limit_is_all_there_is(struct kunit *test)
{
	int i;

	context_pin(0);
	for (i = 0; i < ARRAY_SIZE(reserves); i++) {
		struct slabmod_pool *pool;

		if (reserves[i] < MIN_PAGES)
			continue;
		pool = make_pool(test, "reserved", reserves[i], reserves[i]);
		KUNIT_EXPECT_EQ(test, runs_to_be_had(test, pool, 0, 2000), reserves[i]);
		KUNIT_EXPECT_EQ(test, pages_of(pool), reserves[i]);
		KUNIT_EXPECT_EQ(test, atomic_long_read(&pool->source.peak), reserves[i]);
		KUNIT_EXPECT_GT(test, counted(pool, STAT_LIMIT_REFUSED), 0);
		unmake_pool(test, pool);
	}
}

static void age_cache(struct slabmod_cache *cache, void *arg)
{
	home_age(cache);
}

static void age(struct slabmod_pool *pool)
{
	int nid, i;

	for (i = 0; i < 4; i++) {
		cache_for_each(pool, age_cache, NULL);
		for_each_online_node(nid)
			buddy_age(&pool->buddies[nid]);
	}
}

static void expect_reserve(struct kunit *test, struct slabmod_pool *pool, unsigned int reserve)
{
	KUNIT_EXPECT_GE(test, pages_of(pool), reserve);
	pools_watch.refuses = true;
	KUNIT_EXPECT_GE(test, runs_to_be_had(test, pool, 0, 4000), reserve);
	KUNIT_EXPECT_TRUE(test, pool_check(pool));
	pools_watch.refuses = false;
}

static void test_reserve_stays_whatever_is_given_back(struct kunit *test)
{
	const unsigned int reserve = 333;
	struct slabmod_pool *pool = make_pool(test, "stays", reserve, 0);

	context_pin(0);
	KUNIT_EXPECT_EQ(test, slabmod_pool_shrink(pool), 0);
	expect_reserve(test, pool, reserve);
	age(pool);
	expect_reserve(test, pool, reserve);
	/* Use of more than that, in pages and in runs, brings chunks of all sizes. */
	runs_to_be_had(test, pool, 0, 3 * reserve);
	runs_to_be_had(test, pool, 6, 60);
	slabmod_pool_shrink(pool);
	expect_reserve(test, pool, reserve);
	runs_to_be_had(test, pool, 8, 20);
	age(pool);
	expect_reserve(test, pool, reserve);
	unmake_pool(test, pool);
}

static void take_block(void *arg)
{
	struct haul *haul = arg;
	void *block;

	while (haul->nr < haul->max) {
		block = block_alloc("test", haul->pool, NUMA_NO_NODE, 1, GFP_ATOMIC);
		if (!block)
			return;
		haul->runs[haul->nr++] = (unsigned long)block;
	}
}

static void test_reserve_is_made_of_what_runs_there_are(struct kunit *test)
{
	struct haul haul = { .max = 400 };
	unsigned int order;

	haul.runs = kunit_kcalloc(test, haul.max, sizeof(*haul.runs), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, haul.runs);
	for (order = 0; order < 10; order += 3) {
		haul.pool = kit_pool_create(test, 4096);
		haul.pool->source.reserve = 333;
		kit_source.max_order = order;
		KUNIT_EXPECT_TRUE(test, pool_reserve(haul.pool));
		KUNIT_EXPECT_EQ(test, kit_source.pages, 333);
		kit_source.fail_all = true;
		haul.nr = 0;
		context_irqs_off(take_block, &haul);
		KUNIT_EXPECT_EQ(test, haul.nr, 333);
		while (haul.nr)
			block_free(chunk_frame((void *)haul.runs[--haul.nr]));
		pool_shrink(haul.pool);
		KUNIT_EXPECT_EQ(test, kit_source.pages, 333);
		kit_source_reset();
		kit_pool_destroy(test, haul.pool, 0);
	}
}

static void test_reserve_that_cannot_be_had_makes_no_pool(struct kunit *test)
{
	struct slabmod_pool_params params = { .reserve_bytes = SZ_64M, .zone = GFP_DMA,
					      .node = NUMA_NO_NODE };
	struct slabmod_pool *pool = kit_pool_create(test, 4096);

	pool->source.reserve = 300;
	kit_source.fail_after = 2;
	KUNIT_EXPECT_FALSE(test, pool_reserve(pool));
	KUNIT_EXPECT_LT(test, kit_source.pages, 300);
	kit_pool_destroy(test, pool, 0);
	KUNIT_EXPECT_EQ(test, kit_source.pages, 0);

	if (!IS_ENABLED(CONFIG_ZONE_DMA))
		return;
	/* More than the whole zone is, and the name is free afterwards. */
	KIT_EXPECT_NO_MISUSE(test, pool = slabmod_pool_create("vain", &params));
	KUNIT_EXPECT_NULL(test, pool);
	unmake_pool(test, make_pool(test, "vain", 1, 0));
}

/* ---- the limit ---- */

struct pool_model {
	struct model model;
	struct slabmod_pool *pool;
	unsigned long above;		/* how often more than the limit was held */
};

static void *model_take(struct model *model, struct rnd_state *rnd, gfp_t gfp, size_t *size)
{
	struct pool_model *pm = container_of(model, struct pool_model, model);
	struct chunk_source *source = &pm->pool->source;
	void *p;

	*size = kit_random(rnd, 10) ? 8 + kit_random(rnd, 6000) : 40000 + kit_random(rnd, 40000);
	p = slabmod_pool_kmalloc(pm->pool, *size, gfp);
	pm->above += atomic_long_read(&source->held) > source->limit;
	return p;
}

static void model_give(struct model *model, void *memory, size_t size)
{
	struct pool_model *pm = container_of(model, struct pool_model, model);

	slabmod_pool_kfree(pm->pool, memory);
}

static void test_limit_is_never_passed_whoever_asks(struct kunit *test)
{
	/* Less than one thread alone wants; with a reserve, and without. */
	static const unsigned int limited_reserves[] = { 0, 101, 300 };
	int i;

	for (i = 0; i < ARRAY_SIZE(limited_reserves); i++) {
		struct pool_model pm = {
			.model = { .alloc = model_take, .free = model_give, .test = test },
			.pool = make_pool(test, "limited", limited_reserves[i], 300),
		};

		model_run_on_cpus(&pm.model, 1500);
		KUNIT_EXPECT_GT_MSG(test, pm.model.failed, 0, "the limit was never reached");
		KUNIT_EXPECT_EQ(test, pm.model.wrong, 0);
		KUNIT_EXPECT_EQ(test, pm.above, 0);
		KUNIT_EXPECT_LE(test, atomic_long_read(&pm.pool->source.peak), 300);
		KUNIT_EXPECT_LE(test, atomic_long_read(&pools_watch.most), 300);
		KUNIT_EXPECT_EQ(test, usage_of(pm.pool).used, 0);
		slabmod_pool_shrink(pm.pool);
		KUNIT_EXPECT_GE(test, pages_of(pm.pool), limited_reserves[i]);
		KUNIT_EXPECT_EQ(test, atomic_long_read(&pools_watch.pages), pages_of(pm.pool));
		unmake_pool(test, pm.pool);
	}
}

/* What a pool has counted up to now. */
struct refusals {
	struct kunit *test;
	struct slabmod_pool *pool;
	unsigned long failed, refused;
};

/* Expects that @what was asked for in vain, and that the pool has counted that. */
static void expect_refused(struct refusals *refusals, void *what)
{
	struct slabmod_pool *pool = refusals->pool;
	struct kunit *test = refusals->test;

	KUNIT_EXPECT_NULL(test, what);
	KUNIT_EXPECT_EQ(test, counted(pool, STAT_ALLOC_FAIL), ++refusals->failed);
	KUNIT_EXPECT_GT(test, counted(pool, STAT_LIMIT_REFUSED), refusals->refused);
	refusals->refused = counted(pool, STAT_LIMIT_REFUSED);
}

static void test_request_beyond_the_limit_is_refused_and_counted(struct kunit *test)
{
	struct slabmod_pool *pool = make_pool(test, "refusing", 0, 100);
	struct refusals refusals = { .test = test, .pool = pool };
	struct haul haul = { .pool = pool, .max = 101 };
	struct slabmod_cache *cache;
	unsigned int order;
	void *p;

	haul.runs = kunit_kcalloc(test, haul.max, sizeof(*haul.runs), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, haul.runs);
	cache = slabmod_pool_cache_create(pool, "refused", 72, 0, 0, NULL);
	KUNIT_ASSERT_NOT_NULL(test, cache);
	take_all(&haul);
	KUNIT_EXPECT_EQ(test, haul.nr, 100);
	/* The last page was one too many. */
	KUNIT_EXPECT_EQ(test, counted(pool, STAT_ALLOC_FAIL), 1);
	refusals.failed = 1;
	expect_refused(&refusals, slabmod_pool_kmalloc(pool, 64, GFP_KERNEL));
	expect_refused(&refusals, slabmod_pool_kzalloc(pool, 3000, GFP_ATOMIC));
	expect_refused(&refusals, slabmod_pool_kmalloc(pool, 100000, GFP_KERNEL));
	for (order = 0; order <= 6; order += 3)
		expect_refused(&refusals,
			       (void *)slabmod_pool_get_free_pages(pool, GFP_KERNEL, order));
	expect_refused(&refusals, slabmod_cache_alloc(cache, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, pages_of(pool), 100);
	/* What comes back can be had again, as something else too. */
	while (haul.nr)
		slabmod_pool_free_pages(pool, haul.runs[--haul.nr], 0);
	slabmod_pool_shrink(pool);
	p = slabmod_pool_kmalloc(pool, 100000, GFP_KERNEL);
	KUNIT_EXPECT_NOT_NULL(test, p);
	slabmod_pool_kfree(pool, p);
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(cache), 0);
	unmake_pool(test, pool);
}

static void hoard_empty_slabs(struct kunit *test, struct slabmod_cache *cache)
{
	void **objects = kunit_kcalloc(test, 300, sizeof(*objects), GFP_KERNEL);
	unsigned int nr = 0;

	KUNIT_ASSERT_NOT_NULL(test, objects);
	while (nr < 300 && (objects[nr] = slabmod_cache_alloc(cache, GFP_KERNEL)))
		nr++;
	slabmod_cache_free_bulk(cache, nr, objects);
	magazine_drain_all(cache);
	KUNIT_ASSERT_GT(test, home_totals(cache).slabs, 0);
	KUNIT_ASSERT_EQ(test, home_totals(cache).inuse, 0);
}

static void test_what_one_cache_keeps_empty_serves_another(struct kunit *test)
{
	struct slabmod_pool *pool = make_pool(test, "squeezed", MIN_PAGES, MIN_PAGES);
	struct slabmod_cache *cache;
	unsigned int order;

	cache = slabmod_pool_cache_create(pool, "hoarder", 1024, 0, 0, NULL);
	KUNIT_ASSERT_NOT_NULL(test, cache);
	keep_small(cache, NULL);
	context_pin(0);
	/* The pages of a cache, and blocks. */
	for (order = 0; order <= 4; order += 2) {
		unsigned long squeezed = counted(pool, STAT_SQUEEZE);

		hoard_empty_slabs(test, cache);
		KUNIT_EXPECT_EQ(test, runs_to_be_had(test, pool, order, 100), MIN_PAGES >> order);
		KUNIT_EXPECT_GT(test, counted(pool, STAT_SQUEEZE), squeezed);
		KUNIT_EXPECT_EQ(test, home_totals(cache).slabs, 0);
		slabmod_pool_shrink(pool);
	}
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(cache), 0);
	unmake_pool(test, pool);
}

static struct kunit_case pools_cases[] = {
	KUNIT_CASE(test_reserve_is_there_from_the_beginning),
	KUNIT_CASE(test_reserve_serves_who_may_not_sleep_when_the_kernel_has_nothing),
	KUNIT_CASE(test_reserve_that_is_the_limit_is_all_there_is),
	KUNIT_CASE(test_reserve_stays_whatever_is_given_back),
	KUNIT_CASE(test_reserve_is_made_of_what_runs_there_are),
	KUNIT_CASE(test_reserve_that_cannot_be_had_makes_no_pool),
	KUNIT_CASE(test_limit_is_never_passed_whoever_asks),
	KUNIT_CASE(test_request_beyond_the_limit_is_refused_and_counted),
	KUNIT_CASE(test_what_one_cache_keeps_empty_serves_another),
	KUNIT_CASE(test_memory_of_a_pool_is_as_good_as_any),
	KUNIT_CASE(test_pools_share_neither_memory_nor_caches),
	KUNIT_CASE(test_pool_of_a_node_has_memory_of_that_node_alone),
	KUNIT_CASE(test_full_node_gives_nothing_and_no_other_does),
	KUNIT_CASE(test_pool_of_a_zone_asks_for_it_and_gets_it),
	KUNIT_CASE(test_pools_with_impossible_properties_are_refused),
	KUNIT_CASE(test_pools_with_bad_names_are_refused),
	KUNIT_CASE(test_second_pool_of_a_name_is_refused_until_the_first_is_gone),
	KUNIT_CASE(test_pool_that_has_a_cache_is_not_destroyed),
	KUNIT_CASE(test_pool_that_has_live_objects_is_not_destroyed),
	KUNIT_CASE(test_pool_that_has_pages_in_use_is_not_destroyed),
	KUNIT_CASE(test_root_pool_is_not_destroyed),
	KUNIT_CASE(test_pool_does_not_free_what_is_anothers),
	{}
};

struct kunit_suite pools_suite = {
	.name = "pools",
	.init = pools_init,
	.exit = pools_exit,
	.test_cases = pools_cases,
};
