/* SPDX-License-Identifier: GPL-2.0 */
/*
 * debug_block.h - debug mode for runs of pages that no cache serves.
 */
#ifndef SLABMOD_DEBUG_BLOCK_H
#define SLABMOD_DEBUG_BLOCK_H

#include <linux/jump_label.h>

#include "debug/debug.h"
#include "types.h"

/* On as long as slabmod is loaded with debug=1. */
DECLARE_STATIC_KEY_FALSE(debug_blocks);

/* What is known of a block that somebody has, or had. */
struct debug_block {
	struct debug_track track;	/* @index is of no meaning */
	struct list_head node;		/* among all records */
	struct frame *frame;
	struct chunk_source *source;
	unsigned int nr_pages;
	struct rcu_head rcu;
};

/* Fills a block that somebody has just been given, and keeps who that is. */
void debug_block_alloc(struct frame *frame, gfp_t gfp, bool clear);

/*
 * Takes back a block that has been claimed. True when it is kept in quarantine: then
 * @release is called with it, or with another, when it leaves that.
 */
bool debug_block_free(struct frame *frame, void (*release)(struct frame *frame));

/* Has so many blocks leave the quarantine; false when there are none. Any context but NMI. */
bool debug_block_drain(unsigned long most, void (*release)(struct frame *frame));

/* kmalloc() has made a block of it: memory of @requested bytes, that kmemleak looks after. */
void debug_block_is_memory(void *block, size_t requested, gfp_t gfp);

/* As debug_requested() and debug_set_requested(), for such memory. */
size_t debug_block_requested(const void *block, bool all);
void debug_block_set_requested(void *block, size_t requested);

/* More lines to a report: whose the block at @frame, its first one, is or was. */
void debug_block_print(struct frame *frame);

/* Calls @fn with what is known of each block of a source that somebody has. */
void debug_block_walk(struct chunk_source *source,
		      void (*fn)(const struct debug_track *track, void *arg), void *arg);

/* On, or off when nobody has a debugged block. May sleep. */
void debug_block_switch(bool on);

int debug_block_init(void);
void debug_block_exit(void);

#endif /* SLABMOD_DEBUG_BLOCK_H */
