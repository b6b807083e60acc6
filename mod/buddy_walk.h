/* SPDX-License-Identifier: GPL-2.0 */
/*
 * buddy_walk.h - lookups and walks of blocks.
 */
#ifndef SLABMOD_BUDDY_WALK_H
#define SLABMOD_BUDDY_WALK_H

#include "types.h"

/* Pages of the block that begins at @frame. */
unsigned int buddy_frame_span(const struct frame *frame);

/* The first frame of the block, free or in use, that a page is in. For reports. */
struct frame *buddy_block_of(struct frame *frame);

/*
 * Walks every chunk of a node: calls @fn with each frame that is the first of
 * something, and with each frame of a slab. The caller sees to it that what it
 * reads holds still, or locks and looks again.
 */
void buddy_for_each_frame(struct buddy *buddy, void (*fn)(struct frame *frame, void *arg),
			  void *arg);

#endif /* SLABMOD_BUDDY_WALK_H */
