/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pool.h - the root object: a source of pages, a buddy for each node, caches.
 */
#ifndef SLABMOD_POOL_INTERNAL_H
#define SLABMOD_POOL_INTERNAL_H

#include <linux/notifier.h>

#include "chunk.h"
#include "source.h"
#include "types.h"

/* ---- pool.c ---- */

/* The pool that the calls without a pool use. */
extern struct slabmod_pool *root_pool;

/* Pages from the kernel; the limit and the largest order are set by the caller. */
extern const struct chunk_source kernel_source;

/* The pool whose page a frame is of. */
static inline struct slabmod_pool *pool_of(const struct frame *frame)
{
	return container_of(frame_chunk(frame)->buddy->source, struct slabmod_pool, source);
}

/* Makes a pool that has no caches yet, and is in no list. */
struct slabmod_pool *pool_create(const char *name, const struct chunk_source *source);

/* Takes the reserve that the pool's source has to keep; false when it cannot be had. */
bool pool_reserve(struct slabmod_pool *pool);

/* Ends a pool and its caches. Returns the pages that stay because they are in use. */
unsigned long pool_destroy(struct slabmod_pool *pool);

/* Has a pool's caches and quarantines give what is free to its buddies. May sleep. */
void pool_drain(struct slabmod_pool *pool);

/* Gives back what nobody uses, down to the reserve; returns pages. May sleep. */
unsigned long pool_shrink(struct slabmod_pool *pool);

/* Reports an address that is of another pool's memory; true when it is. */
bool pool_mismatch(const char *who, struct slabmod_pool *pool, const void *p);

/* ---- pool_list.c ---- */

#endif /* SLABMOD_POOL_INTERNAL_H */
