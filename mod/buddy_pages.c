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

static __always_inline void count_chunk_free(struct chunk *chunk, int pages)
{
	WRITE_ONCE(chunk->free_pages, chunk->free_pages + pages);
}

static __always_inline void count_free(struct buddy *buddy, struct chunk *chunk, int pages)
{
	count_chunk_free(chunk, pages);
	WRITE_ONCE(buddy->free_pages, buddy->free_pages + pages);
}

/* Free a block of units. */
static noinline void free_units(struct buddy *buddy, struct chunk *chunk, unsigned int first,
				unsigned int order)
{
	if (map_free_block(&buddy->partial[chunk->kind], &chunk->map, first, order))
		buddy_pages_add_empty(buddy, chunk);
}

/* Return the order that a free block may have once @pages, @nr in a row, are free too. */
static unsigned int run_bound(const struct free_map *map, u64 pages, unsigned int nr)
{
	if (!map->free)
		return ilog2(nr);
	/* It is not worth finding out if the bound cannot rise. */
	return map->bound == map->order - 1 ? map->bound : bits_largest(map->free | pages);
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
		unsigned int bound = run_bound(map, pages, nr);

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

/*
 * Free blocks of @order, below UNIT_ORDER, until one is outside of @unit, which has the first. They
 * are freed at once. Return how many.
 */
static noinline unsigned int free_several(struct buddy *buddy, struct unit *unit, void **blocks,
					  unsigned int nr, unsigned int order)
{
	struct chunk *chunk = unit->chunk;
	struct free_lists *lists = &buddy->units[chunk->kind];
	unsigned long first = chunk_index(chunk, blocks[0]), page = first;
	const u64 block = map_block[order];
	unsigned int n = 0;
	u64 bits = 0;
	bool whole;

	do {
		frame_reset(&unit->frames[page % BIT(UNIT_ORDER)]);
		bits |= block << (page % BIT(UNIT_ORDER));
		if (++n == nr)
			break;
		page = chunk_index(chunk, blocks[n]);
	} while (!((page ^ first) >> unit->map.order));
	whole = map_free(lists, &unit->map, bits, unit->map.order - 1);
	if (unlikely(whole))
		free_units(buddy, chunk, unit - chunk->units, 0);
	count_chunk_free(chunk, n << order);
	return n;
}

/* Free a block of @order, below UNIT_ORDER. Blocks freed in random order pass here one by one. */
static __always_inline void free_one(struct buddy *buddy, struct unit *unit, const void *block,
				     unsigned int order)
{
	struct chunk *chunk = unit->chunk;
	unsigned long page = chunk_index(chunk, block) % BIT(UNIT_ORDER);

	frame_reset(&unit->frames[page]);
	if (unlikely(map_free_block(&buddy->units[chunk->kind], &unit->map, page, order)))
		free_units(buddy, chunk, unit - chunk->units, 0);
	count_chunk_free(chunk, 1u << order);
}

/* Return true if the first two blocks may be in one unit. */
static __always_inline bool are_near(void **blocks, unsigned int nr)
{
	return nr > 1 && ((unsigned long)blocks[0] ^ (unsigned long)blocks[1]) >> UNIT_SHIFT == 0;
}

static void free_large(struct buddy *buddy, struct chunk *chunk, void *block, unsigned int order)
{
	unsigned int index = chunk_index(chunk, block);

	frame_reset(&chunk->frames[index]);
	set_units(chunk, index >> UNIT_ORDER, order - UNIT_ORDER, map_block[UNIT_ORDER]);
	free_units(buddy, chunk, index >> UNIT_ORDER, order - UNIT_ORDER);
	count_chunk_free(chunk, 1u << order);
}

unsigned int buddy_pages_free_bulk(struct buddy *buddy, void **blocks, unsigned int nr,
				   unsigned int order)
{
	unsigned int n = 0;

	do {
		struct unit *unit = unit_of(blocks[n]);

		if (unit->chunk->buddy != buddy)
			break;
		if (order >= UNIT_ORDER)
			free_large(buddy, unit->chunk, blocks[n++], order);
		else if (are_near(blocks + n, nr - n))
			n += free_several(buddy, unit, blocks + n, nr - n, order);
		else
			free_one(buddy, unit, blocks[n++], order);
	} while (n < nr);
	WRITE_ONCE(buddy->free_pages, buddy->free_pages + (n << order));
	return n;
}

/* Say that the pages of a block without owner are free. Return their number. */
static unsigned int reset_run(struct frame *frame, const struct page_use *use)
{
	unsigned int pages = 1;

	for (; pages < 1u << use->order && READ_ONCE(frame[pages].use) == &frame_run; pages++)
		frame_reset(&frame[pages]);
	return pages;
}

unsigned int buddy_pages_free_block(struct buddy *buddy, struct chunk *chunk, void *block)
{
	unsigned int index = chunk_index(chunk, block), nr_pages;
	struct frame *frame = &chunk->frames[index];
	const struct page_use *use = frame->use;

	nr_pages = use->nr_pages ?: reset_run(frame, use);
	if (nr_pages == 1u << use->order) {
		buddy_pages_free_bulk(buddy, &block, 1, use->order);
	} else {
		frame_reset(frame);
		buddy_pages_free_run(buddy, chunk, index, nr_pages);
	}
	return nr_pages;
}

/* ---- allocation ---- */

/* Claim a block, so that no stale free can do that. */
static __always_inline void claim_block(struct chunk *chunk, unsigned int index,
					const struct blocks *blocks, unsigned int n)
{
	struct frame *frame = &chunk->frames[index];

	WRITE_ONCE(frame->use, blocks->use);
	blocks->block[n] = chunk_page(chunk, index);
	blocks->frame[n] = frame;
}

/* Return the first bits of the blocks to choose from: one if one is wanted. */
static __always_inline u64 choose(const struct free_map *map, unsigned int order, unsigned int nr)
{
	return nr == 1 ? BIT_ULL(bits_find(map->free, order)) : bits_fit(map->free, order);
}

/* Allocate blocks below UNIT_ORDER from a unit that has one. Return their number. */
static unsigned int take_pages(struct buddy *buddy, struct unit *unit, const struct blocks *blocks)
{
	const u64 block = bits_run(0, blocks->nr_pages);
	unsigned int order = blocks->order, got = 0, first;
	struct chunk *chunk = unit->chunk;
	unsigned int base = (unit - chunk->units) << UNIT_ORDER;
	u64 fit = choose(&unit->map, order, blocks->nr), pages = 0;

	for (; fit && got < blocks->nr; fit &= fit - 1) {
		first = __ffs64(fit);
		claim_block(chunk, base + first, blocks, got++);
		pages |= block << first;
	}
	map_use(&buddy->units[chunk->kind], &unit->map, pages);
	count_free(buddy, chunk, -(int)(got * blocks->nr_pages));
	return got;
}

/* The same of UNIT_ORDER or more, from a chunk. */
static unsigned int take_units(struct buddy *buddy, struct chunk *chunk,
			       const struct blocks *blocks)
{
	unsigned int order = blocks->order - UNIT_ORDER, got = 0, first;
	u64 fit = choose(&chunk->map, order, blocks->nr), units = 0;

	for (; fit && got < blocks->nr; fit &= fit - 1) {
		first = __ffs64(fit);
		claim_block(chunk, first << UNIT_ORDER, blocks, got++);
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
