// SPDX-License-Identifier: GPL-2.0
/*
 * pool.c - the root object: a source of pages, a buddy for each node, caches.
 *
 * Every cache, block and page belongs to a pool; there is one, the root pool, for
 * the calls that name none.
 *
 * Contexts: process, may sleep. Locks: none of its own.
 */
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/slab.h>

#include <slabmod/kmalloc.h>
#include <slabmod/pool.h>

#include "buddy.h"
#include "cache.h"
#include "chunk.h"
#include "defer.h"
#include "home.h"
#include "pool.h"
#include "report.h"

struct slabmod_pool *root_pool __read_mostly;
EXPORT_SYMBOL_FOR_TEST(root_pool);

/* ---- the kernel's page allocator as a source ---- */

static struct page *kernel_get(struct chunk_source *source, gfp_t gfp, unsigned int order, int nid)
{
	return alloc_pages_node(nid, gfp, order);
}

static void kernel_put(struct chunk_source *source, struct page *page, unsigned int order)
{
	__free_pages(page, order);
}

const struct chunk_source kernel_source = {
	.get = kernel_get,
	.put = kernel_put,
	.min_order = UNIT_ORDER,
	.max_order = CHUNK_MAX_ORDER,
	.limit = ULONG_MAX / 2,
};
EXPORT_SYMBOL_FOR_TEST(kernel_source);

/* ---- life of a pool ---- */

struct slabmod_pool *pool_create(const char *name, const struct chunk_source *source)
{
	struct slabmod_pool *pool = kzalloc(struct_size(pool, buddies, nr_node_ids), GFP_KERNEL);
	int nid;

	if (!pool)
		return NULL;
	pool->name = name;
	pool->source = *source;
	pool->source.stats = alloc_percpu(struct stats);
	if (!pool->source.stats) {
		kfree(pool);
		return NULL;
	}
	atomic_long_set(&pool->source.metadata, struct_size(pool, buddies, nr_node_ids) +
			num_possible_cpus() * sizeof(struct stats));
	for (nid = 0; nid < nr_node_ids; nid++)
		buddy_init(&pool->buddies[nid], nid, &pool->source);
	return pool;
}
EXPORT_SYMBOL_FOR_TEST(pool_create);

unsigned long pool_destroy(struct slabmod_pool *pool)
{
	unsigned long pages = 0, blocks;
	int nid;

	cache_destroy_all(pool);
	blocks = stat_sum(pool->source.stats, STAT_BLOCK_PAGES);
	if (blocks)
		report_misuse(MISUSE_LEAK, "pool %s went with %lu pages in use as blocks",
			      pool->name, blocks);
	for (nid = 0; nid < nr_node_ids; nid++)
		pages += buddy_exit(&pool->buddies[nid]);
	/* Frames and chunks that were put off still refer to the pool. */
	chunk_sync();
	if (pages)
		pr_err("slabmod: %lu pages in use when pool %s went are kept from reuse\n", pages,
		       pool->name);
	free_percpu(pool->source.stats);
	kfree(pool);
	return pages;
}
EXPORT_SYMBOL_FOR_TEST(pool_destroy);

static void shrink_cache(struct slabmod_cache *cache, void *arg)
{
	cache_shrink(cache);
}

unsigned long pool_shrink(struct slabmod_pool *pool)
{
	long before = atomic_long_read(&pool->source.held), after;
	int nid;

	cache_for_each(pool, shrink_cache, NULL);
	for (nid = 0; nid < nr_node_ids; nid++)
		buddy_trim(&pool->buddies[nid]);
	/* What came free in interrupts on other CPUs was put off. */
	chunk_flush();
	after = atomic_long_read(&pool->source.held);
	return before > after ? before - after : 0;
}
EXPORT_SYMBOL_FOR_TEST(pool_shrink);

/* ---- the ledger ---- */

static void add_cache(struct slabmod_cache *cache, void *arg)
{
	struct pool_ledger *ledger = arg;
	unsigned long magazines = magazine_count(cache);
	struct home_totals totals = home_totals(cache);

	ledger->magazines += magazines * cache->size;
	ledger->used += (totals.taken - magazines) * cache->size;
	ledger->slabs += (home_pages(cache) << PAGE_SHIFT) - totals.taken * cache->size;
}

struct pool_ledger pool_ledger(struct slabmod_pool *pool)
{
	struct pool_ledger ledger = { 0 };
	int nid;

	/* Chunks that wait to be given back are held, but in no buddy. */
	chunk_flush();
	cache_for_each(pool, add_cache, &ledger);
	ledger.used += stat_sum(pool->source.stats, STAT_BLOCK_PAGES) << PAGE_SHIFT;
	for (nid = 0; nid < nr_node_ids; nid++)
		ledger.buddy += buddy_free_pages(&pool->buddies[nid]) << PAGE_SHIFT;
	ledger.metadata = atomic_long_read(&pool->source.metadata);
	if (pool == root_pool)
		ledger.metadata += chunk_map_metadata() + defer_metadata();
	ledger.held = ((unsigned long)atomic_long_read(&pool->source.held) << PAGE_SHIFT) +
		      ledger.metadata;
	ledger.peak = (unsigned long)atomic_long_read(&pool->source.peak) << PAGE_SHIFT;
	return ledger;
}
EXPORT_SYMBOL_FOR_TEST(pool_ledger);

void slabmod_pool_usage(struct slabmod_pool *pool, struct slabmod_usage *usage)
{
	struct pool_ledger ledger = pool_ledger(pool ?: root_pool);

	*usage = (struct slabmod_usage) {
		.held = ledger.held,
		.used = ledger.used,
		.free_in_slabs = ledger.slabs,
		.in_magazines = ledger.magazines,
		.free_in_buddy = ledger.buddy,
		.metadata = ledger.metadata,
	};
}
EXPORT_SYMBOL_SLABMOD(slabmod_pool_usage);

/* ---- checks ---- */

struct check {
	bool (*cache)(struct slabmod_cache *cache);
	bool ok;
};

static void check_cache(struct slabmod_cache *cache, void *arg)
{
	struct check *check = arg;

	check->ok &= check->cache(cache);
}

static bool check_pool(struct slabmod_pool *pool, bool (*cache)(struct slabmod_cache *cache))
{
	struct check check = { .cache = cache, .ok = true };
	int nid;

	cache_for_each(pool, check_cache, &check);
	for (nid = 0; nid < nr_node_ids; nid++)
		check.ok &= buddy_check(&pool->buddies[nid]);
	return check.ok;
}

/* Invariant: what is held is the sum of what it is for. */
static bool check_ledger(struct slabmod_pool *pool)
{
	struct pool_ledger l = pool_ledger(pool);
	unsigned long sum = l.used + l.slabs + l.magazines + l.buddy + l.metadata;

	if (l.held == sum)
		return true;
	report_broken("pool %s holds %lu bytes and knows of %lu", pool->name, l.held, sum);
	return false;
}

bool pool_check(struct slabmod_pool *pool)
{
	return check_pool(pool, cache_check) & check_ledger(pool);
}
EXPORT_SYMBOL_FOR_TEST(pool_check);

bool pool_check_live(struct slabmod_pool *pool)
{
	return check_pool(pool, cache_check_live);
}

/* ---- the root pool, and the caches that callers make of it ---- */

struct slabmod_cache *slabmod_cache_create_owned(const char *name, size_t size, size_t align,
						 unsigned int flags, void (*ctor)(void *object),
						 struct module *owner)
{
	struct slabmod_cache *cache;

	/* What is internal is not for callers to say. */
	if (flags & (CACHE_INTERNAL | CACHE_PAGES)) {
		report_misuse(MISUSE_BAD_CACHE, "%s: flags %#x are unknown", name, flags);
		return NULL;
	}
	cache = cache_create(root_pool, name, size, align, flags, ctor, owner);
	if (cache)
		magazine_enable(cache, GFP_KERNEL);
	return cache;
}
EXPORT_SYMBOL_SLABMOD(slabmod_cache_create_owned);

unsigned long slabmod_shrink(void)
{
	return pool_shrink(root_pool);
}
EXPORT_SYMBOL_SLABMOD(slabmod_shrink);

int slabmod_cache_destroy(struct slabmod_cache *cache)
{
	if (!cache)
		return 0;
	if (cache->flags & CACHE_INTERNAL) {
		report_misuse(MISUSE_BAD_CACHE, "%s is slabmod's own, and stays", cache->name);
		return -EBUSY;
	}
	return cache_destroy(cache);
}
EXPORT_SYMBOL_SLABMOD(slabmod_cache_destroy);

int pool_init(unsigned long limit_pages, unsigned int max_order)
{
	root_pool = pool_create("root", &kernel_source);
	if (!root_pool)
		return -ENOMEM;
	if (limit_pages) {
		root_pool->source.limit = limit_pages;
		root_pool->limited = true;
	}
	root_pool->source.max_order = max_order;
	root_pool->source.min_order = min_t(unsigned int, UNIT_ORDER, max_order);
	return 0;
}

unsigned long pool_exit(void)
{
	return pool_destroy(root_pool);
}
