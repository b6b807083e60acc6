/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SLABMOD_TEST_REGION_H
#define SLABMOD_TEST_REGION_H

#include "region.h"
#include "verbs_pool.h"

struct slabmod_region *kit_region(struct kunit *test, struct slabmod_pool *pool, size_t block,
				  unsigned int flags);
void *kit_region_alloc(struct kunit *test, struct slabmod_region *region, size_t size);

/* Expect that the pool has @used bytes in use, and that it is consistent. */
void region_expect_used(struct kunit *test, struct slabmod_pool *pool, size_t used);

/* The cases of test_region_errors.c, test_region_random.c and test_region_debug.c. */
#define REGION_DECLARE_CASE(name)	void name(struct kunit *test);
#define REGION_CASE(name)		KUNIT_CASE(name),

#define REGION_MORE_CASES(X) \
	X(test_bad_properties_are_refused) \
	X(test_bad_requests_are_refused) \
	X(test_pieces_cannot_be_freed) \
	X(test_use_after_destruction_is_reported) \
	X(test_what_is_no_region_is_reported) \
	X(test_block_that_is_freed_twice_is_reported) \
	X(test_pool_with_a_region_is_not_destroyed) \
	X(test_million_pieces_match_a_model) \
	X(test_debugged_pieces_match_a_model) \
	X(test_write_behind_a_piece_is_reported) \
	X(test_write_behind_a_large_piece_is_reported) \
	X(test_write_before_the_first_piece_is_reported) \
	X(test_write_after_reset_is_reported) \
	X(test_freed_pieces_are_poisoned) \
	X(test_debugged_pieces_may_be_written_to_the_last_byte) \
	X(test_blocks_are_listed_with_their_call_site)

REGION_MORE_CASES(REGION_DECLARE_CASE)

#ifdef CONFIG_KASAN_GENERIC
void test_kasan_shadow_of_a_region(struct kunit *test);
#endif

#endif /* SLABMOD_TEST_REGION_H */
