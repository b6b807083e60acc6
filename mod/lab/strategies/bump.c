// SPDX-License-Identifier: GPL-2.0
/*
 * bump.c - a pointer that only advances.
 *
 * An allocation returns what the pointer points to, and advances it. A free does nothing. All
 * memory is free again when the pointer is reset to the start. There are no headers, no lists and
 * no search: the fastest allocator, for objects that all die together.
 *
 * Memory: one run of pages after another; what is left at the end of a run is lost.
 */
#include "../lab.h"

#define BUMP_RUN	(16 * PAGE_SIZE)

struct bump {
	char *next;		/* the first byte that was not handed out */
	char *end;		/* of the run */
	char *first;		/* byte of the runs that continue each other */
};

static void *bump_alloc(struct lab *lab, size_t size)
{
	struct bump *bump = lab->state;
	size_t need = ALIGN(max_t(size_t, size, 1), LAB_ALIGN), run = max(need, BUMP_RUN);
	char *p;

	if (need < size)
		return NULL;
	if ((size_t)(bump->end - bump->next) < need) {
		p = lab_pages_take(lab, run, PAGE_SIZE);
		if (!p)
			return NULL;
		/* A run that follows the last one continues it. */
		if (p != bump->end) {
			bump->first = p;
			bump->next = p;
		}
		bump->end = p + ALIGN(run, PAGE_SIZE);
	}
	p = bump->next;
	bump->next += need;
	return p;
}

static void bump_free(struct lab *lab, void *p)
{
}

/* It keeps no sizes. All that is known is where the arena ends. */
static size_t bump_size(struct lab *lab, void *p)
{
	return lab->arena.base + (lab->arena.nr_pages << PAGE_SHIFT) - (char *)p;
}

static void bump_reset(struct lab *lab)
{
	struct bump *bump = lab->state;

	bump->next = bump->first;
}

static void bump_walk(struct lab *lab, lab_visit_t visit, void *arg)
{
	struct bump *bump = lab->state;

	if (bump->end != bump->next)
		visit(arg, LAB_FREE, bump->next, bump->end - bump->next);
}

const struct lab_strategy lab_bump = {
	.name = "bump",
	.text = "a pointer that only advances; a reset frees everything",
	.lacks = LAB_NO_FREE | LAB_NO_SIZE | LAB_NO_MERGE | LAB_NO_THREADS | LAB_NO_RETURN,
	.state_size = sizeof(struct bump),
	.alloc = bump_alloc,
	.free = bump_free,
	.size = bump_size,
	.walk = bump_walk,
	.reset = bump_reset,
};
