/* SPDX-License-Identifier: GPL-2.0 */
/*
 * test_contexts.h - what both files of the suite use.
 */
#ifndef SLABMOD_TEST_CONTEXTS_H
#define SLABMOD_TEST_CONTEXTS_H

#include "kit.h"

/* ---- in test_contexts_amid.c ---- */

void test_nmi_between_any_two_instructions_is_served_or_not(struct kunit *test);
void test_nmi_that_frees_too_much_is_told_and_loses_that(struct kunit *test);
void test_callbacks_of_a_cpu_that_goes_and_comes_take_and_give(struct kunit *test);
void test_what_an_nmi_frees_on_a_cpu_that_goes_is_not_lost(struct kunit *test);
void test_who_wakes_on_a_cpu_that_goes_is_heard(struct kunit *test);
void test_cpus_go_and_come_amid_calls(struct kunit *test);

#endif /* SLABMOD_TEST_CONTEXTS_H */
