// SPDX-License-Identifier: GPL-2.0
/*
 * pool.c - pools: a source of pages, a buddy for each node, caches.
 *
 * Every cache, block and page belongs to a pool; functions without a pool argument use the root
 * pool. The list of pools is in pool_list.c.
 *
 * Contexts: process, may sleep, except pool_mismatch(): any. Locks: none.
 */
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "block.h"
#include "buddy.h"
#include "cache.h"
#include "cache_list.h"
#include "chunk.h"
#include "debug/debug_block.h"
#include "debug/fault.h"
#include "defer.h"
#include "descriptor.h"
#include "pool.h"
#include "report.h"
#include "source.h"

struct slabmod_pool *root_pool __read_mostly;
EXPORT_SYMBOL_FOR_TEST(root_pool);

/* ---- creation and destruction ---- */

/* Free some empty slabs before the pool allocates more pages from the kernel. */
static bool reclaim_empty(struct chunk_source *source)
{
	return cache_reclaim_empty(container_of(source, struct slabmod_pool, source));
}

struct slabmod_pool *pool_create(const char *name, const struct chunk_source *source)
{
	struct slabmod_pool *pool;
	int nid;

	pool = fault_kzalloc(FAULT_POOL, struct_size(pool, buddies, nr_node_ids), GFP_KERNEL);
	if (!pool)
		return NULL;
	strscpy(pool->name, name, sizeof(pool->name));
	INIT_LIST_HEAD(&pool->node);
	pool->source = *source;
	pool->source.reclaim_empty = reclaim_empty;
	pool->source.stats = fault_alloc_percpu(FAULT_STATS, sizeof(struct stats),
						__alignof__(struct stats), GFP_KERNEL);
	if (!pool->source.stats) {
		kfree(pool);
		return NULL;
	}
	source_count_metadata(&pool->source,
			      ksize(pool) + num_possible_cpus() * sizeof(struct stats));
	for (nid = 0; nid < nr_node_ids; nid++)
		buddy_init(&pool->buddies[nid], nid, &pool->source);
	if (source->debug)
		debug_block_enable();
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
		/* Try hard for large chunks, but do not invoke the OOM killer. */
		if (buddy_add_chunk(pool->buddies, nid, order, GFP_KERNEL | __GFP_RETRY_MAYFAIL))
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
	struct llist_node *caches;
	int nid;

	pool->source.reserve = 0;
	block_drain(ULONG_MAX);
	/* Also waits for those that are freeing a block. */
	caches = cache_destroy_all(pool);
	if (atomic_long_read(&pool->source.rcu_pages))
		rcu_barrier();
	blocks = stat_sum(pool->source.stats, EVENT_BLOCK_PAGES);
	if (blocks)
		report_misuse(MISUSE_LEAK, "pool %s was destroyed with %lu pages in use as blocks",
			      pool->name, blocks);
	for (nid = 0; nid < nr_node_ids; nid++)
		pages += buddy_exit(&pool->buddies[nid]);
	/* Frames and chunks with a deferred free still refer to the pool. */
	referenced = chunk_hand_over(&pool->source);
	chunk_sync();
	/* The frames of what is in use still referred to these. */
	for (nid = 0; nid < nr_node_ids; nid++)
		descriptors_exit(&pool->buddies[nid].descriptors, &pool->source);
	cache_free_all(caches);
	if (referenced)
		pr_err("slabmod: %lu pages of pool %s are referenced elsewhere and freed with the last reference\n",
		       referenced, pool->name);
	if (pages)
		pr_err("slabmod: %lu pages were in use when pool %s was destroyed and are not reused\n",
		       pages, pool->name);
	if (pool->source.debug)
		debug_block_disable();
	free_percpu(pool->source.stats);
	kfree(pool);
	return pages;
}
EXPORT_SYMBOL_FOR_TEST(pool_destroy);

static void shrink_cache(struct slabmod_cache *cache, void *arg)
{
	slabmod_cache_shrink(cache);
}

void pool_drain(struct slabmod_pool *pool)
{
	cache_walk(pool, shrink_cache, NULL);
	block_drain(ULONG_MAX);
}

/* Return true if slabs, or what describes them, wait for a grace period. */
static bool waits_for_rcu(struct slabmod_pool *pool)
{
	bool waits = atomic_long_read(&pool->source.rcu_pages);
	int nid;

	for (nid = 0; nid < nr_node_ids; nid++)
		waits |= READ_ONCE(pool->buddies[nid].descriptors.nr_leaving);
	return waits;
}

unsigned long pool_shrink(struct slabmod_pool *pool)
{
	long before = atomic_long_read(&pool->source.held), after;
	int nid;

	pool_drain(pool);
	if (waits_for_rcu(pool))
		rcu_barrier();
	for (nid = 0; nid < nr_node_ids; nid++)
		buddy_trim(&pool->buddies[nid]);
	/* Chunks that became free in interrupts on other CPUs were deferred. */
	chunk_flush();
	after = atomic_long_read(&pool->source.held);
	return before > after ? before - after : 0;
}
EXPORT_SYMBOL_FOR_TEST(pool_shrink);

/* ---- ownership ---- */

bool pool_mismatch(const char *func, struct slabmod_pool *pool, const void *p)
{
	struct slabmod_pool *of = NULL;
	struct chunk *chunk;

	rcu_read_lock();
	chunk = chunk_of(p);
	if (chunk)
		of = pool_of(chunk);
	if (of && of != pool &&
	    report_misuse(MISUSE_WRONG_POOL, "%s: %p belongs to pool %s, not to %s", func, p,
			  of->name, pool->name))
		cache_print_object(p);
	rcu_read_unlock();
	return of && of != pool;
}
