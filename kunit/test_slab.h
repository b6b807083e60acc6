/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SLABMOD_TEST_SLAB_H
#define SLABMOD_TEST_SLAB_H

#include "kit.h"
#include "slab.h"

#define NID	first_online_node
#define LIMIT	4096		/* pages */

/*
 * Gives objects of one slab back as a home does, a row at a time, until one is not to
 * be given. Returns how many went back.
 */
static inline unsigned int slab_give_all(struct slabmod_cache *cache, struct slab *slab,
					 void **objects, unsigned int nr)
{
	const struct slab_geometry *g = slab_geometry(cache, slab);
	unsigned int done = 0, given = 1;

	for (; done < nr && given; done += given) {
		given = slab_free(cache, g, slab, objects[done] - slab_address(slab),
				  objects + done, objects + nr);
		slab->inuse -= given;
	}
	return done;
}

static inline struct slabmod_cache *cache_of(struct kunit *test, unsigned int size)
{
	return kit_cache_create(test, kit_pool_create(test, LIMIT), size, 0, NULL);
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

/* Takes all that is left of a slab; returns how much that was. */
static inline unsigned int take_all(struct slabmod_cache *cache, struct slab *slab, void **to)
{
	return slab_alloc(cache, slab, to, SLAB_MAX_OBJECTS);
}

/* Gives objects of one slab back that are all well. */
static inline void give(struct kunit *test, struct slabmod_cache *cache, struct slab *slab,
			void **from, unsigned int nr)
{
	KUNIT_EXPECT_EQ(test, slab_give_all(cache, slab, from, nr), nr);
}

/* Sizes that have little in common; ends with 0. */
extern const unsigned int slab_sizes[];

/* They one after another, as parameters of a test. */
KUNIT_GENERATOR(slab_next_size);

/* ---- in test_slab_rows.c and test_slab_random.c ---- */

void test_a_row_goes_back_at_once_as_far_as_a_word_goes(struct kunit *test);
void test_a_slab_goes_back_up_or_down_word_by_word(struct kunit *test);
void test_a_row_with_one_that_is_free_is_given_one_by_one(struct kunit *test);
void test_what_is_free_beside_a_row_does_not_break_it(struct kunit *test);
void test_a_row_is_only_of_neighbours(struct kunit *test);
void test_a_row_ends_where_another_slab_begins(struct kunit *test);
void test_a_row_ends_where_another_small_slab_begins(struct kunit *test);
void test_a_random_run_agrees_with_a_list_of_objects(struct kunit *test);

#endif /* SLABMOD_TEST_SLAB_H */
