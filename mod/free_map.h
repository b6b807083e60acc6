/* SPDX-License-Identifier: GPL-2.0 */
/*
 * free_map.h - free pages as bits.
 *
 * Locks: the caller must hold buddy->lock.
 */
#ifndef SLABMOD_FREE_MAP_H
#define SLABMOD_FREE_MAP_H

#include <linux/bitops.h>
#include <linux/list.h>

#include "types.h"

/* Bits at the possible starts of blocks of each order, and the bits of the first block. */
extern const u64 map_starts[FREE_MAP_ORDERS + 1];
extern const u64 map_block[FREE_MAP_ORDERS + 1];

/* From the first bits of aligned runs of 1 << @order bits, keep those of runs twice as long. */
static __always_inline u64 bits_double(u64 fit, unsigned int order)
{
	return fit & (fit >> (1u << order)) & map_starts[order + 1];
}

/* Return a mask with the first bit of each aligned run of 1 << @order bits that are set. */
static __always_inline u64 bits_fit(u64 bits, unsigned int order)
{
	/* No loop: this is half as many instructions. */
	if (order > 0)
		bits = bits_double(bits, 0);
	if (order > 1)
		bits = bits_double(bits, 1);
	if (order > 2)
		bits = bits_double(bits, 2);
	if (order > 3)
		bits = bits_double(bits, 3);
	if (order > 4)
		bits = bits_double(bits, 4);
	if (order > 5)
		bits = bits_double(bits, 5);
	return bits;
}

/* Return the order of the largest aligned run of set bits; @bits is not 0. */
unsigned int bits_largest(u64 bits);

/*
 * Return the first bit of an aligned run of 1 << @order bits, which must exist: one that splits
 * the smallest larger run.
 */
unsigned int bits_find(u64 bits, unsigned int order);

/* Return @nr bits, 1 to 64, from bit @index on. */
static inline u64 bits_run(unsigned int index, unsigned int nr)
{
	return GENMASK_ULL(nr - 1, 0) << index;
}

void map_init(struct free_map *map, unsigned int order);

static __always_inline bool map_is_free(const struct free_map *map)
{
	return map->free == map->all;
}

static inline void map_unlist(struct free_lists *lists, struct free_map *map)
{
	struct bound_lists *of = &lists->of[map->drains];

	list_del_init(&map->node);
	if (list_empty(&of->list[map->bound]))
		of->mask &= ~BIT(map->bound);
}

/* @drains: of its chunk. */
static inline void map_list(struct free_lists *lists, struct free_map *map, unsigned int bound,
			    bool drains)
{
	struct bound_lists *of = &lists->of[drains];

	map->drains = drains;
	map->bound = bound;
	list_add(&map->node, &of->list[bound]);
	of->mask |= BIT(bound);
}

/*
 * Return a map with a free block of @order from the lists for @drains, or NULL if there is none.
 * Look at no more than
 * *@budget maps, and subtract those looked at in vain: if the result is NULL and *@budget is 0,
 * call again, after the lock was released.
 */
struct free_map *map_search(struct free_lists *lists, bool drains, unsigned int order,
			    unsigned int *budget);

/* Mark bits as used. @drains: of the map's chunk. */
static __always_inline void map_use(struct free_lists *lists, struct free_map *map, u64 bits,
				    bool drains)
{
	bool was_free = map_is_free(map);

	WRITE_ONCE(map->free, map->free & ~bits);
	if (unlikely(was_free)) {
		if (map->free)
			map_list(lists, map, map->order - 1, drains);
	} else if (unlikely(!map->free)) {
		map_unlist(lists, map);
	}
}

/* Return a bound of the order of free blocks once the bits of a run are set too. */
unsigned int map_run_bound(const struct free_map *map, u64 bits, unsigned int index,
			   unsigned int nr);

/* List a map according to its new bound, or unlist it if it is wholly free: return true then. */
bool map_relist(struct free_lists *lists, struct free_map *map, unsigned int bound, bool was_full,
		bool drains);

/*
 * Mark bits as free, which are part of blocks up to the order @bound. Return true if the map is
 * wholly free now. Then it is on no list.
 */
static __always_inline bool map_free(struct free_lists *lists, struct free_map *map, u64 bits,
				     unsigned int bound, bool drains)
{
	u64 was = map->free;

	WRITE_ONCE(map->free, was | bits);
	if (likely(was) && likely(bound <= map->bound) && likely(!map_is_free(map)))
		return false;
	return map_relist(lists, map, bound, !was, drains);
}

/*
 * As map_free(), for a naturally aligned block from bit @index on. If its buddy is free too, the
 * merged block may be of any order.
 */
static __always_inline bool map_free_block(struct free_lists *lists, struct free_map *map,
					   unsigned int index, unsigned int order, bool drains)
{
	u64 bits = map_block[order], other = bits << (index ^ (1u << order));
	bool merges = (map->free & other) == other;

	return map_free(lists, map, bits << index, merges ? map->order - 1 : order, drains);
}

/* As map_free(), for @nr bits from bit @index on. */
static __always_inline bool map_free_run(struct free_lists *lists, struct free_map *map,
					 unsigned int index, unsigned int nr, bool drains)
{
	u64 bits = bits_run(index, nr);

	return map_free(lists, map, bits, map_run_bound(map, bits, index, nr), drains);
}

/* Return true if the page of a chunk is free. Without the lock, the result may be stale. */
static inline bool page_is_free(const struct chunk *chunk, unsigned int index)
{
	u64 free = READ_ONCE(chunk->units[index >> UNIT_ORDER].map.free);

	return free >> (index % BIT(UNIT_ORDER)) & 1;
}

static inline bool chunk_is_free(const struct chunk *chunk)
{
	return READ_ONCE(chunk->map.free) == chunk->map.all;
}

/* Return the number of free pages of a chunk. Without the lock, it may be stale. */
unsigned int chunk_free_pages(const struct chunk *chunk);

/* Add the free blocks of a chunk, by order, to @nr_free. Without the lock the count may be off. */
void chunk_count_free(const struct chunk *chunk, unsigned long *nr_free);

#endif /* SLABMOD_FREE_MAP_H */
