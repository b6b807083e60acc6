/* SPDX-License-Identifier: GPL-2.0 */
/*
 * depot.h - blocks of one size, for magazines.
 */
#ifndef SLABMOD_DEPOT_H
#define SLABMOD_DEPOT_H

#include "types.h"

/*
 * Allocate up to @nr blocks of the size of @cache, from free pages of this node, and return their
 * number. The blocks are claimed. Any context; 0 in an NMI.
 */
unsigned int depot_alloc(struct slabmod_cache *cache, struct claimed_block *blocks,
			 unsigned int nr);

/* Allocate a block, of new pages if necessary, or return NULL. Contexts as buddy_alloc(). */
void *depot_alloc_block(struct slabmod_cache *cache, int nid, gfp_t gfp);

/* Free @nr claimed blocks. Return false, with nothing done, in an NMI. */
bool depot_free(struct slabmod_cache *cache, const struct claimed_block *blocks, unsigned int nr);

/* Return true if a magazine of this CPU should leave more blocks to the buddies. */
bool depot_is_sparse(const struct slabmod_cache *cache);

/* Return true if the blocks that are claimed or in use by callers are as many as counted. */
bool depot_check(struct slabmod_cache *cache);

#endif /* SLABMOD_DEPOT_H */
