// SPDX-License-Identifier: GPL-2.0
/*
 * free_map.c - free pages as bits.
 *
 * A unit has a bit for each free page, and a chunk has a bit for each unit that is wholly free. A
 * free block is an aligned run of bits: nothing is split or merged. Each map has an upper bound of
 * the order of its largest block, by which partly free maps are listed. A free raises the bound if
 * the block may merge. An allocation leaves it as it is, since most maps that are allocated from
 * still have such a block; a search that finds none corrects it. Maps of chunks that drain, because
 * most of their units are free, are in lists of their own.
 *
 * Contexts: any but NMI. Locks: the caller holds buddy->lock. map_search() looks at a bounded
 * number of maps, all else takes constant time.
 */
#include <linux/log2.h>

#include "free_map.h"

const u64 map_starts[FREE_MAP_ORDERS + 1] = {
	~0ull, 0x5555555555555555, 0x1111111111111111, 0x0101010101010101,
	0x0001000100010001, 0x0000000100000001, 1,
};

const u64 map_block[FREE_MAP_ORDERS + 1] = {
	0x1, 0x3, 0xf, 0xff, 0xffff, 0xffffffff, ~0ull,
};

unsigned int bits_largest(u64 bits)
{
	unsigned int order = 0;

	while (order < FREE_MAP_ORDERS) {
		bits = bits_double(bits, order);
		if (!bits)
			break;
		order++;
	}
	return order;
}

unsigned int bits_find(u64 bits, unsigned int order)
{
	u64 fit = bits_fit(bits, order), larger, alone;

	/* Most often there is only one. */
	if (!(fit & (fit - 1)))
		return __ffs64(fit);
	for (; order < FREE_MAP_ORDERS; order++) {
		larger = bits_double(fit, order);
		alone = fit & ~(larger | larger << (1u << order));
		if (alone)
			return __ffs64(alone);
		fit = larger;
	}
	return 0;
}

void map_init(struct free_map *map, unsigned int order)
{
	INIT_LIST_HEAD(&map->node);
	map->order = order;
	map->all = map_block[order];
	map->free = map->all;
}
EXPORT_SYMBOL_FOR_TEST(map_init);

unsigned int map_run_bound(const struct free_map *map, u64 bits, unsigned int index,
			   unsigned int nr)
{
	unsigned int order = order_base_2(nr), top = map->order - 1;
	u64 block = map_block[order] << (index & -(1u << order)), free = map->free | bits;

	/* It is not worth finding out if the bound cannot rise. */
	if (map->bound == top || order > top)
		return top;
	/* A run that is not aligned ends in the next block. */
	if ((block & bits) != bits)
		return top;
	if ((free & block) != block)
		return order - 1;
	/* The block is free. If its buddy is too, they may merge to any order. */
	block = map_block[order + 1] << (index & -(2u << order));
	return (free & block) == block ? top : order;
}
EXPORT_SYMBOL_FOR_TEST(map_run_bound);

bool map_relist(struct free_lists *lists, struct free_map *map, unsigned int bound, bool was_full,
		bool drains)
{
	if (!was_full)
		map_unlist(lists, map);
	if (map_is_free(map))
		return true;
	map_list(lists, map, was_full ? bound : max_t(unsigned int, bound, map->bound), drains);
	return false;
}

struct free_map *map_search(struct free_lists *lists, bool drains, unsigned int order,
			    unsigned int *budget)
{
	struct bound_lists *of = &lists->of[drains];
	unsigned long bounds;

	while ((bounds = of->mask >> order)) {
		struct free_map *map = list_first_entry(&of->list[order + __ffs(bounds)],
							struct free_map, node);

		if (bits_fit(map->free, order))
			return map;
		if (!*budget)
			return NULL;
		--*budget;
		map_unlist(lists, map);
		map_list(lists, map, bits_largest(map->free), drains);
	}
	return NULL;
}

/* ---- counts ---- */

unsigned int chunk_free_pages(const struct chunk *chunk)
{
	unsigned int units = chunk_nr_units(chunk->order), pages = 0, i;

	for (i = 0; i < units; i++)
		pages += hweight64(READ_ONCE(chunk->units[i].map.free));
	return pages;
}
EXPORT_SYMBOL_FOR_TEST(chunk_free_pages);

/* Count maximal aligned runs of @bits, up to the order @top; a bit stands for 1 << @shift pages. */
static void count_runs(u64 bits, unsigned int top, unsigned int shift, unsigned long *nr_free)
{
	unsigned int order;

	for (order = 0; order < top; order++) {
		u64 larger = bits_double(bits, order);

		nr_free[shift + order] += hweight64(bits & ~(larger | larger << (1u << order)));
		bits = larger;
	}
	nr_free[shift + top] += hweight64(bits);
}

void chunk_count_free(const struct chunk *chunk, unsigned long *nr_free)
{
	unsigned int units = chunk_nr_units(chunk->order), i;
	u64 whole = 0;

	for (i = 0; i < units; i++) {
		u64 free = READ_ONCE(chunk->units[i].map.free);

		if (free == map_block[UNIT_ORDER])
			whole |= BIT_ULL(i);
		else
			count_runs(free, UNIT_ORDER - 1, 0, nr_free);
	}
	if (whole)
		count_runs(whole, SLABMOD_MAX_ORDER - UNIT_ORDER, UNIT_ORDER, nr_free);
}
EXPORT_SYMBOL_FOR_TEST(chunk_count_free);
