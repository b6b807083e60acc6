/* SPDX-License-Identifier: GPL-2.0 */
/*
 * test_security.h - what both files of the suite use.
 */
#ifndef SLABMOD_TEST_SECURITY_H
#define SLABMOD_TEST_SECURITY_H

#include <linux/string.h>

#include <slabmod/slabmod.h>

#include "cache.h"
#include "chunk.h"
#include "context.h"
#include "home.h"
#include "kit.h"
#include "slab.h"

#define SECRET	0xa5	/* what every byte of a secret is */

static inline struct slabmod_cache *owner_of(const void *object)
{
	struct frame *frame = chunk_frame(object);

	return frame ? frame_cache(frame) : NULL;
}

static inline bool is_secret(const void *p, size_t size)
{
	return !memchr_inv(p, SECRET, size);
}

static inline bool is_cleared(const void *p, size_t size)
{
	return !memchr_inv(p, 0, size);
}

/* ---- in test_isolated.c ---- */

void test_slabs_of_an_isolated_cache_stay(struct kunit *test);
void test_what_stays_is_promised_to_nobody(struct kunit *test);
void test_kernel_that_asks_gets_nothing_isolated(struct kunit *test);
void test_stale_pointer_meets_its_own_type(struct kunit *test);
void test_isolated_cache_lives_on_what_it_has(struct kunit *test);
void test_isolated_objects_are_constructed_once(struct kunit *test);
void test_isolated_objects_are_aligned_too(struct kunit *test);
void test_what_is_isolated_counts_at_the_limit(struct kunit *test);
void test_busy_cache_stays_isolated(struct kunit *test);
void test_end_of_a_cache_gives_all_back_cleared(struct kunit *test);

#endif /* SLABMOD_TEST_SECURITY_H */
