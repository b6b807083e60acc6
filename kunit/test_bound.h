/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SLABMOD_TEST_BOUND_H
#define SLABMOD_TEST_BOUND_H

struct kunit;

void test_most_of_each_part_is_kept(struct kunit *test);
void test_most_that_was_held_is_known_to_the_byte(struct kunit *test);
void test_most_is_never_what_was_not(struct kunit *test);

#endif /* SLABMOD_TEST_BOUND_H */
