// SPDX-License-Identifier: GPL-2.0
/*
 * owner.c - a heap for each CPU or thread, to which its objects return: strategy III of lectures.
 *
 * Each span is labelled with the heap that took it. The owner allocates from its spans and frees
 * to them without a lock. All others push the object on the owner's list of remote frees, by
 * compare and exchange. The owner swaps that list for an empty one when it has no object of a
 * class left, before it takes a span. Nothing is popped from a shared list, so there is no ABA
 * problem.
 *
 * Blowup is at most P, the number of heaps: none holds more than at its own peak, and the peaks
 * need not coincide. A span serves one CPU or thread, so there is little false sharing. A remote
 * free dirties a line of the owner, and its memory is of no use until the owner allocates. If the
 * owner was a thread that ended, that is the next thread of its number.
 *
 * Memory: no headers of objects. An empty span goes back to the arena, unless no other of its
 * class and heap has room: a loop that frees its last object must not take pages each time.
 */
#include "../heap.h"

struct heap {
	struct span *partial[NR_CLASSES];	/* spans with room */
	struct span *full;			/* of any class */
	/* Objects that others freed. Shared, so not in the line of the above. */
	struct span_object *remote ____cacheline_aligned;
} ____cacheline_aligned;

struct owner {
	struct heap heaps[LAB_HEAPS];
};

static int owner_init(struct lab *lab)
{
	return lab_heaps_ok() ? 0 : -EINVAL;
}

/* By the owner, as are the next two. */
static void free_local(struct lab *lab, struct heap *heap, void *p)
{
	struct span *span = span_of(p), **list = &heap->partial[span->class];

	if (span_is_full(span)) {
		span_remove(span);
		span_push(list, span);
	}
	span_free(span, p);
	if (!span->nr_used && (*list != span || span->next)) {
		span_remove(span);
		lab_pages_give(lab, span, SPAN_SIZE);
	}
}

/* An object on the list counts as in use, so its span cannot go before the loop gets to it. */
static void free_remote(struct lab *lab, struct heap *heap)
{
	struct span_object *object = lab_swap(&heap->remote, NULL), *next;

	for (; object; object = next) {
		next = object->next;
		free_local(lab, heap, object);
	}
}

static void *take(struct lab *lab, struct heap *heap, unsigned int number, unsigned int class)
{
	struct span **list = &heap->partial[class], *span;
	void *p;

	if (!*list)
		free_remote(lab, heap);
	span = *list;
	if (!span) {
		span = span_new(lab, class, number);
		if (!span)
			return NULL;
		span_push(list, span);
	}
	p = span_alloc(span);
	if (span_is_full(span)) {
		span_remove(span);
		span_push(&heap->full, span);
	}
	return p;
}

/* By all others. */
static void push_remote(struct heap *heap, struct span_object *object)
{
	do {
		object->next = lab_load(&heap->remote);
	} while (!lab_cas(&heap->remote, object->next, object));
}

static void *owner_alloc(struct lab *lab, size_t size)
{
	struct owner *owner = lab->state;
	unsigned int number;
	void *p;

	if (size > CLASS_MAX)
		return lab_large_alloc(lab, size, PAGE_SIZE);
	number = lab_enter();
	p = take(lab, &owner->heaps[number], number, class_of(size));
	lab_leave();
	return p;
}

static void owner_free(struct lab *lab, void *p)
{
	struct owner *owner = lab->state;
	unsigned int number;

	if (heap_free_large(lab, p))
		return;
	/* The label does not change while an object is in use. */
	number = span_of(p)->owner;
	if (number == lab_enter())
		free_local(lab, &owner->heaps[number], p);
	else
		push_remote(&owner->heaps[number], p);
	lab_leave();
}

static void owner_walk(struct lab *lab, lab_visit_t visit, void *arg)
{
	struct owner *owner = lab->state;
	unsigned int i, class;

	for (i = 0; i < LAB_HEAPS; i++) {
		struct span_object *object = owner->heaps[i].remote;

		for (; object; object = object->next)
			visit(arg, LAB_FREE, object, class_size(span_of(object)->class));
		heap_visit(owner->heaps[i].full, visit, arg);
		for (class = 0; class < NR_CLASSES; class++)
			heap_visit(owner->heaps[i].partial[class], visit, arg);
	}
}

const struct lab_strategy lab_owner = {
	.name = "owner",
	.text = "a heap for each CPU or thread, to which its objects return",
	.lacks = LAB_NO_MERGE | LAB_NO_RETURN,
	.state_size = sizeof(struct owner),
	.init = owner_init,
	.alloc = owner_alloc,
	.free = owner_free,
	.size = heap_size,
	.walk = owner_walk,
};
