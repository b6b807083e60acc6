/* SPDX-License-Identifier: GPL-2.0 */
/*
 * home_walk.h - walks over all homes of a cache, and their totals.
 */
#ifndef SLABMOD_HOME_WALK_H
#define SLABMOD_HOME_WALK_H

#include "types.h"

/* Call @fn for every home of the cache: the node homes, then those of the CPUs. */
void home_walk(struct slabmod_cache *cache,
	       void (*fn)(struct slabmod_cache *cache, struct slab_home *home, void *arg),
		   void *arg);

/* Slabs, how many of them are small, and objects that are not in slabs. */
struct home_totals {
	long slabs;
	long small_slabs;
	long inuse;
};

struct home_totals home_totals(struct slabmod_cache *cache);
unsigned long home_pages(struct slabmod_cache *cache);

/* Lock and return the home of @slab. NULL if it is not a slab of @cache. */
struct slab_home *home_lock_slab(struct slabmod_cache *cache, struct slab *slab,
				 unsigned long *flags);

#endif /* SLABMOD_HOME_WALK_H */
