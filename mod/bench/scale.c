// SPDX-License-Identifier: GPL-2.0
/*
 * scale.c - the cost of pages and objects while other CPUs have some too:
 *
 *	scale-pages-1000-o0		1,000 pages; each other CPU has as many
 *	scale-pages-64-o9		64 blocks of 2 MiB; each other CPU has one
 *	scale-pair-64			an object; each other CPU has 1,000
 *	scale-batch-2000-fifo-64	2,000 objects; each other CPU has as many
 *	scale-remote-1000-64		1,000 objects of another CPU are freed
 *
 * The last three also with objects of 16 and 72 bytes, which share cache lines.
 *
 * All online CPUs but one allocate, and hold what they have. Then that one allocates a batch and
 * frees it again, and this is stepped. So the counts are those without contention, and depend on no
 * clock: they show what the allocators do more of on a machine with more CPUs.
 *
 * Lines of `results`: the counts of other cases, and
 *
 *	stepped_per_op	instructions, less those of `nothing`
 */
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/seq_buf.h>
#include <linux/slab.h>

#include "bench.h"
#include "scale.h"
#include "step.h"

/* One allocator in one case. */
struct scale {
	struct bench b;			/* of all CPUs */
	struct bench stepped;		/* of the first one */
	struct bench_case batch;	/* the case of @stepped */
	unsigned long share;		/* blocks or objects of each other CPU */
	unsigned long freed;		/* of the second CPU, by the first */
	void **held;			/* @share for each CPU */
	struct step_table *table;
	struct profile profile;
	long ops;			/* stepped ones */
	atomic_t holders;
	struct completion done;
};

static struct scale *scale_of(struct bench *b)
{
	return container_of(b, struct scale, b);
}

/* ---- the CPUs ---- */

static void let_go(struct scale *s, void **held)
{
	unsigned long i;

	for (i = 0; i < s->share; i++)
		if (held[i])
			s->b.ops->free(&s->b, held[i]);
}

static long hold(struct scale *s, void **held)
{
	unsigned long i;

	for (i = 0; i < s->share; i++) {
		held[i] = s->b.ops->alloc(&s->b);
		if (!held[i]) {
			let_go(s, held);
			return -ENOMEM;
		}
	}
	atomic_inc(&s->holders);
	wait_for_completion(&s->done);
	let_go(s, held);
	return s->share;
}

/* Batches that make the allocators adapt their caches, some by a work item */
static int warm_up(struct bench *b)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < 10 && !err; i++) {
		err = bench_batch_once(b);
		msleep(20);
	}
	return err;
}

static long step_among_holders(struct scale *s)
{
	int err;

	/* Sleep, because the host of a guest may have fewer CPUs. */
	while (atomic_read(&s->holders) < s->b.cpus - 1) {
		if (bench_stopped(&s->b))
			return -EINTR;
		msleep(20);
	}
	err = warm_up(&s->stepped);
	s->ops = err ?: step_run(&s->stepped, s->table);
	return s->ops;
}

/* @work is stepped. */
static long scale(struct scale *s, unsigned int worker,
		  long (*work)(struct bench *b, unsigned int worker))
{
	long ops;

	if (worker)
		return hold(s, s->held + worker * s->share);
	s->batch.work = work;
	ops = step_among_holders(s);
	complete_all(&s->done);
	return ops;
}

static long batch_work(struct bench *b, unsigned int worker)
{
	return scale(scale_of(b), worker, bench_batch_work);
}

static long pair_work(struct bench *b, unsigned int worker)
{
	return scale(scale_of(b), worker, bench_pair_work);
}

/* A round before stepping, and one stepped */
#define REMOTE_ROUNDS	2

/* Free objects of the second CPU. */
static long free_remote(struct bench *b, unsigned int worker)
{
	struct scale *s = container_of(b, struct scale, stepped);
	unsigned long end = s->freed + s->share / REMOTE_ROUNDS;
	void **held = s->held + s->share;

	for (; s->freed < end; s->freed++) {
		b->ops->free(b, held[s->freed]);
		held[s->freed] = NULL;
	}
	return s->share / REMOTE_ROUNDS;
}

static long remote_work(struct bench *b, unsigned int worker)
{
	return scale(scale_of(b), worker, free_remote);
}

/* ---- a run ---- */

static int prepare(struct scale *s, const struct bench_case *c, unsigned int side)
{
	struct bench *b = &s->b;
	int err = bench_open(b, c, side, num_online_cpus());

	if (err)
		return err;
	s->share = c->page_order ? 1 : c->count;
	s->held = kvcalloc(b->cpus * s->share, sizeof(*s->held), GFP_KERNEL);
	init_completion(&s->done);
	s->batch = *c;
	s->stepped = *b;
	s->stepped.c = &s->batch;
	if (!s->held)
		return -ENOMEM;
	if (!bench_has_memory((b->cpus * s->share + c->count) *
			      (c->size ?: PAGE_SIZE << c->page_order)))
		return -ENOMEM;
	return bench_batch_prepare(&s->stepped);
}

static void cleanup(struct scale *s)
{
	bench_batch_cleanup(&s->stepped);
	kvfree(s->held);
	bench_close(&s->b);
}

static int run_side(struct scale *s, const struct bench_case *c, unsigned int side,
		    struct seq_buf *profile)
{
	int err = prepare(s, c, side) ?: bench_team_run(&s->b);

	err = err ?: profile_make(&s->stepped, s->table, s->ops, &s->profile, profile);
	/* Stepping was cut short. */
	if (!err && !s->profile.ops)
		err = -ETIME;
	return err;
}

static void print(const struct scale *s, const struct scale *nothing, struct seq_buf *results)
{
	const struct profile *p = &s->profile, *harness = &nothing->profile;

	bench_print_value(results, &s->b, "stepped_per_op",
			  profile_per_op(p, p->instructions) -
			  profile_per_op(harness, harness->instructions), "instructions");
	profile_print_results(results, &s->b, p);
}

static int run_sides(struct scale *s, const struct bench_case *c, struct seq_buf *texts)
{
	struct step_table *table = kvmalloc(sizeof(*table), GFP_KERNEL);
	unsigned int i;
	int err = table ? 0 : -ENOMEM;

	for (i = 0; i < BENCH_SIDES && !err; i++) {
		s[i].table = table;
		err = run_side(&s[i], c, i, &texts[BENCH_PROFILE]);
		cleanup(&s[i]);
	}
	for (i = BENCH_KERNEL; i <= BENCH_SLABMOD && !err; i++)
		print(&s[i], &s[BENCH_NOTHING], &texts[BENCH_RESULTS]);
	kvfree(table);
	return err;
}

static int scale_run(const struct bench_case *c, const struct bench_setup *setup,
		     struct seq_buf *texts)
{
	struct scale *s;
	int err;

	if (!step_possible())
		return -EOPNOTSUPP;
	if (c->cpus > num_online_cpus())
		return -ENODEV;
	s = kvcalloc(BENCH_SIDES, sizeof(*s), GFP_KERNEL);
	err = s ? run_sides(s, c, texts) : -ENOMEM;
	kvfree(s);
	return err;
}

#define PAGES(n, of)								\
	{ .name = "scale-pages-" #n "-o" #of, .kind = &bench_pages, .page_order = of,	\
	  .cpus = BENCH_ALL_CPUS, .count = n, .rounds = 1, .work = batch_work }

#define OBJECTS_OF(bytes, title, others, n, times, how)				\
	{ .name = "scale-" title "-" #bytes, .kind = &bench_typed, .size = bytes,	\
	  .cpus = others, .count = n, .rounds = times, .work = how }

#define OBJECTS(bytes)								\
	OBJECTS_OF(bytes, "pair", BENCH_ALL_CPUS, 1000, 256, pair_work),		\
	OBJECTS_OF(bytes, "batch-2000-fifo", BENCH_ALL_CPUS, 2000, 1, batch_work),	\
	OBJECTS_OF(bytes, "remote-1000", 2, 1000 * REMOTE_ROUNDS, 1, remote_work)

static const struct bench_case cases[] = {
	PAGES(1000, 0),
	PAGES(64, 9),
	OBJECTS(64),
	OBJECTS(16),
	OBJECTS(72),
};

const struct bench_group bench_scale_cases = { cases, ARRAY_SIZE(cases), scale_run };
