// SPDX-License-Identifier: GPL-2.0
/*
 * list_best_fit.c - the smallest block that is large enough.
 *
 * Large blocks are kept for large requests. What is left of the block that is cut is often too
 * small to be of any use. A search looks at all blocks, unless one fits exactly. A free walks the
 * list to the place of the block, where it merges with its neighbours.
 */
#include "../fit.h"

static struct list_block *best_fit(struct fit *fit, size_t need)
{
	struct list_block *before, *best = NULL;

	for (before = &fit->head; before->next; before = before->next) {
		if (before->next->size == need)
			return before;
		if (before->next->size > need && (!best || before->next->size < best->next->size))
			best = before;
	}
	return best;
}

static void *list_best_fit_alloc(struct lab *lab, size_t size)
{
	return fit_alloc(lab, size, best_fit);
}

const struct lab_strategy lab_list_best_fit = {
	.name = "list_best_fit",
	.text = "the smallest block that is large enough; neighbours merge",
	.lacks = LAB_NO_THREADS | LAB_NO_RETURN,
	.state_size = sizeof(struct fit),
	.alloc = list_best_fit_alloc,
	.free = fit_free,
	.size = list_size,
	.walk = fit_walk,
};
