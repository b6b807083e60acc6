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

/* Slabs of another home to look at, for whole lines or for their node, per hold of its lock. */
#define STEAL_TRIES	4
#define SEARCH_TRIES	32

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

/* Allocate from a few slabs of the locked home. */
static __always_inline unsigned int alloc_some(struct slabmod_cache *cache, struct slab_home *home,
					       void **objects, unsigned int nr)
{
	unsigned int got = 0, limit = HOME_HOLD_OBJECTS;
	struct slab *slab;

	for (nr = min(nr, limit); got < nr && (slab = fullest_slab(home)); nr = min(nr, limit)) {
		unsigned int more = alloc_listed(cache, home, slab, objects + got, nr - got);

		if (WARN_ON_ONCE(!more))
			break;
		got += more;
		limit -= min(limit, HOME_SLAB_OBJECTS);
	}
	return got;
}

/* Inlined: nearly every refill is served from here. */
static __always_inline unsigned int alloc_own(struct slabmod_cache *cache, struct slab_home *home,
					      void **objects, unsigned int nr)
{
	unsigned int got = 0, more;
	unsigned long flags;

	do {
		if (!home_has_free(home) || !home_lock_nmi(home, &flags))
			break;
		more = alloc_some(cache, home, objects + got, nr - got);
		/* Before another CPU can free them. */
		count_inuse(cache, more);
		home_unlock(home, flags);
		got += more;
	} while (more && got < nr);
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

/* A search of a home for a slab that another CPU can allocate from. */
struct search {
	int nid;		/* the node of its memory, or NUMA_NO_NODE */
	bool emptiest;		/* prefer those with few objects in use to those with many */
	unsigned int tries;	/* partial slabs to look at per hold of the lock */
	unsigned int quarters;	/* that have been searched */
	unsigned int left;	/* partial slabs to look at in this quarter, at most */
	const struct slab *first;	/* that did not serve, in this quarter and hold */
};

static void search_quarter(struct search *s, const struct slab_home *home, unsigned int n)
{
	s->quarters = n;
	s->left = READ_ONCE(home->nr_partial);
	s->first = NULL;
}

static bool search_ended(const struct search *s)
{
	return s->quarters == SLAB_QUARTERS;
}

/*
 * Look at more slabs of the locked home, and return one or NULL; see search_ended(). Those that do
 * not serve move to the end of their list.
 */
static struct slab *search_partial(struct slabmod_cache *cache, struct slab_home *home,
				   struct search *s)
{
	unsigned int tries = s->tries;
	struct list_head *list;
	struct slab *slab;

	/* It may have been freed, and be another slab now. */
	s->first = NULL;
	while (!search_ended(s)) {
		list = &home->partial[s->emptiest ? s->quarters : SLAB_QUARTERS - 1 - s->quarters];
		slab = list_first_entry_or_null(list, struct slab, node);
		if (!slab || slab == s->first || !s->left) {
			search_quarter(s, home, s->quarters + 1);
			continue;
		}
		if (!tries--)
			break;
		if (is_on(slab, s->nid) && try_share(cache, slab))
			return slab;
		if (!s->first)
			s->first = slab;
		s->left--;
		list_move_tail(&slab->node, list);
	}
	return NULL;
}

/* Allocate from a slab of the locked home @from, and set its home to @id. */
static unsigned int adopt_locked(struct slabmod_cache *cache, struct slab_home *from,
				 struct slab *slab, u16 id, void **objects, unsigned int nr,
				 struct slab **moving)
{
	unsigned int got;

	home_list_del(from, slab, slab->inuse);
	got = slab_alloc(cache, slab, objects, min(nr, HOME_HOLD_OBJECTS));
	/* A full slab is listed by the first free of an object, maybe at once. */
	if (slab->inuse != slab_objects(cache, slab))
		*moving = slab;
	home_set_id(cache, slab, id | (slab->home & HOME_SHARED));
	count_inuse(cache, got);
	return got;
}

/* Lock another home. If the caller does not @wait, its lock may be missed. */
static bool lock_other(struct slabmod_cache *cache, struct slab_home *home, bool wait,
		       unsigned long *flags)
{
	/* An NMI could not attach the slab: home_attach() waits for a lock. */
	if (!home_has_free(home) || must_not_lock())
		return false;
	if (wait) {
		home_lock(home, flags);
		return true;
	}
	if (home_trylock(home, flags))
		return true;
	stat_inc(cache->stats, EVENT_STEAL_MISSED);
	return false;
}

/*
 * Adopt a slab of another home and allocate from it. A caller that waits creates a slab next, so
 * it searches all of them, the empty ones at last.
 */
static unsigned int adopt(struct slabmod_cache *cache, struct slab_home *from, void **objects,
			  unsigned int nr, bool wait)
{
	bool node_home = from == &cache->node_homes[source_nid(cache->source)];
	struct search s = { .nid = NUMA_NO_NODE, .emptiest = true,
			    .tries = wait ? SEARCH_TRIES : STEAL_TRIES };
	struct slab *slab, *moving = NULL;
	struct slab_home *to;
	unsigned long flags;
	unsigned int got = 0;
	u16 id;

	search_quarter(&s, from, 0);
	do {
		if (!lock_other(cache, from, wait, &flags))
			return 0;
		to = home_this(cache, &id);
		slab = search_partial(cache, from, &s);
		if (!slab && wait && search_ended(&s))
			slab = list_first_entry_or_null(&from->empty, struct slab, node);
		if (slab)
			got = adopt_locked(cache, from, slab, id, objects, nr, &moving);
		home_unlock(from, flags);
	} while (!slab && wait && !search_ended(&s));
	if (moving)
		home_attach(cache, to, moving);
	if (got)
		stat_inc(cache->stats, node_home ? EVENT_ADOPT : EVENT_STEAL);
	return got;
}

/* Remember that the home of a CPU has nothing, so that it is not visited again. */
static void note_bare(struct slabmod_cache *cache, struct slab_home *home, unsigned int cpu)
{
	unsigned long flags;

	if (must_not_lock() || !home_trylock(home, &flags))
		return;
	if (!home_has_free(home))
		clear_bit(cpu, home_stocked(cache));
	home_unlock(home, flags);
}

/* Adopt a slab of a CPU between @first and @end, but not of this one. */
static unsigned int steal_between(struct slabmod_cache *cache, unsigned int first,
				  unsigned int end, void **objects, unsigned int nr, bool wait)
{
	bool anywhere = cache->source->nid != NUMA_NO_NODE;
	unsigned int here = raw_smp_processor_id(), cpu = first, got;
	int near = source_near_node(cpu_to_mem(here));

	for_each_set_bit_from(cpu, home_stocked(cache), end) {
		struct slab_home *home = per_cpu_ptr(cache->homes, cpu);

		if (cpu == here || (!anywhere && source_near_node(cpu_to_mem(cpu)) != near))
			continue;
		if (!home_has_free(home)) {
			note_bare(cache, home, cpu);
			continue;
		}
		got = adopt(cache, home, objects, nr, wait);
		if (got)
			return got;
	}
	return 0;
}

static unsigned int steal(struct slabmod_cache *cache, void **objects, unsigned int nr, bool wait)
{
	unsigned int here = raw_smp_processor_id();

	/* The common case on a machine of few CPUs: there is nothing. */
	if (nr_cpu_ids <= BITS_PER_LONG && !(READ_ONCE(*home_stocked(cache)) & ~BIT(here)))
		return 0;
	/* Start behind this CPU, so that not all CPUs start at the same one. */
	return steal_between(cache, here + 1, nr_cpu_ids, objects, nr, wait) ?:
	       steal_between(cache, 0, here, objects, nr, wait);
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
	for_each_set_bit(cpu, home_stocked(cache), nr_cpu_ids) {
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

	if (!home_has_free(home) || !home_lock_nmi(home, &flags))
		return 0;
	slab = list_first_entry_or_null(&home->no_whole_line, struct slab, node);
	if (!slab)
		slab = fullest_slab(home);
	if (slab) {
		home_list_del(home, slab, slab->inuse);
		got = slab_alloc_any(cache, slab, objects, min(nr, HOME_HOLD_OBJECTS));
		count_inuse(cache, got);
		home_mark_shared(cache, slab);
		if (slab->inuse != slab_objects(cache, slab))
			home_list_add(cache, home, slab);
	}
	home_unlock(home, flags);
	if (cache->flags & CACHE_SHARES_LINES)
		stat_add(cache->stats, EVENT_SHARED_LINE, got);
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
	if (!home_percpu(cache))
		return 0;
	for_each_set_bit(cpu, home_stocked(cache), nr_cpu_ids) {
		got = alloc_any_from(cache, per_cpu_ptr(cache->homes, cpu), objects, nr);
		if (got)
			break;
	}
	return got;
}

/* Allocate from a slab of another home, which this CPU adopts. */
static unsigned int alloc_others(struct slabmod_cache *cache, void **objects, unsigned int nr)
{
	struct slab_home *node_home = &cache->node_homes[source_nid(cache->source)];

	/* Never create a slab because of a contended lock: see pool_bound.c. */
	return adopt(cache, node_home, objects, nr, true) ?:
	       steal(cache, objects, nr, false) ?:
	       steal(cache, objects, nr, true);
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
		got = alloc_others(cache, objects, nr);
		/* The slab may have more. */
		if (got && got < nr)
			got += alloc_own(cache, home, objects + got, nr - got);
	}
	if (!got && any_line)
		got = alloc_any(cache, objects, nr);
	return got;
}
EXPORT_SYMBOL_FOR_TEST(home_alloc);

static struct slab *empty_slab_on(struct slab_home *home, int nid)
{
	unsigned int tries = SEARCH_TRIES;
	struct slab *slab;

	list_for_each_entry(slab, &home->empty, node) {
		if (is_on(slab, nid))
			return slab;
		if (!--tries)
			break;
	}
	return NULL;
}

/* Allocate one object of a slab on @nid from a home, which may be of another node. */
static void *alloc_one_on_node(struct slabmod_cache *cache, struct slab_home *home, int nid)
{
	struct search s = { .nid = nid, .tries = SEARCH_TRIES };
	struct slab *slab;
	void *object = NULL;
	unsigned long flags;

	search_quarter(&s, home, 0);
	do {
		if (!home_has_free(home) || !home_lock_nmi(home, &flags))
			return NULL;
		slab = search_partial(cache, home, &s);
		if (!slab && search_ended(&s))
			slab = empty_slab_on(home, nid);
		if (slab) {
			unsigned int inuse = slab->inuse;

			count_inuse(cache, slab_alloc(cache, slab, &object, 1));
			/* Only now does the slab have an object that is not its home's. */
			home_mark_shared(cache, slab);
			home_list_update(cache, home, slab, inuse);
		}
		home_unlock(home, flags);
	} while (!slab && !search_ended(&s));
	return object;
}

void *home_alloc_on_node(struct slabmod_cache *cache, int nid)
{
	void *object = alloc_one_on_node(cache, &cache->node_homes[nid], nid);
	unsigned int cpu;

	if (object || !home_percpu(cache))
		return object;
	for_each_set_bit(cpu, home_stocked(cache), nr_cpu_ids) {
		object = alloc_one_on_node(cache, per_cpu_ptr(cache->homes, cpu), nid);
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
	count_inuse(cache, nr);
	home_unlock(home, flags);
	return nr;
}
EXPORT_SYMBOL_FOR_TEST(home_add_slab);

void *home_alloc_from_new_slab(struct slabmod_cache *cache, int nid, gfp_t gfp, bool node_home)
{
	struct slab *slab = must_not_lock() ? NULL : slab_create(cache, nid, gfp);
	void *object = NULL;

	if (slab)
		home_add_slab(cache, slab, node_home, &object, 1);
	return object;
}
EXPORT_SYMBOL_FOR_TEST(home_alloc_from_new_slab);
