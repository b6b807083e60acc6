// SPDX-License-Identifier: GPL-2.0
/*
 * buddy_walk.c - lookups and walks of blocks.
 *
 * Contexts: any. Locks: none; chunks are walked by RCU.
 */
#include <linux/rculist.h>
#include <linux/rcupdate.h>

#include "buddy_walk.h"
#include "chunk.h"
#include "slab.h"

unsigned int buddy_frame_span(const struct frame *frame)
{
	switch (frame->state) {
	case FRAME_FREE:
		return 1u << frame->order;
	case FRAME_PAGES:
	case FRAME_CLAIMED:
		return frame->nr_pages;
	default:
		return 1;
	}
}

struct frame *buddy_block_of(struct frame *frame)
{
	unsigned int order;

	for (order = 0; order < BUDDY_ORDERS; order++) {
		unsigned int into = frame->index & ((1u << order) - 1);
		struct frame *first = frame - into;

		if (first->state != FRAME_TAIL)
			return into < buddy_frame_span(first) ? first : NULL;
	}
	return NULL;
}

void buddy_walk(struct buddy *buddy, void (*fn)(struct frame *frame, void *arg),
		void *arg)
{
	struct chunk *chunk;
	unsigned int i;

	rcu_read_lock();
	list_for_each_entry_rcu(chunk, &buddy->chunks, all)
		for (i = 0; i < chunk_pages(chunk); i++)
			if (READ_ONCE(chunk->frames[i].state) != FRAME_TAIL)
				fn(&chunk->frames[i], arg);
	rcu_read_unlock();
}
EXPORT_SYMBOL_FOR_TEST(buddy_walk);
