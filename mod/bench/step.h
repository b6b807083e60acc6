/* SPDX-License-Identifier: GPL-2.0 */
/*
 * step.h - single-stepping a try of a case, and its evaluation.
 */
#ifndef SLABMOD_BENCH_STEP_H
#define SLABMOD_BENCH_STEP_H

#include <linux/errno.h>
#include <linux/types.h>

struct bench;
struct seq_buf;

/* An instruction's address and how often it ran. */
struct step {
	unsigned long ip;
	u64 n;
};

#define STEP_SLOTS	32768u		/* a power of two */

/* The longest run of instructions in which something was off. */
struct pause {
	u64 now, max;
	unsigned long from, max_from;	/* the first instruction of these runs */
	unsigned long in, max_in;	/* one of their second half */
	bool skip;			/* the run includes a context switch and does not count */
};

/* Interrupts; interrupts or preemption. */
enum { PAUSE_IRQS, PAUSE_PREEMPT, PAUSES };

struct step_table {
	struct step slot[STEP_SLOTS];
	struct pause pause[PAUSES];
	u64 lost;			/* instructions without a slot */
	bool cut;			/* took too long and was cut short: counts are invalid */
};

enum step_class { STEP_PLAIN, STEP_ATOMIC, STEP_CMPXCHG_LOCAL };

/* The totals of a try. */
struct profile {
	long ops;
	u64 instructions;
	u64 atomics, cmpxchg_local, locks, slow;
	u64 pause[PAUSES];		/* maximum */
};

#if defined(CONFIG_X86_64) && !defined(CONFIG_UML)
int step_init(void);
void step_exit(void);
static inline bool step_possible(void) { return true; }

/* Warm up with one round, then step b->rounds rounds. Return ops or a negative errno. */
long step_run(struct bench *b, struct step_table *table);

/*
 * For calls that sleep: step those between step_on() and step_off(), and in the meantime look
 * for pauses of the kernel's workers on this CPU. Return 0 or a negative errno.
 */
int step_begin_sleeping(struct step_table *table);
void step_end_sleeping(void);
void step_on(void);
void step_off(void);

enum step_class step_classify(unsigned long ip);
#else
static inline int step_init(void) { return 0; }
static inline void step_exit(void) { }
static inline bool step_possible(void) { return false; }
static inline long step_run(struct bench *b, struct step_table *table) { return -ENODEV; }
static inline int step_begin_sleeping(struct step_table *table) { return -EOPNOTSUPP; }
static inline void step_end_sleeping(void) { }
static inline void step_on(void) { }
static inline void step_off(void) { }
static inline enum step_class step_classify(unsigned long ip) { return STEP_PLAIN; }
#endif

/* ---- profile.c */

/*
 * Evaluate @table, print it by function, and overwrite it. Return 0 or -ENOMEM; profile->ops is
 * 0 if the try was cut short.
 */
int profile_make(const struct bench *b, struct step_table *table, long ops,
		 struct profile *profile, struct seq_buf *text);

/* ---- results.c */

/* Hundredths */
s64 profile_per_op(const struct profile *profile, u64 n);

/* Lines of locks, atomics, slow paths and pauses */
void profile_print_results(struct seq_buf *results, const struct bench *b,
			   const struct profile *profile);

#endif /* SLABMOD_BENCH_STEP_H */
