// SPDX-License-Identifier: GPL-2.0
/*
 * test_exchange.c - what it means that a cache gets other magazines while it is used:
 * nothing is lost, not an object and not a figure, whoever is in the middle of a call.
 */
#include <linux/percpu.h>
#include <linux/slab.h>

#include <slabmod/slabmod.h>

#include "cache.h"
#include "cache_list.h"
#include "context.h"
#include "home.h"
#include "home_walk.h"
#include "kit.h"
#include "magazine.h"
#include "magazine_set.h"
#include "model.h"
#include "pool_check.h"
#include "pool_ledger.h"
#include "suites.h"

#define LIMIT		8192	/* pages */
#define WHOLE_LINES	256	/* an object's size: no line is shared */
#define SHARED_LINES	48

/* ---- one exchange ---- */

static struct slabmod_cache *subject;
static bool more;

static bool exchange_subject(struct slabmod_cache *cache)
{
	return cache == subject && magazine_resize(cache, more);
}

/* Gives a cache larger magazines, or none; false when it keeps those it has. */
static bool exchange(struct slabmod_cache *cache, bool larger)
{
	subject = cache;
	more = larger;
	return cache_resize_magazines(exchange_subject);
}

/* A cache that begins with small magazines; the test is on the first CPU. */
static struct slabmod_cache *cache_of(struct kunit *test, size_t size)
{
	struct slabmod_cache *cache;

	cache = cache_create(kit_pool_create(test, LIMIT), "kit-exchange", size, 0, 0, NULL,
			     THIS_MODULE);
	KUNIT_ASSERT_NOT_NULL(test, cache);
	context_pin(0);
	return cache;
}

static struct slabmod_magazine *mine(struct slabmod_cache *cache)
{
	return raw_cpu_ptr(cache->magazines);
}

static void take_and_give(struct slabmod_cache *cache)
{
	slabmod_cache_free(cache, slabmod_cache_alloc(cache, GFP_KERNEL));
}

static void expect_nothing_lost(struct kunit *test, struct slabmod_cache *cache)
{
	KUNIT_EXPECT_EQ(test, cache_used(cache), 0);
	KUNIT_EXPECT_TRUE(test, pool_check(cache->pool));
}

static void test_magazines_grow_to_their_largest_and_go(struct kunit *test)
{
	static const size_t sizes[] = { 16, SHARED_LINES, WHOLE_LINES, 1000, 4096, 32768 };
	unsigned int i, capacity, start;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct slabmod_cache *cache = cache_of(test, sizes[i]);
		unsigned int largest = cache->capacity_max;

		start = cache->capacity;
		KUNIT_EXPECT_LE(test, start, MAGAZINE_START);
		/* There is nothing to be exchanged yet. */
		KUNIT_EXPECT_FALSE(test, exchange(cache, true));
		KUNIT_EXPECT_FALSE(test, exchange(cache, false));
		take_and_give(cache);
		for (capacity = start; capacity < largest;) {
			capacity = min(capacity * 8, largest);
			KUNIT_EXPECT_TRUE(test, exchange(cache, true));
			KUNIT_EXPECT_EQ(test, cache->capacity, capacity);
			KUNIT_EXPECT_EQ(test, mine(cache)->capacity, capacity);
			take_and_give(cache);
			expect_nothing_lost(test, cache);
		}
		KUNIT_EXPECT_TRUE(test, exchange(cache, false));
		KUNIT_EXPECT_EQ(test, mine(cache)->capacity, 0);
		KUNIT_EXPECT_EQ(test, magazine_count(cache), 0);
		KUNIT_EXPECT_EQ(test, home_totals(cache).inuse, 0);
		/* The next who asks makes small ones. */
		take_and_give(cache);
		KUNIT_EXPECT_EQ(test, mine(cache)->capacity, start);
		expect_nothing_lost(test, cache);
		KUNIT_EXPECT_EQ(test, cache_destroy(cache), 0);
	}
}

/* Bytes that the stacks of all magazines take. */
static size_t stacks(struct slabmod_cache *cache)
{
	unsigned int entries = mine(cache)->capacity;

	if (cache->flags & CACHE_CHECK_HOME)
		entries += magazine_remote_capacity(mine(cache)->capacity);
	return entries * sizeof(void *) * num_possible_cpus();
}

static void test_ledger_knows_what_magazines_cost(struct kunit *test)
{
	struct slabmod_cache *cache = cache_of(test, SHARED_LINES);
	unsigned long none = pool_ledger(cache->pool).metadata, small, large;
	size_t small_stacks;

	magazine_enable(cache, GFP_KERNEL);
	small = pool_ledger(cache->pool).metadata;
	small_stacks = stacks(cache);
	KUNIT_EXPECT_GT(test, small - none, small_stacks);
	KUNIT_EXPECT_TRUE(test, exchange(cache, true));
	large = pool_ledger(cache->pool).metadata;
	KUNIT_EXPECT_EQ(test, large - small, stacks(cache) - small_stacks);
	/* For a while both were there. */
	KUNIT_EXPECT_GE(test, pool_ledger_peak(cache->pool).metadata, large + small_stacks);
	KUNIT_EXPECT_TRUE(test, exchange(cache, false));
	/* Homes stay. */
	KUNIT_EXPECT_GT(test, pool_ledger(cache->pool).metadata, none);
	KUNIT_EXPECT_LT(test, pool_ledger(cache->pool).metadata, small - small_stacks);
	magazine_enable(cache, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, pool_ledger(cache->pool).metadata, small);
	KUNIT_EXPECT_TRUE(test, pool_check(cache->pool));
}

/* ---- with objects in them ---- */

#define OBJECTS		40

struct batch {
	struct slabmod_cache *cache;
	void *objects[OBJECTS];
};

static void take_batch(void *arg)
{
	struct batch *batch = arg;
	int i;

	for (i = 0; i < OBJECTS; i++)
		batch->objects[i] = slabmod_cache_alloc(batch->cache, GFP_KERNEL);
}

static void give_batch(void *arg)
{
	struct batch *batch = arg;
	int i;

	for (i = 0; i < OBJECTS; i++)
		slabmod_cache_free(batch->cache, batch->objects[i]);
}

/* Leaves free objects with every CPU, those of others too, and one taken for each. */
static void fill_magazines(struct slabmod_cache *cache, void **kept)
{
	unsigned int cpus = num_online_cpus(), n;
	struct batch batch = { .cache = cache };

	for (n = 0; n < cpus; n++) {
		kit_run_on(n, take_batch, &batch);
		kept[n] = batch.objects[0];
		batch.objects[0] = NULL;
		kit_run_on((n + n % 2) % cpus, give_batch, &batch);
	}
}

static void lose_nothing(struct kunit *test, size_t size, bool larger)
{
	struct slabmod_cache *cache = cache_of(test, size);
	unsigned int cpus = num_online_cpus(), n;
	void **kept = kunit_kcalloc(test, cpus, sizeof(*kept), GFP_KERNEL);
	unsigned long allocs;

	KUNIT_ASSERT_NOT_NULL(test, kept);
	fill_magazines(cache, kept);
	KUNIT_EXPECT_GT(test, magazine_count(cache), cpus);
	KUNIT_EXPECT_EQ(test, cache_used(cache), cpus);
	allocs = magazine_allocs(cache);
	KUNIT_EXPECT_EQ(test, allocs, cpus * OBJECTS);
	KUNIT_EXPECT_TRUE(test, exchange(cache, larger));
	/* What lay in the old ones is in slabs again. */
	KUNIT_EXPECT_EQ(test, magazine_count(cache), 0);
	KUNIT_EXPECT_EQ(test, home_totals(cache).inuse, cpus);
	KUNIT_EXPECT_EQ(test, cache_used(cache), cpus);
	KUNIT_EXPECT_EQ(test, magazine_allocs(cache), allocs);
	KUNIT_EXPECT_TRUE(test, pool_check(cache->pool));
	for (n = 0; n < cpus; n++)
		slabmod_cache_free(cache, kept[n]);
	expect_nothing_lost(test, cache);
}

static void test_objects_in_old_magazines_go_back_to_their_slabs(struct kunit *test)
{
	lose_nothing(test, WHOLE_LINES, true);
	lose_nothing(test, WHOLE_LINES, false);
	lose_nothing(test, SHARED_LINES, true);
	lose_nothing(test, SHARED_LINES, false);
}

static void test_exchange_without_memory_changes_nothing(struct kunit *test)
{
	struct slabmod_cache *cache = cache_of(test, WHOLE_LINES);
	struct slabmod_magazine __percpu *magazines;
	unsigned int capacity = cache->capacity, largest = cache->capacity_max;
	unsigned long metadata;
	struct batch batch = { .cache = cache };

	take_batch(&batch);
	magazines = cache->magazines;
	metadata = pool_ledger(cache->pool).metadata;
	/* More than there is per-CPU memory in one piece. */
	cache->capacity = 1u << 20;
	cache->capacity_max = 1u << 20;
	KUNIT_EXPECT_FALSE(test, exchange(cache, true));
	cache->capacity = capacity;
	cache->capacity_max = largest;
	KUNIT_EXPECT_TRUE(test, cache->magazines == magazines);
	KUNIT_EXPECT_TRUE(test, cache->fastpath.magazines == magazines || want_init_on_alloc(0));
	KUNIT_EXPECT_EQ(test, pool_ledger(cache->pool).metadata, metadata);
	KUNIT_EXPECT_EQ(test, cache_used(cache), OBJECTS);
	give_batch(&batch);
	KUNIT_EXPECT_TRUE(test, exchange(cache, true));
	expect_nothing_lost(test, cache);
}

/* ---- while others use it ---- */

#define HELD	48
#define PASSED	16
#define EXCHANGES	20

/* What is in an object that somebody has: nobody else may be given it. */
#define TAKEN(object)	((unsigned long)(object) ^ 0x5ab7a4e715a5a5a5ul)

struct crowd {
	struct slabmod_cache *cache;
	void *passed[PASSED];		/* from one to the next */
	atomic_long_t allocs, wrong;
	unsigned int exchanges;
	bool over;
	u32 seed;
};

static void *take_tagged(struct crowd *crowd)
{
	unsigned long *object = slabmod_cache_alloc(crowd->cache, GFP_KERNEL);

	if (!object || xchg(object, TAKEN(object)) == TAKEN(object))
		atomic_long_inc(&crowd->wrong);
	atomic_long_inc(&crowd->allocs);
	return object;
}

static void give_tagged(struct crowd *crowd, unsigned long *object)
{
	if (!object)
		return;
	if (cmpxchg(object, TAKEN(object), 0) != TAKEN(object))
		atomic_long_inc(&crowd->wrong);
	slabmod_cache_free(crowd->cache, object);
}

static void use_it(struct crowd *crowd, unsigned int n)
{
	void *held[HELD] = { };
	struct rnd_state rnd;
	unsigned int i, step;

	prandom_seed_state(&rnd, crowd->seed + n);
	for (step = 0; !READ_ONCE(crowd->over); step++) {
		if (step % 64 == 0)
			cond_resched();
		i = kit_random(&rnd, HELD);
		if (kit_random(&rnd, 8) == 0)
			held[i] = xchg(&crowd->passed[kit_random(&rnd, PASSED)], held[i]);
		give_tagged(crowd, held[i]);
		held[i] = kit_random(&rnd, 2) ? take_tagged(crowd) : NULL;
	}
	for (i = 0; i < HELD; i++)
		give_tagged(crowd, held[i]);
}

/* The first one exchanges, while the others use the cache. */
static void jostle(unsigned int n, void *arg)
{
	struct crowd *crowd = arg;

	if (n) {
		use_it(crowd, n);
		return;
	}
	while (crowd->exchanges < EXCHANGES || atomic_long_read(&crowd->allocs) < KIT_STEPS) {
		crowd->exchanges += exchange(crowd->cache, crowd->exchanges % 4 != 3);
		cond_resched();
	}
	WRITE_ONCE(crowd->over, true);
}

static void exchange_in_a_crowd(struct kunit *test, size_t size)
{
	struct crowd crowd = { .cache = cache_of(test, size), .seed = get_random_u32() };
	unsigned int cpus = min_t(unsigned int, num_online_cpus(), MODEL_CPUS), i;

	if (cpus < 2)
		kunit_skip(test, "there is one CPU");
	kit_run_on_cpus(test, cpus, jostle, &crowd);
	for (i = 0; i < PASSED; i++)
		give_tagged(&crowd, crowd.passed[i]);
	kunit_info(test, "seed=%u, %u exchanges, %ld objects\n", crowd.seed, crowd.exchanges,
		   atomic_long_read(&crowd.allocs));
	KUNIT_EXPECT_EQ(test, atomic_long_read(&crowd.wrong), 0);
	KUNIT_EXPECT_EQ(test, magazine_allocs(crowd.cache), atomic_long_read(&crowd.allocs));
	expect_nothing_lost(test, crowd.cache);
	magazine_drain_all(crowd.cache);
	KUNIT_EXPECT_EQ(test, home_totals(crowd.cache).inuse, 0);
	KUNIT_EXPECT_EQ(test, cache_destroy(crowd.cache), 0);
}

static void test_exchange_amid_calls_loses_nothing(struct kunit *test)
{
	exchange_in_a_crowd(test, WHOLE_LINES);
}

static void test_exchange_amid_calls_loses_no_parts_of_lines(struct kunit *test)
{
	exchange_in_a_crowd(test, SHARED_LINES);
}

static struct kunit_case exchange_cases[] = {
	KUNIT_CASE(test_magazines_grow_to_their_largest_and_go),
	KUNIT_CASE(test_ledger_knows_what_magazines_cost),
	KUNIT_CASE(test_objects_in_old_magazines_go_back_to_their_slabs),
	KUNIT_CASE(test_exchange_without_memory_changes_nothing),
	KUNIT_CASE(test_exchange_amid_calls_loses_nothing),
	KUNIT_CASE(test_exchange_amid_calls_loses_no_parts_of_lines),
	{}
};

struct kunit_suite exchange_suite = {
	.name = "exchange",
	KIT_SUITE_HOOKS,
	.test_cases = exchange_cases,
};
