/* SPDX-License-Identifier: GPL-2.0 */
/*
 * beyond.h - memory that came after the map was made.
 */
#ifndef SLABMOD_BEYOND_H
#define SLABMOD_BEYOND_H

#include "types.h"

struct kunit;

/*
 * A pool that gets two chunks of CHUNK_MAX_ORDER and no more. The second is beyond
 * the map, and what the map has in its place is the first. Skips the test where there
 * is no such memory; the map is as it was when the test ends.
 */
struct slabmod_pool *beyond_pool_create(struct kunit *test);

/* For the kit, after a test's pools are gone. */
void beyond_end(void);

#endif /* SLABMOD_BEYOND_H */
