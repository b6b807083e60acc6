/* SPDX-License-Identifier: GPL-2.0 */
/*
 * beyond.h - memory added after the map was made.
 */
#ifndef SLABMOD_BEYOND_H
#define SLABMOD_BEYOND_H

#include "types.h"

struct kunit;

/*
 * Create a pool that gets two chunks of CHUNK_MAX_ORDER. The second is beyond the map,
 * which has the first in its place. Skips the test without such memory. The map is restored
 * when the test ends.
 */
struct slabmod_pool *beyond_pool_create(struct kunit *test);

/* For kit_exit(), after the pools of a test are destroyed. */
void beyond_end(void);

#endif /* SLABMOD_BEYOND_H */
