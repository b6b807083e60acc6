/* SPDX-License-Identifier: GPL-2.0 */
/*
 * slab.h - a block carved into equal objects, of which the free ones are bits.
 *
 * No locks here: the caller holds the lock of the slab's home, or is the only one
 * who knows the slab.
 */
#ifndef SLABMOD_SLAB_H
#define SLABMOD_SLAB_H

#include <linux/bitops.h>

#include "chunk.h"
#include "types.h"

/*
 * The first frame of the block that @frame is in, when it is in a slab: blocks
 * are aligned to their size within their chunk.
 */
static inline struct frame *slab_first(struct frame *frame)
{
	return frame - (frame->index & ((1u << frame->order) - 1));
}

/* The cache whose slab a frame is in, or NULL. */
static inline struct slabmod_cache *slab_cache(const struct frame *frame)
{
	struct slabmod_cache *cache;

	if (likely(frame->cache))
		return frame->cache;
	if (READ_ONCE(frame->state) != FRAME_SLAB_SMALL)
		return NULL;
	cache = READ_ONCE(frame->small_cache);
	/* A stale frame may be another's by now, with something else in that place. */
	smp_rmb();
	return READ_ONCE(frame->state) == FRAME_SLAB_SMALL ? cache : NULL;
}

static inline const struct slab_geometry *slab_geometry(const struct slabmod_cache *cache,
							const struct frame *frame)
{
	return frame->state == FRAME_SLAB_SMALL ? &cache->small : &cache->usual;
}

static inline unsigned int slab_objects(const struct slabmod_cache *cache,
					const struct frame *frame)
{
	return slab_geometry(cache, frame)->objects;
}

/* Whether what is in a free object is for its next owner, or for readers under RCU. */
static inline bool slab_keeps_state(const struct slabmod_cache *cache)
{
	return cache->ctor || cache->flags & SLABMOD_TYPESAFE_BY_RCU;
}

/*
 * Which object starts @offset bytes into a slab. With size = odd << shift, and
 * inverse * odd == 1 modulo 2^64, the product is the quotient when @offset is a
 * multiple of the size, and more than any slab has objects when it is not
 * (Granlund and Montgomery, 1994): one multiplication finds the object and tells
 * an address inside one, behind the last, or before the slab from its beginning.
 */
static __always_inline u64 slab_index(const struct slabmod_cache *cache, unsigned long offset)
{
	return ror64(offset * cache->inverse, cache->shift);
}

/* The index of the object at @object, or a number too large when there starts none. */
static inline u64 slab_object_index(const struct slabmod_cache *cache, struct frame *first,
				    const void *object)
{
	return slab_index(cache, object - frame_address(first));
}

/* Lays @cache out: geometries, inverse, group, flags. False when @size cannot be. */
bool slab_layout(struct slabmod_cache *cache, unsigned int size, unsigned int align);

/* Makes a slab, all free, constructed, on no list. May sleep if @gfp says so. */
struct frame *slab_new(struct slabmod_cache *cache, int nid, gfp_t gfp);

/* Gives the block of a slab of which no object is taken back to the buddy. */
void slab_delete(struct slabmod_cache *cache, struct frame *first);

/*
 * Takes up to @nr objects; returns how many. With HOME_MIXED set in first->home,
 * only from lines that are wholly free.
 */
unsigned int slab_take(struct slabmod_cache *cache, struct frame *first, void **objects,
		       unsigned int nr);

/* The same, but from any line. */
unsigned int slab_take_any(struct slabmod_cache *cache, struct frame *first, void **objects,
			   unsigned int nr);

/* The number of the quarter that a slab's count of taken objects is in. */
static inline unsigned int slab_quarter(const struct slabmod_cache *cache,
					const struct frame *first)
{
	return first->inuse >> slab_geometry(cache, first)->quarter_shift;
}

/*
 * Of objects up to @end that come after one which is number @index of its slab, and has
 * just been given back, gives back those that follow it in the slab, or precede it, one
 * by one. Returns how many; none when one of them is free already.
 */
unsigned int slab_give_row(const struct slab_geometry *g, struct frame *first,
			   unsigned int index, void **objects, void **end, long size);

/*
 * Gives back the first of the objects up to @end, and those behind it that follow it
 * in the slab or precede it one by one, as after a batch. The slab is @first, laid out
 * as @g says, and the object @offset bytes into it. Returns how many, or 0 when there
 * starts none, or one that is free already.
 */
static __always_inline unsigned int slab_give(const struct slabmod_cache *cache,
					      const struct slab_geometry *g, struct frame *first,
					      unsigned long offset, void **objects, void **end)
{
	/* The fast loop knows this one as a number of the cache's own. */
	const unsigned long count = g == &cache->usual ? cache->objects : g->objects;
	u64 index = slab_index(cache, offset);
	unsigned int given = 1;

	if (unlikely(index >= count) || unlikely(__test_and_set_bit(index, first->free)))
		return 0;
	if (objects + 1 < end &&
	    ((unsigned long)objects[0] ^ (unsigned long)objects[1]) <= cache->slab_mask)
		given += slab_give_row(g, first, index, objects + 1, end, cache->size);
	return given;
}

/* Whether slab_take() would find anything in a slab that is not full. */
bool slab_has_whole_line(const struct slabmod_cache *cache, const struct frame *first);

/* Calls @fn for every object that is taken. */
void slab_walk_taken(struct slabmod_cache *cache, struct frame *first,
		     void (*fn)(void *object, void *arg), void *arg);

/* True when the slab's bits, counts and frames agree; prints what does not. */
bool slab_check(struct slabmod_cache *cache, struct frame *first);

#endif /* SLABMOD_SLAB_H */
