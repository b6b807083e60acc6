// SPDX-License-Identifier: GPL-2.0
/*
 * test_isolated.c - what was an object of an isolated cache stays the cache's, whoever
 * wants it, until the cache ends.
 */
#include <linux/nodemask.h>
#include <linux/topology.h>

#include "buddy.h"
#include "buddy_age.h"
#include "cache_list.h"
#include "home_walk.h"
#include "magazine_set.h"
#include "pool_check.h"
#include "pool_ledger.h"
#include "test_security.h"

#define SIZE		256	/* of most objects: no line is shared, and a slab has a page */
#define OBJECTS		3200	/* more slabs than homes keep, and than a chunk has pages */
#define CHUNK_ORDER	6

struct crowd {
	struct kunit *test;
	struct slabmod_pool *pool;
	struct slabmod_cache *cache;
	unsigned long pages;		/* of its slabs, with all objects in use */
	unsigned int nr;
	void *objects[OBJECTS];
};

static struct slabmod_pool *make_pool(struct kunit *test, unsigned long limit)
{
	context_pin(0);
	return kit_pool_create_orders(test, limit, CHUNK_ORDER, CHUNK_ORDER);
}

/* All objects that @nr are, each a secret; less when there are no more. */
static void take_all(struct crowd *crowd)
{
	unsigned int i;

	for (i = 0; i < crowd->nr; i++) {
		crowd->objects[i] = slabmod_cache_alloc(crowd->cache, GFP_KERNEL);
		if (!crowd->objects[i])
			break;
		if (!crowd->cache->ctor)
			memset(crowd->objects[i], SECRET, SIZE);
	}
	crowd->nr = i;
}

static void give_all(void *arg)
{
	struct crowd *crowd = arg;

	slabmod_cache_free_bulk(crowd->cache, crowd->nr, crowd->objects);
}

static struct crowd *make_crowd(struct kunit *test, struct slabmod_pool *pool, unsigned int flags,
				void (*ctor)(void *object))
{
	struct crowd *crowd = kunit_kzalloc(test, sizeof(*crowd), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, crowd);
	crowd->test = test;
	crowd->pool = pool;
	crowd->nr = OBJECTS;
	crowd->cache = cache_create(pool, flags & SLABMOD_ISOLATED ? "crowd" : "others", SIZE, 0,
				    flags, ctor, NULL);
	KUNIT_ASSERT_NOT_NULL(test, crowd->cache);
	take_all(crowd);
	crowd->pages = home_pages(crowd->cache);
	KUNIT_ASSERT_GE(test, crowd->pages, (unsigned long)crowd->nr * SIZE >> PAGE_SHIFT);
	return crowd;
}

static void expect_pages(struct crowd *crowd, const char *after)
{
	KUNIT_EXPECT_EQ_MSG(crowd->test, home_pages(crowd->cache), crowd->pages, "after %s", after);
	KUNIT_EXPECT_TRUE(crowd->test, pool_check(crowd->pool));
}

static struct slab_home *home_on(struct slabmod_cache *cache, unsigned int cpu)
{
	return per_cpu_ptr(cache->homes, cpu);
}

/* Given back by the n-th CPU, whose home some slabs are in by then. */
static void expect_stay(struct crowd *crowd, unsigned int n)
{
	struct kunit *test = crowd->test;
	struct slabmod_cache *cache = crowd->cache;
	unsigned int cpu, i;

	kit_run_on(n, give_all, crowd);
	expect_pages(crowd, "free");
	KUNIT_EXPECT_EQ(test, slabmod_cache_shrink(cache), 0);
	KUNIT_EXPECT_EQ(test, home_totals(cache).inuse, 0);
	expect_pages(crowd, "shrink");
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, home_age(cache), 0);
	expect_pages(crowd, "age");
	KUNIT_EXPECT_FALSE(test, crowd->pool->source.reclaim_empty(&crowd->pool->source));
	KUNIT_EXPECT_EQ(test, home_shrink(cache), 0);
	expect_pages(crowd, "squeeze");
	pool_shrink(crowd->pool);
	expect_pages(crowd, "shrink of the pool");
	for_each_online_cpu(cpu) {
		home_drain_cpu(cache, cpu);
		KUNIT_EXPECT_EQ(test, home_on(cache, cpu)->nr_empty, 0);
	}
	expect_pages(crowd, "loss of all CPUs");
	/* There it is found again. */
	take_all(crowd);
	KUNIT_EXPECT_EQ(test, crowd->nr, OBJECTS);
	expect_pages(crowd, "use");
}

void test_slabs_of_an_isolated_cache_stay(struct kunit *test)
{
	struct crowd *crowd = make_crowd(test, make_pool(test, 4096), SLABMOD_ISOLATED, NULL);
	struct crowd *other = make_crowd(test, make_pool(test, 4096), 0, NULL);
	unsigned int n;

	for (n = 0; n < num_online_cpus(); n++)
		expect_stay(crowd, n);
	give_all(crowd);
	KUNIT_EXPECT_EQ(test, cache_destroy(crowd->cache), 0);
	/* Others keep but a few, and none that somebody asks for. */
	give_all(other);
	KUNIT_EXPECT_LT(test, home_pages(other->cache), other->pages);
	slabmod_cache_shrink(other->cache);
	KUNIT_EXPECT_EQ(test, home_pages(other->cache), 0);
	KUNIT_EXPECT_EQ(test, cache_destroy(other->cache), 0);
}

void test_what_stays_is_promised_to_nobody(struct kunit *test)
{
	struct crowd *crowd = make_crowd(test, make_pool(test, 4096), SLABMOD_ISOLATED, NULL);
	struct chunk_source *source = &crowd->pool->source;
	struct pool_ledger ledger;
	unsigned long pages = 0;
	int nid;

	give_all(crowd);
	magazine_drain_all(crowd->cache);
	pool_shrink(crowd->pool);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&source->empty_slabs), 0);
	for_each_online_node(nid)
		pages += buddy_reclaimable(&crowd->pool->buddies[nid]);
	KUNIT_EXPECT_EQ(test, pages, 0);
	/* It is held, and free, and where it is. */
	ledger = pool_ledger(crowd->pool);
	KUNIT_EXPECT_EQ(test, ledger.slabs, crowd->pages << PAGE_SHIFT);
	KUNIT_EXPECT_EQ(test, ledger.used, 0);
	KUNIT_EXPECT_EQ(test, cache_destroy(crowd->cache), 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&source->empty_slabs), 0);
	KUNIT_EXPECT_TRUE(test, pool_check(crowd->pool));
}

/* That all of the crowd's memory is its own, as it was when it was freed. */
static void expect_untouched(struct crowd *crowd)
{
	unsigned int i, bad = 0;

	for (i = 0; i < crowd->nr; i++)
		bad += owner_of(crowd->objects[i]) != crowd->cache ||
		       !is_secret(crowd->objects[i], SIZE);
	KUNIT_EXPECT_EQ_MSG(crowd->test, bad, 0, "of %u objects", crowd->nr);
}

void test_kernel_that_asks_gets_nothing_isolated(struct kunit *test)
{
	struct crowd *crowd = make_crowd(test, root_pool, SLABMOD_ISOLATED, NULL);
	int i;

	give_all(crowd);
	for (i = 0; i < 3; i++)
		if (!kit_kernel_asks())
			kunit_skip(test, "there is no /proc");
	expect_pages(crowd, "reclaim");
	expect_untouched(crowd);
	KUNIT_EXPECT_EQ(test, cache_destroy(crowd->cache), 0);
}

void test_stale_pointer_meets_its_own_type(struct kunit *test)
{
	struct slabmod_pool *pool = make_pool(test, 4096);
	struct crowd *crowd = make_crowd(test, pool, SLABMOD_ISOLATED, NULL);
	struct slabmod_cache *other;
	void **objects = kunit_kcalloc(test, OBJECTS, sizeof(*objects), GFP_KERNEL);
	unsigned int i, round;

	KUNIT_ASSERT_NOT_NULL(test, objects);
	other = cache_create(pool, "other", SIZE, 0, 0, NULL, NULL);
	KUNIT_ASSERT_NOT_NULL(test, other);
	give_all(crowd);
	for (round = 0; round < 3; round++) {
		slabmod_cache_shrink(crowd->cache);
		for (i = 0; i < OBJECTS; i++) {
			objects[i] = slabmod_cache_alloc(other, GFP_KERNEL);
			KUNIT_ASSERT_NOT_NULL(test, objects[i]);
			KUNIT_ASSERT_PTR_EQ(test, owner_of(objects[i]), other);
			memset(objects[i], 0x11, SIZE);
		}
		expect_untouched(crowd);
		slabmod_cache_free_bulk(other, OBJECTS, objects);
		slabmod_cache_shrink(other);
	}
	KUNIT_EXPECT_EQ(test, cache_destroy(other), 0);
	KUNIT_EXPECT_EQ(test, cache_destroy(crowd->cache), 0);
}

void test_isolated_cache_lives_on_what_it_has(struct kunit *test)
{
	struct slabmod_pool *pool = make_pool(test, 4096);
	struct crowd *crowd = make_crowd(test, pool, SLABMOD_ISOLATED, NULL);
	struct crowd *other;
	unsigned int round;

	give_all(crowd);
	/* The machine has nothing left, and another takes what the pool has. */
	kit_source.fail_all = true;
	other = make_crowd(test, pool, 0, NULL);
	KUNIT_EXPECT_LT(test, other->nr, OBJECTS);
	expect_untouched(crowd);
	for (round = 0; round < 3; round++) {
		take_all(crowd);
		KUNIT_EXPECT_EQ(test, crowd->nr, OBJECTS);
		give_all(crowd);
	}
	expect_pages(crowd, "use with nothing left");
	kit_source_reset();
	KUNIT_EXPECT_EQ(test, cache_destroy(crowd->cache), 0);
	give_all(other);
	KUNIT_EXPECT_EQ(test, cache_destroy(other->cache), 0);
}

static unsigned int constructed;

static void construct(void *object)
{
	memset(object, 0x33, SIZE);
	constructed++;
}

void test_isolated_objects_are_constructed_once(struct kunit *test)
{
	struct crowd *crowd;
	unsigned int i, bad = 0, once;

	constructed = 0;
	crowd = make_crowd(test, make_pool(test, 4096), SLABMOD_ISOLATED, construct);
	once = constructed;
	KUNIT_EXPECT_EQ(test, once, home_totals(crowd->cache).slabs * crowd->cache->objects);
	give_all(crowd);
	slabmod_cache_shrink(crowd->cache);
	home_age(crowd->cache);
	home_age(crowd->cache);
	take_all(crowd);
	for (i = 0; i < crowd->nr; i++)
		bad += !!memchr_inv(crowd->objects[i], 0x33, SIZE);
	KUNIT_EXPECT_EQ(test, bad, 0);
	KUNIT_EXPECT_EQ(test, constructed, once);
	give_all(crowd);
	KUNIT_EXPECT_EQ(test, cache_destroy(crowd->cache), 0);
}

void test_isolated_objects_are_aligned_too(struct kunit *test)
{
	struct slabmod_pool *pool = make_pool(test, 4096);
	struct slabmod_cache *cache = cache_create(pool, "aligned", 100, 0,
						   SLABMOD_ISOLATED | SLABMOD_HWCACHE_ALIGN,
						   NULL, NULL);
	unsigned long pages = 0;
	unsigned int i, round;
	void *objects[200];

	KUNIT_ASSERT_NOT_NULL(test, cache);
	KUNIT_EXPECT_GE(test, cache->align, cache_line_size());
	for (round = 0; round < 3; round++) {
		for (i = 0; i < ARRAY_SIZE(objects); i++) {
			objects[i] = slabmod_cache_alloc(cache, GFP_KERNEL);
			KUNIT_ASSERT_NOT_NULL(test, objects[i]);
			KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)objects[i],
							   cache_line_size()));
		}
		if (!round)
			pages = home_pages(cache);
		slabmod_cache_free_bulk(cache, ARRAY_SIZE(objects), objects);
		KUNIT_EXPECT_EQ(test, slabmod_cache_shrink(cache), 0);
		KUNIT_EXPECT_EQ(test, home_pages(cache), pages);
	}
	KUNIT_EXPECT_EQ(test, cache_destroy(cache), 0);
}

void test_what_is_isolated_counts_at_the_limit(struct kunit *test)
{
	struct slabmod_pool *pool = make_pool(test, 128);
	struct crowd *crowd = make_crowd(test, pool, SLABMOD_ISOLATED, NULL);
	struct slabmod_cache *other = cache_create(pool, "other", SIZE, 0, 0, NULL, NULL);
	void *object;

	KUNIT_ASSERT_NOT_NULL(test, other);
	KUNIT_EXPECT_LT(test, crowd->nr, OBJECTS);
	give_all(crowd);
	KUNIT_EXPECT_NULL(test, slabmod_cache_alloc(other, GFP_KERNEL));
	KUNIT_EXPECT_GT(test, stat_sum(pool->source.stats, STAT_LIMIT_REFUSED), 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&pool->source.held), 128);
	expect_pages(crowd, "refusal");
	KUNIT_EXPECT_EQ(test, cache_destroy(crowd->cache), 0);
	object = slabmod_cache_alloc(other, GFP_KERNEL);
	KUNIT_EXPECT_NOT_NULL(test, object);
	slabmod_cache_free(other, object);
	KUNIT_EXPECT_EQ(test, cache_destroy(other), 0);
}

void test_busy_cache_stays_isolated(struct kunit *test)
{
	struct crowd *crowd = make_crowd(test, make_pool(test, 4096), SLABMOD_ISOLATED, NULL);

	crowd->nr--;
	give_all(crowd);
	KIT_EXPECT_MISUSE(test, MISUSE_CACHE_BUSY, "crowd: destroyed with 1 live objects",
			  KUNIT_EXPECT_EQ(test, cache_destroy(crowd->cache), -EBUSY));
	expect_pages(crowd, "destroy that was refused");
	expect_untouched(crowd);
	slabmod_cache_free(crowd->cache, crowd->objects[crowd->nr]);
	KUNIT_EXPECT_EQ(test, cache_destroy(crowd->cache), 0);
}

void test_end_of_a_cache_gives_all_back_cleared(struct kunit *test)
{
	struct slabmod_pool *pool = make_pool(test, 4096);
	struct crowd *crowd = make_crowd(test, pool, SLABMOD_ISOLATED, NULL);
	unsigned int i, bad = 0;

	/* All chunks stay with the pool, to be looked at. */
	pool->source.reserve = atomic_long_read(&pool->source.held);
	give_all(crowd);
	expect_untouched(crowd);
	KUNIT_EXPECT_EQ(test, cache_destroy(crowd->cache), 0);
	for (i = 0; i < crowd->nr; i++)
		bad += owner_of(crowd->objects[i]) || !is_cleared(crowd->objects[i], SIZE);
	KUNIT_EXPECT_EQ_MSG(test, bad, 0, "of %u objects", crowd->nr);
	KUNIT_EXPECT_EQ(test, pool_ledger(pool).buddy, pool->source.reserve << PAGE_SHIFT);
	pool->source.reserve = 0;
	pool_shrink(pool);
	KUNIT_EXPECT_EQ(test, kit_source.pages, 0);
}
