// SPDX-License-Identifier: GPL-2.0
/*
 * refill.c - where objects come from: home, commons, other homes, a new slab.
 *
 * A slab of the commons or of another CPU's home becomes this CPU's own when it
 * is taken from. If its objects share lines, and some are in use elsewhere, it is
 * mixed from then on, until it is empty: only lines that are wholly free are
 * handed out of it, and what comes back goes to the slab and not to a magazine.
 *
 * Contexts: any. In NMI no lock is waited for, and no slab changes its home.
 * Locks: one home's at a time. Stealing first only tries those of other CPUs, and waits
 * for them before a slab is made: so what is there is used up first.
 */
#include <linux/cpumask.h>
#include <linux/list.h>
#include <linux/preempt.h>
#include <linux/topology.h>

#include "home.h"
#include "slab.h"

/* How many slabs of another CPU's home are looked at for whole lines. */
#define STEAL_TRIES	4

static bool has_free(const struct slab_home *home)
{
	return READ_ONCE(home->nr_partial) || READ_ONCE(home->nr_empty);
}

/* The fullest slab there is something to take from. */
static struct frame *fullest_slab(struct slab_home *home)
{
	int quarter;

	for (quarter = SLAB_QUARTERS - 1; quarter >= 0; quarter--)
		if (!list_empty(&home->partial[quarter]))
			return list_first_entry(&home->partial[quarter], struct frame, node);
	return list_first_entry_or_null(&home->empty, struct frame, node);
}

/* Takes from one slab of @home. */
static unsigned int take_from(struct slabmod_cache *cache, struct slab_home *home,
			      struct frame *first, void **objects, unsigned int nr)
{
	unsigned int inuse = first->inuse;
	unsigned int got = slab_take(cache, first, objects, nr);

	/* As long as a cache has no homes, every CPU takes from the commons. */
	if (HOME_ID(first->home) == HOME_COMMONS)
		home_mix(cache, first);
	home_relist(cache, home, first, inuse);
	return got;
}

/* ---- from where this CPU is at home ---- */

/* Inline: it is what a refill is, all but always. */
static __always_inline unsigned int take_own(struct slabmod_cache *cache, struct slab_home *home,
					     void **objects, unsigned int nr)
{
	unsigned int got = 0;
	struct frame *first;
	unsigned long flags;

	if (!has_free(home))
		return 0;
	if (!home_lock_nmi(home, &flags))
		return 0;
	while (got < nr && (first = fullest_slab(home))) {
		unsigned int more = take_from(cache, home, first, objects + got, nr - got);

		if (WARN_ON_ONCE(!more))
			break;
		got += more;
	}
	home_unlock(home, flags);
	if (got)
		home_count_taken(cache, got);
	return got;
}

/* ---- from elsewhere ---- */

static bool is_on(const struct frame *first, int nid)
{
	return nid == NUMA_NO_NODE || frame_chunk(first)->buddy->nid == nid;
}

/* Mixes a partly used slab, if then there is something to take from it. */
static bool mix_if_of_use(struct slabmod_cache *cache, struct frame *first)
{
	u16 id = first->home;

	home_mix(cache, first);
	if (!(first->home & HOME_MIXED) || slab_has_whole_line(cache, first))
		return true;
	home_set(cache, first, id);
	return false;
}

/*
 * A slab of @home, on a node or on any, from which a CPU that is not at home there can
 * take something. Gives up after @tries, for the sake of those who wait for the lock.
 */
static struct frame *find_foreign(struct slabmod_cache *cache, struct slab_home *home, int nid,
				  unsigned int tries)
{
	struct frame *first;
	int quarter;

	for (quarter = SLAB_QUARTERS - 1; quarter >= 0; quarter--)
		list_for_each_entry(first, &home->partial[quarter], node) {
			if (is_on(first, nid) && mix_if_of_use(cache, first))
				return first;
			if (!--tries)
				goto empty;
		}
empty:
	list_for_each_entry(first, &home->empty, node)
		if (is_on(first, nid))
			return first;
	return NULL;
}

/* Takes from a slab of the home @from, with its lock held, and makes it ours. */
static unsigned int adopt_locked(struct slabmod_cache *cache, struct slab_home *from, u16 id,
				 void **objects, unsigned int nr, unsigned int tries,
				 struct frame **settler)
{
	struct frame *first = find_foreign(cache, from, NUMA_NO_NODE, tries);
	unsigned int got;

	*settler = NULL;
	if (!first)
		return 0;
	home_unlist(from, first, first->inuse);
	got = slab_take(cache, first, objects, nr);
	/* A full slab is listed by whoever first gives an object back, maybe at once. */
	if (first->inuse != slab_objects(cache, first))
		*settler = first;
	home_set(cache, first, id | (first->home & HOME_MIXED));
	return got;
}

static unsigned int adopt(struct slabmod_cache *cache, struct slab_home *from, void **objects,
			  unsigned int nr, bool wait)
{
	bool commons = from == &cache->commons[source_nid(cache->source)];
	struct frame *settler;
	struct slab_home *to;
	unsigned long flags;
	unsigned int got;
	u16 id;

	if (!has_free(from))
		return 0;
	/* In an NMI the slab could not be settled: home_settle() waits for a lock. */
	if (in_nmi())
		return 0;
	if (wait) {
		home_lock(from, &flags);
	} else if (!home_trylock(from, &flags)) {
		stat_inc(cache->stats, STAT_STEAL_MISSED);
		return 0;
	}
	to = home_this(cache, &id);
	/* Who waits is about to make a slab, and looks at all there are before. */
	got = adopt_locked(cache, from, id, objects, nr, wait ? UINT_MAX : STEAL_TRIES, &settler);
	home_unlock(from, flags);
	if (settler)
		home_settle(cache, to, settler);
	if (!got)
		return 0;
	home_count_taken(cache, got);
	stat_inc(cache->stats, commons ? STAT_ADOPT : STAT_STEAL);
	return got;
}

static unsigned int steal(struct slabmod_cache *cache, void **objects, unsigned int nr, bool wait)
{
	bool anywhere = cache->source->nid != NUMA_NO_NODE;
	unsigned int here = raw_smp_processor_id(), cpu, got;
	int near = chunk_near_node(cpu_to_mem(here));

	/* Those behind this one first, so that not all start at the same. */
	for_each_cpu_wrap(cpu, cpu_possible_mask, here) {
		if (cpu == here || (!anywhere && chunk_near_node(cpu_to_mem(cpu)) != near))
			continue;
		got = adopt(cache, per_cpu_ptr(cache->homes, cpu), objects, nr, wait);
		if (got)
			return got;
	}
	return 0;
}

unsigned int home_take_far(struct slabmod_cache *cache, void **objects, unsigned int nr)
{
	int near = source_nid(cache->source), nid;
	bool percpu = home_percpu(cache);
	unsigned int cpu, got;

	for_each_online_node(nid) {
		struct slab_home *commons = &cache->commons[nid];

		if (nid == near)
			continue;
		/* A slab that nobody is to be at home with stays in the commons of its node. */
		got = percpu ? adopt(cache, commons, objects, nr, true) :
			       take_own(cache, commons, objects, nr);
		if (got)
			return got;
	}
	if (!percpu)
		return 0;
	for_each_possible_cpu(cpu) {
		if (chunk_near_node(cpu_to_mem(cpu)) == near)
			continue;
		got = adopt(cache, per_cpu_ptr(cache->homes, cpu), objects, nr, true);
		if (got)
			return got;
	}
	return 0;
}

/* Takes what there is, though another CPU has its neighbours, or it is far away. */
static unsigned int take_any_of(struct slabmod_cache *cache, struct slab_home *home,
				void **objects, unsigned int nr)
{
	unsigned int got = 0;
	struct frame *first;
	unsigned long flags;

	if (!has_free(home) || !home_lock_nmi(home, &flags))
		return 0;
	first = list_first_entry_or_null(&home->broken, struct frame, node);
	if (!first)
		first = fullest_slab(home);
	if (first) {
		home_unlist(home, first, first->inuse);
		got = slab_take_any(cache, first, objects, nr);
		home_mix(cache, first);
		if (first->inuse != slab_objects(cache, first))
			home_list(cache, home, first);
	}
	home_unlock(home, flags);
	if (got)
		home_count_taken(cache, got);
	if (cache->flags & CACHE_SHARES_LINES)
		stat_add(cache->stats, STAT_SHARED_LINE, got);
	return got;
}

static unsigned int take_anything(struct slabmod_cache *cache, void **objects, unsigned int nr)
{
	unsigned int cpu, got = 0;
	int nid;

	for_each_online_node(nid) {
		got = take_any_of(cache, &cache->commons[nid], objects, nr);
		if (got)
			return got;
	}
	if (!cache->homes)
		return 0;
	for_each_possible_cpu(cpu) {
		got = take_any_of(cache, per_cpu_ptr(cache->homes, cpu), objects, nr);
		if (got)
			break;
	}
	return got;
}

/* ---- all of it ---- */

unsigned int home_take(struct slabmod_cache *cache, void **objects, unsigned int nr,
		       bool anything)
{
	struct slab_home *home;
	unsigned int got;
	u16 id;

	home = home_this(cache, &id);
	got = take_own(cache, home, objects, nr);
	if (!got && id != HOME_COMMONS) {
		got = adopt(cache, &cache->commons[source_nid(cache->source)], objects, nr, true);
		if (!got)
			got = steal(cache, objects, nr, false);
		/* A slab is not made because somebody had a lock: see the bound in bound.c. */
		if (!got)
			got = steal(cache, objects, nr, true);
	}
	if (!got && anything)
		got = take_anything(cache, objects, nr);
	return got;
}
EXPORT_SYMBOL_FOR_TEST(home_take);

/* One object of a slab that is on @nid, wherever its home is. */
static void *take_one_on(struct slabmod_cache *cache, struct slab_home *home, int nid)
{
	struct frame *first;
	void *object = NULL;
	unsigned long flags;

	if (!home_lock_nmi(home, &flags))
		return NULL;
	first = find_foreign(cache, home, nid, UINT_MAX);
	if (first) {
		unsigned int inuse = first->inuse;

		home_count_taken(cache, slab_take(cache, first, &object, 1));
		/* Not of interest as long as it was empty; the object is not its home's now. */
		home_mix(cache, first);
		home_relist(cache, home, first, inuse);
	}
	home_unlock(home, flags);
	return object;
}

void *home_take_node(struct slabmod_cache *cache, int nid)
{
	void *object = take_one_on(cache, &cache->commons[nid], nid);
	unsigned int cpu;

	if (object || !home_percpu(cache))
		return object;
	for_each_possible_cpu(cpu) {
		struct slab_home *home = per_cpu_ptr(cache->homes, cpu);

		if (!has_free(home))
			continue;
		object = take_one_on(cache, home, nid);
		if (object)
			break;
	}
	return object;
}
EXPORT_SYMBOL_FOR_TEST(home_take_node);

struct frame *home_new_slab(struct slabmod_cache *cache, int nid, gfp_t gfp)
{
	return in_nmi() ? NULL : slab_new(cache, nid, gfp);
}

unsigned int home_open(struct slabmod_cache *cache, struct frame *first, bool commons,
		       void **objects, unsigned int nr)
{
	struct slab_home *home;
	unsigned long flags;
	u16 id;

	home = home_this(cache, &id);
	if (commons || id == HOME_COMMONS) {
		id = HOME_COMMONS;
		home = home_of(cache, first, id);
	}
	nr = slab_take(cache, first, objects, nr);
	home_lock(home, &flags);
	home_set(cache, first, id);
	if (id == HOME_COMMONS)
		home_mix(cache, first);
	home->slabs++;
	home->small_slabs += first->state == FRAME_SLAB_SMALL;
	if (first->inuse != slab_objects(cache, first))
		home_list(cache, home, first);
	home_unlock(home, flags);
	home_count_taken(cache, nr);
	return nr;
}

void *home_grow(struct slabmod_cache *cache, int nid, gfp_t gfp, bool commons)
{
	struct frame *first = home_new_slab(cache, nid, gfp);
	void *object = NULL;

	if (first)
		home_open(cache, first, commons, &object, 1);
	return object;
}
EXPORT_SYMBOL_FOR_TEST(home_grow);
