// SPDX-License-Identifier: GPL-2.0
/*
 * test_cache_alloc.c - what allocation from typed caches promises: all or nothing,
 * the node asked for, memory that comes back, NULL without harm when there is
 * none, and all of that in every context.
 */
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/slab.h>

#include <slabmod/cache.h>

#include "cache.h"
#include "cache_list.h"
#include "context.h"
#include "home.h"
#include "home_walk.h"
#include "kit.h"
#include "model.h"
#include "pool_check.h"
#include "test_cache.h"

#define LIMIT	8192	/* pages */

static struct slabmod_cache *create(struct kunit *test, struct slabmod_pool *pool, size_t size)
{
	struct slabmod_cache *cache;

	cache = cache_create(pool, "kit-cache", size, 0, 0, NULL, THIS_MODULE);
	KUNIT_ASSERT_NOT_NULL(test, cache);
	return cache;
}

static void **array(struct kunit *test, unsigned int nr)
{
	void **objects = kunit_kcalloc(test, nr, sizeof(*objects), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, objects);
	return objects;
}

static void expect_nothing_lost(struct kunit *test, struct slabmod_cache *cache)
{
	KUNIT_EXPECT_EQ(test, cache_used(cache), 0);
	KUNIT_EXPECT_TRUE(test, cache_check(cache));
	KUNIT_EXPECT_TRUE(test, pool_check(cache->pool));
	KUNIT_EXPECT_EQ(test, cache_destroy(cache), 0);
}

/* ---- many at once ---- */

void test_bulk_gives_as_many_as_asked_for(struct kunit *test)
{
	struct slabmod_cache *cache = create(test, kit_pool_create(test, LIMIT), 48);
	struct piece *pieces = kunit_kcalloc(test, 1000, sizeof(*pieces), GFP_KERNEL);
	void **objects = array(test, 1000);
	unsigned int nr, i;

	KUNIT_ASSERT_NOT_NULL(test, pieces);
	for (nr = 1; nr <= 1000; nr = nr * 3 + 1) {
		KUNIT_ASSERT_EQ(test, slabmod_cache_alloc_bulk(cache, GFP_KERNEL, nr, objects), nr);
		KUNIT_EXPECT_EQ(test, cache_used(cache), nr);
		for (i = 0; i < nr; i++)
			piece_fill(&pieces[i], objects[i], 48, i);
		for (i = 0; i < nr; i++)
			KUNIT_EXPECT_TRUE(test, piece_intact(&pieces[i]));
		slabmod_cache_free_bulk(cache, nr, objects);
		KUNIT_EXPECT_EQ(test, cache_used(cache), 0);
	}
	expect_nothing_lost(test, cache);
}

void test_bulk_gives_nothing_when_it_cannot_give_all(struct kunit *test)
{
	/* Each request for pages makes one slab. */
	struct slabmod_pool *pool = kit_pool_create_orders(test, LIMIT, 0, 0);
	struct slabmod_cache *cache = create(test, pool, 256);
	void **objects = array(test, 200);
	unsigned int n;

	for (n = 0; ; n++) {
		size_t got;

		slabmod_cache_shrink(cache);
		pool_shrink(pool);
		kit_source.fail_after = n;
		got = slabmod_cache_alloc_bulk(cache, GFP_KERNEL, 200, objects);
		kit_source.fail_after = ULONG_MAX;
		KUNIT_EXPECT_TRUE(test, cache_check(cache));
		if (got == 200)
			break;
		KUNIT_ASSERT_EQ(test, got, 0);
		KUNIT_EXPECT_EQ(test, cache_used(cache), 0);
	}
	KUNIT_EXPECT_GE(test, n, 200 * 256 / PAGE_SIZE);
	slabmod_cache_free_bulk(cache, 200, objects);
	expect_nothing_lost(test, cache);
}

/* ---- nodes ---- */

void test_node_asked_for_is_the_node_given(struct kunit *test)
{
	struct slabmod_cache *cache = create(test, kit_pool_create(test, LIMIT), 192);
	void **objects = array(test, 100);
	int nid, i;

	for_each_online_node(nid) {
		gfp_t gfp = GFP_KERNEL | __GFP_THISNODE;

		for (i = 0; i < 100; i++) {
			objects[i] = slabmod_cache_alloc_node(cache, gfp, nid);
			KUNIT_ASSERT_NOT_NULL(test, objects[i]);
			KUNIT_EXPECT_EQ(test, page_to_nid(virt_to_page(objects[i])), nid);
			gfp ^= __GFP_THISNODE;
		}
		slabmod_cache_free_bulk(cache, 100, objects);
	}
	expect_nothing_lost(test, cache);
}

void test_full_node_lets_another_serve_unless_it_must_be_this(struct kunit *test)
{
	struct slabmod_cache *cache = create(test, kit_pool_create(test, LIMIT), 192);
	int nid = first_online_node;
	void *object;

	if (num_online_nodes() < 2)
		kunit_skip(test, "there is one node");
	kit_source.full_nodes = BIT(nid);
	KUNIT_EXPECT_NULL(test, slabmod_cache_alloc_node(cache, GFP_KERNEL | __GFP_THISNODE, nid));
	object = slabmod_cache_alloc_node(cache, GFP_KERNEL, nid);
	KUNIT_ASSERT_NOT_NULL(test, object);
	KUNIT_EXPECT_NE(test, page_to_nid(virt_to_page(object)), nid);
	slabmod_cache_free(cache, object);
	expect_nothing_lost(test, cache);
}

void test_no_node_means_the_callers_own(struct kunit *test)
{
	struct slabmod_cache *cache = create(test, kit_pool_create(test, LIMIT), 192);
	unsigned int n;

	for (n = 0; n < num_online_cpus(); n++) {
		void *object;

		context_pin(n);
		object = slabmod_cache_alloc_node(cache, GFP_KERNEL, NUMA_NO_NODE);
		KUNIT_ASSERT_NOT_NULL(test, object);
		KUNIT_EXPECT_EQ(test, page_to_nid(virt_to_page(object)), numa_mem_id());
		slabmod_cache_free(cache, object);
	}
	expect_nothing_lost(test, cache);
}

/* ---- memory that comes back, or does not come ---- */

void test_shrink_gives_every_free_page_back(struct kunit *test)
{
	struct slabmod_cache *cache = create(test, kit_pool_create(test, LIMIT), 192);
	void **objects = array(test, 1000);
	unsigned long pages;

	KUNIT_ASSERT_EQ(test, slabmod_cache_alloc_bulk(cache, GFP_KERNEL, 1000, objects), 1000);
	slabmod_cache_free_bulk(cache, 1000, objects);
	pages = home_pages(cache);
	KUNIT_EXPECT_GT(test, pages, 0);
	KUNIT_EXPECT_EQ(test, slabmod_cache_shrink(cache), pages);
	KUNIT_EXPECT_EQ(test, home_pages(cache), 0);
	KUNIT_EXPECT_EQ(test, slabmod_cache_shrink(cache), 0);
	expect_nothing_lost(test, cache);
}

void test_slab_is_made_only_when_all_are_full(struct kunit *test)
{
	struct slabmod_cache *cache = create(test, kit_pool_create(test, LIMIT), 192);
	void **objects = array(test, 1000);
	unsigned int nr;

	context_pin(0);
	for (nr = 0; nr < 1000; nr++) {
		struct home_totals totals;

		objects[nr] = slabmod_cache_alloc(cache, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, objects[nr]);
		totals = home_totals(cache);
		KUNIT_ASSERT_LE(test, (totals.slabs - 1) * cache->objects, totals.inuse);
	}
	slabmod_cache_free_bulk(cache, 1000, objects);
	expect_nothing_lost(test, cache);
}

static const gfp_t gfp_kinds[] = {
	GFP_KERNEL, GFP_ATOMIC, GFP_NOWAIT, GFP_NOIO, GFP_NOFS, GFP_KERNEL | __GFP_NORETRY,
	GFP_KERNEL | __GFP_RETRY_MAYFAIL, GFP_KERNEL | __GFP_ZERO, GFP_KERNEL | __GFP_THISNODE,
};

void test_no_memory_gives_null_for_every_kind_of_gfp(struct kunit *test)
{
	struct slabmod_cache *cache = create(test, kit_pool_create(test, LIMIT), 192);
	void *object;
	int i;

	for (i = 0; i < ARRAY_SIZE(gfp_kinds); i++) {
		kit_source.fail_all = true;
		KIT_EXPECT_NO_MISUSE(test, object = slabmod_cache_alloc(cache, gfp_kinds[i]));
		KUNIT_EXPECT_NULL_MSG(test, object, "GFP %#x", (__force u32)gfp_kinds[i]);
		KUNIT_EXPECT_EQ(test, slabmod_cache_alloc_bulk(cache, gfp_kinds[i], 1, &object), 0);
		KUNIT_EXPECT_TRUE(test, cache_check(cache));
		kit_source.fail_all = false;
		object = slabmod_cache_alloc(cache, gfp_kinds[i]);
		KUNIT_EXPECT_NOT_NULL(test, object);
		slabmod_cache_free(cache, object);
		slabmod_cache_shrink(cache);
		pool_shrink(cache->pool);
	}
	expect_nothing_lost(test, cache);
}

/* A source that notes what it is asked with, before the test's own. */
static struct page *(*asked)(struct chunk_source *source, gfp_t gfp, unsigned int order, int nid);
static gfp_t asked_with;

static struct page *note_and_get(struct chunk_source *source, gfp_t gfp, unsigned int order,
				 int nid)
{
	asked_with |= gfp;
	return asked(source, gfp, order, nid);
}

static void expect_modest_requests(struct kunit *test, struct slabmod_pool *pool)
{
	const gfp_t effort = __GFP_RECLAIM | __GFP_IO | __GFP_FS | __GFP_HIGH | __GFP_MEMALLOC |
			     __GFP_NOFAIL;
	struct slabmod_cache *cache = create(test, pool, 192);
	int i;

	asked = pool->source.alloc;
	pool->source.alloc = note_and_get;
	for (i = 0; i < ARRAY_SIZE(gfp_kinds); i++) {
		void *object;

		asked_with = 0;
		object = slabmod_cache_alloc(cache, gfp_kinds[i]);
		KUNIT_EXPECT_NOT_NULL(test, object);
		KUNIT_EXPECT_NE(test, (__force u32)asked_with, 0);
		KUNIT_EXPECT_EQ_MSG(test, (__force u32)(asked_with & effort & ~gfp_kinds[i]), 0,
				    "GFP %#x", (__force u32)gfp_kinds[i]);
		slabmod_cache_free(cache, object);
		slabmod_cache_shrink(cache);
		pool_shrink(pool);
	}
	expect_nothing_lost(test, cache);
}

void test_kernel_is_asked_for_no_more_than_the_caller_allows(struct kunit *test)
{
	/* Where more than is needed is asked for first, and where it is not. */
	expect_modest_requests(test, kit_pool_create(test, LIMIT));
	expect_modest_requests(test, kit_pool_create_orders(test, LIMIT, 0, 0));
}

void test_limit_holds_even_for_those_who_must_not_fail(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, 256);
	struct slabmod_cache *cache = create(test, pool, 4096);
	void **objects = array(test, 257);
	unsigned int nr = 0;

	while (nr < 257 && (objects[nr] = slabmod_cache_alloc(cache, GFP_KERNEL | __GFP_NOFAIL)))
		nr++;
	KUNIT_EXPECT_EQ(test, nr, 256);
	slabmod_cache_free_bulk(cache, nr, objects);
	expect_nothing_lost(test, cache);
}

/* ---- at random, and from everywhere ---- */

static void *model_take(struct model *model, struct rnd_state *rnd, gfp_t gfp, size_t *size)
{
	*size = slabmod_cache_size(model->cache);
	kit_source.fail_all = kit_random(rnd, 2);
	if (kit_random(rnd, 4) == 0)
		return slabmod_cache_alloc_node(model->cache, gfp, first_online_node);
	return slabmod_cache_alloc(model->cache, gfp);
}

static void model_give(struct model *model, void *object, size_t size)
{
	slabmod_cache_free(model->cache, object);
}

static void model_rest(struct model *model, unsigned long pieces, size_t bytes)
{
	KUNIT_EXPECT_TRUE(model->test, cache_check(model->cache));
	KUNIT_EXPECT_TRUE(model->test, pool_check(model->cache->pool));
	KUNIT_EXPECT_EQ(model->test, cache_used(model->cache), pieces);
	if (pieces % 4 == 0)
		slabmod_cache_shrink(model->cache);
	kit_source.max_order = pieces % 3 ? UINT_MAX : pieces % 2;
}

void test_random_calls_with_failures_lose_nothing(struct kunit *test)
{
	struct model model = {
		.alloc = model_take, .free = model_give, .rest = model_rest, .test = test,
	};

	/* Small chunks, so that they come and go; and fewer pages than the model wants. */
	model.cache = create(test, kit_pool_create_orders(test, 64, 0, 3), 360);
	model_run(&model, 2000, KIT_STEPS);
	KUNIT_EXPECT_EQ(test, model.wrong, 0);
	KUNIT_EXPECT_GT(test, model.failed, 0);
	expect_nothing_lost(test, model.cache);
}

#define VISIT	200

struct visit {
	struct slabmod_cache *cache;
	struct piece pieces[VISIT];
	unsigned int got, wrong;
	gfp_t gfp;
};

static void visit_take(void *arg)
{
	struct visit *visit = arg;

	visit->got = 0;
	while (visit->got < VISIT) {
		void *object = slabmod_cache_alloc(visit->cache, visit->gfp);

		if (!object)
			break;
		piece_fill(&visit->pieces[visit->got], object, 192, visit->got);
		visit->got++;
	}
}

static void visit_give(void *arg)
{
	struct visit *visit = arg;

	while (visit->got--) {
		visit->wrong += !piece_intact(&visit->pieces[visit->got]);
		slabmod_cache_free(visit->cache, visit->pieces[visit->got].memory);
	}
}

/* What one context took, another gives back. */
static void expect_context_works(struct kunit *test, void (*run)(void (*fn)(void *), void *))
{
	struct visit *visit = kunit_kzalloc(test, sizeof(*visit), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, visit);
	visit->cache = create(test, kit_pool_create(test, LIMIT), 192);
	visit->gfp = GFP_ATOMIC;
	if (!CONTEXT_PAGES_ANYWHERE) {
		visit_take(visit);
		visit_give(visit);
	}
	run(visit_take, visit);
	KUNIT_EXPECT_EQ(test, visit->got, VISIT);
	visit_give(visit);
	visit_take(visit);
	run(visit_give, visit);
	KUNIT_EXPECT_EQ(test, visit->wrong, 0);
	expect_nothing_lost(test, visit->cache);
}

void test_atomic_callers_may_take_and_give(struct kunit *test)
{
	expect_context_works(test, context_irqs_off);
}

void test_softirqs_may_take_and_give(struct kunit *test)
{
	expect_context_works(test, context_softirq);
}

void test_hardirqs_may_take_and_give(struct kunit *test)
{
	expect_context_works(test, context_hardirq);
}

/* Few, for an NMI has little time. */
#define NMI_OBJECTS	5

struct nmi {
	struct slabmod_cache *cache;
	void *objects[NMI_OBJECTS];
};

static void nmi_take(void *arg)
{
	struct nmi *nmi = arg;
	int i;

	for (i = 0; i < NMI_OBJECTS; i++)
		nmi->objects[i] = slabmod_cache_alloc(nmi->cache, GFP_ATOMIC);
}

static void nmi_give(void *arg)
{
	struct nmi *nmi = arg;
	int i;

	for (i = 0; i < NMI_OBJECTS; i++)
		slabmod_cache_free(nmi->cache, nmi->objects[i]);
}

void test_nmis_may_take_what_is_there_and_give(struct kunit *test)
{
	struct nmi nmi;
	int i;

	nmi.cache = create(test, kit_pool_create(test, LIMIT), 192);
	context_pin(0);
	nmi_take(&nmi);
	nmi_give(&nmi);
	if (!context_nmi_begin(nmi_take, &nmi))
		kunit_skip(test, "there are no NMIs to be had");
	context_nmi();
	context_nmi_end();
	for (i = 0; i < NMI_OBJECTS; i++)
		KUNIT_EXPECT_NOT_NULL(test, nmi.objects[i]);
	KUNIT_EXPECT_EQ(test, cache_used(nmi.cache), NMI_OBJECTS);
	if (context_nmi_begin(nmi_give, &nmi))
		context_nmi();
	context_nmi_end();
	expect_nothing_lost(test, nmi.cache);
}

void test_nmis_leave_a_full_magazine_as_it_is(struct kunit *test)
{
	struct nmi nmi = { .cache = create(test, kit_pool_create(test, LIMIT), 192) };
	unsigned int capacity = nmi.cache->capacity, flushes;
	void **objects = array(test, capacity);

	context_pin(0);
	nmi_take(&nmi);
	KUNIT_ASSERT_EQ(test, slabmod_cache_alloc_bulk(nmi.cache, GFP_KERNEL, capacity, objects),
			capacity);
	slabmod_cache_shrink(nmi.cache);
	slabmod_cache_free_bulk(nmi.cache, capacity, objects);
	flushes = stat_sum(nmi.cache->stats, STAT_FLUSH);
	if (!context_nmi_begin(nmi_give, &nmi)) {
		nmi_give(&nmi);
		kunit_skip(test, "there are no NMIs to be had");
	}
	context_nmi();
	context_nmi_end();
	KUNIT_EXPECT_EQ(test, stat_sum(nmi.cache->stats, STAT_FLUSH), flushes);
	KUNIT_EXPECT_EQ(test, magazine_nr_local(raw_cpu_ptr(nmi.cache->magazines)), capacity);
	expect_nothing_lost(test, nmi.cache);
}

/* An NMI in the worst of places: amid a call, with the home's lock held. */
static void nmi_amid(struct slabmod_cache *cache)
{
	struct slab_home *home = per_cpu_ptr(cache->homes, raw_smp_processor_id());
	unsigned long flags;

	raw_spin_lock_irqsave(&home->lock, flags);
	kit_magazine_enter(cache);
	context_nmi();
	kit_magazine_leave(cache);
	raw_spin_unlock_irqrestore(&home->lock, flags);
}

void test_nmis_amid_a_call_wait_for_nothing_and_lose_nothing(struct kunit *test)
{
	unsigned long deferred;
	struct nmi nmi, more;
	int i;

	nmi.cache = create(test, kit_pool_create(test, LIMIT), 192);
	more.cache = nmi.cache;
	context_pin(0);
	nmi_take(&nmi);
	deferred = stat_sum(nmi.cache->stats, STAT_NMI_DEFER);
	if (!context_nmi_begin(nmi_take, &more))
		kunit_skip(test, "there are no NMIs to be had");
	nmi_amid(nmi.cache);
	context_nmi_end();
	for (i = 0; i < NMI_OBJECTS; i++)
		KUNIT_EXPECT_NULL(test, more.objects[i]);
	if (context_nmi_begin(nmi_give, &nmi))
		nmi_amid(nmi.cache);
	context_nmi_end();
	slabmod_cache_shrink(nmi.cache);
	KUNIT_EXPECT_EQ(test, stat_sum(nmi.cache->stats, STAT_NMI_DEFER), deferred + NMI_OBJECTS);
	expect_nothing_lost(test, nmi.cache);
}
