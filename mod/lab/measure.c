// SPDX-License-Identifier: GPL-2.0
/*
 * measure.c - a strategy and a workload, in figures.
 *
 * The moment when most was asked for is known only afterwards, so the figures of that moment are
 * those of a further run, which stops there. Contexts: process, may sleep.
 */
#ifdef __KERNEL__
#include <linux/math64.h>
#else
#include <stdio.h>
#define div64_u64(a, b)	((a) / (b))
#endif

#include "measure.h"

/* Keep the results in the order of their length. */
static void insert(struct lab_result *results, unsigned int nr, const struct lab_result *result)
{
	while (nr && results[nr - 1].clock > result->clock) {
		results[nr] = results[nr - 1];
		nr--;
	}
	results[nr] = *result;
}

static int run(struct lab_driver *driver, struct lab *lab, const struct lab_strategy *strategy,
	       const struct lab_workload *workload, const struct lab_plan *plan)
{
	*driver = (struct lab_driver){
		.seed = 1, .stop = driver->stop, .limit = driver->limit, .watch = plan->watch,
	};
	return lab_drive(driver, lab, strategy, workload, plan->arena);
}

int lab_measure(const struct lab_strategy *strategy, const struct lab_workload *workload,
		const struct lab_plan *plan, struct lab_figures *figures)
{
	struct lab_driver driver = { .limit = plan->limit };
	struct lab_result results[LAB_MAX_RUNS];
	struct lab lab = { 0 };
	unsigned int i;
	int err;

	memset(figures, 0, sizeof(*figures));
	for (i = 0; i < plan->runs; i++) {
		err = run(&driver, &lab, strategy, workload, plan);
		if (err)
			return err;
		lab_drive_end(&driver);
		insert(results, i, &driver.result);
		if (driver.result.cut) {
			figures->result = driver.result;
			return 0;
		}
		if (plan->enough && driver.result.clock > plan->enough) {
			i++;
			break;
		}
	}
	figures->result = results[i / 2];
	driver.stop = figures->result.peak_op;
	/* It is no longer than the others were, but may take longer. */
	driver.limit = 0;
	err = run(&driver, &lab, strategy, workload, plan);
	if (err)
		return err;
	lab_use_now(&driver, &figures->use);
	lab_drive_end(&driver);
	/* Pages outside of the arena are not the same ones in each run. */
	figures->result.taken_peak = max(figures->result.taken_peak, figures->use.taken);
	return 0;
}

int lab_print_figures(char *line, const struct lab_strategy *strategy,
		      const struct lab_workload *workload, const struct lab_figures *figures)
{
	const struct lab_result *result = &figures->result;
	const struct lab_use *use = &figures->use;

	if (result->cut || !result->ops)
		return snprintf(line, LAB_LINE_MAX, "%s,%s,%lu,-,-,-,-,-,-,-,-,-,-", strategy->name,
				workload->name, result->ops);
	return snprintf(line, LAB_LINE_MAX,
			"%s,%s,%lu,%lu,%llu,%llu,%zu,%zu,%zu,%zu,%zu,%zu,%zu", strategy->name,
			workload->name, result->ops, result->failed,
			(unsigned long long)div64_u64(result->clock, result->ops),
			(unsigned long long)result->longest, use->asked, use->taken, use->slack,
			use->free, use->overhead, result->taken_peak, result->taken);
}
