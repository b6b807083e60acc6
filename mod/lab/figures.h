/* SPDX-License-Identifier: GPL-2.0 */
/*
 * figures.h - the file `measure` of slabmod_lab, and the names that all its files understand.
 */
#ifndef SLABMOD_LAB_FIGURES_H
#define SLABMOD_LAB_FIGURES_H

#include <linux/seq_file.h>

#include "driver.h"

/* Return strategy @i, which may be one of outside.c, or NULL if there are not so many. */
const struct lab_strategy *lab_strategy_at(unsigned int i);

/* Return that of a name, or NULL, and say so in the log. */
const struct lab_strategy *lab_strategy_named(const char *name);
const struct lab_workload *lab_workload_named(const char *name);

/* Between operations: let others run, and end a run of a process that is to end. */
void lab_pause(struct lab_driver *driver, unsigned int object);

/*
 * "STRATEGY WORKLOAD [RUNS [LIMIT]]": measure in an arena of @arena bytes. Return 0 or a negative
 * error.
 */
int lab_figures_make(char *words, size_t arena);
/* Print the columns, and the line of what was measured last. */
void lab_figures_print(struct seq_file *m);

#endif /* SLABMOD_LAB_FIGURES_H */
