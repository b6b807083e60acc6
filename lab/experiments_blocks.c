// SPDX-License-Identifier: GPL-2.0
/*
 * experiments_blocks.c - splitting, merging, caches, and lists of one size. See experiments.c.
 */
#include "experiments.h"
#include "../mod/lab/lifo.h"
#include "../mod/lab/span.h"

/* ---- a workload, and what its bytes are used for ---- */

static void run_workload(const struct lab_strategy *strategy, const struct lab_workload *workload,
			 const char *name)
{
	struct lab_driver driver = { .seed = 1 };
	struct lab_use use;
	struct lab lab = { 0 };
	char row[64];

	require(!lab_drive(&driver, &lab, strategy, workload, EXPERIMENT_ARENA), strategy->name);
	require(!driver.result.failed, "a request failed");
	snprintf(row, sizeof(row), "%s_cycles", name);
	figure(row, driver.result.clock / driver.result.ops, "cycles");
	driver.stop = driver.result.peak_op;
	lab_drive_end(&driver);
	require(!lab_drive(&driver, &lab, strategy, workload, EXPERIMENT_ARENA), strategy->name);
	lab_use_now(&driver, &use);
	snprintf(row, sizeof(row), "%s_asked", name);
	figure(row, use.asked, "bytes");
	snprintf(row, sizeof(row), "%s_taken", name);
	figure(row, use.taken, "bytes");
	snprintf(row, sizeof(row), "%s_slack", name);
	figure(row, use.slack, "bytes");
	lab_drive_end(&driver);
}

/* ---- the free list of list_lifo.c, with and without splitting ---- */

struct whole {
	struct lifo lifo;
	struct list_block *fresh;	/* memory that was never in use, which is cut in any case */
};

static bool splits;

static struct list_block *cut_fresh(struct lab *lab, struct whole *whole, size_t size)
{
	struct list_block *block = whole->fresh;

	if (!block || block->size < size) {
		if (block)
			lifo_push(&whole->lifo, block);
		block = list_grow(lab, &whole->lifo.pages, size);
	}
	whole->fresh = block ? list_split(block, size) : NULL;
	return block;
}

static void *whole_alloc(struct lab *lab, size_t size)
{
	struct whole *whole = lab->state;
	struct list_block **link, *block, *rest;
	size_t bytes = list_need(lab, size);

	if (size >= LIST_LARGE)
		return lab_large_alloc(lab, size, PAGE_SIZE);
	for (link = &whole->lifo.head; *link; link = &(*link)->next)
		if ((*link)->size >= bytes)
			break;
	block = *link;
	if (!block) {
		block = cut_fresh(lab, whole, bytes);
		return block ? list_memory(block) : NULL;
	}
	*link = block->next;
	rest = splits ? list_split(block, bytes) : NULL;
	if (rest)
		lifo_push(&whole->lifo, rest);
	return list_memory(block);
}

static void whole_free(struct lab *lab, void *p)
{
	struct whole *whole = lab->state;

	if (lab_is_large(lab, p))
		lab_large_free(lab, p);
	else
		lifo_push(&whole->lifo, list_block_of(p));
}

static void whole_walk(struct lab *lab, lab_visit_t visit, void *arg)
{
	struct whole *whole = lab->state;

	list_walk(whole->lifo.head, visit, arg);
	if (whole->fresh)
		visit(arg, LAB_FREE, whole->fresh, whole->fresh->size);
}

static const struct lab_strategy whole = {
	.name = "whole", .state_size = sizeof(struct whole), .alloc = whole_alloc,
	.free = whole_free, .size = list_size, .walk = whole_walk,
};

/* 212, 323: what splitting saves, and what it leaves. */
static void splitting(void)
{
	const struct lab_workload *mix = lab_find_workload("mix");

	splits = false;
	run_workload(&whole, mix, "whole");
	splits = true;
	run_workload(&whole, mix, "split");
}

/* ---- buddies behind a cache ---- */

#define BLOCK		32
#define BUDDIES		(64 * 65536 / BLOCK)
#define CACHED		64

static void shuffle(void **objects, size_t nr)
{
	u64 seed = 1;
	size_t i, k;
	void *other;

	for (i = nr - 1; i; i--) {
		k = lab_random_below(&seed, i + 1);
		other = objects[i];
		objects[i] = objects[k];
		objects[k] = other;
	}
}

/* 286: free all but those that a cache of a thread would have kept, and see what stays. */
static void cached_buddies(void)
{
	static void *objects[BUDDIES];
	struct lab lab;
	size_t i;

	if (!available("buddy"))
		return;
	begin(&lab, lab_find("buddy"));
	for (i = 0; i < BUDDIES; i++)
		objects[i] = need(&lab, 16);
	figure("buddies_full", taken(&lab), "bytes");
	shuffle(objects, BUDDIES);
	for (i = CACHED; i < BUDDIES; i++)
		lab_free(&lab, objects[i]);
	figure("buddies_cached", CACHED * BLOCK, "bytes");
	figure("buddies_stuck", taken(&lab), "bytes");
	for (i = 0; i < CACHED; i++)
		lab_free(&lab, objects[i]);
	figure("buddies_flushed", taken(&lab), "bytes");
	lab_exit(&lab);
}

/* ---- buckets ---- */

static const size_t sizes[] = {
	4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3072,
	4096,
};

/* Count the pages of objects. */
static unsigned int pages_of(void **objects, unsigned int nr)
{
	unsigned int i, k, pages = 0;

	for (i = 0; i < nr; i++) {
		for (k = 0; k < i; k++)
			if ((size_t)objects[k] >> PAGE_SHIFT == (size_t)objects[i] >> PAGE_SHIFT)
				break;
		pages += k == i;
	}
	return pages;
}

/* 274, 276: where objects of one size lie, and of all sizes. */
static void pages_of_sizes(const char *strategy)
{
	const unsigned int nr = ARRAY_SIZE(sizes);
	void *objects[ARRAY_SIZE(sizes)];
	struct lab lab;
	char row[64];
	unsigned int i;

	if (!available(strategy))
		return;
	begin(&lab, lab_find(strategy));
	for (i = 0; i < nr; i++)
		objects[i] = need(&lab, 64);
	snprintf(row, sizeof(row), "%s_pages_same", strategy);
	figure(row, pages_of(objects, nr), "pages");
	lab_exit(&lab);
	begin(&lab, lab_find(strategy));
	for (i = 0; i < nr; i++)
		objects[i] = need(&lab, sizes[i]);
	snprintf(row, sizeof(row), "%s_pages_sizes", strategy);
	figure(row, pages_of(objects, nr), "pages");
	snprintf(row, sizeof(row), "%s_start", strategy);
	figure(row, taken(&lab), "bytes");
	lab_exit(&lab);
}

/*
 * Allocate objects, and count those for which a mask does not lead to their block of @block bytes,
 * or to the object itself, if @block is 0.
 */
static void mask_objects(const char *name, const char *strategy, size_t size, size_t block,
			 size_t mask)
{
	unsigned int i, wrong = 0;
	struct lab lab;
	size_t p;

	if (!available(strategy))
		return;
	begin(&lab, lab_find(strategy));
	for (i = 0; i < 1000; i++) {
		p = (size_t)need(&lab, size);
		wrong += (p & ~(mask - 1)) != (block ? p & ~(block - 1) : p);
	}
	figure(name, wrong, "of_1000");
	lab_exit(&lab);
}

/* 280: to round down to a page does not find a block of several pages, unless it has one object. */
static void masks(void)
{
	mask_objects("mask_page_of_run", "hoard", 3000, SPAN_SIZE, PAGE_SIZE);
	mask_objects("mask_run_of_run", "hoard", 3000, SPAN_SIZE, SPAN_SIZE);
	mask_objects("mask_page_of_large", "buckets", 2 * PAGE_SIZE, 0, PAGE_SIZE);
}

void experiments_blocks(void)
{
	splitting();
	cached_buddies();
	pages_of_sizes("buckets");
	pages_of_sizes("list_address");
	masks();
}
