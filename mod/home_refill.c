// SPDX-License-Identifier: GPL-2.0
/*
 * home_refill.c - objects from slabs: of this CPU's home, the node home, other homes, or new.
 *
 * A CPU that allocates from a slab of the node home or of another CPU adopts the slab. If
 * objects of it share lines and some are in use elsewhere, the slab is shared until it is
 * empty: only wholly free lines are allocated, and freed objects go to the remote stack of the
 * magazine, on its home CPU too.
 *
 * Contexts: any. In an NMI no lock is waited for, and no slab changes its home. Locks: one
 * home's at a time. Stealing first only tries the locks of other CPUs. It waits for them
 * before a new slab is created, so existing slabs are used up first.
 */
#include <linux/cpumask.h>
#include <linux/list.h>
#include <linux/preempt.h>
#include <linux/topology.h>

#include "gfp.h"
#include "home.h"
#include "home_refill.h"
#include "slab.h"
#include "source.h"

/* Slabs of another CPU's home to search for whole lines. */
#define STEAL_TRIES	4

static bool has_free(const struct slab_home *home)
{
	return READ_ONCE(home->nr_partial) || READ_ONCE(home->nr_empty);
}

/* The home of this CPU and its id; the node home while the cache has no per-CPU homes. */
static struct slab_home *home_this(struct slabmod_cache *cache, u16 *id)
{
	struct slab_home __percpu *homes = home_percpu(cache);
	unsigned int cpu = raw_smp_processor_id();

	*id = homes ? cpu : HOME_NODE;
	return homes ? per_cpu_ptr(homes, cpu) : &cache->node_homes[source_nid(cache->source)];
}

/* The fullest slab that an object can be allocated from. */
static struct slab *fullest_slab(struct slab_home *home)
{
	int quarter;

	for (quarter = SLAB_QUARTERS - 1; quarter >= 0; quarter--)
		if (!list_empty(&home->partial[quarter]))
			return list_first_entry(&home->partial[quarter], struct slab, node);
	return list_first_entry_or_null(&home->empty, struct slab, node);
}

static unsigned int alloc_listed(struct slabmod_cache *cache, struct slab_home *home,
				 struct slab *slab, void **objects, unsigned int nr)
{
	unsigned int inuse = slab->inuse;
	unsigned int got = slab_alloc(cache, slab, objects, nr);

	/* A cache without per-CPU homes: all CPUs allocate from the node home. */
	if (HOME_ID(slab->home) == HOME_NODE)
		home_mark_shared(cache, slab);
	home_list_update(cache, home, slab, inuse);
	return got;
}

/* ---- this CPU's home ---- */

/* Inlined: nearly every refill is served from here. */
static __always_inline unsigned int alloc_own(struct slabmod_cache *cache, struct slab_home *home,
					      void **objects, unsigned int nr)
{
	unsigned int got = 0;
	struct slab *slab;
	unsigned long flags;

	if (!has_free(home))
		return 0;
	if (!home_lock_nmi(home, &flags))
		return 0;
	while (got < nr && (slab = fullest_slab(home))) {
		unsigned int more = alloc_listed(cache, home, slab, objects + got, nr - got);

		if (WARN_ON_ONCE(!more))
			break;
		got += more;
	}
	home_unlock(home, flags);
	if (got)
		count_inuse(cache, got);
	return got;
}

/* ---- other homes ---- */

static bool is_on(const struct slab *slab, int nid)
{
	return nid == NUMA_NO_NODE || slab_chunk(slab)->buddy->nid == nid;
}

/* Mark a slab as shared, unless no line of it could be allocated then. */
static bool try_share(struct slabmod_cache *cache, struct slab *slab)
{
	u16 id = slab->home;

	home_mark_shared(cache, slab);
	if (!(slab->home & HOME_SHARED) || slab_has_whole_line(cache, slab))
		return true;
	home_set_id(cache, slab, id);
	return false;
}

/*
 * A slab of @home, on node @nid or on any, that another CPU can allocate from. Give up after
 * @tries partial slabs, to bound the latency of the lock. @emptiest: one with few objects in use,
 * for a CPU that adopts it and so need not come back soon.
 */
static struct slab *find_foreign(struct slabmod_cache *cache, struct slab_home *home, int nid,
				 unsigned int tries, bool emptiest)
{
	struct slab *slab;
	int n, quarter;

	for (n = 0; n < SLAB_QUARTERS; n++) {
		quarter = emptiest ? n : SLAB_QUARTERS - 1 - n;
		list_for_each_entry(slab, &home->partial[quarter], node) {
			if (is_on(slab, nid) && try_share(cache, slab))
				return slab;
			if (!--tries)
				goto empty;
		}
	}
empty:
	list_for_each_entry(slab, &home->empty, node)
		if (is_on(slab, nid))
			return slab;
	return NULL;
}

/* Allocate from a slab of the locked home @from, and set its home to @id. */
static unsigned int adopt_locked(struct slabmod_cache *cache, struct slab_home *from, u16 id,
				 void **objects, unsigned int nr, unsigned int tries,
				 struct slab **moving)
{
	struct slab *slab = find_foreign(cache, from, NUMA_NO_NODE, tries, true);
	unsigned int got;

	*moving = NULL;
	if (!slab)
		return 0;
	home_list_del(from, slab, slab->inuse);
	got = slab_alloc(cache, slab, objects, nr);
	/* A full slab is listed by the first free of an object, maybe at once. */
	if (slab->inuse != slab_objects(cache, slab))
		*moving = slab;
	home_set_id(cache, slab, id | (slab->home & HOME_SHARED));
	return got;
}

static unsigned int adopt(struct slabmod_cache *cache, struct slab_home *from, void **objects,
			  unsigned int nr, bool wait)
{
	bool node_home = from == &cache->node_homes[source_nid(cache->source)];
	struct slab *moving;
	struct slab_home *to;
	unsigned long flags;
	unsigned int got;
	u16 id;

	if (!has_free(from))
		return 0;
	/* An NMI could not attach the slab: home_attach() waits for a lock. */
	if (must_not_lock())
		return 0;
	if (wait) {
		home_lock(from, &flags);
	} else if (!home_trylock(from, &flags)) {
		stat_inc(cache->stats, STAT_STEAL_MISSED);
		return 0;
	}
	to = home_this(cache, &id);
	/* A caller that waits creates a slab next: search all of them before. */
	got = adopt_locked(cache, from, id, objects, nr, wait ? UINT_MAX : STEAL_TRIES, &moving);
	home_unlock(from, flags);
	if (moving)
		home_attach(cache, to, moving);
	if (!got)
		return 0;
	count_inuse(cache, got);
	stat_inc(cache->stats, node_home ? STAT_ADOPT : STAT_STEAL);
	return got;
}

static unsigned int steal(struct slabmod_cache *cache, void **objects, unsigned int nr, bool wait)
{
	bool anywhere = cache->source->nid != NUMA_NO_NODE;
	unsigned int here = raw_smp_processor_id(), cpu, got;
	int near = source_near_node(cpu_to_mem(here));

	/* Start behind this CPU, so that not all CPUs start at the same one. */
	for_each_cpu_wrap(cpu, cpu_possible_mask, here) {
		if (cpu == here || (!anywhere && source_near_node(cpu_to_mem(cpu)) != near))
			continue;
		got = adopt(cache, per_cpu_ptr(cache->homes, cpu), objects, nr, wait);
		if (got)
			return got;
	}
	return 0;
}

unsigned int home_alloc_other_nodes(struct slabmod_cache *cache, void **objects, unsigned int nr)
{
	int near = source_nid(cache->source), nid;
	bool percpu = home_percpu(cache);
	unsigned int cpu, got;

	for_each_online_node(nid) {
		struct slab_home *node_home = &cache->node_homes[nid];

		if (nid == near)
			continue;
		/* Without per-CPU homes a slab stays in its node home. */
		got = percpu ? adopt(cache, node_home, objects, nr, true) :
			       alloc_own(cache, node_home, objects, nr);
		if (got)
			return got;
	}
	if (!percpu)
		return 0;
	for_each_possible_cpu(cpu) {
		if (source_near_node(cpu_to_mem(cpu)) == near)
			continue;
		got = adopt(cache, per_cpu_ptr(cache->homes, cpu), objects, nr, true);
		if (got)
			return got;
	}
	return 0;
}

/* Allocate from any line, although other CPUs have objects in it. */
static unsigned int alloc_any_from(struct slabmod_cache *cache, struct slab_home *home,
				   void **objects, unsigned int nr)
{
	unsigned int got = 0;
	struct slab *slab;
	unsigned long flags;

	if (!has_free(home) || !home_lock_nmi(home, &flags))
		return 0;
	slab = list_first_entry_or_null(&home->no_whole_line, struct slab, node);
	if (!slab)
		slab = fullest_slab(home);
	if (slab) {
		home_list_del(home, slab, slab->inuse);
		got = slab_alloc_any(cache, slab, objects, nr);
		home_mark_shared(cache, slab);
		if (slab->inuse != slab_objects(cache, slab))
			home_list_add(cache, home, slab);
	}
	home_unlock(home, flags);
	if (got)
		count_inuse(cache, got);
	if (cache->flags & CACHE_SHARES_LINES)
		stat_add(cache->stats, STAT_SHARED_LINE, got);
	return got;
}

static unsigned int alloc_any(struct slabmod_cache *cache, void **objects, unsigned int nr)
{
	unsigned int cpu, got = 0;
	int nid;

	for_each_online_node(nid) {
		got = alloc_any_from(cache, &cache->node_homes[nid], objects, nr);
		if (got)
			return got;
	}
	if (!cache->homes)
		return 0;
	for_each_possible_cpu(cpu) {
		got = alloc_any_from(cache, per_cpu_ptr(cache->homes, cpu), objects, nr);
		if (got)
			break;
	}
	return got;
}

unsigned int home_alloc(struct slabmod_cache *cache, void **objects, unsigned int nr,
			bool any_line)
{
	struct slab_home *home;
	unsigned int got;
	u16 id;

	home = home_this(cache, &id);
	got = alloc_own(cache, home, objects, nr);
	if (!got && id != HOME_NODE) {
		got = adopt(cache, &cache->node_homes[source_nid(cache->source)], objects, nr,
			    true);
		if (!got)
			got = steal(cache, objects, nr, false);
		/* Never create a slab because of a contended lock: see pool_bound.c. */
		if (!got)
			got = steal(cache, objects, nr, true);
	}
	if (!got && any_line)
		got = alloc_any(cache, objects, nr);
	return got;
}
EXPORT_SYMBOL_FOR_TEST(home_alloc);

/* Allocate one object of a slab on @nid from a home, which may be of another node. */
static void *alloc_one_on_node(struct slabmod_cache *cache, struct slab_home *home, int nid)
{
	struct slab *slab;
	void *object = NULL;
	unsigned long flags;

	if (!home_lock_nmi(home, &flags))
		return NULL;
	slab = find_foreign(cache, home, nid, UINT_MAX, false);
	if (slab) {
		unsigned int inuse = slab->inuse;

		count_inuse(cache, slab_alloc(cache, slab, &object, 1));
		/* Only now does the slab have an object that is not its home's. */
		home_mark_shared(cache, slab);
		home_list_update(cache, home, slab, inuse);
	}
	home_unlock(home, flags);
	return object;
}

void *home_alloc_on_node(struct slabmod_cache *cache, int nid)
{
	void *object = alloc_one_on_node(cache, &cache->node_homes[nid], nid);
	unsigned int cpu;

	if (object || !home_percpu(cache))
		return object;
	for_each_possible_cpu(cpu) {
		struct slab_home *home = per_cpu_ptr(cache->homes, cpu);

		if (!has_free(home))
			continue;
		object = alloc_one_on_node(cache, home, nid);
		if (object)
			break;
	}
	return object;
}
EXPORT_SYMBOL_FOR_TEST(home_alloc_on_node);

unsigned int home_add_slab(struct slabmod_cache *cache, struct slab *slab, bool node_home,
			   void **objects, unsigned int nr)
{
	struct slab_home *home;
	unsigned long flags;
	u16 id;

	home = home_this(cache, &id);
	if (node_home || id == HOME_NODE) {
		id = HOME_NODE;
		home = home_of(cache, slab, id);
	}
	nr = slab_alloc(cache, slab, objects, nr);
	home_lock(home, &flags);
	home_set_id(cache, slab, id);
	if (id == HOME_NODE)
		home_mark_shared(cache, slab);
	home->slabs++;
	home->small_slabs += slab_is_small(slab);
	if (slab->inuse != slab_objects(cache, slab))
		home_list_add(cache, home, slab);
	home_unlock(home, flags);
	count_inuse(cache, nr);
	return nr;
}

void *home_alloc_from_new_slab(struct slabmod_cache *cache, int nid, gfp_t gfp, bool node_home)
{
	struct slab *slab = must_not_lock() ? NULL : slab_create(cache, nid, gfp);
	void *object = NULL;

	if (slab)
		home_add_slab(cache, slab, node_home, &object, 1);
	return object;
}
EXPORT_SYMBOL_FOR_TEST(home_alloc_from_new_slab);
