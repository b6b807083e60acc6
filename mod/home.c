// SPDX-License-Identifier: GPL-2.0
/*
 * home.c - whose slab it is.
 *
 * A slab is at home with the CPU that refills from it: Hoard's heaps, but visited
 * once for a magazine and not once for an object. A home keeps its slabs in four
 * lists by fullness and refills from the fullest, so that emptier ones drain. It
 * keeps few: a slab that gets nearly empty goes to the commons of its node, where
 * any CPU may adopt it, and beyond a few kept for the next refill an empty one
 * goes back to the buddy.
 *
 * Invariant (blowup): a new slab is made only when the home, the commons and the
 * other homes had nothing to give, but for what lies in magazines, and lines that are
 * partly another CPU's.
 *
 * Of a cache that is isolated no slab goes to the buddy before home_end(): an empty one
 * stays at home, or in the commons, until the cache itself needs it. Nobody counts on it.
 *
 * A slab changes its home only under its old home's lock. Who wants to give an
 * object back reads the home, locks it, and looks again. While a slab is moved it
 * is on no list, and both homes' locks are free: see the invariant of struct
 * slab_home, and home_list(), which keeps it.
 *
 * Contexts: any. In NMI no lock is waited for. Locks: home->lock, raw, interrupts
 * off; held for a magazine's worth of objects at the most.
 */
#include <linux/cpumask.h>
#include <linux/list.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/topology.h>

#include "buddy.h"
#include "home.h"
#include "report.h"
#include "slab.h"

/* Of the many that an isolated cache may have, sent at a time with the home locked. */
#define SEND_AT_ONCE	64

/* ---- which home ---- */

struct slab_home *home_of(struct slabmod_cache *cache, const struct frame *first, u16 id)
{
	if (HOME_ID(id) == HOME_COMMONS)
		return &cache->commons[frame_chunk(first)->buddy->nid];
	/* HOME_NONE. A stale frame may name a CPU though this cache has no homes of CPUs. */
	if (HOME_ID(id) >= nr_cpu_ids || !home_percpu(cache))
		return NULL;
	return per_cpu_ptr(cache->homes, HOME_ID(id));
}

/* Sparse counts locks by function: it is told that these leave none behind. */
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
	if (!IS_ENABLED(CONFIG_SMP) && in_nmi())
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
	if (in_nmi())
		return home_trylock(home, flags);
	home_lock(home, flags);
	return true;
}

void home_unlock(struct slab_home *home, unsigned long flags)
{
	__acquire(&home->lock);
	raw_spin_unlock_irqrestore(&home->lock, flags);
}

/* Changes a slab's home or whether it is mixed; under the lock of the home it has. */
void home_set(struct slabmod_cache *cache, struct frame *first, u16 id)
{
	unsigned int page;

	if (first->home == id)
		return;
	for (page = slab_geometry(cache, first)->pages - 1; page; page--)
		WRITE_ONCE(first[page].home, id);
	/* Pairs with is_at_home(): from here on others may have the slab. */
	smp_store_release(&first->home, id);
}

/* The home of this CPU; the commons of its node as long as the cache has no homes. */
struct slab_home *home_this(struct slabmod_cache *cache, u16 *id)
{
	struct slab_home __percpu *homes = home_percpu(cache);
	unsigned int cpu = raw_smp_processor_id();

	if (homes) {
		*id = cpu;
		return per_cpu_ptr(homes, cpu);
	}
	*id = HOME_COMMONS;
	return &cache->commons[source_nid(cache->source)];
}

void home_count_taken(struct slabmod_cache *cache, long objects)
{
	note_peak(&cache->taken_peak, atomic_long_add_return(objects, &cache->taken));
}

/* ---- lists of a home; all with its lock held ---- */

/* Who needs pages, or the kernel, may want to know what could be had. */
static void count_empty(struct frame *first, int more)
{
	struct chunk *chunk = frame_chunk(first);

	if (is_isolated(slab_cache(first)))
		return;
	atomic_long_add(more, &chunk->buddy->source->empty_slabs);
	atomic_add(more * slab_geometry(slab_cache(first), first)->pages, &chunk->empty_pages);
}

void home_unlist(struct slab_home *home, struct frame *first, unsigned int inuse)
{
	list_del_init(&first->node);
	if (inuse) {
		home->nr_partial--;
		return;
	}
	home->min_empty = min(home->min_empty, --home->nr_empty);
	count_empty(first, -1);
}

/* Puts a slab that is not full on the list it belongs to. */
void home_list(struct slabmod_cache *cache, struct slab_home *home, struct frame *first)
{
	if (!first->inuse) {
		home_set(cache, first, HOME_ID(first->home));
		list_add(&first->node, &home->empty);
		home->nr_empty++;
		count_empty(first, 1);
		return;
	}
	home->nr_partial++;
	if (first->home & HOME_MIXED && !slab_has_whole_line(cache, first))
		list_add(&first->node, &home->broken);
	else
		list_add(&first->node, &home->partial[slab_quarter(cache, first)]);
}

/* Lists a slab anew after its count went from @inuse to what it is now. */
void home_relist(struct slabmod_cache *cache, struct slab_home *home, struct frame *first,
		 unsigned int inuse)
{
	unsigned int objects = slab_objects(cache, first);

	if (inuse != objects) {
		/* Somebody moves it, and will list it. */
		if (list_empty(&first->node))
			return;
		/* From one quarter to another is the most frequent way. */
		if (inuse && first->inuse && first->inuse != objects &&
		    !(first->home & HOME_MIXED)) {
			list_move(&first->node, &home->partial[slab_quarter(cache, first)]);
			return;
		}
		home_unlist(home, first, inuse);
	}
	if (first->inuse != objects)
		home_list(cache, home, first);
}

/* Marks a slab that has objects with other CPUs than its home-to-be. */
void home_mix(struct slabmod_cache *cache, struct frame *first)
{
	if (cache->flags & CACHE_SHARES_LINES && first->inuse)
		home_set(cache, first, first->home | HOME_MIXED);
}

/* Lists a slab that was taken out of another home; see struct slab_home. */
void home_settle(struct slabmod_cache *cache, struct slab_home *home, struct frame *first)
{
	unsigned long flags;

	home_lock(home, &flags);
	home_list(cache, home, first);
	home_unlock(home, flags);
}

/* ---- slabs that leave ---- */

void home_remove_slab(struct slabmod_cache *cache, struct slab_home *home, struct frame *first,
		      struct list_head *dead)
{
	home_unlist(home, first, 0);
	home_set(cache, first, HOME_NONE);
	/* Fully ordered: counted after it has no home, and before it is another's. */
	atomic_inc_return(&cache->departed);
	home->slabs--;
	home->small_slabs -= first->state == FRAME_SLAB_SMALL;
	list_add(&first->node, dead);
}

void home_delete_slabs(struct slabmod_cache *cache, struct list_head *dead)
{
	struct frame *first, *next;

	list_for_each_entry_safe(first, next, dead, node) {
		list_del_init(&first->node);
		slab_delete(cache, first);
	}
}

void home_retire(struct slabmod_cache *cache, struct slab_home *home, struct frame *first)
{
	home_unlist(home, first, first->inuse);
	home_mix(cache, first);
	home_set(cache, first, HOME_COMMONS | (first->home & HOME_MIXED));
}

void home_settle_in_commons(struct slabmod_cache *cache, struct frame *first)
{
	home_settle(cache, home_of(cache, first, HOME_COMMONS), first);
	stat_inc(cache->stats, STAT_RETIRE);
}

/* ---- draining and shrinking ---- */

/* Gives up to @nr empty slabs back to the buddy, those first that are empty longest. */
static unsigned long send_empty(struct slabmod_cache *cache, struct slab_home *home,
				unsigned int nr)
{
	struct frame *first, *next;
	unsigned long flags, pages = 0;
	LIST_HEAD(dead);

	if (!READ_ONCE(home->nr_empty))
		return 0;
	home_lock(home, &flags);
	list_for_each_entry_safe_reverse(first, next, &home->empty, node) {
		if (!nr--)
			break;
		pages += slab_geometry(cache, first)->pages;
		home_remove_slab(cache, home, first, &dead);
	}
	home_unlock(home, flags);
	home_delete_slabs(cache, &dead);
	return pages;
}

static void send_all(struct slabmod_cache *cache, struct slab_home *home, void *arg)
{
	*(unsigned long *)arg += send_empty(cache, home, UINT_MAX);
}

/* Gives those empty slabs back that were not needed since this was done last. */
static void age_one(struct slabmod_cache *cache, struct slab_home *home, void *arg)
{
	unsigned long *pages = arg;
	unsigned int unwanted;
	unsigned long flags;

	home_lock(home, &flags);
	unwanted = home->min_empty;
	home->min_empty = home->nr_empty;
	home_unlock(home, flags);
	*pages += send_empty(cache, home, unwanted);
}

unsigned long home_age(struct slabmod_cache *cache)
{
	unsigned long pages = 0;

	if (!is_isolated(cache))
		home_for_each(cache, age_one, &pages);
	return pages;
}
EXPORT_SYMBOL_FOR_TEST(home_age);

static void send_some(struct slabmod_cache *cache, struct slab_home *home, void *arg)
{
	*(unsigned long *)arg += send_empty(cache, home, SEND_AT_ONCE);
}

unsigned long home_end(struct slabmod_cache *cache)
{
	unsigned long pages = 0, before;

	do {
		before = pages;
		home_for_each(cache, send_some, &pages);
		cond_resched();
	} while (pages != before);
	return pages;
}

/* A slab of a home that is not full. */
static struct frame *any_listed(struct slab_home *home)
{
	int quarter;

	for (quarter = 0; quarter < SLAB_QUARTERS; quarter++)
		if (!list_empty(&home->partial[quarter]))
			return list_first_entry(&home->partial[quarter], struct frame, node);
	if (!list_empty(&home->broken))
		return list_first_entry(&home->broken, struct frame, node);
	return list_first_entry_or_null(&home->empty, struct frame, node);
}

void home_drain(struct slabmod_cache *cache, unsigned int cpu)
{
	unsigned long flags, pages = 0;
	struct slab_home *home;
	struct frame *first;

	if (!home_percpu(cache))
		return;
	home = per_cpu_ptr(cache->homes, cpu);
	if (!is_isolated(cache))
		send_all(cache, home, &pages);
	do {
		home_lock(home, &flags);
		first = any_listed(home);
		if (first)
			home_retire(cache, home, first);
		home_unlock(home, flags);
		if (first)
			home_settle_in_commons(cache, first);
	} while (first);
}
EXPORT_SYMBOL_FOR_TEST(home_drain);

unsigned long home_shrink(struct slabmod_cache *cache)
{
	unsigned long pages = 0;

	if (!is_isolated(cache))
		home_for_each(cache, send_all, &pages);
	return pages;
}
EXPORT_SYMBOL_FOR_TEST(home_shrink);

/* ---- beginning ---- */

void home_init(struct slab_home *home)
{
	int quarter;

	memset(home, 0, sizeof(*home));
	raw_spin_lock_init(&home->lock);
	for (quarter = 0; quarter < SLAB_QUARTERS; quarter++)
		INIT_LIST_HEAD(&home->partial[quarter]);
	INIT_LIST_HEAD(&home->broken);
	INIT_LIST_HEAD(&home->empty);
}
EXPORT_SYMBOL_FOR_TEST(home_init);
