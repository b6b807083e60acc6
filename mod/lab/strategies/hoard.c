// SPDX-License-Identifier: GPL-2.0
/*
 * hoard.c - superblocks that move between heaps of CPUs and a global heap: Hoard (Berger, 2000).
 *
 * A superblock is a span: S bytes at a multiple of S, with objects of one class. Heap 0 is global.
 * An allocation tries the heap of the caller's CPU or thread, the global heap, and then the arena.
 * Invariant, of each class in each heap but the global one: u >= min(a - 2 * S, a / 2), for u
 * bytes in use of a bytes held. A free that breaks it moves superblocks, the emptiest first, to
 * the global heap: by the average, one is at least half empty. An allocation cannot break it: the
 * others of the class are full when a superblock is added. So blowup is bounded.
 *
 * Empty superblocks of the global heap may change their class; none returns to the arena. An owner
 * changes under two locks: a heap's, and inside of it the global one's. Counts: superblocks moved
 * to the global heap; from it; the largest A in bytes; violations (0).
 */
#include "../bin.h"

struct heap {
	lab_lock_t lock;	/* protects the superblocks that the heap owns */
	struct bin bins[NR_CLASSES];
} ____cacheline_aligned;

static int hoard_init(struct lab *lab)
{
	struct heap *heaps = lab->state;
	unsigned int i;

	lab_lock_init(&heaps[0].lock);	/* apart, because it is taken inside of the others */
	for (i = 1; i <= LAB_HEAPS; i++)
		lab_lock_init(&heaps[i].lock);
	return 0;
}

static bool holds(const struct bin *bin)
{
	return bin->used + 2 * SPAN_SIZE >= bin->held || bin->used >= bin->held / 2;
}

static void format(struct span *span, unsigned int class)
{
	span->free = NULL;
	span->fresh = (char *)span + SPAN_HEADER;
	span->class = class;
	span->nr_objects = (SPAN_SIZE - SPAN_HEADER) / class_size(class);
}

/* Move a superblock from the global heap or the arena to heap @owner. Its lock is held. */
static bool fetch(struct lab *lab, unsigned int owner, unsigned int class)
{
	struct heap *heaps = lab->state;
	struct bin *bin = &heaps[0].bins[class];
	struct span *span;

	lab_lock(&heaps[0].lock);
	span = bin_fullest(bin);
	for (bin = heaps[0].bins; !span && bin < heaps[0].bins + NR_CLASSES; bin++)
		span = bin->groups[0];
	if (span) {
		bin_detach(&heaps[0].bins[span->class], span);
		if (!span->nr_used)
			format(span, class);
		lab_store(&span->owner, owner);
		lab->counts[1]++;
	} else {
		span = span_new(lab, class, owner);
		lab->counts[2] += span ? SPAN_SIZE : 0;
	}
	lab_unlock(&heaps[0].lock);
	if (span)
		bin_attach(&heaps[owner].bins[class], span);
	return span;
}

/* Move superblocks to the global heap until the invariant holds. The lock of the heap is held. */
static void restore(struct lab *lab, struct bin *bin)
{
	struct heap *global = lab->state;
	struct span *span;

	for (span = bin_emptiest(bin); span && !holds(bin); span = bin_emptiest(bin)) {
		lab_lock(&global->lock);
		bin_detach(bin, span);
		lab_store(&span->owner, 0);
		bin_attach(&global->bins[span->class], span);
		lab->counts[0]++;
		lab_unlock(&global->lock);
	}
	if (!holds(bin))
		lab->counts[3]++;
}

static void *hoard_alloc(struct lab *lab, size_t size)
{
	unsigned int owner = 1 + lab_heap_number(), class = class_of(size);
	struct heap *heap = (struct heap *)lab->state + owner;
	void *p;

	if (size > CLASS_MAX)
		return lab_large_alloc(lab, size, PAGE_SIZE);
	lab_lock(&heap->lock);
	p = bin_alloc(&heap->bins[class]);
	if (!p && fetch(lab, owner, class))
		p = bin_alloc(&heap->bins[class]);
	if (!holds(&heap->bins[class]))
		lab->counts[3]++;
	lab_unlock(&heap->lock);
	return p;
}

static void hoard_free(struct lab *lab, void *p)
{
	struct heap *heaps = lab->state, *heap;
	struct span *span = span_of(p);

	if (heap_free_large(lab, p))
		return;
	heap = &heaps[lab_load(&span->owner)];
	lab_lock(&heap->lock);
	/* The superblock may have moved before the lock was taken. */
	while (heap != &heaps[lab_load(&span->owner)]) {
		lab_unlock(&heap->lock);
		heap = &heaps[lab_load(&span->owner)];
		lab_lock(&heap->lock);
	}
	bin_free(&heap->bins[span->class], span, p);
	if (heap != heaps)
		restore(lab, &heap->bins[span->class]);
	lab_unlock(&heap->lock);
}

static void hoard_walk(struct lab *lab, lab_visit_t visit, void *arg)
{
	struct heap *heaps = lab->state;
	unsigned int i;

	for (i = 0; i < (LAB_HEAPS + 1) * NR_CLASSES; i++)
		bin_visit(&heaps[i / NR_CLASSES].bins[i % NR_CLASSES], visit, arg);
}

const struct lab_strategy lab_hoard = {
	.name = "hoard",
	.text = "superblocks that move between the heaps of CPUs and a global one",
	.lacks = LAB_NO_MERGE | LAB_NO_RETURN,
	.state_size = (LAB_HEAPS + 1) * sizeof(struct heap),
	.init = hoard_init,
	.alloc = hoard_alloc,
	.free = hoard_free,
	.size = heap_size,
	.walk = hoard_walk,
};
