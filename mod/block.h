/* SPDX-License-Identifier: GPL-2.0 */
/*
 * block.h - runs of pages as callers have them: cleared if they ask, and counted.
 */
#ifndef SLABMOD_BLOCK_H
#define SLABMOD_BLOCK_H

#include "types.h"

/*
 * Takes @nr_pages pages of a node, or of this CPU's for NUMA_NO_NODE; reports what it
 * cannot honour in the name of @who. Any context; in NMI NULL.
 */
void *block_alloc(const char *who, struct slabmod_pool *pool, int nid, unsigned int nr_pages,
		  gfp_t gfp);

/* Gives a block back; false when none that is in use starts at @frame. Not in NMI. */
bool block_free(struct frame *frame);

/* The same for a block that the caller has claimed: buddy_claim(). */
void block_release(struct frame *frame);

/*
 * Gives back what debug mode keeps from use, of all pools; false when there is none. Any
 * context.
 */
bool block_drain(unsigned long most);

#endif /* SLABMOD_BLOCK_H */
