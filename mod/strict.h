/* SPDX-License-Identifier: GPL-2.0 */
/*
 * strict.h - strict caches detect every double free.
 *
 * Each object of a strict cache has a bit that is set while a caller owns the object, in the
 * slab's description after the bits of free objects. An allocation sets it; a free clears it
 * atomically. So exactly one of several frees of an object succeeds, wherever the object is: in
 * its slab, in a magazine of any CPU, or between them. A free is an RCU reader from the lookup
 * of the slab until the bit is cleared. The pages of a strict slab are not reused before a grace
 * period, so a late free cannot find the bit of another object.
 *
 * A magazine of a strict cache stores the place of each object's bit beside the object, for the
 * fast path of allocations. Inlined allocations of callers find no magazine; see
 * set_magazines().
 *
 * Contexts: any. Locks: none. Memory: 8 bytes for each entry of a magazine. Objects have at
 * least 32 bytes, so that there is room for both kinds of bits.
 */
#ifndef SLABMOD_STRICT_H
#define SLABMOD_STRICT_H

#include <linux/bitops.h>

#include "slab.h"

/* The minimum size of an object. */
#define STRICT_MIN_SIZE		32u
/* The maximum number of objects in a slab, and the first word of slab->free for their bits. */
#define STRICT_MAX_OBJECTS	(SLAB_MAX_OBJECTS / 2)
#define STRICT_WORD		(SLAB_WORDS / 2)
/* The maximum number of objects in a magazine, and the first entry for the places of bits. */
#define STRICT_MAGAZINE		128u
#define STRICT_PLACES		192u

static_assert(SLAB_MIN_SIZE << 1 == STRICT_MIN_SIZE);
static_assert(STRICT_WORD * BITS_PER_LONG == STRICT_MAX_OBJECTS);

static inline bool strict_is_on(const struct slabmod_cache *cache)
{
	return cache->flags & CACHE_STRICT;
}

/* Return the place of an object's bit: the address of its word, times 8, plus the bit number. */
static __always_inline long strict_place(const struct slab *slab, unsigned long index)
{
	return (long)((unsigned long)&slab->free[STRICT_WORD] << 3) + index;
}

/* Set or clear a bit by its place. On x86, the place is the number of a bit from address 0 on. */
#ifdef __x86_64__
static __always_inline void strict_set(long place)
{
	asm volatile("lock btsq %0, 0" : : "r" (place) : "cc", "memory");
}

static __always_inline bool strict_clear(long place)
{
	bool was_set;

	asm volatile("lock btrq %1, 0" : "=@ccc" (was_set) : "r" (place) : "memory");
	return was_set;
}
#else
static __always_inline unsigned long *strict_word(long place)
{
	return (unsigned long *)(place >> 3 & -(long)sizeof(long));
}

static __always_inline void strict_set(long place)
{
	set_bit(place & (BITS_PER_LONG - 1), strict_word(place));
}

static __always_inline bool strict_clear(long place)
{
	return test_and_clear_bit(place & (BITS_PER_LONG - 1), strict_word(place));
}
#endif

/* Return the place of the bit of an object of @cache. */
static inline long strict_place_of(const struct slabmod_cache *cache, const void *object)
{
	struct slab *slab = frame_slab(chunk_frame(object));

	return strict_place(slab, slab_object_index(cache, slab, object));
}

/* Return true if a caller owns the object; for reports and checks. */
static inline bool strict_is_out(struct slab *slab, unsigned long index)
{
	return test_bit(index, &slab->free[STRICT_WORD]);
}

/* Store the places of the bits of @nr objects, from entry @at of a magazine on. */
static inline void strict_note(const struct slabmod_cache *cache,
			       struct slabmod_magazine *magazine, unsigned int at,
			       unsigned int nr)
{
	for (; nr; nr--, at++)
		magazine->object[STRICT_PLACES + at] =
			(void *)strict_place_of(cache, magazine->object[at]);
}

/* The fast path of an allocation: as slabmod_magazine_pop(), and set the object's bit. */
static __always_inline bool strict_alloc(struct slabmod_cache *cache, void **object)
{
	struct slabmod_magazine *magazine;
	long top;

	if (unlikely(!slabmod_magazine_enter(&cache->magazines, &magazine, &top)))
		return false;
	*object = magazine->object[top];
	strict_set((long)magazine->object[STRICT_PLACES + top]);
	slabmod_magazine_popped(magazine);
	return true;
}

/*
 * Push an object to @magazine, which is this CPU's, after its bit was cleared. Return false,
 * without any change, if the magazine is busy or full.
 */
static __always_inline bool strict_push(struct slabmod_magazine *magazine, void *object, long place)
{
	unsigned long top = slabmod_magazine_begin(magazine);

	if (likely(top < magazine->capacity)) {
		magazine->object[top + 1] = object;
		magazine->object[STRICT_PLACES + top + 1] = (void *)place;
		slabmod_magazine_end(magazine, 1);
		return true;
	}
	slabmod_magazine_end(magazine, 0);
	return false;
}

#endif /* SLABMOD_STRICT_H */
