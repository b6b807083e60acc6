// SPDX-License-Identifier: GPL-2.0
/*
 * test_debug.c - what is caught of callers' errors with objects that are debugged, and
 * who is named.
 *
 * Each error is made on purpose, once, and looked for on the console. Under KASAN the same
 * errors are KASAN's to report, and a report of its own fails a run: there it is the shadow
 * that is looked at.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <slabmod/slabmod.h>

#include "cache.h"
#include "cache_list.h"
#include "context.h"
#include "debug/callsites.h"
#include "debug/debug.h"
#include "debug/quarantine.h"
#include "kit.h"
#include "suites.h"
#include "test_debug.h"

/* Out of line, so that their names are in the stacks. */
noinline void *debug_victim_alloc(struct slabmod_cache *cache)
{
	void *p = slabmod_cache_alloc(cache, GFP_KERNEL);

	barrier();
	return p;
}

noinline void debug_culprit_free(struct slabmod_cache *cache, void *object)
{
	slabmod_cache_free(cache, object);
	barrier();
}

/* Nothing that the compiler could know to be wrong. */
void debug_poke(void *p, long offset, u8 value)
{
	u8 *at = p;

	OPTIMIZER_HIDE_VAR(at);
	WRITE_ONCE(at[offset], value);
}

static u8 peek(const void *p, long offset)
{
	const u8 *at = p;

	OPTIMIZER_HIDE_VAR(at);
	return READ_ONCE(at[offset]);
}

struct slabmod_cache *debug_test_cache(struct kunit *test, size_t size, unsigned int flags,
				       void (*ctor)(void *object))
{
	struct slabmod_cache *cache;

	cache = cache_create(kit_pool_create(test, 16384), "kit-debug", size, 0,
			     SLABMOD_DEBUG | flags, ctor, THIS_MODULE);
	KUNIT_ASSERT_NOT_NULL(test, cache);
	return cache;
}

void debug_may_spoil(struct kunit *test)
{
	if (IS_ENABLED(CONFIG_KASAN))
		kunit_skip(test, "KASAN reports such errors before");
}

struct slabmod_cache *debug_cache_to_spoil(struct kunit *test, size_t size, unsigned int flags,
					   void (*ctor)(void *object))
{
	debug_may_spoil(test);
	return debug_test_cache(test, size, flags, ctor);
}

static const size_t sizes[] = { 1, 13, 16, 24, 64, 96, 100, 512, 4000, 4096, 5000, 32768 };

static void size_text(const size_t *size, char *text)
{
	snprintf(text, KUNIT_PARAM_DESC_SIZE, "%zu bytes", *size);
}

KUNIT_ARRAY_PARAM(size, sizes, size_text);

static size_t size_of(struct kunit *test)
{
	return *(const size_t *)test->param_value;
}

/* ---- overruns ---- */

static void test_byte_behind_an_object_is_reported_with_both_stacks(struct kunit *test)
{
	size_t size = size_of(test);
	struct slabmod_cache *cache = debug_cache_to_spoil(test, size, 0, NULL);
	void *victim = debug_victim_alloc(cache), *neighbour = debug_victim_alloc(cache);
	char text[48];

	memset(victim, 0x11, size);
	memset(neighbour, 0x22, size);
	debug_poke(victim, size, 0x33);
	snprintf(text, sizeof(text), "the first at offset %zu", size);
	KIT_EXPECT_MISUSE(test, MISUSE_OVERRUN, text, debug_culprit_free(cache, victim));
	KUNIT_EXPECT_EQ(test, kit_captured("1 bytes behind object"), 1);
	KUNIT_EXPECT_TRUE(test, kit_captured_stack("slabmod:   allocated ", "debug_victim_alloc"));
	KUNIT_EXPECT_TRUE(test, kit_captured_stack("slabmod:   freed ", "debug_culprit_free"));
	/* One error, one report: it is nobody else's. */
	KIT_EXPECT_NO_MISUSE(test, debug_culprit_free(cache, neighbour));
	KIT_EXPECT_NO_MISUSE(test, slabmod_cache_shrink(cache));
}

static void test_byte_before_an_object_is_reported_with_both_stacks(struct kunit *test)
{
	struct slabmod_cache *cache = debug_cache_to_spoil(test, size_of(test), 0, NULL);
	void *neighbour = debug_victim_alloc(cache), *victim = debug_victim_alloc(cache);

	debug_poke(victim, -1, 0x33);
	KIT_EXPECT_NO_MISUSE(test, debug_culprit_free(cache, neighbour));
	KIT_EXPECT_MISUSE(test, MISUSE_OVERRUN, "the first at offset -1",
			  debug_culprit_free(cache, victim));
	KUNIT_EXPECT_EQ(test, kit_captured("1 bytes before object"), 1);
	KUNIT_EXPECT_TRUE(test, kit_captured_stack("slabmod:   allocated ", "debug_victim_alloc"));
	KUNIT_EXPECT_TRUE(test, kit_captured_stack("slabmod:   freed ", "debug_culprit_free"));
	KIT_EXPECT_NO_MISUSE(test, slabmod_cache_shrink(cache));
}

/* The first and the last object of a slab have no neighbour of the cache's. */
static void test_first_and_last_object_have_zones_on_both_sides(struct kunit *test)
{
	struct slabmod_cache *cache = debug_cache_to_spoil(test, size_of(test), 0, NULL);
	unsigned int nr = cache->objects, i;
	size_t size = size_of(test);
	void **objects = kunit_kcalloc(test, nr, sizeof(void *), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, objects);
	for (i = 0; i < nr; i++)
		objects[i] = debug_victim_alloc(cache);
	for (i = 0; i < nr; i++) {
		if (i && i != nr - 1) {
			debug_culprit_free(cache, objects[i]);
			continue;
		}
		debug_poke(objects[i], size, 1);
		debug_poke(objects[i], -1, 1);
		kit_capture_begin();
		debug_culprit_free(cache, objects[i]);
		kit_capture_end();
		KUNIT_EXPECT_EQ(test, kit_captured("1 bytes behind object"), 1);
		KUNIT_EXPECT_EQ(test, kit_captured("1 bytes before object"), 1);
	}
}

static void test_each_byte_of_an_overrun_is_counted(struct kunit *test)
{
	struct slabmod_cache *cache = debug_cache_to_spoil(test, 40, 0, NULL);
	void *victim = debug_victim_alloc(cache);

	memset(victim, 0, 40);
	debug_poke(victim, 40, 1);
	debug_poke(victim, 42, 2);
	debug_poke(victim, 43, 3);
	KIT_EXPECT_MISUSE(test, MISUSE_OVERRUN, "3 bytes behind object",
			  debug_culprit_free(cache, victim));
	KUNIT_EXPECT_EQ(test, kit_captured("bytes from offset 40 on: 01 bb 02 03"), 1);
}

/* ---- use after free ---- */

static void test_write_after_free_is_reported_with_both_stacks(struct kunit *test)
{
	size_t size = size_of(test), at = size / 2;
	struct slabmod_cache *cache = debug_cache_to_spoil(test, size, 0, NULL);
	void *victim = debug_victim_alloc(cache);
	char text[48];

	debug_culprit_free(cache, victim);
	debug_poke(victim, at, 0x44);
	snprintf(text, sizeof(text), "the first at offset %zu", at);
	KIT_EXPECT_MISUSE(test, MISUSE_WRITE_FREE, text, slabmod_cache_shrink(cache));
	KUNIT_EXPECT_EQ(test, kit_captured("1 bytes of object"), 1);
	KUNIT_EXPECT_TRUE(test, kit_captured_stack("slabmod:   allocated ", "debug_victim_alloc"));
	KUNIT_EXPECT_TRUE(test, kit_captured_stack("slabmod:   freed ", "debug_culprit_free"));
}

/* It is in its slab, which stays for the sake of another. */
static void test_write_to_what_is_in_its_slab_is_seen_when_it_is_taken(struct kunit *test)
{
	struct slabmod_cache *cache = debug_cache_to_spoil(test, 64, 0, NULL);
	void *stays = debug_victim_alloc(cache), *victim = debug_victim_alloc(cache);
	void *taken[SLAB_MAX_OBJECTS / 2];
	unsigned int nr = 0;

	debug_culprit_free(cache, victim);
	slabmod_cache_shrink(cache);
	debug_poke(victim, 63, 0x44);
	kit_capture_begin();
	do
		taken[nr] = debug_victim_alloc(cache);
	while (taken[nr++] != victim && nr < cache->objects);
	kit_capture_end();
	KUNIT_EXPECT_PTR_EQ(test, taken[nr - 1], victim);
	kit_expect_misuse(test, __LINE__, MISUSE_WRITE_FREE, "the first at offset 63", NULL);
	slabmod_cache_free_bulk(cache, nr, taken);
	debug_culprit_free(cache, stays);
}

static void test_freed_and_new_memory_read_as_patterns(struct kunit *test)
{
	struct slabmod_cache *cache = debug_cache_to_spoil(test, 64, 0, NULL);
	void *p = debug_victim_alloc(cache);

	KUNIT_EXPECT_PTR_EQ(test, memchr_inv(p, 0x5a, 64), NULL);
	debug_culprit_free(cache, p);
	/* As a pointer it is no address, and whoever follows it is stopped there. */
	KUNIT_EXPECT_EQ(test, *(unsigned long *)p, 0x6b6b6b6b6b6b6b6bul);
	KUNIT_EXPECT_EQ(test, peek(p, 63), 0x6b);
}

/* ---- freed twice, or not at all ---- */

static void test_double_free_is_reported_at_once_with_both_stacks(struct kunit *test)
{
	struct slabmod_cache *cache = debug_test_cache(test, 64, 0, NULL);
	void *victim = debug_victim_alloc(cache);

	debug_culprit_free(cache, victim);
	KIT_EXPECT_MISUSE(test, MISUSE_DOUBLE_FREE, "is free already",
			  slabmod_cache_free(cache, victim));
	KUNIT_EXPECT_EQ(test, kit_captured("free, in quarantine"), 1);
	KUNIT_EXPECT_TRUE(test, kit_captured_stack("slabmod:   allocated ", "debug_victim_alloc"));
	KUNIT_EXPECT_TRUE(test, kit_captured_stack("slabmod:   freed ", "debug_culprit_free"));
}

static void test_double_free_is_reported_10000_operations_later(struct kunit *test)
{
	struct slabmod_cache *cache = debug_test_cache(test, 64, 0, NULL);
	void *victim = debug_victim_alloc(cache);
	int i;

	debug_culprit_free(cache, victim);
	for (i = 0; i < 10000; i++)
		slabmod_cache_free(cache, slabmod_cache_alloc(cache, GFP_KERNEL));
	KIT_EXPECT_MISUSE(test, MISUSE_DOUBLE_FREE, "is free already",
			  slabmod_cache_free(cache, victim));
	KUNIT_EXPECT_TRUE(test, kit_captured_stack("slabmod:   allocated ", "debug_victim_alloc"));
	KUNIT_EXPECT_TRUE(test, kit_captured_stack("slabmod:   freed ", "debug_culprit_free"));
}

static void test_double_free_of_what_is_back_in_its_slab_is_reported(struct kunit *test)
{
	struct slabmod_cache *cache = debug_test_cache(test, 64, 0, NULL);
	void *stays = debug_victim_alloc(cache), *victim = debug_victim_alloc(cache);

	debug_culprit_free(cache, victim);
	slabmod_cache_shrink(cache);
	KIT_EXPECT_MISUSE(test, MISUSE_DOUBLE_FREE, "is free already",
			  slabmod_cache_free(cache, victim));
	KUNIT_EXPECT_TRUE(test, kit_captured_stack("slabmod:   freed ", "debug_culprit_free"));
	debug_culprit_free(cache, stays);
}

struct duel {
	struct slabmod_cache *cache;
	void *object;
	atomic_t ready;
};

static void free_at_once(unsigned int n, void *arg)
{
	struct duel *duel = arg;

	atomic_inc(&duel->ready);
	while (atomic_read(&duel->ready) < 2)
		cpu_relax();
	slabmod_cache_free(duel->cache, duel->object);
}

static void test_of_two_who_free_at_once_one_is_told(struct kunit *test)
{
	struct duel duel = { .cache = debug_test_cache(test, 64, 0, NULL) };
	int turn;

	if (num_online_cpus() < 2)
		kunit_skip(test, "there is one CPU");
	for (turn = 0; turn < 20; turn++) {
		unsigned long before = report_count(MISUSE_DOUBLE_FREE);

		duel.object = debug_victim_alloc(duel.cache);
		atomic_set(&duel.ready, 0);
		KUNIT_ASSERT_EQ(test, kit_run_on_cpus(test, 2, free_at_once, &duel), 2);
		KUNIT_EXPECT_EQ(test, report_count(MISUSE_DOUBLE_FREE), before + 1);
	}
	KUNIT_EXPECT_EQ(test, cache_used(duel.cache), 0);
}

static void test_free_of_a_neighbours_middle_names_the_neighbour(struct kunit *test)
{
	struct slabmod_cache *cache = debug_test_cache(test, 100, 0, NULL);
	void *victim = debug_victim_alloc(cache);

	KIT_EXPECT_MISUSE(test, MISUSE_INNER_FREE, "starts no object of kit-debug",
			  slabmod_cache_free(cache, victim + 40));
	KUNIT_EXPECT_EQ(test, kit_captured("is at offset 40 of"), 1);
	KUNIT_EXPECT_EQ(test, kit_captured("100 requested, in use"), 1);
	KUNIT_EXPECT_TRUE(test, kit_captured_stack("slabmod:   allocated ", "debug_victim_alloc"));
	/* Nor where slabs think that it starts. */
	KIT_EXPECT_MISUSE(test, MISUSE_INNER_FREE, "starts no object of kit-debug",
			  slabmod_cache_free(cache, victim - cache->lead));
	KIT_EXPECT_NO_MISUSE(test, debug_culprit_free(cache, victim));
}

static void test_objects_that_stay_are_listed_with_who_took_them(struct kunit *test)
{
	struct slabmod_cache *cache = debug_test_cache(test, 64, 0, NULL);
	void *p = debug_victim_alloc(cache);
	int err;

	KIT_EXPECT_MISUSE(test, MISUSE_CACHE_BUSY, "with 1 live objects",
			  err = cache_destroy(cache));
	KUNIT_EXPECT_EQ(test, err, -EBUSY);
	KUNIT_EXPECT_TRUE(test, kit_captured_stack("slabmod:   allocated ", "debug_victim_alloc"));
	debug_culprit_free(cache, p);
	KIT_EXPECT_NO_MISUSE(test, err = cache_destroy(cache));
	KUNIT_EXPECT_EQ(test, err, 0);
}

static struct kunit_case debug_cases[] = {
	KUNIT_CASE_PARAM(test_byte_behind_an_object_is_reported_with_both_stacks, size_gen_params),
	KUNIT_CASE_PARAM(test_byte_before_an_object_is_reported_with_both_stacks, size_gen_params),
	KUNIT_CASE_PARAM(test_first_and_last_object_have_zones_on_both_sides, size_gen_params),
	KUNIT_CASE(test_each_byte_of_an_overrun_is_counted),
	KUNIT_CASE_PARAM(test_write_after_free_is_reported_with_both_stacks, size_gen_params),
	KUNIT_CASE(test_write_to_what_is_in_its_slab_is_seen_when_it_is_taken),
	KUNIT_CASE(test_freed_and_new_memory_read_as_patterns),
	KUNIT_CASE(test_double_free_is_reported_at_once_with_both_stacks),
	KUNIT_CASE(test_double_free_is_reported_10000_operations_later),
	KUNIT_CASE(test_double_free_of_what_is_back_in_its_slab_is_reported),
	KUNIT_CASE(test_of_two_who_free_at_once_one_is_told),
	KUNIT_CASE(test_free_of_a_neighbours_middle_names_the_neighbour),
	KUNIT_CASE(test_objects_that_stay_are_listed_with_who_took_them),
	KUNIT_CASE(test_objects_are_aligned_as_without),
	KUNIT_CASE(test_memory_by_size_has_its_zone_where_what_was_asked_ends),
	KUNIT_CASE(test_who_asks_for_the_size_may_write_to_all_of_it),
	KUNIT_CASE(test_krealloc_keeps_what_there_was_and_moves_the_zone),
	KUNIT_CASE(test_cleared_memory_is_clear),
	KUNIT_CASE(test_pages_are_debugged_too),
	KUNIT_CASE(test_constructed_objects_keep_their_state),
#ifdef CONFIG_KASAN_GENERIC
	KUNIT_CASE(test_shadow_says_what_nobody_may_touch),
	KUNIT_CASE(test_shadow_says_what_of_a_block_nobody_may_touch),
#endif
	KUNIT_CASE(test_quarantine_has_a_bound),
	KUNIT_CASE(test_quarantine_gives_way_to_others),
	KUNIT_CASE(test_quarantine_gives_way_when_memory_is_short),
	KUNIT_CASE(test_many_at_once_are_debugged_each),
	KUNIT_CASE(test_a_full_node_is_served_from_few_slabs_of_another),
	KUNIT_CASE(test_debugged_memory_may_be_had_in_interrupts),
	KUNIT_CASE(test_callsites_are_counted),
	KUNIT_CASE(test_random_use_without_errors_makes_no_report),
	KUNIT_CASE(test_write_to_a_freed_block_is_reported),
	KUNIT_CASE(test_second_free_of_a_block_names_the_first),
	KUNIT_CASE(test_memory_by_size_has_a_zone_to_the_end_of_its_pages),
	KUNIT_CASE(test_blocks_in_quarantine_are_nobodys_and_give_way),
	KUNIT_CASE(test_look_finds_writes_around_what_is_in_use),
	KUNIT_CASE(test_look_finds_writes_to_what_is_in_quarantine),
	KUNIT_CASE(test_look_finds_writes_to_what_is_in_its_slab),
	KUNIT_CASE(test_look_finds_nothing_where_others_make_no_errors),
	{}
};

struct kunit_suite debug_suite = {
	.name = "debug",
	KIT_SUITE_HOOKS,
	.test_cases = debug_cases,
};
