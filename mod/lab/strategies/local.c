// SPDX-License-Identifier: GPL-2.0
/*
 * local.c - a heap for each CPU or thread, without owners: strategy II of the lectures.
 *
 * An allocation takes from the lists of the caller's heap, and a free puts the object on the lists
 * of the heap that frees, wherever it was allocated. Only one CPU or thread uses a heap, so there
 * are no locks, except that of the arena when a heap needs a span.
 *
 * What one CPU allocates and another frees stays with the other. If it never allocates, its lists
 * grow while the first takes ever more spans: memory drift, and blowup has no bound. Objects of
 * one line can end in two heaps, so false sharing is possible, too.
 *
 * Memory: no headers of objects. A span has objects of one class forever, and never returns.
 */
#include "../heap.h"

struct heap {
	struct span_object *free[NR_CLASSES];	/* freed here, allocated anywhere */
	struct span *fresh[NR_CLASSES];		/* the span that is next when that is empty */
	struct span *spans;			/* all that this heap took */
} ____cacheline_aligned;

struct local {
	struct heap heaps[LAB_HEAPS];
};

static int local_init(struct lab *lab)
{
	return lab_heaps_ok() ? 0 : -EINVAL;
}

static void *take(struct lab *lab, struct heap *heap, unsigned int class)
{
	struct span_object *object = heap->free[class];
	struct span *span = heap->fresh[class];

	if (object) {
		heap->free[class] = object->next;
		return object;
	}
	/* Objects do not go back to spans, so that one is full for good. */
	if (!span || span_is_full(span)) {
		span = span_new(lab, class, 0);
		if (!span)
			return NULL;
		span_push(&heap->spans, span);
		heap->fresh[class] = span;
	}
	return span_alloc(span);
}

static void *local_alloc(struct lab *lab, size_t size)
{
	struct local *local = lab->state;
	void *p;

	if (size > CLASS_MAX)
		return lab_large_alloc(lab, size, PAGE_SIZE);
	p = take(lab, &local->heaps[lab_enter()], class_of(size));
	lab_leave();
	return p;
}

static void local_free(struct lab *lab, void *p)
{
	struct local *local = lab->state;
	struct span_object *object = p, **list;

	if (heap_free_large(lab, p))
		return;
	list = &local->heaps[lab_enter()].free[span_of(p)->class];
	object->next = *list;
	*list = object;
	lab_leave();
}

static void local_walk(struct lab *lab, lab_visit_t visit, void *arg)
{
	struct local *local = lab->state;
	unsigned int i, class;

	for (i = 0; i < LAB_HEAPS; i++) {
		heap_visit(local->heaps[i].spans, visit, arg);
		for (class = 0; class < NR_CLASSES; class++)
			span_visit_list(local->heaps[i].free[class], class_size(class), visit, arg);
	}
}

const struct lab_strategy lab_local = {
	.name = "local",
	.text = "a heap for each CPU or thread, which keeps all that is freed there",
	.lacks = LAB_NO_MERGE | LAB_NO_RETURN | LAB_UNBOUNDED,
	.state_size = sizeof(struct local),
	.init = local_init,
	.alloc = local_alloc,
	.free = local_free,
	.size = heap_size,
	.walk = local_walk,
};
