/* SPDX-License-Identifier: GPL-2.0 */
/*
 * things.h - one of each kind of memory: by size, by type, in bulk, by pages, of a
 * pool; allocated, checked and freed in any context.
 */
#ifndef SLABMOD_KUNIT_THINGS_H
#define SLABMOD_KUNIT_THINGS_H

#include <kunit/test.h>
#include <linux/gfp.h>

#include "pattern.h"

/* The maximum of objects in a thing. */
#define THING_OBJECTS	8

enum thing_call { THING_KMALLOC, THING_KZALLOC, THING_OBJECT, THING_PAGES, THING_RESERVE };

struct thing_kind {
	const char *name;
	size_t size;		/* of each object */
	unsigned int nr;	/* objects */
	enum thing_call call;
	bool block;		/* of the buddy: not in an NMI */
	struct slabmod_cache **cache;	/* of THING_OBJECT */
};

extern const struct thing_kind thing_kinds[];
extern const unsigned int nr_thing_kinds;

struct thing {
	const struct thing_kind *kind;		/* NULL: there is none */
	struct piece piece[THING_OBJECTS];
};

/* Create the caches and the pool; the limit of the pool is its reserve. */
void things_begin(struct kunit *test);
/* Destroy them, and expect that they are empty. May be called again. */
void things_end(struct kunit *test);

/* The caches of typed kinds, and the pool. */
struct slabmod_cache *things_cache(void);
struct slabmod_pool *things_pool(void);

/* Any context. False, and no memory in @thing, if the allocation failed. */
bool thing_take(struct thing *thing, const struct thing_kind *kind, gfp_t gfp);
/* Free a thing, if there is one. False if its contents have changed. */
bool thing_give(struct thing *thing);

#endif /* SLABMOD_KUNIT_THINGS_H */
