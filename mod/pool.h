/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pool.h - pools: a source of pages, a buddy for each node, caches.
 */
#ifndef SLABMOD_POOL_INTERNAL_H
#define SLABMOD_POOL_INTERNAL_H

#include "chunk.h"
#include "source.h"
#include "types.h"

/* Used by the functions without a pool argument. */
extern struct slabmod_pool *root_pool;

/* Allocates from the kernel; the caller sets the limit and the largest order. */
extern const struct chunk_source kernel_source;

/* Return the pool of a chunk. */
static inline struct slabmod_pool *pool_of(const struct chunk *chunk)
{
	return container_of(chunk->buddy->source, struct slabmod_pool, source);
}

/* Create a pool without caches, on no list. */
struct slabmod_pool *pool_create(const char *name, const struct chunk_source *source);

/* Allocate the reserve of the pool's source; return false on failure. */
bool pool_reserve(struct slabmod_pool *pool);

/* Destroy a pool and its caches. Return the pages that are leaked because they are in use. */
unsigned long pool_destroy(struct slabmod_pool *pool);

/* Free the unused memory of caches and quarantines to the buddies. May sleep. */
void pool_drain(struct slabmod_pool *pool);

/* Free unused pages to the kernel, down to the reserve; return their number. May sleep. */
unsigned long pool_shrink(struct slabmod_pool *pool);

/* Report an address that belongs to another pool; return true if it does. */
bool pool_mismatch(const char *func, struct slabmod_pool *pool, const void *p);

#endif /* SLABMOD_POOL_INTERNAL_H */
