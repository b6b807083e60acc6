/* SPDX-License-Identifier: GPL-2.0 */
/*
 * root.h - for suites of the calls that name no pool. They use the root pool, which must
 * be as before when a test ends.
 */
#ifndef SLABMOD_ROOT_H
#define SLABMOD_ROOT_H

#include <kunit/test.h>
#include <linux/gfp.h>

#include "model.h"

int root_init(struct kunit *test);

/* Expect that all memory allocated since root_init() was freed. */
void root_exit(struct kunit *test);

#define ROOT_SUITE_HOOKS	.init = root_init, .exit = root_exit

/* For suites of things.h: also ends what an aborted test left. */
void things_exit(struct kunit *test);

/* Bytes allocated since the test began, rounding included. */
unsigned long root_used(void);

/* A model's @rest: what must be true while nothing runs. */
void root_rest(struct model *model, unsigned long pieces, size_t bytes);

/* Free all that is free, and let the kernel refuse more; end that. */
void root_dry(void);
void root_wet(void);

/* GFP flags with which an allocation must return NULL, and not hang, when memory is out. */
extern const gfp_t root_gfp_kinds[];
extern const unsigned int root_nr_gfp_kinds;

/* pool_check() of the root pool, while no worker allocates a chunk ahead. */
bool root_check(void);

#endif /* SLABMOD_ROOT_H */
