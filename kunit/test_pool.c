// SPDX-License-Identifier: GPL-2.0
/*
 * test_pool.c - what a pool promises: a ledger that adds up to the byte, a limit
 * that holds at every moment, memory that comes back, and an end without remains.
 *
 * What the ledger says is compared with what others know: the source, which has
 * counted its pages; the test, which knows what it took; and a walk over frames.
 */
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/slab.h>

#include <slabmod/slabmod.h>

#include "block.h"
#include "buddy.h"
#include "buddy_walk.h"
#include "cache.h"
#include "cache_list.h"
#include "chunk.h"
#include "context.h"
#include "home.h"
#include "home_walk.h"
#include "kit.h"
#include "model.h"
#include "pool_check.h"
#include "pool_ledger.h"
#include "slab.h"
#include "suites.h"

#define LIMIT	8192	/* pages */

/* ---- a second opinion on the ledger ---- */

struct census {
	unsigned long free, blocks, slabs, taken;	/* bytes */
};

static void count_frame(struct frame *frame, void *arg)
{
	struct slabmod_cache *cache = frame_cache(frame);
	struct census *census = arg;

	if (frame->state == FRAME_FREE) {
		census->free += PAGE_SIZE << frame->order;
	} else if (frame->state == FRAME_CLAIMED) {
		census->free += frame->nr_pages * PAGE_SIZE;
	} else if (frame->state == FRAME_PAGES) {
		census->blocks += frame->nr_pages * PAGE_SIZE;
	} else {
		census->slabs += PAGE_SIZE;
		if (frame_first_slab(frame))
			census->taken += frame_slab(frame)->inuse * cache->size;
	}
}

/* Whether the ledger is what the walk, the source and the test's own sum say. */
static void expect_ledger(struct kunit *test, struct slabmod_pool *pool, unsigned long used)
{
	struct pool_ledger ledger = pool_ledger(pool);
	struct census census = { 0 };
	int nid;

	for_each_online_node(nid)
		buddy_for_each_frame(&pool->buddies[nid], count_frame, &census);
	KUNIT_EXPECT_EQ(test, ledger.held, ledger.used + ledger.slabs + ledger.magazines +
			ledger.buddy + ledger.metadata);
	KUNIT_EXPECT_EQ(test, ledger.held - ledger.metadata, kit_source.pages << PAGE_SHIFT);
	KUNIT_EXPECT_EQ(test, ledger.used, used);
	KUNIT_EXPECT_EQ(test, ledger.buddy, census.free);
	KUNIT_EXPECT_EQ(test, ledger.slabs, census.slabs - census.taken);
	KUNIT_EXPECT_EQ(test, ledger.magazines, census.taken + census.blocks - used);
	KUNIT_EXPECT_TRUE(test, pool_check(pool));
}

/* ---- what tests take of a pool: from a cache for each of some sizes, and in blocks ---- */

static const unsigned int sizes[] = { 16, 48, 192, 1000, 4096, 24576 };

#define CACHES	ARRAY_SIZE(sizes)

static struct slabmod_cache *caches[CACHES];

static void create_caches(struct kunit *test, struct slabmod_pool *pool)
{
	char name[32];
	int i;

	for (i = 0; i < CACHES; i++) {
		snprintf(name, sizeof(name), "pool-%u", sizes[i]);
		caches[i] = cache_create(pool, name, sizes[i], 0, 0, NULL, THIS_MODULE);
		KUNIT_ASSERT_NOT_NULL(test, caches[i]);
	}
}

static void destroy_caches(struct kunit *test)
{
	int i;

	for (i = 0; i < CACHES; i++)
		KUNIT_EXPECT_EQ(test, cache_destroy(caches[i]), 0);
}

/* What no cache has is a block. */
static void give(void *p)
{
	struct frame *frame = chunk_frame(p);

	if (frame_cache(frame))
		slabmod_cache_free(frame_cache(frame), p);
	else
		block_free(frame);
}

struct pool_model {
	struct model model;
	struct slabmod_pool *pool;
	unsigned long above;		/* how often more than the limit was held */
	atomic_long_t most;		/* held at once, that was seen */
};

static void *model_take(struct model *model, struct rnd_state *rnd, gfp_t gfp, size_t *size)
{
	struct pool_model *pm = container_of(model, struct pool_model, model);
	struct chunk_source *source = &pm->pool->source;
	unsigned int which = kit_random(rnd, CACHES + 1), pages = 1 + kit_random(rnd, 20);
	long held, most;
	void *p;

	if (which < CACHES) {
		*size = caches[which]->size;
		p = slabmod_cache_alloc(caches[which], gfp);
	} else {
		*size = pages * PAGE_SIZE;
		p = block_alloc("test", pm->pool, numa_mem_id(), pages, gfp);
	}
	held = READ_ONCE(kit_source.pages);
	if (held > (long)source->limit || atomic_long_read(&source->held) > source->limit)
		pm->above++;
	most = atomic_long_read(&pm->most);
	while (held > most && !atomic_long_try_cmpxchg(&pm->most, &most, held))
		;
	return p;
}

static void model_give(struct model *model, void *memory, size_t size)
{
	give(memory);
}

static void model_rest(struct model *model, unsigned long pieces, size_t bytes)
{
	struct pool_model *pm = container_of(model, struct pool_model, model);

	expect_ledger(model->test, pm->pool, bytes);
	if (pieces % 4 == 0) {
		pool_shrink(pm->pool);
		expect_ledger(model->test, pm->pool, bytes);
	}
}

static struct pool_model model_of(struct kunit *test, struct slabmod_pool *pool)
{
	create_caches(test, pool);
	return (struct pool_model) {
		.model = {
			.alloc = model_take, .free = model_give, .rest = model_rest, .test = test,
		},
		.pool = pool,
	};
}

static void expect_sane(struct pool_model *pm)
{
	KUNIT_EXPECT_EQ(pm->model.test, pm->model.wrong, 0);
	KUNIT_EXPECT_EQ(pm->model.test, pm->above, 0);
	KUNIT_EXPECT_LE(pm->model.test, atomic_long_read(&pm->most),
			atomic_long_read(&pm->pool->source.peak));
	destroy_caches(pm->model.test);
}

/* ---- the ledger ---- */

static void test_ledger_of_a_new_pool_has_metadata_only(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, LIMIT);
	struct pool_ledger ledger = pool_ledger(pool);

	KUNIT_EXPECT_GT(test, ledger.metadata, 0);
	KUNIT_EXPECT_EQ(test, ledger.held, ledger.metadata);
	KUNIT_EXPECT_EQ(test, pool_pages_peak(pool), 0);
	expect_ledger(test, pool, 0);
}

static void test_ledger_adds_up_while_a_pool_fills_and_empties(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, LIMIT);
	void **p = kunit_kcalloc(test, 400, sizeof(*p), GFP_KERNEL);
	unsigned long used = 0;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, p);
	create_caches(test, pool);
	for (i = 0; i < 400; i++) {
		struct slabmod_cache *cache = caches[i % CACHES];

		p[i] = slabmod_cache_alloc(cache, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, p[i]);
		used += cache->size;
		expect_ledger(test, pool, used);
	}
	for (i = 0; i < 400; i++) {
		give(p[i]);
		used -= caches[i % CACHES]->size;
		expect_ledger(test, pool, used);
	}
	pool_shrink(pool);
	expect_ledger(test, pool, 0);
	destroy_caches(test);
}

static void test_ledger_knows_blocks_and_their_tails(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, LIMIT);
	unsigned int pages;

	for (pages = 1; pages <= 1024; pages = pages * 3 + 1) {
		void *p = block_alloc("test", pool, numa_mem_id(), pages, GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, p);
		expect_ledger(test, pool, pages * PAGE_SIZE);
		give(p);
		expect_ledger(test, pool, 0);
	}
}

static void test_metadata_goes_when_what_it_is_for_goes(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, LIMIT);
	unsigned long before = pool_ledger(pool).metadata, with_chunk;
	void *p;

	create_caches(test, pool);
	KUNIT_EXPECT_GT(test, pool_ledger(pool).metadata, before);
	p = slabmod_cache_alloc(caches[0], GFP_KERNEL);
	with_chunk = pool_ledger(pool).metadata;
	/* 64 bytes a page, at the least. */
	KUNIT_EXPECT_GE(test, with_chunk - before, kit_source.pages * sizeof(struct frame));
	slabmod_cache_free(caches[0], p);
	destroy_caches(test);
	pool_shrink(pool);
	chunk_sync();
	KUNIT_EXPECT_EQ(test, pool_ledger(pool).metadata, before);
}

static void test_peak_is_the_most_that_was_ever_held(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, LIMIT);
	unsigned long most = 0;
	void *p[40];
	int i;

	for (i = 0; i < ARRAY_SIZE(p); i++) {
		p[i] = block_alloc("test", pool, numa_mem_id(), 1 + i * 5, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, p[i]);
		most = max(most, kit_source.pages << PAGE_SHIFT);
		KUNIT_EXPECT_EQ(test, pool_pages_peak(pool), most);
	}
	for (i = 0; i < ARRAY_SIZE(p); i++)
		give(p[i]);
	pool_shrink(pool);
	KUNIT_EXPECT_EQ(test, kit_source.pages, 0);
	KUNIT_EXPECT_EQ(test, pool_pages_peak(pool), most);
}

static void test_ledger_of_the_root_pool_knows_what_callers_took(struct kunit *test)
{
	unsigned long before = pool_ledger(root_pool).used, used = 0, size;
	void *p[24];
	int i;

	for (i = 0; i < ARRAY_SIZE(p); i++) {
		p[i] = slabmod_kmalloc(16ul << i % 12, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, p[i]);
		used += slabmod_ksize(p[i]);
		KUNIT_EXPECT_EQ(test, pool_ledger(root_pool).used - before, used);
		KUNIT_EXPECT_TRUE(test, pool_check(root_pool));
	}
	for (i = 0; i < ARRAY_SIZE(p); i++) {
		size = slabmod_ksize(p[i]);
		slabmod_kfree(p[i]);
		used -= size;
		KUNIT_EXPECT_EQ(test, pool_ledger(root_pool).used - before, used);
	}
}

/* ---- the limit ---- */

static void test_all_of_the_limit_can_be_had_and_not_a_page_more(struct kunit *test)
{
	static const unsigned long limits[] = { 1, 16, 100, 128, 200, 1000 };
	void **p = kunit_kcalloc(test, 1001, sizeof(*p), GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, p);
	for (i = 0; i < ARRAY_SIZE(limits); i++) {
		struct slabmod_pool *pool = kit_pool_create(test, limits[i]);
		unsigned int nr = 0;

		while (nr <= limits[i] &&
		       (p[nr] = block_alloc("test", pool, numa_mem_id(), 1, GFP_KERNEL)))
			nr++;
		KUNIT_EXPECT_EQ(test, nr, limits[i]);
		KUNIT_EXPECT_EQ(test, kit_source.pages, limits[i]);
		expect_ledger(test, pool, limits[i] * PAGE_SIZE);
		while (nr--)
			give(p[nr]);
		kit_pool_destroy(test, pool, 0);
	}
}

static void test_limit_holds_at_every_step(struct kunit *test)
{
	struct pool_model pm = model_of(test, kit_pool_create(test, 1000));

	model_run(&pm.model, 500, KIT_STEPS);
	KUNIT_EXPECT_GT_MSG(test, pm.model.failed, 0, "the limit was never reached");
	expect_sane(&pm);
}

static void test_limit_holds_on_all_cpus_together(struct kunit *test)
{
	/* Less than one thread alone wants. */
	struct pool_model pm = model_of(test, kit_pool_create(test, 150));

	model_run_on_cpus(&pm.model, KIT_STEPS / MODEL_CPUS / 2);
	KUNIT_EXPECT_GT_MSG(test, pm.model.failed, 0, "the limit was never reached");
	expect_sane(&pm);
}

/* ---- memory that comes and goes ---- */

#define PIECES	300

static void test_chunks_are_small_first_and_grow_with_what_is_held(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, 4 * LIMIT);
	unsigned long before = 0, first = 0, largest = 0;
	void **p = kunit_kcalloc(test, PIECES, sizeof(*p), GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, p);
	for (i = 0; i < PIECES; i++) {
		p[i] = block_alloc("test", pool, numa_mem_id(), 64, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, p[i]);
		first = first ?: kit_source.pages;
		largest = max(largest, kit_source.pages - before);
		before = kit_source.pages;
	}
	KUNIT_EXPECT_EQ(test, first, 1ul << UNIT_ORDER);
	/* A part of what is held, and that is little. */
	KUNIT_EXPECT_GT(test, largest, first);
	KUNIT_EXPECT_LE(test, largest, before / 64);
	for (i = 0; i < PIECES; i++)
		give(p[i]);
}

static void test_shrink_gives_back_all_that_is_free(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, LIMIT);
	unsigned long pages;
	void *p[100];
	int i;

	create_caches(test, pool);
	for (i = 0; i < ARRAY_SIZE(p); i++) {
		p[i] = slabmod_cache_alloc(caches[i % CACHES], GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, p[i]);
	}
	for (i = 0; i < ARRAY_SIZE(p); i++)
		give(p[i]);
	pages = kit_source.pages;
	KUNIT_EXPECT_GT(test, pages, 0);
	KUNIT_EXPECT_EQ(test, pool_shrink(pool), pages);
	KUNIT_EXPECT_EQ(test, kit_source.pages, 0);
	KUNIT_EXPECT_EQ(test, pool_shrink(pool), 0);
	expect_ledger(test, pool, 0);
	destroy_caches(test);
}

static void test_shrink_leaves_what_is_in_use(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, LIMIT);
	struct piece pieces[CACHES];
	unsigned long used = 0;
	int i;

	create_caches(test, pool);
	for (i = 0; i < CACHES; i++) {
		void *p = slabmod_cache_alloc(caches[i], GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, p);
		piece_fill(&pieces[i], p, caches[i]->size, i);
		used += caches[i]->size;
	}
	pool_shrink(pool);
	expect_ledger(test, pool, used);
	for (i = 0; i < CACHES; i++) {
		KUNIT_EXPECT_TRUE(test, piece_intact(&pieces[i]));
		give(pieces[i].memory);
	}
	destroy_caches(test);
}

static void test_pool_keeps_one_free_chunk_a_node(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create_orders(test, LIMIT, UNIT_ORDER, UNIT_ORDER);
	void *p[20];
	int i;

	for (i = 0; i < ARRAY_SIZE(p); i++) {
		p[i] = block_alloc("test", pool, first_online_node, 50, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, p[i]);
	}
	for (i = 0; i < ARRAY_SIZE(p); i++)
		give(p[i]);
	KUNIT_EXPECT_LE(test, kit_source.pages, num_online_nodes() << UNIT_ORDER);
	expect_ledger(test, pool, 0);
}

#define STREAM	500

struct stream {
	struct slabmod_cache *cache;
	void *objects[STREAM];
};

static size_t pour(struct stream *stream)
{
	return slabmod_cache_alloc_bulk(stream->cache, GFP_KERNEL, STREAM, stream->objects);
}

static void drink(void *arg)
{
	struct stream *stream = arg;

	slabmod_cache_free_bulk(stream->cache, STREAM, stream->objects);
}

static void test_one_cpu_may_take_and_another_give_without_end(struct kunit *test)
{
	struct stream *stream = kunit_kzalloc(test, sizeof(*stream), GFP_KERNEL);
	struct slabmod_pool *pool = kit_pool_create(test, LIMIT);
	unsigned int which, round;

	KUNIT_ASSERT_NOT_NULL(test, stream);
	if (num_online_cpus() < 2)
		kunit_skip(test, "there is one CPU");
	context_pin(0);
	create_caches(test, pool);
	for (which = 0; which < 4; which++) {
		struct slabmod_cache *cache = caches[which];
		/* Hoard's bound: what is used, what the two CPUs may have at hand, some slabs. */
		unsigned long bound = (STREAM + 4 * cache->capacity) * cache->size + 16 * PAGE_SIZE;

		stream->cache = cache;
		for (round = 0; round < 50; round++) {
			KUNIT_ASSERT_EQ(test, pour(stream), STREAM);
			KUNIT_EXPECT_LE(test, home_pages(cache) << PAGE_SHIFT, bound);
			kit_run_on(1, drink, stream);
		}
	}
	destroy_caches(test);
}

/* ---- the end ---- */

static void test_end_gives_every_page_back(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, LIMIT);
	void *p[60];
	int i;

	create_caches(test, pool);
	for (i = 0; i < ARRAY_SIZE(p); i++)
		p[i] = slabmod_cache_alloc(caches[i % CACHES], GFP_KERNEL);
	for (i = 0; i < ARRAY_SIZE(p); i++)
		give(p[i]);
	/* With its caches, and what lies in their magazines. */
	KIT_EXPECT_NO_MISUSE(test, kit_pool_destroy(test, pool, 0));
	KUNIT_EXPECT_EQ(test, kit_source.pages, 0);
}

static void test_end_keeps_what_is_in_use_from_reuse_and_tells(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create_orders(test, LIMIT, UNIT_ORDER, UNIT_ORDER);
	struct slabmod_cache *cache = cache_create(pool, "leaky", 64, 0, 0, NULL, THIS_MODULE);
	struct piece piece;
	void *object;

	object = slabmod_cache_alloc(cache, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, object);
	piece_fill(&piece, object, 64, 1);
	KIT_EXPECT_MISUSE(test, MISUSE_LEAK, "leaky: its pool went with 1 live objects",
			  kit_pool_destroy(test, pool, 1ul << UNIT_ORDER));
	KUNIT_EXPECT_EQ(test, kit_captured("leaky object "), 1);
}

static void test_end_tells_of_blocks_in_use(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create_orders(test, LIMIT, UNIT_ORDER, UNIT_ORDER);

	KUNIT_ASSERT_NOT_NULL(test, block_alloc("test", pool, numa_mem_id(), 5, GFP_KERNEL));
	KIT_EXPECT_MISUSE(test, MISUSE_LEAK, "5 pages in use as blocks",
			  kit_pool_destroy(test, pool, 1ul << UNIT_ORDER));
}

static void test_pools_do_not_know_each_other(struct kunit *test)
{
	struct slabmod_pool *one = kit_pool_create(test, LIMIT), *other;
	struct slabmod_cache *cache, *same;
	void *object;

	other = kit_pool_create(test, LIMIT);
	cache = cache_create(one, "same", 64, 0, 0, NULL, NULL);
	same = cache_create(other, "same", 64, 0, 0, NULL, NULL);
	KUNIT_ASSERT_NOT_NULL(test, cache);
	KUNIT_ASSERT_NOT_NULL(test, same);
	object = slabmod_cache_alloc(cache, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, pool_ledger(one).used, 64);
	KUNIT_EXPECT_EQ(test, pool_ledger(other).used, 0);
	KIT_EXPECT_MISUSE(test, MISUSE_WRONG_CACHE, "same", slabmod_cache_free(same, object));
	slabmod_cache_free(cache, object);
	KUNIT_EXPECT_EQ(test, pool_shrink(other), 0);
}

static struct kunit_case pool_cases[] = {
	KUNIT_CASE(test_ledger_of_a_new_pool_has_metadata_only),
	KUNIT_CASE(test_ledger_adds_up_while_a_pool_fills_and_empties),
	KUNIT_CASE(test_ledger_knows_blocks_and_their_tails),
	KUNIT_CASE(test_metadata_goes_when_what_it_is_for_goes),
	KUNIT_CASE(test_peak_is_the_most_that_was_ever_held),
	KUNIT_CASE(test_ledger_of_the_root_pool_knows_what_callers_took),
	KUNIT_CASE(test_all_of_the_limit_can_be_had_and_not_a_page_more),
	KUNIT_CASE(test_limit_holds_at_every_step),
	KUNIT_CASE(test_limit_holds_on_all_cpus_together),
	KUNIT_CASE(test_chunks_are_small_first_and_grow_with_what_is_held),
	KUNIT_CASE(test_shrink_gives_back_all_that_is_free),
	KUNIT_CASE(test_shrink_leaves_what_is_in_use),
	KUNIT_CASE(test_pool_keeps_one_free_chunk_a_node),
	KUNIT_CASE(test_one_cpu_may_take_and_another_give_without_end),
	KUNIT_CASE(test_end_gives_every_page_back),
	KUNIT_CASE(test_end_keeps_what_is_in_use_from_reuse_and_tells),
	KUNIT_CASE(test_end_tells_of_blocks_in_use),
	KUNIT_CASE(test_pools_do_not_know_each_other),
	{}
};

struct kunit_suite pool_suite = {
	.name = "pool",
	KIT_SUITE_HOOKS,
	.test_cases = pool_cases,
};
