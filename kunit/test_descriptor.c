// SPDX-License-Identifier: GPL-2.0
/*
 * test_descriptor.c - the memory that describes slabs: as much as there are slabs, from the kernel,
 * and promised to pools with a reserve.
 */
#include "descriptor.h"
#include "suites.h"
#include "verbs.h"

#define SLABS	200

static struct descriptors *of(struct slabmod_pool *pool)
{
	return &pool->buddies[NID].descriptors;
}

static struct slab *new_slab(struct kunit *test, struct slabmod_cache *cache)
{
	struct slab *slab = slab_create(cache, NID, GFP_KERNEL | __GFP_THISNODE);

	KUNIT_ASSERT_NOT_NULL(test, slab);
	return slab;
}

static void test_each_slab_has_a_descriptor(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, 1024);
	struct slabmod_cache *cache = kit_cache_create(test, pool, 16, 0, NULL);
	long before = atomic_long_read(&pool->source.metadata);
	struct slab **slabs = (struct slab **)kit_array(test, SLABS);
	unsigned int i, k;

	for (i = 0; i < SLABS; i++) {
		slabs[i] = new_slab(test, cache);
		for (k = 0; k < i; k++)
			KUNIT_ASSERT_PTR_NE(test, slabs[k], slabs[i]);
	}
	KUNIT_EXPECT_EQ(test, descriptors_used(of(pool)), SLABS);
	KUNIT_EXPECT_GE(test, of(pool)->nr, SLABS);
	KUNIT_EXPECT_LT(test, of(pool)->nr, SLABS + PAGE_SIZE / sizeof(struct slab));
	while (i)
		slab_destroy(cache, slabs[--i]);
	KUNIT_EXPECT_EQ(test, descriptors_used(of(pool)), 0);
	chunk_sync();
	buddy_trim(&pool->buddies[NID]);
	chunk_sync();
	KUNIT_EXPECT_EQ(test, of(pool)->nr, 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&pool->source.metadata), before);
}

/* A lookup may have found the slab before. */
static void test_freed_descriptor_is_no_slab(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, 64);
	struct slabmod_cache *cache = kit_cache_create(test, pool, 512, 0, NULL);
	struct slab *slab = new_slab(test, cache);
	void *block = slab_address(slab);

	KUNIT_EXPECT_PTR_EQ(test, frame_slab(chunk_frame(block)), slab);
	slab_destroy(cache, slab);
	KUNIT_EXPECT_NULL(test, frame_slab(chunk_frame(block)));
	KUNIT_EXPECT_NULL(test, slab_cache(slab));
	KUNIT_EXPECT_PTR_NE(test, slab->cache, cache);
}

static void test_trim_leaves_a_stock(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, 1024);
	struct slabmod_cache *cache = kit_cache_create(test, pool, 16, 0, NULL);
	struct slab **slabs = (struct slab **)kit_array(test, SLABS);
	unsigned long a_page;
	unsigned int i;

	slabs[0] = new_slab(test, cache);
	a_page = of(pool)->nr;
	for (i = 1; i < SLABS; i++)
		slabs[i] = new_slab(test, cache);
	while (--i)
		slab_destroy(cache, slabs[i]);
	chunk_sync();
	descriptors_trim(of(pool), &pool->source);
	/* The page of the slab in use has enough free ones. */
	KUNIT_EXPECT_EQ(test, of(pool)->nr, a_page);
	KUNIT_EXPECT_EQ(test, descriptors_used(of(pool)), 1);
	slab_destroy(cache, slabs[0]);
}

static void test_promise_is_kept(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, 64);
	struct descriptors *all = of(pool);
	unsigned long nr;

	KUNIT_ASSERT_TRUE(test, descriptors_promise(all, &pool->source, 100, GFP_KERNEL));
	KUNIT_ASSERT_TRUE(test, descriptors_promise(all, &pool->source, 50, GFP_KERNEL));
	nr = all->nr;
	KUNIT_EXPECT_GE(test, nr, 150);
	descriptors_trim(all, &pool->source);
	KUNIT_EXPECT_EQ(test, all->nr, nr);
	descriptors_release(all, 100);
	descriptors_trim(all, &pool->source);
	KUNIT_EXPECT_GE(test, all->nr, 50);
	KUNIT_EXPECT_LT(test, all->nr, nr);
	descriptors_release(all, 50);
	descriptors_trim(all, &pool->source);
	KUNIT_EXPECT_EQ(test, all->nr, 0);
}

static unsigned long all_promised(struct slabmod_pool *pool)
{
	unsigned long promised = 0;
	int nid;

	for_each_online_node(nid) {
		struct descriptors *all = &pool->buddies[nid].descriptors;

		promised += all->nr >= all->promised ? all->promised : 0;
	}
	return promised;
}

/* The reserve is on the node of this CPU. */
static void test_reserve_promises_as_many_slabs_as_pages(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create_orders(test, 1024, 6, 6);
	unsigned long trimmed = 0;
	int nid;

	pool->source.reserve = 128;
	KUNIT_ASSERT_TRUE(test, pool_reserve(pool));
	KUNIT_EXPECT_EQ(test, all_promised(pool), 128);
	pool->source.reserve = 64;
	for_each_online_node(nid)
		trimmed += buddy_trim(&pool->buddies[nid]);
	KUNIT_EXPECT_EQ(test, trimmed, 64);
	chunk_sync();
	KUNIT_EXPECT_EQ(test, all_promised(pool), 64);
}

static struct kunit_case descriptor_cases[] = {
	KUNIT_CASE(test_each_slab_has_a_descriptor),
	KUNIT_CASE(test_freed_descriptor_is_no_slab),
	KUNIT_CASE(test_trim_leaves_a_stock),
	KUNIT_CASE(test_promise_is_kept),
	KUNIT_CASE(test_reserve_promises_as_many_slabs_as_pages),
	{}
};

struct kunit_suite descriptor_suite = {
	.name = "descriptor",
	KIT_SUITE_HOOKS,
	.test_cases = descriptor_cases,
};
