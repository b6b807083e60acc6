// SPDX-License-Identifier: GPL-2.0
/*
 * test_debug.c - errors with debugged objects are found, and reports name the object and
 * the stacks that allocated and freed it.
 *
 * Reports of KASAN fail a run: with KASAN, tests look at the shadow instead.
 */
#include <linux/mm.h>

#include "context.h"
#include "debug/callsites.h"
#include "debug/debug.h"
#include "debug/debug_block.h"
#include "debug/quarantine.h"
#include "defer.h"
#include "home.h"
#include "home_walk.h"
#include "pool_check.h"
#include "suites.h"
#include "test_debug.h"

/* Out of line, so that their names are in the stacks. */
noinline void *debug_victim_alloc(struct slabmod_cache *cache)
{
	void *p = slabmod_cache_alloc(cache, GFP_KERNEL);

	barrier();
	return p;
}

noinline void debug_culprit_free(struct slabmod_cache *cache, void *object)
{
	slabmod_cache_free(cache, object);
	barrier();
}

/* The compiler must not see the error. */
void debug_poke(void *p, long offset, u8 value)
{
	u8 *at = p;

	OPTIMIZER_HIDE_VAR(at);
	WRITE_ONCE(at[offset], value);
}

static u8 peek(const void *p, long offset)
{
	const u8 *at = p;

	OPTIMIZER_HIDE_VAR(at);
	return READ_ONCE(at[offset]);
}

struct slabmod_cache *debug_test_cache(struct kunit *test, size_t size, unsigned int flags,
				       void (*ctor)(void *object))
{
	struct slabmod_cache *cache;

	cache = cache_create(kit_pool_create(test, 16384), "kit-debug", size, 0,
			     SLABMOD_DEBUG | flags, ctor, THIS_MODULE);
	KUNIT_ASSERT_NOT_NULL(test, cache);
	return cache;
}

void debug_may_spoil(struct kunit *test)
{
	if (IS_ENABLED(CONFIG_KASAN))
		kunit_skip(test, "KASAN reports such errors before");
}

struct slabmod_cache *debug_cache_to_spoil(struct kunit *test, size_t size, unsigned int flags,
					   void (*ctor)(void *object))
{
	debug_may_spoil(test);
	return debug_test_cache(test, size, flags, ctor);
}

static void expect_stacks(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, kit_captured_stack("slabmod:   allocated ", "debug_victim_alloc"));
	KUNIT_EXPECT_TRUE(test, kit_captured_stack("slabmod:   freed ", "debug_culprit_free"));
}

static const size_t sizes[] = { 1, 13, 16, 24, 64, 96, 100, 512, 4000, 4096, 5000, 32768 };

KIT_SIZE_PARAM(size, sizes);

/* ---- overruns ---- */

static void test_byte_behind_an_object_is_reported_with_both_stacks(struct kunit *test)
{
	size_t size = kit_size(test);
	struct slabmod_cache *cache = debug_cache_to_spoil(test, size, 0, NULL);
	void *victim = debug_victim_alloc(cache), *neighbour = debug_victim_alloc(cache);
	char text[48];

	memset(victim, 0x11, size);
	memset(neighbour, 0x22, size);
	debug_poke(victim, size, 0x33);
	snprintf(text, sizeof(text), "the first at offset %zu", size);
	KIT_EXPECT_MISUSE(test, MISUSE_OVERRUN, text, debug_culprit_free(cache, victim));
	KUNIT_EXPECT_EQ(test, kit_captured("1 bytes behind object"), 1);
	expect_stacks(test);
	/* One report per error. */
	KIT_EXPECT_NO_MISUSE(test, debug_culprit_free(cache, neighbour));
	KIT_EXPECT_NO_MISUSE(test, slabmod_cache_shrink(cache));
}

static void test_byte_before_an_object_is_reported_with_both_stacks(struct kunit *test)
{
	struct slabmod_cache *cache = debug_cache_to_spoil(test, kit_size(test), 0, NULL);
	void *neighbour = debug_victim_alloc(cache), *victim = debug_victim_alloc(cache);

	debug_poke(victim, -1, 0x33);
	KIT_EXPECT_NO_MISUSE(test, debug_culprit_free(cache, neighbour));
	KIT_EXPECT_MISUSE(test, MISUSE_OVERRUN, "the first at offset -1",
			  debug_culprit_free(cache, victim));
	KUNIT_EXPECT_EQ(test, kit_captured("1 bytes before object"), 1);
	expect_stacks(test);
	KIT_EXPECT_NO_MISUSE(test, slabmod_cache_shrink(cache));
}

/* The first and the last object of a slab have no neighbour of the cache's. */
static void test_first_and_last_object_have_two_red_zones(struct kunit *test)
{
	struct slabmod_cache *cache = debug_cache_to_spoil(test, kit_size(test), 0, NULL);
	unsigned int nr = cache->objects, i;
	size_t size = kit_size(test);
	void **objects = kit_array(test, nr);

	for (i = 0; i < nr; i++)
		objects[i] = debug_victim_alloc(cache);
	for (i = 0; i < nr; i++) {
		if (i && i != nr - 1) {
			debug_culprit_free(cache, objects[i]);
			continue;
		}
		debug_poke(objects[i], size, 1);
		debug_poke(objects[i], -1, 1);
		kit_capture_begin();
		debug_culprit_free(cache, objects[i]);
		kit_capture_end();
		KUNIT_EXPECT_EQ(test, kit_captured("1 bytes behind object"), 1);
		KUNIT_EXPECT_EQ(test, kit_captured("1 bytes before object"), 1);
	}
}

static void test_each_byte_of_an_overrun_is_counted(struct kunit *test)
{
	struct slabmod_cache *cache = debug_cache_to_spoil(test, 40, 0, NULL);
	void *victim = debug_victim_alloc(cache);

	memset(victim, 0, 40);
	debug_poke(victim, 40, 1);
	debug_poke(victim, 42, 2);
	debug_poke(victim, 43, 3);
	KIT_EXPECT_MISUSE(test, MISUSE_OVERRUN, "3 bytes behind object",
			  debug_culprit_free(cache, victim));
	KUNIT_EXPECT_EQ(test, kit_captured("bytes from offset 40 on: 01 bb 02 03"), 1);
}

/* ---- use after free ---- */

static void test_write_after_free_is_reported_with_both_stacks(struct kunit *test)
{
	size_t size = kit_size(test), at = size / 2;
	struct slabmod_cache *cache = debug_cache_to_spoil(test, size, 0, NULL);
	void *victim = debug_victim_alloc(cache);
	char text[48];

	debug_culprit_free(cache, victim);
	debug_poke(victim, at, 0x44);
	snprintf(text, sizeof(text), "the first at offset %zu", at);
	KIT_EXPECT_MISUSE(test, MISUSE_WRITE_FREE, text, slabmod_cache_shrink(cache));
	KUNIT_EXPECT_EQ(test, kit_captured("1 bytes of object"), 1);
	expect_stacks(test);
}

/* The object is in its slab, which another object keeps. */
static void test_write_after_free_is_found_at_the_next_allocation(struct kunit *test)
{
	struct slabmod_cache *cache = debug_cache_to_spoil(test, 64, 0, NULL);
	void *stays = debug_victim_alloc(cache), *victim = debug_victim_alloc(cache);
	void **taken = kit_array(test, cache->objects);
	unsigned int nr = 0;

	debug_culprit_free(cache, victim);
	slabmod_cache_shrink(cache);
	debug_poke(victim, 63, 0x44);
	kit_capture_begin();
	do
		taken[nr] = debug_victim_alloc(cache);
	while (taken[nr++] != victim && nr < cache->objects);
	kit_capture_end();
	KUNIT_EXPECT_PTR_EQ(test, taken[nr - 1], victim);
	kit_expect_misuse(test, __LINE__, MISUSE_WRITE_FREE, "the first at offset 63", NULL);
	slabmod_cache_free_bulk(cache, nr, taken);
	debug_culprit_free(cache, stays);
}

static void test_new_and_freed_memory_is_poisoned(struct kunit *test)
{
	struct slabmod_cache *cache = debug_cache_to_spoil(test, 64, 0, NULL);
	void *p = debug_victim_alloc(cache);

	KUNIT_EXPECT_PTR_EQ(test, memchr_inv(p, 0x5a, 64), NULL);
	debug_culprit_free(cache, p);
	/* As a pointer it is not canonical. */
	KUNIT_EXPECT_EQ(test, *(unsigned long *)p, 0x6b6b6b6b6b6b6b6bul);
	KUNIT_EXPECT_EQ(test, peek(p, 63), 0x6b);
}

/* ---- freed twice, or not at all ---- */

struct duel {
	struct slabmod_cache *cache;
	void *object;
	atomic_t ready;
};

static void free_at_once(unsigned int n, void *arg)
{
	struct duel *duel = arg;

	atomic_inc(&duel->ready);
	while (atomic_read(&duel->ready) < 2)
		cpu_relax();
	slabmod_cache_free(duel->cache, duel->object);
}

static void test_one_of_two_concurrent_frees_is_reported(struct kunit *test)
{
	struct duel duel = { .cache = debug_test_cache(test, 64, 0, NULL) };
	int turn;

	kit_need_cpus(test, 2);
	for (turn = 0; turn < 20; turn++) {
		unsigned long before = report_count(MISUSE_DOUBLE_FREE);

		duel.object = debug_victim_alloc(duel.cache);
		atomic_set(&duel.ready, 0);
		KUNIT_ASSERT_EQ(test, kit_run_on_cpus(test, 2, free_at_once, &duel), 2);
		KUNIT_EXPECT_EQ(test, report_count(MISUSE_DOUBLE_FREE), before + 1);
	}
	KUNIT_EXPECT_EQ(test, cache_used(duel.cache), 0);
}

/* In a debugged cache, an object is not where slabs have it. */
static void test_free_of_the_lead_is_reported(struct kunit *test)
{
	struct slabmod_cache *cache = debug_test_cache(test, 100, 0, NULL);
	void *victim = debug_victim_alloc(cache);

	KIT_EXPECT_MISUSE(test, MISUSE_INNER_FREE, "starts no object of kit-debug",
			  slabmod_cache_free(cache, victim - cache->lead));
	KUNIT_EXPECT_EQ(test, kit_captured("100 requested, in use"), 1);
	KIT_EXPECT_NO_MISUSE(test, debug_culprit_free(cache, victim));
}

/* ---- pool_check_objects() ---- */

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

static void test_check_finds_writes_around_live_objects(struct kunit *test)
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

static void test_check_finds_writes_to_objects_in_quarantine(struct kunit *test)
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
static void test_check_finds_writes_to_objects_in_slabs(struct kunit *test)
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

static void test_check_reports_nothing_without_errors(struct kunit *test)
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

/* Another CPU frees the object after cache_find() saw that it is in use. */
static void test_only_one_of_racing_frees_succeeds(struct kunit *test)
{
	struct slabmod_cache *cache = debug_test_cache(test, 64, 0, NULL);
	void *object = debug_victim_alloc(cache);
	struct debug_track *track;

	KUNIT_ASSERT_NOT_NULL(test, object);
	debug_culprit_free(cache, object);
	KIT_EXPECT_MISUSE(test, MISUSE_DOUBLE_FREE, "is free already",
			  track = debug_free(cache, frame_slab(chunk_frame(object)), object));
	KUNIT_EXPECT_NULL(test, track);
}

/* ---- debug mode of one pool ---- */

#define BLOCK_BYTES	(PAGE_SIZE << 5)

static void expect_debugged(struct kunit *test, struct slabmod_pool *pool,
			    struct slabmod_cache *cache)
{
	void *object = slabmod_cache_alloc(cache, GFP_KERNEL);
	void *memory = kit_pool_kmalloc(test, pool, 50);
	void *block = kit_pool_kmalloc(test, pool, BLOCK_BYTES - 10);

	debug_poke(object, 50, 1);
	debug_poke(memory, 50, 1);
	debug_poke(block, BLOCK_BYTES - 10, 1);
	KIT_EXPECT_MISUSE(test, MISUSE_OVERRUN, "the first at offset 50",
			  slabmod_cache_free(cache, object));
	KIT_EXPECT_MISUSE(test, MISUSE_OVERRUN, "the first at offset 50", slabmod_kfree(memory));
	KIT_EXPECT_MISUSE(test, MISUSE_OVERRUN, "the first at offset", slabmod_kfree(block));
}

static void expect_not_debugged(struct kunit *test, struct slabmod_pool *pool)
{
	void *memory = kit_pool_kmalloc(test, pool, 50);
	void *block = kit_pool_kmalloc(test, pool, BLOCK_BYTES - 10);

	debug_poke(memory, 50, 1);
	debug_poke(block, BLOCK_BYTES - 10, 1);
	KIT_EXPECT_NO_MISUSE(test, slabmod_kfree(memory));
	KIT_EXPECT_NO_MISUSE(test, slabmod_kfree(block));
}

static void test_pool_with_debug_mode_debugs_all_of_its_memory(struct kunit *test)
{
	struct slabmod_pool_params params = SLABMOD_POOL_PARAMS_INIT;
	struct slabmod_pool *debugged, *other;
	struct slabmod_cache *cache;

	debug_may_spoil(test);
	params.debug = true;
	debugged = slabmod_pool_create("kit-debugged", &params);
	KUNIT_ASSERT_NOT_NULL(test, debugged);
	other = kit_module_pool(test, "kit-other", 0, 0);
	cache = slabmod_pool_cache_create(debugged, "kit-debugged", 50, 0, 0, NULL);
	KUNIT_ASSERT_NOT_NULL(test, cache);
	expect_debugged(test, debugged, cache);
	/* At the same time, another pool is not debugged. */
	if (!debug_all)
		expect_not_debugged(test, other);
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(cache), 0);
	KUNIT_EXPECT_EQ(test, slabmod_pool_destroy(other), 0);
	KUNIT_EXPECT_EQ(test, slabmod_pool_destroy(debugged), 0);
}

/* The deferred free is an interrupt, which comes before the call has returned. */
static void test_deferred_free_untracks_a_block(struct kunit *test)
{
	struct slabmod_pool_params params = SLABMOD_POOL_PARAMS_INIT;
	struct slabmod_pool *pool;
	struct debug_block *block;
	void *p;

	if (!IS_ENABLED(CONFIG_DEBUG_KMEMLEAK))
		kunit_skip(test, "needs kmemleak");
	params.debug = true;
	pool = slabmod_pool_create("kit-debugged", &params);
	KUNIT_ASSERT_NOT_NULL(test, pool);
	p = kit_pool_kmalloc(test, pool, BLOCK_BYTES);
	block = debug_block_find(p);
	KUNIT_ASSERT_NOT_NULL(test, block);
	KUNIT_EXPECT_TRUE(test, block->track.leak_checked);
	slabmod_kfree_nolock(p);
	defer_sync();
	KUNIT_EXPECT_EQ(test, block->track.state, DEBUG_QUARANTINED);
	KUNIT_EXPECT_FALSE(test, block->track.leak_checked);
	KUNIT_EXPECT_EQ(test, slabmod_pool_destroy(pool), 0);
}

static struct kunit_case debug_cases[] = {
	KUNIT_CASE(test_only_one_of_racing_frees_succeeds),
	KUNIT_CASE_PARAM(test_byte_behind_an_object_is_reported_with_both_stacks, size_gen_params),
	KUNIT_CASE_PARAM(test_byte_before_an_object_is_reported_with_both_stacks, size_gen_params),
	KUNIT_CASE_PARAM(test_first_and_last_object_have_two_red_zones, size_gen_params),
	KUNIT_CASE(test_each_byte_of_an_overrun_is_counted),
	KUNIT_CASE_PARAM(test_write_after_free_is_reported_with_both_stacks, size_gen_params),
	KUNIT_CASE(test_write_after_free_is_found_at_the_next_allocation),
	KUNIT_CASE(test_new_and_freed_memory_is_poisoned),
	KUNIT_CASE(test_one_of_two_concurrent_frees_is_reported),
	KUNIT_CASE(test_free_of_the_lead_is_reported),
	DEBUG_USE_CASES(DEBUG_CASE)
#ifdef CONFIG_KASAN_GENERIC
	KUNIT_CASE(test_kasan_shadow_of_an_object),
	KUNIT_CASE(test_kasan_shadow_of_a_block),
#endif
	KUNIT_CASE(test_check_finds_writes_around_live_objects),
	KUNIT_CASE(test_check_finds_writes_to_objects_in_quarantine),
	KUNIT_CASE(test_check_finds_writes_to_objects_in_slabs),
	KUNIT_CASE(test_check_reports_nothing_without_errors),
	KUNIT_CASE(test_pool_with_debug_mode_debugs_all_of_its_memory),
	KUNIT_CASE(test_deferred_free_untracks_a_block),
	{}
};

struct kunit_suite debug_suite = {
	.name = "debug",
	KIT_SUITE_HOOKS,
	.test_cases = debug_cases,
};
