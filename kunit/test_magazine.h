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
static const size_t lines_sizes[] = { WHOLE_LINES, SHARED_LINES };

KIT_SIZE_PARAM(lines, lines_sizes);

#endif /* SLABMOD_TEST_MAGAZINE_H */
