// SPDX-License-Identifier: GPL-2.0
/*
 * buddy_check.c - checks of the invariants of blocks and chunks.
 *
 * Contexts: any but NMI. Locks: buddy->lock; chunks are walked by RCU.
 */
#include <linux/bitops.h>
#include <linux/rculist.h>

#include "buddy.h"
#include "buddy_check.h"
#include "buddy_walk.h"
#include "chunk.h"
#include "report.h"

struct chunk_tally {
	unsigned int free_pages;
	u16 free_orders;
	unsigned long *nr_free;
};

static bool check_free_block(struct chunk *chunk, unsigned int i, struct chunk_tally *tally)
{
	struct frame *frame = &chunk->frames[i], *other;

	if (frame->order > chunk->order || i & ((1u << frame->order) - 1)) {
		report_broken("free block of order %u at page %u", frame->order, i);
		return false;
	}
	other = &chunk->frames[i ^ (1u << frame->order)];
	if (frame->order < chunk->order && other->state == FRAME_FREE &&
	    other->order == frame->order) {
		report_broken("buddies of order %u at page %u are not merged", frame->order, i);
		return false;
	}
	if (list_empty(&frame->node)) {
		report_broken("free block at page %u is on no list", i);
		return false;
	}
	tally->free_pages += 1u << frame->order;
	tally->free_orders |= BIT(frame->order);
	tally->nr_free[frame->order]++;
	return true;
}

/* Invariant: the chunk's blocks tile it, and its counts are those of its free blocks. */
static bool check_chunk(struct chunk *chunk, unsigned long *nr_free)
{
	struct chunk_tally tally = { .nr_free = nr_free };
	unsigned int i, span, k;

	for (i = 0; i < chunk_pages(chunk); i += span) {
		struct frame *frame = &chunk->frames[i];

		span = buddy_frame_span(frame);
		if (frame->index != i || frame->state == FRAME_TAIL ||
		    i + span > chunk_pages(chunk)) {
			report_broken("page %u is in no block", i);
			return false;
		}
		if (frame->state == FRAME_FREE && !check_free_block(chunk, i, &tally))
			return false;
		for (k = 1; k < span; k++)
			if (frame[k].state != FRAME_TAIL || frame[k].cache) {
				report_broken("page %u inside a block is marked", i + k);
				return false;
			}
	}
	if (tally.free_pages != chunk->free_pages || tally.free_orders != chunk->free_orders ||
	    buddy_bucket_of(chunk) != chunk->bucket) {
		report_broken("a chunk counts %u free pages and has %u", chunk->free_pages,
			      tally.free_pages);
		return false;
	}
	return true;
}

/* Invariant: the node's counts are the sums over its chunks. */
static bool check_sums(struct buddy *buddy, const unsigned long *nr_free)
{
	unsigned long free_pages = 0;
	unsigned int order, bucket;
	bool ok = true;

	for (order = 0; order < BUDDY_ORDERS; order++) {
		ok &= nr_free[order] == buddy->nr_free[order];
		free_pages += nr_free[order] << order;
	}
	for (bucket = 0; bucket < NR_BUCKETS; bucket++)
		ok &= list_empty(&buddy->bucket[bucket]) == !test_bit(bucket, &buddy->bucket_mask);
	ok &= free_pages == buddy->free_pages;
	if (!ok)
		report_broken("node %d counts %lu free pages and has %lu", buddy->nid,
			      buddy->free_pages, free_pages);
	return ok;
}

bool buddy_check_live(struct buddy *buddy)
{
	unsigned long nr_free[BUDDY_ORDERS] = { 0 }, flags;
	struct chunk *chunk;
	bool ok = true;

	rcu_read_lock();
	list_for_each_entry_rcu(chunk, &buddy->chunks, all) {
		raw_spin_lock_irqsave(&buddy->lock, flags);
		/* A chunk that was removed meanwhile is in no bucket. */
		if (!list_empty(&chunk->node))
			ok &= check_chunk(chunk, nr_free);
		raw_spin_unlock_irqrestore(&buddy->lock, flags);
	}
	rcu_read_unlock();
	return ok;
}
EXPORT_SYMBOL_FOR_TEST(buddy_check_live);

bool buddy_check(struct buddy *buddy)
{
	unsigned long nr_free[BUDDY_ORDERS] = { 0 }, flags;
	struct chunk *chunk;
	bool ok = true;

	raw_spin_lock_irqsave(&buddy->lock, flags);
	list_for_each_entry(chunk, &buddy->chunks, all)
		ok &= check_chunk(chunk, nr_free) & chunk_refs_check(chunk);
	if (ok)
		ok = check_sums(buddy, nr_free);
	raw_spin_unlock_irqrestore(&buddy->lock, flags);
	return ok;
}
EXPORT_SYMBOL_FOR_TEST(buddy_check);
