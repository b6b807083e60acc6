// SPDX-License-Identifier: GPL-2.0
/*
 * list_size.c - a free list in the order of sizes, the largest block first.
 *
 * If the first block is too small for a request, all are: the search is a look at the head, and
 * takes constant time. The time has moved elsewhere. Each block that is freed, and each rest of a
 * block that was split, walks the list to its place, which takes linear time. The choice is in
 * effect the worst fit: every request cuts the largest block, so large ones do not last. Blocks
 * never merge, because neighbours in the list are not neighbours in memory.
 */
#include "../list.h"

struct list_by_size {
	struct list_block *head;	/* the largest */
	struct list_pages pages;
};

/* Of blocks of the same size, the one that was freed last comes first. */
static void insert(struct list_by_size *list, struct list_block *block)
{
	struct list_block **link = &list->head;

	while (*link && (*link)->size > block->size)
		link = &(*link)->next;
	block->next = *link;
	*link = block;
}

static void *list_size_alloc(struct lab *lab, size_t size)
{
	struct list_by_size *list = lab->state;
	struct list_block *block, *rest;
	size_t need;

	if (size >= LIST_LARGE)
		return lab_large_alloc(lab, size, PAGE_SIZE);
	need = list_need(lab, size);
	block = list->head;
	if (block && block->size >= need)
		list->head = block->next;
	else
		block = list_grow(lab, &list->pages, need);
	if (!block)
		return NULL;
	rest = list_split(block, need);
	if (rest)
		insert(list, rest);
	return list_memory(block);
}

static void list_size_free(struct lab *lab, void *p)
{
	if (lab_is_large(lab, p))
		lab_large_free(lab, p);
	else
		insert(lab->state, list_block_of(p));
}

static void list_size_walk(struct lab *lab, lab_visit_t visit, void *arg)
{
	struct list_by_size *list = lab->state;

	list_walk(list->head, visit, arg);
}

const struct lab_strategy lab_list_size = {
	.name = "list_size",
	.text = "only the head of a list with the largest block first; no merging",
	.lacks = LAB_NO_MERGE | LAB_NO_THREADS | LAB_NO_RETURN,
	.state_size = sizeof(struct list_by_size),
	.alloc = list_size_alloc,
	.free = list_size_free,
	.size = list_size,
	.walk = list_size_walk,
};
