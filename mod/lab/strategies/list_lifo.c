// SPDX-License-Identifier: GPL-2.0
/*
 * list_lifo.c - a free list with the block that was freed last in front.
 *
 * An allocation takes the first block that is large enough, and splits it: what was freed last is
 * used first. A free takes constant time. Blocks never merge: memory that has been cut into small
 * pieces stays in small pieces. A lecture's first allocator, with pages of their own for large
 * requests.
 */
#include "../lifo.h"

static void *list_lifo_alloc(struct lab *lab, size_t size)
{
	struct list_block *block;

	if (size >= LIST_LARGE)
		return lab_large_alloc(lab, size, PAGE_SIZE);
	block = lifo_take(lab, lab->state, list_need(lab, size));
	return block ? list_memory(block) : NULL;
}

static void list_lifo_free(struct lab *lab, void *p)
{
	if (lab_is_large(lab, p))
		lab_large_free(lab, p);
	else
		lifo_push(lab->state, list_block_of(p));
}

static void list_lifo_walk(struct lab *lab, lab_visit_t visit, void *arg)
{
	struct lifo *lifo = lab->state;

	list_walk(lifo->head, visit, arg);
}

const struct lab_strategy lab_list_lifo = {
	.name = "list_lifo",
	.text = "first fit in a list with the last freed block in front; no merging",
	.lacks = LAB_NO_MERGE | LAB_NO_THREADS | LAB_NO_RETURN,
	.state_size = sizeof(struct lifo),
	.alloc = list_lifo_alloc,
	.free = list_lifo_free,
	.size = list_size,
	.walk = list_lifo_walk,
};
