// SPDX-License-Identifier: GPL-2.0
/*
 * thread_cache.c - a small cache for each CPU or thread, in front of one free list with a lock.
 *
 * The cache has a list for each size of block. An allocation tries it first, and the global list
 * only if it has no block. A free pushes the block on it. When a list has more than CACHE_MOST
 * blocks, all but the CACHE_KEEP that were freed last move to the global list, where neighbours
 * merge.
 *
 * Most calls take no lock, and a block that is used again is still in the processor's cache. But
 * the lock remains a bottleneck, the global list takes linear time, and blocks in caches do not
 * merge: there is more fragmentation than with the global list alone. Counts: flushes.
 */
#include "../fit.h"
#include "../heap.h"

#define CACHE_SIZES	64	/* in units of LAB_ALIGN; larger blocks are not cached */
#define CACHE_MOST	64
#define CACHE_KEEP	16

struct cache {
	struct list_block *blocks[CACHE_SIZES];
	unsigned int nr[CACHE_SIZES];
} ____cacheline_aligned;

struct thread_cache {
	struct fit global;	/* first, because fit.h takes the state for one */
	lab_lock_t lock;	/* protects @global, and the counts */
	struct cache caches[LAB_HEAPS];
};

static int thread_cache_init(struct lab *lab)
{
	struct thread_cache *state = lab->state;

	lab_lock_init(&state->lock);
	return lab_heaps_ok() ? 0 : -EINVAL;
}

/* Cut off all blocks of a size but those that were freed last. */
static struct list_block *cache_cut(struct cache *cache, size_t i)
{
	struct list_block *last = cache->blocks[i], *rest;

	for (cache->nr[i] = 1; cache->nr[i] < CACHE_KEEP; cache->nr[i]++)
		last = last->next;
	rest = last->next;
	last->next = NULL;
	return rest;
}

/* Push a block. Return the list of blocks that are too many, or NULL. */
static struct list_block *cache_push(struct cache *cache, size_t i, struct list_block *block)
{
	block->next = cache->blocks[i];
	cache->blocks[i] = block;
	cache->nr[i]++;
	return cache->nr[i] > CACHE_MOST ? cache_cut(cache, i) : NULL;
}

static struct list_block *first_fit(struct fit *fit, size_t need)
{
	struct list_block *before = &fit->head;

	while (before->next && before->next->size < need)
		before = before->next;
	return before->next ? before : NULL;
}

static void flush(struct lab *lab, struct list_block *block)
{
	struct thread_cache *state = lab->state;
	struct list_block *next;

	lab_lock(&state->lock);
	lab->counts[0]++;
	for (; block; block = next) {
		next = block->next;
		fit_insert(&state->global, block);
	}
	lab_unlock(&state->lock);
}

static void *thread_cache_alloc(struct lab *lab, size_t size)
{
	struct thread_cache *state = lab->state;
	struct list_block *block = NULL;
	struct cache *cache;
	size_t i;
	void *p;

	if (size >= LIST_LARGE)
		return lab_large_alloc(lab, size, PAGE_SIZE);
	i = DIV_ROUND_UP(list_need(lab, size), LAB_ALIGN);
	if (i < CACHE_SIZES) {
		cache = &state->caches[lab_enter()];
		block = cache->blocks[i];
		if (block) {
			cache->blocks[i] = block->next;
			cache->nr[i]--;
		}
		lab_leave();
	}
	if (block)
		return list_memory(block);
	lab_lock(&state->lock);
	p = fit_alloc(lab, size, first_fit);
	lab_unlock(&state->lock);
	return p;
}

static void thread_cache_free(struct lab *lab, void *p)
{
	struct thread_cache *state = lab->state;
	struct list_block *block = list_block_of(p);
	size_t i;

	if (heap_free_large(lab, p))
		return;
	block->next = NULL;
	i = block->size / LAB_ALIGN;
	if (i < CACHE_SIZES) {
		block = cache_push(&state->caches[lab_enter()], i, block);
		lab_leave();
	}
	if (block)
		flush(lab, block);
}

static void thread_cache_walk(struct lab *lab, lab_visit_t visit, void *arg)
{
	struct thread_cache *state = lab->state;
	unsigned int i;

	fit_walk(lab, visit, arg);
	for (i = 0; i < LAB_HEAPS * CACHE_SIZES; i++)
		list_walk(state->caches[i / CACHE_SIZES].blocks[i % CACHE_SIZES], visit, arg);
}

const struct lab_strategy lab_thread_cache = {
	.name = "thread_cache",
	.text = "a small cache for each CPU or thread, in front of one list with a lock",
	.lacks = LAB_NO_MERGE | LAB_NO_RETURN,
	.state_size = sizeof(struct thread_cache),
	.init = thread_cache_init,
	.alloc = thread_cache_alloc,
	.free = thread_cache_free,
	.size = list_size,
	.walk = thread_cache_walk,
};
