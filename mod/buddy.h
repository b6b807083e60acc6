/* SPDX-License-Identifier: GPL-2.0 */
/*
 * buddy.h - blocks of pages, split and merged.
 */
#ifndef SLABMOD_BUDDY_H
#define SLABMOD_BUDDY_H

#include <linux/bitops.h>

#include "types.h"

/* A node with fewer free pages is low, for atomic requests. */
#define BUDDY_LOW_PAGES	64

/* Blocks to allocate or free while the lock is held. */
#define BUDDY_BULK	16u

void buddy_init(struct buddy *buddy, int nid, struct chunk_source *source);

/*
 * Allocate @nr_pages pages (1 to 1 << SLABMOD_MAX_ORDER), aligned to @nr_pages rounded up to a
 * power of two. @buddies is the array of a pool, one for each node. @nid is the preferred node,
 * and with __GFP_THISNODE the only one. Return the first frame, with order and nr_pages set, or
 * NULL. The block is claimed by the caller until buddy_unclaim(). Any context; NULL in an NMI.
 */
struct frame *buddy_alloc(struct buddy *buddies, int nid, unsigned int nr_pages, gfp_t gfp);

/*
 * Free the block that starts at @frame. Return false, without any change, if no block in use
 * starts there. Any context but NMI.
 */
bool buddy_free(struct frame *frame);

/*
 * Atomically claim a block in use, in order to free it with buddy_free_claimed(). Return true to
 * exactly one of several racing callers. If the block may not be in use, the caller must be an
 * RCU reader. Any context.
 */
static __always_inline bool buddy_claim(struct frame *frame)
{
	return cmpxchg(&frame->state, FRAME_PAGES, FRAME_CLAIMED) == FRAME_PAGES;
}

/* As buddy_claim(), if the block is of @order too, that is, of so many pages or somewhat fewer. */
static __always_inline bool buddy_claim_order(struct frame *frame, unsigned int order)
{
	__le16 used = cpu_to_le16(FRAME_PAGES << 8 | order);
	__le16 claimed = cpu_to_le16(FRAME_CLAIMED << 8 | order);

	return try_cmpxchg(&frame->order_state, &used, claimed);
}

/*
 * Give up a claim. Then the block is in use and any CPU may free it, so the caller must not read
 * the frame any more. Any context.
 */
static __always_inline void buddy_unclaim(struct frame *frame)
{
	/* Pairs with the cmpxchg in buddy_claim(): the owner finds the frame complete. */
	smp_store_release(&frame->state, FRAME_PAGES);
}

/*
 * Allocate up to @nr blocks of @order, and no more than BUDDY_BULK, from free pages of a node.
 * Return their number. The blocks are claimed, and of @owner. Any context; 0 in an NMI.
 */
unsigned int buddy_alloc_bulk(struct buddy *buddy, unsigned int order,
			      struct slabmod_cache *owner, struct frame **frames, unsigned int nr);

/* Free @nr claimed blocks of @order, of any node. Any context but NMI. */
void buddy_free_bulk(unsigned int order, struct frame **frames, unsigned int nr);

/* Free a claimed block of any size. Any context but NMI. */
void buddy_free_claimed(struct frame *frame);

/* Return the number of free pages. */
static inline unsigned long buddy_nr_free_pages(const struct buddy *buddy)
{
	return READ_ONCE(buddy->free_pages);
}

/*
 * As buddy_alloc() and buddy_free(), with @mark called under buddy->lock, to give the block a
 * state other than FRAME_PAGES before another CPU can see it, or to end that state.
 */
struct frame *buddy_alloc_as(struct buddy *buddies, int nid, unsigned int nr_pages, gfp_t gfp,
			     void (*mark)(struct frame *frame, void *arg), void *arg);
bool buddy_free_as(struct frame *frame, void (*mark)(struct frame *frame, void *arg), void *arg);

/*
 * As buddy_free_as(), but the pages are not free before an RCU grace period. Until then they
 * are a claimed block, and in @source->rcu_pages.
 */
void buddy_free_rcu(struct frame *frame, void (*mark)(struct frame *frame, void *arg), void *arg);

/* Create a chunk of exactly @order for later. Return false if that fails. May sleep. */
bool buddy_add_chunk(struct buddy *buddies, int nid, unsigned int order, gfp_t gfp);

/*
 * Note a request with @gfp: if it cannot sleep and the node is low on pages, buddy_prefill()
 * allocates some. Any context.
 */
void buddy_note_request(struct buddy *buddy, gfp_t gfp);

/*
 * Free up to @nr wholly free chunks, down to the source's reserve. Return the freed pages. Any
 * context but NMI.
 */
unsigned long buddy_trim_some(struct buddy *buddy, unsigned long nr);

static inline unsigned long buddy_trim(struct buddy *buddy)
{
	return buddy_trim_some(buddy, ULONG_MAX);
}

/*
 * Free the wholly free chunks of a pool that is being destroyed, and leak the others. Return
 * the leaked pages.
 */
unsigned long buddy_exit(struct buddy *buddy);

#endif /* SLABMOD_BUDDY_H */
