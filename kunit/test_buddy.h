/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SLABMOD_TEST_BUDDY_H
#define SLABMOD_TEST_BUDDY_H

struct kunit;

void test_random_run_matches_a_map_of_pages(struct kunit *test);

#endif /* SLABMOD_TEST_BUDDY_H */
