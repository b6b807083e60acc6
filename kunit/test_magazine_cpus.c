// SPDX-License-Identifier: GPL-2.0
/*
 * test_magazine_cpus.c - what the per-CPU stacks promise to more than one CPU: objects
 * that share a line go home, and draining loses nothing.
 */
#include <linux/cpu.h>
#include <linux/sched.h>
#include <linux/xarray.h>

#include "home_check.h"
#include "home_refill.h"
#include "home_return.h"
#include "home_walk.h"
#include "magazine_set.h"
#include "model.h"
#include "test_magazine.h"

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

static struct slabmod_magazine *of_cpu(struct slabmod_cache *cache, unsigned int n)
{
	unsigned int cpu;

	for_each_online_cpu(cpu)
		if (n-- == 0)
			break;
	return per_cpu_ptr(cache->magazines, cpu);
}

void test_whole_lines_stay_where_they_were_freed(struct kunit *test)
{
	struct slabmod_cache *cache = cache_with_magazines(test, WHOLE_LINES);
	void *objects[8];

	need_cpus(test, 2);
	take(test, cache, objects, 8);
	give_on(1, cache, objects, 8);
	KUNIT_EXPECT_EQ(test, magazine_nr_local(of_cpu(cache, 1)), 8);
	expect_nothing_lost(test, cache);
}

void test_objects_of_all_pages_of_a_slab_are_at_home(struct kunit *test)
{
	struct slabmod_cache *cache = cache_with_magazines(test, 1440);
	unsigned int nr = min(cache->objects, magazine_remote_capacity(cache->capacity)), i;
	void **objects = array(test, nr);

	KUNIT_ASSERT_GE(test, cache->usual.pages, 3);
	KUNIT_ASSERT_TRUE(test, cache->flags & CACHE_SHARES_LINES);
	take(test, cache, objects, nr);
	magazine_drain_all(cache);
	for (i = 0; i < nr; i++) {
		slabmod_cache_free(cache, objects[i]);
		KUNIT_EXPECT_EQ(test, mine(cache)->top, i + 1);
		KUNIT_EXPECT_EQ(test, mine(cache)->nr_remote, 0);
	}
	/* On another CPU none of them is. */
	if (num_online_cpus() > 1) {
		take(test, cache, objects, nr);
		give_on(1, cache, objects, nr);
		KUNIT_EXPECT_EQ(test, of_cpu(cache, 1)->top, 0);
		KUNIT_EXPECT_EQ(test, of_cpu(cache, 1)->nr_remote, nr);
	}
	expect_nothing_lost(test, cache);
}

void test_parts_of_lines_go_back_to_the_home_they_came_from(struct kunit *test)
{
	struct slabmod_cache *cache = cache_with_magazines(test, SHARED_LINES);
	unsigned int capacity = magazine_remote_capacity(cache->capacity);
	void **objects = array(test, capacity + 1);
	long taken;

	need_cpus(test, 2);
	take(test, cache, objects, capacity + 1);
	give_on(1, cache, objects, capacity);
	KUNIT_EXPECT_EQ(test, magazine_nr_local(of_cpu(cache, 1)), 0);
	KUNIT_EXPECT_EQ(test, of_cpu(cache, 1)->nr_remote, capacity);

	/* The next one takes the whole batch home. */
	taken = home_totals(cache).inuse;
	give_on(1, cache, objects + capacity, 1);
	KUNIT_EXPECT_EQ(test, of_cpu(cache, 1)->nr_remote, 1);
	KUNIT_EXPECT_EQ(test, home_totals(cache).inuse, taken - capacity);
	expect_nothing_lost(test, cache);
}

static void bulk_here(void *arg)
{
	struct errand *errand = arg;

	slabmod_cache_free_bulk(errand->cache, errand->nr, errand->objects);
}

static void take_from_commons(void *arg)
{
	struct errand *errand = arg;

	preempt_disable();
	errand->nr = home_alloc(errand->cache, errand->objects, errand->nr, false);
	preempt_enable();
}

/* Each CPU in turn takes from the same slab, which was empty, and nobody's, before. */
void test_cpus_that_have_no_homes_yet_are_given_no_parts_of_a_line(struct kunit *test)
{
	struct slabmod_cache *cache = cache_without_magazines(test, SHARED_LINES);
	struct errand mine, yours;
	void *objects[2], *first;
	unsigned long line = cache_line_size();

	need_cpus(test, 2);
	context_pin(0);
	if (cpu_to_mem(raw_smp_processor_id()) != cpu_to_mem(cpumask_next(raw_smp_processor_id(),
									  cpu_online_mask)))
		kunit_skip(test, "there is only one CPU on the node");
	first = home_alloc_new_slab(cache, numa_mem_id(), GFP_KERNEL, true);
	KUNIT_ASSERT_NOT_NULL(test, first);
	KUNIT_ASSERT_TRUE(test, home_free(cache, &first, 1));
	KUNIT_ASSERT_EQ(test, home_totals(cache).slabs, 1);
	mine = (struct errand) { cache, &objects[0], 1 };
	yours = (struct errand) { cache, &objects[1], 1 };
	take_from_commons(&mine);
	KUNIT_ASSERT_TRUE(test, kit_run_on(1, take_from_commons, &yours));
	KUNIT_ASSERT_EQ(test, mine.nr + yours.nr, 2);
	KUNIT_EXPECT_GE(test, abs(objects[1] - objects[0]), SHARED_LINES);
	KUNIT_EXPECT_NE(test, ((unsigned long)objects[0] + SHARED_LINES - 1) / line,
			(unsigned long)objects[1] / line);
	KUNIT_EXPECT_EQ(test, home_totals(cache).slabs, 1);
	KUNIT_EXPECT_TRUE(test, home_free(cache, objects, 2));
	KUNIT_EXPECT_TRUE(test, home_check(cache));
}

void test_bulk_sends_parts_of_lines_home(struct kunit *test)
{
	struct slabmod_cache *cache = cache_with_magazines(test, SHARED_LINES);
	void **objects = array(test, 60);
	struct errand errand = { cache, objects, 60 };

	need_cpus(test, 2);
	/* Some of one CPU's among some of another's. */
	take(test, cache, objects, 20);
	take_on(1, cache, objects + 20, 20);
	take(test, cache, objects + 40, 20);
	magazine_drain_all(cache);
	kit_run_on(1, bulk_here, &errand);
	KUNIT_EXPECT_EQ(test, magazine_nr_local(of_cpu(cache, 1)), 20);
	KUNIT_EXPECT_EQ(test, of_cpu(cache, 1)->nr_remote, 40);
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

void test_two_cpus_are_never_given_parts_of_a_line(struct kunit *test)
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

void test_drain_empties_the_magazines_of_all_cpus(struct kunit *test)
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
	KUNIT_EXPECT_EQ(test, home_totals(cache).inuse, 0);
	expect_nothing_lost(test, cache);
}

void test_cpu_that_goes_leaves_nothing_behind(struct kunit *test)
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
	KUNIT_EXPECT_GT(test, magazine_nr_local(of_cpu(cache, n)), 0);
	KUNIT_EXPECT_GE(test, of_cpu(cache, n)->nr_remote, 50);

	KUNIT_ASSERT_EQ(test, remove_cpu(cpu), 0);
	KUNIT_EXPECT_EQ(test, magazine_nr_local(per_cpu_ptr(cache->magazines, cpu)), 0);
	KUNIT_EXPECT_EQ(test, per_cpu_ptr(cache->magazines, cpu)->nr_remote, 0);
	KUNIT_EXPECT_EQ(test, home->nr_partial + home->nr_empty, 0);
	KUNIT_EXPECT_EQ(test, cache_used(cache), 20);
	KUNIT_EXPECT_TRUE(test, cache_check(cache));
	/* Its objects live on, and can be freed where CPUs are left. */
	give(cache, theirs + 30, 20);
	magazine_drain_all(cache);
	KUNIT_EXPECT_EQ(test, home_totals(cache).inuse, 0);
	KUNIT_ASSERT_EQ(test, add_cpu(cpu), 0);

	take_on(n, cache, theirs, 50);
	give_on(n, cache, theirs, 50);
	expect_nothing_lost(test, cache);
}
