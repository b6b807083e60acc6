// SPDX-License-Identifier: GPL-2.0
/*
 * test_strict.c - strict caches: each double free is reported by the call that makes it,
 * wherever the object is, and has no other effect.
 */
#include "context.h"
#include "pool_check.h"
#include "strict.h"
#include "suites.h"
#include "verbs_pool.h"

/* Several refills and flushes of any magazine. */
#define MANY	600

static const size_t sizes[] = { 16, 32, 40, 64, 72, 128, 192, 1000, 1024, 1472, 4096, 8192 };

static struct slabmod_cache *strict_cache(struct kunit *test, struct slabmod_pool *pool,
					  size_t size)
{
	struct slabmod_cache *cache = kit_cache_in(test, pool, "strict", size, SLABMOD_STRICT);

	KUNIT_ASSERT_TRUE(test, strict_is_on(cache));
	return cache;
}

/* Each call that frees an object reports the double free, and changes nothing. */
static void expect_refused(struct kunit *test, struct slabmod_cache *cache, void *object)
{
	unsigned long used = cache_used(cache), held = magazine_count(cache);

	KIT_EXPECT_MISUSE(test, MISUSE_DOUBLE_FREE, cache->name, slabmod_cache_free(cache, object));
	KIT_EXPECT_MISUSE(test, MISUSE_DOUBLE_FREE, cache->name, slabmod_kfree(object));
	KIT_EXPECT_MISUSE(test, MISUSE_DOUBLE_FREE, cache->name,
			  slabmod_cache_free_bulk(cache, 1, &object));
	KUNIT_EXPECT_EQ(test, cache_used(cache), used);
	KUNIT_EXPECT_EQ(test, magazine_count(cache), held);
}

/* An object is freed first, then more and more others. */
static void expect_all_states(struct kunit *test, struct slabmod_cache *cache, void **objects)
{
	kit_alloc_n(test, cache, objects, MANY);
	slabmod_cache_free(cache, objects[0]);
	expect_refused(test, cache, objects[0]);
	kit_free_n(cache, objects + 1, 2);
	expect_refused(test, cache, objects[0]);
	kit_free_n(cache, objects + 3, MANY - 4);
	expect_refused(test, cache, objects[0]);
	expect_refused(test, cache, objects[MANY - 2]);
	/* The last one keeps its slab. */
	slabmod_cache_shrink(cache);
	KUNIT_EXPECT_EQ(test, magazine_count(cache), 0);
	if (kit_slab(objects[MANY - 2]) == kit_slab(objects[MANY - 1]))
		expect_refused(test, cache, objects[MANY - 2]);
	KUNIT_EXPECT_TRUE(test, cache_check(cache));
	KIT_EXPECT_NO_MISUSE(test, slabmod_cache_free(cache, objects[MANY - 1]));
	KUNIT_EXPECT_EQ(test, cache_used(cache), 0);
	kit_destroy(test, cache);
}

static void test_double_free_is_reported_wherever_the_object_is(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, 8192);
	void **objects = kit_array(test, MANY);
	struct slabmod_cache *cache;
	unsigned int i;

	context_pin(0);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		expect_all_states(test, strict_cache(test, pool, sizes[i]), objects);
		cache = strict_cache(test, pool, sizes[i]);
		/* As on a machine with one node, where a free is shortest unless it clears. */
		if (!(cache->flags & (CACHE_SHARES_LINES | CACHE_CLEAR))) {
			kit_cache_quicken(test, cache);
			KUNIT_EXPECT_TRUE(test, !!(cache->flags & CACHE_STRICT_QUICK));
		}
		expect_all_states(test, cache, objects);
	}
}

static void free_it(void *p)
{
	slabmod_kfree(p);
}

/* ---- frees at the same time ---- */

struct race {
	struct slabmod_cache *cache;
	void *objects[MANY];
	atomic_t arrived;
	unsigned int cpus;
};

static void free_all(unsigned int n, void *arg)
{
	struct race *race = arg;
	unsigned int i;

	atomic_inc(&race->arrived);
	while (atomic_read(&race->arrived) < race->cpus)
		cpu_relax();
	for (i = 0; i < MANY; i++)
		slabmod_cache_free(race->cache, race->objects[i]);
}

static void test_one_of_concurrent_frees_succeeds(struct kunit *test)
{
	struct race *race = kit_zalloc(test, sizeof(*race));
	unsigned long before;
	unsigned int round;

	race->cpus = min(num_online_cpus(), 4u);
	race->cache = strict_cache(test, kit_pool_create(test, 8192), 128);
	for (round = 0; round < 20; round++) {
		KUNIT_ASSERT_EQ(test, slabmod_cache_alloc_bulk(race->cache, GFP_KERNEL, MANY,
							       race->objects), MANY);
		atomic_set(&race->arrived, 0);
		before = report_count(MISUSE_DOUBLE_FREE);
		kit_run_on_cpus(test, race->cpus, free_all, race);
		KUNIT_EXPECT_EQ(test, report_count(MISUSE_DOUBLE_FREE) - before,
				MANY * (race->cpus - 1));
		KUNIT_EXPECT_EQ(test, cache_used(race->cache), 0);
	}
	/* No object is in two magazines. */
	before = report_count(MISUSE_DOUBLE_FREE);
	slabmod_cache_shrink(race->cache);
	KUNIT_EXPECT_EQ(test, report_count(MISUSE_DOUBLE_FREE), before);
	KUNIT_EXPECT_EQ(test, cache_destroy(race->cache), 0);
}

/* ---- other ways to allocate ---- */

static void test_every_allocation_marks_the_object(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, 8192);
	struct slabmod_cache *cache = strict_cache(test, pool, 100);
	void *objects[5], *bulk[40];
	unsigned int round, i;

	context_pin(0);
	/* There are no magazines in the first round. */
	for (round = 0; round < 3; round++) {
		objects[0] = slabmod_cache_alloc(cache, GFP_KERNEL);
		objects[1] = slabmod_cache_zalloc(cache, GFP_KERNEL);
		objects[2] = slabmod_cache_alloc(cache, GFP_ATOMIC);
		objects[3] = slabmod_cache_alloc_node(cache, GFP_KERNEL, numa_mem_id());
		objects[4] = slabmod_cache_alloc_node(cache, GFP_KERNEL | __GFP_THISNODE,
						      numa_mem_id());
		KUNIT_ASSERT_EQ(test, slabmod_cache_alloc_bulk(cache, GFP_KERNEL, ARRAY_SIZE(bulk),
							       bulk), ARRAY_SIZE(bulk));
		for (i = 0; i < ARRAY_SIZE(objects); i++) {
			KUNIT_ASSERT_NOT_NULL(test, objects[i]);
			KIT_EXPECT_NO_MISUSE(test, slabmod_cache_free(cache, objects[i]));
		}
		KIT_EXPECT_NO_MISUSE(test, slabmod_cache_free_bulk(cache, ARRAY_SIZE(bulk), bulk));
		expect_refused(test, cache, objects[0]);
		expect_refused(test, cache, bulk[0]);
		KUNIT_EXPECT_EQ(test, cache_used(cache), 0);
	}
	KUNIT_EXPECT_TRUE(test, cache_check(cache));
	kit_destroy(test, cache);
}

/* Slabs that are allocated while memory is low. */
static void test_small_slabs_are_strict(struct kunit *test)
{
	struct slabmod_cache *cache;
	void *object, *other;

	cache = kit_cache_in(test, kit_pool_create(test, 8192), "low", 1000, SLABMOD_STRICT);
	if (cache->usual.pages == 1) {
		kit_destroy(test, cache);
		kunit_skip(test, "no slab of these objects is smaller than usual");
	}
	kit_source.max_order = 0;
	context_pin(0);
	object = kit_alloc(test, cache);
	other = kit_alloc(test, cache);
	KUNIT_ASSERT_EQ(test, frame_state(chunk_frame(object)), FRAME_SLAB_SMALL);
	slabmod_cache_free(cache, object);
	KIT_EXPECT_NO_MISUSE(test, slabmod_cache_free(cache, other));
	expect_refused(test, cache, object);
	slabmod_cache_free(cache, kit_alloc(test, cache));
	kit_destroy(test, cache);
}

static void test_double_free_in_an_interrupt(struct kunit *test)
{
	struct slabmod_cache *cache = strict_cache(test, kit_pool_create(test, 8192), 200);
	void *object;

	context_pin(0);
	object = kit_alloc(test, cache);
	slabmod_cache_free(cache, object);
	slabmod_cache_free(cache, slabmod_cache_alloc(cache, GFP_KERNEL));
	KIT_EXPECT_MISUSE_FROM(test, NULL, MISUSE_DOUBLE_FREE, cache->name,
			       context_hard(free_it, object));
	/* While the magazine is busy, the object is freed to its slab. */
	object = slabmod_cache_alloc(cache, GFP_KERNEL);
	KIT_WHILE_BUSY(cache, slabmod_kfree(object));
	expect_refused(test, cache, object);
	kit_destroy(test, cache);
}

/* ---- pools and the module's parameter ---- */

static void test_parameter_makes_all_memory_strict(struct kunit *test)
{
	static const size_t some[] = { 1, 16, 33, 64, 100, 500, 2048, 5000, 32768, 33000, 100000 };
	struct slabmod_pool *pool;
	unsigned long a, b;
	unsigned int i;

	strict_all = true;
	pool = kit_module_pool(test, "strict", 0, 0);
	strict_all = false;
	context_pin(0);
	for (i = 0; i < ARRAY_SIZE(some); i++) {
		void *p = kit_pool_kmalloc(test, pool, some[i]);
		void *q = kit_pool_kmalloc(test, pool, some[i]);

		slabmod_pool_kfree(pool, p);
		KIT_EXPECT_NO_MISUSE(test, slabmod_pool_kfree(pool, q));
		KIT_EXPECT_MISUSE(test, MISUSE_DOUBLE_FREE, "", slabmod_pool_kfree(pool, p));
	}
	for (i = 0; i <= 6; i++) {
		a = slabmod_pool_get_free_pages(pool, GFP_KERNEL, i);
		b = slabmod_pool_get_free_pages(pool, GFP_KERNEL, i);
		KUNIT_ASSERT_TRUE(test, a && b);
		slabmod_pool_free_pages(pool, a, i);
		KIT_EXPECT_NO_MISUSE(test, slabmod_pool_free_pages(pool, b, i));
		KIT_EXPECT_MISUSE(test, MISUSE_DOUBLE_FREE, "", slabmod_free_pages(a, i));
	}
	KUNIT_EXPECT_TRUE(test, pool_check(pool));
	KUNIT_EXPECT_EQ(test, slabmod_pool_destroy(pool), 0);
}

static void test_other_caches_are_not_strict(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, 8192);
	struct slabmod_cache *plain = kit_cache_in(test, pool, "plain", 16, 0);
	struct slabmod_cache *debugged = kit_cache_in(test, pool, "debugged", 16,
						      SLABMOD_STRICT | SLABMOD_DEBUG);

	KUNIT_EXPECT_FALSE(test, strict_is_on(plain));
	KUNIT_EXPECT_FALSE(test, strict_is_on(debugged));
	KUNIT_EXPECT_EQ(test, plain->objects, SLAB_MAX_OBJECTS);
	KUNIT_EXPECT_EQ(test, slabmod_cache_size(strict_cache(test, pool, 16)), STRICT_MIN_SIZE);
}

/* ---- checks ---- */

static void test_wrong_bit_is_found(struct kunit *test)
{
	struct slabmod_cache *cache = strict_cache(test, kit_pool_create(test, 8192), 64);
	void *object, *keeper;
	struct slab *slab;
	u64 index;

	context_pin(0);
	object = slabmod_cache_alloc(cache, GFP_KERNEL);
	keeper = slabmod_cache_alloc(cache, GFP_KERNEL);
	KUNIT_ASSERT_TRUE(test, object && keeper);
	slab = kit_slab(object);
	index = slab_object_index(cache, slab, object);
	KUNIT_EXPECT_TRUE(test, strict_is_out(slab, index));
	slabmod_cache_free(cache, object);
	KUNIT_EXPECT_FALSE(test, strict_is_out(slab, index));
	slabmod_cache_shrink(cache);
	KUNIT_EXPECT_TRUE(test, cache_check(cache));
	report_broken_is_meant = true;
	strict_set(strict_place(slab, index));
	KUNIT_EXPECT_FALSE(test, cache_check(cache));
	KUNIT_EXPECT_TRUE(test, strict_clear(strict_place(slab, index)));
	KUNIT_EXPECT_FALSE(test, strict_clear(strict_place(slab, index)));
	report_broken_is_meant = false;
	KUNIT_EXPECT_TRUE(test, cache_check(cache));
	slabmod_cache_free(cache, keeper);
	kit_destroy(test, cache);
}

static struct kunit_case strict_cases[] = {
	KUNIT_CASE(test_double_free_is_reported_wherever_the_object_is),
	KUNIT_CASE(test_one_of_concurrent_frees_succeeds),
	KUNIT_CASE(test_every_allocation_marks_the_object),
	KUNIT_CASE(test_small_slabs_are_strict),
	KUNIT_CASE(test_double_free_in_an_interrupt),
	KUNIT_CASE(test_parameter_makes_all_memory_strict),
	KUNIT_CASE(test_other_caches_are_not_strict),
	KUNIT_CASE(test_wrong_bit_is_found),
	{}
};

struct kunit_suite strict_suite = {
	.name = "strict",
	KIT_SUITE_HOOKS,
	.test_cases = strict_cases,
};
