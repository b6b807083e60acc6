// SPDX-License-Identifier: GPL-2.0
/*
 * test_kmalloc_copy.c - what krealloc and the copies promise: contents are kept, and
 * what cannot be done leaves everything as it was.
 */
#include <linux/slab.h>
#include <linux/string.h>

#include <slabmod/kmalloc.h>

#include "kit.h"
#include "pattern.h"
#include "root.h"
#include "test_kmalloc.h"

/* ---- more or less memory ---- */

static void take_piece(struct kunit *test, struct piece *piece, size_t size)
{
	void *p = slabmod_kmalloc(size, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, p);
	piece_fill(piece, p, size, size);
}

void test_krealloc_grows_and_keeps_the_contents(struct kunit *test)
{
	static const size_t sizes[] = { 1, 16, 17, 100, 1000, 4096, 32768, 32769, 100000, 2000000 };
	struct piece piece;
	int i;

	for (i = 0; i + 1 < ARRAY_SIZE(sizes); i++) {
		take_piece(test, &piece, sizes[i]);
		piece.memory = slabmod_krealloc(piece.memory, sizes[i + 1], GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, piece.memory);
		KUNIT_EXPECT_GE(test, slabmod_ksize(piece.memory), sizes[i + 1]);
		KUNIT_EXPECT_TRUE_MSG(test, piece_intact(&piece), "from %zu to %zu bytes",
				      sizes[i], sizes[i + 1]);
		slabmod_kfree(piece.memory);
		KUNIT_EXPECT_EQ(test, root_used(), 0);
	}
}

void test_krealloc_leaves_memory_that_has_room_where_it_is(struct kunit *test)
{
	struct piece piece;

	take_piece(test, &piece, 1000);
	KUNIT_EXPECT_PTR_EQ(test, slabmod_krealloc(piece.memory, 1001, GFP_KERNEL), piece.memory);
	KUNIT_EXPECT_PTR_EQ(test, slabmod_krealloc(piece.memory, slabmod_ksize(piece.memory),
						   GFP_KERNEL), piece.memory);
	KUNIT_EXPECT_TRUE(test, piece_intact(&piece));
	KUNIT_EXPECT_PTR_EQ(test, slabmod_krealloc(piece.memory, 8, GFP_KERNEL), piece.memory);
	KUNIT_EXPECT_TRUE(test, piece_begins(&piece, 8));
	slabmod_kfree(piece.memory);
}

void test_krealloc_of_nothing_takes_memory(struct kunit *test)
{
	void *p = slabmod_krealloc(NULL, 100, GFP_KERNEL);
	void *q = slabmod_krealloc(ZERO_SIZE_PTR, 100, GFP_KERNEL | __GFP_ZERO);

	KUNIT_EXPECT_EQ(test, slabmod_ksize(p), 112);
	KUNIT_EXPECT_EQ(test, slabmod_ksize(q), 112);
	KUNIT_EXPECT_FALSE(test, memchr_inv(q, 0, 112));
	slabmod_kfree(p);
	slabmod_kfree(q);
}

void test_krealloc_to_nothing_frees(struct kunit *test)
{
	void *p = slabmod_kmalloc(100, GFP_KERNEL);

	KUNIT_EXPECT_PTR_EQ(test, slabmod_krealloc(p, 0, GFP_KERNEL), ZERO_SIZE_PTR);
	KUNIT_EXPECT_EQ(test, root_used(), 0);
	KUNIT_EXPECT_PTR_EQ(test, slabmod_krealloc(NULL, 0, GFP_KERNEL), ZERO_SIZE_PTR);
	KUNIT_EXPECT_PTR_EQ(test, slabmod_krealloc(ZERO_SIZE_PTR, 0, GFP_KERNEL), ZERO_SIZE_PTR);
}

void test_krealloc_clears_what_it_adds(struct kunit *test)
{
	struct piece piece;
	size_t room;
	u8 *p;

	take_piece(test, &piece, 300);
	room = slabmod_ksize(piece.memory);
	piece_fill(&piece, piece.memory, room, 1);
	p = slabmod_krealloc(piece.memory, 5000, GFP_KERNEL | __GFP_ZERO);
	KUNIT_ASSERT_NOT_NULL(test, p);
	piece.memory = p;
	KUNIT_EXPECT_TRUE(test, piece_intact(&piece));
	KUNIT_EXPECT_FALSE(test, memchr_inv(p + room, 0, slabmod_ksize(p) - room));
	slabmod_kfree(p);
}

/* The size that was asked for before is not known: what is not asked for now is cleared. */
void test_krealloc_clears_what_it_may_add_later(struct kunit *test)
{
	static const size_t sizes[] = { 64, 1000, 20000, 100000 };
	struct piece piece;
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t size = sizes[i], less = size - 8, room;
		u8 *p;

		take_piece(test, &piece, size);
		room = slabmod_ksize(piece.memory);
		piece_fill(&piece, piece.memory, room, 1);
		p = slabmod_krealloc(piece.memory, less, GFP_KERNEL | __GFP_ZERO);
		KUNIT_ASSERT_PTR_EQ(test, p, (u8 *)piece.memory);
		p = slabmod_krealloc(p, size, GFP_KERNEL | __GFP_ZERO);
		KUNIT_ASSERT_PTR_EQ(test, p, (u8 *)piece.memory);
		KUNIT_EXPECT_TRUE(test, piece_begins(&piece, less));
		KUNIT_EXPECT_FALSE(test, memchr_inv(p + less, 0, room - less));
		slabmod_kfree(p);
	}
}

void test_krealloc_that_fails_leaves_the_old_memory(struct kunit *test)
{
	struct piece piece;
	void *p;

	take_piece(test, &piece, 1000);
	root_dry();
	/* Even a pool that is dry has what is free beside the piece; but not this much. */
	KUNIT_EXPECT_NULL(test, slabmod_krealloc(piece.memory, SLABMOD_KMALLOC_MAX, GFP_KERNEL));
	KIT_EXPECT_MISUSE(test, MISUSE_TOO_LARGE, "kmalloc",
			  p = slabmod_krealloc(piece.memory, SLABMOD_KMALLOC_MAX + 1, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, p);
	KIT_EXPECT_MISUSE(test, MISUSE_OVERFLOW, "overflow",
			  p = slabmod_krealloc_array(piece.memory, SIZE_MAX / 2, 3, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, p);
	root_wet();
	KUNIT_EXPECT_TRUE(test, piece_intact(&piece));
	KIT_EXPECT_NO_MISUSE(test, slabmod_kfree(piece.memory));
}

void test_krealloc_at_random_keeps_the_contents(struct kunit *test)
{
	struct piece *pieces = kunit_kcalloc(test, 100, sizeof(*pieces), GFP_KERNEL);
	struct rnd_state rnd;
	unsigned int step, i;

	KUNIT_ASSERT_NOT_NULL(test, pieces);
	kit_seed(test, &rnd);
	for (step = 1; step <= KIT_STEPS / 5; step++) {
		struct piece *piece = &pieces[kit_random(&rnd, 100)];
		size_t size = 1 + kit_random(&rnd, 1u << kit_random(&rnd, 17));
		void *p = slabmod_krealloc(piece->memory, size, GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, p);
		KUNIT_ASSERT_GE(test, slabmod_ksize(p), size);
		if (piece->memory) {
			piece->memory = p;
			KUNIT_ASSERT_TRUE(test, piece_begins(piece, min(piece->size, size)));
		}
		piece_fill(piece, p, size, step);
	}
	for (i = 0; i < 100; i++)
		slabmod_kfree(pieces[i].memory);
}

/* ---- copies ---- */

void test_kmemdup_copies(struct kunit *test)
{
	static const size_t sizes[] = { 1, 16, 100, 5000, 40000 };
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct piece piece;
		void *copy;

		take_piece(test, &piece, sizes[i]);
		copy = slabmod_kmemdup(piece.memory, sizes[i], GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, copy);
		KUNIT_EXPECT_PTR_NE(test, copy, piece.memory);
		KUNIT_EXPECT_EQ(test, memcmp(copy, piece.memory, sizes[i]), 0);
		slabmod_kfree(copy);
		slabmod_kfree(piece.memory);
	}
}

void test_kstrdup_copies_a_string(struct kunit *test)
{
	char *empty = slabmod_kstrdup("", GFP_KERNEL);
	/* With its NUL one byte more than a class has. */
	char *word = slabmod_kstrdup("sixteen letters!", GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, empty);
	KUNIT_ASSERT_NOT_NULL(test, word);
	KUNIT_EXPECT_STREQ(test, empty, "");
	KUNIT_EXPECT_STREQ(test, word, "sixteen letters!");
	KUNIT_EXPECT_EQ(test, slabmod_ksize(word), 32);
	slabmod_kfree(empty);
	slabmod_kfree(word);
}

void test_kstrndup_copies_the_beginning_of_a_string(struct kunit *test)
{
	static const char unterminated[] = { 'a', 'b', 'c' };
	char *shorter = slabmod_kstrndup("abcdef", 3, GFP_KERNEL);
	char *longer = slabmod_kstrndup("abc", 100, GFP_KERNEL);
	char *none = slabmod_kstrndup(unterminated, 0, GFP_KERNEL);
	char *all = slabmod_kstrndup(unterminated, 3, GFP_KERNEL);

	KUNIT_EXPECT_STREQ(test, shorter, "abc");
	KUNIT_EXPECT_STREQ(test, longer, "abc");
	KUNIT_EXPECT_STREQ(test, none, "");
	KUNIT_EXPECT_STREQ(test, all, "abc");
	slabmod_kfree(shorter);
	slabmod_kfree(longer);
	slabmod_kfree(none);
	slabmod_kfree(all);
}

void test_kasprintf_prints(struct kunit *test)
{
	char *small = slabmod_kasprintf(GFP_KERNEL, "%s is %d", "six", 6);
	char *wide = slabmod_kasprintf(GFP_KERNEL, "%*d", 9999, 1);
	char *none = slabmod_kasprintf(GFP_KERNEL, "%s", "");

	KUNIT_EXPECT_STREQ(test, small, "six is 6");
	KUNIT_ASSERT_NOT_NULL(test, wide);
	KUNIT_EXPECT_EQ(test, strlen(wide), 9999);
	KUNIT_EXPECT_STREQ(test, none, "");
	slabmod_kfree(small);
	slabmod_kfree(wide);
	slabmod_kfree(none);
}

void test_copies_of_nothing_and_without_memory_are_null(struct kunit *test)
{
	KUNIT_EXPECT_NULL(test, slabmod_kstrdup(NULL, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, slabmod_kstrndup(NULL, 10, GFP_KERNEL));
	root_dry();
	KUNIT_EXPECT_NULL(test, slabmod_kmemdup("abc", 3, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, slabmod_kstrdup("abc", GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, slabmod_kstrndup("abc", 2, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, slabmod_kasprintf(GFP_KERNEL, "%d", 5));
	root_wet();
}
