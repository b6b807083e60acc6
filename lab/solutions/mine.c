// SPDX-License-Identifier: GPL-2.0
/*
 * mine.c - a stack for each small size, and a free list for the rest: Weinstock's quick fit.
 *
 * Programs ask for few sizes again and again, and then both calls take constant time. A block that
 * was cut for one size serves no other, because nothing merges.
 */
#include "../lifo.h"

#define STACKS	64	/* for blocks of as many times 16 bytes; the first one has the rest */

static struct lifo *stack_for(struct lab *lab, size_t size)
{
	struct lifo *stacks = lab->state;

	return &stacks[size < STACKS * LAB_ALIGN ? size / LAB_ALIGN : 0];
}

static void *mine_alloc(struct lab *lab, size_t size)
{
	size_t need = list_need(lab, size);
	struct list_block *block;
	struct lifo *stack;

	if (size >= LIST_LARGE)
		return lab_large_alloc(lab, size, PAGE_SIZE);
	stack = stack_for(lab, need);
	block = lifo_take(lab, stack->head ? stack : lab->state, need);
	return block ? list_memory(block) : NULL;
}

static void mine_free(struct lab *lab, void *p)
{
	if (lab_is_large(lab, p))
		lab_large_free(lab, p);
	else
		lifo_push(stack_for(lab, list_block_of(p)->size), list_block_of(p));
}

static void mine_walk(struct lab *lab, lab_visit_t visit, void *arg)
{
	struct lifo *stacks = lab->state;
	unsigned int i;

	for (i = 0; i < STACKS; i++)
		list_walk(stacks[i].head, visit, arg);
}

const struct lab_strategy lab_mine = {
	.name = "mine",
	.text = "a stack for each small size, and a free list for the rest; no merging",
	.lacks = LAB_NO_MERGE | LAB_NO_THREADS | LAB_NO_RETURN,
	.state_size = STACKS * sizeof(struct lifo),
	.alloc = mine_alloc,
	.free = mine_free,
	.size = list_size,
	.walk = mine_walk,
};
