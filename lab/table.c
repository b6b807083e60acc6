// SPDX-License-Identifier: GPL-2.0
/*
 * table.c - run workloads on strategies, and print a table (CSV) of what was measured.
 *
 * usage: table [STRATEGY[,STRATEGY...] [WORKLOAD[,WORKLOAD...]]]
 *
 * Bytes are in use (asked: U), or in pages (taken: A), at the moment when most was asked for
 * ("peak") and at the end. Cycles are those of the middle of five runs.
 */
#include <stdio.h>
#include <stdlib.h>

#include "../mod/lab/driver.h"

#define ARENA	(256ul << 20)
#define RUNS	5

static int by_clock(const void *a, const void *b)
{
	const struct lab_result *x = a, *y = b;

	return (x->clock > y->clock) - (x->clock < y->clock);
}

static int measure(const struct lab_strategy *strategy, const struct lab_workload *workload)
{
	struct lab_driver driver = { .seed = 1 };
	struct lab_result results[RUNS], *middle = &results[RUNS / 2];
	struct lab lab = { 0 };
	struct lab_use use;
	int i, err = 0;

	for (i = 0; i < RUNS && !err; i++) {
		err = lab_drive(&driver, &lab, strategy, workload, ARENA);
		results[i] = driver.result;
		if (!err)
			lab_drive_end(&driver);
	}
	if (err)
		return err;
	qsort(results, RUNS, sizeof(*results), by_clock);
	/* Again, up to the peak. */
	driver.stop = middle->peak_op;
	err = lab_drive(&driver, &lab, strategy, workload, ARENA);
	if (err)
		return err;
	lab_use_now(&driver, &use);
	lab_drive_end(&driver);
	printf("%s,%s,%lu,%lu,%llu,%llu,%zu,%zu,%zu,%zu,%zu,%zu,%zu\n", strategy->name, workload->name,
	       middle->ops, middle->failed, (unsigned long long)(middle->clock / middle->ops),
	       (unsigned long long)middle->longest, use.asked, use.taken, use.slack, use.free,
	       use.overhead, middle->taken_peak, middle->taken);
	return 0;
}

static bool is_in(const char *list, const char *name)
{
	size_t n = strlen(name);

	for (; list; list = strchr(list, ',') ? strchr(list, ',') + 1 : NULL)
		if (!strncmp(list, name, n) && (!list[n] || list[n] == ','))
			return true;
	return false;
}

int main(int argc, char **argv)
{
	unsigned int i, k;
	int err = 0;

	printf("strategy,workload,operations,failed,cycles,longest,asked,taken,slack,free,overhead,most,end\n");
	for (i = 0; i < lab_nr_strategies; i++)
		for (k = 0; k < lab_nr_workloads; k++)
			if ((argc < 2 || is_in(argv[1], lab_strategies[i]->name)) &&
			    (argc < 3 || is_in(argv[2], lab_workloads[k]->name)))
				err |= measure(lab_strategies[i], lab_workloads[k]);
	return !!err;
}
