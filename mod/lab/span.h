/* SPDX-License-Identifier: GPL-2.0 */
/*
 * span.h - runs of pages that are divided into objects of one class.
 *
 *	| struct span | object | object | object ...	|
 *	^ a multiple of SPAN_SIZE
 *
 * The span of an object is found by masking its address: objects have no headers. A span does no
 * locking; the strategies that are made of spans do.
 */
#ifndef SLABMOD_LAB_SPAN_H
#define SLABMOD_LAB_SPAN_H

#include "classes.h"

#define SPAN_SIZE	max(65536ul, (unsigned long)PAGE_SIZE)

struct span_object {
	struct span_object *next;
};

struct span {
	struct span *next, **link;	/* in a list of the strategy, and what points to it there */
	struct span_object *free;	/* objects that were freed, the last one first */
	char *fresh;			/* objects from here on were never allocated */
	u32 class;
	u32 owner;			/* for the strategy */
	u32 nr_used;
	u32 nr_objects;
	void *extra;			/* for the strategy */
};

#define SPAN_HEADER	ALIGN(sizeof(struct span), LAB_LINE)

static inline struct span *span_of(const void *p)
{
	return (struct span *)((size_t)p & ~(SPAN_SIZE - 1));
}

/* Take a span for a class, or return NULL. */
static inline struct span *span_new(struct lab *lab, unsigned int class, unsigned int owner)
{
	struct span *span = lab_pages_take(lab, SPAN_SIZE, SPAN_SIZE);

	if (!span)
		return NULL;
	*span = (struct span){
		.fresh = (char *)span + SPAN_HEADER,
		.class = class,
		.owner = owner,
		.nr_objects = (SPAN_SIZE - SPAN_HEADER) / class_size(class),
	};
	return span;
}

static inline bool span_is_full(const struct span *span)
{
	return span->nr_used == span->nr_objects;
}

/* Allocate an object of a span that is not full. */
static inline void *span_alloc(struct span *span)
{
	struct span_object *object = span->free;

	span->nr_used++;
	if (object) {
		span->free = object->next;
		return object;
	}
	object = (struct span_object *)span->fresh;
	span->fresh += class_size(span->class);
	return object;
}

static inline void span_free(struct span *span, void *p)
{
	struct span_object *object = p;

	object->next = span->free;
	span->free = object;
	span->nr_used--;
}

/* ---- lists ---- */

static inline void span_push(struct span **list, struct span *span)
{
	span->next = *list;
	span->link = list;
	if (span->next)
		span->next->link = &span->next;
	*list = span;
}

static inline void span_remove(struct span *span)
{
	*span->link = span->next;
	if (span->next)
		span->next->link = span->link;
	span->link = NULL;
}

/* ---- for walks ---- */

static inline void span_visit_list(const struct span_object *object, size_t size, lab_visit_t visit,
				   void *arg)
{
	for (; object; object = object->next)
		visit(arg, LAB_FREE, object, size);
}

/* Visit the header, the free objects, and what was never allocated, of one span. */
static inline void span_visit(const struct span *span, lab_visit_t visit, void *arg)
{
	size_t size = class_size(span->class);
	const char *end = (const char *)span + SPAN_HEADER + span->nr_objects * size;

	visit(arg, LAB_META, span, SPAN_HEADER);
	span_visit_list(span->free, size, visit, arg);
	if (span->fresh < end)
		visit(arg, LAB_FREE, span->fresh, end - span->fresh);
}

#endif /* SLABMOD_LAB_SPAN_H */
