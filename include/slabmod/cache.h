/* SPDX-License-Identifier: GPL-2.0 */
/*
 * slabmod typed caches: objects of one type, one size and one alignment.
 *
 * Objects are at least 16 bytes. Nothing is stored in or beside a free object,
 * so an object keeps the state its constructor gave it from one life to the
 * next, and an overrun reaches a neighbour but never the allocator.
 *
 * The kernel must not free an object, and a page reference does not keep it from reuse: see
 * "What the memory is not for" in Documentation/api.rst.
 */
#ifndef _SLABMOD_CACHE_H
#define _SLABMOD_CACHE_H

#include <linux/gfp.h>
#include <linux/module.h>
#include <linux/types.h>

#include <slabmod/fast.h>

struct slabmod_cache;

/** define SLABMOD_HWCACHE_ALIGN - align to a cache line, or small objects to an even part of it */
#define SLABMOD_HWCACHE_ALIGN	0x1u

/**
 * define SLABMOD_DEBUG - catch callers' errors with the cache's objects, at a cost
 *
 * Objects have red zones on both sides, are filled with a pattern when they are freed and
 * looked at when they are handed out again, wait in a quarantine before that, and know
 * where they were allocated and freed. There are no magazines. The module parameter debug=1
 * does it to all caches. See Documentation/debug.rst.
 */
#define SLABMOD_DEBUG		0x4u

/**
 * define SLABMOD_ISOLATED - memory that was an object's is for nothing else while the cache lives
 *
 * Its empty slabs stay with it, whoever else is short of memory: a stale pointer to an
 * object meets an object of the same cache, at the same place, or a free one. They go
 * with slabmod_cache_destroy(), cleared, and not before a grace period of RCU. A cache
 * holds what it held at its peak, so this is for objects worth attacking, and few.
 */
#define SLABMOD_ISOLATED	0x2u

/**
 * define SLABMOD_TYPESAFE_BY_RCU - an object stays one of its type while readers under RCU look
 *
 * As the kernel's SLAB_TYPESAFE_BY_RCU. The memory of a slab is not used for anything else
 * until a grace period has passed since the last object in it was freed. So a reader that
 * found an object under rcu_read_lock() may look at it after it was freed, and finds an
 * object of this cache: this one, free, or another one. The reader has to find out which,
 * by a lock or a reference count in the object, and then look again at what it looked for.
 *
 * An object is not changed when it is freed or allocated: init_on_alloc and init_on_free do
 * not apply, and debug mode writes no patterns to it. __GFP_ZERO clears it, and is rarely
 * right. A constructor runs once for each object, when its slab is made.
 */
#define SLABMOD_TYPESAFE_BY_RCU	0x10u

/**
 * define SLABMOD_STRICT - detect every second free of an object at that free
 *
 * Wherever the object is: in its slab, in the magazine of any CPU, or on its way between
 * them. Of several frees at the same time exactly one succeeds, and the others are reported.
 * For production systems: an allocation and its free take some thirty instructions more, and
 * an object at least 32 bytes. The module parameter strict=1 does it to all caches. In a cache
 * with SLABMOD_DEBUG the flag has no effect, because debug mode detects all of this.
 */
#define SLABMOD_STRICT		0x8u

/** define SLABMOD_CACHE_MAX_SIZE - largest object of a typed cache, in bytes */
#define SLABMOD_CACHE_MAX_SIZE	(32u * 1024u)

/** define SLABMOD_CACHE_NAME_MAX - longest name of a cache, in characters */
#define SLABMOD_CACHE_NAME_MAX	31

/* @requested: bytes that kmalloc() was asked for, or 0. */
void *__slabmod_cache_alloc(struct slabmod_cache *cache, gfp_t gfp, size_t requested);
void *__slabmod_cache_refill(struct slabmod_cache *cache, gfp_t gfp, size_t requested);
struct slabmod_cache *slabmod_cache_create_owned(const char *name, size_t size, size_t align,
						 unsigned int flags, void (*ctor)(void *object),
						 struct module *owner);

/**
 * slabmod_cache_create() - make a cache of equal objects
 * @name: what slabinfo, reports and debugfs call it; 1 to 31 printable characters,
 *	no blank, no '/', no '.' at the beginning; copied; other caches may have it too
 * @size: bytes an object has, 1 to SLABMOD_CACHE_MAX_SIZE
 * @align: 0 for the natural one of a pointer, or a power of two up to PAGE_SIZE
 * @flags: 0, or any of SLABMOD_HWCACHE_ALIGN, SLABMOD_ISOLATED, SLABMOD_TYPESAFE_BY_RCU,
 *	SLABMOD_STRICT and SLABMOD_DEBUG
 * @ctor: NULL, or called once for every object when its slab is made, never
 *	under a lock; the caller of slabmod_cache_free() gives an object back in
 *	its constructed state
 *
 * Caches are never merged: objects of two have no slab in common, however alike they are.
 *
 * Context: process context, may sleep.
 *
 * Return: the cache, or NULL: for lack of memory, or with one report for a name,
 * size, alignment or flag that is out of bounds.
 */
#define slabmod_cache_create(name, size, align, flags, ctor) \
	slabmod_cache_create_owned(name, size, align, flags, ctor, THIS_MODULE)

/**
 * SLABMOD_CACHE() - make a cache for a structure
 * @type: the structure's tag; its size and alignment are taken
 * @flags: as for slabmod_cache_create()
 *
 * Context: process context, may sleep.
 *
 * Return: as slabmod_cache_create().
 */
#define SLABMOD_CACHE(type, flags) \
	slabmod_cache_create(#type, sizeof(struct type), __alignof__(struct type), flags, NULL)

/**
 * slabmod_cache_destroy() - give a cache and its memory back
 * @cache: the cache, or NULL, which is no error
 *
 * Nobody may use the cache while this runs. A cache that has live objects is not
 * destroyed: they are listed in one report, and the cache stays usable.
 *
 * Context: process context, may sleep.
 *
 * Return: 0, or -EBUSY when objects are live.
 */
int slabmod_cache_destroy(struct slabmod_cache *cache);

/**
 * slabmod_cache_shrink() - give free memory of a cache back
 * @cache: the cache
 *
 * Empties the magazines of every CPU that is not just using its own, and gives
 * every empty slab back, unless the cache is SLABMOD_ISOLATED. Others may go on using
 * the cache meanwhile.
 *
 * Context: process context, may sleep.
 *
 * Return: the number of pages that left the cache.
 */
unsigned long slabmod_cache_shrink(struct slabmod_cache *cache);

/**
 * slabmod_cache_size() - the size of a cache's objects
 * @cache: the cache
 *
 * Context: any.
 *
 * Return: bytes of an object: the size asked for at creation, rounded up to the
 * alignment. In debug mode a write above the size asked for is an overrun.
 */
unsigned int slabmod_cache_size(const struct slabmod_cache *cache);

/* The fast path, where @gfp allows it; see slabmod_cache_alloc(). */
static __always_inline void *slabmod_cache_take(struct slabmod_cache *cache, gfp_t gfp,
						size_t requested)
{
	struct slabmod_cache_fastpath *fastpath = (struct slabmod_cache_fastpath *)cache;
	void *object;

	if (!slabmod_gfp_inline(gfp))
		return __slabmod_cache_alloc(cache, gfp, requested);
	if (likely(slabmod_magazine_alloc(&fastpath->magazines, &object)))
		return object;
	return __slabmod_cache_refill(cache, gfp, requested);
}

/**
 * slabmod_cache_alloc() - take an object
 * @cache: the cache
 * @gfp: what the allocation may do. Honoured: the reclaim, IO, FS and reserve
 *	bits, __GFP_ZERO, __GFP_THISNODE, __GFP_NOWARN and the retry bits, and
 *	__GFP_NOFAIL, for up to two pages, until what is in use leaves no room
 *	below the limit of the pool. Refused are zones (__GFP_DMA, __GFP_DMA32,
 *	__GFP_HIGHMEM), __GFP_MOVABLE, __GFP_RECLAIMABLE, __GFP_ACCOUNT and __GFP_COMP.
 *	__GFP_ZERO for a cache with a constructor is reported, and then done as by
 *	the kernel: the object is cleared, but with init_on_alloc=1 it is left as it is.
 *
 * Context: any, NMI too; may sleep only if @gfp says so.
 *
 * Return: the object, or NULL: for lack of memory, or with a report for flags
 * that are refused.
 */
static __always_inline void *slabmod_cache_alloc(struct slabmod_cache *cache, gfp_t gfp)
{
	return slabmod_cache_take(cache, gfp, 0);
}

/**
 * slabmod_cache_zalloc() - take an object that is cleared
 * @cache: the cache; one without a constructor
 * @gfp: as for slabmod_cache_alloc()
 *
 * Context: as slabmod_cache_alloc().
 *
 * Return: as slabmod_cache_alloc().
 */
static inline void *slabmod_cache_zalloc(struct slabmod_cache *cache, gfp_t gfp)
{
	return slabmod_cache_alloc(cache, gfp | __GFP_ZERO);
}

/**
 * slabmod_cache_alloc_node() - take an object from a node
 * @cache: the cache
 * @gfp: as for slabmod_cache_alloc(); without __GFP_THISNODE another node serves
 *	when @node cannot
 * @node: a node that is online, or NUMA_NO_NODE for the caller's own
 *
 * Context: as slabmod_cache_alloc().
 *
 * Return: as slabmod_cache_alloc(); NULL with a report for a node that does not exist.
 */
void *slabmod_cache_alloc_node(struct slabmod_cache *cache, gfp_t gfp, int node);

/**
 * slabmod_cache_free() - give an object back
 * @cache: the cache it was taken from
 * @object: the object, or NULL, which is no error
 *
 * An address that is no object of @cache is reported, counted and left alone. So is an
 * object that is free, if it was the last one that this CPU freed, or is back in its slab, or
 * if the cache is strict or debugged. Otherwise a second free is reported when the object is
 * returned to its slab; until then the object may be handed out twice, even after its slab has
 * gone and its memory has another owner.
 *
 * Context: any, NMI too; never sleeps.
 */
void slabmod_cache_free(struct slabmod_cache *cache, void *object);

/**
 * slabmod_cache_alloc_bulk() - take many objects at once
 * @cache: the cache
 * @gfp: as for slabmod_cache_alloc()
 * @nr: how many
 * @objects: where their addresses go
 *
 * Context: as slabmod_cache_alloc().
 *
 * Return: @nr, or 0 when not all of them could be had; then none is taken.
 */
size_t slabmod_cache_alloc_bulk(struct slabmod_cache *cache, gfp_t gfp, size_t nr, void **objects);

/**
 * slabmod_cache_free_bulk() - give many objects back at once
 * @cache: the cache they were taken from
 * @nr: how many
 * @objects: their addresses; NULL among them is no error
 *
 * Each is checked as by slabmod_cache_free(); a wrong one does not keep the
 * others from being freed.
 *
 * Context: any, NMI too; never sleeps.
 */
void slabmod_cache_free_bulk(struct slabmod_cache *cache, size_t nr, void **objects);

#endif /* _SLABMOD_CACHE_H */
