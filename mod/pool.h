/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pool.h - the root object: a source of pages, a buddy for each node, caches.
 */
#ifndef SLABMOD_POOL_H
#define SLABMOD_POOL_H

#include "types.h"

/* The pool that the calls without a pool use. */
extern struct slabmod_pool *root_pool;

/* Pages from the kernel; the limit and the largest order are set by the caller. */
extern const struct chunk_source kernel_source;

struct slabmod_pool *pool_create(const char *name, const struct chunk_source *source);

/* Ends a pool and its caches. Returns the pages that stay because they are in use. */
unsigned long pool_destroy(struct slabmod_pool *pool);

/* Gives back what nobody uses; returns pages. May sleep. */
unsigned long pool_shrink(struct slabmod_pool *pool);

/* True when every layer keeps its invariants, and the ledger adds up; at rest. */
bool pool_check(struct slabmod_pool *pool);
/* The same without what only holds while nobody allocates or frees. */
bool pool_check_live(struct slabmod_pool *pool);

/* Every byte a pool holds, by what it is for. Exact when nothing moves. */
struct pool_ledger {
	unsigned long held;		/* chunks and metadata */
	unsigned long peak;		/* of the chunks */
	unsigned long used;		/* objects and blocks that callers have */
	unsigned long slabs;		/* free in slabs, tails of slabs included */
	unsigned long magazines;	/* free in magazines */
	unsigned long buddy;		/* free in the buddies */
	unsigned long metadata;
};

struct pool_ledger pool_ledger(struct slabmod_pool *pool);

int pool_init(unsigned long limit_pages, unsigned int max_order);
unsigned long pool_exit(void);

#endif /* SLABMOD_POOL_H */
