/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fit.h - what the fits share: a free list in the order of addresses, where neighbours merge.
 *
 * A fit is the choice of the block that serves a request. Each file has its choice, and the rest
 * is here. list_address.c is the first fit.
 */
#ifndef SLABMOD_LAB_FIT_H
#define SLABMOD_LAB_FIT_H

#include "list.h"

struct fit {
	struct list_block head;		/* has no bytes, and the lowest block as its next one */
	struct list_block *rover;	/* for next fit: the search goes on behind this block */
	struct list_pages pages;
};

/* Merge a block with the next one if they touch. */
static inline void fit_merge(struct fit *fit, struct list_block *block)
{
	struct list_block *next = block->next;

	if (!next || list_after(block) != next)
		return;
	block->size += next->size;
	block->next = next->next;
	/* A block that is gone is not one to go on from. */
	if (fit->rover == next)
		fit->rover = block;
}

static inline void fit_insert(struct fit *fit, struct list_block *block)
{
	struct list_block *before = &fit->head;

	while (before->next && before->next < block)
		before = before->next;
	block->next = before->next;
	before->next = block;
	fit_merge(fit, block);
	fit_merge(fit, before);
}

/* Cut @need bytes off the front of the block behind @before, and unlink them. */
static inline void *fit_cut(struct list_block *before, size_t need)
{
	struct list_block *block = before->next, *rest = list_split(block, need);

	if (rest) {
		rest->next = block->next;
		before->next = rest;
	} else {
		before->next = block->next;
	}
	return list_memory(block);
}

/*
 * Allocate from the block that @choose prefers of those with @need bytes. It returns the block
 * before that one, or NULL if all are smaller.
 */
static inline void *fit_alloc(struct lab *lab, size_t size,
			      struct list_block *(*choose)(struct fit *fit, size_t need))
{
	struct fit *fit = lab->state;
	struct list_block *before, *block;
	size_t need;

	if (size >= LIST_LARGE)
		return lab_large_alloc(lab, size, PAGE_SIZE);
	need = list_need(lab, size);
	before = choose(fit, need);
	if (!before) {
		block = list_grow(lab, &fit->pages, need);
		if (!block)
			return NULL;
		/* It may merge with the last block, so it is not known what precedes it. */
		fit_insert(fit, block);
		before = choose(fit, need);
	}
	return fit_cut(before, need);
}

static inline void fit_free(struct lab *lab, void *p)
{
	if (lab_is_large(lab, p))
		lab_large_free(lab, p);
	else
		fit_insert(lab->state, list_block_of(p));
}

static inline void fit_walk(struct lab *lab, lab_visit_t visit, void *arg)
{
	struct fit *fit = lab->state;

	list_walk(fit->head.next, visit, arg);
}

#endif /* SLABMOD_LAB_FIT_H */
