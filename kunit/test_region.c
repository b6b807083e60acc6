// SPDX-License-Identifier: GPL-2.0
/*
 * test_region.c - regions: pieces, blocks, marks, resets, and contexts.
 */
#include <linux/mm.h>
#include <linux/nodemask.h>

#include "context.h"
#include "debug/debug.h"
#include "pool_check.h"
#include "pool_ledger.h"
#include "root.h"
#include "suites.h"
#include "test_region.h"

struct slabmod_region *kit_region(struct kunit *test, struct slabmod_pool *pool, size_t block,
				  unsigned int flags)
{
	struct slabmod_region *region = slabmod_pool_region_create(pool, block, flags, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, region);
	return region;
}

void *kit_region_alloc(struct kunit *test, struct slabmod_region *region, size_t size)
{
	void *p = slabmod_region_alloc(region, size, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, p);
	KUNIT_ASSERT_TRUE(test, IS_ALIGNED((unsigned long)p, SLABMOD_REGION_ALIGN));
	return p;
}

void region_expect_used(struct kunit *test, struct slabmod_pool *pool, size_t used)
{
	KUNIT_EXPECT_EQ(test, pool_ledger(pool).used, used);
	KUNIT_EXPECT_TRUE(test, pool_check(pool));
}

static unsigned int list_length(const struct region_block *block)
{
	unsigned int n = 0;

	for (; block; block = block->next)
		n++;
	return n;
}

static struct region *inside(struct slabmod_region *region)
{
	return container_of(region, struct region, fast);
}

/* ---- pieces ---- */

static void test_pieces_follow_each_other(struct kunit *test)
{
	struct slabmod_region *region = kit_region(test, kit_pool_create(test, KIT_LIMIT), 0, 0);
	u8 *p[4];

	p[0] = kit_region_alloc(test, region, 1);
	p[1] = kit_region_alloc(test, region, 8);
	p[2] = kit_region_alloc(test, region, 9);
	p[3] = kit_region_alloc(test, region, 64);
	KUNIT_EXPECT_PTR_EQ(test, p[1], p[0] + 8);
	KUNIT_EXPECT_PTR_EQ(test, p[2], p[1] + 8);
	KUNIT_EXPECT_PTR_EQ(test, p[3], p[2] + 16);
	KUNIT_EXPECT_EQ(test, slabmod_region_used(region), 8 + 8 + 16 + 64);
	KUNIT_EXPECT_EQ(test, slabmod_region_size(region),
			PAGE_ALIGN(SLABMOD_REGION_BLOCK));
	slabmod_region_destroy(region);
}

static void test_alignment_is_met_by_every_path(struct kunit *test)
{
	struct slabmod_region *region = kit_region(test, kit_pool_create(test, KIT_LIMIT), 4096, 0);
	size_t align;
	int i;

	for (align = 1; align <= PAGE_SIZE; align *= 2) {
		for (i = 0; i < 10; i++) {
			size_t size = 1 + 1000 * i;
			void *p = slabmod_region_alloc_aligned(region, size, align, GFP_KERNEL);

			KUNIT_ASSERT_NOT_NULL(test, p);
			KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)p, max(align, 8ul)));
			memset(p, 0xdd, size);
		}
	}
	slabmod_region_destroy(region);
}

static void test_null_and_zero_size(struct kunit *test)
{
	struct slabmod_region *region = kit_region(test, kit_pool_create(test, KIT_LIMIT), 0, 0);
	size_t none = 0;

	OPTIMIZER_HIDE_VAR(none);
	kit_capture_begin();
	KUNIT_EXPECT_PTR_EQ(test, slabmod_region_alloc(region, none, GFP_KERNEL), ZERO_SIZE_PTR);
	KUNIT_EXPECT_PTR_EQ(test, slabmod_region_alloc(region, 0, GFP_KERNEL), ZERO_SIZE_PTR);
	KUNIT_EXPECT_PTR_EQ(test, slabmod_region_zalloc(region, 0, GFP_KERNEL), ZERO_SIZE_PTR);
	KUNIT_EXPECT_PTR_EQ(test, slabmod_region_memdup(region, "", 0, GFP_KERNEL), ZERO_SIZE_PTR);
	KUNIT_EXPECT_NULL(test, slabmod_region_strdup(region, NULL, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, slabmod_region_used(region), 0);
	slabmod_region_destroy(region);
	slabmod_region_destroy(NULL);
	kit_capture_end();
	kit_expect_no_misuse(test, __LINE__);
}

static void test_copies(struct kunit *test)
{
	struct slabmod_region *region = kit_region(test, kit_pool_create(test, KIT_LIMIT), 0, 0);
	char *s = slabmod_region_strdup(region, "a string", GFP_KERNEL);
	char *empty = slabmod_region_strdup(region, "", GFP_KERNEL);
	char *part = slabmod_region_memdup(region, "a string", 3, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, s);
	KUNIT_ASSERT_NOT_NULL(test, empty);
	KUNIT_ASSERT_NOT_NULL(test, part);
	KUNIT_EXPECT_STREQ(test, s, "a string");
	KUNIT_EXPECT_STREQ(test, empty, "");
	KUNIT_EXPECT_EQ(test, memcmp(part, "a s", 3), 0);
	KUNIT_EXPECT_EQ(test, slabmod_region_used(region), 16 + 8 + 8);
	slabmod_region_destroy(region);
}

/* ---- blocks ---- */

/* Eight fit into a block of two pages, and seven into the first of a region. */
#define EIGHTH	(PAGE_SIZE / 4 - 24)

static void test_full_block_is_followed_by_another(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, KIT_LIMIT);
	struct slabmod_region *region = kit_region(test, pool, 2 * PAGE_SIZE, 0);
	struct slabmod_mark start = slabmod_region_mark(region);
	int i;

	for (i = 0; i < 100; i++)
		kit_region_alloc(test, region, EIGHTH);
	KUNIT_EXPECT_EQ(test, slabmod_region_size(region), 13 * 2 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, slabmod_region_used(region), 100 * EIGHTH);
	region_expect_used(test, pool, 13 * 2 * PAGE_SIZE);
	slabmod_region_reset_to(region, start);
	KUNIT_EXPECT_EQ(test, slabmod_region_used(region), 0);
	KUNIT_EXPECT_EQ(test, slabmod_region_size(region), 13 * 2 * PAGE_SIZE);
	/* The kept blocks are used again. */
	for (i = 0; i < 100; i++)
		kit_region_alloc(test, region, EIGHTH);
	KUNIT_EXPECT_EQ(test, slabmod_region_size(region), 13 * 2 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, slabmod_region_trim(region), 0);
	slabmod_region_reset(region);
	KUNIT_EXPECT_EQ(test, slabmod_region_trim(region), 12 * 2 * PAGE_SIZE);
	region_expect_used(test, pool, 2 * PAGE_SIZE);
	slabmod_region_destroy(region);
	region_expect_used(test, pool, 0);
}

static void test_large_piece_has_a_block_of_its_own(struct kunit *test)
{
	static const size_t sizes[] = {
		3 * PAGE_SIZE, 24 * PAGE_SIZE + 1696, 1u << 20, SLABMOD_REGION_MAX - 1,
		SLABMOD_REGION_MAX,
	};
	struct slabmod_pool *pool = kit_pool_create(test, KIT_LIMIT);
	struct slabmod_region *region = kit_region(test, pool, 2 * PAGE_SIZE, 0);
	u8 *small = kit_region_alloc(test, region, 24);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct slabmod_mark mark = slabmod_region_mark(region);
		u8 *p = kit_region_alloc(test, region, sizes[i]);

		memset(p, 0xdd, sizes[i]);
		/* The current block remains in use. */
		KUNIT_EXPECT_PTR_EQ(test, (u8 *)kit_region_alloc(test, region, 8), small + 24);
		KUNIT_EXPECT_EQ(test, slabmod_region_used(region), 24 + sizes[i] + 8);
		slabmod_region_reset_to(region, mark);
		KUNIT_EXPECT_EQ(test, slabmod_region_used(region), 24);
		region_expect_used(test, pool, 2 * PAGE_SIZE);
	}
	kit_region_alloc(test, region, 25 * PAGE_SIZE);
	kit_region_alloc(test, region, 50 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, list_length(inside(region)->large), 2);
	slabmod_region_destroy(region);
	region_expect_used(test, pool, 0);
}

#define LARGE	(14 * PAGE_SIZE + 2656)

static void test_mark_separates_large_pieces(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, KIT_LIMIT);
	struct slabmod_region *region = kit_region(test, pool, 0, 0);
	struct slabmod_mark mark;
	struct piece first;

	piece_fill(&first, kit_region_alloc(test, region, LARGE - 10000), LARGE - 10000, 1);
	mark = slabmod_region_mark(region);
	memset(kit_region_alloc(test, region, LARGE), 0xdd, LARGE);
	KIT_EXPECT_NO_MISUSE(test, slabmod_region_reset_to(region, mark));
	KUNIT_EXPECT_EQ(test, list_length(inside(region)->large), 1);
	memset(kit_region_alloc(test, region, LARGE), 0xdd, LARGE);
	KUNIT_EXPECT_TRUE(test, piece_intact(&first));
	slabmod_region_destroy(region);
}

/* A first block that was too small for the first piece is not lost. */
static void test_reset_returns_to_the_first_block(struct kunit *test)
{
	struct slabmod_region *region;
	void *first, *second;

	region = kit_region(test, kit_pool_create(test, KIT_LIMIT), PAGE_SIZE, 0);
	first = (void *)region->cursor;
	second = kit_region_alloc(test, region, PAGE_SIZE - 32);
	KUNIT_EXPECT_EQ(test, list_length(inside(region)->large), 0);
	slabmod_region_reset(region);
	KUNIT_EXPECT_PTR_EQ(test, kit_region_alloc(test, region, 8), first);
	KUNIT_EXPECT_PTR_EQ(test, kit_region_alloc(test, region, PAGE_SIZE - 32), second);
	slabmod_region_destroy(region);
}

static void test_limit_of_the_pool_leaves_the_region_usable(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create_orders(test, 64, 0, 6);
	struct slabmod_region *region = kit_region(test, pool, 8 * PAGE_SIZE, 0);
	struct slabmod_mark mark;
	struct piece piece;
	unsigned int n = 0;
	void *p;

	piece_fill(&piece, kit_region_alloc(test, region, 999), 999, 1);
	mark = slabmod_region_mark(region);
	KUNIT_EXPECT_NULL(test, slabmod_region_alloc(region, 70 * PAGE_SIZE, GFP_KERNEL));
	kit_capture_begin();
	while ((p = slabmod_region_alloc(region, 1000, GFP_KERNEL | __GFP_NOWARN))) {
		memset(p, 0xdd, 1000);
		n++;
	}
	kit_capture_end();
	kit_expect_no_misuse(test, __LINE__);
	/* All but the ends of blocks. */
	KUNIT_EXPECT_GT(test, n * 1000, 60 * PAGE_SIZE);
	KUNIT_EXPECT_TRUE(test, piece_intact(&piece));
	KIT_EXPECT_NO_MISUSE(test, slabmod_region_reset_to(region, mark));
	kit_region_alloc(test, region, 1000);
	slabmod_region_destroy(region);
	region_expect_used(test, pool, 0);
}

/* If the pool has no room for another block of 48 pages, one of two pages will do. */
static void test_smaller_block_when_memory_is_short(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create_orders(test, 64, 0, 6);
	struct slabmod_region *region = kit_region(test, pool, 48 * PAGE_SIZE, 0);
	int i;

	for (i = 0; i < 60; i++)
		kit_region_alloc(test, region, PAGE_SIZE - 96);
	KUNIT_EXPECT_GT(test, slabmod_region_size(region), 48 * PAGE_SIZE);
	slabmod_region_reset(region);
	/* They are kept, and used for what fits. */
	for (i = 0; i < 60; i++)
		kit_region_alloc(test, region, PAGE_SIZE - 96);
	slabmod_region_destroy(region);
	region_expect_used(test, pool, 0);
}

/* More than what is left of a chunk of which a block is in use. */
#define HUGE	min(PAGE_SIZE << 8, SLABMOD_REGION_MAX)

static void test_no_memory_gives_null_for_every_kind_of_gfp(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < root_nr_gfp_kinds; i++) {
		struct slabmod_region *region = slabmod_region_create(0, 0, root_gfp_kinds[i]);

		KUNIT_ASSERT_NOT_NULL(test, region);
		root_dry();
		KUNIT_EXPECT_NULL(test, slabmod_region_create(HUGE, 0, root_gfp_kinds[i]));
		KUNIT_EXPECT_NULL(test, slabmod_region_alloc(region, HUGE, root_gfp_kinds[i]));
		KUNIT_EXPECT_NOT_NULL(test, slabmod_region_alloc(region, 64, root_gfp_kinds[i]));
		root_wet();
		KUNIT_EXPECT_NOT_NULL(test, slabmod_region_alloc(region, HUGE, root_gfp_kinds[i]));
		slabmod_region_destroy(region);
	}
}

/* ---- clearing ---- */

static void test_zalloc_clears_what_was_used_before(struct kunit *test)
{
	static const size_t sizes[] = { 1, 8, 100, 5000, 16000, 17000, 100000 };
	struct slabmod_region *region = kit_region(test, kit_pool_create(test, KIT_LIMIT), 0, 0);
	unsigned int round, i;

	for (round = 0; round < 3; round++) {
		for (i = 0; i < ARRAY_SIZE(sizes); i++) {
			void *p = slabmod_region_zalloc(region, sizes[i], GFP_KERNEL);

			KUNIT_ASSERT_NOT_NULL(test, p);
			KUNIT_EXPECT_TRUE_MSG(test, kit_cleared(p, sizes[i]), "%zu bytes",
					      sizes[i]);
			memset(p, 0xdd, sizes[i]);
		}
		slabmod_region_reset(region);
	}
	slabmod_region_destroy(region);
}

/* Each piece of a region that is created while init_on_alloc is on, also by the inlined path. */
static void test_init_on_alloc_clears(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, KIT_LIMIT);
	bool was_on = want_init_on_alloc(0);
	struct slabmod_mark mark;
	struct slabmod_region *region;
	unsigned int i;
	void *p;

	if (!was_on)
		static_branch_enable(&init_on_alloc);
	region = kit_region(test, pool, PAGE_SIZE, 0);
	mark = slabmod_region_mark(region);
	for (i = 1; i < 1000; i++) {
		p = kit_region_alloc(test, region, i * 7 % 3000);
		KUNIT_EXPECT_TRUE_MSG(test, kit_cleared(p, i * 7 % 3000), "step %u", i);
		memset(p, 0xdd, i * 7 % 3000);
		if (i % 7 == 0)
			slabmod_region_reset_to(region, mark);
		if (i % 10 == 0)
			mark = slabmod_region_mark(region);
		if (i % 100 == 0) {
			slabmod_region_reset(region);
			mark = slabmod_region_mark(region);
		}
	}
	slabmod_region_destroy(region);
	if (!was_on)
		static_branch_disable(&init_on_alloc);
}

/* ---- marks ---- */

static void test_marks_nest(struct kunit *test)
{
	struct slabmod_region *region = kit_region(test, kit_pool_create(test, KIT_LIMIT), 4096, 0);
	struct slabmod_mark mark[20];
	struct piece piece[20];
	int i, round;

	kit_capture_begin();
	for (round = 0; round < 3; round++) {
		for (i = 0; i < 20; i++) {
			mark[i] = slabmod_region_mark(region);
			piece_fill(&piece[i], kit_region_alloc(test, region, 700), 700, i);
		}
		for (i = 19; i >= 0; i--) {
			KUNIT_EXPECT_TRUE(test, piece_intact(&piece[i]));
			slabmod_region_reset_to(region, mark[i]);
			KUNIT_EXPECT_EQ(test, slabmod_region_used(region), i * 704);
			/* A mark stays valid. */
			memset(kit_region_alloc(test, region, 5000), 0xdd, 5000);
			slabmod_region_reset_to(region, mark[i]);
		}
	}
	kit_capture_end();
	kit_expect_no_misuse(test, __LINE__);
	slabmod_region_destroy(region);
}

/* A scratch region: an outer mark, and an inner loop with marks of its own. */
static void test_marks_in_nested_loops_stay_valid(struct kunit *test)
{
	struct slabmod_region *region = kit_region(test, kit_pool_create(test, KIT_LIMIT), 4096, 0);
	struct slabmod_mark outer = slabmod_region_mark(region), middle, inner;
	int i, j, k;

	kit_capture_begin();
	for (i = 0; i < 20; i++) {
		middle = slabmod_region_mark(region);
		for (j = 0; j < 20; j++) {
			kit_region_alloc(test, region, 40);
			inner = slabmod_region_mark(region);
			for (k = 0; k < 5; k++) {
				kit_region_alloc(test, region, 300);
				slabmod_region_reset_to(region, inner);
			}
		}
		slabmod_region_reset_to(region, middle);
		kit_region_alloc(test, region, 400);
	}
	KUNIT_EXPECT_EQ(test, slabmod_region_used(region), 20 * 400);
	slabmod_region_reset_to(region, outer);
	KUNIT_EXPECT_EQ(test, slabmod_region_used(region), 0);
	kit_capture_end();
	kit_expect_no_misuse(test, __LINE__);
	slabmod_region_destroy(region);
}

/* Expect a report, and that a reset to @mark changes nothing. */
static void expect_refused(struct kunit *test, struct slabmod_region *region,
			   struct slabmod_mark mark, const char *why)
{
	size_t used = slabmod_region_used(region), size = slabmod_region_size(region);

	KIT_EXPECT_MISUSE(test, MISUSE_BAD_MARK, why, slabmod_region_reset_to(region, mark));
	KUNIT_EXPECT_EQ(test, slabmod_region_used(region), used);
	KUNIT_EXPECT_EQ(test, slabmod_region_size(region), size);
}

static void test_stale_marks_are_refused(struct kunit *test)
{
	struct slabmod_region *region = kit_region(test, kit_pool_create(test, KIT_LIMIT), 4096, 0);
	struct slabmod_mark first, second;

	kit_region_alloc(test, region, 100);
	first = slabmod_region_mark(region);
	kit_region_alloc(test, region, 5000);
	second = slabmod_region_mark(region);
	slabmod_region_reset_to(region, first);
	expect_refused(test, region, second, "behind its present position");
	/* The position is beyond it again, but other pieces are there. */
	kit_region_alloc(test, region, 100);
	kit_region_alloc(test, region, 6000);
	expect_refused(test, region, second, "before a reset");
	KIT_EXPECT_NO_MISUSE(test, slabmod_region_reset_to(region, first));
	slabmod_region_reset(region);
	kit_region_alloc(test, region, 300);
	expect_refused(test, region, first, "before a reset");
	slabmod_region_destroy(region);
}

/* As many resets as are remembered, each behind the one before. */
static void test_stale_marks_of_eight_levels_are_refused(struct kunit *test)
{
	struct slabmod_region *region = kit_region(test, kit_pool_create(test, KIT_LIMIT), 4096, 0);
	struct slabmod_mark stale[REGION_RESETS], mark;
	int i;

	for (i = 0; i < REGION_RESETS; i++) {
		mark = slabmod_region_mark(region);
		kit_region_alloc(test, region, 200);
		stale[i] = slabmod_region_mark(region);
		slabmod_region_reset_to(region, mark);
		kit_region_alloc(test, region, 1000);
	}
	for (i = 0; i < REGION_RESETS; i++)
		expect_refused(test, region, stale[i], "before a reset");
	/* More are forgotten. This is not misuse of memory: the position exists. */
	mark = slabmod_region_mark(region);
	kit_region_alloc(test, region, 200);
	slabmod_region_reset_to(region, mark);
	expect_refused(test, region, stale[1], "before a reset");
	slabmod_region_destroy(region);
}

static void test_foreign_marks_are_refused(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, KIT_LIMIT);
	struct slabmod_region *region = kit_region(test, pool, 0, 0), *again[64];
	struct slabmod_region *other = kit_region(test, pool, 0, 0);
	struct slabmod_mark mark = slabmod_region_mark(other), none = { 0 };
	unsigned int nr = 0;

	kit_region_alloc(test, region, 100);
	expect_refused(test, region, mark, "another region");
	expect_refused(test, region, none, "another region");
	mark = slabmod_region_mark(region);
	mark.position -= 4;
	expect_refused(test, region, mark, "before a reset");
	mark = slabmod_region_mark(region);
	slabmod_region_destroy(region);
	/*
	 * Until one is at the same address. It is not the first one if the kernel had only small
	 * chunks for the pool: then the chunk of @other is used first.
	 */
	do {
		again[nr] = kit_region(test, pool, 0, 0);
	} while (again[nr++] != region && nr < ARRAY_SIZE(again));
	KUNIT_EXPECT_PTR_EQ(test, again[nr - 1], region);
	kit_region_alloc(test, again[nr - 1], 200);
	expect_refused(test, again[nr - 1], mark, "another region");
	while (nr)
		slabmod_region_destroy(again[--nr]);
	slabmod_region_destroy(other);
}

/* ---- contexts ---- */

static struct {
	struct slabmod_region *region;
	unsigned int failed;
} context;

static void use_region(void *arg)
{
	struct slabmod_mark mark = slabmod_region_mark(context.region);
	void *p;
	int i;

	for (i = 0; i < 100; i++) {
		p = slabmod_region_alloc(context.region, 100, GFP_ATOMIC);
		if (p)
			memset(p, 0xdd, 100);
		else
			context.failed++;
	}
	slabmod_region_reset_to(context.region, mark);
}

static void create_use_and_destroy(void *arg)
{
	context.region = slabmod_region_create(PAGE_SIZE, 0, GFP_ATOMIC);
	if (context.region)
		use_region(NULL);
	else
		context.failed++;
	slabmod_region_destroy(context.region);
}

static void test_regions_in_every_context(struct kunit *test)
{
	static void (*const contexts[])(void (*fn)(void *arg), void *arg) = {
		context_task, context_softirq, context_rcu, context_work,
	};
	static void (*const hard[])(void (*fn)(void *arg), void *arg) = {
		context_preempt_off, context_irqs_off, context_hardirq, context_hard,
	};
	int i;

	context.failed = 0;
	context_pin(0);
	for (i = 0; i < ARRAY_SIZE(contexts); i++)
		contexts[i](create_use_and_destroy, NULL);
	for (i = 0; CONTEXT_PAGES_ANYWHERE && i < ARRAY_SIZE(hard); i++)
		hard[i](create_use_and_destroy, NULL);
	KUNIT_EXPECT_EQ(test, context.failed, 0);
}

static void use_and_destroy(void *arg)
{
	use_region(NULL);
	slabmod_region_destroy(context.region);
}

/* An NMI has the memory of kept blocks. What it frees is free later. */
static void test_regions_in_an_nmi(struct kunit *test)
{
	if (!context_nmi_begin(use_and_destroy, NULL))
		kunit_skip(test, "no NMI can be raised");
	context.failed = 0;
	context.region = kit_region(test, root_pool, PAGE_SIZE, 0);
	use_region(NULL);
	context_nmi();
	context_nmi_end();
	KUNIT_EXPECT_EQ(test, context.failed, 0);
	KUNIT_EXPECT_TRUE(test, kit_wait_until(!root_used()));
}

static struct kunit_case region_cases[] = {
	KUNIT_CASE(test_pieces_follow_each_other),
	KUNIT_CASE(test_alignment_is_met_by_every_path),
	KUNIT_CASE(test_null_and_zero_size),
	KUNIT_CASE(test_copies),
	KUNIT_CASE(test_full_block_is_followed_by_another),
	KUNIT_CASE(test_large_piece_has_a_block_of_its_own),
	KUNIT_CASE(test_mark_separates_large_pieces),
	KUNIT_CASE(test_reset_returns_to_the_first_block),
	KUNIT_CASE(test_limit_of_the_pool_leaves_the_region_usable),
	KUNIT_CASE(test_smaller_block_when_memory_is_short),
	KUNIT_CASE(test_no_memory_gives_null_for_every_kind_of_gfp),
	KUNIT_CASE(test_zalloc_clears_what_was_used_before),
	KUNIT_CASE(test_init_on_alloc_clears),
	KUNIT_CASE(test_marks_nest),
	KUNIT_CASE(test_marks_in_nested_loops_stay_valid),
	KUNIT_CASE(test_stale_marks_are_refused),
	KUNIT_CASE(test_stale_marks_of_eight_levels_are_refused),
	KUNIT_CASE(test_foreign_marks_are_refused),
	KUNIT_CASE(test_regions_in_every_context),
	KUNIT_CASE(test_regions_in_an_nmi),
	REGION_MORE_CASES(REGION_CASE)
#ifdef CONFIG_KASAN_GENERIC
	KUNIT_CASE(test_kasan_shadow_of_a_region),
#endif
	{}
};

struct kunit_suite region_suite = {
	.name = "region",
	ROOT_SUITE_HOOKS,
	.test_cases = region_cases,
};
