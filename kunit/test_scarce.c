// SPDX-License-Identifier: GPL-2.0
/*
 * test_direct_reclaim.c - what is promised when memory is short: as long as there is a page, a
 * request of up to a page succeeds, in however small pieces the memory comes.
 */
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include <slabmod/kmalloc.h>

#include "cache.h"
#include "cache_list.h"
#include "context.h"
#include "kit.h"
#include "pattern.h"
#include "pool_ledger.h"
#include "root.h"
#include "suites.h"

#define LIMIT	8192	/* pages */

/* ---- a source with little in it ---- */

/* Stands before a pool's own source. One pool at a time. */
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

/* What is given back to the source is gone: @left pages may be had, and no more. */
static void make_lean(struct slabmod_pool *pool, unsigned int max_order, long left)
{
	lean.get = pool->source.alloc;
	lean.max_order = max_order;
	atomic_long_set(&lean.left, left);
	atomic_long_set(&lean.refused, 0);
	pool->source.alloc = lean_get;
}

/* ---- requests without end, in fragmented memory ---- */

#define THREADS		4
#define SLOTS		16384	/* of a thread; half of them are in use, most of the time */
#define PHASES		4

struct hoard {
	struct piece *pieces;
	struct rnd_state rnd;
	u64 mark;
	unsigned long requests, failed, wrong;
};

struct hoards {
	struct hoard hoard[THREADS];
	unsigned int phase, requests;
};

/* How long the blocks are that are left, and how many requests are made. */
static const struct shortage {
	unsigned int max_order;
	unsigned int requests;
} shortages[] = {
	{ 3, 1000000 }, { 1, 50000 }, { 0, 50000 }
};

static KUNIT_GENERATOR(next_shortage)
{
	const struct shortage *shortage = prev ? (const struct shortage *)prev + 1 : shortages;

	if (shortage == shortages + ARRAY_SIZE(shortages))
		return NULL;
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u with no block above order %u left",
		 shortage->requests, shortage->max_order);
	return shortage;
}

/* 1 to 4096 bytes, as many small ones as kernels want. */
static size_t random_size(struct rnd_state *rnd)
{
	return 1 + kit_random(rnd, 16 << kit_random(rnd, 9));
}

static void hoard_step(struct hoard *hoard)
{
	struct piece *piece = &hoard->pieces[kit_random(&hoard->rnd, SLOTS)];
	size_t size;
	void *p;

	if (piece->memory) {
		hoard->wrong += !piece_intact(piece);
		slabmod_kfree(piece->memory);
		piece->memory = NULL;
		return;
	}
	size = random_size(&hoard->rnd);
	p = slabmod_kmalloc(size, GFP_KERNEL);
	hoard->requests++;
	if (p)
		piece_fill(piece, p, size, ++hoard->mark);
	else
		hoard->failed++;
}

/* In each phase a CPU goes on with what another had: objects are freed elsewhere. */
static void hoard_steps(unsigned int n, void *arg)
{
	struct hoards *hoards = arg;
	struct hoard *hoard = &hoards->hoard[(n + hoards->phase) % THREADS];
	unsigned long end = hoard->requests + hoards->requests;
	unsigned int step = 0;

	while (hoard->requests < end) {
		hoard_step(hoard);
		if (++step % 256 == 0)
			cond_resched();
	}
}

static bool hoards_init(struct kunit *test, struct hoards *hoards)
{
	struct rnd_state rnd;
	unsigned int i;
	bool ok = true;

	kit_seed(test, &rnd);
	for (i = 0; i < THREADS; i++) {
		struct hoard *hoard = &hoards->hoard[i];

		prandom_seed_state(&hoard->rnd, prandom_u32_state(&rnd));
		hoard->mark = (u64)i << 40;
		hoard->pieces = kvcalloc(SLOTS, sizeof(*hoard->pieces), GFP_KERNEL);
		ok &= !!hoard->pieces;
	}
	return ok;
}

static void hoard_end(struct hoard *hoard)
{
	unsigned int i;

	for (i = 0; hoard->pieces && i < SLOTS; i++)
		if (hoard->pieces[i].memory) {
			hoard->wrong += !piece_intact(&hoard->pieces[i]);
			slabmod_kfree(hoard->pieces[i].memory);
		}
	kvfree(hoard->pieces);
}

static void hoards_run(struct kunit *test, struct hoards *hoards, unsigned int requests)
{
	unsigned int cpus = min_t(unsigned int, THREADS, num_online_cpus());

	hoards->requests = DIV_ROUND_UP(requests, PHASES * cpus);
	for (hoards->phase = 0; hoards->phase < PHASES; hoards->phase++)
		KUNIT_EXPECT_EQ(test, kit_run_on_cpus(test, cpus, hoard_steps, hoards), cpus);
	kunit_info(test, "%lu MiB in use, %lu requests refused by the source\n",
		   root_used() >> 20, atomic_long_read(&lean.refused));
}

static void test_requests_up_to_a_page_succeed_in_fragmented_memory(struct kunit *test)
{
	const struct shortage *shortage = test->param_value;
	struct hoards *hoards = kunit_kzalloc(test, sizeof(*hoards), GFP_KERNEL);
	unsigned long requests = 0, failed = 0, wrong = 0;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, hoards);
	pool_shrink(root_pool);
	make_lean(root_pool, shortage->max_order, LONG_MAX);
	if (hoards_init(test, hoards))
		hoards_run(test, hoards, shortage->requests);
	for (i = 0; i < THREADS; i++) {
		hoard_end(&hoards->hoard[i]);
		requests += hoards->hoard[i].requests;
		failed += hoards->hoard[i].failed;
		wrong += hoards->hoard[i].wrong;
	}
	KUNIT_EXPECT_GE(test, requests, shortage->requests);
	KUNIT_EXPECT_EQ(test, failed, 0);
	KUNIT_EXPECT_EQ_MSG(test, wrong, 0, "pieces that were not what was written to them");
	/* It was tried, and larger blocks were not to be had. */
	KUNIT_EXPECT_GT(test, atomic_long_read(&lean.refused), 0);
	pool_shrink(root_pool);
}

/* ---- the last page ---- */

#define PAGES		7	/* more than the usual slab of most classes */
#define MANY		(PAGES * SLAB_MAX_OBJECTS)
#define LAST_CLASS	slabmod_kmalloc_class(PAGE_SIZE)

/* A class of kmalloc's as a cache of its own pool. */
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

/* Takes all that is to be had; returns how many that are. */
static unsigned int take_all(struct slabmod_cache *cache, void **objects)
{
	unsigned int nr = 0;

	while (nr < MANY && (objects[nr] = slabmod_cache_alloc(cache, GFP_KERNEL)))
		nr++;
	return nr;
}

static void give_all(struct kunit *test, struct slabmod_cache *cache, void **objects,
		     unsigned int nr)
{
	slabmod_cache_free_bulk(cache, nr, objects);
	pool_shrink(cache->pool);
	KUNIT_EXPECT_EQ(test, kit_source.pages, 0);
}

static void test_the_last_page_serves_a_request_of_any_small_class(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, LIMIT);
	void **objects = kunit_kcalloc(test, MANY + 1, sizeof(*objects), GFP_KERNEL);
	unsigned int class, nr, page;

	KUNIT_ASSERT_NOT_NULL(test, objects);
	context_pin(0);
	make_lean(pool, 0, 0);
	for (class = 0; class <= LAST_CLASS; class++) {
		struct slabmod_cache *cache = class_of(test, pool, class);

		KUNIT_EXPECT_EQ(test, take_all(cache, objects), 0);
		/* The first that there is, and others when all before are in use. */
		for (nr = page = 0; page < PAGES; page++) {
			unsigned int got;

			atomic_long_set(&lean.left, 1);
			got = take_all(cache, objects + nr);
			KUNIT_EXPECT_GE_MSG(test, got, PAGE_SIZE / cache->size,
					    "page %u of %s", page, cache->name);
			nr += got;
		}
		give_all(test, cache, objects, nr);
	}
}

static void test_the_last_page_that_the_limit_allows_serves_a_request(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, LIMIT);
	void **objects = kunit_kcalloc(test, MANY, sizeof(*objects), GFP_KERNEL);
	unsigned int class, nr, pages;

	KUNIT_ASSERT_NOT_NULL(test, objects);
	context_pin(0);
	for (class = 0; class <= LAST_CLASS; class++) {
		struct slabmod_cache *cache = class_of(test, pool, class);

		for (pages = 1; pages <= PAGES; pages += 2) {
			pool->source.limit = pages;
			nr = take_all(cache, objects);
			KUNIT_EXPECT_GE(test, nr, pages * (PAGE_SIZE / cache->size));
			KUNIT_EXPECT_EQ(test, kit_source.pages, pages);
			KUNIT_EXPECT_EQ(test, pool_ledger(pool).buddy, 0);
			give_all(test, cache, objects, nr);
		}
	}
}

/* ---- the same where nobody may sleep ---- */

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

static void test_the_last_page_serves_who_must_not_sleep(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, LIMIT);
	unsigned int class, where;

	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		kunit_skip(test, "the page allocator sleeps");
	context_pin(0);
	make_lean(pool, 0, 0);
	for (class = 0; class <= LAST_CLASS; class++) {
		/* Each of them is the first to ask a cache for anything. */
		for (where = 0; where < ARRAY_SIZE(contexts); where++) {
			struct slabmod_cache *cache = class_of(test, pool, class);

			expect_last_page(test, cache, where, GFP_ATOMIC);
			expect_last_page(test, cache, where, GFP_NOWAIT);
			KUNIT_EXPECT_EQ(test, cache_destroy(cache), 0);
		}
	}
}

static struct kunit_case scarce_cases[] = {
	KUNIT_CASE_PARAM(test_requests_up_to_a_page_succeed_in_fragmented_memory, next_shortage),
	KUNIT_CASE(test_the_last_page_serves_a_request_of_any_small_class),
	KUNIT_CASE(test_the_last_page_that_the_limit_allows_serves_a_request),
	KUNIT_CASE(test_the_last_page_serves_who_must_not_sleep),
	{}
};

struct kunit_suite scarce_suite = {
	.name = "scarce",
	ROOT_SUITE_HOOKS,
	.test_cases = scarce_cases,
};
