// SPDX-License-Identifier: GPL-2.0
/*
 * home_walk.c - walks over all homes of a cache, and their totals.
 *
 * Contexts: any but NMI. Locks: one home's at a time.
 */
#include <linux/cpumask.h>
#include <linux/nodemask.h>

#include "home.h"
#include "home_walk.h"
#include "slab.h"

void home_walk(struct slabmod_cache *cache,
	       void (*fn)(struct slabmod_cache *cache, struct slab_home *home, void *arg),
		   void *arg)
{
	unsigned int cpu;
	int nid;

	for_each_node(nid)
		fn(cache, &cache->node_homes[nid], arg);
	if (home_percpu(cache))
		for_each_possible_cpu(cpu)
			fn(cache, per_cpu_ptr(cache->homes, cpu), arg);
}

static void add_totals(struct slabmod_cache *cache, struct slab_home *home, void *arg)
{
	struct home_totals *totals = arg;

	totals->slabs += READ_ONCE(home->slabs);
	totals->small_slabs += READ_ONCE(home->small_slabs);
}

struct home_totals home_totals(struct slabmod_cache *cache)
{
	struct home_totals totals = { .inuse = atomic_long_read(&cache->inuse) };

	home_walk(cache, add_totals, &totals);
	return totals;
}
EXPORT_SYMBOL_FOR_TEST(home_totals);

unsigned long home_pages(struct slabmod_cache *cache)
{
	struct home_totals totals = home_totals(cache);

	return (totals.slabs - totals.small_slabs) * cache->usual.pages +
	       totals.small_slabs * cache->small.pages;
}
EXPORT_SYMBOL_FOR_TEST(home_pages);

struct slab_home *home_lock_slab(struct slabmod_cache *cache, struct slab *slab,
				 unsigned long *flags)
{
	while (slab_cache(slab) == cache) {
		u16 id = READ_ONCE(slab->home);
		struct slab_home *home = home_of(cache, slab, id);

		if (!home)
			return NULL;
		home_lock(home, flags);
		/* It may have moved before the lock was held. */
		if (is_at_home(cache, slab, id, true))
			return home;
		home_unlock(home, *flags);
	}
	return NULL;
}
