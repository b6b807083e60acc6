// SPDX-License-Identifier: GPL-2.0
/*
 * table.c - run workloads on strategies, and print a table (CSV) of what was measured.
 *
 * usage: table [STRATEGY[,STRATEGY...] [WORKLOAD[,WORKLOAD...]]]
 *
 * Bytes are in use (asked: U), or in pages (taken: A), at the moment when most was asked for, at
 * most, and at the end. Cycles are those of the middle of five runs,
 * or of one if it is long. What takes far longer is stopped, and has no figures.
 */
#include <stdio.h>

#include "../mod/lab/measure.h"

/* On most machines a tenth of a second, and some seconds. */
static const struct lab_plan plan = {
	.arena = 256ul << 20, .runs = 5, .enough = 300000000ull, .limit = 6000000000ull,
};

static int measure(const struct lab_strategy *strategy, const struct lab_workload *workload)
{
	struct lab_figures figures;
	char line[LAB_LINE_MAX];
	int err = lab_measure(strategy, workload, &plan, &figures);

	if (err) {
		fprintf(stderr, "table: %s, %s: error %d\n", strategy->name, workload->name, err);
		return err;
	}
	lab_print_figures(line, strategy, workload, &figures);
	puts(line);
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

	puts(LAB_COLUMNS);
	for (i = 0; i < lab_nr_strategies; i++)
		for (k = 0; k < lab_nr_workloads; k++)
			if ((argc < 2 || is_in(argv[1], lab_strategies[i]->name)) &&
			    (argc < 3 || is_in(argv[2], lab_workloads[k]->name)))
				err |= measure(lab_strategies[i], lab_workloads[k]);
	return !!err;
}
