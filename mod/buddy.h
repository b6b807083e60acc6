/* SPDX-License-Identifier: GPL-2.0 */
/*
 * buddy.h - blocks of pages: split, merged, given back.
 */
#ifndef SLABMOD_BUDDY_H
#define SLABMOD_BUDDY_H

#include "types.h"

void buddy_init(struct buddy *buddy, int nid, struct chunk_source *source);

/*
 * Takes @nr_pages pages (1 to 1 << SLABMOD_MAX_ORDER), aligned to their number
 * rounded up to a power of two; what the rounding added is free again at once.
 * @buddies is the array of a pool, one a node; @nid is the node to try first, and
 * with __GFP_THISNODE the only one. Returns the first frame, FRAME_PAGES with
 * order and nr_pages set, or NULL. Any context; in NMI NULL.
 */
struct frame *buddy_alloc(struct buddy *buddies, int nid, unsigned int nr_pages, gfp_t gfp);

/*
 * Gives a block back by its first frame. False, and nothing done, when a block that
 * is in use does not start there. Any context but NMI.
 */
bool buddy_free(struct frame *frame);

/*
 * Whoever claims a block that is in use may give it back, with buddy_keep(), and
 * nobody else any more: true for one of all who try. No lock; any context. The frame
 * may be of a block that is not in use, and then the caller is a reader of RCU.
 */
bool buddy_claim(struct frame *frame);

/*
 * Gives back a block that has been claimed. It is likely to be taken again as it is, so
 * the one freed last is kept whole until another comes, or pages are needed. Any
 * context but NMI.
 */
void buddy_keep(struct frame *frame);

/*
 * Takes the block that is kept, if it has just @nr_pages, or NULL. Takes no lock, but
 * for a rare race. Any context; in NMI NULL.
 */
struct frame *buddy_take_kept(struct buddy *buddy, unsigned int nr_pages);

/* Pages that are free, the kept block's included. */
unsigned long buddy_free_pages(struct buddy *buddy);

/* The first frame of the block, free or in use, that a page is in. For reports. */
struct frame *buddy_block_of(struct frame *frame);

/*
 * The same, with the block marked as something else than FRAME_PAGES, or marked as
 * that again, before anybody can see it: @mark is called under the node's lock.
 */
struct frame *buddy_alloc_as(struct buddy *buddies, int nid, unsigned int nr_pages, gfp_t gfp,
			     void (*mark)(struct frame *frame, void *arg), void *arg);
bool buddy_free_as(struct frame *frame, void (*mark)(struct frame *frame, void *arg), void *arg);

/* Gives every wholly free chunk back to the source; returns their pages. Merges first. */
unsigned long buddy_trim(struct buddy *buddy);

/*
 * Walks every chunk of a node: calls @fn with each frame that is the first of
 * something, and with each frame of a slab. The caller sees to it that what it
 * reads holds still, or locks and looks again.
 */
void buddy_walk(struct buddy *buddy, void (*fn)(struct frame *frame, void *arg), void *arg);

/* True when every invariant of the node holds; each that does not is printed. */
bool buddy_check(struct buddy *buddy);

/*
 * At the end: gives back the chunks in which nothing is used, and keeps the
 * others from reuse. Returns the number of pages that stay.
 */
unsigned long buddy_exit(struct buddy *buddy);

#endif /* SLABMOD_BUDDY_H */
