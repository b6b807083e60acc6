/* SPDX-License-Identifier: GPL-2.0 */
/*
 * callsites.h - who has the objects of debugged caches: by call site, and by stack.
 */
#ifndef SLABMOD_CALLSITES_H
#define SLABMOD_CALLSITES_H

#include "types.h"

/* Objects that were taken at one place and that somebody has. */
struct callsite {
	unsigned long site;		/* an address in the caller, or 0 where that is not known */
	u32 stack;			/* of the depot, or 0 */
	unsigned long objects;
	unsigned long bytes;		/* asked for */
	unsigned long youngest, oldest;	/* jiffies, when they were taken */
};

/* Places that are told apart; what is more goes into one without an address. */
#define CALLSITES_MAX	1024u

struct callsites {
	unsigned int nr;
	struct callsite site[CALLSITES_MAX + 1];
};

/*
 * What callers have of all debugged caches of a pool: by stack if @by_stack, the oldest
 * first, or else by site, the most bytes first. NULL when memory is short; to be freed by
 * kvfree(). Process context, may sleep. Close while memory moves, exact when nothing does.
 */
struct callsites *callsites_of(struct slabmod_pool *pool, bool by_stack);

#endif /* SLABMOD_CALLSITES_H */
