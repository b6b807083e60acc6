// SPDX-License-Identifier: GPL-2.0
/*
 * test_debug_use.c - debugged memory can be used like any other without errors; the quarantine
 * and the call sites.
 */
#include <linux/hardirq.h>
#include <linux/kasan.h>
#include <linux/mm.h>

#include "context.h"
#include "debug/callsites.h"
#include "debug/debug.h"
#include "debug/debug_block.h"
#include "debug/quarantine.h"
#include "home.h"
#include "home_walk.h"
#include "pool_check.h"
#include "pool_ledger.h"
#include "test_debug.h"

struct slabmod_pool *debug_test_pool(struct kunit *test)
{
	struct slabmod_pool *pool;
	bool before = debug_all;

	debug_all = true;
	pool = kit_module_pool(test, "kit-debug", 0, 0);
	debug_all = before;
	return pool;
}

static struct slabmod_pool *debug_pool_to_spoil(struct kunit *test)
{
	debug_may_spoil(test);
	return debug_test_pool(test);
}

void test_debugged_objects_are_aligned(struct kunit *test)
{
	struct slabmod_pool *pool = debug_test_pool(test);
	unsigned int class;

	for (class = 0; class < SLABMOD_KMALLOC_CLASSES; class++) {
		unsigned int size = slabmod_kmalloc_size(class);
		void *p = kit_pool_kmalloc(test, pool, size);

		KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)p, 1u << __ffs(size)));
		KUNIT_EXPECT_EQ(test, slabmod_ksize(p), size);
		memset(p, 0, size);
		slabmod_pool_kfree(pool, p);
	}
	KUNIT_EXPECT_EQ(test, slabmod_pool_destroy(pool), 0);
}

void test_ksize_allows_writes_to_all_of_it(struct kunit *test)
{
	struct slabmod_pool *pool = debug_test_pool(test);
	void *p = kit_pool_kmalloc(test, pool, 61);

	memset(p, 0, slabmod_ksize(p));
	KIT_EXPECT_NO_MISUSE(test, slabmod_kfree(p));
	p = slabmod_pool_kmalloc(pool, 61, GFP_KERNEL);
	KIT_EXPECT_NO_MISUSE(test, slabmod_kfree_sensitive(p));
	KUNIT_EXPECT_EQ(test, slabmod_pool_destroy(pool), 0);
}

/* ksize(), and krealloc() to @other, report a byte written behind @size. */
static void expect_not_covered_up(struct kunit *test, struct slabmod_pool *pool, size_t size,
				  size_t other)
{
	void *p = kit_pool_kmalloc(test, pool, size);
	char text[48];

	snprintf(text, sizeof(text), "the first at offset %zu", size);
	debug_poke(p, size, 1);
	KIT_EXPECT_MISUSE(test, MISUSE_OVERRUN, text, slabmod_ksize(p));
	slabmod_kfree(p);
	p = kit_pool_kmalloc(test, pool, size);
	debug_poke(p, size, 1);
	KIT_EXPECT_MISUSE(test, MISUSE_OVERRUN, text, p = slabmod_krealloc(p, other, GFP_KERNEL));
	slabmod_kfree(p);
}

void test_krealloc_moves_the_red_zone(struct kunit *test)
{
	struct slabmod_pool *pool = debug_pool_to_spoil(test);
	u8 *p = kit_pool_kmalloc(test, pool, 50), *q;

	memset(p, 7, 50);
	/* In place. */
	q = slabmod_krealloc(p, 60, GFP_KERNEL);
	KUNIT_EXPECT_PTR_EQ(test, q, p);
	KUNIT_EXPECT_PTR_EQ(test, memchr_inv(q, 7, 50), NULL);
	memset(q, 7, 60);
	q = slabmod_krealloc(q, 1000, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, q);
	KUNIT_EXPECT_PTR_EQ(test, memchr_inv(q, 7, 60), NULL);
	debug_poke(q, 1000, 1);
	KIT_EXPECT_MISUSE(test, MISUSE_OVERRUN, "the first at offset 1000", slabmod_kfree(q));
	expect_not_covered_up(test, pool, 61, 50);
	/* The former red zone is cleared on request. */
	p = kit_pool_kmalloc(test, pool, 50);
	q = slabmod_krealloc(p, 60, GFP_KERNEL | __GFP_ZERO);
	KUNIT_EXPECT_PTR_EQ(test, q, p);
	KUNIT_EXPECT_PTR_EQ(test, memchr_inv(q + 50, 0, 10), NULL);
	slabmod_kfree(q);
	/* Shrink: the rest becomes red zone. */
	p = kit_pool_kmalloc(test, pool, 64);
	q = slabmod_krealloc(p, 50, GFP_KERNEL);
	debug_poke(q, 50, 1);
	KIT_EXPECT_MISUSE(test, MISUSE_OVERRUN, "the first at offset 50", slabmod_kfree(q));
	/* Nor is there room to grow. */
	q = slabmod_krealloc(kit_pool_kmalloc(test, pool, 64), 72, GFP_KERNEL);
	debug_poke(q, 72, 1);
	KIT_EXPECT_MISUSE(test, MISUSE_OVERRUN, "kmalloc-80", slabmod_kfree(q));
	KUNIT_EXPECT_EQ(test, slabmod_pool_destroy(pool), 0);
}

void test_pages_are_debugged(struct kunit *test)
{
	struct slabmod_pool *pool = debug_pool_to_spoil(test);
	unsigned int order;

	for (order = 0; debug_block_is_object(order); order++) {
		unsigned long p = slabmod_pool_get_free_pages(pool, GFP_KERNEL, order);
		size_t size = PAGE_SIZE << order;

		KUNIT_ASSERT_NE(test, p, 0);
		KUNIT_EXPECT_TRUE(test, IS_ALIGNED(p, size));
		debug_poke((void *)p, size, 1);
		KIT_EXPECT_MISUSE(test, MISUSE_OVERRUN, "1 bytes behind object",
				  slabmod_pool_free_pages(pool, p, order));
		KIT_EXPECT_MISUSE(test, MISUSE_DOUBLE_FREE, "is free already",
				  slabmod_pool_free_pages(pool, p, order));
		debug_poke((void *)p, size - 1, 1);
		KIT_EXPECT_MISUSE(test, MISUSE_WRITE_FREE, "1 bytes of object",
				  slabmod_pool_shrink(pool));
	}
	KUNIT_EXPECT_EQ(test, slabmod_pool_destroy(pool), 0);
}

static unsigned int constructed;

static void construct(void *object)
{
	constructed++;
	memset(object, 0x77, 48);
}

void test_constructed_objects_keep_their_state(struct kunit *test)
{
	struct slabmod_cache *cache;
	void *p, *stays;
	int i;

	constructed = 0;
	cache = debug_cache_to_spoil(test, 48, 0, construct);
	for (i = 0; i < 1000; i++) {
		p = debug_victim_alloc(cache);
		KUNIT_ASSERT_NOT_NULL(test, p);
		KUNIT_ASSERT_PTR_EQ(test, memchr_inv(p, 0x77, 48), NULL);
		debug_culprit_free(cache, p);
	}
	p = debug_victim_alloc(cache);
	debug_poke(p, 48, 1);
	KIT_EXPECT_MISUSE(test, MISUSE_OVERRUN, "the first at offset 48",
			  debug_culprit_free(cache, p));
	/* Once per object, not per allocation. */
	KUNIT_EXPECT_EQ(test, constructed, home_totals(cache).slabs * cache->objects);
	/* ksize() allows writes to all of it, also after reuse. */
	cache = cache_create(cache->pool, "kit-debug-50", 50, 0, SLABMOD_DEBUG, construct,
			     THIS_MODULE);
	KUNIT_ASSERT_NOT_NULL(test, cache);
	stays = debug_victim_alloc(cache);
	for (i = 0; i < 2; i++) {
		p = debug_victim_alloc(cache);
		KIT_EXPECT_NO_MISUSE(test, memset(p, 0x77, slabmod_ksize(p)));
		KIT_EXPECT_NO_MISUSE(test, debug_culprit_free(cache, p));
		slabmod_cache_shrink(cache);
	}
	debug_culprit_free(cache, stays);
	KUNIT_EXPECT_EQ(test, cache_destroy(cache), 0);
}

/* ---- KASAN's shadow ---- */

#ifdef CONFIG_KASAN_GENERIC
u8 debug_shadow(const void *p, long offset)
{
	return *(u8 *)kasan_mem_to_shadow(p + offset);
}

/* Look at the shadow, because a report by KASAN would fail the run. */
void test_kasan_shadow_of_an_object(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, 1024);
	struct slabmod_cache *cache;
	void *stays, *p;

	cache = kit_cache_in(test, pool, "kit-shadow", 61, SLABMOD_DEBUG);
	stays = debug_victim_alloc(cache);
	p = debug_victim_alloc(cache);
	KUNIT_EXPECT_EQ(test, debug_shadow(p, -1), 0xfc);
	KUNIT_EXPECT_EQ(test, debug_shadow(p, 0), 0);
	KUNIT_EXPECT_EQ(test, debug_shadow(p, 55), 0);
	/* Five of the last eight bytes. */
	KUNIT_EXPECT_EQ(test, debug_shadow(p, 60), 5);
	KUNIT_EXPECT_EQ(test, debug_shadow(p, 64), 0xfc);
	debug_culprit_free(cache, p);
	KUNIT_EXPECT_EQ(test, debug_shadow(p, 0), 0xfb);
	KUNIT_EXPECT_EQ(test, debug_shadow(p, 60), 0xfb);
	KUNIT_EXPECT_EQ(test, debug_shadow(p, -1), 0xfc);
	debug_culprit_free(cache, stays);
	/* The next owner may access all of the pages. */
	slabmod_cache_shrink(cache);
	KUNIT_EXPECT_EQ(test, debug_shadow(p, 0), 0);
	KUNIT_EXPECT_EQ(test, debug_shadow(p, -1), 0);
}
#endif

/* ---- quarantine ---- */

void test_quarantine_has_a_bound(struct kunit *test)
{
	struct slabmod_cache *cache = debug_test_cache(test, 1000, 0, NULL);
	struct pool_ledger ledger;
	unsigned long i;

	for (i = 0; i < cache->debug->quarantine_max + 100; i++)
		debug_culprit_free(cache, debug_victim_alloc(cache));
	KUNIT_EXPECT_EQ(test, quarantine_count(cache), cache->debug->quarantine_max);
	KUNIT_EXPECT_LE(test, cache->debug->quarantine_max * cache->size, quarantine_kb << 10);
	/* Free, but in no slab. */
	KUNIT_EXPECT_EQ(test, cache_used(cache), 0);
	ledger = pool_ledger(cache->pool);
	KUNIT_EXPECT_EQ(test, ledger.magazines, cache->debug->quarantine_max * cache->size);
	KUNIT_EXPECT_TRUE(test, pool_check(cache->pool));
	slabmod_cache_shrink(cache);
	KUNIT_EXPECT_EQ(test, quarantine_count(cache), 0);
	KUNIT_EXPECT_EQ(test, home_totals(cache).slabs, 0);
}

/* All pages of the limit are slabs with all objects in quarantine. */
static void fill_quarantine(struct kunit *test, struct slabmod_cache *cache)
{
	while (atomic_long_read(&cache->source->held) < cache->source->limit ||
	       pool_ledger(cache->pool).buddy ||
	       quarantine_count(cache) < home_totals(cache).slabs * cache->small.objects) {
		void *p = debug_victim_alloc(cache);

		KUNIT_ASSERT_NOT_NULL(test, p);
		debug_culprit_free(cache, p);
	}
}

/* At the limit: of another cache, of a node, and of pages. */
void test_quarantine_shrinks_for_other_requests(struct kunit *test)
{
	/* Chunks of a page, so that no page is left. */
	struct slabmod_pool *pool = kit_pool_create_orders(test, 32, 0, 0);
	struct slabmod_cache *cache = kit_cache_in(test, pool, "a", 100, SLABMOD_DEBUG);
	struct slabmod_cache *other = kit_cache_in(test, pool, "b", 2000, 0);
	void *p;

	fill_quarantine(test, cache);
	p = slabmod_cache_alloc(other, GFP_ATOMIC);
	KUNIT_EXPECT_NOT_NULL(test, p);
	slabmod_cache_free(other, p);
	KUNIT_EXPECT_GT(test, quarantine_count(cache), 0);
	slabmod_cache_shrink(other);
	fill_quarantine(test, cache);
	p = slabmod_cache_alloc_node(other, GFP_KERNEL | __GFP_THISNODE, numa_mem_id());
	KUNIT_EXPECT_NOT_NULL(test, p);
	slabmod_cache_free(other, p);
	slabmod_cache_shrink(other);
	fill_quarantine(test, cache);
	kit_block_free(kit_block(test, pool, 1));
	kit_destroy(test, cache);
	kit_destroy(test, other);
}

void test_quarantine_shrinks_when_memory_is_low(struct kunit *test)
{
	struct slabmod_cache *cache = debug_test_cache(test, 4000, 0, NULL);
	unsigned int i;

	if (quarantine_kb >> (PAGE_SHIFT - 10) <= UNIT_PAGES)
		kunit_skip(test, "one chunk has room for the whole quarantine");
	kit_source.fail_after = 4;
	for (i = 0; i < 2000; i++)
		slabmod_cache_free(cache, kit_alloc(test, cache));
	KUNIT_EXPECT_GT(test, kit_source.refused, 0);
}

void test_bulk_is_debugged(struct kunit *test)
{
	struct slabmod_cache *cache = debug_cache_to_spoil(test, 64, 0, NULL);
	void *objects[100];
	int i;

	KUNIT_ASSERT_EQ(test, slabmod_cache_alloc_bulk(cache, GFP_KERNEL, 100, objects), 100);
	for (i = 0; i < 100; i++)
		KUNIT_EXPECT_PTR_EQ(test, memchr_inv(objects[i], 0x5a, 64), NULL);
	debug_poke(objects[50], 64, 1);
	KIT_EXPECT_MISUSE(test, MISUSE_OVERRUN, "the first at offset 64",
			  slabmod_cache_free_bulk(cache, 100, objects));
	KUNIT_EXPECT_EQ(test, cache_used(cache), 0);
	/* All or nothing; what was allocated is not lost. */
	kit_source.fail_all = true;
	pool_shrink(cache->pool);
	KUNIT_EXPECT_EQ(test, slabmod_cache_alloc_bulk(cache, GFP_KERNEL, 100, objects), 0);
	KUNIT_EXPECT_EQ(test, cache_used(cache), 0);
}

void test_full_node_uses_few_slabs_of_another(struct kunit *test)
{
	struct slabmod_cache *cache = debug_test_cache(test, 64, 0, NULL);
	unsigned int nr = 2 * cache->usual.objects, i;
	void **objects = kit_array(test, nr);

	kit_need_nodes(test);
	context_pin(0);
	kit_source.full_nodes = BIT(numa_mem_id());
	for (i = 0; i < nr; i++) {
		objects[i] = kit_alloc(test, cache);
		KUNIT_ASSERT_NE(test, kit_node(objects[i]), numa_mem_id());
	}
	KUNIT_EXPECT_EQ(test, home_totals(cache).slabs, 2);
	slabmod_cache_free_bulk(cache, nr, objects);
}

/* ---- contexts ---- */

struct visit {
	struct slabmod_cache *cache;
	void *new, *old;
};

/* Free what another context allocated, and allocate again. */
static void exchange(void *arg)
{
	struct visit *visit = arg;

	slabmod_cache_free(visit->cache, visit->old);
	visit->new = slabmod_cache_alloc(visit->cache, GFP_ATOMIC);
	visit->old = NULL;
}

void test_debugged_memory_in_interrupts(struct kunit *test)
{
	static void (*const contexts[])(void (*fn)(void *arg), void *arg) = {
		context_irqs_off, context_softirq, context_hardirq, context_hard, context_rcu,
		context_work,
	};
	struct visit visit = { .cache = debug_test_cache(test, 64, 0, NULL) };
	void *stays = debug_victim_alloc(visit.cache);
	int i;

	context_pin(0);
	for (i = 0; i < ARRAY_SIZE(contexts); i++) {
		visit.old = debug_victim_alloc(visit.cache);
		KIT_EXPECT_NO_MISUSE(test, contexts[i](exchange, &visit));
		KUNIT_ASSERT_NOT_NULL(test, visit.new);
		debug_culprit_free(visit.cache, visit.new);
	}
	if (context_nmi_begin(exchange, &visit)) {
		visit.old = debug_victim_alloc(visit.cache);
		context_nmi();
		context_nmi_end();
		KUNIT_EXPECT_NULL(test, visit.old);
		if (visit.new)
			debug_culprit_free(visit.cache, visit.new);
	}
	debug_culprit_free(visit.cache, stays);
	slabmod_cache_shrink(visit.cache);
	KUNIT_EXPECT_EQ(test, home_totals(visit.cache).slabs, 0);
}

/* ---- call sites ---- */

void test_callsites_are_counted(struct kunit *test)
{
	struct slabmod_cache *cache = debug_test_cache(test, 100, 0, NULL);
	struct slabmod_cache *plain = cache_create(cache->pool, "kit-plain", 100, 0, 0, NULL,
						   THIS_MODULE);
	void *objects[5], *other;
	struct callsites *sites;
	char name[80];
	int i;

	for (i = 0; i < 5; i++)
		objects[i] = debug_victim_alloc(cache);
	other = slabmod_cache_alloc(cache, GFP_KERNEL);
	debug_culprit_free(cache, debug_victim_alloc(cache));
	sites = callsites_of(cache->pool, false);
	KUNIT_ASSERT_NOT_NULL(test, sites);
	KUNIT_EXPECT_EQ(test, sites->caches, 2);
	KUNIT_EXPECT_EQ(test, sites->debugged, debug_all ? 2 : 1);
	KUNIT_EXPECT_EQ(test, sites->nr, 2);
	KUNIT_EXPECT_EQ(test, sites->site[0].objects, 5);
	KUNIT_EXPECT_EQ(test, sites->site[0].bytes, 500);
	KUNIT_EXPECT_EQ(test, sites->site[1].objects, 1);
	snprintf(name, sizeof(name), "%pS", (void *)sites->site[0].site);
	KUNIT_EXPECT_NOT_NULL(test, strstr(name, "debug_victim_alloc"));
	snprintf(name, sizeof(name), "%pS", (void *)sites->site[1].site);
	KUNIT_EXPECT_NOT_NULL(test, strstr(name, __func__));
	kvfree(sites);
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(plain), 0);
	/* By stack, the oldest first. */
	sites = callsites_of(cache->pool, true);
	KUNIT_ASSERT_NOT_NULL(test, sites);
	KUNIT_EXPECT_GE(test, sites->nr, 2);
	KUNIT_EXPECT_GE(test, (long)(sites->site[1].oldest - sites->site[0].oldest), 0);
	kvfree(sites);
	for (i = 0; i < 5; i++)
		debug_culprit_free(cache, objects[i]);
	slabmod_cache_free(cache, other);
	sites = callsites_of(cache->pool, false);
	KUNIT_ASSERT_NOT_NULL(test, sites);
	KUNIT_EXPECT_EQ(test, sites->nr, 0);
	kvfree(sites);
}

/* ---- at random ---- */

static struct slabmod_pool *model_pool;

static void *model_alloc(struct model *model, struct rnd_state *rnd, gfp_t gfp, size_t *size)
{
	bool zero = kit_random(rnd, 2);
	void *p;

	*size = 1 + kit_random(rnd, kit_random(rnd, 8) ? 300 : 33000);
	p = slabmod_pool_kmalloc(model_pool, *size, zero ? gfp | __GFP_ZERO : gfp);
	model->wrong += p && zero && !kit_cleared(p, *size);
	return p;
}

static void model_free(struct model *model, void *memory, size_t size)
{
	slabmod_kfree(memory);
}

static void model_rest(struct model *model, unsigned long pieces, size_t bytes)
{
	slabmod_pool_shrink(model_pool);
}

void test_random_use_without_errors_is_not_reported(struct kunit *test)
{
	struct model model = {
		.alloc = model_alloc, .free = model_free, .rest = model_rest, .test = test,
	};

	model_pool = debug_test_pool(test);
	KIT_EXPECT_NO_MISUSE(test, model_run(&model, 200, 20000));
	KUNIT_EXPECT_EQ(test, model.wrong, 0);
	KUNIT_EXPECT_EQ(test, model.failed, 0);
	KUNIT_EXPECT_TRUE(test, pool_check(model_pool));
	KUNIT_EXPECT_EQ(test, slabmod_pool_destroy(model_pool), 0);
}

/* ---- blocks ---- */

#define ORDER	5
#define SIZE	(PAGE_SIZE << ORDER)

static struct slabmod_pool *begin(struct kunit *test)
{
	struct slabmod_pool *pool = kit_module_pool(test, "kit-debug", 0, 64 << 20);

	debug_block_switch(true);
	return pool;
}

static struct slabmod_pool *begin_to_spoil(struct kunit *test)
{
	debug_may_spoil(test);
	return begin(test);
}

static void end(struct kunit *test, struct slabmod_pool *pool)
{
	KUNIT_EXPECT_TRUE(test, pool_check(pool));
	KIT_EXPECT_NO_MISUSE(test, slabmod_pool_shrink(pool));
	debug_block_switch(debug_all);
	KUNIT_EXPECT_EQ(test, slabmod_pool_destroy(pool), 0);
}

static noinline void *victim_block(struct slabmod_pool *pool)
{
	void *block = (void *)slabmod_pool_get_free_pages(pool, GFP_KERNEL, ORDER);

	barrier();
	return block;
}

static noinline void culprit_free(struct slabmod_pool *pool, void *block)
{
	slabmod_pool_free_pages(pool, (unsigned long)block, ORDER);
	barrier();
}

void test_write_to_a_freed_block_is_reported(struct kunit *test)
{
	struct slabmod_pool *pool = begin_to_spoil(test);
	void *block = victim_block(pool);

	KUNIT_ASSERT_NOT_NULL(test, block);
	KUNIT_EXPECT_PTR_EQ(test, memchr_inv(block, 0x5a, SIZE), NULL);
	culprit_free(pool, block);
	KUNIT_EXPECT_EQ(test, *(unsigned long *)block, 0x6b6b6b6b6b6b6b6bul);
	debug_poke(block, 70000, 1);
	KIT_EXPECT_MISUSE(test, MISUSE_WRITE_FREE, "the first at offset 70000",
			  slabmod_pool_shrink(pool));
	KUNIT_EXPECT_TRUE(test, kit_captured_stack("slabmod:   allocated ", "victim_block"));
	KUNIT_EXPECT_TRUE(test, kit_captured_stack("slabmod:   freed ", "culprit_free"));
	KUNIT_EXPECT_EQ(test, kit_captured("bytes from offset 70000 on: 01 6b 6b"), 1);
	end(test, pool);
}

void test_kmalloc_block_has_a_red_zone_to_the_end_of_its_pages(struct kunit *test)
{
	struct slabmod_pool *pool = begin_to_spoil(test);
	u8 *p = kit_pool_kmalloc(test, pool, 40001), *q;
	char text[60];

	memset(p, 7, 40001);
	debug_poke(p, 40001, 1);
	KIT_EXPECT_MISUSE(test, MISUSE_OVERRUN, "the first at offset 40001", slabmod_kfree(p));
	snprintf(text, sizeof(text), "of %lu pages, 40001 bytes requested",
		 DIV_ROUND_UP(40001, PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, kit_captured(text), 1);
	p = kit_pool_kmalloc(test, pool, 40001);
	memset(p, 7, slabmod_ksize(p));
	q = slabmod_krealloc(p, 50000, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, q);
	KUNIT_EXPECT_PTR_EQ(test, memchr_inv(q, 7, 40001), NULL);
	q = slabmod_krealloc(q, 49999, GFP_KERNEL);
	debug_poke(q, 49999, 1);
	KIT_EXPECT_MISUSE(test, MISUSE_OVERRUN, "the first at offset 49999", slabmod_kfree(q));
	KUNIT_EXPECT_EQ(test, kit_captured("bytes from offset 49999 on: 01 bb bb"), 1);
	expect_not_covered_up(test, pool, 40001, 40500);
	end(test, pool);
}

#ifdef CONFIG_KASAN_GENERIC
void test_kasan_shadow_of_a_block(struct kunit *test)
{
	struct slabmod_pool *pool = begin(test);
	void *p = kit_pool_kmalloc(test, pool, 40001);

	KUNIT_EXPECT_EQ(test, debug_shadow(p, 0), 0);
	KUNIT_EXPECT_EQ(test, debug_shadow(p, 40000), 1);
	KUNIT_EXPECT_EQ(test, debug_shadow(p, 40008), 0xfc);
	KUNIT_EXPECT_EQ(test, debug_shadow(p, 40959), 0xfc);
	KUNIT_EXPECT_EQ(test, slabmod_ksize(p), 40960);
	KUNIT_EXPECT_EQ(test, debug_shadow(p, 40959), 0);
	slabmod_kfree(p);
	KUNIT_EXPECT_EQ(test, debug_shadow(p, 0), 0xfb);
	KUNIT_EXPECT_EQ(test, debug_shadow(p, 40959), 0xfb);
	/* The next owner may access all of the pages. */
	slabmod_pool_shrink(pool);
	KUNIT_EXPECT_NE(test, debug_shadow(p, 0), 0xfb);
	KUNIT_EXPECT_NE(test, debug_shadow(p, 40959), 0xfb);
	p = kit_pool_kmalloc(test, pool, 40960);
	KUNIT_EXPECT_EQ(test, debug_shadow(p, 40959), 0);
	slabmod_kfree(p);
	end(test, pool);
}
#endif

void test_block_quarantine_is_free_memory_and_is_bounded(struct kunit *test)
{
	/* Half of the pages of the quarantine, if they are not large */
	const unsigned int order = PAGE_SHIFT == 12 ? 9 : UNIT_ORDER;
	struct slabmod_pool *pool = begin(test);
	struct callsites *sites;
	struct pool_ledger ledger;
	void *block = victim_block(pool), *again;
	int i;

	sites = callsites_of(pool, false);
	KUNIT_ASSERT_NOT_NULL(test, sites);
	KUNIT_EXPECT_EQ(test, sites->nr, 1);
	KUNIT_EXPECT_EQ(test, sites->site[0].bytes, SIZE);
	kvfree(sites);
	culprit_free(pool, block);
	ledger = pool_ledger(pool);
	KUNIT_EXPECT_EQ(test, ledger.used, 0);
	KUNIT_EXPECT_EQ(test, ledger.magazines, SIZE);
	/* A drained block is reused as any other, if its chunk is not freed at once. */
	KUNIT_EXPECT_TRUE(test, block_drain(ULONG_MAX));
	debug_block_switch(false);
	again = victim_block(pool);
	if (PAGE_SHIFT == 12)
		KUNIT_EXPECT_PTR_EQ(test, again, block);
	debug_block_switch(true);
	culprit_free(pool, again);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&pool->source.quarantined), 0);
	/* The quarantine is bounded, and shrinks at the limit of the pool. */
	for (i = 0; i < 1000; i++) {
		block = victim_block(pool);
		KUNIT_ASSERT_NOT_NULL(test, block);
		culprit_free(pool, block);
		KUNIT_ASSERT_LE(test, atomic_long_read(&pool->source.quarantined) << PAGE_SHIFT,
				quarantine_kb << 10);
	}
	pool->source.limit = atomic_long_read(&pool->source.held);
	block = (void *)slabmod_pool_get_free_pages(pool, GFP_KERNEL, order);
	KUNIT_EXPECT_NOT_NULL(test, block);
	slabmod_pool_free_pages(pool, (unsigned long)block, order);
	end(test, pool);
}
