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

/* ---- by size ---- */

static bool take_kmalloc(const struct thing_kind *kind, gfp_t gfp, void **objects)
{
	objects[0] = slabmod_kmalloc(kind->size, gfp);
	return objects[0];
}

static bool take_kzalloc(const struct thing_kind *kind, gfp_t gfp, void **objects)
{
	objects[0] = slabmod_kzalloc(kind->size, gfp);
	if (!objects[0] || !memchr_inv(objects[0], 0, kind->size))
		return objects[0];
	slabmod_kfree(objects[0]);
	return false;
}

static void give_kfree(const struct thing_kind *kind, void **objects)
{
	slabmod_kfree(objects[0]);
}

/* ---- by type ---- */

static bool take_object(const struct thing_kind *kind, gfp_t gfp, void **objects)
{
	objects[0] = slabmod_cache_alloc(*kind->cache, gfp);
	return objects[0];
}

static void give_object(const struct thing_kind *kind, void **objects)
{
	slabmod_cache_free(*kind->cache, objects[0]);
}

static void build(void *object)
{
	memset(object, BUILT, slabmod_cache_size(built));
}

/* An object is freed as it was constructed. */
static bool take_built(const struct thing_kind *kind, gfp_t gfp, void **objects)
{
	objects[0] = slabmod_cache_alloc(built, gfp);
	if (!objects[0] || !memchr_inv(objects[0], BUILT, kind->size))
		return objects[0];
	slabmod_cache_free(built, objects[0]);
	return false;
}

static void give_built(const struct thing_kind *kind, void **objects)
{
	memset(objects[0], BUILT, kind->size);
	slabmod_cache_free(built, objects[0]);
}

static bool take_bulk(const struct thing_kind *kind, gfp_t gfp, void **objects)
{
	return slabmod_cache_alloc_bulk(whole, gfp, kind->nr, objects) == kind->nr;
}

static void give_bulk(const struct thing_kind *kind, void **objects)
{
	slabmod_cache_free_bulk(whole, kind->nr, objects);
}

/* ---- by pages ---- */

static bool take_pages(const struct thing_kind *kind, gfp_t gfp, void **objects)
{
	objects[0] = (void *)slabmod_get_free_pages(gfp, get_order(kind->size));
	return objects[0];
}

static void give_pages(const struct thing_kind *kind, void **objects)
{
	slabmod_free_pages((unsigned long)objects[0], get_order(kind->size));
}

/* ---- of a pool whose limit is its reserve ---- */

static bool take_reserve(const struct thing_kind *kind, gfp_t gfp, void **objects)
{
	objects[0] = slabmod_pool_kmalloc(pool, kind->size, gfp);
	return objects[0];
}

static void give_reserve(const struct thing_kind *kind, void **objects)
{
	slabmod_pool_kfree(pool, objects[0]);
}

/* ---- all of them ---- */

const struct thing_kind thing_kinds[] = {
	{ "kmalloc-24", 24, 1, take_kmalloc, give_kfree },
	{ "kmalloc-64", 64, 1, take_kmalloc, give_kfree },
	{ "kzalloc-1000", 1000, 1, take_kzalloc, give_kfree },
	{ "kmalloc-8192", 8192, 1, take_kmalloc, give_kfree },
	{ "kmalloc of a block", LARGE, 1, take_kmalloc, give_kfree, .block = true },
	{ "a cache that shares lines", 48, 1, take_object, give_object, .cache = &shared },
	{ "a cache that shares none", 256, 1, take_object, give_object, .cache = &whole },
	{ "a cache with a constructor", 192, 1, take_built, give_built },
	{ "bulk", 256, THING_OBJECTS, take_bulk, give_bulk },
	{ "pages of order 0", PAGE_SIZE, 1, take_pages, give_pages },
	{ "pages of order 1", PAGE_SIZE << 1, 1, take_pages, give_pages },
	{ "pages of order 2", PAGE_SIZE << 2, 1, take_pages, give_pages },
	{ "pages of order 3", PAGE_SIZE << 3, 1, take_pages, give_pages },
	{ "pages of order 4", PAGE_SIZE << 4, 1, take_pages, give_pages, .block = true },
	{ "a pool's reserve", 512, 1, take_reserve, give_reserve },
};

const unsigned int nr_thing_kinds = ARRAY_SIZE(thing_kinds);

bool thing_take(struct thing *thing, const struct thing_kind *kind, gfp_t gfp)
{
	void *objects[THING_OBJECTS];
	unsigned int i;

	thing->kind = NULL;
	if (!kind->take(kind, gfp, objects))
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
	kind->give(kind, objects);
	return intact;
}

/* ---- beginning and end ---- */

void things_begin(struct kunit *test)
{
	struct slabmod_pool_params params = SLABMOD_POOL_PARAMS_INIT;

	params.reserve_bytes = RESERVE;
	params.limit_bytes = RESERVE;
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
