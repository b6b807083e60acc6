/* SPDX-License-Identifier: GPL-2.0 */
/*
 * home_check.h - checks of homes.
 */
#ifndef SLABMOD_HOME_CHECK_H
#define SLABMOD_HOME_CHECK_H

#include "types.h"

/*
 * Return true if all homes of the cache keep their invariants. Report violations. Holds the lock
 * of a home for all of its slabs: for tests.
 */
bool home_check(struct slabmod_cache *cache);

/*
 * Likewise for one slab, if it is still one of @cache: its bits, counts and list. Full and empty
 * slabs pass. The caller is an RCU reader; other CPUs may allocate and free.
 */
bool home_check_slab(struct slabmod_cache *cache, struct slab *slab);

#endif /* SLABMOD_HOME_CHECK_H */
