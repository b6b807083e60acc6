// SPDX-License-Identifier: GPL-2.0
/*
 * jemalloc.c - arenas of chunks of 2 MiB that are divided into runs: as in jemalloc.
 *
 * An arena has a lock, and threads are assigned to arenas in turn. A small object is in a run of
 * its class, a larger one has runs of its own, and one above half a chunk has pages of its own.
 * All that is known of the runs of a chunk is at its start, found by masking an address: the
 * arena, the class, and the bit of each object. So a free touches few lines, and none of memory
 * that is free.
 *
 * An empty run can be used for another class, unless no other run of its class has room. An empty
 * chunk goes back to the lab, unless the arena has no other. What one arena has free is of no use
 * to another, unless there is no chunk left.
 *
 * jemalloc has 4 arenas for each CPU, runs of a length that suits the class, trees that find the
 * lowest run with room and the best fit, caches of threads, and decay: unused pages go back with
 * time.
 */
#define RUN_CHUNK	(2ul << 20)
#include "../run_chunk.h"

#define ARENAS		8

struct arena {
	lab_lock_t lock;		/* protects the chunks that the arena owns */
	struct run *bins[NR_CLASSES];	/* runs of small objects with room */
	struct run *chunks;
} ____cacheline_aligned;

static int jemalloc_init(struct lab *lab)
{
	struct arena *arenas = lab->state;
	unsigned int i;

	for (i = 0; i < ARENAS; i++)
		lab_lock_init(&arenas[i].lock);
	return 0;
}

/* Allocate from an arena. Its lock is held. A large object is the only one of its runs. */
static void *take(struct lab *lab, unsigned int number, size_t size)
{
	struct arena *arena = (struct arena *)lab->state + number;
	bool large = size > RUN_SMALL_MAX;
	unsigned int class = class_of(large ? RUN_SIZE : size);
	struct run *run = arena->bins[class];

	if (!run) {
		run = run_take(lab, &arena->chunks, number, class,
			       large ? DIV_ROUND_UP(size, RUN_SIZE) : 1);
		if (!run)
			return NULL;
		run_push(&arena->bins[class], run);
	}
	if (run_room(run) == 1)
		run_remove(run);
	return run_alloc(run);
}

static void *jemalloc_alloc(struct lab *lab, size_t size)
{
	unsigned int preferred = lab_heap_number(), number, i;
	struct arena *arenas = lab->state;
	void *p = NULL;

	if (size > RUN_CHUNK / 2)
		return lab_large_alloc(lab, size, PAGE_SIZE);
	/* If there is no chunk left, another arena may have room. */
	for (i = 0; i < ARENAS && !p; i++) {
		number = (preferred + i) % ARENAS;
		lab_lock(&arenas[number].lock);
		p = take(lab, number, size);
		lab_unlock(&arenas[number].lock);
	}
	return p;
}

static void give(struct lab *lab, struct arena *arena, void *p)
{
	struct run *run = run_of(p), **bin = &arena->bins[run->class];

	if (!run_room(run))
		run_push(bin, run);
	run_free(run, p);
	if (!run->nr_used && (run->kind == RUN_LARGE || *bin != run || run->next)) {
		run_remove(run);
		run_give(lab, &arena->chunks, run);
	}
}

static void jemalloc_free(struct lab *lab, void *p)
{
	struct arena *arena = lab->state;

	if (heap_free_large(lab, p))
		return;
	arena += run_chunk_of(p)->owner;
	lab_lock(&arena->lock);
	give(lab, arena, p);
	lab_unlock(&arena->lock);
}

static size_t jemalloc_size(struct lab *lab, void *p)
{
	struct run *run = run_of(p);

	if (lab_is_large(lab, p))
		return lab_large_size(lab, p);
	return run->kind == RUN_SMALL ? class_size(run->class) : run->nr * RUN_SIZE;
}

static void jemalloc_walk(struct lab *lab, lab_visit_t visit, void *arg)
{
	struct arena *arenas = lab->state;
	unsigned int i;

	for (i = 0; i < ARENAS; i++)
		run_visit(arenas[i].chunks, visit, arg);
}

const struct lab_strategy lab_jemalloc = {
	.name = "jemalloc",
	.text = "arenas of 2 MiB chunks, with the data of all runs of a chunk at its start",
	.lacks = LAB_NO_MERGE | LAB_NO_RETURN,
	.state_size = ARENAS * sizeof(struct arena),
	.init = jemalloc_init,
	.alloc = jemalloc_alloc,
	.free = jemalloc_free,
	.size = jemalloc_size,
	.walk = jemalloc_walk,
};
