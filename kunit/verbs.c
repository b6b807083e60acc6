// SPDX-License-Identifier: GPL-2.0
/*
 * verbs.c - what tests of all layers do.
 */
#include <linux/kernel.h>

#include "pool_check.h"
#include "pool_list.h"
#include "verbs.h"

struct slabmod_cache *kit_cache_with(struct kunit *test, size_t size, unsigned int flags,
				     void (*ctor)(void *object))
{
	struct slabmod_cache *cache = cache_create(kit_pool_create(test, KIT_LIMIT), "kit", size,
						   0, flags, ctor, THIS_MODULE);

	KUNIT_ASSERT_NOT_NULL(test, cache);
	return cache;
}

/* Objects that another CPU allocates or frees. */
struct errand {
	struct slabmod_cache *cache;
	void **objects;
	unsigned int nr;
};

static void alloc_here(void *arg)
{
	struct errand *errand = arg;
	unsigned int i;

	for (i = 0; i < errand->nr; i++)
		errand->objects[i] = slabmod_cache_alloc(errand->cache, GFP_KERNEL);
}

static void free_here(void *arg)
{
	struct errand *errand = arg;

	kit_free_n(errand->cache, errand->objects, errand->nr);
}

void kit_alloc_on(unsigned int n, struct kunit *test, struct slabmod_cache *cache, void **objects,
		  unsigned int nr)
{
	struct errand errand = { cache, objects, nr };
	unsigned int i;

	KUNIT_ASSERT_TRUE(test, kit_run_on(n, alloc_here, &errand));
	for (i = 0; i < nr; i++)
		KUNIT_ASSERT_NOT_NULL(test, objects[i]);
}

void kit_free_on(unsigned int n, struct slabmod_cache *cache, void **objects, unsigned int nr)
{
	struct errand errand = { cache, objects, nr };

	kit_run_on(n, free_here, &errand);
}

void kit_stock_home(struct kunit *test, struct slabmod_cache *cache)
{
	unsigned int nr = 4 * cache->capacity;
	void **objects = kit_array(test, nr);

	kit_alloc_n(test, cache, objects, nr);
	kit_free_n(cache, objects, nr);
	magazine_drain_all(cache);
	KUNIT_ASSERT_EQ(test, magazine_count(cache), 0);
}

void kit_expect_unused(struct kunit *test, struct slabmod_cache *cache)
{
	KUNIT_EXPECT_TRUE(test, magazine_check(cache));
	KUNIT_EXPECT_TRUE(test, cache_check(cache));
	KUNIT_EXPECT_EQ(test, cache_used(cache), 0);
}

static void *model_alloc(struct model *model, struct rnd_state *rnd, gfp_t gfp, size_t *size)
{
	*size = slabmod_cache_size(model->cache);
	return slabmod_cache_alloc(model->cache, gfp);
}

static void model_free(struct model *model, void *object, size_t size)
{
	slabmod_cache_free(model->cache, object);
}

static void model_rest(struct model *model, unsigned long pieces, size_t bytes)
{
	KUNIT_EXPECT_TRUE(model->test, magazine_check(model->cache));
	KUNIT_EXPECT_TRUE(model->test, cache_check(model->cache));
	KUNIT_EXPECT_EQ(model->test, cache_used(model->cache), pieces);
}

struct model kit_model(struct kunit *test, struct slabmod_cache *cache)
{
	return (struct model) {
		.alloc = model_alloc, .free = model_free, .rest = model_rest,
		.cache = cache, .test = test,
	};
}
