// SPDX-License-Identifier: GPL-2.0
/*
 * test_magazine.c - what the per-CPU stacks promise: the last freed is the first
 * out, bounds are kept, an interrupt leaves a busy magazine alone, objects that
 * share a line go home, and draining loses nothing.
 */
#include <linux/cpu.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include <slabmod/cache.h>

#include "cache.h"
#include "context.h"
#include "home.h"
#include "kit.h"
#include "magazine.h"
#include "model.h"
#include "suites.h"

#define LIMIT		8192	/* pages */
#define WHOLE_LINES	256	/* an object's size: no line is shared */
#define SHARED_LINES	48

static struct slabmod_cache *cache_without_magazines(struct kunit *test, size_t size)
{
	struct slabmod_pool *pool = kit_pool_create(test, LIMIT);
	struct slabmod_cache *cache;

	cache = cache_create(pool, "kit-magazine", size, 0, 0, NULL, THIS_MODULE);
	KUNIT_ASSERT_NOT_NULL(test, cache);
	return cache;
}

/* A cache with magazines, and the test on the first CPU to look at them. */
static struct slabmod_cache *cache_with_magazines(struct kunit *test, size_t size)
{
	struct slabmod_cache *cache = cache_without_magazines(test, size);

	KUNIT_ASSERT_TRUE(test, magazine_enable(cache, GFP_KERNEL));
	context_pin(0);
	return cache;
}

static struct magazine *mine(struct slabmod_cache *cache)
{
	return raw_cpu_ptr(cache->magazines);
}

static void **array(struct kunit *test, unsigned int nr)
{
	void **objects = kunit_kcalloc(test, nr, sizeof(*objects), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, objects);
	return objects;
}

static void take(struct kunit *test, struct slabmod_cache *cache, void **objects, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		objects[i] = slabmod_cache_alloc(cache, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, objects[i]);
	}
}

static void give(struct slabmod_cache *cache, void **objects, unsigned int nr)
{
	while (nr--)
		slabmod_cache_free(cache, *objects++);
}

/* Leaves the magazine empty, and free objects in slabs of this CPU's home. */
static void stock(struct kunit *test, struct slabmod_cache *cache)
{
	unsigned int nr = 4 * cache->capacity;
	void **objects = array(test, nr);

	take(test, cache, objects, nr);
	give(cache, objects, nr);
	magazine_drain_all(cache);
	KUNIT_ASSERT_EQ(test, magazine_count(cache), 0);
}

static unsigned long counted(struct slabmod_cache *cache, enum stat_id which)
{
	return stat_sum(cache->stats, which);
}

static void expect_nothing_lost(struct kunit *test, struct slabmod_cache *cache)
{
	KUNIT_EXPECT_TRUE(test, magazine_check(cache));
	KUNIT_EXPECT_TRUE(test, cache_check(cache));
	KUNIT_EXPECT_EQ(test, cache_used(cache), 0);
}

/* ---- the stack ---- */

static void test_last_freed_is_first_out(struct kunit *test)
{
	struct slabmod_cache *cache = cache_with_magazines(test, WHOLE_LINES);
	void *in[8], *out[8];
	int i;

	take(test, cache, in, 8);
	give(cache, in, 8);
	take(test, cache, out, 8);
	for (i = 0; i < 8; i++)
		KUNIT_EXPECT_PTR_EQ(test, out[i], in[7 - i]);
	give(cache, out, 8);
	expect_nothing_lost(test, cache);
}

static void test_capacity_is_bounded_in_bytes_and_objects(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, LIMIT);
	unsigned int size, capacity;

	for (size = SLAB_MIN_SIZE; size <= SLABMOD_CACHE_MAX_SIZE; size += size / 2 + 8) {
		struct slabmod_cache *cache = cache_create(pool, "sized", size, 0, 0, NULL, NULL);

		KUNIT_ASSERT_NOT_NULL(test, cache);
		capacity = cache->capacity;
		KUNIT_EXPECT_GE(test, capacity, MAGAZINE_MIN);
		KUNIT_EXPECT_LE(test, capacity, MAGAZINE_MAX);
		if (capacity > MAGAZINE_MIN)
			KUNIT_EXPECT_LE(test, capacity * cache->size, MAGAZINE_BYTES_DEFAULT);
		if (capacity < MAGAZINE_MAX)
			KUNIT_EXPECT_GT(test, (capacity + 1) * cache->size, MAGAZINE_BYTES_DEFAULT);
		KUNIT_EXPECT_EQ(test, cache_destroy(cache), 0);
	}
}

static void test_stack_never_holds_more_than_its_capacity(struct kunit *test)
{
	struct slabmod_cache *cache = cache_with_magazines(test, WHOLE_LINES);
	unsigned int nr = 5 * cache->capacity, i, most = 0;
	void **objects = array(test, nr);

	take(test, cache, objects, nr);
	for (i = 0; i < nr; i++) {
		slabmod_cache_free(cache, objects[i]);
		most = max(most, mine(cache)->here);
		KUNIT_ASSERT_LE(test, mine(cache)->here, cache->capacity);
	}
	KUNIT_EXPECT_EQ(test, most, cache->capacity);
	expect_nothing_lost(test, cache);
}

static void test_empty_stack_is_filled_to_half(struct kunit *test)
{
	struct slabmod_cache *cache = cache_with_magazines(test, WHOLE_LINES);
	unsigned long refills;
	void *object;

	stock(test, cache);
	refills = counted(cache, STAT_REFILL);
	take(test, cache, &object, 1);
	KUNIT_EXPECT_EQ(test, mine(cache)->here, cache->capacity / 2 - 1);
	KUNIT_EXPECT_EQ(test, counted(cache, STAT_REFILL), refills + 1);
	give(cache, &object, 1);
	expect_nothing_lost(test, cache);
}

static void test_full_stack_gives_its_older_half_back(struct kunit *test)
{
	struct slabmod_cache *cache = cache_with_magazines(test, WHOLE_LINES);
	unsigned int capacity = cache->capacity, i;
	void **objects = array(test, 2 * capacity);
	unsigned long flushes;

	take(test, cache, objects, 2 * capacity);
	magazine_drain_all(cache);
	flushes = counted(cache, STAT_FLUSH);
	give(cache, objects, capacity);
	KUNIT_EXPECT_EQ(test, mine(cache)->here, capacity);
	KUNIT_EXPECT_EQ(test, counted(cache, STAT_FLUSH), flushes);
	slabmod_cache_free(cache, objects[capacity]);
	KUNIT_EXPECT_EQ(test, mine(cache)->here, capacity / 2 + 1);
	KUNIT_EXPECT_EQ(test, counted(cache, STAT_FLUSH), flushes + 1);
	/* What stayed is the younger half. */
	for (i = capacity; i >= capacity - capacity / 2; i--)
		KUNIT_EXPECT_PTR_EQ(test, slabmod_cache_alloc(cache, GFP_KERNEL), objects[i]);
	give(cache, objects + capacity - capacity / 2, capacity + capacity / 2);
	expect_nothing_lost(test, cache);
}

static void test_back_and_forth_over_the_edge_is_cheap(struct kunit *test)
{
	struct slabmod_cache *cache = cache_with_magazines(test, WHOLE_LINES);
	void **objects = array(test, cache->capacity + 1);
	unsigned long before;
	void *object;
	int i;

	take(test, cache, objects, cache->capacity + 1);
	magazine_drain_all(cache);
	give(cache, objects, cache->capacity + 1);
	before = counted(cache, STAT_FLUSH) + counted(cache, STAT_REFILL);
	for (i = 0; i < 1000; i++) {
		take(test, cache, &object, 1);
		give(cache, &object, 1);
	}
	KUNIT_EXPECT_EQ(test, counted(cache, STAT_FLUSH) + counted(cache, STAT_REFILL), before);
	expect_nothing_lost(test, cache);
}

static void test_cache_that_nobody_uses_has_no_magazines(struct kunit *test)
{
	struct slabmod_cache *cache = cache_without_magazines(test, WHOLE_LINES);
	void *object;

	KUNIT_EXPECT_FALSE(test, !!cache->homes);
	KUNIT_EXPECT_EQ(test, raw_cpu_ptr(cache->magazines)->capacity, 0);
	take(test, cache, &object, 1);
	KUNIT_EXPECT_EQ(test, raw_cpu_ptr(cache->magazines)->capacity, cache->capacity);
	give(cache, &object, 1);
	expect_nothing_lost(test, cache);
}

static void test_second_free_in_a_row_is_seen_at_once(struct kunit *test)
{
	struct slabmod_cache *cache = cache_with_magazines(test, WHOLE_LINES);
	void *objects[2];

	take(test, cache, objects, 2);
	give(cache, objects, 1);
	KIT_EXPECT_MISUSE(test, MISUSE_DOUBLE_FREE, cache->name,
			  slabmod_cache_free(cache, objects[0]));
	KIT_EXPECT_MISUSE(test, MISUSE_DOUBLE_FREE, cache->name,
			  slabmod_cache_free(cache, objects[0]));
	KIT_EXPECT_NO_MISUSE(test, give(cache, objects + 1, 1));
	expect_nothing_lost(test, cache);
}

/* ---- interrupts ---- */

static void test_interrupt_leaves_a_busy_magazine_alone(struct kunit *test)
{
	struct slabmod_cache *cache = cache_with_magazines(test, WHOLE_LINES);
	void *objects[2], *object;
	unsigned long busy;
	unsigned int here;

	stock(test, cache);
	take(test, cache, objects, 2);
	here = mine(cache)->here;
	busy = counted(cache, STAT_BUSY);

	preempt_disable();
	mine(cache)->busy = 1;
	object = slabmod_cache_alloc(cache, GFP_ATOMIC);
	slabmod_cache_free(cache, objects[0]);
	mine(cache)->busy = 0;
	preempt_enable();

	KUNIT_EXPECT_NOT_NULL(test, object);
	KUNIT_EXPECT_EQ(test, mine(cache)->here, here);
	KUNIT_EXPECT_EQ(test, counted(cache, STAT_BUSY), busy + 2);
	slabmod_cache_free(cache, object);
	slabmod_cache_free(cache, objects[1]);
	expect_nothing_lost(test, cache);
}

static void test_drain_leaves_a_busy_magazine_alone(struct kunit *test)
{
	struct slabmod_cache *cache = cache_with_magazines(test, WHOLE_LINES);
	void *objects[2];

	take(test, cache, objects, 2);
	give(cache, objects, 2);
	preempt_disable();
	mine(cache)->busy = 1;
	magazine_drain_all(cache);
	KUNIT_EXPECT_GE(test, mine(cache)->here, 2);
	mine(cache)->busy = 0;
	preempt_enable();
	magazine_drain_all(cache);
	KUNIT_EXPECT_EQ(test, mine(cache)->here, 0);
	expect_nothing_lost(test, cache);
}

/* A cache as a model: its objects are taken and given, and counted at rest. */
static void *model_take(struct model *model, struct rnd_state *rnd, gfp_t gfp, size_t *size)
{
	*size = slabmod_cache_size(model->cache);
	return slabmod_cache_alloc(model->cache, gfp);
}

static void model_give(struct model *model, void *object, size_t size)
{
	slabmod_cache_free(model->cache, object);
}

static void model_rest(struct model *model, unsigned long pieces, size_t bytes)
{
	KUNIT_EXPECT_TRUE(model->test, magazine_check(model->cache));
	KUNIT_EXPECT_TRUE(model->test, cache_check(model->cache));
	KUNIT_EXPECT_EQ(model->test, cache_used(model->cache), pieces);
}

static struct model model_of(struct kunit *test, size_t size)
{
	return (struct model) {
		.take = model_take,
		.give = model_give,
		.rest = model_rest,
		.cache = cache_with_magazines(test, size),
		.test = test,
	};
}

static void expect_sane(struct model *model)
{
	KUNIT_EXPECT_EQ(model->test, model->wrong, 0);
	KUNIT_EXPECT_EQ(model->test, model->failed, 0);
}

/* Until some interrupts came at the worst of moments. */
static bool enough_busy(struct model *model)
{
	return counted(model->cache, STAT_BUSY) >= 20;
}

static void weather_storm(struct kunit *test, size_t size)
{
	struct model model = model_of(test, size);

	KUNIT_EXPECT_GT(test, model_run_in_storm(&model, KIT_STEPS, enough_busy), 100);
	kunit_info(test, "%lu calls met a busy magazine\n", counted(model.cache, STAT_BUSY));
	KUNIT_EXPECT_GT(test, counted(model.cache, STAT_BUSY), 0);
	expect_sane(&model);
}

static void test_interrupts_amid_calls_lose_nothing(struct kunit *test)
{
	weather_storm(test, WHOLE_LINES);
}

static void test_interrupts_amid_calls_lose_no_parts_of_lines(struct kunit *test)
{
	weather_storm(test, SHARED_LINES);
}

/* ---- other CPUs ---- */

/* Some objects that another CPU takes, or gives back. */
struct errand {
	struct slabmod_cache *cache;
	void **objects;
	unsigned int nr;
};

static void take_here(void *arg)
{
	struct errand *errand = arg;
	unsigned int i;

	for (i = 0; i < errand->nr; i++)
		errand->objects[i] = slabmod_cache_alloc(errand->cache, GFP_KERNEL);
}

static void give_here(void *arg)
{
	struct errand *errand = arg;

	give(errand->cache, errand->objects, errand->nr);
}

static void take_on(unsigned int n, struct slabmod_cache *cache, void **objects, unsigned int nr)
{
	struct errand errand = { cache, objects, nr };

	kit_run_on(n, take_here, &errand);
}

static void give_on(unsigned int n, struct slabmod_cache *cache, void **objects, unsigned int nr)
{
	struct errand errand = { cache, objects, nr };

	kit_run_on(n, give_here, &errand);
}

static void need_cpus(struct kunit *test, unsigned int nr)
{
	if (num_online_cpus() < nr)
		kunit_skip(test, "there are not %u CPUs", nr);
}

static struct magazine *of_cpu(struct slabmod_cache *cache, unsigned int n)
{
	unsigned int cpu;

	for_each_online_cpu(cpu)
		if (n-- == 0)
			break;
	return per_cpu_ptr(cache->magazines, cpu);
}

static void test_whole_lines_stay_where_they_were_freed(struct kunit *test)
{
	struct slabmod_cache *cache = cache_with_magazines(test, WHOLE_LINES);
	void *objects[8];

	need_cpus(test, 2);
	take(test, cache, objects, 8);
	give_on(1, cache, objects, 8);
	KUNIT_EXPECT_EQ(test, of_cpu(cache, 1)->here, 8);
	expect_nothing_lost(test, cache);
}

static void test_parts_of_lines_go_back_to_the_home_they_came_from(struct kunit *test)
{
	struct slabmod_cache *cache = cache_with_magazines(test, SHARED_LINES);
	unsigned int capacity = cache->capacity;
	void **objects = array(test, capacity + 1);
	long taken;

	need_cpus(test, 2);
	take(test, cache, objects, capacity + 1);
	give_on(1, cache, objects, capacity);
	KUNIT_EXPECT_EQ(test, of_cpu(cache, 1)->here, 0);
	KUNIT_EXPECT_EQ(test, of_cpu(cache, 1)->away, capacity);

	/* The next one takes the whole batch home. */
	taken = home_totals(cache).taken;
	give_on(1, cache, objects + capacity, 1);
	KUNIT_EXPECT_EQ(test, of_cpu(cache, 1)->away, 1);
	KUNIT_EXPECT_EQ(test, home_totals(cache).taken, taken - capacity);
	expect_nothing_lost(test, cache);
}

#define LINE_OBJECTS	300

/* Enters the lines of objects as those of CPU @n; counts lines that are another's. */
static unsigned int claim_lines(struct kunit *test, struct xarray *lines, void **objects,
				unsigned int n)
{
	unsigned int i, shared = 0, line = cache_line_size();

	for (i = 0; i < LINE_OBJECTS; i++) {
		unsigned long at = (unsigned long)objects[i], end = at + SHARED_LINES;

		for (at = round_down(at, line); at < end; at += line) {
			void *old = xa_store(lines, at / line, xa_mk_value(n), GFP_KERNEL);

			KUNIT_ASSERT_FALSE(test, xa_is_err(old));
			shared += old && old != xa_mk_value(n);
		}
	}
	return shared;
}

static void test_two_cpus_are_never_given_parts_of_a_line(struct kunit *test)
{
	struct slabmod_cache *cache = cache_with_magazines(test, SHARED_LINES);
	unsigned int nr = min_t(unsigned int, MODEL_CPUS, num_online_cpus()), round, n;
	void **objects[MODEL_CPUS], **half;
	struct rnd_state rnd;
	struct xarray lines;

	need_cpus(test, 2);
	xa_init(&lines);
	kit_seed(test, &rnd);
	for (n = 0; n < nr; n++) {
		objects[n] = array(test, LINE_OBJECTS);
		take_on(n, cache, objects[n], LINE_OBJECTS);
	}
	for (round = 0; round < 20; round++) {
		unsigned int shared = 0, from = kit_random(&rnd, nr);

		for (n = 0; n < nr; n++)
			shared += claim_lines(test, &lines, objects[n], n);
		xa_destroy(&lines);
		KUNIT_EXPECT_EQ_MSG(test, shared, 0, "lines shared in round %u", round);
		/* Some of one CPU's are freed on another, and it takes as many again. */
		half = objects[from] + kit_random(&rnd, LINE_OBJECTS / 2);
		give_on(kit_random(&rnd, nr), cache, half, LINE_OBJECTS / 2);
		if (kit_random(&rnd, 2))
			magazine_drain_all(cache);
		take_on(from, cache, half, LINE_OBJECTS / 2);
	}
	for (n = 0; n < nr; n++)
		give(cache, objects[n], LINE_OBJECTS);
	KUNIT_EXPECT_EQ(test, counted(cache, STAT_SHARED_LINE), 0);
	expect_nothing_lost(test, cache);
}

static void test_drain_empties_the_magazines_of_all_cpus(struct kunit *test)
{
	struct slabmod_cache *cache = cache_with_magazines(test, SHARED_LINES);
	unsigned int cpus = num_online_cpus(), n;
	void *objects[40];

	for (n = 0; n < cpus; n++) {
		take_on(n, cache, objects, 40);
		give_on((n + 1) % cpus, cache, objects, 20);
		give_on(n, cache, objects + 20, 20);
	}
	KUNIT_EXPECT_GE(test, magazine_count(cache), 40 * cpus);
	magazine_drain_all(cache);
	KUNIT_EXPECT_EQ(test, magazine_count(cache), 0);
	KUNIT_EXPECT_EQ(test, home_totals(cache).taken, 0);
	expect_nothing_lost(test, cache);
}

static void test_cpu_that_goes_leaves_nothing_behind(struct kunit *test)
{
	struct slabmod_cache *cache = cache_with_magazines(test, SHARED_LINES);
	unsigned int n = num_online_cpus() - 1, cpu = cpumask_last(cpu_online_mask);
	struct slab_home *home = per_cpu_ptr(cache->homes, cpu);
	void *theirs[50], *ours[50];

	need_cpus(test, 2);
	if (!IS_ENABLED(CONFIG_HOTPLUG_CPU))
		kunit_skip(test, "CPUs stay");
	take(test, cache, ours, 50);
	take_on(n, cache, theirs, 50);
	give_on(n, cache, theirs, 30);
	give_on(n, cache, ours, 50);
	KUNIT_EXPECT_GT(test, of_cpu(cache, n)->here, 0);
	KUNIT_EXPECT_GE(test, of_cpu(cache, n)->away, 50);

	KUNIT_ASSERT_EQ(test, remove_cpu(cpu), 0);
	KUNIT_EXPECT_EQ(test, per_cpu_ptr(cache->magazines, cpu)->here, 0);
	KUNIT_EXPECT_EQ(test, per_cpu_ptr(cache->magazines, cpu)->away, 0);
	KUNIT_EXPECT_EQ(test, home->nr_partial + home->nr_empty, 0);
	KUNIT_EXPECT_EQ(test, cache_used(cache), 20);
	KUNIT_EXPECT_TRUE(test, cache_check(cache));
	/* Its objects live on, and can be freed where CPUs are left. */
	give(cache, theirs + 30, 20);
	magazine_drain_all(cache);
	KUNIT_EXPECT_EQ(test, home_totals(cache).taken, 0);
	KUNIT_ASSERT_EQ(test, add_cpu(cpu), 0);

	take_on(n, cache, theirs, 50);
	give_on(n, cache, theirs, 50);
	expect_nothing_lost(test, cache);
}

/* ---- at random ---- */

static void test_random_calls_of_one_thread_lose_nothing(struct kunit *test)
{
	struct model model = model_of(test, SHARED_LINES);

	model_run(&model, 1000, KIT_STEPS);
	expect_sane(&model);
}

static void test_cpus_that_exchange_objects_lose_nothing(struct kunit *test)
{
	struct model model = model_of(test, WHOLE_LINES);

	model_run_on_cpus(&model, KIT_STEPS / 2);
	expect_sane(&model);
}

static void test_cpus_that_exchange_parts_of_lines_lose_nothing(struct kunit *test)
{
	struct model model = model_of(test, SHARED_LINES);

	model_run_on_cpus(&model, KIT_STEPS / 2);
	expect_sane(&model);
}

static struct kunit_case magazine_cases[] = {
	KUNIT_CASE(test_last_freed_is_first_out),
	KUNIT_CASE(test_capacity_is_bounded_in_bytes_and_objects),
	KUNIT_CASE(test_stack_never_holds_more_than_its_capacity),
	KUNIT_CASE(test_empty_stack_is_filled_to_half),
	KUNIT_CASE(test_full_stack_gives_its_older_half_back),
	KUNIT_CASE(test_back_and_forth_over_the_edge_is_cheap),
	KUNIT_CASE(test_cache_that_nobody_uses_has_no_magazines),
	KUNIT_CASE(test_second_free_in_a_row_is_seen_at_once),
	KUNIT_CASE(test_interrupt_leaves_a_busy_magazine_alone),
	KUNIT_CASE(test_drain_leaves_a_busy_magazine_alone),
	KUNIT_CASE(test_interrupts_amid_calls_lose_nothing),
	KUNIT_CASE(test_interrupts_amid_calls_lose_no_parts_of_lines),
	KUNIT_CASE(test_whole_lines_stay_where_they_were_freed),
	KUNIT_CASE(test_parts_of_lines_go_back_to_the_home_they_came_from),
	KUNIT_CASE(test_two_cpus_are_never_given_parts_of_a_line),
	KUNIT_CASE(test_drain_empties_the_magazines_of_all_cpus),
	KUNIT_CASE(test_cpu_that_goes_leaves_nothing_behind),
	KUNIT_CASE(test_random_calls_of_one_thread_lose_nothing),
	KUNIT_CASE(test_cpus_that_exchange_objects_lose_nothing),
	KUNIT_CASE(test_cpus_that_exchange_parts_of_lines_lose_nothing),
	{}
};

struct kunit_suite magazine_suite = {
	.name = "magazine",
	KIT_SUITE_HOOKS,
	.test_cases = magazine_cases,
};
