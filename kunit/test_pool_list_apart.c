// SPDX-License-Identifier: GPL-2.0
/*
 * test_pool_list_apart.c - pools are separate from each other; their nodes and zones; what they
 * refuse.
 */
#include <linux/nodemask.h>
#include <linux/sizes.h>

#include "pool_check.h"
#include "test_pool_list.h"

/* ---- memory ---- */

static void expect_good_memory(struct kunit *test, struct slabmod_pool *pool, size_t size)
{
	struct piece piece;
	void *p = kit_pool_kmalloc(test, pool, size), *again;

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
	/* Reused memory is cleared. */
	again = slabmod_pool_kzalloc(pool, size, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, again);
	KUNIT_EXPECT_FALSE(test, memchr_inv(again, 0, size));
	/* The call that names no pool frees it, too. */
	KIT_EXPECT_NO_MISUSE(test, slabmod_kfree(again));
	KUNIT_EXPECT_EQ(test, usage_of(pool).used, 0);
}

void test_memory_of_a_pool(struct kunit *test)
{
	static const size_t sizes[] = {
		1, 8, 16, 100, 1000, 1024, 4096, 5000, SZ_32K, SZ_32K + 1, SZ_64K, SZ_1M,
	};
	struct slabmod_pool *pool = make_pool(test, "good", 0, 0);
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		expect_good_memory(test, pool, sizes[i]);
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
	void *p = kit_pool_kmalloc(test, one, 100);

	KUNIT_EXPECT_EQ(test, usage_of(one).used, slabmod_ksize(p));
	KUNIT_EXPECT_EQ(test, usage_of(two).used, 0);
	KUNIT_EXPECT_EQ(test, usage_of(two).held, before.held);
	/* Pools may have caches of the same name. */
	caches[0] = slabmod_pool_cache_create(one, "same", 100, 0, 0, NULL);
	caches[1] = slabmod_pool_cache_create(two, "same", 100, 0, 0, NULL);
	KUNIT_ASSERT_NOT_NULL(test, caches[0]);
	KUNIT_ASSERT_NOT_NULL(test, caches[1]);
	KUNIT_EXPECT_PTR_NE(test, caches[0], caches[1]);
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(caches[1]), 0);
	/* A pool may be destroyed before another. */
	unmake_pool(test, two);
	slabmod_pool_kfree(one, p);
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(caches[0]), 0);
	unmake_pool(test, one);
}

/* ---- nodes and zones ---- */

#define BELONGINGS	6

/* One of each kind of memory. */
struct belongings {
	struct slabmod_pool *pool;
	struct slabmod_cache *cache;
	void *p[BELONGINGS];
};

static void alloc_belongings(void *arg)
{
	struct belongings *b = arg;

	b->p[0] = slabmod_pool_kmalloc(b->pool, 64, GFP_KERNEL);
	b->p[1] = slabmod_pool_kmalloc(b->pool, 5000, GFP_ATOMIC);
	b->p[2] = slabmod_pool_kmalloc(b->pool, 100000, GFP_KERNEL);
	b->p[3] = (void *)slabmod_pool_get_free_pages(b->pool, GFP_KERNEL, 0);
	b->p[4] = (void *)slabmod_pool_get_free_pages(b->pool, GFP_ATOMIC, 4);
	b->p[5] = slabmod_cache_alloc(b->cache, GFP_KERNEL);
}

static void free_belongings(void *arg)
{
	struct belongings *b = arg;

	slabmod_pool_kfree(b->pool, b->p[0]);
	slabmod_pool_kfree(b->pool, b->p[1]);
	slabmod_pool_kfree(b->pool, b->p[2]);
	slabmod_pool_free_pages(b->pool, (unsigned long)b->p[3], 0);
	slabmod_pool_free_pages(b->pool, (unsigned long)b->p[4], 4);
	slabmod_cache_free(b->cache, b->p[5]);
}

/* Allocate on each CPU, check all memory, and free it on another CPU. */
static void expect_place(struct kunit *test, const struct slabmod_pool_params *params,
			 bool (*in_place)(const void *p, const struct slabmod_pool_params *params))
{
	struct belongings b = { .pool = make_pool_with(test, "bound", params) };
	unsigned int cpus = num_online_cpus(), n, round;
	void *p;
	int i;

	pools_watch.wanted = params->zone;
	b.cache = slabmod_pool_cache_create(b.pool, "of-a-place", 200, 0, 0, NULL);
	KUNIT_ASSERT_NOT_NULL(test, b.cache);
	for (round = 0; round < 10 * cpus; round++) {
		n = round % cpus;
		kit_run_on(n, alloc_belongings, &b);
		for (i = 0; i < BELONGINGS; i++) {
			KUNIT_ASSERT_NOT_NULL(test, b.p[i]);
			KUNIT_EXPECT_TRUE(test, in_place(b.p[i], params));
		}
		kit_run_on((n + cpus / 2) % cpus, free_belongings, &b);
	}
	/* More than the reserve. */
	p = kit_pool_kmalloc(test, b.pool, SZ_1M);
	KUNIT_EXPECT_TRUE(test, in_place(p, params));
	slabmod_pool_kfree(b.pool, p);
	for_each_online_node(i)
		if (params->node != NUMA_NO_NODE && i != params->node)
			KUNIT_EXPECT_TRUE(test, list_empty(&b.pool->buddies[i].chunks));
	KUNIT_EXPECT_EQ(test, atomic_long_read(&pools_watch.without), 0);
	KUNIT_EXPECT_GT(test, atomic_long_read(&pools_watch.most), 0);
	KUNIT_EXPECT_EQ(test, usage_of(b.pool).used, 0);
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(b.cache), 0);
	unmake_pool(test, b.pool);
}

static bool on_node(const void *p, const struct slabmod_pool_params *params)
{
	return kit_node(p) == params->node;
}

static bool in_zone(const void *p, const struct slabmod_pool_params *params)
{
	return page_zonenum(virt_to_page(p)) <= gfp_zone(params->zone);
}

void test_pool_of_a_node(struct kunit *test)
{
	struct slabmod_pool_params params = { .reserve_bytes = SZ_512K };

	for_each_online_node(params.node)
		expect_place(test, &params, on_node);
}

void test_pool_of_a_full_node_fails(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, 4096);
	struct slabmod_cache *cache = kit_cache_in(test, pool, "of-a-node", 200, 0);
	int full = first_online_node, nid;

	if (num_online_nodes() < 2)
		kunit_skip(test, "there is one node");
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

void test_pool_of_a_zone(struct kunit *test)
{
	struct slabmod_pool_params params = { .reserve_bytes = SZ_256K, .node = NUMA_NO_NODE };

	params.zone = GFP_DMA32;
	expect_place(test, &params, in_zone);
	params.zone = GFP_DMA;
	expect_place(test, &params, in_zone);
}

/* ---- parameters ---- */

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
	/* The limits of what is accepted. */
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

void test_pool_names_are_unique(struct kunit *test)
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

/* ---- destroy ---- */

static void expect_busy(struct kunit *test, struct slabmod_pool *pool, const char *text)
{
	int err = 0;

	KIT_EXPECT_MISUSE(test, MISUSE_POOL_BUSY, text, err = slabmod_pool_destroy(pool));
	KUNIT_EXPECT_EQ(test, err, -EBUSY);
	KUNIT_EXPECT_TRUE(test, pool_check(pool));
}

void test_pool_in_use_is_not_destroyed(struct kunit *test)
{
	struct slabmod_pool *pool = make_pool(test, "busy", 64, 0);
	struct slabmod_cache *cache = slabmod_pool_cache_create(pool, "busy-bee", 40, 0, 0, NULL);
	unsigned long page, block;
	struct piece pieces[3];
	void *object;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, cache);
	expect_busy(test, pool, "busy: destroyed with 1 caches, 0 live objects, 0 pages");
	KUNIT_EXPECT_EQ(test, kit_captured("cache busy-bee, 0 live objects"), 1);
	KUNIT_EXPECT_GE(test, pages_of(pool), 64);
	object = kit_alloc(test, cache);
	expect_busy(test, pool, "busy: destroyed with 1 caches, 1 live objects, 0 pages");
	KUNIT_EXPECT_EQ(test, kit_captured("busy-bee object "), 1);
	slabmod_cache_free(cache, object);
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(cache), 0);

	for (i = 0; i < 3; i++)
		piece_fill(&pieces[i], kit_pool_kmalloc(test, pool, 100), 100, i);
	expect_busy(test, pool, "busy: destroyed with 0 caches, 3 live objects, 0 pages");
	KUNIT_EXPECT_EQ(test, kit_captured("cache kmalloc-112, 3 live objects"), 1);
	KUNIT_EXPECT_EQ(test, kit_captured("kmalloc-112 object "), 3);
	KUNIT_EXPECT_EQ(test, kit_captured("slabmod:   cache "), 1);
	/* The pool can still be used. */
	slabmod_pool_kfree(pool, kit_pool_kmalloc(test, pool, 3000));
	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_TRUE(test, piece_intact(&pieces[i]));
		slabmod_pool_kfree(pool, pieces[i].memory);
	}

	page = slabmod_pool_get_free_pages(pool, GFP_KERNEL, 0);
	block = slabmod_pool_get_free_pages(pool, GFP_KERNEL, 5);
	KUNIT_ASSERT_TRUE(test, page && block);
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

/* ---- memory of another pool ---- */

void test_pool_refuses_memory_of_other_pools(struct kunit *test)
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
	alloc_belongings(&b);
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
	KIT_EXPECT_NO_MISUSE(test, free_belongings(&b); slabmod_kfree(p));
	KUNIT_EXPECT_EQ(test, usage_of(yours).used, 0);
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(b.cache), 0);
	unmake_pool(test, mine);
	unmake_pool(test, yours);
}
