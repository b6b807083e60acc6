// SPDX-License-Identifier: GPL-2.0
/*
 * things.c - one of each kind of memory.
 */
#include <linux/atomic.h>
#include <linux/mm.h>
#include <linux/string.h>

#include <slabmod/slabmod.h>

#include "things.h"

#define LARGE	(9 * PAGE_SIZE)		/* of kmalloc(): a block that is no power of two */
#define RESERVE	SLABMOD_POOL_MIN_LIMIT
#define BUILT	0x5bu

static struct slabmod_cache *shared, *whole, *built;
static struct slabmod_cache **const caches[] = { &shared, &whole, &built };
static struct slabmod_pool *pool;

/* No two pieces have the same mark. */
static atomic_long_t marks = ATOMIC_LONG_INIT(0);

static void *alloc_one(const struct thing_kind *kind, gfp_t gfp)
{
	switch (kind->call) {
	case THING_KMALLOC: return slabmod_kmalloc(kind->size, gfp);
	case THING_KZALLOC: return slabmod_kzalloc(kind->size, gfp);
	case THING_PAGES: return (void *)slabmod_get_free_pages(gfp, get_order(kind->size));
	case THING_RESERVE: return slabmod_pool_kmalloc(pool, kind->size, gfp);
	default: return slabmod_cache_alloc(*kind->cache, gfp);
	}
}

static void free_one(const struct thing_kind *kind, void *object)
{
	if (kind->call == THING_PAGES)
		slabmod_free_pages((unsigned long)object, get_order(kind->size));
	else if (kind->call == THING_RESERVE)
		slabmod_pool_kfree(pool, object);
	else if (kind->call == THING_OBJECT)
		slabmod_cache_free(*kind->cache, object);
	else
		slabmod_kfree(object);
}

static void build(void *object)
{
	memset(object, BUILT, slabmod_cache_size(built));
}

static bool is_built(const struct thing_kind *kind)
{
	return kind->cache == &built;
}

/* Allocate, and check what is cleared or constructed. */
static bool alloc_objects(const struct thing_kind *kind, gfp_t gfp, void **objects)
{
	if (kind->nr > 1)
		return slabmod_cache_alloc_bulk(*kind->cache, gfp, kind->nr, objects) == kind->nr;
	objects[0] = alloc_one(kind, gfp);
	if (!objects[0] || (kind->call != THING_KZALLOC && !is_built(kind)))
		return objects[0];
	if (!memchr_inv(objects[0], is_built(kind) ? BUILT : 0, kind->size))
		return true;
	free_one(kind, objects[0]);
	return false;
}

const struct thing_kind thing_kinds[] = {
	{ "kmalloc-24", 24, 1, THING_KMALLOC },
	{ "kmalloc-64", 64, 1, THING_KMALLOC },
	{ "kzalloc-1000", 1000, 1, THING_KZALLOC },
	{ "kmalloc-8192", 8192, 1, THING_KMALLOC },
	{ "kmalloc of a block", LARGE, 1, THING_KMALLOC, .block = true },
	{ "a cache that shares lines", 48, 1, THING_OBJECT, .cache = &shared },
	{ "a cache that shares none", 256, 1, THING_OBJECT, .cache = &whole },
	{ "a cache with a constructor", 192, 1, THING_OBJECT, .cache = &built },
	{ "bulk", 256, THING_OBJECTS, THING_OBJECT, .cache = &whole },
	{ "pages of order 0", PAGE_SIZE, 1, THING_PAGES },
	{ "pages of order 1", PAGE_SIZE << 1, 1, THING_PAGES },
	{ "pages of order 2", PAGE_SIZE << 2, 1, THING_PAGES },
	{ "pages of order 3", PAGE_SIZE << 3, 1, THING_PAGES },
	{ "pages of order 4", PAGE_SIZE << 4, 1, THING_PAGES, .block = true },
	{ "a pool's reserve", 512, 1, THING_RESERVE },
};

const unsigned int nr_thing_kinds = ARRAY_SIZE(thing_kinds);

bool thing_take(struct thing *thing, const struct thing_kind *kind, gfp_t gfp)
{
	void *objects[THING_OBJECTS];
	unsigned int i;

	thing->kind = NULL;
	if (!alloc_objects(kind, gfp, objects))
		return false;
	for (i = 0; i < kind->nr; i++)
		piece_fill(&thing->piece[i], objects[i], kind->size,
			   atomic_long_inc_return(&marks));
	thing->kind = kind;
	return true;
}

bool thing_give(struct thing *thing)
{
	const struct thing_kind *kind = thing->kind;
	void *objects[THING_OBJECTS];
	bool intact = true;
	unsigned int i;

	if (!kind)
		return true;
	for (i = 0; i < kind->nr; i++) {
		intact &= piece_intact(&thing->piece[i]);
		objects[i] = thing->piece[i].memory;
	}
	thing->kind = NULL;
	/* An object is freed as it was constructed. */
	if (is_built(kind))
		build(objects[0]);
	if (kind->nr > 1)
		slabmod_cache_free_bulk(*kind->cache, kind->nr, objects);
	else
		free_one(kind, objects[0]);
	return intact;
}

void things_begin(struct kunit *test)
{
	struct slabmod_pool_params params = {
		.reserve_bytes = RESERVE, .limit_bytes = RESERVE, .node = NUMA_NO_NODE,
	};

	shared = slabmod_cache_create("kit-shared", 48, 0, 0, NULL);
	whole = slabmod_cache_create("kit-whole", 256, 0, 0, NULL);
	built = slabmod_cache_create("kit-built", 192, 0, 0, build);
	pool = slabmod_pool_create("kit-reserve", &params);
	KUNIT_ASSERT_TRUE(test, shared && whole && built && pool);
}

struct slabmod_cache *things_cache(void)
{
	return whole;
}

struct slabmod_pool *things_pool(void)
{
	return pool;
}

void things_end(struct kunit *test)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(caches); i++) {
		KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(*caches[i]), 0);
		*caches[i] = NULL;
	}
	KUNIT_EXPECT_EQ(test, slabmod_pool_destroy(pool), 0);
	pool = NULL;
}
