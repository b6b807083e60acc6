// SPDX-License-Identifier: GPL-2.0
/*
 * arenas.c - several allocators, each complete in itself, with a lock each.
 *
 * An arena has the buckets of all classes: spans, found by masking an object's address. A thread
 * or CPU prefers the arena of its number. If the lock of that is held, it moves on to the next
 * one, and it waits only if all are held. So with as many arenas as threads there is no
 * contention, except by frees of what others allocated: an object returns to the arena that its
 * span names.
 *
 * Memory that is free in one arena is of no use to the callers of another, so up to ARENAS times
 * as much may be held as with one. An empty span goes back to the lab's arena, unless no other of
 * its class has room. Threads that share an arena may share a line of memory, too.
 */
#include "../bin.h"

#define ARENAS	8

struct arena {
	lab_lock_t lock;	/* protects the bins and their spans */
	struct bin bins[NR_CLASSES];
} ____cacheline_aligned;

static int arenas_init(struct lab *lab)
{
	struct arena *arenas = lab->state;
	unsigned int i;

	for (i = 0; i < ARENAS; i++)
		lab_lock_init(&arenas[i].lock);
	return 0;
}

static void *take(struct lab *lab, unsigned int number, unsigned int class)
{
	struct arena *arena = (struct arena *)lab->state + number;
	void *p;

	lab_lock(&arena->lock);
	p = bin_alloc_grow(lab, &arena->bins[class], class, number);
	lab_unlock(&arena->lock);
	return p;
}

/* The same without waiting: return NULL if the lock is held. */
static void *try_take(struct lab *lab, unsigned int number, unsigned int class)
{
	struct arena *arena = (struct arena *)lab->state + number;
	void *p;

	if (!lab_trylock(&arena->lock))
		return NULL;
	p = bin_alloc_grow(lab, &arena->bins[class], class, number);
	lab_unlock(&arena->lock);
	return p;
}

static void *arenas_alloc(struct lab *lab, size_t size)
{
	unsigned int preferred = lab_heap_number(), class = class_of(size), i;
	void *p = NULL;

	if (size > CLASS_MAX)
		return lab_large_alloc(lab, size, PAGE_SIZE);
	for (i = 0; i < ARENAS && !p; i++)
		p = try_take(lab, (preferred + i) % ARENAS, class);
	/* All locks were held, or the arenas that could be locked had no memory. */
	for (i = 0; i < ARENAS && !p; i++)
		p = take(lab, (preferred + i) % ARENAS, class);
	return p;
}

static void arenas_free(struct lab *lab, void *p)
{
	struct arena *arena = lab->state;
	struct span *span = span_of(p);

	if (heap_free_large(lab, p))
		return;
	/* The owner of a span does not change while objects are in use. */
	arena += span->owner;
	lab_lock(&arena->lock);
	bin_free_trim(lab, &arena->bins[span->class], p);
	lab_unlock(&arena->lock);
}

static void arenas_walk(struct lab *lab, lab_visit_t visit, void *arg)
{
	struct arena *arenas = lab->state;
	unsigned int i;

	for (i = 0; i < ARENAS * NR_CLASSES; i++)
		bin_visit(&arenas[i / NR_CLASSES].bins[i % NR_CLASSES], visit, arg);
}

const struct lab_strategy lab_arenas = {
	.name = "arenas",
	.text = "several allocators with a lock each; a thread moves on if one is held",
	.lacks = LAB_NO_MERGE | LAB_NO_RETURN,
	.state_size = ARENAS * sizeof(struct arena),
	.init = arenas_init,
	.alloc = arenas_alloc,
	.free = arenas_free,
	.size = heap_size,
	.walk = arenas_walk,
};
