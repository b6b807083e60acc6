// SPDX-License-Identifier: GPL-2.0
/*
 * segregated.c - a pool of objects, with a free list, for each of 22 sizes.
 *
 * A request is rounded up to one of the sizes of classes.h. An allocation unlinks the first
 * object of the list of that size, and a free links it there again. Both take constant time,
 * because nothing is searched, split or merged. Rounding loses up to a third of an object, and
 * more of the smallest two.
 *
 * The header of an object says which list it belongs to. It has 16 bytes because of the
 * alignment. A bucket allocator does without: it keeps the size once, at the start of the pages.
 *
 * Memory: an empty list takes pages for eight objects or more, and cuts them. They stay objects
 * of that size. Memory that is free in one list cannot serve another size, and never goes back
 * to the arena.
 */
#include "../classes.h"

#define REFILL	8

struct segregated_object {
	u32 class;
	struct segregated_object *next;		/* while it is free */
};

static_assert(sizeof(struct segregated_object) == LAB_ALIGN, "headers keep the alignment");

struct segregated {
	struct segregated_object *free[NR_CLASSES];
};

/* The size of an object with its header. */
static size_t whole_size(unsigned int class)
{
	return sizeof(struct segregated_object) + class_size(class);
}

static void push(struct segregated *pools, struct segregated_object *object)
{
	object->next = pools->free[object->class];
	pools->free[object->class] = object;
}

static bool refill(struct lab *lab, unsigned int class)
{
	size_t size = whole_size(class), run = ALIGN(REFILL * size, PAGE_SIZE), nr = run / size;
	char *pages = lab_pages_take(lab, run, PAGE_SIZE);

	if (!pages)
		return false;
	/* The object with the lowest address is pushed last, and so used first. */
	while (nr--) {
		struct segregated_object *object = (void *)(pages + nr * size);

		object->class = class;
		push(lab->state, object);
	}
	return true;
}

static void *segregated_alloc(struct lab *lab, size_t size)
{
	struct segregated *pools = lab->state;
	struct segregated_object *object;
	unsigned int class;

	if (size > CLASS_MAX)
		return lab_large_alloc(lab, size, PAGE_SIZE);
	class = class_of(size);
	if (!pools->free[class] && !refill(lab, class))
		return NULL;
	object = pools->free[class];
	pools->free[class] = object->next;
	return object + 1;
}

static void segregated_free(struct lab *lab, void *p)
{
	if (lab_is_large(lab, p))
		lab_large_free(lab, p);
	else
		push(lab->state, (struct segregated_object *)p - 1);
}

static size_t segregated_size(struct lab *lab, void *p)
{
	if (lab_is_large(lab, p))
		return lab_large_size(lab, p);
	return class_size(((struct segregated_object *)p - 1)->class);
}

static void segregated_walk(struct lab *lab, lab_visit_t visit, void *arg)
{
	struct segregated *pools = lab->state;
	struct segregated_object *object;
	unsigned int class;

	for (class = 0; class < NR_CLASSES; class++)
		for (object = pools->free[class]; object; object = object->next)
			visit(arg, LAB_FREE, object, whole_size(class));
}

const struct lab_strategy lab_segregated = {
	.name = "segregated",
	.text = "a free list for each of 22 sizes; the header of an object tells its list",
	.lacks = LAB_NO_MERGE | LAB_NO_THREADS | LAB_NO_RETURN,
	.state_size = sizeof(struct segregated),
	.alloc = segregated_alloc,
	.free = segregated_free,
	.size = segregated_size,
	.walk = segregated_walk,
};
