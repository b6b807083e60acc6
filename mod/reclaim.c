// SPDX-License-Identifier: GPL-2.0
/*
 * reclaim.c - what happens without being asked: memory that nobody wanted for a while
 * goes back, pages are taken ahead of need, magazines get the size they are worth, and
 * when the kernel is short of memory it gets all that is free.
 *
 * A side door: no layer calls it. What a layer has to say comes by source->kick_worker, from
 * any context; an irq_work hands it on to a work item.
 *
 *	worker		at once: pages for who may not sleep, larger magazines
 *	ager		every AGE_INTERVAL as long as there is anything to age: slabs and
 *			chunks that were empty, and magazines that were not used
 *	shrinker	when the kernel asks
 *
 * Contexts: process, may sleep; the shrinker is called by whoever allocates, maybe with
 * pools_mutex or cache_mutex held, or while another who waits for memory has them: it
 * takes neither, and reads the lists by RCU.
 */
#include <linux/irq_work.h>
#include <linux/jiffies.h>
#include <linux/nodemask.h>
#include <linux/shrinker.h>
#include <linux/workqueue.h>

#include "block.h"
#include "buddy.h"
#include "buddy_age.h"
#include "cache.h"
#include "cache_list.h"
#include "chunk.h"
#include "compat.h"
#include "debug/fault.h"
#include "debug/quarantine.h"
#include "home.h"
#include "magazine_set.h"
#include "pool.h"
#include "pool_ledger.h"
#include "pool_list.h"
#include "reclaim.h"
#include "source.h"

#define AGE_INTERVAL	(2 * HZ)
/* After so many intervals without use magazines are emptied, and given up. */
#define AGE_STALE	2
#define AGE_UNUSED	8

/* Not to have anybody killed, nor to keep others waiting: it is only for later. */
#define GFP_AHEAD	(GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN)

/* ---- at once ---- */

static void fill_pool(struct slabmod_pool *pool, void *arg)
{
	int nid;

	for_each_online_node(nid)
		buddy_prefill(pool->buddies, nid, GFP_AHEAD);
	/* For the sake of the most that it knows of. */
	pool_ledger(pool);
}

static bool enlarge(struct slabmod_cache *cache)
{
	if (!magazine_wants_larger(cache) || !magazine_resize(cache, true))
		return false;
	stat_inc(cache->stats, STAT_EXCHANGE);
	return true;
}

static void work_at_once(struct work_struct *work)
{
	pool_for_each(fill_pool, NULL);
	cache_resize_magazines(enlarge);
}

static DECLARE_WORK(worker, work_at_once);

/* ---- by age ---- */

/* True when there is nothing left that could get older. */
static bool settled;

static void age_cache(struct slabmod_cache *cache, void *arg)
{
	unsigned long pages;

	magazine_scan_idle(cache);
	if (magazine_has_idle_objects(cache, AGE_STALE))
		magazine_drain_idle(cache, AGE_STALE);
	pages = home_age(cache);
	if (pages || magazine_has_own(cache))
		settled = false;
}

static bool give_up(struct slabmod_cache *cache)
{
	if (!magazine_is_unused(cache, AGE_UNUSED) || !magazine_resize(cache, false))
		return false;
	stat_inc(cache->stats, STAT_EXCHANGE);
	return true;
}

static void age_pool(struct slabmod_pool *pool, void *arg)
{
	unsigned long before = source_unreserved(&pool->source), after;
	int nid;

	cache_for_each(pool, age_cache, NULL);
	for (nid = 0; nid < nr_node_ids; nid++) {
		if (buddy_age(&pool->buddies[nid]) || buddy_has_idle(&pool->buddies[nid]))
			settled = false;
	}
	after = source_unreserved(&pool->source);
	if (before > after)
		stat_add(pool->source.stats, STAT_AGED, before - after);
	pool_ledger(pool);
}

static void age_all(struct work_struct *work);
static DECLARE_DELAYED_WORK(ager, age_all);

static void age_all(struct work_struct *work)
{
	settled = true;
	pool_for_each(age_pool, NULL);
	cache_resize_magazines(give_up);
	/* References to their pages may have been dropped meanwhile. */
	if (!chunk_free_pending())
		settled = false;
	if (!settled)
		queue_delayed_work(unbound_wq, &ager, AGE_INTERVAL);
}

/* ---- woken from below ---- */

static bool closing;

static void hand_on(struct irq_work *work)
{
	if (READ_ONCE(closing))
		return;
	queue_work(unbound_wq, &worker);
	/* Unless it is waiting already. */
	queue_delayed_work(unbound_wq, &ager, AGE_INTERVAL);
}

/* On PREEMPT_RT the thread that does others stops before its CPU does. */
static struct irq_work waker = IRQ_WORK_INIT_HARD(hand_on);

/*
 * A CPU that is not online takes no interrupts: what it would be asked to do would wait
 * until it is, and with it all others who ask. See cpu_dead() and cpu_came().
 */
static void wake(struct chunk_source *source)
{
	if (cpu_online(raw_smp_processor_id()) && !fault_hits(FAULT_WAKE))
		irq_work_queue(&waker);
}

/* ---- when the kernel asks ---- */

static void count_cache(struct slabmod_cache *cache, void *arg)
{
	/* What comes from there stays in the cache's slabs. */
	if (cache->flags & SLABMOD_ISOLATED)
		return;
	*(unsigned long *)arg += cache_cached_objects(cache) * cache->size >> PAGE_SHIFT;
}

static void count_pool(struct slabmod_pool *pool, void *arg)
{
	unsigned long pages = atomic_long_read(&pool->source.quarantined);
	unsigned long beyond = source_unreserved(&pool->source);
	int nid;

	if (!beyond)
		return;
	for (nid = 0; nid < nr_node_ids; nid++)
		pages += buddy_reclaimable(&pool->buddies[nid]);
	*(unsigned long *)arg += min(pages, beyond);
}

/* Pages that would go back: chunks without objects, and what lies in magazines. */
static unsigned long count_objects(struct shrinker *shrinker, struct shrink_control *sc)
{
	unsigned long pages = 0;

	pool_for_each_rcu(count_pool, &pages);
	cache_for_each_rcu(NULL, count_cache, &pages);
	return pages ?: SHRINK_EMPTY;
}

static void empty_homes(struct slabmod_cache *cache, void *arg)
{
	home_shrink(cache);
}

static void empty_idle_magazines(struct slabmod_cache *cache, void *arg)
{
	if (cache->flags & SLABMOD_ISOLATED)
		return;
	magazine_drain_idle(cache, 1);
	home_shrink(cache);
}

static void empty_magazines(struct slabmod_cache *cache, void *arg)
{
	if (cache->flags & SLABMOD_ISOLATED)
		return;
	magazine_drain_all(cache);
	quarantine_drain(cache, ULONG_MAX);
	home_shrink(cache);
}

/* From what costs nobody anything to what costs a refill. */
static void (*const steps[])(struct slabmod_cache *cache, void *arg) = {
	NULL, empty_homes, empty_idle_magazines, empty_magazines,
};

struct scan {
	void (*step)(struct slabmod_cache *cache, void *arg);
	unsigned long pages;
};

static void scan_pool(struct slabmod_pool *pool, void *arg)
{
	struct scan *scan = arg;
	unsigned long before = source_unreserved(&pool->source), after;
	int nid;

	if (scan->step)
		cache_for_each_rcu(pool, scan->step, NULL);
	for (nid = 0; nid < nr_node_ids; nid++)
		buddy_trim(&pool->buddies[nid]);
	/* Most chunks went as soon as their last slab did. */
	after = source_unreserved(&pool->source);
	if (before <= after)
		return;
	stat_add(pool->source.stats, STAT_RECLAIMED, before - after);
	scan->pages += before - after;
}

static unsigned long scan_objects(struct shrinker *shrinker, struct shrink_control *sc)
{
	struct scan scan = { 0 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(steps) && scan.pages < sc->nr_to_scan; i++) {
		scan.step = steps[i];
		/* With what is dear to somebody: here nobody hunts for errors any more. */
		if (steps[i] == empty_magazines)
			block_drain(ULONG_MAX);
		pool_for_each_rcu(scan_pool, &scan);
		/* What came free in interrupts, by the magazines of other CPUs. */
		chunk_free_pending();
	}
	return scan.pages ?: SHRINK_STOP;
}

/* ---- beginning and end ---- */

static struct shrinker_handle shrinker;

int reclaim_init(void)
{
	int err = fault_hits(FAULT_SHRINKER) ? -ENOMEM :
		  shrinker_begin(&shrinker, "slabmod", count_objects, scan_objects);

	if (!err)
		root_pool->source.kick_worker = wake;
	return err;
}

void reclaim_exit(void)
{
	shrinker_end(&shrinker);
	/* What runs may wake once more, and finds it closed; after that nobody does. */
	WRITE_ONCE(closing, true);
	irq_work_sync(&waker);
	cancel_work_sync(&worker);
	cancel_delayed_work_sync(&ager);
	WRITE_ONCE(root_pool->source.kick_worker, NULL);
	irq_work_sync(&waker);
}
