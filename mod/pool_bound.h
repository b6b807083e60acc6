/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pool_bound.h - the bound on the memory of slabs.
 */
#ifndef SLABMOD_POOL_BOUND_H
#define SLABMOD_POOL_BOUND_H

#include "types.h"

/* The bound on what slabs take: see pool_bound.c. */
struct pool_bound {
	unsigned long slabs;		/* bytes of all slabs */
	unsigned long bound;		/* that they may have at the most */
	unsigned long magazines;	/* bytes of objects that magazines may pin at the most */
};

struct pool_bound pool_bound(struct slabmod_pool *pool);
bool pool_bound_holds(struct slabmod_pool *pool);

#endif /* SLABMOD_POOL_BOUND_H */
