/* SPDX-License-Identifier: GPL-2.0 */
/*
 * descriptor.h - memory for struct slab.
 */
#ifndef SLABMOD_DESCRIPTOR_H
#define SLABMOD_DESCRIPTOR_H

#include "types.h"

void descriptors_init(struct descriptors *all);

/*
 * Return memory for a slab: what was free, or new memory from the kernel. NULL if there is none.
 * Any context but NMI.
 */
struct slab *descriptor_alloc(struct descriptors *all, struct chunk_source *source, gfp_t gfp);

/*
 * Free it after a grace period: lookups may still read it, and find that it is no slab. The page
 * frames do not lead to it any more. Any context but NMI.
 */
void descriptor_free(struct slab *slab);

/* The same if that grace period has passed, or no lookup has found the slab. */
void descriptor_free_now(struct slab *slab);

/* Return the descriptors of slabs, without those that wait for a grace period. */
unsigned long descriptors_used(struct descriptors *all);

/* Have enough for some slabs that are created in contexts that cannot call the kernel. */
void descriptors_prefill(struct descriptors *all, struct chunk_source *source, gfp_t gfp);

/*
 * Promise descriptors for @nr slabs more. Return false, with nothing changed, if memory is short.
 * Any context but NMI.
 */
bool descriptors_promise(struct descriptors *all, struct chunk_source *source, unsigned int nr,
			 gfp_t gfp);

/* Take back a promise. Any context. */
void descriptors_release(struct descriptors *all, unsigned int nr);

/* Free memory that is neither used nor promised. Any context but NMI. */
void descriptors_trim(struct descriptors *all, struct chunk_source *source);

/* Free all memory. No lookup finds a slab any more, and RCU callbacks have run. */
void descriptors_exit(struct descriptors *all, struct chunk_source *source);

#endif /* SLABMOD_DESCRIPTOR_H */
