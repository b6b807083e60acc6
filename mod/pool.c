// SPDX-License-Identifier: GPL-2.0
/*
 * pool.c - the root object: a source of pages, a buddy for each node, caches.
 *
 * Every cache, block and page belongs to a pool; there is one, the root pool, for
 * the calls that name none. Which pools there are is known to pools.c.
 *
 * Contexts: process, may sleep, but for pool_is_wrong(): any.
 * Locks: ledger_lock, for the most that was seen of each figure.
 */
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "block.h"
#include "buddy.h"
#include "cache.h"
#include "chunk.h"
#include "debug.h"
#include "debug_block.h"
#include "defer.h"
#include "fault.h"
#include "home.h"
#include "pool.h"
#include "report.h"

struct slabmod_pool *root_pool __read_mostly;
EXPORT_SYMBOL_FOR_TEST(root_pool);

/* Free pages that a node keeps for a while, so that who comes and goes need not ask for them. */
#define KEEP_PAGES	4096

static DEFINE_SPINLOCK(ledger_lock);

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
	.keep = KEEP_PAGES,
	.limit = ULONG_MAX / 2,
	.nid = NUMA_NO_NODE,
};
EXPORT_SYMBOL_FOR_TEST(kernel_source);

/* ---- life of a pool ---- */

/* What caches keep empty is given up before the pool takes more pages. */
static bool squeeze(struct chunk_source *source)
{
	return cache_squeeze(container_of(source, struct slabmod_pool, source));
}

struct slabmod_pool *pool_create(const char *name, const struct chunk_source *source)
{
	struct slabmod_pool *pool = NULL;
	int nid;

	if (!fault_hits(FAULT_POOL))
		pool = kzalloc(struct_size(pool, buddies, nr_node_ids), GFP_KERNEL);
	if (!pool)
		return NULL;
	strscpy(pool->name, name, sizeof(pool->name));
	INIT_LIST_HEAD(&pool->node);
	pool->source = *source;
	pool->source.squeeze = squeeze;
	pool->source.stats = fault_hits(FAULT_STATS) ? NULL : alloc_percpu(struct stats);
	if (!pool->source.stats) {
		kfree(pool);
		return NULL;
	}
	source_count_metadata(&pool->source,
			      ksize(pool) + num_possible_cpus() * sizeof(struct stats));
	for (nid = 0; nid < nr_node_ids; nid++)
		buddy_init(&pool->buddies[nid], nid, &pool->source);
	return pool;
}
EXPORT_SYMBOL_FOR_TEST(pool_create);

bool pool_reserve(struct slabmod_pool *pool)
{
	struct chunk_source *source = &pool->source;
	unsigned int order = source->max_order;
	int nid = source_nid(source);

	for (;;) {
		long missing = source->reserve - atomic_long_read(&source->staying);

		if (missing <= 0)
			return true;
		order = min_t(unsigned int, order, ilog2(missing));
		/* Large chunks are worth some effort, but nobody is killed for them. */
		if (buddy_grow(pool->buddies, nid, order, GFP_KERNEL | __GFP_RETRY_MAYFAIL))
			continue;
		if (!order)
			return false;
		order--;
	}
}
EXPORT_SYMBOL_FOR_TEST(pool_reserve);

unsigned long pool_destroy(struct slabmod_pool *pool)
{
	unsigned long pages = 0, blocks, referenced;
	int nid;

	pool->source.reserve = 0;
	block_drain(ULONG_MAX);
	/* Waits, as for others so for those who are at a block on its way back. */
	cache_destroy_all(pool);
	if (atomic_long_read(&pool->source.graced))
		rcu_barrier();
	blocks = stat_sum(pool->source.stats, STAT_BLOCK_PAGES);
	if (blocks)
		report_misuse(MISUSE_LEAK, "pool %s went with %lu pages in use as blocks",
			      pool->name, blocks);
	for (nid = 0; nid < nr_node_ids; nid++)
		pages += buddy_exit(&pool->buddies[nid]);
	/* Frames and chunks that were put off still refer to the pool. */
	referenced = chunk_hand_over(&pool->source);
	chunk_sync();
	if (referenced)
		pr_err("slabmod: %lu pages of pool %s are referenced elsewhere, and freed with the last reference\n",
		       referenced, pool->name);
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

void pool_drain(struct slabmod_pool *pool)
{
	cache_for_each(pool, shrink_cache, NULL);
	block_drain(ULONG_MAX);
}

unsigned long pool_shrink(struct slabmod_pool *pool)
{
	long before = atomic_long_read(&pool->source.held), after;
	int nid;

	pool_drain(pool);
	if (atomic_long_read(&pool->source.graced))
		rcu_barrier();
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
	unsigned long magazines = cache_withheld(cache);
	struct home_totals totals = home_totals(cache);

	ledger->magazines += magazines * cache->size;
	ledger->used += (totals.taken - magazines) * cache->size;
	ledger->slabs += (home_pages(cache) << PAGE_SHIFT) - totals.taken * cache->size;
}

/* While objects move, a figure may for a moment be below 0. */
static void note(unsigned long *most, unsigned long now)
{
	if ((long)now > (long)*most)
		*most = now;
}

static void note_ledger(struct slabmod_pool *pool, const struct pool_ledger *now)
{
	spin_lock(&ledger_lock);
	note(&pool->most.held, now->held);
	note(&pool->most.used, now->used);
	note(&pool->most.slabs, now->slabs);
	note(&pool->most.magazines, now->magazines);
	note(&pool->most.buddy, now->buddy);
	note(&pool->most.metadata, now->metadata);
	spin_unlock(&ledger_lock);
}

/* What all pools have in common is the root pool's. */
static size_t common_metadata(const struct slabmod_pool *pool)
{
	return pool == root_pool ? chunk_map_metadata() + defer_metadata() : 0;
}

struct pool_ledger pool_ledger(struct slabmod_pool *pool)
{
	unsigned long quarantined = atomic_long_read(&pool->source.quarantined);
	struct stats __percpu *stats = pool->source.stats;
	struct pool_ledger ledger = { 0 };
	int nid;

	/* Chunks that wait to be given back are held, but in no buddy. */
	chunk_flush();
	cache_for_each(pool, add_cache, &ledger);
	ledger.used += (stat_sum(stats, STAT_BLOCK_PAGES) - quarantined) << PAGE_SHIFT;
	/* What is referenced elsewhere is in use there. */
	ledger.used += stat_sum(stats, STAT_REFERENCED) << PAGE_SHIFT;
	ledger.magazines += quarantined << PAGE_SHIFT;
	ledger.slabs += atomic_long_read(&pool->source.graced) << PAGE_SHIFT;
	for (nid = 0; nid < nr_node_ids; nid++)
		ledger.buddy += buddy_free_pages(&pool->buddies[nid]) << PAGE_SHIFT;
	ledger.metadata = atomic_long_read(&pool->source.metadata) + common_metadata(pool);
	ledger.held = ((unsigned long)atomic_long_read(&pool->source.held) << PAGE_SHIFT) +
		      ledger.metadata;
	note_ledger(pool, &ledger);
	return ledger;
}
EXPORT_SYMBOL_FOR_TEST(pool_ledger);

struct pool_ledger pool_most(struct slabmod_pool *pool)
{
	size_t common = common_metadata(pool);
	struct pool_ledger most;

	pool_ledger(pool);
	spin_lock(&ledger_lock);
	most = pool->most;
	spin_unlock(&ledger_lock);
	note(&most.metadata, atomic_long_read(&pool->source.metadata_peak) + common);
	note(&most.held, atomic_long_read(&pool->source.bytes_peak) + common);
	return most;
}
EXPORT_SYMBOL_FOR_TEST(pool_most);

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

/* ---- whose it is ---- */

bool pool_is_wrong(const char *who, struct slabmod_pool *pool, const void *p)
{
	struct slabmod_pool *of = NULL;
	struct frame *frame;

	rcu_read_lock();
	frame = chunk_frame(p);
	if (frame)
		of = pool_of(frame);
	if (of && of != pool &&
	    report_misuse(MISUSE_WRONG_POOL, "%s: %p is of pool %s, not of %s", who, p, of->name,
			  pool->name))
		cache_tell(p);
	rcu_read_unlock();
	return of && of != pool;
}

/* ---- checks ---- */

static void check_cache(struct slabmod_cache *cache, void *ok)
{
	*(bool *)ok &= cache_check(cache);
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
	bool ok = true;
	int nid;

	cache_for_each(pool, check_cache, &ok);
	for (nid = 0; nid < nr_node_ids; nid++)
		ok &= buddy_check(&pool->buddies[nid]);
	return ok & check_ledger(pool) & pool_bound_holds(pool);
}
EXPORT_SYMBOL_FOR_TEST(pool_check);

/* The caches of slabs that are seen go only after a grace period. */
static void check_slab(struct frame *frame, void *ok)
{
	struct slabmod_cache *cache = slab_cache(frame);

	if (cache && slab_first(frame) == frame)
		*(bool *)ok &= home_check_slab(cache, frame);
}

bool pool_check_live(struct slabmod_pool *pool)
{
	bool ok = true;
	int nid;

	for (nid = 0; nid < nr_node_ids; nid++) {
		ok &= buddy_check_live(&pool->buddies[nid]);
		buddy_walk(&pool->buddies[nid], check_slab, &ok);
	}
	return ok & pool_bound_holds(pool);
}
EXPORT_SYMBOL_FOR_TEST(pool_check_live);

unsigned long pool_check_objects(struct slabmod_pool *pool)
{
	unsigned long bad = 0;
	int nid;

	for (nid = 0; nid < nr_node_ids; nid++)
		buddy_walk(&pool->buddies[nid], debug_check_frame, &bad);
	cache_for_each(pool, debug_check_cache, &bad);
	return bad;
}
EXPORT_SYMBOL_FOR_TEST(pool_check_objects);
