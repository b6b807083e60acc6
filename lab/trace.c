// SPDX-License-Identifier: GPL-2.0
/*
 * trace.c - replay a recorded trace of kernel allocations on strategies, and print a table (CSV).
 *
 * usage: trace FILE [STRATEGY[,STRATEGY...]]
 *
 * FILE is what scripts/record-trace makes, as mod/bench/sample.trace. Columns:
 *
 *	events	allocations and frees that were done; a free of what was refused is not
 *	failed	allocations that were refused
 *	asked, taken	bytes in use (U) and in pages (A) when most was asked for
 *	most	the largest A
 *	cycles	of a call on average
 *
 * A strategy that takes too long is stopped: events are then those until then, the rest is '-'.
 */
#include <stdio.h>
#include <stdlib.h>

#include "../mod/lab/measure.h"
#include "../mod/lab/replay.h"

/* The limit is some ten seconds. */
static const struct lab_plan plan = { .arena = 256ul << 20, .runs = 1, .limit = 20000000000ull };

static int measure(const struct lab_strategy *strategy)
{
	const struct lab_result *result;
	struct lab_figures figures;
	int err = lab_measure(strategy, lab_trace(), &plan, &figures);

	if (err) {
		fprintf(stderr, "trace: %s: error %d\n", strategy->name, err);
		return err;
	}
	result = &figures.result;
	if (result->cut)
		printf("%s,%lu,-,-,-,-,-\n", strategy->name, result->ops);
	else
		printf("%s,%lu,%lu,%zu,%zu,%zu,%llu\n", strategy->name, result->ops,
		       result->failed, figures.use.asked, figures.use.taken, result->taken_peak,
		       (unsigned long long)(result->clock / result->ops));
	fflush(stdout);
	return 0;
}

static bool use_file(const char *name)
{
	static char bytes[LAB_TRACE_MAX];
	FILE *file = fopen(name, "rb");
	const char *wrong = "it cannot be read";

	if (file) {
		wrong = lab_trace_use(bytes, fread(bytes, 1, sizeof(bytes), file));
		fclose(file);
	}
	if (wrong)
		fprintf(stderr, "trace: %s: %s\n", name, wrong);
	return !wrong;
}

int main(int argc, char **argv)
{
	char *names = argc > 2 ? argv[2] : NULL, *name;
	const struct lab_strategy *strategy;
	unsigned int i;
	int err = 0;

	if (argc < 2 || argc > 3) {
		fprintf(stderr, "usage: trace FILE [STRATEGY[,STRATEGY...]]\n");
		return 2;
	}
	if (!use_file(argv[1]))
		return 1;
	puts("strategy,events,failed,asked,taken,most,cycles");
	for (i = 0; !names && i < lab_nr_strategies; i++)
		err |= measure(lab_strategies[i]);
	while ((name = strsep(&names, ","))) {
		strategy = lab_find(name);
		if (!strategy) {
			fprintf(stderr, "trace: there is no strategy '%s'\n", name);
			return 2;
		}
		err |= measure(strategy);
	}
	return !!err;
}
