/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pool.h - the root object: a source of pages, a buddy for each node, caches.
 */
#ifndef SLABMOD_POOL_INTERNAL_H
#define SLABMOD_POOL_INTERNAL_H

#include <linux/notifier.h>

#include "chunk.h"
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
bool pool_is_wrong(const char *who, struct slabmod_pool *pool, const void *p);

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

struct pool_ledger pool_ledger(struct slabmod_pool *pool);

/*
 * Of each figure the most that there ever was, of held and metadata; of the others the
 * most that pool_ledger() saw.
 */
struct pool_ledger pool_most(struct slabmod_pool *pool);

/* The most pages that were ever held, in bytes. */
static inline unsigned long pool_peak(struct slabmod_pool *pool)
{
	return (unsigned long)atomic_long_read(&pool->source.peak) << PAGE_SHIFT;
}

/* The bound on what slabs take: see bound.c. */
struct pool_bound {
	unsigned long slabs;		/* bytes of all slabs */
	unsigned long bound;		/* that they may have at the most */
	unsigned long magazines;	/* bytes of objects that magazines may pin at the most */
};

struct pool_bound pool_bound(struct slabmod_pool *pool);
bool pool_bound_holds(struct slabmod_pool *pool);

/* ---- pools.c ---- */

/* Called with the list locked when a pool has come, and before it goes. */
enum pool_event {
	POOL_CREATED,
	POOL_DESTROYED,
};

extern struct blocking_notifier_head pool_notifiers;

/* Calls @fn with every pool, the root pool first. May sleep. */
void pool_for_each(void (*fn)(struct slabmod_pool *pool, void *arg), void *arg);
/* The same in any context, for an @fn that does not sleep. */
void pool_visit_rcu(void (*fn)(struct slabmod_pool *pool, void *arg), void *arg);

int pool_init(unsigned long limit_pages, unsigned int max_order);
void pool_exit(void);

#endif /* SLABMOD_POOL_INTERNAL_H */
