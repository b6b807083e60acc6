// SPDX-License-Identifier: GPL-2.0
/*
 * suspect.c - a free list in the order of addresses, in which neighbours merge, with a bug.
 *
 * An exercise of Documentation/lab-exercises.rst: which check tells, and what is wrong? All memory
 * that it returns is good.
 */
#include "../list.h"

struct suspect {
	struct list_block head;		/* has no bytes, and the lowest block as its next one */
	struct list_pages pages;
};

/* Merge a block with the next one if they touch. */
static void merge(struct list_block *block)
{
	struct list_block *next = block->next;

	if (next && list_after(block) == next) {
		block->size += next->size;
		block->next = next->next;
	}
}

static void insert(struct suspect *suspect, struct list_block *block)
{
	struct list_block *before = &suspect->head;

	while (before->next && before->next < block)
		before = before->next;
	block->next = before->next;
	before->next = block;
	merge(before);
}

/* Return the first block of at least @need bytes, with what points to it in @link, or NULL. */
static struct list_block *first_fit(struct suspect *suspect, size_t need,
				    struct list_block ***link)
{
	for (*link = &suspect->head.next; **link; *link = &(**link)->next)
		if ((**link)->size >= need)
			return **link;
	return NULL;
}

static void *suspect_alloc(struct lab *lab, size_t size)
{
	struct suspect *suspect = lab->state;
	struct list_block *block, *rest, **link;
	size_t need;

	if (size >= LIST_LARGE)
		return lab_large_alloc(lab, size, PAGE_SIZE);
	need = list_need(lab, size);
	block = first_fit(suspect, need, &link);
	if (!block) {
		block = list_grow(lab, &suspect->pages, need);
		if (!block)
			return NULL;
		insert(suspect, block);
		block = first_fit(suspect, need, &link);
	}
	rest = list_split(block, need);
	if (rest)
		rest->next = block->next;
	*link = rest ? rest : block->next;
	return list_memory(block);
}

static void suspect_free(struct lab *lab, void *p)
{
	if (lab_is_large(lab, p))
		lab_large_free(lab, p);
	else
		insert(lab->state, list_block_of(p));
}

static void suspect_walk(struct lab *lab, lab_visit_t visit, void *arg)
{
	struct suspect *suspect = lab->state;

	list_walk(suspect->head.next, visit, arg);
}

const struct lab_strategy lab_suspect = {
	.name = "suspect",
	.text = "first fit in a list in the order of addresses, where neighbours merge",
	.lacks = LAB_NO_THREADS | LAB_NO_RETURN,
	.state_size = sizeof(struct suspect),
	.alloc = suspect_alloc,
	.free = suspect_free,
	.size = list_size,
	.walk = suspect_walk,
};
