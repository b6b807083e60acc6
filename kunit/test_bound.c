// SPDX-License-Identifier: GPL-2.0
/*
 * test_bound.c - that slabs take no more than a few times what was in use at the most,
 * whoever allocates and frees where.
 *
 * The patterns are those that allocators are known to grow without end under: each CPU
 * in turn allocates what the next one frees; all allocate at once, and one frees; what
 * stays in use is spread so that all of what is free is hard to find. They are as good as
 * there are CPUs: run this in a guest of 64 too.
 */
#include <linux/delay.h>
#include <linux/nodemask.h>
#include <linux/slab.h>
#include <linux/topology.h>

#include <slabmod/cache.h>

#include "buddy.h"
#include "buddy_walk.h"
#include "cache.h"
#include "cache_list.h"
#include "chunk.h"
#include "context.h"
#include "home.h"
#include "home_refill.h"
#include "home_return.h"
#include "home_walk.h"
#include "kit.h"
#include "magazine.h"
#include "magazine_set.h"
#include "pool_bound.h"
#include "pool_check.h"
#include "slab.h"
#include "suites.h"
#include "test_bound.h"

#define LIMIT	65536	/* pages */

/* ---- what CPUs do to one cache ---- */

struct relay {
	struct slabmod_cache *cache;
	unsigned int batch;		/* objects of each */
	unsigned int cpus;
	void **objects;			/* a batch for each CPU */
	atomic_t ready;
	atomic_long_t failed;
};

static void pour(struct relay *relay, unsigned int n)
{
	void **objects = relay->objects + n * relay->batch;
	unsigned int i;

	for (i = 0; i < relay->batch; i++) {
		objects[i] = slabmod_cache_alloc(relay->cache, GFP_KERNEL);
		if (!objects[i])
			atomic_long_inc(&relay->failed);
	}
}

static void drink(struct relay *relay, unsigned int n)
{
	void **objects = relay->objects + n * relay->batch;
	unsigned int i;

	for (i = 0; i < relay->batch; i++) {
		slabmod_cache_free(relay->cache, objects[i]);
		objects[i] = NULL;
	}
}

struct leg {
	struct relay *relay;
	unsigned int n;
	void (*fn)(struct relay *relay, unsigned int n);
};

static void run_leg(void *arg)
{
	struct leg *leg = arg;

	leg->fn(leg->relay, leg->n);
}

/* Has CPU @n do @fn to the batch of number @of. */
static void on_cpu(struct relay *relay, unsigned int n, unsigned int of,
		   void (*fn)(struct relay *relay, unsigned int n))
{
	struct leg leg = { relay, of, fn };

	kit_run_on(n % relay->cpus, run_leg, &leg);
}

static struct relay relay_of(struct kunit *test, unsigned int size, unsigned int batch)
{
	struct relay relay = { .batch = batch, .cpus = num_online_cpus() };

	relay.cache = cache_create(kit_pool_create(test, LIMIT), "kit-bound", size, 0, 0, NULL,
				   THIS_MODULE);
	KUNIT_ASSERT_NOT_NULL(test, relay.cache);
	relay.objects = kunit_kcalloc(test, relay.cpus * batch, sizeof(void *), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, relay.objects);
	return relay;
}

static void expect_bound(struct kunit *test, struct slabmod_pool *pool)
{
	struct pool_bound bound = pool_bound(pool);

	KUNIT_EXPECT_TRUE(test, pool_bound_holds(pool));
	KUNIT_EXPECT_LE(test, bound.slabs, bound.bound);
}

/*
 * A second opinion: the slabs for @live objects, and for what the magazines of as many CPUs
 * as there are have, from the head of mod/pool_bound.c.
 */
static unsigned long slabs_for(struct relay *relay, unsigned long live)
{
	struct slabmod_cache *cache = relay->cache;
	unsigned long most = live + relay->cpus * (cache->capacity +
						   magazine_remote_capacity(cache->capacity));

	if (cache->flags & CACHE_SHARES_LINES)
		most *= cache->group;
	return DIV_ROUND_UP(most, cache->objects) * num_online_nodes() +
	       relay->cpus * (1 + HOME_MAX_DETACHED);
}

static void end_relay(struct kunit *test, struct relay *relay)
{
	struct slabmod_pool *pool = relay->cache->pool;

	KUNIT_EXPECT_EQ(test, atomic_long_read(&relay->failed), 0);
	KUNIT_EXPECT_TRUE(test, pool_check(pool));
	KUNIT_EXPECT_EQ(test, cache_used(relay->cache), 0);
	kit_pool_destroy(test, pool, 0);
}

/* ---- the patterns ---- */

#define MOST_ROUNDS	6

/* Where there are many CPUs, a round says more, and takes longer. */
static unsigned int rounds_of(const struct relay *relay)
{
	return relay->cpus > 8 ? MOST_ROUNDS / 2 : MOST_ROUNDS;
}

static const struct {
	unsigned int size, batch;
} relays[] = {
	{ 64, 1000 },
	{ 24, 1000 },			/* lines are shared */
	{ 4096, 100 },
};

/* One allocates, the next frees, and then it is that one's turn, round and round. */
static void round_and_round(struct kunit *test, unsigned int size, unsigned int batch)
{
	struct relay relay = relay_of(test, size, batch);
	unsigned int rounds = rounds_of(&relay), round, n;
	long slabs[MOST_ROUNDS];

	for (round = 0; round < rounds; round++) {
		for (n = 0; n < relay.cpus; n++) {
			on_cpu(&relay, n, 0, pour);
			on_cpu(&relay, n + 1, 0, drink);
		}
		expect_bound(test, relay.cache->pool);
		slabs[round] = home_totals(relay.cache).slabs;
		KUNIT_EXPECT_LE(test, slabs[round], slabs_for(&relay, batch));
	}
	kunit_info(test, "size %u: %ld slabs after 2 rounds, %ld after %u\n", size, slabs[1],
		   slabs[rounds - 1], rounds);
	KUNIT_EXPECT_LE(test, slabs[rounds - 1], slabs[1] + relay.cpus);
	end_relay(test, &relay);
}

static void test_what_each_allocates_and_the_next_frees_does_not_grow(struct kunit *test)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(relays); i++)
		round_and_round(test, relays[i].size, relays[i].batch);
}

/* Waits until as many as there are have come here. */
static void meet(struct relay *relay, unsigned int times)
{
	atomic_inc(&relay->ready);
	while (atomic_read(&relay->ready) < times * relay->cpus)
		usleep_range(50, 100);
}

static void pour_at_once(unsigned int n, void *arg)
{
	meet(arg, 1);
	pour(arg, n);
}

static void drink_at_once(unsigned int n, void *arg)
{
	struct relay *relay = arg;

	meet(relay, 1);
	drink(relay, (n + 1) % relay->cpus);
}

static void all_at_once(struct kunit *test, struct relay *relay,
			void (*fn)(unsigned int n, void *arg))
{
	atomic_set(&relay->ready, 0);
	KUNIT_ASSERT_EQ(test, kit_run_on_cpus(test, relay->cpus, fn, relay), relay->cpus);
}

/* All allocate at once; then all free what another has, or they do so one by one. */
static void at_once(struct kunit *test, unsigned int size, unsigned int batch)
{
	struct relay relay = relay_of(test, size, batch);
	unsigned int round, n;

	for (round = 0; round < rounds_of(&relay); round++) {
		all_at_once(test, &relay, pour_at_once);
		expect_bound(test, relay.cache->pool);
		if (round % 2)
			all_at_once(test, &relay, drink_at_once);
		else
			for (n = 0; n < relay.cpus; n++)
				on_cpu(&relay, n + round, n, drink);
		expect_bound(test, relay.cache->pool);
		KUNIT_EXPECT_LE(test, home_totals(relay.cache).slabs,
				slabs_for(&relay, relay.cpus * batch));
	}
	end_relay(test, &relay);
}

static void test_what_all_allocate_at_once_does_not_grow(struct kunit *test)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(relays); i++)
		at_once(test, relays[i].size, relays[i].batch / 4);
}

/* Each its own, over and over, in no order at all. */
static void stir(unsigned int n, void *arg)
{
	struct relay *relay = arg;
	unsigned int turn;

	for (turn = 1; turn <= 8; turn++) {
		pour(relay, n);
		if (turn % 4 == 0)
			meet(relay, turn / 2 - 1);
		drink(relay, n);
		if (turn % 4 == 0)
			meet(relay, turn / 2);
	}
}

static void test_what_all_allocate_and_free_in_disorder_does_not_grow(struct kunit *test)
{
	int i, round;

	for (i = 0; i < ARRAY_SIZE(relays); i++) {
		struct relay relay = relay_of(test, relays[i].size, relays[i].batch / 8);

		for (round = 0; round < rounds_of(&relay); round++) {
			all_at_once(test, &relay, stir);
			expect_bound(test, relay.cache->pool);
		}
		end_relay(test, &relay);
	}
}

/* ---- what is hard to find ---- */

static struct slab *slab_of(void *object)
{
	return frame_slab(chunk_frame(object));
}

static bool is_of_any(struct slab *slab, void **objects, unsigned int nr)
{
	while (nr--)
		if (slab_of(objects[nr]) == slab)
			return true;
	return false;
}

/* Takes what is missing of the batch, and frees all but one object of each slab. */
static void thin_out(struct relay *relay, unsigned int n)
{
	void **objects = relay->objects;
	unsigned int i, kept = 0;

	for (i = 0; i < relay->batch; i++) {
		if (!objects[i])
			objects[i] = slabmod_cache_alloc(relay->cache, GFP_KERNEL);
		if (!objects[i])
			atomic_long_inc(&relay->failed);
	}
	for (i = 0; i < relay->batch; i++) {
		void *object = objects[i];

		objects[i] = NULL;
		if (is_of_any(slab_of(object), objects, kept))
			slabmod_cache_free(relay->cache, object);
		else
			objects[kept++] = object;
	}
}

/* On CPUs of one node, or of any. */
static void thin_out_on(struct kunit *test, unsigned int size, int nid)
{
	struct relay relay = relay_of(test, size, 1000);
	unsigned int turn, n, cpu;

	for (turn = 0; turn < rounds_of(&relay); turn++) {
		n = 0;
		for_each_online_cpu(cpu) {
			if (nid == NUMA_NO_NODE || cpu_to_mem(cpu) == nid)
				on_cpu(&relay, n, 0, thin_out);
			n++;
		}
		expect_bound(test, relay.cache->pool);
		KUNIT_EXPECT_LE(test, home_totals(relay.cache).slabs, slabs_for(&relay, 1000));
	}
	on_cpu(&relay, 0, 0, drink);
	end_relay(test, &relay);
}

static void test_slabs_of_which_one_object_stays_are_used_again(struct kunit *test)
{
	static const unsigned int sizes[] = { 32, 96, 256, 1024 };
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		thin_out_on(test, sizes[i], NUMA_NO_NODE);
}

static void test_cpus_whose_node_has_no_memory_use_slabs_again(struct kunit *test)
{
	int full = first_online_node;

	if (num_online_nodes() < 2)
		kunit_skip(test, "there is one node");
	kit_source.full_nodes = BIT(full);
	thin_out_on(test, 256, full);
}

struct search {
	struct slabmod_cache *cache;
	void *objects[16];
	unsigned int found;
};

static void search(void *arg)
{
	struct search *search = arg;

	preempt_disable();
	search->found = home_alloc(search->cache, search->objects, 16, false);
	preempt_enable();
}

/* The number of another CPU of the first one's node, or 0. */
static unsigned int neighbour(void)
{
	int nid = cpu_to_mem(cpumask_first(cpu_online_mask));
	unsigned int n = 0, cpu;

	for_each_online_cpu(cpu) {
		if (n && cpu_to_mem(cpu) == nid)
			return n;
		n++;
	}
	return 0;
}

/* Gives back of a full slab all but every second one of the first @nr objects. */
static void thin_slab(struct kunit *test, struct slabmod_cache *cache, struct slab *slab,
		      unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < cache->objects; i++) {
		void *object = slab_address(slab) + i * cache->size;

		if (i >= nr || i % 2)
			KUNIT_ASSERT_TRUE(test, home_free(cache, &object, 1));
	}
}

#define MOST_SLABS	8

/* Makes one slab with whole lines free, and others, more in use, that have none. */
static void make_slabs(struct kunit *test, struct slabmod_cache *cache, unsigned int nr)
{
	unsigned int rest = nr * (cache->objects - 1), i;
	void **objects = kunit_kcalloc(test, rest, sizeof(void *), GFP_KERNEL);
	void *slabs[MOST_SLABS];

	KUNIT_ASSERT_NOT_NULL(test, objects);
	for (i = 0; i < nr; i++) {
		slabs[i] = home_alloc_new_slab(cache, numa_mem_id(), GFP_KERNEL, false);
		KUNIT_ASSERT_NOT_NULL(test, slabs[i]);
	}
	preempt_disable();
	home_alloc(cache, objects, rest, false);
	preempt_enable();
	for (i = 0; i < nr; i++)
		KUNIT_ASSERT_EQ(test, slab_of(slabs[i])->inuse, cache->objects);
	thin_slab(test, cache, slab_of(slabs[0]), cache->objects / 2);
	for (i = 1; i < nr; i++)
		thin_slab(test, cache, slab_of(slabs[i]), cache->objects);
}

static void give_all_of(struct frame *frame, void *arg)
{
	struct slab *slab = frame_first_slab(frame);
	struct slabmod_cache *cache = arg;
	unsigned int i;

	if (!slab || slab_cache(slab) != cache)
		return;
	for (i = 0; i < cache->objects; i++) {
		void *object = slab_address(slab) + i * cache->size;

		if (!test_bit(i, slab->free))
			home_free(cache, &object, 1);
	}
}

static void test_whole_lines_are_found_behind_slabs_that_have_none(struct kunit *test)
{
	struct slabmod_cache *cache = kit_cache_create(test, kit_pool_create(test, LIMIT), 32, 0,
						       NULL);
	struct search it = { .cache = cache };
	unsigned int nr;

	if (!neighbour())
		kunit_skip(test, "there is one CPU on the node");
	context_pin(0);
	for (nr = 1; nr <= MOST_SLABS; nr++) {
		make_slabs(test, cache, nr);
		kit_run_on(neighbour(), search, &it);
		KUNIT_EXPECT_EQ_MSG(test, it.found, 16, "one of %u", nr);
		buddy_for_each_frame(&cache->buddies[numa_mem_id()], give_all_of, cache);
		home_shrink(cache);
		KUNIT_ASSERT_EQ(test, home_totals(cache).slabs, 0);
	}
}

/* ---- the bound itself ---- */

static void test_bound_is_one(struct kunit *test)
{
	struct relay relay = relay_of(test, 256, 1000);
	struct slabmod_cache *cache = relay.cache;
	struct slabmod_pool *pool = cache->pool;
	struct pool_bound bound = pool_bound(pool);
	long peak, beyond;

	/* What was never used takes nothing. */
	KUNIT_EXPECT_EQ(test, bound.slabs, 0);
	KUNIT_EXPECT_EQ(test, bound.bound, 0);
	pour(&relay, 0);
	bound = pool_bound(pool);
	KUNIT_EXPECT_EQ(test, bound.slabs, home_pages(cache) << PAGE_SHIFT);
	KUNIT_EXPECT_LE(test, magazine_count(cache) * cache->size, bound.magazines);
	/* It is what was in use at the most, and not the slabs there are, that it is from. */
	peak = atomic_long_read(&cache->inuse_peak);
	KUNIT_EXPECT_GE(test, peak, relay.batch);
	KUNIT_EXPECT_LE(test, peak, relay.batch + cache->capacity);
	atomic_long_set(&cache->inuse_peak, 1);
	KUNIT_EXPECT_LT(test, pool_bound(pool).bound, bound.bound);
	atomic_long_set(&cache->inuse_peak, peak);
	/* Slabs beyond it are seen. */
	beyond = bound.bound / (cache->usual.pages << PAGE_SHIFT) + 1;
	cache->node_homes[0].slabs += beyond;
	KUNIT_EXPECT_EQ(test, pool_bound(pool).bound, bound.bound);
	KUNIT_EXPECT_GT(test, pool_bound(pool).slabs, bound.bound);
	cache->node_homes[0].slabs -= beyond;
	drink(&relay, 0);
	slabmod_cache_shrink(cache);
	/* It stays when they go. */
	KUNIT_EXPECT_EQ(test, atomic_long_read(&cache->inuse_peak), peak);
	expect_bound(test, pool);
	end_relay(test, &relay);
}

static struct kunit_case bound_cases[] = {
	KUNIT_CASE(test_what_each_allocates_and_the_next_frees_does_not_grow),
	KUNIT_CASE(test_what_all_allocate_at_once_does_not_grow),
	KUNIT_CASE(test_what_all_allocate_and_free_in_disorder_does_not_grow),
	KUNIT_CASE(test_slabs_of_which_one_object_stays_are_used_again),
	KUNIT_CASE(test_cpus_whose_node_has_no_memory_use_slabs_again),
	KUNIT_CASE(test_whole_lines_are_found_behind_slabs_that_have_none),
	KUNIT_CASE(test_bound_is_one),
	KUNIT_CASE(test_most_of_each_part_is_kept),
	KUNIT_CASE(test_most_that_was_held_is_known_to_the_byte),
	KUNIT_CASE(test_most_is_never_what_was_not),
	{}
};

struct kunit_suite bound_suite = {
	.name = "bound",
	KIT_SUITE_HOOKS,
	.test_cases = bound_cases,
};
