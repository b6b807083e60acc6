// SPDX-License-Identifier: GPL-2.0
/*
 * mempool.c - the functions that a mempool of the kernel calls.
 *
 * Contexts: as slabmod_kmalloc() and slabmod_kfree(). Locks: none.
 */
#include <slabmod/mempool.h>

#include "compat.h"

void *slabmod_mempool_alloc_slab(gfp_t gfp, void *pool_data)
{
	return slabmod_cache_alloc(pool_data, gfp);
}
EXPORT_SYMBOL_SLABMOD(slabmod_mempool_alloc_slab);

void slabmod_mempool_free_slab(void *element, void *pool_data)
{
	slabmod_cache_free(pool_data, element);
}
EXPORT_SYMBOL_SLABMOD(slabmod_mempool_free_slab);

void *slabmod_mempool_kmalloc(gfp_t gfp, void *pool_data)
{
	return slabmod_kmalloc((size_t)pool_data, gfp);
}
EXPORT_SYMBOL_SLABMOD(slabmod_mempool_kmalloc);

void slabmod_mempool_kfree(void *element, void *pool_data)
{
	slabmod_kfree(element);
}
EXPORT_SYMBOL_SLABMOD(slabmod_mempool_kfree);

void *slabmod_mempool_alloc_pages(gfp_t gfp, void *pool_data)
{
	return slabmod_alloc_pages(gfp, (long)pool_data);
}
EXPORT_SYMBOL_SLABMOD(slabmod_mempool_alloc_pages);

void slabmod_mempool_free_pages(void *element, void *pool_data)
{
	__slabmod_free_pages(element, (long)pool_data);
}
EXPORT_SYMBOL_SLABMOD(slabmod_mempool_free_pages);
