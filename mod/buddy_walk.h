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

/*
 * Return the block in use or claimed that an address is in, or NULL. For reports: the result may be
 * stale. The caller is an RCU reader.
 */
void *buddy_block_of(const void *addr);

/* Add the free blocks of a node, by order, to @nr_free. Without the lock: they may be off. */
void buddy_count_free(struct buddy *buddy, unsigned long *nr_free);

/*
 * Call @fn for each block in use or claimed of a node, and for each slab, with its first frame. No
 * lock is held: the frame may change concurrently.
 */
void buddy_walk(struct buddy *buddy, void (*fn)(void *block, struct frame *frame, void *arg),
		void *arg);

#endif /* SLABMOD_BUDDY_WALK_H */
