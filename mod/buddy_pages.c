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
#include "frame.h"
#include "free_map.h"

/* ---- wholly free chunks ---- */

void buddy_pages_add_empty(struct buddy *buddy, struct chunk *chunk)
{
	list_add(&chunk->empty, &buddy->empty[chunk->order]);
	buddy->empty_mask |= BIT(chunk->order);
	buddy->nr_free_chunks++;
	WRITE_ONCE(buddy->free_chunk_pages, buddy->free_chunk_pages + chunk_pages(chunk));
}

void buddy_pages_remove_empty(struct buddy *buddy, struct chunk *chunk)
{
	list_del_init(&chunk->empty);
	if (list_empty(&buddy->empty[chunk->order]))
		buddy->empty_mask &= ~BIT(chunk->order);
	buddy->min_free_chunks = min(buddy->min_free_chunks, --buddy->nr_free_chunks);
	WRITE_ONCE(buddy->free_chunk_pages, buddy->free_chunk_pages - chunk_pages(chunk));
}

void buddy_pages_begin(struct chunk *chunk, enum block_kind kind)
{
	chunk->kind = kind;
	chunk->drains = true;
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
	buddy_pages_begin(chunk, kind);
	return chunk;
}

/* ---- free pages ---- */

static __always_inline void count_free(struct buddy *buddy, long pages)
{
	WRITE_ONCE(buddy->free_pages, buddy->free_pages + pages);
}

static void move_map(struct free_lists *lists, struct free_map *map, bool drains)
{
	map_unlist(lists, map);
	map_list(lists, map, map->bound, drains);
}

/*
 * Units of a chunk were used or freed. A chunk drains when three quarters of its units are free,
 * and fills up again when more than half are in use. Its units are moved when a search finds them.
 */
static __always_inline void note_units(struct buddy *buddy, struct chunk *chunk)
{
	unsigned int all = chunk_nr_units(chunk->order), free = hweight64(chunk->map.free);
	bool drains = free >= (chunk->drains ? (all + 1) / 2 : all - all / 4);

	if (likely(drains == chunk->drains))
		return;
	chunk->drains = drains;
	if (!list_empty(&chunk->map.node))
		move_map(&buddy->partial[chunk->kind], &chunk->map, drains);
}

/* Free a block of units. */
static noinline void free_units(struct buddy *buddy, struct chunk *chunk, unsigned int first,
				unsigned int order)
{
	if (map_free_block(&buddy->partial[chunk->kind], &chunk->map, first, order,
			   chunk->drains))
		buddy_pages_add_empty(buddy, chunk);
	else
		note_units(buddy, chunk);
}

void buddy_pages_free_run(struct buddy *buddy, struct chunk *chunk, unsigned int index,
			  unsigned int nr_pages)
{
	count_free(buddy, nr_pages);
	while (nr_pages) {
		unsigned int first = index % BIT(UNIT_ORDER);
		unsigned int nr = min_t(unsigned int, nr_pages, BIT(UNIT_ORDER) - first);
		struct free_map *map = &chunk->units[index >> UNIT_ORDER].map;

		if (map_free_run(&buddy->units[chunk->kind], map, first, nr, chunk->drains))
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

/* Return the unit of a block in use. */
static __always_inline struct unit *unit_of(const void *block)
{
	struct unit *unit = chunk_mapped_unit(block);
	struct chunk *chunk;

	if (likely(unit))
		return unit;
	chunk = chunk_of(block);
	return &chunk->units[chunk_index(chunk, block) >> UNIT_ORDER];
}

/* Return true if @frame is that of a page of @unit. */
static __always_inline bool is_in(const struct unit *unit, const struct frame *frame)
{
	return !((unsigned long)(frame - unit->frames) >> unit->map.order);
}

/* Free blocks within units. Those in a row that are in one unit are freed at once. */
static unsigned int free_small(struct buddy *buddy, const struct claimed_block *blocks,
			       unsigned int nr, const struct page_use *use)
{
	const struct claimed_block *b = blocks, *const end = b + nr;
	const u64 block = bits_run(0, use->nr_pages);
	const unsigned int order = use->order;
	const bool is_whole = block == map_block[order];

	while (b < end) {
		struct unit *unit = unit_of(b->block);
		unsigned long page = b->frame - unit->frames;
		struct chunk *chunk = unit->chunk;
		struct free_lists *lists = &buddy->units[chunk->kind];
		bool drains = chunk->drains;
		u64 bits = block << page;
		bool whole;

		if (unlikely(chunk->buddy != buddy))
			break;
		frame_reset(b->frame);
		if (++b == end || !is_in(unit, b->frame)) {
			whole = is_whole ?
				map_free_block(lists, &unit->map, page, order, drains) :
				map_free_run(lists, &unit->map, page, use->nr_pages, drains);
		} else {
			do {
				bits |= block << (b->frame - unit->frames);
				frame_reset(b->frame);
			} while (++b < end && is_in(unit, b->frame));
			whole = map_free(lists, &unit->map, bits, unit->map.order - 1, drains);
		}
		if (unlikely(whole))
			free_units(buddy, chunk, unit - chunk->units, 0);
	}
	return b - blocks;
}

/* Free blocks of whole units. */
static unsigned int free_large(struct buddy *buddy, const struct claimed_block *blocks,
			       unsigned int nr, unsigned int order)
{
	unsigned int n, first;

	for (n = 0; n < nr; n++) {
		struct unit *unit = unit_of(blocks[n].block);
		struct chunk *chunk = unit->chunk;

		if (chunk->buddy != buddy)
			break;
		frame_reset(blocks[n].frame);
		first = unit - chunk->units;
		set_units(chunk, first, order - UNIT_ORDER, map_block[UNIT_ORDER]);
		free_units(buddy, chunk, first, order - UNIT_ORDER);
	}
	return n;
}

unsigned int buddy_pages_free_bulk(struct buddy *buddy, const struct claimed_block *blocks,
				   unsigned int nr, const struct page_use *use)
{
	if (use->order < UNIT_ORDER)
		nr = free_small(buddy, blocks, nr, use);
	else
		nr = free_large(buddy, blocks, nr, use->order);
	count_free(buddy, nr * use->nr_pages);
	return nr;
}

/* ---- allocation ---- */

/* Claim a block, so that no stale free can do that. */
static __always_inline void claim_block(struct chunk *chunk, struct frame *frame,
					struct page_use *use, struct claimed_block *to)
{
	WRITE_ONCE(frame->use, use);
	to->block = chunk_page(chunk, frame - chunk->frames);
	to->frame = frame;
}

/* Return the first bits of the blocks to choose from: one if one is wanted. */
static __always_inline u64 choose(const struct free_map *map, unsigned int order, unsigned int nr)
{
	return nr == 1 ? BIT_ULL(bits_find(map->free, order)) : bits_fit(map->free, order);
}

/* Allocate blocks below UNIT_ORDER from a unit that has one. Return their number. */
static unsigned int take_pages(struct buddy *buddy, struct unit *unit, const struct blocks *blocks)
{
	struct claimed_block *to = blocks->to, *const end = to + blocks->nr;
	u64 fit = choose(&unit->map, blocks->order, blocks->nr), pages = 0;
	const u64 block = bits_run(0, blocks->nr_pages);
	struct page_use *use = blocks->use;
	struct chunk *chunk = unit->chunk;

	for (; fit && to < end; fit &= fit - 1, to++) {
		unsigned int first = __ffs64(fit);

		claim_block(chunk, &unit->frames[first], use, to);
		pages |= block << first;
	}
	map_use(&buddy->units[chunk->kind], &unit->map, pages, chunk->drains);
	count_free(buddy, -(long)hweight64(pages));
	return to - blocks->to;
}

/* The same of UNIT_ORDER or more, from a chunk. */
static unsigned int take_units(struct buddy *buddy, struct chunk *chunk,
			       const struct blocks *blocks)
{
	struct claimed_block *to = blocks->to, *const end = to + blocks->nr;
	unsigned int order = blocks->order - UNIT_ORDER;
	u64 fit = choose(&chunk->map, order, blocks->nr), units = 0;

	for (; fit && to < end; fit &= fit - 1, to++) {
		unsigned int first = __ffs64(fit);

		claim_block(chunk, &chunk->frames[first << UNIT_ORDER], blocks->use, to);
		units |= map_block[order] << first;
		set_units(chunk, first, order, 0);
	}
	map_use(&buddy->partial[chunk->kind], &chunk->map, units, chunk->drains);
	note_units(buddy, chunk);
	count_free(buddy, -((to - blocks->to) << blocks->order));
	return to - blocks->to;
}

unsigned int buddy_pages_take_from(struct buddy *buddy, struct chunk *chunk,
				   const struct blocks *blocks)
{
	unsigned int unit;

	if (blocks->order >= UNIT_ORDER)
		return take_units(buddy, chunk, blocks);
	unit = bits_find(chunk->map.free, 0);
	map_use(&buddy->partial[chunk->kind], &chunk->map, BIT_ULL(unit), chunk->drains);
	note_units(buddy, chunk);
	return take_pages(buddy, &chunk->units[unit], blocks);
}

/* Return a unit with a free block of @order, of chunks that drain or of others. */
static struct unit *find_unit(struct free_lists *lists, bool drains, unsigned int order,
			      unsigned int *budget)
{
	struct free_map *map;

	while ((map = map_search(lists, drains, order, budget))) {
		struct unit *unit = container_of(map, struct unit, map);

		if (likely(unit->chunk->drains == drains))
			return unit;
		move_map(lists, map, !drains);
		/* Units of chunks that fill up were searched before. */
		if (drains)
			return unit;
		if (!*budget)
			return NULL;
		--*budget;
	}
	return NULL;
}

/* Allocate blocks from chunks of a kind that drain, or from others. */
static unsigned int take_from_some(struct buddy *buddy, enum block_kind kind, bool drains,
				   const struct blocks *blocks, unsigned int *budget)
{
	unsigned int order = blocks->order;
	struct free_map *map;
	struct unit *unit;

	if (order < UNIT_ORDER) {
		unit = find_unit(&buddy->units[kind], drains, order, budget);
		if (unit)
			return take_pages(buddy, unit, blocks);
	}
	map = map_search(&buddy->partial[kind], drains,
			 order > UNIT_ORDER ? order - UNIT_ORDER : 0, budget);
	return map ? buddy_pages_take_from(buddy, container_of(map, struct chunk, map), blocks) : 0;
}

static unsigned int take_from_kind(struct buddy *buddy, enum block_kind kind,
				   const struct blocks *blocks, unsigned int *budget)
{
	return take_from_some(buddy, kind, false, blocks, budget) ?:
	       take_from_some(buddy, kind, true, blocks, budget);
}

unsigned int buddy_pages_take(struct buddy *buddy, enum block_kind kind, bool mix,
			      const struct blocks *blocks, unsigned int *budget)
{
	unsigned int got = take_from_kind(buddy, kind, blocks, budget);
	struct chunk *chunk;

	if (got || !*budget)
		return got;
	/* Better than a chunk of the other kind. */
	chunk = use_empty(buddy, kind, blocks->order);
	if (chunk)
		return buddy_pages_take_from(buddy, chunk, blocks);
	return mix ? take_from_kind(buddy, !kind, blocks, budget) : 0;
}
