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
 * The slab that contains the page of @frame, which must be in a slab: blocks are aligned to
 * their size within their chunk.
 */
static inline struct slab *frame_slab(struct frame *frame)
{
	return (struct slab *)(frame - (frame->index & ((1u << frame->order) - 1)));
}

/* The first frame of a slab; those of its other pages follow. */
static __always_inline struct frame *slab_frame(const struct slab *slab)
{
	return (struct frame *)slab;
}

static inline struct chunk *slab_chunk(const struct slab *slab)
{
	return frame_chunk(slab_frame(slab));
}

static inline void *slab_address(const struct slab *slab)
{
	return frame_address(slab_frame(slab));
}

/* The cache of the slab that contains the page of @frame, or NULL if no slab does. */
static inline struct slabmod_cache *frame_cache(const struct frame *frame)
{
	struct slabmod_cache *cache;

	if (likely(frame->cache))
		return frame->cache;
	if (READ_ONCE(frame->state) != FRAME_SLAB_SMALL)
		return NULL;
	cache = READ_ONCE(frame->small_cache);
	/* A stale frame may have a new owner, which stores something else in that place. */
	smp_rmb();
	return READ_ONCE(frame->state) == FRAME_SLAB_SMALL ? cache : NULL;
}

static inline struct slabmod_cache *slab_cache(const struct slab *slab)
{
	return frame_cache(slab_frame(slab));
}

/* The slab whose first page is that of @frame, or NULL. */
static inline struct slab *frame_first_slab(struct frame *frame)
{
	if (!frame_cache(frame) || slab_frame(frame_slab(frame)) != frame)
		return NULL;
	return frame_slab(frame);
}

static inline bool slab_is_small(const struct slab *slab)
{
	return slab->state == FRAME_SLAB_SMALL;
}

static inline const struct slab_geometry *slab_geometry(const struct slabmod_cache *cache,
							const struct slab *slab)
{
	return slab_is_small(slab) ? &cache->small : &cache->usual;
}

static inline unsigned int slab_objects(const struct slabmod_cache *cache,
					const struct slab *slab)
{
	return slab_geometry(cache, slab)->objects;
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
static inline u64 slab_object_index(const struct slabmod_cache *cache, struct slab *slab,
				    const void *object)
{
	return slab_index(cache, object - slab_address(slab));
}

/* Lays @cache out: geometries, inverse, group, flags. False when @size cannot be. */
bool slab_layout(struct slabmod_cache *cache, unsigned int size, unsigned int align);

/* Makes a slab, all free, constructed, on no list. May sleep if @gfp says so. */
struct slab *slab_create(struct slabmod_cache *cache, int nid, gfp_t gfp);

/* Gives the block of a slab of which no object is taken back to the buddy. */
void slab_destroy(struct slabmod_cache *cache, struct slab *slab);

/*
 * Takes up to @nr objects; returns how many. With HOME_SHARED set in first->home,
 * only from lines that are wholly free.
 */
unsigned int slab_alloc(struct slabmod_cache *cache, struct slab *slab, void **objects,
			unsigned int nr);

/* The same, but from any line. */
unsigned int slab_alloc_any(struct slabmod_cache *cache, struct slab *slab, void **objects,
			    unsigned int nr);

/* The number of the quarter that a slab's count of taken objects is in. */
static inline unsigned int slab_quarter(const struct slabmod_cache *cache,
					const struct slab *slab)
{
	return slab->inuse >> slab_geometry(cache, slab)->quarter_shift;
}

/*
 * Of objects up to @end that come after one which is number @index of its slab, and has
 * just been given back, gives back those that follow it in the slab, or precede it, one
 * by one. Returns how many; none when one of them is free already.
 */
unsigned int slab_free_run(const struct slab_geometry *g, struct slab *slab,
			   unsigned int index, void **objects, void **end, long size);

/*
 * Gives back the first of the objects up to @end, and those behind it that follow it
 * in the slab or precede it one by one, as after a batch. The slab is @slab, laid out
 * as @g says, and the object @offset bytes into it. Returns how many, or 0 when there
 * starts none, or one that is free already.
 */
static __always_inline unsigned int slab_free(const struct slabmod_cache *cache,
					      const struct slab_geometry *g, struct slab *slab,
					      unsigned long offset, void **objects, void **end)
{
	/* The fast loop knows this one as a number of the cache's own. */
	const unsigned long count = g == &cache->usual ? cache->objects : g->objects;
	u64 index = slab_index(cache, offset);
	unsigned int given = 1;

	if (unlikely(index >= count) || unlikely(__test_and_set_bit(index, slab->free)))
		return 0;
	if (objects + 1 < end &&
	    ((unsigned long)objects[0] ^ (unsigned long)objects[1]) <= cache->slab_mask)
		given += slab_free_run(g, slab, index, objects + 1, end, cache->size);
	return given;
}

/* Whether slab_alloc() would find anything in a slab that is not full. */
bool slab_has_whole_line(const struct slabmod_cache *cache, const struct slab *slab);

/* Calls @fn for every object that is taken. */
void slab_for_each_used(struct slabmod_cache *cache, struct slab *slab,
			void (*fn)(void *object, void *arg), void *arg);

/* True when the slab's bits, counts and frames agree; prints what does not. */
bool slab_check(struct slabmod_cache *cache, struct slab *slab);

#endif /* SLABMOD_SLAB_H */
