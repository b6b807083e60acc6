// SPDX-License-Identifier: GPL-2.0
/*
 * list_address.c - a free list in the order of addresses, in which neighbours merge.
 *
 * A free walks the list to the place of the block, where both neighbours are at hand: it merges
 * with those that it touches. A free takes linear time, as does the first fit of an allocation,
 * and memory that is free is in as few blocks as possible.
 */
#include "../list.h"

struct list_address {
	struct list_block *head;
	struct list_pages pages;
};

static void merge_with_next(struct list_block *block)
{
	struct list_block *next = block->next;

	if (next && list_after(block) == next) {
		block->size += next->size;
		block->next = next->next;
	}
}

static void insert(struct list_address *list, struct list_block *block)
{
	struct list_block **link = &list->head, *before = NULL;

	while (*link && *link < block) {
		before = *link;
		link = &before->next;
	}
	block->next = *link;
	*link = block;
	merge_with_next(block);
	if (before)
		merge_with_next(before);
}

static void *list_address_alloc(struct lab *lab, size_t size)
{
	struct list_address *list = lab->state;
	struct list_block **link, *block, *rest;
	size_t need;

	if (size >= LIST_LARGE)
		return lab_large_alloc(lab, size, PAGE_SIZE);
	need = list_need(lab, size);
	for (link = &list->head; *link; link = &(*link)->next)
		if ((*link)->size >= need)
			break;
	if (!*link) {
		block = list_grow(lab, &list->pages, need);
		if (!block)
			return NULL;
		/* It may touch the last block of the list, and then that is the one. */
		insert(list, block);
		for (link = &list->head; (*link)->size < need;)
			link = &(*link)->next;
	}
	block = *link;
	rest = list_split(block, need);
	if (rest) {
		rest->next = block->next;
		*link = rest;
	} else {
		*link = block->next;
	}
	return list_memory(block);
}

static void list_address_free(struct lab *lab, void *p)
{
	if (lab_is_large(lab, p))
		lab_large_free(lab, p);
	else
		insert(lab->state, list_block_of(p));
}

static void list_address_walk(struct lab *lab, lab_visit_t visit, void *arg)
{
	struct list_address *list = lab->state;

	list_walk(list->head, visit, arg);
}

const struct lab_strategy lab_list_address = {
	.name = "list_address",
	.text = "first fit in a list in the order of addresses, where neighbours merge",
	.lacks = LAB_NO_THREADS | LAB_NO_RETURN,
	.state_size = sizeof(struct list_address),
	.alloc = list_address_alloc,
	.free = list_address_free,
	.size = list_size,
	.walk = list_address_walk,
};
