// SPDX-License-Identifier: GPL-2.0
/*
 * test_fault_calls.c - the failures of test_fault.c for the calls that name no pool, and
 * for pools as slabmod_pool_create() makes them.
 *
 * The root pool stays: before each deed it gives back what is free, and its caches their
 * magazines. A pool that is refused is gone: that no page of its reserve is missing
 * shows in the free pages of the whole machine, where many are refused.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmstat.h>

#include "cache_list.h"
#include "chunk.h"
#include "magazine_set.h"
#include "pattern.h"
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
 * Gives back what is free, so that the workers find nothing to move while figures are
 * read, and has them take nothing ahead of need. One that is at it has the list locked.
 */
static void settle(struct slabmod_pool *pool)
{
	int nid;

	for_each_online_node(nid)
		WRITE_ONCE(pool->buddies[nid].low, false);
	pool_for_each(nothing, NULL);
	slabmod_pool_shrink(pool);
	/* And those that give back by age, if they had just found something. */
	pool_for_each(nothing, NULL);
}

/* ---- the root pool ---- */

static bool give_up(struct slabmod_cache *cache)
{
	return cache->pool == root_pool && magazine_resize(cache, false);
}

static void prepare_root(struct kunit *test)
{
	cache_resize_magazines(give_up);
	settle(root_pool);
	KUNIT_ASSERT_EQ(test, root_init(test), 0);
}

static void look_at_root(struct kunit *test)
{
	settle(root_pool);
	KUNIT_EXPECT_EQ(test, root_used(), 0);
	KUNIT_EXPECT_TRUE(test, pool_check(root_pool));
}

/* Whether memory is the caller's alone. */
static void use(void *memory, size_t size)
{
	struct piece piece;

	if (!memory)
		return;
	piece_fill(&piece, memory, size, MARK);
	fault_spoil(!piece_intact(&piece), "memory is not what was written to it");
}

/* Of both kinds of class, the largest, and runs of pages. */
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
}

static void act_kzalloc(struct kunit *test)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		void *memory = slabmod_kzalloc(sizes[i], GFP_KERNEL);

		fault_spoil(memory && memchr_inv(memory, 0, sizes[i]), "memory is not cleared");
		use(memory, sizes[i]);
		slabmod_kfree(memory);
	}
}

static void act_insist(struct kunit *test)
{
	static const size_t small[] = { 8, 100, 3000, 4096, 8192 };
	int i;

	for (i = 0; i < ARRAY_SIZE(small); i++) {
		void *memory = slabmod_kmalloc(small[i], GFP_KERNEL | __GFP_NOFAIL);

		fault_spoil(!memory, "who insists is refused");
		use(memory, small[i]);
		slabmod_kfree(memory);
	}
}

/* What could not be made larger is as it was. */
static void act_krealloc(struct kunit *test)
{
	static const size_t larger[] = { 100, 5000, 40000, SZ_256K };
	struct piece piece = { NULL, 0, 0 };
	int i;

	for (i = 0; i < ARRAY_SIZE(larger); i++) {
		void *more = slabmod_krealloc(piece.memory, larger[i], GFP_KERNEL);
		struct piece now = { more ?: piece.memory, piece.size, piece.mark };

		fault_spoil(piece.memory && !piece_begins(&now, piece.size),
			    "what was there is not there any more");
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
			fault_spoil(memory && page_to_nid(virt_to_page(memory)) != nid,
				    "memory is on another node");
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

/* With its folder in debugfs. */
static void act_cache(struct kunit *test)
{
	struct slabmod_cache *cache = slabmod_cache_create("fault", 500, 0, 0, NULL);
	void *object;

	if (!cache)
		return;
	object = slabmod_cache_alloc(cache, GFP_KERNEL);
	use(object, 500);
	slabmod_cache_free(cache, object);
	fault_spoil(slabmod_cache_destroy(cache), "a cache does not go");
}

void test_calls_of_the_root_pool_fail_cleanly(struct kunit *test)
{
	static const struct deed deeds[] = {
		{ "kmalloc", prepare_root, act_kmalloc, look_at_root },
		{ "kzalloc", prepare_root, act_kzalloc, look_at_root },
		{ "who insists", prepare_root, act_insist, look_at_root },
		{ "krealloc", prepare_root, act_krealloc, look_at_root },
		{ "copies", prepare_root, act_copies, look_at_root },
		{ "nodes", prepare_root, act_nodes, look_at_root },
		{ "pages", prepare_root, act_pages, look_at_root },
		{ "a cache", prepare_root, act_cache, look_at_root },
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(deeds); i++)
		fault_each(test, &deeds[i]);
}

/* ---- pools ---- */

/* Pages of each pool that is refused; many times what others take and give meanwhile. */
#define RESERVE		256
#define NOISE		8192
/* Refusals of which the pages would show. */
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
	fault_spoil(!memory, "a reserve does not serve");
	use(memory, 100);
	slabmod_pool_kfree(pool, memory);
	fault_spoil(slabmod_pool_destroy(pool), "a pool does not go");
}

static long free_pages_now(void)
{
	return global_zone_page_state(NR_FREE_PAGES);
}

void test_pools_fail_cleanly(struct kunit *test)
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
	settle(pool);
	KUNIT_ASSERT_EQ(test, pool_ledger(pool).used, 0);
}

static void look_at_pool(struct kunit *test)
{
	settle(pool);
	KUNIT_EXPECT_EQ(test, pool_ledger(pool).used, 0);
	KUNIT_EXPECT_TRUE(test, pool_check(pool));
	/* A chunk that is larger than the reserve may be what is left for it. */
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
	fault_spoil(slabmod_cache_destroy(cache), "a cache does not go");
}

void test_what_is_in_a_pool_fails_cleanly(struct kunit *test)
{
	static const struct deed in_pool = { "in a pool", prepare_pool, act_in_pool,
					     look_at_pool };
	struct slabmod_pool_params params = SLABMOD_POOL_PARAMS_INIT;

	params.reserve_bytes = UNIT_PAGES << PAGE_SHIFT;
	pool = slabmod_pool_create("fault", &params);
	KUNIT_ASSERT_NOT_NULL(test, pool);
	/* A worker that takes pages ahead of need would make the figures another's. */
	pool->source.kick_worker = NULL;
	fault_each(test, &in_pool);
	KUNIT_EXPECT_EQ(test, slabmod_pool_destroy(pool), 0);
}
