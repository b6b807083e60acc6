/* SPDX-License-Identifier: GPL-2.0 */
/*
 * lifo.h - a free list that is searched from the block that was freed last: list_lifo.c, and with
 * a lock global_mutex.c.
 */
#ifndef SLABMOD_LAB_LIFO_H
#define SLABMOD_LAB_LIFO_H

#include "list.h"

struct lifo {
	struct list_block *head;
	struct list_pages pages;
};

static inline void lifo_push(struct lifo *lifo, struct list_block *block)
{
	block->next = lifo->head;
	lifo->head = block;
}

/*
 * Take the first block of at least @need bytes, or a new one, and push what is more than that.
 * Return NULL if the arena is full.
 */
static inline struct list_block *lifo_take(struct lab *lab, struct lifo *lifo, size_t need)
{
	struct list_block **link, *block, *rest;

	for (link = &lifo->head; *link; link = &(*link)->next)
		if ((*link)->size >= need)
			break;
	block = *link;
	if (block)
		*link = block->next;
	else
		block = list_grow(lab, &lifo->pages, need);
	if (!block)
		return NULL;
	rest = list_split(block, need);
	if (rest)
		lifo_push(lifo, rest);
	return block;
}

#endif /* SLABMOD_LAB_LIFO_H */
