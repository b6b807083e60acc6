/* SPDX-License-Identifier: GPL-2.0 */
/*
 * again.h - put a lab back into the state before a call, so that the same call can be made again.
 *
 * save() copies all memory that the call may change. compare() finds what it has changed, which is
 * little, and undo() puts back only that. So from the second call of a series on, nothing else is
 * read or written between two calls, and what a call needs is still in the processor's caches.
 */
#ifndef SLABMOD_LAB_AGAIN_H
#define SLABMOD_LAB_AGAIN_H

#include <stdlib.h>

#include "../mod/lab/lab.h"

/* All memory that a call may change, and a copy of it. */
static struct {
	char *start;
	size_t size;
	char *copy;
} parts[4];

static struct change {
	u64 *at, old;
} *changes;

static unsigned long nr_changes;

#define CHANGES	BIT(20)

/* Copy a lab, with the first @bytes of its arena. */
static bool save(struct lab *lab, size_t bytes)
{
	unsigned int i;

	parts[0].start = (char *)lab;
	parts[0].size = sizeof(*lab);
	parts[1].start = lab->state;
	parts[1].size = lab->strategy->state_size & ~7ul;
	parts[2].start = (char *)lab->arena.map;
	parts[2].size = lab->arena.nr_pages;
	parts[3].start = lab->arena.base;
	parts[3].size = bytes;
	if (!changes)
		changes = malloc(CHANGES * sizeof(*changes));
	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		free(parts[i].copy);
		parts[i].copy = malloc(parts[i].size + 1);
		if (!changes || !parts[i].copy)
			return false;
		memcpy(parts[i].copy, parts[i].start, parts[i].size);
	}
	return lab->arena.top << PAGE_SHIFT <= bytes;
}

/* Find what differs from the copy. Return false if it is too much, or outside of the copy. */
static bool compare(struct lab *lab)
{
	unsigned int i;
	size_t at, k;

	nr_changes = 0;
	for (i = 0; i < ARRAY_SIZE(parts); i++)
		for (at = 0; at < parts[i].size; at += 512) {
			size_t part = min(parts[i].size - at, 512ul);

			if (!memcmp(parts[i].start + at, parts[i].copy + at, part))
				continue;
			for (k = at; k < at + part && nr_changes < CHANGES; k += 8) {
				u64 *now = (u64 *)(parts[i].start + k);
				u64 old = *(u64 *)(parts[i].copy + k);

				if (*now != old)
					changes[nr_changes++] = (struct change){ now, old };
			}
		}
	return nr_changes < CHANGES && lab->arena.top << PAGE_SHIFT <= parts[3].size;
}

static void undo(void)
{
	unsigned long i;

	for (i = 0; i < nr_changes; i++)
		*changes[i].at = changes[i].old;
}

#endif /* SLABMOD_LAB_AGAIN_H */
