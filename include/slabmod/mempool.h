/* SPDX-License-Identifier: GPL-2.0 */
/*
 * slabmod and the kernel's mempools: a mempool with elements of slabmod.
 *
 * The kernel's mempool_alloc(), mempool_free() and mempool_destroy() are used as usual. A pool of
 * slabmod with a reserve does the same for all sizes at once.
 */
#ifndef _SLABMOD_MEMPOOL_H
#define _SLABMOD_MEMPOOL_H

#include <linux/mempool.h>

#include <slabmod/cache.h>
#include <slabmod/kmalloc.h>
#include <slabmod/pages.h>

/* Allocate and free functions, with the cache, the size in bytes or the order as @pool_data. */
void *slabmod_mempool_alloc_slab(gfp_t gfp, void *pool_data);
void slabmod_mempool_free_slab(void *element, void *pool_data);
void *slabmod_mempool_kmalloc(gfp_t gfp, void *pool_data);
void slabmod_mempool_kfree(void *element, void *pool_data);
void *slabmod_mempool_alloc_pages(gfp_t gfp, void *pool_data);
void slabmod_mempool_free_pages(void *element, void *pool_data);

/**
 * slabmod_mempool_create_slab_pool() - create a mempool of objects of a cache
 * @min: number of objects that the mempool holds
 * @cache: the cache; it cannot be destroyed before the mempool
 *
 * Context: process context, may sleep.
 * Return: the mempool, or NULL if memory is short.
 */
static inline mempool_t *slabmod_mempool_create_slab_pool(int min, struct slabmod_cache *cache)
{
	return mempool_create(min, slabmod_mempool_alloc_slab, slabmod_mempool_free_slab, cache);
}

/**
 * slabmod_mempool_init_slab_pool() - initialize a mempool of objects of a cache
 * @mempool: the mempool
 * @min: as for slabmod_mempool_create_slab_pool()
 * @cache: as for slabmod_mempool_create_slab_pool()
 *
 * Context: process context, may sleep.
 * Return: 0, or -ENOMEM.
 */
static inline int slabmod_mempool_init_slab_pool(mempool_t *mempool, int min,
						 struct slabmod_cache *cache)
{
	return mempool_init(mempool, min, slabmod_mempool_alloc_slab, slabmod_mempool_free_slab,
			    cache);
}

/**
 * slabmod_mempool_create_kmalloc_pool() - create a mempool of memory by size
 * @min: number of elements that the mempool holds
 * @size: bytes of an element, as for slabmod_kmalloc()
 *
 * Context: process context, may sleep.
 * Return: the mempool, or NULL if memory is short.
 */
static inline mempool_t *slabmod_mempool_create_kmalloc_pool(int min, size_t size)
{
	return mempool_create(min, slabmod_mempool_kmalloc, slabmod_mempool_kfree, (void *)size);
}

/**
 * slabmod_mempool_create_page_pool() - create a mempool of blocks of pages
 * @min: number of blocks that the mempool holds
 * @order: of a block, as for slabmod_alloc_pages(); an element is its first struct page
 *
 * Context: process context, may sleep.
 * Return: the mempool, or NULL if memory is short.
 */
static inline mempool_t *slabmod_mempool_create_page_pool(int min, int order)
{
	return mempool_create(min, slabmod_mempool_alloc_pages, slabmod_mempool_free_pages,
			      (void *)(long)order);
}

#endif /* _SLABMOD_MEMPOOL_H */
