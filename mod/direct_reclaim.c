// SPDX-License-Identifier: GPL-2.0
/*
 * direct_reclaim.c - what a pool does before a request fails.
 *
 * By then a request has had a look at the slabs and blocks that are free, at slabs that
 * homes keep empty, and at the source. What is left is free, but has an owner: objects in
 * the magazines of all CPUs, slabs that wait for a grace period of RCU, chunks on their way
 * to the kernel, and what debug mode keeps in quarantine. They give way in this order. All
 * but the last take a caller that may sleep: other CPUs empty their magazines by themselves,
 * and are waited for.
 *
 * Contexts: any but NMI. Locks: none of its own; lists of caches are read by RCU, because
 * the caller may be anywhere, in reclaim and under cache_mutex too.
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
#include "magazine_set.h"

/* Rounds in which all there is in quarantines has given way, however much it is. */
#define RELENT_ROUNDS	16

/* ---- magazines and chunks ---- */

/* An interrupt on each CPU, which is waited for. */
static bool may_drain(gfp_t gfp)
{
	return gfpflags_allow_blocking(gfp) && !irqs_disabled();
}

static void drain_cache(struct slabmod_cache *cache, void *arg)
{
	/* What comes from there stays in the slabs of the cache, and is of use to it alone. */
	if (cache == arg || !(cache->flags & SLABMOD_ISOLATED))
		magazine_drain_all(cache);
}

static void count_cache(struct slabmod_cache *cache, void *arg)
{
	if (!(cache->flags & SLABMOD_ISOLATED))
		*(unsigned long *)arg += magazine_count(cache);
}

/* A magazine that its CPU was just using has been passed over. */
static bool is_drained(struct slabmod_pool *pool)
{
	unsigned long objects = 0;

	cache_for_each_rcu(pool, count_cache, &objects);
	return !objects;
}

static bool drain_more(struct slabmod_pool *pool, struct slabmod_cache *cache, gfp_t gfp,
		       unsigned int round)
{
	if (!may_drain(gfp))
		return false;
	if (round) {
		if (!(gfp & __GFP_NOFAIL) || is_drained(pool))
			return false;
		schedule_timeout_uninterruptible(1);
	}
	cache_for_each_rcu(pool, drain_cache, cache);
	return true;
}

/* Give what came free in a round to the buddies. May sleep. */
static void reap(struct slabmod_pool *pool)
{
	/* Of caches that are SLABMOD_TYPESAFE_BY_RCU a slab is of use after a grace period. */
	cache_reclaim_empty(pool);
	if (atomic_long_read(&pool->source.rcu_pages))
		rcu_barrier();
	/* What came free in interrupts was put off. */
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

/* The cache's own objects first, with which it may even do without pages. */
static bool reclaim_quarantines(struct slabmod_pool *pool, struct slabmod_cache *cache,
				unsigned int round)
{
	struct quarantine_scan r = { .round = round };

	if (cache && quarantine_shrink(cache, round))
		return true;
	cache_for_each_rcu(pool, reclaim_quarantine, &r);
	return block_drain(1ul << round) || r.any;
}

/* ---- all of it ---- */

bool direct_reclaim(struct slabmod_pool *pool, struct slabmod_cache *cache, gfp_t gfp,
		    unsigned int round)
{
	if (in_nmi() || round == RELENT_ROUNDS)
		return false;
	if (!drain_more(pool, cache, gfp, round) && !reclaim_quarantines(pool, cache, round))
		return false;
	if (may_drain(gfp))
		reap(pool);
	return true;
}
