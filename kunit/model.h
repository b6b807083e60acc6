/* SPDX-License-Identifier: GPL-2.0 */
/*
 * model.h - random runs beside a model: what is taken is filled with a pattern that
 * names it, what is given back is looked at, and the model knows what is live.
 */
#ifndef SLABMOD_MODEL_H
#define SLABMOD_MODEL_H

#include <kunit/test.h>
#include <linux/gfp.h>
#include <linux/prandom.h>

#include "pattern.h"

#define MODEL_CPUS	4

struct model {
	/* Allocates memory of a random size, stored to @size; NULL is no error. Any context. */
	void *(*alloc)(struct model *model, struct rnd_state *rnd, gfp_t gfp, size_t *size);
	void (*free)(struct model *model, void *memory, size_t size);
	/* Called from time to time, when nothing moves; may be NULL. */
	void (*rest)(struct model *model, unsigned long pieces, size_t bytes);
	struct slabmod_cache *cache;	/* for those who need one */
	struct kunit *test;
	unsigned long wrong;		/* pieces whose pattern was not what it should be */
	unsigned long failed;		/* calls of @alloc that failed */
};

/* One thread, from CPU to CPU, in @steps steps. At the end nothing is live. */
void model_run(struct model *model, unsigned int slots, unsigned int steps);

/* A thread on each CPU, @steps steps each; they pass pieces on to one another. */
void model_run_on_cpus(struct model *model, unsigned int steps);

/*
 * One thread, and interrupts that do the same in its middle: @steps steps, some
 * hundreds of interrupts, and until @enough, if there is one, says so; but no more
 * than ten seconds. Returns how many interrupts came.
 */
unsigned long model_run_in_storm(struct model *model, unsigned int steps,
				 bool (*enough)(struct model *model));

#endif /* SLABMOD_MODEL_H */
