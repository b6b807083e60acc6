/* SPDX-License-Identifier: GPL-2.0 */
/*
 * root.h - for suites of the calls that name no pool: they use the root pool, which
 * has to be as it was when a test ends.
 */
#ifndef SLABMOD_ROOT_H
#define SLABMOD_ROOT_H

#include <kunit/test.h>
#include <linux/gfp.h>

#include "model.h"

int root_init(struct kunit *test);

/* Expects that what was taken since root_init() was given back, and nothing lost. */
void root_exit(struct kunit *test);

#define ROOT_SUITE_HOOKS	.init = root_init, .exit = root_exit

/* Bytes that callers have taken since the test began, rounding included. */
unsigned long root_used(void);

/* What holds when a random run on the root pool rests; a model's @rest. */
void root_rest(struct model *model, unsigned long pieces, size_t bytes);

/* Gives back all that is free, and has the kernel refuse more; lets it give again. */
void root_dry(void);
void root_wet(void);

/* Kinds of GFP, none of which may hang, or do anything but give NULL, when all is dry. */
extern const gfp_t root_gfp_kinds[];
extern const unsigned int root_nr_gfp_kinds;

#endif /* SLABMOD_ROOT_H */
