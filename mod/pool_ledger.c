// SPDX-License-Identifier: GPL-2.0
/*
 * pool_ledger.c - what each byte of a pool is used for.
 *
 * Contexts: process, may sleep. Locks: ledger_lock, for the recorded peaks.
 */
#include <linux/mm.h>
#include <linux/nodemask.h>

#include "buddy.h"
#include "cache.h"
#include "cache_list.h"
#include "chunk.h"
#include "defer.h"
#include "home_walk.h"
#include "pool.h"
#include "pool_ledger.h"

static DEFINE_SPINLOCK(ledger_lock);

static void add_cache(struct slabmod_cache *cache, void *arg)
{
	struct pool_ledger *ledger = arg;
	unsigned long magazines = cache_cached_objects(cache);
	struct home_totals totals = home_totals(cache);

	ledger->magazines += magazines * cache->size;
	ledger->used += (totals.inuse - magazines) * cache->size;
	ledger->slabs += (home_pages(cache) << PAGE_SHIFT) - totals.inuse * cache->size;
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
	ledger.slabs += atomic_long_read(&pool->source.rcu_pages) << PAGE_SHIFT;
	for (nid = 0; nid < nr_node_ids; nid++)
		ledger.buddy += buddy_free_pages(&pool->buddies[nid]) << PAGE_SHIFT;
	ledger.metadata = atomic_long_read(&pool->source.metadata) + common_metadata(pool);
	ledger.held = ((unsigned long)atomic_long_read(&pool->source.held) << PAGE_SHIFT) +
		      ledger.metadata;
	note_ledger(pool, &ledger);
	return ledger;
}
EXPORT_SYMBOL_FOR_TEST(pool_ledger);

struct pool_ledger pool_ledger_peak(struct slabmod_pool *pool)
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
EXPORT_SYMBOL_FOR_TEST(pool_ledger_peak);

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
