/* SPDX-License-Identifier: GPL-2.0 */
/*
 * bench.h - shared by the files of slabmod_bench.ko.
 *
 *	main.c		the module: debugfs files, parameters, the list of groups
 *	calls.c		other calls than kmalloc() and kfree()
 *	patterns.c	time that passes, new caches, many caches, many sizes
 *	pauses.c	single-steps calls that sleep
 *	tail.c		the cost of single calls
 *	run.c		runs a case: tries, overhead
 *	results.c	prints results
 *	team.c		threads bound to CPUs that start together
 *	ops.c		the allocators, and `nothing`
 *	clock.h		the clock; clock.c starts it
 *	step.c		single-steps a case
 *	profile.c	evaluates what step.c counted
 *	cases.c		cases for one CPU
 *	pages.c		cases for one CPU: blocks of pages
 *	region.c	cases for one CPU: pieces that are freed together
 *	threads.c	cases for several CPUs
 *	scale.c		single-steps pages and objects while other CPUs have some too
 *	replay.c	replays a recorded trace; trace.c reads it
 *	memory.c	memory held by an allocator during a case
 *	held.c		memory held at a moment
 *	fragments.c	large blocks left after small ones were freed
 *
 * A file with cases has a struct bench_group, which main.c lists.
 */
#ifndef SLABMOD_BENCH_H
#define SLABMOD_BENCH_H

#include <linux/atomic.h>
#include <linux/cache.h>
#include <linux/compiler.h>
#include <linux/completion.h>
#include <linux/limits.h>
#include <linux/types.h>

#include "clock.h"

struct bench;
struct bench_setup;
struct kmem_cache;
struct lines;
struct seq_buf;
struct slabmod_cache;
struct task_struct;

/*
 * One allocator's functions for one kind of memory. All measured calls go through these
 * pointers, to small functions with the code that would be inlined in a caller. GFP_ATOMIC,
 * except for those that sleep.
 */
struct bench_ops {
	const char *allocator;		/* name in the results */
	const char *const *slow;	/* functions of its slow paths; NULL-terminated */
	bool same;			/* all objects are one buffer: `nothing` */
	int (*open)(struct bench *b);	/* may be NULL; sleeps */
	void (*close)(struct bench *b);	/* may be NULL; sleeps; not after a failed open */
	void *(*alloc)(struct bench *b);
	void (*free)(struct bench *b, void *p);
	/* May be NULL if the kind does not use them. */
	void *(*alloc_sleeping)(struct bench *b);	/* GFP_KERNEL, not measured */
	bool (*alloc_bulk)(struct bench *b, size_t nr, void **p);
	void (*free_bulk)(struct bench *b, size_t nr, void **p);
	void *(*alloc_size)(struct bench *b, size_t size);
	void *(*alloc_size_sleeping)(struct bench *b, size_t size);
	void (*shrink)(struct bench *b);		/* sleeps */
};

/* The allocators to compare. The cost of `nothing` is overhead and is subtracted. */
struct bench_kind {
	const struct bench_ops *kernel;
	const struct bench_ops *slabmod;
	const struct bench_ops *nothing;
};

/*
 * A cache of objects of b->size bytes. For several CPUs there is a kind with a `nothing` that has
 * a buffer per CPU, so that the overhead contains no shared cache line. A buffer of `nothing` has
 * 64 bytes: do not touch more of an object.
 */
extern const struct bench_kind bench_typed;
extern const struct bench_kind bench_typed_threads;
/* For cases that pass objects to another CPU; `nothing` has a line per object. */
extern const struct bench_kind bench_typed_sent;
/* kmalloc() of b->size bytes, and alloc_size(). */
extern const struct bench_kind bench_kmalloc;
extern const struct bench_kind bench_kmalloc_threads;
/* kmalloc() of a constant size */
extern const struct bench_kind bench_kmalloc_16;
extern const struct bench_kind bench_kmalloc_64;
extern const struct bench_kind bench_kmalloc_256;
extern const struct bench_kind bench_kmalloc_1024;
extern const struct bench_kind bench_kmalloc_4096;
extern const struct bench_kind bench_kmalloc_16384;
/* Functions in which an allocator leaves its per-CPU path. None of a list calls another of it. */
extern const char *const bench_slub_slow[];
extern const char *const bench_slabmod_slow[];
/* Blocks of pages of order b->page_order, by address. */
extern const struct bench_kind bench_pages;
extern const struct bench_kind bench_pages_threads;
/* The same from the local node, and from no other. */
extern const struct bench_kind bench_pages_thisnode;
/* The pages that b->size bytes need, not rounded up to a power of two. */
extern const struct bench_kind bench_pages_exact;

enum bench_order { BENCH_FIFO, BENCH_LIFO, BENCH_SHUFFLED };

/* bench_case.cpus: first with one thread, then with one on each online CPU. */
#define BENCH_ALL_CPUS	0

struct bench_case {
	const char *name;
	const struct bench_kind *kind;
	size_t size;
	unsigned long count;		/* objects; the meaning depends on the case */
	unsigned int page_order;
	enum bench_order order;		/* of frees */
	unsigned int cpus;		/* 1: interrupts are off; 2 and more, BENCH_ALL_CPUS: on */
	bool gross;			/* no overhead is subtracted, `nothing` is not run */
	bool interrupts;		/* one CPU, but with interrupts on */
	bool cold;			/* one CPU: no round to warm up before a try */
	unsigned int tries;		/* at most; 0: no limit but the parameter */
	unsigned int rounds;		/* b->rounds when measured */
	unsigned int step_rounds;	/* b->rounds when stepped; 0: do not step (one CPU only) */

	/*
	 * Called for each allocator with an open struct bench of its own. All but work may be
	 * NULL. prepare, before and cleanup run in the task that wrote to `run` and may sleep;
	 * long ones check signal_pending(). cleanup also runs after prepare failed.
	 */
	int (*prepare)(struct bench *b);
	int (*before)(struct bench *b);		/* before each try, not measured */
	/*
	 * One try, on CPU number @worker of the case, measured. Returns the number of ops or a
	 * negative errno, after freeing its objects or leaving them for cleanup. Checks
	 * bench_stopped() while it waits for another worker.
	 */
	long (*work)(struct bench *b, unsigned int worker);
	void (*cleanup)(struct bench *b);
};

/* Output of a run, by debugfs file. */
enum { BENCH_RESULTS, BENCH_PROFILE, BENCH_MEMORY, BENCH_TEXTS };

struct bench_group {
	const struct bench_case *cases;
	unsigned int nr;
	/* Run a case and fill the BENCH_TEXTS texts. Return 0 or a negative errno. */
	int (*run)(const struct bench_case *c, const struct bench_setup *setup,
		   struct seq_buf *texts);
};

/* One thread of a try. */
struct bench_worker {
	struct bench *b;
	struct task_struct *task;
	u64 start, end;			/* bench_clock() */
	u64 start_ns, end_ns;
	long ops;
} ____cacheline_aligned;

/* One allocator in one case. */
struct bench {
	const struct bench_case *c;
	const struct bench_ops *ops;
	size_t size;			/* a copy that is not constant */
	unsigned int page_order;
	unsigned int rounds;		/* for work(): pairs, batches, ... */
	unsigned int cpus;		/* number of workers */
	bool is_open;
	union {				/* of ops->open */
		struct kmem_cache *slub;
		struct slabmod_cache *slabmod;
		struct lines *lines;
	};
	/* for the case */
	void **objects;
	u32 *index;
	void *live;
	void *priv;
	/* for team.c */
	struct bench_worker *workers;
	atomic_t lined_up;
	atomic_t at_work;
	struct completion done;
	bool stop;
};

/* ---- for cases with several CPUs */

/* A worker failed or the run was interrupted: work() should return -EINTR. */
static inline bool bench_stopped(const struct bench *b)
{
	return READ_ONCE(b->stop);
}

/*
 * Wait for all workers, then start this one's clock. Called before work(); a work() with a setup
 * phase calls it again. Return 0 or -EINTR.
 */
int bench_line_up(struct bench *b, unsigned int worker);

/* Stop this worker's clock. Called after work(); a work() with a cleanup phase calls it before. */
void bench_finish(struct bench *b, unsigned int worker);

/* Write a mark to an object after its allocation, to be checked before its free. */
static inline void bench_mark(void *p, unsigned long mark)
{
	WRITE_ONCE(*(unsigned long *)p, mark);
}

/* Return false if the object was overwritten; work() then returns -EIO. */
static inline bool bench_intact(const struct bench *b, const void *p, unsigned long mark)
{
	return likely(READ_ONCE(*(const unsigned long *)p) == mark) || b->ops->same;
}

/* Pseudo-random and reproducible. */
#define BENCH_SEED	2463534242u

static inline u32 bench_random(u32 *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* ---- run.c */

#define BENCH_TRIES_MAX	99

/* The module's parameters. */
struct bench_setup {
	bool insn;			/* the clock counts instructions */
	unsigned int tries;
};

/* The order of the members of struct bench_kind */
enum { BENCH_KERNEL, BENCH_SLABMOD, BENCH_NOTHING, BENCH_SIDES };

/*
 * Set up @b, which is clear, for one side of a case. Call bench_close() also after an error.
 * Return 0 or a negative errno.
 */
int bench_open(struct bench *b, const struct bench_case *c, unsigned int side, unsigned int cpus);
void bench_close(struct bench *b);

/* bench_group.run of timed cases. */
int bench_run(const struct bench_case *c, const struct bench_setup *setup, struct seq_buf *texts);

/* ---- results.c */

/* Print a line of results. */
void bench_print_value(struct seq_buf *results, const struct bench *b, const char *metric,
		       s64 hundredths, const char *unit);

/* ---- cases.c: parts of cases for one CPU */

/* Estimate whether so much can be allocated without the OOM killer. */
bool bench_has_memory(size_t bytes);

/* bench_case.work: allocate and free, b->rounds times. */
long bench_pair_work(struct bench *b, unsigned int worker);

/* The same with b->c->count objects, which are freed in b->c->order. */
int bench_batch_prepare(struct bench *b);
void bench_batch_cleanup(struct bench *b);
long bench_batch_work(struct bench *b, unsigned int worker);
/* One round. Return 0 or -ENOMEM. */
int bench_batch_once(struct bench *b);
/* Only allocate them, to b->objects. Return 0 or -ENOMEM. */
int bench_batch_alloc(struct bench *b);

/* ---- team.c */

/* Run one try on the first b->cpus online CPUs. Return 0 or a negative errno. */
int bench_team_run(struct bench *b);

/* ---- groups, one per file */

extern const struct bench_group bench_one_cpu_cases;
extern const struct bench_group bench_call_cases;
extern const struct bench_group bench_page_cases;

#endif /* SLABMOD_BENCH_H */
