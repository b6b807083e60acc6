/* SPDX-License-Identifier: GPL-2.0 */
/*
 * block.h - runs of pages that callers allocate.
 */
#ifndef SLABMOD_BLOCK_H
#define SLABMOD_BLOCK_H

#include "types.h"

/*
 * Allocate @nr_pages pages of node @nid, or of this CPU's for NUMA_NO_NODE. Report flags and nodes
 * that cannot be honoured, as an error of @caller. Any context; NULL in an NMI.
 */
void *block_alloc(const char *caller, struct slabmod_pool *pool, int nid, unsigned int nr_pages,
		  gfp_t gfp);

/*
 * Allocate @nr_pages pages of node @nid that are a part of something larger. The block stays
 * claimed, so no free by its address succeeds; debug mode does not track it; frame->node is the
 * caller's. Free it by block_release(), with frame->node initialized. With @easily, do not
 * reclaim, and do not count a failure. @gfp has been checked. Any context; NULL in an NMI.
 */
struct frame *block_alloc_part(struct slabmod_pool *pool, int nid, unsigned int nr_pages, gfp_t gfp,
			       bool easily);

/* Free a block. Return false if no block in use starts at @frame. Any context but NMI. */
bool block_free(struct frame *frame);

/* Free a block that the caller has claimed with buddy_claim(). Any context but NMI. */
void block_release(struct frame *frame);

/*
 * Free up to @nr blocks of the quarantine of debug mode, of all pools. Return false if there are
 * none. Any context; false in an NMI.
 */
bool block_drain(unsigned long nr);

#endif /* SLABMOD_BLOCK_H */
