/* SPDX-License-Identifier: GPL-2.0 */
/*
 * debug_block.h - debug mode for blocks of pages.
 */
#ifndef SLABMOD_DEBUG_BLOCK_H
#define SLABMOD_DEBUG_BLOCK_H

#include <linux/jump_label.h>

#include "debug/debug.h"
#include "types.h"

/* Enabled by debug=1, and while there is a pool with debug mode. */
DECLARE_STATIC_KEY_FALSE(debug_blocks);

/* Tracking data of a block that is live or in quarantine. */
struct debug_block {
	struct debug_track track;	/* @index is unused */
	struct hlist_node node;		/* in the table of all records */
	void *block;
	struct chunk_source *source;
	unsigned int nr_pages;
	struct rcu_head rcu;
};

/*
 * Return the record of a block in use or in quarantine, or NULL. The caller owns the block, or is
 * an RCU reader.
 */
struct debug_block *debug_block_find(const void *block);

/* Fill a newly allocated block and record its owner, if it is to be debugged. */
void debug_block_alloc(void *block, unsigned int nr_pages, gfp_t gfp, bool clear);

/*
 * Check and poison a claimed block. Return true if it was added to the quarantine; @release is
 * called with each block that leaves that.
 */
bool debug_block_free(void *block, void (*release)(void *block));

/* Free up to @max blocks from the quarantine; false if none. Any context except NMI. */
bool debug_block_drain(unsigned long max, void (*release)(void *block));

/* Mark a block as memory of kmalloc(), which kmemleak tracks; false if it is not debugged. */
bool debug_block_is_memory(void *block, size_t requested, gfp_t gfp);

/* As debug_requested() and debug_set_requested(), for such a block. */
size_t debug_block_requested(const void *block, bool all);
void debug_block_set_requested(void *block, size_t requested);

/* Note that the caller frees a block, if it is debugged. */
void debug_block_note_free(const void *block);

/* Add to a report the owner of a block. */
void debug_block_print(const void *block);

/* Call @fn for the track of each live block of a source. */
void debug_block_walk(struct chunk_source *source,
		      void (*fn)(const struct debug_track *track, void *arg), void *arg);

/* Debug the blocks of all pools, or only of those with debug mode. May sleep. */
void debug_block_switch(bool on);

/* For a pool with debug mode, before it has blocks and after. May sleep. */
void debug_block_enable(void);
void debug_block_disable(void);

int debug_block_init(void);
void debug_block_exit(void);

#endif /* SLABMOD_DEBUG_BLOCK_H */
