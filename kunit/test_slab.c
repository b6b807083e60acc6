// SPDX-License-Identifier: GPL-2.0
/*
 * test_slab.c - what blocks carved into equal objects promise.
 *
 * The random runs are in test_slab_random.c.
 */
#include <linux/bitmap.h>
#include <linux/cache.h>
#include <linux/minmax.h>
#include <linux/mm.h>

#include "buddy_check.h"
#include "suites.h"
#include "test_slab.h"

static const size_t slab_sizes[] = {
	16, 24, 48, 80, 96, 112, 192, 200, 1000, 4096, 12288, 32768,
};

KIT_SIZE_PARAM(slab, slab_sizes);

/* Too large for the stack. */
static void *objects[SLAB_MAX_OBJECTS + 1], *others[SLAB_MAX_OBJECTS + 1];

static struct slabmod_cache *cache_of_param(struct kunit *test)
{
	return kit_cache_of(test, kit_size(test));
}

static struct slab *new_slab(struct kunit *test, struct slabmod_cache *cache)
{
	struct slab *slab = slab_create(cache, NID, GFP_KERNEL | __GFP_THISNODE);

	KUNIT_ASSERT_NOT_NULL(test, slab);
	return slab;
}

/* Allocate all that is left of a slab; return how many objects that was. */
static unsigned int alloc_rest(struct slabmod_cache *cache, struct slab *slab, void **to)
{
	return slab_alloc(cache, slab, to, SLAB_MAX_OBJECTS);
}

/* Free objects of one slab, and expect that none is refused. */
static void free_n(struct kunit *test, struct slabmod_cache *cache, struct slab *slab, void **from,
		   unsigned int nr)
{
	KUNIT_EXPECT_EQ(test, slab_free_all(cache, slab, from, nr), nr);
}

/* ---- layout ---- */

static void expect_geometry(struct kunit *test, const struct slabmod_cache *cache,
			    const struct slab_geometry *g, unsigned int most)
{
	unsigned int bytes = g->objects * cache->size;

	KUNIT_EXPECT_GE_MSG(test, g->objects, 1, "size %u", cache->size);
	KUNIT_EXPECT_LE_MSG(test, g->objects, most, "size %u", cache->size);
	/* No page without an object is kept. */
	KUNIT_EXPECT_EQ_MSG(test, g->pages, DIV_ROUND_UP(bytes, PAGE_SIZE), "size %u", cache->size);
	KUNIT_EXPECT_EQ_MSG(test, g->order, order_base_2(g->pages), "size %u", cache->size);
	KUNIT_EXPECT_LT(test, (g->objects - 1) >> g->quarter_shift, SLAB_QUARTERS);
}

/* Sixteenths of a slab that no object uses, rounded up. */
static unsigned int waste(const struct slabmod_cache *cache)
{
	unsigned int bytes = cache->usual.pages * PAGE_SIZE;

	return DIV_ROUND_UP((bytes - cache->usual.objects * cache->size) * 16, bytes);
}

static void test_layout_fits_for_every_size(struct kunit *test)
{
	struct slabmod_cache *cache = kit_zalloc(test, sizeof(*cache));
	unsigned int size, align;

	for (size = 1; size <= SLABMOD_CACHE_MAX_SIZE; size++) {
		memset(cache, 0, sizeof(*cache));
		KUNIT_ASSERT_TRUE(test, slab_layout(cache, size, 0));
		KUNIT_ASSERT_EQ(test, cache->size, ALIGN(max(size, SLAB_MIN_SIZE + 0u), 8));
		expect_geometry(test, cache, &cache->usual, SLAB_MAX_OBJECTS);
		expect_geometry(test, cache, &cache->small, BITS_PER_LONG);
		KUNIT_ASSERT_EQ(test, cache->objects, cache->usual.objects);
		KUNIT_ASSERT_EQ(test, cache->slab_mask, (PAGE_SIZE << cache->usual.order) - 1);
		KUNIT_ASSERT_LE(test, cache->small.order, get_order(cache->size));
		/* At most an eighth; a sixteenth if a page has two objects. */
		KUNIT_ASSERT_LE_MSG(test, waste(cache), cache->size > 2048 ? 2 : 1, "size %u",
				    size);
	}
	KUNIT_EXPECT_FALSE(test, slab_layout(cache, SLABMOD_CACHE_MAX_SIZE + 1, 0));
	for (align = 1; align <= min_t(unsigned int, PAGE_SIZE, SLABMOD_CACHE_MAX_SIZE); align *= 2)
		for (size = 1; size <= SLABMOD_CACHE_MAX_SIZE; size += 97) {
			KUNIT_ASSERT_TRUE(test, slab_layout(cache, size, align));
			KUNIT_ASSERT_EQ(test, cache->size % align, 0);
			KUNIT_ASSERT_GE(test, cache->size, size);
			KUNIT_ASSERT_LT(test, cache->size, max(size, 16u) + max(align, 8u));
		}
	KUNIT_EXPECT_FALSE(test, slab_layout(cache, SLABMOD_CACHE_MAX_SIZE - 1, 1u << 16));
}

static void test_group_fills_whole_lines(struct kunit *test)
{
	struct slabmod_cache *cache = kit_zalloc(test, sizeof(*cache));
	unsigned int size, line = cache_line_size();

	for (size = SLAB_MIN_SIZE; size <= SLABMOD_CACHE_MAX_SIZE; size += 8) {
		unsigned int group = 1;

		while (group * size % line)
			group++;
		memset(cache, 0, sizeof(*cache));
		KUNIT_ASSERT_TRUE(test, slab_layout(cache, size, 0));
		KUNIT_ASSERT_EQ_MSG(test, cache->group, group, "size %u", size);
		KUNIT_ASSERT_EQ(test, !!(cache->flags & CACHE_SHARES_LINES), group > 1);
	}
}

static void test_index_is_exact_for_every_size(struct kunit *test)
{
	struct slabmod_cache *cache = kit_zalloc(test, sizeof(*cache));
	unsigned int size, i;

	for (size = SLAB_MIN_SIZE; size <= SLABMOD_CACHE_MAX_SIZE; size += 8) {
		KUNIT_ASSERT_TRUE(test, slab_layout(cache, size, 0));
		for (i = 0; i < cache->objects; i++) {
			unsigned long offset = (unsigned long)i * size;

			KUNIT_ASSERT_EQ(test, slab_index(cache, offset), i);
			KUNIT_ASSERT_GE(test, slab_index(cache, offset + 1), SLAB_MAX_OBJECTS);
			KUNIT_ASSERT_GE(test, slab_index(cache, offset + 8), SLAB_MAX_OBJECTS);
			KUNIT_ASSERT_GE(test, slab_index(cache, offset + size - 1),
					SLAB_MAX_OBJECTS);
		}
		KUNIT_ASSERT_GE(test, slab_index(cache, cache->objects * size), cache->objects);
	}
}

/* ---- slabs ---- */

static void test_every_page_of_a_slab_leads_to_the_slab(struct kunit *test)
{
	struct slabmod_cache *cache = cache_of_param(test);
	struct slab *slab = new_slab(test, cache);
	struct buddy *buddy = &cache->buddies[NID];
	void *base = slab_address(slab);
	unsigned int i;

	KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)base, cache->slab_mask + 1));
	for (i = 0; i < cache->usual.pages; i++) {
		struct frame *frame = chunk_frame(base + i * PAGE_SIZE);

		KUNIT_ASSERT_NOT_NULL(test, frame);
		KUNIT_EXPECT_PTR_EQ(test, frame_cache(frame), cache);
		KUNIT_EXPECT_PTR_EQ(test, frame_slab(frame), slab);
		KUNIT_EXPECT_PTR_EQ(test, slab->cache, cache);
		KUNIT_EXPECT_EQ(test, frame_state(frame), FRAME_SLAB);
	}
	/* The slab does not own the tail of the block. */
	if (i < 1u << cache->usual.order)
		KUNIT_EXPECT_NULL(test, frame_cache(chunk_frame(base + i * PAGE_SIZE)));
	KUNIT_EXPECT_EQ(test, kit_source.pages - buddy->free_pages, cache->usual.pages);
	slab_destroy(cache, slab);
	KUNIT_EXPECT_EQ(test, kit_source.pages, buddy->free_pages);
	for (i = 0; i < cache->usual.pages; i++)
		KUNIT_EXPECT_NULL(test, frame_cache(chunk_frame(base + i * PAGE_SIZE)));
	KUNIT_EXPECT_TRUE(test, buddy_check(buddy));
	KUNIT_EXPECT_EQ(test, kit_stat(cache, EVENT_SLAB_NEW), 1);
	KUNIT_EXPECT_EQ(test, kit_stat(cache, EVENT_SLAB_FREE), 1);
}

static void test_free_refuses_an_address_inside_an_object(struct kunit *test)
{
	struct slabmod_cache *cache = kit_cache_of(test, 1000);
	struct slab *slab = new_slab(test, cache);
	/* Inside an object, and after the last one in the slab's last page. */
	const unsigned long offsets[] = {
		1, 8, 999, 1500, cache->objects * 1000, cache->objects * 1000 + 8,
	};
	void *object;
	int i;

	KUNIT_ASSERT_LT(test, cache->objects * 1000 + 8, cache->usual.pages * PAGE_SIZE);
	slab_alloc(cache, slab, &object, 1);
	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		void *inner = slab_address(slab) + offsets[i];

		KUNIT_EXPECT_EQ_MSG(test, slab_free_all(cache, slab, &inner, 1), 0,
				    "offset %lu", offsets[i]);
		KUNIT_EXPECT_EQ(test, slab->inuse, 1);
	}
	KUNIT_EXPECT_TRUE(test, slab_check(cache, slab));
	free_n(test, cache, slab, &object, 1);
	slab_destroy(cache, slab);
}

/* ---- when memory is low ---- */

static void expect_small(struct kunit *test, struct slabmod_cache *cache, struct slab *slab)
{
	unsigned int n;

	KUNIT_EXPECT_TRUE(test, slab_is_small(slab));
	KUNIT_EXPECT_PTR_NE(test, slab->cache, cache);
	KUNIT_EXPECT_PTR_EQ(test, slab_cache(slab), cache);
	KUNIT_EXPECT_EQ(test, kit_stat(cache, EVENT_SLAB_SMALL), 1);
	KUNIT_EXPECT_TRUE(test, slab_check(cache, slab));
	n = alloc_rest(cache, slab, objects);
	KUNIT_EXPECT_EQ(test, n, cache->small.objects);
	KUNIT_EXPECT_LE(test, objects[n - 1] + cache->size - slab_address(slab), PAGE_SIZE);
	free_n(test, cache, slab, objects, n);
	KUNIT_EXPECT_TRUE(test, slab_check(cache, slab));
	slab_destroy(cache, slab);
}

static void test_small_slab_when_memory_is_low(struct kunit *test)
{
	struct slabmod_cache *cache = cache_of_param(test);
	bool usual_is_small = cache->usual.objects == cache->small.objects;
	struct slab *slab;

	kit_source.max_order = 0;
	slab = slab_create(cache, NID, GFP_KERNEL);
	if (cache->size > PAGE_SIZE) {
		KUNIT_EXPECT_NULL(test, slab);
		return;
	}
	/* A single page is enough for an object of at most a page. */
	KUNIT_ASSERT_NOT_NULL(test, slab);
	if (usual_is_small || cache->usual.pages == 1)
		slab_destroy(cache, slab);
	else
		expect_small(test, cache, slab);
	KUNIT_EXPECT_EQ(test, cache->buddies[NID].free_pages, kit_source.pages);
}

/* ---- rows ---- */

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

static void test_row_is_freed_up_to_the_end_of_a_word(struct kunit *test)
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

static void test_row_with_a_free_object_is_freed_one_by_one(struct kunit *test)
{
	struct slabmod_cache *cache = kit_cache_of(test, 48);
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
	if (slab_address(a) < slab_address(b))
		expect_rows_end_at(test, cache, a, b);
	else
		expect_rows_end_at(test, cache, b, a);
	slab_destroy(cache, a);
	slab_destroy(cache, b);
}

static void test_row_ends_where_another_slab_begins(struct kunit *test)
{
	/* These fill a page, so the first object of a slab follows the last of another. */
	static const unsigned int sizes[] = { 16, 64, 256 };
	struct slabmod_cache *cache;
	struct slab *a;
	void *page;
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		cache = kit_cache_of(test, sizes[i]);
		KUNIT_ASSERT_EQ(test, cache->usual.pages, 1);
		a = new_slab(test, cache);
		expect_rows_end_at_slabs(test, cache, a, new_slab(test, cache));
	}
	/* Small slabs: two adjacent pages, allocated one by one. */
	cache = kit_cache_create(test, kit_pool_create_orders(test, 2, 1, 1), PAGE_SIZE / 4, 0,
				 NULL);
	KUNIT_ASSERT_EQ(test, cache->usual.pages, 2);
	page = kit_buddy_alloc(cache->buddies, NID, 1, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, page);
	a = slab_create(cache, NID, GFP_KERNEL);
	buddy_free(page);
	KUNIT_ASSERT_NOT_NULL(test, a);
	KUNIT_ASSERT_TRUE(test, slab_is_small(a));
	expect_rows_end_at_slabs(test, cache, a, slab_create(cache, NID, GFP_KERNEL));
}

static struct kunit_case slab_cases[] = {
	KUNIT_CASE(test_layout_fits_for_every_size),
	KUNIT_CASE(test_group_fills_whole_lines),
	KUNIT_CASE(test_index_is_exact_for_every_size),
	KUNIT_CASE_PARAM(test_every_page_of_a_slab_leads_to_the_slab, slab_gen_params),
	KUNIT_CASE_PARAM(test_row_is_freed_up_to_the_end_of_a_word, slab_gen_params),
	KUNIT_CASE(test_row_with_a_free_object_is_freed_one_by_one),
	KUNIT_CASE(test_row_ends_where_another_slab_begins),
	KUNIT_CASE(test_free_refuses_an_address_inside_an_object),
	KUNIT_CASE_PARAM(test_small_slab_when_memory_is_low, slab_gen_params),
	KUNIT_CASE_PARAM(test_random_run_matches_a_flag_per_object, slab_gen_params),
	{}
};

struct kunit_suite slab_suite = {
	.name = "slab",
	KIT_SUITE_HOOKS,
	.test_cases = slab_cases,
};
