// SPDX-License-Identifier: GPL-2.0
/*
 * test_misuse.c - what happens to callers who free what they should not: a report
 * that names them, a count, and nothing else. Afterwards the right free still works.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include <slabmod/slabmod.h>

#include "cache.h"
#include "cache_list.h"
#include "context.h"
#include "kit.h"
#include "magazine_set.h"
#include "pattern.h"
#include "pool_check.h"
#include "root.h"
#include "slab.h"
#include "suites.h"
#include "test_misuse.h"

/* ---- addresses inside something ---- */

static void test_kfree_refuses_the_middle_of_an_object(struct kunit *test)
{
	static const size_t sizes[] = { 16, 48, 100, 192, 1000, 4096, 5000, 32768 };
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		u8 *p = slabmod_kmalloc(sizes[i], GFP_KERNEL);
		size_t room = slabmod_ksize(p), at;

		KUNIT_ASSERT_NOT_NULL(test, p);
		for (at = 1; at < room; at = at * 3 + 5)
			KIT_EXPECT_MISUSE(test, MISUSE_INNER_FREE, "starts no object of kmalloc-",
					  slabmod_kfree(p + at));
		KIT_EXPECT_MISUSE(test, MISUSE_INNER_FREE, "starts no object of kmalloc-",
				  slabmod_kfree(p + room - 1));
		KUNIT_EXPECT_EQ(test, root_used(), room);
		KUNIT_EXPECT_TRUE(test, pool_check(root_pool));
		KIT_EXPECT_NO_MISUSE(test, slabmod_kfree(p));
	}
}

static void test_kfree_refuses_the_middle_of_a_block(struct kunit *test)
{
	static const size_t at[] = { 1, 16, 4095, 4096, 8192, 20000, 40000, 100000, 135167 };
	u8 *p = slabmod_kmalloc(33 * PAGE_SIZE, GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, p);
	for (i = 0; i < ARRAY_SIZE(at); i++)
		KIT_EXPECT_MISUSE(test, MISUSE_INNER_FREE, "inside a block of 33 pages",
				  slabmod_kfree(p + at[i]));
	KUNIT_EXPECT_EQ(test, slabmod_ksize(p), 33 * PAGE_SIZE);
	KUNIT_EXPECT_TRUE(test, pool_check(root_pool));
	KIT_EXPECT_NO_MISUSE(test, slabmod_kfree(p));
}

/* Behind the last object of a slab, where the slab is larger than its objects. */
static void test_kfree_refuses_what_is_behind_the_last_object(struct kunit *test)
{
	unsigned int class, tried = 0;

	for (class = 0; class < SLABMOD_KMALLOC_CLASSES; class++) {
		struct slabmod_cache *cache = slabmod_kmalloc_caches[class];
		size_t end = cache->objects * cache->size;
		void *p = slabmod_kmalloc(cache->size, GFP_KERNEL);
		u8 *slab = slab_address(frame_slab(chunk_frame(p)));

		if (end < cache->usual.pages * PAGE_SIZE &&
		    chunk_frame(p)->state == FRAME_SLAB) {
			KIT_EXPECT_MISUSE(test, MISUSE_INNER_FREE, cache->name,
					  slabmod_kfree(slab + end));
			tried++;
		}
		KIT_EXPECT_NO_MISUSE(test, slabmod_kfree(p));
	}
	KUNIT_EXPECT_GT(test, tried, 0);
}

/* ---- addresses of others ---- */

static char module_data[64];

static void test_kfree_refuses_what_is_not_slabmods(struct kunit *test)
{
	u8 *vmalloced = vmalloc(100), *kmalloced = kmalloc(100, GFP_KERNEL);
	u8 *page = (u8 *)__get_free_page(GFP_KERNEL);
	char stacked[64];

	KUNIT_ASSERT_TRUE(test, vmalloced && kmalloced && page);
	OPTIMIZER_HIDE_VAR(vmalloced);
	OPTIMIZER_HIDE_VAR(kmalloced);
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_FREE, "stack", slabmod_kfree(stacked));
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_FREE, "vmalloc", slabmod_kfree(vmalloced));
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_FREE, "module", slabmod_kfree(module_data));
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_FREE, "kmalloc", slabmod_kfree(kmalloced));
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_FREE, "kernel's memory", slabmod_kfree(page));
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_FREE, "kernel's", slabmod_kfree(page + 16));
	KUNIT_EXPECT_TRUE(test, pool_check(root_pool));
	free_page((unsigned long)page);
	kfree(kmalloced);
	vfree(vmalloced);
}

/* Values that no memory has, those around the ends of the map among them. */
static void test_kfree_refuses_what_is_no_address_at_all(struct kunit *test)
{
	const unsigned long values[] = {
		1, 15, 17, 4095, 4096, 0x400000, TASK_SIZE_MAX - 8, TASK_SIZE_MAX,
		0x8000000000000000ul, 0x0100000000000000ul, 0xff00000000000000ul,
		PAGE_OFFSET - 1, PAGE_OFFSET - PAGE_SIZE, (unsigned long)high_memory,
		(unsigned long)high_memory + (1ul << 40), ~0ul, ~0ul - 15, (unsigned long)-4096,
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(values); i++) {
		void *p = (void *)values[i];

		OPTIMIZER_HIDE_VAR(p);
		KIT_EXPECT_MISUSE(test, MISUSE_BAD_FREE, "kfree", slabmod_kfree(p));
		KIT_EXPECT_MISUSE(test, MISUSE_BAD_FREE, "kfree", slabmod_kfree_sensitive(p));
		KIT_EXPECT_MISUSE(test, MISUSE_BAD_FREE, "ksize",
				  KUNIT_EXPECT_EQ(test, slabmod_ksize(p), 0));
	}
	KUNIT_EXPECT_TRUE(test, pool_check(root_pool));
}

/* Addresses that an index into the map cannot tell from @p: it has only so many bits. */
static const long turns[] = { 1, -1, 3, 1 << 15, -(1l << 30) };

static void *alias_of(void *p, int i)
{
	p += turns[i] * (long)((chunk_map.mask + 1) << ROOT_SHIFT);
	OPTIMIZER_HIDE_VAR(p);
	return p;
}

static void test_kfree_refuses_what_the_map_cannot_tell_from_memory(struct kunit *test)
{
	static const size_t sizes[] = { 16, 64, 100, 256, 1536, 4096, 32768, 100000 };
	int i, k;

	for (k = 0; k < ARRAY_SIZE(sizes); k++) {
		void *p = slabmod_kmalloc(sizes[k], GFP_KERNEL);
		size_t room = slabmod_ksize(p);

		KUNIT_ASSERT_NOT_NULL(test, p);
		for (i = 0; i < ARRAY_SIZE(turns); i++) {
			void *alias = alias_of(p, i);

			KIT_EXPECT_MISUSE(test, MISUSE_BAD_FREE, "kfree", slabmod_kfree(alias));
			KIT_EXPECT_MISUSE(test, MISUSE_BAD_FREE, "kfree",
					  slabmod_kfree_bulk(1, &alias));
			KUNIT_EXPECT_EQ(test, root_used(), room);
		}
		KIT_EXPECT_NO_MISUSE(test, slabmod_kfree(p));
		KUNIT_EXPECT_EQ(test, root_used(), 0);
		KUNIT_EXPECT_TRUE(test, pool_check(root_pool));
	}
}

static void test_free_pages_refuses_what_the_map_cannot_tell_from_pages(struct kunit *test)
{
	unsigned int order;
	int i;

	for (order = 0; order <= 6; order++) {
		unsigned long addr = slabmod_get_free_pages(GFP_KERNEL, order);

		KUNIT_ASSERT_NE(test, addr, 0);
		for (i = 0; i < ARRAY_SIZE(turns); i++) {
			void *alias = alias_of((void *)addr, i);

			KIT_EXPECT_MISUSE(test, MISUSE_BAD_FREE, "free_pages",
					  slabmod_free_pages((unsigned long)alias, order));
			KIT_EXPECT_MISUSE(test, MISUSE_BAD_FREE, "free_pages_exact",
					  slabmod_free_pages_exact(alias, PAGE_SIZE << order));
			KUNIT_EXPECT_EQ(test, root_used(), PAGE_SIZE << order);
		}
		KIT_EXPECT_NO_MISUSE(test, slabmod_free_pages(addr, order));
		KUNIT_EXPECT_TRUE(test, pool_check(root_pool));
	}
}

/* All ways to free an address to a cache give the same report, and do nothing. */
static void expect_refused(struct kunit *test, struct slabmod_cache *cache, void *p,
			   enum misuse kind)
{
	OPTIMIZER_HIDE_VAR(p);
	KIT_EXPECT_MISUSE(test, kind, cache->name, slabmod_cache_free(cache, p));
	KIT_EXPECT_MISUSE(test, kind, cache->name, slabmod_cache_free_bulk(cache, 1, &p));
	KIT_EXPECT_MISUSE(test, kind, "", slabmod_kfree(p));
}

static void expect_cache_guards(struct kunit *test, struct slabmod_cache *cache)
{
	size_t size = cache->size, end = cache->objects * size;
	void *object = slabmod_cache_alloc(cache, GFP_KERNEL), *slab;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, object);
	slab = slab_address(frame_slab(chunk_frame(object)));
	for (i = 0; i < ARRAY_SIZE(turns); i++)
		expect_refused(test, cache, alias_of(object, i), MISUSE_BAD_FREE);
	expect_refused(test, cache, object + 1, MISUSE_INNER_FREE);
	expect_refused(test, cache, object + 8, MISUSE_INNER_FREE);
	expect_refused(test, cache, object + size / 2, MISUSE_INNER_FREE);
	expect_refused(test, cache, object + size - 1, MISUSE_INNER_FREE);
	if (end < cache->usual.pages * PAGE_SIZE)
		expect_refused(test, cache, slab + end, MISUSE_INNER_FREE);
	/* Just below all memory, where an index of a page may wrap. */
	expect_refused(test, cache, (void *)PAGE_OFFSET - size, MISUSE_BAD_FREE);
	KUNIT_EXPECT_EQ(test, cache_used(cache), 1);
	KUNIT_EXPECT_TRUE(test, cache_check(cache));
	KIT_EXPECT_NO_MISUSE(test, slabmod_cache_free(cache, object));
	KIT_EXPECT_MISUSE(test, MISUSE_DOUBLE_FREE, cache->name, slabmod_cache_free(cache, object));
	KIT_EXPECT_MISUSE(test, MISUSE_DOUBLE_FREE, cache->name,
			  slabmod_cache_free_bulk(cache, 1, &object));
	/* Once it is back in its slab too. */
	slab = slabmod_cache_alloc(cache, GFP_KERNEL);
	KUNIT_EXPECT_PTR_EQ(test, slab, object);
	slabmod_cache_free(cache, slab);
	KUNIT_EXPECT_EQ(test, cache_used(cache), 0);
	KUNIT_EXPECT_EQ(test, cache_destroy(cache), 0);
}

static void test_cache_free_looks_at_addresses_on_machines_of_all_kinds(struct kunit *test)
{
	static const size_t sizes[] = { 64, 192, 256, 1472, 4096, 32768 };
	struct slabmod_pool *pool = kit_pool_create(test, 8192);
	int i;

	context_pin(0);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct slabmod_cache *cache;

		cache = cache_create(pool, "guarded", sizes[i], 0, 0, NULL, NULL);
		KUNIT_ASSERT_NOT_NULL(test, cache);
		expect_cache_guards(test, cache);
		/* Where a free looks at no more than it must. */
		cache = cache_create(pool, "guarded", sizes[i], 0, 0, NULL, NULL);
		KUNIT_ASSERT_NOT_NULL(test, cache);
		kit_cache_quicken(test, cache);
		expect_cache_guards(test, cache);
	}
}

/* Each of them in turn is the bad one: it is reported once, and the others are freed. */
static void expect_bulk_refuses(struct kunit *test, struct slabmod_cache *cache, void *bad,
				enum misuse kind)
{
	void *objects[6], *batch[6];
	unsigned int at, i;

	for (at = 0; at < 6; at++) {
		for (i = 0; i < 6; i++)
			objects[i] = slabmod_cache_alloc(cache, GFP_KERNEL);
		memcpy(batch, objects, sizeof(batch));
		batch[at] = bad;
		KIT_EXPECT_MISUSE(test, kind, "", slabmod_cache_free_bulk(cache, 6, batch));
		KUNIT_EXPECT_EQ(test, cache_used(cache), 2);
		slabmod_cache_free(cache, objects[at]);
	}
}

static void test_a_bad_one_anywhere_in_a_bulk_is_refused(struct kunit *test)
{
	static const size_t sizes[] = { 64, 112, 4096 };
	struct slabmod_pool *pool = kit_pool_create(test, 8192);
	void *p, *object;
	int i;

	context_pin(0);
	p = slabmod_kmalloc(64, GFP_KERNEL);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct slabmod_cache *cache;

		cache = cache_create(pool, "bulk", sizes[i], 0, 0, NULL, NULL);
		KUNIT_ASSERT_NOT_NULL(test, cache);
		object = slabmod_cache_alloc(cache, GFP_KERNEL);
		expect_bulk_refuses(test, cache, object + 8, MISUSE_INNER_FREE);
		expect_bulk_refuses(test, cache, alias_of(object, 0), MISUSE_BAD_FREE);
		expect_bulk_refuses(test, cache, (void *)PAGE_OFFSET - sizes[i], MISUSE_BAD_FREE);
		expect_bulk_refuses(test, cache, p, MISUSE_WRONG_CACHE);
		slabmod_cache_free(cache, object);
		KUNIT_EXPECT_TRUE(test, cache_check(cache));
		KUNIT_EXPECT_EQ(test, cache_destroy(cache), 0);
	}
	slabmod_kfree(p);
}

static void test_a_bad_one_among_many_keeps_none_from_being_freed(struct kunit *test)
{
	void *p[5];
	int i;

	for (i = 0; i < ARRAY_SIZE(p); i++)
		p[i] = slabmod_kmalloc(100, GFP_KERNEL);
	p[2] = (u8 *)p[2] + 1;
	KIT_EXPECT_MISUSE(test, MISUSE_INNER_FREE, "kmalloc-112",
			  slabmod_kfree_bulk(ARRAY_SIZE(p), p));
	KUNIT_EXPECT_EQ(test, root_used(), 112);
	KIT_EXPECT_NO_MISUSE(test, slabmod_kfree((u8 *)p[2] - 1));
}

static void test_nothing_else_is_done_to_an_address_that_is_refused(struct kunit *test)
{
	void *kmalloced = kmalloc(128, GFP_KERNEL);
	u8 *own = slabmod_kmalloc(128, GFP_KERNEL), *end = own + slabmod_ksize(own);
	struct piece pieces[2];
	void *p = NULL;

	KUNIT_ASSERT_TRUE(test, kmalloced && own);
	piece_fill(&pieces[0], kmalloced, 128, 1);
	piece_fill(&pieces[1], own, end - own, 2);
	OPTIMIZER_HIDE_VAR(kmalloced);
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_FREE, "kfree", slabmod_kfree_sensitive(kmalloced));
	KIT_EXPECT_MISUSE(test, MISUSE_INNER_FREE, "kmalloc-128", slabmod_kfree_sensitive(own + 8));
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_FREE, "krealloc",
			  p = slabmod_krealloc(kmalloced, 1000, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, p);
	KIT_EXPECT_MISUSE(test, MISUSE_INNER_FREE, "krealloc",
			  p = slabmod_krealloc(own + 8, 1000, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, p);
	KIT_EXPECT_MISUSE(test, MISUSE_INNER_FREE, "",
			  p = slabmod_krealloc(own + 8, 0, GFP_KERNEL));
	KUNIT_EXPECT_TRUE(test, piece_intact(&pieces[0]));
	KUNIT_EXPECT_TRUE(test, piece_intact(&pieces[1]));
	slabmod_kfree(own);
	kfree(kmalloced);
}

/* ---- twice ---- */

static void test_second_kfree_in_a_row_is_refused_at_once(struct kunit *test)
{
	static const size_t sizes[] = { 16, 100, 4096, 32768 };
	int i;

	context_pin(0);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		void *p = slabmod_kmalloc(sizes[i], GFP_KERNEL);

		slabmod_kfree(p);
		KIT_EXPECT_MISUSE(test, MISUSE_DOUBLE_FREE, "kmalloc-", slabmod_kfree(p));
		KUNIT_EXPECT_TRUE(test, pool_check(root_pool));
		KUNIT_EXPECT_EQ(test, root_used(), 0);
	}
}

static void expect_two_apart(struct kunit *test, size_t size)
{
	void *p = slabmod_kmalloc(size, GFP_KERNEL), *q = slabmod_kmalloc(size, GFP_KERNEL);

	KUNIT_EXPECT_PTR_NE(test, p, q);
	slabmod_kfree(p);
	slabmod_kfree(q);
}

static void test_second_kfree_with_others_between_is_refused_by_the_slab(struct kunit *test)
{
	struct slabmod_cache *cache = slabmod_kmalloc_caches[slabmod_kmalloc_class(100)];
	void *p, *q;

	context_pin(0);
	p = slabmod_kmalloc(100, GFP_KERNEL);
	q = slabmod_kmalloc(100, GFP_KERNEL);
	slabmod_kfree(p);
	slabmod_kfree(q);
	KIT_EXPECT_NO_MISUSE(test, slabmod_kfree(p));
	KIT_EXPECT_MISUSE_FROM(test, NULL, MISUSE_DOUBLE_FREE, cache->name,
			       slabmod_cache_shrink(cache));
	KUNIT_EXPECT_TRUE(test, pool_check(root_pool));
	KUNIT_EXPECT_EQ(test, root_used(), 0);
	expect_two_apart(test, 100);
}

static void free_it(void *p)
{
	slabmod_kfree(p);
}

static void test_second_kfree_on_another_cpu_is_refused_by_the_slab(struct kunit *test)
{
	struct slabmod_cache *cache = slabmod_kmalloc_caches[slabmod_kmalloc_class(100)];
	void *p;

	if (num_online_cpus() < 2)
		kunit_skip(test, "there is one CPU");
	context_pin(0);
	p = slabmod_kmalloc(100, GFP_KERNEL);
	slabmod_kfree(p);
	KIT_EXPECT_NO_MISUSE(test, kit_run_on(1, free_it, p));
	KIT_EXPECT_MISUSE_FROM(test, NULL, MISUSE_DOUBLE_FREE, cache->name,
			       slabmod_cache_shrink(cache));
	KUNIT_EXPECT_TRUE(test, pool_check(root_pool));
	expect_two_apart(test, 100);
}

/* An object that is back in a slab with another object live, which keeps the slab. */
struct returned {
	struct slabmod_cache *cache;
	void *object, *keeper;
};

static struct returned returned_object(struct kunit *test, struct slabmod_cache *cache)
{
	struct returned r = { .cache = cache };

	KUNIT_ASSERT_NOT_NULL(test, cache);
	r.object = slabmod_cache_alloc(cache, GFP_KERNEL);
	r.keeper = slabmod_cache_alloc(cache, GFP_KERNEL);
	KUNIT_ASSERT_TRUE(test, r.object && r.keeper);
	KUNIT_ASSERT_PTR_EQ(test, frame_slab(chunk_frame(r.object)),
			    frame_slab(chunk_frame(r.keeper)));
	slabmod_cache_free(cache, r.object);
	slabmod_cache_shrink(cache);
	KUNIT_ASSERT_EQ(test, magazine_count(cache), 0);
	return r;
}

/* Each call that frees objects reports the second free itself, and has no other effect. */
static void expect_second_free_is_reported(struct kunit *test, struct slabmod_cache *cache)
{
	struct returned r = returned_object(test, cache);
	void *two[2] = { r.keeper, r.object };

	KIT_EXPECT_MISUSE(test, MISUSE_DOUBLE_FREE, cache->name,
			  slabmod_cache_free(cache, r.object));
	KIT_EXPECT_MISUSE(test, MISUSE_DOUBLE_FREE, cache->name, slabmod_kfree(r.object));
	KIT_EXPECT_MISUSE(test, MISUSE_DOUBLE_FREE, cache->name,
			  slabmod_cache_free_bulk(cache, 1, &r.object));
	KUNIT_EXPECT_EQ(test, magazine_count(cache), 0);
	KUNIT_EXPECT_EQ(test, cache_used(cache), 1);
	KIT_EXPECT_MISUSE(test, MISUSE_DOUBLE_FREE, cache->name,
			  slabmod_cache_free_bulk(cache, 2, two));
	KUNIT_EXPECT_EQ(test, cache_used(cache), 0);
	KUNIT_EXPECT_TRUE(test, cache_check(cache));
	KUNIT_EXPECT_EQ(test, cache_destroy(cache), 0);
}

/* Of one page and of several, with objects in the second page, and of any kind of check. */
static void test_second_free_of_what_is_back_in_its_slab_is_reported_at_once(struct kunit *test)
{
	static const size_t sizes[] = {
		16, 24, 32, 48, 64, 72, 128, 192, 256, 1000, 1024, 1472, 2048, 3000, 4096, 8192,
	};
	struct slabmod_pool *pool = kit_pool_create(test, 8192);
	struct slabmod_cache *cache;
	int i;

	context_pin(0);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		cache = cache_create(pool, "returned", sizes[i], 0, 0, NULL, NULL);
		expect_second_free_is_reported(test, cache);
		/* Where a free looks at no more than it must. */
		cache = cache_create(pool, "returned", sizes[i], 0, 0, NULL, NULL);
		KUNIT_ASSERT_NOT_NULL(test, cache);
		if (!(cache->flags & CACHE_SHARES_LINES))
			kit_cache_quicken(test, cache);
		expect_second_free_is_reported(test, cache);
	}
}

static void test_kfree_of_memory_whose_slab_is_gone_is_refused(struct kunit *test)
{
	struct slabmod_cache *cache = slabmod_kmalloc_caches[slabmod_kmalloc_class(100)];
	void *keeper = slabmod_kmalloc(SLABMOD_KMALLOC_MAX_CLASS + 1, GFP_KERNEL);
	void *p = slabmod_kmalloc(100, GFP_KERNEL);

	slabmod_kfree(p);
	slabmod_cache_shrink(cache);
	KIT_EXPECT_MISUSE(test, MISUSE_DOUBLE_FREE, "kfree", slabmod_kfree(p));
	slabmod_kfree(keeper);
	/* Now the chunk goes too, and the address is nobody's, or the kernel's. */
	pool_shrink(root_pool);
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_FREE, "kfree", slabmod_kfree(p));
}

static void test_second_kfree_of_a_block_is_refused(struct kunit *test)
{
	void *p = slabmod_kmalloc(SLABMOD_KMALLOC_MAX_CLASS + 1, GFP_KERNEL);

	slabmod_kfree(p);
	KIT_EXPECT_MISUSE(test, MISUSE_DOUBLE_FREE, "kfree", slabmod_kfree(p));
	KUNIT_EXPECT_TRUE(test, pool_check(root_pool));
	KUNIT_EXPECT_EQ(test, root_used(), 0);
}

static void test_second_free_of_pages_is_refused(struct kunit *test)
{
	unsigned int order;

	context_pin(0);
	for (order = 0; order <= SLABMOD_MAX_ORDER; order++) {
		unsigned long addr;

		/* The only chunk is kept when it becomes free, and so knows of it. */
		pool_shrink(root_pool);
		addr = slabmod_get_free_pages(GFP_KERNEL, order);
		slabmod_free_pages(addr, order);
		KIT_EXPECT_MISUSE(test, MISUSE_DOUBLE_FREE, "", slabmod_free_pages(addr, order));
		KUNIT_EXPECT_TRUE(test, pool_check(root_pool));
		KUNIT_EXPECT_EQ(test, root_used(), 0);
	}
}

/* ---- the wrong way to free ---- */

static void test_cache_free_refuses_what_another_cache_has(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, 8192);
	struct slabmod_cache *mine = cache_create(pool, "mine", 64, 0, 0, NULL, NULL);
	struct slabmod_cache *yours = cache_create(pool, "yours", 64, 0, 0, NULL, NULL);
	void *object = slabmod_cache_alloc(yours, GFP_KERNEL);
	void *p = slabmod_kmalloc(64, GFP_KERNEL);
	char stacked[64];

	KIT_EXPECT_MISUSE(test, MISUSE_WRONG_CACHE, "yours", slabmod_cache_free(mine, object));
	KIT_EXPECT_MISUSE(test, MISUSE_WRONG_CACHE, "kmalloc-64", slabmod_cache_free(mine, p));
	KIT_EXPECT_MISUSE(test, MISUSE_INNER_FREE, "yours",
			  slabmod_cache_free(yours, (u8 *)object + 8));
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_FREE, "mine", slabmod_cache_free(mine, stacked));
	KIT_EXPECT_MISUSE(test, MISUSE_WRONG_CACHE, "yours",
			  slabmod_cache_free_bulk(mine, 1, &object));
	KUNIT_EXPECT_EQ(test, cache_used(yours), 1);
	KUNIT_EXPECT_EQ(test, cache_used(mine), 0);
	KIT_EXPECT_NO_MISUSE(test, slabmod_cache_free(yours, object));
	KIT_EXPECT_NO_MISUSE(test, slabmod_kfree(p));
	KUNIT_EXPECT_TRUE(test, pool_check(pool));
}

static void test_objects_of_slabs_made_in_need_are_guarded_as_well(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, 8192);
	struct slabmod_cache *cache = cache_create(pool, "needy", 1000, 0, 0, NULL, NULL);
	struct slabmod_cache *other = cache_create(pool, "other", 1000, 0, 0, NULL, NULL);
	u8 *object;

	kit_source.max_order = 0;
	context_pin(0);
	object = slabmod_cache_alloc(cache, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, object);
	KUNIT_ASSERT_EQ(test, chunk_frame(object)->state, FRAME_SLAB_SMALL);
	KIT_EXPECT_MISUSE(test, MISUSE_INNER_FREE, "needy", slabmod_cache_free(cache, object + 8));
	KIT_EXPECT_MISUSE(test, MISUSE_WRONG_CACHE, "needy", slabmod_cache_free(other, object));
	KIT_EXPECT_NO_MISUSE(test, slabmod_cache_free(cache, object));
	KIT_EXPECT_MISUSE(test, MISUSE_DOUBLE_FREE, "needy", slabmod_cache_free(cache, object));
	KUNIT_EXPECT_EQ(test, cache_used(cache), 0);
	KUNIT_EXPECT_TRUE(test, pool_check(pool));
}

static void test_kfree_takes_objects_of_typed_caches(struct kunit *test)
{
	struct slabmod_cache *cache = slabmod_cache_create("kit-kfree", 72, 0, 0, NULL);
	void *object = slabmod_cache_alloc(cache, GFP_KERNEL);

	KUNIT_EXPECT_EQ(test, slabmod_ksize(object), 72);
	KIT_EXPECT_NO_MISUSE(test, slabmod_kfree(object));
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(cache), 0);
}

static void test_pages_are_not_freed_as_memory_nor_memory_as_pages(struct kunit *test)
{
	unsigned long addr = slabmod_get_free_pages(GFP_KERNEL, 1);
	void *p = slabmod_kmalloc(2 * PAGE_SIZE, GFP_KERNEL);

	KIT_EXPECT_MISUSE(test, MISUSE_WRONG_CACHE, "pages", slabmod_kfree((void *)addr));
	KIT_EXPECT_MISUSE(test, MISUSE_WRONG_CACHE, "pages-1",
			  slabmod_kfree_sensitive((void *)addr));
	KIT_EXPECT_MISUSE(test, MISUSE_WRONG_CACHE, "pages-1",
			  KUNIT_EXPECT_EQ(test, slabmod_ksize((void *)addr), 0));
	KIT_EXPECT_MISUSE(test, MISUSE_WRONG_CACHE, "pages-1",
			  KUNIT_EXPECT_NULL(test, slabmod_krealloc((void *)addr, 8, GFP_KERNEL)));
	KIT_EXPECT_MISUSE(test, MISUSE_WRONG_CACHE, "kmalloc-8192",
			  slabmod_free_pages((unsigned long)p, 1));
	KIT_EXPECT_MISUSE(test, MISUSE_WRONG_CACHE, "kmalloc-8192",
			  __slabmod_free_pages(virt_to_page(p), 1));
	KIT_EXPECT_MISUSE(test, MISUSE_WRONG_CACHE, "kmalloc-8192",
			  slabmod_free_pages_exact(p, 2 * PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, root_used(), 4 * PAGE_SIZE);
	KIT_EXPECT_NO_MISUSE(test, slabmod_kfree(p));
	KIT_EXPECT_NO_MISUSE(test, slabmod_free_pages(addr, 1));
}

static void test_free_pages_refuses_what_no_run_starts_at(struct kunit *test)
{
	unsigned long small = slabmod_get_free_pages(GFP_KERNEL, 2);
	unsigned long large = slabmod_get_free_pages(GFP_KERNEL, 6);
	char stacked[64];

	KIT_EXPECT_MISUSE(test, MISUSE_INNER_FREE, "free_pages",
			  slabmod_free_pages(small + PAGE_SIZE, 2));
	KIT_EXPECT_MISUSE(test, MISUSE_INNER_FREE, "free_pages",
			  slabmod_free_pages(large + PAGE_SIZE, 0));
	KIT_EXPECT_MISUSE(test, MISUSE_INNER_FREE, "free_pages", slabmod_free_pages(large + 8, 6));
	KIT_EXPECT_MISUSE(test, MISUSE_INNER_FREE, "free_pages", slabmod_free_pages(small + 8, 2));
	KIT_EXPECT_MISUSE(test, MISUSE_INNER_FREE, "free_pages",
			  slabmod_free_pages_exact((void *)(large + 1), PAGE_SIZE << 6));
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_FREE, "free_pages",
			  slabmod_free_pages((unsigned long)stacked, 0));
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_FREE, "free_pages",
			  slabmod_free_pages(~0ul & PAGE_MASK, 6));
	KIT_EXPECT_NO_MISUSE(test, slabmod_free_pages(small, 2));
	KIT_EXPECT_NO_MISUSE(test, slabmod_free_pages(large, 6));
}

static struct kunit_case misuse_cases[] = {
	KUNIT_CASE(test_kfree_refuses_the_middle_of_an_object),
	KUNIT_CASE(test_kfree_refuses_the_middle_of_a_block),
	KUNIT_CASE(test_kfree_refuses_what_is_behind_the_last_object),
	KUNIT_CASE(test_kfree_refuses_what_is_not_slabmods),
	KUNIT_CASE(test_kfree_refuses_what_is_no_address_at_all),
	KUNIT_CASE(test_kfree_refuses_what_the_map_cannot_tell_from_memory),
	KUNIT_CASE(test_free_pages_refuses_what_the_map_cannot_tell_from_pages),
	KUNIT_CASE(test_cache_free_looks_at_addresses_on_machines_of_all_kinds),
	KUNIT_CASE(test_a_bad_one_anywhere_in_a_bulk_is_refused),
	KUNIT_CASE(test_a_bad_one_among_many_keeps_none_from_being_freed),
	KUNIT_CASE(test_nothing_else_is_done_to_an_address_that_is_refused),
	KUNIT_CASE(test_second_kfree_in_a_row_is_refused_at_once),
	KUNIT_CASE(test_second_kfree_with_others_between_is_refused_by_the_slab),
	KUNIT_CASE(test_second_kfree_on_another_cpu_is_refused_by_the_slab),
	KUNIT_CASE(test_second_free_of_what_is_back_in_its_slab_is_reported_at_once),
	KUNIT_CASE(test_kfree_of_memory_whose_slab_is_gone_is_refused),
	KUNIT_CASE(test_second_kfree_of_a_block_is_refused),
	KUNIT_CASE(test_second_free_of_pages_is_refused),
	KUNIT_CASE(test_cache_free_refuses_what_another_cache_has),
	KUNIT_CASE(test_objects_of_slabs_made_in_need_are_guarded_as_well),
	KUNIT_CASE(test_kfree_takes_objects_of_typed_caches),
	KUNIT_CASE(test_pages_are_not_freed_as_memory_nor_memory_as_pages),
	KUNIT_CASE(test_free_pages_refuses_what_no_run_starts_at),
	KUNIT_CASE(test_sizes_that_overflow_are_refused),
	KUNIT_CASE(test_sizes_above_the_limit_are_refused),
	KUNIT_CASE(test_orders_above_the_limit_are_refused),
	KUNIT_CASE(test_flags_that_cannot_be_honoured_are_refused),
	KUNIT_CASE(test_nofail_that_cannot_be_kept_is_refused),
	KUNIT_CASE(test_nodes_that_do_not_exist_are_refused),
	KUNIT_CASE(test_caches_with_impossible_properties_are_refused),
	KUNIT_CASE(test_bad_names_are_refused),
	KUNIT_CASE(test_destroying_a_cache_with_live_objects_is_refused),
	KUNIT_CASE(test_destroying_what_is_slabmods_own_is_refused),
	KUNIT_CASE(test_flood_of_misuse_is_cut_but_counted),
	KUNIT_CASE(test_misuse_in_an_interrupt_is_reported),
	{}
};

struct kunit_suite misuse_suite = {
	.name = "misuse",
	ROOT_SUITE_HOOKS,
	.test_cases = misuse_cases,
};
