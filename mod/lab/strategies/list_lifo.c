// SPDX-License-Identifier: GPL-2.0
/*
 * list_lifo.c - a free list to whose front each freed block is pushed.
 *
 * An allocation takes the first block that is large enough, and splits it: what was freed last is
 * used first. A free takes constant time. Blocks never merge: memory that has been cut into small
 * pieces stays in small pieces. A lecture's first allocator, with pages of their own for large
 * requests.
 */
#include "../list.h"

struct list_lifo {
	struct list_block *head;
	struct list_pages pages;
};

static void push(struct list_lifo *list, struct list_block *block)
{
	block->next = list->head;
	list->head = block;
}

static void *list_lifo_alloc(struct lab *lab, size_t size)
{
	struct list_lifo *list = lab->state;
	struct list_block **link, *block, *rest;
	size_t need;

	if (size >= LIST_LARGE)
		return lab_large_alloc(lab, size, PAGE_SIZE);
	need = list_need(lab, size);
	for (link = &list->head; *link; link = &(*link)->next)
		if ((*link)->size >= need)
			break;
	block = *link;
	if (block)
		*link = block->next;
	else
		block = list_grow(lab, &list->pages, need);
	if (!block)
		return NULL;
	rest = list_split(block, need);
	if (rest)
		push(list, rest);
	return list_memory(block);
}

static void list_lifo_free(struct lab *lab, void *p)
{
	if (lab_is_large(lab, p))
		lab_large_free(lab, p);
	else
		push(lab->state, list_block_of(p));
}

static void list_lifo_walk(struct lab *lab, lab_visit_t visit, void *arg)
{
	struct list_lifo *list = lab->state;

	list_walk(list->head, visit, arg);
}

const struct lab_strategy lab_list_lifo = {
	.name = "list_lifo",
	.text = "first fit in a list to whose front freed blocks are pushed; no merging",
	.lacks = LAB_NO_MERGE | LAB_NO_THREADS | LAB_NO_RETURN,
	.state_size = sizeof(struct list_lifo),
	.alloc = list_lifo_alloc,
	.free = list_lifo_free,
	.size = list_size,
	.walk = list_lifo_walk,
};
