/* SPDX-License-Identifier: GPL-2.0 */
/*
 * buddy_pages.h - the free pages of a node: blocks are taken and freed.
 *
 * Locks: the caller must hold buddy->lock.
 */
#ifndef SLABMOD_BUDDY_PAGES_H
#define SLABMOD_BUDDY_PAGES_H

#include "types.h"

/* Blocks to allocate. */
struct blocks {
	struct claimed_block *to;	/* where they go */
	unsigned int nr;
	unsigned int order;
	/* Of each. Below UNIT_ORDER the rest of a block of @order stays free. */
	unsigned int nr_pages;
	struct page_use *use;		/* USE_CLAIMED */
};

/*
 * Allocate blocks from one unit or chunk, and return their number. If that is 0 and *@budget is 0,
 * call again, after the lock was released. @mix: also from chunks of the other kind.
 */
unsigned int buddy_pages_take(struct buddy *buddy, enum block_kind kind, bool mix,
			      const struct blocks *blocks, unsigned int *budget);

/* The same from a chunk that has a free block of the order. */
unsigned int buddy_pages_take_from(struct buddy *buddy, struct chunk *chunk,
				   const struct blocks *blocks);

/*
 * Free claimed blocks with the use @use, of an owner, until one is of another buddy. Return how
 * many.
 */
unsigned int buddy_pages_free_bulk(struct buddy *buddy, const struct claimed_block *blocks,
				   unsigned int nr, const struct page_use *use);

/* Free a run of pages. Their frames say so already. */
void buddy_pages_free_run(struct buddy *buddy, struct chunk *chunk, unsigned int index,
			  unsigned int nr_pages);

/* Begin to use a wholly free chunk for blocks of a kind. */
void buddy_pages_begin(struct chunk *chunk, enum block_kind kind);

/* Add or remove a chunk that is wholly free. */
void buddy_pages_add_empty(struct buddy *buddy, struct chunk *chunk);
void buddy_pages_remove_empty(struct buddy *buddy, struct chunk *chunk);

#endif /* SLABMOD_BUDDY_PAGES_H */
