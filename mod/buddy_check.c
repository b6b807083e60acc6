// SPDX-License-Identifier: GPL-2.0
/*
 * buddy_check.c - checks of the invariants of blocks and chunks.
 *
 * Contexts: any but NMI. Locks: buddy->lock; chunks are walked by RCU.
 */
#include <linux/bitops.h>
#include <linux/rculist.h>

#include "buddy.h"
#include "buddy_check.h"
#include "buddy_walk.h"
#include "chunk.h"
#include "free_map.h"
#include "report.h"

/* Invariant: a map is listed if it is partly free, and its bound holds. */
static bool check_map(const struct free_map *map, const char *what, unsigned int index)
{
	bool partly = map->free && !map_is_free(map);

	if (map->free & ~map->all) {
		report_broken("%s %u has free bits beyond its end", what, index);
		return false;
	}
	if (partly == list_empty(&map->node)) {
		report_broken("%s %u with free bits %#llx is %son a list", what, index,
			      (unsigned long long)map->free, partly ? "not " : "");
		return false;
	}
	if (partly && bits_largest(map->free) > map->bound) {
		report_broken("%s %u has a free block of order %u above its bound %u", what,
			      index, bits_largest(map->free), map->bound);
		return false;
	}
	return true;
}

/* Invariant: the bits of free units are those of the units. */
static bool check_units(struct chunk *chunk)
{
	u64 free_units = 0;
	unsigned int i;

	for (i = 0; i < chunk_nr_units(chunk->order); i++) {
		const struct unit *unit = &chunk->units[i];

		if (chunk->map.free & BIT_ULL(i) && !list_empty(&unit->map.node)) {
			report_broken("unit %u is free for the chunk, but on a list", i);
			return false;
		}
		if (!(chunk->map.free & BIT_ULL(i)) && !check_map(&unit->map, "unit", i))
			return false;
		if (map_is_free(&unit->map))
			free_units |= BIT_ULL(i);
	}
	if (free_units != chunk->map.free) {
		report_broken("a chunk counts %d free units and has %d",
			      (int)hweight64(chunk->map.free), (int)hweight64(free_units));
		return false;
	}
	if (map_is_free(&chunk->map) == list_empty(&chunk->empty)) {
		report_broken("a chunk with %u free pages of %u is on a wrong list",
			      chunk_free_pages(chunk), chunk_pages(chunk));
		return false;
	}
	return check_map(&chunk->map, "chunk of", chunk_pages(chunk));
}

/* Invariant: free pages and blocks tile a chunk. */
static bool check_chunk(struct chunk *chunk)
{
	unsigned int i, span, k;

	for (i = 0; i < chunk_pages(chunk); i += span) {
		struct frame *frame = &chunk->frames[i];
		enum frame_state state = frame_state(frame), inner;
		bool unused = state == FRAME_TAIL;

		span = frame_nr_pages(frame);
		if (page_is_free(chunk, i) != unused || state == FRAME_RUN ||
		    i + span > chunk_pages(chunk)) {
			report_broken("page %u is in no block", i);
			return false;
		}
		inner = frame_begins_run(frame) ? FRAME_RUN : FRAME_TAIL;
		for (k = 1; k < span; k++)
			if (frame_state(&frame[k]) != inner || page_is_free(chunk, i + k)) {
				report_broken("page %u inside a block is marked", i + k);
				return false;
			}
	}
	return check_units(chunk);
}

static bool lists_match(const struct free_lists *lists)
{
	unsigned int bound, i;
	bool ok = true;

	for (i = 0; i < ARRAY_SIZE(lists->of); i++)
		for (bound = 0; bound < FREE_MAP_ORDERS; bound++)
			ok &= list_empty(&lists->of[i].list[bound]) ==
			      !test_bit(bound, &lists->of[i].mask);
	return ok;
}

static bool all_lists_match(const struct buddy *buddy)
{
	unsigned int kind, order;
	bool ok = true;

	for (kind = 0; kind < BLOCK_KINDS; kind++) {
		ok &= lists_match(&buddy->units[kind]);
		ok &= lists_match(&buddy->partial[kind]);
	}
	for (order = 0; order < BUDDY_ORDERS; order++)
		ok &= list_empty(&buddy->empty[order]) == !test_bit(order, &buddy->empty_mask);
	return ok;
}

/* Invariant: the node's counts are the sums over its chunks, and its masks match its lists. */
static bool check_sums(struct buddy *buddy, unsigned long pages, unsigned long free_pages)
{
	if (pages == buddy->pages && free_pages == buddy->free_pages && all_lists_match(buddy))
		return true;
	report_broken("node %d counts %lu free pages of %lu and has %lu of %lu", buddy->nid,
		      buddy->free_pages, buddy->pages, free_pages, pages);
	return false;
}

bool buddy_check_live(struct buddy *buddy)
{
	struct chunk *chunk;
	unsigned long flags;
	bool ok = true;

	rcu_read_lock();
	list_for_each_entry_rcu(chunk, &buddy->chunks, all) {
		raw_spin_lock_irqsave(&buddy->lock, flags);
		if (chunk->listed)
			ok &= check_chunk(chunk);
		raw_spin_unlock_irqrestore(&buddy->lock, flags);
	}
	rcu_read_unlock();
	return ok;
}
EXPORT_SYMBOL_FOR_TEST(buddy_check_live);

bool buddy_check(struct buddy *buddy)
{
	unsigned long pages = 0, free_pages = 0, flags;
	struct chunk *chunk;
	bool ok = true;

	raw_spin_lock_irqsave(&buddy->lock, flags);
	list_for_each_entry(chunk, &buddy->chunks, all) {
		pages += chunk_pages(chunk);
		ok &= check_chunk(chunk);
		ok &= chunk_refs_check(chunk);
		free_pages += chunk_free_pages(chunk);
	}
	if (ok)
		ok = check_sums(buddy, pages, free_pages);
	raw_spin_unlock_irqrestore(&buddy->lock, flags);
	return ok;
}
EXPORT_SYMBOL_FOR_TEST(buddy_check);
