// SPDX-License-Identifier: GPL-2.0
/*
 * figures.c - the file `measure` of slabmod_lab, and the names that all its files understand.
 *
 * Contexts: process, may sleep. Locks: the caller has lab_mutex.
 */
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/string.h>

#include "figures.h"
#include "measure.h"
#include "outside.h"
#include "replay.h"

/* Operations between two pauses. A strategy may need a millisecond for one. */
#define PAUSE_OPS	64

static char line[LAB_LINE_MAX];

const struct lab_strategy *lab_strategy_at(unsigned int i)
{
	if (i < lab_nr_strategies)
		return lab_strategies[i];
	i -= lab_nr_strategies;
	return i < lab_nr_outside ? lab_outside[i] : NULL;
}

const struct lab_strategy *lab_strategy_named(const char *name)
{
	const struct lab_strategy *each;
	unsigned int i;

	for (i = 0; (each = lab_strategy_at(i)); i++)
		if (!strcmp(each->name, name))
			return each;
	pr_err("slabmod_lab: there is no strategy '%s'\n", name);
	return NULL;
}

const struct lab_workload *lab_workload_named(const char *name)
{
	const struct lab_workload *found = lab_find_workload(name);

	if (!found && !strcmp(name, "trace"))
		found = lab_trace();
	if (!found)
		pr_err("slabmod_lab: there is no workload '%s'\n", name);
	return found;
}

void lab_pause(struct lab_driver *driver, unsigned int object)
{
	if (driver->result.ops % PAUSE_OPS)
		return;
	cond_resched();
	if (fatal_signal_pending(current))
		driver->result.cut = true;
}

/* The optional words */
static int parse_plan(char *words, struct lab_plan *plan)
{
	const char *runs = strsep(&words, " ");

	if (runs && (kstrtouint(runs, 0, &plan->runs) || !plan->runs ||
		     plan->runs > LAB_MAX_RUNS)) {
		pr_err("slabmod_lab: '%s' is no number of runs from 1 to %u\n", runs, LAB_MAX_RUNS);
		return -EINVAL;
	}
	if (words && kstrtou64(words, 0, &plan->limit)) {
		pr_err("slabmod_lab: '%s' is no number of cycles\n", words);
		return -EINVAL;
	}
	return 0;
}

int lab_figures_make(char *words, size_t arena)
{
	struct lab_plan plan = { .arena = arena, .runs = 1, .watch = lab_pause };
	const struct lab_strategy *strategy = lab_strategy_named(strsep(&words, " "));
	const struct lab_workload *workload;
	struct lab_figures figures;
	int err;

	line[0] = '\0';
	workload = strategy ? lab_workload_named(strsep(&words, " ") ?: "") : NULL;
	if (!workload)
		return -EINVAL;
	err = parse_plan(words, &plan);
	if (!err)
		err = lab_measure(strategy, workload, &plan, &figures);
	if (!err)
		lab_print_figures(line, strategy, workload, &figures);
	return err;
}

void lab_figures_print(struct seq_file *m)
{
	seq_puts(m, LAB_COLUMNS "\n");
	if (line[0])
		seq_printf(m, "%s\n", line);
}
