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
#include "buddy_age.h"
#include "buddy_check.h"
#include "buddy_walk.h"
#include "chunk.h"
#include "kit.h"
#include "test_buddy.h"

#define MIN_ORDER_HERE	5
#define MAX_ORDER_HERE	8
#define LIMIT		1536	/* pages, so at most as many chunks */
#define MAX_BLOCKS	512

struct map {
	void *base;
	unsigned int order;
	unsigned int used;
	int nid;
	u16 owner[1 << MAX_ORDER_HERE];		/* 0: free */
};

struct block {
	void *addr;
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
	unsigned long bulk;			/* blocks */
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

/* Return true if a chunk in use has a free block of @order. */
static bool any_fits(struct model *model, unsigned int order, int nid)
{
	int i;

	for (i = 0; i < LIMIT; i++) {
		const struct map *map = &model->maps[i];

		if (map->base && (nid == NUMA_NO_NODE || map->nid == nid) &&
		    largest_free(map) >= (int)order)
			return true;
	}
	return false;
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

static void remember(struct model *model, unsigned int id, void *addr, unsigned int nr_pages)
{
	struct block *block = &model->blocks[id];
	struct frame *frame = chunk_frame(addr);
	struct kunit *test = model->test;

	block->map = map_at(model, addr);
	if (!block->map)
		block->map = map_new(model, addr);
	block->addr = addr;
	block->first = (addr - block->map->base) / PAGE_SIZE;
	block->nr_pages = nr_pages;
	KUNIT_ASSERT_EQ(test, frame_state(frame), FRAME_PAGES);
	KUNIT_ASSERT_EQ(test, frame_nr_pages(frame), nr_pages);
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
	KUNIT_ASSERT_FALSE(model->test, any_fits(model, order, nid));
	if (kit_source.refused == refused)
		KUNIT_ASSERT_GT(model->test, held + (1ul << order), LIMIT);
}

static int random_node(struct model *model)
{
	int second = next_online_node(first_online_node);

	return second < MAX_NUMNODES && !kit_random(&model->rnd, 4) ? second : first_online_node;
}

static void alloc_step(struct model *model, unsigned int id)
{
	unsigned int order = kit_random(&model->rnd, MAX_ORDER_HERE + 1);
	unsigned int nr_pages = 1 + kit_random(&model->rnd, 1u << order);
	gfp_t gfp = GFP_KERNEL | (kit_random(&model->rnd, 2) ? __GFP_THISNODE : 0);
	int nid = random_node(model);
	unsigned long refused = kit_source.refused;
	struct page_use *use = NULL;
	void *addr;

	order = order_base_2(nr_pages);
	/* As blocks of an owner, or not. */
	if (is_power_of_2(nr_pages) && kit_random(&model->rnd, 2))
		use = kit_use(order);
	addr = buddy_alloc(model->pool->buddies, nid, nr_pages, gfp, use);
	if (addr)
		frame_unclaim(chunk_frame(addr));
	if (!addr) {
		model->refused++;
		expect_nothing_left(model, order, nid, gfp, refused);
		return;
	}
	if (gfp & __GFP_THISNODE)
		KUNIT_ASSERT_EQ(model->test, chunk_of(addr)->buddy->nid, nid);
	remember(model, id, addr, nr_pages);
	model->allocated++;
}

static void free_step(struct model *model, unsigned int id)
{
	struct block *block = &model->blocks[id];

	map_mark(model, block, id, 0);
	buddy_free(block->addr);
	block->addr = NULL;
}

/* Allocate several blocks, as many as there are free numbers. */
static void alloc_bulk_step(struct model *model, unsigned int id)
{
	unsigned int order = kit_random(&model->rnd, MAX_ORDER_HERE + 1), nr = 0, got = 0, i;
	int nid = random_node(model);
	struct claimed_block blocks[BUDDY_BULK];

	while (nr < BUDDY_BULK && id + nr <= MAX_BLOCKS && !model->blocks[id + nr].addr)
		nr++;
	/* A search that looked at many maps in vain gives up, and has listed them elsewhere. */
	for (i = 0; !got && i < 64; i++)
		got = buddy_alloc_bulk(&model->pool->buddies[nid], kit_use(order), blocks, nr);
	for (i = 0; i < got; i++) {
		void *block = blocks[i].block;

		KUNIT_ASSERT_EQ(model->test, chunk_of(block)->buddy->nid, nid);
		KUNIT_ASSERT_PTR_EQ(model->test, chunk_frame(block), blocks[i].frame);
		frame_unclaim(blocks[i].frame);
		remember(model, id + i, block, 1u << order);
	}
	/* Free pages of whole chunks are in no map. */
	if (!got && nr && !model->pool->buddies[nid].nr_free_chunks)
		KUNIT_ASSERT_FALSE(model->test, any_fits(model, order, nid));
	model->bulk += got;
}

/* Free several blocks of the order of the first, which have an owner. */
static void free_bulk_step(struct model *model, unsigned int id)
{
	unsigned int order = order_base_2(model->blocks[id].nr_pages), nr = 0;
	struct claimed_block blocks[2 * BUDDY_BULK];

	for (; nr < ARRAY_SIZE(blocks) && id <= MAX_BLOCKS; id++) {
		struct block *block = &model->blocks[id];

		if (!block->addr || block->nr_pages != 1u << order ||
		    frame_begins_run(chunk_frame(block->addr)))
			continue;
		map_mark(model, block, id, 0);
		blocks[nr] = kit_claimed(block->addr);
		KUNIT_ASSERT_TRUE(model->test, frame_claim(blocks[nr++].frame));
		block->addr = NULL;
	}
	buddy_free_bulk(kit_use(order), blocks, nr);
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

/* Chunks that are in no map must be wholly free. */
static unsigned long count_empty(struct model *model, struct buddy *buddy, unsigned long *nr_free)
{
	unsigned long pages = 0, chunks = 0;
	struct chunk *chunk;

	list_for_each_entry(chunk, &buddy->chunks, all) {
		if (map_at(model, chunk->base))
			continue;
		chunks++;
		pages += 1ul << chunk->order;
		nr_free[chunk->order]++;
	}
	KUNIT_ASSERT_EQ(model->test, chunks, buddy->nr_free_chunks);
	return pages;
}

static unsigned long compare_node(struct model *model, int nid)
{
	unsigned long expected[BUDDY_ORDERS] = { 0 }, nr_free[BUDDY_ORDERS] = { 0 };
	struct buddy *buddy = &model->pool->buddies[nid];
	unsigned long pages = count_empty(model, buddy, expected), free_pages = 0;
	int i;

	for (i = 0; i < LIMIT; i++) {
		if (!model->maps[i].base || model->maps[i].nid != nid)
			continue;
		pages += 1ul << model->maps[i].order;
		count_free(&model->maps[i], 0, model->maps[i].order, expected);
	}
	buddy_count_free(buddy, nr_free);
	for (i = 0; i < BUDDY_ORDERS; i++) {
		KUNIT_ASSERT_EQ_MSG(model->test, nr_free[i], expected[i], "of order %d", i);
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
	if (!model->blocks[id].addr && kit_random(&model->rnd, 16) < model->eager) {
		if (kit_random(&model->rnd, 8))
			alloc_step(model, id);
		else
			alloc_bulk_step(model, id);
	} else if (model->blocks[id].addr && kit_random(&model->rnd, 16) >= model->eager) {
		if (kit_random(&model->rnd, 8))
			free_step(model, id);
		else
			free_bulk_step(model, id);
	}
	if (i % 4096 == 0)
		buddy_age(&model->pool->buddies[random_node(model)]);
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
	model->pool = kit_pool_create_orders(test, LIMIT, MIN_ORDER_HERE, MAX_ORDER_HERE);
	kit_seed(test, &model->rnd);
	for (i = 0; i < KIT_STEPS; i++)
		step(model, i);
	for (id = 1; id <= MAX_BLOCKS; id++)
		if (model->blocks[id].addr)
			free_step(model, id);
	compare(model);
	for_each_online_node(i)
		buddy_trim(&model->pool->buddies[i]);
	KUNIT_EXPECT_EQ(test, kit_source.pages, 0);
	/* Both outcomes occurred often. */
	KUNIT_EXPECT_GT(test, model->allocated, KIT_STEPS / 8);
	KUNIT_EXPECT_GT(test, model->bulk, KIT_STEPS / 32);
	KUNIT_EXPECT_GT(test, model->refused, 0);
	kunit_info(test, "%lu blocks, %lu in bulk, %lu refused\n", model->allocated, model->bulk,
		   model->refused);
}
