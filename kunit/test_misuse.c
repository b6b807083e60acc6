// SPDX-License-Identifier: GPL-2.0
/*
 * test_misuse.c - a bad free is reported and counted, and has no other effect: the right free
 * still works. test_abuse.c has more double frees.
 */
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/vmalloc.h>

#include "context.h"
#include "pool_check.h"
#include "root.h"
#include "suites.h"
#include "verbs_pool.h"

/* ---- addresses inside objects and blocks ---- */

static void test_kfree_refuses_the_middle_of_an_object(struct kunit *test)
{
	static const size_t sizes[] = { 16, 48, 100, 192, 1000, 4096, 5000, 32768 };
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		u8 *p = kit_kmalloc(test, sizes[i]);
		size_t room = slabmod_ksize(p), at;

		/* Among others, the last byte. */
		for (at = 1; at < room; at += max_t(size_t, 1, min(at * 2 + 5, room - 1 - at)))
			KIT_EXPECT_MISUSE(test, MISUSE_INNER_FREE, "starts no object of kmalloc-",
					  slabmod_kfree(p + at));
		KUNIT_EXPECT_EQ(test, root_used(), room);
		KUNIT_EXPECT_TRUE(test, root_check());
		KIT_EXPECT_NO_MISUSE(test, slabmod_kfree(p));
	}
}

static void test_kfree_refuses_the_middle_of_a_block(struct kunit *test)
{
	static const size_t at[] = { 1, 16, 4095, 4096, 8192, 20000, 40000, 100000, 135167 };
	u8 *p = kit_kmalloc(test, 33 * PAGE_SIZE);
	int i;

	for (i = 0; i < ARRAY_SIZE(at); i++)
		KIT_EXPECT_MISUSE(test, MISUSE_INNER_FREE, "inside a block of 33 pages",
				  slabmod_kfree(p + at[i]));
	KUNIT_EXPECT_EQ(test, slabmod_ksize(p), 33 * PAGE_SIZE);
	KUNIT_EXPECT_TRUE(test, root_check());
	KIT_EXPECT_NO_MISUSE(test, slabmod_kfree(p));
}

/* Behind the last object of a slab, where the slab is larger than its objects. */
static void test_tail_of_a_slab_is_refused(struct kunit *test)
{
	unsigned int class, tried = 0;

	for (class = 0; class < SLABMOD_KMALLOC_CLASSES; class++) {
		struct slabmod_cache *cache = slabmod_kmalloc_caches[class];
		size_t end = cache->objects * cache->size;
		void *p = slabmod_kmalloc(cache->size, GFP_KERNEL);
		u8 *slab = slab_address(kit_slab(p));

		if (end < cache->usual.pages * PAGE_SIZE &&
		    frame_state(chunk_frame(p)) == FRAME_SLAB) {
			KIT_EXPECT_MISUSE(test, MISUSE_INNER_FREE, cache->name,
					  slabmod_kfree(slab + end));
			KIT_EXPECT_MISUSE(test, MISUSE_INNER_FREE, cache->name,
					  KUNIT_EXPECT_EQ(test, slabmod_ksize(slab + end), 0));
			tried++;
		}
		KIT_EXPECT_NO_MISUSE(test, slabmod_kfree(p));
	}
	KUNIT_EXPECT_GT(test, tried, 0);
}

/* In a slab that is in use. */
static void test_freed_memory_has_no_size(struct kunit *test)
{
	void *p, *neighbour;

	context_pin(0);
	p = slabmod_kmalloc(100, GFP_KERNEL);
	neighbour = slabmod_kmalloc(100, GFP_KERNEL);
	KUNIT_ASSERT_TRUE(test, p && neighbour);
	KUNIT_ASSERT_PTR_EQ(test, kit_slab(p), kit_slab(neighbour));
	slabmod_kfree(p);
	/* From the magazine to the slab. */
	slabmod_cache_shrink(slab_cache(kit_slab(neighbour)));
	KIT_EXPECT_MISUSE(test, MISUSE_DOUBLE_FREE, "ksize",
			  KUNIT_EXPECT_EQ(test, slabmod_ksize(p), 0));
	KIT_EXPECT_NO_MISUSE(test, slabmod_kfree(neighbour));
}

/* ---- other addresses ---- */

static char module_data[64];

static void test_kfree_refuses_other_memory(struct kunit *test)
{
	u8 *vmalloced = vmalloc(100), *kmalloced = kmalloc(100, GFP_KERNEL);
	u8 *page = (u8 *)__get_free_page(GFP_KERNEL);
	char stacked[64];

	KUNIT_ASSERT_TRUE(test, vmalloced && kmalloced && page);
	OPTIMIZER_HIDE_VAR(vmalloced);
	OPTIMIZER_HIDE_VAR(kmalloced);
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_FREE, "stack", slabmod_kfree(stacked));
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_FREE, "vmalloc", slabmod_kfree(vmalloced));
	/* arm64 may put modules among vmalloc's areas. */
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_FREE,
			  is_vmalloc_addr(module_data) ? "vmalloc" : "module",
			  slabmod_kfree(module_data));
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_FREE, "kmalloc", slabmod_kfree(kmalloced));
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_FREE, "kernel's memory", slabmod_kfree(page));
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_FREE, "kernel's", slabmod_kfree(page + 16));
	KUNIT_EXPECT_TRUE(test, root_check());
	free_page((unsigned long)page);
	kfree(kmalloced);
	vfree(vmalloced);
}

/* Some are around the ends of the map. */
static void test_kfree_refuses_bad_addresses(struct kunit *test)
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
	KUNIT_EXPECT_TRUE(test, root_check());
}

/*
 * Distances, in spans of the map, at which two addresses have the same index in the map. With large
 * pages, the largest are multiples of the address space.
 */
static const long turns[] = { 1, -1, 3, 1 << 15, -(1l << 30) };

static void *alias_of(void *p, int i)
{
	p += turns[i] * (long)((chunk_map.mask + 1) << ROOT_SHIFT);
	OPTIMIZER_HIDE_VAR(p);
	return p;
}

static void test_kfree_refuses_aliases_in_the_map(struct kunit *test)
{
	static const size_t sizes[] = { 16, 64, 100, 256, 1536, 4096, 32768, 100000 };
	int i, k;

	for (k = 0; k < ARRAY_SIZE(sizes); k++) {
		void *p = kit_kmalloc(test, sizes[k]);

		for (i = 0; i < ARRAY_SIZE(turns); i++) {
			void *alias = alias_of(p, i);

			if (kit_same_memory(alias, p))
				continue;
			KIT_EXPECT_MISUSE(test, MISUSE_BAD_FREE, "kfree", slabmod_kfree(alias));
			KIT_EXPECT_MISUSE(test, MISUSE_BAD_FREE, "kfree",
					  slabmod_kfree_bulk(1, &alias));
			KUNIT_EXPECT_EQ(test, root_used(), slabmod_ksize(p));
		}
		KIT_EXPECT_NO_MISUSE(test, slabmod_kfree(p));
		KUNIT_EXPECT_TRUE(test, root_check());
	}
}

static void test_free_pages_refuses_aliases_in_the_map(struct kunit *test)
{
	unsigned int order;
	int i;

	for (order = 0; order <= 6; order++) {
		unsigned long addr = slabmod_get_free_pages(GFP_KERNEL, order);

		KUNIT_ASSERT_NE(test, addr, 0);
		for (i = 0; i < ARRAY_SIZE(turns); i++) {
			void *alias = alias_of((void *)addr, i);

			if (kit_same_memory(alias, (void *)addr))
				continue;
			KIT_EXPECT_MISUSE(test, MISUSE_BAD_FREE, "free_pages",
					  slabmod_free_pages((unsigned long)alias, order));
			KIT_EXPECT_MISUSE(test, MISUSE_BAD_FREE, "free_pages_exact",
					  slabmod_free_pages_exact(alias, PAGE_SIZE << order));
			KUNIT_EXPECT_EQ(test, root_used(), PAGE_SIZE << order);
		}
		KIT_EXPECT_NO_MISUSE(test, slabmod_free_pages(addr, order));
		KUNIT_EXPECT_TRUE(test, root_check());
	}
}

/* Each way to free an object makes the same report, and does nothing else. */
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
	void *object = kit_alloc(test, cache), *slab;
	int i;

	slab = slab_address(kit_slab(object));
	for (i = 0; i < ARRAY_SIZE(turns); i++)
		if (!kit_same_memory(alias_of(object, i), object))
			expect_refused(test, cache, alias_of(object, i), MISUSE_BAD_FREE);
	expect_refused(test, cache, object + 1, MISUSE_INNER_FREE);
	expect_refused(test, cache, object + 8, MISUSE_INNER_FREE);
	expect_refused(test, cache, object + size / 2, MISUSE_INNER_FREE);
	expect_refused(test, cache, object + size - 1, MISUSE_INNER_FREE);
	if (end < cache->usual.pages * PAGE_SIZE)
		expect_refused(test, cache, slab + end, MISUSE_INNER_FREE);
	/* Below all memory, where the index of a page may wrap. */
	expect_refused(test, cache, (void *)PAGE_OFFSET - size, MISUSE_BAD_FREE);
	KUNIT_EXPECT_EQ(test, cache_used(cache), 1);
	KUNIT_EXPECT_TRUE(test, cache_check(cache));
	KIT_EXPECT_NO_MISUSE(test, slabmod_cache_free(cache, object));
	KIT_EXPECT_MISUSE(test, MISUSE_DOUBLE_FREE, cache->name, slabmod_cache_free(cache, object));
	KIT_EXPECT_MISUSE(test, MISUSE_DOUBLE_FREE, cache->name,
			  slabmod_cache_free_bulk(cache, 1, &object));
	slab = slabmod_cache_alloc(cache, GFP_KERNEL);
	KUNIT_EXPECT_PTR_EQ(test, slab, object);
	slabmod_cache_free(cache, slab);
	KUNIT_EXPECT_EQ(test, cache_used(cache), 0);
	kit_destroy(test, cache);
}

static void test_cache_free_refuses_bad_addresses(struct kunit *test)
{
	static const size_t sizes[] = { 64, 192, 256, 1472, 4096, 32768 };
	struct slabmod_pool *pool = kit_pool_create(test, 8192);
	int i;

	context_pin(0);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct slabmod_cache *cache = kit_cache_in(test, pool, "guarded", sizes[i], 0);

		expect_cache_guards(test, cache);
		cache = kit_cache_in(test, pool, "guarded", sizes[i], 0);
		kit_cache_quicken(test, cache);
		expect_cache_guards(test, cache);
	}
}

/* At each place in the batch, the bad one is reported once, and the others are freed. */
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

static void test_free_bulk_skips_a_bad_pointer(struct kunit *test)
{
	static const size_t sizes[] = { 64, 112, 4096 };
	struct slabmod_pool *pool = kit_pool_create(test, 8192);
	void *p, *object;
	int i;

	context_pin(0);
	p = slabmod_kmalloc(64, GFP_KERNEL);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct slabmod_cache *cache = kit_cache_in(test, pool, "bulk", sizes[i], 0);

		object = slabmod_cache_alloc(cache, GFP_KERNEL);
		expect_bulk_refuses(test, cache, object + 8, MISUSE_INNER_FREE);
		expect_bulk_refuses(test, cache, alias_of(object, 0), MISUSE_BAD_FREE);
		expect_bulk_refuses(test, cache, (void *)PAGE_OFFSET - sizes[i], MISUSE_BAD_FREE);
		expect_bulk_refuses(test, cache, p, MISUSE_WRONG_CACHE);
		slabmod_cache_free(cache, object);
		KUNIT_EXPECT_TRUE(test, cache_check(cache));
		kit_destroy(test, cache);
	}
	slabmod_kfree(p);
}

static void test_kfree_bulk_skips_a_bad_pointer(struct kunit *test)
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

static void test_refused_address_is_not_written_to(struct kunit *test)
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

/* ---- double frees ---- */

/* Each call reports the double free itself, and has no other effect. */
static void expect_double_free_is_reported(struct kunit *test, struct slabmod_cache *cache)
{
	void *object = kit_alloc(test, cache), *keeper = kit_alloc(test, cache);
	void *two[2] = { keeper, object };

	/* The object is free in its slab, which the other one keeps. */
	KUNIT_ASSERT_PTR_EQ(test, kit_slab(object), kit_slab(keeper));
	slabmod_cache_free(cache, object);
	slabmod_cache_shrink(cache);
	KUNIT_ASSERT_EQ(test, magazine_count(cache), 0);
	expect_refused(test, cache, object, MISUSE_DOUBLE_FREE);
	KUNIT_EXPECT_EQ(test, magazine_count(cache), 0);
	KUNIT_EXPECT_EQ(test, cache_used(cache), 1);
	KIT_EXPECT_MISUSE(test, MISUSE_DOUBLE_FREE, cache->name,
			  slabmod_cache_free_bulk(cache, 2, two));
	KUNIT_EXPECT_EQ(test, cache_used(cache), 0);
	KUNIT_EXPECT_TRUE(test, cache_check(cache));
	kit_destroy(test, cache);
}

/* Slabs of one page and of several, and all kinds of check. */
static void test_double_free_of_an_object_in_its_slab_is_reported_at_once(struct kunit *test)
{
	static const size_t sizes[] = {
		16, 24, 32, 48, 64, 72, 128, 192, 256, 1000, 1024, 1472, 2048, 3000, 4096, 8192,
	};
	struct slabmod_pool *pool = kit_pool_create(test, 8192);
	struct slabmod_cache *cache;
	int i;

	context_pin(0);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		cache = kit_cache_in(test, pool, "returned", sizes[i], 0);
		expect_double_free_is_reported(test, cache);
		cache = kit_cache_in(test, pool, "returned", sizes[i], 0);
		if (!(cache->flags & CACHE_SHARES_LINES))
			kit_cache_quicken(test, cache);
		expect_double_free_is_reported(test, cache);
	}
}

static void test_double_kfree_after_the_slab_was_freed(struct kunit *test)
{
	struct slabmod_cache *cache = slabmod_kmalloc_caches[slabmod_kmalloc_class(100)];
	void *keeper = slabmod_kmalloc(SLABMOD_KMALLOC_MAX_CLASS + 1, GFP_KERNEL);
	void *p = slabmod_kmalloc(100, GFP_KERNEL);

	slabmod_kfree(p);
	slabmod_cache_shrink(cache);
	KIT_EXPECT_MISUSE(test, MISUSE_DOUBLE_FREE, "kfree", slabmod_kfree(p));
	slabmod_kfree(keeper);
	/* Free the chunk, too. */
	pool_shrink(root_pool);
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_FREE, "kfree", slabmod_kfree(p));
}

static void test_double_free_of_pages_is_refused(struct kunit *test)
{
	unsigned long reserve = root_pool->source.reserve;
	unsigned int order;

	context_pin(0);
	/* No chunk is freed to the kernel between two frees, however slow the guest is. */
	root_pool->source.reserve = LONG_MAX;
	for (order = 0; order <= SLABMOD_MAX_ORDER; order++) {
		unsigned long addr = slabmod_get_free_pages(GFP_KERNEL, order);

		slabmod_free_pages(addr, order);
		KIT_EXPECT_MISUSE(test, MISUSE_DOUBLE_FREE, "", slabmod_free_pages(addr, order));
		KUNIT_EXPECT_TRUE(test, root_check());
		KUNIT_EXPECT_EQ(test, root_used(), 0);
	}
	root_pool->source.reserve = reserve;
	pool_shrink(root_pool);
}

/* ---- the wrong call ---- */

static void test_cache_free_refuses_objects_of_other_caches(struct kunit *test)
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

static void test_objects_of_small_slabs_are_checked(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, 8192);
	struct slabmod_cache *cache = cache_create(pool, "needy", 1000, 0, 0, NULL, NULL);
	struct slabmod_cache *other = cache_create(pool, "other", 1000, 0, 0, NULL, NULL);
	u8 *object;

	if (cache->usual.pages == 1)
		kunit_skip(test, "no slab of these objects is smaller than usual");
	kit_source.max_order = 0;
	context_pin(0);
	object = kit_alloc(test, cache);
	KUNIT_ASSERT_EQ(test, frame_state(chunk_frame(object)), FRAME_SLAB_SMALL);
	KIT_EXPECT_MISUSE(test, MISUSE_INNER_FREE, "needy", slabmod_cache_free(cache, object + 8));
	KIT_EXPECT_MISUSE(test, MISUSE_WRONG_CACHE, "needy", slabmod_cache_free(other, object));
	KIT_EXPECT_NO_MISUSE(test, slabmod_cache_free(cache, object));
	KIT_EXPECT_MISUSE(test, MISUSE_DOUBLE_FREE, "needy", slabmod_cache_free(cache, object));
	KUNIT_EXPECT_EQ(test, cache_used(cache), 0);
	KUNIT_EXPECT_TRUE(test, pool_check(pool));
}

static void test_pages_are_not_freed_as_memory_nor_memory_as_pages(struct kunit *test)
{
	unsigned long addr;
	char class[20];
	void *p;

	if (2 * PAGE_SIZE > SLABMOD_CACHE_MAX_SIZE)
		kunit_skip(test, "two pages are a block, like memory of their size");
	snprintf(class, sizeof(class), "kmalloc-%lu", 2 * PAGE_SIZE);
	addr = slabmod_get_free_pages(GFP_KERNEL, 1);
	p = slabmod_kmalloc(2 * PAGE_SIZE, GFP_KERNEL);
	KIT_EXPECT_MISUSE(test, MISUSE_WRONG_CACHE, "pages", slabmod_kfree((void *)addr));
	KIT_EXPECT_MISUSE(test, MISUSE_WRONG_CACHE, "pages-1",
			  slabmod_kfree_sensitive((void *)addr));
	KIT_EXPECT_MISUSE(test, MISUSE_WRONG_CACHE, "pages-1",
			  KUNIT_EXPECT_EQ(test, slabmod_ksize((void *)addr), 0));
	KIT_EXPECT_MISUSE(test, MISUSE_WRONG_CACHE, "pages-1",
			  KUNIT_EXPECT_NULL(test, slabmod_krealloc((void *)addr, 8, GFP_KERNEL)));
	KIT_EXPECT_MISUSE(test, MISUSE_WRONG_CACHE, class,
			  slabmod_free_pages((unsigned long)p, 1));
	KIT_EXPECT_MISUSE(test, MISUSE_WRONG_CACHE, class,
			  __slabmod_free_pages(virt_to_page(p), 1));
	KIT_EXPECT_MISUSE(test, MISUSE_WRONG_CACHE, class,
			  slabmod_free_pages_exact(p, 2 * PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, root_used(), 4 * PAGE_SIZE);
	KIT_EXPECT_NO_MISUSE(test, slabmod_kfree(p));
	KIT_EXPECT_NO_MISUSE(test, slabmod_free_pages(addr, 1));
}

static void test_free_pages_refuses_bad_addresses(struct kunit *test)
{
	unsigned long small = slabmod_get_free_pages(GFP_KERNEL, 2);
	unsigned long large = slabmod_get_free_pages(GFP_KERNEL, 6);
	char stacked[64];
	const struct {
		unsigned long addr;
		unsigned int order;
	} inside[] = { { small + PAGE_SIZE, 2 }, { large + PAGE_SIZE, 0 }, { large + 8, 6 },
		       { small + 8, 2 } };
	int i;

	for (i = 0; i < ARRAY_SIZE(inside); i++)
		KIT_EXPECT_MISUSE(test, MISUSE_INNER_FREE, "free_pages",
				  slabmod_free_pages(inside[i].addr, inside[i].order));
	KIT_EXPECT_MISUSE(test, MISUSE_INNER_FREE, "free_pages",
			  slabmod_free_pages_exact((void *)(large + 1), PAGE_SIZE << 6));
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_FREE, "free_pages",
			  slabmod_free_pages((unsigned long)stacked, 0));
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_FREE, "free_pages",
			  slabmod_free_pages(~0ul & PAGE_MASK, 6));
	KIT_EXPECT_NO_MISUSE(test, slabmod_free_pages(small, 2));
	KIT_EXPECT_NO_MISUSE(test, slabmod_free_pages(large, 6));
}

/* @call returns NULL, or 0, and makes one report. */
#define REFUSED(test, kind, text, call)						\
	KIT_EXPECT_MISUSE(test, kind, text, KUNIT_EXPECT_TRUE(test, !(call)))

/* ---- sizes and orders ---- */

#define OVERFLOWS(call)	REFUSED(test, MISUSE_OVERFLOW, "overflow", call)

static void test_sizes_that_overflow_are_refused(struct kunit *test)
{
	void *p = kit_kmalloc(test, 100), *q = p;

	OVERFLOWS(slabmod_kmalloc_array(SIZE_MAX, 2, GFP_KERNEL));
	OVERFLOWS(slabmod_kmalloc_array(SIZE_MAX / 2 + 1, 2, GFP_KERNEL));
	OVERFLOWS(slabmod_kcalloc(1ul << 33, 1ul << 33, GFP_KERNEL));
	OVERFLOWS(q = slabmod_krealloc_array(p, SIZE_MAX, 16, GFP_KERNEL));
	KIT_EXPECT_NO_MISUSE(test, slabmod_kfree(p));
}

#define TOO_LARGE(text, call)	REFUSED(test, MISUSE_TOO_LARGE, text, call)

static void test_sizes_above_the_limit_are_refused(struct kunit *test)
{
	static const size_t sizes[] = { SLABMOD_KMALLOC_MAX + 1, 1ul << 32, SIZE_MAX };
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t size = sizes[i];

		TOO_LARGE("kmalloc", slabmod_kmalloc(size, GFP_KERNEL));
		TOO_LARGE("kmalloc", slabmod_kzalloc(size, GFP_KERNEL));
		TOO_LARGE("kmalloc", slabmod_kmalloc_node(size, GFP_KERNEL, 0));
		TOO_LARGE("kmalloc", slabmod_kmalloc_array(size, 1, GFP_KERNEL));
		TOO_LARGE("kmalloc", slabmod_krealloc(NULL, size, GFP_KERNEL));
		TOO_LARGE("kmalloc", slabmod_kmemdup("", size, GFP_KERNEL));
		/* Pages may be larger than the largest memory. */
		size = max(size, (PAGE_SIZE << SLABMOD_MAX_ORDER) + 1);
		TOO_LARGE("alloc_pages_exact", slabmod_alloc_pages_exact(size, GFP_KERNEL));
	}
	/* A constant size. */
	TOO_LARGE("kmalloc", slabmod_kmalloc(SLABMOD_KMALLOC_MAX + 1, GFP_KERNEL));
	TOO_LARGE("alloc_pages_exact", slabmod_alloc_pages_exact(0, GFP_KERNEL));
}

static void test_orders_above_the_limit_are_refused(struct kunit *test)
{
	static const unsigned int orders[] = { SLABMOD_MAX_ORDER + 1, 31, 32, 64, UINT_MAX };
	unsigned long addr = slabmod_get_free_page(GFP_KERNEL);
	int i;

	for (i = 0; i < ARRAY_SIZE(orders); i++) {
		TOO_LARGE("order", slabmod_get_free_pages(GFP_KERNEL, orders[i]));
		TOO_LARGE("order", slabmod_alloc_pages(GFP_KERNEL, orders[i]));
		TOO_LARGE("order", slabmod_alloc_pages_node(0, GFP_KERNEL, orders[i]));
		KIT_EXPECT_MISUSE(test, MISUSE_TOO_LARGE, "order",
				  slabmod_free_pages(addr, orders[i]));
	}
	KIT_EXPECT_MISUSE(test, MISUSE_WRONG_SIZE, "free_pages_exact",
			  slabmod_free_pages_exact((void *)addr, 0));
	KIT_EXPECT_MISUSE(test, MISUSE_WRONG_SIZE, "free_pages_exact",
			  slabmod_free_pages_exact((void *)addr, SIZE_MAX));
	KIT_EXPECT_NO_MISUSE(test, slabmod_free_page(addr));
}

/* ---- flags and nodes ---- */

static const gfp_t refused[] = { __GFP_DMA, __GFP_DMA32, (__force gfp_t)BIT(31) };

#define BAD_GFP(text, call)	REFUSED(test, MISUSE_BAD_GFP, text, call)

static void test_flags_that_cannot_be_honoured_are_refused(struct kunit *test)
{
	struct slabmod_cache *cache = slabmod_cache_create("kit-flags", 64, 0, 0, NULL);
	void *p;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, cache);
	for (i = 0; i < ARRAY_SIZE(refused); i++) {
		gfp_t gfp = GFP_KERNEL | refused[i];

		BAD_GFP("kit-flags", slabmod_cache_alloc(cache, gfp));
		BAD_GFP("kit-flags", slabmod_cache_zalloc(cache, gfp));
		BAD_GFP("kit-flags", slabmod_cache_alloc_node(cache, gfp, 0));
		BAD_GFP("kit-flags", slabmod_cache_alloc_bulk(cache, gfp, 1, &p));
		BAD_GFP("kmalloc", slabmod_kmalloc(100, gfp));
		BAD_GFP("kmalloc", slabmod_kmalloc(100000, gfp));
		BAD_GFP("kmalloc", slabmod_kstrdup("a", gfp));
		BAD_GFP("pages", slabmod_alloc_pages(gfp, 0));
		BAD_GFP("pages", slabmod_alloc_pages(gfp, 8));
		BAD_GFP("pages", slabmod_alloc_pages_exact(12288, gfp));
	}
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(cache), 0);
}

static void test_nofail_that_cannot_be_kept_is_refused(struct kunit *test)
{
	void *p = NULL;

	BAD_GFP("NOFAIL", slabmod_kmalloc(100, GFP_ATOMIC | __GFP_NOFAIL));
	BAD_GFP("NOFAIL", slabmod_kmalloc(25 * PAGE_SIZE - 9, GFP_KERNEL | __GFP_NOFAIL));
	BAD_GFP("NOFAIL", slabmod_get_free_pages(GFP_KERNEL | __GFP_NOFAIL, 5));
	KIT_EXPECT_NO_MISUSE(test, p = slabmod_kmalloc(100, GFP_KERNEL | __GFP_NOFAIL));
	KUNIT_EXPECT_NOT_NULL(test, p);
	slabmod_kfree(p);
}

#define BAD_NODE(call)	REFUSED(test, MISUSE_BAD_NODE, "no node", call)

static void test_nodes_that_do_not_exist_are_refused(struct kunit *test)
{
	const int nodes[] = { -2, nr_node_ids, MAX_NUMNODES, INT_MAX, INT_MIN };
	struct slabmod_cache *cache = slabmod_cache_create("kit-nodes", 64, 0, 0, NULL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, cache);
	for (i = 0; i < ARRAY_SIZE(nodes); i++) {
		BAD_NODE(slabmod_cache_alloc_node(cache, GFP_KERNEL, nodes[i]));
		BAD_NODE(slabmod_kmalloc_node(100, GFP_KERNEL, nodes[i]));
		BAD_NODE(slabmod_kmalloc_node(100000, GFP_KERNEL, nodes[i]));
		BAD_NODE(slabmod_alloc_pages_node(nodes[i], GFP_KERNEL, 0));
		BAD_NODE(slabmod_alloc_pages_node(nodes[i], GFP_KERNEL, 6));
	}
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(cache), 0);
}

/* ---- caches ---- */

static void test_caches_with_impossible_properties_are_refused(struct kunit *test)
{
	static const size_t sizes[] = { 0, SLABMOD_CACHE_MAX_SIZE + 1, 1ul << 32, SIZE_MAX };
	static const size_t aligns[] = { 3, 24, PAGE_SIZE + 1, 2 * PAGE_SIZE, SIZE_MAX };
	static const unsigned int flags[] = {
		0x200000, 0x100, CACHE_SHARES_LINES, CACHE_CHECK_HOME, CACHE_INTERNAL, CACHE_PAGES,
		0x80000000,
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		REFUSED(test, MISUSE_BAD_CACHE, "size",
			slabmod_cache_create("kit-bad", sizes[i], 0, 0, NULL));
	for (i = 0; i < ARRAY_SIZE(aligns); i++)
		REFUSED(test, MISUSE_BAD_CACHE, "alignment",
			slabmod_cache_create("kit-bad", 64, aligns[i], 0, NULL));
	for (i = 0; i < ARRAY_SIZE(flags); i++)
		REFUSED(test, MISUSE_BAD_CACHE, "flags",
			slabmod_cache_create("kit-bad", 64, 0, flags[i], NULL));
	/* Nor are flags that slabmod derives accepted as requested ones. */
	REFUSED(test, MISUSE_BAD_CACHE, "flags",
		cache_create(root_pool, "kit-bad", 64, 0, CACHE_CHECK_HOME, NULL, NULL));
}

static void test_bad_names_are_refused(struct kunit *test)
{
	static const char *const names[] = {
		NULL, "", "a name", "a\tname", "a\nname", "a/name", "name\x7f", "n\x01me",
		"thirty-two-characters-are-too-ma", "\nforged", "\033[31mforged", "\23331mforged",
		"forged\r", "\tforged", "\177forged",
	};
	static const unsigned int flags[] = { 0, SLABMOD_ISOLATED, 0x80000000u, CACHE_INTERNAL };
	int i, k;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		for (k = 0; k < ARRAY_SIZE(flags); k++) {
			REFUSED(test, MISUSE_BAD_CACHE, "a name must have",
				slabmod_cache_create(names[i], 64, 0, flags[k], NULL));
			KUNIT_EXPECT_EQ(test, kit_captured("forged"), 0);
		}
}

static void test_internal_caches_are_not_destroyed(struct kunit *test)
{
	unsigned int class;
	int err = 0;

	for (class = 0; class < SLABMOD_KMALLOC_CLASSES; class++) {
		KIT_EXPECT_MISUSE(test, MISUSE_BAD_CACHE, "kmalloc-",
				  err = slabmod_cache_destroy(slabmod_kmalloc_caches[class]));
		KUNIT_EXPECT_EQ(test, err, -EBUSY);
	}
}

/* ---- reports ---- */

static void test_reports_are_rate_limited_but_counted(struct kunit *test)
{
	unsigned long before = report_count(MISUSE_BAD_FREE);
	char stacked[16];
	int i;

	kit_capture_begin();
	for (i = 0; i < 200; i++)
		slabmod_kfree(stacked);
	kit_capture_end();
	KUNIT_EXPECT_EQ(test, report_count(MISUSE_BAD_FREE), before + 200);
	KUNIT_EXPECT_GE(test, kit_captured("slabmod: misuse: bad_free: "), 1);
	KUNIT_EXPECT_LE(test, kit_captured("slabmod: misuse: bad_free: "), 20);
}

static void free_inside(void *p)
{
	slabmod_kfree(p + 1);
	/* Keep the function in the stack. */
	barrier();
}

static void test_misuse_in_an_interrupt_is_reported(struct kunit *test)
{
	void *p = slabmod_kmalloc(64, GFP_KERNEL);

	KIT_EXPECT_MISUSE_FROM(test, "free_inside", MISUSE_INNER_FREE, "kmalloc-64",
			       context_softirq(free_inside, p));
	KIT_EXPECT_MISUSE_FROM(test, "free_inside", MISUSE_INNER_FREE, "kmalloc-64",
			       context_hardirq(free_inside, p));
	KIT_EXPECT_NO_MISUSE(test, slabmod_kfree(p));
}

static struct kunit_case misuse_cases[] = {
	KUNIT_CASE(test_kfree_refuses_the_middle_of_an_object),
	KUNIT_CASE(test_kfree_refuses_the_middle_of_a_block),
	KUNIT_CASE(test_freed_memory_has_no_size),
	KUNIT_CASE(test_tail_of_a_slab_is_refused),
	KUNIT_CASE(test_kfree_refuses_other_memory),
	KUNIT_CASE(test_kfree_refuses_bad_addresses),
	KUNIT_CASE(test_kfree_refuses_aliases_in_the_map),
	KUNIT_CASE(test_free_pages_refuses_aliases_in_the_map),
	KUNIT_CASE(test_cache_free_refuses_bad_addresses),
	KUNIT_CASE(test_free_bulk_skips_a_bad_pointer),
	KUNIT_CASE(test_kfree_bulk_skips_a_bad_pointer),
	KUNIT_CASE(test_refused_address_is_not_written_to),
	KUNIT_CASE(test_double_free_of_an_object_in_its_slab_is_reported_at_once),
	KUNIT_CASE(test_double_kfree_after_the_slab_was_freed),
	KUNIT_CASE(test_double_free_of_pages_is_refused),
	KUNIT_CASE(test_cache_free_refuses_objects_of_other_caches),
	KUNIT_CASE(test_objects_of_small_slabs_are_checked),
	KUNIT_CASE(test_pages_are_not_freed_as_memory_nor_memory_as_pages),
	KUNIT_CASE(test_free_pages_refuses_bad_addresses),
	KUNIT_CASE(test_sizes_that_overflow_are_refused),
	KUNIT_CASE(test_sizes_above_the_limit_are_refused),
	KUNIT_CASE(test_orders_above_the_limit_are_refused),
	KUNIT_CASE(test_flags_that_cannot_be_honoured_are_refused),
	KUNIT_CASE(test_nofail_that_cannot_be_kept_is_refused),
	KUNIT_CASE(test_nodes_that_do_not_exist_are_refused),
	KUNIT_CASE(test_caches_with_impossible_properties_are_refused),
	KUNIT_CASE(test_bad_names_are_refused),
	KUNIT_CASE(test_internal_caches_are_not_destroyed),
	KUNIT_CASE(test_reports_are_rate_limited_but_counted),
	KUNIT_CASE(test_misuse_in_an_interrupt_is_reported),
	{}
};

struct kunit_suite misuse_suite = {
	.name = "misuse",
	ROOT_SUITE_HOOKS,
	.test_cases = misuse_cases,
};
