// SPDX-License-Identifier: GPL-2.0
/*
 * buddy_pages.c - the free pages of a node: blocks are taken and freed.
 *
 * See buddy.c for the order in which chunks are used.
 *
 * Contexts: any but NMI. Locks: the caller holds buddy->lock.
 */
#include <linux/log2.h>

#include "buddy_pages.h"
#include "chunk.h"
#include "free_map.h"

/* ---- wholly free chunks ---- */

void buddy_pages_add_empty(struct buddy *buddy, struct chunk *chunk)
{
	list_add(&chunk->empty, &buddy->empty[chunk->order]);
	buddy->empty_mask |= BIT(chunk->order);
	buddy->nr_free_chunks++;
	buddy->free_chunk_pages += chunk_pages(chunk);
}

void buddy_pages_remove_empty(struct buddy *buddy, struct chunk *chunk)
{
	list_del_init(&chunk->empty);
	if (list_empty(&buddy->empty[chunk->order]))
		buddy->empty_mask &= ~BIT(chunk->order);
	buddy->min_free_chunks = min(buddy->min_free_chunks, --buddy->nr_free_chunks);
	buddy->free_chunk_pages -= chunk_pages(chunk);
}

/* Remove the smallest wholly free chunk of at least @order, for blocks of @kind. */
static struct chunk *use_empty(struct buddy *buddy, enum block_kind kind, unsigned int order)
{
	unsigned long orders = buddy->empty_mask >> order;
	struct chunk *chunk;

	if (!orders)
		return NULL;
	chunk = list_first_entry(&buddy->empty[order + __ffs(orders)], struct chunk, empty);
	buddy_pages_remove_empty(buddy, chunk);
	chunk->kind = kind;
	return chunk;
}

/* ---- free pages ---- */

static __always_inline void count_free(struct buddy *buddy, struct chunk *chunk, int pages)
{
	WRITE_ONCE(chunk->free_pages, chunk->free_pages + pages);
	WRITE_ONCE(buddy->free_pages, buddy->free_pages + pages);
}

/* Free a block of units. */
static noinline void free_units(struct buddy *buddy, struct chunk *chunk, unsigned int first,
				unsigned int order)
{
	if (map_free_block(&buddy->partial[chunk->kind], &chunk->map, first, order))
		buddy_pages_add_empty(buddy, chunk);
}

void buddy_pages_free_run(struct buddy *buddy, struct chunk *chunk, unsigned int index,
			  unsigned int nr_pages)
{
	count_free(buddy, chunk, nr_pages);
	while (nr_pages) {
		unsigned int first = index % BIT(UNIT_ORDER);
		unsigned int nr = min_t(unsigned int, nr_pages, BIT(UNIT_ORDER) - first);
		struct free_map *map = &chunk->units[index >> UNIT_ORDER].map;
		u64 pages = bits_run(first, nr);
		unsigned int bound = map->free ? bits_largest(map->free | pages) : ilog2(nr);

		if (map_free(&buddy->units[chunk->kind], map, pages, bound))
			free_units(buddy, chunk, index >> UNIT_ORDER, 0);
		index += nr;
		nr_pages -= nr;
	}
}

/* Set the bits of units that are part of a block. */
static void set_units(struct chunk *chunk, unsigned int first, unsigned int order, u64 free)
{
	unsigned int i;

	for (i = first; i < first + (1u << order); i++)
		WRITE_ONCE(chunk->units[i].map.free, free);
}

/* Free a block of UNIT_ORDER or more. */
static void free_large(struct buddy *buddy, struct chunk *chunk, unsigned int index,
		       unsigned int order)
{
	unsigned int unit = index >> UNIT_ORDER;

	order -= UNIT_ORDER;
	count_free(buddy, chunk, BIT(UNIT_ORDER) << order);
	set_units(chunk, unit, order, map_block[UNIT_ORDER]);
	free_units(buddy, chunk, unit, order);
}

void buddy_pages_free_block(struct buddy *buddy, struct chunk *chunk, struct frame *frame)
{
	unsigned int order = frame->order;

	WRITE_ONCE(frame->state, FRAME_TAIL);
	if (order >= UNIT_ORDER && frame->nr_pages == 1u << order)
		free_large(buddy, chunk, frame->index, order);
	else
		buddy_pages_free_run(buddy, chunk, frame->index, frame->nr_pages);
}

/*
 * Free blocks of @order, below UNIT_ORDER, until one is in another chunk. Those that follow one
 * another in a unit are freed at once. Return how many.
 */
static unsigned int free_small(struct buddy *buddy, struct chunk *chunk, struct frame **frames,
			       unsigned int nr, unsigned int order)
{
	struct free_lists *lists = &buddy->units[chunk->kind];
	const u64 block = map_block[order];
	/* The frames of another small chunk may be near. */
	unsigned long pages = chunk_pages(chunk), next = frames[0]->index, index, unit;
	unsigned int n = 0;

	do {
		struct free_map *map;
		u64 bits = 0;
		bool whole;

		index = next;
		unit = index >> UNIT_ORDER;
		do {
			WRITE_ONCE(frames[n]->state, FRAME_TAIL);
			bits |= block << (next % BIT(UNIT_ORDER));
			next = ++n < nr ? frames[n] - chunk->frames : ULONG_MAX;
		} while (next >> UNIT_ORDER == unit && next < pages);
		map = &chunk->units[unit].map;
		if (bits == block << (index % BIT(UNIT_ORDER)))
			whole = map_free_block(lists, map, index % BIT(UNIT_ORDER), order);
		else
			whole = map_free(lists, map, bits, map->order - 1);
		if (unlikely(whole))
			free_units(buddy, chunk, unit, 0);
	} while (next < pages);
	count_free(buddy, chunk, n << order);
	return n;
}

unsigned int buddy_pages_free_bulk(struct buddy *buddy, struct chunk *chunk, struct frame **frames,
				   unsigned int nr, unsigned int order)
{
	unsigned int n = 0;

	for (;;) {
		if (order < UNIT_ORDER) {
			n += free_small(buddy, chunk, frames + n, nr - n, order);
		} else {
			WRITE_ONCE(frames[n]->state, FRAME_TAIL);
			free_large(buddy, chunk, frames[n]->index, order);
			n++;
		}
		if (n == nr)
			break;
		chunk = frame_chunk(frames[n]);
		if (chunk->buddy != buddy)
			break;
	}
	return n;
}

/* ---- allocation ---- */

/* Fill in the frame of a block, and claim it. */
static __always_inline struct frame *claim_block(struct chunk *chunk, unsigned int index,
						 unsigned int order, struct slabmod_cache *owner)
{
	struct frame *frame = &chunk->frames[index];

	frame->order = order;
	frame->nr_pages = 1u << order;
	frame->block = chunk->base + ((unsigned long)index << PAGE_SHIFT);
	frame->owner = owner;
	frame->debug = NULL;
	/* Never FRAME_PAGES here: a stale free could claim the block. */
	WRITE_ONCE(frame->state, FRAME_CLAIMED);
	return frame;
}

/* Allocate blocks below UNIT_ORDER from a unit that has one. Return their number. */
static unsigned int take_pages(struct buddy *buddy, struct unit *unit, const struct blocks *blocks)
{
	unsigned int order = blocks->order, got = 0, first;
	struct chunk *chunk = unit->chunk;
	unsigned int base = (unit - chunk->units) << UNIT_ORDER;
	u64 pages = 0, fit;

	if (blocks->nr == 1)
		fit = BIT_ULL(bits_find(unit->map.free, order));
	else
		fit = bits_fit(unit->map.free, order);
	for (; fit && got < blocks->nr; fit &= fit - 1) {
		first = __ffs64(fit);
		blocks->frames[got++] = claim_block(chunk, base + first, order, blocks->owner);
		pages |= map_block[order] << first;
	}
	map_use(&buddy->units[chunk->kind], &unit->map, pages);
	count_free(buddy, chunk, -(int)(got << order));
	return got;
}

/* The same of UNIT_ORDER or more, from a chunk. */
static unsigned int take_units(struct buddy *buddy, struct chunk *chunk,
			       const struct blocks *blocks)
{
	unsigned int order = blocks->order - UNIT_ORDER, got = 0, first;
	u64 units = 0, fit;

	if (blocks->nr == 1)
		fit = BIT_ULL(bits_find(chunk->map.free, order));
	else
		fit = bits_fit(chunk->map.free, order);
	for (; fit && got < blocks->nr; fit &= fit - 1) {
		first = __ffs64(fit);
		blocks->frames[got++] = claim_block(chunk, first << UNIT_ORDER, blocks->order,
						    blocks->owner);
		units |= map_block[order] << first;
		set_units(chunk, first, order, 0);
	}
	map_use(&buddy->partial[chunk->kind], &chunk->map, units);
	count_free(buddy, chunk, -(int)(got << blocks->order));
	return got;
}

unsigned int buddy_pages_take_from(struct buddy *buddy, struct chunk *chunk,
				   const struct blocks *blocks)
{
	unsigned int unit;

	if (blocks->order >= UNIT_ORDER)
		return take_units(buddy, chunk, blocks);
	unit = bits_find(chunk->map.free, 0);
	map_use(&buddy->partial[chunk->kind], &chunk->map, BIT_ULL(unit));
	return take_pages(buddy, &chunk->units[unit], blocks);
}

unsigned int buddy_pages_take(struct buddy *buddy, enum block_kind kind, bool mix,
			      const struct blocks *blocks, unsigned int *budget)
{
	unsigned int order = blocks->order, i;
	struct chunk *chunk = NULL;
	struct free_map *map;

	for (i = 0; i <= mix && !chunk; i++, kind = !kind) {
		if (order < UNIT_ORDER) {
			map = map_search(&buddy->units[kind], order, budget);
			if (map)
				return take_pages(buddy, container_of(map, struct unit, map),
						  blocks);
		}
		map = map_search(&buddy->partial[kind],
				 order > UNIT_ORDER ? order - UNIT_ORDER : 0, budget);
		if (map)
			chunk = container_of(map, struct chunk, map);
		else if (!*budget)
			return 0;
		else if (!i)
			/* Better than a chunk of the other kind. */
			chunk = use_empty(buddy, kind, order);
	}
	return chunk ? buddy_pages_take_from(buddy, chunk, blocks) : 0;
}
