// SPDX-License-Identifier: GPL-2.0
/*
 * test_typesafe.c - what a reader under RCU may rely on: an object of a cache with
 * SLABMOD_TYPESAFE_BY_RCU is not changed when it is freed and allocated again, and its
 * memory is not used for anything else before the reader is done.
 *
 * The step "cleared" runs this on a kernel that clears what is allocated and freed.
 */
#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/string.h>

#include <slabmod/slabmod.h>

#include "buddy.h"
#include "cache.h"
#include "cache_list.h"
#include "chunk.h"
#include "context.h"
#include "home.h"
#include "home_walk.h"
#include "kit.h"
#include "pool_check.h"
#include "pool_ledger.h"
#include "slab.h"
#include "suites.h"

#define LIMIT	64	/* pages */
#define SECRET	0xa5

static struct slabmod_cache *create(struct kunit *test, struct slabmod_pool *pool, size_t size,
				    unsigned int flags, void (*ctor)(void *object))
{
	struct slabmod_cache *cache = cache_create(pool, "typesafe", size, 0,
						   SLABMOD_TYPESAFE_BY_RCU | flags, ctor,
						   THIS_MODULE);

	KUNIT_ASSERT_NOT_NULL(test, cache);
	return cache;
}

static bool is_secret(const void *p, size_t size)
{
	return !memchr_inv(p, SECRET, size);
}

/* ---- an object that is used again ---- */

#define TRIES	1024

/* Allocates until @object comes, and frees all; false when it does not come. */
static bool meet_again(struct slabmod_cache *cache, void *object, void **others, bool *intact)
{
	unsigned int nr = 0;
	bool met = false;

	while (nr < TRIES && !met) {
		others[nr] = slabmod_cache_alloc(cache, GFP_KERNEL);
		if (!others[nr])
			break;
		met = others[nr++] == object;
	}
	*intact = met && is_secret(object, cache->object_size);
	while (nr--)
		slabmod_cache_free(cache, others[nr]);
	return met;
}

/* As rcu_persistent in the kernel's lib/test_meminit.c: ten sizes. */
static void expect_persistence(struct kunit *test, unsigned int flags)
{
	struct slabmod_pool *pool = kit_pool_create(test, 8192);
	void **others = kunit_kcalloc(test, TRIES, sizeof(*others), GFP_KERNEL);
	unsigned int i, met = 0, kept = 0;

	KUNIT_ASSERT_NOT_NULL(test, others);
	for (i = 0; i < 10; i++) {
		struct slabmod_cache *cache = create(test, pool, 8u << i, flags, NULL);
		void *object = slabmod_cache_alloc(cache, GFP_KERNEL);
		bool intact;

		KUNIT_ASSERT_NOT_NULL(test, object);
		memset(object, SECRET, cache->object_size);
		slabmod_cache_free(cache, object);
		met += meet_again(cache, object, others, &intact);
		kept += intact;
		KUNIT_EXPECT_EQ(test, cache_destroy(cache), 0);
	}
	kunit_info(test, "%u of 10 objects came back, %u as they were\n", met, kept);
	KUNIT_EXPECT_EQ(test, met, 10);
	KUNIT_EXPECT_EQ(test, kept, 10);
}

static void test_object_that_is_used_again_is_as_it_was(struct kunit *test)
{
	expect_persistence(test, 0);
	expect_persistence(test, SLABMOD_HWCACHE_ALIGN);
	expect_persistence(test, SLABMOD_ISOLATED);
}

/* Through the magazine's fast path, the slow one, and in bulk. */
static void test_no_way_of_allocating_changes_an_object(struct kunit *test)
{
	struct slabmod_cache *cache = create(test, kit_pool_create(test, 8192), 256, 0, NULL);
	void *object = slabmod_cache_alloc(cache, GFP_KERNEL), *again;

	KUNIT_ASSERT_NOT_NULL(test, object);
	memset(object, SECRET, 256);
	context_pin(0);
	slabmod_cache_free(cache, object);
	KUNIT_EXPECT_EQ(test, slabmod_cache_alloc_bulk(cache, GFP_KERNEL, 1, &again), 1);
	KUNIT_EXPECT_TRUE(test, is_secret(object, 256));
	slabmod_cache_free_bulk(cache, 1, &again);
	KUNIT_EXPECT_TRUE(test, is_secret(object, 256));
	again = slabmod_cache_alloc_node(cache, GFP_KERNEL, numa_mem_id());
	KUNIT_EXPECT_TRUE(test, is_secret(object, 256));
	slabmod_cache_free(cache, again);
	KUNIT_EXPECT_TRUE(test, is_secret(object, 256));
}

/* A request for clearing is served. */
static void test_zeroed_object_is_zeroed(struct kunit *test)
{
	static const unsigned int flags[] = { 0, SLABMOD_DEBUG };
	unsigned int i, n;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		struct slabmod_cache *cache = create(test, kit_pool_create(test, 8192), 256,
						     flags[i], NULL);
		void *object;

		for (n = 0; n < 3; n++) {
			KIT_EXPECT_NO_MISUSE(test,
					     object = slabmod_cache_zalloc(cache, GFP_KERNEL));
			KUNIT_ASSERT_NOT_NULL(test, object);
			KUNIT_EXPECT_NULL(test, memchr_inv(object, 0, 256));
			memset(object, SECRET, 256);
			slabmod_cache_free(cache, object);
		}
		KUNIT_EXPECT_EQ(test, cache_destroy(cache), 0);
	}
}

/* What debug mode finds without writing to the object itself, it finds. */
static void test_debugged_object_is_read_after_its_free(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, 8192);
	struct slabmod_cache *cache = create(test, pool, 100, SLABMOD_DEBUG, NULL);
	char *object = slabmod_cache_alloc(cache, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, object);
	memset(object, SECRET, 100);
	slabmod_cache_free(cache, object);
	/* In quarantine, and on a kernel with KASAN without a report. */
	KUNIT_EXPECT_TRUE(test, is_secret(object, 100));
	KIT_EXPECT_MISUSE(test, MISUSE_DOUBLE_FREE, "is free already",
			  slabmod_cache_free(cache, object));
	KUNIT_EXPECT_TRUE(test, is_secret(object, 100));
}

static void test_debugged_object_has_red_zones(struct kunit *test)
{
	struct slabmod_cache *cache;
	char *object;

	if (IS_ENABLED(CONFIG_KASAN))
		kunit_skip(test, "KASAN finds the overrun before");
	cache = create(test, kit_pool_create(test, 8192), 96, SLABMOD_DEBUG, NULL);
	object = slabmod_cache_alloc(cache, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, object);
	object[96] ^= 1;
	KIT_EXPECT_MISUSE(test, MISUSE_OVERRUN, "typesafe", slabmod_cache_free(cache, object));
}

/* ---- constructors ---- */

static unsigned int constructed;

static void construct(void *object)
{
	memset(object, 0x33, 256);
	constructed++;
}

static void test_constructor_runs_once_a_slab(struct kunit *test)
{
	struct slabmod_cache *cache = create(test, kit_pool_create(test, 8192), 256, 0, construct);
	unsigned int round, once = 0;
	void *object = NULL;

	constructed = 0;
	for (round = 0; round < 3; round++) {
		object = slabmod_cache_alloc(cache, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, object);
		KUNIT_EXPECT_NULL(test, memchr_inv(object, 0x33, 256));
		once = once ?: constructed;
		slabmod_cache_free(cache, object);
	}
	KUNIT_EXPECT_EQ(test, once, cache->objects);
	KUNIT_EXPECT_EQ(test, constructed, once);
}

/* As SLUB: it warns, and clears unless the kernel clears by itself. */
static void test_zeroed_object_with_a_constructor_is_what_the_kernel_makes_of_it(struct kunit *test)
{
	static const unsigned int flags[] = { 0, SLABMOD_TYPESAFE_BY_RCU };
	unsigned int i, fill = want_init_on_alloc(0) ? 0x33 : 0;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		struct slabmod_cache *cache = cache_create(kit_pool_create(test, 8192), "made",
							   256, 0, flags[i], construct, NULL);
		void *object;

		KUNIT_ASSERT_NOT_NULL(test, cache);
		KIT_EXPECT_MISUSE(test, MISUSE_BAD_GFP, "made: __GFP_ZERO makes no sense",
				  object = slabmod_cache_zalloc(cache, GFP_KERNEL));
		KUNIT_ASSERT_NOT_NULL(test, object);
		KUNIT_EXPECT_NULL(test, memchr_inv(object, fill, 256));
		slabmod_cache_free(cache, object);
		KUNIT_EXPECT_EQ(test, cache_destroy(cache), 0);
	}
}

/* ---- a reader, and what becomes of the slab meanwhile ---- */

/*
 * In a read-side section from begin to end, on another CPU. In between nothing may wait for a
 * grace period, as the capture of reports does.
 */
static struct {
	struct task_struct *task;
	struct completion in;
	const void *object;
	size_t size;
	bool intact;		/* until the end */
} reader;

static int read_object(void *arg)
{
	rcu_read_lock();
	complete(&reader.in);
	while (!kthread_should_stop())
		cpu_relax();
	reader.intact = is_secret(reader.object, reader.size);
	rcu_read_unlock();
	return 0;
}

static void reader_begin(struct kunit *test, const void *object, size_t size)
{
	if (num_online_cpus() < 2)
		kunit_skip(test, "there is one CPU");
	reader.object = object;
	reader.size = size;
	reader.intact = false;
	init_completion(&reader.in);
	reader.task = kthread_create(read_object, NULL, "kit/reader");
	KUNIT_ASSERT_FALSE(test, IS_ERR(reader.task));
	kthread_bind(reader.task, cpumask_next(context_pin(0), cpu_online_mask));
	wake_up_process(reader.task);
	wait_for_completion(&reader.in);
}

static bool reader_end(void)
{
	kthread_stop(reader.task);
	return reader.intact;
}

/* All objects of the pool, which become secrets. */
static unsigned int take_all(struct slabmod_cache *cache, void **objects, unsigned int most)
{
	unsigned int nr = 0;

	while (nr < most && (objects[nr] = slabmod_cache_alloc(cache, GFP_KERNEL)))
		memset(objects[nr++], SECRET, cache->object_size);
	return nr;
}

#define OBJECTS	(LIMIT * PAGE_SIZE / 1024)

struct scene {
	struct slabmod_pool *pool;
	struct slabmod_cache *cache, *other;
	void *objects[OBJECTS], *others[OBJECTS];
	unsigned int nr, nr_others;
};

static struct scene *make_scene(struct kunit *test, unsigned int flags)
{
	struct scene *scene = kunit_kzalloc(test, sizeof(*scene), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, scene);
	scene->pool = kit_pool_create(test, LIMIT);
	scene->cache = create(test, scene->pool, 1024, flags, NULL);
	scene->other = cache_create(scene->pool, "other", 1024, 0, 0, NULL, THIS_MODULE);
	KUNIT_ASSERT_NOT_NULL(test, scene->other);
	scene->nr = take_all(scene->cache, scene->objects, OBJECTS);
	KUNIT_ASSERT_EQ(test, scene->nr, OBJECTS);
	return scene;
}

static void test_slab_stays_while_a_reader_looks(struct kunit *test)
{
	struct scene *scene = make_scene(test, 0);
	bool ok;

	reader_begin(test, scene->objects[7], 1024);
	slabmod_cache_free_bulk(scene->cache, scene->nr, scene->objects);
	slabmod_cache_shrink(scene->cache);
	ok = home_pages(scene->cache) == 0 && pool_check(scene->pool) &&
	     atomic_long_read(&scene->pool->source.rcu_pages) == LIMIT &&
	     pool_ledger(scene->pool).slabs == LIMIT << PAGE_SHIFT;
	/* An allocation that may not wait for the reader fails. */
	while (scene->nr_others < OBJECTS &&
	       (scene->others[scene->nr_others] = slabmod_cache_alloc(scene->other, GFP_NOWAIT)))
		memset(scene->others[scene->nr_others++], 0, 1024);
	KUNIT_EXPECT_TRUE(test, reader_end());
	KUNIT_EXPECT_TRUE(test, ok);
	KUNIT_EXPECT_EQ(test, scene->nr_others, 0);
	slabmod_cache_free_bulk(scene->other, scene->nr_others, scene->others);
	pool_shrink(scene->pool);
	KUNIT_EXPECT_EQ(test, kit_source.pages, 0);
	KUNIT_EXPECT_TRUE(test, pool_check(scene->pool));
}

static void test_cache_may_end_while_a_reader_looks(struct kunit *test)
{
	struct scene *scene = make_scene(test, 0);

	reader_begin(test, scene->objects[7], 1024);
	slabmod_cache_free_bulk(scene->cache, scene->nr, scene->objects);
	slabmod_cache_shrink(scene->cache);
	KUNIT_EXPECT_TRUE(test, reader_end());
	KUNIT_EXPECT_EQ(test, cache_destroy(scene->cache), 0);
	kit_pool_destroy(test, scene->pool, 0);
	KUNIT_EXPECT_EQ(test, kit_source.pages, 0);
}

/* The slab has no owner by then, but its frames are in use. */
static void test_second_free_while_a_slab_waits_is_reported(struct kunit *test)
{
	struct scene *scene = make_scene(test, 0);
	void *object = scene->objects[7];
	unsigned long before, after;

	reader_begin(test, object, 1024);
	slabmod_cache_free_bulk(scene->cache, scene->nr, scene->objects);
	slabmod_cache_shrink(scene->cache);
	before = report_count(MISUSE_DOUBLE_FREE);
	slabmod_cache_free(scene->cache, object);
	slabmod_kfree(object);
	slabmod_kfree(object - 1024);
	after = report_count(MISUSE_DOUBLE_FREE);
	KUNIT_EXPECT_TRUE(test, reader_end());
	KUNIT_EXPECT_EQ(test, after - before, 3);
	pool_shrink(scene->pool);
	KUNIT_EXPECT_EQ(test, kit_source.pages, 0);
}

/* An allocation that may wait gets all of it. */
static void test_slabs_that_wait_serve_who_may_wait(struct kunit *test)
{
	static const unsigned int flags[] = { 0, SLABMOD_DEBUG };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		struct slabmod_pool *pool = kit_pool_create(test, LIMIT);
		struct slabmod_cache *cache = create(test, pool, 1024, flags[i], NULL);
		struct slabmod_cache *other = cache_create(pool, "other", 1024, 0, 0, NULL,
							   THIS_MODULE);
		void **objects = kunit_kcalloc(test, OBJECTS, sizeof(*objects), GFP_KERNEL);
		unsigned int nr, before;

		KUNIT_ASSERT_NOT_NULL(test, objects);
		KUNIT_ASSERT_NOT_NULL(test, other);
		before = take_all(cache, objects, OBJECTS);
		KUNIT_EXPECT_GT(test, before, 0);
		slabmod_cache_free_bulk(cache, before, objects);
		nr = take_all(other, objects, OBJECTS);
		KUNIT_EXPECT_EQ(test, nr, OBJECTS);
		slabmod_cache_free_bulk(other, nr, objects);
		KUNIT_EXPECT_EQ(test, cache_destroy(cache), 0);
		KUNIT_EXPECT_EQ(test, cache_destroy(other), 0);
		kit_pool_destroy(test, pool, 0);
	}
}

static void test_isolated_slabs_stay_for_good(struct kunit *test)
{
	struct scene *scene = make_scene(test, SLABMOD_ISOLATED);

	slabmod_cache_free_bulk(scene->cache, scene->nr, scene->objects);
	pool_shrink(scene->pool);
	KUNIT_EXPECT_EQ(test, home_pages(scene->cache), LIMIT);
	KUNIT_EXPECT_NULL(test, slabmod_cache_alloc(scene->other, GFP_KERNEL));
	KUNIT_EXPECT_TRUE(test, is_secret(scene->objects[7], 1024));
	KUNIT_EXPECT_EQ(test, cache_destroy(scene->cache), 0);
	pool_shrink(scene->pool);
	KUNIT_EXPECT_EQ(test, kit_source.pages, 0);
}

static struct kunit_case typesafe_cases[] = {
	KUNIT_CASE(test_object_that_is_used_again_is_as_it_was),
	KUNIT_CASE(test_no_way_of_allocating_changes_an_object),
	KUNIT_CASE(test_zeroed_object_is_zeroed),
	KUNIT_CASE(test_debugged_object_is_read_after_its_free),
	KUNIT_CASE(test_debugged_object_has_red_zones),
	KUNIT_CASE(test_constructor_runs_once_a_slab),
	KUNIT_CASE(test_zeroed_object_with_a_constructor_is_what_the_kernel_makes_of_it),
	KUNIT_CASE(test_slab_stays_while_a_reader_looks),
	KUNIT_CASE(test_cache_may_end_while_a_reader_looks),
	KUNIT_CASE(test_second_free_while_a_slab_waits_is_reported),
	KUNIT_CASE(test_slabs_that_wait_serve_who_may_wait),
	KUNIT_CASE(test_isolated_slabs_stay_for_good),
	{}
};

struct kunit_suite typesafe_suite = {
	.name = "typesafe",
	KIT_SUITE_HOOKS,
	.test_cases = typesafe_cases,
};
