// SPDX-License-Identifier: GPL-2.0
/*
 * pool_ledger.c - accounting of each byte of a pool by use.
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

static void ledger_add_cache(struct slabmod_cache *cache, void *arg)
{
	struct pool_ledger *ledger = arg;
	unsigned long magazines = cache_cached_objects(cache);
	struct home_totals totals = home_totals(cache);

	ledger->magazines += magazines * cache->size;
	ledger->used += (totals.inuse - magazines) * cache->size;
	if (!(cache->flags & CACHE_BLOCKS))
		ledger->slabs += (home_pages(cache) << PAGE_SHIFT) - totals.inuse * cache->size;
}

/* While objects are allocated and freed, a counter may be negative for a moment. */
static void raise_peak(unsigned long *peak, unsigned long now)
{
	if ((long)now > (long)*peak)
		*peak = now;
}

static void update_peaks(struct slabmod_pool *pool, const struct pool_ledger *now)
{
	spin_lock(&ledger_lock);
	raise_peak(&pool->most.held, now->held);
	raise_peak(&pool->most.used, now->used);
	raise_peak(&pool->most.slabs, now->slabs);
	raise_peak(&pool->most.magazines, now->magazines);
	raise_peak(&pool->most.buddy, now->buddy);
	raise_peak(&pool->most.metadata, now->metadata);
	spin_unlock(&ledger_lock);
}

/* Metadata shared by all pools is accounted to the root pool. */
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

	/* Chunks that are pending free are held, but not in a buddy. */
	chunk_flush();
	cache_walk(pool, ledger_add_cache, &ledger);
	ledger.used += (stat_sum(stats, EVENT_BLOCK_PAGES) - quarantined) << PAGE_SHIFT;
	/* Free pages with references from elsewhere count as used. */
	ledger.used += stat_sum(stats, EVENT_REFERENCED) << PAGE_SHIFT;
	ledger.magazines += quarantined << PAGE_SHIFT;
	ledger.slabs += atomic_long_read(&pool->source.rcu_pages) << PAGE_SHIFT;
	for (nid = 0; nid < nr_node_ids; nid++)
		ledger.buddy += buddy_nr_free_pages(&pool->buddies[nid]) << PAGE_SHIFT;
	ledger.metadata = atomic_long_read(&pool->source.metadata) + common_metadata(pool);
	ledger.held = ((unsigned long)atomic_long_read(&pool->source.held) << PAGE_SHIFT) +
		      ledger.metadata;
	update_peaks(pool, &ledger);
	return ledger;
}
EXPORT_SYMBOL_FOR_TEST(pool_ledger);

struct pool_ledger pool_ledger_peak(struct slabmod_pool *pool)
{
	size_t common = common_metadata(pool);
	struct pool_ledger peak;

	pool_ledger(pool);
	spin_lock(&ledger_lock);
	peak = pool->most;
	spin_unlock(&ledger_lock);
	raise_peak(&peak.metadata, atomic_long_read(&pool->source.metadata_peak) + common);
	raise_peak(&peak.held, atomic_long_read(&pool->source.bytes_peak) + common);
	return peak;
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
