/* SPDX-License-Identifier: GPL-2.0 */
/*
 * overview.h - a file for people: what a pool holds, and what for.
 */
#ifndef SLABMOD_OVERVIEW_H
#define SLABMOD_OVERVIEW_H

#include <linux/seq_file.h>

/* The content of the file. m->private is the pool. Return 0 or -ENOMEM. May sleep. */
int overview_show(struct seq_file *m, void *unused);

#endif /* SLABMOD_OVERVIEW_H */
