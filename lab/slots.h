/* SPDX-License-Identifier: GPL-2.0 */
/*
 * slots.h - two strategies for a comparison: a list for every size up to a page, and the same code
 * with lists for powers of two and half points only.
 *
 * A page has slots of one size, which is in front, and a list has the free slots of a size.
 */
#ifndef SLABMOD_LAB_SLOTS_H
#define SLABMOD_LAB_SLOTS_H

#include "../mod/lab/lab.h"

/* The power of two or half point at, or above, a size. */
static size_t by_rule(size_t size)
{
	size_t power = 1;

	while (2 * power <= size)
		power *= 2;
	if (size == power)
		return size;
	return size <= power + power / 2 ? power + power / 2 : 2 * power;
}

struct slots {
	void *free[PAGE_SIZE + 1];
};

static void *slots_alloc(struct lab *lab, size_t size)
{
	struct slots *slots = lab->state;
	size_t at;
	void *p;

	if (size > PAGE_SIZE - LAB_ALIGN)
		return lab_large_alloc(lab, size, PAGE_SIZE);
	size = max(size, sizeof(void *));
	if (!slots->free[size]) {
		char *page = lab_pages_take(lab, PAGE_SIZE, PAGE_SIZE);

		if (!page)
			return NULL;
		*(size_t *)page = size;
		for (at = LAB_ALIGN; at + size <= PAGE_SIZE; at += size) {
			memcpy(page + at, &slots->free[size], sizeof(void *));
			slots->free[size] = page + at;
		}
	}
	p = slots->free[size];
	memcpy(&slots->free[size], p, sizeof(void *));
	return p;
}

static void *slots_alloc_table(struct lab *lab, size_t size)
{
	return slots_alloc(lab, by_rule(max(size, sizeof(void *))));
}

static size_t slots_size(struct lab *lab, void *p)
{
	if (lab_is_large(lab, p))
		return lab_large_size(lab, p);
	return *(size_t *)((size_t)p & ~(PAGE_SIZE - 1));
}

static void slots_free(struct lab *lab, void *p)
{
	struct slots *slots = lab->state;
	size_t size = slots_size(lab, p);

	if (lab_is_large(lab, p)) {
		lab_large_free(lab, p);
		return;
	}
	memcpy(p, &slots->free[size], sizeof(void *));
	slots->free[size] = p;
}

static const struct lab_strategy every_size = {
	.name = "every_size", .state_size = sizeof(struct slots), .alloc = slots_alloc,
	.free = slots_free, .size = slots_size,
};

static const struct lab_strategy sizes_of_table = {
	.name = "sizes_of_table", .state_size = sizeof(struct slots), .alloc = slots_alloc_table,
	.free = slots_free, .size = slots_size,
};

#endif /* SLABMOD_LAB_SLOTS_H */
