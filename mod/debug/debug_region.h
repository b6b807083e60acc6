/* SPDX-License-Identifier: GPL-2.0 */
/*
 * debug_region.h - red zones and poison in the blocks of a region.
 *
 * A block of a debugged region:
 *
 *	| struct region_block | red zone | piece | red zone | piece | ... | free | shadow |
 *				     ^ block->first			   ^ block->last
 *
 * The shadow has a byte for each eight bytes between first and last: how many of these eight, at
 * their end, are red zone. The block of a large piece has no shadow: all around the piece is red
 * zone.
 */
#ifndef SLABMOD_DEBUG_REGION_H
#define SLABMOD_DEBUG_REGION_H

#include "region.h"

/* Least bytes of a red zone. */
#define DEBUG_REGION_ZONE	16u

/* Return the offset at which pieces end in a block of @bytes, where they begin at @first. */
static inline unsigned int debug_region_last(unsigned int first, unsigned int bytes)
{
	return first + (bytes - first) / (SLABMOD_REGION_ALIGN + 1) * SLABMOD_REGION_ALIGN;
}

/* Poison a new block, of which first and last are set. */
void debug_region_add(struct region_block *block);

/* Prepare the memory from @cursor to @next for a piece; report writes to it while it was free. */
void debug_region_alloc(struct region_block *block, unsigned long cursor, unsigned long piece,
			size_t size, unsigned long next);

/* Check the red zones between two offsets, and poison what is between them. */
void debug_region_free(struct region_block *block, size_t from, size_t to);

/* Check the poison of a block without pieces, which is then freed. */
void debug_region_remove(struct region_block *block);

/* The same for the block of a large piece. */
void debug_region_add_large(struct region_block *block, size_t size);
void debug_region_remove_large(struct region_block *block, size_t size);

#endif /* SLABMOD_DEBUG_REGION_H */
