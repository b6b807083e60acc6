// SPDX-License-Identifier: GPL-2.0
/*
 * home.c - homes: the slabs that a CPU or a node owns.
 *
 * A slab is owned by the home of the CPU that refills from it, as in Hoard, but visited once for
 * a magazine and not for each object. A home keeps its slabs in four lists by fullness and
 * refills from the fullest, so that emptier ones drain. If it has none, it adopts one of another
 * home: first of the node home, which has slabs of CPUs that went offline, and nearly empty ones
 * that CPUs of other nodes had. A home keeps a few empty slabs for the next refill, and frees the
 * others to the buddy.
 *
 * Invariant (blowup): a slab is created only when the home, the node home and the homes of the
 * other CPUs of the node have no free object, except in magazines and in lines that other CPUs
 * share.
 *
 * A slab of an isolated cache is freed to the buddy by home_free_isolated() only. Until then it
 * stays in its home, and its pages do not count as empty.
 *
 * A slab changes its home only under the lock of its old home. A free reads the home, locks it,
 * and checks again. While a slab moves it is on no list, and neither home is locked: see the
 * invariant of struct slab_home, which home_list_update() keeps.
 *
 * Contexts: any. An NMI does not wait for a lock. Locks: home->lock, raw, interrupts off; held
 * for few objects and slabs at a time, see HOME_HOLD_FREES.
 */
#include <linux/cpumask.h>
#include <linux/list.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/topology.h>

#include "buddy.h"
#include "gfp.h"
#include "home.h"
#include "home_walk.h"
#include "report.h"
#include "slab.h"
#include "source.h"

/* ---- which home ---- */

struct slab_home *home_of(struct slabmod_cache *cache, const struct slab *slab, u16 id)
{
	struct chunk *chunk;

	if (HOME_ID(id) == HOME_NODE) {
		chunk = slab_chunk(slab);
		/* A stale one may have been in a chunk that was freed. */
		return chunk ? &cache->node_homes[chunk->buddy->nid] : NULL;
	}
	/* HOME_NONE. A stale slab may name a CPU although this cache has no per-CPU homes. */
	if (HOME_ID(id) >= nr_cpu_ids || !home_percpu(cache))
		return NULL;
	return per_cpu_ptr(cache->homes, HOME_ID(id));
}

/* Keep sparse quiet: lock and unlock are in different functions. */
void home_lock(struct slab_home *home, unsigned long *flags)
{
	raw_spin_lock_irqsave(&home->lock, *flags);
	__release(&home->lock);
}

bool home_trylock(struct slab_home *home, unsigned long *flags)
{
	/*
	 * Without SMP the lock is no memory at all, and a trylock succeeds in any case: the
	 * interrupted code may be changing the lists.
	 */
	if (!IS_ENABLED(CONFIG_SMP) && must_not_lock())
		return false;
	local_irq_save(*flags);
	if (raw_spin_trylock(&home->lock)) {
		__release(&home->lock);
		return true;
	}
	local_irq_restore(*flags);
	return false;
}

bool home_lock_nmi(struct slab_home *home, unsigned long *flags)
{
	if (must_not_lock())
		return home_trylock(home, flags);
	home_lock(home, flags);
	return true;
}

void home_unlock(struct slab_home *home, unsigned long flags)
{
	__acquire(&home->lock);
	raw_spin_unlock_irqrestore(&home->lock, flags);
}

void home_set_id(struct slabmod_cache *cache, struct slab *slab, u16 id)
{
	if (slab->home == id)
		return;
	/* Pairs with is_at_home(): from here on another CPU may change the slab. */
	smp_store_release(&slab->home, id);
}

/* ---- lists of a home, which is locked ---- */

/* Count pages that reclaim can free. */
static void count_empty(struct slab *slab, int more)
{
	struct chunk *chunk = slab_chunk(slab);

	if (is_isolated(slab_cache(slab)))
		return;
	atomic_long_add(more, &chunk->buddy->source->empty_slabs);
	atomic_add(more * slab_geometry(slab_cache(slab), slab)->pages, &chunk->empty_pages);
}

void home_list_del(struct slab_home *home, struct slab *slab, unsigned int inuse)
{
	list_del_init(&slab->node);
	if (inuse) {
		home->nr_partial--;
		return;
	}
	home->min_empty = min(home->min_empty, --home->nr_empty);
	count_empty(slab, -1);
}

/* Show the CPUs that search for objects that the home of a slab has some. */
static void note_stocked(struct slabmod_cache *cache, const struct slab *slab)
{
	unsigned int id = HOME_ID(slab->home);

	if (id != HOME_NODE && !test_bit(id, home_stocked(cache)))
		set_bit(id, home_stocked(cache));
}

void home_list_add(struct slabmod_cache *cache, struct slab_home *home, struct slab *slab)
{
	if (!home_has_free(home))
		note_stocked(cache, slab);
	if (!slab->inuse) {
		home_set_id(cache, slab, HOME_ID(slab->home));
		list_add(&slab->node, &home->empty);
		home->nr_empty++;
		count_empty(slab, 1);
		return;
	}
	home->nr_partial++;
	if (slab->home & HOME_SHARED && !slab_has_whole_line(cache, slab))
		list_add(&slab->node, &home->no_whole_line);
	else
		list_add(&slab->node, &home->partial[slab_quarter(cache, slab)]);
}

void home_list_update(struct slabmod_cache *cache, struct slab_home *home, struct slab *slab,
		      unsigned int inuse)
{
	unsigned int objects = slab_objects(cache, slab);

	if (inuse != objects) {
		/* It is being moved, and listed after that. */
		if (list_empty(&slab->node))
			return;
		/* The common case: another quarter. */
		if (inuse && slab->inuse && slab->inuse != objects &&
		    !(slab->home & HOME_SHARED)) {
			list_move(&slab->node, &home->partial[slab_quarter(cache, slab)]);
			return;
		}
		home_list_del(home, slab, inuse);
	}
	if (slab->inuse != objects)
		home_list_add(cache, home, slab);
}

void home_mark_shared(struct slabmod_cache *cache, struct slab *slab)
{
	if (cache->flags & CACHE_SHARES_LINES && slab->inuse)
		home_set_id(cache, slab, slab->home | HOME_SHARED);
}

void home_attach(struct slabmod_cache *cache, struct slab_home *home, struct slab *slab)
{
	unsigned long flags;

	home_lock(home, &flags);
	home_list_add(cache, home, slab);
	home_unlock(home, flags);
}

/* ---- removing slabs ---- */

void home_remove_empty(struct slabmod_cache *cache, struct slab_home *home, struct slab *slab,
		       struct list_head *dead)
{
	home_set_id(cache, slab, HOME_NONE);
	home->slabs--;
	home->small_slabs -= slab_is_small(slab);
	list_add(&slab->node, dead);
}

void home_free_slabs(struct slabmod_cache *cache, struct list_head *dead)
{
	struct slab *slab, *next;

	list_for_each_entry_safe(slab, next, dead, node) {
		list_del_init(&slab->node);
		slab_destroy(cache, slab);
	}
}

void home_detach(struct slabmod_cache *cache, struct slab_home *home, struct slab *slab)
{
	home_list_del(home, slab, slab->inuse);
	home_mark_shared(cache, slab);
	home_set_id(cache, slab, HOME_NODE | (slab->home & HOME_SHARED));
}

void home_attach_to_node(struct slabmod_cache *cache, struct slab *slab)
{
	home_attach(cache, home_of(cache, slab, HOME_NODE), slab);
	stat_inc(cache->stats, EVENT_RETIRE);
}

/* ---- draining and shrinking ---- */

void home_set_keep(struct slabmod_cache *cache, bool aged)
{
	unsigned int keep = home_few(cache);

	/* Pages that arrive after a grace period are late for another size. */
	if (aged && !(cache->flags & (SLABMOD_TYPESAFE_BY_RCU | CACHE_STRICT)))
		keep = max_t(unsigned int, keep,
			     HOME_KEEP_BYTES_AGED / (cache->usual.pages << PAGE_SHIFT));
	WRITE_ONCE(cache->keep_empty, keep);
}
EXPORT_SYMBOL_FOR_TEST(home_set_keep);

/* What a walk frees. */
struct shrinkage {
	unsigned int left;	/* slabs to free at most */
	unsigned long pages;	/* freed */
};

/* Free up to @nr empty slabs to the buddy, the longest empty ones first. Return how many. */
static unsigned int free_empty(struct slabmod_cache *cache, struct slab_home *home,
			       unsigned int nr, unsigned long *pages)
{
	unsigned int i = 0, end;
	unsigned long flags;
	LIST_HEAD(dead);

	while (i < nr && READ_ONCE(home->nr_empty)) {
		home_lock(home, &flags);
		for (end = i + min(nr - i, HOME_HOLD_EMPTY); i < end && home->nr_empty; i++) {
			struct slab *slab = list_last_entry(&home->empty, struct slab, node);

			*pages += slab_geometry(cache, slab)->pages;
			home_list_del(home, slab, 0);
			home_remove_empty(cache, home, slab, &dead);
		}
		home_unlock(home, flags);
		home_free_slabs(cache, &dead);
	}
	return i;
}

static void free_all_empty(struct slabmod_cache *cache, struct slab_home *home, void *arg)
{
	free_empty(cache, home, READ_ONCE(home->nr_empty), arg);
}

static void free_some_empty(struct slabmod_cache *cache, struct slab_home *home, void *arg)
{
	struct shrinkage *shrinkage = arg;

	if (shrinkage->left)
		shrinkage->left -= free_empty(cache, home, shrinkage->left, &shrinkage->pages);
}

/* Free the slabs that were not needed since the last call. */
static void age_home(struct slabmod_cache *cache, struct slab_home *home, void *arg)
{
	unsigned long *pages = arg;
	unsigned int unused;
	unsigned long flags;

	home_lock(home, &flags);
	unused = home->min_empty;
	home->min_empty = home->nr_empty;
	home_unlock(home, flags);
	/* There may be many. */
	while (unused) {
		unsigned int freed = free_empty(cache, home, min(unused, HOME_HOLD_EMPTY), pages);

		if (!freed)
			break;
		unused -= freed;
		cond_resched();
	}
}

unsigned long home_age(struct slabmod_cache *cache)
{
	unsigned long pages = 0;

	if (!is_isolated(cache))
		home_walk(cache, age_home, &pages);
	return pages;
}
EXPORT_SYMBOL_FOR_TEST(home_age);

static void free_isolated(struct slabmod_cache *cache, struct slab_home *home, void *arg)
{
	free_empty(cache, home, HOME_HOLD_EMPTY, arg);
}

unsigned long home_free_isolated(struct slabmod_cache *cache)
{
	unsigned long pages = 0, before;

	do {
		before = pages;
		home_walk(cache, free_isolated, &pages);
		cond_resched();
	} while (pages != before);
	return pages;
}

/* Any slab of the home that is listed. */
static struct slab *any_listed(struct slab_home *home)
{
	int quarter;

	for (quarter = 0; quarter < SLAB_QUARTERS; quarter++)
		if (!list_empty(&home->partial[quarter]))
			return list_first_entry(&home->partial[quarter], struct slab, node);
	if (!list_empty(&home->no_whole_line))
		return list_first_entry(&home->no_whole_line, struct slab, node);
	return list_first_entry_or_null(&home->empty, struct slab, node);
}

void home_drain_cpu(struct slabmod_cache *cache, unsigned int cpu)
{
	unsigned long flags, pages = 0;
	struct slab_home *home;
	struct slab *slab;

	if (!home_percpu(cache))
		return;
	home = per_cpu_ptr(cache->homes, cpu);
	if (!is_isolated(cache))
		free_all_empty(cache, home, &pages);
	do {
		home_lock(home, &flags);
		slab = any_listed(home);
		if (slab)
			home_detach(cache, home, slab);
		home_unlock(home, flags);
		if (slab)
			home_attach_to_node(cache, slab);
	} while (slab);
}
EXPORT_SYMBOL_FOR_TEST(home_drain_cpu);

unsigned long home_shrink(struct slabmod_cache *cache)
{
	unsigned long pages = 0;

	if (!is_isolated(cache))
		home_walk(cache, free_all_empty, &pages);
	return pages;
}
EXPORT_SYMBOL_FOR_TEST(home_shrink);

unsigned int home_shrink_some(struct slabmod_cache *cache, unsigned int nr)
{
	struct shrinkage shrinkage = { .left = nr };

	if (!is_isolated(cache))
		home_walk(cache, free_some_empty, &shrinkage);
	return nr - shrinkage.left;
}

void home_init(struct slab_home *home)
{
	int quarter;

	memset(home, 0, sizeof(*home));
	raw_spin_lock_init(&home->lock);
	for (quarter = 0; quarter < SLAB_QUARTERS; quarter++)
		INIT_LIST_HEAD(&home->partial[quarter]);
	INIT_LIST_HEAD(&home->no_whole_line);
	INIT_LIST_HEAD(&home->empty);
}
EXPORT_SYMBOL_FOR_TEST(home_init);
