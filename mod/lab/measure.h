/* SPDX-License-Identifier: GPL-2.0 */
/*
 * measure.h - a strategy and a workload, in figures: a line of the tables.
 */
#ifndef SLABMOD_LAB_MEASURE_H
#define SLABMOD_LAB_MEASURE_H

#include "driver.h"

/* How to measure. */
struct lab_plan {
	size_t arena;		/* bytes */
	unsigned int runs;	/* of which the one of middle length counts */
	u64 limit;		/* see struct lab_driver */
	u64 enough;		/* a run that takes longer is not repeated; 0: any */
	/* Optional: as that of the driver. */
	void (*watch)(struct lab_driver *driver, unsigned int object);
};

#define LAB_MAX_RUNS	5

struct lab_figures {
	struct lab_result result;	/* of a whole run */
	struct lab_use use;		/* at the moment when most was asked for */
};

/*
 * Run @workload as often as planned, and once more up to the moment when most was asked for. If a
 * run reached the limit, there are no figures but for the operations that it did. Return 0 or a
 * negative error.
 */
int lab_measure(const struct lab_strategy *strategy, const struct lab_workload *workload,
		const struct lab_plan *plan, struct lab_figures *figures);

/* The columns of a table, and the longest line. A figure that there is not is '-'. */
#define LAB_COLUMNS	"strategy,workload,operations,failed,cycles,longest,asked,taken,slack,"	\
			"free,overhead,most,end"
#define LAB_LINE_MAX	320

/* Print a line without its newline. Return its length. */
int lab_print_figures(char *line, const struct lab_strategy *strategy,
		      const struct lab_workload *workload, const struct lab_figures *figures);

#endif /* SLABMOD_LAB_MEASURE_H */
