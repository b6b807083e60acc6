/* SPDX-License-Identifier: GPL-2.0 */
/*
 * stress_taint.h - memory that is freed twice: what it is taken from, for stress_twice.c.
 */
#ifndef SLABMOD_STRESS_TAINT_H
#define SLABMOD_STRESS_TAINT_H

#include <linux/atomic.h>

#include "stress.h"

struct stress_taint {
	struct stress_cache type;	/* of objects; size 0: of other memory */
	bool exact;
	atomic_t takers;		/* that allocate; -1: none may until the last free */
	atomic_t frees;			/* still to come, while @takers is -1 */
	unsigned int boxed;		/* @box has a piece; taken out by xchg() */
	struct stress_piece *box;
};

/* One after another; NULL after the last. */
struct stress_taint *taint_nth(unsigned int n);
/* Any of them, or any cache. */
struct stress_taint *taint_random(struct stress_actor *actor);
struct stress_taint *taint_random_cache(struct stress_actor *actor);
/* Whether its memory is nothing else's before the end. */
bool taint_stays(const struct stress_taint *taint);
/* Whether what may be free may be written to. */
bool taint_may_write(const struct stress_taint *taint);
enum stress_kind taint_kind(const struct stress_piece *piece);
/* False where there is no memory, or an object of an exact taint is being freed twice. */
bool taint_take(struct stress_actor *actor, struct stress_piece *piece,
		struct stress_taint *taint);
/* One call that is right for what was allocated, whether it is free by now or not. */
void taint_free(struct stress_actor *actor, const struct stress_piece *piece);
/* What is between may sleep, as these do, and needs what stress_owners_init() makes. */
int taint_open(void);
void taint_close(void);

#endif /* SLABMOD_STRESS_TAINT_H */
