/* SPDX-License-Identifier: GPL-2.0 */
/*
 * home_walk.h - walks over all homes of a cache, and their sums.
 */
#ifndef SLABMOD_HOME_WALK_H
#define SLABMOD_HOME_WALK_H

#include "types.h"

/* Calls @fn with every home of the cache: the commons in turn, then the CPUs. */
void home_for_each(struct slabmod_cache *cache,
		   void (*fn)(struct slabmod_cache *cache, struct slab_home *home, void *arg),
		   void *arg);

/* Slabs, those of them that are small, and objects taken from slabs. */
struct home_totals {
	long slabs;
	long small_slabs;
	long inuse;
};

struct home_totals home_totals(struct slabmod_cache *cache);
unsigned long home_pages(struct slabmod_cache *cache);

/* Lock the home of the slab that begins at @slab; NULL when none of @cache does. */
struct slab_home *home_lock_slab(struct slabmod_cache *cache, struct slab *slab,
				 unsigned long *flags);

#endif /* SLABMOD_HOME_WALK_H */
