// SPDX-License-Identifier: GPL-2.0
/*
 * test_checks.c - that each check function finds out what it is there to find: every
 * invariant is broken by hand, in one place, and reported once; mended, it holds again.
 *
 * Without this a check that looks at nothing would pass every other suite.
 */
#include <linux/bitmap.h>
#include <linux/list.h>
#include <linux/percpu.h>

#include <slabmod/slabmod.h>

#include "buddy.h"
#include "buddy_check.h"
#include "cache.h"
#include "cache_list.h"
#include "chunk.h"
#include "context.h"
#include "home.h"
#include "home_check.h"
#include "home_refill.h"
#include "home_return.h"
#include "kit.h"
#include "magazine.h"
#include "magazine_set.h"
#include "pool_bound.h"
#include "pool_check.h"
#include "slab.h"
#include "suites.h"

#define ORDER	5
#define PAGES	((unsigned int)BIT(ORDER))
#define NID	first_online_node

/* @check says no, with one report that has @text in it, and nothing else. */
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

static void checks_exit(struct kunit *test)
{
	report_broken_is_meant = false;
	kit_exit(test);
}

/* ---- blocks ---- */

/* A chunk of which the first page is in use, and one block of each order free. */
struct blocks {
	struct buddy *buddy;
	struct chunk *chunk;
	struct frame *frames;
};

static struct blocks blocks_of(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create_orders(test, PAGES, ORDER, ORDER);
	struct frame *first = kit_buddy_alloc(pool->buddies, NID, 1, GFP_KERNEL | __GFP_THISNODE);
	struct blocks b;

	KUNIT_ASSERT_NOT_NULL(test, first);
	KUNIT_ASSERT_EQ(test, first->index, 0);
	b = (struct blocks) {
		.buddy = &pool->buddies[NID], .chunk = frame_chunk(first), .frames = first,
	};
	KUNIT_ASSERT_TRUE(test, buddy_check(b.buddy));
	return b;
}

static void blocks_end(struct kunit *test, struct blocks *b)
{
	KUNIT_EXPECT_TRUE(test, buddy_check(b->buddy));
	KUNIT_EXPECT_TRUE(test, buddy_free(b->frames));
}

static void test_a_free_block_that_is_out_of_place_is_found(struct kunit *test)
{
	struct blocks b = blocks_of(test);
	struct frame *frame = &b.frames[4];

	KUNIT_ASSERT_EQ(test, frame->order, 2);
	frame->order = 3;
	EXPECT_BROKEN(test, "free block of order 3 at page 4", buddy_check(b.buddy));
	frame->order = 2;
	list_del_init(&frame->node);
	EXPECT_BROKEN(test, "free block at page 4 is on no list", buddy_check(b.buddy));
	list_add(&frame->node, &b.chunk->free_list[2]);
	blocks_end(test, &b);
}

static void test_buddies_that_are_not_merged_are_found(struct kunit *test)
{
	struct blocks b = blocks_of(test);

	b.frames[0].state = FRAME_FREE;
	EXPECT_BROKEN(test, "buddies of order 0 at page 0 are not merged", buddy_check(b.buddy));
	b.frames[0].state = FRAME_PAGES;
	blocks_end(test, &b);
}

static void test_a_page_that_is_in_no_block_is_found(struct kunit *test)
{
	struct blocks b = blocks_of(test);

	b.frames[16].state = FRAME_TAIL;
	EXPECT_BROKEN(test, "page 16 is in no block", buddy_check(b.buddy));
	b.frames[16].state = FRAME_FREE;
	b.frames[8].index = 9;
	EXPECT_BROKEN(test, "page 8 is in no block", buddy_check(b.buddy));
	b.frames[8].index = 8;
	b.frames[0].nr_pages = PAGES + 1;
	EXPECT_BROKEN(test, "page 0 is in no block", buddy_check(b.buddy));
	b.frames[0].nr_pages = 1;
	blocks_end(test, &b);
}

static void test_a_mark_inside_a_block_is_found(struct kunit *test)
{
	struct blocks b = blocks_of(test);
	struct slabmod_cache *nobody = (struct slabmod_cache *)b.chunk;

	b.frames[5].state = FRAME_PAGES;
	EXPECT_BROKEN(test, "page 5 inside a block is marked", buddy_check(b.buddy));
	b.frames[5].state = FRAME_TAIL;
	b.frames[31].cache = nobody;
	EXPECT_BROKEN(test, "page 31 inside a block is marked", buddy_check(b.buddy));
	b.frames[31].cache = NULL;
	blocks_end(test, &b);
}

static void test_a_chunk_that_counts_wrong_is_found(struct kunit *test)
{
	struct blocks b = blocks_of(test);
	s8 bucket = b.chunk->bucket;

	b.chunk->free_pages++;
	EXPECT_BROKEN(test, "a chunk counts 32 free pages and has 31", buddy_check(b.buddy));
	b.chunk->free_pages--;
	b.chunk->free_orders ^= BIT(1);
	EXPECT_BROKEN(test, "a chunk counts 31 free pages", buddy_check(b.buddy));
	b.chunk->free_orders ^= BIT(1);
	b.chunk->bucket = BUCKET_FULL;
	EXPECT_BROKEN(test, "a chunk counts 31 free pages", buddy_check(b.buddy));
	b.chunk->bucket = bucket;
	blocks_end(test, &b);
}

static void test_a_node_that_counts_wrong_is_found(struct kunit *test)
{
	struct blocks b = blocks_of(test);

	b.buddy->free_pages++;
	EXPECT_BROKEN(test, "counts 32 free pages and has 31", buddy_check(b.buddy));
	b.buddy->free_pages--;
	b.buddy->nr_free[4]--;
	EXPECT_BROKEN(test, "counts 31 free pages", buddy_check(b.buddy));
	b.buddy->nr_free[4]++;
	b.buddy->bucket_mask ^= BIT(4);
	EXPECT_BROKEN(test, "counts 31 free pages and has 31", buddy_check(b.buddy));
	b.buddy->bucket_mask ^= BIT(4);
	blocks_end(test, &b);
}

/* ---- slabs and homes ---- */

static void test_a_slab_that_counts_wrong_is_found(struct kunit *test)
{
	struct slabmod_cache *cache = kit_cache_create(test, kit_pool_create(test, 4096), 2048, 0,
						       NULL);
	struct slab *slab = slab_create(cache, NID, GFP_KERNEL | __GFP_THISNODE);

	KUNIT_ASSERT_NOT_NULL(test, slab);
	KUNIT_ASSERT_TRUE(test, slab_check(cache, slab));
	slab->inuse = 1;
	EXPECT_BROKEN(test, "counts 1 in use", slab_check(cache, slab));
	slab->inuse = 0;
	/* A bit for an object that there is not. */
	__set_bit(cache->objects, slab->free);
	EXPECT_BROKEN(test, "counts 0 in use", slab_check(cache, slab));
	__clear_bit(cache->objects, slab->free);
	__set_bit(SLAB_MAX_OBJECTS - 1, slab->free);
	EXPECT_BROKEN(test, "counts 0 in use", slab_check(cache, slab));
	__clear_bit(SLAB_MAX_OBJECTS - 1, slab->free);
	KUNIT_EXPECT_TRUE(test, slab_check(cache, slab));
	slab_destroy(cache, slab);
}

static void test_a_page_that_is_not_its_slabs_is_found(struct kunit *test)
{
	struct slabmod_cache *cache = kit_cache_create(test, kit_pool_create(test, 4096), 2048, 0,
						       NULL);
	struct slab *slab = slab_create(cache, NID, GFP_KERNEL | __GFP_THISNODE);

	KUNIT_ASSERT_NOT_NULL(test, slab);
	KUNIT_ASSERT_GT(test, cache->usual.pages, 1);
	slab_frame(slab)[1].order++;
	EXPECT_BROKEN(test, "page 1 of a slab is not the slab's", slab_check(cache, slab));
	slab_frame(slab)[1].order--;
	slab_frame(slab)[1].state = FRAME_TAIL;
	EXPECT_BROKEN(test, "page 1 of a slab is not the slab's", slab_check(cache, slab));
	slab_frame(slab)[1].state = FRAME_SLAB;
	slab_frame(slab)[1].cache = NULL;
	EXPECT_BROKEN(test, "page 1 of a slab is not the slab's", slab_check(cache, slab));
	slab_frame(slab)[1].cache = cache;
	KUNIT_EXPECT_TRUE(test, slab_check(cache, slab));
	slab_destroy(cache, slab);
}

static void test_a_slab_on_the_wrong_list_is_found(struct kunit *test)
{
	struct slabmod_cache *cache = kit_cache_create(test, kit_pool_create(test, 4096), 256, 0,
						       NULL);
	unsigned int cpu = context_pin(0);
	struct slab_home *home = per_cpu_ptr(cache->homes, cpu);
	void *object = home_alloc_new_slab(cache, numa_mem_id(), GFP_KERNEL, false);
	struct slab *slab;

	KUNIT_ASSERT_NOT_NULL(test, object);
	slab = frame_slab(chunk_frame(object));
	KUNIT_ASSERT_TRUE(test, home_check(cache));
	KUNIT_ASSERT_TRUE(test, home_check_slab(cache, slab));
	slab->home = HOME_NODE;
	EXPECT_BROKEN(test, "a slab is on a list, but not at home", home_check(cache));
	EXPECT_BROKEN(test, "with 1 of 16 in use is on the wrong list",
		      home_check_slab(cache, slab));
	slab->home = cpu;
	list_move(&slab->node, &home->partial[SLAB_QUARTERS - 1]);
	EXPECT_BROKEN(test, "with 1 of 16 in use is on the wrong list", home_check(cache));
	EXPECT_BROKEN(test, "with 1 of 16 in use is on the wrong list",
		      home_check_slab(cache, slab));
	list_move(&slab->node, &home->empty);
	EXPECT_BROKEN(test, "with 1 of 16 in use is on the wrong list", home_check(cache));
	EXPECT_BROKEN(test, "with 1 of 16 in use is on the wrong list",
		      home_check_slab(cache, slab));
	list_move(&slab->node, &home->partial[0]);
	/* A slab is looked at where it is on a list, too. */
	slab->inuse = 2;
	EXPECT_BROKEN(test, "counts 2 in use", home_check(cache));
	EXPECT_BROKEN(test, "counts 2 in use", home_check_slab(cache, slab));
	slab->inuse = 1;
	KUNIT_EXPECT_TRUE(test, home_check(cache));
	KUNIT_EXPECT_TRUE(test, home_check_slab(cache, slab));
	KUNIT_EXPECT_TRUE(test, home_free(cache, &object, 1));
}

static void test_a_home_that_counts_wrong_is_found(struct kunit *test)
{
	struct slabmod_cache *cache = kit_cache_create(test, kit_pool_create(test, 4096), 256, 0,
						       NULL);
	struct slab_home *home = per_cpu_ptr(cache->homes, context_pin(0));
	void *object = home_alloc_new_slab(cache, numa_mem_id(), GFP_KERNEL, false);

	KUNIT_ASSERT_NOT_NULL(test, object);
	home->nr_partial++;
	EXPECT_BROKEN(test, "a home counts 2 partial and 0 empty slabs and has 1 and 0",
		      home_check(cache));
	home->nr_partial--;
	home->nr_empty++;
	EXPECT_BROKEN(test, "a home counts 1 partial and 1 empty slabs and has 1 and 0",
		      home_check(cache));
	home->nr_empty--;
	KUNIT_EXPECT_TRUE(test, home_check(cache));
	KUNIT_EXPECT_TRUE(test, home_free(cache, &object, 1));
}

/* Two slabs side by side in a list, one of them in the wrong quarter: both show it. */
static void test_a_slab_beside_others_on_the_wrong_list_is_found(struct kunit *test)
{
	struct slabmod_cache *cache = kit_cache_create(test, kit_pool_create(test, 4096), 256, 0,
						       NULL);
	struct slab_home *home = per_cpu_ptr(cache->homes, context_pin(0));
	void *object[2] = {
		home_alloc_new_slab(cache, numa_mem_id(), GFP_KERNEL, false),
		home_alloc_new_slab(cache, numa_mem_id(), GFP_KERNEL, false),
	}, *more[12];
	struct slab *slab, *other;

	KUNIT_ASSERT_TRUE(test, object[0] && object[1]);
	slab = frame_slab(chunk_frame(object[0]));
	other = frame_slab(chunk_frame(object[1]));
	KUNIT_ASSERT_EQ(test, slab_alloc(cache, other, more, ARRAY_SIZE(more)), ARRAY_SIZE(more));
	/* As it was with one object. */
	EXPECT_BROKEN(test, "with 1 of 16 in use is on the wrong list",
		      home_check_slab(cache, slab));
	EXPECT_BROKEN(test, "with 13 of 16 in use is on the wrong list",
		      home_check_slab(cache, other));
	list_move(&other->node, &home->partial[slab_quarter(cache, other)]);
	KUNIT_EXPECT_TRUE(test, home_check_slab(cache, slab));
	KUNIT_EXPECT_TRUE(test, home_check_slab(cache, other));
	KUNIT_EXPECT_TRUE(test, home_check(cache));
	atomic_long_add(ARRAY_SIZE(more), &cache->inuse);
	KUNIT_EXPECT_TRUE(test, home_free(cache, more, ARRAY_SIZE(more)));
	KUNIT_EXPECT_TRUE(test, home_free(cache, object, 2));
}

/* ---- magazines, caches, pools ---- */

/* A cache with one object in use and others in the first CPU's magazine, where the test is. */
static struct slabmod_cache *cache_in_use(struct kunit *test, void **object)
{
	struct slabmod_cache *cache = cache_create(kit_pool_create(test, 4096), "kit-checks", 256,
						   0, 0, NULL, THIS_MODULE);

	KUNIT_ASSERT_NOT_NULL(test, cache);
	context_pin(0);
	*object = slabmod_cache_alloc(cache, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, *object);
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

static void test_what_does_not_belong_in_a_magazine_is_found(struct kunit *test)
{
	void *object, *foreign = &foreign, *was;
	struct slabmod_cache *cache = cache_in_use(test, &object);
	struct slabmod_magazine *magazine = raw_cpu_ptr(cache->magazines);
	struct slab *slab;

	was = magazine->object[1];
	magazine->object[1] = foreign;
	EXPECT_BROKEN(test, "which is not one of the cache's taken objects",
		      magazine_check(cache));
	/* Between two objects, and one that is free in its slab. */
	magazine->object[1] = was + 8;
	EXPECT_BROKEN(test, "which is not one of the cache's taken objects",
		      magazine_check(cache));
	magazine->object[1] = was;
	slab = frame_slab(chunk_frame(was));
	__set_bit(slab_object_index(cache, slab, was), slab->free);
	EXPECT_BROKEN(test, "which is not one of the cache's taken objects",
		      magazine_check(cache));
	__clear_bit(slab_object_index(cache, slab, was), slab->free);
	cache_in_use_end(test, cache, object);
}

static void test_a_magazine_that_counts_wrong_is_found(struct kunit *test)
{
	void *object;
	struct slabmod_cache *cache = cache_in_use(test, &object);
	struct slabmod_magazine *magazine = raw_cpu_ptr(cache->magazines);
	long top = magazine->top;

	magazine->top = magazine->capacity + 1;
	EXPECT_BROKEN(test, "kit-checks: a magazine of", magazine_check(cache));
	/* Somebody is at it who left without a word. */
	magazine->top = top + SLABMOD_MAGAZINE_BUSY;
	EXPECT_BROKEN(test, "kit-checks: a magazine of", magazine_check(cache));
	magazine->top = top;
	magazine->nr_remote = magazine_remote_capacity(magazine->capacity) + 1;
	EXPECT_BROKEN(test, "kit-checks: a magazine of", magazine_check(cache));
	magazine->nr_remote = 0;
	magazine->object[0] = object;
	EXPECT_BROKEN(test, "kit-checks: a magazine of", magazine_check(cache));
	magazine->object[0] = NULL;
	cache_in_use_end(test, cache, object);
}

static void test_slabs_and_objects_that_are_not_counted_are_found(struct kunit *test)
{
	void *object;
	struct slabmod_cache *cache = cache_in_use(test, &object);
	struct slab_home *home = raw_cpu_ptr(cache->homes);

	home->slabs++;
	EXPECT_BROKEN(test, "kit-checks: homes count 2 slabs", cache_check(cache));
	home->slabs--;
	atomic_long_dec(&cache->inuse);
	EXPECT_BROKEN(test, "kit-checks: homes count 1 slabs", cache_check(cache));
	atomic_long_inc(&cache->inuse);
	cache_in_use_end(test, cache, object);
}

static void test_bytes_that_are_not_accounted_for_are_found(struct kunit *test)
{
	void *object;
	struct slabmod_cache *cache = cache_in_use(test, &object);

	atomic_long_inc(&cache->pool->source.held);
	EXPECT_BROKEN(test, "bytes and knows of", pool_check(cache->pool));
	atomic_long_dec(&cache->pool->source.held);
	cache_in_use_end(test, cache, object);
}

static void test_more_slabs_than_the_bound_are_found(struct kunit *test)
{
	unsigned int most = num_possible_cpus() * (1 + HOME_MAX_DETACHED);
	void *object;
	struct slabmod_cache *cache = cache_in_use(test, &object);
	struct slab_home *home = raw_cpu_ptr(cache->homes);
	long peak = atomic_long_read(&cache->inuse_peak), slabs = home->slabs;

	/* Nothing was ever taken: then there may be so many, and not one more. */
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
	KUNIT_CASE(test_a_free_block_that_is_out_of_place_is_found),
	KUNIT_CASE(test_buddies_that_are_not_merged_are_found),
	KUNIT_CASE(test_a_page_that_is_in_no_block_is_found),
	KUNIT_CASE(test_a_mark_inside_a_block_is_found),
	KUNIT_CASE(test_a_chunk_that_counts_wrong_is_found),
	KUNIT_CASE(test_a_node_that_counts_wrong_is_found),
	KUNIT_CASE(test_a_slab_that_counts_wrong_is_found),
	KUNIT_CASE(test_a_page_that_is_not_its_slabs_is_found),
	KUNIT_CASE(test_a_slab_on_the_wrong_list_is_found),
	KUNIT_CASE(test_a_home_that_counts_wrong_is_found),
	KUNIT_CASE(test_a_slab_beside_others_on_the_wrong_list_is_found),
	KUNIT_CASE(test_what_does_not_belong_in_a_magazine_is_found),
	KUNIT_CASE(test_a_magazine_that_counts_wrong_is_found),
	KUNIT_CASE(test_slabs_and_objects_that_are_not_counted_are_found),
	KUNIT_CASE(test_bytes_that_are_not_accounted_for_are_found),
	KUNIT_CASE(test_more_slabs_than_the_bound_are_found),
	{}
};

struct kunit_suite checks_suite = {
	.name = "checks",
	.init = kit_init,
	.exit = checks_exit,
	.test_cases = checks_cases,
};
