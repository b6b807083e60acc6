// SPDX-License-Identifier: GPL-2.0
/*
 * home_check.c - walks over all homes of a cache, sums, and what must hold of them.
 *
 * Contexts: any. Locks: one home's at a time, held for one slab by home_check_slab() and
 * for all lists of a home by home_check(), which is for the suites.
 */
#include <linux/cpumask.h>
#include <linux/list.h>
#include <linux/nodemask.h>

#include "home.h"
#include "report.h"
#include "slab.h"

void home_for_each(struct slabmod_cache *cache,
		   void (*fn)(struct slabmod_cache *cache, struct slab_home *home, void *arg),
		   void *arg)
{
	unsigned int cpu;
	int nid;

	for_each_node(nid)
		fn(cache, &cache->commons[nid], arg);
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
	struct home_totals totals = { .taken = atomic_long_read(&cache->taken) };

	home_for_each(cache, add_totals, &totals);
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

/* Invariant: what is on a list belongs there, and is counted. */
static bool check_list(struct slabmod_cache *cache, struct slab_home *home, struct list_head *list,
		       int quarter, unsigned int *count)
{
	struct frame *first;

	list_for_each_entry(first, list, node) {
		unsigned int objects = slab_objects(cache, first);
		bool empty = list == &home->empty;

		(*count)++;
		if (!slab_check(cache, first))
			return false;
		if (home_of(cache, first, first->home) != home) {
			report_broken("%s: a slab is on a list, but not at home", cache->name);
			return false;
		}
		if (first->inuse == objects || empty == !!first->inuse ||
		    (quarter >= 0 && slab_quarter(cache, first) != quarter)) {
			report_broken("%s: a slab with %u of %u in use is on the wrong list",
				      cache->name, first->inuse, objects);
			return false;
		}
	}
	return true;
}

static void check_home(struct slabmod_cache *cache, struct slab_home *home, void *arg)
{
	unsigned int partial = 0, empty = 0;
	unsigned long flags;
	bool *ok = arg;
	int quarter;

	home_lock(home, &flags);
	for (quarter = 0; quarter < SLAB_QUARTERS; quarter++)
		*ok &= check_list(cache, home, &home->partial[quarter], quarter, &partial);
	*ok &= check_list(cache, home, &home->broken, -1, &partial);
	*ok &= check_list(cache, home, &home->empty, -1, &empty);
	if (*ok && (partial != home->nr_partial || empty != home->nr_empty)) {
		report_broken("%s: a home counts %u partial and %u empty slabs and has %u and %u",
			      cache->name, home->nr_partial, home->nr_empty, partial, empty);
		*ok = false;
	}
	home_unlock(home, flags);
}

bool home_check(struct slabmod_cache *cache)
{
	bool ok = true;

	home_for_each(cache, check_home, &ok);
	return ok;
}
EXPORT_SYMBOL_FOR_TEST(home_check);

/* ---- one slab at a time, while others allocate and free ---- */

struct slab_home *home_lock_slab(struct slabmod_cache *cache, struct frame *first,
				 unsigned long *flags)
{
	while (slab_cache(first) == cache) {
		u16 id = READ_ONCE(first->home);
		struct slab_home *home = home_of(cache, first, id);
		int departed;

		if (!home)
			return NULL;
		home_lock(home, flags);
		departed = atomic_read(&cache->departed);
		/* The home is read after the count. Pairs with home_remove_slab(). */
		smp_rmb();
		/* It may have moved until the lock was held. */
		if (is_at_home(cache, first, id, true, departed))
			return home;
		home_unlock(home, *flags);
	}
	return NULL;
}

/* Whether @node, beside a slab in its list, may be there: another slab, or the list's head. */
static bool fits_beside(struct slabmod_cache *cache, struct slab_home *home, struct frame *first,
			struct list_head *node)
{
	const struct frame *other = list_entry(node, struct frame, node);

	if ((void *)node >= (void *)home && (void *)node < (void *)(home + 1))
		return node == &home->partial[slab_quarter(cache, first)];
	/* Of mixed slabs some are in a list of their own. */
	if (HOME_ID(other->home) != HOME_ID(first->home) || other->home & HOME_MIXED)
		return HOME_ID(other->home) == HOME_ID(first->home);
	return other->inuse && other->inuse < slab_objects(cache, other) &&
	       slab_quarter(cache, other) == slab_quarter(cache, first);
}

/*
 * Invariant: a slab is on the list of its quarter. When that holds for the head of each list,
 * and each slab is in the quarter of both its neighbours, it holds for all slabs; so a look
 * at the neighbours will do, however long the list is.
 */
static bool check_place(struct slabmod_cache *cache, struct slab_home *home, struct frame *first)
{
	unsigned int objects = slab_objects(cache, first);

	if (first->inuse != objects &&
	    (first->home & HOME_MIXED || (fits_beside(cache, home, first, first->node.prev) &&
					  fits_beside(cache, home, first, first->node.next))))
		return true;
	report_broken("%s: a slab with %u of %u in use is on the wrong list", cache->name,
		      first->inuse, objects);
	return false;
}

bool home_check_slab(struct slabmod_cache *cache, struct frame *first)
{
	struct slab_home *home;
	unsigned long flags;
	bool ok = true;

	if (list_empty(&first->node))
		return true;
	home = home_lock_slab(cache, first, &flags);
	if (!home)
		return true;
	/*
	 * On no list it is full or on its way to another home; an empty one may be on its way
	 * to the buddy. Neither is under this lock.
	 */
	if (!list_empty(&first->node) && first->inuse)
		ok = slab_check(cache, first) && check_place(cache, home, first);
	home_unlock(home, flags);
	return ok;
}
EXPORT_SYMBOL_FOR_TEST(home_check_slab);
