/* SPDX-License-Identifier: GPL-2.0 */
/*
 * step.h - a try of a case, instruction by instruction, and what it tells.
 */
#ifndef SLABMOD_BENCH_STEP_H
#define SLABMOD_BENCH_STEP_H

#include <linux/types.h>

struct bench;
struct seq_buf;

/* An instruction's address and how often it ran. */
struct step {
	unsigned long ip;
	u64 n;
};

#define STEP_SLOTS	32768u		/* a power of two */

struct step_table {
	struct step slot[STEP_SLOTS];
	u64 lost;			/* ran, but found no slot */
	bool cut;			/* took too long, ended early: counts mean nothing */
};

enum step_class { STEP_PLAIN, STEP_ATOMIC, STEP_CMPXCHG_LOCAL };

/* What a profile adds up to: a case's whole try. */
struct profile {
	long ops;
	u64 instructions;
	u64 atomics, cmpxchg_local, locks, slow;
};

#ifndef CONFIG_UML
int step_init(void);
void step_exit(void);
static inline bool step_possible(void) { return true; }

/* A round to warm up, then one try with b->rounds rounds. Ops or a negative errno. */
long step_run(struct bench *b, struct step_table *table);

enum step_class step_classify(unsigned long ip);
#else
static inline int step_init(void) { return 0; }
static inline void step_exit(void) { }
static inline bool step_possible(void) { return false; }
static inline long step_run(struct bench *b, struct step_table *table) { return -ENODEV; }
static inline enum step_class step_classify(unsigned long ip) { return STEP_PLAIN; }
#endif

/* ---- profile.c */

/*
 * Makes of @table what it says about functions, and prints it. The table is of no
 * use after that. 0 or -ENOMEM; profile->ops is 0 when the try was cut short.
 */
int profile_make(const struct bench *b, struct step_table *table, long ops,
		 struct profile *profile, struct seq_buf *text);

#endif /* SLABMOD_BENCH_STEP_H */
