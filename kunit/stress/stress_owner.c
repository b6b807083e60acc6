// SPDX-License-Identifier: GPL-2.0
/*
 * stress_owner.c - the permanent caches and pools, and short-lived ones beside them.
 *
 * One pool has a limit so low that it is reached all the time, one is limited to a node, one
 * to 32-bit addresses, one is like the root pool.
 *
 * Contexts: process, may sleep; stress_random_cache() and stress_pool_node(): any.
 * Locks: none.
 */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include "stress.h"

/* ---- permanent pools ---- */

struct slabmod_pool *stress_pools[STRESS_POOLS];

static struct {
	const char *name;
	struct slabmod_pool_params params;
} pools[STRESS_POOLS] = {
	{ "tight", { .limit_bytes = SZ_512K, .reserve_bytes = SZ_256K, .node = NUMA_NO_NODE } },
	{ "near", { .limit_bytes = SZ_16M, .reserve_bytes = SZ_512K } },
	{ "low", { .limit_bytes = SZ_8M, .node = NUMA_NO_NODE, .zone = GFP_DMA32 } },
	{ "open", SLABMOD_POOL_PARAMS_INIT },
};

int stress_pool_node(int pool)
{
	return pool < 0 ? NUMA_NO_NODE : pools[pool].params.node;
}

static void check_usage(struct stress_actor *actor, const char *name,
			const struct slabmod_pool_params *params, struct slabmod_pool *pool)
{
	struct slabmod_usage usage;
	size_t pages;

	slabmod_pool_usage(pool, &usage);
	pages = usage.held - usage.metadata;
	if ((params->limit_bytes && pages > params->limit_bytes) || pages < params->reserve_bytes)
		stress_wrong(actor, NULL,
			     "pool %s holds %zu bytes of pages: limit %zu, reserve %zu", name,
			     pages, params->limit_bytes, params->reserve_bytes);
}

void stress_check_pools(struct stress_actor *actor)
{
	int i;

	for (i = 0; i < STRESS_POOLS; i++)
		check_usage(actor, pools[i].name, &pools[i].params, stress_pools[i]);
	stress_did(actor, STRESS_POOL_USAGE, STRESS_POOLS);
}

/* ---- permanent caches ---- */

void stress_construct(void *object, size_t size)
{
	struct piece state;

	/* Checked by stress_begin_piece(). */
	piece_fill(&state, object, size, (u64)object);
}

DEFINE_STRESS_CTOR(16)
DEFINE_STRESS_CTOR(76)
DEFINE_STRESS_CTOR(640)
DEFINE_STRESS_CTOR(5000)

/* By size, smallest first; all alignments, few and many objects per slab. */
static struct stress_cache caches[] = {
	{ "ctor-16",	16,	0,	0, ctor_16, -1 },
	{ "align-1",	17,	1,	0, NULL, -1 },
	{ "line-20",	20,	0,	SLABMOD_HWCACHE_ALIGN, NULL, -1 },
	{ "align-2",	22,	2,	0, NULL, 3 },
	{ "align-8",	24,	8,	0, NULL, -1 },
	{ "align-4",	36,	4,	0, NULL, 1 },
	{ "tight-40",	40,	0,	0, NULL, 0 },
	{ "align-16",	48,	16,	0, NULL, -1 },
	{ "debug-56",	56,	0,	SLABMOD_DEBUG, NULL, -1 },
	{ "plain-64",	64,	0,	0, NULL, -1 },
	{ "isolated-72", 72,	0,	SLABMOD_ISOLATED, NULL, -1 },
	{ "ctor-76",	76,	8,	0, ctor_76, 1 },
	{ "align-32",	96,	32,	0, NULL, 2 },
	{ "plain-100",	100,	0,	0, NULL, -1 },
	{ "line-200",	200,	0,	SLABMOD_HWCACHE_ALIGN, NULL, -1 },
	{ "align-256",	256,	256,	0, NULL, 3 },
	{ "align-64",	300,	64,	0, NULL, -1 },
	{ "align-128",	384,	128,	0, NULL, -1 },
	{ "tight-600",	600,	0,	0, NULL, 0 },
	{ "ctor-640",	640,	64,	0, ctor_640, -1 },
	{ "debug-700",	700,	64,	SLABMOD_DEBUG, NULL, 3 },
	{ "isolated-900", 900,	0,	SLABMOD_ISOLATED, NULL, 1 },
	{ "align-512",	1000,	512,	0, NULL, -1 },
	{ "align-2048",	2048,	2048,	0, NULL, -1 },
	{ "align-1024",	3000,	1024,	0, NULL, 2 },
	{ "align-4096",	4096,	4096,	0, NULL, -1 },
	{ "ctor-5000",	5000,	8,	0, ctor_5000, -1 },
	{ "plain-12345", 12345,	0,	0, NULL, 3 },
	{ "plain-32768", 32768,	0,	0, NULL, -1 },
};

const struct stress_cache *stress_random_cache(struct stress_actor *actor, bool or_ctor)
{
	unsigned int i, n = ARRAY_SIZE(caches);

	do {
		/* The minimum of three: mostly a small one. */
		i = min3(stress_below(actor, n), stress_below(actor, n), stress_below(actor, n));
	} while (!or_ctor && caches[i].ctor);
	return &caches[i];
}

struct slabmod_cache *stress_create(int pool, const char *name, size_t size, size_t align,
				    unsigned int flags, void (*ctor)(void *object))
{
	if (pool < 0)
		return slabmod_cache_create(name, size, align, flags, ctor);
	return slabmod_pool_cache_create(stress_pools[pool], name, size, align, flags, ctor);
}

bool stress_cache_open(struct stress_cache *c)
{
	c->cache = stress_create(c->pool, c->name, c->size, c->align, c->flags, c->ctor);
	return c->cache;
}

void stress_cache_close(struct stress_cache *c)
{
	if (slabmod_cache_destroy(c->cache))
		stress_wrong(NULL, NULL, "cache %s has live objects", c->name);
}

/* ---- init and exit ---- */

void stress_pool_close(struct slabmod_pool *pool, const char *name)
{
	if (slabmod_pool_destroy(pool))
		stress_wrong(NULL, NULL, "pool %s is not empty", name);
}

void stress_owners_exit(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(caches); i++)
		stress_cache_close(&caches[i]);
	for (i = 0; i < STRESS_POOLS; i++)
		stress_pool_close(stress_pools[i], pools[i].name);
}

int stress_owners_init(void)
{
	bool ok = true;
	int i;

	/* The last node, which is remote to most CPUs. */
	for_each_online_node(i)
		pools[1].params.node = i;
	for (i = 0; i < STRESS_POOLS && ok; i++) {
		stress_pools[i] = slabmod_pool_create(pools[i].name, &pools[i].params);
		ok = stress_pools[i];
	}
	for (i = 0; i < ARRAY_SIZE(caches) && ok; i++)
		ok = stress_cache_open(&caches[i]);
	if (!ok)
		stress_owners_exit();
	return ok ? 0 : -ENOMEM;
}

/* ---- short-lived caches and pools ---- */

/* Memory of a short-lived cache or pool. */
struct visit {
	struct stress_actor *actor;
	struct stress_piece pieces[STRESS_HANDS];
	void *objects[STRESS_HANDS];	/* their addresses */
	unsigned int n;
	char name[32];
};

static struct visit *visit_begin(struct stress_actor *actor)
{
	struct visit *visit = slabmod_kzalloc(sizeof(*visit), GFP_KERNEL | __GFP_NOWARN);

	if (!visit)
		return NULL;
	visit->actor = actor;
	snprintf(visit->name, sizeof(visit->name), "visit-%u-%llu", actor->id, actor->step);
	return visit;
}

/* Add an allocation; return true if there is room for another. */
static bool visit_add(struct visit *visit, enum stress_kind kind, enum stress_family family,
		      void *p, size_t size, unsigned int align)
{
	struct stress_piece *piece = &visit->pieces[visit->n];

	if (!p)
		return false;
	piece->family = family;
	piece->piece.memory = p;
	piece->piece.size = size;
	piece->align = align;
	piece->nid = NUMA_NO_NODE;
	stress_begin_piece(visit->actor, piece, kind);
	return ++visit->n < STRESS_HANDS;
}

/* A cache with live objects must not be destroyed. */
static void destroy_busy_cache(struct visit *visit, struct stress_cache *c)
{
	unsigned int i;

	if (visit->n && slabmod_cache_destroy(c->cache) != -EBUSY)
		stress_wrong(visit->actor, NULL, "%s was destroyed with live objects", c->name);
	for (i = 0; i < visit->n; i++)
		visit->objects[i] = visit->pieces[i].piece.memory;
	stress_did_bad(visit->actor, STRESS_BAD_BUSY_CACHE, !!visit->n);
}

/*
 * Free some of @n free objects again. Nothing is allocated in between, so each of these frees
 * is reported, at the latest when the cache is destroyed.
 */
static void free_twice(struct visit *visit, struct stress_cache *c, unsigned int n)
{
	unsigned int twice = n && c->size <= 1024 ? stress_below(visit->actor, n) : 0, i;

	for (i = 0; i < twice; i++)
		slabmod_cache_free(c->cache, visit->objects[i]);
	stress_count(visit->actor->counts.certain, twice);
}

void stress_cache_life(struct stress_actor *actor)
{
	static const unsigned int flags[8] = { SLABMOD_DEBUG, SLABMOD_ISOLATED };
	int pool = (int)stress_below(actor, STRESS_POOLS + 1) - 1;
	size_t size = stress_random_size(actor) % 8192 + 1, align = 1u << stress_below(actor, 13);
	struct stress_cache own = { .size = size, .pool = pool };
	struct visit *visit = visit_begin(actor);
	unsigned int n;

	if (!visit)
		return;
	own.name = visit->name;
	own.cache = stress_create(pool, own.name, size, align, flags[stress_below(actor, 8)], NULL);
	if (!own.cache) {
		stress_was_refused(actor, STRESS_CACHE_LIFE);
		goto out;
	}
	if (slabmod_cache_size(own.cache) < size)
		stress_wrong(actor, NULL, "%s: its objects have %u of %zu bytes", own.name,
			     slabmod_cache_size(own.cache), size);
	do {
		visit->pieces[visit->n].cache = &own;
	} while (visit_add(visit, STRESS_CACHE_ALLOC, STRESS_OBJECT,
			   slabmod_cache_alloc(own.cache, GFP_KERNEL | __GFP_NOWARN), size,
			   max_t(size_t, align, 8)));
	if (stress_bad)
		destroy_busy_cache(visit, &own);
	for (n = visit->n; visit->n;)
		slabmod_cache_free(own.cache, stress_end_piece(actor, &visit->pieces[--visit->n]));
	if (stress_bad)
		free_twice(visit, &own, n);
	stress_cache_close(&own);
	stress_did(actor, STRESS_CACHE_LIFE, 1);
out:
	slabmod_kfree(visit);
}

static void fill_pool(struct visit *visit, struct slabmod_pool *pool)
{
	gfp_t gfp = GFP_KERNEL | __GFP_NOWARN;
	size_t size;
	void *p;

	do {
		size = stress_random_size(visit->actor) + 4096;
		p = slabmod_pool_kmalloc(pool, size, gfp);
	} while (visit_add(visit, STRESS_POOL_KMALLOC, STRESS_MEMORY, p, size, 16));
	if (visit->n == STRESS_HANDS)
		return;
	p = (void *)slabmod_pool_get_free_pages(pool, gfp, 0);
	visit_add(visit, STRESS_POOL_PAGES, STRESS_PAGES, p, PAGE_SIZE, PAGE_SIZE);
}

void stress_pool_life(struct stress_actor *actor)
{
	struct slabmod_pool_params params = SLABMOD_POOL_PARAMS_INIT;
	struct visit *visit = visit_begin(actor);
	struct slabmod_pool *pool;

	if (!visit)
		return;
	params.limit_bytes = SZ_256K + stress_below(actor, SZ_1M);
	params.reserve_bytes = stress_below(actor, SZ_256K);
	params.node = stress_random_node(actor);
	pool = slabmod_pool_create(visit->name, &params);
	if (!pool) {
		stress_was_refused(actor, STRESS_POOL_LIFE);
		goto out;
	}
	params.limit_bytes &= PAGE_MASK;
	fill_pool(visit, pool);
	if (stress_bad) {
		if (visit->n && slabmod_pool_destroy(pool) != -EBUSY)
			stress_wrong(actor, NULL, "%s was destroyed in use", visit->name);
		stress_did_bad(actor, STRESS_BAD_BUSY_POOL, !!visit->n);
	}
	check_usage(actor, visit->name, &params, pool);
	while (visit->n) {
		struct stress_piece *piece = &visit->pieces[--visit->n];
		void *p = stress_end_piece(actor, piece);

		if (piece->family == STRESS_PAGES)
			slabmod_pool_free_pages(pool, (unsigned long)p, 0);
		else
			slabmod_pool_kfree(pool, p);
	}
	slabmod_pool_shrink(pool);
	check_usage(actor, visit->name, &params, pool);
	stress_pool_close(pool, visit->name);
	stress_did(actor, STRESS_POOL_LIFE, 1);
out:
	slabmod_kfree(visit);
}

/* ---- rare operations ---- */

void stress_rare(struct stress_actor *actor, unsigned int which)
{
	if (which == 0) {
		stress_pool_life(actor);
	} else if (which <= 4) {
		slabmod_shrink();
		stress_did(actor, STRESS_SHRINK, 1);
	} else if (which <= 12) {
		slabmod_pool_shrink(stress_pools[stress_below(actor, STRESS_POOLS)]);
		stress_did(actor, STRESS_POOL_SHRINK, 1);
	} else if (which <= 28) {
		stress_cache_life(actor);
	} else if (which <= 40) {
		stress_check_pools(actor);
	} else if (which == 41) {
		slabmod_rcu_barrier();
		stress_did(actor, STRESS_RCU_BARRIER, 1);
	} else {
		slabmod_cache_shrink(stress_random_cache(actor, true)->cache);
		stress_did(actor, STRESS_CACHE_SHRINK, 1);
	}
}

void stress_do_each(struct stress_actor *actor, const unsigned int *which, unsigned int nr,
		    void (*fn)(struct stress_actor *actor, unsigned int which))
{
	for (; nr && !stress_stopped(); nr--) {
		actor->step++;
		fn(actor, *which++);
	}
}

void stress_rare_all(struct stress_actor *actor)
{
	/* One of each range above. */
	static const unsigned int each[] = { 0, 1, 5, 13, 29, 41, 42 };

	stress_do_each(actor, each, ARRAY_SIZE(each), stress_rare);
}
