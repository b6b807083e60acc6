/* SPDX-License-Identifier: GPL-2.0 */
/*
 * chunk.h - chunks of memory with boundary tags, and bins of those that are free.
 *
 *	| prev_size | size | memory of the caller ...	| size | memory ...
 *	^ a chunk			    ^ the next chunk: its prev_size has two uses
 *
 * While a chunk is free, its size is prev_size of the next one, too. So a free finds the
 * neighbours on both sides at once, and merges with them. While it is in use, these 8 bytes are
 * the caller's, and CHUNK_PREV_USED in the next one says so. A chunk of no size ends each run of
 * pages.
 *
 * Bins do no locking; the strategies that have them do. But a caller may read the size of its own
 * chunk without a lock, while a neighbour that is freed changes CHUNK_PREV_USED.
 */
#ifndef SLABMOD_LAB_CHUNK_H
#define SLABMOD_LAB_CHUNK_H

#include "lab.h"

struct chunk {
	size_t prev_size;		/* if the chunk before is free */
	size_t size;			/* and flags */
	struct chunk *next, **link;	/* in a bin, while it is free */
};

#define CHUNK_HEADER	offsetof(struct chunk, next)
#define CHUNK_OVERHEAD	sizeof(size_t)
#define CHUNK_MIN	sizeof(struct chunk)
#define CHUNK_PREV_USED	1ul
#define CHUNK_FLAGS	15ul		/* the strategy has the other three */

/* Bins of one size, in units of LAB_ALIGN, and then of ranges up to the next power of two. */
#define CHUNK_SMALL	64
/* The last bin has the top chunks: those at the ends of runs, which are the last to be cut. */
#define CHUNK_TOP	(CHUNK_SMALL + 10)

struct chunk_bins {
	struct chunk *bins[CHUNK_TOP + 1];
};

static inline size_t chunk_size(const struct chunk *chunk)
{
	return lab_load(&chunk->size) & ~CHUNK_FLAGS;
}

static inline struct chunk *chunk_at(void *p, long offset)
{
	return (struct chunk *)((char *)p + offset);
}

static inline struct chunk *chunk_after(struct chunk *chunk)
{
	return chunk_at(chunk, chunk_size(chunk));
}

/* The size of the chunk for a request. */
static inline size_t chunk_need(size_t size)
{
	return max(ALIGN(size + CHUNK_OVERHEAD, (size_t)LAB_ALIGN), CHUNK_MIN);
}

static inline unsigned int chunk_bin(size_t size)
{
	return size / LAB_ALIGN < CHUNK_SMALL ? size / LAB_ALIGN : CHUNK_SMALL + ilog2(size) - 10;
}

/* Put a free chunk into a bin. The one before it is in use. */
static inline void chunk_add(struct chunk_bins *bins, struct chunk *chunk, size_t size,
			     size_t flags)
{
	struct chunk *next = chunk_at(chunk, size), **bin;

	chunk->size = size | flags | CHUNK_PREV_USED;
	next->prev_size = size;
	lab_store(&next->size, next->size & ~CHUNK_PREV_USED);
	bin = &bins->bins[chunk_size(next) ? chunk_bin(size) : CHUNK_TOP];
	chunk->next = *bin;
	chunk->link = bin;
	if (chunk->next)
		chunk->next->link = &chunk->next;
	*bin = chunk;
}

static inline void chunk_remove(struct chunk *chunk)
{
	*chunk->link = chunk->next;
	if (chunk->next)
		chunk->next->link = chunk->link;
}

/* Make a run of pages one free chunk. */
static inline void chunk_add_run(struct chunk_bins *bins, void *run, size_t bytes, size_t flags)
{
	chunk_at(run, bytes - CHUNK_HEADER)->size = 0;
	chunk_add(bins, run, bytes - CHUNK_HEADER, flags);
}

/* Free a chunk, and merge it with its neighbours. */
static inline void chunk_free(struct chunk_bins *bins, struct chunk *chunk)
{
	size_t size = chunk_size(chunk);
	struct chunk *next = chunk_after(chunk);

	if (!(chunk->size & CHUNK_PREV_USED)) {
		chunk = chunk_at(chunk, -(long)chunk->prev_size);
		chunk_remove(chunk);
		size += chunk_size(chunk);
	}
	/* The chunk at the end of a run is its own next one, and not free. */
	if (!(chunk_after(next)->size & CHUNK_PREV_USED)) {
		chunk_remove(next);
		size += chunk_size(next);
	}
	chunk_add(bins, chunk, size, chunk->size & CHUNK_FLAGS);
}

/* Take a chunk of @need bytes from one that is free, and put the rest back. */
static inline struct chunk *chunk_cut(struct chunk_bins *bins, struct chunk *chunk, size_t need)
{
	size_t rest = chunk_size(chunk) - need;
	struct chunk *next = chunk_after(chunk);

	chunk_remove(chunk);
	if (rest >= CHUNK_MIN) {
		chunk->size -= rest;
		chunk_add(bins, chunk_after(chunk), rest, chunk->size & CHUNK_FLAGS);
		next = chunk_after(chunk);
	}
	lab_store(&next->size, next->size | CHUNK_PREV_USED);
	return chunk;
}

/* Take a chunk of @need bytes from the first bin that has a large enough one, or return NULL. */
static inline struct chunk *chunk_take(struct chunk_bins *bins, size_t need)
{
	struct chunk *chunk;
	unsigned int bin;

	for (bin = chunk_bin(need); bin <= CHUNK_TOP; bin++)
		for (chunk = bins->bins[bin]; chunk; chunk = chunk->next)
			if (chunk_size(chunk) >= need)
				return chunk_cut(bins, chunk, need);
	return NULL;
}

#endif /* SLABMOD_LAB_CHUNK_H */
