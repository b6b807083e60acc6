// SPDX-License-Identifier: GPL-2.0
/*
 * template.c - pages of its own for each object: what to replace by a better idea.
 *
 * Copy this file to mine.c, replace the name, and run: make lab STRATEGY=mine.
 *
 * As soon as objects share pages, alloc() has to remember what is free, free() has to find out
 * how large the object is, and walk() has to visit what is free. The state of the strategy is in
 * lab->state.
 */
#include "../lab.h"

struct template {
	unsigned long nr_objects;	/* that are allocated; as an example of state */
};

static int template_init(struct lab *lab)
{
	return 0;
}

/* Return memory for @size bytes, which may be 0, at a multiple of 16. */
static void *template_alloc(struct lab *lab, size_t size)
{
	struct template *template = lab->state;
	void *p = lab_large_alloc(lab, size, PAGE_SIZE);

	if (p)
		template->nr_objects++;
	return p;
}

static void template_free(struct lab *lab, void *p)
{
	struct template *template = lab->state;

	template->nr_objects--;
	lab_large_free(lab, p);
}

/* Return how many bytes at @p are the caller's. */
static size_t template_size(struct lab *lab, void *p)
{
	return lab_large_size(lab, p);
}

/* Visit all memory that is free: visit(arg, LAB_FREE, start, size). All pages are in use here. */
static void template_walk(struct lab *lab, lab_visit_t visit, void *arg)
{
}

const struct lab_strategy lab_template = {
	.name = "template",
	.text = "pages for each object",
	.lacks = LAB_NO_THREADS,
	.state_size = sizeof(struct template),
	.init = template_init,
	.alloc = template_alloc,
	.free = template_free,
	.size = template_size,
	.walk = template_walk,
};
