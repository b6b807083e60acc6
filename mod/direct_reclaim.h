/* SPDX-License-Identifier: GPL-2.0 */
/*
 * direct_reclaim.h - reclaim by a request that would fail.
 */
#ifndef SLABMOD_DIRECT_RECLAIM_H
#define SLABMOD_DIRECT_RECLAIM_H

#include "types.h"

/*
 * Reclaim free memory of a pool for a request with @gfp that failed: for an object of @cache, or
 * for a block if that is NULL. @round is the number of previous calls for this request. Return
 * true if the caller should try again, false if nothing is left to reclaim. Any context; false
 * in an NMI. May sleep if @gfp allows it. Of slabmod's locks the caller may hold pools_mutex and
 * cache_mutex.
 */
bool direct_reclaim(struct slabmod_pool *pool, struct slabmod_cache *cache, gfp_t gfp,
		    unsigned int round);

#endif /* SLABMOD_DIRECT_RECLAIM_H */
