// SPDX-License-Identifier: GPL-2.0
/*
 * test_typesafe.c - SLABMOD_TYPESAFE_BY_RCU: an object does not change when it is freed and
 * allocated again, and its memory is not reused for anything else during a reader's critical
 * section.
 *
 * The step "cleared" runs this on a kernel that clears what is allocated and freed.
 */
#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>

#include "context.h"
#include "home.h"
#include "home_walk.h"
#include "pool_check.h"
#include "pool_ledger.h"
#include "suites.h"
#include "verbs_pool.h"

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
	return kit_filled_with(p, SECRET, size);
}

/* ---- reused objects ---- */

#define TRIES	1024

/* Allocate until @object is allocated again; false if it is not. */
static bool reuse(struct slabmod_cache *cache, void *object, void **others, bool *intact)
{
	unsigned int nr = 0;
	bool reused = false;

	while (nr < TRIES && !reused && (others[nr] = slabmod_cache_alloc(cache, GFP_KERNEL)))
		reused = others[nr++] == object;
	*intact = reused && is_secret(object, cache->object_size);
	kit_free_n(cache, others, nr);
	return reused;
}

/* As rcu_persistent in the kernel's lib/test_meminit.c: ten sizes. */
static void expect_persistence(struct kunit *test, unsigned int flags)
{
	struct slabmod_pool *pool = kit_pool_create(test, 8192);
	void **others = kit_array(test, TRIES);
	unsigned int i, met = 0, kept = 0;

	for (i = 0; i < 10; i++) {
		struct slabmod_cache *cache = create(test, pool, 8u << i, flags, NULL);
		void *object = kit_alloc(test, cache);
		bool intact;

		memset(object, SECRET, cache->object_size);
		slabmod_cache_free(cache, object);
		met += reuse(cache, object, others, &intact);
		kept += intact;
		kit_destroy(test, cache);
	}
	kunit_info(test, "%u of 10 objects came back, %u as they were\n", met, kept);
	KUNIT_EXPECT_EQ(test, met, 10);
	KUNIT_EXPECT_EQ(test, kept, 10);
}

static void test_reused_object_is_unchanged(struct kunit *test)
{
	expect_persistence(test, 0);
	expect_persistence(test, SLABMOD_HWCACHE_ALIGN);
	expect_persistence(test, SLABMOD_ISOLATED);
}

/* Through the magazine's fast path, the slow one, and in bulk. */
static void test_no_allocation_changes_an_object(struct kunit *test)
{
	struct slabmod_cache *cache = create(test, kit_pool_create(test, 8192), 256, 0, NULL);
	void *object = kit_alloc(test, cache), *again;

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
		kit_destroy(test, cache);
	}
}

/* Debug mode makes all checks that need no poison in the object. */
static void test_debugged_object_is_read_after_its_free(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, 8192);
	struct slabmod_cache *cache = create(test, pool, 100, SLABMOD_DEBUG, NULL);
	char *object = kit_alloc(test, cache);

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
	object = kit_alloc(test, cache);
	object[96] ^= 1;
	KIT_EXPECT_MISUSE(test, MISUSE_OVERRUN, "typesafe", slabmod_cache_free(cache, object));
}

/* ---- constructors ---- */

static void construct(void *object)
{
	memset(object, 0x33, 256);
}

/* As in SLUB: the object is cleared unless the kernel has init_on_alloc. */
static void test_gfp_zero_with_a_constructor_is_reported(struct kunit *test)
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
		kit_destroy(test, cache);
	}
}

/* ---- readers ---- */

/*
 * In a read-side critical section from begin to end, on another CPU. In between nothing may
 * wait for a grace period, as the capture of reports does.
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
	kit_need_cpus(test, 2);
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

/* Allocate all objects of the pool, and fill them. */
static unsigned int alloc_all(struct slabmod_cache *cache, void **objects, unsigned int max)
{
	unsigned int nr = kit_alloc_all(cache, objects, max, GFP_KERNEL), i;

	for (i = 0; i < nr; i++)
		memset(objects[i], SECRET, cache->object_size);
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
	struct scene *scene = kit_zalloc(test, sizeof(*scene));

	scene->pool = kit_pool_create(test, LIMIT);
	scene->cache = create(test, scene->pool, 1024, flags, NULL);
	scene->other = kit_cache_in(test, scene->pool, "other", 1024, 0);
	scene->nr = alloc_all(scene->cache, scene->objects, OBJECTS);
	KUNIT_ASSERT_EQ(test, scene->nr, OBJECTS);
	return scene;
}

static void test_slab_stays_while_a_reader_reads(struct kunit *test)
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
	/* At once, while the slabs may still wait for RCU. */
	kit_destroy(test, scene->cache);
	kit_destroy(test, scene->other);
	kit_pool_destroy(test, scene->pool, 0);
	KUNIT_EXPECT_EQ(test, kit_source.pages, 0);
}

/* The slab has no cache then, but its frames are in use. */
static void test_double_free_while_the_slab_waits_for_rcu(struct kunit *test)
{
	struct scene *scene = make_scene(test, 0);
	void *object = scene->objects[7], *next;
	unsigned long before, after;

	/* Another one of the slab */
	next = object + (slab_object_index(scene->cache, kit_slab(object), object) ? -1024 : 1024);
	reader_begin(test, object, 1024);
	slabmod_cache_free_bulk(scene->cache, scene->nr, scene->objects);
	slabmod_cache_shrink(scene->cache);
	before = report_count(MISUSE_DOUBLE_FREE);
	slabmod_cache_free(scene->cache, object);
	slabmod_kfree(object);
	slabmod_kfree(next);
	after = report_count(MISUSE_DOUBLE_FREE);
	KUNIT_EXPECT_TRUE(test, reader_end());
	KUNIT_EXPECT_EQ(test, after - before, 3);
	pool_shrink(scene->pool);
	KUNIT_EXPECT_EQ(test, kit_source.pages, 0);
}

static void test_slabs_waiting_for_rcu_serve_requests_that_may_sleep(struct kunit *test)
{
	static const unsigned int flags[] = { 0, SLABMOD_DEBUG };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		struct slabmod_pool *pool = kit_pool_create(test, LIMIT);
		struct slabmod_cache *cache = create(test, pool, 1024, flags[i], NULL);
		struct slabmod_cache *other = kit_cache_in(test, pool, "other", 1024, 0);
		void **objects = kit_array(test, OBJECTS);
		unsigned int nr, before;

		before = alloc_all(cache, objects, OBJECTS);
		KUNIT_EXPECT_GT(test, before, 0);
		slabmod_cache_free_bulk(cache, before, objects);
		nr = alloc_all(other, objects, OBJECTS);
		KUNIT_EXPECT_EQ(test, nr, OBJECTS);
		slabmod_cache_free_bulk(other, nr, objects);
		kit_destroy(test, cache);
		KUNIT_EXPECT_EQ(test, cache_destroy(other), 0);
		kit_pool_destroy(test, pool, 0);
	}
}

static struct kunit_case typesafe_cases[] = {
	KUNIT_CASE(test_reused_object_is_unchanged),
	KUNIT_CASE(test_no_allocation_changes_an_object),
	KUNIT_CASE(test_zeroed_object_is_zeroed),
	KUNIT_CASE(test_debugged_object_is_read_after_its_free),
	KUNIT_CASE(test_debugged_object_has_red_zones),
	KUNIT_CASE(test_gfp_zero_with_a_constructor_is_reported),
	KUNIT_CASE(test_slab_stays_while_a_reader_reads),
	KUNIT_CASE(test_double_free_while_the_slab_waits_for_rcu),
	KUNIT_CASE(test_slabs_waiting_for_rcu_serve_requests_that_may_sleep),
	{}
};

struct kunit_suite typesafe_suite = {
	.name = "typesafe",
	KIT_SUITE_HOOKS,
	.test_cases = typesafe_cases,
};
