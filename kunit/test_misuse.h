/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SLABMOD_TEST_MISUSE_H
#define SLABMOD_TEST_MISUSE_H

struct kunit;

void test_sizes_that_overflow_are_refused(struct kunit *test);
void test_sizes_above_the_limit_are_refused(struct kunit *test);
void test_orders_above_the_limit_are_refused(struct kunit *test);
void test_flags_that_cannot_be_honoured_are_refused(struct kunit *test);
void test_nofail_that_cannot_be_kept_is_refused(struct kunit *test);
void test_nodes_that_do_not_exist_are_refused(struct kunit *test);
void test_caches_with_impossible_properties_are_refused(struct kunit *test);
void test_bad_names_are_refused(struct kunit *test);
void test_destroying_a_cache_with_live_objects_is_refused(struct kunit *test);
void test_destroying_what_is_slabmods_own_is_refused(struct kunit *test);
void test_flood_of_misuse_is_cut_but_counted(struct kunit *test);
void test_misuse_in_an_interrupt_is_reported(struct kunit *test);

#endif /* SLABMOD_TEST_MISUSE_H */
