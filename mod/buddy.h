/* SPDX-License-Identifier: GPL-2.0 */
/*
 * buddy.h - blocks of pages: split, merged, given back.
 */
#ifndef SLABMOD_BUDDY_H
#define SLABMOD_BUDDY_H

#include <linux/bitops.h>

#include "types.h"

/* Where a chunk belongs: see struct buddy. */
static inline int buddy_bucket_of(const struct chunk *chunk)
{
	if (chunk->free_pages == 1u << chunk->order)
		return BUCKET_EMPTY + chunk->order;
	return chunk->free_orders ? __fls(chunk->free_orders) : BUCKET_FULL;
}

void buddy_init(struct buddy *buddy, int nid, struct chunk_source *source);

/*
 * Takes @nr_pages pages (1 to 1 << SLABMOD_MAX_ORDER), aligned to their number
 * rounded up to a power of two; what the rounding added is free again at once.
 * @buddies is the array of a pool, one a node; @nid is the node to try first, and
 * with __GFP_THISNODE the only one. Returns the first frame, with order and nr_pages set,
 * or NULL. The block is claimed by the caller until buddy_unclaim(). Any context; in NMI
 * NULL.
 */
struct frame *buddy_alloc(struct buddy *buddies, int nid, unsigned int nr_pages, gfp_t gfp);

/*
 * Gives a block back by its first frame. False, and nothing done, when a block that
 * is in use does not start there. Any context but NMI.
 */
bool buddy_free(struct frame *frame);

/*
 * Whoever claims a block that is in use may give it back, with buddy_free_claimed(), and
 * nobody else any more: true for one of all who try. No lock; any context. The frame
 * may be of a block that is not in use, and then the caller is a reader of RCU.
 */
bool buddy_claim(struct frame *frame);

/*
 * Give up a claim: the block is in use, and any caller may free it, so the frame must not be
 * read any more. Any context.
 */
static __always_inline void buddy_unclaim(struct frame *frame)
{
	/* Pairs with the cmpxchg in buddy_claim(): the owner finds the frame complete. */
	smp_store_release(&frame->state, FRAME_PAGES);
}

/*
 * Gives back a block that has been claimed. It is likely to be taken again as it is, so
 * the one freed last is kept whole until another comes, or pages are needed. Any
 * context but NMI.
 */
void buddy_free_claimed(struct frame *frame);

/*
 * Allocate the block that was freed last, if it has exactly @nr_pages; otherwise NULL. It is
 * claimed, as by buddy_alloc(). Takes no lock, except in a rare race. Any context; in NMI NULL.
 */
struct frame *buddy_alloc_last_freed(struct buddy *buddy, unsigned int nr_pages);

/* Pages that are free, the kept block's included. */
unsigned long buddy_free_pages(struct buddy *buddy);

/*
 * The same, with the block marked as something else than FRAME_PAGES, or marked as
 * that again, before anybody can see it: @mark is called under the node's lock.
 */
struct frame *buddy_alloc_as(struct buddy *buddies, int nid, unsigned int nr_pages, gfp_t gfp,
			     void (*mark)(struct frame *frame, void *arg), void *arg);
bool buddy_free_as(struct frame *frame, void (*mark)(struct frame *frame, void *arg), void *arg);

/*
 * As buddy_free_as(), but the pages are not free before a grace period of RCU is over. Until
 * then they are a block that is claimed, and in @source->rcu_pages.
 */
void buddy_free_rcu(struct frame *frame, void (*mark)(struct frame *frame, void *arg), void *arg);

/* Takes a chunk of just @order, for later; false when it cannot be had. May sleep. */
bool buddy_add_chunk(struct buddy *buddies, int nid, unsigned int order, gfp_t gfp);

/*
 * Says that a block was asked for with @gfp: who may not sleep will want pages to be
 * there, and has some taken for later when few are left. Any context.
 */
void buddy_note_request(struct buddy *buddy, gfp_t gfp);

/*
 * Takes chunks for later, if who could not sleep lately found few pages. May sleep.
 */
void buddy_prefill(struct buddy *buddies, int nid, gfp_t gfp);

/*
 * Called now and then: gives back the chunks that were wholly free all the time since,
 * and merges the block that was kept all that time. Returns the pages given back.
 */
unsigned long buddy_age(struct buddy *buddy);

/* Whether there is something that buddy_age() may get to. */
bool buddy_has_idle(struct buddy *buddy);

/* Pages of chunks in which there is nothing but free blocks and empty slabs. */
unsigned long buddy_reclaimable(struct buddy *buddy);

/*
 * Gives wholly free chunks back to the source, down to its reserve; returns their pages.
 * Merges first.
 */
unsigned long buddy_trim(struct buddy *buddy);

/*
 * At the end: gives back the chunks in which nothing is used, and keeps the
 * others from reuse. Returns the number of pages that stay.
 */
unsigned long buddy_exit(struct buddy *buddy);

#endif /* SLABMOD_BUDDY_H */
