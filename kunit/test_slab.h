/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SLABMOD_TEST_SLAB_H
#define SLABMOD_TEST_SLAB_H

#include "verbs.h"

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

/* In test_slab_random.c. */
void test_random_run_matches_a_flag_per_object(struct kunit *test);

#endif /* SLABMOD_TEST_SLAB_H */
