// SPDX-License-Identifier: GPL-2.0
/*
 * test_pools_apart.c - what pools have to do with each other, with nodes and with zones,
 * which is little, and what they do not let be done to them.
 */
#include <linux/gfp.h>
#include <linux/nodemask.h>
#include <linux/sizes.h>

#include "block.h"
#include "cache_list.h"
#include "pattern.h"
#include "pool_check.h"
#include "test_pools.h"

/* ---- memory ---- */

static void test_size(struct kunit *test, struct slabmod_pool *pool, size_t size)
{
	struct piece piece;
	void *p = slabmod_pool_kmalloc(pool, size, GFP_KERNEL), *again;

	KUNIT_ASSERT_NOT_NULL(test, p);
	KUNIT_EXPECT_PTR_EQ(test, pool_of(chunk_frame(p)), pool);
	KUNIT_EXPECT_GE(test, slabmod_ksize(p), size);
	KUNIT_EXPECT_EQ(test, usage_of(pool).used, slabmod_ksize(p));
	if (is_power_of_2(size))
		KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)p, min(size, PAGE_SIZE)));
	piece_fill(&piece, p, size, size);
	again = slabmod_pool_kzalloc(pool, size, GFP_KERNEL);
	KUNIT_EXPECT_TRUE(test, piece_intact(&piece));
	slabmod_pool_kfree(pool, p);
	KUNIT_ASSERT_NOT_NULL(test, again);
	KUNIT_EXPECT_FALSE(test, memchr_inv(again, 0, size));
	slabmod_pool_kfree(pool, again);
	/* What has been used is cleared too. */
	again = slabmod_pool_kzalloc(pool, size, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, again);
	KUNIT_EXPECT_FALSE(test, memchr_inv(again, 0, size));
	/* The call that names no pool frees it as well. */
	KIT_EXPECT_NO_MISUSE(test, slabmod_kfree(again));
	KUNIT_EXPECT_EQ(test, usage_of(pool).used, 0);
}

void test_memory_of_a_pool_is_as_good_as_any(struct kunit *test)
{
	static const size_t sizes[] = {
		1, 8, 16, 100, 1000, 1024, 4096, 5000, SZ_32K, SZ_32K + 1, SZ_64K, SZ_1M,
	};
	struct slabmod_pool *pool = make_pool(test, "good", 0, 0);
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		test_size(test, pool, sizes[i]);
	KUNIT_EXPECT_PTR_EQ(test, slabmod_pool_kmalloc(pool, 0, GFP_KERNEL), ZERO_SIZE_PTR);
	KIT_EXPECT_NO_MISUSE(test, slabmod_pool_kfree(pool, ZERO_SIZE_PTR);
			     slabmod_pool_kfree(pool, NULL); slabmod_pool_free_pages(pool, 0, 3));
	unmake_pool(test, pool);
}

void test_pools_share_neither_memory_nor_caches(struct kunit *test)
{
	struct slabmod_pool *one = make_pool(test, "one", 64, 0);
	struct slabmod_pool *two = make_pool(test, "two", 64, 0);
	struct slabmod_cache *caches[2];
	struct slabmod_usage before = usage_of(two);
	void *p = slabmod_pool_kmalloc(one, 100, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, p);
	KUNIT_EXPECT_EQ(test, usage_of(one).used, slabmod_ksize(p));
	KUNIT_EXPECT_EQ(test, usage_of(two).used, 0);
	KUNIT_EXPECT_EQ(test, usage_of(two).held, before.held);
	/* Of one name, and yet two. */
	caches[0] = slabmod_pool_cache_create(one, "same", 100, 0, 0, NULL);
	caches[1] = slabmod_pool_cache_create(two, "same", 100, 0, 0, NULL);
	KUNIT_ASSERT_NOT_NULL(test, caches[0]);
	KUNIT_ASSERT_NOT_NULL(test, caches[1]);
	KUNIT_EXPECT_PTR_NE(test, caches[0], caches[1]);
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(caches[1]), 0);
	/* The end of one is nothing to the other. */
	unmake_pool(test, two);
	slabmod_pool_kfree(one, p);
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(caches[0]), 0);
	unmake_pool(test, one);
}

/* ---- nodes and zones ---- */

#define BELONGINGS	6

/* One of each kind, taken on one CPU and given back on another. */
struct belongings {
	struct slabmod_pool *pool;
	struct slabmod_cache *cache;
	void *p[BELONGINGS];
};

static void take_belongings(void *arg)
{
	struct belongings *b = arg;

	b->p[0] = slabmod_pool_kmalloc(b->pool, 64, GFP_KERNEL);
	b->p[1] = slabmod_pool_kmalloc(b->pool, 5000, GFP_ATOMIC);
	b->p[2] = slabmod_pool_kmalloc(b->pool, 100000, GFP_KERNEL);
	b->p[3] = (void *)slabmod_pool_get_free_pages(b->pool, GFP_KERNEL, 0);
	b->p[4] = (void *)slabmod_pool_get_free_pages(b->pool, GFP_ATOMIC, 4);
	b->p[5] = slabmod_cache_alloc(b->cache, GFP_KERNEL);
}

static void give_belongings(void *arg)
{
	struct belongings *b = arg;

	slabmod_pool_kfree(b->pool, b->p[0]);
	slabmod_pool_kfree(b->pool, b->p[1]);
	slabmod_pool_kfree(b->pool, b->p[2]);
	slabmod_pool_free_pages(b->pool, (unsigned long)b->p[3], 0);
	slabmod_pool_free_pages(b->pool, (unsigned long)b->p[4], 4);
	slabmod_cache_free(b->cache, b->p[5]);
}

static void test_node(struct kunit *test, int nid)
{
	struct slabmod_pool_params params = { .reserve_bytes = SZ_512K, .node = nid };
	struct belongings b = { .pool = make_pool_with(test, "bound", &params) };
	unsigned int cpus = num_online_cpus(), n, round;
	int other, i;

	b.cache = slabmod_pool_cache_create(b.pool, "of-a-node", 200, 0, 0, NULL);
	KUNIT_ASSERT_NOT_NULL(test, b.cache);
	for (round = 0; round < 10 * cpus; round++) {
		n = round % cpus;
		kit_run_on(n, take_belongings, &b);
		for (i = 0; i < BELONGINGS; i++) {
			KUNIT_ASSERT_NOT_NULL(test, b.p[i]);
			KUNIT_EXPECT_EQ(test, page_to_nid(virt_to_page(b.p[i])), nid);
		}
		kit_run_on((n + cpus / 2) % cpus, give_belongings, &b);
	}
	for_each_online_node(other)
		if (other != nid)
			KUNIT_EXPECT_TRUE(test, list_empty(&b.pool->buddies[other].chunks));
	KUNIT_EXPECT_EQ(test, usage_of(b.pool).used, 0);
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(b.cache), 0);
	unmake_pool(test, b.pool);
}

void test_pool_of_a_node_has_memory_of_that_node_alone(struct kunit *test)
{
	int nid;

	for_each_online_node(nid)
		test_node(test, nid);
}

void test_full_node_gives_nothing_and_no_other_does(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, 4096);
	struct slabmod_cache *cache = cache_create(pool, "of-a-node", 200, 0, 0, NULL, NULL);
	int full = first_online_node, nid;

	if (num_online_nodes() < 2)
		kunit_skip(test, "there is one node");
	KUNIT_ASSERT_NOT_NULL(test, cache);
	pool->source.nid = full;
	pool->source.reserve = 100;
	kit_source.full_nodes = BIT(full);
	KUNIT_EXPECT_FALSE(test, pool_reserve(pool));
	KUNIT_EXPECT_NULL(test, block_alloc("test", pool, NUMA_NO_NODE, 5, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, slabmod_cache_alloc(cache, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, kit_source.pages, 0);
	kit_source_reset();
	KUNIT_EXPECT_TRUE(test, pool_reserve(pool));
	for_each_online_node(nid)
		KUNIT_EXPECT_EQ(test, pool->buddies[nid].free_pages, nid == full ? 100 : 0);
}

static void test_zone(struct kunit *test, gfp_t zone)
{
	struct slabmod_pool_params params = { .zone = zone, .reserve_bytes = SZ_256K,
					      .node = NUMA_NO_NODE };
	struct belongings b = { .pool = make_pool_with(test, "zoned", &params) };
	unsigned int round;
	int i;

	pools_watch.wanted = zone;
	b.cache = slabmod_pool_cache_create(b.pool, "of-a-zone", 200, 0, 0, NULL);
	KUNIT_ASSERT_NOT_NULL(test, b.cache);
	for (round = 0; round < 2 * num_online_cpus(); round++) {
		kit_run_on(round % num_online_cpus(), take_belongings, &b);
		for (i = 0; i < BELONGINGS; i++) {
			KUNIT_ASSERT_NOT_NULL(test, b.p[i]);
			KUNIT_EXPECT_LE(test, page_zonenum(virt_to_page(b.p[i])), gfp_zone(zone));
		}
		kit_run_on(0, give_belongings, &b);
	}
	/* Beyond the reserve too, and however large. */
	b.p[0] = slabmod_pool_kmalloc(b.pool, SZ_1M, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, b.p[0]);
	KUNIT_EXPECT_LE(test, page_zonenum(virt_to_page(b.p[0])), gfp_zone(zone));
	slabmod_pool_kfree(b.pool, b.p[0]);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&pools_watch.without), 0);
	KUNIT_EXPECT_GT(test, atomic_long_read(&pools_watch.most), 0);
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(b.cache), 0);
	unmake_pool(test, b.pool);
}

void test_pool_of_a_zone_asks_for_it_and_gets_it(struct kunit *test)
{
	test_zone(test, GFP_DMA32);
	test_zone(test, GFP_DMA);
}

/* ---- what cannot be ---- */

static const struct bad_params {
	enum misuse kind;
	const char *text;
	struct slabmod_pool_params params;
} bad_params[] = {
	{ MISUSE_BAD_POOL, "is above the limit",
	  { .reserve_bytes = SZ_1M + 1, .limit_bytes = SZ_1M, .node = NUMA_NO_NODE } },
	{ MISUSE_BAD_POOL, "is above the limit",
	  { .reserve_bytes = SZ_1M, .limit_bytes = SZ_1M - 1, .node = NUMA_NO_NODE } },
	/* One is rounded up, the other down. */
	{ MISUSE_BAD_POOL, "is above the limit",
	  { .reserve_bytes = SZ_1M - 2, .limit_bytes = SZ_1M - 1, .node = NUMA_NO_NODE } },
	{ MISUSE_BAD_POOL, "the reserve", { .reserve_bytes = SIZE_MAX, .node = NUMA_NO_NODE } },
	{ MISUSE_BAD_POOL, "the reserve",
	  { .reserve_bytes = SIZE_MAX, .limit_bytes = SZ_1M, .node = NUMA_NO_NODE } },
	{ MISUSE_BAD_POOL, "a limit of", { .limit_bytes = 1, .node = NUMA_NO_NODE } },
	{ MISUSE_BAD_POOL, "a limit of",
	  { .limit_bytes = SLABMOD_POOL_MIN_LIMIT - 1, .node = NUMA_NO_NODE } },
	{ MISUSE_BAD_NODE, "no node", { .node = MAX_NUMNODES } },
	{ MISUSE_BAD_NODE, "no node", { .node = INT_MAX } },
	{ MISUSE_BAD_NODE, "no node", { .node = NUMA_NO_NODE - 1 } },
	{ MISUSE_BAD_POOL, "GFP_DMA32", { .zone = GFP_KERNEL, .node = NUMA_NO_NODE } },
	{ MISUSE_BAD_POOL, "GFP_DMA32", { .zone = __GFP_HIGHMEM, .node = NUMA_NO_NODE } },
	{ MISUSE_BAD_POOL, "GFP_DMA32", { .zone = GFP_DMA | GFP_DMA32, .node = NUMA_NO_NODE } },
	{ MISUSE_BAD_POOL, "GFP_DMA32", { .zone = GFP_DMA | __GFP_ZERO, .node = NUMA_NO_NODE } },
};

void test_pools_with_impossible_properties_are_refused(struct kunit *test)
{
	struct slabmod_pool_params params = SLABMOD_POOL_PARAMS_INIT;
	struct slabmod_pool *pool = NULL;
	int i;

	for (i = 0; i < ARRAY_SIZE(bad_params); i++) {
		KIT_EXPECT_MISUSE(test, bad_params[i].kind, bad_params[i].text,
				  pool = slabmod_pool_create("bad", &bad_params[i].params));
		KUNIT_EXPECT_NULL_MSG(test, pool, "number %d", i);
	}
	/* What is just possible is. */
	params.limit_bytes = SLABMOD_POOL_MIN_LIMIT;
	params.reserve_bytes = SLABMOD_POOL_MIN_LIMIT;
	params.node = first_online_node;
	KIT_EXPECT_NO_MISUSE(test, pool = make_pool_with(test, "bad", &params));
	unmake_pool(test, pool);
}

void test_pools_with_bad_names_are_refused(struct kunit *test)
{
	static const char longest[] = "a-name-of-thirty-one-characters";
	static const char *const names[] = {
		NULL, "", ".hidden", "two words", "a/b", "tab\t", "new\nline", "\x7f",
		"a-name-of-thirty-two-characters-",
	};
	struct slabmod_pool_params params = SLABMOD_POOL_PARAMS_INIT;
	struct slabmod_pool *pool = NULL;
	int i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		KIT_EXPECT_MISUSE(test, MISUSE_BAD_POOL, "a name must have",
				  pool = slabmod_pool_create(names[i], &params));
		KUNIT_EXPECT_NULL_MSG(test, pool, "number %d", i);
	}
	KUNIT_ASSERT_EQ(test, strlen(longest), SLABMOD_POOL_NAME_MAX);
	pool = make_pool(test, longest, 0, 0);
	KUNIT_EXPECT_STREQ(test, pool->name, longest);
	unmake_pool(test, pool);
}

void test_second_pool_of_a_name_is_refused_until_the_first_is_gone(struct kunit *test)
{
	struct slabmod_pool_params params = SLABMOD_POOL_PARAMS_INIT;
	struct slabmod_pool *pool = make_pool(test, "only", 10, 0), *second = NULL;

	KIT_EXPECT_MISUSE(test, MISUSE_NAME_TAKEN, "only: a pool of this name",
			  second = slabmod_pool_create("only", &params));
	KUNIT_EXPECT_NULL(test, second);
	KIT_EXPECT_MISUSE(test, MISUSE_NAME_TAKEN, root_pool->name,
			  second = slabmod_pool_create(root_pool->name, &params));
	KUNIT_EXPECT_NULL(test, second);
	KUNIT_EXPECT_EQ(test, pages_of(pool), 10);
	unmake_pool(test, pool);
	KIT_EXPECT_NO_MISUSE(test, pool = make_pool(test, "only", 10, 0));
	unmake_pool(test, pool);
}

/* ---- the end of what is in use ---- */

static void expect_busy(struct kunit *test, struct slabmod_pool *pool, const char *text)
{
	int err = 0;

	KIT_EXPECT_MISUSE(test, MISUSE_POOL_BUSY, text, err = slabmod_pool_destroy(pool));
	KUNIT_EXPECT_EQ(test, err, -EBUSY);
	KUNIT_EXPECT_TRUE(test, pool_check(pool));
}

void test_pool_that_has_a_cache_is_not_destroyed(struct kunit *test)
{
	struct slabmod_pool *pool = make_pool(test, "busy", 64, 0);
	struct slabmod_cache *cache = slabmod_pool_cache_create(pool, "busy-bee", 40, 0, 0, NULL);
	void *object;

	KUNIT_ASSERT_NOT_NULL(test, cache);
	expect_busy(test, pool, "busy: destroyed with 1 caches, 0 live objects, 0 pages");
	KUNIT_EXPECT_EQ(test, kit_captured("cache busy-bee, 0 live objects"), 1);
	KUNIT_EXPECT_GE(test, pages_of(pool), 64);
	object = slabmod_cache_alloc(cache, GFP_KERNEL);
	KUNIT_EXPECT_NOT_NULL(test, object);
	expect_busy(test, pool, "busy: destroyed with 1 caches, 1 live objects, 0 pages");
	KUNIT_EXPECT_EQ(test, kit_captured("busy-bee object "), 1);
	slabmod_cache_free(cache, object);
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(cache), 0);
	unmake_pool(test, pool);
}

void test_pool_that_has_live_objects_is_not_destroyed(struct kunit *test)
{
	struct slabmod_pool *pool = make_pool(test, "busy", 0, 0);
	struct piece pieces[3];
	void *p;
	int i;

	for (i = 0; i < 3; i++) {
		p = slabmod_pool_kmalloc(pool, 100, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, p);
		piece_fill(&pieces[i], p, 100, i);
	}
	expect_busy(test, pool, "busy: destroyed with 0 caches, 3 live objects, 0 pages");
	KUNIT_EXPECT_EQ(test, kit_captured("cache kmalloc-112, 3 live objects"), 1);
	KUNIT_EXPECT_EQ(test, kit_captured("kmalloc-112 object "), 3);
	KUNIT_EXPECT_EQ(test, kit_captured("slabmod:   cache "), 1);
	/* It goes on as if nothing had been. */
	p = slabmod_pool_kmalloc(pool, 3000, GFP_KERNEL);
	KUNIT_EXPECT_NOT_NULL(test, p);
	slabmod_pool_kfree(pool, p);
	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_TRUE(test, piece_intact(&pieces[i]));
		slabmod_pool_kfree(pool, pieces[i].memory);
	}
	unmake_pool(test, pool);
}

void test_pool_that_has_pages_in_use_is_not_destroyed(struct kunit *test)
{
	struct slabmod_pool *pool = make_pool(test, "busy", 0, 0);
	unsigned long page = slabmod_pool_get_free_pages(pool, GFP_KERNEL, 0);
	unsigned long block = slabmod_pool_get_free_pages(pool, GFP_KERNEL, 5);

	KUNIT_ASSERT_NE(test, page, 0);
	KUNIT_ASSERT_NE(test, block, 0);
	expect_busy(test, pool, "busy: destroyed with 0 caches, 1 live objects, 32 pages");
	KUNIT_EXPECT_EQ(test, kit_captured("cache pages-0, 1 live objects"), 1);
	KIT_EXPECT_NO_MISUSE(test, slabmod_pool_free_pages(pool, page, 0));
	expect_busy(test, pool, "busy: destroyed with 0 caches, 0 live objects, 32 pages");
	KIT_EXPECT_NO_MISUSE(test, slabmod_free_pages(block, 5));
	unmake_pool(test, pool);
}

void test_root_pool_is_not_destroyed(struct kunit *test)
{
	int err = 0;

	KIT_EXPECT_MISUSE(test, MISUSE_BAD_POOL, "root", err = slabmod_pool_destroy(root_pool));
	KUNIT_EXPECT_EQ(test, err, -EBUSY);
	KIT_EXPECT_NO_MISUSE(test, err = slabmod_pool_destroy(NULL));
	KUNIT_EXPECT_EQ(test, err, 0);
	KUNIT_EXPECT_TRUE(test, pool_check(root_pool));
}

/* ---- what is another's ---- */

void test_pool_does_not_free_what_is_anothers(struct kunit *test)
{
	struct slabmod_pool *mine = make_pool(test, "mine", 0, 0);
	struct slabmod_pool *yours = make_pool(test, "yours", 0, 0);
	static const char *const text = "belongs to pool yours, not to mine";
	struct belongings b = { .pool = yours };
	void *p = slabmod_kmalloc(64, GFP_KERNEL);
	size_t used;
	int i;

	b.cache = slabmod_pool_cache_create(yours, "your-own", 200, 0, 0, NULL);
	KUNIT_ASSERT_NOT_NULL(test, b.cache);
	take_belongings(&b);
	used = usage_of(yours).used;
	for (i = 0; i < 3; i++)
		KIT_EXPECT_MISUSE(test, MISUSE_WRONG_POOL, text, slabmod_pool_kfree(mine, b.p[i]));
	KIT_EXPECT_MISUSE(test, MISUSE_WRONG_POOL, text, slabmod_pool_kfree(mine, b.p[5]));
	KIT_EXPECT_MISUSE(test, MISUSE_WRONG_POOL, text,
			  slabmod_pool_free_pages(mine, (unsigned long)b.p[3], 0));
	KIT_EXPECT_MISUSE(test, MISUSE_WRONG_POOL, text,
			  slabmod_pool_free_pages(mine, (unsigned long)b.p[4], 4));
	KIT_EXPECT_MISUSE(test, MISUSE_WRONG_POOL, "belongs to pool root, not to mine",
			  slabmod_pool_kfree(mine, p));
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_FREE, "kfree", slabmod_pool_kfree(mine, &used));
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_FREE, "free_pages",
			  slabmod_pool_free_pages(mine, (unsigned long)&used & PAGE_MASK, 0));
	KUNIT_EXPECT_EQ(test, usage_of(yours).used, used);
	KUNIT_EXPECT_EQ(test, usage_of(mine).used, 0);
	KIT_EXPECT_NO_MISUSE(test, give_belongings(&b); slabmod_kfree(p));
	KUNIT_EXPECT_EQ(test, usage_of(yours).used, 0);
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(b.cache), 0);
	unmake_pool(test, mine);
	unmake_pool(test, yours);
}
