/* SPDX-License-Identifier: GPL-2.0 */
/*
 * run_chunk.h - the chunks of runs that an arena or a class has, as a list.
 *
 * A chunk is taken when no other has room, and goes back when it is empty, unless it is the only
 * one: a loop that frees its last object must not take a chunk each time. Unused runs that are
 * neighbours need no merging, because a search looks at each of them.
 */
#ifndef SLABMOD_LAB_RUN_CHUNK_H
#define SLABMOD_LAB_RUN_CHUNK_H

#include "run.h"

/* Return the first of @nr runs of a chunk that are unused, or NULL. */
static inline struct run *run_find(struct run_chunk *chunk, size_t nr)
{
	size_t i, n = 0;

	if (chunk->nr_used + nr > RUN_NR - RUN_FIRST)
		return NULL;
	for (i = RUN_FIRST; i < RUN_NR && n < nr; i++)
		n = chunk->runs[i].kind == RUN_UNUSED ? n + 1 : 0;
	return n == nr ? &chunk->runs[i - nr] : NULL;
}

/* Use @nr runs in a row, of one of the chunks or of a new one. Return the first, or NULL. */
static inline struct run *run_take(struct lab *lab, struct run **chunks, unsigned int owner,
				   unsigned int class, size_t nr)
{
	struct run **link, *run = NULL;
	struct run_chunk *chunk;

	for (link = chunks; *link && !run; link = &(*link)->next)
		run = run_find(run_chunk_of(*link), nr);
	if (!run) {
		chunk = lab_pages_take(lab, RUN_CHUNK, RUN_CHUNK);
		if (!chunk)
			return NULL;
		memset(chunk, 0, sizeof(*chunk));
		chunk->owner = owner;
		/* The oldest chunk is searched first, so that the others may become empty. */
		run_push(link, &chunk->runs[0]);
		run = &chunk->runs[RUN_FIRST];
	}
	run_chunk_of(run)->nr_used += nr;
	run->class = class;
	run->nr = nr;
	while (--nr)
		run[nr].kind = RUN_MORE;
	run->kind = class_size(class) > RUN_SMALL_MAX ? RUN_LARGE : RUN_SMALL;
	return run;
}

/* Stop using runs, and give their chunk back if it is empty. */
static inline void run_give(struct lab *lab, struct run **chunks, struct run *run)
{
	struct run_chunk *chunk = run_chunk_of(run);
	size_t nr = run->nr;

	chunk->nr_used -= nr;
	while (nr--)
		run[nr].kind = RUN_UNUSED;
	if (!chunk->nr_used && (*chunks != &chunk->runs[0] || (*chunks)->next)) {
		run_remove(&chunk->runs[0]);
		lab_pages_give(lab, chunk, RUN_CHUNK);
	}
}

#endif /* SLABMOD_LAB_RUN_CHUNK_H */
