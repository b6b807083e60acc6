/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pool_bound.h - the upper bound on the memory of slabs.
 */
#ifndef SLABMOD_POOL_BOUND_H
#define SLABMOD_POOL_BOUND_H

#include "types.h"

/* See pool_bound.c. */
struct pool_bound {
	unsigned long slabs;		/* bytes of all slabs */
	unsigned long bound;		/* upper bound of @slabs */
	unsigned long magazines;	/* maximum bytes of objects in magazines */
};

struct pool_bound pool_bound(struct slabmod_pool *pool);
bool pool_bound_holds(struct slabmod_pool *pool);

#endif /* SLABMOD_POOL_BOUND_H */
