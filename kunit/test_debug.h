/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SLABMOD_TEST_DEBUG_H
#define SLABMOD_TEST_DEBUG_H

#include <linux/types.h>

#include "verbs_pool.h"

void *debug_victim_alloc(struct slabmod_cache *cache);
void debug_culprit_free(struct slabmod_cache *cache, void *object);
void debug_poke(void *p, long offset, u8 value);

/* A debugged cache in a pool of the kit. */
struct slabmod_cache *debug_test_cache(struct kunit *test, size_t size, unsigned int flags,
				       void (*ctor)(void *object));

/* A pool of debugged caches. The test destroys it. */
struct slabmod_pool *debug_test_pool(struct kunit *test);

/* Skip a test with invalid accesses, if KASAN would report them. */
void debug_may_spoil(struct kunit *test);
struct slabmod_cache *debug_cache_to_spoil(struct kunit *test, size_t size, unsigned int flags,
					   void (*ctor)(void *object));

#ifdef CONFIG_KASAN_GENERIC
/* KASAN's shadow byte of an address. */
u8 debug_shadow(const void *p, long offset);
void test_kasan_shadow_of_an_object(struct kunit *test);
void test_kasan_shadow_of_a_block(struct kunit *test);
#endif

/* The cases of test_debug_use.c. */
#define DEBUG_DECLARE_CASE(name)	void name(struct kunit *test);
#define DEBUG_CASE(name)		KUNIT_CASE(name),

#define DEBUG_USE_CASES(X) \
	X(test_debugged_objects_are_aligned) \
	X(test_ksize_allows_writes_to_all_of_it) \
	X(test_krealloc_moves_the_red_zone) \
	X(test_pages_are_debugged) \
	X(test_constructed_objects_keep_their_state) \
	X(test_quarantine_has_a_bound) \
	X(test_quarantine_shrinks_for_other_requests) \
	X(test_quarantine_shrinks_when_memory_is_low) \
	X(test_bulk_is_debugged) \
	X(test_full_node_uses_few_slabs_of_another) \
	X(test_debugged_memory_in_interrupts) \
	X(test_callsites_are_counted) \
	X(test_random_use_without_errors_is_not_reported) \
	X(test_write_to_a_freed_block_is_reported) \
	X(test_kmalloc_block_has_a_red_zone_to_the_end_of_its_pages) \
	X(test_block_quarantine_is_free_memory_and_is_bounded)

DEBUG_USE_CASES(DEBUG_DECLARE_CASE)

#endif /* SLABMOD_TEST_DEBUG_H */
