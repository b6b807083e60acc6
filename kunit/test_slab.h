/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SLABMOD_TEST_SLAB_H
#define SLABMOD_TEST_SLAB_H

#include "verbs.h"

#define NID	first_online_node

/*
 * Free objects of one slab as a home does, a row at a time, until one is refused. Return
 * how many were freed.
 */
static inline unsigned int slab_free_all(struct slabmod_cache *cache, struct slab *slab,
					 void **objects, unsigned int nr)
{
	const struct slab_geometry *g = slab_geometry(cache, slab);
	unsigned int done = 0, freed = 1;

	for (; done < nr && freed; done += freed) {
		freed = slab_free(cache, g, slab, objects[done] - slab_address(slab),
				  objects + done, objects + nr);
		slab->inuse -= freed;
	}
	return done;
}

static inline struct slabmod_cache *cache_of(struct kunit *test, unsigned int size)
{
	return kit_cache_create(test, kit_pool_create(test, 4096), size, 0, NULL);
}

static inline struct slabmod_cache *cache_of_param(struct kunit *test)
{
	return cache_of(test, *(const unsigned int *)test->param_value);
}

static inline struct slab *new_slab(struct kunit *test, struct slabmod_cache *cache)
{
	struct slab *slab = slab_create(cache, NID, GFP_KERNEL | __GFP_THISNODE);

	KUNIT_ASSERT_NOT_NULL(test, slab);
	return slab;
}

/* Allocate all that is left of a slab; return how many objects that was. */
static inline unsigned int alloc_rest(struct slabmod_cache *cache, struct slab *slab, void **to)
{
	return slab_alloc(cache, slab, to, SLAB_MAX_OBJECTS);
}

/* Free objects of one slab, and expect that none is refused. */
static inline void free_n(struct kunit *test, struct slabmod_cache *cache, struct slab *slab,
			  void **from, unsigned int nr)
{
	KUNIT_EXPECT_EQ(test, slab_free_all(cache, slab, from, nr), nr);
}

/* Sizes that have little in common; ends with 0. */
extern const unsigned int slab_sizes[];

KUNIT_GENERATOR(slab_next_size);

/* ---- in test_slab_rows.c and test_slab_random.c ---- */

void test_row_is_freed_up_to_the_end_of_a_word(struct kunit *test);
void test_row_with_a_free_object_is_freed_one_by_one(struct kunit *test);
void test_row_has_only_neighbours(struct kunit *test);
void test_row_ends_where_another_slab_begins(struct kunit *test);
void test_random_run_matches_a_flag_for_each_object(struct kunit *test);

#endif /* SLABMOD_TEST_SLAB_H */
