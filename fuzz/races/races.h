/* SPDX-License-Identifier: GPL-2.0 */
/*
 * races.h - the parts of the explorer of interleavings.
 *
 *	main.c		the command line; a process for each program
 *	explore.c	which schedules of a program are run, and in which order
 *	programs.c	what a program is, and which there are
 *	calls.c		the calls that programs are made of
 *	oracle.c	what is right afterwards
 *	sched.c		tasks and interrupts of the pretended kernel
 *	sync.c		its locks, RCU, interrupts for others, work items
 *	access.c	which task accesses what: where a switch can make a difference
 *	world.c		the memory of a schedule's beginning, and the way back to it
 *
 * The memory of the pretended kernel, and with it all variables of a file that includes
 * kernel.h, are as they were when a schedule begins. What is to outlive a schedule is
 * after LASTING.
 */
#ifndef SLABMOD_FUZZ_RACES_H
#define SLABMOD_FUZZ_RACES_H

#include "kernel.h"

#define LASTING _Pragma("clang section bss = \"\" data = \"\"")

#define MAX_TASKS	24u
/* For callbacks of RCU alone; slabmod does not know of it. */
#define CALLBACK_CPU	SHIM_CPUS

#ifndef __noreturn
#define __noreturn __attribute__((__noreturn__))
#endif

/* ---- world.c ---- */

void world_init(void);
/* What there is from now on is what each schedule begins with. */
void world_save(void);
void world_restore(void);
/* A number for each 8 bytes of slabmod's memory, or ~0ul for what is not. */
unsigned long world_granule(const void *p);
#define WORLD_GRANULES	(2ul << 20)

/* ---- access.c ---- */

enum access {
	ACCESS_READ,
	ACCESS_WRITE,
};

/* What is learned is shared with processes that are forked from here on. */
void access_init(void);
void access_forget(void);
/* Forget the order of accesses, but not their tasks; each schedule begins with it. */
void access_restart(void);
/* Whether what another task does may matter here: a switch is worth a try. */
bool access_matters(const void *p, unsigned int size);
/* Notes an access of the current task. */
void access_note(const void *p, unsigned int size, enum access access);
/* Whether, since this was asked last, something came to matter. */
bool access_grew(void);
u64 access_mix(u64 a, u64 b);

/* ---- sched.c ---- */

enum task_kind {
	TASK_PROCESS,
	TASK_IRQ,
	TASK_NMI,
};

struct task;

extern struct task *task_now;		/* NULL: none, it is the explorer itself */

/* A task that is to run @fn on @cpu; returns its number. */
unsigned int task_add(enum task_kind kind, unsigned int cpu, const char *name,
		      void (*fn)(void *arg), void *arg);
/* Runs @fn at once on the CPU for callbacks, or leaves it to what runs there. */
void task_call_back(void (*fn)(void *arg));
/* Waits until @ready; at once, where it is. */
void task_wait(bool (*ready)(void *arg), void *arg, const char *what);
/* Runs all tasks there are to their end; false when the schedule was given up. */
bool tasks_run(void);
void tasks_forget(void);
/* Gives up the schedule that is being run, and does not return. */
void task_give_up(void) __noreturn;
unsigned int task_number(const struct task *task);
const char *task_name(unsigned int number);
u64 *task_history(struct task *task);
/* The locks that the current task has, a bit each. With a mutex it may go on to sleep. */
u32 task_locks(void);
void task_took(u32 lock, bool sleeps);
void task_dropped(u32 lock, bool sleeps);
/* Whether the current task, and which tasks but one, are in a read-side section of RCU. */
bool task_in_section(void);
u32 tasks_in_section(const struct task *but);
/* Whether a CPU may go: it has nothing to do, and no other is in a read-side section. */
bool task_cpu_idle(unsigned int cpu);
/* What the tasks did, in one number: equal for schedules that differ in nothing. */
u64 tasks_signature(void);
/* Whether steps are counted and schedules explored, and not just all run to the end. */
extern bool sched_exploring;

/* What the current task is about to do at @pc: a switch may come before it. */
void sched_point(bool matters, void *pc, const char *how);
/* The same for an access of memory, which is then noted. */
void sched_access(const void *p, unsigned int size, enum access access, void *pc, const char *how);
/* What the pretended kernel does by itself: in an order, but nowhere to switch. */
void sched_kernel_changes(void);

/* ---- sync.c ---- */

void sync_enters_section(void *pc);
/* An interrupt begins, which is a section too. */
void sync_interrupts(void);
void sync_left_section(void);

/* ---- explore.c ---- */

/*
 * Which task goes on at a point, of those in the mask @enabled; @now may, or may not be
 * among them. @matters: a switch could make a difference.
 */
unsigned int explore_choose(unsigned int now, u32 enabled, bool matters);
/*
 * The next step of a schedule; true when explore_choose() has to be asked. @matters: as
 * there. @must: the task that is there cannot go on.
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

/* In memory that the parent of a process which dies of what it finds can see. */
struct outcome {
	struct schedule schedule;	/* that is being run */
	unsigned int schedules;		/* run to the end, */
	unsigned int pruned;		/* or to where another had been */
	unsigned int preemptions;	/* of @schedule */
	unsigned int bound;		/* up to which all schedules were run */
	bool done, failed, cut;
	u64 seed;
	char what[512];
};

extern struct outcome *outcome;
extern bool explore_telling;		/* prints what happens, */
extern bool explore_in_detail;		/* with each access that matters */

/* Runs a program once: prepare, all tasks, check; false when given up. */
typedef bool (*run_fn)(void);

void explore_all(run_fn run, unsigned int bound, unsigned int most);
void explore_random(run_fn run, unsigned int runs, u64 seed, unsigned int changes);
void explore_one(run_fn run, const struct schedule *schedule);
void explore_failed(const char *fmt, ...) __printf(1, 2) __noreturn;
void explore_tell(const char *fmt, ...) __printf(1, 2);
/* What the task that is here is about to do, and where in slabmod's source. */
void explore_tell_place(const char *how, void *pc);

/* ---- oracle.c ---- */

/* A piece of memory that a program has, or had. */
struct piece {
	void *p;
	size_t size;
	u64 mark;
	u8 order;			/* of pages, and 1 more */
	bool live;			/* it has an owner */
	struct slabmod_cache *cache;	/* or NULL */
};

void oracle_begin(void);
struct piece *oracle_own(void *p, size_t size, struct slabmod_cache *cache, unsigned int order);
/* Before a free: true when the piece has an owner, who has none of it from here on. */
bool oracle_disown(struct piece *piece);
/* One report more, of one of these kinds, is due at the end. */
void oracle_expect(u32 kinds, const void *p, size_t size);
/* A cache goes, and with it the reports of what was freed to it in vain. */
void oracle_lose(void);
void oracle_check(void);
void oracle_each_live(void (*fn)(struct piece *piece));
void oracle_end(void);

/* ---- calls.c ---- */

struct verb {
	const char *name;
	void (*fn)(char letter);
};

/* Ends the program when there is none. */
const struct verb *find_verb(const char *word, size_t length);
/* Loads slabmod, with caches for objects of @size bytes and small magazines. */
void calls_load(unsigned int size);
/* Frees what has an owner, and empties the cache. */
void calls_clean_up(void);

/* ---- programs.c ---- */

/* What slabmod is loaded with. */
extern bool program_strict;
/* Makes the machine, and the state that all schedules of a program begin with. */
void program_prepare(const char *text);
bool program_run(void);
void program_each(bool all, void (*fn)(const char *text, unsigned int bound));
/* A large program, of a seed. */
void program_random(u64 seed, char *text, size_t size);

#endif /* SLABMOD_FUZZ_RACES_H */
