/* SPDX-License-Identifier: GPL-2.0 */
/*
 * quarantine.h - freed objects of a debugged cache that are withheld from reuse.
 */
#ifndef SLABMOD_QUARANTINE_H
#define SLABMOD_QUARANTINE_H

#include "debug/debug.h"

/*
 * Add an object freed by debug_free(), and free the oldest ones to their slabs while the
 * quarantine is too large. Any context; in NMI the object is freed to its slab at once.
 */
void quarantine_put(struct slabmod_cache *cache, struct debug_track *track);

/* Free up to @max objects to their slabs; return false if none. Any context except NMI. */
bool quarantine_drain(struct slabmod_cache *cache, unsigned long max);

/* The same for an allocation that would fail otherwise: twice as many in each round. */
bool quarantine_shrink(struct slabmod_cache *cache, unsigned int round);

/* Return the number of objects in quarantine. */
static inline unsigned long quarantine_count(const struct slabmod_cache *cache)
{
	return cache->debug ? READ_ONCE(cache->debug->quarantine.nr) : 0;
}

#endif /* SLABMOD_QUARANTINE_H */
