/* SPDX-License-Identifier: GPL-2.0 */
/*
 * buddy.h - blocks of pages, split and merged.
 */
#ifndef SLABMOD_BUDDY_H
#define SLABMOD_BUDDY_H

#include <linux/bitops.h>

#include "frame.h"
#include "types.h"

/* A node with fewer free pages is low, for atomic requests. */
#define BUDDY_LOW_PAGES	64

/* A node with no more free pages in chunks that are in use is not sparse. */
#define BUDDY_SPARSE_PAGES	4096

/* Blocks to allocate or free while the lock is held. */
#define BUDDY_BULK	16u

void buddy_init(struct buddy *buddy, int nid, struct chunk_source *source);

/*
 * Allocate @nr_pages pages (1 to 1 << SLABMOD_MAX_ORDER), aligned to @nr_pages rounded up to a
 * power of two. @buddies is the array of a pool, one for each node. @nid is the preferred node,
 * and with __GFP_THISNODE the only one. Return the block, or NULL. It is claimed by the caller
 * until frame_unclaim(). Its use is @use, which is that of claimed blocks of an owner; with NULL
 * it has no owner. Any context; NULL in an NMI.
 */
void *buddy_alloc(struct buddy *buddies, int nid, unsigned int nr_pages, gfp_t gfp,
		  struct page_use *use);

/*
 * Free the block that starts at @block, an address of slabmod's memory. Return false, without any
 * change, if no block in use starts there. Any context but NMI.
 */
bool buddy_free(void *block);

/*
 * Allocate up to @nr blocks, and no more than BUDDY_BULK, from free pages of a node. @use, that of
 * claimed blocks of an owner, has their size. Return their number. Any context; 0 in an NMI.
 */
unsigned int buddy_alloc_bulk(struct buddy *buddy, struct page_use *use,
			      struct claimed_block *blocks, unsigned int nr);

/* Free @nr claimed blocks with that use, of any node. Any context but NMI. */
void buddy_free_bulk(const struct page_use *use, const struct claimed_block *blocks,
		     unsigned int nr);

/*
 * Free a claimed block of @nr_pages pages without owner. Return the source of its pages. Any
 * context but NMI.
 */
struct chunk_source *buddy_free_run(const struct claimed_block *b, unsigned int nr_pages);

/* The same for a block of any size. Return its pages. */
unsigned int buddy_free_claimed(void *block);

/*
 * Allocate @nr_pages pages without owner from free pages of a node, at the first try. Return false
 * if that fails. The block is claimed. Any context; false in an NMI.
 */
bool buddy_take_run(struct buddy *buddy, unsigned int nr_pages, struct claimed_block *b);

/* Return the number of free pages. */
static inline unsigned long buddy_nr_free_pages(const struct buddy *buddy)
{
	return READ_ONCE(buddy->free_pages);
}

/*
 * Return true if many pages of the chunks in use are free, and more than a third of them: then
 * allocations from the fullest chunks let others become free. Without the lock, the result may be
 * stale.
 */
static inline bool buddy_is_sparse(const struct buddy *buddy)
{
	unsigned long empty = READ_ONCE(buddy->free_chunk_pages);
	long free = READ_ONCE(buddy->free_pages) - empty;
	long all = READ_ONCE(buddy->pages) - empty;

	return free > BUDDY_SPARSE_PAGES && free > all / 3;
}

/*
 * As buddy_alloc(), for a slab: @mark is called under buddy->lock, to set the frames of the block
 * before another CPU can see it.
 */
void *buddy_alloc_slab(struct buddy *buddies, int nid, unsigned int nr_pages, gfp_t gfp,
		       void (*mark)(struct frame *frames, void *block, void *arg), void *arg);

/* Free the pages of a slab. Any context but NMI. */
void buddy_free_slab(void *block, unsigned int nr_pages);

/*
 * End the use of the pages of a slab, but do not free them: no lookup finds the slab any more.
 * Until they are freed, they are claimed, and in source->rcu_pages. Any context but NMI.
 */
void buddy_withdraw_slab(void *block, unsigned int nr_pages);

/* Free them, as buddy_free_slab(). */
void buddy_free_withdrawn(void *block, unsigned int nr_pages);

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
