// SPDX-License-Identifier: GPL-2.0
/*
 * list_worst_fit.c - the largest block.
 *
 * What is left of the block that is cut is as large as it can be, and so likely to be of use. In
 * return, no large block lasts. A search looks at all blocks. A free walks the list to the place
 * of the block, where it merges with its neighbours. list_size.c makes the same choice without a
 * search, and without merging.
 */
#include "../fit.h"

static struct list_block *worst_fit(struct fit *fit, size_t need)
{
	struct list_block *before, *worst = &fit->head;

	for (before = &fit->head; before->next; before = before->next)
		if (before->next->size > worst->next->size)
			worst = before;
	return worst->next && worst->next->size >= need ? worst : NULL;
}

static void *list_worst_fit_alloc(struct lab *lab, size_t size)
{
	return fit_alloc(lab, size, worst_fit);
}

const struct lab_strategy lab_list_worst_fit = {
	.name = "list_worst_fit",
	.text = "the largest block; neighbours merge",
	.lacks = LAB_NO_THREADS | LAB_NO_RETURN,
	.state_size = sizeof(struct fit),
	.alloc = list_worst_fit_alloc,
	.free = fit_free,
	.size = list_size,
	.walk = fit_walk,
};
