// SPDX-License-Identifier: GPL-2.0
/*
 * ptmalloc.c - arenas of chunks with boundary tags, and caches of threads: as in the GNU libc.
 *
 * An allocation tries the cache of its thread, which has up to CACHE_MOST chunks of each size
 * below 1 KiB and no lock. Then it takes a chunk from the bins of its arena, under the arena's
 * lock. A free goes to the cache if that has room, and otherwise to the arena that the chunk
 * names, where it merges with its neighbours: see chunk.h. Chunks in a cache do not merge.
 *
 * This aims at a worst case that is not too bad: what is not in a cache merges in constant time.
 * glibc has one top chunk for an arena, and gives its end back; a thread can change its arena; and
 * there are fast bins, an unsorted bin, large bins in the order of sizes, and a bitmap of bins.
 */
#include "../chunk.h"
#include "../heap.h"

#define ARENAS		8
#define CACHE_MOST	7
#define LARGE		(128ul << 10)	/* larger requests get pages of their own */
#define RUN		(2 * LARGE)

struct arena {
	lab_lock_t lock;		/* protects all chunks that are not in a cache */
	struct chunk_bins bins;
} ____cacheline_aligned;

struct ptmalloc {
	struct arena arenas[ARENAS];
	struct heap_list caches[LAB_HEAPS][CHUNK_SMALL];	/* in units of LAB_ALIGN */
};

static int ptmalloc_init(struct lab *lab)
{
	struct ptmalloc *state = lab->state;
	unsigned int i;

	for (i = 0; i < ARENAS; i++)
		lab_lock_init(&state->arenas[i].lock);
	return lab_heaps_ok() ? 0 : -EINVAL;
}

/* Allocate from an arena, from a new run of pages if need be. */
static void *take(struct lab *lab, unsigned int number, size_t need)
{
	struct arena *arena = &((struct ptmalloc *)lab->state)->arenas[number];
	struct chunk *chunk;
	void *run;

	lab_lock(&arena->lock);
	chunk = chunk_take(&arena->bins, need);
	if (!chunk) {
		run = lab_pages_take(lab, RUN, PAGE_SIZE);
		if (run) {
			/* The flags above the lowest have the number. */
			chunk_add_run(&arena->bins, run, RUN, number << 1);
			chunk = chunk_take(&arena->bins, need);
		}
	}
	lab_unlock(&arena->lock);
	return chunk ? &chunk->next : NULL;
}

static void *ptmalloc_alloc(struct lab *lab, size_t size)
{
	unsigned int number = lab_heap_number(), i;
	struct ptmalloc *state = lab->state;
	size_t need = chunk_need(size);
	void *p = NULL;

	if (size > LARGE)
		return lab_large_alloc(lab, size, PAGE_SIZE);
	if (need / LAB_ALIGN < CHUNK_SMALL) {
		p = heap_pop(&state->caches[lab_enter()][need / LAB_ALIGN]);
		lab_leave();
	}
	/* If there are no pages left, another arena may have a chunk. */
	for (i = 0; i < ARENAS && !p; i++)
		p = take(lab, (number + i) % ARENAS, need);
	return p;
}

/* Keep an object in the cache of its size, unless that is full. */
static bool keep(struct ptmalloc *state, size_t i, void *p)
{
	struct heap_list *list;
	bool kept;

	if (i >= CHUNK_SMALL)
		return false;
	list = &state->caches[lab_enter()][i];
	kept = list->nr < CACHE_MOST;
	if (kept)
		heap_push(list, p);
	lab_leave();
	return kept;
}

static void ptmalloc_free(struct lab *lab, void *p)
{
	struct chunk *chunk = chunk_at(p, -(long)CHUNK_HEADER);
	struct ptmalloc *state = lab->state;
	struct arena *arena;

	if (heap_free_large(lab, p) || keep(state, chunk_size(chunk) / LAB_ALIGN, p))
		return;
	arena = &state->arenas[(lab_load(&chunk->size) & CHUNK_FLAGS) >> 1];
	lab_lock(&arena->lock);
	chunk_free(&arena->bins, chunk);
	lab_unlock(&arena->lock);
}

static size_t ptmalloc_size(struct lab *lab, void *p)
{
	if (lab_is_large(lab, p))
		return lab_large_size(lab, p);
	return chunk_size(chunk_at(p, -(long)CHUNK_HEADER)) - CHUNK_OVERHEAD;
}

static void visit_chunks(struct chunk *chunk, lab_visit_t visit, void *arg)
{
	/* The first 8 bytes may be of the chunk before. */
	for (; chunk; chunk = chunk->next)
		visit(arg, LAB_FREE, &chunk->size, chunk_size(chunk));
}

static void ptmalloc_walk(struct lab *lab, lab_visit_t visit, void *arg)
{
	struct ptmalloc *state = lab->state;
	unsigned int i, k;

	for (i = 0; i < ARENAS; i++)
		for (k = 0; k <= CHUNK_TOP; k++)
			visit_chunks(state->arenas[i].bins.bins[k], visit, arg);
	for (i = 0; i < LAB_HEAPS; i++)
		for (k = 0; k < CHUNK_SMALL; k++)
			span_visit_list(state->caches[i][k].first,
					k * LAB_ALIGN - CHUNK_OVERHEAD, visit, arg);
}

const struct lab_strategy lab_ptmalloc = {
	.name = "ptmalloc",
	.text = "arenas of chunks with boundary tags, and caches of threads",
	.lacks = LAB_NO_MERGE | LAB_NO_RETURN,
	.state_size = sizeof(struct ptmalloc),
	.init = ptmalloc_init,
	.alloc = ptmalloc_alloc,
	.free = ptmalloc_free,
	.size = ptmalloc_size,
	.walk = ptmalloc_walk,
};
