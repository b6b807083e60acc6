/* SPDX-License-Identifier: GPL-2.0 */
/*
 * test_home.h - shared by all files of the suite.
 *
 * Most tests use objects of 256 bytes: sixteen per slab of one page, and none shares a
 * line with its neighbour.
 */
#ifndef SLABMOD_TEST_HOME_H
#define SLABMOD_TEST_HOME_H

#include <linux/topology.h>

#include "context.h"
#include "home.h"
#include "home_check.h"
#include "home_walk.h"
#include "verbs.h"

#define SIZE	((unsigned int)PAGE_SIZE / N)
#define N	16		/* objects of SIZE that a slab has */

static inline unsigned int alloc(struct slabmod_cache *cache, void **objects, unsigned int nr)
{
	return kit_home_alloc(cache, objects, nr, false);
}

static inline unsigned int alloc_anything(struct slabmod_cache *cache, void **objects,
					  unsigned int nr)
{
	return kit_home_alloc(cache, objects, nr, true);
}

/* In test_home_random.c. */
void test_random_run_matches_the_tags_in_objects(struct kunit *test);

#endif /* SLABMOD_TEST_HOME_H */
