/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pool_check.h - consistency checks of a pool.
 */
#ifndef SLABMOD_POOL_CHECK_H
#define SLABMOD_POOL_CHECK_H

#include "types.h"

/* Check the invariants of all layers and the ledger. The pool must not be in use. */
bool pool_check(struct slabmod_pool *pool);

/* Check the invariants that hold while the pool is in use, one chunk or slab locked at a time. */
bool pool_check_live(struct slabmod_pool *pool);

/*
 * Check the objects of the pool's debugged caches for invalid writes. Report each and return
 * their number. The pool may be in use. May sleep.
 */
unsigned long pool_check_objects(struct slabmod_pool *pool);

#endif /* SLABMOD_POOL_CHECK_H */
