// SPDX-License-Identifier: GPL-2.0
/*
 * home_check.c - checks of the invariants of homes.
 *
 * Contexts: any. Locks: one home's at a time, held for one slab by home_check_slab() and for
 * all lists of a home by home_check(), which is for tests.
 */
#include <linux/cpumask.h>
#include <linux/list.h>
#include <linux/nodemask.h>

#include "home.h"
#include "home_check.h"
#include "home_walk.h"
#include "report.h"
#include "slab.h"

/* Invariant: each slab is on the list for its count, and is counted. */
static bool check_list(struct slabmod_cache *cache, struct slab_home *home, struct list_head *list,
		       int quarter, unsigned int *count)
{
	struct slab *slab;

	list_for_each_entry(slab, list, node) {
		unsigned int objects = slab_objects(cache, slab);
		bool empty = list == &home->empty;

		(*count)++;
		if (!slab_check(cache, slab))
			return false;
		if (home_of(cache, slab, slab->home) != home) {
			report_broken("%s: a slab is listed by a home that does not own it",
				      cache->name);
			return false;
		}
		if (HOME_ID(slab->home) != HOME_NODE &&
		    !test_bit(HOME_ID(slab->home), home_stocked(cache))) {
			report_broken("%s: CPU %u has free objects, but no thief would look there",
				      cache->name, HOME_ID(slab->home));
			return false;
		}
		if (slab->inuse == objects || empty == !!slab->inuse ||
		    (quarter >= 0 && slab_quarter(cache, slab) != quarter)) {
			report_broken("%s: a slab with %u of %u in use is on the wrong list",
				      cache->name, slab->inuse, objects);
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
	*ok &= check_list(cache, home, &home->no_whole_line, -1, &partial);
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

	home_walk(cache, check_home, &ok);
	return ok;
}
EXPORT_SYMBOL_FOR_TEST(home_check);

/* ---- one slab, while other CPUs allocate and free ---- */

/* Whether @node, a neighbour of @slab in its list, may be there: a slab or the list head. */
static bool fits_beside(struct slabmod_cache *cache, struct slab_home *home, struct slab *slab,
			struct list_head *node)
{
	const struct slab *other = list_entry(node, struct slab, node);

	if ((void *)node >= (void *)home && (void *)node < (void *)(home + 1))
		return node == &home->partial[slab_quarter(cache, slab)];
	/* Some shared slabs are on home->no_whole_line. */
	if (HOME_ID(other->home) != HOME_ID(slab->home) || other->home & HOME_SHARED)
		return HOME_ID(other->home) == HOME_ID(slab->home);
	return other->inuse && other->inuse < slab_objects(cache, other) &&
	       slab_quarter(cache, other) == slab_quarter(cache, slab);
}

/*
 * Invariant: a slab is on the list of its quarter. This holds for all slabs if it holds for the
 * list heads and each slab is in the same quarter as both of its neighbours. So it is enough to
 * check the neighbours, however long the list is.
 */
static bool check_place(struct slabmod_cache *cache, struct slab_home *home, struct slab *slab)
{
	unsigned int objects = slab_objects(cache, slab);

	if (slab->inuse != objects &&
	    (slab->home & HOME_SHARED || (fits_beside(cache, home, slab, slab->node.prev) &&
					  fits_beside(cache, home, slab, slab->node.next))))
		return true;
	report_broken("%s: a slab with %u of %u in use is on the wrong list", cache->name,
		      slab->inuse, objects);
	return false;
}

bool home_check_slab(struct slabmod_cache *cache, struct slab *slab)
{
	struct slab_home *home;
	unsigned long flags;
	bool ok = true;

	if (list_empty(&slab->node))
		return true;
	home = home_lock_slab(cache, slab, &flags);
	if (!home)
		return true;
	/*
	 * A slab on no list is full or moves to another home. An empty one may be on the way to
	 * the buddy. Neither is protected by this lock.
	 */
	if (!list_empty(&slab->node) && slab->inuse)
		ok = slab_check(cache, slab) && check_place(cache, home, slab);
	home_unlock(home, flags);
	return ok;
}
EXPORT_SYMBOL_FOR_TEST(home_check_slab);
