/* SPDX-License-Identifier: GPL-2.0 */
/*
 * strict.h - every second free of an object of a strict cache is detected at that free.
 *
 * Each object of a strict cache has a bit that says whether a caller has it, in the frame of
 * its slab behind the bits of free objects. An allocation sets the bit before the object is
 * handed out; a free clears it by one atomic operation. So of several frees of an object
 * exactly one succeeds, wherever the object is meanwhile: in its slab, in the magazine of any
 * CPU, or on its way between them. A free is an RCU reader from the lookup of the slab to the
 * clearing of the bit, and the pages of a strict slab are not used again before a grace period,
 * so a free that comes too late does not find the bit of another object in that place.
 *
 * A magazine of a strict cache keeps the place of each object's bit beside the object, so that
 * the fast path of an allocation does not look it up. The cache's callers find no magazine to
 * take objects from by themselves: see set_magazines().
 *
 * Contexts: any. Locks: none. Memory: 8 bytes more for each entry of a magazine. Objects have
 * at least 32 bytes, so that the frame of a page has room for the bits of all its objects.
 */
#ifndef SLABMOD_STRICT_H
#define SLABMOD_STRICT_H

#include <linux/bitops.h>

#include "slab.h"

/* The least size of an object. */
#define STRICT_MIN_SIZE		32u
/* The most objects that a slab has, and the word of frame->free where their bits begin. */
#define STRICT_MAX_OBJECTS	(SLAB_MAX_OBJECTS / 2)
#define STRICT_WORD		(SLAB_WORDS / 2)
/* The most objects of a magazine, and the entry where the places of their bits begin. */
#define STRICT_MAGAZINE		128u
#define STRICT_PLACES		192u

static_assert(SLAB_MIN_SIZE << 1 == STRICT_MIN_SIZE);
static_assert(STRICT_WORD * BITS_PER_LONG == STRICT_MAX_OBJECTS);

static inline bool strict_is_on(const struct slabmod_cache *cache)
{
	return cache->flags & CACHE_STRICT;
}

/* Where the bit of an object is: the address of its word, times eight, and the bit's number. */
static __always_inline long strict_place(const struct slab *slab, unsigned long index)
{
	return (long)((unsigned long)&slab->free[STRICT_WORD] << 3) + index;
}

/*
 * Set or clear a bit by its place. An x86 takes the place as the number of a bit from address
 * 0 on, in one instruction.
 */
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

/* The place of the bit of an object that is in a slab of @cache. */
static inline long strict_place_of(const struct slabmod_cache *cache, const void *object)
{
	struct slab *slab = frame_slab(chunk_frame(object));

	return strict_place(slab, slab_object_index(cache, slab, object));
}

/* Whether a caller has the object; for reports and checks. */
static inline bool strict_is_out(struct slab *slab, unsigned long index)
{
	return test_bit(index, &slab->free[STRICT_WORD]);
}

/* Note the places of the bits of @nr objects from entry @at of a magazine on. */
static inline void strict_note(const struct slabmod_cache *cache,
			       struct slabmod_magazine *magazine, unsigned int at,
			       unsigned int nr)
{
	for (; nr; nr--, at++)
		magazine->object[STRICT_PLACES + at] =
			(void *)strict_place_of(cache, magazine->object[at]);
}

/*
 * The fast path of an allocation: as slabmod_magazine_alloc(), and the object's bit is set.
 */
static __always_inline bool strict_alloc(struct slabmod_cache *cache, size_t requested,
					 void **object)
{
	slabmod_my_magazine *magazine;
	long top;

	preempt_disable();
	magazine = slabmod_this_cpu(READ_ONCE(cache->magazines));
	top = slabmod_magazine_enter(magazine);
	if (unlikely(top <= 0)) {
		slabmod_magazine_exit(magazine, 0);
		preempt_enable();
		return false;
	}
	*object = magazine->object[top];
	strict_set((long)magazine->object[STRICT_PLACES + top]);
	magazine->allocs++;
	magazine->requested += requested;
	slabmod_magazine_exit(magazine, -1);
	preempt_enable();
	return true;
}

/*
 * Put an object whose bit was cleared into @magazine, this CPU's. False, and nothing done, if
 * the magazine is busy or full.
 */
static __always_inline bool strict_push(slabmod_my_magazine *magazine, void *object, long place)
{
	unsigned long top = slabmod_magazine_enter(magazine);

	if (likely(top < magazine->capacity)) {
		magazine->object[top + 1] = object;
		magazine->object[STRICT_PLACES + top + 1] = (void *)place;
		slabmod_magazine_exit(magazine, 1);
		return true;
	}
	slabmod_magazine_exit(magazine, 0);
	return false;
}

#endif /* SLABMOD_STRICT_H */
