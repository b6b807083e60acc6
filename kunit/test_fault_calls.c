// SPDX-License-Identifier: GPL-2.0
/*
 * test_fault_calls.c - failures as in test_fault.c, in calls of the root pool and in
 * slabmod_pool_create().
 *
 * Before each deed, the root pool is shrunk, and its caches free their magazines. The reserves
 * of pools that could not be created must not leak, or many of them would show in the free
 * pages of the machine.
 */
#include <linux/mm.h>
#include <linux/vmstat.h>

#include <slabmod/kvmalloc.h>

#include "pool_check.h"
#include "pool_ledger.h"
#include "pool_list.h"
#include "root.h"
#include "test_fault.h"

#define MARK	0x63

static void nothing(struct slabmod_pool *pool, void *arg)
{
}

/*
 * Shrink the pool, so that workers move nothing while figures are read, and prefill nothing.
 * A worker that runs has the list locked.
 */
static void quiesce(struct slabmod_pool *pool)
{
	int nid;

	for_each_online_node(nid)
		WRITE_ONCE(pool->buddies[nid].low, false);
	pool_walk(nothing, NULL);
	slabmod_pool_shrink(pool);
	/* Workers that age may have started before. */
	pool_walk(nothing, NULL);
}

/* ---- the root pool ---- */

static bool drop_magazines(struct slabmod_cache *cache)
{
	return cache->pool == root_pool && magazine_resize(cache, false);
}

static void prepare_root(struct kunit *test)
{
	cache_resize_magazines(drop_magazines);
	quiesce(root_pool);
	KUNIT_ASSERT_EQ(test, root_init(test), 0);
}

static void look_at_root(struct kunit *test)
{
	quiesce(root_pool);
	KUNIT_EXPECT_EQ(test, root_used(), 0);
	KUNIT_EXPECT_TRUE(test, pool_check(root_pool));
}

/* Write to memory, and expect that nothing else does. */
static void use(void *memory, size_t size)
{
	struct piece piece;

	if (!memory)
		return;
	piece_fill(&piece, memory, size, MARK);
	fault_spoil(!piece_intact(&piece), "the contents have changed");
}

static const size_t sizes[] = { 8, 64, 200, 1024, 4096, 8192, 32768, 100000, SZ_1M };

static void act_kmalloc(struct kunit *test)
{
	void *memory[ARRAY_SIZE(sizes)];
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		memory[i] = slabmod_kmalloc(sizes[i], GFP_KERNEL);
		use(memory[i], sizes[i]);
	}
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		slabmod_kfree(memory[i]);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		memory[0] = slabmod_kzalloc(sizes[i], GFP_KERNEL);
		fault_spoil(memory[0] && !kit_cleared(memory[0], sizes[i]), "not cleared");
		use(memory[0], sizes[i]);
		slabmod_kfree(memory[0]);
	}
}

static void act_insist(struct kunit *test)
{
	static const size_t small[] = { 8, 100, 3000, 4096, 8192 };
	int i;

	for (i = 0; i < ARRAY_SIZE(small); i++) {
		void *memory = slabmod_kmalloc(small[i], GFP_KERNEL | __GFP_NOFAIL);

		fault_spoil(!memory, "NOFAIL was refused");
		use(memory, small[i]);
		slabmod_kfree(memory);
	}
}

static void act_rcu(struct kunit *test)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		slabmod_kfree_rcu_mightsleep(slabmod_kmalloc(sizes[i], GFP_KERNEL));
	slabmod_rcu_barrier();
}

/* A failure leaves the contents. */
static void act_krealloc(struct kunit *test)
{
	static const size_t larger[] = { 100, 5000, 40000, SZ_256K };
	struct piece piece = { NULL, 0, 0 };
	int i;

	for (i = 0; i < ARRAY_SIZE(larger); i++) {
		void *more = slabmod_krealloc(piece.memory, larger[i], GFP_KERNEL);
		struct piece now = { more ?: piece.memory, piece.size, piece.mark };

		fault_spoil(piece.memory && !piece_begins(&now, piece.size),
			    "the contents have changed");
		if (more)
			piece_fill(&piece, more, larger[i], MARK + i);
	}
	slabmod_kfree(piece.memory);
}

static void act_copies(struct kunit *test)
{
	static const char text[] = "a text that is to be copied";
	char *copy;

	copy = slabmod_kmemdup(text, sizeof(text), GFP_KERNEL);
	fault_spoil(copy && memcmp(copy, text, sizeof(text)), "kmemdup");
	slabmod_kfree(copy);
	copy = slabmod_kstrdup(text, GFP_KERNEL);
	fault_spoil(copy && strcmp(copy, text), "kstrdup");
	slabmod_kfree(copy);
	copy = slabmod_kasprintf(GFP_KERNEL, "%s, %s", text, text);
	fault_spoil(copy && strlen(copy) != 2 * strlen(text) + 2, "kasprintf");
	slabmod_kfree(copy);
	copy = slabmod_kcalloc(3, 700, GFP_KERNEL);
	fault_spoil(copy && memchr_inv(copy, 0, 2100), "kcalloc");
	slabmod_kfree(copy);
}

static void act_nodes(struct kunit *test)
{
	struct page *pages;
	int nid, i;

	for_each_online_node(nid) {
		for (i = 0; i < ARRAY_SIZE(sizes); i += 2) {
			void *memory = slabmod_kmalloc_node(sizes[i], GFP_KERNEL | __GFP_THISNODE,
							    nid);

			use(memory, sizes[i]);
			fault_spoil(memory && kit_node(memory) != nid, "memory is on another node");
			slabmod_kfree(memory);
		}
		pages = slabmod_alloc_pages_node(nid, GFP_KERNEL, 5);
		if (pages)
			__slabmod_free_pages(pages, 5);
	}
}

static void act_pages(struct kunit *test)
{
	unsigned long pages;
	unsigned int order;
	void *exact;

	for (order = 0; order <= SLABMOD_MAX_ORDER; order++) {
		pages = slabmod_get_free_pages(GFP_KERNEL, order);
		use((void *)pages, PAGE_SIZE << order);
		slabmod_free_pages(pages, order);
	}
	exact = slabmod_alloc_pages_exact(5 * PAGE_SIZE, GFP_KERNEL);
	use(exact, 5 * PAGE_SIZE);
	slabmod_free_pages_exact(exact, 5 * PAGE_SIZE);
	exact = slabmod_alloc_pages_exact(4 * PAGE_SIZE, GFP_KERNEL);
	use(exact, 4 * PAGE_SIZE);
	slabmod_free_pages_exact(exact, 4 * PAGE_SIZE);
}

static void act_cache(struct kunit *test)
{
	struct slabmod_cache *cache = slabmod_cache_create("fault", 500, 0, 0, NULL);
	void *object;

	if (!cache)
		return;
	object = slabmod_cache_alloc(cache, GFP_KERNEL);
	use(object, 500);
	slabmod_cache_free(cache, object);
	fault_spoil(slabmod_cache_destroy(cache), "the cache is not destroyed");
}

static void act_vmalloc(struct kunit *test)
{
	static const size_t large[] = { 100, 50000, SZ_1M, SZ_4M + 1 };
	void *memory, *more;
	int i;

	for (i = 0; i < ARRAY_SIZE(large); i++) {
		memory = slabmod_vmalloc(large[i]);
		use(memory, large[i]);
		more = slabmod_vrealloc(memory, 2 * large[i], GFP_KERNEL);
		use(more, more ? 2 * large[i] : 0);
		slabmod_vfree(more ?: memory);
		memory = slabmod_kvzalloc(large[i], GFP_KERNEL);
		fault_spoil(memory && !kit_cleared(memory, large[i]), "not cleared");
		more = slabmod_kvrealloc(memory, 2 * large[i], GFP_KERNEL);
		slabmod_kvfree(more ?: memory);
	}
}

static void act_vmalloc_insist(struct kunit *test)
{
	void *memory = __slabmod_vmalloc(74 * PAGE_SIZE, GFP_KERNEL | __GFP_NOFAIL);

	fault_spoil(!memory, "NOFAIL was refused");
	use(memory, 74 * PAGE_SIZE);
	slabmod_vfree(memory);
}

void test_failing_calls_of_the_root_pool(struct kunit *test)
{
	static const struct deed deeds[] = {
		{ "kmalloc", prepare_root, act_kmalloc, look_at_root },
		{ "NOFAIL", prepare_root, act_insist, look_at_root },
		{ "krealloc", prepare_root, act_krealloc, look_at_root },
		{ "after a grace period", prepare_root, act_rcu, look_at_root },
		{ "copies", prepare_root, act_copies, look_at_root },
		{ "nodes", prepare_root, act_nodes, look_at_root },
		{ "pages", prepare_root, act_pages, look_at_root },
		{ "a cache", prepare_root, act_cache, look_at_root },
		{ "vmalloc", prepare_root, act_vmalloc, look_at_root },
		{ "vmalloc, NOFAIL", prepare_root, act_vmalloc_insist, look_at_root },
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(deeds); i++)
		fault_each(test, &deeds[i]);
}

/* ---- pools ---- */

/* Pages of each pool that fails; many times the noise of the rest of the machine. */
#define RESERVE		256
#define NOISE		8192
/* Failures that would show as pages. */
#define MANY		64

static unsigned int refused;

static void prepare_nothing(struct kunit *test)
{
}

static void act_pool(struct kunit *test)
{
	struct slabmod_pool_params params = SLABMOD_POOL_PARAMS_INIT;
	struct slabmod_pool *pool;
	void *memory;

	params.reserve_bytes = RESERVE << PAGE_SHIFT;
	pool = slabmod_pool_create("fault", &params);
	if (!pool) {
		refused++;
		return;
	}
	memory = slabmod_pool_kmalloc(pool, 100, GFP_KERNEL);
	fault_spoil(!memory, "the reserve is not used");
	use(memory, 100);
	slabmod_pool_kfree(pool, memory);
	fault_spoil(slabmod_pool_destroy(pool), "the pool is not destroyed");
}

static long free_pages_now(void)
{
	return global_zone_page_state(NR_FREE_PAGES);
}

void test_failing_pools(struct kunit *test)
{
	static const struct deed pool = { "a pool", prepare_nothing, act_pool, look_at_root };
	long before;

	prepare_root(test);
	refused = 0;
	before = free_pages_now();
	fault_each(test, &pool);
	KUNIT_EXPECT_GE(test, refused, MANY);
	KUNIT_EXPECT_LT(test, before - free_pages_now(), NOISE);
}

static struct slabmod_pool *pool;

static void prepare_pool(struct kunit *test)
{
	quiesce(pool);
	KUNIT_ASSERT_EQ(test, pool_ledger(pool).used, 0);
}

static void look_at_pool(struct kunit *test)
{
	quiesce(pool);
	KUNIT_EXPECT_EQ(test, pool_ledger(pool).used, 0);
	KUNIT_EXPECT_TRUE(test, pool_check(pool));
	/* A chunk larger than the reserve may stay. */
	KUNIT_EXPECT_EQ(test, atomic_long_read(&pool->source.held),
			pool_ledger(pool).buddy >> PAGE_SHIFT);
	KUNIT_EXPECT_GE(test, atomic_long_read(&pool->source.held), pool->source.reserve);
}

static void act_in_pool(struct kunit *test)
{
	struct slabmod_cache *cache;
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		void *memory = slabmod_pool_kmalloc(pool, sizes[i], GFP_KERNEL);

		use(memory, sizes[i]);
		slabmod_pool_kfree(pool, memory);
	}
	for (i = 0; i <= SLABMOD_MAX_ORDER; i += 3)
		slabmod_pool_free_pages(pool, slabmod_pool_get_free_pages(pool, GFP_KERNEL, i), i);
	cache = slabmod_pool_cache_create(pool, "in", 300, 0, 0, NULL);
	if (!cache)
		return;
	slabmod_cache_free(cache, slabmod_cache_alloc(cache, GFP_KERNEL));
	fault_spoil(slabmod_cache_destroy(cache), "the cache is not destroyed");
}

void test_failing_calls_of_a_pool(struct kunit *test)
{
	static const struct deed in_pool = { "in a pool", prepare_pool, act_in_pool,
					     look_at_pool };

	pool = kit_module_pool(test, "fault", UNIT_PAGES << PAGE_SHIFT, 0);
	/* A worker that prefills would change the figures. */
	pool->source.kick_worker = NULL;
	fault_each(test, &in_pool);
	KUNIT_EXPECT_EQ(test, slabmod_pool_destroy(pool), 0);
}
