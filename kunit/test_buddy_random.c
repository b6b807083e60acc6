// SPDX-License-Identifier: GPL-2.0
/*
 * test_buddy_random.c - the buddy against a model that knows nothing of buddies.
 *
 * The model has a number for each page of each chunk: the allocation that owns it. From
 * this alone follow the free blocks: the largest aligned runs without an owner. The
 * model learns where a chunk is from the kernel's page, not from slabmod. Of chunks
 * without a used page it only knows how many pages they have.
 */
#include <linux/mm.h>
#include <linux/slab.h>

#include "buddy.h"
#include "buddy_check.h"
#include "buddy_walk.h"
#include "chunk.h"
#include "kit.h"
#include "test_buddy.h"

#define MAX_ORDER_HERE	5
#define LIMIT		384	/* pages, so at most as many chunks */
#define MAX_BLOCKS	256

struct map {
	void *base;
	unsigned int order;
	unsigned int used;
	int nid;
	u16 owner[1 << MAX_ORDER_HERE];		/* 0: free */
};

struct block {
	struct frame *frame;
	struct map *map;
	unsigned int first, nr_pages;
};

struct model {
	struct kunit *test;
	struct slabmod_pool *pool;
	struct rnd_state rnd;
	struct map maps[LIMIT];			/* those without a base are free */
	struct block blocks[MAX_BLOCKS + 1];	/* [0] stays empty */
	unsigned int eager;			/* of 16 steps, those that allocate */
	unsigned long allocated, refused;	/* requests */
};

/* ---- what follows from the map ---- */

static bool owned(const struct map *map, unsigned int index, unsigned int order)
{
	unsigned int i;

	for (i = index; i < index + (1u << order); i++)
		if (map->owner[i])
			return true;
	return false;
}

/* Count the free blocks that a block of a chunk must consist of. */
static void count_free(const struct map *map, unsigned int index, unsigned int order,
		       unsigned long *nr_free)
{
	if (!owned(map, index, order)) {
		nr_free[order]++;
	} else if (order) {
		count_free(map, index, order - 1, nr_free);
		count_free(map, index + (1u << (order - 1)), order - 1, nr_free);
	}
}

/* The order of the largest free block, or -1. */
static int largest_free(const struct map *map)
{
	unsigned long nr_free[BUDDY_ORDERS] = { 0 };
	int order;

	count_free(map, 0, map->order, nr_free);
	for (order = map->order; order >= 0; order--)
		if (nr_free[order])
			break;
	return order;
}

/* The smallest free block of any chunk in use that is large enough, or -1. */
static int best_fit(struct model *model, unsigned int order, int nid)
{
	int best = -1, i;

	for (i = 0; i < LIMIT; i++) {
		const struct map *map = &model->maps[i];
		int largest;

		if (!map->base || (nid != NUMA_NO_NODE && map->nid != nid))
			continue;
		largest = largest_free(map);
		if (largest >= (int)order && (best < 0 || largest < best))
			best = largest;
	}
	return best;
}

/* ---- chunks of the model ---- */

static struct map *map_at(struct model *model, void *addr)
{
	int i;

	for (i = 0; i < LIMIT; i++) {
		struct map *map = &model->maps[i];

		if (map->base && addr >= map->base && addr < map->base + (PAGE_SIZE << map->order))
			return map;
	}
	return NULL;
}

/* Add a chunk to the model when its first block is allocated. */
static struct map *map_new(struct model *model, void *addr)
{
	struct page *head = virt_to_head_page(addr);
	struct map *map = model->maps;

	while (map->base)
		map++;
	KUNIT_ASSERT_LT(model->test, map - model->maps, LIMIT);
	memset(map, 0, sizeof(*map));
	map->base = page_address(head);
	map->order = compound_order(head);
	map->nid = page_to_nid(head);
	KUNIT_ASSERT_LE(model->test, map->order, MAX_ORDER_HERE);
	return map;
}

static void map_mark(struct model *model, struct block *block, u16 from, u16 to)
{
	unsigned int i;

	for (i = 0; i < block->nr_pages; i++) {
		KUNIT_ASSERT_EQ(model->test, block->map->owner[block->first + i], from);
		block->map->owner[block->first + i] = to;
	}
	if (to)
		block->map->used += block->nr_pages;
	else
		block->map->used -= block->nr_pages;
	if (!block->map->used)
		block->map->base = NULL;
}

/* ---- steps ---- */

static void remember(struct model *model, unsigned int id, struct frame *frame,
		     unsigned int nr_pages)
{
	struct block *block = &model->blocks[id];
	void *addr = frame_address(frame);
	struct kunit *test = model->test;

	block->map = map_at(model, addr);
	if (!block->map)
		block->map = map_new(model, addr);
	block->frame = frame;
	block->first = (addr - block->map->base) / PAGE_SIZE;
	block->nr_pages = nr_pages;
	KUNIT_ASSERT_PTR_EQ(test, chunk_frame(addr), frame);
	KUNIT_ASSERT_EQ(test, frame->state, FRAME_PAGES);
	KUNIT_ASSERT_EQ(test, frame->nr_pages, nr_pages);
	KUNIT_ASSERT_TRUE(test, IS_ALIGNED((unsigned long)addr,
					   PAGE_SIZE * roundup_pow_of_two(nr_pages)));
	KUNIT_ASSERT_LE(test, block->first + nr_pages, 1u << block->map->order);
	map_mark(model, block, 0, id);
}

/* NULL is right only if neither the pool nor the source has the pages. */
static void expect_nothing_left(struct model *model, unsigned int order, int nid, gfp_t gfp,
				unsigned long refused)
{
	unsigned long held = atomic_long_read(&model->pool->source.held);

	nid = gfp & __GFP_THISNODE ? nid : NUMA_NO_NODE;
	KUNIT_ASSERT_EQ(model->test, best_fit(model, order, nid), -1);
	if (kit_source.refused == refused)
		KUNIT_ASSERT_GT(model->test, held + (1ul << order), LIMIT);
}

/* Expect that @frame is from a chunk with @best as its largest free block. */
static void expect_best(struct model *model, struct frame *frame, int best)
{
	struct map *map = map_at(model, frame_address(frame));

	if (best < 0)
		return;
	KUNIT_ASSERT_NOT_NULL(model->test, map);
	KUNIT_ASSERT_EQ(model->test, largest_free(map), best);
}

static int random_node(struct model *model)
{
	int second = next_online_node(first_online_node);

	return second < MAX_NUMNODES && !kit_random(&model->rnd, 4) ? second : first_online_node;
}

static void alloc_step(struct model *model, unsigned int id, bool look)
{
	unsigned int order = kit_random(&model->rnd, MAX_ORDER_HERE + 1);
	unsigned int nr_pages = 1 + kit_random(&model->rnd, 1u << order);
	gfp_t gfp = GFP_KERNEL | (kit_random(&model->rnd, 2) ? __GFP_THISNODE : 0);
	int nid = random_node(model);
	unsigned long refused = kit_source.refused;
	struct frame *frame;
	int best;

	order = order_base_2(nr_pages);
	best = look ? best_fit(model, order, nid) : -1;
	frame = kit_buddy_alloc(model->pool->buddies, nid, nr_pages, gfp);
	if (!frame) {
		model->refused++;
		expect_nothing_left(model, order, nid, gfp, refused);
		return;
	}
	expect_best(model, frame, best);
	if (gfp & __GFP_THISNODE)
		KUNIT_ASSERT_EQ(model->test, frame_chunk(frame)->buddy->nid, nid);
	remember(model, id, frame, nr_pages);
	model->allocated++;
}

static void free_step(struct model *model, unsigned int id)
{
	struct block *block = &model->blocks[id];

	map_mark(model, block, id, 0);
	buddy_free(block->frame);
	block->frame = NULL;
}

/* Change what the source refuses, and whether use grows. */
static void change(struct model *model)
{
	unsigned int dice = kit_random(&model->rnd, 12);

	kit_source.max_order = dice < MAX_ORDER_HERE ? dice : UINT_MAX;
	kit_source.full_nodes = dice == 6 ? BIT(first_online_node) : 0;
	kit_source.fail_all = dice == 7;
	model->eager = 5 + kit_random(&model->rnd, 7);
}

/* ---- the state of the buddy against the model ---- */

struct empties {
	struct model *model;
	int nid;
	unsigned int chunks;
	unsigned long pages;
	unsigned long *nr_free;
};

/* A chunk that is in no map must be one free block. */
static void count_empty(struct frame *frame, void *arg)
{
	struct empties *empties = arg;
	struct chunk *chunk = frame_chunk(frame);

	if (frame->index || map_at(empties->model, chunk->base))
		return;
	empties->chunks++;
	empties->pages += 1ul << chunk->order;
	empties->nr_free[chunk->order]++;
}

static unsigned long compare_node(struct model *model, int nid)
{
	struct buddy *buddy = &model->pool->buddies[nid];
	unsigned long nr_free[BUDDY_ORDERS] = { 0 }, free_pages = 0, pages;
	struct empties empties = { .model = model, .nid = nid, .nr_free = nr_free };
	int i;

	buddy_walk(buddy, count_empty, &empties);
	/* At most one free chunk is kept. */
	KUNIT_ASSERT_LE(model->test, empties.chunks, 1);
	KUNIT_ASSERT_EQ(model->test, empties.chunks, buddy->nr_free_chunks);
	pages = empties.pages;
	for (i = 0; i < LIMIT; i++) {
		if (!model->maps[i].base || model->maps[i].nid != nid)
			continue;
		pages += 1ul << model->maps[i].order;
		count_free(&model->maps[i], 0, model->maps[i].order, nr_free);
	}
	for (i = 0; i < BUDDY_ORDERS; i++) {
		KUNIT_ASSERT_EQ_MSG(model->test, buddy->nr_free[i], nr_free[i], "of order %d", i);
		free_pages += nr_free[i] << i;
	}
	KUNIT_ASSERT_EQ(model->test, buddy->free_pages, free_pages);
	return pages;
}

static void compare(struct model *model)
{
	unsigned long pages = 0;
	int nid;

	for_each_online_node(nid)
		pages += compare_node(model, nid);
	KUNIT_ASSERT_EQ(model->test, kit_source.pages, pages);
	KUNIT_ASSERT_EQ(model->test, atomic_long_read(&model->pool->source.held), pages);
	KUNIT_ASSERT_LE(model->test, pages, LIMIT);
}

static void check(struct model *model)
{
	int nid;

	for_each_online_node(nid)
		KUNIT_ASSERT_TRUE(model->test, buddy_check(&model->pool->buddies[nid]));
}

static void step(struct model *model, int i)
{
	unsigned int id = 1 + kit_random(&model->rnd, MAX_BLOCKS);

	if (i % 2048 == 0)
		change(model);
	if (!model->blocks[id].frame && kit_random(&model->rnd, 16) < model->eager)
		alloc_step(model, id, i % 16 == 0);
	else if (model->blocks[id].frame && kit_random(&model->rnd, 16) >= model->eager)
		free_step(model, id);
	if (i % 32 == 0)
		compare(model);
	if (i % 64 == 0)
		check(model);
}

void test_random_run_matches_a_map_of_pages(struct kunit *test)
{
	struct model *model = kunit_kzalloc(test, sizeof(*model), GFP_KERNEL);
	unsigned int id;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, model);
	model->test = test;
	model->pool = kit_pool_create_orders(test, LIMIT, 3, MAX_ORDER_HERE);
	kit_seed(test, &model->rnd);
	for (i = 0; i < 2 * KIT_STEPS; i++)
		step(model, i);
	for (id = 1; id <= MAX_BLOCKS; id++)
		if (model->blocks[id].frame)
			free_step(model, id);
	compare(model);
	for_each_online_node(i)
		buddy_trim(&model->pool->buddies[i]);
	KUNIT_EXPECT_EQ(test, kit_source.pages, 0);
	/* Both outcomes occurred often. */
	KUNIT_EXPECT_GT(test, model->allocated, KIT_STEPS / 4);
	KUNIT_EXPECT_GT(test, model->refused, 0);
	kunit_info(test, "%lu blocks, %lu refused\n", model->allocated, model->refused);
}
