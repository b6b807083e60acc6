/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SLABMOD_TEST_CACHE_H
#define SLABMOD_TEST_CACHE_H

struct kunit;

void test_bulk_gives_as_many_as_asked_for(struct kunit *test);
void test_bulk_gives_nothing_when_it_cannot_give_all(struct kunit *test);
void test_node_asked_for_is_the_node_given(struct kunit *test);
void test_full_node_lets_another_serve_unless_it_must_be_this(struct kunit *test);
void test_no_node_means_the_callers_own(struct kunit *test);
void test_shrink_gives_every_free_page_back(struct kunit *test);
void test_slab_is_made_only_when_all_are_full(struct kunit *test);
void test_no_memory_gives_null_for_every_kind_of_gfp(struct kunit *test);
void test_kernel_is_asked_for_no_more_than_the_caller_allows(struct kunit *test);
void test_limit_holds_even_for_those_who_must_not_fail(struct kunit *test);
void test_random_calls_with_failures_lose_nothing(struct kunit *test);
void test_atomic_callers_may_take_and_give(struct kunit *test);
void test_softirqs_may_take_and_give(struct kunit *test);
void test_hardirqs_may_take_and_give(struct kunit *test);
void test_nmis_may_take_what_is_there_and_give(struct kunit *test);
void test_nmis_leave_a_full_magazine_as_it_is(struct kunit *test);
void test_nmis_amid_a_call_wait_for_nothing_and_lose_nothing(struct kunit *test);

#endif /* SLABMOD_TEST_CACHE_H */
