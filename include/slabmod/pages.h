/* SPDX-License-Identifier: GPL-2.0 */
/*
 * slabmod pages: physically contiguous, pinned blocks of pages from the buddy.
 *
 * An order is a power of two of PAGE_SIZE, 0 to SLABMOD_MAX_ORDER. A block of order n is
 * aligned to its size. The pages belong to a larger compound page of the kernel. get_page() on
 * one of them keeps the compound page from being freed to the kernel, but does not prevent
 * reuse by slabmod: free a block only after all references to it have been dropped.
 * page_count() is negative, so try_get_page() fails with a warning, and sendpage_ok() is
 * false. See "What the memory is not for" in Documentation/api.rst.
 */
#ifndef _SLABMOD_PAGES_H
#define _SLABMOD_PAGES_H

#include <linux/gfp.h>
#include <linux/mm_types.h>
#include <linux/types.h>

/** define SLABMOD_MAX_ORDER - largest order of a block of pages: 4 MiB with 4 KiB pages */
#define SLABMOD_MAX_ORDER	10

struct slabmod_pool;

struct page *slabmod_pool_alloc_pages_node(struct slabmod_pool *pool, int node, gfp_t gfp,
					   unsigned int order);
void *slabmod_pool_alloc_pages_exact(struct slabmod_pool *pool, size_t size, gfp_t gfp);

/**
 * slabmod_alloc_pages_node() - allocate a block of pages from a node
 * @node: an online node, or NUMA_NO_NODE for the local one
 * @gfp: as for slabmod_cache_alloc()
 * @order: 0 to SLABMOD_MAX_ORDER
 *
 * Context: any, including NMI; may sleep only if @gfp allows it.
 * Return: the first page, or NULL if memory is short, or, with a report, if @order is above
 * the limit, the node does not exist, or @gfp is refused.
 */
static inline struct page *slabmod_alloc_pages_node(int node, gfp_t gfp, unsigned int order)
{
	return slabmod_pool_alloc_pages_node(NULL, node, gfp, order);
}

/**
 * slabmod_alloc_pages() - allocate a block of pages
 * @gfp: as for slabmod_cache_alloc()
 * @order: 0 to SLABMOD_MAX_ORDER
 *
 * Context: any, including NMI; may sleep only if @gfp allows it.
 * Return: as slabmod_alloc_pages_node().
 */
static inline struct page *slabmod_alloc_pages(gfp_t gfp, unsigned int order)
{
	return slabmod_alloc_pages_node(NUMA_NO_NODE, gfp, order);
}

#define slabmod_alloc_page(gfp) slabmod_alloc_pages(gfp, 0)

/**
 * __slabmod_free_pages() - free a block of pages by its first page
 * @page: the return value of slabmod_alloc_pages(), or NULL, which is ignored
 * @order: the order it was allocated with; any other is reported and nothing is freed
 *
 * Context: any, including NMI; never sleeps.
 */
void __slabmod_free_pages(struct page *page, unsigned int order);

#define __slabmod_free_page(page) __slabmod_free_pages(page, 0)

/**
 * slabmod_get_free_pages() - allocate a block of pages and return its address
 * @gfp: as for slabmod_cache_alloc()
 * @order: 0 to SLABMOD_MAX_ORDER
 *
 * Context: any, including NMI; may sleep only if @gfp allows it.
 * Return: the address, or 0 where slabmod_alloc_pages_node() returns NULL.
 */
unsigned long slabmod_get_free_pages(gfp_t gfp, unsigned int order);

#define slabmod_get_free_page(gfp) slabmod_get_free_pages(gfp, 0)
#define slabmod_get_zeroed_page(gfp) slabmod_get_free_pages((gfp) | __GFP_ZERO, 0)

/**
 * slabmod_free_pages() - free a block of pages by its address
 * @addr: the return value of slabmod_get_free_pages(), or 0, which is ignored
 * @order: the order it was allocated with; any other is reported and nothing is freed
 *
 * Context: any, including NMI; never sleeps.
 */
void slabmod_free_pages(unsigned long addr, unsigned int order);

#define slabmod_free_page(addr) slabmod_free_pages(addr, 0)

/**
 * slabmod_alloc_pages_exact() - allocate exactly the pages that a size needs
 * @size: bytes, 1 to 4 MiB; rounded up to pages, not to a power of two
 * @gfp: as for slabmod_cache_alloc()
 *
 * Context: any, including NMI; may sleep only if @gfp allows it.
 * Return: the page-aligned address, or NULL if memory is short, or, with a report, if the size
 * is 0 or above the limit, or @gfp is refused.
 */
static inline void *slabmod_alloc_pages_exact(size_t size, gfp_t gfp)
{
	return slabmod_pool_alloc_pages_exact(NULL, size, gfp);
}

/**
 * slabmod_free_pages_exact() - free the pages of slabmod_alloc_pages_exact()
 * @virt: their address, or NULL, which is ignored
 * @size: the requested size; one that needs another number of pages is reported and nothing
 *	is freed
 *
 * Context: any, including NMI; never sleeps.
 */
void slabmod_free_pages_exact(void *virt, size_t size);

#endif /* _SLABMOD_PAGES_H */
