/* SPDX-License-Identifier: GPL-2.0 */
/*
 * buddy_walk.h - lookups and walks of blocks.
 */
#ifndef SLABMOD_BUDDY_WALK_H
#define SLABMOD_BUDDY_WALK_H

#include "types.h"

/* Return the pages of the block that starts at @frame. */
unsigned int buddy_frame_span(const struct frame *frame);

/* Return the first frame of the block, free or in use, that a page is in. For reports. */
struct frame *buddy_block_of(struct frame *frame);

/*
 * Call @fn with the first frame of each block of a node, and with each frame of a slab. No lock
 * is held: the frame may change concurrently.
 */
void buddy_walk(struct buddy *buddy, void (*fn)(struct frame *frame, void *arg),
		void *arg);

#endif /* SLABMOD_BUDDY_WALK_H */
