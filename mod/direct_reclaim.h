/* SPDX-License-Identifier: GPL-2.0 */
/*
 * direct_reclaim.h - what a pool does before a request fails.
 */
#ifndef SLABMOD_DIRECT_RECLAIM_H
#define SLABMOD_DIRECT_RECLAIM_H

#include "types.h"

/*
 * Has a pool give up what is free in it, but not to be had, for a request with @gfp that
 * failed: for an object of @cache, or for a block when that is NULL. @round is how often
 * this was called for the request before. False when there is nothing left to give up; true
 * when the request is to be tried once more. Any context, no lock of slabmod's held but
 * pools_mutex and cache_mutex; in NMI false. May sleep if @gfp says so.
 */
bool direct_reclaim(struct slabmod_pool *pool, struct slabmod_cache *cache, gfp_t gfp,
		    unsigned int round);

#endif /* SLABMOD_DIRECT_RECLAIM_H */
