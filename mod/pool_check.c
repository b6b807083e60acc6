// SPDX-License-Identifier: GPL-2.0
/*
 * pool_check.c - consistency checks of a pool, for the suites and for `validate`.
 *
 * Contexts: process, may sleep. Locks: those of the layers.
 */
#include <linux/nodemask.h>

#include "buddy.h"
#include "buddy_check.h"
#include "buddy_walk.h"
#include "cache.h"
#include "cache_list.h"
#include "debug/debug_check.h"
#include "descriptor.h"
#include "home_check.h"
#include "pool.h"
#include "pool_bound.h"
#include "pool_check.h"
#include "pool_ledger.h"
#include "report.h"

static void check_cache(struct slabmod_cache *cache, void *ok)
{
	*(bool *)ok &= cache_check(cache);
}

/* Invariant: the memory held is the sum of its uses. */
static bool check_ledger(struct slabmod_pool *pool)
{
	struct pool_ledger l = pool_ledger(pool);
	unsigned long sum = l.used + l.slabs + l.magazines + l.buddy + l.metadata;

	if (l.held == sum)
		return true;
	report_broken("pool %s holds %lu bytes but accounts for %lu", pool->name, l.held, sum);
	return false;
}

static void count_slab(void *block, struct frame *frame, void *arg)
{
	unsigned long *slabs = arg;

	*slabs += !!frame_slab(frame);
}

/* Invariant: each descriptor in use is that of a slab, or of one that waits for a grace period. */
static bool check_descriptors(struct slabmod_pool *pool)
{
	/* Before and after: a callback may end the wait in between. */
	bool waits = atomic_long_read(&pool->source.rcu_pages);
	unsigned long slabs = 0, used = 0;
	int nid;

	for (nid = 0; nid < nr_node_ids; nid++) {
		buddy_walk(&pool->buddies[nid], count_slab, &slabs);
		used += descriptors_used(&pool->buddies[nid].descriptors);
	}
	if (used == slabs || waits || atomic_long_read(&pool->source.rcu_pages))
		return true;
	report_broken("pool %s has %lu slabs and %lu descriptors in use", pool->name, slabs, used);
	return false;
}

bool pool_check(struct slabmod_pool *pool)
{
	bool ok = true;
	int nid;

	cache_walk(pool, check_cache, &ok);
	for (nid = 0; nid < nr_node_ids; nid++)
		ok &= buddy_check(&pool->buddies[nid]);
	ok &= check_descriptors(pool);
	ok &= check_ledger(pool);
	ok &= pool_bound_holds(pool);
	return ok;
}
EXPORT_SYMBOL_FOR_TEST(pool_check);

/* The cache of a slab seen under RCU is freed only after a grace period. */
static void check_slab(void *block, struct frame *frame, void *ok)
{
	struct slab *slab = frame_slab(frame);
	struct slabmod_cache *cache = slab ? slab_cache(slab) : NULL;

	if (cache)
		*(bool *)ok &= home_check_slab(cache, slab);
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
	cache_walk(pool, debug_check_cache, &bad);
	return bad;
}
EXPORT_SYMBOL_FOR_TEST(pool_check_objects);
