// SPDX-License-Identifier: GPL-2.0
/*
 * pool.c - objects of one size, with a free list threaded through them.
 *
 * The first word of each free object points to the next one. An allocation unlinks the first
 * object of the list and a free links it there again: both take constant time, there is nothing
 * to search, to split or to merge, and no byte beside the objects. Larger requests fail.
 *
 * Memory: pages are divided into objects when the list is empty.
 */
#include "../lab.h"

struct pool_object {
	struct pool_object *next;
};

struct pool {
	struct pool_object *free;
};

static bool pool_grow(struct lab *lab)
{
	struct pool *pool = lab->state;
	char *page = lab_pages_take(lab, PAGE_SIZE, PAGE_SIZE), *p;

	if (!page)
		return false;
	/* The object with the lowest address first. */
	for (p = page + PAGE_SIZE - LAB_POOL_SIZE; p >= page; p -= LAB_POOL_SIZE) {
		struct pool_object *object = (struct pool_object *)p;

		object->next = pool->free;
		pool->free = object;
	}
	return true;
}

static void *pool_alloc(struct lab *lab, size_t size)
{
	struct pool *pool = lab->state;
	struct pool_object *object;

	if (size > LAB_POOL_SIZE)
		return NULL;
	if (!pool->free && !pool_grow(lab))
		return NULL;
	object = pool->free;
	pool->free = object->next;
	return object;
}

static void pool_free(struct lab *lab, void *p)
{
	struct pool *pool = lab->state;
	struct pool_object *object = p;

	object->next = pool->free;
	pool->free = object;
}

static size_t pool_size(struct lab *lab, void *p)
{
	return LAB_POOL_SIZE;
}

static void pool_walk(struct lab *lab, lab_visit_t visit, void *arg)
{
	struct pool *pool = lab->state;
	struct pool_object *object;

	for (object = pool->free; object; object = object->next)
		visit(arg, LAB_FREE, object, LAB_POOL_SIZE);
}

const struct lab_strategy lab_pool = {
	.name = "pool",
	.text = "objects of one size; the first word of a free one points to the next",
	.lacks = LAB_ONE_SIZE | LAB_NO_MERGE | LAB_NO_THREADS | LAB_NO_RETURN,
	.state_size = sizeof(struct pool),
	.alloc = pool_alloc,
	.free = pool_free,
	.size = pool_size,
	.walk = pool_walk,
};
