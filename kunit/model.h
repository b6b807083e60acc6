/* SPDX-License-Identifier: GPL-2.0 */
/*
 * model.h - random runs beside a model: memory is filled with a pattern that names it,
 * checked before it is freed, and the model knows what is allocated.
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
	/* Called at times while nothing runs; may be NULL. */
	void (*rest)(struct model *model, unsigned long pieces, size_t bytes);
	struct slabmod_cache *cache;	/* for the operations */
	struct kunit *test;
	unsigned long wrong;		/* pieces with an overwritten pattern */
	unsigned long failed;		/* calls of @alloc that failed */
};

/* One thread that moves from CPU to CPU. At the end all is freed. */
void model_run(struct model *model, unsigned int slots, unsigned int steps);

/* A thread on each CPU, @steps steps each; threads exchange pieces. */
void model_run_on_cpus(struct model *model, unsigned int steps);

/*
 * One thread, and interrupts that do the same: @steps steps, some hundreds of interrupts,
 * and until @enough, unless NULL, returns true; at most KIT_HANG. Return the number of
 * interrupts.
 */
unsigned long model_run_in_storm(struct model *model, unsigned int steps,
				 bool (*enough)(struct model *model));

#endif /* SLABMOD_MODEL_H */
