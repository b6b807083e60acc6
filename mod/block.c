// SPDX-License-Identifier: GPL-2.0
/*
 * block.c - runs of pages that callers allocate.
 *
 * Contexts: as the buddy. Locks: none.
 */
#include <linux/mm.h>
#include <linux/string.h>

#include "block.h"
#include "buddy.h"
#include "chunk.h"
#include "debug/debug_block.h"
#include "debug/leak.h"
#include "direct_reclaim.h"
#include "gfp.h"
#include "report.h"
#include "source.h"

static noinline struct frame *alloc_block(const char *caller, struct slabmod_pool *pool, int nid,
					  unsigned int nr_pages, gfp_t gfp)
{
	struct frame *frame = buddy_alloc(pool->buddies, nid, nr_pages, gfp);
	bool serves = !(gfp & __GFP_THISNODE) || source_serves(&pool->source, nid);
	unsigned int round;

	buddy_note_request(&pool->buddies[nid], gfp);
	for (round = 0; serves && !frame && direct_reclaim(pool, NULL, gfp, round); round++)
		frame = buddy_alloc(pool->buddies, nid, nr_pages, gfp);
	if (!frame) {
		stat_inc(pool->source.stats, STAT_ALLOC_FAIL);
		report_no_memory(caller, &pool->source, (size_t)nr_pages << PAGE_SHIFT, gfp);
	}
	return frame;
}

void *block_alloc(const char *caller, struct slabmod_pool *pool, int nid, unsigned int nr_pages,
		  gfp_t gfp)
{
	struct frame *frame;
	void *block;

	if (unlikely(gfp & ~SLABMOD_GFP_PLAIN)) {
		if (gfp_refused(caller, &pool->source, &gfp, (size_t)nr_pages << PAGE_SHIFT))
			return NULL;
		/* Only this CPU's node, even if it has no memory. */
		if (gfp & __GFP_THISNODE && nid == NUMA_NO_NODE && pool->source.nid == NUMA_NO_NODE)
			nid = numa_mem_id();
	}
	might_alloc(gfp);
	if (likely(nid == NUMA_NO_NODE))
		nid = source_nid(&pool->source);
	else if (node_refused(caller, nid))
		return NULL;
	frame = buddy_alloc_last_freed(&pool->buddies[nid], nr_pages);
	if (unlikely(!frame)) {
		frame = alloc_block(caller, pool, nid, nr_pages, gfp);
		if (!frame)
			return NULL;
	}
	stat_add(pool->source.stats, STAT_BLOCK_PAGES, nr_pages);
	block = frame->block;
	if (want_init_on_alloc(gfp))
		memset(block, 0, (size_t)nr_pages << PAGE_SHIFT);
	if (static_branch_unlikely(&debug_blocks))
		debug_block_alloc(frame, gfp, want_init_on_alloc(gfp));
	/* Last: a double free by the former owner may free the block, and the frame be reused. */
	buddy_unclaim(frame);
	return block;
}
EXPORT_SYMBOL_FOR_TEST(block_alloc);

struct frame *block_alloc_part(struct slabmod_pool *pool, int nid, unsigned int nr_pages, gfp_t gfp,
			       bool easily)
{
	struct frame *frame;

	if (easily)
		frame = buddy_alloc(pool->buddies, nid, nr_pages, gfp_easy(gfp));
	else
		frame = alloc_block("vmalloc", pool, nid, nr_pages, gfp);
	if (!frame)
		return NULL;
	stat_add(pool->source.stats, STAT_BLOCK_PAGES, nr_pages);
	if (want_init_on_alloc(gfp))
		memset(frame->block, 0, (size_t)nr_pages << PAGE_SHIFT);
	return frame;
}

/* Free a claimed block that is not in quarantine. */
static __always_inline void release(struct frame *frame)
{
	struct stats __percpu *stats = frame->buddy->source->stats;
	unsigned int nr_pages = frame->nr_pages;

	if (want_init_on_free())
		memset(frame->block, 0, (size_t)nr_pages << PAGE_SHIFT);
	buddy_free_claimed(frame);
	stat_add(stats, STAT_BLOCK_PAGES, -(long)nr_pages);
}

void block_release(struct frame *frame)
{
	/* kmemleak ignores blocks that it does not track, such as runs of pages. */
	if (leak_tracks_blocks())
		leak_note_free(frame->block);
	if (!static_branch_unlikely(&debug_blocks) || !debug_block_free(frame, release))
		release(frame);
}

bool block_drain(unsigned long nr)
{
	return static_branch_unlikely(&debug_blocks) && !must_not_lock() &&
	       debug_block_drain(nr, release);
}
EXPORT_SYMBOL_FOR_TEST(block_drain);

bool block_free(struct frame *frame)
{
	if (!buddy_claim(frame))
		return false;
	block_release(frame);
	return true;
}
EXPORT_SYMBOL_FOR_TEST(block_free);
