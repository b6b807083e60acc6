// SPDX-License-Identifier: GPL-2.0
/*
 * reclaim.c - background work: free memory that was unused for a while, allocate pages ahead of
 * need, resize magazines, and free unused memory when the kernel is short of it.
 *
 * No layer calls this file. A layer that has work to do calls source->kick_worker(), in any
 * context; an irq_work then queues a work item.
 *
 *	worker		at once: pages for atomic allocations, larger magazines
 *	ager		every AGE_INTERVAL while there is something to age: empty slabs and
 *			chunks, unused magazines
 *	shrinker	when the kernel asks
 *
 * Contexts: process, may sleep. The shrinker is called from allocations, possibly with pools_mutex
 * or cache_mutex held or while their holder waits for memory: it takes neither and reads the lists
 * by RCU.
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
#include "magazine_drain.h"
#include "magazine_set.h"
#include "pool.h"
#include "pool_ledger.h"
#include "pool_list.h"
#include "reclaim.h"
#include "source.h"

#define AGE_INTERVAL	HZ
/* Intervals without use after which magazines are drained, and shrunk. */
#define AGE_STALE_BLOCKS	1
#define AGE_STALE		4
#define AGE_UNUSED		16

/* Opportunistic: no OOM killer, no hard reclaim. */
#define GFP_AHEAD	(GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN)

/* ---- at once ---- */

static void prefill_pool(struct slabmod_pool *pool, void *arg)
{
	int nid;

	for_each_online_node(nid)
		buddy_prefill(pool->buddies, nid, GFP_AHEAD);
	/* Update the recorded peaks. */
	pool_ledger(pool);
}

static bool enlarge_magazines(struct slabmod_cache *cache)
{
	if (!magazine_wants_larger(cache) || !magazine_resize(cache, true))
		return false;
	stat_inc(cache->stats, EVENT_EXCHANGE);
	return true;
}

static void run_worker(struct work_struct *work)
{
	pool_walk(prefill_pool, NULL);
	cache_resize_magazines(enlarge_magazines);
}

static DECLARE_WORK(worker, run_worker);

/* ---- aging ---- */

/* Nothing is left to age: stop the ager. */
static bool idle;

static void age_cache(struct slabmod_cache *cache, void *arg)
{
	unsigned int stale = cache->flags & CACHE_BLOCKS ? AGE_STALE_BLOCKS : AGE_STALE;
	unsigned long pages;

	magazine_scan_idle(cache);
	if (magazine_has_idle_objects(cache, stale))
		magazine_drain_idle(cache, stale);
	pages = home_age(cache);
	if (pages || magazine_has_own(cache))
		idle = false;
}

static bool shrink_magazines(struct slabmod_cache *cache)
{
	if (!magazine_is_unused(cache, AGE_UNUSED) || !magazine_resize(cache, false))
		return false;
	stat_inc(cache->stats, EVENT_EXCHANGE);
	return true;
}

static void age_pool(struct slabmod_pool *pool, void *arg)
{
	unsigned long before = source_unreserved(&pool->source), after;
	int nid;

	for (nid = 0; nid < nr_node_ids; nid++)
		if (buddy_age(&pool->buddies[nid]))
			idle = false;
	cache_walk(pool, age_cache, NULL);
	for (nid = 0; nid < nr_node_ids; nid++) {
		buddy_age_recent(&pool->buddies[nid]);
		if (buddy_has_idle(&pool->buddies[nid]))
			idle = false;
	}
	after = source_unreserved(&pool->source);
	if (before > after)
		stat_add(pool->source.stats, EVENT_AGED, before - after);
	pool_ledger(pool);
}

static void age_all(struct work_struct *work);
static DECLARE_DELAYED_WORK(ager, age_all);

static void age_all(struct work_struct *work)
{
	idle = true;
	pool_walk(age_pool, NULL);
	cache_resize_magazines(shrink_magazines);
	/* Page references that delayed the free of a chunk may have been dropped. */
	if (!chunk_free_pending())
		idle = false;
	if (!idle)
		queue_delayed_work(unbound_wq, &ager, AGE_INTERVAL);
}

/* ---- kicked by the layers below ---- */

static bool closing;

static void queue_workers(struct irq_work *work)
{
	if (READ_ONCE(closing))
		return;
	queue_work(unbound_wq, &worker);
	/* No effect if it is queued already. */
	queue_delayed_work(unbound_wq, &ager, AGE_INTERVAL);
}

/* Hard: on PREEMPT_RT the irq_work thread stops before its CPU goes offline. */
static struct irq_work kick = IRQ_WORK_INIT_HARD(queue_workers);

/*
 * A CPU that is not online takes no interrupts: the irq_work would stay pending until it is
 * online, and all later kicks would have no effect. See cpu_dead() and cpu_came().
 */
static void kick_worker(struct chunk_source *source)
{
	if (cpu_online(raw_smp_processor_id()) && !fault_hits(FAULT_WAKE))
		irq_work_queue(&kick);
}

/* ---- shrinker ---- */

static void count_cache_pages(struct slabmod_cache *cache, void *arg)
{
	/* Drained objects would stay in the cache's slabs. */
	if (cache->flags & SLABMOD_ISOLATED)
		return;
	*(unsigned long *)arg += cache_cached_objects(cache) * cache->size >> PAGE_SHIFT;
}

static void count_pool_pages(struct slabmod_pool *pool, void *arg)
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

/* Count the pages that can be freed: chunks without objects, and objects in magazines. */
static unsigned long count_objects(struct shrinker *shrinker, struct shrink_control *sc)
{
	unsigned long pages = 0;

	pool_walk_rcu(count_pool_pages, &pages);
	cache_walk_rcu(NULL, count_cache_pages, &pages);
	return pages ?: SHRINK_EMPTY;
}

/* Empty slabs that are freed in one RCU read-side section, and sections of one step. */
#define PASS_SLABS	1024
#define PASSES		64

struct scan {
	void (*step)(struct slabmod_cache *cache, void *arg);
	unsigned int slabs;		/* that this pass may still free */
	unsigned long pages;
};

static void shrink_homes(struct slabmod_cache *cache, void *arg)
{
	struct scan *scan = arg;

	if (scan->slabs)
		scan->slabs -= home_shrink_some(cache, scan->slabs);
}

static void drain_idle_magazines(struct slabmod_cache *cache, void *arg)
{
	if (cache->flags & SLABMOD_ISOLATED)
		return;
	magazine_drain_idle(cache, 1);
	shrink_homes(cache, arg);
}

static void drain_magazines(struct slabmod_cache *cache, void *arg)
{
	if (cache->flags & SLABMOD_ISOLATED)
		return;
	magazine_drain_all(cache);
	quarantine_drain(cache, ULONG_MAX);
	shrink_homes(cache, arg);
}

/* In order of cost: the first are free of charge, the last cause refills. */
static void (*const steps[])(struct slabmod_cache *cache, void *arg) = {
	NULL, shrink_homes, drain_idle_magazines, drain_magazines,
};

static void scan_pool(struct slabmod_pool *pool, void *arg)
{
	struct scan *scan = arg;
	unsigned long before = source_unreserved(&pool->source), after;
	int nid;

	if (scan->step)
		cache_walk_rcu(pool, scan->step, scan);
	for (nid = 0; nid < nr_node_ids; nid++)
		buddy_trim(&pool->buddies[nid]);
	/* Most chunks were freed with their last slab already. */
	after = source_unreserved(&pool->source);
	if (before <= after)
		return;
	stat_add(pool->source.stats, EVENT_RECLAIMED, before - after);
	scan->pages += before - after;
}

/*
 * Take a step for all pools, in passes, until there is nothing to free or there are @nr pages.
 * Other CPUs may empty slabs and fill magazines meanwhile: drain once, and do not follow them for
 * ever.
 */
static void scan_pools(struct scan *scan, unsigned long nr)
{
	unsigned int passes = PASSES;

	do {
		scan->slabs = PASS_SLABS;
		pool_walk_rcu(scan_pool, scan);
		scan->step = shrink_homes;
		cond_resched();
	} while (!scan->slabs && scan->pages < nr && --passes);
}

static unsigned long scan_objects(struct shrinker *shrinker, struct shrink_control *sc)
{
	struct scan scan = { 0 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(steps) && scan.pages < sc->nr_to_scan; i++) {
		scan.step = steps[i];
		/* The quarantine of blocks is the last resort, like that of objects. */
		if (steps[i] == drain_magazines)
			block_drain(ULONG_MAX);
		scan_pools(&scan, sc->nr_to_scan);
		/* Chunks freed in interrupts when other CPUs' magazines were drained. */
		chunk_free_pending();
	}
	return scan.pages ?: SHRINK_STOP;
}

/* ---- initialization ---- */

static struct shrinker_handle shrinker;

int reclaim_init(void)
{
	int err = fault_error(FAULT_SHRINKER, -ENOMEM) ?:
		  shrinker_begin(&shrinker, "slabmod", count_objects, scan_objects);

	if (!err)
		root_pool->source.kick_worker = kick_worker;
	return err;
}

void reclaim_exit(void)
{
	shrinker_end(&shrinker);
	/* Work that is running may kick once more; queue_workers() then ignores it. */
	WRITE_ONCE(closing, true);
	irq_work_sync(&kick);
	cancel_work_sync(&worker);
	cancel_delayed_work_sync(&ager);
	WRITE_ONCE(root_pool->source.kick_worker, NULL);
	irq_work_sync(&kick);
}
