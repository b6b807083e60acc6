// SPDX-License-Identifier: GPL-2.0
/*
 * pool_list.c - creating and destroying pools, their names and the list of all pools.
 *
 * A pool belongs to the module that created it. If that module is unloaded without destroying
 * it, the pool is destroyed. If the pool is still in use, it stays, without a name, until slabmod
 * is unloaded. Both is reported, the former unless the pool is to end with its module.
 *
 * Contexts: process, may sleep. Locks: pools_mutex protects the list and names and serializes
 * destruction; it is outside of cache_mutex. The list is also read under RCU.
 */
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <slabmod/rcu.h>

#include "cache.h"
#include "cache_list.h"
#include "cache_setup.h"
#include "debug/fault.h"
#include "gfp.h"
#include "kmalloc.h"
#include "magazine_set.h"
#include "pages.h"
#include "pool.h"
#include "pool_list.h"
#include "report.h"
#include "source.h"
#include "vmalloc.h"

static DEFINE_MUTEX(pools_mutex);
static LIST_HEAD(pools);

BLOCKING_NOTIFIER_HEAD(pool_notifiers);

/* ---- creation ---- */

static bool pool_refused(const char *name, const struct slabmod_pool_params *params)
{
	size_t limit = params->limit_bytes;
	gfp_t zone = params->zone;

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
		report_misuse(MISUSE_BAD_POOL, "%s: the reserve of %zu bytes is above all memory",
			      name, params->reserve_bytes);
	else if (zone && zone != GFP_DMA && zone != GFP_DMA32)
		report_misuse(MISUSE_BAD_POOL, "%s: %pGg is neither 0 nor GFP_DMA nor GFP_DMA32",
			      name, &zone);
	else
		return params->node != NUMA_NO_NODE && node_refused(name, params->node);
	return true;
}

static struct chunk_source pool_source(const struct slabmod_pool_params *params)
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
	source.debug = params->debug;
	return source;
}

/* Create a pool with its reserve and caches, on no list yet. */
static struct slabmod_pool *create_pool(const char *name, const struct slabmod_pool_params *params,
					struct module *owner)
{
	const struct chunk_source source = pool_source(params);
	struct slabmod_pool *pool = pool_create(name, &source);

	if (!pool)
		return NULL;
	pool->limited = params->limit_bytes;
	pool->ends_with_module = params->ends_with_module;
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
	pool = create_pool(name, params, owner);
	if (!pool || pool_register(pool))
		return pool;
	report_misuse(MISUSE_NAME_TAKEN, "%s: a pool of this name exists", name);
	pool_destroy(pool);
	return NULL;
}
EXPORT_SYMBOL_SLABMOD(slabmod_pool_create_owned);

/* ---- destruction ---- */

/* Contents that prevent a pool from being destroyed. */
struct contents {
	struct slabmod_pool *pool;
	unsigned int caches;		/* created by callers */
	unsigned long objects;
	unsigned long pages;
};

static void count_contents(struct slabmod_cache *cache, void *arg)
{
	struct contents *contents = arg;

	contents->caches += !(cache->flags & CACHE_INTERNAL);
	if (!(cache->flags & CACHE_BLOCKS))
		contents->objects += cache_used(cache);
}

static bool in_use(const struct contents *contents)
{
	return contents->caches || contents->objects || contents->pages;
}

static struct contents drained_contents(struct slabmod_pool *pool)
{
	struct contents contents = { .pool = pool };

	vmalloc_sync();
	pool_drain(pool);
	cache_walk(pool, count_contents, &contents);
	contents.pages = pages_in_use(pool);
	return contents;
}

/* If anything is left, wait for CPUs that are freeing memory from a magazine or a quarantine. */
static struct contents pool_contents(struct slabmod_pool *pool)
{
	struct contents contents = drained_contents(pool);

	if (!in_use(&contents))
		return contents;
	synchronize_rcu();
	return drained_contents(pool);
}

static void list_cache(struct slabmod_cache *cache, void *arg)
{
	unsigned long used = cache_used(cache);

	if (!used && cache->flags & CACHE_INTERNAL)
		return;
	pr_err("slabmod:   cache %s, %lu live objects\n", cache->name, used);
	/* Those of an orphan were listed when its module was unloaded. */
	if (!(cache->flags & CACHE_ORPHAN))
		cache_list_live(cache, used);
}

static void report_contents(const struct contents *contents, enum misuse kind, const char *what)
{
	report_misuse(kind, "pool %s: %s with %u caches, %lu live objects, %lu pages in use",
		      contents->pool->name, what, contents->caches, contents->objects,
		      contents->pages);
	cache_walk(contents->pool, list_cache, NULL);
}

/* Destroy an empty pool, under pools_mutex. */
static void remove_pool(struct slabmod_pool *pool)
{
	if (!pool->orphan)
		blocking_notifier_call_chain(&pool_notifiers, POOL_DESTROYED, pool);
	list_del_rcu(&pool->node);
	/* Waits for RCU readers of the list first. */
	pool_destroy(pool);
}

int slabmod_pool_destroy(struct slabmod_pool *pool)
{
	struct contents contents;

	might_sleep();
	if (!pool)
		return 0;
	if (pool == root_pool) {
		report_misuse(MISUSE_BAD_POOL, "%s is internal and cannot be destroyed",
			      pool->name);
		return -EBUSY;
	}
	contents = drained_contents(pool);
	/* Memory that waits for its free is in use. */
	if (in_use(&contents))
		slabmod_rcu_barrier();
	mutex_lock(&pools_mutex);
	contents = pool_contents(pool);
	if (in_use(&contents))
		report_contents(&contents, MISUSE_POOL_BUSY, "destroyed");
	else
		remove_pool(pool);
	mutex_unlock(&pools_mutex);
	return in_use(&contents) ? -EBUSY : 0;
}
EXPORT_SYMBOL_SLABMOD(slabmod_pool_destroy);

static void orphan_pool(struct slabmod_pool *pool)
{
	struct contents contents = pool_contents(pool);

	if (in_use(&contents) || !pool->ends_with_module)
		report_contents(&contents, MISUSE_LEAK, "its module was unloaded");
	if (!in_use(&contents)) {
		remove_pool(pool);
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

/* Runs after that of the caches, which destroys the module's caches. */
static struct notifier_block module_notifier = {
	.notifier_call = pool_module_event,
	.priority = -1,
};

/* ---- the list ---- */

void pool_walk(void (*fn)(struct slabmod_pool *pool, void *arg), void *arg)
{
	struct slabmod_pool *pool;

	mutex_lock(&pools_mutex);
	list_for_each_entry(pool, &pools, node)
		fn(pool, arg);
	mutex_unlock(&pools_mutex);
}
EXPORT_SYMBOL_FOR_TEST(pool_walk);

void pool_walk_rcu(void (*fn)(struct slabmod_pool *pool, void *arg), void *arg)
{
	struct slabmod_pool *pool;

	rcu_read_lock();
	list_for_each_entry_rcu(pool, &pools, node)
		fn(pool, arg);
	rcu_read_unlock();
}

/* ---- caches of callers, shrinking ---- */

struct slabmod_cache *slabmod_pool_cache_create_owned(struct slabmod_pool *pool, const char *name,
						      size_t size, size_t align,
						      unsigned int flags,
						      void (*ctor)(void *object),
						      struct module *owner)
{
	struct slabmod_cache *cache;

	/* Internal flags are not for callers. cache_create() reports an invalid name. */
	if (flags & ~CACHE_PUBLIC_FLAGS && name_is_valid(name, SLABMOD_CACHE_NAME_MAX)) {
		report_misuse(MISUSE_BAD_CACHE, "%s: flags %#x are unknown", name, flags);
		return NULL;
	}
	cache = cache_create(pool ?: root_pool, name, size, align, flags, ctor, owner);
	if (cache)
		magazine_enable(cache, GFP_KERNEL);
	return cache;
}
EXPORT_SYMBOL_SLABMOD(slabmod_pool_cache_create_owned);

static bool region_refused(const char *name, size_t size, const struct slabmod_cache_args *args)
{
	if (args->usersize <= size && args->useroffset <= size - args->usersize)
		return false;
	report_misuse(MISUSE_BAD_CACHE,
		      "%s: bytes %u to %u for user space are not in an object of %zu", name,
		      args->useroffset, args->useroffset + args->usersize, size);
	return true;
}

struct slabmod_cache *slabmod_pool_cache_create_args_owned(struct slabmod_pool *pool,
							   const char *name, size_t size,
							   const struct slabmod_cache_args *args,
							   unsigned int flags,
							   struct module *owner)
{
	static const struct slabmod_cache_args none;
	struct slabmod_cache *cache;

	if (!args)
		args = &none;
	if (name_is_valid(name, SLABMOD_CACHE_NAME_MAX) && region_refused(name, size, args))
		return NULL;
	cache = slabmod_pool_cache_create_owned(pool, name, size, args->align, flags, args->ctor,
						owner);
	if (cache) {
		cache->useroffset = args->useroffset;
		cache->usersize = args->usersize;
	}
	return cache;
}
EXPORT_SYMBOL_SLABMOD(slabmod_pool_cache_create_args_owned);

struct slabmod_cache *slabmod_cache_create_owned(const char *name, size_t size, size_t align,
						 unsigned int flags, void (*ctor)(void *object),
						 struct module *owner)
{
	return slabmod_pool_cache_create_owned(root_pool, name, size, align, flags, ctor, owner);
}
EXPORT_SYMBOL_SLABMOD(slabmod_cache_create_owned);

int slabmod_cache_destroy(struct slabmod_cache *cache)
{
	if (!cache)
		return 0;
	if (cache->flags & CACHE_INTERNAL) {
		report_misuse(MISUSE_BAD_CACHE, "%s is internal and cannot be destroyed",
			      cache->name);
		return -EBUSY;
	}
	if (cache_destroy_unused(cache))
		return 0;
	/* Memory that waits for its free is in use. */
	slabmod_rcu_barrier();
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

/* ---- initialization ---- */

int pool_init(unsigned long limit_pages, unsigned int max_order)
{
	struct slabmod_pool_params params = SLABMOD_POOL_PARAMS_INIT;
	int err = fault_error(FAULT_NOTIFIER, -ENOMEM) ?:
		  register_module_notifier(&module_notifier);

	if (err)
		return err;
	params.limit_bytes = limit_pages << PAGE_SHIFT;
	root_pool = create_pool("root", &params, NULL);
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
		remove_pool(pool);
	mutex_unlock(&pools_mutex);
	root_pool = NULL;
}
