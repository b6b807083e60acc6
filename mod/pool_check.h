/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pool_check.h - checks of everything in a pool.
 */
#ifndef SLABMOD_POOL_CHECK_H
#define SLABMOD_POOL_CHECK_H

#include "types.h"

/* True when every layer keeps its invariants, and the ledger adds up; at rest. */
bool pool_check(struct slabmod_pool *pool);
/*
 * The same without what only holds while no memory is allocated or freed. Holds a lock for one
 * chunk or one slab at a time. Process context.
 */
bool pool_check_live(struct slabmod_pool *pool);

/*
 * How many objects of a pool's debugged caches were written to where they must not be; each
 * is reported. Others may allocate and free meanwhile. May sleep.
 */
unsigned long pool_check_objects(struct slabmod_pool *pool);

#endif /* SLABMOD_POOL_CHECK_H */
