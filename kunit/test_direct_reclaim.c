// SPDX-License-Identifier: GPL-2.0
/*
 * test_direct_reclaim.c - when memory is low: as long as there is a page, a request of up to a
 * page succeeds, however fragmented memory is.
 */
#include <linux/mm.h>
#include <linux/sched.h>

#include "context.h"
#include "pool_ledger.h"
#include "root.h"
#include "suites.h"
#include "verbs_pool.h"

/* ---- a source with few pages ---- */

/* In front of a pool's source. One pool at a time. */
static struct {
	struct page *(*get)(struct chunk_source *source, gfp_t gfp, unsigned int order, int nid);
	unsigned int max_order;		/* no larger block is left */
	atomic_long_t left;		/* pages */
	atomic_long_t refused;
} lean;

static struct page *lean_get(struct chunk_source *source, gfp_t gfp, unsigned int order, int nid)
{
	long pages = 1l << order, left = atomic_long_read(&lean.left);
	struct page *page;

	do {
		if (order > lean.max_order || pages > left) {
			atomic_long_inc(&lean.refused);
			return NULL;
		}
	} while (!atomic_long_try_cmpxchg(&lean.left, &left, left - pages));
	page = lean.get(source, gfp, order, nid);
	if (!page)
		atomic_long_add(pages, &lean.left);
	return page;
}

/* Only @left more pages can be allocated; freed ones cannot be reused. */
static void make_lean(struct slabmod_pool *pool, unsigned int max_order, long left)
{
	lean.get = pool->source.alloc;
	lean.max_order = max_order;
	atomic_long_set(&lean.left, left);
	atomic_long_set(&lean.refused, 0);
	pool->source.alloc = lean_get;
}

/* ---- fragmented memory ---- */

#define SLOTS	32768	/* half of them are in use, most of the time */

/* The largest order that is left, and the steps of the model. */
static const struct shortage {
	unsigned int max_order, steps;
} shortages[] = {
	{ 3, 500000 }, { 1, 50000 }, { 0, 50000 }
};

static void shortage_name(const struct shortage *shortage, char *text)
{
	snprintf(text, KUNIT_PARAM_DESC_SIZE, "order %u at most", shortage->max_order);
}

KUNIT_ARRAY_PARAM(shortage, shortages, shortage_name);

/* 1 to 4096 bytes, most of them small, as in a kernel. */
static void *model_alloc(struct model *model, struct rnd_state *rnd, gfp_t gfp, size_t *size)
{
	*size = 1 + kit_random(rnd, 16 << kit_random(rnd, 9));
	return slabmod_kmalloc(*size, gfp);
}

static void model_free(struct model *model, void *memory, size_t size)
{
	slabmod_kfree(memory);
}

/* By one thread that changes its CPU, and by all CPUs. */
static void test_requests_up_to_a_page_succeed_in_fragmented_memory(struct kunit *test)
{
	const struct shortage *shortage = test->param_value;
	struct model model = { .alloc = model_alloc, .free = model_free, .test = test };

	pool_shrink(root_pool);
	make_lean(root_pool, shortage->max_order, LONG_MAX);
	model_run(&model, SLOTS, shortage->steps);
	model_run_on_cpus(&model, shortage->steps / MODEL_CPUS);
	KUNIT_EXPECT_EQ(test, model.failed, 0);
	KUNIT_EXPECT_EQ_MSG(test, model.wrong, 0, "contents changed");
	/* Larger blocks were requested, and refused. */
	KUNIT_EXPECT_GT(test, atomic_long_read(&lean.refused), 0);
	pool_shrink(root_pool);
}

/* ---- the last page ---- */

#define PAGES		7	/* more than the usual slab of most classes */
#define MANY		(PAGES * SLAB_MAX_OBJECTS)
#define LAST_CLASS	\
	slabmod_kmalloc_class(min_t(unsigned long, PAGE_SIZE, SLABMOD_KMALLOC_MAX_CLASS))

/* A class of kmalloc as a cache of the pool. */
static struct slabmod_cache *class_of(struct kunit *test, struct slabmod_pool *pool,
				      unsigned int class)
{
	unsigned int size = slabmod_kmalloc_size(class);
	struct slabmod_cache *cache;
	char name[32];

	snprintf(name, sizeof(name), "scarce-%u", size);
	cache = cache_create(pool, name, size, SLAB_MIN_SIZE, 0, NULL, THIS_MODULE);
	KUNIT_ASSERT_NOT_NULL(test, cache);
	return cache;
}

static void free_all(struct kunit *test, struct slabmod_cache *cache, void **objects,
		     unsigned int nr)
{
	slabmod_cache_free_bulk(cache, nr, objects);
	pool_shrink(cache->pool);
	KUNIT_EXPECT_EQ(test, kit_source.pages, 0);
}

static void test_last_page_serves_any_small_class(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, KIT_LIMIT);
	void **objects = kit_array(test, 2 * MANY);
	unsigned int class, nr, page;

	context_pin(0);
	make_lean(pool, 0, 0);
	for (class = 0; class <= LAST_CLASS; class++) {
		struct slabmod_cache *cache = class_of(test, pool, class);

		KUNIT_EXPECT_EQ(test, kit_alloc_all(cache, objects, MANY, GFP_KERNEL), 0);
		/* The first page, then further ones with all objects in use. */
		for (nr = page = 0; page < PAGES; page++) {
			unsigned int got;

			atomic_long_set(&lean.left, 1);
			got = kit_alloc_all(cache, objects + nr, MANY, GFP_KERNEL);
			KUNIT_EXPECT_GE_MSG(test, got, PAGE_SIZE / cache->size,
					    "page %u of %s", page, cache->name);
			nr += got;
		}
		free_all(test, cache, objects, nr);
	}
}

static void test_last_page_of_the_limit_serves_a_request(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, KIT_LIMIT);
	void **objects = kit_array(test, MANY);
	unsigned int class, nr, pages;

	context_pin(0);
	for (class = 0; class <= LAST_CLASS; class++) {
		struct slabmod_cache *cache = class_of(test, pool, class);

		for (pages = 1; pages <= PAGES; pages += 2) {
			pool->source.limit = pages;
			nr = kit_alloc_all(cache, objects, MANY, GFP_KERNEL);
			KUNIT_EXPECT_GE(test, nr, pages * (PAGE_SIZE / cache->size));
			KUNIT_EXPECT_EQ(test, kit_source.pages, pages);
			KUNIT_EXPECT_EQ(test, pool_ledger(pool).buddy, 0);
			free_all(test, cache, objects, nr);
		}
	}
}

/* ---- atomic requests ---- */

struct visit {
	struct slabmod_cache *cache;
	gfp_t gfp;
	void *object;
};

static void visit(void *arg)
{
	struct visit *visit = arg;

	visit->object = slabmod_cache_alloc(visit->cache, visit->gfp);
}

static const struct {
	const char *name;
	void (*call)(void (*fn)(void *arg), void *arg);
} contexts[] = {
	{ "with interrupts off", context_irqs_off },
	{ "in a softirq", context_softirq },
	{ "in a hardirq", context_hardirq },
};

static void expect_last_page(struct kunit *test, struct slabmod_cache *cache, unsigned int where,
			     gfp_t gfp)
{
	struct visit v = { .cache = cache, .gfp = gfp };

	atomic_long_set(&lean.left, 1);
	contexts[where].call(visit, &v);
	KUNIT_EXPECT_NOT_NULL_MSG(test, v.object, "%s, %s", cache->name, contexts[where].name);
	slabmod_cache_free(cache, v.object);
	pool_shrink(cache->pool);
	KUNIT_EXPECT_EQ(test, kit_source.pages, 0);
}

static void test_last_page_serves_atomic_requests(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, KIT_LIMIT);
	unsigned int class, where;

	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		kunit_skip(test, "the page allocator sleeps");
	context_pin(0);
	make_lean(pool, 0, 0);
	for (class = 0; class <= LAST_CLASS; class++) {
		/* Each is the first allocation of its cache. */
		for (where = 0; where < ARRAY_SIZE(contexts); where++) {
			struct slabmod_cache *cache = class_of(test, pool, class);

			expect_last_page(test, cache, where, GFP_ATOMIC);
			expect_last_page(test, cache, where, GFP_NOWAIT);
			KUNIT_EXPECT_EQ(test, cache_destroy(cache), 0);
		}
	}
}

static struct kunit_case scarce_cases[] = {
	KUNIT_CASE_PARAM(test_requests_up_to_a_page_succeed_in_fragmented_memory,
			 shortage_gen_params),
	KUNIT_CASE(test_last_page_serves_any_small_class),
	KUNIT_CASE(test_last_page_of_the_limit_serves_a_request),
	KUNIT_CASE(test_last_page_serves_atomic_requests),
	{}
};

struct kunit_suite scarce_suite = {
	.name = "scarce",
	ROOT_SUITE_HOOKS,
	.test_cases = scarce_cases,
};
