/* SPDX-License-Identifier: GPL-2.0 */
/*
 * slabmod typed caches: objects of one type, size and alignment.
 *
 * Objects are at least 16 bytes. No metadata is stored in or next to an object. A free object
 * therefore keeps its constructed state until it is allocated again, and an overrun can
 * corrupt a neighbour but not the allocator.
 *
 * The kernel must not free an object, and a page reference does not prevent its reuse: see
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
 * define SLABMOD_DEBUG - detect misuse of the cache's objects, at a cost
 *
 * Objects have red zones on both sides. A freed object is poisoned and stays in a quarantine
 * before it is reused; the poison is checked when it is allocated again. Allocations and
 * frees are recorded with their call stacks. There are no magazines. The module parameter
 * debug=1 sets the flag for all caches. See Documentation/debug.rst.
 */
#define SLABMOD_DEBUG		0x4u

/**
 * define SLABMOD_ISOLATED - do not reuse the cache's memory for anything else while it exists
 *
 * Empty slabs stay in the cache, even under memory pressure, so that a stale pointer to an
 * object can only refer to an object of the same cache, at the same place, or to a free one.
 * After slabmod_cache_destroy() the slabs are cleared, and free after an RCU grace period. The
 * cache never shrinks below its peak: use the flag for few objects that are likely targets of an
 * attack.
 */
#define SLABMOD_ISOLATED	0x2u

/**
 * define SLABMOD_TYPESAFE_BY_RCU - keep the type of freed objects for RCU readers
 *
 * As the kernel's SLAB_TYPESAFE_BY_RCU. The memory of a slab is not reused for anything else
 * until a grace period after the last object in it was freed. A reader that found an object
 * under rcu_read_lock() may therefore access it after it was freed, and sees an object of
 * this cache: the same one, a free one or another one. The reader must take a lock or a
 * reference count in the object and then repeat the check that found it.
 *
 * Allocating and freeing do not change an object: init_on_alloc and init_on_free do not
 * apply, and debug mode does not poison it. __GFP_ZERO clears it, and is rarely correct. A
 * constructor runs once for each object, when its slab is created.
 */
#define SLABMOD_TYPESAFE_BY_RCU	0x10u

/**
 * define SLABMOD_STRICT - detect every double free at the second free
 *
 * A double free is detected wherever the object is: in its slab, in the magazine of any CPU,
 * or on its way between them. Of several concurrent frees exactly one succeeds; the others
 * are reported. Intended for production: an allocation and its free cost about thirty
 * instructions more, and an object is at least 32 bytes. The module parameter strict=1 sets
 * the flag for all caches. It has no effect with SLABMOD_DEBUG, which detects the same.
 */
#define SLABMOD_STRICT		0x8u

/*
 * Flags of the kernel's kmem_cache_create() that ask for something this memory does not have, or
 * always has. They are accepted, shown in debugfs, and have no effect: see "The kernel's calls" in
 * Documentation/api.rst.
 */

/** define SLABMOD_ACCOUNT - memory is accounted to its pool, never to a control group */
#define SLABMOD_ACCOUNT		0x20u

/** define SLABMOD_RECLAIM_ACCOUNT - the kernel does not count the memory as reclaimable */
#define SLABMOD_RECLAIM_ACCOUNT	0x40u

/** define SLABMOD_MEM_SPREAD - pages come from the local node or that of the pool */
#define SLABMOD_MEM_SPREAD	0x80u

/** define SLABMOD_PANIC - a cache that cannot be created is NULL; slabmod does not panic */
#define SLABMOD_PANIC		0x1000000u

/** define SLABMOD_NO_MERGE - caches are never merged */
#define SLABMOD_NO_MERGE	0x2000000u

/** define SLABMOD_CACHE_MAX_SIZE - largest object of a typed cache, in bytes */
#define SLABMOD_CACHE_MAX_SIZE	(32u * 1024u)

/** define SLABMOD_CACHE_NAME_MAX - longest name of a cache, in characters */
#define SLABMOD_CACHE_NAME_MAX	31

/* @requested: the size passed to kmalloc(), or 0. */
void *__slabmod_cache_alloc(struct slabmod_cache *cache, gfp_t gfp, size_t requested);
void *__slabmod_cache_refill(struct slabmod_cache *cache, gfp_t gfp, size_t requested);
struct slabmod_cache *slabmod_cache_create_owned(const char *name, size_t size, size_t align,
						 unsigned int flags, void (*ctor)(void *object),
						 struct module *owner);

/**
 * slabmod_cache_create() - create a cache
 * @name: name in slabinfo, reports and debugfs: 1 to SLABMOD_CACHE_NAME_MAX printable
 *	characters, no blank, no '/', no leading '.'; copied; need not be unique
 * @size: object size in bytes, 1 to SLABMOD_CACHE_MAX_SIZE
 * @align: a power of two up to PAGE_SIZE, or 0 for the alignment of a pointer
 * @flags: 0, or any of SLABMOD_HWCACHE_ALIGN, SLABMOD_ISOLATED, SLABMOD_TYPESAFE_BY_RCU,
 *	SLABMOD_STRICT, SLABMOD_DEBUG, and those that have no effect
 * @ctor: NULL, or called once for each object when its slab is created, never under a lock;
 *	objects must then be in their constructed state when they are freed
 *
 * Caches are never merged: two caches do not share slabs, even if their objects are alike.
 *
 * Context: process context, may sleep.
 * Return: the cache, or NULL if memory is short, or, with a report, if the name, size,
 * alignment or flags are invalid.
 */
#define slabmod_cache_create(name, size, align, flags, ctor) \
	slabmod_cache_create_owned(name, size, align, flags, ctor, THIS_MODULE)

/**
 * struct slabmod_cache_args - further properties of a cache
 * @align: as for slabmod_cache_create()
 * @useroffset: where the part of an object begins that may be copied to and from user space, in
 *	bytes; see slabmod_copy_to_user()
 * @usersize: bytes of this part; 0 for none
 * @freeptr_offset: ignored: slabmod does not write to free objects
 * @use_freeptr_offset: likewise
 * @ctor: as for slabmod_cache_create()
 * @sheaf_capacity: ignored: magazines are sized by their use
 *
 * The members are those of the kernel's struct kmem_cache_args.
 */
struct slabmod_cache_args {
	unsigned int align;
	unsigned int useroffset;
	unsigned int usersize;
	unsigned int freeptr_offset;
	bool use_freeptr_offset;
	void (*ctor)(void *object);
	unsigned int sheaf_capacity;
};

struct slabmod_pool;

struct slabmod_cache *slabmod_pool_cache_create_args_owned(struct slabmod_pool *pool,
							   const char *name, size_t size,
							   const struct slabmod_cache_args *args,
							   unsigned int flags,
							   struct module *owner);

/**
 * slabmod_cache_create_args() - create a cache with further properties
 * @name: as for slabmod_cache_create()
 * @size: as for slabmod_cache_create()
 * @args: the properties, or NULL for those of slabmod_cache_create() without alignment
 *	and constructor; copied
 * @flags: as for slabmod_cache_create()
 *
 * Context: process context, may sleep.
 * Return: as slabmod_cache_create(); NULL with a report if the part for user space is not within
 * the object.
 */
#define slabmod_cache_create_args(name, size, args, flags) \
	slabmod_pool_cache_create_args_owned(NULL, name, size, args, flags, THIS_MODULE)

/**
 * slabmod_cache_create_usercopy() - create a cache of objects that user space may copy
 * @name: as for slabmod_cache_create()
 * @size: as for slabmod_cache_create()
 * @align: as for slabmod_cache_create()
 * @flags: as for slabmod_cache_create()
 * @offset: of the part for user space, in bytes
 * @bytes: of this part
 * @ctor: as for slabmod_cache_create()
 *
 * Context: process context, may sleep.
 * Return: as slabmod_cache_create_args().
 */
#define slabmod_cache_create_usercopy(name, size, align, flags, offset, bytes, ctor) \
	slabmod_pool_cache_create_usercopy(NULL, name, size, align, flags, offset, bytes, ctor)

/* Likewise in a pool, or in the root pool for NULL. */
#define slabmod_pool_cache_create_usercopy(pool, name, size, algn, flags, offset, bytes, constr) \
	slabmod_pool_cache_create_args_owned(pool, name, size, &(struct slabmod_cache_args) {	\
							.align = (algn),			\
							.useroffset = (offset),			\
							.usersize = (bytes),			\
							.ctor = (constr) },			\
					     flags, THIS_MODULE)

/**
 * SLABMOD_CACHE() - create a cache for a structure
 * @type: the structure's tag, which is also the name of the cache
 * @flags: as for slabmod_cache_create()
 *
 * Context: process context, may sleep.
 * Return: as slabmod_cache_create().
 */
#define SLABMOD_CACHE(type, flags) \
	slabmod_cache_create(#type, sizeof(struct type), __alignof__(struct type), flags, NULL)

/**
 * slabmod_cache_destroy() - destroy a cache and free its memory
 * @cache: the cache, or NULL, which is ignored
 *
 * The cache must not be in use by other code during the call. The call does not wait for a grace
 * period: free pages, the name and what a limit counts are available at once, and what RCU readers
 * may still look at is freed after them. If objects passed to slabmod_kfree_rcu() before are not
 * free yet, it waits for these. A cache with live objects is not destroyed: the objects are listed
 * in one report, and the cache stays usable.
 *
 * Context: process context, may sleep.
 * Return: 0, or -EBUSY if the cache has live objects.
 */
int slabmod_cache_destroy(struct slabmod_cache *cache);

/**
 * slabmod_cache_shrink() - free the unused memory of a cache
 * @cache: the cache
 *
 * Empty the magazines of all CPUs, except one that is being used at this moment, and free
 * all empty slabs, unless the cache is SLABMOD_ISOLATED. The cache may be in use.
 *
 * Context: process context, may sleep.
 * Return: the number of pages freed.
 */
unsigned long slabmod_cache_shrink(struct slabmod_cache *cache);

/**
 * slabmod_cache_size() - return the size of a cache's objects
 * @cache: the cache
 *
 * Context: any.
 * Return: the size requested at creation, in bytes, rounded up to the alignment. In debug
 * mode a write beyond the requested size is an overrun.
 */
unsigned int slabmod_cache_size(const struct slabmod_cache *cache);

/* Use the fast path if @gfp allows it. */
static __always_inline void *slabmod_cache_alloc_inline(struct slabmod_cache *cache, gfp_t gfp,
							size_t requested)
{
	struct slabmod_cache_fastpath *fastpath = (struct slabmod_cache_fastpath *)cache;
	void *object;

	if (!slabmod_gfp_inline(gfp))
		return __slabmod_cache_alloc(cache, gfp, requested);
	if (likely(slabmod_magazine_pop(&fastpath->magazines, &object)))
		return object;
	return __slabmod_cache_refill(cache, gfp, requested);
}

/* The same with __GFP_ZERO, for @usable bytes. The cache has no constructor. */
static __always_inline void *slabmod_cache_zalloc_inline(struct slabmod_cache *cache, gfp_t gfp,
							 size_t requested, size_t usable)
{
	struct slabmod_cache_fastpath *fastpath = (struct slabmod_cache_fastpath *)cache;
	void *object;

	if (slabmod_gfp_inline(gfp & ~__GFP_ZERO) &&
	    likely(slabmod_magazine_pop(&fastpath->magazines, &object)))
		return slabmod_clear(object, usable);
	return __slabmod_cache_alloc(cache, gfp, requested);
}

/**
 * slabmod_cache_alloc() - allocate an object
 * @cache: the cache
 * @gfp: allocation flags. Honoured: the reclaim, IO, FS and reserve bits, __GFP_ZERO,
 *	__GFP_THISNODE, __GFP_NOWARN, the retry bits, and __GFP_NOFAIL for up to two pages
 *	as long as the memory in use leaves room below the limit of the pool. Ignored and
 *	counted: __GFP_HIGHMEM, __GFP_MOVABLE, __GFP_RECLAIMABLE, __GFP_ACCOUNT and
 *	__GFP_COMP. Refused: __GFP_DMA and __GFP_DMA32, unless the pool is in that zone.
 *	__GFP_ZERO with a constructor is reported and then handled as by the kernel: the
 *	object is cleared, unless init_on_alloc=1.
 *
 * An allocation that fails is printed with the caller's stack, at most ten in five seconds,
 * unless @gfp has __GFP_NOWARN or the caller is an NMI.
 *
 * Context: any, including NMI; may sleep only if @gfp allows it.
 * Return: the object, or NULL if memory is short, or, with a report, if @gfp is refused.
 */
static __always_inline void *slabmod_cache_alloc(struct slabmod_cache *cache, gfp_t gfp)
{
	return slabmod_cache_alloc_inline(cache, gfp, 0);
}

/**
 * slabmod_cache_zalloc() - allocate a zeroed object
 * @cache: a cache without a constructor
 * @gfp: as for slabmod_cache_alloc()
 *
 * Context: as slabmod_cache_alloc().
 * Return: as slabmod_cache_alloc().
 */
static inline void *slabmod_cache_zalloc(struct slabmod_cache *cache, gfp_t gfp)
{
	return slabmod_cache_alloc(cache, gfp | __GFP_ZERO);
}

/**
 * slabmod_cache_alloc_node() - allocate an object from a node
 * @cache: the cache
 * @gfp: as for slabmod_cache_alloc(); without __GFP_THISNODE other nodes are a fallback
 * @node: an online node, or NUMA_NO_NODE for the local one
 *
 * Context: as slabmod_cache_alloc().
 * Return: as slabmod_cache_alloc(); NULL with a report if the node does not exist.
 */
void *slabmod_cache_alloc_node(struct slabmod_cache *cache, gfp_t gfp, int node);

/**
 * slabmod_cache_free() - free an object
 * @cache: the cache the object was allocated from
 * @object: the object, or NULL, which is ignored
 *
 * An address that is not an object of @cache is reported, counted and not freed. The same
 * holds for a free object if it was the last one freed on this CPU, if it has been returned to
 * its slab, or if the cache is strict or in debug mode. Any other double free is reported when
 * the object is returned to its slab. Until then the object may be allocated twice, even
 * after its slab was freed and the memory has another owner.
 *
 * Context: any, including NMI; never sleeps.
 */
void slabmod_cache_free(struct slabmod_cache *cache, void *object);

/**
 * slabmod_cache_alloc_bulk() - allocate several objects
 * @cache: the cache
 * @gfp: as for slabmod_cache_alloc()
 * @nr: number of objects
 * @objects: array for their addresses
 *
 * Context: as slabmod_cache_alloc().
 * Return: @nr, or 0 if fewer objects are available; then none is allocated.
 */
size_t slabmod_cache_alloc_bulk(struct slabmod_cache *cache, gfp_t gfp, size_t nr, void **objects);

/**
 * slabmod_cache_free_bulk() - free several objects
 * @cache: the cache they were allocated from
 * @nr: number of objects
 * @objects: their addresses; NULL entries are ignored
 *
 * Each object is checked as by slabmod_cache_free(). An invalid one does not prevent the
 * others from being freed.
 *
 * Context: any, including NMI; never sleeps.
 */
void slabmod_cache_free_bulk(struct slabmod_cache *cache, size_t nr, void **objects);

/* The kernel's list_lru keeps track of its objects by their pages; it cannot of these. */
#define slabmod_cache_alloc_lru(cache, lru, gfp) ((void)(lru), slabmod_cache_alloc(cache, gfp))

#endif /* _SLABMOD_CACHE_H */
