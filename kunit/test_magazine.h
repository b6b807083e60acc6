/* SPDX-License-Identifier: GPL-2.0 */
/*
 * test_magazine.h - what all files of the suite use.
 */
#ifndef SLABMOD_TEST_MAGAZINE_H
#define SLABMOD_TEST_MAGAZINE_H

#include <linux/slab.h>

#include <slabmod/cache.h>

#include "cache.h"
#include "cache_list.h"
#include "context.h"
#include "home.h"
#include "kit.h"
#include "magazine.h"
#include "magazine_set.h"

#define LIMIT		8192	/* pages */
#define WHOLE_LINES	256	/* an object's size: no line is shared */
#define SHARED_LINES	48

static inline struct slabmod_cache *cache_without_magazines(struct kunit *test, size_t size)
{
	struct slabmod_pool *pool = kit_pool_create(test, LIMIT);
	struct slabmod_cache *cache;

	cache = cache_create(pool, "kit-magazine", size, 0, 0, NULL, THIS_MODULE);
	KUNIT_ASSERT_NOT_NULL(test, cache);
	return cache;
}

/* A cache with magazines as large as they get; the test is on the first CPU, to look at them. */
static inline struct slabmod_cache *cache_with_magazines(struct kunit *test, size_t size)
{
	struct slabmod_cache *cache = cache_without_magazines(test, size);

	cache->capacity = cache->capacity_max;
	KUNIT_ASSERT_TRUE(test, magazine_enable(cache, GFP_KERNEL));
	context_pin(0);
	return cache;
}

static inline struct slabmod_magazine *mine(struct slabmod_cache *cache)
{
	return raw_cpu_ptr(cache->magazines);
}

static inline void **array(struct kunit *test, unsigned int nr)
{
	void **objects = kunit_kcalloc(test, nr, sizeof(*objects), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, objects);
	return objects;
}

static inline void take(struct kunit *test, struct slabmod_cache *cache, void **objects,
			unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		objects[i] = slabmod_cache_alloc(cache, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, objects[i]);
	}
}

static inline void give(struct slabmod_cache *cache, void **objects, unsigned int nr)
{
	while (nr--)
		slabmod_cache_free(cache, *objects++);
}

/* Leaves the magazine empty, and free objects in slabs of this CPU's home. */
static inline void stock(struct kunit *test, struct slabmod_cache *cache)
{
	unsigned int nr = 4 * cache->capacity;
	void **objects = array(test, nr);

	take(test, cache, objects, nr);
	give(cache, objects, nr);
	magazine_drain_all(cache);
	KUNIT_ASSERT_EQ(test, magazine_count(cache), 0);
}

static inline unsigned long counted(struct slabmod_cache *cache, enum stat_id which)
{
	return stat_sum(cache->stats, which);
}

static inline void expect_nothing_lost(struct kunit *test, struct slabmod_cache *cache)
{
	KUNIT_EXPECT_TRUE(test, magazine_check(cache));
	KUNIT_EXPECT_TRUE(test, cache_check(cache));
	KUNIT_EXPECT_EQ(test, cache_used(cache), 0);
}

/* ---- in test_magazine_cpus.c ---- */

void test_whole_lines_stay_where_they_were_freed(struct kunit *test);
void test_objects_of_all_pages_of_a_slab_are_at_home(struct kunit *test);
void test_parts_of_lines_go_back_to_the_home_they_came_from(struct kunit *test);
void test_cpus_that_have_no_homes_yet_are_given_no_parts_of_a_line(struct kunit *test);
void test_bulk_sends_parts_of_lines_home(struct kunit *test);
void test_two_cpus_are_never_given_parts_of_a_line(struct kunit *test);
void test_drain_empties_the_magazines_of_all_cpus(struct kunit *test);
void test_cpu_that_goes_leaves_nothing_behind(struct kunit *test);

#endif /* SLABMOD_TEST_MAGAZINE_H */
