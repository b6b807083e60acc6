/* SPDX-License-Identifier: GPL-2.0 */
/*
 * races.h - the parts of the explorer of interleavings.
 *
 *	main.c		the command line; a process for each program
 *	explore.c	which schedules of a program are run, and in which order
 *	programs.c	programs, and their parser
 *	calls.c		the calls that programs consist of
 *	oracle.c	checks of the results
 *	sched.c		tasks and interrupts of the simulated kernel
 *	sync.c		its locks, RCU, interrupts for others, work items
 *	access.c	which task accesses what, and where a switch can matter
 *	world.c		save and restore the memory
 *
 * At the beginning of a schedule, the memory of the simulated kernel and all variables of a
 * file that includes kernel.h are restored. Variables after LASTING are not.
 */
#ifndef SLABMOD_FUZZ_RACES_H
#define SLABMOD_FUZZ_RACES_H

#include "kernel.h"

#define LASTING _Pragma("clang section bss = \"\" data = \"\"")

#define MAX_TASKS	24u
/* Only for RCU callbacks; slabmod does not know this CPU. */
#define CALLBACK_CPU	SHIM_CPUS

#ifndef __noreturn
#define __noreturn __attribute__((__noreturn__))
#endif

/* ---- world.c ---- */

void world_init(void);
/* Save the current state as the beginning of each schedule. */
void world_save(void);
void world_restore(void);
/* Return the number of 8 bytes of slabmod's memory, or ~0ul for other memory. */
unsigned long world_granule(const void *p);
#define WORLD_GRANULES	(2ul << 20)

/* ---- access.c ---- */

enum access {
	ACCESS_READ,
	ACCESS_WRITE,
};

/* Share what is learned with processes forked from now on. */
void access_init(void);
void access_forget(void);
/* Forget the order of accesses, but not their tasks; each schedule begins with it. */
void access_restart(void);
/* Return true if a switch before this access may matter. */
bool access_matters(const void *p, unsigned int size);
/* Record an access of the current task. */
void access_note(const void *p, unsigned int size, enum access access);
/* Return true if more accesses matter since the last call. */
bool access_grew(void);
u64 access_mix(u64 a, u64 b);

/* ---- sched.c ---- */

enum task_kind {
	TASK_PROCESS,
	TASK_IRQ,
	TASK_NMI,
};

struct task;

extern struct task *task_now;		/* NULL: the explorer itself */

/* Add a task that runs @fn on @cpu; return its number. */
unsigned int task_add(enum task_kind kind, unsigned int cpu, const char *name,
		      void (*fn)(void *arg), void *arg);
/* Run @fn at once on the CPU for callbacks, or after the callback that runs there. */
void task_call_back(void (*fn)(void *arg));
/* Wait until @ready returns true. */
void task_wait(bool (*ready)(void *arg), void *arg, const char *what);
/* Run all tasks to their end; return false if the schedule was abandoned. */
bool tasks_run(void);
void tasks_forget(void);
/* Abandon the current schedule. */
void task_give_up(void) __noreturn;
unsigned int task_number(const struct task *task);
const char *task_name(unsigned int number);
u64 *task_history(struct task *task);
/* The locks held by the current task, one bit each. @sleeps: it may sleep with it. */
u32 task_locks(void);
void task_took(u32 lock, bool sleeps);
void task_dropped(u32 lock, bool sleeps);
/* The current task, or tasks other than @but, in an RCU read-side section. */
bool task_in_section(void);
u32 tasks_in_section(const struct task *but);
/* Return true if a CPU may go offline: it is idle, and no CPU is in a read-side section. */
bool task_cpu_idle(unsigned int cpu);
/* A hash of what the tasks did: equal for equivalent schedules. */
u64 tasks_signature(void);
/* Schedules are explored; otherwise all tasks just run to their end. */
extern bool sched_exploring;

/* A point before an action of the current task at @pc, where it may be preempted. */
void sched_point(bool matters, void *pc, const char *how);
/* The same for a memory access, which is then recorded. */
void sched_access(const void *p, unsigned int size, enum access access, void *pc, const char *how);
/* A change by the simulated kernel: ordered, but not a point to switch. */
void sched_kernel_changes(void);

/* ---- sync.c ---- */

void sync_enters_section(void *pc);
/* An interrupt begins, which is also a section. */
void sync_interrupts(void);
void sync_left_section(void);

/* ---- explore.c ---- */

/*
 * Choose the task that continues at a point from the mask @enabled; @now may not be in it.
 * @matters: a switch could matter.
 */
unsigned int explore_choose(unsigned int now, u32 enabled, bool matters);
/*
 * Begin the next step of a schedule; return true if explore_choose() must be called. @matters:
 * as there. @must: the current task cannot continue.
 */
bool explore_step(bool matters, bool must);

struct deviation {
	u32 step;
	u32 task;
};

#define MAX_DEVIATIONS	256u

struct schedule {
	unsigned int nr;
	struct deviation deviation[MAX_DEVIATIONS];
};

/* Shared with the parent of the process, which may die. */
struct outcome {
	struct schedule schedule;	/* the current one */
	unsigned int schedules;		/* run to the end, */
	unsigned int pruned;		/* or to a known state */
	unsigned int preemptions;	/* of @schedule */
	unsigned int bound;		/* all schedules up to it were run */
	bool done, failed, cut;
	u64 seed;
	char what[512];
};

extern struct outcome *outcome;
extern bool explore_printing;		/* print what happens, */
extern bool explore_in_detail;		/* with each access that matters */

/* Run a program once, with checks; return false if it was abandoned. */
typedef bool (*run_fn)(void);

void explore_all(run_fn run, unsigned int bound, unsigned int most);
void explore_random(run_fn run, unsigned int runs, u64 seed, unsigned int changes);
void explore_one(run_fn run, const struct schedule *schedule);
void explore_failed(const char *fmt, ...) __printf(1, 2) __noreturn;
void explore_print(const char *fmt, ...) __printf(1, 2);
/* Print the next action of the current task, with the line of slabmod's source. */
void explore_print_place(const char *how, void *pc);

/* ---- oracle.c ---- */

/* Memory that a program has allocated, live or freed. */
struct piece {
	void *p;
	size_t size;
	u64 mark;
	u8 order;			/* of pages, plus 1; 0 of an object or an exact block */
	bool live;			/* it has an owner */
	struct slabmod_cache *cache;	/* or NULL */
};

void oracle_begin(void);
struct piece *oracle_own(void *p, size_t size, struct slabmod_cache *cache, unsigned int order);
/* Before a free: return true if the piece is live, and end its ownership. */
bool oracle_disown(struct piece *piece);
/* Expect one more report, of one of these kinds, at the end. */
void oracle_expect(u32 kinds, const void *p, size_t size);
/* A cache is destroyed, and bad frees to it may go unreported. */
void oracle_lose(void);
void oracle_check(void);
void oracle_each_live(void (*fn)(struct piece *piece));
void oracle_end(void);

/* ---- calls.c ---- */

struct verb {
	const char *name;
	void (*fn)(char letter);
};

/* Fails if there is none. */
const struct verb *find_verb(const char *word, size_t length);
/* Load slabmod, with caches for objects of @size bytes and small magazines. */
void calls_load(unsigned int size);
/* Free all live pieces, and shrink the cache. */
void calls_clean_up(void);

/* ---- programs.c ---- */

/* Load slabmod in strict mode. */
extern bool program_strict;
/* Set up the machine, and the state at the beginning of all schedules of a program. */
void program_prepare(const char *text);
bool program_run(void);
void program_each(bool all, void (*fn)(const char *text, unsigned int bound));
/* Make a large program from a seed. */
void program_random(u64 seed, char *text, size_t size);

#endif /* SLABMOD_FUZZ_RACES_H */
