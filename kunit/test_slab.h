/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SLABMOD_TEST_SLAB_H
#define SLABMOD_TEST_SLAB_H

struct kunit;

/* Sizes that have little in common; ends with 0. */
extern const unsigned int slab_sizes[];

void test_a_random_run_agrees_with_a_list_of_objects(struct kunit *test);

#endif /* SLABMOD_TEST_SLAB_H */
