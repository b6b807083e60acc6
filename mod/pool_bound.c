// SPDX-License-Identifier: GPL-2.0
/*
 * pool_bound.c - the bound on what slabs take, whoever allocates and frees where.
 *
 * A new slab is made only when no slab of the cache on the node has anything to take
 * (home_alloc() waits for every home before). So a cache never has more slabs than the
 * most objects it ever had out of them would fill, but for
 *
 *	- some a CPU: it may be making one while others do, and have a few in its hands
 *	  that it takes from its home to the commons; or it looks at homes in an order in
 *	  which what is free moves past it;
 *	- nodes, which do not serve each other while the kernel has memory;
 *	- lines: of a slab that several CPUs have objects of, only lines that are wholly
 *	  free are taken. In the worst case one object hides a line of them.
 *
 * Objects out of slabs are those of callers and those in magazines, of which there
 * are no more than capacity, here and away, on each CPU. It is Hoard's theorem
 * (Berger and others, 2000), with a magazine in the place of a heap's slack.
 *
 * What the buddy has free is not in the bound: how pages of different orders may
 * be scattered is another matter (Robson, 1977), and the ledger says how much it is.
 *
 * Contexts: process, may sleep. Locks: none of its own.
 */
#include <linux/cpumask.h>
#include <linux/math.h>
#include <linux/nodemask.h>

#include "cache.h"
#include "cache_list.h"
#include "home.h"
#include "home_walk.h"
#include "pool.h"
#include "pool_bound.h"
#include "report.h"

/* Objects in use that one object in use may stand for, as far as a refill can see. */
static unsigned int hidden_factor(const struct slabmod_cache *cache)
{
	return cache->flags & CACHE_SHARES_LINES ? cache->group : 1;
}

/* Slabs that a cache may have. Small ones, made when memory is short, have fewer objects. */
static unsigned long slabs_bound(const struct slabmod_cache *cache, long small_slabs)
{
	unsigned long most = atomic_long_read(&cache->inuse_peak);
	unsigned int objects = small_slabs ? cache->small.objects : cache->usual.objects;
	/* What is beyond the last whole line may be hidden as well. */
	unsigned int seen = max(objects / hidden_factor(cache), 1u);

	return DIV_ROUND_UP(most, seen) * num_online_nodes() +
	       num_possible_cpus() * (1 + HOME_MAX_DETACHED);
}

static unsigned long magazines_bound(const struct slabmod_cache *cache)
{
	unsigned long objects = cache->capacity;

	if (cache->flags & CACHE_CHECK_HOME)
		objects += magazine_remote_capacity(cache->capacity);
	return objects * cache->size * num_possible_cpus();
}

static void add_bound(struct slabmod_cache *cache, void *arg)
{
	struct pool_bound *sum = arg;
	struct home_totals totals = home_totals(cache);

	sum->slabs += home_pages(cache) << PAGE_SHIFT;
	sum->magazines += magazines_bound(cache);
	if (atomic_long_read(&cache->inuse_peak))
		sum->bound += (slabs_bound(cache, totals.small_slabs) * cache->usual.pages) <<
			      PAGE_SHIFT;
}

struct pool_bound pool_bound(struct slabmod_pool *pool)
{
	struct pool_bound sum = { 0 };

	cache_for_each(pool, add_bound, &sum);
	return sum;
}
EXPORT_SYMBOL_FOR_TEST(pool_bound);

static void check_bound(struct slabmod_cache *cache, void *arg)
{
	struct home_totals totals = home_totals(cache);
	unsigned long bound = slabs_bound(cache, totals.small_slabs);
	bool *ok = arg;

	if (totals.slabs <= (long)bound)
		return;
	report_broken("%s: has %ld slabs; %ld objects at the most were out of them, for %lu slabs",
		      cache->name, totals.slabs, atomic_long_read(&cache->inuse_peak), bound);
	*ok = false;
}

bool pool_bound_holds(struct slabmod_pool *pool)
{
	bool ok = true;

	cache_for_each(pool, check_bound, &ok);
	return ok;
}
EXPORT_SYMBOL_FOR_TEST(pool_bound_holds);
