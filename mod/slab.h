/* SPDX-License-Identifier: GPL-2.0 */
/*
 * slab.h - a block divided into equal objects, with a bit for each free one.
 *
 * Locks: the caller must hold the lock of the slab's home, unless no other CPU can reach the
 * slab.
 */
#ifndef SLABMOD_SLAB_H
#define SLABMOD_SLAB_H

#include <linux/bitops.h>

#include "chunk.h"
#include "frame.h"
#include "types.h"

static __always_inline void *slab_address(const struct slab *slab)
{
	return (void *)(PAGE_OFFSET + ((unsigned long)READ_ONCE(slab->page) << PAGE_SHIFT));
}

static inline struct chunk *slab_chunk(const struct slab *slab)
{
	return chunk_of(slab_address(slab));
}

static inline bool slab_is_small(const struct slab *slab)
{
	return READ_ONCE(slab->word) & FRAME_SLAB_SMALL;
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

/* Return true if free objects keep their contents, for their next owner or for RCU readers. */
static inline bool slab_keeps_state(const struct slabmod_cache *cache)
{
	return cache->ctor || cache->flags & SLABMOD_TYPESAFE_BY_RCU;
}

/*
 * Return the index of the object that starts @offset bytes into a slab; if none does, a number
 * above that of any object. With size = odd << shift, and inverse * odd == 1 modulo 2^64, the
 * product is the quotient if @offset is a multiple of the size, and otherwise more than any slab
 * has objects (Granlund and Montgomery, 1994). One multiplication also detects offsets within an
 * object, after the last, or before the slab.
 */
static __always_inline u64 slab_index(const struct slabmod_cache *cache, unsigned long offset)
{
	return ror64(offset * cache->inverse, cache->shift);
}

/* Return the index of the object that starts at @object, or a number that is too large. */
static inline u64 slab_object_index(const struct slabmod_cache *cache, struct slab *slab,
				    const void *object)
{
	return slab_index(cache, object - slab_address(slab));
}

/* Set the layout of @cache. Return false if @size is too large. */
bool slab_layout(struct slabmod_cache *cache, unsigned int size, unsigned int align);

/* Create a slab with all objects free and constructed, on no list. Contexts as buddy_alloc(). */
struct slab *slab_create(struct slabmod_cache *cache, int nid, gfp_t gfp);

/* Free a slab that has only free objects to the buddy. Any context but NMI. */
void slab_destroy(struct slabmod_cache *cache, struct slab *slab);

/*
 * Allocate up to @nr objects, and return their number. From a shared slab, allocate only whole
 * free lines.
 */
unsigned int slab_alloc(struct slabmod_cache *cache, struct slab *slab, void **objects,
			unsigned int nr);

/* The same, but allocate from any line. */
unsigned int slab_alloc_any(struct slabmod_cache *cache, struct slab *slab, void **objects,
			    unsigned int nr);

/* Return the fullness of a slab, in quarters. */
static inline unsigned int slab_quarter(const struct slabmod_cache *cache,
					const struct slab *slab)
{
	return slab->inuse >> slab_geometry(cache, slab)->quarter_shift;
}

/*
 * Free the object @offset bytes into a slab of the usual layout. Return false if none starts there,
 * or if it is free already. The caller updates slab->inuse.
 */
static __always_inline bool slab_free_one(const struct slabmod_cache *cache, struct slab *slab,
					  unsigned long offset)
{
	u64 index = slab_index(cache, offset);

	return likely(index < cache->nr_objects) && likely(!__test_and_set_bit(index, slab->free));
}

/*
 * Free the objects of an array, up to @end, that are consecutive in the slab, upwards or
 * downwards, from the object @index on, which has just been freed. Return their number, or 0 if
 * one of them is free already.
 */
unsigned int slab_free_run(const struct slab_geometry *g, struct slab *slab,
			   unsigned int index, void **objects, void **end, long size);

/*
 * Free the first object of an array, up to @end, and the next ones that are consecutive in the
 * slab, upwards or downwards. The first object is @offset bytes into @slab, which has geometry
 * @g. Return their number, or 0 if the first one is not an object, or is free already. The caller
 * updates slab->inuse.
 */
static inline unsigned int slab_free(const struct slabmod_cache *cache,
				     const struct slab_geometry *g, struct slab *slab,
				     unsigned long offset, void **objects, void **end)
{
	u64 index = slab_index(cache, offset);
	unsigned int freed = 1;

	if (index >= g->objects || __test_and_set_bit(index, slab->free))
		return 0;
	if (objects + 1 < end &&
	    ((unsigned long)objects[0] ^ (unsigned long)objects[1]) <= cache->slab_mask)
		freed += slab_free_run(g, slab, index, objects + 1, end, cache->size);
	return freed;
}

/* Return true if slab_alloc() can allocate from a slab that is not full. */
bool slab_has_whole_line(const struct slabmod_cache *cache, const struct slab *slab);

/* Call @fn for every allocated object. */
void slab_walk_used(struct slabmod_cache *cache, struct slab *slab,
		    void (*fn)(void *object, void *arg), void *arg);

/* Return true if the bits, counts and frames of the slab agree; report what does not. */
bool slab_check(struct slabmod_cache *cache, struct slab *slab);

#endif /* SLABMOD_SLAB_H */
