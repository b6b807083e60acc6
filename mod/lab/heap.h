/* SPDX-License-Identifier: GPL-2.0 */
/*
 * heap.h - what strategies with a heap for each CPU or thread have in common.
 *
 * A heap that only its own CPU or thread uses needs no lock, but must have a number of its own:
 * lab_heaps_ok(). A heap with a lock may have several users: lab_heap_number().
 */
#ifndef SLABMOD_LAB_HEAP_H
#define SLABMOD_LAB_HEAP_H

#include "span.h"

/* Whether each CPU has a heap of its own. In a process, each thread has one: see lab_enter(). */
static inline bool lab_heaps_ok(void)
{
#ifdef __KERNEL__
	return nr_cpu_ids <= LAB_HEAPS;
#else
	return true;
#endif
}

/* The heap that the caller prefers, if heaps have locks. It may be on another CPU by now. */
static inline unsigned int lab_heap_number(void)
{
	unsigned int number = lab_enter() % LAB_HEAPS;

	lab_leave();
	return number;
}

/* ---- objects that are large or in spans ---- */

/* Free an object if it is large. */
static inline bool heap_free_large(struct lab *lab, void *p)
{
	if (!lab_is_large(lab, p))
		return false;
	lab_large_free(lab, p);
	return true;
}

/* The bytes of an object. The class of a span does not change while objects are in use. */
static inline size_t heap_size(struct lab *lab, void *p)
{
	if (lab_is_large(lab, p))
		return lab_large_size(lab, p);
	return class_size(span_of(p)->class);
}

/* Visit the spans of a list. */
static inline void heap_visit(const struct span *span, lab_visit_t visit, void *arg)
{
	for (; span; span = span->next)
		span_visit(span, visit, arg);
}

/* ---- lists of objects that know how many they have, for caches ---- */

struct heap_list {
	struct span_object *first;
	u32 nr;
	u32 low;	/* the fewest that it had since @low was last set */
};

static inline void heap_push(struct heap_list *list, void *p)
{
	struct span_object *object = p;

	object->next = list->first;
	list->first = object;
	list->nr++;
}

/* Return the object that was pushed last, or NULL. */
static inline void *heap_pop(struct heap_list *list)
{
	struct span_object *object = list->first;

	if (!object)
		return NULL;
	list->first = object->next;
	list->nr--;
	list->low = min(list->low, list->nr);
	return object;
}

#endif /* SLABMOD_LAB_HEAP_H */
