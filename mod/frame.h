/* SPDX-License-Identifier: GPL-2.0 */
/*
 * frame.h - what a page is used for.
 *
 * Without the claim of a block, or a lock, the use of a page may change at any time: each function
 * reads it once. What a frame points to may be read until the end of a grace period.
 */
#ifndef SLABMOD_FRAME_H
#define SLABMOD_FRAME_H

#include <linux/kasan.h>
#include <linux/mm.h>
#include <linux/string.h>

#include "types.h"

/* Of every page that is free, or the inside of a block with an owner. */
extern struct page_use frame_tail;
/* Of every page inside a block without owner. */
extern struct page_use frame_run;
/* Of the first pages of blocks without owner, by order. */
extern struct page_use frame_run_uses[SLABMOD_MAX_ORDER + 1][NR_BLOCK_USES];

static inline enum frame_state use_state(const struct page_use *use)
{
	return READ_ONCE(use->word) & FRAME_STATES;
}

static inline enum frame_state frame_state(const struct frame *frame)
{
	return use_state(READ_ONCE(frame->use));
}

/* Return the slab that the page of @frame is in, or NULL. */
static __always_inline struct slab *frame_slab(const struct frame *frame)
{
	struct slab *slab = READ_ONCE(frame->slab);

	return (READ_ONCE(slab->word) & FRAME_STATES) <= FRAME_SLAB_SMALL ? slab : NULL;
}

/* Return the cache of a slab. */
static __always_inline struct slabmod_cache *slab_cache(const struct slab *slab)
{
	return (struct slabmod_cache *)(READ_ONCE(slab->word) & ~FRAME_STATES);
}

/* Return the cache of the slab that the page of @frame is in, or NULL. */
static inline struct slabmod_cache *frame_cache(const struct frame *frame)
{
	unsigned long word = READ_ONCE(READ_ONCE(frame->slab)->word);

	return (word & FRAME_STATES) <= FRAME_SLAB_SMALL ?
		(struct slabmod_cache *)(word & ~FRAME_STATES) : NULL;
}

/* Return the owner of the block that begins at @frame, or NULL. */
static inline struct slabmod_cache *frame_owner(const struct frame *frame)
{
	struct page_use *use = READ_ONCE(frame->use);

	return use_state(use) == FRAME_PAGES || use_state(use) == FRAME_CLAIMED ? use->owner : NULL;
}

/* Return true if a block begins at @frame that has no owner: then its other pages say so. */
static inline bool frame_begins_run(const struct frame *frame)
{
	struct page_use *use = READ_ONCE(frame->use);

	return (use_state(use) == FRAME_PAGES || use_state(use) == FRAME_CLAIMED) && !use->nr_pages;
}

/* Return the pages of a block in use or claimed that begins at @frame, and otherwise 1. */
unsigned int frame_nr_pages(const struct frame *frame);

/* Return true if the claimed block without owner that begins at @frame has @nr_pages. */
static inline bool frame_run_has(const struct frame *frame, unsigned int nr_pages)
{
	const struct frame *const end = frame + nr_pages, *next;

	/* All of them: the last page may be in another block, if this one is shorter. */
	for (next = frame + 1; next < end; next++)
		if (READ_ONCE(next->use) != &frame_run)
			return false;
	return nr_pages == 1u << frame->use->order || READ_ONCE(end->use) != &frame_run;
}

/* Set the uses of the blocks of a cache, of @nr_pages pages each. */
void frame_set_uses(struct page_use *uses, struct slabmod_cache *owner, unsigned int nr_pages);

/* Make @frame that of a page that is free. */
static __always_inline void frame_reset(struct frame *frame)
{
	WRITE_ONCE(frame->use, &frame_tail);
}

/*
 * Let the frames of @nr pages point to @use, in few instructions: interrupts may be off. Frames are
 * read without a lock: memset_p() writes whole words.
 */
static inline void frame_set_all(struct frame *frame, struct page_use *use, unsigned int nr)
{
	memset_p((void **)frame, use, nr);
}

/*
 * Atomically claim the block in use that begins at @frame, in order to free it. Return true to
 * exactly one of several racing callers. If the block may not be in use, the caller must be an
 * RCU reader. Any context.
 */
static __always_inline bool frame_claim(struct frame *frame)
{
	struct page_use *use = READ_ONCE(frame->use);

	return use_state(use) == FRAME_PAGES &&
	       cmpxchg(&frame->use, use, use + USE_CLAIMED) == use;
}

/* As frame_claim(), if the use of the block is @use. */
static __always_inline bool frame_claim_use(struct frame *frame, struct page_use *use)
{
	struct page_use *claimed = use + USE_CLAIMED;

	return try_cmpxchg(&frame->use, &use, claimed);
}

/*
 * Give up a claim. Then the block is in use and any CPU may free it, so the caller must not read
 * the frame any more. Any context.
 */
static __always_inline void frame_unclaim(struct frame *frame)
{
	/* Pairs with the cmpxchg in frame_claim(): the next owner finds the block complete. */
	smp_store_release(&frame->use, frame->use - USE_CLAIMED);
}

/* The same for a block that had the use @use before it was claimed. */
static __always_inline void frame_unclaim_as(struct frame *frame, struct page_use *use)
{
	/* Likewise. */
	smp_store_release(&frame->use, use);
}

#endif /* SLABMOD_FRAME_H */
