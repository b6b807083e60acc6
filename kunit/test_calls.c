// SPDX-License-Identifier: GPL-2.0
/*
 * test_calls.c - the counterparts of the kernel's calls that are built on kmalloc and caches:
 * flags without effect, ownership, copies, calls while a lock is held, buckets, mempools and memory
 * of devices.
 */
#include <linux/device.h>
#include <linux/mm.h>
#include <linux/parser.h>
#include <linux/vmalloc.h>

#include <slabmod/devres.h>
#include <slabmod/mempool.h>
#include <slabmod/usercopy.h>

#include "context.h"
#include "root.h"
#include "suites.h"
#include "verbs_pool.h"

/* ---- flags ---- */

static const gfp_t hints[] = {
	__GFP_HIGHMEM, __GFP_MOVABLE, __GFP_RECLAIMABLE, __GFP_ACCOUNT, __GFP_COMP,
	GFP_KERNEL_ACCOUNT, GFP_HIGHUSER_MOVABLE,
};

static unsigned long hints_counted(void)
{
	return stat_sum(root_pool->source.stats, EVENT_HINT);
}

#define EXPECT_HINT(test, get, put)						\
do {										\
	unsigned long before = hints_counted();					\
	void *p = NULL;								\
										\
	KIT_EXPECT_NO_MISUSE(test, p = (void *)(get));				\
	KUNIT_EXPECT_NOT_NULL(test, p);						\
	KUNIT_EXPECT_EQ(test, hints_counted(), before + 1);			\
	put;									\
} while (0)

static void test_flags_without_effect_are_counted(struct kunit *test)
{
	struct slabmod_cache *cache = slabmod_cache_create("kit-hints", 64, 0, 0, NULL);
	void *objects[4];
	int i;

	KUNIT_ASSERT_NOT_NULL(test, cache);
	for (i = 0; i < ARRAY_SIZE(hints); i++) {
		gfp_t gfp = GFP_KERNEL | hints[i];

		EXPECT_HINT(test, slabmod_cache_alloc(cache, gfp), slabmod_cache_free(cache, p));
		EXPECT_HINT(test, slabmod_kmalloc(100, gfp), slabmod_kfree(p));
		EXPECT_HINT(test, slabmod_kmalloc(100000, gfp), slabmod_kfree(p));
		EXPECT_HINT(test, slabmod_get_free_pages(gfp, 1),
			    slabmod_free_pages((unsigned long)p, 1));
		EXPECT_HINT(test, slabmod_cache_alloc_bulk(cache, gfp, 4, objects),
			    slabmod_cache_free_bulk(cache, 4, objects));
	}
	EXPECT_HINT(test, slabmod_kzalloc(100, GFP_KERNEL_ACCOUNT),
		    KUNIT_EXPECT_TRUE(test, kit_cleared(p, 100)); slabmod_kfree(p));
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(cache), 0);
}

static void test_zone_of_the_pool_may_be_named(struct kunit *test)
{
	struct slabmod_pool_params params = SLABMOD_POOL_PARAMS_INIT;
	struct slabmod_pool *pool;
	void *p = NULL;

	params.zone = GFP_DMA32;
	pool = slabmod_pool_create("kit-zone", &params);
	if (!pool)
		kunit_skip(test, "there is no memory below 4 GiB");
	KIT_EXPECT_NO_MISUSE(test, p = slabmod_pool_kmalloc(pool, 64, GFP_KERNEL | GFP_DMA32));
	KUNIT_EXPECT_NOT_NULL(test, p);
	slabmod_kfree(p);
	KIT_EXPECT_NO_MISUSE(test, p = slabmod_pool_kmalloc(pool, 64, GFP_KERNEL));
	KUNIT_EXPECT_NOT_NULL(test, p);
	slabmod_kfree(p);
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_GFP, "kmalloc-64",
			  p = slabmod_pool_kmalloc(pool, 64, GFP_KERNEL | GFP_DMA));
	KUNIT_EXPECT_NULL(test, p);
	KUNIT_EXPECT_EQ(test, slabmod_pool_destroy(pool), 0);
}

static void test_cache_flags_without_effect_are_accepted(struct kunit *test)
{
	struct slabmod_cache *cache = NULL;

	KIT_EXPECT_NO_MISUSE(test, cache = slabmod_cache_create("kit-flags", 64, 0, CACHE_NO_EFFECT,
								NULL));
	KUNIT_ASSERT_NOT_NULL(test, cache);
	slabmod_cache_free(cache, kit_alloc(test, cache));
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(cache), 0);
}

static void test_failure_is_printed_unless_it_is_expected(struct kunit *test)
{
	struct slabmod_pool *pool = kit_module_pool(test, "kit-full", 0, SLABMOD_POOL_MIN_LIMIT);

	report_unlimit();
	kit_capture_begin();
	KUNIT_EXPECT_NULL(test, slabmod_pool_kmalloc(pool, SZ_1M, GFP_KERNEL | __GFP_NOWARN));
	kit_capture_end();
	KUNIT_EXPECT_EQ(test, kit_captured("allocation of"), 0);
	kit_capture_begin();
	KUNIT_EXPECT_NULL(test, slabmod_pool_kmalloc(pool, SZ_1M, GFP_KERNEL));
	kit_capture_end();
	KUNIT_EXPECT_EQ(test, kit_captured("allocation of 1048576 bytes failed"), 1);
	KUNIT_EXPECT_EQ(test, slabmod_pool_destroy(pool), 0);
}

/* ---- ownership ---- */

static void test_owner_of_any_address_is_known(struct kunit *test)
{
	static const size_t sizes[] = { 16, 100, 4096, 40000 };
	void *others[] = { NULL, ZERO_SIZE_PTR, (void *)0x1000, &others, test, &hints_counted,
			   (void *)0xdead000000000100ul, (void *)~0ul, (void *)PAGE_OFFSET };
	void *v = vmalloc(PAGE_SIZE);
	int i;

	kit_capture_begin();
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		char *p = kit_kmalloc(test, sizes[i]);

		KUNIT_EXPECT_TRUE(test, slabmod_owns(p));
		KUNIT_EXPECT_TRUE(test, slabmod_owns(p + sizes[i] - 1));
		KUNIT_EXPECT_TRUE(test, slabmod_dump_obj(p));
		slabmod_kfree(p);
	}
	for (i = 0; i < ARRAY_SIZE(others); i++) {
		KUNIT_EXPECT_FALSE_MSG(test, slabmod_owns(others[i]), "%d", i);
		KUNIT_EXPECT_FALSE(test, slabmod_dump_obj(others[i]));
	}
	KUNIT_EXPECT_FALSE(test, slabmod_owns(v));
	kit_capture_end();
	kit_expect_no_misuse(test, __LINE__);
	KUNIT_EXPECT_GE(test, kit_captured("belongs to kmalloc-112"), 1);
	vfree(v);
}

/* ---- memory by size ---- */

static void test_roundup_is_the_usable_size(struct kunit *test)
{
	size_t size;

	for (size = 1; size < SLABMOD_KMALLOC_MAX; size += size / 2 + 1) {
		void *p = kit_kmalloc(test, size);

		KUNIT_EXPECT_EQ(test, slabmod_kmalloc_size_roundup(size), slabmod_ksize(p));
		slabmod_kfree(p);
	}
	KUNIT_EXPECT_EQ(test, slabmod_kmalloc_size_roundup(0), 0);
	KUNIT_EXPECT_EQ(test, slabmod_kmalloc_size_roundup(SIZE_MAX), SIZE_MAX);
}

struct flexible {
	u32 n;
	u64 array[];
};

static void test_objects_of_a_type(struct kunit *test)
{
	struct flexible *f = slabmod_kmalloc_flex(struct flexible, array, 10, GFP_KERNEL);
	struct flexible *z = slabmod_kzalloc_flex(*f, array, 10, GFP_KERNEL);
	u32 *one = slabmod_kmalloc_obj(u32, GFP_KERNEL);
	u32 *some = slabmod_kzalloc_objs(*one, 9, GFP_KERNEL);
	size_t many = SIZE_MAX;

	KUNIT_ASSERT_NOT_NULL(test, f);
	KUNIT_ASSERT_NOT_NULL(test, z);
	KUNIT_EXPECT_EQ(test, slabmod_ksize(f), slabmod_kmalloc_size_roundup(88));
	KUNIT_EXPECT_TRUE(test, kit_cleared(z, 88));
	KUNIT_EXPECT_EQ(test, slabmod_ksize(one), 16);
	KUNIT_EXPECT_EQ(test, slabmod_ksize(some), 48);
	slabmod_kfree(f);
	slabmod_kfree(z);
	slabmod_kfree(one);
	slabmod_kfree(some);
	OPTIMIZER_HIDE_VAR(many);
	KIT_EXPECT_MISUSE(test, MISUSE_TOO_LARGE, "kmalloc",
			  f = slabmod_kmalloc_flex(struct flexible, array, many, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, f);
	KIT_EXPECT_MISUSE(test, MISUSE_OVERFLOW, "kmalloc",
			  one = slabmod_kmalloc_array_node(many, 2, GFP_KERNEL, NUMA_NO_NODE));
	KUNIT_EXPECT_NULL(test, one);
	one = slabmod_kcalloc_node(3, 4, GFP_KERNEL, NID);
	KUNIT_EXPECT_NOT_NULL(test, one);
	KUNIT_EXPECT_TRUE(test, kit_cleared(one, 12));
	slabmod_kfree(one);
}

static void test_krealloc_aligns(struct kunit *test)
{
	unsigned long align;
	char *p = NULL;
	void *bad = NULL;

	for (align = 1; align <= SZ_64K; align *= 2) {
		p = slabmod_krealloc_node_align(p, 40 + align / 2, align, GFP_KERNEL, NUMA_NO_NODE);
		KUNIT_ASSERT_NOT_NULL(test, p);
		KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)p, align));
		if (align > 1)
			KUNIT_EXPECT_TRUE(test, kit_filled_with(p, 0x5a, 40));
		memset(p, 0x5a, 40 + align / 2);
	}
	KIT_EXPECT_MISUSE(test, MISUSE_TOO_LARGE, "krealloc",
			  bad = slabmod_krealloc_node_align(p, 40, 3 * SZ_64K, GFP_KERNEL,
							    NUMA_NO_NODE));
	KUNIT_EXPECT_NULL(test, bad);
	KUNIT_EXPECT_TRUE(test, kit_filled_with(p, 0x5a, 40));
	slabmod_kfree(p);
}

static void test_krealloc_leaves_room_for_slow_growth(struct kunit *test)
{
	unsigned int moves = 0;
	u8 *p = NULL, *was;
	size_t size;

	for (size = 16; size <= SZ_4K; size += 16) {
		was = p;
		p = slabmod_krealloc(was, size, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, p);
		moves += p != was;
		KUNIT_EXPECT_LT(test, slabmod_ksize(p), 2 * size);
		KUNIT_EXPECT_TRUE(test, kit_filled_with(p, 0x5a, size - 16));
		memset(p + size - 16, 0x5a, 16);
	}
	/* Each power of two, or each class. */
	KUNIT_EXPECT_EQ(test, moves, want_init_on_alloc(0) ? 28 : 9);
	slabmod_kfree(p);
}

/* @room: what ksize() is then. If the kernel clears memory, it is the class of @to. */
static const struct growth {
	size_t from;
	size_t to;
	gfp_t gfp;
	size_t room;
} growths[] = {
	{ 128, 130, GFP_KERNEL, 256 },
	{ 128, 192, GFP_ATOMIC, 256 },
	{ 224, 225, GFP_KERNEL_ACCOUNT, 256 },
	{ 20000, 24000, GFP_KERNEL, 32768 },
	/* By more than half, to be cleared, and to whole pages */
	{ 128, 193, GFP_KERNEL, 224 },
	{ 128, 130, GFP_KERNEL | __GFP_ZERO, 160 },
	{ 32768, 32769, GFP_KERNEL, PAGE_ALIGN(32769) },
};

static void test_krealloc_leaves_room_only_after_little_growth(struct kunit *test)
{
	struct slabmod_cache *strict = slabmod_cache_create("kit-strict", 64, 0, SLABMOD_STRICT,
							    NULL);
	const struct growth *g;
	void *p;

	for (g = growths; g < growths + ARRAY_SIZE(growths); g++) {
		p = slabmod_krealloc(kit_kmalloc(test, g->from), g->to, g->gfp);
		KUNIT_EXPECT_EQ(test, slabmod_ksize(p), want_init_on_alloc(0) ?
				slabmod_kmalloc_size_roundup(g->to) : g->room);
		slabmod_kfree(p);
	}
	/* A strict object moves whenever it can, so that old pointers show. */
	KUNIT_ASSERT_NOT_NULL(test, strict);
	p = slabmod_krealloc(slabmod_cache_alloc(strict, GFP_KERNEL), 72, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, slabmod_ksize(p), 80);
	slabmod_kfree(p);
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(strict), 0);
}

/* Allocate until nothing is left. The objects are linked by their first words. */
static void **exhaust(size_t size)
{
	void **all = NULL, **p;

	root_dry();
	for (;;) {
		p = slabmod_kmalloc(size, GFP_KERNEL | __GFP_NOWARN);
		if (!p)
			return all;
		*p = all;
		all = p;
	}
}

static void relax(void **all)
{
	void **next;

	root_wet();
	for (; all; all = next) {
		next = *all;
		slabmod_kfree(all);
	}
}

static void test_krealloc_does_without_room(struct kunit *test)
{
	void *p = kit_kmalloc(test, 128), *q = kit_kmalloc(test, 160), *r = kit_kmalloc(test, 160);
	void **all, *bad = NULL;

	/* One report, although two sizes were to be tried. */
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_GFP, "",
			  bad = slabmod_krealloc(p, 130, GFP_KERNEL | __GFP_DMA));
	KUNIT_EXPECT_NULL(test, bad);
	memset(p, 0x5a, 128);
	all = exhaust(256);
	slabmod_kfree(q);
	q = slabmod_krealloc(p, 130, GFP_KERNEL);
	relax(all);
	KUNIT_ASSERT_NOT_NULL(test, q);
	KUNIT_EXPECT_EQ(test, slabmod_ksize(q), 160);
	KUNIT_EXPECT_TRUE(test, kit_filled_with(q, 0x5a, 128));
	slabmod_kfree(q);
	slabmod_kfree(r);
}

/* The room is a wish: only what the caller asked for is counted if it fails. */
static void test_krealloc_without_room_is_no_failure(struct kunit *test)
{
	void *p = kit_kmalloc(test, 20000), *q, **larger, **all;
	unsigned long failures;

	all = exhaust(24000);
	larger = exhaust(32768);
	KUNIT_EXPECT_NOT_NULL(test, all);
	if (all) {
		q = *all;
		slabmod_kfree(all);
		all = q;
		failures = stat_sum(root_pool->source.stats, EVENT_ALLOC_FAIL);
		q = slabmod_krealloc(p, 24000, GFP_KERNEL | __GFP_NOWARN);
		p = q ?: p;
		KUNIT_EXPECT_EQ(test, slabmod_ksize(p), 24576);
		KUNIT_EXPECT_EQ(test, stat_sum(root_pool->source.stats, EVENT_ALLOC_FAIL),
				failures);
	}
	relax(larger);
	relax(all);
	slabmod_kfree(p);
}

#if defined(DEFINE_FREE) && !defined(__CHECKER__)
static size_t used_in_scope(size_t size)
{
	void *p __free(slabmod_kfree) = slabmod_kmalloc(size, GFP_KERNEL);

	return p ? root_used() : 0;
}

static void test_scope_frees(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, used_in_scope(100), 112);
	KUNIT_EXPECT_EQ(test, root_used(), 0);
}
#else
static void test_scope_frees(struct kunit *test)
{
	kunit_skip(test, "this kernel has no <linux/cleanup.h>");
}
#endif

/* ---- calls while any lock is held ---- */

struct nolock {
	void *objects[64];
	unsigned int nr;
};

static void alloc_nolock(struct nolock *nolock)
{
	for (nolock->nr = 0; nolock->nr < ARRAY_SIZE(nolock->objects); nolock->nr++) {
		void *p = slabmod_kmalloc_nolock(200, __GFP_ZERO, NUMA_NO_NODE);

		if (!p)
			break;
		nolock->objects[nolock->nr] = p;
	}
}

static void free_nolock(struct nolock *nolock)
{
	while (nolock->nr)
		slabmod_kfree_nolock(nolock->objects[--nolock->nr]);
}

/* With every lock of the cache that this CPU could wait for held by this CPU. */
static void test_nolock_waits_for_no_lock(struct kunit *test)
{
	struct slabmod_cache *cache = root_pool->kmalloc[slabmod_kmalloc_class(200)];
	struct nolock *nolock = kit_zalloc(test, sizeof(*nolock));
	struct buddy *buddy = &root_pool->buddies[NID];
	struct slab_home *home;
	unsigned long flags;

	/* On one CPU: the magazine that gets the object is the one that is allocated from. */
	context_pin(0);
	slabmod_kfree(kit_kmalloc(test, 200));
	preempt_disable();
	home = this_cpu_ptr(cache->homes);
	raw_spin_lock_irqsave(&home->lock, flags);
	raw_spin_lock_nested(&cache->node_homes[NID].lock, SINGLE_DEPTH_NESTING);
	raw_spin_lock(&buddy->lock);
	alloc_nolock(nolock);
	free_nolock(nolock);
	raw_spin_unlock(&buddy->lock);
	raw_spin_unlock(&cache->node_homes[NID].lock);
	raw_spin_unlock_irqrestore(&home->lock, flags);
	preempt_enable();
	alloc_nolock(nolock);
	KUNIT_EXPECT_GT(test, nolock->nr, 0);
	if (nolock->nr)
		KUNIT_EXPECT_TRUE(test, kit_cleared(nolock->objects[0], 200));
	free_nolock(nolock);
}

static void test_nolock_refuses_to_reclaim(struct kunit *test)
{
	void *p = NULL;

	KIT_EXPECT_MISUSE(test, MISUSE_BAD_GFP, "kmalloc_nolock",
			  p = slabmod_kmalloc_nolock(64, GFP_KERNEL, NUMA_NO_NODE));
	KUNIT_EXPECT_NULL(test, p);
}

/* ---- copies ---- */

static void test_copies_in_a_pool(struct kunit *test)
{
	struct slabmod_pool *pool = kit_module_pool(test, "kit-copies", 0, 0);
	char text[] = "one=two", *s;
	substring_t part = { text + 4, text + 7 };
	void *copies[6];
	int i;

	copies[0] = slabmod_pool_kmemdup(pool, text, sizeof(text), GFP_KERNEL);
	copies[1] = slabmod_pool_kmemdup_nul(pool, text, 7, GFP_KERNEL);
	copies[2] = slabmod_pool_kstrdup(pool, text, GFP_KERNEL);
	copies[3] = slabmod_pool_kstrndup(pool, "one=two three", 7, GFP_KERNEL);
	copies[4] = slabmod_pool_kasprintf(pool, GFP_KERNEL, "%s=%s", "one", "two");
	s = slabmod_pool_match_strdup(pool, &part, GFP_KERNEL);
	KUNIT_EXPECT_STREQ(test, s, "two");
	KUNIT_EXPECT_STREQ(test, text, "one=two");
	copies[5] = slabmod_pool_krealloc(pool, NULL, 100, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, copies[5]);
	strscpy(copies[5], text, 100);
	copies[5] = slabmod_pool_krealloc(NULL, copies[5], 3000, GFP_KERNEL);
	slabmod_pool_kfree(pool, s);
	for (i = 0; i < ARRAY_SIZE(copies); i++) {
		KUNIT_ASSERT_NOT_NULL(test, copies[i]);
		KUNIT_EXPECT_STREQ(test, copies[i], "one=two");
		KUNIT_EXPECT_PTR_EQ(test, pool_of(chunk_of(copies[i])), pool);
		KIT_EXPECT_NO_MISUSE(test, slabmod_pool_kfree(pool, copies[i]));
	}
	KUNIT_EXPECT_EQ(test, slabmod_pool_destroy(pool), 0);
}

static void test_constants_are_copied(struct kunit *test)
{
	static const char constant[] = "constant";
	const char *s = slabmod_kstrdup_const(constant, GFP_KERNEL);

	KUNIT_EXPECT_STREQ(test, s, constant);
	KUNIT_EXPECT_TRUE(test, slabmod_owns(s));
	KIT_EXPECT_NO_MISUSE(test, slabmod_kfree_const(s));
	KUNIT_EXPECT_NULL(test, slabmod_kstrdup_const(NULL, GFP_KERNEL));
}

/* ---- buckets ---- */

static void test_buckets_share_no_slab(struct kunit *test)
{
	struct slabmod_buckets *buckets;
	size_t size;
	int err = 0;

	buckets = slabmod_buckets_create("kit-bucket", 0, 0, UINT_MAX, NULL);
	KUNIT_ASSERT_NOT_NULL(test, buckets);
	for (size = 1; size < SZ_128K; size += size / 2 + 1) {
		void *p = slabmod_buckets_alloc(buckets, size, GFP_KERNEL | __GFP_ZERO);

		KUNIT_ASSERT_NOT_NULL(test, p);
		KUNIT_EXPECT_TRUE(test, kit_cleared(p, size));
		KUNIT_EXPECT_EQ(test, slabmod_ksize(p), slabmod_kmalloc_size_roundup(size));
		KUNIT_EXPECT_TRUE(test, slabmod_usercopy_allowed(p, size, true));
		if (size <= SLABMOD_KMALLOC_MAX_CLASS)
			KUNIT_EXPECT_NE(test, strncmp(slab_cache(kit_slab(p))->name, "kmalloc", 7),
					0);
		if (size == 1) {
			KIT_EXPECT_MISUSE(test, MISUSE_CACHE_BUSY, "kit-bucket-16",
					  err = slabmod_buckets_destroy(buckets));
			KUNIT_EXPECT_EQ(test, err, -EBUSY);
		}
		slabmod_kfree(p);
	}
	KUNIT_EXPECT_EQ(test, slabmod_buckets_destroy(buckets), 0);
	KUNIT_EXPECT_EQ(test, slabmod_buckets_destroy(NULL), 0);
}

static void test_bad_buckets_are_refused(struct kunit *test)
{
	void *buckets = NULL;

	KIT_EXPECT_MISUSE(test, MISUSE_BAD_CACHE, "a name must have",
			  buckets = slabmod_buckets_create("a bucket", 0, 0, 0, NULL));
	KUNIT_EXPECT_NULL(test, buckets);
	/* Too long with a size behind it: the first ones are destroyed again. */
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_CACHE, "a name must have",
			  buckets = slabmod_buckets_create("a-name-of-twenty-eight-chars", 0, 0, 0,
							   NULL));
	KUNIT_EXPECT_NULL(test, buckets);
}

/* ---- mempools and devices ---- */

static void use_mempool(struct kunit *test, mempool_t *mempool)
{
	void *elements[8];
	int i;

	KUNIT_ASSERT_NOT_NULL(test, mempool);
	for (i = 0; i < ARRAY_SIZE(elements); i++) {
		elements[i] = mempool_alloc(mempool, GFP_KERNEL);
		KUNIT_EXPECT_NOT_NULL(test, elements[i]);
	}
	for (i = 0; i < ARRAY_SIZE(elements); i++)
		mempool_free(elements[i], mempool);
	mempool_destroy(mempool);
}

static void test_mempools(struct kunit *test)
{
	struct slabmod_cache *cache = slabmod_cache_create("kit-mempool", 64, 0, 0, NULL);
	mempool_t mempool;

	KUNIT_ASSERT_NOT_NULL(test, cache);
	KIT_EXPECT_NO_MISUSE(test,
			     use_mempool(test, slabmod_mempool_create_slab_pool(4, cache)));
	KIT_EXPECT_NO_MISUSE(test,
			     use_mempool(test, slabmod_mempool_create_kmalloc_pool(4, 100)));
	KIT_EXPECT_NO_MISUSE(test, use_mempool(test, slabmod_mempool_create_page_pool(4, 1)));
	KUNIT_EXPECT_EQ(test, slabmod_mempool_init_slab_pool(&mempool, 4, cache), 0);
	KUNIT_EXPECT_EQ(test, cache_used(cache), 4);
	mempool_exit(&mempool);
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(cache), 0);
}

static void test_memory_is_freed_with_its_device(struct kunit *test)
{
	struct device *dev = root_device_register("kit-device");
	char *s, *early;

	KUNIT_ASSERT_FALSE(test, IS_ERR(dev));
	early = devm_slabmod_kcalloc(dev, 10, 10, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, early);
	KUNIT_EXPECT_TRUE(test, kit_cleared(early, 100));
	s = devm_slabmod_kstrdup(dev, "device", GFP_KERNEL);
	KUNIT_EXPECT_STREQ(test, s, "device");
	KUNIT_EXPECT_NOT_NULL(test, devm_slabmod_kmemdup(dev, s, 3, GFP_KERNEL));
	KUNIT_EXPECT_NOT_NULL(test, devm_slabmod_kzalloc(dev, 1000, GFP_KERNEL));
	KUNIT_EXPECT_PTR_EQ(test, devm_slabmod_kmalloc(dev, 0, GFP_KERNEL), ZERO_SIZE_PTR);
	KUNIT_EXPECT_EQ(test, root_used(), 112 + 16 + 16 + 1024);
	devm_slabmod_kfree(dev, early);
	devm_slabmod_kfree(dev, NULL);
	KUNIT_EXPECT_EQ(test, root_used(), 16 + 16 + 1024);
	KIT_EXPECT_NO_MISUSE(test, root_device_unregister(dev));
	KUNIT_EXPECT_EQ(test, root_used(), 0);
}

static struct kunit_case calls_cases[] = {
	KUNIT_CASE(test_flags_without_effect_are_counted),
	KUNIT_CASE(test_zone_of_the_pool_may_be_named),
	KUNIT_CASE(test_cache_flags_without_effect_are_accepted),
	KUNIT_CASE(test_failure_is_printed_unless_it_is_expected),
	KUNIT_CASE(test_owner_of_any_address_is_known),
	KUNIT_CASE(test_roundup_is_the_usable_size),
	KUNIT_CASE(test_objects_of_a_type),
	KUNIT_CASE(test_krealloc_aligns),
	KUNIT_CASE(test_krealloc_leaves_room_for_slow_growth),
	KUNIT_CASE(test_krealloc_without_room_is_no_failure),
	KUNIT_CASE(test_krealloc_leaves_room_only_after_little_growth),
	KUNIT_CASE(test_krealloc_does_without_room),
	KUNIT_CASE(test_scope_frees),
	KUNIT_CASE(test_nolock_waits_for_no_lock),
	KUNIT_CASE(test_nolock_refuses_to_reclaim),
	KUNIT_CASE(test_copies_in_a_pool),
	KUNIT_CASE(test_constants_are_copied),
	KUNIT_CASE(test_buckets_share_no_slab),
	KUNIT_CASE(test_bad_buckets_are_refused),
	KUNIT_CASE(test_mempools),
	KUNIT_CASE(test_memory_is_freed_with_its_device),
	{}
};

struct kunit_suite calls_suite = {
	.name = "calls",
	ROOT_SUITE_HOOKS,
	.test_cases = calls_cases,
};
