/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SLABMOD_TEST_KMALLOC_H
#define SLABMOD_TEST_KMALLOC_H

struct kunit;

void test_krealloc_grows_and_keeps_the_contents(struct kunit *test);
void test_krealloc_leaves_memory_that_has_room_where_it_is(struct kunit *test);
void test_krealloc_of_nothing_takes_memory(struct kunit *test);
void test_krealloc_to_nothing_frees(struct kunit *test);
void test_krealloc_clears_what_it_adds(struct kunit *test);
void test_krealloc_clears_what_it_may_add_later(struct kunit *test);
void test_krealloc_that_fails_leaves_the_old_memory(struct kunit *test);
void test_krealloc_at_random_keeps_the_contents(struct kunit *test);
void test_kmemdup_copies(struct kunit *test);
void test_kstrdup_copies_a_string(struct kunit *test);
void test_kstrndup_copies_the_beginning_of_a_string(struct kunit *test);
void test_kasprintf_prints(struct kunit *test);
void test_copies_of_nothing_and_without_memory_are_null(struct kunit *test);

#endif /* SLABMOD_TEST_KMALLOC_H */
