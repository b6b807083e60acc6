// SPDX-License-Identifier: GPL-2.0
/*
 * list_next_fit.c - the first block that is large enough, from where the last search ended.
 *
 * The first fit passes again and again over the small blocks that it left at the front of the
 * list. Next fit does not begin there: its searches are short, and the small blocks are all over
 * the list. But it also cuts the large blocks at the end, which the first fit spares. A free walks
 * the list to the place of the block, where it merges with its neighbours.
 */
#include "../fit.h"

static int list_next_fit_init(struct lab *lab)
{
	struct fit *fit = lab->state;

	fit->rover = &fit->head;
	return 0;
}

static struct list_block *next_fit(struct fit *fit, size_t need)
{
	struct list_block *before = fit->rover;

	do {
		if (before->next && before->next->size >= need) {
			fit->rover = before;
			return before;
		}
		before = before->next ? before->next : &fit->head;
	} while (before != fit->rover);
	return NULL;
}

static void *list_next_fit_alloc(struct lab *lab, size_t size)
{
	return fit_alloc(lab, size, next_fit);
}

const struct lab_strategy lab_list_next_fit = {
	.name = "list_next_fit",
	.text = "first fit, from where the last search ended; neighbours merge",
	.lacks = LAB_NO_THREADS | LAB_NO_RETURN,
	.state_size = sizeof(struct fit),
	.init = list_next_fit_init,
	.alloc = list_next_fit_alloc,
	.free = fit_free,
	.size = list_size,
	.walk = fit_walk,
};
