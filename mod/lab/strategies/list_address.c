// SPDX-License-Identifier: GPL-2.0
/*
 * list_address.c - a free list in the order of addresses, in which neighbours merge.
 *
 * A free walks the list to the place of the block, where both neighbours are at hand: it merges
 * with those that it touches. A free takes linear time, as does the first fit of an allocation,
 * and memory that is free is in as few blocks as possible.
 */
#include "../fit.h"

static struct list_block *first_fit(struct fit *fit, size_t need)
{
	struct list_block *before;

	for (before = &fit->head; before->next; before = before->next)
		if (before->next->size >= need)
			return before;
	return NULL;
}

static void *list_address_alloc(struct lab *lab, size_t size)
{
	return fit_alloc(lab, size, first_fit);
}

const struct lab_strategy lab_list_address = {
	.name = "list_address",
	.text = "first fit in a list in the order of addresses, where neighbours merge",
	.lacks = LAB_NO_THREADS | LAB_NO_RETURN,
	.state_size = sizeof(struct fit),
	.alloc = list_address_alloc,
	.free = fit_free,
	.size = list_size,
	.walk = fit_walk,
};
