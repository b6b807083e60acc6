// SPDX-License-Identifier: GPL-2.0
/*
 * buddy_walk.c - lookups and walks of blocks.
 *
 * Contexts: any. Locks: none, chunks are walked by RCU; buddy_runs() takes buddy->lock, for one
 * chunk.
 */
#include <linux/rculist.h>
#include <linux/rcupdate.h>

#include "buddy_walk.h"
#include "chunk.h"
#include "slab.h"
#include "source.h"

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

/* ---- the uses of all pages ---- */

static struct page_run slab_run(struct frame *frame, struct slabmod_cache *cache)
{
	struct slab *slab = frame_slab(frame);

	/* Objects may be allocated or freed concurrently, but the slab stays a slab. */
	return (struct page_run) {
		.cache = cache,
		.pages = slab_geometry(cache, slab)->pages,
		.use = READ_ONCE(slab->inuse) ? RUN_SLAB : RUN_EMPTY,
	};
}

/* The reserve keeps a wholly free chunk if it needs some of its pages. */
static bool is_reserved(const struct chunk *chunk)
{
	struct chunk_source *source = chunk->buddy->source;

	return source->reserve && chunk->free_pages == chunk_pages(chunk) &&
	       source_unreserved(source) < chunk_pages(chunk);
}

/* buddy->lock is held: a block may be claimed or unclaimed, but keeps its size. */
static struct page_run block_run(struct chunk *chunk, struct frame *frame)
{
	struct page_run run = { .use = RUN_OTHER, .pages = 1 };
	struct slabmod_cache *cache = frame_cache(frame);

	if (cache)
		return slab_run(frame, cache);
	switch (READ_ONCE(frame->state)) {
	case FRAME_FREE:
		run.use = is_reserved(chunk) ? RUN_RESERVE : RUN_FREE;
		run.order = frame->order;
		run.pages = 1u << frame->order;
		break;
	case FRAME_PAGES:
		run.use = RUN_BLOCK;
		run.pages = frame->nr_pages;
		break;
	case FRAME_CLAIMED:
		run.use = frame == READ_ONCE(chunk->buddy->last_freed) ? RUN_CACHED : RUN_CLAIMED;
		run.pages = frame->nr_pages;
		break;
	}
	return run;
}

/* Slabs of a cache that are adjacent are one run; each block is a run of its own. */
static bool run_extends(const struct page_run *run, const struct page_run *next)
{
	return next->cache && run->cache == next->cache && run->use == next->use;
}

static unsigned int runs_of_blocks(struct chunk *chunk, struct page_run *runs)
{
	unsigned int nr = 0, start;
	struct page_run run;

	for (start = 0; start < chunk_pages(chunk); start += run.pages) {
		run = block_run(chunk, &chunk->frames[start]);
		run.start = start;
		if (nr && run_extends(&runs[nr - 1], &run))
			runs[nr - 1].pages += run.pages;
		else
			runs[nr++] = run;
	}
	return nr;
}

unsigned int buddy_runs(struct chunk *chunk, struct page_run *runs)
{
	struct buddy *buddy = chunk->buddy;
	unsigned long flags;
	unsigned int nr = 1;

	runs[0] = (struct page_run) { .use = RUN_OTHER, .pages = chunk_pages(chunk) };
	raw_spin_lock_irqsave(&buddy->lock, flags);
	/* A chunk that is being created or freed is in no bucket. */
	if (!list_empty(&chunk->node))
		nr = runs_of_blocks(chunk, runs);
	raw_spin_unlock_irqrestore(&buddy->lock, flags);
	return nr;
}
EXPORT_SYMBOL_FOR_TEST(buddy_runs);
