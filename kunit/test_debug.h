/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SLABMOD_TEST_DEBUG_H
#define SLABMOD_TEST_DEBUG_H

#include <linux/kasan.h>
#include <linux/types.h>

struct kunit;
struct slabmod_cache;
struct slabmod_pool;

void *debug_victim_alloc(struct slabmod_cache *cache);
void debug_culprit_free(struct slabmod_cache *cache, void *object);
void debug_poke(void *p, long offset, u8 value);

/* A cache that is debugged, on the kit's source. */
struct slabmod_cache *debug_test_cache(struct kunit *test, size_t size, unsigned int flags,
				       void (*ctor)(void *object));

/* A pool all of whose caches are debugged. The test ends it. */
struct slabmod_pool *debug_test_pool(struct kunit *test);

/* Before anything is touched that may not be: skips the test where KASAN would report it. */
void debug_may_spoil(struct kunit *test);
struct slabmod_cache *debug_cache_to_spoil(struct kunit *test, size_t size, unsigned int flags,
					   void (*ctor)(void *object));

#ifdef CONFIG_KASAN_GENERIC
static inline u8 debug_shadow(const void *p, long offset)
{
	return *(u8 *)kasan_mem_to_shadow(p + offset);
}
#endif

/* A byte behind @size that was written is told of by ksize(), and by krealloc() to @other. */
void debug_expect_not_covered_up(struct kunit *test, struct slabmod_pool *pool, size_t size,
				 size_t other);

/* test_debug_use.c */
void test_objects_are_aligned_as_without(struct kunit *test);
void test_memory_by_size_has_its_zone_where_what_was_asked_ends(struct kunit *test);
void test_who_asks_for_the_size_may_write_to_all_of_it(struct kunit *test);
void test_krealloc_keeps_what_there_was_and_moves_the_zone(struct kunit *test);
void test_cleared_memory_is_clear(struct kunit *test);
void test_pages_are_debugged_too(struct kunit *test);
void test_constructed_objects_keep_their_state(struct kunit *test);
#ifdef CONFIG_KASAN_GENERIC
void test_shadow_says_what_nobody_may_touch(struct kunit *test);
#endif
void test_quarantine_has_a_bound(struct kunit *test);
void test_quarantine_gives_way_to_others(struct kunit *test);
void test_quarantine_gives_way_when_memory_is_short(struct kunit *test);
void test_many_at_once_are_debugged_each(struct kunit *test);
void test_a_full_node_is_served_from_few_slabs_of_another(struct kunit *test);
void test_debugged_memory_may_be_had_in_interrupts(struct kunit *test);
void test_callsites_are_counted(struct kunit *test);
void test_random_use_without_errors_makes_no_report(struct kunit *test);

/* test_debug_block.c */
void test_write_to_a_freed_block_is_reported(struct kunit *test);
void test_second_free_of_a_block_names_the_first(struct kunit *test);
void test_memory_by_size_has_a_zone_to_the_end_of_its_pages(struct kunit *test);
#ifdef CONFIG_KASAN_GENERIC
void test_shadow_says_what_of_a_block_nobody_may_touch(struct kunit *test);
#endif
void test_blocks_in_quarantine_are_nobodys_and_give_way(struct kunit *test);

/* test_debug_check.c */
void test_look_finds_writes_around_what_is_in_use(struct kunit *test);
void test_look_finds_writes_to_what_is_in_quarantine(struct kunit *test);
void test_look_finds_writes_to_what_is_in_its_slab(struct kunit *test);
void test_look_finds_nothing_where_others_make_no_errors(struct kunit *test);

#endif /* SLABMOD_TEST_DEBUG_H */
