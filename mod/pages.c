// SPDX-License-Identifier: GPL-2.0
/*
 * pages.c - blocks of pages, by order and by size.
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
#include "debug/debug.h"
#include "defer.h"
#include "gfp.h"
#include "pages.h"
#include "pool.h"
#include "report.h"

/* The root pool's. */
static struct slabmod_cache *page_caches[BUDDY_ORDERS] __read_mostly;

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

static noinline void *alloc_slow(struct slabmod_cache *cache, int nid, gfp_t gfp)
{
	if (unlikely(!(cache->flags & CACHE_BLOCKS)))
		return cache_alloc_slow(cache, gfp, nid, 0);
	return block_alloc_slow("pages", cache, nid, gfp);
}

/* Return true if @node is this CPU's, and the blocks in its magazine are of that node. */
static bool is_near(const struct slabmod_cache *cache, int node)
{
	return node == numa_mem_id() && cache->source->nid == NUMA_NO_NODE &&
	       node_state(node, N_MEMORY);
}

/* The fast path, to be inlined into exported functions. */
static __always_inline void *alloc_order(struct slabmod_cache *cache, gfp_t gfp)
{
	void *frame;

	if (unlikely(gfp & ~SLABMOD_GFP_PLAIN) &&
	    (gfp & ~(SLABMOD_GFP_PLAIN | __GFP_THISNODE) || !is_near(cache, numa_mem_id())))
		return alloc_slow(cache, NUMA_NO_NODE, gfp);
	cache_may_alloc(gfp);
	if (unlikely(!slabmod_magazine_pop(&cache->fastpath.magazines, &frame)))
		return alloc_slow(cache, NUMA_NO_NODE, gfp);
	return block_finish(frame, gfp);
}

unsigned long slabmod_get_free_pages(gfp_t gfp, unsigned int order)
{
	if (unlikely(order_refused("alloc_pages", order)))
		return 0;
	return (unsigned long)alloc_order(page_caches[order], gfp);
}
EXPORT_SYMBOL_SLABMOD(slabmod_get_free_pages);

unsigned long slabmod_pool_get_free_pages(struct slabmod_pool *pool, gfp_t gfp,
					  unsigned int order)
{
	if (unlikely(order_refused("alloc_pages", order)))
		return 0;
	return (unsigned long)alloc_order(page_cache(pool, order), gfp);
}
EXPORT_SYMBOL_SLABMOD(slabmod_pool_get_free_pages);

struct page *slabmod_pool_alloc_pages_node(struct slabmod_pool *pool, int node, gfp_t gfp,
					   unsigned int order)
{
	void *pages;

	if (unlikely(order_refused("alloc_pages", order)))
		return NULL;
	if (likely(node == NUMA_NO_NODE) || is_near(page_cache(pool, order), node))
		pages = alloc_order(page_cache(pool, order), gfp);
	else
		pages = alloc_slow(page_cache(pool, order), node, gfp);
	return pages ? virt_to_page(pages) : NULL;
}
EXPORT_SYMBOL_SLABMOD(slabmod_pool_alloc_pages_node);

static bool exact_size_is_valid(size_t size)
{
	return size && size <= PAGE_SIZE << SLABMOD_MAX_ORDER;
}

void *slabmod_pool_alloc_pages_exact(struct slabmod_pool *pool, size_t size, gfp_t gfp)
{
	unsigned int nr_pages;

	if (!exact_size_is_valid(size)) {
		report_misuse(MISUSE_TOO_LARGE, "alloc_pages_exact: %zu bytes, not 1 to %lu",
			      size, PAGE_SIZE << SLABMOD_MAX_ORDER);
		return NULL;
	}
	nr_pages = DIV_ROUND_UP(size, PAGE_SIZE);
	if (is_power_of_2(nr_pages))
		return alloc_order(page_cache(pool, ilog2(nr_pages)), gfp);
	return block_alloc("pages", pool ?: root_pool, NUMA_NO_NODE, nr_pages, gfp);
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

/* Free a block that was claimed but could not be pushed, or has another number of pages. */
static noinline void free_claimed(const char *func, struct frame *frame, void *p,
				  unsigned int nr_pages)
{
	if (unlikely(frame->nr_pages != nr_pages)) {
		buddy_unclaim(frame);
		pages_free_slow(func, p, nr_pages);
	} else if (unlikely(!block_release(frame))) {
		defer_release(frame, p);
	}
}

/*
 * Claim the block of @order at @p, or return NULL. Preemption is off: an RCU reader until the block
 * is claimed, since it may be freed concurrently.
 */
static __always_inline struct frame *claim_at(void *p, unsigned int order)
{
	unsigned long offset = chunk_offset(p);
	struct frame *frame = chunk_frame_fast(offset);

	if (unlikely(offset & chunk_map.no_page) || unlikely(order > SLABMOD_MAX_ORDER) ||
	    unlikely(!buddy_claim_order(frame, order)))
		return NULL;
	return frame;
}

static noinline void free_unclaimed(void *p, unsigned int order)
{
	if (p && !order_refused("free_pages", order))
		pages_free_slow("free_pages", p, 1u << order);
}

void slabmod_free_pages(unsigned long addr, unsigned int order)
{
	void *p = kasan_reset_tag((void *)addr);
	struct frame *frame;

	preempt_disable();
	frame = claim_at(p, order);
	if (unlikely(!frame)) {
		preempt_enable();
		free_unclaimed(p, order);
		return;
	}
	if (unlikely(!frame->owner) || unlikely(!block_push(frame->owner, frame)))
		free_claimed("free_pages", frame, p, 1u << order);
	preempt_enable();
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
	unsigned int nr_pages = DIV_ROUND_UP(size, PAGE_SIZE);
	void *p = kasan_reset_tag(virt);
	struct frame *frame;

	if (!virt)
		return;
	if (!exact_size_is_valid(size)) {
		report_misuse(MISUSE_WRONG_SIZE, "free_pages_exact: %zu bytes at %p", size, virt);
		return;
	}
	preempt_disable();
	frame = claim_at(p, order_base_2(nr_pages));
	if (likely(frame))
		free_claimed("free_pages_exact", frame, p, nr_pages);
	preempt_enable();
	if (unlikely(!frame))
		pages_free_slow("free_pages_exact", virt, nr_pages);
}
EXPORT_SYMBOL_SLABMOD(slabmod_free_pages_exact);

unsigned long pages_in_use(struct slabmod_pool *pool)
{
	unsigned long pages = stat_sum(pool->source.stats, STAT_BLOCK_PAGES);
	unsigned int order;

	for (order = 0; order < BUDDY_ORDERS; order++)
		if (pool->pages[order]->flags & CACHE_BLOCKS)
			pages += cache_used(pool->pages[order]) << order;
	return pages;
}

/* ---- initialization ---- */

int pages_create_caches(struct slabmod_pool *pool)
{
	char name[SLABMOD_CACHE_NAME_MAX + 1];
	bool debug = debug_all || pool->source.debug;
	unsigned int order, flags;

	for (order = 0; order < BUDDY_ORDERS; order++) {
		snprintf(name, sizeof(name), "pages-%u", order);
		flags = CACHE_INTERNAL | CACHE_PAGES;
		/* In debug mode, small blocks are objects, which have red zones. */
		if (!debug || order >= DEBUG_PAGE_ORDERS)
			flags |= CACHE_BLOCKS;
		pool->pages[order] = cache_create(pool, name, PAGE_SIZE << order, PAGE_SIZE, flags,
						  NULL, NULL);
		if (!pool->pages[order])
			return -ENOMEM;
	}
	return 0;
}

void pages_init(void)
{
	memcpy(page_caches, root_pool->pages, sizeof(page_caches));
}
