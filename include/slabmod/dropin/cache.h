/* SPDX-License-Identifier: GPL-2.0 */
/*
 * struct kmem_cache is struct slabmod_cache from here on. A cache of the core keeps the kernel's
 * type, so that using one for the other is a compile-time error. Read <slabmod/dropin.h> first.
 */
#ifndef _SLABMOD_DROPIN_CACHE_H
#define _SLABMOD_DROPIN_CACHE_H

/* The flags of SLUB's debug mode. They are 0 in a kernel without it. */
#define SLABMOD_DROPIN_DEBUG_FLAGS	\
	((slab_flags_t __force)SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER)

/*
 * Other flags have no effect: memory is never accounted to a control group or counted as
 * reclaimable, and caches are never merged.
 */
static __always_inline unsigned int slabmod_dropin_flags(slab_flags_t flags)
{
	return (flags & SLAB_HWCACHE_ALIGN ? SLABMOD_HWCACHE_ALIGN : 0) |
	       (flags & SLAB_TYPESAFE_BY_RCU ? SLABMOD_TYPESAFE_BY_RCU : 0) |
	       (flags & SLABMOD_DROPIN_DEBUG_FLAGS ? SLABMOD_DEBUG : 0);
}

/* The kernel accepts any name. */
static inline void slabmod_dropin_cache_name(char *to, const char *from)
{
	size_t i;

	for (i = 0; from[i] && i < SLABMOD_CACHE_NAME_MAX; i++)
		to[i] = from[i] > ' ' && from[i] < 0x7f && from[i] != '/' ? from[i] : '_';
	to[i] = '\0';
	if (to[0] == '.')
		to[0] = '_';
}

static inline struct slabmod_cache *
slabmod_dropin_cache_create(const char *name, unsigned int size, unsigned int align,
			    slab_flags_t flags, void (*ctor)(void *object))
{
	char valid[SLABMOD_CACHE_NAME_MAX + 1];
	struct slabmod_cache *cache = NULL;

	slabmod_dropin_cache_name(valid, name);
	if (flags & (SLAB_CACHE_DMA | SLAB_CACHE_DMA32))
		pr_err("slabmod: cache %s: a cache has no DMA zones\n", valid);
	else
		cache = slabmod_pool_cache_create(slabmod_dropin_pool, valid, size, align,
						  slabmod_dropin_flags(flags), ctor);
	if (!cache && flags & SLAB_PANIC)
		panic("slabmod: cannot create cache %s\n", valid);
	return cache;
}

/* Refuse at compile time what is constant. */
static __always_inline struct slabmod_cache *
slabmod_dropin_kmem_cache_create(const char *name, unsigned int size, unsigned int align,
				 slab_flags_t flags, void (*ctor)(void *object))
{
	if (__builtin_constant_p(flags) && flags & (SLAB_CACHE_DMA | SLAB_CACHE_DMA32))
		slabmod_dropin_cache_zone();
	if (__builtin_constant_p(size) && size > SLABMOD_CACHE_MAX_SIZE)
		slabmod_dropin_cache_size();
	return slabmod_dropin_cache_create(name, size, align, flags, ctor);
}

/*
 * Hardened usercopy knows only SLUB's objects: any part of one of slabmod's may be copied, within
 * its page.
 */
static __always_inline struct slabmod_cache *
slabmod_dropin_kmem_cache_create_usercopy(const char *name, unsigned int size, unsigned int align,
					  slab_flags_t flags, unsigned int useroffset,
					  unsigned int usersize, void (*ctor)(void *object))
{
	return slabmod_dropin_kmem_cache_create(name, size, align, flags, ctor);
}

/* Since 6.12, the third argument is a structure, NULL, or an alignment followed by more. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
static __always_inline struct slabmod_cache *
slabmod_dropin_kmem_cache_create_args(const char *name, unsigned int size,
				      struct kmem_cache_args *args, slab_flags_t flags)
{
	return slabmod_dropin_kmem_cache_create(name, size, args->align, flags, args->ctor);
}

static __always_inline struct slabmod_cache *
slabmod_dropin_kmem_cache_create_default(const char *name, unsigned int size, void *none,
					 slab_flags_t flags)
{
	return slabmod_dropin_kmem_cache_create(name, size, 0, flags, NULL);
}

#define slabmod_dropin_create(name, size, args, ...)					\
	_Generic((args),								\
		 struct kmem_cache_args *: slabmod_dropin_kmem_cache_create_args,	\
		 void *: slabmod_dropin_kmem_cache_create_default,			\
		 default: slabmod_dropin_kmem_cache_create)(name, size, args, __VA_ARGS__)
#else
#define slabmod_dropin_create slabmod_dropin_kmem_cache_create
#endif

#define SLABMOD_DROPIN_CACHE(tag, flags)						\
	slabmod_dropin_kmem_cache_create(#tag, sizeof(struct tag), __alignof__(struct tag),	\
					 flags, NULL)

/* As the kernel's, wait for objects that kfree_rcu() will free. It lists objects that are left. */
static inline void slabmod_dropin_kmem_cache_destroy(struct slabmod_cache *cache)
{
	if (!cache)
		return;
	slabmod_rcu_barrier();
	slabmod_cache_destroy(cache);
}

static inline int slabmod_dropin_kmem_cache_shrink(struct slabmod_cache *cache)
{
	slabmod_cache_shrink(cache);
	return 0;
}

static __always_inline void *slabmod_dropin_kmem_cache_alloc(struct slabmod_cache *cache, gfp_t gfp)
{
	return slabmod_cache_alloc(cache, slabmod_dropin_gfp(gfp));
}

static __always_inline void *
slabmod_dropin_kmem_cache_zalloc(struct slabmod_cache *cache, gfp_t gfp)
{
	return slabmod_dropin_kmem_cache_alloc(cache, gfp | __GFP_ZERO);
}

static inline void *
slabmod_dropin_kmem_cache_alloc_node(struct slabmod_cache *cache, gfp_t gfp, int node)
{
	return slabmod_cache_alloc_node(cache, slabmod_dropin_gfp(gfp), node);
}

/* The list is for control groups, which slabmod does not account to. */
static __always_inline void *
slabmod_dropin_kmem_cache_alloc_lru(struct slabmod_cache *cache, struct list_lru *lru, gfp_t gfp)
{
	return slabmod_dropin_kmem_cache_alloc(cache, gfp);
}

static inline void *
slabmod_dropin_alloc_inode_sb(struct super_block *sb, struct slabmod_cache *cache, gfp_t gfp)
{
	return slabmod_dropin_kmem_cache_alloc(cache, gfp);
}

static inline void slabmod_dropin_kmem_cache_free(struct slabmod_cache *cache, void *object)
{
	slabmod_cache_free(cache, object);
}

/* The number of objects up to 6.x, a bool in 7.x: 0 in both if there are too few. */
static inline int slabmod_dropin_kmem_cache_alloc_bulk(struct slabmod_cache *cache, gfp_t gfp,
						       size_t nr, void **objects)
{
	return slabmod_cache_alloc_bulk(cache, slabmod_dropin_gfp(gfp), nr, objects);
}

/* Up to 6.x, a cache of NULL means memory by size. */
static inline void
slabmod_dropin_kmem_cache_free_bulk(struct slabmod_cache *cache, size_t nr, void **objects)
{
	if (cache)
		slabmod_cache_free_bulk(cache, nr, objects);
	else
		slabmod_dropin_kfree_bulk(nr, objects);
}

static inline unsigned int slabmod_dropin_kmem_cache_size(struct slabmod_cache *cache)
{
	return slabmod_cache_size(cache);
}

/* Accounting to a control group after the allocation. */
static inline bool slabmod_dropin_kmem_cache_charge(void *object, gfp_t gfp)
{
	return true;
}

static inline void slabmod_dropin_kvfree_rcu_barrier_on_cache(struct slabmod_cache *cache)
{
	slabmod_rcu_barrier();
}

/* ---- mempools of the kernel, with elements of slabmod ---- */

static inline void *slabmod_dropin_mempool_alloc_slab(gfp_t gfp, void *cache)
{
	return slabmod_cache_alloc(cache, gfp);
}

static inline void slabmod_dropin_mempool_free_slab(void *element, void *cache)
{
	slabmod_cache_free(cache, element);
}

static inline void *slabmod_dropin_mempool_kmalloc(gfp_t gfp, void *size)
{
	return slabmod_pool_kmalloc(slabmod_dropin_pool, (size_t)size, gfp);
}

static inline void slabmod_dropin_mempool_kfree(void *element, void *size)
{
	slabmod_kfree(element);
}

/* For a pool that is a member of a structure, these are macros: it may be on the stack. */
#define slabmod_dropin_mempool_init_slab_pool(pool, min, cache)				\
	mempool_init(pool, min, slabmod_dropin_mempool_alloc_slab,			\
		     slabmod_dropin_mempool_free_slab, (void *)(struct slabmod_cache *)(cache))
#define slabmod_dropin_mempool_create_slab_pool(min, cache)				\
	mempool_create(min, slabmod_dropin_mempool_alloc_slab,				\
		       slabmod_dropin_mempool_free_slab, (void *)(struct slabmod_cache *)(cache))
#define slabmod_dropin_mempool_init_kmalloc_pool(pool, min, size)			\
	mempool_init(pool, min, slabmod_dropin_mempool_kmalloc,				\
		     slabmod_dropin_mempool_kfree, (void *)(size_t)(size))
#define slabmod_dropin_mempool_create_kmalloc_pool(min, size)				\
	mempool_create(min, slabmod_dropin_mempool_kmalloc,				\
		       slabmod_dropin_mempool_kfree, (void *)(size_t)(size))

#endif /* _SLABMOD_DROPIN_CACHE_H */
