/* SPDX-License-Identifier: GPL-2.0 */
/*
 * home_refill.h - objects from the slabs of homes, and from new slabs.
 */
#ifndef SLABMOD_HOME_REFILL_H
#define SLABMOD_HOME_REFILL_H

#include "types.h"

/*
 * Allocate up to @nr objects for this CPU: from its home, the node home, or the homes of other
 * CPUs of the node. @any_line: also from lines that other CPUs have objects in. Return how
 * many. Preemption is off; any context. In an NMI do not wait for a lock.
 */
unsigned int home_alloc(struct slabmod_cache *cache, void **objects, unsigned int nr,
			bool any_line);

/* Likewise from homes of other nodes. */
unsigned int home_alloc_other_nodes(struct slabmod_cache *cache, void **objects, unsigned int nr);

/* Allocate an object from a slab on node @nid, whatever its home is. Any context. */
void *home_alloc_on_node(struct slabmod_cache *cache, int nid);

/*
 * Allocate at least one and up to @nr objects of a new slab, and add the slab to this CPU's
 * home, or to the node home if @node_home. Return how many.
 */
unsigned int home_add_slab(struct slabmod_cache *cache, struct slab *slab, bool node_home,
			   void **objects, unsigned int nr);

/*
 * Create a slab on @nid, or on any node without __GFP_THISNODE; add it, and allocate one
 * object. May sleep if @gfp allows it. NULL in an NMI.
 */
void *home_alloc_from_new_slab(struct slabmod_cache *cache, int nid, gfp_t gfp, bool node_home);

#endif /* SLABMOD_HOME_REFILL_H */
