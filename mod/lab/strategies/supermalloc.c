// SPDX-License-Identifier: GPL-2.0
/*
 * supermalloc.c - chunks of one class, the fullest run serves first: as in SuperMalloc (2015).
 *
 * All runs of a chunk have objects of one class; a table says which, by the number of the chunk.
 * An allocation takes from the fullest run with room, so that the others drain. Empty runs are
 * used last, and an empty chunk goes back unless its class has no other. Each CPU or thread has a
 * cache; objects pass to it one by one, so that a lock is held for a short time only. SuperMalloc
 * has a hardware transaction in place of the lock, two more caches, runs that suit the class, and
 * chunks of 2 MiB, for larger objects, too.
 */
#define RUN_CHUNK	(256ul << 10)
#include "../run_chunk.h"

#define CHUNKS		BIT(17)		/* for an arena below 32 GiB */
#define CACHE_BYTES	8192ul		/* of each class */

struct central {
	lab_lock_t lock;		/* protects the chunks of the class */
	unsigned int fullest;		/* no run with room has fewer objects that are free */
	struct run *runs[RUN_OBJECTS + 1];	/* by the number of these */
	struct run *chunks;
} ____cacheline_aligned;

struct supermalloc {
	struct central centrals[NR_CLASSES];
	struct heap_list caches[LAB_HEAPS][NR_CLASSES];
	u8 table[CHUNKS];		/* the class of a chunk */
};

static int supermalloc_init(struct lab *lab)
{
	struct supermalloc *state = lab->state;
	unsigned int class;

	for (class = 0; class < NR_CLASSES; class++)
		lab_lock_init(&state->centrals[class].lock);
	return lab_heaps_ok() && lab->arena.nr_pages < CHUNKS * RUN_CHUNK / PAGE_SIZE ? 0 : -EINVAL;
}

static u8 *entry_of(struct supermalloc *state, const void *p)
{
	return &state->table[(size_t)p / RUN_CHUNK % CHUNKS];
}

/* Put a run into the list for the objects that it has free. */
static void insert(struct central *central, struct run *run)
{
	run_push(&central->runs[run_room(run)], run);
	if (run_room(run))
		central->fullest = min(central->fullest, run_room(run));
}

static void *take(struct lab *lab, struct central *central, unsigned int class)
{
	struct run *run;
	void *p = NULL;

	lab_lock(&central->lock);
	while (central->fullest < RUN_OBJECTS && !central->runs[central->fullest])
		central->fullest++;
	run = central->runs[central->fullest];
	if (run)
		run_remove(run);
	else
		run = run_take(lab, &central->chunks, class, class, 1);
	if (run) {
		if (!run->nr_used)
			lab_store(entry_of(lab->state, run), class);
		p = run_alloc(run);
		insert(central, run);
	}
	lab_unlock(&central->lock);
	return p;
}

static void give(struct lab *lab, struct central *central, void *p)
{
	struct run *run = run_of(p);

	lab_lock(&central->lock);
	run_remove(run);
	run_free(run, p);
	if (run->nr_used)
		insert(central, run);
	else
		run_give(lab, &central->chunks, run);
	lab_unlock(&central->lock);
}

static void *supermalloc_alloc(struct lab *lab, size_t size)
{
	struct supermalloc *state = lab->state;
	unsigned int class = class_of(size);
	void *p;

	if (size > RUN_SMALL_MAX)
		return lab_large_alloc(lab, size, PAGE_SIZE);
	p = heap_pop(&state->caches[lab_enter()][class]);
	lab_leave();
	return p ? p : take(lab, &state->centrals[class], class);
}

static void supermalloc_free(struct lab *lab, void *p)
{
	struct supermalloc *state = lab->state;
	struct heap_list *list;
	unsigned int class;

	if (heap_free_large(lab, p))
		return;
	class = lab_load(entry_of(state, p));
	list = &state->caches[lab_enter()][class];
	if (list->nr < CACHE_BYTES / class_size(class))
		heap_push(list, p);
	else
		give(lab, &state->centrals[class], p);
	lab_leave();
}

static size_t supermalloc_size(struct lab *lab, void *p)
{
	if (lab_is_large(lab, p))
		return lab_large_size(lab, p);
	return class_size(lab_load(entry_of(lab->state, p)));
}

static void supermalloc_walk(struct lab *lab, lab_visit_t visit, void *arg)
{
	struct supermalloc *state = lab->state;
	unsigned int i, k;

	for (i = 0; i < NR_CLASSES; i++) {
		run_visit(state->centrals[i].chunks, visit, arg);
		for (k = 0; k < LAB_HEAPS; k++)
			span_visit_list(state->caches[k][i].first, class_size(i), visit, arg);
	}
}

const struct lab_strategy lab_supermalloc = {
	.name = "supermalloc",
	.text = "chunks of one class found by a table; the fullest run serves first",
	.lacks = LAB_NO_MERGE | LAB_NO_RETURN,
	.state_size = sizeof(struct supermalloc),
	.init = supermalloc_init,
	.alloc = supermalloc_alloc,
	.free = supermalloc_free,
	.size = supermalloc_size,
	.walk = supermalloc_walk,
};
