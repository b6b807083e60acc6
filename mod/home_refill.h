/* SPDX-License-Identifier: GPL-2.0 */
/*
 * home_refill.h - objects from the slabs of homes, and from new slabs.
 */
#ifndef SLABMOD_HOME_REFILL_H
#define SLABMOD_HOME_REFILL_H

#include "types.h"

/*
 * Takes up to @nr objects for this CPU from slabs there are: from its home, else
 * the node's commons, else the homes of other CPUs. @anything: also such as share
 * a line with another CPU's. Preemption is off; any context; in NMI gives up where
 * it would have to wait. Returns how many.
 */
unsigned int home_alloc(struct slabmod_cache *cache, void **objects, unsigned int nr,
			bool anything);

/* Likewise from slabs that are at home on other nodes. */
unsigned int home_alloc_other_nodes(struct slabmod_cache *cache, void **objects, unsigned int nr);

/* Takes one object from slabs that node @nid has. Any context. */
void *home_alloc_on_node(struct slabmod_cache *cache, int nid);

/*
 * Makes a slab on @nid (or where memory is, without __GFP_THISNODE) that nobody knows
 * yet. May sleep if @gfp says so; in NMI NULL.
 */
struct slab *home_create_slab(struct slabmod_cache *cache, int nid, gfp_t gfp);

/*
 * Takes up to @nr objects of a new slab, one at least, and leaves the rest to this
 * CPU's home, or to the node's commons when @node_homes. Returns how many.
 */
unsigned int home_add_slab(struct slabmod_cache *cache, struct slab *slab, bool node_homes,
			   void **objects, unsigned int nr);

/* Both in one, for a single object. */
void *home_alloc_new_slab(struct slabmod_cache *cache, int nid, gfp_t gfp, bool node_homes);

#endif /* SLABMOD_HOME_REFILL_H */
