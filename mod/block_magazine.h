/* SPDX-License-Identifier: GPL-2.0 */
/*
 * block_magazine.h - per-CPU stacks of free blocks of one size.
 *
 * A magazine of blocks has two words an entry: the block and its frame. Entry n, from 1 on, is in
 * object[2n - 1] and object[2n].
 */
#ifndef SLABMOD_BLOCK_MAGAZINE_H
#define SLABMOD_BLOCK_MAGAZINE_H

#include "magazine.h"

static inline struct claimed_block *magazine_blocks(struct slabmod_magazine *magazine)
{
	return (struct claimed_block *)&magazine->object[1];
}

/* The fast path of an allocation: as slabmod_magazine_pop(). */
static __always_inline bool block_pop(struct slabmod_cache *cache, struct claimed_block *b)
{
	struct slabmod_magazine *magazine;
	long top;

	if (unlikely(!slabmod_magazine_enter(&cache->fastpath.magazines, &magazine, &top)))
		return false;
	b->block = magazine->object[2 * top - 1];
	b->frame = magazine->object[2 * top];
	slabmod_magazine_popped(magazine);
	return true;
}

/*
 * The fast path of a free: push a claimed block. Return false, with nothing done, if the magazine
 * is busy or full. Preemption is off.
 */
static __always_inline bool block_push(struct slabmod_cache *cache, void *block,
				       struct frame *frame)
{
	struct slabmod_magazine *magazine = this_cpu_ptr(READ_ONCE(cache->magazines));
	unsigned long top = slabmod_magazine_begin(magazine);

	/* Another CPU may reduce the capacity, but no value of it is above the room. */
	if (unlikely(top >= data_race(magazine->capacity))) {
		slabmod_magazine_end(magazine, 0);
		return false;
	}
	magazine->object[2 * top + 1] = block;
	magazine->object[2 * top + 2] = frame;
	slabmod_magazine_end(magazine, 1);
	return true;
}

/*
 * Allocate a block from the magazine, which is refilled from free pages of this node. Return false
 * if there are none. The block stays claimed. Any context.
 */
bool block_take(struct slabmod_cache *cache, struct claimed_block *b);

/* Free a claimed block. Return false, with nothing done, if an NMI has to defer that. */
bool block_put(struct slabmod_cache *cache, const struct claimed_block *b);

/* Return how many blocks of the cache @bytes are, at least one. */
static inline unsigned int blocks_in(const struct slabmod_cache *cache, unsigned int bytes)
{
	return max(bytes / cache->size, 1u);
}

/* What a magazine holds at most if it was not used lately. */
static inline unsigned int block_magazine_start(const struct slabmod_cache *cache)
{
	return blocks_in(cache, MAGAZINE_START_PAGES);
}

void block_magazine_reset(const struct slabmod_cache *cache, struct slabmod_magazine *magazine);

/*
 * Halve what a magazine may hold if it was not refilled since the last scan. The next frees flush
 * what is above that. Called by any CPU.
 */
void block_magazine_age(const struct slabmod_cache *cache, struct slabmod_magazine *magazine);

/*
 * Reset a magazine of blocks that is locked, or that no CPU can find, and free up to @most of its
 * blocks.
 */
void block_magazine_flush(struct slabmod_cache *cache, struct slabmod_magazine *magazine,
			  unsigned int most);

#endif /* SLABMOD_BLOCK_MAGAZINE_H */
