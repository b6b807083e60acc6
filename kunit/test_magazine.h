/* SPDX-License-Identifier: GPL-2.0 */
/*
 * test_magazine.h - shared by all files of the suites of magazines.
 */
#ifndef SLABMOD_TEST_MAGAZINE_H
#define SLABMOD_TEST_MAGAZINE_H

#include "context.h"
#include "home.h"
#include "home_walk.h"
#include "verbs.h"

#define WHOLE_LINES	256	/* an object's size: no line is shared */
#define SHARED_LINES	48

/* A cache with magazines of the largest size; pins the test to the first CPU. */
static inline struct slabmod_cache *cache_with_magazines(struct kunit *test, size_t size)
{
	struct slabmod_cache *cache = kit_cache(test, size);

	cache->capacity = cache->capacity_max;
	KUNIT_ASSERT_TRUE(test, magazine_enable(cache, GFP_KERNEL));
	context_pin(0);
	return cache;
}

/* Both kinds of size, as parameters. */
static inline KUNIT_GENERATOR(next_lines)
{
	static const size_t sizes[] = { WHOLE_LINES, SHARED_LINES, 0 };
	const size_t *size = prev ? (const size_t *)prev + 1 : sizes;

	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%zu", *size);
	return *size ? size : NULL;
}

/* ---- in test_magazine_cpus.c ---- */

void test_whole_lines_stay_where_they_were_freed(struct kunit *test);
void test_objects_of_all_pages_of_a_slab_are_local(struct kunit *test);
void test_shared_lines_return_to_their_home(struct kunit *test);
void test_cpus_without_homes_share_no_line(struct kunit *test);
void test_bulk_free_returns_shared_lines_to_their_home(struct kunit *test);
void test_drain_empties_the_magazines_of_all_cpus(struct kunit *test);
void test_offline_cpu_leaves_nothing_behind(struct kunit *test);

#endif /* SLABMOD_TEST_MAGAZINE_H */
