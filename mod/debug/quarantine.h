/* SPDX-License-Identifier: GPL-2.0 */
/*
 * quarantine.h - objects of a debugged cache that were freed, and are kept from use.
 */
#ifndef SLABMOD_QUARANTINE_H
#define SLABMOD_QUARANTINE_H

#include "debug/debug.h"

/*
 * Puts an object in that debug_free() took back, and gives to the slabs those that have
 * been there long enough. Any context; in NMI it goes to the slabs at once.
 */
void quarantine_put(struct slabmod_cache *cache, struct debug_track *track);

/* Gives so many of those there to the slabs; false when there are none. Any context but NMI. */
bool quarantine_drain(struct slabmod_cache *cache, unsigned long most);

/* The same where it gives way to who has nothing else, round by round twice as many. */
bool quarantine_shrink(struct slabmod_cache *cache, unsigned int round);

/* Gives all to the slabs, also what others are at just now. Nobody uses the cache. May sleep. */
void quarantine_end(struct slabmod_cache *cache);

/* Objects that are there. */
static inline unsigned long quarantine_count(const struct slabmod_cache *cache)
{
	return cache->debug ? READ_ONCE(cache->debug->quarantine.nr) : 0;
}

#endif /* SLABMOD_QUARANTINE_H */
