// SPDX-License-Identifier: GPL-2.0
/*
 * pool_bound.c - the upper bound on the memory of slabs.
 *
 * A new slab is created only if no slab of the cache on the node has an object that can be
 * allocated (home_alloc() waits for all homes first). A cache therefore has at most as many
 * slabs as its peak of objects out of slabs would fill, plus
 *
 *	- a few per CPU: several CPUs may be creating a slab at the same time, a CPU may hold
 *	  slabs that it moves from its home to the node home, and free objects may move past a
 *	  CPU that searches the homes in order;
 *	- slabs on other nodes, which are a fallback only when the kernel has no memory;
 *	- slabs with free objects in partly used cache lines: from a shared slab only whole
 *	  lines are allocated. In the worst case one object hides a line.
 *
 * Objects out of slabs are those of callers and those in magazines; a magazine has at most
 * its capacity of local objects and the capacity for remote ones. This is Hoard's theorem
 * (Berger and others, 2000), with a magazine in place of a heap's slack.
 *
 * Free pages of the buddy are not in the bound: fragmentation of pages of different orders is
 * a separate problem (Robson, 1977), and the ledger shows them.
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

/* Small slabs, allocated when memory is short, have fewer objects. */
static unsigned long slabs_bound(const struct slabmod_cache *cache, long small_slabs)
{
	unsigned long peak = atomic_long_read(&cache->inuse_peak);
	unsigned int objects = small_slabs ? cache->small.objects : cache->usual.objects;
	/* An allocated object may hide its line, or the objects after the last line. */
	unsigned int hidden = cache->flags & CACHE_SHARES_LINES ? cache->group : 1;
	unsigned int visible = max(objects / hidden, 1u);

	return DIV_ROUND_UP(peak, visible) * num_online_nodes() +
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
	if (!(cache->flags & CACHE_BLOCKS) && atomic_long_read(&cache->inuse_peak))
		sum->bound += (slabs_bound(cache, totals.small_slabs) * cache->usual.pages) <<
			      PAGE_SHIFT;
}

struct pool_bound pool_bound(struct slabmod_pool *pool)
{
	struct pool_bound sum = { 0 };

	cache_walk(pool, add_bound, &sum);
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
	report_broken("%s: %ld slabs; at most %ld objects were out of slabs, for %lu slabs",
		      cache->name, totals.slabs, atomic_long_read(&cache->inuse_peak), bound);
	*ok = false;
}

bool pool_bound_holds(struct slabmod_pool *pool)
{
	bool ok = true;

	cache_walk(pool, check_bound, &ok);
	return ok;
}
EXPORT_SYMBOL_FOR_TEST(pool_bound_holds);
