// SPDX-License-Identifier: GPL-2.0
/*
 * test_debug_check.c - pool_check_objects() finds all objects that were written to, and reports
 * nothing during correct use.
 */
#include "debug/debug.h"
#include "debug/quarantine.h"
#include "home.h"
#include "home_walk.h"
#include "pool_check.h"
#include "test_debug.h"

#define SIZE	100

static void expect_clean(struct kunit *test, struct slabmod_pool *pool)
{
	unsigned long bad = 1;

	KIT_EXPECT_NO_MISUSE(test, bad = pool_check_objects(pool));
	KUNIT_EXPECT_EQ(test, bad, 0);
}

#define EXPECT_FOUND(test, pool, kind, text)						\
do {											\
	unsigned long __bad = 0;							\
											\
	KIT_EXPECT_MISUSE_FROM(test, NULL, kind, text, __bad = pool_check_objects(pool));	\
	KUNIT_EXPECT_EQ(test, __bad, 1);						\
} while (0)

void test_check_finds_writes_around_live_objects(struct kunit *test)
{
	struct slabmod_cache *cache = debug_cache_to_spoil(test, SIZE, 0, NULL);
	void *p = debug_victim_alloc(cache), *q = debug_victim_alloc(cache);

	memset(p, 0, SIZE);
	expect_clean(test, cache->pool);
	debug_poke(p, SIZE, 1);
	EXPECT_FOUND(test, cache->pool, MISUSE_OVERRUN,
		     "which is in use, were written, the first at offset 100");
	/* The free reports it again. */
	KIT_EXPECT_MISUSE_FROM(test, NULL, MISUSE_OVERRUN, "behind object",
			       debug_culprit_free(cache, p));
	expect_clean(test, cache->pool);
	debug_poke(q, -1, 1);
	EXPECT_FOUND(test, cache->pool, MISUSE_OVERRUN,
		     "which is in use, were written, the first at offset -1");
	KIT_EXPECT_MISUSE_FROM(test, NULL, MISUSE_OVERRUN, "before object",
			       debug_culprit_free(cache, q));
	expect_clean(test, cache->pool);
	KUNIT_EXPECT_EQ(test, cache_destroy(cache), 0);
}

void test_check_finds_writes_to_objects_in_quarantine(struct kunit *test)
{
	struct slabmod_cache *cache = debug_cache_to_spoil(test, SIZE, 0, NULL);
	void *p = debug_victim_alloc(cache);

	debug_culprit_free(cache, p);
	KUNIT_ASSERT_EQ(test, cache->debug->quarantine.nr, 1);
	expect_clean(test, cache->pool);
	debug_poke(p, 3, 1);
	EXPECT_FOUND(test, cache->pool, MISUSE_WRITE_FREE, "it was freed, the first at offset 3");
	expect_clean(test, cache->pool);
	debug_poke(p, cache->usable, 1);
	EXPECT_FOUND(test, cache->pool, MISUSE_OVERRUN, "behind object");
	expect_clean(test, cache->pool);
	KUNIT_EXPECT_EQ(test, cache->debug->quarantine.nr, 1);
	KIT_EXPECT_NO_MISUSE(test, cache_destroy(cache));
}

/* In a slab in use, and in an empty one. */
void test_check_finds_writes_to_objects_in_slabs(struct kunit *test)
{
	struct slabmod_cache *cache = debug_cache_to_spoil(test, SIZE, 0, NULL);
	void *p = debug_victim_alloc(cache), *q = debug_victim_alloc(cache);

	debug_culprit_free(cache, p);
	quarantine_drain(cache, ULONG_MAX);
	KUNIT_ASSERT_EQ(test, cache_used(cache), 1);
	expect_clean(test, cache->pool);
	debug_poke(p, 3, 1);
	EXPECT_FOUND(test, cache->pool, MISUSE_WRITE_FREE, "it was freed, the first at offset 3");
	expect_clean(test, cache->pool);
	debug_culprit_free(cache, q);
	quarantine_drain(cache, ULONG_MAX);
	KUNIT_ASSERT_EQ(test, home_totals(cache).slabs, 1);
	expect_clean(test, cache->pool);
	debug_poke(q, 3, 1);
	EXPECT_FOUND(test, cache->pool, MISUSE_WRITE_FREE, "it was freed, the first at offset 3");
	expect_clean(test, cache->pool);
	KUNIT_EXPECT_EQ(test, cache_destroy(cache), 0);
}

/* ---- concurrent use ---- */

#define TURNS	4000

struct others {
	struct slabmod_pool *pool;
	atomic_t at_it;
	unsigned long looks, bad;
};

static void use_or_look(unsigned int n, void *arg)
{
	struct others *others = arg;
	struct rnd_state rnd;
	unsigned int turn;

	while (!n && atomic_read(&others->at_it)) {
		others->bad += pool_check_objects(others->pool);
		others->looks++;
		cond_resched();
	}
	prandom_seed_state(&rnd, n);
	for (turn = 0; n && turn < TURNS; turn++) {
		size_t size = 1 + kit_random(&rnd, 500), other = 1 + kit_random(&rnd, 500);
		void *p = slabmod_pool_kmalloc(others->pool, size, GFP_KERNEL), *q;

		if (p)
			memset(p, 1, size);
		q = slabmod_krealloc(p, other, GFP_KERNEL);
		if (q)
			memset(q, 2, turn % 4 ? other : slabmod_ksize(q));
		slabmod_kfree(q ?: p);
	}
	if (n)
		atomic_dec(&others->at_it);
}

void test_check_reports_nothing_without_errors(struct kunit *test)
{
	struct others others = { 0 };
	unsigned int cpus = min(num_online_cpus(), 3u), kb = quarantine_kb;

	/* Objects are reused at once, while they are checked. */
	quarantine_kb = 0;
	others.pool = debug_test_pool(test);
	quarantine_kb = kb;
	atomic_set(&others.at_it, cpus - 1);
	KIT_EXPECT_NO_MISUSE(test, kit_run_on_cpus(test, cpus, use_or_look, &others));
	KUNIT_EXPECT_EQ(test, others.bad, 0);
	kunit_info(test, "%lu looks beside %u CPUs\n", others.looks, cpus - 1);
	KUNIT_EXPECT_EQ(test, slabmod_pool_destroy(others.pool), 0);
}
