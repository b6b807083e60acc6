// SPDX-License-Identifier: GPL-2.0
/*
 * pool_list.c - the life of pools: creation, names, the list of all, the end.
 *
 * A pool belongs to the module that made it. When that module goes without destroying
 * it, the pool is destroyed for it; if it is in use, that is reported, and it stays
 * until slabmod goes, without a name.
 *
 * Contexts: process, may sleep. Locks: pools_mutex guards the list, names and ends; it
 * is outside of cache_mutex. The list is also read by RCU.
 */
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "cache.h"
#include "cache_list.h"
#include "debug/fault.h"
#include "gfp.h"
#include "kmalloc.h"
#include "magazine_set.h"
#include "pool.h"
#include "pool_list.h"
#include "report.h"
#include "source.h"

static DEFINE_MUTEX(pools_mutex);
static LIST_HEAD(pools);

BLOCKING_NOTIFIER_HEAD(pool_notifiers);

/* ---- creation ---- */

static bool zone_is_known(gfp_t zone)
{
	return !zone || zone == GFP_DMA || zone == GFP_DMA32;
}

static bool pool_refused(const char *name, const struct slabmod_pool_params *params)
{
	size_t limit = params->limit_bytes;

	if (!name_is_valid(name, SLABMOD_POOL_NAME_MAX))
		report_misuse(MISUSE_BAD_POOL,
			      "a name must have 1 to %u characters, no blanks, no '/', no leading '.'",
			      SLABMOD_POOL_NAME_MAX);
	else if (limit && limit < SLABMOD_POOL_MIN_LIMIT)
		report_misuse(MISUSE_BAD_POOL, "%s: a limit of %zu bytes is below %lu", name, limit,
			      SLABMOD_POOL_MIN_LIMIT);
	else if (limit && PAGE_ALIGN(params->reserve_bytes) > (limit & PAGE_MASK))
		report_misuse(MISUSE_BAD_POOL,
			      "%s: the reserve of %zu bytes is above the limit of %zu", name,
			      params->reserve_bytes, limit);
	else if (params->reserve_bytes > totalram_pages() << PAGE_SHIFT)
		report_misuse(MISUSE_BAD_POOL, "%s: the reserve of %zu bytes is more than there is",
			      name, params->reserve_bytes);
	else if (!zone_is_known(params->zone))
		report_misuse(MISUSE_BAD_POOL, "%s: %pGg is neither 0 nor GFP_DMA nor GFP_DMA32",
			      name, &params->zone);
	else
		return params->node != NUMA_NO_NODE && node_refused(name, params->node);
	return true;
}

static struct chunk_source source_for(const struct slabmod_pool_params *params)
{
	struct chunk_source source = kernel_source;

	if (root_pool) {
		source.min_order = root_pool->source.min_order;
		source.max_order = root_pool->source.max_order;
		source.kick_worker = root_pool->source.kick_worker;
	}
	if (params->limit_bytes)
		source.limit = params->limit_bytes >> PAGE_SHIFT;
	source.reserve = DIV_ROUND_UP(params->reserve_bytes, PAGE_SIZE);
	source.nid = params->node;
	source.zone = params->zone;
	return source;
}

/* A pool with its reserve and caches, in no list yet. */
static struct slabmod_pool *pool_make(const char *name, const struct slabmod_pool_params *params,
				      struct module *owner)
{
	const struct chunk_source source = source_for(params);
	struct slabmod_pool *pool = pool_create(name, &source);

	if (!pool)
		return NULL;
	pool->limited = params->limit_bytes;
	pool->owner = owner;
	if (pool_reserve(pool) && !kmalloc_create_caches(pool) && !pages_create_caches(pool))
		return pool;
	pool_destroy(pool);
	return NULL;
}

static bool name_is_taken(const char *name)
{
	struct slabmod_pool *pool;

	list_for_each_entry(pool, &pools, node)
		if (!pool->orphan && !strcmp(pool->name, name))
			return true;
	return false;
}

static bool pool_register(struct slabmod_pool *pool)
{
	bool inuse;

	mutex_lock(&pools_mutex);
	inuse = name_is_taken(pool->name);
	if (!inuse) {
		list_add_tail_rcu(&pool->node, &pools);
		blocking_notifier_call_chain(&pool_notifiers, POOL_CREATED, pool);
	}
	mutex_unlock(&pools_mutex);
	return !inuse;
}

struct slabmod_pool *slabmod_pool_create_owned(const char *name,
					       const struct slabmod_pool_params *params,
					       struct module *owner)
{
	struct slabmod_pool *pool;

	might_sleep();
	if (pool_refused(name, params))
		return NULL;
	pool = pool_make(name, params, owner);
	if (!pool || pool_register(pool))
		return pool;
	report_misuse(MISUSE_NAME_TAKEN, "%s: there is a pool of this name", name);
	pool_destroy(pool);
	return NULL;
}
EXPORT_SYMBOL_SLABMOD(slabmod_pool_create_owned);

/* ---- the end ---- */

/* What keeps a pool from being destroyed. */
struct rest {
	struct slabmod_pool *pool;
	unsigned int caches;		/* that are not its own */
	unsigned long objects;
	unsigned long pages;
};

static void add_rest(struct slabmod_cache *cache, void *arg)
{
	struct rest *rest = arg;

	rest->caches += !(cache->flags & CACHE_INTERNAL);
	rest->objects += cache_used(cache);
}

static struct rest rest_of(struct slabmod_pool *pool)
{
	struct rest rest = { .pool = pool };

	pool_drain(pool);
	/* Others may be at what they took out of a quarantine, on its way back. */
	synchronize_rcu();
	cache_for_each(pool, add_rest, &rest);
	rest.pages = stat_sum(pool->source.stats, STAT_BLOCK_PAGES);
	return rest;
}

static bool is_rest(const struct rest *rest)
{
	return rest->caches || rest->objects || rest->pages;
}

static void list_cache(struct slabmod_cache *cache, void *arg)
{
	unsigned long used = cache_used(cache);

	if (!used && cache->flags & CACHE_INTERNAL)
		return;
	pr_err("slabmod:   cache %s, %lu live objects\n", cache->name, used);
	cache_list_live(cache, used);
}

static void report_rest(const struct rest *rest, enum misuse kind, const char *what)
{
	report_misuse(kind, "pool %s: %s with %u caches, %lu live objects, %lu pages in use",
		      rest->pool->name, what, rest->caches, rest->objects, rest->pages);
	cache_for_each(rest->pool, list_cache, NULL);
}

/* Ends a pool that nothing is left of; pools_mutex is held. */
static void pool_end(struct slabmod_pool *pool)
{
	if (!pool->orphan)
		blocking_notifier_call_chain(&pool_notifiers, POOL_DESTROYED, pool);
	list_del_rcu(&pool->node);
	/* Waits for those who may still have it from the list, before it ends anything. */
	pool_destroy(pool);
}

int slabmod_pool_destroy(struct slabmod_pool *pool)
{
	struct rest rest;

	might_sleep();
	if (!pool)
		return 0;
	if (pool == root_pool) {
		report_misuse(MISUSE_BAD_POOL, "%s is slabmod's own, and stays", pool->name);
		return -EBUSY;
	}
	mutex_lock(&pools_mutex);
	rest = rest_of(pool);
	if (is_rest(&rest))
		report_rest(&rest, MISUSE_POOL_BUSY, "destroyed");
	else
		pool_end(pool);
	mutex_unlock(&pools_mutex);
	return is_rest(&rest) ? -EBUSY : 0;
}
EXPORT_SYMBOL_SLABMOD(slabmod_pool_destroy);

static void orphan_pool(struct slabmod_pool *pool)
{
	struct rest rest = rest_of(pool);

	report_rest(&rest, MISUSE_LEAK, "its module went");
	if (!is_rest(&rest)) {
		pool_end(pool);
		return;
	}
	blocking_notifier_call_chain(&pool_notifiers, POOL_DESTROYED, pool);
	pool->orphan = true;
	pool->owner = NULL;
}

static int pool_module_event(struct notifier_block *nb, unsigned long event, void *data)
{
	struct slabmod_pool *pool, *next;

	if (event != MODULE_STATE_GOING)
		return NOTIFY_DONE;
	mutex_lock(&pools_mutex);
	list_for_each_entry_safe(pool, next, &pools, node)
		if (pool->owner == data && pool != root_pool)
			orphan_pool(pool);
	mutex_unlock(&pools_mutex);
	return NOTIFY_OK;
}

/* After the caches' own: those of the module that could go are gone by then. */
static struct notifier_block module_notifier = { .notifier_call = pool_module_event, .priority =
	-1 };

/* ---- the list ---- */

void pool_for_each(void (*fn)(struct slabmod_pool *pool, void *arg), void *arg)
{
	struct slabmod_pool *pool;

	mutex_lock(&pools_mutex);
	list_for_each_entry(pool, &pools, node)
		fn(pool, arg);
	mutex_unlock(&pools_mutex);
}
EXPORT_SYMBOL_FOR_TEST(pool_for_each);

void pool_for_each_rcu(void (*fn)(struct slabmod_pool *pool, void *arg), void *arg)
{
	struct slabmod_pool *pool;

	rcu_read_lock();
	list_for_each_entry_rcu(pool, &pools, node)
		fn(pool, arg);
	rcu_read_unlock();
}

/* ---- caches that callers make, and shrinking ---- */

static struct slabmod_cache *create(struct slabmod_pool *pool, const char *name, size_t size,
				    size_t align, unsigned int flags, void (*ctor)(void *object),
				    struct module *owner)
{
	struct slabmod_cache *cache;

	/* What is internal is not for callers to say. A bad name is not for the log to have. */
	if (flags & ~CACHE_PUBLIC_FLAGS && name_is_valid(name, SLABMOD_CACHE_NAME_MAX)) {
		report_misuse(MISUSE_BAD_CACHE, "%s: flags %#x are unknown", name, flags);
		return NULL;
	}
	cache = cache_create(pool, name, size, align, flags, ctor, owner);
	if (cache)
		magazine_enable(cache, GFP_KERNEL);
	return cache;
}

struct slabmod_cache *slabmod_cache_create_owned(const char *name, size_t size, size_t align,
						 unsigned int flags, void (*ctor)(void *object),
						 struct module *owner)
{
	return create(root_pool, name, size, align, flags, ctor, owner);
}
EXPORT_SYMBOL_SLABMOD(slabmod_cache_create_owned);

struct slabmod_cache *slabmod_pool_cache_create_owned(struct slabmod_pool *pool, const char *name,
						      size_t size, size_t align,
						      unsigned int flags,
						      void (*ctor)(void *object),
						      struct module *owner)
{
	return create(pool, name, size, align, flags, ctor, owner);
}
EXPORT_SYMBOL_SLABMOD(slabmod_pool_cache_create_owned);

int slabmod_cache_destroy(struct slabmod_cache *cache)
{
	if (!cache)
		return 0;
	if (cache->flags & CACHE_INTERNAL) {
		report_misuse(MISUSE_BAD_CACHE, "%s is slabmod's own, and stays", cache->name);
		return -EBUSY;
	}
	return cache_destroy(cache);
}
EXPORT_SYMBOL_SLABMOD(slabmod_cache_destroy);

unsigned long slabmod_shrink(void)
{
	return pool_shrink(root_pool);
}
EXPORT_SYMBOL_SLABMOD(slabmod_shrink);

unsigned long slabmod_pool_shrink(struct slabmod_pool *pool)
{
	return pool_shrink(pool ?: root_pool);
}
EXPORT_SYMBOL_SLABMOD(slabmod_pool_shrink);

/* ---- beginning and end ---- */

int pool_init(unsigned long limit_pages, unsigned int max_order)
{
	struct slabmod_pool_params params = SLABMOD_POOL_PARAMS_INIT;
	int err = fault_hits(FAULT_NOTIFIER) ? -ENOMEM : register_module_notifier(&module_notifier);

	if (err)
		return err;
	params.limit_bytes = limit_pages << PAGE_SHIFT;
	root_pool = pool_make("root", &params, NULL);
	if (!root_pool) {
		unregister_module_notifier(&module_notifier);
		return -ENOMEM;
	}
	root_pool->source.max_order = max_order;
	root_pool->source.min_order = min_t(unsigned int, UNIT_ORDER, max_order);
	kmalloc_init();
	pages_init();
	pool_register(root_pool);
	return 0;
}

void pool_exit(void)
{
	struct slabmod_pool *pool, *next;

	unregister_module_notifier(&module_notifier);
	mutex_lock(&pools_mutex);
	list_for_each_entry_safe_reverse(pool, next, &pools, node)
		pool_end(pool);
	mutex_unlock(&pools_mutex);
	root_pool = NULL;
}
