// SPDX-License-Identifier: GPL-2.0
/*
 * test_slab_rows.c - what slabs promise of rows: objects that lie side by side, and
 * are given back at once.
 */
#include <linux/bitmap.h>
#include <linux/minmax.h>

#include "buddy.h"
#include "test_slab.h"

/* Too large for the stack. */
static void *objects[SLAB_MAX_OBJECTS + 1], *others[SLAB_MAX_OBJECTS + 1];

/* What slab_free() is to do with the first of @nr objects of a slab; as a home calls it. */
static unsigned int give_row(struct slabmod_cache *cache, struct slab *slab, void **from,
			     unsigned int nr)
{
	unsigned int given = slab_free(cache, slab_geometry(cache, slab), slab,
				       *from - slab_address(slab), from, from + nr);

	slab->inuse -= given;
	return given;
}

/* Lists @nr objects from number @index on, upwards or downwards. */
static void list_row(struct slabmod_cache *cache, struct slab *slab, unsigned int index, int step,
		     void **to, unsigned int nr)
{
	for (; nr; nr--, index += step)
		*to++ = slab_address(slab) + index * cache->size;
}

static void expect_free(struct kunit *test, struct slab *slab, unsigned long *expected)
{
	KUNIT_ASSERT_EQ(test, memcmp(slab->free, expected, sizeof(slab->free)), 0);
}

/* Gives a row of a full slab, and expects that just so much of it went as one word has. */
static void expect_row(struct kunit *test, struct slabmod_cache *cache, struct slab *slab,
		       unsigned int index, int step, unsigned int nr)
{
	unsigned int in_word = step > 0 ? BITS_PER_LONG - index % BITS_PER_LONG :
					  index % BITS_PER_LONG + 1;
	unsigned int row = min(nr, in_word);
	DECLARE_BITMAP(expected, SLAB_MAX_OBJECTS) = { 0 };

	list_row(cache, slab, index, step, others, nr);
	KUNIT_ASSERT_EQ_MSG(test, give_row(cache, slab, others, nr), row,
			    "%u objects from %u on by %d", nr, index, step);
	bitmap_set(expected, step > 0 ? index : index + 1 - row, row);
	expect_free(test, slab, expected);
	KUNIT_ASSERT_EQ(test, take_all(cache, slab, others), row);
}

void test_a_row_goes_back_at_once_as_far_as_a_word_goes(struct kunit *test)
{
	static const u8 lengths[] = { 1, 2, 3, 4, 5, 6, 9, 31, 63, 64, 65, 66, 130 };
	struct slabmod_cache *cache = cache_of_param(test);
	struct slab *slab = new_slab(test, cache);
	unsigned int n = take_all(cache, slab, objects), index, i;

	for (index = 0; index < n; index++)
		for (i = 0; i < ARRAY_SIZE(lengths); i++) {
			unsigned int nr = lengths[i];

			/* Up to the slab's last object, and down to its first. */
			expect_row(test, cache, slab, index, 1, min(nr, n - index));
			expect_row(test, cache, slab, index, -1, min(nr, index + 1));
		}
	KUNIT_EXPECT_TRUE(test, slab_check(cache, slab));
	give(test, cache, slab, objects, n);
	slab_destroy(cache, slab);
}

void test_a_slab_goes_back_up_or_down_word_by_word(struct kunit *test)
{
	struct slabmod_cache *cache = cache_of_param(test);
	struct slab *slab = new_slab(test, cache);
	unsigned int n = cache->objects, done, round;

	for (round = 0; round < 2; round++) {
		unsigned int calls = 0;

		KUNIT_ASSERT_EQ(test, take_all(cache, slab, objects), n);
		if (round)
			list_row(cache, slab, n - 1, -1, objects, n);
		for (done = 0; done < n; calls++) {
			unsigned int given = give_row(cache, slab, objects + done, n - done);

			KUNIT_ASSERT_GT(test, given, 0);
			done += given;
		}
		KUNIT_EXPECT_EQ(test, calls, DIV_ROUND_UP(n, BITS_PER_LONG));
		KUNIT_EXPECT_EQ(test, slab->inuse, 0);
		KUNIT_EXPECT_TRUE(test, slab_check(cache, slab));
	}
	slab_destroy(cache, slab);
}

/* A row of twelve of which number @free is free already. */
static void expect_row_with_gap(struct kunit *test, struct slabmod_cache *cache,
				struct slab *slab, unsigned int index, int step,
				unsigned int free)
{
	void *row[12];
	unsigned int i;

	list_row(cache, slab, index, step, row, ARRAY_SIZE(row));
	give(test, cache, slab, &row[free], 1);
	/* One by one, for the sake of the one that must not be given again. */
	for (i = 0; i < free; i++)
		KUNIT_ASSERT_EQ(test, give_row(cache, slab, row + i, ARRAY_SIZE(row) - i), 1);
	KUNIT_ASSERT_EQ(test, give_row(cache, slab, row + i, ARRAY_SIZE(row) - i), 0);
	i++;
	/* What is behind it is whole again. */
	if (i < ARRAY_SIZE(row))
		KUNIT_ASSERT_EQ(test, give_row(cache, slab, row + i, ARRAY_SIZE(row) - i),
				ARRAY_SIZE(row) - i);
	KUNIT_ASSERT_TRUE(test, slab_check(cache, slab));
	KUNIT_ASSERT_EQ(test, take_all(cache, slab, row), ARRAY_SIZE(row));
}

void test_a_row_with_one_that_is_free_is_given_one_by_one(struct kunit *test)
{
	struct slabmod_cache *cache = cache_of(test, 48);
	struct slab *slab = new_slab(test, cache);
	unsigned int n = take_all(cache, slab, objects), free;

	for (free = 0; free < 12; free++) {
		expect_row_with_gap(test, cache, slab, 0, 1, free);
		expect_row_with_gap(test, cache, slab, 20, 1, free);
		expect_row_with_gap(test, cache, slab, 11, -1, free);
		expect_row_with_gap(test, cache, slab, 40, -1, free);
	}
	give(test, cache, slab, objects, n);
	slab_destroy(cache, slab);
}

void test_what_is_free_beside_a_row_does_not_break_it(struct kunit *test)
{
	struct slabmod_cache *cache = cache_of(test, 24);
	struct slab *slab = new_slab(test, cache);
	unsigned int n = take_all(cache, slab, objects);

	give(test, cache, slab, &objects[9], 1);
	give(test, cache, slab, &objects[20], 1);
	KUNIT_EXPECT_EQ(test, give_row(cache, slab, objects + 10, 10), 10);
	KUNIT_EXPECT_EQ(test, slab->inuse, n - 12);
	KUNIT_EXPECT_TRUE(test, slab_check(cache, slab));
	KUNIT_EXPECT_EQ(test, take_all(cache, slab, objects + 9), 12);
	give(test, cache, slab, objects, n);
	slab_destroy(cache, slab);
}

void test_a_row_is_only_of_neighbours(struct kunit *test)
{
	struct slabmod_cache *cache = cache_of(test, 48);
	struct slab *slab = new_slab(test, cache);
	unsigned int n = take_all(cache, slab, objects);
	void *base = slab_address(slab);
	/* By twos; up and down again; off by some bytes; the same one. */
	void *by_two[] = { base, base + 96, base + 192 };
	void *turn[] = { base + 48, base + 96, base + 48 };
	void *off[] = { base, base + 48 + 8 }, *same[] = { base, base };

	KUNIT_EXPECT_EQ(test, give_row(cache, slab, by_two, 3), 1);
	KUNIT_EXPECT_EQ(test, take_all(cache, slab, others), 1);
	KUNIT_EXPECT_EQ(test, give_row(cache, slab, turn, 3), 2);
	KUNIT_EXPECT_EQ(test, give_row(cache, slab, turn + 2, 1), 0);
	KUNIT_EXPECT_EQ(test, take_all(cache, slab, others), 2);
	KUNIT_EXPECT_EQ(test, give_row(cache, slab, off, 2), 1);
	KUNIT_EXPECT_EQ(test, give_row(cache, slab, off + 1, 1), 0);
	KUNIT_EXPECT_EQ(test, take_all(cache, slab, others), 1);
	KUNIT_EXPECT_EQ(test, give_row(cache, slab, same, 2), 1);
	KUNIT_EXPECT_EQ(test, give_row(cache, slab, same + 1, 1), 0);
	KUNIT_EXPECT_EQ(test, take_all(cache, slab, others), 1);
	KUNIT_EXPECT_TRUE(test, slab_check(cache, slab));
	give(test, cache, slab, objects, n);
	slab_destroy(cache, slab);
}

/* Of two slabs side by side, the objects around where one begins; from @low to @high. */
static void expect_rows_end_at(struct kunit *test, struct slabmod_cache *cache, struct slab *low,
			       struct slab *high)
{
	unsigned int n = slab_objects(cache, low), i;
	void *row[6];

	for (i = 0; i < 6; i++)
		row[i] = slab_address(high) + ((int)i - 3) * (int)cache->size;
	KUNIT_ASSERT_PTR_EQ(test, row[2], slab_address(low) + (n - 1) * cache->size);
	KUNIT_ASSERT_EQ(test, take_all(cache, low, objects), n);
	KUNIT_ASSERT_EQ(test, take_all(cache, high, others), n);
	KUNIT_EXPECT_EQ(test, give_row(cache, low, row, 6), 3);
	KUNIT_EXPECT_EQ(test, give_row(cache, high, row + 3, 3), 3);
	KUNIT_EXPECT_EQ(test, take_all(cache, low, objects) + take_all(cache, high, objects), 6);
	for (i = 0; i < 3; i++)
		swap(row[i], row[5 - i]);
	KUNIT_EXPECT_EQ(test, give_row(cache, high, row, 6), 3);
	KUNIT_EXPECT_EQ(test, give_row(cache, low, row + 3, 3), 3);
	KUNIT_EXPECT_EQ(test, low->inuse, n - 3);
	KUNIT_EXPECT_EQ(test, high->inuse, n - 3);
	KUNIT_EXPECT_TRUE(test, slab_check(cache, low) && slab_check(cache, high));
	take_all(cache, low, objects);
	list_row(cache, low, 0, 1, objects, n);
	give(test, cache, low, objects, n);
	take_all(cache, high, objects);
	list_row(cache, high, 0, 1, objects, n);
	give(test, cache, high, objects, n);
}

void test_a_row_ends_where_another_slab_begins(struct kunit *test)
{
	static const unsigned int sizes[] = { 16, 64, 256 };
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct slabmod_cache *cache = cache_of(test, sizes[i]);
		struct slab *a = new_slab(test, cache), *b = new_slab(test, cache);

		/* These fill their slabs, and so the first of one follows the other's last. */
		KUNIT_ASSERT_EQ(test, cache->usual.pages, 1);
		expect_rows_end_at(test, cache, min(a, b), max(a, b));
		slab_destroy(cache, a);
		slab_destroy(cache, b);
	}
}

void test_a_row_ends_where_another_small_slab_begins(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create_orders(test, 2, 1, 1);
	struct slabmod_cache *cache = kit_cache_create(test, pool, 1024, 0, NULL);
	struct frame *page;
	struct slab *a, *b;

	/* Two pages side by side, which a slab of the usual kind could have; but one by one. */
	KUNIT_ASSERT_EQ(test, cache->usual.pages, 2);
	page = kit_buddy_alloc(cache->buddies, NID, 1, GFP_KERNEL);
	a = slab_create(cache, NID, GFP_KERNEL);
	KUNIT_ASSERT_TRUE(test, page && a);
	buddy_free(page);
	b = slab_create(cache, NID, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, b);
	KUNIT_ASSERT_EQ(test, a->state, FRAME_SLAB_SMALL);
	KUNIT_ASSERT_EQ(test, b->state, FRAME_SLAB_SMALL);
	expect_rows_end_at(test, cache, min(a, b), max(a, b));
	slab_destroy(cache, a);
	slab_destroy(cache, b);
}
