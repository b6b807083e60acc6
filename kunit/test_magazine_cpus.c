// SPDX-License-Identifier: GPL-2.0
/*
 * test_magazine_cpus.c - what magazines promise to several CPUs: objects that share a
 * line return to the home that owns their slab, and draining loses nothing.
 */
#include <linux/cpu.h>
#include <linux/sched.h>

#include "home_check.h"
#include "test_magazine.h"

struct errand {
	struct slabmod_cache *cache;
	void **objects;
	unsigned int nr;
};

void test_whole_lines_stay_where_they_were_freed(struct kunit *test)
{
	struct slabmod_cache *cache = cache_with_magazines(test, WHOLE_LINES);
	void *objects[8];

	kit_need_cpus(test, 2);
	kit_alloc_n(test, cache, objects, 8);
	kit_free_on(1, cache, objects, 8);
	KUNIT_EXPECT_EQ(test, magazine_nr_local(kit_magazine_of(cache, 1)), 8);
	kit_expect_unused(test, cache);
}

void test_objects_of_all_pages_of_a_slab_are_local(struct kunit *test)
{
	struct slabmod_cache *cache = cache_with_magazines(test, 1440);
	unsigned int nr = min(cache->objects, magazine_remote_capacity(cache->capacity)), i;
	void **objects = kit_array(test, nr);

	KUNIT_ASSERT_GE(test, cache->usual.pages, 3);
	KUNIT_ASSERT_TRUE(test, cache->flags & CACHE_SHARES_LINES);
	kit_alloc_n(test, cache, objects, nr);
	magazine_drain_all(cache);
	for (i = 0; i < nr; i++) {
		slabmod_cache_free(cache, objects[i]);
		KUNIT_EXPECT_EQ(test, kit_magazine(cache)->top, i + 1);
		KUNIT_EXPECT_EQ(test, kit_magazine(cache)->nr_remote, 0);
	}
	/* On another CPU none of them is local. */
	if (num_online_cpus() > 1) {
		kit_alloc_n(test, cache, objects, nr);
		kit_free_on(1, cache, objects, nr);
		KUNIT_EXPECT_EQ(test, kit_magazine_of(cache, 1)->top, 0);
		KUNIT_EXPECT_EQ(test, kit_magazine_of(cache, 1)->nr_remote, nr);
	}
	kit_expect_unused(test, cache);
}

void test_shared_lines_return_to_their_home(struct kunit *test)
{
	struct slabmod_cache *cache = cache_with_magazines(test, SHARED_LINES);
	unsigned int capacity = magazine_remote_capacity(cache->capacity);
	void **objects = kit_array(test, capacity + 1);
	long inuse;

	kit_need_cpus(test, 2);
	kit_alloc_n(test, cache, objects, capacity + 1);
	kit_free_on(1, cache, objects, capacity);
	KUNIT_EXPECT_EQ(test, magazine_nr_local(kit_magazine_of(cache, 1)), 0);
	KUNIT_EXPECT_EQ(test, kit_magazine_of(cache, 1)->nr_remote, capacity);

	/* The next one makes the whole batch return. */
	inuse = home_totals(cache).inuse;
	kit_free_on(1, cache, objects + capacity, 1);
	KUNIT_EXPECT_EQ(test, kit_magazine_of(cache, 1)->nr_remote, 1);
	KUNIT_EXPECT_EQ(test, home_totals(cache).inuse, inuse - capacity);
	kit_expect_unused(test, cache);
}

static void bulk_here(void *arg)
{
	struct errand *errand = arg;

	slabmod_cache_free_bulk(errand->cache, errand->nr, errand->objects);
}

static void alloc_from_node_home(void *arg)
{
	struct errand *errand = arg;

	errand->nr = kit_home_alloc(errand->cache, errand->objects, errand->nr, false);
}

/* Each CPU in turn allocates from the same slab, which was empty in the node home. */
void test_cpus_without_homes_share_no_line(struct kunit *test)
{
	struct slabmod_cache *cache = kit_cache(test, SHARED_LINES);
	struct errand mine, yours;
	void *objects[2], *first;
	unsigned long line = cache_line_size();

	kit_need_cpus(test, 2);
	context_pin(0);
	if (cpu_to_mem(raw_smp_processor_id()) != cpu_to_mem(cpumask_next(raw_smp_processor_id(),
									  cpu_online_mask)))
		kunit_skip(test, "needs two CPUs on a node");
	first = kit_new_slab(test, cache, true);
	kit_home_free(test, cache, &first, 1);
	KUNIT_ASSERT_EQ(test, home_totals(cache).slabs, 1);
	mine = (struct errand) { cache, &objects[0], 1 };
	yours = (struct errand) { cache, &objects[1], 1 };
	alloc_from_node_home(&mine);
	KUNIT_ASSERT_TRUE(test, kit_run_on(1, alloc_from_node_home, &yours));
	KUNIT_ASSERT_EQ(test, mine.nr + yours.nr, 2);
	KUNIT_EXPECT_GE(test, abs(objects[1] - objects[0]), SHARED_LINES);
	KUNIT_EXPECT_NE(test, ((unsigned long)objects[0] + SHARED_LINES - 1) / line,
			(unsigned long)objects[1] / line);
	KUNIT_EXPECT_EQ(test, home_totals(cache).slabs, 1);
	KUNIT_EXPECT_TRUE(test, home_free(cache, objects, 2));
	KUNIT_EXPECT_TRUE(test, home_check(cache));
}

void test_bulk_free_returns_shared_lines_to_their_home(struct kunit *test)
{
	struct slabmod_cache *cache = cache_with_magazines(test, SHARED_LINES);
	void **objects = kit_array(test, 60);
	struct errand errand = { cache, objects, 60 };

	kit_need_cpus(test, 2);
	/* Objects of one CPU among objects of another. */
	kit_alloc_n(test, cache, objects, 20);
	kit_alloc_on(1, test, cache, objects + 20, 20);
	kit_alloc_n(test, cache, objects + 40, 20);
	magazine_drain_all(cache);
	kit_run_on(1, bulk_here, &errand);
	KUNIT_EXPECT_EQ(test, magazine_nr_local(kit_magazine_of(cache, 1)), 20);
	KUNIT_EXPECT_EQ(test, kit_magazine_of(cache, 1)->nr_remote, 40);
	kit_expect_unused(test, cache);
}

void test_drain_empties_the_magazines_of_all_cpus(struct kunit *test)
{
	struct slabmod_cache *cache = cache_with_magazines(test, SHARED_LINES);
	unsigned int cpus = num_online_cpus(), n;
	void *objects[40];

	for (n = 0; n < cpus; n++) {
		kit_alloc_on(n, test, cache, objects, 40);
		kit_free_on((n + 1) % cpus, cache, objects, 20);
		kit_free_on(n, cache, objects + 20, 20);
	}
	KUNIT_EXPECT_GE(test, magazine_count(cache), 40 * cpus);
	magazine_drain_all(cache);
	KUNIT_EXPECT_EQ(test, magazine_count(cache), 0);
	KUNIT_EXPECT_EQ(test, home_totals(cache).inuse, 0);
	kit_expect_unused(test, cache);
}

void test_offline_cpu_leaves_nothing_behind(struct kunit *test)
{
	struct slabmod_cache *cache = cache_with_magazines(test, SHARED_LINES);
	unsigned int n = num_online_cpus() - 1, cpu = cpumask_last(cpu_online_mask);
	struct slab_home *home = per_cpu_ptr(cache->homes, cpu);
	void *theirs[50], *ours[50];

	kit_need_cpus(test, 2);
	if (!IS_ENABLED(CONFIG_HOTPLUG_CPU))
		kunit_skip(test, "needs CPU hotplug");
	kit_alloc_n(test, cache, ours, 50);
	kit_alloc_on(n, test, cache, theirs, 50);
	kit_free_on(n, cache, theirs, 30);
	kit_free_on(n, cache, ours, 50);
	KUNIT_EXPECT_GT(test, magazine_nr_local(kit_magazine_of(cache, n)), 0);
	KUNIT_EXPECT_GE(test, kit_magazine_of(cache, n)->nr_remote, 50);

	KUNIT_ASSERT_EQ(test, remove_cpu(cpu), 0);
	KUNIT_EXPECT_EQ(test, magazine_nr_local(per_cpu_ptr(cache->magazines, cpu)), 0);
	KUNIT_EXPECT_EQ(test, per_cpu_ptr(cache->magazines, cpu)->nr_remote, 0);
	KUNIT_EXPECT_EQ(test, home->nr_partial + home->nr_empty, 0);
	KUNIT_EXPECT_EQ(test, cache_used(cache), 20);
	KUNIT_EXPECT_TRUE(test, cache_check(cache));
	/* Its objects can be freed on other CPUs. */
	kit_free_n(cache, theirs + 30, 20);
	magazine_drain_all(cache);
	KUNIT_EXPECT_EQ(test, home_totals(cache).inuse, 0);
	KUNIT_ASSERT_EQ(test, add_cpu(cpu), 0);

	kit_alloc_on(n, test, cache, theirs, 50);
	kit_free_on(n, cache, theirs, 50);
	kit_expect_unused(test, cache);
}
