// SPDX-License-Identifier: GPL-2.0
/*
 * test_slab_rows.c - objects that lie side by side in a slab are freed together.
 */
#include <linux/bitmap.h>
#include <linux/minmax.h>

#include "test_slab.h"

/* Too large for the stack. */
static void *objects[SLAB_MAX_OBJECTS + 1], *others[SLAB_MAX_OBJECTS + 1];

/* One call of slab_free() for the first of @nr objects, as a home makes it. */
static unsigned int free_row(struct slabmod_cache *cache, struct slab *slab, void **from,
			     unsigned int nr)
{
	unsigned int freed = slab_free(cache, slab_geometry(cache, slab), slab,
				       *from - slab_address(slab), from, from + nr);

	slab->inuse -= freed;
	return freed;
}

/* List @nr objects from index @index, upwards or downwards. */
static void list_row(struct slabmod_cache *cache, struct slab *slab, unsigned int index, int step,
		     void **to, unsigned int nr)
{
	for (; nr; nr--, index += step)
		*to++ = slab_address(slab) + index * cache->size;
}

static void expect_bits(struct kunit *test, struct slab *slab, unsigned long *expected)
{
	KUNIT_ASSERT_EQ(test, memcmp(slab->free, expected, sizeof(slab->free)), 0);
}

/* Free a row of a full slab, and expect that one call frees the part in one word. */
static void expect_row(struct kunit *test, struct slabmod_cache *cache, struct slab *slab,
		       unsigned int index, int step, unsigned int nr)
{
	unsigned int in_word = step > 0 ? BITS_PER_LONG - index % BITS_PER_LONG :
					  index % BITS_PER_LONG + 1;
	unsigned int row = min(nr, in_word);
	DECLARE_BITMAP(expected, SLAB_MAX_OBJECTS) = { 0 };

	list_row(cache, slab, index, step, others, nr);
	KUNIT_ASSERT_EQ_MSG(test, free_row(cache, slab, others, nr), row,
			    "%u objects from %u on by %d", nr, index, step);
	bitmap_set(expected, step > 0 ? index : index + 1 - row, row);
	expect_bits(test, slab, expected);
	KUNIT_ASSERT_EQ(test, alloc_rest(cache, slab, others), row);
}

void test_row_is_freed_up_to_the_end_of_a_word(struct kunit *test)
{
	static const u8 lengths[] = { 1, 2, 3, 4, 5, 6, 9, 31, 63, 64, 65, 66, 130 };
	struct slabmod_cache *cache = cache_of_param(test);
	struct slab *slab = new_slab(test, cache);
	unsigned int n = alloc_rest(cache, slab, objects), index, i;

	for (index = 0; index < n; index++)
		for (i = 0; i < ARRAY_SIZE(lengths); i++) {
			unsigned int nr = lengths[i];

			/* Up to the slab's last object, and down to its first. */
			expect_row(test, cache, slab, index, 1, min(nr, n - index));
			expect_row(test, cache, slab, index, -1, min(nr, index + 1));
		}
	KUNIT_EXPECT_TRUE(test, slab_check(cache, slab));
	free_n(test, cache, slab, objects, n);
	slab_destroy(cache, slab);
}

/* Free a row of twelve, of which number @free is free already. */
static void expect_row_with_gap(struct kunit *test, struct slabmod_cache *cache,
				struct slab *slab, unsigned int index, int step,
				unsigned int free)
{
	void *row[12];
	unsigned int i;

	list_row(cache, slab, index, step, row, ARRAY_SIZE(row));
	free_n(test, cache, slab, &row[free], 1);
	/* One by one, because one of them must not be freed again. */
	for (i = 0; i < free; i++)
		KUNIT_ASSERT_EQ(test, free_row(cache, slab, row + i, ARRAY_SIZE(row) - i), 1);
	KUNIT_ASSERT_EQ(test, free_row(cache, slab, row + i, ARRAY_SIZE(row) - i), 0);
	i++;
	/* The rest is a row again. */
	if (i < ARRAY_SIZE(row))
		KUNIT_ASSERT_EQ(test, free_row(cache, slab, row + i, ARRAY_SIZE(row) - i),
				ARRAY_SIZE(row) - i);
	KUNIT_ASSERT_TRUE(test, slab_check(cache, slab));
	KUNIT_ASSERT_EQ(test, alloc_rest(cache, slab, row), ARRAY_SIZE(row));
}

void test_row_with_a_free_object_is_freed_one_by_one(struct kunit *test)
{
	struct slabmod_cache *cache = cache_of(test, 48);
	struct slab *slab = new_slab(test, cache);
	unsigned int n = alloc_rest(cache, slab, objects), free;

	for (free = 0; free < 12; free++) {
		expect_row_with_gap(test, cache, slab, 0, 1, free);
		expect_row_with_gap(test, cache, slab, 20, 1, free);
		expect_row_with_gap(test, cache, slab, 11, -1, free);
		expect_row_with_gap(test, cache, slab, 40, -1, free);
	}
	free_n(test, cache, slab, objects, n);
	slab_destroy(cache, slab);
}

void test_row_has_only_neighbours(struct kunit *test)
{
	struct slabmod_cache *cache = cache_of(test, 48);
	struct slab *slab = new_slab(test, cache);
	unsigned int n = alloc_rest(cache, slab, objects);
	void *base = slab_address(slab);
	/* By twos; up and down; a wrong offset; the same one twice. */
	void *by_two[] = { base, base + 96, base + 192 };
	void *turn[] = { base + 48, base + 96, base + 48 };
	void *off[] = { base, base + 48 + 8 }, *same[] = { base, base };

	KUNIT_EXPECT_EQ(test, free_row(cache, slab, by_two, 3), 1);
	KUNIT_EXPECT_EQ(test, alloc_rest(cache, slab, others), 1);
	KUNIT_EXPECT_EQ(test, free_row(cache, slab, turn, 3), 2);
	KUNIT_EXPECT_EQ(test, free_row(cache, slab, turn + 2, 1), 0);
	KUNIT_EXPECT_EQ(test, alloc_rest(cache, slab, others), 2);
	KUNIT_EXPECT_EQ(test, free_row(cache, slab, off, 2), 1);
	KUNIT_EXPECT_EQ(test, free_row(cache, slab, off + 1, 1), 0);
	KUNIT_EXPECT_EQ(test, alloc_rest(cache, slab, others), 1);
	KUNIT_EXPECT_EQ(test, free_row(cache, slab, same, 2), 1);
	KUNIT_EXPECT_EQ(test, free_row(cache, slab, same + 1, 1), 0);
	KUNIT_EXPECT_EQ(test, alloc_rest(cache, slab, others), 1);
	KUNIT_EXPECT_TRUE(test, slab_check(cache, slab));
	free_n(test, cache, slab, objects, n);
	slab_destroy(cache, slab);
}

/* Free rows across the boundary of two adjacent slabs. */
static void expect_rows_end_at(struct kunit *test, struct slabmod_cache *cache, struct slab *low,
			       struct slab *high)
{
	unsigned int n = slab_objects(cache, low), i;
	void *row[6];

	for (i = 0; i < 6; i++)
		row[i] = slab_address(high) + ((int)i - 3) * (int)cache->size;
	KUNIT_ASSERT_PTR_EQ(test, row[2], slab_address(low) + (n - 1) * cache->size);
	KUNIT_ASSERT_EQ(test, alloc_rest(cache, low, objects), n);
	KUNIT_ASSERT_EQ(test, alloc_rest(cache, high, others), n);
	KUNIT_EXPECT_EQ(test, free_row(cache, low, row, 6), 3);
	KUNIT_EXPECT_EQ(test, free_row(cache, high, row + 3, 3), 3);
	KUNIT_EXPECT_EQ(test, alloc_rest(cache, low, objects), 3);
	KUNIT_EXPECT_EQ(test, alloc_rest(cache, high, objects), 3);
	for (i = 0; i < 3; i++)
		swap(row[i], row[5 - i]);
	KUNIT_EXPECT_EQ(test, free_row(cache, high, row, 6), 3);
	KUNIT_EXPECT_EQ(test, free_row(cache, low, row + 3, 3), 3);
	KUNIT_EXPECT_EQ(test, low->inuse, n - 3);
	KUNIT_EXPECT_EQ(test, high->inuse, n - 3);
	KUNIT_EXPECT_TRUE(test, slab_check(cache, low) && slab_check(cache, high));
	alloc_rest(cache, low, objects);
	list_row(cache, low, 0, 1, objects, n);
	free_n(test, cache, low, objects, n);
	alloc_rest(cache, high, objects);
	list_row(cache, high, 0, 1, objects, n);
	free_n(test, cache, high, objects, n);
}

static void expect_rows_end_at_slabs(struct kunit *test, struct slabmod_cache *cache,
				     struct slab *a, struct slab *b)
{
	KUNIT_ASSERT_TRUE(test, a && b);
	expect_rows_end_at(test, cache, min(a, b), max(a, b));
	slab_destroy(cache, a);
	slab_destroy(cache, b);
}

void test_row_ends_where_another_slab_begins(struct kunit *test)
{
	/* These fill a page, so the first object of a slab follows the last of another. */
	static const unsigned int sizes[] = { 16, 64, 256 };
	struct slabmod_cache *cache;
	struct frame *page;
	struct slab *a;
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		cache = cache_of(test, sizes[i]);
		KUNIT_ASSERT_EQ(test, cache->usual.pages, 1);
		a = new_slab(test, cache);
		expect_rows_end_at_slabs(test, cache, a, new_slab(test, cache));
	}
	/* Small slabs: two adjacent pages, allocated one by one. */
	cache = kit_cache_create(test, kit_pool_create_orders(test, 2, 1, 1), 1024, 0, NULL);
	KUNIT_ASSERT_EQ(test, cache->usual.pages, 2);
	page = kit_buddy_alloc(cache->buddies, NID, 1, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, page);
	a = slab_create(cache, NID, GFP_KERNEL);
	buddy_free(page);
	KUNIT_ASSERT_NOT_NULL(test, a);
	KUNIT_ASSERT_EQ(test, a->state, FRAME_SLAB_SMALL);
	expect_rows_end_at_slabs(test, cache, a, slab_create(cache, NID, GFP_KERNEL));
}
