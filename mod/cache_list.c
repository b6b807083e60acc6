// SPDX-License-Identifier: GPL-2.0
/*
 * cache_list.c - labels, list and destruction of caches.
 *
 * A cache is owned by the module that created it. If that module is unloaded without destroying
 * the cache, slabmod destroys it. If objects are live, they are reported, and the cache stays as
 * an orphan, without its constructor.
 *
 * Contexts: process, may sleep; cache_reclaim_empty() any but NMI. Locks: cache_mutex guards the
 * list, names and destruction, and is not held while waiting for RCU, but for a report. The list is
 * also read under RCU. resize_mutex is held until old magazines are freed: a cache that has some is
 * not destroyed. Of slabmod's locks only pools_mutex may be held when they are taken.
 */
#include <linux/llist.h>
#include <linux/module.h>
#include <linux/rculist.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "buddy.h"
#include "buddy_walk.h"
#include "cache.h"
#include "cache_list.h"
#include "cache_setup.h"
#include "debug/debug.h"
#include "debug/quarantine.h"
#include "defer.h"
#include "events.h"
#include "home.h"
#include "magazine_drain.h"
#include "magazine_set.h"
#include "report.h"
#include "source.h"

/* Live objects to list in a report. */
#define LIST_OBJECTS	16

static DEFINE_MUTEX(resize_mutex);
static DEFINE_MUTEX(cache_mutex);
static LIST_HEAD(caches);

BLOCKING_NOTIFIER_HEAD(cache_notifiers);

/* ---- creation ---- */

/* Whether another cache of the pool has the label of @cache; cache_mutex is held. */
static bool label_is_taken(const struct slabmod_cache *cache)
{
	struct slabmod_cache *other;

	list_for_each_entry(other, &caches, node)
		if (other->pool == cache->pool && !(other->flags & CACHE_ORPHAN) &&
		    !strcmp(other->label, cache->label))
			return true;
	return false;
}

/* Above the numbers of all caches of this name, so that no number in use is reused. */
static unsigned int next_number(const struct slabmod_cache *cache)
{
	struct slabmod_cache *other;
	unsigned int number = 0;

	list_for_each_entry(other, &caches, node)
		if (other->pool == cache->pool && !(other->flags & CACHE_ORPHAN) &&
		    !strcmp(other->name, cache->name))
			number = max(number, other->number);
	return number + 1;
}

/* The label of this cache may be the name of another one. */
static void set_label(struct slabmod_cache *cache)
{
	cache->number = next_number(cache);
	if (cache->number == 1) {
		strscpy(cache->label, cache->name, sizeof(cache->label));
		if (!label_is_taken(cache))
			return;
		cache->number++;
	}
	for (;; cache->number++) {
		snprintf(cache->label, sizeof(cache->label), "%s-%u", cache->name, cache->number);
		if (!label_is_taken(cache))
			return;
	}
}

static void cache_register(struct slabmod_cache *cache)
{
	mutex_lock(&cache_mutex);
	set_label(cache);
	list_add_tail_rcu(&cache->node, &caches);
	source_count_metadata(cache->source, cache_struct_size(cache));
	blocking_notifier_call_chain(&cache_notifiers, CACHE_CREATED, cache);
	mutex_unlock(&cache_mutex);
}

struct slabmod_cache *cache_create(struct slabmod_pool *pool, const char *name, size_t size,
				   size_t align, unsigned int flags, void (*ctor)(void *object),
				   struct module *owner)
{
	struct slabmod_cache *cache;

	might_sleep();
	if (cache_refused(name, size, align, flags))
		return NULL;
	cache = cache_new(pool, name, size, align, flags, ctor);
	if (!cache)
		return NULL;
	cache->owner = owner;
	cache_register(cache);
	return cache;
}
EXPORT_SYMBOL_FOR_TEST(cache_create);

/* ---- destruction ---- */

struct listing {
	struct slabmod_cache *cache;
	unsigned int left;
};

static void list_object(void *object, void *arg)
{
	struct listing *listing = arg;

	if (!listing->left)
		return;
	listing->left--;
	object += listing->cache->lead;
	pr_err("slabmod:   %s object %p, %u bytes\n", listing->cache->name, object,
	       listing->cache->usable);
	debug_print_object(listing->cache, object);
}

static void list_slab_objects(void *block, struct frame *frame, void *arg)
{
	struct slab *slab = frame_slab(frame);
	struct listing *listing = arg;

	if (frame_state(frame) == FRAME_PAGES && frame_owner(frame) == listing->cache)
		list_object(block, listing);
	if (slab && slab_cache(slab) == listing->cache)
		slab_walk_used(listing->cache, slab, list_object, listing);
}

void cache_list_live(struct slabmod_cache *cache, unsigned long used)
{
	struct listing listing = { .cache = cache, .left = LIST_OBJECTS };
	int nid;

	for_each_node(nid)
		buddy_walk(&cache->buddies[nid], list_slab_objects, &listing);
	if (used > LIST_OBJECTS)
		pr_err("slabmod:   and %lu more\n", used - LIST_OBJECTS);
}

static void report_live(struct slabmod_cache *cache, enum misuse kind, const char *what,
			unsigned long used)
{
	report_misuse(kind, "%s: %s with %lu live objects", cache->name, what, used);
	cache_list_live(cache, used);
}

/* Return every free object to its slab. The cache is not in use. Return what is left. */
static unsigned long drain_everything(struct slabmod_cache *cache)
{
	unsigned int cpu;

	defer_sync();
	quarantine_drain(cache, ULONG_MAX);
	magazine_drain_all(cache);
	for_each_possible_cpu(cpu)
		if (!cpu_online(cpu))
			magazine_drain_cpu(cache, cpu);
	home_shrink(cache);
	return cache_outstanding(cache);
}

/*
 * Return the objects that callers have. Others may be on their way from a magazine or quarantine
 * to their slabs, by a CPU that reclaims memory, as an RCU reader: wait for it before a report.
 */
static unsigned long live_objects(struct slabmod_cache *cache)
{
	if (!drain_everything(cache))
		return 0;
	synchronize_rcu();
	return drain_everything(cache);
}

static void cache_unlist(struct slabmod_cache *cache)
{
	if (!(cache->flags & CACHE_ORPHAN))
		blocking_notifier_call_chain(&cache_notifiers, CACHE_DESTROYED, cache);
	list_del_rcu(&cache->node);
	if (cache->flags & SLABMOD_ISOLATED)
		home_free_isolated(cache);
	/* Now: the source may be gone when these structures are freed. */
	source_count_metadata(cache->source, -(long)cache_metadata(cache));
}

static void free_cache(struct slabmod_cache *cache)
{
	magazine_disable(cache);
	debug_cache_exit(cache);
	kfree(cache);
}

/* Caches that were unlisted a grace period ago. */
static LLIST_HEAD(gone);

/*
 * A free of a wrong address or of NULL may have found a cache by a slab, and an NMI may have
 * deferred that free. All of these were deferred before the end of the grace period.
 */
static void free_gone(struct work_struct *work)
{
	struct llist_node *caches = llist_del_all(&gone);
	struct slabmod_cache *cache, *next;

	defer_sync();
	llist_for_each_entry_safe(cache, next, caches, gone) {
		free_cache(cache);
		cond_resched();
	}
}

static DECLARE_WORK(gone_worker, free_gone);

static void add_gone(struct rcu_head *rcu)
{
	struct slabmod_cache *cache = container_of(rcu, struct slabmod_cache, rcu);

	if (llist_add(&cache->gone, &gone))
		schedule_work(&gone_worker);
}

/*
 * Destroy a cache without objects, which was drained. CPUs that found it in the list or by one of
 * its slabs may use it until a grace period ends. The caller does not wait for that.
 */
static void cache_destroy_empty(struct slabmod_cache *cache)
{
	cache_unlist(cache);
	call_rcu(&cache->rcu, add_gone);
}

void cache_sync(void)
{
	rcu_barrier();
	flush_work(&gone_worker);
}
EXPORT_SYMBOL_FOR_TEST(cache_sync);

/* Lock the list, and wait until the cache has no old magazines, which few caches ever have. */
static void lock_with_cache(struct slabmod_cache *cache)
{
	might_sleep();
	mutex_lock(&cache_mutex);
	while (unlikely(magazine_has_old(cache))) {
		mutex_unlock(&cache_mutex);
		mutex_lock(&resize_mutex);
		mutex_unlock(&resize_mutex);
		mutex_lock(&cache_mutex);
	}
}

bool cache_destroy_unused(struct slabmod_cache *cache)
{
	unsigned long used;

	lock_with_cache(cache);
	used = drain_everything(cache);
	if (!used)
		cache_destroy_empty(cache);
	mutex_unlock(&cache_mutex);
	return !used;
}

int cache_destroy(struct slabmod_cache *cache)
{
	unsigned long used;

	lock_with_cache(cache);
	used = live_objects(cache);
	if (used)
		report_live(cache, MISUSE_CACHE_BUSY, "destroyed", used);
	else
		cache_destroy_empty(cache);
	mutex_unlock(&cache_mutex);
	return used ? -EBUSY : 0;
}
EXPORT_SYMBOL_FOR_TEST(cache_destroy);

struct llist_node *cache_destroy_all(struct slabmod_pool *pool)
{
	struct slabmod_cache *cache, *next;
	struct llist_head all = LLIST_HEAD_INIT(all);
	unsigned long used;

	mutex_lock(&resize_mutex);
	mutex_lock(&cache_mutex);
	list_for_each_entry_safe(cache, next, &caches, node) {
		if (cache->pool != pool)
			continue;
		used = live_objects(cache);
		if (used)
			report_live(cache, MISUSE_LEAK, "its pool was destroyed", used);
		cache_unlist(cache);
		llist_add(&cache->gone, &all);
	}
	mutex_unlock(&cache_mutex);
	mutex_unlock(&resize_mutex);
	/* One grace period for all caches; see free_gone(). */
	synchronize_rcu();
	defer_sync();
	return all.first;
}

void cache_free_all(struct llist_node *caches)
{
	struct slabmod_cache *cache, *next;

	llist_for_each_entry_safe(cache, next, caches, gone)
		free_cache(cache);
}

/* ---- the list ---- */

void cache_walk(struct slabmod_pool *pool,
		void (*fn)(struct slabmod_cache *cache, void *arg), void *arg)
{
	struct slabmod_cache *cache;

	mutex_lock(&cache_mutex);
	list_for_each_entry(cache, &caches, node)
		if (!pool || cache->pool == pool)
			fn(cache, arg);
	mutex_unlock(&cache_mutex);
}
EXPORT_SYMBOL_FOR_TEST(cache_walk);

void cache_walk_rcu(struct slabmod_pool *pool,
		    void (*fn)(struct slabmod_cache *cache, void *arg), void *arg)
{
	struct slabmod_cache *cache;

	rcu_read_lock();
	list_for_each_entry_rcu(cache, &caches, node)
		if (!pool || cache->pool == pool)
			fn(cache, arg);
	rcu_read_unlock();
}

static void flush_old(struct slabmod_cache *cache, void *arg)
{
	magazine_flush_old(cache);
}

static void free_old(struct slabmod_cache *cache, void *arg)
{
	magazine_free_old(cache);
}

/* Meanwhile caches may be created, and those without old magazines be destroyed. */
bool cache_resize_magazines(bool (*resize)(struct slabmod_cache *cache))
{
	struct slabmod_cache *cache;
	bool any = false;

	mutex_lock(&resize_mutex);
	mutex_lock(&cache_mutex);
	list_for_each_entry(cache, &caches, node)
		any |= resize(cache);
	mutex_unlock(&cache_mutex);
	if (any) {
		synchronize_rcu();
		cache_walk(NULL, flush_old, NULL);
		synchronize_rcu();
		cache_walk(NULL, free_old, NULL);
	}
	mutex_unlock(&resize_mutex);
	return any;
}
EXPORT_SYMBOL_FOR_TEST(cache_resize_magazines);

/* Empty slabs to free for a caller that needs pages, before it looks for them again. */
#define RECLAIM_SLABS	16

static void reclaim_cache(struct slabmod_cache *cache, void *arg)
{
	unsigned int *left = arg;

	if (*left)
		*left -= home_shrink_some(cache, *left);
}

bool cache_reclaim_empty(struct slabmod_pool *pool)
{
	unsigned int left = RECLAIM_SLABS;

	if (!atomic_long_read(&pool->source.empty_slabs))
		return false;
	cache_walk_rcu(pool, reclaim_cache, &left);
	stat_inc(pool->source.stats, EVENT_SQUEEZE);
	return left < RECLAIM_SLABS;
}
EXPORT_SYMBOL_FOR_TEST(cache_reclaim_empty);

/* ---- CPU hotplug and module unload ---- */

static void kick_worker_of(struct slabmod_cache *cache, void *arg)
{
	source_kick_worker(cache->source);
}

static int cpu_dead(unsigned int cpu)
{
	struct slabmod_cache *cache;

	defer_drain_cpu(cpu);
	mutex_lock(&cache_mutex);
	list_for_each_entry(cache, &caches, node) {
		magazine_drain_cpu(cache, cpu);
		home_drain_cpu(cache, cpu);
		/* The CPU may have had work when it could not kick the worker any more. */
		source_kick_worker(cache->source);
	}
	mutex_unlock(&cache_mutex);
	return 0;
}

/* The CPU could not kick the worker before it was online. */
static int handle_cpu_online(unsigned int cpu)
{
	defer_drain_cpu(cpu);
	cache_walk_rcu(NULL, kick_worker_of, NULL);
	return 0;
}

static void orphan_cache(struct slabmod_cache *cache)
{
	unsigned long used = live_objects(cache);

	if (!used) {
		report_misuse(MISUSE_LEAK, "%s: its module was unloaded without destroying it",
			      cache->name);
		cache_destroy_empty(cache);
		return;
	}
	report_live(cache, MISUSE_LEAK, "its module was unloaded", used);
	/* The module may create a cache of the same name when it is loaded again. */
	blocking_notifier_call_chain(&cache_notifiers, CACHE_DESTROYED, cache);
	cache->flags |= CACHE_ORPHAN;
	cache->ctor = NULL;
	cache->owner = NULL;
}

static int cache_module_event(struct notifier_block *nb, unsigned long event, void *data)
{
	struct slabmod_cache *cache, *next;

	if (event != MODULE_STATE_GOING)
		return NOTIFY_DONE;
	mutex_lock(&resize_mutex);
	mutex_lock(&cache_mutex);
	list_for_each_entry_safe(cache, next, &caches, node)
		if (cache->owner == data && !(cache->flags & CACHE_INTERNAL))
			orphan_cache(cache);
	mutex_unlock(&cache_mutex);
	mutex_unlock(&resize_mutex);
	return NOTIFY_OK;
}

static struct event_hooks hooks = {
	.module = { .notifier_call = cache_module_event },
	.dead_name = "slabmod:dead",
	.cpu_dead = cpu_dead,
	.online_name = "slabmod:online",
	.cpu_online = handle_cpu_online,
};

int cache_init(void)
{
	return events_register(&hooks);
}

void cache_exit(void)
{
	events_unregister(&hooks);
	cache_sync();
}
