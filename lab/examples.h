/* SPDX-License-Identifier: GPL-2.0 */
/*
 * examples.h - what the files of examples share: text, comparisons, and a look at a strategy.
 */
#ifndef SLABMOD_LAB_EXAMPLES_H
#define SLABMOD_LAB_EXAMPLES_H

#include <stdio.h>
#include <stdlib.h>

#include "../mod/lab/driver.h"

#define EXAMPLE_ARENA	(256ul << 20)

struct text {
	char all[4096];
	size_t length;
};

void __attribute__((format(printf, 2, 3))) add(struct text *text, const char *format, ...);

/* Print what there is, and whether it is what the lecture has. */
void is_text(const char *name, const char *got, const char *want);
void is_number(const char *name, const char *what, size_t got, size_t want);
void is_true(const char *name, const char *what, bool got);

/* Make an arena. Return false, and say so, if the strategy is not there. */
bool begin(struct lab *lab, const char *name, size_t unit, size_t loan);
/* Bytes from the start of the arena. */
size_t offset(struct lab *lab, const void *p);
/* Bytes of pages. */
size_t taken(struct lab *lab);

/* What is free, and what is metadata. */
struct view {
	struct lab *lab;
	struct text text;
	struct { size_t start, size; } free[64], meta[64];
	unsigned int nr_free, nr_meta;
};

/* Look at a strategy: the first 64 ranges of each kind, in its order. Valid until the next call. */
const struct view *view(struct lab *lab);

/* examples_pages.c */
void examples_of_pages(void);

#endif /* SLABMOD_LAB_EXAMPLES_H */
