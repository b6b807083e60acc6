// SPDX-License-Identifier: GPL-2.0
/*
 * rival.c - regions that count: for each CPU or thread a pointer that advances, and no free list.
 *
 * An allocation advances the pointer of the caller's region, and a free counts. When no object of
 * a region is left, all of it is free again. That is all that a list needs that dies as a whole,
 * or a chain of Collatz. But one object that stays keeps a region of 64 KiB from use, and nothing
 * knows how large an object is.
 *
 * Only its own CPU or thread uses a heap. A region that is no heap's any more counts what is in
 * use. Before that the heap counts what it has handed out, and the region what came back: @alive
 * is below 0 then, and no free can bring it to 0 and take the region away from the heap.
 */
#include "../heap.h"

#define REGION_MOST	(SPAN_SIZE / 8)		/* larger objects get pages of their own */

struct region {
	size_t next;		/* offset of the first byte that was not handed out */
	long handed;		/* objects that were, while the region is that of a heap */
	long alive ____cacheline_aligned;	/* less what any heap has freed; shared */
};

struct heap {
	struct region *now;
	struct region *spare;	/* has no object. Pages that go back and forth cost faults. */
} ____cacheline_aligned;

struct rival {
	struct heap heaps[LAB_HEAPS];
};

static int rival_init(struct lab *lab)
{
	return lab_heaps_ok() ? 0 : -EINVAL;
}

/* Return the sum. */
static long add(long *number, long n)
{
	long old;

	do {
		old = lab_load(number);
	} while (!lab_cas(number, old, old + n));
	return old + n;
}

/* Count in a region that is no heap's. If nothing is in use, keep or give it. */
static void count(struct lab *lab, struct heap *heap, struct region *region, long n)
{
	if (add(&region->alive, n))
		return;
	if (heap->spare)
		lab_pages_give(lab, region, SPAN_SIZE);
	else
		heap->spare = region;
}

/* Give the heap a new region. Return false, and leave it the old one, if the arena is full. */
static bool renew(struct lab *lab, struct heap *heap)
{
	struct region *region = heap->spare, *old = heap->now;

	if (!region)
		region = lab_pages_take(lab, SPAN_SIZE, SPAN_SIZE);
	if (!region)
		return false;
	heap->spare = NULL;
	*region = (struct region){ .next = sizeof(*region) };
	heap->now = region;
	if (old)
		count(lab, heap, old, old->handed);
	return true;
}

static void *rival_alloc(struct lab *lab, size_t size)
{
	size_t need = size ? ALIGN(size, (size_t)LAB_ALIGN) : LAB_ALIGN;
	struct rival *rival = lab->state;
	struct heap *heap;
	void *p = NULL;

	if (size > REGION_MOST)
		return lab_large_alloc(lab, size, PAGE_SIZE);
	heap = &rival->heaps[lab_enter()];
	if ((heap->now && SPAN_SIZE - heap->now->next >= need) || renew(lab, heap)) {
		p = (char *)heap->now + heap->now->next;
		heap->now->next += need;
		heap->now->handed++;
	}
	lab_leave();
	return p;
}

static void rival_free(struct lab *lab, void *p)
{
	struct region *region = (struct region *)span_of(p);
	struct rival *rival = lab->state;
	struct heap *heap;

	if (heap_free_large(lab, p))
		return;
	heap = &rival->heaps[lab_enter()];
	if (region != heap->now)
		count(lab, heap, region, -1);
	else if (!(--region->handed + lab_load(&region->alive)))
		*region = (struct region){ .next = sizeof(*region) };
	lab_leave();
}

static size_t rival_size(struct lab *lab, void *p)
{
	return lab_is_large(lab, p) ? lab_large_size(lab, p) : SPAN_SIZE - (size_t)p % SPAN_SIZE;
}

static void rival_walk(struct lab *lab, lab_visit_t visit, void *arg)
{
	struct rival *rival = lab->state;
	unsigned int i;

	for (i = 0; i < LAB_HEAPS; i++) {
		struct region *region = rival->heaps[i].now;

		if (rival->heaps[i].spare)
			visit(arg, LAB_FREE, rival->heaps[i].spare, SPAN_SIZE);
		if (region)
			visit(arg, LAB_META, region, sizeof(*region));
		if (region && region->next < SPAN_SIZE)
			visit(arg, LAB_FREE, (char *)region + region->next,
			      SPAN_SIZE - region->next);
	}
}

const struct lab_strategy lab_rival = {
	.name = "rival",
	.text = "a pointer that advances for each CPU or thread, in regions that count objects",
	.lacks = LAB_NO_SIZE | LAB_NO_MERGE | LAB_NO_RETURN,
	.state_size = sizeof(struct rival),
	.init = rival_init,
	.alloc = rival_alloc,
	.free = rival_free,
	.size = rival_size,
	.walk = rival_walk,
};
