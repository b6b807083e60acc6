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

/* By a pointer: @order was checked, and UBSAN's check of an array costs saved registers. */
static struct slabmod_cache *page_cache(struct slabmod_pool *pool, unsigned int order)
{
	struct slabmod_cache **caches = pool ? pool->pages : page_caches;

	return caches[order];
}

static noinline void *alloc_slow(struct slabmod_cache *cache, int nid, gfp_t gfp)
{
	if (unlikely(!(cache->flags & CACHE_BLOCKS)))
		return cache_alloc_slow(cache, gfp, nid, 0);
	return block_alloc_slow("pages", cache, nid, gfp);
}

/* The magazine is empty: refill it, or take the slow path. */
static noinline void *alloc_refill(struct slabmod_cache *cache, gfp_t gfp)
{
	struct claimed_block b;

	if (!(cache->flags & CACHE_BLOCKS) || !magazine_has_own(cache) || !block_take(cache, &b))
		return alloc_slow(cache, NUMA_NO_NODE, gfp);
	buddy_note_request(&cache->buddies[source_nid(cache->source)], gfp);
	return block_finish(b, &cache->uses[USE_PAGES], gfp);
}

/* Return true if @node is this CPU's, and the blocks in its magazine are of that node. */
static bool is_near(const struct slabmod_cache *cache, int node)
{
	return node == numa_mem_id() && cache->source->nid == NUMA_NO_NODE &&
	       node_state(node, N_MEMORY);
}

/* Pop a block, or take the slow path. @gfp has no flags that the fast path does not know. */
static __always_inline void *alloc_fast(struct slabmod_cache *cache, gfp_t gfp)
{
	struct claimed_block b;

	cache_may_alloc(gfp);
	if (unlikely(!block_pop(cache, &b)))
		return alloc_refill(cache, gfp);
	return block_finish(b, &cache->uses[USE_PAGES], gfp);
}

static noinline void *alloc_flags(struct slabmod_cache *cache, gfp_t gfp)
{
	if (gfp & ~(SLABMOD_GFP_PLAIN | __GFP_THISNODE) || !is_near(cache, numa_mem_id()))
		return alloc_slow(cache, NUMA_NO_NODE, gfp);
	return alloc_fast(cache, gfp);
}

/* The fast path, to be inlined into exported functions. */
static __always_inline void *alloc_order(struct slabmod_cache *cache, gfp_t gfp)
{
	if (unlikely(gfp & ~SLABMOD_GFP_PLAIN))
		return alloc_flags(cache, gfp);
	return alloc_fast(cache, gfp);
}

unsigned long slabmod_get_free_pages(gfp_t gfp, unsigned int order)
{
	if (unlikely(order_refused("alloc_pages", order)))
		return 0;
	return (unsigned long)alloc_order(page_cache(NULL, order), gfp);
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

/* Blocks without a cache are in no magazine. */
static noinline void *alloc_run(struct slabmod_pool *pool, unsigned int nr_pages, gfp_t gfp)
{
	struct claimed_block b;

	cache_may_alloc(gfp);
	if (unlikely(gfp & ~SLABMOD_GFP_PLAIN) || !block_take_run(pool, nr_pages, gfp, &b))
		return block_alloc("pages", pool, NUMA_NO_NODE, nr_pages, gfp);
	return block_finish(b, b.frame->use - USE_CLAIMED, gfp);
}

static bool exact_size_is_valid(size_t size)
{
	return size && size <= PAGE_SIZE << SLABMOD_MAX_ORDER;
}

void *slabmod_pool_alloc_pages_exact(struct slabmod_pool *pool, size_t size, gfp_t gfp)
{
	struct slabmod_cache *cache;
	unsigned int nr_pages;

	if (!exact_size_is_valid(size)) {
		report_misuse(MISUSE_TOO_LARGE, "alloc_pages_exact: %zu bytes, not 1 to %lu",
			      size, PAGE_SIZE << SLABMOD_MAX_ORDER);
		return NULL;
	}
	nr_pages = DIV_ROUND_UP(size, PAGE_SIZE);
	pool = pool ?: root_pool;
	cache = block_cache_of(pool, nr_pages);
	if (cache)
		return alloc_order(cache, gfp);
	return alloc_run(pool, nr_pages, gfp);
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

/* Free a claimed block: the magazine is full, or the block has to be looked at first. */
static noinline void free_claimed(struct slabmod_cache *owner, struct frame *frame, void *block)
{
	const struct claimed_block b = { block, frame };
	bool done;

	if (likely(block_is_plain(owner, CACHE_CLEAR)))
		done = block_put(owner, &b);
	else
		done = block_release(block, frame);
	if (unlikely(!done))
		defer_release(frame, block);
}

/* Free a claimed block without owner. Preemption is off. */
static noinline void free_run(struct frame *frame, void *block, unsigned int nr_pages)
{
	const struct claimed_block b = { block, frame };

	if (unlikely(!block_put_run(&b, nr_pages)))
		defer_release(frame, block);
}

/* Free a claimed block of @owner. Preemption is off. */
static __always_inline void push_or_free(struct slabmod_cache *owner, struct frame *frame,
					 void *block)
{
	if (unlikely(!block_is_plain(owner, CACHE_CLEAR | CACHE_CHECK_HOME) ||
		     !block_push(owner, block, frame)))
		free_claimed(owner, frame, block);
}

/*
 * Claim the block with the use @use at @p. Preemption is off: an RCU reader until the block is
 * claimed, since it may be freed concurrently.
 */
static __always_inline bool claim_at(void *p, struct page_use *use, struct frame **frame)
{
	unsigned long offset = chunk_offset(p);

	*frame = chunk_frame_fast(offset);
	return !(offset & chunk_map.no_page) && frame_claim_use(*frame, use);
}

/* Free a block of any pool. Return false if there is none of @nr_pages at @p. Preemption is off. */
static bool free_of_pool(void *p, unsigned int nr_pages)
{
	struct page_use *use = READ_ONCE(chunk_frame_in_map(chunk_offset(p))->use);
	struct frame *frame;

	if (use_state(use) != FRAME_PAGES || use->nr_pages != nr_pages ||
	    !claim_at(p, use, &frame))
		return false;
	push_or_free(use->owner, frame, p);
	return true;
}

/* Free what is not a block of the root pool, or not known to be one. */
static noinline void free_other(const char *func, void *p, unsigned int nr_pages)
{
	bool done;

	preempt_disable();
	done = free_of_pool(p, nr_pages);
	preempt_enable();
	if (!done && p)
		pages_free_slow(func, p, nr_pages);
}

/* The fast path for a block of @cache, which has @nr_pages. */
static __always_inline void free_block(const char *func, void *p, struct slabmod_cache *cache,
				       unsigned int nr_pages)
{
	struct frame *frame;

	preempt_disable();
	if (unlikely(!claim_at(p, &cache->uses[USE_PAGES], &frame))) {
		preempt_enable();
		free_other(func, p, nr_pages);
		return;
	}
	push_or_free(cache, frame, p);
	preempt_enable();
}

void slabmod_free_pages(unsigned long addr, unsigned int order)
{
	if (unlikely(order > SLABMOD_MAX_ORDER)) {
		if (addr)
			order_refused("free_pages", order);
		return;
	}
	free_block("free_pages", kasan_reset_tag((void *)addr), page_cache(NULL, order),
		   1u << order);
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
	struct slabmod_cache *cache;
	struct frame *frame;
	bool claimed;

	if (!virt)
		return;
	if (!exact_size_is_valid(size)) {
		report_misuse(MISUSE_WRONG_SIZE, "free_pages_exact: %zu bytes at %p", size, virt);
		return;
	}
	cache = block_cache_of(root_pool, nr_pages);
	if (cache) {
		free_block("free_pages_exact", p, cache, nr_pages);
		return;
	}
	preempt_disable();
	claimed = claim_at(p, &frame_run_uses[order_base_2(nr_pages)][USE_PAGES], &frame);
	if (unlikely(claimed && !frame_run_has(frame, nr_pages))) {
		frame_unclaim(frame);
		claimed = false;
	}
	if (likely(claimed))
		free_run(frame, p, nr_pages);
	preempt_enable();
	if (unlikely(!claimed))
		pages_free_slow("free_pages_exact", virt, nr_pages);
}
EXPORT_SYMBOL_SLABMOD(slabmod_free_pages_exact);

static void count_pages(struct slabmod_cache *cache, void *arg)
{
	if (cache->flags & CACHE_BLOCKS)
		*(unsigned long *)arg += cache_used(cache) * cache->usual.pages;
}

unsigned long pages_in_use(struct slabmod_pool *pool)
{
	unsigned long pages = stat_sum(pool->source.stats, EVENT_BLOCK_PAGES);

	cache_walk_rcu(pool, count_pages, &pages);
	return pages;
}
EXPORT_SYMBOL_FOR_TEST(pages_in_use);

/* ---- initialization ---- */

/* In debug mode there are none: such blocks are tracked without a cache. */
static int create_small_blocks(struct slabmod_pool *pool, bool debug)
{
	const unsigned int flags = CACHE_INTERNAL | CACHE_PAGES | CACHE_BLOCKS;
	char name[SLABMOD_CACHE_NAME_MAX + 1];
	unsigned int n;

	for (n = 1; n <= SMALL_BLOCK; n++) {
		if (is_power_of_2(n)) {
			pool->small_blocks[n] = pool->pages[ilog2(n)];
			continue;
		}
		if (debug)
			continue;
		snprintf(name, sizeof(name), "pages-exact-%u", n);
		pool->small_blocks[n] = cache_create(pool, name, n << PAGE_SHIFT, PAGE_SIZE, flags,
						     NULL, NULL);
		if (!pool->small_blocks[n])
			return -ENOMEM;
	}
	return 0;
}

int pages_create_caches(struct slabmod_pool *pool)
{
	char name[SLABMOD_CACHE_NAME_MAX + 1];
	bool debug = debug_all || pool->source.debug;
	unsigned int order, flags;

	for (order = 0; order < BUDDY_ORDERS; order++) {
		snprintf(name, sizeof(name), "pages-%u", order);
		flags = CACHE_INTERNAL | CACHE_PAGES;
		/* In debug mode, small blocks are objects, which have red zones. */
		if (!debug || !debug_block_is_object(order))
			flags |= CACHE_BLOCKS;
		pool->pages[order] = cache_create(pool, name, PAGE_SIZE << order, PAGE_SIZE, flags,
						  NULL, NULL);
		if (!pool->pages[order])
			return -ENOMEM;
	}
	return create_small_blocks(pool, debug);
}

void pages_init(void)
{
	memcpy(page_caches, root_pool->pages, sizeof(page_caches));
}
