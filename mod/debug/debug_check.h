/* SPDX-License-Identifier: GPL-2.0 */
/* debug_check.h - check all debugged objects while caches are in use. */
#ifndef SLABMOD_DEBUG_CHECK_H
#define SLABMOD_DEBUG_CHECK_H

#include "types.h"

/*
 * Check the objects of the slab that begins at @frame, if its cache is debugged. Add the
 * number of objects with invalid writes to @bad. For buddy_walk().
 */
void debug_check_frame(void *block, struct frame *frame, void *bad);

/* The same for objects of a cache in quarantine and in empty slabs. May sleep. */
void debug_check_cache(struct slabmod_cache *cache, void *bad);

#endif /* SLABMOD_DEBUG_CHECK_H */
