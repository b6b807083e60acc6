// SPDX-License-Identifier: GPL-2.0
/*
 * test_kmalloc_copy.c - krealloc and the copies keep contents, and a failure changes nothing.
 */
#include "root.h"
#include "test_kmalloc.h"
#include "verbs_pool.h"

static void alloc_piece(struct kunit *test, struct piece *piece, size_t size)
{
	piece_fill(piece, kit_kmalloc(test, size), size, size);
}

void test_krealloc_in_place(struct kunit *test)
{
	struct piece piece;

	alloc_piece(test, &piece, 1000);
	KUNIT_EXPECT_PTR_EQ(test, slabmod_krealloc(piece.memory, 1001, GFP_KERNEL), piece.memory);
	KUNIT_EXPECT_PTR_EQ(test, slabmod_krealloc(piece.memory, slabmod_ksize(piece.memory),
						   GFP_KERNEL), piece.memory);
	KUNIT_EXPECT_TRUE(test, piece_intact(&piece));
	KUNIT_EXPECT_PTR_EQ(test, slabmod_krealloc(piece.memory, 8, GFP_KERNEL), piece.memory);
	KUNIT_EXPECT_TRUE(test, piece_begins(&piece, 8));
	slabmod_kfree(piece.memory);
}

void test_krealloc_of_and_to_nothing(struct kunit *test)
{
	void *p = slabmod_krealloc(NULL, 100, GFP_KERNEL);
	void *q = slabmod_krealloc(ZERO_SIZE_PTR, 100, GFP_KERNEL | __GFP_ZERO);

	KUNIT_EXPECT_EQ(test, slabmod_ksize(p), 112);
	KUNIT_EXPECT_EQ(test, slabmod_ksize(q), 112);
	KUNIT_EXPECT_TRUE(test, kit_cleared(q, 112));
	KUNIT_EXPECT_PTR_EQ(test, slabmod_krealloc(p, 0, GFP_KERNEL), ZERO_SIZE_PTR);
	KUNIT_EXPECT_PTR_EQ(test, slabmod_krealloc(q, 0, GFP_KERNEL), ZERO_SIZE_PTR);
	KUNIT_EXPECT_EQ(test, root_used(), 0);
	KUNIT_EXPECT_PTR_EQ(test, slabmod_krealloc(NULL, 0, GFP_KERNEL), ZERO_SIZE_PTR);
	KUNIT_EXPECT_PTR_EQ(test, slabmod_krealloc(ZERO_SIZE_PTR, 0, GFP_KERNEL), ZERO_SIZE_PTR);
}

void test_krealloc_clears_what_it_adds(struct kunit *test)
{
	struct piece piece;
	size_t room;
	u8 *p;

	alloc_piece(test, &piece, 300);
	room = slabmod_ksize(piece.memory);
	piece_fill(&piece, piece.memory, room, 1);
	p = slabmod_krealloc(piece.memory, 5000, GFP_KERNEL | __GFP_ZERO);
	KUNIT_ASSERT_NOT_NULL(test, p);
	piece.memory = p;
	KUNIT_EXPECT_TRUE(test, piece_intact(&piece));
	KUNIT_EXPECT_FALSE(test, memchr_inv(p + room, 0, slabmod_ksize(p) - room));
	slabmod_kfree(p);
}

/* The former request is not known: what is beyond the new one is cleared. */
void test_krealloc_clears_what_it_may_add_later(struct kunit *test)
{
	static const size_t sizes[] = { 64, 1000, 20000, 100000 };
	struct piece piece;
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t size = sizes[i], less = size - 8, room;
		u8 *p;

		alloc_piece(test, &piece, size);
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

	alloc_piece(test, &piece, 1000);
	root_dry();
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
	struct piece *pieces = kit_zalloc(test, 100 * sizeof(*pieces));
	struct rnd_state rnd;
	unsigned int step, i;

	kit_seed(test, &rnd);
	for (step = 1; step <= KIT_STEPS / 5; step++) {
		struct piece *piece = &pieces[kit_random(&rnd, 100)];
		size_t size = 1 + kit_random(&rnd, 1u << kit_random(&rnd, 18));
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

void test_kmemdup(struct kunit *test)
{
	static const size_t sizes[] = { 1, 16, 100, 5000, 40000 };
	struct piece piece, copy;
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		alloc_piece(test, &piece, sizes[i]);
		copy = piece;
		copy.memory = slabmod_kmemdup(piece.memory, sizes[i], GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, copy.memory);
		KUNIT_EXPECT_PTR_NE(test, copy.memory, piece.memory);
		KUNIT_EXPECT_TRUE(test, piece_intact(&copy));
		slabmod_kfree(copy.memory);
		slabmod_kfree(piece.memory);
	}
}

static void expect_string(struct kunit *test, char *string, const char *expected)
{
	KUNIT_ASSERT_NOT_NULL(test, string);
	KUNIT_EXPECT_STREQ(test, string, expected);
	slabmod_kfree(string);
}

void test_strings(struct kunit *test)
{
	static const char unterminated[] = { 'a', 'b', 'c' };
	char *word = slabmod_kstrdup("sixteen letters!", GFP_KERNEL);

	/* The NUL does not fit in 16 bytes. */
	KUNIT_EXPECT_EQ(test, slabmod_ksize(word), 32);
	expect_string(test, word, "sixteen letters!");
	expect_string(test, slabmod_kstrdup("", GFP_KERNEL), "");
	expect_string(test, slabmod_kstrndup("abcdef", 3, GFP_KERNEL), "abc");
	expect_string(test, slabmod_kstrndup("abc", 100, GFP_KERNEL), "abc");
	expect_string(test, slabmod_kstrndup(unterminated, 0, GFP_KERNEL), "");
	expect_string(test, slabmod_kstrndup(unterminated, 3, GFP_KERNEL), "abc");
	expect_string(test, slabmod_kasprintf(GFP_KERNEL, "%s is %d", "six", 6), "six is 6");
	expect_string(test, slabmod_kasprintf(GFP_KERNEL, "%s", ""), "");
	word = slabmod_kasprintf(GFP_KERNEL, "%*d", 9999, 1);
	KUNIT_ASSERT_NOT_NULL(test, word);
	KUNIT_EXPECT_EQ(test, strlen(word), 9999);
	slabmod_kfree(word);
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
