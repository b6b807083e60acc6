/* SPDX-License-Identifier: GPL-2.0 */
/*
 * cache.h - typed caches: the fast paths of allocation and free, and lookups.
 */
#ifndef SLABMOD_CACHE_INTERNAL_H
#define SLABMOD_CACHE_INTERNAL_H

#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/sched/mm.h>

#include "gfp.h"
#include "magazine.h"
#include "strict.h"

void *cache_alloc_slow(struct slabmod_cache *cache, gfp_t gfp, int nid, size_t requested);
void cache_free_slow(struct slabmod_cache *cache, void *object);

/* For debugging kernels: the fast path never sleeps. */
static __always_inline void cache_may_alloc(gfp_t gfp)
{
	if (IS_ENABLED(CONFIG_DEBUG_ATOMIC_SLEEP) || IS_ENABLED(CONFIG_LOCKDEP))
		might_alloc(gfp);
}

/* As cache_alloc(), but without reclaim. A failure is neither reported nor counted. */
void *cache_alloc_easily(struct slabmod_cache *cache, gfp_t gfp, size_t requested);

/* An allocation with flags that the fast path does not know; it may know all but __GFP_ZERO. */
void *cache_alloc_special(struct slabmod_cache *cache, gfp_t gfp, size_t requested);

/*
 * Return true if any object of this CPU's magazine serves a request for @nid, or NUMA_NO_NODE. On
 * the only node __GFP_THISNODE has no effect.
 */
static __always_inline bool cache_is_near(int nid, gfp_t *gfp)
{
	if (nid != NUMA_NO_NODE && nid != numa_mem_id())
		return false;
	if (nr_online_nodes == 1)
		*gfp &= ~__GFP_THISNODE;
	return !(*gfp & __GFP_THISNODE);
}

/*
 * The fast path of an allocation, to be inlined into exported functions. @requested: bytes, for
 * kmalloc(), or 0.
 */
static __always_inline void *cache_alloc(struct slabmod_cache *cache, gfp_t gfp, size_t requested)
{
	void *object;

	if (unlikely(gfp & ~SLABMOD_GFP_PLAIN))
		return cache_alloc_special(cache, gfp, requested);
	cache_may_alloc(gfp);
	if (likely(slabmod_magazine_pop(&cache->fastpath.magazines, &object)))
		return object;
	return __slabmod_cache_refill(cache, gfp, requested);
}

/* As cache_alloc(), for a node or NUMA_NO_NODE. */
static __always_inline void *cache_alloc_node(struct slabmod_cache *cache, gfp_t gfp, int nid,
					      size_t requested)
{
	if (cache_is_near(nid, &gfp))
		return cache_alloc(cache, gfp, requested);
	return cache_alloc_slow(cache, gfp, nid, requested);
}

/*
 * Tests of the fast path of a free, as conditions. In C each costs two or three instructions
 * more, because gcc 12 copies the flag to a register.
 */
#if defined(__x86_64__) && !defined(__CHECKER__)
static __always_inline bool cache_has_bits(unsigned long bits, const unsigned long *mask)
{
	asm goto("testq %0, %1\n\tjnz %l[has]" : : "r" (bits), "m" (*mask) : "cc" : has);
	return false;
has:
	return true;
}

static __always_inline bool cache_bit_is_set(unsigned long nr, const unsigned long *bitmap)
{
	asm goto("btq %0, %1\n\tjc %l[set]" : : "r" (nr), "m" (*bitmap) : "cc", "memory" : set);
	return false;
set:
	return true;
}
#else
static __always_inline bool cache_has_bits(unsigned long bits, const unsigned long *mask)
{
	return unlikely(bits & *mask);
}

static __always_inline bool cache_bit_is_set(unsigned long nr, const unsigned long *bitmap)
{
	return unlikely(test_bit(nr, bitmap));
}
#endif

/* The index of the object at @offset in its slab; too large if none starts there. */
static __always_inline u64 cache_offset_index(const struct slabmod_cache *cache,
					      unsigned long offset)
{
	return slab_index(cache, offset & cache->index_mask);
}

enum cache_free {
	FREE_NOT,
	FREE_MAY_PUSH,
	FREE_AWAY,	/* the object is another home's, or this CPU has no magazine */
	FREE_DONE,
};

/* Free an object of a strict cache after its bit was cleared, if the magazine refused it. */
void cache_free_cleared(struct slabmod_cache *cache, void *object);

/* The fast path of a free to a strict cache without other checks. Preemption is off. */
static __always_inline enum cache_free cache_free_strict(struct slabmod_cache *cache,
							 struct slabmod_magazine *magazine,
							 struct slab *slab, u64 index, void *object)
{
	long place = strict_place(slab, index);

	if (unlikely(index >= cache->nr_objects || !strict_clear(place)))
		return FREE_NOT;
	if (unlikely(!strict_push(magazine, object, place)))
		cache_free_cleared(cache, object);
	return FREE_DONE;
}

/* The mask costs nothing, and saves the check of UBSAN, for which a free would save registers. */
static __always_inline unsigned int cache_shift(const struct slabmod_cache *cache)
{
	return cache->shift % BITS_PER_LONG;
}

/* Whether the home of a slab is that of the CPU of @magazine. */
static __always_inline bool cache_is_home(const struct slab *slab,
					  const struct slabmod_magazine *magazine)
{
	return likely(READ_ONCE(slab->home) == magazine->cpu);
}

/* The rare cases of cache_free_check(). */
static __always_inline enum cache_free cache_free_other(struct slabmod_cache *cache,
							struct slabmod_magazine *magazine,
							struct slab *slab, u64 index, void *object,
							bool strict)
{
	unsigned int flags = cache->flags;

	if (strict && flags & CACHE_STRICT_QUICK)
		return cache_free_strict(cache, magazine, slab, index, object);
	if (!strict || !(flags & CACHE_STRICT) || flags & CACHE_SLOW_FREE ||
	    (flags & CACHE_CHECK_HOME && !cache_is_home(slab, magazine)))
		return FREE_NOT;
	return cache_free_strict(cache, magazine, slab, index, object);
}

/*
 * Return FREE_MAY_PUSH if the object at @offset may be pushed into @magazine, this CPU's: an
 * object starts there, is not free in its slab, and is owned by this CPU's home. FREE_AWAY: an
 * object starts there, which may be free, and is not known to be this home's. @slab is from
 * chunk_frame_fast(@offset), of @cache and of the usual layout. Preemption is off since before that
 * lookup. Another CPU may be freeing objects to the slab.
 * @strict: if the cache is strict, free the object here and return FREE_DONE.
 */
static __always_inline enum cache_free cache_free_check(struct slabmod_cache *cache,
							struct slabmod_magazine *magazine,
							struct slab *slab, unsigned long offset,
							void *object, bool strict)
{
	u64 index;

	if (!cache_has_bits(offset, &cache->quick_mask))
		goto aligned;
	if (!cache_has_bits(offset, &cache->home_mask)) {
		if (!cache_is_home(slab, magazine))
			return FREE_AWAY;
		goto aligned;
	}
	index = cache_offset_index(cache, offset);
	if (unlikely(index >= cache->quick_objects)) {
		if (unlikely(index >= cache->home_objects))
			return cache_free_other(cache, magazine, slab, index, object, strict);
		if (!cache_is_home(slab, magazine))
			return FREE_AWAY;
	}
	goto indexed;
aligned:
	index = (offset & cache->index_mask) >> cache_shift(cache);
indexed:
	return cache_bit_is_set(index, slab->free) ? FREE_NOT : FREE_MAY_PUSH;
}

/* Free an object that passed the checks but that the magazine refused. Preemption is off. */
void cache_free_full(struct slabmod_cache *cache, void *object);

/* Free an object for which cache_free_check() returned FREE_AWAY. Preemption is off. */
void cache_free_away(struct slabmod_cache *cache, struct slab *slab, void *object);

/*
 * The fast path of a free. Return true if the object was freed; otherwise nothing was done.
 * Arguments as for cache_free_check().
 */
static __always_inline bool cache_free_fast(struct slabmod_cache *cache, struct slab *slab,
					    unsigned long offset, void *object)
{
	struct slabmod_magazine *magazine = this_cpu_ptr(READ_ONCE(cache->magazines));

	switch (cache_free_check(cache, magazine, slab, offset, object, true)) {
	case FREE_MAY_PUSH:
		if (unlikely(!slabmod_magazine_push(magazine, object)))
			cache_free_full(cache, object);
		break;
	case FREE_AWAY:
		cache_free_away(cache, slab, object);
		break;
	case FREE_DONE:
		break;
	case FREE_NOT:
		return false;
	}
	return true;
}

/* The result of a lookup. */
struct found {
	struct frame *frame;		/* NULL: not slabmod's memory */
	struct slab *slab;		/* that contains it, or NULL */
	struct slabmod_cache *cache;	/* of @slab, or NULL */
	size_t size;			/* bytes, if an object or block in use starts there */
};

/*
 * Look up an address. Unless the address is known to be in use, the caller is an RCU reader
 * until it is done with the result.
 */
struct found cache_find(const void *address);

/*
 * Add to a report what debug mode knows about the memory around an address. The caller is an RCU
 * reader, as for cache_find().
 */
void cache_print_object(const void *addr);

/* Report an address that the function @caller cannot free. */
void cache_report_bad_free(const char *caller, const void *addr);

/* Free objects that are not in slabs: in magazines and in quarantine. */
unsigned long cache_cached_objects(struct slabmod_cache *cache);

/* Objects that callers have. Exact while the cache is not in use. */
unsigned long cache_used(struct slabmod_cache *cache);

/*
 * Objects that are not in slabs. If the cache is not in use and has been drained, callers have
 * them. Unlike cache_used() it is correct if an object was freed twice.
 */
unsigned long cache_outstanding(struct slabmod_cache *cache);

/* Bytes of struct slabmod_cache in the kernel's own allocator. */
size_t cache_struct_size(const struct slabmod_cache *cache);

/* Bytes of the cache's own structures, magazines included. */
size_t cache_metadata(const struct slabmod_cache *cache);

/* Return true if the invariants of all layers hold. The cache is not in use. */
bool cache_check(struct slabmod_cache *cache);

#endif /* SLABMOD_CACHE_INTERNAL_H */
