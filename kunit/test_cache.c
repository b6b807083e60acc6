// SPDX-License-Identifier: GPL-2.0
/*
 * test_cache.c - what typed caches promise: sizes, alignments, names, constructed
 * state, and an end that takes nothing from anybody.
 */
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/slab.h>

#include <slabmod/cache.h>

#include "cache.h"
#include "cache_list.h"
#include "context.h"
#include "kit.h"
#include "magazine_set.h"
#include "pattern.h"
#include "pool_check.h"
#include "suites.h"
#include "test_cache.h"

#define LIMIT	8192	/* pages */

static struct slabmod_cache *create(struct kunit *test, struct slabmod_pool *pool, size_t size,
				    void (*ctor)(void *object))
{
	struct slabmod_cache *cache;

	cache = cache_create(pool, "kit-cache", size, 0, 0, ctor, THIS_MODULE);
	KUNIT_ASSERT_NOT_NULL(test, cache);
	return cache;
}

static void expect_nothing_lost(struct kunit *test, struct slabmod_cache *cache)
{
	KUNIT_EXPECT_EQ(test, cache_used(cache), 0);
	KUNIT_EXPECT_TRUE(test, cache_check(cache));
	KUNIT_EXPECT_TRUE(test, pool_check(cache->pool));
	KUNIT_EXPECT_EQ(test, cache_destroy(cache), 0);
}

/* ---- properties ---- */

/* Some objects of a cache: apart from each other, aligned, and their own to the last byte. */
static void expect_good_objects(struct kunit *test, struct slabmod_cache *cache, size_t size,
				size_t align)
{
	struct piece pieces[20];
	int i;

	KUNIT_EXPECT_GE(test, slabmod_cache_size(cache), size);
	KUNIT_EXPECT_TRUE(test, IS_ALIGNED(slabmod_cache_size(cache), align));
	for (i = 0; i < ARRAY_SIZE(pieces); i++) {
		void *object = slabmod_cache_alloc(cache, GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, object);
		KUNIT_EXPECT_TRUE_MSG(test, IS_ALIGNED((unsigned long)object, align),
				      "size %zu, alignment %zu", size, align);
		piece_fill(&pieces[i], object, slabmod_cache_size(cache), i);
	}
	for (i = 0; i < ARRAY_SIZE(pieces); i++) {
		KUNIT_EXPECT_TRUE_MSG(test, piece_intact(&pieces[i]), "size %zu, alignment %zu",
				      size, align);
		slabmod_cache_free(cache, pieces[i].memory);
	}
}

static const size_t some_sizes[] = {
	1, 8, 16, 17, 24, 40, 63, 64, 65, 100, 192, 320, 1000, 1024, 2040, 4095, 4096, 4097,
	7000, 12288, 20000, 32767, 32768,
};

static void test_sizes_and_alignments_are_as_asked_for(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, LIMIT);
	size_t align;
	int i;

	for (i = 0; i < ARRAY_SIZE(some_sizes); i++) {
		for (align = 1; align <= PAGE_SIZE; align *= align < 64 ? 2 : 4) {
			struct slabmod_cache *cache = cache_create(pool, "aligned", some_sizes[i],
								   align, 0, NULL, NULL);

			KUNIT_ASSERT_NOT_NULL(test, cache);
			expect_good_objects(test, cache, some_sizes[i], align);
			expect_nothing_lost(test, cache);
		}
	}
}

static void test_objects_are_aligned_to_a_pointer_if_nothing_is_said(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, LIMIT);
	int i;

	for (i = 0; i < ARRAY_SIZE(some_sizes); i++) {
		struct slabmod_cache *cache = create(test, pool, some_sizes[i], NULL);

		expect_good_objects(test, cache, some_sizes[i], sizeof(void *));
		expect_nothing_lost(test, cache);
	}
}

static void test_hwcache_align_aligns_to_lines_or_even_parts_of_them(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, LIMIT);
	unsigned int line = cache_line_size();
	size_t size;

	for (size = 1; size < 4 * line; size += 3) {
		size_t align = clamp_t(size_t, roundup_pow_of_two(size), SLAB_MIN_SIZE, line);
		struct slabmod_cache *cache = cache_create(pool, "lines", size, 0,
							   SLABMOD_HWCACHE_ALIGN, NULL, NULL);

		KUNIT_ASSERT_NOT_NULL(test, cache);
		expect_good_objects(test, cache, size, align);
		expect_nothing_lost(test, cache);
	}
}

static void test_size_is_what_lies_between_objects(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, LIMIT);
	struct slabmod_cache *cache;

	cache = cache_create(pool, "size", 100, 64, 0, NULL, NULL);
	KUNIT_ASSERT_NOT_NULL(test, cache);
	KUNIT_EXPECT_EQ(test, slabmod_cache_size(cache), 128);
	expect_nothing_lost(test, cache);
	cache = cache_create(pool, "size", 3, 0, 0, NULL, NULL);
	KUNIT_ASSERT_NOT_NULL(test, cache);
	KUNIT_EXPECT_EQ(test, slabmod_cache_size(cache), SLAB_MIN_SIZE);
	expect_nothing_lost(test, cache);
}

static void test_name_is_copied_and_free_again_after_the_end(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, LIMIT);
	char name[] = "a-name-of-thirty-one-characters";
	struct slabmod_cache *cache;
	int i;

	KUNIT_ASSERT_EQ(test, strlen(name), SLABMOD_CACHE_NAME_MAX);
	for (i = 0; i < 2; i++) {
		cache = cache_create(pool, name, 64, 0, 0, NULL, NULL);
		KUNIT_ASSERT_NOT_NULL(test, cache);
		name[0] = 'b';
		KUNIT_EXPECT_STREQ(test, cache->name, "a-name-of-thirty-one-characters");
		name[0] = 'a';
		KUNIT_EXPECT_EQ(test, cache_destroy(cache), 0);
	}
}

/* Of the root pool, which is in debugfs. */
static struct slabmod_cache *create_named(struct kunit *test, const char *name)
{
	struct slabmod_cache *cache = slabmod_cache_create(name, 64, 0, 0, NULL);

	KUNIT_ASSERT_NOT_NULL(test, cache);
	KUNIT_EXPECT_STREQ(test, cache->name, name);
	return cache;
}

static void expect_folder(struct kunit *test, struct slabmod_cache *cache, const char *name)
{
	if (!IS_ENABLED(CONFIG_DEBUG_FS))
		kunit_skip(test, "there is no debugfs");
	KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(cache->debugfs));
	KUNIT_EXPECT_STREQ(test, (const char *)cache->debugfs->d_name.name, name);
}

/* As two devices have it that each make a cache of the same name. */
static void test_caches_of_one_name_are_told_apart(struct kunit *test)
{
	struct slabmod_cache *caches[4];
	void *objects[4];
	int i;

	for (i = 0; i < 3; i++)
		KIT_EXPECT_NO_MISUSE(test, caches[i] = create_named(test, "kit-twin"));
	expect_folder(test, caches[0], "kit-twin");
	expect_folder(test, caches[1], "kit-twin-2");
	expect_folder(test, caches[2], "kit-twin-3");
	for (i = 0; i < 3; i++) {
		objects[i] = slabmod_cache_alloc(caches[i], GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, objects[i]);
	}
	KIT_EXPECT_MISUSE(test, MISUSE_WRONG_CACHE, "is an object of kit-twin",
			  slabmod_cache_free(caches[0], objects[1]));
	for (i = 0; i < 3; i++)
		slabmod_cache_free(caches[i], objects[i]);
	/* What one of them is called does not depend on the end of another. */
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(caches[0]), 0);
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(caches[1]), 0);
	expect_folder(test, caches[2], "kit-twin-3");
	caches[3] = create_named(test, "kit-twin");
	expect_folder(test, caches[3], "kit-twin-4");
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(caches[2]), 0);
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(caches[3]), 0);
	caches[0] = create_named(test, "kit-twin");
	expect_folder(test, caches[0], "kit-twin");
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(caches[0]), 0);
}

static void test_name_with_a_number_may_be_taken(struct kunit *test)
{
	static const struct {
		const char *name, *folder;
	} made[] = {
		{ "kit-tw-2", "kit-tw-2" }, { "kit-tw", "kit-tw" }, { "kit-tw", "kit-tw-3" },
		{ "kit-tw-2", "kit-tw-2-2" }, { "kit-tw-3", "kit-tw-3-2" },
		{ "kit-tw", "kit-tw-4" },
		{ "a-name-of-thirty-one-characters", "a-name-of-thirty-one-characters" },
		{ "a-name-of-thirty-one-characters", "a-name-of-thirty-one-characters-2" },
	};
	struct slabmod_cache *caches[ARRAY_SIZE(made)];
	int i;

	for (i = 0; i < ARRAY_SIZE(made); i++) {
		caches[i] = create_named(test, made[i].name);
		expect_folder(test, caches[i], made[i].folder);
	}
	while (i--)
		KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(caches[i]), 0);
}

static void test_callers_may_use_names_of_slabmods_own(struct kunit *test)
{
	struct slabmod_cache *cache = create_named(test, "kmalloc-64");

	expect_folder(test, cache, "kmalloc-64-2");
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(cache), 0);
}

static void test_fragmented_memory_serves_too(struct kunit *test)
{
	static const size_t sizes[] = { 16, 100, 700, 1500, 3000, 4096 };
	struct slabmod_pool *pool = kit_pool_create(test, LIMIT);
	int i;

	kit_source.max_order = 0;
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct slabmod_cache *cache = create(test, pool, sizes[i], NULL);

		expect_good_objects(test, cache, sizes[i], 8);
		expect_nothing_lost(test, cache);
	}
}

struct kit_person {
	char initial;
	u64 born;
} __aligned(32);

static void test_macro_takes_size_and_alignment_of_a_structure(struct kunit *test)
{
	struct slabmod_cache *cache = SLABMOD_CACHE(kit_person, 0);

	KUNIT_ASSERT_NOT_NULL(test, cache);
	KUNIT_EXPECT_STREQ(test, cache->name, "kit_person");
	KUNIT_EXPECT_EQ(test, slabmod_cache_size(cache), sizeof(struct kit_person));
	expect_good_objects(test, cache, sizeof(struct kit_person), 32);
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(cache), 0);
}

static void test_nothing_may_be_destroyed_and_freed(struct kunit *test)
{
	struct slabmod_cache *cache = create(test, kit_pool_create(test, LIMIT), 64, NULL);
	void *nothing[3] = { NULL };

	KIT_EXPECT_NO_MISUSE(test, slabmod_cache_free(cache, NULL));
	KIT_EXPECT_NO_MISUSE(test, slabmod_cache_free_bulk(cache, 3, nothing));
	KIT_EXPECT_NO_MISUSE(test, slabmod_cache_free_bulk(cache, 0, NULL));
	KIT_EXPECT_NO_MISUSE(test, KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(NULL), 0));
	expect_nothing_lost(test, cache);
}

/* ---- state ---- */

struct built {
	u64 magic;
	u64 work[5];
};

static unsigned int constructed;
static bool constructed_atomic;

static void construct(void *object)
{
	struct built *built = object;

	built->magic = 0x5ab;
	constructed++;
	constructed_atomic |= !preemptible();
}

static void test_constructor_runs_once_an_object(struct kunit *test)
{
	struct slabmod_cache *cache;
	struct built *built[200];
	int round, i;

	constructed = 0;
	constructed_atomic = false;
	cache = create(test, kit_pool_create(test, LIMIT), sizeof(struct built), construct);
	for (round = 0; round < 5; round++) {
		for (i = 0; i < ARRAY_SIZE(built); i++) {
			built[i] = slabmod_cache_alloc(cache, GFP_KERNEL);
			KUNIT_ASSERT_NOT_NULL(test, built[i]);
			KUNIT_EXPECT_EQ(test, built[i]->magic, 0x5ab);
			memset(built[i]->work, round, sizeof(built[i]->work));
		}
		for (i = 0; i < ARRAY_SIZE(built); i++)
			slabmod_cache_free(cache, built[i]);
	}
	KUNIT_EXPECT_GE(test, constructed, ARRAY_SIZE(built));
	KUNIT_EXPECT_EQ(test, constructed - cache->objects * stat_sum(cache->stats, STAT_SLAB_NEW),
			0);
	KUNIT_EXPECT_FALSE_MSG(test, constructed_atomic, "not where the caller may sleep");
	expect_nothing_lost(test, cache);
}

static void test_constructed_objects_that_were_cleared_are_constructed_again(struct kunit *test)
{
	struct slabmod_cache *cache;
	struct built *built, *again;

	cache = create(test, kit_pool_create(test, LIMIT), sizeof(struct built), construct);
	context_pin(0);
	built = slabmod_cache_alloc(cache, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, built);
	memset(built, 0x77, sizeof(*built));
	slabmod_kfree_sensitive(built);
	again = slabmod_cache_alloc(cache, GFP_KERNEL);
	KUNIT_ASSERT_PTR_EQ(test, again, built);
	KUNIT_EXPECT_EQ(test, again->magic, 0x5ab);
	KUNIT_EXPECT_NULL(test, memchr_inv(again->work, 0, sizeof(again->work)));
	slabmod_cache_free(cache, again);
	expect_nothing_lost(test, cache);
}

static void test_constructed_objects_keep_their_state(struct kunit *test)
{
	struct slabmod_cache *cache;
	struct built *built, *again;

	cache = create(test, kit_pool_create(test, LIMIT), sizeof(struct built), construct);
	context_pin(0);
	built = slabmod_cache_alloc(cache, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, built);
	memset(built, 0x77, sizeof(*built));
	slabmod_cache_free(cache, built);
	again = slabmod_cache_alloc(cache, GFP_KERNEL);
	KUNIT_EXPECT_PTR_EQ(test, again, built);
	KUNIT_EXPECT_FALSE(test, memchr_inv(again, 0x77, sizeof(*again)));
	slabmod_cache_free(cache, again);
	expect_nothing_lost(test, cache);
}

static void test_zalloc_clears_to_the_last_byte(struct kunit *test)
{
	struct slabmod_cache *cache = create(test, kit_pool_create(test, LIMIT), 200, NULL);
	void *objects[100];
	int round, i;

	for (round = 0; round < 2; round++) {
		for (i = 0; i < 100; i++) {
			objects[i] = slabmod_cache_zalloc(cache, GFP_KERNEL);
			KUNIT_ASSERT_NOT_NULL(test, objects[i]);
			KUNIT_EXPECT_FALSE(test, memchr_inv(objects[i], 0, 200));
			memset(objects[i], 0xff, 200);
		}
		slabmod_cache_free_bulk(cache, 100, objects);
	}
	KUNIT_ASSERT_EQ(test, slabmod_cache_alloc_bulk(cache, GFP_KERNEL | __GFP_ZERO, 100,
						       objects), 100);
	for (i = 0; i < 100; i++)
		KUNIT_EXPECT_FALSE(test, memchr_inv(objects[i], 0, 200));
	slabmod_cache_free_bulk(cache, 100, objects);
	expect_nothing_lost(test, cache);
}

/* ---- the end ---- */

static void test_live_objects_keep_their_cache_alive(struct kunit *test)
{
	struct slabmod_cache *cache = create(test, kit_pool_create(test, LIMIT), 64, NULL);
	void *objects[3];
	int err;

	KUNIT_ASSERT_EQ(test, slabmod_cache_alloc_bulk(cache, GFP_KERNEL, 3, objects), 3);
	KIT_EXPECT_MISUSE(test, MISUSE_CACHE_BUSY, "kit-cache: destroyed with 3 live objects",
			  err = cache_destroy(cache));
	KUNIT_EXPECT_EQ(test, err, -EBUSY);
	KUNIT_EXPECT_EQ(test, kit_captured("kit-cache object "), 3);
	expect_good_objects(test, cache, 64, 8);
	slabmod_cache_free_bulk(cache, 3, objects);
	KIT_EXPECT_NO_MISUSE(test, expect_nothing_lost(test, cache));
}

static void test_long_list_of_live_objects_is_cut(struct kunit *test)
{
	struct slabmod_cache *cache = create(test, kit_pool_create(test, LIMIT), 64, NULL);
	void **objects = kunit_kcalloc(test, 100, sizeof(*objects), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, objects);
	KUNIT_ASSERT_EQ(test, slabmod_cache_alloc_bulk(cache, GFP_KERNEL, 100, objects), 100);
	KIT_EXPECT_MISUSE(test, MISUSE_CACHE_BUSY, "100 live objects", cache_destroy(cache));
	KUNIT_EXPECT_LT(test, kit_captured("kit-cache object "), 100);
	KUNIT_EXPECT_EQ(test, kit_captured(" more"), 1);
	slabmod_cache_free_bulk(cache, 100, objects);
	expect_nothing_lost(test, cache);
}

static void test_free_objects_in_magazines_do_not_keep_a_cache_alive(struct kunit *test)
{
	struct slabmod_cache *cache = create(test, kit_pool_create(test, LIMIT), 64, NULL);
	unsigned int n;

	for (n = 0; n < num_online_cpus(); n++) {
		context_pin(n);
		slabmod_cache_free(cache, slabmod_cache_alloc(cache, GFP_KERNEL));
	}
	KUNIT_EXPECT_GT(test, magazine_count(cache), 0);
	KIT_EXPECT_NO_MISUSE(test, KUNIT_EXPECT_EQ(test, cache_destroy(cache), 0));
}

static struct kunit_case cache_cases[] = {
	KUNIT_CASE(test_sizes_and_alignments_are_as_asked_for),
	KUNIT_CASE(test_objects_are_aligned_to_a_pointer_if_nothing_is_said),
	KUNIT_CASE(test_hwcache_align_aligns_to_lines_or_even_parts_of_them),
	KUNIT_CASE(test_size_is_what_lies_between_objects),
	KUNIT_CASE(test_name_is_copied_and_free_again_after_the_end),
	KUNIT_CASE(test_caches_of_one_name_are_told_apart),
	KUNIT_CASE(test_name_with_a_number_may_be_taken),
	KUNIT_CASE(test_callers_may_use_names_of_slabmods_own),
	KUNIT_CASE(test_macro_takes_size_and_alignment_of_a_structure),
	KUNIT_CASE(test_nothing_may_be_destroyed_and_freed),
	KUNIT_CASE(test_constructor_runs_once_an_object),
	KUNIT_CASE(test_constructed_objects_that_were_cleared_are_constructed_again),
	KUNIT_CASE(test_constructed_objects_keep_their_state),
	KUNIT_CASE(test_zalloc_clears_to_the_last_byte),
	KUNIT_CASE(test_live_objects_keep_their_cache_alive),
	KUNIT_CASE(test_long_list_of_live_objects_is_cut),
	KUNIT_CASE(test_free_objects_in_magazines_do_not_keep_a_cache_alive),
	KUNIT_CASE(test_bulk_gives_as_many_as_asked_for),
	KUNIT_CASE(test_bulk_gives_nothing_when_it_cannot_give_all),
	KUNIT_CASE(test_node_asked_for_is_the_node_given),
	KUNIT_CASE(test_full_node_lets_another_serve_unless_it_must_be_this),
	KUNIT_CASE(test_no_node_means_the_callers_own),
	KUNIT_CASE(test_shrink_gives_every_free_page_back),
	KUNIT_CASE(test_slab_is_made_only_when_all_are_full),
	KUNIT_CASE(test_no_memory_gives_null_for_every_kind_of_gfp),
	KUNIT_CASE(test_kernel_is_asked_for_no_more_than_the_caller_allows),
	KUNIT_CASE(test_limit_holds_even_for_those_who_must_not_fail),
	KUNIT_CASE(test_fragmented_memory_serves_too),
	KUNIT_CASE(test_random_calls_with_failures_lose_nothing),
	KUNIT_CASE(test_atomic_callers_may_take_and_give),
	KUNIT_CASE(test_softirqs_may_take_and_give),
	KUNIT_CASE(test_hardirqs_may_take_and_give),
	KUNIT_CASE(test_nmis_may_take_what_is_there_and_give),
	KUNIT_CASE(test_nmis_leave_a_full_magazine_as_it_is),
	KUNIT_CASE(test_nmis_amid_a_call_wait_for_nothing_and_lose_nothing),
	{}
};

struct kunit_suite cache_suite = {
	.name = "cache",
	KIT_SUITE_HOOKS,
	.test_cases = cache_cases,
};
