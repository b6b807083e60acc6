/* SPDX-License-Identifier: GPL-2.0 */
/*
 * list.h - blocks with their size in front, as all free lists of the lab have them.
 *
 * A block that is in use:   | size | memory of the caller ...      |
 * A block that is free:     | size | next | ...                    |
 *                           ^ the address of the block
 *
 * The size is that of the whole block. It is a multiple of lab->unit, 16, and a block begins 8
 * bytes after a multiple of 16, so that the caller's memory is aligned. The smallest block has 16
 * bytes, 8 of them for the caller.
 */
#ifndef SLABMOD_LAB_LIST_H
#define SLABMOD_LAB_LIST_H

#include "lab.h"

struct list_block {
	size_t size;
	struct list_block *next;	/* while it is free */
};

#define LIST_HEADER	sizeof(size_t)
#define LIST_MIN	sizeof(struct list_block)
/* Larger requests get pages of their own. */
#define LIST_LARGE	PAGE_SIZE

/* Pages come in runs. A run that begins where the last one ended continues it. */
struct list_pages {
	char *end;
};

static inline struct list_block *list_block_of(void *p)
{
	return (struct list_block *)((char *)p - LIST_HEADER);
}

static inline void *list_memory(struct list_block *block)
{
	return (char *)block + LIST_HEADER;
}

static inline struct list_block *list_after(struct list_block *block)
{
	return (struct list_block *)((char *)block + block->size);
}

/* The size of a block for a request. */
static inline size_t list_need(const struct lab *lab, size_t size)
{
	return max(ALIGN(size + LIST_HEADER, lab->unit), LIST_MIN);
}

/* Return a new free block of at least @need bytes, as many pages as it takes, or NULL. */
static inline struct list_block *list_grow(struct lab *lab, struct list_pages *pages, size_t need)
{
	/* With the unit of the lecture, a block begins where the page does. */
	size_t skip = lab->unit < LAB_ALIGN ? 0 : LAB_ALIGN - LIST_HEADER;
	size_t run = ALIGN(need + LAB_ALIGN, PAGE_SIZE);
	char *p = lab_pages_take(lab, skip ? run : ALIGN(need, PAGE_SIZE), PAGE_SIZE);
	struct list_block *block;

	if (!p)
		return NULL;
	if (!skip)
		run = ALIGN(need, PAGE_SIZE);
	/* The last bytes of a run are too few for a block, unless another run follows. */
	block = (struct list_block *)(p == pages->end ? p - skip : p + skip);
	block->size = p == pages->end ? run : run - 2 * skip;
	pages->end = p + run;
	return block;
}

/*
 * Cut @need bytes off the front of a block. Return what is left, or NULL if that is too small for
 * a block.
 */
static inline struct list_block *list_split(struct list_block *block, size_t need)
{
	struct list_block *rest;

	if (block->size - need < LIST_MIN)
		return NULL;
	rest = (struct list_block *)((char *)block + need);
	rest->size = block->size - need;
	block->size = need;
	return rest;
}

static inline size_t list_size(struct lab *lab, void *p)
{
	if (lab_is_large(lab, p))
		return lab_large_size(lab, p);
	return list_block_of(p)->size - LIST_HEADER;
}

static inline void list_walk(struct list_block *head, lab_visit_t visit, void *arg)
{
	struct list_block *block;

	for (block = head; block; block = block->next)
		visit(arg, LAB_FREE, block, block->size);
}

#endif /* SLABMOD_LAB_LIST_H */
