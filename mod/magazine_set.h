/* SPDX-License-Identifier: GPL-2.0 */
/*
 * magazine_set.h - the magazines of a cache, one per CPU.
 */
#ifndef SLABMOD_MAGAZINE_SET_H
#define SLABMOD_MAGAZINE_SET_H

#include "magazine.h"

/* Gives a cache that has none its magazines; false when memory is short. */
bool magazine_enable(struct slabmod_cache *cache, gfp_t gfp);
void magazine_disable(struct slabmod_cache *cache);

/* Gives a cache that is being made its capacity, and no magazines yet. */
void magazine_setup(struct slabmod_cache *cache);

/*
 * Looks at all of a cache's magazines, and counts for each how often in a row it was
 * found as before; forgets misses. Called now and then, by one at a time.
 */
void magazine_scan_idle(struct slabmod_cache *cache);

/* Whether objects lie in one that was found so @idle times, or more. */
bool magazine_has_idle_objects(struct slabmod_cache *cache, unsigned int idle);
/* Whether it has magazines of its own, and all were found so, and empty. */
bool magazine_is_unused(struct slabmod_cache *cache, unsigned int idle);
/* Whether larger ones would be of use. */
bool magazine_wants_larger(struct slabmod_cache *cache);

/*
 * Gives a cache larger magazines in place of those it has, or, unless @more, the common
 * empty one. False when memory is short. The old ones may be in use until a grace period
 * is over; then magazine_flush_old() empties them, and magazine_free_old() frees them when
 * another is over, until which somebody may be counting what is in them. Process context,
 * may sleep; cache_resize_magazines() does it all, with cache_mutex held.
 */
bool magazine_resize(struct slabmod_cache *cache, bool more);
void magazine_flush_old(struct slabmod_cache *cache);
void magazine_free_old(struct slabmod_cache *cache);

/* Empties those of CPUs that are online, and not used for @idle looks or more. */
void magazine_drain_idle(struct slabmod_cache *cache, unsigned int idle);
/* Empties the magazines of all CPUs that are online and not in the middle of one. */
void magazine_drain_all(struct slabmod_cache *cache);
/* Empties those of a CPU that is dead, or of one where nobody uses the cache. */
void magazine_drain_cpu(struct slabmod_cache *cache, unsigned int cpu);

/* Objects in all magazines, and objects ever handed out by them. */
unsigned long magazine_count(struct slabmod_cache *cache);
unsigned long magazine_allocs(struct slabmod_cache *cache);
size_t magazine_metadata(const struct slabmod_cache *cache);

/* True when the magazines keep their invariants; for a cache that is not in use. */
bool magazine_check(struct slabmod_cache *cache);

int magazine_init(void);
void magazine_exit(void);

/* Slow ways in between two looks, on one CPU, with which larger magazines are wanted. */
#define MAGAZINE_MANY_MISSES	64

extern unsigned int magazine_bytes;

#endif /* SLABMOD_MAGAZINE_SET_H */
