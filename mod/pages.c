// SPDX-License-Identifier: GPL-2.0
/*
 * pages.c - blocks of pages, by order and by size.
 *
 * Each small order has a cache, so that a page is allocated from a magazine without the buddy's
 * lock. Larger orders, and exact sizes that are not a power of two, are blocks of the buddy.
 *
 * Contexts: any. Locks: none of its own.
 */
#include <linux/log2.h>
#include <linux/kasan.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/string.h>

#include <slabmod/pages.h>

#include "block.h"
#include "buddy.h"
#include "cache.h"
#include "cache_list.h"
#include "defer.h"
#include "gfp.h"
#include "pages.h"
#include "pool.h"
#include "report.h"

/* The root pool's. */
static struct slabmod_cache *page_caches[POOL_PAGE_ORDERS] __read_mostly;

static bool order_refused(const char *func, unsigned int order)
{
	if (likely(order <= SLABMOD_MAX_ORDER))
		return false;
	report_misuse(MISUSE_TOO_LARGE, "%s: order %u is above the limit of %u", func, order,
		      SLABMOD_MAX_ORDER);
	return true;
}

/* ---- allocation ---- */

static struct slabmod_cache *page_cache(struct slabmod_pool *pool, unsigned int order)
{
	return pool ? pool->pages[order] : page_caches[order];
}

static void *pages_node(struct slabmod_pool *pool, gfp_t gfp, unsigned int order, int nid)
{
	if (unlikely(order_refused("alloc_pages", order)))
		return NULL;
	if (order >= POOL_PAGE_ORDERS)
		return block_alloc("pages", pool ?: root_pool, nid, 1u << order, gfp);
	return cache_alloc_slow(page_cache(pool, order), gfp, nid, 0);
}

unsigned long slabmod_get_free_pages(gfp_t gfp, unsigned int order)
{
	if (likely(order < POOL_PAGE_ORDERS))
		return (unsigned long)cache_alloc(page_caches[order], gfp, 0);
	return (unsigned long)pages_node(NULL, gfp, order, NUMA_NO_NODE);
}
EXPORT_SYMBOL_SLABMOD(slabmod_get_free_pages);

unsigned long slabmod_pool_get_free_pages(struct slabmod_pool *pool, gfp_t gfp,
					  unsigned int order)
{
	if (likely(order < POOL_PAGE_ORDERS))
		return (unsigned long)cache_alloc(page_cache(pool, order), gfp, 0);
	return (unsigned long)pages_node(pool, gfp, order, NUMA_NO_NODE);
}
EXPORT_SYMBOL_SLABMOD(slabmod_pool_get_free_pages);

struct page *slabmod_pool_alloc_pages_node(struct slabmod_pool *pool, int node, gfp_t gfp,
					   unsigned int order)
{
	void *pages;

	if (likely(node == NUMA_NO_NODE))
		pages = (void *)slabmod_pool_get_free_pages(pool, gfp, order);
	else
		pages = pages_node(pool, gfp, order, node);
	return pages ? virt_to_page(pages) : NULL;
}
EXPORT_SYMBOL_SLABMOD(slabmod_pool_alloc_pages_node);

/* Return the order of the cache for @nr_pages, or POOL_PAGE_ORDERS if there is none. */
static unsigned int cached_order(unsigned int nr_pages)
{
	if (!is_power_of_2(nr_pages))
		return POOL_PAGE_ORDERS;
	return min_t(unsigned int, ilog2(nr_pages), POOL_PAGE_ORDERS);
}

static bool exact_size_is_valid(size_t size)
{
	return size && size <= PAGE_SIZE << SLABMOD_MAX_ORDER;
}

void *slabmod_pool_alloc_pages_exact(struct slabmod_pool *pool, size_t size, gfp_t gfp)
{
	unsigned int order;

	if (!exact_size_is_valid(size)) {
		report_misuse(MISUSE_TOO_LARGE, "alloc_pages_exact: %zu bytes, not 1 to %lu",
			      size, PAGE_SIZE << SLABMOD_MAX_ORDER);
		return NULL;
	}
	order = cached_order(DIV_ROUND_UP(size, PAGE_SIZE));
	if (order < POOL_PAGE_ORDERS)
		return cache_alloc(page_cache(pool, order), gfp, 0);
	return block_alloc("pages", pool ?: root_pool, NUMA_NO_NODE, DIV_ROUND_UP(size, PAGE_SIZE),
			   gfp);
}
EXPORT_SYMBOL_SLABMOD(slabmod_pool_alloc_pages_exact);

/* ---- freeing ---- */

static void pages_free(const char *func, void *p, unsigned int nr_pages)
{
	struct found found = cache_find(p);
	bool printed = false;

	if (found.cache && !(found.cache->flags & CACHE_PAGES))
		printed = report_misuse(MISUSE_WRONG_CACHE, "%s: %p belongs to %s", func, p,
					found.cache->name);
	else if (!found.size)
		cache_report_bad_free(func, p);
	else if (found.size != (size_t)nr_pages << PAGE_SHIFT)
		printed = report_misuse(MISUSE_WRONG_SIZE, "%s: %zu pages at %p are freed as %u",
					func, found.size >> PAGE_SHIFT, p, nr_pages);
	else if (found.cache)
		cache_free_slow(found.cache, p);
	else if (!defer_free_block(found.frame, p))
		cache_report_bad_free(func, p);
	if (printed)
		cache_print_object(p);
}

static noinline void pages_free_slow(const char *func, void *p, unsigned int nr_pages)
{
	rcu_read_lock();
	pages_free(func, kasan_reset_tag(p), nr_pages);
	rcu_read_unlock();
}

/* Free a block of @nr_pages that starts at @p. Return false if a full check is needed. */
static bool pages_free_block(void *p, unsigned long offset, unsigned int nr_pages)
{
	struct frame *frame;
	bool claimed;

	if (offset & ~PAGE_MASK || must_not_lock())
		return false;
	/* An RCU reader until the block is claimed: it may be freed concurrently. */
	preempt_disable();
	frame = chunk_frame_in_map(offset);
	claimed = READ_ONCE(frame->state) == FRAME_PAGES &&
		  READ_ONCE(frame->nr_pages) == nr_pages && buddy_claim(frame);
	preempt_enable();
	if (likely(claimed))
		block_release(frame);
	return claimed;
}

void slabmod_free_pages(unsigned long addr, unsigned int order)
{
	void *p = kasan_reset_tag((void *)addr);
	unsigned long offset = chunk_offset(p);
	struct frame *frame;

	if (likely(order < POOL_PAGE_ORDERS)) {
		struct slabmod_cache *cache = page_caches[order];

		preempt_disable();
		frame = chunk_frame_fast(offset);
		if (likely(frame->cache == cache) &&
		    likely(cache_free_fast(cache, frame, offset, p, true))) {
			preempt_enable();
			return;
		}
		preempt_enable();
	}
	if (!p || order_refused("free_pages", order))
		return;
	if (!pages_free_block(p, offset, 1u << order))
		pages_free_slow("free_pages", p, 1u << order);
}
EXPORT_SYMBOL_SLABMOD(slabmod_free_pages);

void slabmod_pool_free_pages(struct slabmod_pool *pool, unsigned long addr, unsigned int order)
{
	if (!addr || order_refused("pool_free_pages", order) ||
	    pool_mismatch("pool_free_pages", pool ?: root_pool, (void *)addr))
		return;
	pages_free_slow("pool_free_pages", (void *)addr, 1u << order);
}
EXPORT_SYMBOL_SLABMOD(slabmod_pool_free_pages);

void __slabmod_free_pages(struct page *page, unsigned int order)
{
	if (page)
		slabmod_free_pages((unsigned long)page_address(page), order);
}
EXPORT_SYMBOL_SLABMOD(__slabmod_free_pages);

void slabmod_free_pages_exact(void *virt, size_t size)
{
	if (!virt)
		return;
	if (!exact_size_is_valid(size))
		report_misuse(MISUSE_WRONG_SIZE, "free_pages_exact: %zu bytes at %p", size, virt);
	else
		pages_free_slow("free_pages_exact", virt, DIV_ROUND_UP(size, PAGE_SIZE));
}
EXPORT_SYMBOL_SLABMOD(slabmod_free_pages_exact);

/* ---- initialization ---- */

int pages_create_caches(struct slabmod_pool *pool)
{
	char name[SLABMOD_CACHE_NAME_MAX + 1];
	unsigned int order;

	for (order = 0; order < POOL_PAGE_ORDERS; order++) {
		snprintf(name, sizeof(name), "pages-%u", order);
		pool->pages[order] = cache_create(pool, name, PAGE_SIZE << order, PAGE_SIZE,
						  CACHE_INTERNAL | CACHE_PAGES, NULL, NULL);
		if (!pool->pages[order])
			return -ENOMEM;
	}
	return 0;
}

void pages_init(void)
{
	memcpy(page_caches, root_pool->pages, sizeof(page_caches));
}
