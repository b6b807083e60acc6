/* SPDX-License-Identifier: GPL-2.0 */
/*
 * verbs_pool.h - what tests of caches, pools and kmalloc do beside the verbs of verbs.h. All
 * that allocate assert that it worked.
 */
#ifndef SLABMOD_VERBS_POOL_H
#define SLABMOD_VERBS_POOL_H

#include "verbs.h"

static inline struct slabmod_cache *kit_cache_in(struct kunit *test, struct slabmod_pool *pool,
						 const char *name, size_t size, unsigned int flags)
{
	struct slabmod_cache *cache = cache_create(pool, name, size, 0, flags, NULL, THIS_MODULE);

	KUNIT_ASSERT_NOT_NULL(test, cache);
	return cache;
}

static inline void kit_destroy(struct kunit *test, struct slabmod_cache *cache)
{
	KUNIT_EXPECT_EQ(test, cache_destroy(cache), 0);
}

static inline void *kit_kmalloc(struct kunit *test, size_t size)
{
	void *p = slabmod_kmalloc(size, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, p);
	return p;
}

static inline void *kit_pool_kmalloc(struct kunit *test, struct slabmod_pool *pool, size_t size)
{
	void *p = slabmod_pool_kmalloc(pool, size, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, p);
	return p;
}

/* A listed pool, as a module creates it, on the kernel's pages. */
static inline struct slabmod_pool *kit_module_pool(struct kunit *test, const char *name,
						   size_t reserve, size_t limit)
{
	struct slabmod_pool_params params = SLABMOD_POOL_PARAMS_INIT;
	struct slabmod_pool *pool;

	params.reserve_bytes = reserve;
	params.limit_bytes = limit;
	pool = slabmod_pool_create(name, &params);
	KUNIT_ASSERT_NOT_NULL(test, pool);
	return pool;
}

/* Allocates until nothing is left, or @max objects; returns how many. */
static inline unsigned int kit_alloc_all(struct slabmod_cache *cache, void **objects,
					 unsigned int max, gfp_t gfp)
{
	unsigned int nr = 0;

	while (nr < max && (objects[nr] = slabmod_cache_alloc(cache, gfp)))
		nr++;
	return nr;
}

static inline bool kit_filled_with(const void *p, u8 byte, size_t size)
{
	return !memchr_inv(p, byte, size);
}

static inline bool kit_cleared(const void *p, size_t size)
{
	return kit_filled_with(p, 0, size);
}

#endif /* SLABMOD_VERBS_POOL_H */
