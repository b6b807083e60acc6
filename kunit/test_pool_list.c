// SPDX-License-Identifier: GPL-2.0
/*
 * test_pool_list.c - slabmod_pool_create(): the reserve is allocated at once and stays, the limit
 * is never exceeded, memory is of the requested node and zone, and nothing is lost.
 *
 * Pages come from the kernel, through a watch that checks the requests of a pool and can
 * refuse them.
 */
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/sizes.h>

#include "buddy_age.h"
#include "context.h"
#include "home.h"
#include "home_walk.h"
#include "pool_check.h"
#include "root.h"
#include "source.h"
#include "suites.h"
#include "verbs_pool.h"

#define MIN_PAGES	(SLABMOD_POOL_MIN_LIMIT >> PAGE_SHIFT)

/* Stands between the pools of a test and the kernel. */
static struct {
	bool refuses;
	gfp_t wanted;			/* flags that each request is to have */
	atomic_long_t without;		/* requests that had not */
	atomic_long_t pages, most;	/* of the kernel, and their peak */
} pools_watch;

static struct slabmod_usage usage_of(struct slabmod_pool *pool)
{
	struct slabmod_usage usage;

	slabmod_pool_usage(pool, &usage);
	return usage;
}

static unsigned long pages_of(struct slabmod_pool *pool)
{
	struct slabmod_usage usage = usage_of(pool);

	return (usage.held - usage.metadata) >> PAGE_SHIFT;
}

static unsigned long counted(struct slabmod_pool *pool, enum stat_id which)
{
	return stat_sum(pool->source.stats, which);
}

/* ---- the watch ---- */

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

/* A pool that is watched once it is there. Ends with unmake_pool(), or with the test. */
static struct slabmod_pool *make_pool_with(struct kunit *test, const char *name,
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
	cache_walk(pool, keep_small, NULL);
	return pool;
}

/* The same with a reserve and a limit, in pages. */
static struct slabmod_pool *make_pool(struct kunit *test, const char *name, unsigned long reserve,
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

static void unmake_pool(struct kunit *test, struct slabmod_pool *pool)
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
		/* The limit is asked where the kernel may be. */
		if (CONTEXT_PAGES_ANYWHERE)
			KUNIT_EXPECT_GT(test, counted(pool, EVENT_LIMIT_REFUSED), 0);
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
		cache_walk(pool, age_cache, NULL);
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

	/* Elsewhere this zone may have all memory. */
	if (!IS_ENABLED(CONFIG_ZONE_DMA) || !IS_ENABLED(CONFIG_X86))
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
	KUNIT_EXPECT_EQ(test, counted(pool, EVENT_ALLOC_FAIL), ++refusals->failed);
	KUNIT_EXPECT_GT(test, counted(pool, EVENT_LIMIT_REFUSED), refusals->refused);
	refusals->refused = counted(pool, EVENT_LIMIT_REFUSED);
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
	KUNIT_EXPECT_EQ(test, counted(pool, EVENT_ALLOC_FAIL), 1);
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
	void **objects = kit_array(test, 1000);
	unsigned int nr = 0;

	while (nr < 1000 && (objects[nr] = slabmod_cache_alloc(cache, GFP_KERNEL)))
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
		unsigned long squeezed = counted(pool, EVENT_SQUEEZE);

		hoard_empty_slabs(test, cache);
		KUNIT_EXPECT_EQ(test, atomic_runs(test, pool, order, 100), MIN_PAGES >> order);
		KUNIT_EXPECT_GT(test, counted(pool, EVENT_SQUEEZE), squeezed);
		KUNIT_EXPECT_EQ(test, home_totals(cache).slabs, 0);
		slabmod_pool_shrink(pool);
	}
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(cache), 0);
	unmake_pool(test, pool);
}

/* A block that they cannot make does not cost all of them. */
static void test_empty_slabs_stay_if_there_is_a_new_chunk(struct kunit *test)
{
	struct slabmod_pool *pool = make_pool(test, "roomy", 0, 4ul << CHUNK_MAX_ORDER);
	struct slabmod_cache *cache;
	unsigned long block, squeezed;

	cache = slabmod_pool_cache_create(pool, "hoarder", PAGE_SIZE / 4, 0, 0, NULL);
	KUNIT_ASSERT_NOT_NULL(test, cache);
	keep_small(cache, NULL);
	context_pin(0);
	hoard_empty_slabs(test, cache);
	squeezed = counted(pool, EVENT_SQUEEZE);
	block = slabmod_pool_get_free_pages(pool, GFP_KERNEL, CHUNK_MAX_ORDER);
	KUNIT_EXPECT_NE(test, block, 0);
	KUNIT_EXPECT_GT(test, counted(pool, EVENT_SQUEEZE), squeezed);
	KUNIT_EXPECT_GT(test, home_totals(cache).slabs, 0);
	slabmod_pool_free_pages(pool, block, CHUNK_MAX_ORDER);
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(cache), 0);
	unmake_pool(test, pool);
}

/* ---- memory ---- */

static void expect_good_memory(struct kunit *test, struct slabmod_pool *pool, size_t size)
{
	struct piece piece;
	void *p = kit_pool_kmalloc(test, pool, size), *again;

	KUNIT_EXPECT_PTR_EQ(test, pool_of(chunk_of(p)), pool);
	KUNIT_EXPECT_GE(test, slabmod_ksize(p), size);
	KUNIT_EXPECT_EQ(test, usage_of(pool).used, slabmod_ksize(p));
	if (is_power_of_2(size))
		KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)p, min(size, PAGE_SIZE)));
	piece_fill(&piece, p, size, size);
	again = slabmod_pool_kzalloc(pool, size, GFP_KERNEL);
	KUNIT_EXPECT_TRUE(test, piece_intact(&piece));
	slabmod_pool_kfree(pool, p);
	KUNIT_ASSERT_NOT_NULL(test, again);
	KUNIT_EXPECT_FALSE(test, memchr_inv(again, 0, size));
	slabmod_pool_kfree(pool, again);
	/* Reused memory is cleared. */
	again = slabmod_pool_kzalloc(pool, size, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, again);
	KUNIT_EXPECT_FALSE(test, memchr_inv(again, 0, size));
	/* The call that names no pool frees it, too. */
	KIT_EXPECT_NO_MISUSE(test, slabmod_kfree(again));
	KUNIT_EXPECT_EQ(test, usage_of(pool).used, 0);
}

static void test_memory_of_a_pool(struct kunit *test)
{
	static const size_t sizes[] = {
		1, 8, 16, 100, 1000, 1024, 4096, 5000, SZ_32K, SZ_32K + 1, SZ_64K, SZ_1M,
	};
	struct slabmod_pool *pool = make_pool(test, "good", 0, 0);
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		expect_good_memory(test, pool, sizes[i]);
	KUNIT_EXPECT_PTR_EQ(test, slabmod_pool_kmalloc(pool, 0, GFP_KERNEL), ZERO_SIZE_PTR);
	KIT_EXPECT_NO_MISUSE(test, slabmod_pool_kfree(pool, ZERO_SIZE_PTR);
			     slabmod_pool_kfree(pool, NULL); slabmod_pool_free_pages(pool, 0, 3));
	unmake_pool(test, pool);
}

static void test_pools_share_neither_memory_nor_caches(struct kunit *test)
{
	struct slabmod_pool *one = make_pool(test, "one", 64, 0);
	struct slabmod_pool *two = make_pool(test, "two", 64, 0);
	struct slabmod_cache *caches[2];
	struct slabmod_usage before = usage_of(two);
	void *p = kit_pool_kmalloc(test, one, 100);

	KUNIT_EXPECT_EQ(test, usage_of(one).used, slabmod_ksize(p));
	KUNIT_EXPECT_EQ(test, usage_of(two).used, 0);
	KUNIT_EXPECT_EQ(test, usage_of(two).held, before.held);
	/* Pools may have caches of the same name. */
	caches[0] = slabmod_pool_cache_create(one, "same", 100, 0, 0, NULL);
	caches[1] = slabmod_pool_cache_create(two, "same", 100, 0, 0, NULL);
	KUNIT_ASSERT_NOT_NULL(test, caches[0]);
	KUNIT_ASSERT_NOT_NULL(test, caches[1]);
	KUNIT_EXPECT_PTR_NE(test, caches[0], caches[1]);
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(caches[1]), 0);
	/* A pool may be destroyed before another. */
	unmake_pool(test, two);
	slabmod_pool_kfree(one, p);
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(caches[0]), 0);
	unmake_pool(test, one);
}

/* ---- nodes and zones ---- */

#define BELONGINGS	6

/* One of each kind of memory. */
struct belongings {
	struct slabmod_pool *pool;
	struct slabmod_cache *cache;
	void *p[BELONGINGS];
};

static void alloc_belongings(void *arg)
{
	struct belongings *b = arg;

	b->p[0] = slabmod_pool_kmalloc(b->pool, 64, GFP_KERNEL);
	b->p[1] = slabmod_pool_kmalloc(b->pool, 5000, GFP_ATOMIC);
	b->p[2] = slabmod_pool_kmalloc(b->pool, 100000, GFP_KERNEL);
	b->p[3] = (void *)slabmod_pool_get_free_pages(b->pool, GFP_KERNEL, 0);
	b->p[4] = (void *)slabmod_pool_get_free_pages(b->pool, GFP_ATOMIC, 4);
	b->p[5] = slabmod_cache_alloc(b->cache, GFP_KERNEL);
}

static void free_belongings(void *arg)
{
	struct belongings *b = arg;

	slabmod_pool_kfree(b->pool, b->p[0]);
	slabmod_pool_kfree(b->pool, b->p[1]);
	slabmod_pool_kfree(b->pool, b->p[2]);
	slabmod_pool_free_pages(b->pool, (unsigned long)b->p[3], 0);
	slabmod_pool_free_pages(b->pool, (unsigned long)b->p[4], 4);
	slabmod_cache_free(b->cache, b->p[5]);
}

/* Allocate on each CPU, check all memory, and free it on another CPU. */
static void expect_place(struct kunit *test, const struct slabmod_pool_params *params,
			 bool (*in_place)(const void *p, const struct slabmod_pool_params *params))
{
	struct belongings b = { .pool = make_pool_with(test, "bound", params) };
	unsigned int cpus = num_online_cpus(), n, round;
	void *p;
	int i;

	pools_watch.wanted = params->zone;
	b.cache = slabmod_pool_cache_create(b.pool, "of-a-place", 200, 0, 0, NULL);
	KUNIT_ASSERT_NOT_NULL(test, b.cache);
	for (round = 0; round < 10 * cpus; round++) {
		n = round % cpus;
		kit_run_on(n, alloc_belongings, &b);
		for (i = 0; i < BELONGINGS; i++) {
			KUNIT_ASSERT_NOT_NULL(test, b.p[i]);
			KUNIT_EXPECT_TRUE(test, in_place(b.p[i], params));
		}
		kit_run_on((n + cpus / 2) % cpus, free_belongings, &b);
	}
	/* More than the reserve. */
	p = kit_pool_kmalloc(test, b.pool, SZ_1M);
	KUNIT_EXPECT_TRUE(test, in_place(p, params));
	slabmod_pool_kfree(b.pool, p);
	for_each_online_node(i)
		if (params->node != NUMA_NO_NODE && i != params->node)
			KUNIT_EXPECT_TRUE(test, list_empty(&b.pool->buddies[i].chunks));
	KUNIT_EXPECT_EQ(test, atomic_long_read(&pools_watch.without), 0);
	KUNIT_EXPECT_GT(test, atomic_long_read(&pools_watch.most), 0);
	KUNIT_EXPECT_EQ(test, usage_of(b.pool).used, 0);
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(b.cache), 0);
	unmake_pool(test, b.pool);
}

static bool on_node(const void *p, const struct slabmod_pool_params *params)
{
	return kit_node(p) == params->node;
}

static bool in_zone(const void *p, const struct slabmod_pool_params *params)
{
	return page_zonenum(virt_to_page(p)) <= gfp_zone(params->zone);
}

static void test_pool_of_a_node(struct kunit *test)
{
	struct slabmod_pool_params params = { .reserve_bytes = SZ_512K };

	for_each_online_node(params.node)
		expect_place(test, &params, on_node);
}

static void test_pool_of_a_full_node_fails(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, 4096);
	struct slabmod_cache *cache = kit_cache_in(test, pool, "of-a-node", 200, 0);
	int full = first_online_node, nid;

	kit_need_nodes(test);
	pool->source.nid = full;
	pool->source.reserve = 100;
	kit_source.full_nodes = BIT(full);
	KUNIT_EXPECT_FALSE(test, pool_reserve(pool));
	KUNIT_EXPECT_NULL(test, block_alloc("test", pool, NUMA_NO_NODE, 5, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, slabmod_cache_alloc(cache, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, kit_source.pages, 0);
	kit_source_reset();
	KUNIT_EXPECT_TRUE(test, pool_reserve(pool));
	for_each_online_node(nid)
		KUNIT_EXPECT_EQ(test, pool->buddies[nid].free_pages, nid == full ? 100 : 0);
}

static void test_pool_of_a_zone(struct kunit *test)
{
	struct slabmod_pool_params params = { .reserve_bytes = SZ_256K, .node = NUMA_NO_NODE };

	params.zone = GFP_DMA32;
	expect_place(test, &params, in_zone);
	params.zone = GFP_DMA;
	expect_place(test, &params, in_zone);
}

/* ---- parameters ---- */

static const struct bad_params {
	enum misuse kind;
	const char *text;
	struct slabmod_pool_params params;
} bad_params[] = {
	{ MISUSE_BAD_POOL, "is above the limit",
	  { .reserve_bytes = SZ_1M + 1, .limit_bytes = SZ_1M, .node = NUMA_NO_NODE } },
	{ MISUSE_BAD_POOL, "is above the limit",
	  { .reserve_bytes = SZ_1M, .limit_bytes = SZ_1M - 1, .node = NUMA_NO_NODE } },
	/* One is rounded up, the other down. */
	{ MISUSE_BAD_POOL, "is above the limit",
	  { .reserve_bytes = SZ_1M - 2, .limit_bytes = SZ_1M - 1, .node = NUMA_NO_NODE } },
	{ MISUSE_BAD_POOL, "the reserve", { .reserve_bytes = SIZE_MAX, .node = NUMA_NO_NODE } },
	{ MISUSE_BAD_POOL, "the reserve",
	  { .reserve_bytes = SIZE_MAX, .limit_bytes = SZ_1M, .node = NUMA_NO_NODE } },
	{ MISUSE_BAD_POOL, "a limit of", { .limit_bytes = 1, .node = NUMA_NO_NODE } },
	{ MISUSE_BAD_POOL, "a limit of",
	  { .limit_bytes = SLABMOD_POOL_MIN_LIMIT - 1, .node = NUMA_NO_NODE } },
	{ MISUSE_BAD_NODE, "no node", { .node = MAX_NUMNODES } },
	{ MISUSE_BAD_NODE, "no node", { .node = INT_MAX } },
	{ MISUSE_BAD_NODE, "no node", { .node = NUMA_NO_NODE - 1 } },
	{ MISUSE_BAD_POOL, "GFP_DMA32", { .zone = GFP_KERNEL, .node = NUMA_NO_NODE } },
	{ MISUSE_BAD_POOL, "GFP_DMA32", { .zone = __GFP_HIGHMEM, .node = NUMA_NO_NODE } },
	{ MISUSE_BAD_POOL, "GFP_DMA32", { .zone = GFP_DMA | GFP_DMA32, .node = NUMA_NO_NODE } },
	{ MISUSE_BAD_POOL, "GFP_DMA32", { .zone = GFP_DMA | __GFP_ZERO, .node = NUMA_NO_NODE } },
};

static void test_pools_with_impossible_properties_are_refused(struct kunit *test)
{
	struct slabmod_pool_params params = SLABMOD_POOL_PARAMS_INIT;
	struct slabmod_pool *pool = NULL;
	int i;

	for (i = 0; i < ARRAY_SIZE(bad_params); i++) {
		KIT_EXPECT_MISUSE(test, bad_params[i].kind, bad_params[i].text,
				  pool = slabmod_pool_create("bad", &bad_params[i].params));
		KUNIT_EXPECT_NULL_MSG(test, pool, "number %d", i);
	}
	/* The limits of what is accepted. */
	params.limit_bytes = SLABMOD_POOL_MIN_LIMIT;
	params.reserve_bytes = SLABMOD_POOL_MIN_LIMIT;
	params.node = first_online_node;
	KIT_EXPECT_NO_MISUSE(test, pool = make_pool_with(test, "bad", &params));
	unmake_pool(test, pool);
}

static void test_pools_with_bad_names_are_refused(struct kunit *test)
{
	static const char longest[] = "a-name-of-thirty-one-characters";
	static const char *const names[] = {
		NULL, "", ".hidden", "two words", "a/b", "tab\t", "new\nline", "\x7f",
		"a-name-of-thirty-two-characters-", "\nforged", "\033[31mforged", "\23331mforged",
		"forged\r", "\tforged", "\177forged",
	};
	struct slabmod_pool_params params = SLABMOD_POOL_PARAMS_INIT;
	struct slabmod_pool *pool = NULL;
	int i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		KIT_EXPECT_MISUSE(test, MISUSE_BAD_POOL, "a name must have",
				  pool = slabmod_pool_create(names[i], &params));
		KUNIT_EXPECT_NULL_MSG(test, pool, "number %d", i);
		KUNIT_EXPECT_EQ(test, kit_captured("forged"), 0);
	}
	KUNIT_ASSERT_EQ(test, strlen(longest), SLABMOD_POOL_NAME_MAX);
	pool = make_pool(test, longest, 0, 0);
	KUNIT_EXPECT_STREQ(test, pool->name, longest);
	unmake_pool(test, pool);
}

static void test_pool_names_are_unique(struct kunit *test)
{
	struct slabmod_pool_params params = SLABMOD_POOL_PARAMS_INIT;
	struct slabmod_pool *pool = make_pool(test, "only", 10, 0), *second = NULL;

	KIT_EXPECT_MISUSE(test, MISUSE_NAME_TAKEN, "only: a pool of this name",
			  second = slabmod_pool_create("only", &params));
	KUNIT_EXPECT_NULL(test, second);
	KIT_EXPECT_MISUSE(test, MISUSE_NAME_TAKEN, root_pool->name,
			  second = slabmod_pool_create(root_pool->name, &params));
	KUNIT_EXPECT_NULL(test, second);
	KUNIT_EXPECT_EQ(test, pages_of(pool), 10);
	unmake_pool(test, pool);
	KIT_EXPECT_NO_MISUSE(test, pool = make_pool(test, "only", 10, 0));
	unmake_pool(test, pool);
}

/* ---- destroy ---- */

static void expect_busy(struct kunit *test, struct slabmod_pool *pool, const char *text)
{
	int err = 0;

	KIT_EXPECT_MISUSE(test, MISUSE_POOL_BUSY, text, err = slabmod_pool_destroy(pool));
	KUNIT_EXPECT_EQ(test, err, -EBUSY);
	KUNIT_EXPECT_TRUE(test, pool_check(pool));
}

static void test_pool_in_use_is_not_destroyed(struct kunit *test)
{
	struct slabmod_pool *pool = make_pool(test, "busy", 64, 0);
	struct slabmod_cache *cache = slabmod_pool_cache_create(pool, "busy-bee", 40, 0, 0, NULL);
	unsigned long page, block;
	struct piece pieces[3];
	void *object;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, cache);
	expect_busy(test, pool, "busy: destroyed with 1 caches, 0 live objects, 0 pages");
	KUNIT_EXPECT_EQ(test, kit_captured("cache busy-bee, 0 live objects"), 1);
	KUNIT_EXPECT_GE(test, pages_of(pool), 64);
	object = kit_alloc(test, cache);
	expect_busy(test, pool, "busy: destroyed with 1 caches, 1 live objects, 0 pages");
	KUNIT_EXPECT_EQ(test, kit_captured("busy-bee object "), 1);
	slabmod_cache_free(cache, object);
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(cache), 0);

	for (i = 0; i < 3; i++)
		piece_fill(&pieces[i], kit_pool_kmalloc(test, pool, 100), 100, i);
	expect_busy(test, pool, "busy: destroyed with 0 caches, 3 live objects, 0 pages");
	KUNIT_EXPECT_EQ(test, kit_captured("cache kmalloc-112, 3 live objects"), 1);
	KUNIT_EXPECT_EQ(test, kit_captured("kmalloc-112 object "), 3);
	KUNIT_EXPECT_EQ(test, kit_captured("slabmod:   cache "), 1);
	/* The pool can still be used. */
	slabmod_pool_kfree(pool, kit_pool_kmalloc(test, pool, 3000));
	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_TRUE(test, piece_intact(&pieces[i]));
		slabmod_pool_kfree(pool, pieces[i].memory);
	}

	page = slabmod_pool_get_free_pages(pool, GFP_KERNEL, 0);
	block = slabmod_pool_get_free_pages(pool, GFP_KERNEL, 5);
	KUNIT_ASSERT_TRUE(test, page && block);
	expect_busy(test, pool, "busy: destroyed with 0 caches, 0 live objects, 33 pages");
	KUNIT_EXPECT_EQ(test, kit_captured("cache pages-0, 1 live objects"), 1);
	KIT_EXPECT_NO_MISUSE(test, slabmod_pool_free_pages(pool, page, 0));
	expect_busy(test, pool, "busy: destroyed with 0 caches, 0 live objects, 32 pages");
	KIT_EXPECT_NO_MISUSE(test, slabmod_free_pages(block, 5));
	unmake_pool(test, pool);
}

static void test_root_pool_is_not_destroyed(struct kunit *test)
{
	int err = 0;

	KIT_EXPECT_MISUSE(test, MISUSE_BAD_POOL, "root", err = slabmod_pool_destroy(root_pool));
	KUNIT_EXPECT_EQ(test, err, -EBUSY);
	KIT_EXPECT_NO_MISUSE(test, err = slabmod_pool_destroy(NULL));
	KUNIT_EXPECT_EQ(test, err, 0);
	KUNIT_EXPECT_TRUE(test, root_check());
}

/* ---- memory of another pool ---- */

static void test_pool_refuses_memory_of_other_pools(struct kunit *test)
{
	struct slabmod_pool *mine = make_pool(test, "mine", 0, 0);
	struct slabmod_pool *yours = make_pool(test, "yours", 0, 0);
	static const char *const text = "belongs to pool yours, not to mine";
	struct belongings b = { .pool = yours };
	void *p = slabmod_kmalloc(64, GFP_KERNEL);
	size_t used;
	int i;

	b.cache = slabmod_pool_cache_create(yours, "your-own", 200, 0, 0, NULL);
	KUNIT_ASSERT_NOT_NULL(test, b.cache);
	alloc_belongings(&b);
	used = usage_of(yours).used;
	for (i = 0; i < 3; i++)
		KIT_EXPECT_MISUSE(test, MISUSE_WRONG_POOL, text, slabmod_pool_kfree(mine, b.p[i]));
	KIT_EXPECT_MISUSE(test, MISUSE_WRONG_POOL, text, slabmod_pool_kfree(mine, b.p[5]));
	KIT_EXPECT_MISUSE(test, MISUSE_WRONG_POOL, text,
			  slabmod_pool_free_pages(mine, (unsigned long)b.p[3], 0));
	KIT_EXPECT_MISUSE(test, MISUSE_WRONG_POOL, text,
			  slabmod_pool_free_pages(mine, (unsigned long)b.p[4], 4));
	KIT_EXPECT_MISUSE(test, MISUSE_WRONG_POOL, "belongs to pool root, not to mine",
			  slabmod_pool_kfree(mine, p));
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_FREE, "kfree", slabmod_pool_kfree(mine, &used));
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_FREE, "free_pages",
			  slabmod_pool_free_pages(mine, (unsigned long)&used & PAGE_MASK, 0));
	KUNIT_EXPECT_EQ(test, usage_of(yours).used, used);
	KUNIT_EXPECT_EQ(test, usage_of(mine).used, 0);
	KIT_EXPECT_NO_MISUSE(test, free_belongings(&b); slabmod_kfree(p));
	KUNIT_EXPECT_EQ(test, usage_of(yours).used, 0);
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(b.cache), 0);
	unmake_pool(test, mine);
	unmake_pool(test, yours);
}

static struct kunit_case pools_cases[] = {
	KUNIT_CASE(test_new_pool_has_its_reserve),
	KUNIT_CASE(test_reserve_serves_atomic_requests),
	KUNIT_CASE(test_reserve_stays),
	KUNIT_CASE(test_reserve_in_fragmented_memory),
	KUNIT_CASE(test_pool_without_its_reserve_is_not_created),
	KUNIT_CASE(test_request_above_the_limit_is_refused_and_counted),
	KUNIT_CASE(test_empty_slabs_of_one_cache_serve_another),
	KUNIT_CASE(test_empty_slabs_stay_if_there_is_a_new_chunk),
	KUNIT_CASE(test_memory_of_a_pool),
	KUNIT_CASE(test_pools_share_neither_memory_nor_caches),
	KUNIT_CASE(test_pool_of_a_node),
	KUNIT_CASE(test_pool_of_a_full_node_fails),
	KUNIT_CASE(test_pool_of_a_zone),
	KUNIT_CASE(test_pools_with_impossible_properties_are_refused),
	KUNIT_CASE(test_pools_with_bad_names_are_refused),
	KUNIT_CASE(test_pool_names_are_unique),
	KUNIT_CASE(test_pool_in_use_is_not_destroyed),
	KUNIT_CASE(test_root_pool_is_not_destroyed),
	KUNIT_CASE(test_pool_refuses_memory_of_other_pools),
	{}
};

struct kunit_suite pools_suite = {
	.name = "pools",
	.init = pools_init,
	.exit = pools_exit,
	.test_cases = pools_cases,
};
