/* SPDX-License-Identifier: GPL-2.0 */
/*
 * callsites.h - the live objects of debugged caches, by call site or by stack.
 */
#ifndef SLABMOD_CALLSITES_H
#define SLABMOD_CALLSITES_H

#include "types.h"

/* Live objects that were allocated at the same place. */
struct callsite {
	unsigned long site;		/* an address in the caller, or 0 if unknown */
	u32 stack;			/* depot handle, or 0 */
	unsigned long objects;
	unsigned long bytes;		/* requested */
	unsigned long youngest, oldest;	/* jiffies, at allocation */
};

/* Distinct places; objects of further ones share an entry without an address. */
#define CALLSITES_MAX	1024u

struct callsites {
	unsigned int caches;		/* of the pool, without those of blocks */
	unsigned int debugged;		/* of these */
	unsigned int nr;
	struct callsite site[CALLSITES_MAX + 1];
};

/*
 * Return the live objects of all debugged caches of a pool: by stack, the oldest first, if
 * @by_stack, otherwise by site, the most bytes first. NULL if memory is short; free it with
 * kvfree(). Exact while no memory is allocated or freed. Process context, may sleep.
 */
struct callsites *callsites_of(struct slabmod_pool *pool, bool by_stack);

#endif /* SLABMOD_CALLSITES_H */
