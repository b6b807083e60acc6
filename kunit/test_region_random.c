// SPDX-License-Identifier: GPL-2.0
/*
 * test_region_random.c - random calls of a region beside a model: each piece has a pattern of its
 * own, which is checked before the piece is freed, and the model knows which pieces a reset frees.
 */
#include "kit.h"
#include "pattern.h"
#include "pool_ledger.h"
#include "test_region.h"

#define PIECES		8192u
#define MARKS		64u
#define ALLOCATIONS	1000000u

struct region_model {
	struct kunit *test;
	struct slabmod_pool *pool;
	struct slabmod_region *region;
	struct rnd_state rnd;
	struct piece *pieces;		/* in the order of their allocation */
	unsigned int nr;
	struct slabmod_mark mark[MARKS];
	unsigned int pieces_at[MARKS];	/* @nr at the mark */
	unsigned int nr_marks;
	unsigned long allocated;	/* pieces ever */
	unsigned long full;		/* calls that found no memory */
	unsigned long misaligned, outside, unclear, overwritten;
};

/* As in a parser or a driver: mostly small, some buffers, rarely something huge. */
static size_t random_size(struct rnd_state *rnd)
{
	u32 kind = kit_random(rnd, 20000);

	if (kind == 0)
		return 1 + kit_random(rnd, SLABMOD_REGION_MAX);
	if (kind < 200)
		return 1 + kit_random(rnd, 65536);
	if (kind < 2000)
		return 1 + kit_random(rnd, 4096);
	if (kind < 8000)
		return 1 + kit_random(rnd, 512);
	return 1 + kit_random(rnd, 64);
}

/* Whether a new piece is in the current block, or is the newest large one. */
static bool is_inside(struct region_model *model, const void *p, size_t size)
{
	struct region *r = container_of(model->region, struct region, fast);
	const struct region_block *blocks[] = { r->block, r->large };
	int i;

	for (i = 0; i < ARRAY_SIZE(blocks); i++)
		if (blocks[i] && p >= (void *)blocks[i] + blocks[i]->first &&
		    p + size <= (void *)blocks[i] + blocks[i]->last)
			return true;
	return false;
}

static void forget_from(struct region_model *model, unsigned int nr)
{
	unsigned int i;

	for (i = nr; i < model->nr; i++)
		model->overwritten += !piece_intact(&model->pieces[i]);
	model->nr = nr;
	while (model->nr_marks && model->pieces_at[model->nr_marks - 1] > nr)
		model->nr_marks--;
}

static void reset_all(struct region_model *model)
{
	forget_from(model, 0);
	model->nr_marks = 0;
	slabmod_region_reset(model->region);
}

static void alloc_one(struct region_model *model)
{
	size_t size = random_size(&model->rnd), align = 1;
	void *p;

	switch (kit_random(&model->rnd, 8)) {
	case 0:
		align = 1u << kit_random(&model->rnd, PAGE_SHIFT + 1);
		p = slabmod_region_alloc_aligned(model->region, size, align, GFP_KERNEL);
		break;
	case 1:
		p = slabmod_region_zalloc(model->region, size, GFP_KERNEL);
		model->unclear += p && !kit_cleared(p, size);
		break;
	case 2:
		size = 64;
		p = slabmod_region_alloc(model->region, 64, GFP_KERNEL);
		break;
	default:
		p = slabmod_region_alloc(model->region, size, GFP_KERNEL);
	}
	if (!p) {
		model->full++;
		reset_all(model);
		return;
	}
	model->misaligned += !IS_ALIGNED((unsigned long)p, max(align, 8ul));
	model->outside += !is_inside(model, p, size);
	piece_fill(&model->pieces[model->nr++], p, size, ++model->allocated);
}

static void reset_to_one(struct region_model *model)
{
	unsigned int i;

	if (!model->nr_marks)
		return;
	i = model->nr_marks - 1 - kit_random(&model->rnd, min(model->nr_marks, 8u));
	forget_from(model, model->pieces_at[i]);
	slabmod_region_reset_to(model->region, model->mark[i]);
}

static void mark_one(struct region_model *model)
{
	if (model->nr_marks == MARKS)
		return;
	model->pieces_at[model->nr_marks] = model->nr;
	model->mark[model->nr_marks++] = slabmod_region_mark(model->region);
}

static void step(struct region_model *model)
{
	u32 kind = kit_random(&model->rnd, 1000);

	if (kind == 0 || model->nr == PIECES)
		reset_all(model);
	else if (kind < 15)
		reset_to_one(model);
	else if (kind < 35)
		mark_one(model);
	else if (kind < 36)
		slabmod_region_trim(model->region);
	else
		alloc_one(model);
}

/* Allocate @nr pieces, and check at the end that nothing was overwritten or lost. */
static void run(struct region_model *model, size_t block, unsigned int flags, unsigned long nr)
{
	struct pool_ledger before = pool_ledger(model->pool);
	unsigned long end = model->allocated + nr;
	struct kunit *test = model->test;

	model->region = kit_region(test, model->pool, block, flags);
	kit_capture_begin();
	while (model->allocated < end) {
		step(model);
		if (model->allocated % 1024 == 0)
			cond_resched();
	}
	reset_all(model);
	slabmod_region_destroy(model->region);
	kit_capture_end();
	kit_expect_no_misuse(test, __LINE__);
	KUNIT_EXPECT_EQ(test, model->overwritten, 0);
	KUNIT_EXPECT_EQ(test, model->outside, 0);
	KUNIT_EXPECT_EQ(test, model->misaligned, 0);
	KUNIT_EXPECT_EQ(test, model->unclear, 0);
	region_expect_used(test, model->pool, before.used);
}

static void run_model(struct kunit *test, unsigned int flags, unsigned long nr)
{
	static const size_t blocks[] = { PAGE_SIZE, SLABMOD_REGION_BLOCK, 65536, 1u << 20 };
	struct region_model *model = kit_zalloc(test, sizeof(*model));
	unsigned int i;

	model->test = test;
	model->pool = kit_pool_create(test, KIT_LIMIT);
	model->pieces = kit_zalloc(test, PIECES * sizeof(*model->pieces));
	kit_seed(test, &model->rnd);
	for (i = 0; i < ARRAY_SIZE(blocks); i++)
		run(model, blocks[i], flags, nr / ARRAY_SIZE(blocks));
	KUNIT_EXPECT_EQ(test, model->allocated, nr);
	kunit_info(test, "%lu pieces, %lu times full\n", model->allocated, model->full);
}

void test_million_pieces_match_a_model(struct kunit *test)
{
	run_model(test, 0, ALLOCATIONS);
}

void test_debugged_pieces_match_a_model(struct kunit *test)
{
	run_model(test, SLABMOD_DEBUG, KIT_STEPS);
}
