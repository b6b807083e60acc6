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
#include "free_map.h"
#include "slab.h"
#include "source.h"

void *buddy_block_of(const void *addr)
{
	struct chunk *chunk = chunk_of(addr);
	unsigned int index, order;

	if (!chunk)
		return NULL;
	index = chunk_index(chunk, kasan_reset_tag(addr));
	if (page_is_free(chunk, index))
		return NULL;
	for (order = 0; order < BUDDY_ORDERS; order++) {
		unsigned int first = index & ~((1u << order) - 1);
		const struct frame *frame = &chunk->frames[first];
		enum frame_state state = frame_state(frame);

		if (state == FRAME_PAGES || state == FRAME_CLAIMED)
			return index - first < frame_nr_pages(frame) ?
				chunk_page(chunk, first) : NULL;
	}
	return NULL;
}

void buddy_count_free(struct buddy *buddy, unsigned long *nr_free)
{
	struct chunk *chunk;

	rcu_read_lock();
	list_for_each_entry_rcu(chunk, &buddy->chunks, all)
		chunk_count_free(chunk, nr_free);
	rcu_read_unlock();
}
EXPORT_SYMBOL_FOR_TEST(buddy_count_free);

/* Return true if a block or a slab begins at @page. */
static bool begins(const struct frame *frame, const void *page)
{
	struct slab *slab = frame_slab(frame);
	enum frame_state state = frame_state(frame);

	return slab ? slab_address(slab) == page : state == FRAME_PAGES || state == FRAME_CLAIMED;
}

void buddy_walk(struct buddy *buddy, void (*fn)(void *block, struct frame *frame, void *arg),
		void *arg)
{
	struct chunk *chunk;
	unsigned int i;

	rcu_read_lock();
	list_for_each_entry_rcu(chunk, &buddy->chunks, all)
		for (i = 0; i < chunk_pages(chunk); i++)
			if (begins(&chunk->frames[i], chunk_page(chunk, i)))
				fn(chunk_page(chunk, i), &chunk->frames[i], arg);
	rcu_read_unlock();
}
EXPORT_SYMBOL_FOR_TEST(buddy_walk);

/* ---- the uses of all pages ---- */

static struct page_run slab_run(const struct slab *slab)
{
	/* Objects may be allocated or freed concurrently, but the slab stays a slab. */
	return (struct page_run) {
		.cache = slab_cache(slab),
		.pages = slab_geometry(slab_cache(slab), slab)->pages,
		.use = READ_ONCE(slab->inuse) ? RUN_SLAB : RUN_EMPTY,
	};
}

/* The reserve keeps a wholly free chunk if it needs some of its pages. */
static bool is_reserved(const struct chunk *chunk)
{
	struct chunk_source *source = chunk->buddy->source;

	return source->reserve && chunk_is_free(chunk) &&
	       source_unreserved(source) < chunk_pages(chunk);
}

static bool block_is_free(const struct chunk *chunk, unsigned int index, unsigned int order)
{
	unsigned int unit = index >> UNIT_ORDER;
	u64 free = chunk->map.free, bits;

	if (order < UNIT_ORDER) {
		bits = bits_run(index % BIT(UNIT_ORDER), 1u << order);
		free = chunk->units[unit].map.free;
	} else {
		bits = bits_run(unit, 1u << (order - UNIT_ORDER));
	}
	return (free & bits) == bits;
}

/* Return the order of the largest free block that starts at a free page. */
static unsigned int free_order(const struct chunk *chunk, unsigned int index)
{
	unsigned int order = 0;

	while (order < chunk->order && !(index & (1u << order)) &&
	       block_is_free(chunk, index, order + 1))
		order++;
	return order;
}

/* buddy->lock is held: a block may be claimed or unclaimed, but keeps its size. */
static struct page_run block_run(struct chunk *chunk, unsigned int index)
{
	struct frame *frame = &chunk->frames[index];
	struct slab *slab = frame_slab(frame);
	struct page_run run = { .use = RUN_OTHER, .pages = 1 };

	if (page_is_free(chunk, index)) {
		run.use = is_reserved(chunk) ? RUN_RESERVE : RUN_FREE;
		run.order = free_order(chunk, index);
		run.pages = 1u << run.order;
		return run;
	}
	if (slab)
		return slab_run(slab);
	run.pages = frame_nr_pages(frame);
	switch (frame_state(frame)) {
	case FRAME_PAGES:
		run.use = RUN_BLOCK;
		break;
	case FRAME_CLAIMED:
		/* Those with an owner are in a magazine, or about to be. */
		run.use = frame_owner(frame) ? RUN_CACHED : RUN_CLAIMED;
		break;
	default:
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
		run = block_run(chunk, start);
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
	/* Not while the chunk is being created or freed. */
	if (chunk->listed)
		nr = runs_of_blocks(chunk, runs);
	raw_spin_unlock_irqrestore(&buddy->lock, flags);
	return nr;
}
EXPORT_SYMBOL_FOR_TEST(buddy_runs);
