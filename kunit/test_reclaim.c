// SPDX-License-Identifier: GPL-2.0
/*
 * test_reclaim.c - unused memory is freed with time, exactly what was not used; pages are allocated
 * ahead of atomic requests; and the kernel's shrinker gets what is free.
 *
 * Most tests call what the worker calls, on pools and caches that are in no list.
 */
#include <linux/log2.h>
#include <linux/nodemask.h>

#include "buddy_age.h"
#include "buddy_walk.h"
#include "context.h"
#include "home.h"
#include "home_check.h"
#include "home_walk.h"
#include "pool_check.h"
#include "root.h"
#include "suites.h"
#include "verbs_pool.h"

#define SIZE		(PAGE_SIZE / 4)	/* of most objects: no line is shared */
#define CHUNK_PAGES	64	/* of all chunks of most pools */
#define CHUNK_ORDER	6

static struct slabmod_pool *pool_of_small_chunks(struct kunit *test)
{
	context_pin(0);
	return kit_pool_create_orders(test, 4096, CHUNK_ORDER, CHUNK_ORDER);
}

static struct buddy *buddy_here(struct slabmod_pool *pool)
{
	return &pool->buddies[numa_mem_id()];
}

/* Adds wholly free chunks to the pool. */
static void add_chunks(struct kunit *test, struct slabmod_pool *pool, unsigned int nr)
{
	while (nr--)
		KUNIT_ASSERT_TRUE(test, buddy_add_chunk(pool->buddies, numa_mem_id(), CHUNK_ORDER,
							GFP_KERNEL));
}

/* Chunks that were prefilled. */
static unsigned long ahead(struct slabmod_pool *pool)
{
	return stat_sum(pool->source.stats, EVENT_AHEAD);
}

static unsigned long reclaimable(struct slabmod_pool *pool)
{
	unsigned long pages = 0;
	int nid;

	for_each_online_node(nid)
		pages += buddy_reclaimable(&pool->buddies[nid]);
	return pages;
}

/* ---- prefill ---- */

static unsigned int woken;

static void count_wake(struct chunk_source *source)
{
	woken++;
}

/* Leave @pages pages free. */
static void leave_free(struct kunit *test, struct slabmod_pool *pool, unsigned long pages)
{
	struct buddy *buddy = buddy_here(pool);

	while (buddy->free_pages > pages)
		kit_block(test, pool, rounddown_pow_of_two(buddy->free_pages - pages));
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

static void free_frame(void *block, struct frame *frame, void *arg)
{
	if (frame_state(frame) == FRAME_PAGES)
		block_free(block);
}

static void free_blocks(struct slabmod_pool *pool)
{
	pool->source.kick_worker = NULL;
	buddy_walk(buddy_here(pool), free_frame, NULL);
}

static void expect_low(struct kunit *test, struct slabmod_pool *pool, bool wanted)
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

static void test_atomic_requests_trigger_prefill(struct kunit *test)
{
	struct slabmod_pool *pool = pool_with_free_pages(test, CHUNK_PAGES + 10);
	struct slabmod_cache *cache = kit_cache_in(test, pool, "kit-ahead", SIZE, 0);
	void *object;

	/* Many free pages; then few, but the request may sleep. */
	KUNIT_EXPECT_NOT_NULL(test, block_alloc("test", pool, NUMA_NO_NODE, 5, GFP_ATOMIC));
	expect_low(test, pool, false);
	leave_free(test, pool, 20);
	kit_block(test, pool, 5);
	expect_low(test, pool, false);
	fill(pool);
	KUNIT_EXPECT_EQ(test, ahead(pool), 0);
	/* For a block, and for a slab. */
	KUNIT_EXPECT_NOT_NULL(test, block_alloc("test", pool, NUMA_NO_NODE, 5, GFP_ATOMIC));
	expect_low(test, pool, true);
	fill(pool);
	expect_low(test, pool, false);
	KUNIT_EXPECT_EQ(test, ahead(pool), 1);
	KUNIT_EXPECT_EQ(test, buddy_here(pool)->free_pages, CHUNK_PAGES + 10);
	leave_free(test, pool, 20);
	object = slabmod_cache_alloc(cache, GFP_ATOMIC);
	KUNIT_EXPECT_NOT_NULL(test, object);
	expect_low(test, pool, true);
	fill(pool);
	KUNIT_EXPECT_EQ(test, ahead(pool), 2);
	slabmod_cache_free(cache, object);
	cache_destroy(cache);
	free_blocks(pool);
}

static void test_prefill_tries_once(struct kunit *test)
{
	struct slabmod_pool *pool = pool_with_free_pages(test, 20);

	KUNIT_EXPECT_NOT_NULL(test, block_alloc("test", pool, NUMA_NO_NODE, 5, GFP_NOWAIT));
	expect_low(test, pool, true);
	kit_source.fail_all = true;
	fill(pool);
	expect_low(test, pool, false);
	kit_source_reset();
	fill(pool);
	KUNIT_EXPECT_EQ(test, kit_source.requests, 0);
	KUNIT_EXPECT_EQ(test, ahead(pool), 0);
	/* As many small chunks as are needed. */
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

static void test_prefill_uses_no_other_node(struct kunit *test)
{
	struct slabmod_pool *pool;
	unsigned long before;

	kit_need_nodes(test);
	pool = pool_with_free_pages(test, 20);
	before = kit_source.pages;
	KUNIT_EXPECT_NOT_NULL(test, block_alloc("test", pool, NUMA_NO_NODE, 5, GFP_ATOMIC));
	expect_low(test, pool, true);
	kit_source.full_nodes = BIT(numa_mem_id());
	fill(pool);
	KUNIT_EXPECT_EQ(test, kit_source.pages, before);
	free_blocks(pool);
}

/* ---- what can be reclaimed ---- */

static struct {
	struct slabmod_pool *pool;
	struct slabmod_cache *caches[3];
	unsigned long pages;		/* reclaimed */
} kit;

/* A block, or an object past the magazines. From time to time all memory is fragmented. */
static void *model_alloc(struct model *model, struct rnd_state *rnd, gfp_t gfp, size_t *size)
{
	unsigned int which = kit_random(rnd, 4);
	struct slabmod_cache *cache;
	void *object;

	if (kit_random(rnd, 64) == 0)
		kit_source.max_order = kit_random(rnd, 4) ? UINT_MAX : 0;
	if (which == 3) {
		*size = PAGE_SIZE * (1 + kit_random(rnd, 20));
		return block_alloc("kit", kit.pool, NUMA_NO_NODE, *size >> PAGE_SHIFT, gfp);
	}
	cache = kit.caches[which];
	*size = cache->size;
	if (kit_home_alloc(cache, &object, 1, false))
		return object;
	return home_alloc_from_new_slab(cache, numa_mem_id(), gfp, kit_random(rnd, 2));
}

static void model_free(struct model *model, void *memory, size_t size)
{
	struct slabmod_cache *cache = frame_cache(chunk_frame(memory));

	if (cache)
		home_free(cache, &memory, 1);
	else
		kit_block_free(memory);
}

/* The count of the shrinker is what then goes back, to the page. */
static void model_rest(struct model *model, unsigned long pieces, size_t bytes)
{
	unsigned long count = reclaimable(kit.pool), before = kit_source.pages;
	int i;

	for (i = 0; i < ARRAY_SIZE(kit.caches); i++)
		home_shrink(kit.caches[i]);
	for_each_online_node(i)
		buddy_trim(&kit.pool->buddies[i]);
	KUNIT_EXPECT_EQ(model->test, before - kit_source.pages, count);
	KUNIT_EXPECT_EQ(model->test, reclaimable(kit.pool), 0);
	kit.pages += count;
}

static void test_count_of_the_shrinker_is_exact(struct kunit *test)
{
	static const unsigned int sizes[] = { 192, SIZE, 12288 };
	struct model model = {
		.alloc = model_alloc, .free = model_free, .rest = model_rest, .test = test,
	};
	unsigned int i;

	kit.pool = pool_of_small_chunks(test);
	kit.pages = 0;
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		kit.caches[i] = kit_cache_create(test, kit.pool, sizes[i], 0, NULL);
	for (i = 10; i <= 200; i += 10)
		model_run(&model, i, 3 * 4096);
	KUNIT_EXPECT_EQ(test, model.wrong, 0);
	KUNIT_EXPECT_GT(test, kit.pages, 25);
	KUNIT_EXPECT_EQ(test, kit_source.pages, 0);
}

/* ---- the reserve under concurrent trims ---- */

struct race {
	struct slabmod_pool *pool;
	atomic_t turn;
	unsigned int cpus;
	atomic_long_t short_of;		/* times that less than the reserve was held */
};

static void trim_nodes(struct race *race)
{
	int nid;

	for_each_online_node(nid)
		buddy_trim(&race->pool->buddies[nid]);
}

static void add_and_trim(unsigned int n, void *arg)
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
		trim_nodes(race);
		if (atomic_long_read(&source->staying) < source->reserve)
			atomic_long_inc(&race->short_of);
	}
}

static void test_reserve_stays_under_concurrent_trims(struct kunit *test)
{
	struct slabmod_pool *pool = pool_of_small_chunks(test);
	struct race race = { .pool = pool };

	race.cpus = min_t(unsigned int, num_online_cpus(), 4);
	pool->source.reserve = 5 * CHUNK_PAGES;
	KUNIT_ASSERT_TRUE(test, pool_reserve(pool));
	kit_run_on_cpus(test, race.cpus, add_and_trim, &race);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&race.short_of), 0);
	trim_nodes(&race);
	KUNIT_EXPECT_EQ(test, kit_source.pages, 5 * CHUNK_PAGES);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&pool->source.staying), 5 * CHUNK_PAGES);
}

/* ---- unused slabs ---- */

static void make_slabs_empty(struct kunit *test, struct slabmod_cache *cache, unsigned int nr,
			     bool node_home)
{
	void *objects[16];
	unsigned int i;

	KUNIT_ASSERT_LE(test, nr, ARRAY_SIZE(objects));
	for (i = 0; i < nr; i++)
		objects[i] = kit_new_slab(test, cache, node_home);
	kit_home_free(test, cache, objects, nr);
	KUNIT_ASSERT_EQ(test, home_totals(cache).slabs, nr);
	KUNIT_ASSERT_EQ(test, home_totals(cache).inuse, 0);
}

/* Allocate all objects of @nr empty slabs, and free them. */
static void use_slabs(struct kunit *test, struct slabmod_cache *cache, unsigned int nr)
{
	unsigned int want = nr * cache->objects, got = 0, more;
	void **objects = kit_array(test, want + 1);

	preempt_disable();
	while (got < want && (more = home_alloc(cache, objects + got, want - got, false)))
		got += more;
	preempt_enable();
	KUNIT_EXPECT_EQ(test, got, want);
	KUNIT_EXPECT_TRUE(test, home_free(cache, objects, got));
}

static void test_unused_slabs_age(struct kunit *test)
{
	struct slabmod_cache *cache = kit_cache_create(test, pool_of_small_chunks(test), SIZE, 0,
						       NULL);
	unsigned int pages = cache->usual.pages, most = min(8u, cache->keep_empty), all, used;

	KUNIT_ASSERT_GT(test, most, 0);
	for (all = 1; all <= most; all++)
		for (used = 0; used <= all; used++) {
			make_slabs_empty(test, cache, all, used % 2);
			/* They have not been so all the time. */
			KUNIT_EXPECT_EQ(test, home_age(cache), 0);
			use_slabs(test, cache, used);
			KUNIT_EXPECT_EQ(test, home_age(cache), (all - used) * pages);
			KUNIT_EXPECT_EQ(test, home_totals(cache).slabs, used);
			use_slabs(test, cache, used);
			KUNIT_EXPECT_EQ(test, home_age(cache), 0);
			KUNIT_EXPECT_EQ(test, home_age(cache), used * pages);
			KUNIT_EXPECT_EQ(test, home_totals(cache).slabs, 0);
			KUNIT_EXPECT_TRUE(test, home_check(cache));
		}
}

/* ---- unused chunks ---- */

static void test_unused_chunks_age(struct kunit *test)
{
	struct slabmod_pool *pool = pool_of_small_chunks(test);
	struct buddy *buddy = buddy_here(pool);
	void *used;
	int i;

	used = kit_buddy_alloc(pool->buddies, buddy->nid, CHUNK_PAGES, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, used);
	add_chunks(test, pool, 4);
	KUNIT_EXPECT_EQ(test, buddy_age(buddy), 0);
	KUNIT_EXPECT_EQ(test, buddy_age(buddy), 4 * CHUNK_PAGES);
	KUNIT_EXPECT_EQ(test, kit_source.pages, CHUNK_PAGES);
	/* The age starts when a chunk becomes free. */
	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_TRUE(test, buddy_free(used));
		KUNIT_EXPECT_EQ(test, buddy_age(buddy), 0);
		used = kit_buddy_alloc(pool->buddies, buddy->nid, CHUNK_PAGES, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, used);
	}
	KUNIT_EXPECT_EQ(test, kit_source.requests, 5);
	buddy_free(used);
	KUNIT_EXPECT_EQ(test, buddy_age(buddy), 0);
	KUNIT_EXPECT_EQ(test, buddy_age(buddy), CHUNK_PAGES);
	KUNIT_EXPECT_EQ(test, kit_source.pages, 0);
}

/* ---- unused magazines ---- */

/* A cache with magazines that no worker scans. */
static struct slabmod_cache *cache_aside(struct kunit *test, struct slabmod_pool *pool)
{
	struct slabmod_cache *cache = kit_cache_create(test, pool, SIZE, 0, NULL);

	free_percpu(cache->homes);
	magazine_setup(cache);
	KUNIT_ASSERT_TRUE(test, magazine_enable(cache, GFP_KERNEL));
	return cache;
}

static void end_aside(struct kunit *test, struct slabmod_cache *cache)
{
	magazine_drain_all(cache);
	home_shrink(cache);
	KUNIT_EXPECT_EQ(test, home_totals(cache).inuse, 0);
	KUNIT_EXPECT_EQ(test, home_totals(cache).slabs, 0);
	atomic_long_sub(magazine_metadata(cache), &cache->source->metadata);
	magazine_disable(cache);
}

static void test_drain_skips_magazines_in_use(struct kunit *test)
{
	struct slabmod_cache *cache = cache_aside(test, pool_of_small_chunks(test));
	unsigned int cpus = num_online_cpus(), n, before;
	void *objects[4];

	kit_need_cpus(test, 2);
	for (n = 0; n < cpus; n++) {
		kit_alloc_on(n, test, cache, objects, 4);
		kit_free_on(n, cache, objects, 4);
	}
	magazine_scan_idle(cache);
	magazine_scan_idle(cache);
	kit_alloc_n(test, cache, objects, 4);
	kit_free_n(cache, objects, 4);
	magazine_scan_idle(cache);
	before = magazine_count(cache);
	magazine_drain_idle(cache, 3);
	KUNIT_EXPECT_EQ(test, magazine_count(cache), before);
	before = magazine_nr_objects(kit_magazine(cache));
	KUNIT_EXPECT_GT(test, before, 0);
	magazine_drain_idle(cache, 2);
	KUNIT_EXPECT_EQ(test, magazine_nr_objects(kit_magazine(cache)), before);
	for (n = 1; n < cpus; n++)
		KUNIT_EXPECT_EQ(test, magazine_nr_objects(kit_magazine_of(cache, n)), 0);
	end_aside(test, cache);
}

/* ---- the worker ---- */

static unsigned long pages_of(struct slabmod_pool *pool)
{
	return atomic_long_read(&pool->source.held);
}

static void test_worker_prefills(struct kunit *test)
{
	struct slabmod_pool *pool = kit_module_pool(test, "listed", 0, 0);
	unsigned long block = slabmod_pool_get_free_pages(pool, GFP_ATOMIC, 5);

	KUNIT_EXPECT_TRUE(test, kit_wait_until(ahead(pool)));
	slabmod_pool_free_pages(pool, block, 5);
	KUNIT_EXPECT_EQ(test, slabmod_pool_destroy(pool), 0);
}

static void test_unused_memory_is_freed_by_the_worker(struct kunit *test)
{
	struct slabmod_pool *pool = kit_module_pool(test, "listed", CHUNK_PAGES << PAGE_SHIFT, 0);
	void *p[64];
	int i;

	for (i = 0; i < ARRAY_SIZE(p); i++)
		p[i] = slabmod_pool_kmalloc(pool, i % 2 ? SIZE : 8 * PAGE_SIZE - 2000, GFP_KERNEL);
	KUNIT_EXPECT_GT(test, pages_of(pool), CHUNK_PAGES);
	for (i = 0; i < ARRAY_SIZE(p); i++)
		slabmod_pool_kfree(pool, p[i]);
	KUNIT_EXPECT_TRUE(test, kit_wait_until(stat_sum(pool->source.stats, EVENT_AGED)));
	KUNIT_EXPECT_TRUE(test, kit_wait_until(pages_of(pool) <= CHUNK_PAGES));
	KUNIT_EXPECT_EQ(test, pages_of(pool), CHUNK_PAGES);
	KUNIT_EXPECT_EQ(test, slabmod_pool_destroy(pool), 0);
}

/* ---- the shrinker ---- */

/* The shrinker does not wait for a worker; then call it again. */
static bool shrink_all(struct slabmod_cache *cache)
{
	if (!kit_kernel_asks())
		return false;
	kit_wait_until(kit_kernel_asks() && !magazine_count(cache) && !reclaimable(root_pool));
	return true;
}

static void test_shrinker_frees_all_free_memory(struct kunit *test)
{
	struct slabmod_cache *cache = slabmod_cache_create("kit-reclaim", SIZE, 0, 0, NULL);
	unsigned long reclaimed = stat_sum(root_pool->source.stats, EVENT_RECLAIMED);
	void **objects = kit_array(test, 2000);
	struct piece piece;

	KUNIT_ASSERT_NOT_NULL(test, cache);
	KUNIT_EXPECT_EQ(test, slabmod_cache_alloc_bulk(cache, GFP_KERNEL, 2000, objects), 2000);
	piece_fill(&piece, objects[0], SIZE, 1);
	slabmod_cache_free_bulk(cache, 1999, objects + 1);
	KUNIT_EXPECT_GT(test, magazine_count(cache), 0);
	if (shrink_all(cache)) {
		KUNIT_EXPECT_EQ(test, magazine_count(cache), 0);
		/* Only slabs in the chunk of the live object are left. */
		KUNIT_EXPECT_LE(test, home_pages(cache),
				chunk_pages(chunk_of(objects[0])));
		KUNIT_EXPECT_EQ(test, reclaimable(root_pool), 0);
		KUNIT_EXPECT_GT(test, stat_sum(root_pool->source.stats, EVENT_RECLAIMED),
				reclaimed);
	} else {
		kunit_info(test, "there is no /proc\n");
	}
	KUNIT_EXPECT_TRUE(test, piece_intact(&piece));
	slabmod_cache_free(cache, objects[0]);
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(cache), 0);
	KUNIT_EXPECT_TRUE(test, root_check());
}

static struct kunit_case reclaim_cases[] = {
	KUNIT_CASE(test_unused_slabs_age),
	KUNIT_CASE(test_unused_chunks_age),
	KUNIT_CASE(test_drain_skips_magazines_in_use),
	KUNIT_CASE(test_atomic_requests_trigger_prefill),
	KUNIT_CASE(test_prefill_tries_once),
	KUNIT_CASE(test_prefill_uses_no_other_node),
	KUNIT_CASE(test_count_of_the_shrinker_is_exact),
	KUNIT_CASE(test_reserve_stays_under_concurrent_trims),
	KUNIT_CASE(test_worker_prefills),
	KUNIT_CASE(test_unused_memory_is_freed_by_the_worker),
	KUNIT_CASE(test_shrinker_frees_all_free_memory),
	{}
};

struct kunit_suite reclaim_suite = {
	.name = "reclaim",
	KIT_SUITE_HOOKS,
	.test_cases = reclaim_cases,
};
