/* SPDX-License-Identifier: GPL-2.0 */
/*
 * block.h - blocks of pages that callers allocate.
 *
 * A block of a power of two of pages, or of up to SMALL_BLOCK pages, belongs to the cache for its
 * size (CACHE_BLOCKS). The magazines of that cache have free blocks. Other blocks, which have no
 * owner, come from the buddy.
 */
#ifndef SLABMOD_BLOCK_H
#define SLABMOD_BLOCK_H

#include <linux/log2.h>
#include <linux/mm.h>

#include "block_magazine.h"
#include "buddy.h"
#include "debug/debug_block.h"
#include "debug/leak.h"
#include "gfp.h"

/*
 * Allocate a block of the order of @cache from node @nid, or from this CPU's for NUMA_NO_NODE.
 * Report flags and nodes that cannot be honoured, as an error of @caller. Any context.
 */
void *block_alloc_slow(const char *caller, struct slabmod_cache *cache, int nid, gfp_t gfp);

/*
 * Return the cache for blocks of @nr_pages, or NULL. In debug mode, caches of small blocks have
 * slabs, for red zones.
 */
static __always_inline struct slabmod_cache *block_cache_of(struct slabmod_pool *pool,
							    unsigned int nr_pages)
{
	if (nr_pages <= SMALL_BLOCK)
		return pool->small_blocks[nr_pages];
	return is_power_of_2(nr_pages) ? pool->pages[ilog2(nr_pages)] : NULL;
}

/* Let the caller own a claimed block. Clear and track it if that is wanted. */
void *block_finish_slow(void *block, struct frame *frame, gfp_t gfp);

/* The same for a block with the use @use + USE_CLAIMED, and @gfp without __GFP_ZERO. */
static __always_inline void *block_finish(struct claimed_block b, struct page_use *use, gfp_t gfp)
{
	if (unlikely(want_init_on_alloc(0)) || static_branch_unlikely(&debug_blocks))
		return block_finish_slow(b.block, b.frame, gfp);
	/* Last: a double free by the former owner may free the block, and the frame be reused. */
	frame_unclaim_as(b.frame, use);
	return b.block;
}

/*
 * Allocate @nr_pages pages of node @nid, or of this CPU's for NUMA_NO_NODE. Report flags and nodes
 * that cannot be honoured, as an error of @caller. Any context; NULL in an NMI unless there is a
 * cache for the size and its magazine has a block.
 */
void *block_alloc(const char *caller, struct slabmod_pool *pool, int nid, unsigned int nr_pages,
		  gfp_t gfp);

/*
 * Take @nr_pages pages, no power of two, from free pages of this node. Return false if that is not
 * easy. The block stays claimed. Any context; false in an NMI.
 */
bool block_take_run(struct slabmod_pool *pool, unsigned int nr_pages, gfp_t gfp,
		    struct claimed_block *b);

/* Free such a block. Return false, with nothing done, if an NMI has to defer that. */
bool block_put_run(const struct claimed_block *b, unsigned int nr_pages);

/*
 * Allocate @nr_pages pages of node @nid that are a part of something larger. The block stays
 * claimed, so no free by its address succeeds; debug mode does not track it. Free it by
 * block_release(). With @easily, do not reclaim, and do not count a failure. @gfp has been
 * checked. Any context; NULL in an NMI.
 */
void *block_alloc_part(struct slabmod_pool *pool, int nid, unsigned int nr_pages, gfp_t gfp,
		       bool easily);

/* Return the pages of a block that block_alloc_part() returned. */
static inline unsigned int block_part_pages(const void *block)
{
	return frame_nr_pages(chunk_frame(block));
}

/*
 * Free the block that starts at @block, an address of slabmod's memory. Return false if none in use
 * does. Any context but NMI.
 */
bool block_free(void *block);

/*
 * Free a block that the caller has claimed with frame_claim(). Return false, with nothing done, if
 * an NMI has to defer that. Any context.
 */
bool block_release(void *block, struct frame *frame);

/* Return true if @owner has none of @flags, and nothing has to be done with its freed blocks. */
static __always_inline bool block_is_plain(const struct slabmod_cache *owner, unsigned int flags)
{
	return !(owner->flags & flags) && !static_branch_unlikely(&debug_blocks) &&
	       !leak_tracks_blocks();
}

/*
 * Free up to @nr blocks of the quarantine of debug mode, of all pools. Return false if there are
 * none. Any context; false in an NMI.
 */
bool block_drain(unsigned long nr);

#endif /* SLABMOD_BLOCK_H */
