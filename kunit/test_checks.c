// SPDX-License-Identifier: GPL-2.0
/*
 * test_checks.c - each check function finds what it is there to find: every invariant is
 * broken by hand, in one place, and reported once; repaired, it holds again.
 *
 * Without this a check that does nothing would pass every other suite.
 */
#include <linux/bitmap.h>
#include <linux/list.h>

#include "buddy_check.h"
#include "context.h"
#include "home.h"
#include "free_map.h"
#include "home_check.h"
#include "pool_bound.h"
#include "pool_check.h"
#include "suites.h"
#include "verbs.h"

#define ORDER	5
#define PAGES	((unsigned int)BIT(ORDER))

/* Expect that @check returns false, with one report that has @text in it. */
#define EXPECT_BROKEN(test, text, check)					\
do {										\
	kit_capture_begin();							\
	report_broken_is_meant = true;						\
	KUNIT_EXPECT_FALSE(test, check);					\
	report_broken_is_meant = false;						\
	kit_capture_end();							\
	KUNIT_EXPECT_EQ(test, kit_captured("slabmod: broken on purpose: "), 1);	\
	KUNIT_EXPECT_EQ_MSG(test, kit_captured(text), 1, "how often '%s'", text);	\
} while (0)

/* The same while @var has another value. */
#define EXPECT_BROKEN_AS(test, var, value, text, check)				\
do {										\
	typeof(var) __was = (var);						\
										\
	(var) = (value);							\
	EXPECT_BROKEN(test, text, check);					\
	(var) = __was;								\
} while (0)

static void checks_exit(struct kunit *test)
{
	report_broken_is_meant = false;
	kit_exit(test);
}

/* ---- blocks ---- */

/* A chunk with its first page in use. */
struct blocks {
	struct buddy *buddy;
	struct chunk *chunk;
	struct frame *frames;
};

static struct blocks blocks_of_order(struct kunit *test, unsigned int order)
{
	struct slabmod_pool *pool = kit_pool_create_orders(test, BIT(order), order, order);
	void *first = kit_buddy_alloc(pool->buddies, NID, 1, GFP_KERNEL | __GFP_THISNODE);
	struct blocks b;

	KUNIT_ASSERT_NOT_NULL(test, first);
	b = (struct blocks) { .buddy = &pool->buddies[NID], .chunk = chunk_of(first) };
	b.frames = b.chunk->frames;
	KUNIT_ASSERT_PTR_EQ(test, b.chunk->base, first);
	KUNIT_ASSERT_TRUE(test, buddy_check(b.buddy));
	return b;
}

static struct blocks blocks_of(struct kunit *test)
{
	return blocks_of_order(test, ORDER);
}

static void blocks_end(struct kunit *test, struct blocks *b)
{
	KUNIT_EXPECT_TRUE(test, buddy_check(b->buddy));
	KUNIT_EXPECT_TRUE(test, buddy_free(b->chunk->base));
}

static void test_misplaced_block_is_found(struct kunit *test)
{
	struct blocks b = blocks_of(test);
	struct frame *f = b.frames;
	struct page_use *used = f[0].use, uses[NR_BLOCK_USES];
	struct slabmod_cache *owner = (struct slabmod_cache *)b.chunk;

	EXPECT_BROKEN_AS(test, f[0].use, &frame_tail, "page 0 is in no block",
			 buddy_check(b.buddy));
	frame_set_uses(uses, owner, 2 << ORDER);
	EXPECT_BROKEN_AS(test, f[0].use, &uses[USE_PAGES], "page 0 is in no block",
			 buddy_check(b.buddy));
	EXPECT_BROKEN_AS(test, f[5].use, used, "page 5 is in no block", buddy_check(b.buddy));
	EXPECT_BROKEN_AS(test, f[5].use, &frame_run, "page 5 is in no block",
			 buddy_check(b.buddy));
	frame_set_uses(uses, owner, 2);
	EXPECT_BROKEN_AS(test, f[0].use, &uses[USE_CLAIMED], "page 1 inside a block is marked",
			 buddy_check(b.buddy));
	blocks_end(test, &b);
}

static void test_wrong_map_is_found(struct kunit *test)
{
	struct blocks b = blocks_of(test);
	struct free_map *map = &b.chunk->units[0].map;

	EXPECT_BROKEN_AS(test, map->free, map->free | BIT_ULL(PAGES),
			 "unit 0 has free bits beyond its end", buddy_check(b.buddy));
	EXPECT_BROKEN_AS(test, map->bound, ORDER - 2,
			 "unit 0 has a free block of order 4 above its bound 3",
			 buddy_check(b.buddy));
	list_del_init(&map->node);
	EXPECT_BROKEN(test, "unit 0 with free bits 0xfffffffe is not on a list",
		      buddy_check(b.buddy));
	list_add(&map->node, &b.buddy->units[b.chunk->kind].of[map->drains].list[map->bound]);
	blocks_end(test, &b);
}

static void test_wrong_units_of_a_chunk_are_found(struct kunit *test)
{
	struct blocks b = blocks_of(test);
	LIST_HEAD(wrong);

	EXPECT_BROKEN_AS(test, b.chunk->map.free, 1,
			 "unit 0 is free for the chunk, but on a list", buddy_check(b.buddy));
	list_add(&b.chunk->empty, &wrong);
	EXPECT_BROKEN(test, "a chunk with 31 free pages of 32 is on a wrong list",
		      buddy_check(b.buddy));
	list_del_init(&b.chunk->empty);
	blocks_end(test, &b);
	b = blocks_of_order(test, UNIT_ORDER + 1);
	EXPECT_BROKEN_AS(test, b.chunk->map.free, 0, "a chunk counts 0 free units and has 1",
			 buddy_check(b.buddy));
	blocks_end(test, &b);
}

static void test_wrong_count_of_a_node_is_found(struct kunit *test)
{
	struct blocks b = blocks_of(test);
	struct bound_lists *lists =
		&b.buddy->units[b.chunk->kind].of[b.chunk->units[0].map.drains];

	EXPECT_BROKEN_AS(test, b.buddy->free_pages, 32,
			 "counts 32 free pages of 32 and has 31 of 32", buddy_check(b.buddy));
	EXPECT_BROKEN_AS(test, b.buddy->pages, 33,
			 "counts 31 free pages of 33 and has 31 of 32", buddy_check(b.buddy));
	EXPECT_BROKEN_AS(test, lists->mask, lists->mask ^ BIT(4),
			 "counts 31 free pages of 32 and has 31 of 32", buddy_check(b.buddy));
	EXPECT_BROKEN_AS(test, b.buddy->empty_mask, b.buddy->empty_mask ^ BIT(ORDER),
			 "counts 31 free pages of 32 and has 31 of 32", buddy_check(b.buddy));
	blocks_end(test, &b);
}

/* ---- slabs and homes ---- */

static void test_broken_slab_is_found(struct kunit *test)
{
	static const char text[] = "page 1 of a slab is not the slab's";
	struct slabmod_cache *cache = kit_cache_of(test, min(PAGE_SIZE / 2, 32768ul));
	struct slab *slab = slab_create(cache, NID, GFP_KERNEL | __GFP_THISNODE);
	const unsigned int wrong[] = { cache->objects, SLAB_MAX_OBJECTS - 1 };
	struct frame *second;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, slab);
	KUNIT_ASSERT_TRUE(test, slab_check(cache, slab));
	KUNIT_ASSERT_GT(test, cache->usual.pages, 1);
	EXPECT_BROKEN_AS(test, slab->inuse, 1, "counts 1 in use", slab_check(cache, slab));
	/* A bit for an object that does not exist. */
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		__set_bit(wrong[i], slab->free);
		EXPECT_BROKEN(test, "counts 0 in use", slab_check(cache, slab));
		__clear_bit(wrong[i], slab->free);
	}
	second = chunk_frame(slab_address(slab) + PAGE_SIZE);
	EXPECT_BROKEN_AS(test, second->use, &frame_tail, text, slab_check(cache, slab));
	EXPECT_BROKEN_AS(test, second->use, &frame_run_uses[0][USE_CLAIMED], text,
			 slab_check(cache, slab));
	KUNIT_EXPECT_TRUE(test, slab_check(cache, slab));
	slab_destroy(cache, slab);
}

static void test_slab_on_the_wrong_list_is_found(struct kunit *test)
{
	struct slabmod_cache *cache = kit_cache_of(test, PAGE_SIZE / 16);
	struct slab_home *home = kit_home(cache, context_pin(0));
	void *object = kit_new_slab(test, cache, false);
	struct slab *slab = kit_slab(object);
	struct list_head *const wrong[] = { &home->partial[SLAB_QUARTERS - 1], &home->empty };
	char text[60];
	int i;

	snprintf(text, sizeof(text), "with 1 of %u in use is on the wrong list", cache->objects);

	KUNIT_ASSERT_TRUE(test, home_check(cache));
	KUNIT_ASSERT_TRUE(test, home_check_slab(cache, slab));
	EXPECT_BROKEN_AS(test, slab->home, HOME_NODE,
			 "a slab is listed by a home that does not own it", home_check(cache));
	EXPECT_BROKEN_AS(test, slab->home, HOME_NODE, text, home_check_slab(cache, slab));
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		list_move(&slab->node, wrong[i]);
		EXPECT_BROKEN(test, text, home_check(cache));
		EXPECT_BROKEN(test, text, home_check_slab(cache, slab));
	}
	list_move(&slab->node, &home->partial[0]);
	clear_bit(HOME_ID(slab->home), home_stocked(cache));
	EXPECT_BROKEN(test, "has free objects, but no thief would look there", home_check(cache));
	set_bit(HOME_ID(slab->home), home_stocked(cache));
	/* The check of a home checks its slabs, too. */
	EXPECT_BROKEN_AS(test, slab->inuse, 2, "counts 2 in use", home_check(cache));
	EXPECT_BROKEN_AS(test, slab->inuse, 2, "counts 2 in use", home_check_slab(cache, slab));
	EXPECT_BROKEN_AS(test, home->nr_partial, 2,
			 "a home counts 2 partial and 0 empty slabs and has 1 and 0",
			 home_check(cache));
	EXPECT_BROKEN_AS(test, home->nr_empty, 1,
			 "a home counts 1 partial and 1 empty slabs and has 1 and 0",
			 home_check(cache));
	KUNIT_EXPECT_TRUE(test, home_check(cache));
	KUNIT_EXPECT_TRUE(test, home_check_slab(cache, slab));
	kit_home_free(test, cache, &object, 1);
}

/* ---- magazines, caches, pools ---- */

/* A cache with an object in use and others in this CPU's magazine; pins the test. */
static struct slabmod_cache *cache_in_use(struct kunit *test, void **object)
{
	struct slabmod_cache *cache = kit_cache(test, 256);

	context_pin(0);
	*object = kit_alloc(test, cache);
	KUNIT_ASSERT_GT(test, magazine_count(cache), 0);
	KUNIT_ASSERT_TRUE(test, pool_check(cache->pool));
	KUNIT_ASSERT_TRUE(test, pool_check_live(cache->pool));
	return cache;
}

static void cache_in_use_end(struct kunit *test, struct slabmod_cache *cache, void *object)
{
	KUNIT_EXPECT_TRUE(test, pool_check(cache->pool));
	KUNIT_EXPECT_TRUE(test, pool_check_live(cache->pool));
	slabmod_cache_free(cache, object);
	KUNIT_EXPECT_EQ(test, cache_destroy(cache), 0);
}

static void test_wrong_object_in_a_magazine_is_found(struct kunit *test)
{
	static const char text[] = "which is not an object of the cache in use";
	void *object, *in_magazine;
	struct slabmod_cache *cache = cache_in_use(test, &object);
	struct slabmod_magazine *magazine = kit_magazine(cache);
	struct slab *slab;

	in_magazine = magazine->object[1];
	EXPECT_BROKEN_AS(test, magazine->object[1], &object, text, magazine_check(cache));
	EXPECT_BROKEN_AS(test, magazine->object[1], in_magazine + 8, text, magazine_check(cache));
	/* An object that is free in its slab. */
	slab = kit_slab(in_magazine);
	__set_bit(slab_object_index(cache, slab, in_magazine), slab->free);
	EXPECT_BROKEN(test, text, magazine_check(cache));
	__clear_bit(slab_object_index(cache, slab, in_magazine), slab->free);
	cache_in_use_end(test, cache, object);
}

static void test_wrong_block_in_a_magazine_is_found(struct kunit *test)
{
	struct slabmod_pool_params params = SLABMOD_POOL_PARAMS_INIT;
	struct slabmod_pool *pool = slabmod_pool_create("kit-checks", &params);
	struct slabmod_magazine *magazine;
	struct slabmod_cache *cache;
	void *block;

	KUNIT_ASSERT_NOT_NULL(test, pool);
	context_pin(0);
	cache = pool->pages[0];
	block = slabmod_pool_alloc_pages_exact(pool, PAGE_SIZE, GFP_KERNEL);
	slabmod_free_pages_exact(slabmod_pool_alloc_pages_exact(pool, PAGE_SIZE, GFP_KERNEL),
				 PAGE_SIZE);
	KUNIT_ASSERT_NOT_NULL(test, block);
	KUNIT_ASSERT_GT(test, magazine_count(cache), 0);
	KUNIT_EXPECT_TRUE(test, pool_check(pool));
	magazine = kit_magazine(cache);
	EXPECT_BROKEN_AS(test, magazine->object[1], block, "which is not the cache's",
			 magazine_check(cache));
	atomic_long_inc(&cache->inuse);
	EXPECT_BROKEN(test, "blocks are counted, there are", cache_check(cache));
	atomic_long_dec(&cache->inuse);
	KUNIT_EXPECT_TRUE(test, pool_check(pool));
	slabmod_free_pages_exact(block, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, slabmod_pool_destroy(pool), 0);
}

static void test_wrong_count_of_a_magazine_is_found(struct kunit *test)
{
	static const char text[] = "kit: a magazine of";
	void *object;
	struct slabmod_cache *cache = cache_in_use(test, &object);
	struct slabmod_magazine *magazine = kit_magazine(cache);

	EXPECT_BROKEN_AS(test, magazine->top, magazine->capacity + 1, text, magazine_check(cache));
	EXPECT_BROKEN_AS(test, magazine->capacity, magazine->room + 1, text,
			 magazine_check(cache));
	/* Entered, and never left. */
	EXPECT_BROKEN_AS(test, magazine->top, magazine->top + SLABMOD_MAGAZINE_BUSY, text,
			 magazine_check(cache));
	EXPECT_BROKEN_AS(test, magazine->nr_remote,
			 magazine_remote_capacity(magazine->capacity) + 1, text,
			 magazine_check(cache));
	EXPECT_BROKEN_AS(test, magazine->object[0], object, text, magazine_check(cache));
	cache_in_use_end(test, cache, object);
}

static void test_wrong_count_of_a_cache_is_found(struct kunit *test)
{
	void *object;
	struct slabmod_cache *cache = cache_in_use(test, &object);
	struct slab_home *home = raw_cpu_ptr(cache->homes);

	EXPECT_BROKEN_AS(test, home->slabs, home->slabs + 1, "kit: homes count 2 slabs",
			 cache_check(cache));
	atomic_long_dec(&cache->inuse);
	EXPECT_BROKEN(test, "kit: homes count 1 slabs", cache_check(cache));
	atomic_long_inc(&cache->inuse);
	atomic_long_inc(&cache->pool->source.held);
	EXPECT_BROKEN(test, "bytes but accounts for", pool_check(cache->pool));
	atomic_long_dec(&cache->pool->source.held);
	cache_in_use_end(test, cache, object);
}

static void test_descriptor_of_no_slab_is_found(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, KIT_LIMIT);
	struct descriptors *all = &pool->buddies[NID].descriptors;

	EXPECT_BROKEN_AS(test, all->nr, all->nr + 1, "has 0 slabs and 1 descriptors in use",
			 pool_check(pool));
	KUNIT_EXPECT_TRUE(test, pool_check(pool));
}

static void test_more_slabs_than_the_bound_are_found(struct kunit *test)
{
	unsigned int most = num_possible_cpus() * (1 + HOME_MAX_DETACHED);
	void *object;
	struct slabmod_cache *cache = cache_in_use(test, &object);
	struct slab_home *home = raw_cpu_ptr(cache->homes);
	long peak = atomic_long_read(&cache->inuse_peak), slabs = home->slabs;

	/* The most slabs there may be if nothing was ever allocated. */
	atomic_long_set(&cache->inuse_peak, 0);
	home->slabs = most;
	KUNIT_EXPECT_TRUE(test, pool_bound_holds(cache->pool));
	home->slabs = most + 1;
	EXPECT_BROKEN(test, "at most 0 objects were out", pool_bound_holds(cache->pool));
	EXPECT_BROKEN(test, "at most 0 objects were out", pool_check_live(cache->pool));
	home->slabs = slabs;
	atomic_long_set(&cache->inuse_peak, peak);
	cache_in_use_end(test, cache, object);
}

static struct kunit_case checks_cases[] = {
	KUNIT_CASE(test_misplaced_block_is_found),
	KUNIT_CASE(test_wrong_map_is_found),
	KUNIT_CASE(test_wrong_units_of_a_chunk_are_found),
	KUNIT_CASE(test_wrong_count_of_a_node_is_found),
	KUNIT_CASE(test_broken_slab_is_found),
	KUNIT_CASE(test_slab_on_the_wrong_list_is_found),
	KUNIT_CASE(test_wrong_object_in_a_magazine_is_found),
	KUNIT_CASE(test_wrong_block_in_a_magazine_is_found),
	KUNIT_CASE(test_wrong_count_of_a_magazine_is_found),
	KUNIT_CASE(test_wrong_count_of_a_cache_is_found),
	KUNIT_CASE(test_descriptor_of_no_slab_is_found),
	KUNIT_CASE(test_more_slabs_than_the_bound_are_found),
	{}
};

struct kunit_suite checks_suite = {
	.name = "checks",
	.init = kit_init,
	.exit = checks_exit,
	.test_cases = checks_cases,
};
