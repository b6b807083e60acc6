// SPDX-License-Identifier: GPL-2.0
/*
 * block.c - blocks of pages that callers allocate: the slow paths, with every check.
 *
 * Contexts: any. An NMI allocates from the magazine of its CPU only. Locks: none.
 */
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/string.h>

#include "block.h"
#include "chunk.h"
#include "depot.h"
#include "direct_reclaim.h"
#include "magazine_set.h"
#include "report.h"
#include "source.h"

/* ---- allocation ---- */

/* Where a block comes from: @cache, or the buddies if there is none for its size. */
struct block_request {
	const char *caller;
	struct slabmod_pool *pool;
	struct slabmod_cache *cache;	/* or NULL */
	unsigned int nr_pages;
	int nid;			/* never NUMA_NO_NODE */
	gfp_t gfp;
};

static void *alloc_once(const struct block_request *r)
{
	struct claimed_block b;
	void *block;

	if (!r->cache)
		return buddy_alloc(r->pool->buddies, r->nid, r->nr_pages, r->gfp, NULL);
	if (likely(r->nid == source_nid(r->cache->source)) && block_take(r->cache, &b))
		return b.block;
	block = depot_alloc_block(r->cache, r->nid, r->gfp);
	if (block)
		magazine_count_direct(r->cache, 1);
	return block;
}

static void *alloc_block(const struct block_request *r)
{
	struct chunk_source *source = &r->pool->source;
	bool serves = !(r->gfp & __GFP_THISNODE) || source_serves(source, r->nid);
	size_t bytes = (size_t)r->nr_pages << PAGE_SHIFT;
	void *block = alloc_once(r);
	unsigned int round;

	buddy_note_request(&r->pool->buddies[r->nid], r->gfp);
	for (round = 0; serves && !block && direct_reclaim(r->pool, NULL, r->gfp, round); round++)
		block = alloc_once(r);
	if (!block) {
		stat_inc(source->stats, EVENT_ALLOC_FAIL);
		report_no_memory(r->caller, source, bytes, r->gfp);
	} else if (!r->cache) {
		stat_add(source->stats, EVENT_BLOCK_PAGES, r->nr_pages);
	}
	return block;
}

/* Return false, with a report, if the request cannot be honoured. */
static bool complete_request(struct block_request *r)
{
	const struct chunk_source *source = &r->pool->source;

	if (unlikely(r->gfp & ~SLABMOD_GFP_PLAIN)) {
		if (gfp_refused(r->caller, &r->pool->source, &r->gfp,
				(size_t)r->nr_pages << PAGE_SHIFT))
			return false;
		/* Only this CPU's node, even if it has no memory. */
		if (r->gfp & __GFP_THISNODE && r->nid == NUMA_NO_NODE &&
		    source->nid == NUMA_NO_NODE)
			r->nid = numa_mem_id();
	}
	if (likely(r->nid == NUMA_NO_NODE))
		r->nid = source_nid(source);
	else if (node_refused(r->caller, r->nid))
		return false;
	return true;
}

static void *do_alloc(struct block_request *r)
{
	void *block;

	if (!complete_request(r))
		return NULL;
	might_alloc(r->gfp);
	if (r->cache && unlikely(!magazine_has_own(r->cache)))
		magazine_enable(r->cache, r->gfp);
	block = alloc_block(r);
	return block ? block_finish_slow(block, chunk_frame(block), r->gfp) : NULL;
}

noinline void *block_alloc_slow(const char *caller, struct slabmod_cache *cache, int nid, gfp_t gfp)
{
	struct block_request request = {
		.caller = caller,
		.pool = cache->pool,
		.cache = cache,
		.nr_pages = cache->usual.pages,
		.nid = nid,
		.gfp = gfp,
	};

	return do_alloc(&request);
}

static struct slabmod_cache *blocks_of(struct slabmod_pool *pool, unsigned int nr_pages)
{
	struct slabmod_cache *cache = block_cache_of(pool, nr_pages);

	return cache && cache->flags & CACHE_BLOCKS ? cache : NULL;
}

void *block_alloc(const char *caller, struct slabmod_pool *pool, int nid, unsigned int nr_pages,
		  gfp_t gfp)
{
	struct block_request request = {
		.caller = caller,
		.pool = pool,
		.cache = blocks_of(pool, nr_pages),
		.nr_pages = nr_pages,
		.nid = nid,
		.gfp = gfp,
	};

	return do_alloc(&request);
}
EXPORT_SYMBOL_FOR_TEST(block_alloc);

noinline void *block_finish_slow(void *block, struct frame *frame, gfp_t gfp)
{
	if (want_init_on_alloc(gfp))
		memset(block, 0, (size_t)frame_nr_pages(frame) << PAGE_SHIFT);
	if (static_branch_unlikely(&debug_blocks))
		debug_block_alloc(block, frame_nr_pages(frame), gfp, want_init_on_alloc(gfp));
	/* Last: see block_finish(). */
	frame_unclaim(frame);
	return block;
}

void *block_alloc_part(struct slabmod_pool *pool, int nid, unsigned int nr_pages, gfp_t gfp,
		       bool easily)
{
	const struct block_request request = {
		.caller = "vmalloc",
		.pool = pool,
		.nr_pages = nr_pages,
		.nid = nid,
		.gfp = gfp,
	};
	void *block;

	if (easily) {
		block = buddy_alloc(pool->buddies, nid, nr_pages, gfp_easy(gfp), NULL);
		if (block)
			stat_add(pool->source.stats, EVENT_BLOCK_PAGES, nr_pages);
	} else {
		block = alloc_block(&request);
	}
	if (block && want_init_on_alloc(gfp))
		memset(block, 0, (size_t)nr_pages << PAGE_SHIFT);
	return block;
}

bool block_take_run(struct slabmod_pool *pool, unsigned int nr_pages, gfp_t gfp,
		    struct claimed_block *b)
{
	struct buddy *buddy = &pool->buddies[source_nid(&pool->source)];

	if (!buddy_take_run(buddy, nr_pages, b))
		return false;
	stat_add(pool->source.stats, EVENT_BLOCK_PAGES, nr_pages);
	buddy_note_request(buddy, gfp);
	return true;
}

/* ---- free ---- */

static void clear_freed(void *block, const struct frame *frame)
{
	if (want_init_on_free())
		memset(block, 0, (size_t)frame_nr_pages(frame) << PAGE_SHIFT);
}

/* Free a claimed block to the buddy. */
static void free_to_buddy(const struct claimed_block *b)
{
	struct slabmod_cache *owner = frame_owner(b->frame);
	struct stats __percpu *stats;

	if (owner) {
		depot_free(owner, b, 1);
		return;
	}
	stats = chunk_of(b->block)->buddy->source->stats;
	stat_add(stats, EVENT_BLOCK_PAGES, -(long)buddy_free_claimed(b->block));
}

/* Free a claimed block that is not in quarantine. */
static bool release(const struct claimed_block *b)
{
	struct slabmod_cache *owner = frame_owner(b->frame);

	clear_freed(b->block, b->frame);
	if (owner)
		return block_put(owner, b);
	if (must_not_lock())
		return false;
	free_to_buddy(b);
	return true;
}

/* Free a block that leaves the quarantine. Magazines may have been drained before. */
static void release_old(void *block)
{
	const struct claimed_block b = { block, chunk_frame(block) };

	clear_freed(b.block, b.frame);
	free_to_buddy(&b);
}

bool block_release(void *block, struct frame *frame)
{
	const struct claimed_block b = { block, frame };

	/* Debug mode takes locks. */
	if (static_branch_unlikely(&debug_blocks) && must_not_lock())
		return false;
	/* kmemleak ignores blocks that it does not track, such as runs of pages. */
	if (leak_tracks_blocks()) {
		if (must_not_lock())
			return false;
		leak_note_free(block);
	}
	if (static_branch_unlikely(&debug_blocks) && debug_block_free(block, release_old))
		return true;
	return release(&b);
}

bool block_put_run(const struct claimed_block *b, unsigned int nr_pages)
{
	struct chunk_source *source;

	if (want_init_on_free() || static_branch_unlikely(&debug_blocks) || leak_tracks_blocks())
		return block_release(b->block, b->frame);
	if (must_not_lock())
		return false;
	source = buddy_free_run(b, nr_pages);
	stat_add(source->stats, EVENT_BLOCK_PAGES, -(long)nr_pages);
	return true;
}

bool block_drain(unsigned long nr)
{
	return static_branch_unlikely(&debug_blocks) && !must_not_lock() &&
	       debug_block_drain(nr, release_old);
}
EXPORT_SYMBOL_FOR_TEST(block_drain);

bool block_free(void *block)
{
	struct frame *frame = chunk_frame(block);

	if (!frame_claim(frame))
		return false;
	block_release(block, frame);
	return true;
}
EXPORT_SYMBOL_FOR_TEST(block_free);
