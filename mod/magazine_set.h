/* SPDX-License-Identifier: GPL-2.0 */
/*
 * magazine_set.h - the magazines of a cache, one per CPU.
 */
#ifndef SLABMOD_MAGAZINE_SET_H
#define SLABMOD_MAGAZINE_SET_H

#include "magazine.h"

/* Create the magazines of a cache without any. Return false if memory is short. */
bool magazine_enable(struct slabmod_cache *cache, gfp_t gfp);
void magazine_disable(struct slabmod_cache *cache);

/* Set the capacity of a new cache, which starts with magazine_none. */
void magazine_setup(struct slabmod_cache *cache);

/*
 * Count for each magazine how many scans in a row found no change, let those of blocks hold less if
 * they were not refilled, and reset the misses. Called periodically, one call at a time.
 */
void magazine_scan_idle(struct slabmod_cache *cache);

/* Whether a magazine has objects and was idle for @idle scans. */
bool magazine_has_idle_objects(struct slabmod_cache *cache, unsigned int idle);
/* Whether the cache has own magazines, and all are empty and were idle for @idle scans. */
bool magazine_is_unused(struct slabmod_cache *cache, unsigned int idle);
/* Whether larger magazines would help. */
bool magazine_wants_larger(struct slabmod_cache *cache);

/*
 * Replace the magazines of a cache by larger ones, or, unless @more, by magazine_none. Return
 * false if memory is short. The old ones may be in use until a grace period ends. Then
 * magazine_flush_old() empties them, and magazine_free_old() frees them after another grace
 * period, until which a reader may count their objects. Process context, may sleep.
 * cache_resize_magazines() does all of this, each step with cache_mutex held.
 */
bool magazine_resize(struct slabmod_cache *cache, bool more);
/* Whether a cache has old magazines; cache_mutex is held. */
static inline bool magazine_has_old(const struct slabmod_cache *cache)
{
	return cache->old_magazines || cache->dead_magazines;
}

void magazine_flush_old(struct slabmod_cache *cache);
void magazine_free_old(struct slabmod_cache *cache);

/* Objects in all magazines, and objects ever allocated. */
unsigned long magazine_count(struct slabmod_cache *cache);
unsigned long magazine_allocs(struct slabmod_cache *cache);
size_t magazine_metadata(const struct slabmod_cache *cache);

/* Return true if the magazines keep their invariants. The cache is not in use. */
bool magazine_check(struct slabmod_cache *cache);

int magazine_init(void);
void magazine_exit(void);

/*
 * Refills and flushes of one CPU between two scans that call for larger magazines. Those of
 * blocks, which start with more room, move more at a time.
 */
#define MAGAZINE_MANY_MISSES	64
#define MAGAZINE_MANY_OF_BLOCKS	16

static inline unsigned int magazine_many_misses(const struct slabmod_cache *cache)
{
	return cache->flags & CACHE_BLOCKS ? MAGAZINE_MANY_OF_BLOCKS : MAGAZINE_MANY_MISSES;
}

extern unsigned int magazine_bytes;

#endif /* SLABMOD_MAGAZINE_SET_H */
