/* SPDX-License-Identifier: GPL-2.0 */
/*
 * bench.h - what the files of slabmod_bench.ko share.
 *
 *	main.c		the module: debugfs files, parameters, the list of groups
 *	run.c		runs a case: tries, overhead, results
 *	team.c		threads bound to CPUs, that start together
 *	ops.c		the allocators, and `nothing`
 *	step.c		the same case, instruction by instruction
 *	profile.c	what step.c saw, as text and as counts
 *	cases.c		cases for one CPU
 *	threads.c	cases for several, and those made to be run by several
 *	replay.c	a recorded trace once more; trace.c reads it
 *	memory.c	how much memory an allocator holds for its work
 *	held.c		how much that is at a moment
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

struct bench;
struct bench_setup;
struct kmem_cache;
struct lines;
struct seq_buf;
struct slabmod_cache;
struct task_struct;

/*
 * One allocator's way to do one kind of thing. All calls into an allocator that
 * are measured go through these pointers, to small functions that hold what a
 * caller would have compiled in. GFP_ATOMIC, but for those that sleep.
 */
struct bench_ops {
	const char *allocator;		/* as the results call it */
	const char *const *slow;	/* its slow paths' functions; ends with NULL */
	bool same;			/* every object is the same one: `nothing` */
	int (*open)(struct bench *b);	/* may be NULL; sleeps */
	void (*close)(struct bench *b);	/* may be NULL; sleeps; not after a failed open */
	void *(*alloc)(struct bench *b);
	void (*free)(struct bench *b, void *p);
	/* May be NULL where the kind has no use for it. */
	void *(*alloc_sleeping)(struct bench *b);	/* GFP_KERNEL, out of measured parts */
	bool (*alloc_bulk)(struct bench *b, size_t nr, void **p);
	void (*free_bulk)(struct bench *b, size_t nr, void **p);
	void *(*alloc_size)(struct bench *b, size_t size);
	void *(*alloc_size_sleeping)(struct bench *b, size_t size);
};

/* Who competes. What the case costs on `nothing` is the harness's, and is taken off. */
struct bench_kind {
	const struct bench_ops *kernel;
	const struct bench_ops *slabmod;
	const struct bench_ops *nothing;
};

/*
 * A cache of objects of b->size bytes; for several CPUs the one whose `nothing`
 * has a buffer a CPU, so that the harness's own figure has no shared line in it.
 * A buffer of `nothing` has 64 bytes: touch no more of an object.
 */
extern const struct bench_kind bench_typed;
extern const struct bench_kind bench_typed_threads;
/* The same for cases that send objects to another CPU; its `nothing` has a line for each. */
extern const struct bench_kind bench_typed_sent;
/* kmalloc() of b->size bytes, and alloc_size(). */
extern const struct bench_kind bench_kmalloc;
extern const struct bench_kind bench_kmalloc_threads;
/* kmalloc() of a size the compiler knows */
extern const struct bench_kind bench_kmalloc_16;
extern const struct bench_kind bench_kmalloc_64;
extern const struct bench_kind bench_kmalloc_256;
extern const struct bench_kind bench_kmalloc_1024;
extern const struct bench_kind bench_kmalloc_4096;
extern const struct bench_kind bench_kmalloc_16384;
/* Runs of pages of order b->page_order, by address. */
extern const struct bench_kind bench_pages;

enum bench_order { BENCH_FIFO, BENCH_LIFO, BENCH_SHUFFLED };

/* bench_case.cpus: first with one thread, then with one on each online CPU. */
#define BENCH_ALL_CPUS	0

struct bench_case {
	const char *name;
	const struct bench_kind *kind;
	size_t size;
	unsigned long count;		/* objects, as the case likes to understand it */
	unsigned int page_order;
	enum bench_order order;		/* in which objects are freed */
	unsigned int cpus;		/* 1: interrupts are off; 2 and more, BENCH_ALL_CPUS: on */
	bool gross;			/* nothing is taken off, `nothing` is not run */
	bool interrupts;		/* one CPU, but with interrupts on */
	unsigned int rounds;		/* b->rounds when measured */
	unsigned int step_rounds;	/* b->rounds when stepped; 0: do not step (one CPU only) */

	/*
	 * All four for each allocator with a struct bench of its own, opened. May be
	 * NULL, but for work. prepare, before and cleanup run in the task that wrote
	 * to `run` and may sleep; what takes long heeds signal_pending().
	 * cleanup also runs after a prepare that failed.
	 */
	int (*prepare)(struct bench *b);
	int (*before)(struct bench *b);		/* each try, not measured */
	/*
	 * One try, on CPU number @worker of the case, clock running. Gives the number
	 * of ops it did or a negative errno, and has then freed what it took or left
	 * it for cleanup. Where it waits for another worker it heeds bench_stopped().
	 */
	long (*work)(struct bench *b, unsigned int worker);
	void (*cleanup)(struct bench *b);
};

/* What a run says, as the debugfs files of these names have it. */
enum { BENCH_RESULTS, BENCH_PROFILE, BENCH_MEMORY, BENCH_TEXTS };

struct bench_group {
	const struct bench_case *cases;
	unsigned int nr;
	/* Runs one of them, and fills the BENCH_TEXTS texts. 0 or a negative errno. */
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
	size_t size;			/* from the case, but loaded from here */
	unsigned int page_order;
	unsigned int rounds;		/* what work() is to do: pairs, batches, ... */
	unsigned int cpus;		/* workers there are */
	union {				/* of ops->open */
		struct kmem_cache *slub;
		struct slabmod_cache *slabmod;
		struct lines *lines;
	};
	/* the case's */
	void **objects;
	u32 *index;
	void *live;
	void *priv;
	/* team.c's */
	struct bench_worker *workers;
	atomic_t lined_up;
	atomic_t at_work;
	struct completion done;
	bool stop;
};

/* Cycles; under QEMU's icount, instructions. get_cycles() is 0 on user-mode Linux. */
static __always_inline u64 bench_clock(void)
{
	u32 low, high;

	asm volatile("lfence\n\trdtsc\n\tlfence" : "=a" (low), "=d" (high) : : "memory");
	return (u64)high << 32 | low;
}

/* ---- for cases with several CPUs */

/* Someone failed or wants to end it: let work() return -EINTR. */
static inline bool bench_stopped(const struct bench *b)
{
	return READ_ONCE(b->stop);
}

/*
 * Wait until all workers are here, then start this one's clock. Done before work()
 * is called; a work() that first sets things up calls it again. 0 or -EINTR.
 */
int bench_line_up(struct bench *b, unsigned int worker);

/*
 * Stop this worker's clock. Done when work() returns; a work() that clears up behind
 * itself calls it before.
 */
void bench_finish(struct bench *b, unsigned int worker);

/* What is written into an object after it was taken, and looked for before it is freed. */
static inline void bench_mark(void *p, unsigned long mark)
{
	WRITE_ONCE(*(unsigned long *)p, mark);
}

/* False: somebody else has written to the object. work() then gives -EIO. */
static inline bool bench_intact(const struct bench *b, const void *p, unsigned long mark)
{
	return likely(READ_ONCE(*(const unsigned long *)p) == mark) || b->ops->same;
}

/* Random enough, and the same each time. */
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

/* What main.c makes of the module's parameters. */
struct bench_setup {
	bool insn;			/* the clock counts instructions */
	unsigned int tries;
};

/* The bench_group.run of cases that are timed. */
int bench_run(const struct bench_case *c, const struct bench_setup *setup, struct seq_buf *texts);

/* ---- team.c */

/* One try of b on the first b->cpus online CPUs. 0 or a negative errno. */
int bench_team_run(struct bench *b);

/* ---- groups, one a file */

extern const struct bench_group bench_one_cpu_cases;

#endif /* SLABMOD_BENCH_H */
