/* SPDX-License-Identifier: GPL-2.0 */
/*
 * bin.h - the spans of one class that a heap has, by fullness.
 *
 * An allocation prefers the fullest span with room, so that the emptier ones may become empty. A
 * bin does no locking; the strategies that have bins do.
 */
#ifndef SLABMOD_LAB_BIN_H
#define SLABMOD_LAB_BIN_H

#include "heap.h"

/* Group 0 has the empty spans, 1 to 4 those with up to 1 to 4 quarters in use, 5 the full ones. */
#define BIN_FULL	5

struct bin {
	size_t used;		/* bytes of objects in use: u */
	size_t held;		/* bytes of spans: a */
	struct span *groups[BIN_FULL + 1];
};

static inline size_t bin_bytes(const struct span *span)
{
	return span->nr_used * class_size(span->class);
}

static inline unsigned int bin_group(const struct span *span)
{
	return span_is_full(span) ? BIN_FULL : DIV_ROUND_UP(bin_bytes(span) * 4, SPAN_SIZE);
}

/* Add and remove a span. */
static inline void bin_attach(struct bin *bin, struct span *span)
{
	bin->used += bin_bytes(span);
	bin->held += SPAN_SIZE;
	span_push(&bin->groups[bin_group(span)], span);
}

static inline void bin_detach(struct bin *bin, struct span *span)
{
	bin->used -= bin_bytes(span);
	bin->held -= SPAN_SIZE;
	span_remove(span);
}

/* Move a span to its group. */
static inline void bin_regroup(struct bin *bin, struct span *span, unsigned int before)
{
	unsigned int group = bin_group(span);

	if (group != before) {
		span_remove(span);
		span_push(&bin->groups[group], span);
	}
}

/* Return one of the fullest spans with room, or NULL. */
static inline struct span *bin_fullest(const struct bin *bin)
{
	unsigned int group = BIN_FULL - 1;

	while (group && !bin->groups[group])
		group--;
	return bin->groups[group];
}

/* Return one of the emptiest spans, of which at most half is in use, or NULL. */
static inline struct span *bin_emptiest(const struct bin *bin)
{
	unsigned int group = 0;

	while (group < 2 && !bin->groups[group])
		group++;
	return bin->groups[group];
}

/* Allocate an object, or return NULL if all spans are full. */
static inline void *bin_alloc(struct bin *bin)
{
	struct span *span = bin_fullest(bin);
	unsigned int before;
	void *p;

	if (!span)
		return NULL;
	before = bin_group(span);
	p = span_alloc(span);
	bin->used += class_size(span->class);
	bin_regroup(bin, span, before);
	return p;
}

/* Allocate an object, from a new span if need be. Return NULL if the arena is full. */
static inline void *bin_alloc_grow(struct lab *lab, struct bin *bin, unsigned int class,
				   unsigned int owner)
{
	struct span *span;

	if (!bin_fullest(bin)) {
		span = span_new(lab, class, owner);
		if (!span)
			return NULL;
		bin_attach(bin, span);
	}
	return bin_alloc(bin);
}

static inline void bin_free(struct bin *bin, struct span *span, void *p)
{
	unsigned int before = bin_group(span);

	span_free(span, p);
	bin->used -= class_size(span->class);
	bin_regroup(bin, span, before);
}

/*
 * Free an object, and give its span back to the arena if it is empty. The last span with room
 * stays: a loop that frees its only object must not take pages each time.
 */
static inline void bin_free_trim(struct lab *lab, struct bin *bin, void *p)
{
	struct span *span = span_of(p);

	bin_free(bin, span, p);
	if (!span->nr_used && (bin_fullest(bin) != span || span->next)) {
		bin_detach(bin, span);
		lab_pages_give(lab, span, SPAN_SIZE);
	}
}

static inline void bin_visit(const struct bin *bin, lab_visit_t visit, void *arg)
{
	unsigned int group;

	for (group = 0; group <= BIN_FULL; group++)
		heap_visit(bin->groups[group], visit, arg);
}

#endif /* SLABMOD_LAB_BIN_H */
