/* SPDX-License-Identifier: GPL-2.0 */
/*
 * buddy_walk.h - lookups and walks of blocks.
 */
#ifndef SLABMOD_BUDDY_WALK_H
#define SLABMOD_BUDDY_WALK_H

#include <linux/bits.h>

#include "types.h"

/* What the pages of a run are used for; Documentation/debugfs.rst, "frames". */
enum run_use {
	RUN_SLAB,
	RUN_EMPTY,
	RUN_BLOCK,
	RUN_CLAIMED,
	RUN_CACHED,
	RUN_FREE,
	RUN_RESERVE,
	RUN_OTHER,
	NR_RUN_USES,
};

/* Pages of a chunk with the same use. */
struct page_run {
	struct slabmod_cache *cache;	/* RUN_SLAB and RUN_EMPTY */
	u16 start;			/* page in the chunk */
	u16 pages;
	u8 use;				/* enum run_use */
	u8 order;			/* RUN_FREE and RUN_RESERVE: of the block */
};

#define CHUNK_MAX_PAGES	BIT(CHUNK_MAX_ORDER)

/*
 * Store the uses of all pages of a chunk to @runs, which has room for CHUNK_MAX_PAGES, in
 * ascending order and without gaps. Return the number of runs. The caller is an RCU reader, and
 * the pool of the chunk is not being destroyed. Any context but NMI.
 */
unsigned int buddy_runs(struct chunk *chunk, struct page_run *runs);

/* Return the pages of the block in use that starts at @frame. */
unsigned int buddy_frame_span(const struct frame *frame);

/*
 * Return the first frame of the block in use or claimed that a page is in, or NULL. For
 * reports: the result may be stale.
 */
struct frame *buddy_block_of(struct frame *frame);

/* Add the free blocks of a node, by order, to @nr_free. Without the lock: they may be off. */
void buddy_count_free(struct buddy *buddy, unsigned long *nr_free);

/*
 * Call @fn with the first frame of each block in use of a node, and with each frame of a slab. No
 * lock is held: the frame may change concurrently.
 */
void buddy_walk(struct buddy *buddy, void (*fn)(struct frame *frame, void *arg),
		void *arg);

#endif /* SLABMOD_BUDDY_WALK_H */
