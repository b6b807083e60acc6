/* SPDX-License-Identifier: GPL-2.0 */
/*
 * experiments.h - what the files of the program experiments share.
 */
#ifndef SLABMOD_LAB_EXPERIMENTS_H
#define SLABMOD_LAB_EXPERIMENTS_H

#include <stdio.h>
#include <stdlib.h>

#include "../mod/lab/driver.h"
#include "../mod/lab/random.h"

#define EXPERIMENT_ARENA	(256ul << 20)

static inline void figure(const char *name, double value, const char *unit)
{
	printf("%s,%.*f,%s\n", name, value == (long)value ? 0 : 2, value, unit);
}

static inline void require(bool condition, const char *text)
{
	if (condition)
		return;
	fprintf(stderr, "experiments: %s\n", text);
	exit(1);
}

/* Whether a strategy was compiled in. Its experiments are left out otherwise. */
static inline bool available(const char *name)
{
	if (!lab_find(name))
		fprintf(stderr, "experiments: %s is left out: it is not compiled in\n", name);
	return lab_find(name);
}

/* Begin with an empty arena. */
static inline void begin(struct lab *lab, const struct lab_strategy *strategy)
{
	memset(lab, 0, sizeof(*lab));
	require(!lab_init(lab, strategy, EXPERIMENT_ARENA), strategy->name);
}

static inline void *need(struct lab *lab, size_t size)
{
	void *p = lab_alloc(lab, size);

	require(p, "a request failed");
	return p;
}

static inline size_t taken(const struct lab *lab)
{
	return lab->arena.taken << PAGE_SHIFT;
}

/* The groups of experiments */
void experiments_hoard(void);
void experiments_blocks(void);

#endif /* SLABMOD_LAB_EXPERIMENTS_H */
