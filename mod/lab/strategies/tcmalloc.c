// SPDX-License-Identifier: GPL-2.0
/*
 * tcmalloc.c - caches of threads in front of central lists: as in Google's Thread-Caching Malloc.
 *
 * A cache has a list for each class up to 1 KiB, which its thread uses without a lock. Objects
 * move in batches between it and the central bin of the class, which has a lock. Larger classes
 * pass through the cache without a stay, and objects above CLASS_MAX get pages of their own.
 *
 * Collection: every PERIOD calls, a thread returns half of what it did not use of each list. The
 * low-water mark, the fewest objects in the list since the last collection, tells how many.
 *
 * An empty span goes back to the page heap, which is the arena, unless no other has room. The real
 * page heap has a map from pages to spans, and the real caches and batches grow with use.
 */
#include "../bin.h"

#define NR_CACHED	12	/* classes up to 1024 */
#define BATCH		16	/* a list has up to four */
#define PERIOD		4096

struct cache {
	struct heap_list lists[NR_CLASSES];
	unsigned int calls;	/* since the last collection */
} ____cacheline_aligned;

struct central {
	lab_lock_t lock;	/* protects the bin and its spans */
	struct bin bin;
} ____cacheline_aligned;

struct tcmalloc {
	struct cache caches[LAB_HEAPS];
	struct central centrals[NR_CLASSES];
};

static int tcmalloc_init(struct lab *lab)
{
	struct tcmalloc *state = lab->state;
	unsigned int class;

	for (class = 0; class < NR_CLASSES; class++)
		lab_lock_init(&state->centrals[class].lock);
	return lab_heaps_ok() ? 0 : -EINVAL;
}

/* Move up to @nr objects of a class from its central bin to a list of a cache. */
static void take(struct lab *lab, struct heap_list *list, unsigned int class, unsigned int nr)
{
	struct central *central = &((struct tcmalloc *)lab->state)->centrals[class];
	void *p;

	lab_lock(&central->lock);
	for (; nr; nr--) {
		p = bin_alloc_grow(lab, &central->bin, class, 0);
		if (!p)
			break;
		heap_push(list, p);
	}
	lab_unlock(&central->lock);
}

/* Move @nr objects of a class to its central bin. */
static void give(struct lab *lab, struct heap_list *list, unsigned int class, unsigned int nr)
{
	struct central *central = &((struct tcmalloc *)lab->state)->centrals[class];

	lab_lock(&central->lock);
	for (; nr; nr--)
		bin_free_trim(lab, &central->bin, heap_pop(list));
	lab_unlock(&central->lock);
}

/* Count a call, and collect if it is time. */
static void tick(struct lab *lab, struct cache *cache)
{
	struct heap_list *list = cache->lists;

	if (++cache->calls < PERIOD)
		return;
	cache->calls = 0;
	for (; list < cache->lists + NR_CACHED; list++) {
		if (list->low)
			give(lab, list, list - cache->lists, DIV_ROUND_UP(list->low, 2));
		list->low = list->nr;
	}
}

static void *tcmalloc_alloc(struct lab *lab, size_t size)
{
	struct tcmalloc *state = lab->state;
	unsigned int class;
	struct cache *cache;
	void *p;

	if (size > CLASS_MAX)
		return lab_large_alloc(lab, size, PAGE_SIZE);
	class = class_of(size);
	cache = &state->caches[lab_enter()];
	if (!cache->lists[class].first)
		take(lab, &cache->lists[class], class, class < NR_CACHED ? BATCH : 1);
	p = heap_pop(&cache->lists[class]);
	tick(lab, cache);
	lab_leave();
	return p;
}

static void tcmalloc_free(struct lab *lab, void *p)
{
	struct tcmalloc *state = lab->state;
	struct heap_list *list;
	struct cache *cache;
	unsigned int class;

	if (heap_free_large(lab, p))
		return;
	class = span_of(p)->class;
	cache = &state->caches[lab_enter()];
	list = &cache->lists[class];
	heap_push(list, p);
	if (class >= NR_CACHED)
		give(lab, list, class, 1);
	else if (list->nr > 4 * BATCH)
		give(lab, list, class, BATCH);
	tick(lab, cache);
	lab_leave();
}

static void tcmalloc_walk(struct lab *lab, lab_visit_t visit, void *arg)
{
	struct tcmalloc *state = lab->state;
	unsigned int i, k;

	for (i = 0; i < NR_CLASSES; i++) {
		bin_visit(&state->centrals[i].bin, visit, arg);
		for (k = 0; k < LAB_HEAPS; k++)
			span_visit_list(state->caches[k].lists[i].first, class_size(i), visit, arg);
	}
}

const struct lab_strategy lab_tcmalloc = {
	.name = "tcmalloc",
	.text = "caches of small objects for each thread, in front of central lists",
	.lacks = LAB_NO_MERGE | LAB_NO_RETURN,
	.state_size = sizeof(struct tcmalloc),
	.init = tcmalloc_init,
	.alloc = tcmalloc_alloc,
	.free = tcmalloc_free,
	.size = heap_size,
	.walk = tcmalloc_walk,
};
