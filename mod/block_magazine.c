// SPDX-License-Identifier: GPL-2.0
/*
 * block_magazine.c - per-CPU stacks of free blocks of one size.
 *
 * As magazines of objects (magazine.c), with two differences. Three quarters are refilled and
 * flushed at a time if there are few entries, as for large blocks. And a magazine has room for more
 * than it may hold at first: blocks are large, so a CPU that seldom allocates an order caches
 * little, and one that often does caches more with every second refill. Each second without a
 * refill halves that, so a CPU that only frees caches little. While memory is sparse, magazines
 * stay small: the buddies allocate from the fullest chunks, so that others become free, and a large
 * magazine would undo that.
 *
 * Contexts: any. Locks: none. Memory: 16 bytes an entry, 1 to 1,024 entries, per CPU and size in
 * use.
 */
#include "block_magazine.h"
#include "chunk.h"
#include "depot.h"
#include "gfp.h"
#include "source.h"

/* Magazines with no more entries are refilled and flushed by three quarters, others by half. */
#define FEW_BLOCKS	16
/* The most to refill or flush at a time: more would be taken from other CPUs in vain. */
#define MOST_BLOCKS	64u
#define MOST_BYTES	(4u << 20)
/* The most to hold while memory is sparse. */
#define SPARSE_BLOCKS	128u
#define SPARSE_BYTES	(4u << 20)

/* Return how many blocks to refill, or to flush together with @excess. */
static unsigned int portion(const struct slabmod_cache *cache, unsigned int capacity,
			    unsigned int excess)
{
	unsigned int part = capacity > FEW_BLOCKS ? capacity / 2 : capacity - capacity / 4;

	return min3(excess + part, MOST_BLOCKS, blocks_in(cache, MOST_BYTES));
}

/* Let the magazine hold more if @more, and less if memory is sparse. */
static void adapt(struct slabmod_cache *cache, struct slabmod_magazine *magazine, bool more)
{
	unsigned int capacity = READ_ONCE(magazine->capacity), most = magazine->room;

	if (depot_is_sparse(cache))
		most = min3(most, SPARSE_BLOCKS, blocks_in(cache, SPARSE_BYTES));
	if (capacity > most)
		WRITE_ONCE(magazine->capacity, max(capacity / 2, most));
	else if (more)
		WRITE_ONCE(magazine->capacity, min(2 * capacity, most));
}

static void refill(struct slabmod_cache *cache, struct slabmod_magazine *magazine)
{
	magazine->local_top = depot_alloc(cache, magazine_blocks(magazine),
					  portion(cache, READ_ONCE(magazine->capacity), 0));
	if (!magazine->local_top)
		return;
	stat_inc(cache->stats, EVENT_REFILL);
	adapt(cache, magazine, magazine_count_miss(cache, magazine) % 2 == 0);
}

bool block_take(struct slabmod_cache *cache, struct claimed_block *b)
{
	struct slabmod_magazine *magazine;
	bool taken;

	preempt_disable();
	magazine = magazine_lock_local(cache);
	if (magazine) {
		if (!magazine->local_top)
			refill(cache, magazine);
		taken = magazine->local_top;
		if (taken) {
			magazine->allocs++;
			*b = magazine_blocks(magazine)[--magazine->local_top];
		}
		magazine_unlock_local(magazine);
	} else {
		taken = depot_alloc(cache, b, 1);
		if (taken)
			magazine_count_direct(cache, 1);
	}
	preempt_enable();
	return taken;
}
EXPORT_SYMBOL_FOR_TEST(block_take);

/* Flush the upper part of a magazine that is full, or that has more than it may hold now. */
static void make_room(struct slabmod_cache *cache, struct slabmod_magazine *magazine,
		      unsigned int capacity)
{
	unsigned int excess = magazine->local_top - capacity;
	unsigned int nr = portion(cache, capacity, excess);

	if (!depot_free(cache, &magazine_blocks(magazine)[magazine->local_top - nr], nr))
		return;
	magazine->local_top -= nr;
	stat_inc(cache->stats, EVENT_FLUSH);
	if (!excess)
		adapt(cache, magazine, false);
}

/* Return true if this CPU may allocate the block again. */
static bool is_near(struct slabmod_cache *cache, void *block)
{
	return !(cache->flags & CACHE_CHECK_HOME) ||
	       chunk_of(block)->buddy->nid == source_nid(cache->source);
}

bool block_put(struct slabmod_cache *cache, const struct claimed_block *b)
{
	struct slabmod_magazine *magazine = NULL;
	bool done = false;

	preempt_disable();
	if (is_near(cache, b->block))
		magazine = magazine_lock_local(cache);
	if (magazine) {
		/* Another CPU may reduce it meanwhile. */
		unsigned int capacity = READ_ONCE(magazine->capacity);

		if (magazine->local_top >= capacity)
			make_room(cache, magazine, capacity);
		done = magazine->local_top < capacity;
		if (done)
			magazine_blocks(magazine)[magazine->local_top++] = *b;
		magazine_unlock_local(magazine);
	}
	if (!done) {
		stat_inc(cache->stats, EVENT_DIRECT);
		done = depot_free(cache, b, 1);
	}
	preempt_enable();
	return done;
}
EXPORT_SYMBOL_FOR_TEST(block_put);

static unsigned int start_of(const struct slabmod_cache *cache,
			     const struct slabmod_magazine *magazine)
{
	return min_t(unsigned int, block_magazine_start(cache), magazine->room);
}

void block_magazine_reset(const struct slabmod_cache *cache, struct slabmod_magazine *magazine)
{
	WRITE_ONCE(magazine->capacity, start_of(cache, magazine));
}

void block_magazine_age(const struct slabmod_cache *cache, struct slabmod_magazine *magazine)
{
	unsigned int capacity = READ_ONCE(magazine->capacity);
	unsigned int start = start_of(cache, magazine);

	if (!READ_ONCE(magazine->misses) && capacity > start)
		WRITE_ONCE(magazine->capacity, max(capacity / 2, start));
}

void block_magazine_flush(struct slabmod_cache *cache, struct slabmod_magazine *magazine,
			  unsigned int most)
{
	unsigned int nr = min_t(unsigned int, magazine->local_top, most);

	depot_free(cache, &magazine_blocks(magazine)[magazine->local_top - nr], nr);
	magazine->local_top -= nr;
	block_magazine_reset(cache, magazine);
}
