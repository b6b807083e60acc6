// SPDX-License-Identifier: GPL-2.0
/*
 * direct_reclaim.c - reclaim by a request that would fail.
 *
 * The request has tried free slabs and blocks, empty slabs of homes, and the source. The
 * remaining free memory is, in the order in which it is reclaimed: objects in magazines of all
 * CPUs, slabs that wait for an RCU grace period, chunks pending free, and the quarantines of
 * debug mode. All but the last need a caller that may sleep, because other CPUs drain their own
 * magazines. Other callers get the blocks in the magazines of their own CPU.
 *
 * Contexts: any but NMI. Locks: none of its own. Lists of caches are read under RCU, because the
 * caller may be in reclaim or hold cache_mutex.
 */
#include <linux/irqflags.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>

#include "block.h"
#include "cache.h"
#include "cache_list.h"
#include "chunk.h"
#include "debug/quarantine.h"
#include "direct_reclaim.h"
#include "gfp.h"
#include "magazine_drain.h"
#include "magazine_set.h"

/* Rounds after which all quarantines are empty, however large they were. */
#define QUARANTINE_ROUNDS	16

/* ---- magazines and chunks ---- */

/* Draining sends an interrupt to each CPU and waits. */
static bool may_drain(gfp_t gfp)
{
	return gfpflags_allow_blocking(gfp) && !irqs_disabled();
}

static void drain_cache(struct slabmod_cache *cache, void *arg)
{
	/* Slabs of an isolated cache are of use to that cache alone. */
	if (cache == arg || !(cache->flags & SLABMOD_ISOLATED))
		magazine_drain_all(cache);
}

static void count_cached(struct slabmod_cache *cache, void *arg)
{
	if (!(cache->flags & SLABMOD_ISOLATED))
		*(unsigned long *)arg += magazine_count(cache);
}

/* Busy magazines are skipped by a drain. */
static bool is_drained(struct slabmod_pool *pool)
{
	unsigned long objects = 0;

	cache_walk_rcu(pool, count_cached, &objects);
	return !objects;
}

static void drain_local(struct slabmod_cache *cache, void *arg)
{
	if (cache->flags & CACHE_BLOCKS)
		*(bool *)arg |= magazine_drain_local(cache);
}

/* Free the blocks in this CPU's magazines to the buddies, where they merge. */
static bool drain_local_blocks(struct slabmod_pool *pool)
{
	bool any = false;

	cache_walk_rcu(pool, drain_local, &any);
	return any;
}

static bool drain_more(struct slabmod_pool *pool, struct slabmod_cache *cache, gfp_t gfp,
		       unsigned int round)
{
	if (!may_drain(gfp))
		return !round && drain_local_blocks(pool);
	if (round) {
		if (!(gfp & __GFP_NOFAIL) || is_drained(pool))
			return false;
		schedule_timeout_uninterruptible(1);
	}
	cache_walk_rcu(pool, drain_cache, cache);
	return true;
}

/* Free the slabs and chunks that became empty to the buddies. May sleep. */
static void free_reclaimed(struct slabmod_pool *pool)
{
	/* Other CPUs may empty more of them meanwhile: do not follow them for ever. */
	long slabs = atomic_long_read(&pool->source.empty_slabs);

	while (slabs-- > 0 && cache_reclaim_empty(pool))
		cond_resched();
	/* Some are free after a grace period: see slab_destroy(). */
	if (atomic_long_read(&pool->source.rcu_pages))
		rcu_barrier();
	/* Chunks that became free in interrupts are pending. */
	chunk_free_pending();
}

/* ---- quarantines ---- */

struct quarantine_scan {
	unsigned int round;
	bool any;
};

static void reclaim_quarantine(struct slabmod_cache *cache, void *arg)
{
	struct quarantine_scan *r = arg;

	if (!(cache->flags & SLABMOD_ISOLATED))
		r->any |= quarantine_shrink(cache, r->round);
}

/* Start with the cache's own objects, which may serve the request without pages. */
static bool reclaim_quarantines(struct slabmod_pool *pool, struct slabmod_cache *cache,
				unsigned int round)
{
	struct quarantine_scan r = { .round = round };

	if (cache && quarantine_shrink(cache, round))
		return true;
	cache_walk_rcu(pool, reclaim_quarantine, &r);
	return block_drain(1ul << round) || r.any;
}

bool direct_reclaim(struct slabmod_pool *pool, struct slabmod_cache *cache, gfp_t gfp,
		    unsigned int round)
{
	if (must_not_lock() || round == QUARANTINE_ROUNDS)
		return false;
	if (!drain_more(pool, cache, gfp, round) && !reclaim_quarantines(pool, cache, round))
		return false;
	if (may_drain(gfp))
		free_reclaimed(pool);
	return true;
}
