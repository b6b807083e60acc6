/* SPDX-License-Identifier: GPL-2.0 */
/*
 * run.h - chunks of memory that are divided into runs, with the data of all runs at the start.
 *
 *	| struct run_chunk | run | run | run ...	|
 *	^ a multiple of RUN_CHUNK, which a strategy defines before it includes this
 *
 * A run has objects of one class, is part of a large object, or is unused. Objects have a bit
 * each, and no headers: memory that is free is not touched. Runs do no locking; the strategies do.
 */
#ifndef SLABMOD_LAB_RUN_H
#define SLABMOD_LAB_RUN_H

#include "heap.h"

#define RUN_SIZE	16384ul
#define RUN_SMALL_MAX	8192ul	/* larger objects do not share a run */
#define RUN_OBJECTS	(RUN_SIZE / LAB_ALIGN)

enum run_kind { RUN_UNUSED, RUN_SMALL, RUN_LARGE, RUN_MORE };

struct run {
	struct run *next, **link;	/* in a list of the strategy, and what points to it there */
	u8 kind;			/* RUN_MORE: of the large object before */
	u8 class;
	u16 nr;				/* of runs in a row */
	u32 nr_used;			/* objects in use */
	unsigned long used[RUN_OBJECTS / BITS_PER_LONG];
};

struct run_chunk {
	u32 owner;			/* for the strategy */
	u32 nr_used;			/* runs in use */
	struct run runs[RUN_CHUNK / RUN_SIZE];
};

/* The first runs of a chunk are its data. That of runs[0] is the link of a chunk in a list. */
#define RUN_FIRST	DIV_ROUND_UP(sizeof(struct run_chunk), RUN_SIZE)
#define RUN_NR		(RUN_CHUNK / RUN_SIZE)

/* The chunk of an object, or of the data of a run. */
static inline struct run_chunk *run_chunk_of(const void *p)
{
	return (struct run_chunk *)((size_t)p & ~(RUN_CHUNK - 1));
}

static inline struct run *run_of(const void *p)
{
	return &run_chunk_of(p)->runs[(size_t)p % RUN_CHUNK / RUN_SIZE];
}

static inline char *run_memory(const struct run *run)
{
	struct run_chunk *chunk = run_chunk_of(run);

	return (char *)chunk + (run - chunk->runs) * RUN_SIZE;
}

static inline void run_push(struct run **list, struct run *run)
{
	run->next = *list;
	run->link = list;
	if (run->next)
		run->next->link = &run->next;
	*list = run;
}

static inline void run_remove(struct run *run)
{
	*run->link = run->next;
	if (run->next)
		run->next->link = run->link;
}

/* ---- objects of a run ---- */

/* The number of objects that are free. */
static inline unsigned int run_room(const struct run *run)
{
	return RUN_SIZE / class_size(run->class) - run->nr_used;
}

/* Return the lowest object that is free, of a run with room. */
static inline void *run_alloc(struct run *run)
{
	unsigned int word = 0, bit;

	while (!~run->used[word])
		word++;
	bit = __ffs(~run->used[word]);
	run->used[word] |= BIT(bit);
	run->nr_used++;
	return run_memory(run) + (word * BITS_PER_LONG + bit) * class_size(run->class);
}

static inline void run_free(struct run *run, void *p)
{
	size_t i = ((char *)p - run_memory(run)) / class_size(run->class);

	run->used[i / BITS_PER_LONG] &= ~BIT(i % BITS_PER_LONG);
	run->nr_used--;
}

/* Visit the data, the unused runs, and the free objects of chunks. */
static inline void run_visit(const struct run *first, lab_visit_t visit, void *arg)
{
	const struct run *run;
	size_t size, i, n;

	for (; first; first = first->next) {
		visit(arg, LAB_META, run_chunk_of(first), RUN_FIRST * RUN_SIZE);
		for (n = RUN_FIRST; n < RUN_NR; n++) {
			run = &run_chunk_of(first)->runs[n];
			size = run->kind == RUN_SMALL ? class_size(run->class) : RUN_SIZE;
			for (i = 0; i < RUN_SIZE / size && run->kind <= RUN_SMALL; i++)
				if (!(run->used[i / BITS_PER_LONG] & BIT(i % BITS_PER_LONG)))
					visit(arg, LAB_FREE, run_memory(run) + i * size, size);
		}
	}
}

#endif /* SLABMOD_LAB_RUN_H */
