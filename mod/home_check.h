/* SPDX-License-Identifier: GPL-2.0 */
/*
 * home_check.h - checks of homes.
 */
#ifndef SLABMOD_HOME_CHECK_H
#define SLABMOD_HOME_CHECK_H

#include "types.h"

/*
 * True when all homes of the cache keep their invariants; prints what does not. Holds a
 * home's lock for all its slabs: for the suites.
 */
bool home_check(struct slabmod_cache *cache);

/*
 * The same for the slab that begins at @slab, if one of @cache does, with the lock held for
 * that alone: its bits and counts, and whether it is on the right list. Full and empty slabs
 * pass. A reader of RCU; others may allocate and free meanwhile.
 */
bool home_check_slab(struct slabmod_cache *cache, struct slab *slab);

#endif /* SLABMOD_HOME_CHECK_H */
