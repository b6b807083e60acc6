// SPDX-License-Identifier: GPL-2.0
/*
 * test_resize.c - a cache gets other magazines while it is used: no object and no count
 * is lost, whatever CPUs are in the middle of a call.
 *
 * Also the sizes requested of kmalloc(), which magazines count.
 */
#include <linux/percpu.h>

#include "context.h"
#include "home.h"
#include "home_walk.h"
#include "pool_check.h"
#include "pool_ledger.h"
#include "suites.h"
#include "test_magazine.h"

/* ---- one resize ---- */

static struct slabmod_cache *subject;
static bool more;

static bool resize_subject(struct slabmod_cache *cache)
{
	return cache == subject && magazine_resize(cache, more);
}

/* Give a cache larger magazines, or none. False if it keeps its own. */
static bool resize(struct slabmod_cache *cache, bool larger)
{
	subject = cache;
	more = larger;
	return cache_resize_magazines(resize_subject);
}

/* A cache that begins with small magazines; pins the test to the first CPU. */
static struct slabmod_cache *small_cache(struct kunit *test, size_t size)
{
	context_pin(0);
	return kit_cache(test, size);
}

static void use(struct kunit *test, struct slabmod_cache *cache)
{
	slabmod_cache_free(cache, kit_alloc(test, cache));
}

static void expect_unused(struct kunit *test, struct slabmod_cache *cache)
{
	KUNIT_EXPECT_EQ(test, cache_used(cache), 0);
	KUNIT_EXPECT_TRUE(test, pool_check(cache->pool));
}

static void test_magazines_grow_to_their_largest_size_and_are_freed(struct kunit *test)
{
	static const size_t sizes[] = { 16, SHARED_LINES, WHOLE_LINES, 1000, 4096, 32768 };
	unsigned int i, capacity, start;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct slabmod_cache *cache = small_cache(test, sizes[i]);
		unsigned int largest = cache->capacity_max;

		start = cache->capacity;
		KUNIT_EXPECT_LE(test, start, largest > MAGAZINE_LARGE ? MAGAZINE_START : largest);
		/* There are no magazines yet. */
		KUNIT_EXPECT_FALSE(test, !!cache->homes);
		KUNIT_EXPECT_EQ(test, kit_magazine(cache)->capacity, 0);
		KUNIT_EXPECT_FALSE(test, resize(cache, true));
		KUNIT_EXPECT_FALSE(test, resize(cache, false));
		use(test, cache);
		for (capacity = start; capacity < largest;) {
			capacity = min(capacity * 8, largest);
			KUNIT_EXPECT_TRUE(test, resize(cache, true));
			KUNIT_EXPECT_EQ(test, cache->capacity, capacity);
			KUNIT_EXPECT_EQ(test, kit_magazine(cache)->room, capacity);
			use(test, cache);
			expect_unused(test, cache);
		}
		KUNIT_EXPECT_TRUE(test, resize(cache, false));
		KUNIT_EXPECT_EQ(test, kit_magazine(cache)->capacity, 0);
		KUNIT_EXPECT_EQ(test, magazine_count(cache), 0);
		KUNIT_EXPECT_EQ(test, home_totals(cache).inuse, 0);
		/* The next allocation makes small ones. */
		use(test, cache);
		KUNIT_EXPECT_EQ(test, kit_magazine(cache)->room, start);
		expect_unused(test, cache);
		KUNIT_EXPECT_EQ(test, cache_destroy(cache), 0);
	}
}

/* Bytes of the stacks of all magazines. */
static size_t stacks(struct slabmod_cache *cache)
{
	unsigned int entries = kit_magazine(cache)->capacity;

	if (cache->flags & CACHE_CHECK_HOME)
		entries += magazine_remote_capacity(kit_magazine(cache)->capacity);
	return entries * sizeof(void *) * num_possible_cpus();
}

static void test_ledger_counts_magazines(struct kunit *test)
{
	struct slabmod_cache *cache = small_cache(test, SHARED_LINES);
	unsigned long none = pool_ledger(cache->pool).metadata, small, large;
	size_t small_stacks;

	magazine_enable(cache, GFP_KERNEL);
	small = pool_ledger(cache->pool).metadata;
	small_stacks = stacks(cache);
	KUNIT_EXPECT_GT(test, small - none, small_stacks);
	KUNIT_EXPECT_TRUE(test, resize(cache, true));
	large = pool_ledger(cache->pool).metadata;
	KUNIT_EXPECT_EQ(test, large - small, stacks(cache) - small_stacks);
	/* Both existed for a while. */
	KUNIT_EXPECT_GE(test, pool_ledger_peak(cache->pool).metadata, large + small_stacks);
	KUNIT_EXPECT_TRUE(test, resize(cache, false));
	/* Homes stay. */
	KUNIT_EXPECT_GT(test, pool_ledger(cache->pool).metadata, none);
	KUNIT_EXPECT_LT(test, pool_ledger(cache->pool).metadata, small - small_stacks);
	magazine_enable(cache, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, pool_ledger(cache->pool).metadata, small);
	KUNIT_EXPECT_TRUE(test, pool_check(cache->pool));
}

/* ---- with objects in them ---- */

#define OBJECTS		40

/* Leave objects in the magazine of each CPU, remote ones too, and one per CPU in use. */
static void fill_magazines(struct kunit *test, struct slabmod_cache *cache, void **used)
{
	unsigned int cpus = num_online_cpus(), n;
	void *objects[OBJECTS];

	for (n = 0; n < cpus; n++) {
		kit_alloc_on(n, test, cache, objects, OBJECTS);
		used[n] = objects[0];
		kit_free_on((n + n % 2) % cpus, cache, objects + 1, OBJECTS - 1);
	}
}

static void expect_objects_kept(struct kunit *test, size_t size, bool larger)
{
	struct slabmod_cache *cache = small_cache(test, size);
	unsigned int cpus = num_online_cpus();
	void **used = kit_array(test, cpus);
	unsigned long allocs;

	fill_magazines(test, cache, used);
	KUNIT_EXPECT_GT(test, magazine_count(cache), cpus);
	KUNIT_EXPECT_EQ(test, cache_used(cache), cpus);
	allocs = magazine_allocs(cache);
	KUNIT_EXPECT_EQ(test, allocs, cpus * OBJECTS);
	KUNIT_EXPECT_TRUE(test, resize(cache, larger));
	/* The objects of the old magazines are in slabs again. */
	KUNIT_EXPECT_EQ(test, magazine_count(cache), 0);
	KUNIT_EXPECT_EQ(test, home_totals(cache).inuse, cpus);
	KUNIT_EXPECT_EQ(test, cache_used(cache), cpus);
	KUNIT_EXPECT_EQ(test, magazine_allocs(cache), allocs);
	KUNIT_EXPECT_TRUE(test, pool_check(cache->pool));
	kit_free_n(cache, used, cpus);
	expect_unused(test, cache);
}

static void test_objects_of_old_magazines_return_to_their_slabs(struct kunit *test)
{
	expect_objects_kept(test, kit_size(test), true);
	expect_objects_kept(test, kit_size(test), false);
}

static void test_resize_without_memory_changes_nothing(struct kunit *test)
{
	struct slabmod_cache *cache = small_cache(test, WHOLE_LINES);
	unsigned int capacity = cache->capacity, largest = cache->capacity_max;
	struct slabmod_magazine __percpu *magazines;
	unsigned long metadata;
	void *objects[OBJECTS];

	kit_alloc_n(test, cache, objects, OBJECTS);
	magazines = cache->magazines;
	metadata = pool_ledger(cache->pool).metadata;
	/* More than the percpu allocator has in one piece. */
	cache->capacity = 1u << 20;
	cache->capacity_max = 1u << 20;
	KUNIT_EXPECT_FALSE(test, resize(cache, true));
	cache->capacity = capacity;
	cache->capacity_max = largest;
	KUNIT_EXPECT_TRUE(test, cache->magazines == magazines);
	KUNIT_EXPECT_TRUE(test, cache->fastpath.magazines == magazines || want_init_on_alloc(0));
	KUNIT_EXPECT_EQ(test, pool_ledger(cache->pool).metadata, metadata);
	KUNIT_EXPECT_EQ(test, cache_used(cache), OBJECTS);
	kit_free_n(cache, objects, OBJECTS);
	KUNIT_EXPECT_TRUE(test, resize(cache, true));
	expect_unused(test, cache);
}

/* ---- while other CPUs use the cache ---- */

static atomic_long_t crowd_allocs;
static unsigned int crowd_resizes;	/* by the first CPU */

static void *crowd_alloc(struct model *model, struct rnd_state *rnd, gfp_t gfp, size_t *size)
{
	if (raw_smp_processor_id() == kit_cpu(0) && kit_random(rnd, 64) == 0)
		crowd_resizes += resize(model->cache, crowd_resizes % 4 != 3);
	atomic_long_inc(&crowd_allocs);
	*size = slabmod_cache_size(model->cache);
	return slabmod_cache_alloc(model->cache, gfp);
}

static void test_resize_during_calls_loses_nothing(struct kunit *test)
{
	struct model model = kit_model(test, small_cache(test, kit_size(test)));
	unsigned int round;

	kit_need_cpus(test, 2);
	model.alloc = crowd_alloc;
	crowd_resizes = 0;
	atomic_long_set(&crowd_allocs, 0);
	for (round = 0; round < 10 && crowd_resizes < 20; round++)
		model_run_on_cpus(&model, KIT_STEPS / 4);
	kunit_info(test, "%u resizes\n", crowd_resizes);
	KUNIT_EXPECT_GE(test, crowd_resizes, 20);
	KUNIT_EXPECT_EQ(test, model.wrong, 0);
	KUNIT_EXPECT_EQ(test, model.failed, 0);
	KUNIT_EXPECT_EQ(test, magazine_allocs(model.cache), atomic_long_read(&crowd_allocs));
	expect_unused(test, model.cache);
	magazine_drain_all(model.cache);
	KUNIT_EXPECT_EQ(test, home_totals(model.cache).inuse, 0);
	KUNIT_EXPECT_EQ(test, cache_destroy(model.cache), 0);
}

static struct kunit_case resize_cases[] = {
	KUNIT_CASE(test_magazines_grow_to_their_largest_size_and_are_freed),
	KUNIT_CASE(test_ledger_counts_magazines),
	KUNIT_CASE_PARAM(test_objects_of_old_magazines_return_to_their_slabs, lines_gen_params),
	KUNIT_CASE(test_resize_without_memory_changes_nothing),
	KUNIT_CASE_PARAM(test_resize_during_calls_loses_nothing, lines_gen_params),
	{}
};

struct kunit_suite resize_suite = {
	.name = "resize",
	KIT_SUITE_HOOKS,
	.test_cases = resize_cases,
};
