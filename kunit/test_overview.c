// SPDX-License-Identifier: GPL-2.0
/*
 * test_overview.c - the file for people: parts that make up the whole, and the largest caches
 * first.
 */
#include <linux/math.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include "home_walk.h"
#include "overview.h"
#include "suites.h"
#include "verbs_pool.h"

#define TEXT_SIZE	(16 * 1024)
#define OBJECTS		((unsigned int)PAGE_SIZE / 4)	/* of 64 bytes: 16 pages */

/* Read the file of a pool. */
static const char *overview_of(struct kunit *test, struct slabmod_pool *pool)
{
	struct seq_file m = { .size = TEXT_SIZE, .private = pool };

	m.buf = kit_zalloc(test, TEXT_SIZE);
	KUNIT_EXPECT_EQ(test, overview_show(&m, NULL), 0);
	KUNIT_ASSERT_LT(test, m.count, m.size);
	return m.buf;
}

/* Return the begin of the line that @in is in. */
static const char *line_of(const char *text, const char *in)
{
	while (in > text && in[-1] != '\n')
		in--;
	return in;
}

/* Return the line that ends with @end. */
static const char *line_with(struct kunit *test, const char *text, const char *end)
{
	char *with_newline = kunit_kmalloc(test, strlen(end) + 2, GFP_KERNEL);
	const char *found;

	sprintf(with_newline, "%s\n", end);
	found = strstr(text, with_newline);
	KUNIT_ASSERT_NOT_NULL(test, found);
	return line_of(text, found);
}

struct row {
	unsigned long held, in_use, in_use_part, objects;
	char unit[8];
};

/* Return what a line says, except fractions of @held. */
static struct row row_of(struct kunit *test, const char *text, const char *end)
{
	struct row row = { };
	const char *line = line_with(test, text, end);

	/* 12.3 MiB or 123 MiB */
	if (sscanf(line, " %lu.%*u %7s %lu.%lu %% %lu", &row.held, row.unit, &row.in_use,
		   &row.in_use_part, &row.objects) < 4)
		KUNIT_EXPECT_GE(test, sscanf(line, " %lu %7s %lu.%lu %% %lu", &row.held, row.unit,
					     &row.in_use, &row.in_use_part, &row.objects), 4);
	return row;
}

static void test_parts_make_up_the_whole(struct kunit *test)
{
	static const char *const parts[] = {
		"in use by callers", "free in slabs", "free in magazines of CPUs", "free pages",
		"metadata",
	};
	struct slabmod_pool *pool = kit_pool_create(test, 1024);
	struct slabmod_cache *cache = kit_cache_in(test, pool, "parts", 72, 0);
	void *block = kit_block(test, pool, 3), *object = slabmod_cache_alloc(cache, GFP_KERNEL);
	const char *text = overview_of(test, pool);
	unsigned long tenths = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		struct row row = row_of(test, text, parts[i]);

		tenths += row.in_use * 10 + row.in_use_part;
	}
	/* Each of them is rounded down. */
	KUNIT_EXPECT_GT(test, tenths, 1000 - ARRAY_SIZE(parts));
	KUNIT_EXPECT_LE(test, tenths, 1000);
	kit_block_free(block);
	slabmod_cache_free(cache, object);
	kit_destroy(test, cache);
}

static void test_limit_and_reserve(struct kunit *test)
{
	struct slabmod_pool *pool = kit_module_pool(test, "overview", SZ_1M, SZ_8M);
	const char *text = overview_of(test, pool);

	KUNIT_EXPECT_TRUE(test, strstarts(text, "Pool overview holds 1."));
	KUNIT_EXPECT_NOT_NULL(test, strstr(text, ", its limit is 8.00 MiB of pages,"));
	KUNIT_EXPECT_NOT_NULL(test, strstr(text, " its reserve 1.00 MiB.\n"));
	KUNIT_EXPECT_EQ(test, slabmod_pool_destroy(pool), 0);
	text = overview_of(test, root_pool);
	KUNIT_EXPECT_TRUE(test, strstarts(text, "Pool root holds "));
	KUNIT_EXPECT_NULL(test, strstr(text, "reserve"));
}

/* The cache with many objects is listed with them, and before the one with few. */
static void test_caches_by_size(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, 4096);
	struct slabmod_cache *few = kit_cache_in(test, pool, "few", 64, 0);
	struct slabmod_cache *many = kit_cache_in(test, pool, "many", 64, 0);
	struct slabmod_cache *none = kit_cache_in(test, pool, "no", 64, 0);
	void **objects = kunit_kmalloc_array(test, OBJECTS, sizeof(*objects), GFP_KERNEL);
	unsigned long held, tenths;
	const char *text;
	struct row row;
	void *object;

	object = slabmod_cache_alloc(few, GFP_KERNEL);
	KUNIT_ASSERT_EQ(test, kit_alloc_all(many, objects, OBJECTS, GFP_KERNEL), OBJECTS);
	text = overview_of(test, pool);
	row = row_of(test, text, "  many");
	KUNIT_EXPECT_EQ(test, row.objects, OBJECTS);
	held = home_pages(many) << PAGE_SHIFT;
	KUNIT_EXPECT_EQ(test, row.held, held >> (held < SZ_1M ? 10 : 20));
	KUNIT_EXPECT_STREQ(test, row.unit, held < SZ_1M ? "KiB" : "MiB");
	tenths = OBJECTS * 64 * 1000ul / held;
	KUNIT_EXPECT_EQ(test, row.in_use * 10 + row.in_use_part, tenths);
	KUNIT_EXPECT_EQ(test, row_of(test, text, "  few").objects, 1);
	KUNIT_EXPECT_TRUE(test, line_with(test, text, "  many") < line_with(test, text, "  few"));
	KUNIT_EXPECT_NULL(test, strstr(text, "  no\n"));
	slabmod_cache_free(few, object);
	slabmod_cache_free_bulk(many, OBJECTS, objects);
	kit_destroy(test, few);
	kit_destroy(test, many);
	kit_destroy(test, none);
}

/* Blocks have no slabs: what a cache of theirs holds is in use, or in magazines. */
static void test_blocks_are_listed(struct kunit *test)
{
	struct slabmod_pool *pool = kit_module_pool(test, "overview", 0, 0);
	struct page *a = slabmod_pool_alloc_pages_node(pool, NUMA_NO_NODE, GFP_KERNEL, 2);
	struct page *b = slabmod_pool_alloc_pages_node(pool, NUMA_NO_NODE, GFP_KERNEL, 2);
	struct row row = row_of(test, overview_of(test, pool), "  pages-2");

	KUNIT_EXPECT_EQ(test, row.objects, 2);
	KUNIT_EXPECT_GE(test, row.held, (2 * PAGE_SIZE << 2) >> 10);
	__slabmod_free_pages(a, 2);
	__slabmod_free_pages(b, 2);
	KUNIT_EXPECT_EQ(test, slabmod_pool_destroy(pool), 0);
}

/* Twenty lines; the others in one. */
static void test_many_caches_have_a_sum(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, 8192);
	struct slabmod_cache *cache[25];
	void *object[ARRAY_SIZE(cache)];
	unsigned int i, lines = 0;
	const char *text, *line;
	char name[16];

	for (i = 0; i < ARRAY_SIZE(cache); i++) {
		sprintf(name, "cache-%u", i);
		cache[i] = kit_cache_in(test, pool, name, 64, 0);
		object[i] = slabmod_cache_alloc(cache[i], GFP_KERNEL);
	}
	text = overview_of(test, pool);
	for (line = text; (line = strstr(line, "  cache-")); line++)
		lines++;
	KUNIT_EXPECT_LE(test, lines, 20);
	KUNIT_EXPECT_NOT_NULL(test, strstr(text, " other caches\n"));
	for (i = 0; i < ARRAY_SIZE(cache); i++) {
		slabmod_cache_free(cache[i], object[i]);
		kit_destroy(test, cache[i]);
	}
}

static unsigned long count_of(struct kunit *test, struct slabmod_pool *pool, const char *what)
{
	const char *line = line_with(test, overview_of(test, pool), what);
	unsigned long n;

	if (sscanf(line, " %lu", &n) != 1)
		KUNIT_FAIL(test, "no number begins the line of %s", what);
	return n;
}

static void test_trouble_is_counted(struct kunit *test)
{
	static const char failed[] = "  allocations failed for lack of memory";
	static const char errors[] = "  errors of callers";
	struct slabmod_pool *pool = kit_module_pool(test, "overview", 0, SZ_1M);
	unsigned long before = count_of(test, root_pool, errors);

	KUNIT_EXPECT_EQ(test, count_of(test, pool, failed), 0);
	KUNIT_EXPECT_NULL(test, slabmod_pool_alloc_pages_node(pool, NUMA_NO_NODE,
							      GFP_KERNEL | __GFP_NOWARN, 10));
	KUNIT_EXPECT_GT(test, count_of(test, pool, failed), 0);
	KUNIT_EXPECT_NULL(test, strstr(overview_of(test, pool), errors));
	KIT_EXPECT_MISUSE(test, MISUSE_TOO_LARGE, "above the limit",
			  slabmod_kmalloc(SLABMOD_KMALLOC_MAX + 1, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, count_of(test, root_pool, errors), before + 1);
	KUNIT_EXPECT_EQ(test, slabmod_pool_destroy(pool), 0);
}

static struct kunit_case overview_cases[] = {
	KUNIT_CASE(test_parts_make_up_the_whole),
	KUNIT_CASE(test_limit_and_reserve),
	KUNIT_CASE(test_caches_by_size),
	KUNIT_CASE(test_blocks_are_listed),
	KUNIT_CASE(test_many_caches_have_a_sum),
	KUNIT_CASE(test_trouble_is_counted),
	{}
};

struct kunit_suite overview_suite = {
	.name = "overview",
	KIT_SUITE_HOOKS,
	.test_cases = overview_cases,
};
