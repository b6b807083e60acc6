// SPDX-License-Identifier: GPL-2.0
/*
 * buddy.c - blocks with powers of two as their sizes, from heaps of 64 KiB.
 *
 * An allocation takes the smallest free block that is large enough, and halves it until it just
 * fits. It uses the lower half each time. A free merges the block with the other half, its buddy,
 * as long as that is free too. A heap is aligned to its size, so the addresses of buddies differ
 * in one bit. Both take one step for each size at most, because the lists are doubly linked and
 * in no order. Rounding loses up to half of a block. Neighbours that are not buddies never merge.
 *
 * Memory: one heap is taken at the start. A heap that is free as a whole goes back to the arena
 * if another one is free too. The last one stays, so that calls do not take and give it in turn.
 *
 * The header of 16 bytes counts: a request for 16 KiB takes a block of 32 KiB. For the lecture's
 * example, with lab->unit below 16, a request is for a whole block, and the header is part of it.
 */
#include "../lab.h"

#define BUDDY_MIN	5
#define BUDDY_MAX	(PAGE_SHIFT > 16 ? PAGE_SHIFT : 16)
#define BUDDY_HEAP	((size_t)1 << BUDDY_MAX)

struct buddy_block {
	size_t size;		/* of the whole block */
	bool used;
	/* While it is free. Otherwise the caller's memory begins here. */
	struct buddy_block *next, *prev;
};

#define BUDDY_HEADER	offsetof(struct buddy_block, next)

struct buddy {
	struct buddy_block *lists[BUDDY_MAX + 1];	/* free blocks of 2^i bytes */
};

static struct buddy_block *block_of(void *p)
{
	return (struct buddy_block *)((char *)p - BUDDY_HEADER);
}

static void push_block(struct buddy *buddy, struct buddy_block *block, size_t size)
{
	struct buddy_block **list = &buddy->lists[ilog2(size)];

	block->size = size;
	block->used = false;
	block->prev = NULL;
	block->next = *list;
	if (block->next)
		block->next->prev = block;
	*list = block;
}

static void unlink_block(struct buddy *buddy, struct buddy_block *block)
{
	if (block->prev)
		block->prev->next = block->next;
	else
		buddy->lists[ilog2(block->size)] = block->next;
	if (block->next)
		block->next->prev = block->prev;
}

static int add_heap(struct lab *lab)
{
	struct buddy_block *heap = lab_pages_take(lab, BUDDY_HEAP, BUDDY_HEAP);

	if (!heap)
		return -ENOMEM;
	push_block(lab->state, heap, BUDDY_HEAP);
	return 0;
}

static void *buddy_alloc(struct lab *lab, size_t size)
{
	size_t header = lab->unit < LAB_ALIGN ? 0 : BUDDY_HEADER;
	unsigned int order, fits = BUDDY_MIN;
	struct buddy *buddy = lab->state;
	struct buddy_block *block;

	if (size > BUDDY_HEAP - header)
		return lab_large_alloc(lab, size, PAGE_SIZE);
	while ((size_t)1 << fits < size + header)
		fits++;
	for (order = fits; order < BUDDY_MAX && !buddy->lists[order];)
		order++;
	if (!buddy->lists[order] && add_heap(lab))
		return NULL;
	block = buddy->lists[order];
	unlink_block(buddy, block);
	while (order-- > fits) {
		block->size /= 2;
		push_block(buddy, (void *)((char *)block + block->size), block->size);
	}
	block->used = true;
	return (char *)block + BUDDY_HEADER;
}

static void buddy_free(struct lab *lab, void *p)
{
	struct buddy_block *block = block_of(p), *other;
	struct buddy *buddy = lab->state;
	size_t size;

	if (lab_is_large(lab, p)) {
		lab_large_free(lab, p);
		return;
	}
	for (size = block->size; size < BUDDY_HEAP; size *= 2) {
		other = (struct buddy_block *)((size_t)block ^ size);
		/* If it has been split, a smaller block begins there. */
		if (other->used || other->size != size)
			break;
		unlink_block(buddy, other);
		block = min(block, other);
	}
	if (size == BUDDY_HEAP && buddy->lists[BUDDY_MAX])
		lab_pages_give(lab, block, BUDDY_HEAP);
	else
		push_block(buddy, block, size);
}

static size_t buddy_size(struct lab *lab, void *p)
{
	return lab_is_large(lab, p) ? lab_large_size(lab, p) : block_of(p)->size - BUDDY_HEADER;
}

static void buddy_walk(struct lab *lab, lab_visit_t visit, void *arg)
{
	struct buddy *buddy = lab->state;
	struct buddy_block *block;
	int i;

	for (i = BUDDY_MIN; i <= BUDDY_MAX; i++)
		for (block = buddy->lists[i]; block; block = block->next)
			visit(arg, LAB_FREE, block, block->size);
}

const struct lab_strategy lab_buddy = {
	.name = "buddy",
	.text = "blocks of powers of two, which are halved, and merge with their other half",
	.lacks = LAB_NO_THREADS,
	.state_size = sizeof(struct buddy),
	.init = add_heap,
	.alloc = buddy_alloc,
	.free = buddy_free,
	.size = buddy_size,
	.walk = buddy_walk,
};
