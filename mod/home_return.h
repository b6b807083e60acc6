/* SPDX-License-Identifier: GPL-2.0 */
/*
 * home_return.h - free objects to their slabs.
 */
#ifndef SLABMOD_HOME_RETURN_H
#define SLABMOD_HOME_RETURN_H

#include "types.h"

/*
 * Free @nr objects to their slabs. The array is reordered. An object that is free already, or that
 * is in no slab of @cache, is reported. The caller is in an RCU read-side section or has preemption
 * off. Any context; in an NMI only one object at a time, and false when that would have to wait.
 */
bool home_free(struct slabmod_cache *cache, void **objects, unsigned int nr);

/*
 * The same for as many as one hold of a lock can free, at least one. Return how many are left, at
 * the end of the array: all of them when an NMI would have to wait.
 */
unsigned int home_free_some(struct slabmod_cache *cache, void **objects, unsigned int nr);

/* Return true if the slab of an object is in another home than that of this CPU; a guess. */
bool home_is_elsewhere(struct slabmod_cache *cache, void *object);

#endif /* SLABMOD_HOME_RETURN_H */
