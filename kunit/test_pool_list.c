// SPDX-License-Identifier: GPL-2.0
/*
 * test_pool_list.c - slabmod_pool_create(): the reserve is allocated at once and stays, the limit
 * is never exceeded, memory is of the requested node and zone, and nothing is lost.
 *
 * Pages come from the kernel, through a watch that checks the requests of a pool and can
 * refuse them.
 */
#include "buddy_age.h"
#include "home_walk.h"
#include "pool_check.h"
#include "source.h"
#include "suites.h"
#include "test_pool_list.h"

/* ---- the watch ---- */

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

/* While magazines are resized, objects in the old ones cannot be allocated. */
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
	/* The worker must not prefill. */
	pool->source.kick_worker = NULL;
	cache_for_each(pool, keep_small, NULL);
	return pool;
}

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

	/* Of a test that was aborted. */
	for (i = 0; i < ARRAY_SIZE(made); i++)
		slabmod_pool_destroy(made[i]);
	memset(made, 0, sizeof(made));
	kit_exit(test);
}

/* ---- all pages of a pool ---- */

struct haul {
	struct slabmod_pool *pool;
	unsigned int order, max, nr;
	unsigned long *runs;
};

static void alloc_runs(void *arg)
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

/* Count the runs that atomic requests can allocate, up to @max; then free them. */
static unsigned int atomic_runs(struct kunit *test, struct slabmod_pool *pool,
				unsigned int order, unsigned int max)
{
	struct haul haul = { .pool = pool, .order = order, .max = max };
	unsigned int i;

	haul.runs = kunit_kcalloc(test, max, sizeof(*haul.runs), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, haul.runs);
	context_irqs_off(alloc_runs, &haul);
	KUNIT_EXPECT_EQ(test, usage_of(pool).used, (size_t)haul.nr << order << PAGE_SHIFT);
	for (i = 0; i < haul.nr; i++) {
		KUNIT_EXPECT_EQ(test, *(unsigned long *)haul.runs[i], haul.runs[i]);
		slabmod_pool_free_pages(pool, haul.runs[i], order);
	}
	return haul.nr;
}

/* ---- the reserve ---- */

/* Powers of two and others; less and more than the first chunk. */
static const unsigned int reserves[] = { 1, 37, MIN_PAGES, 101, 333, 1024 };

static void test_new_pool_has_its_reserve(struct kunit *test)
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

/* Without the kernel's pages, and with the reserve as the limit. */
static void test_reserve_serves_atomic_requests(struct kunit *test)
{
	struct slabmod_pool *pool;
	int i;

	context_pin(0);
	for (i = 0; i < ARRAY_SIZE(reserves); i++) {
		pool = make_pool(test, "reserved", reserves[i], 0);
		pools_watch.refuses = true;
		KUNIT_EXPECT_EQ(test, atomic_runs(test, pool, 0, 2000), reserves[i]);
		slabmod_pool_shrink(pool);
		KUNIT_EXPECT_EQ(test, atomic_runs(test, pool, 0, 2000), reserves[i]);
		unmake_pool(test, pool);
		if (reserves[i] < MIN_PAGES)
			continue;
		pool = make_pool(test, "reserved", reserves[i], reserves[i]);
		KUNIT_EXPECT_EQ(test, atomic_runs(test, pool, 0, 2000), reserves[i]);
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
	KUNIT_EXPECT_GE(test, atomic_runs(test, pool, 0, 4000), reserve);
	KUNIT_EXPECT_TRUE(test, pool_check(pool));
	pools_watch.refuses = false;
}

static void test_reserve_stays(struct kunit *test)
{
	const unsigned int reserve = 333;
	struct slabmod_pool *pool = make_pool(test, "stays", reserve, 0);

	context_pin(0);
	KUNIT_EXPECT_EQ(test, slabmod_pool_shrink(pool), 0);
	expect_reserve(test, pool, reserve);
	age(pool);
	expect_reserve(test, pool, reserve);
	/* Allocate more, as chunks of all sizes. */
	atomic_runs(test, pool, 0, 3 * reserve);
	atomic_runs(test, pool, 6, 60);
	slabmod_pool_shrink(pool);
	expect_reserve(test, pool, reserve);
	atomic_runs(test, pool, 8, 20);
	age(pool);
	expect_reserve(test, pool, reserve);
	unmake_pool(test, pool);
}

static void test_reserve_in_fragmented_memory(struct kunit *test)
{
	void **blocks = kit_array(test, 334);
	unsigned int order, nr;

	for (order = 0; order < 10; order += 3) {
		struct slabmod_pool *pool = kit_pool_create(test, 4096);

		pool->source.reserve = 333;
		kit_source.max_order = order;
		KUNIT_EXPECT_TRUE(test, pool_reserve(pool));
		KUNIT_EXPECT_EQ(test, kit_source.pages, 333);
		kit_source.fail_all = true;
		for (nr = 0; nr < 334; nr++) {
			blocks[nr] = block_alloc("kit", pool, NUMA_NO_NODE, 1, GFP_NOWAIT);
			if (!blocks[nr])
				break;
		}
		KUNIT_EXPECT_EQ(test, nr, 333);
		while (nr)
			kit_block_free(blocks[--nr]);
		pool_shrink(pool);
		KUNIT_EXPECT_EQ(test, kit_source.pages, 333);
		kit_source_reset();
		kit_pool_destroy(test, pool, 0);
	}
}

static void test_pool_without_its_reserve_is_not_created(struct kunit *test)
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
	/* More than the zone has. The name can be used again. */
	KIT_EXPECT_NO_MISUSE(test, pool = slabmod_pool_create("vain", &params));
	KUNIT_EXPECT_NULL(test, pool);
	unmake_pool(test, make_pool(test, "vain", 1, 0));
}

/* ---- the limit ---- */

/* Counters of a pool. */
struct refusals {
	struct kunit *test;
	struct slabmod_pool *pool;
	unsigned long failed, refused;
};

/* Expect that the request for @what failed, and was counted. */
static void expect_refused(struct refusals *refusals, void *what)
{
	struct slabmod_pool *pool = refusals->pool;
	struct kunit *test = refusals->test;

	KUNIT_EXPECT_NULL(test, what);
	KUNIT_EXPECT_EQ(test, counted(pool, STAT_ALLOC_FAIL), ++refusals->failed);
	KUNIT_EXPECT_GT(test, counted(pool, STAT_LIMIT_REFUSED), refusals->refused);
	refusals->refused = counted(pool, STAT_LIMIT_REFUSED);
}

static void test_request_above_the_limit_is_refused_and_counted(struct kunit *test)
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
	alloc_runs(&haul);
	KUNIT_EXPECT_EQ(test, haul.nr, 100);
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
	/* Freed pages can be allocated again in other sizes. */
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
	void **objects = kit_array(test, 300);
	unsigned int nr = 0;

	while (nr < 300 && (objects[nr] = slabmod_cache_alloc(cache, GFP_KERNEL)))
		nr++;
	slabmod_cache_free_bulk(cache, nr, objects);
	magazine_drain_all(cache);
	KUNIT_ASSERT_GT(test, home_totals(cache).slabs, 0);
	KUNIT_ASSERT_EQ(test, home_totals(cache).inuse, 0);
}

static void test_empty_slabs_of_one_cache_serve_another(struct kunit *test)
{
	struct slabmod_pool *pool = make_pool(test, "squeezed", MIN_PAGES, MIN_PAGES);
	struct slabmod_cache *cache;
	unsigned int order;

	cache = slabmod_pool_cache_create(pool, "hoarder", 1024, 0, 0, NULL);
	KUNIT_ASSERT_NOT_NULL(test, cache);
	keep_small(cache, NULL);
	context_pin(0);
	/* Of a cache, and as blocks. */
	for (order = 0; order <= 4; order += 2) {
		unsigned long squeezed = counted(pool, STAT_SQUEEZE);

		hoard_empty_slabs(test, cache);
		KUNIT_EXPECT_EQ(test, atomic_runs(test, pool, order, 100), MIN_PAGES >> order);
		KUNIT_EXPECT_GT(test, counted(pool, STAT_SQUEEZE), squeezed);
		KUNIT_EXPECT_EQ(test, home_totals(cache).slabs, 0);
		slabmod_pool_shrink(pool);
	}
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(cache), 0);
	unmake_pool(test, pool);
}

static struct kunit_case pools_cases[] = {
	KUNIT_CASE(test_new_pool_has_its_reserve),
	KUNIT_CASE(test_reserve_serves_atomic_requests),
	KUNIT_CASE(test_reserve_stays),
	KUNIT_CASE(test_reserve_in_fragmented_memory),
	KUNIT_CASE(test_pool_without_its_reserve_is_not_created),
	KUNIT_CASE(test_request_above_the_limit_is_refused_and_counted),
	KUNIT_CASE(test_empty_slabs_of_one_cache_serve_another),
	POOL_LIST_APART_CASES(KIT_CASE)
	{}
};

struct kunit_suite pools_suite = {
	.name = "pools",
	.init = pools_init,
	.exit = pools_exit,
	.test_cases = pools_cases,
};
