/* SPDX-License-Identifier: GPL-2.0 */
/*
 * slabmod pages: physically contiguous, pinned runs of pages from the buddy.
 *
 * Orders are powers of two of PAGE_SIZE, 0 to SLABMOD_MAX_ORDER. A run of order n
 * is aligned to its own size. The pages belong to a larger compound page of the
 * kernel's. get_page() on one of them keeps all of it from the kernel, but not from
 * slabmod: free a run only after every reference to it has been dropped. page_count() is
 * negative, so try_get_page() fails with a warning, and sendpage_ok() is false. See "What the
 * memory is not for" in Documentation/api.rst.
 */
#ifndef _SLABMOD_PAGES_H
#define _SLABMOD_PAGES_H

#include <linux/gfp.h>
#include <linux/mm_types.h>
#include <linux/types.h>

/** define SLABMOD_MAX_ORDER - largest order of a run of pages: 4 MiB with 4 KiB pages */
#define SLABMOD_MAX_ORDER	10

/**
 * slabmod_alloc_pages_node() - take a run of pages from a node
 * @node: a node that is online, or NUMA_NO_NODE for the caller's own
 * @gfp: as for slabmod_cache_alloc()
 * @order: 0 to SLABMOD_MAX_ORDER
 *
 * Context: any, NMI too; may sleep only if @gfp says so.
 *
 * Return: the first page, or NULL: for lack of memory, or with a report for an
 * order above the limit, a node that does not exist, or flags that cannot be
 * honoured.
 */
struct page *slabmod_alloc_pages_node(int node, gfp_t gfp, unsigned int order);

/**
 * slabmod_alloc_pages() - take a run of pages
 * @gfp: as for slabmod_cache_alloc()
 * @order: 0 to SLABMOD_MAX_ORDER
 *
 * Context: any, NMI too; may sleep only if @gfp says so.
 *
 * Return: as slabmod_alloc_pages_node().
 */
static inline struct page *slabmod_alloc_pages(gfp_t gfp, unsigned int order)
{
	return slabmod_alloc_pages_node(NUMA_NO_NODE, gfp, order);
}

#define slabmod_alloc_page(gfp) slabmod_alloc_pages(gfp, 0)

/**
 * __slabmod_free_pages() - give a run of pages back by its first page
 * @page: what slabmod_alloc_pages() returned, or NULL, which is no error
 * @order: the order it was taken with; any other is reported and refused
 *
 * Context: any, NMI too; never sleeps.
 */
void __slabmod_free_pages(struct page *page, unsigned int order);

#define __slabmod_free_page(page) __slabmod_free_pages(page, 0)

/**
 * slabmod_get_free_pages() - take a run of pages, by address
 * @gfp: as for slabmod_cache_alloc()
 * @order: 0 to SLABMOD_MAX_ORDER
 *
 * Context: any, NMI too; may sleep only if @gfp says so.
 *
 * Return: the address, or 0 as slabmod_alloc_pages_node() returns NULL.
 */
unsigned long slabmod_get_free_pages(gfp_t gfp, unsigned int order);

#define slabmod_get_free_page(gfp) slabmod_get_free_pages(gfp, 0)
#define slabmod_get_zeroed_page(gfp) slabmod_get_free_pages((gfp) | __GFP_ZERO, 0)

/**
 * slabmod_free_pages() - give a run of pages back by its address
 * @addr: what slabmod_get_free_pages() returned, or 0, which is no error
 * @order: the order it was taken with; any other is reported and refused
 *
 * Context: any, NMI too; never sleeps.
 */
void slabmod_free_pages(unsigned long addr, unsigned int order);

#define slabmod_free_page(addr) slabmod_free_pages(addr, 0)

/**
 * slabmod_alloc_pages_exact() - take just as many pages as a size needs
 * @size: bytes, 1 to 4 MiB; rounded up to pages, not to a power of two
 * @gfp: as for slabmod_cache_alloc()
 *
 * Context: any, NMI too; may sleep only if @gfp says so.
 *
 * Return: the address, page aligned, or NULL: for lack of memory, or with a
 * report for a size of 0, one above the limit, or flags that cannot be honoured.
 */
void *slabmod_alloc_pages_exact(size_t size, gfp_t gfp);

/**
 * slabmod_free_pages_exact() - give back what slabmod_alloc_pages_exact() gave
 * @virt: its address, or NULL, which is no error
 * @size: the size that was asked for; one that needs another number of pages is
 *	reported and refused
 *
 * Context: any, NMI too; never sleeps.
 */
void slabmod_free_pages_exact(void *virt, size_t size);

#endif /* _SLABMOD_PAGES_H */
