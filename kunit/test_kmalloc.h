/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SLABMOD_TEST_KMALLOC_H
#define SLABMOD_TEST_KMALLOC_H

#include "verbs_pool.h"

/* The cases of test_kmalloc_copy.c. */
#define KMALLOC_COPY_CASES(X) \
	X(test_krealloc_in_place) \
	X(test_krealloc_of_and_to_nothing) \
	X(test_krealloc_clears_what_it_adds) \
	X(test_krealloc_clears_what_it_may_add_later) \
	X(test_krealloc_that_fails_leaves_the_old_memory) \
	X(test_krealloc_at_random_keeps_the_contents) \
	X(test_kmemdup) \
	X(test_strings) \
	X(test_copies_of_nothing_and_without_memory_are_null)

KMALLOC_COPY_CASES(KIT_DECLARE_CASE)

#endif /* SLABMOD_TEST_KMALLOC_H */
