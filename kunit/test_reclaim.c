// SPDX-License-Identifier: GPL-2.0
/*
 * test_reclaim.c - what goes back without being asked for: exactly what nobody wanted
 * for a while; what is taken ahead of need; and what the kernel gets when it asks.
 *
 * The worker and the ager of reclaim.c see to all pools and caches that are in a list.
 * Most tests do by hand, to such as are in none, what those do now and then.
 */
#include <linux/delay.h>
#include <linux/percpu.h>

#include <slabmod/slabmod.h>

#include "cache.h"
#include "home_check.h"
#include "home_refill.h"
#include "home_return.h"
#include "home_walk.h"
#include "magazine_set.h"
#include "pattern.h"
#include "pool_check.h"
#include "suites.h"
#include "test_reclaim.h"

/* ---- slabs that nobody wants ---- */

static void make_slabs_empty(struct kunit *test, struct slabmod_cache *cache, unsigned int nr,
			     bool commons)
{
	void *objects[16];
	unsigned int i;

	KUNIT_ASSERT_LE(test, nr, ARRAY_SIZE(objects));
	for (i = 0; i < nr; i++) {
		objects[i] = home_alloc_new_slab(cache, numa_mem_id(), GFP_KERNEL, commons);
		KUNIT_ASSERT_NOT_NULL(test, objects[i]);
	}
	KUNIT_ASSERT_TRUE(test, home_free(cache, objects, nr));
	KUNIT_ASSERT_EQ(test, home_totals(cache).slabs, nr);
	KUNIT_ASSERT_EQ(test, home_totals(cache).inuse, 0);
}

/* Takes all of @nr empty slabs at once, and gives it back. */
static void use_slabs(struct kunit *test, struct slabmod_cache *cache, unsigned int nr)
{
	unsigned int want = nr * cache->objects, got = 0, more;
	void **objects = kunit_kcalloc(test, want + 1, sizeof(*objects), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, objects);
	preempt_disable();
	while (got < want && (more = home_alloc(cache, objects + got, want - got, false)))
		got += more;
	preempt_enable();
	KUNIT_EXPECT_EQ(test, got, want);
	KUNIT_EXPECT_TRUE(test, home_free(cache, objects, got));
}

static void test_slabs_that_nobody_wanted_go_and_no_others(struct kunit *test)
{
	struct slabmod_cache *cache = kit_cache_create(test, pool_of_small_chunks(test), SIZE, 0,
						       NULL);
	unsigned int pages = cache->usual.pages, all, used;

	for (all = 1; all <= 8; all++)
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

struct homes {
	struct kunit *test;
	struct slabmod_cache *cache;
	void *objects[3];
};

static void give_homes(void *arg)
{
	struct homes *homes = arg;
	int i;

	for (i = 0; i < 3; i++)
		homes->objects[i] = home_alloc_new_slab(homes->cache, numa_mem_id(), GFP_KERNEL,
							i == 2);
	home_free(homes->cache, homes->objects, 3);
}

static void test_slabs_of_every_home_get_old(struct kunit *test)
{
	struct slabmod_cache *cache = kit_cache_create(test, pool_of_small_chunks(test), SIZE, 0,
						       NULL);
	struct homes homes = { .test = test, .cache = cache };
	unsigned int n;

	for (n = 0; n < num_online_cpus(); n++)
		kit_run_on(n, give_homes, &homes);
	KUNIT_EXPECT_EQ(test, home_age(cache), 0);
	n = home_pages(cache);
	KUNIT_EXPECT_GE(test, n, 2 * num_online_cpus() * cache->usual.pages);
	KUNIT_EXPECT_EQ(test, home_age(cache), n);
	KUNIT_EXPECT_EQ(test, home_totals(cache).slabs, 0);
}

/* ---- chunks that nobody wants ---- */

static void test_chunks_that_nobody_wanted_go_and_no_others(struct kunit *test)
{
	struct slabmod_pool *pool = pool_of_small_chunks(test);
	struct buddy *buddy = buddy_here(pool);
	struct frame *used;
	int i;

	used = kit_buddy_alloc(pool->buddies, buddy->nid, CHUNK_PAGES, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, used);
	add_chunks(test, pool, 4);
	KUNIT_EXPECT_EQ(test, buddy_age(buddy), 0);
	KUNIT_EXPECT_EQ(test, buddy_age(buddy), 4 * CHUNK_PAGES);
	KUNIT_EXPECT_EQ(test, kit_source.pages, CHUNK_PAGES);
	/* One that comes free, or is taken and comes free again, is young. */
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

static void test_block_that_is_kept_gets_old_too(struct kunit *test)
{
	struct slabmod_pool *pool = pool_of_small_chunks(test);
	struct buddy *buddy = buddy_here(pool);
	void *one = block_alloc("test", pool, NUMA_NO_NODE, 5, GFP_KERNEL);
	void *two = block_alloc("test", pool, NUMA_NO_NODE, 7, GFP_KERNEL);

	KUNIT_ASSERT_TRUE(test, one && two);
	block_free(chunk_frame(one));
	KUNIT_EXPECT_EQ(test, buddy_age(buddy), 0);
	/* Another takes its place, and is young. */
	block_free(chunk_frame(two));
	KUNIT_EXPECT_EQ(test, buddy_age(buddy), 0);
	KUNIT_EXPECT_PTR_EQ(test, buddy->last_freed, chunk_frame(two));
	KUNIT_EXPECT_EQ(test, buddy_age(buddy), 0);
	KUNIT_EXPECT_NULL(test, buddy->last_freed);
	KUNIT_EXPECT_EQ(test, kit_source.pages, CHUNK_PAGES);
	KUNIT_EXPECT_EQ(test, buddy_age(buddy), CHUNK_PAGES);
}

static void test_nothing_of_the_reserve_gets_old(struct kunit *test)
{
	struct slabmod_pool *pool = pool_of_small_chunks(test);
	struct buddy *buddy = buddy_here(pool);

	pool->source.reserve = 2 * CHUNK_PAGES;
	add_chunks(test, pool, 4);
	buddy_age(buddy);
	KUNIT_EXPECT_EQ(test, buddy_age(buddy), 2 * CHUNK_PAGES);
	KUNIT_EXPECT_EQ(test, buddy_age(buddy), 0);
	KUNIT_EXPECT_EQ(test, kit_source.pages, 2 * CHUNK_PAGES);
}

/* ---- magazines that nobody uses ---- */

/* A cache with magazines that only the test looks at. */
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
	magazine_disable(cache);
}

struct use {
	struct slabmod_cache *cache;
	unsigned int takes, gives;
	void *objects[4];
};

static void use_cache(void *arg)
{
	struct use *use = arg;
	unsigned int i;

	for (i = 0; i < use->takes; i++)
		use->objects[i] = slabmod_cache_alloc(use->cache, GFP_KERNEL);
	for (i = 0; i < use->gives; i++)
		slabmod_cache_free(use->cache, use->objects[i]);
}

static void test_magazine_gets_old_only_while_nobody_uses_it(struct kunit *test)
{
	struct slabmod_cache *cache = cache_aside(test, pool_of_small_chunks(test));
	struct use all = { .cache = cache, .takes = 4, .gives = 4 };
	struct use takes = { .cache = cache, .takes = 2 };
	struct use gives = { .cache = cache, .gives = 2 };
	struct use both = { .cache = cache, .takes = 1, .gives = 1 };
	struct use *const uses[] = { &all, &takes, &gives, &both };
	unsigned int i, idle;

	KUNIT_EXPECT_FALSE(test, magazine_has_idle_objects(cache, 0));
	use_cache(&all);
	for (i = 0; i < ARRAY_SIZE(uses); i++) {
		for (idle = 0; idle < 4; idle++) {
			magazine_scan_idle(cache);
			KUNIT_EXPECT_TRUE(test, magazine_has_idle_objects(cache, idle));
			KUNIT_EXPECT_FALSE_MSG(test, magazine_has_idle_objects(cache, idle + 1),
					       "use %u, look %u", i, idle);
		}
		use_cache(uses[i]);
		if (uses[i] == &takes)
			memcpy(gives.objects, takes.objects, sizeof(gives.objects));
	}
	end_aside(test, cache);
}

static void test_magazines_are_unused_when_all_are_empty_and_old(struct kunit *test)
{
	struct slabmod_cache *cache = cache_aside(test, pool_of_small_chunks(test));
	struct use both = { .cache = cache, .takes = 1, .gives = 1 };
	unsigned int last = num_online_cpus() - 1;
	int idle;

	KUNIT_EXPECT_TRUE(test, magazine_is_unused(cache, 0));
	KUNIT_EXPECT_FALSE(test, magazine_is_unused(cache, 1));
	kit_run_on(last, use_cache, &both);
	for (idle = 0; idle < 3; idle++)
		magazine_scan_idle(cache);
	/* Old, but not empty. */
	KUNIT_EXPECT_TRUE(test, magazine_has_idle_objects(cache, 2));
	KUNIT_EXPECT_FALSE(test, magazine_is_unused(cache, 0));
	magazine_drain_all(cache);
	for (idle = 0; idle < 3; idle++) {
		magazine_scan_idle(cache);
		KUNIT_EXPECT_TRUE(test, magazine_is_unused(cache, idle));
		KUNIT_EXPECT_FALSE(test, magazine_is_unused(cache, idle + 1));
	}
	end_aside(test, cache);
	KUNIT_EXPECT_FALSE(test, magazine_is_unused(cache, 0));
}

static void test_drain_leaves_magazines_that_are_in_use(struct kunit *test)
{
	struct slabmod_cache *cache = cache_aside(test, pool_of_small_chunks(test));
	struct use all = { .cache = cache, .takes = 4, .gives = 4 };
	unsigned int cpus = num_online_cpus(), n, before, cpu;

	if (cpus < 2)
		kunit_skip(test, "there is one CPU");
	for (n = 0; n < cpus; n++)
		kit_run_on(n, use_cache, &all);
	magazine_scan_idle(cache);
	magazine_scan_idle(cache);
	use_cache(&all);
	magazine_scan_idle(cache);
	before = magazine_count(cache);
	magazine_drain_idle(cache, 3);
	KUNIT_EXPECT_EQ(test, magazine_count(cache), before);
	n = magazine_nr_objects(raw_cpu_ptr(cache->magazines));
	magazine_drain_idle(cache, 2);
	KUNIT_EXPECT_EQ(test, magazine_nr_objects(raw_cpu_ptr(cache->magazines)), n);
	for_each_online_cpu(cpu)
		if (cpu != raw_smp_processor_id())
			KUNIT_EXPECT_EQ(test, magazine_nr_objects(per_cpu_ptr(cache->magazines,
									      cpu)),
					0);
	KUNIT_EXPECT_GT(test, n, 0);
	end_aside(test, cache);
}

/* ---- by itself ---- */

static unsigned long pages_of(struct slabmod_pool *pool)
{
	return atomic_long_read(&pool->source.held);
}

static struct slabmod_pool *listed_pool(struct kunit *test, unsigned long reserve)
{
	struct slabmod_pool_params params = SLABMOD_POOL_PARAMS_INIT;
	struct slabmod_pool *pool;

	params.reserve_bytes = reserve << PAGE_SHIFT;
	pool = slabmod_pool_create("listed", &params);
	KUNIT_ASSERT_NOT_NULL(test, pool);
	return pool;
}

static void test_worker_takes_pages_ahead(struct kunit *test)
{
	struct slabmod_pool *pool = listed_pool(test, 0);
	unsigned long block = slabmod_pool_get_free_pages(pool, GFP_ATOMIC, 5);

	KUNIT_EXPECT_TRUE(test, kit_wait_until(ahead(pool)));
	slabmod_pool_free_pages(pool, block, 5);
	KUNIT_EXPECT_EQ(test, slabmod_pool_destroy(pool), 0);
}

static void test_what_nobody_wants_goes_back_by_itself(struct kunit *test)
{
	struct slabmod_pool *pool = listed_pool(test, CHUNK_PAGES);
	void *p[64];
	int i;

	for (i = 0; i < ARRAY_SIZE(p); i++)
		p[i] = slabmod_pool_kmalloc(pool, i % 2 ? SIZE : 30000, GFP_KERNEL);
	KUNIT_EXPECT_GT(test, pages_of(pool), CHUNK_PAGES);
	for (i = 0; i < ARRAY_SIZE(p); i++)
		slabmod_pool_kfree(pool, p[i]);
	/* They are counted when they are gone. */
	KUNIT_EXPECT_TRUE(test, kit_wait_until(stat_sum(pool->source.stats, STAT_AGED)));
	KUNIT_EXPECT_TRUE(test, kit_wait_until(pages_of(pool) <= CHUNK_PAGES));
	KUNIT_EXPECT_EQ(test, pages_of(pool), CHUNK_PAGES);
	KUNIT_EXPECT_EQ(test, slabmod_pool_destroy(pool), 0);
}

/* ---- when the kernel asks ---- */

/* Who asks does not wait while caches are looked after: then it has to ask again. */
static bool kernel_gets_all(struct slabmod_cache *cache)
{
	if (!kit_kernel_asks())
		return false;
	kit_wait_until(kit_kernel_asks() && !magazine_count(cache) && !reclaimable(root_pool));
	return true;
}

static void test_kernel_gets_all_that_is_free(struct kunit *test)
{
	struct slabmod_cache *cache = slabmod_cache_create("kit-reclaim", SIZE, 0, 0, NULL);
	unsigned long reclaimed = stat_sum(root_pool->source.stats, STAT_RECLAIMED);
	void **objects = kunit_kcalloc(test, 2000, sizeof(*objects), GFP_KERNEL);
	struct piece piece;

	KUNIT_ASSERT_NOT_NULL(test, cache);
	KUNIT_ASSERT_NOT_NULL(test, objects);
	KUNIT_EXPECT_EQ(test, slabmod_cache_alloc_bulk(cache, GFP_KERNEL, 2000, objects), 2000);
	piece_fill(&piece, objects[0], SIZE, 1);
	slabmod_cache_free_bulk(cache, 1999, objects + 1);
	KUNIT_EXPECT_GT(test, magazine_count(cache), 0);
	if (kernel_gets_all(cache)) {
		KUNIT_EXPECT_EQ(test, magazine_count(cache), 0);
		/* No more than is beside the one in use, in the chunk that cannot go. */
		KUNIT_EXPECT_LE(test, home_pages(cache),
				chunk_pages(frame_chunk(chunk_frame(objects[0]))));
		KUNIT_EXPECT_EQ(test, reclaimable(root_pool), 0);
		KUNIT_EXPECT_GT(test, stat_sum(root_pool->source.stats, STAT_RECLAIMED), reclaimed);
	} else {
		kunit_info(test, "there is no /proc\n");
	}
	KUNIT_EXPECT_TRUE(test, piece_intact(&piece));
	slabmod_cache_free(cache, objects[0]);
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(cache), 0);
	KUNIT_EXPECT_TRUE(test, pool_check(root_pool));
}

static struct kunit_case reclaim_cases[] = {
	KUNIT_CASE(test_slabs_that_nobody_wanted_go_and_no_others),
	KUNIT_CASE(test_slabs_of_every_home_get_old),
	KUNIT_CASE(test_chunks_that_nobody_wanted_go_and_no_others),
	KUNIT_CASE(test_block_that_is_kept_gets_old_too),
	KUNIT_CASE(test_nothing_of_the_reserve_gets_old),
	KUNIT_CASE(test_magazine_gets_old_only_while_nobody_uses_it),
	KUNIT_CASE(test_magazines_are_unused_when_all_are_empty_and_old),
	KUNIT_CASE(test_drain_leaves_magazines_that_are_in_use),
	KUNIT_CASE(test_who_may_not_sleep_has_pages_taken_ahead),
	KUNIT_CASE(test_what_is_taken_ahead_is_taken_once_and_not_by_force),
	KUNIT_CASE(test_nothing_is_taken_ahead_for_a_node_from_others),
	KUNIT_CASE(test_what_could_go_back_is_known_to_the_page),
	KUNIT_CASE(test_reserve_stays_though_many_give_back_at_once),
	KUNIT_CASE(test_worker_takes_pages_ahead),
	KUNIT_CASE(test_what_nobody_wants_goes_back_by_itself),
	KUNIT_CASE(test_kernel_gets_all_that_is_free),
	{}
};

struct kunit_suite reclaim_suite = {
	.name = "reclaim",
	KIT_SUITE_HOOKS,
	.test_cases = reclaim_cases,
};
