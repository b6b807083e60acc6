/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SLABMOD_TEST_BOUND_H
#define SLABMOD_TEST_BOUND_H

struct kunit;

void test_peaks_of_all_parts(struct kunit *test);
void test_peak_of_held_is_exact(struct kunit *test);
void test_peaks_are_never_too_high(struct kunit *test);

#endif /* SLABMOD_TEST_BOUND_H */
