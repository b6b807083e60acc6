/* SPDX-License-Identifier: GPL-2.0 */
/*
 * things.h - one of each that slabmod hands out: by size, by type, in numbers, by
 * pages, of a pool; taken, looked at and given back by anybody, anywhere.
 */
#ifndef SLABMOD_KUNIT_THINGS_H
#define SLABMOD_KUNIT_THINGS_H

#include <kunit/test.h>
#include <linux/gfp.h>

#include "pattern.h"

/* The most objects that one thing is of. */
#define THING_OBJECTS	8

struct thing_kind {
	const char *name;
	size_t size;		/* of each object */
	unsigned int nr;	/* objects */
	bool (*take)(const struct thing_kind *kind, gfp_t gfp, void **objects);
	void (*give)(const struct thing_kind *kind, void **objects);
	bool block;		/* the buddy's: an NMI gets none */
};

extern const struct thing_kind thing_kinds[];
extern const unsigned int nr_thing_kinds;

struct thing {
	const struct thing_kind *kind;		/* NULL: there is none */
	struct piece piece[THING_OBJECTS];
};

/* Caches and a pool of which some kinds are; the pool has its reserve, and no more. */
void things_begin(struct kunit *test);
/* Ends them, and expects that they are empty. May be called again. */
void things_end(struct kunit *test);

/* The caches of typed kinds, and the pool. */
struct slabmod_cache *things_cache(void);
struct slabmod_pool *things_pool(void);

/* Any context. False: there is none, and @thing has none. */
bool thing_take(struct thing *thing, const struct thing_kind *kind, gfp_t gfp);
/* Gives a thing back, if there is one; false if it was not as it had been left. */
bool thing_give(struct thing *thing);

#endif /* SLABMOD_KUNIT_THINGS_H */
