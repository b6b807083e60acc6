// SPDX-License-Identifier: GPL-2.0
/*
 * test_pool.c - a pool's ledger adds up to the byte, its limit always holds, and it frees
 * all its memory.
 *
 * The ledger is compared with the pages that the source has counted, with the sum of what the
 * test allocated, and with a walk over frames.
 */
#include <linux/mm.h>
#include <linux/nodemask.h>

#include "buddy_walk.h"
#include "context.h"
#include "home.h"
#include "home_walk.h"
#include "pool_check.h"
#include "pool_ledger.h"
#include "suites.h"
#include "verbs_pool.h"

/* ---- the ledger, counted again ---- */

struct census {
	unsigned long free, cached, blocks, slabs, taken;	/* bytes */
};

static void count_frame(void *block, struct frame *frame, void *arg)
{
	struct slab *slab = frame_slab(frame);
	struct census *census = arg;

	if (slab) {
		census->slabs += slab_geometry(slab_cache(slab), slab)->pages * PAGE_SIZE;
		census->taken += slab->inuse * slab_cache(slab)->size;
	} else if (frame_state(frame) == FRAME_CLAIMED) {
		census->cached += frame_nr_pages(frame) * PAGE_SIZE;
	} else {
		census->blocks += frame_nr_pages(frame) * PAGE_SIZE;
	}
}

static void expect_ledger(struct kunit *test, struct slabmod_pool *pool, unsigned long used)
{
	struct pool_ledger ledger = pool_ledger(pool);
	unsigned long nr_free[BUDDY_ORDERS] = { 0 };
	struct census census = { 0 };
	int nid, i;

	for_each_online_node(nid) {
		buddy_walk(&pool->buddies[nid], count_frame, &census);
		buddy_count_free(&pool->buddies[nid], nr_free);
	}
	for (i = 0; i < BUDDY_ORDERS; i++)
		census.free += nr_free[i] * (PAGE_SIZE << i);
	KUNIT_EXPECT_EQ(test, ledger.held, ledger.used + ledger.slabs + ledger.magazines +
			ledger.buddy + ledger.metadata);
	KUNIT_EXPECT_EQ(test, ledger.held - ledger.metadata, kit_source.pages << PAGE_SHIFT);
	KUNIT_EXPECT_EQ(test, ledger.used, used);
	KUNIT_EXPECT_EQ(test, ledger.buddy, census.free);
	KUNIT_EXPECT_EQ(test, ledger.slabs, census.slabs - census.taken);
	KUNIT_EXPECT_EQ(test, ledger.magazines,
			census.taken + census.blocks + census.cached - used);
	KUNIT_EXPECT_TRUE(test, pool_check(pool));
}

/* ---- objects of caches, and blocks ---- */

static const unsigned int sizes[] = { 16, 48, 192, 1000, 4096, 24576 };

#define CACHES	ARRAY_SIZE(sizes)

static struct slabmod_cache *caches[CACHES];

static void create_caches(struct kunit *test, struct slabmod_pool *pool)
{
	char name[32];
	int i;

	for (i = 0; i < CACHES; i++) {
		snprintf(name, sizeof(name), "pool-%u", sizes[i]);
		caches[i] = kit_cache_in(test, pool, name, sizes[i], 0);
	}
}

static void destroy_caches(struct kunit *test)
{
	int i;

	for (i = 0; i < CACHES; i++)
		KUNIT_EXPECT_EQ(test, cache_destroy(caches[i]), 0);
}

static void free_any(void *p)
{
	struct frame *frame = chunk_frame(p);

	if (frame_cache(frame))
		slabmod_cache_free(frame_cache(frame), p);
	else
		block_free(p);
}

struct pool_model {
	struct model model;
	struct slabmod_pool *pool;
	unsigned long above;		/* times that more than the limit was held */
	atomic_long_t most;		/* held at once */
};

static void *model_alloc(struct model *model, struct rnd_state *rnd, gfp_t gfp, size_t *size)
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

static void model_free(struct model *model, void *memory, size_t size)
{
	free_any(memory);
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
			.alloc = model_alloc, .free = model_free, .rest = model_rest, .test = test,
		},
		.pool = pool,
	};
}

static void expect_sane(struct pool_model *pm)
{
	KUNIT_EXPECT_GT_MSG(pm->model.test, pm->model.failed, 0, "the limit was never reached");
	KUNIT_EXPECT_EQ(pm->model.test, pm->model.wrong, 0);
	KUNIT_EXPECT_EQ(pm->model.test, pm->above, 0);
	KUNIT_EXPECT_LE(pm->model.test, atomic_long_read(&pm->most),
			atomic_long_read(&pm->pool->source.peak));
	destroy_caches(pm->model.test);
}

/* ---- the limit ---- */

static void test_limit_is_exact_to_the_page(struct kunit *test)
{
	static const unsigned long limits[] = { 1, 16, 100, 128, 200, 1000 };
	void **p = kit_array(test, 1001);
	int i;

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
			free_any(p[nr]);
		kit_pool_destroy(test, pool, 0);
	}
}

/* Of one thread, and of all CPUs together. */
static void test_limit_always_holds(struct kunit *test)
{
	struct pool_model pm = model_of(test, kit_pool_create(test, 1000));

	model_run(&pm.model, 500, KIT_STEPS);
	expect_sane(&pm);
	/* Less than one thread requests. */
	pm = model_of(test, kit_pool_create(test, 150));
	model_run_on_cpus(&pm.model, KIT_STEPS / MODEL_CPUS / 2);
	expect_sane(&pm);
}

/* ---- destroy ---- */

/* Shrunk before, or with its caches and their magazines. */
static void test_free_memory_of_a_pool_is_freed(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, KIT_LIMIT);
	unsigned long pages;
	void *p[100];
	int turn, i;

	create_caches(test, pool);
	for (turn = 0; turn < 2; turn++) {
		for (i = 0; i < ARRAY_SIZE(p); i++)
			p[i] = kit_alloc(test, caches[i % CACHES]);
		for (i = 0; i < ARRAY_SIZE(p); i++)
			free_any(p[i]);
		pages = kit_source.pages;
		KUNIT_EXPECT_GT(test, pages, 0);
		if (turn)
			break;
		KUNIT_EXPECT_EQ(test, pool_shrink(pool), pages);
		KUNIT_EXPECT_EQ(test, kit_source.pages, 0);
		KUNIT_EXPECT_EQ(test, pool_shrink(pool), 0);
		expect_ledger(test, pool, 0);
	}
	KIT_EXPECT_NO_MISUSE(test, kit_pool_destroy(test, pool, 0));
	KUNIT_EXPECT_EQ(test, kit_source.pages, 0);
}

/* The chunk of live memory is not reused. */
static void test_destroyed_pool_reports_live_memory(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create_orders(test, KIT_LIMIT, UNIT_ORDER, UNIT_ORDER);

	kit_alloc(test, kit_cache_in(test, pool, "leaky", 64, 0));
	KIT_EXPECT_MISUSE(test, MISUSE_LEAK, "leaky: its pool was destroyed with 1 live objects",
			  kit_pool_destroy(test, pool, 1ul << UNIT_ORDER));
	KUNIT_EXPECT_EQ(test, kit_captured("leaky object "), 1);
	pool = kit_pool_create_orders(test, KIT_LIMIT, UNIT_ORDER, UNIT_ORDER);
	kit_block(test, pool, 5);
	KIT_EXPECT_MISUSE(test, MISUSE_LEAK, "5 pages in use as blocks",
			  kit_pool_destroy(test, pool, 1ul << UNIT_ORDER));
}

static struct kunit_case pool_cases[] = {
	KUNIT_CASE(test_limit_is_exact_to_the_page),
	KUNIT_CASE(test_limit_always_holds),
	KUNIT_CASE(test_free_memory_of_a_pool_is_freed),
	KUNIT_CASE(test_destroyed_pool_reports_live_memory),
	{}
};

struct kunit_suite pool_suite = {
	.name = "pool",
	KIT_SUITE_HOOKS,
	.test_cases = pool_cases,
};
