// SPDX-License-Identifier: GPL-2.0
/*
 * global_mutex.c - one heap for all threads, with a lock around each call.
 *
 * The list of list_lifo.c: first fit, and freed blocks are pushed to the front. This is the least
 * that makes a first allocator safe for threads. Its blowup is 1, because no thread keeps memory
 * from others, but several threads take as long as one that makes all their calls, or longer: the
 * lock and the list move from CPU to CPU.
 *
 * Locks: heap->lock protects the list and the pages, and is held while the list is searched. The
 * arena's lock is taken inside of it. Large requests have pages of their own and take only that.
 * The size of a block that is in use does not change, so it can be read without a lock.
 */
#include "../lifo.h"

struct global_mutex {
	lab_lock_t lock;
	struct lifo lifo;
};

static int global_mutex_init(struct lab *lab)
{
	struct global_mutex *heap = lab->state;

	lab_lock_init(&heap->lock);
	return 0;
}

static void *global_mutex_alloc(struct lab *lab, size_t size)
{
	struct global_mutex *heap = lab->state;
	struct list_block *block;

	if (size >= LIST_LARGE)
		return lab_large_alloc(lab, size, PAGE_SIZE);
	lab_lock(&heap->lock);
	block = lifo_take(lab, &heap->lifo, list_need(lab, size));
	lab_unlock(&heap->lock);
	return block ? list_memory(block) : NULL;
}

static void global_mutex_free(struct lab *lab, void *p)
{
	struct global_mutex *heap = lab->state;

	if (lab_is_large(lab, p)) {
		lab_large_free(lab, p);
		return;
	}
	lab_lock(&heap->lock);
	lifo_push(&heap->lifo, list_block_of(p));
	lab_unlock(&heap->lock);
}

static void global_mutex_walk(struct lab *lab, lab_visit_t visit, void *arg)
{
	struct global_mutex *heap = lab->state;

	list_walk(heap->lifo.head, visit, arg);
}

const struct lab_strategy lab_global_mutex = {
	.name = "global_mutex",
	.text = "one heap for all threads: first fit in one list, with a lock around each call",
	.lacks = LAB_NO_MERGE | LAB_NO_RETURN,
	.state_size = sizeof(struct global_mutex),
	.init = global_mutex_init,
	.alloc = global_mutex_alloc,
	.free = global_mutex_free,
	.size = list_size,
	.walk = global_mutex_walk,
};
