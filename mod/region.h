/* SPDX-License-Identifier: GPL-2.0 */
/*
 * region.h - memory that is allocated piece by piece and freed at once.
 */
#ifndef SLABMOD_REGION_INTERNAL_H
#define SLABMOD_REGION_INTERNAL_H

#include <slabmod/slabmod.h>

#include "types.h"

/*
 * The start of each block of a region. Pieces follow it, so none begins at the address of the
 * block, by which it could be freed.
 */
struct region_block {
	struct region_block *next;	/* in one of the lists of struct region */
	/* In use: bytes allocated in the blocks before. Of a large piece: its size. */
	size_t start;
	unsigned int bytes;		/* of the block; constant */
	unsigned int first;		/* offset of the first piece */
	unsigned int last;		/* offset of the end of pieces */
};

/*
 * A reset, after which marks from before it and behind @place are stale. The place is a position
 * plus the number of large pieces: it grows with each allocation.
 */
struct region_reset {
	unsigned long number;
	size_t place;
};

#define REGION_RESETS	8

/*
 * In the first block, behind its struct region_block. Serialized by the caller.
 *
 * The position of a region is the number of bytes allocated in blocks of the usual size, in the
 * order of their use; @block->start is the position at which the current one begins.
 */
struct region {
	struct slabmod_region fast;
	struct region *self;		/* or NULL after the destruction */
	struct slabmod_pool *pool;	/* constant */
	unsigned long number;		/* unique; constant */
	struct region_block *block;	/* the current block; then those used before */
	struct region_block *kept;	/* unused blocks */
	struct region_block *large;	/* blocks of a single piece, newest first */
	unsigned long cursor, end;	/* in debug mode in place of those of @fast */
	size_t large_bytes;		/* of the pieces in @large */
	size_t bytes;			/* of all blocks */
	unsigned int nr_large;
	unsigned int pages;		/* of a block; constant */
	bool debug;			/* constant */
	bool clear;			/* all free memory is zero; constant */
	/* Resets, by number and by place. */
	unsigned int nr_resets;
	unsigned long resets;		/* the number of the last one */
	struct region_reset reset[REGION_RESETS];
};

/* Inlined allocations find their part at the start. */
static_assert(!offsetof(struct region, fast));
static_assert(sizeof(struct region_block) % SLABMOD_REGION_ALIGN == 0);
static_assert(sizeof(struct region) % SLABMOD_REGION_ALIGN == 0);

#endif /* SLABMOD_REGION_INTERNAL_H */
