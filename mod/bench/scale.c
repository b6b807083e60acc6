// SPDX-License-Identifier: GPL-2.0
/*
 * scale.c - the cost of pages while other CPUs have pages too:
 *
 *	scale-pages-1000-o0	1,000 pages; each other CPU has as many
 *	scale-pages-64-o9	64 blocks of 2 MiB; each other CPU has one
 *
 * All online CPUs but one allocate blocks and hold them. Then that one allocates a batch and frees
 * it again, and this is stepped. So the counts are those without contention, and depend on no
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

enum { KERNEL, SLABMOD, NOTHING, SIDES };

/* One allocator in one case. */
struct scale {
	struct bench b;			/* of all CPUs */
	struct bench stepped;		/* of the first one */
	struct bench_case batch;	/* the case of @stepped */
	unsigned long share;		/* blocks of each other CPU */
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

	for (i = 0; i < s->share && held[i]; i++)
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

static long scale_work(struct bench *b, unsigned int worker)
{
	struct scale *s = scale_of(b);
	long ops;

	if (worker)
		return hold(s, s->held + worker * s->share);
	ops = step_among_holders(s);
	complete_all(&s->done);
	return ops;
}

/* ---- a run ---- */

static int prepare(struct scale *s, const struct bench_case *c, const struct bench_ops *ops)
{
	struct bench *b = &s->b;

	b->c = c;
	b->ops = ops;
	b->page_order = c->page_order;
	b->cpus = num_online_cpus();
	b->workers = kcalloc(b->cpus, sizeof(*b->workers), GFP_KERNEL);
	s->share = c->page_order ? 1 : c->count;
	s->held = kvcalloc(b->cpus * s->share, sizeof(*s->held), GFP_KERNEL);
	init_completion(&s->done);
	s->batch = *c;
	s->batch.work = bench_batch_work;
	s->batch.interrupts = true;
	s->stepped.c = &s->batch;
	s->stepped.ops = ops;
	s->stepped.page_order = c->page_order;
	s->stepped.rounds = 1;
	if (!b->workers || !s->held)
		return -ENOMEM;
	if (!bench_has_memory((b->cpus * s->share + c->count) * (PAGE_SIZE << c->page_order)))
		return -ENOMEM;
	return bench_batch_prepare(&s->stepped);
}

static void cleanup(struct scale *s)
{
	bench_batch_cleanup(&s->stepped);
	kvfree(s->held);
	kfree(s->b.workers);
}

static int run_side(struct scale *s, const struct bench_case *c, const struct bench_ops *ops,
		    struct seq_buf *profile)
{
	int err = prepare(s, c, ops) ?: bench_team_run(&s->b);

	err = err ?: profile_make(&s->stepped, s->table, s->ops, &s->profile, profile);
	/* Stepping was cut short. */
	if (!err && !s->profile.ops)
		err = -ETIME;
	cleanup(s);
	return err;
}

static s64 per_op(const struct scale *s, u64 n)
{
	return div64_u64(n * 100 + s->profile.ops / 2, s->profile.ops);
}

static void print_value(const struct scale *s, const char *metric, s64 hundredths,
			const char *unit, struct seq_buf *results)
{
	u64 size = abs(hundredths);

	seq_buf_printf(results, "%s,%s,%u,%s,%s%llu.%02llu,%s\n", s->b.c->name,
		       s->b.ops->allocator, s->b.cpus, metric, hundredths < 0 ? "-" : "",
		       size / 100, size % 100, unit);
}

static void print(const struct scale *s, const struct scale *nothing, struct seq_buf *results)
{
	const struct profile *p = &s->profile;

	print_value(s, "stepped_per_op",
		    per_op(s, p->instructions) - per_op(nothing, nothing->profile.instructions),
		    "instructions", results);
	print_value(s, "locks_per_op", per_op(s, p->locks), "1", results);
	print_value(s, "atomics_per_op", per_op(s, p->atomics), "1", results);
	print_value(s, "slow_per_op", per_op(s, p->slow), "1", results);
}

static int run_sides(struct scale *s, const struct bench_case *c, struct seq_buf *texts)
{
	const struct bench_kind *kind = c->kind;
	const struct bench_ops *ops[SIDES] = { kind->kernel, kind->slabmod, kind->nothing };
	struct step_table *table = kvmalloc(sizeof(*table), GFP_KERNEL);
	unsigned int i;
	int err = table ? 0 : -ENOMEM;

	for (i = 0; i < SIDES && !err; i++) {
		s[i].table = table;
		err = run_side(&s[i], c, ops[i], &texts[BENCH_PROFILE]);
	}
	for (i = KERNEL; i <= SLABMOD && !err; i++)
		print(&s[i], &s[NOTHING], &texts[BENCH_RESULTS]);
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
	s = kvcalloc(SIDES, sizeof(*s), GFP_KERNEL);
	err = s ? run_sides(s, c, texts) : -ENOMEM;
	kvfree(s);
	return err;
}

#define CASE(n, of)								\
	{ .name = "scale-pages-" #n "-o" #of, .kind = &bench_pages, .page_order = of,	\
	  .cpus = BENCH_ALL_CPUS, .count = n, .work = scale_work }

static const struct bench_case cases[] = { CASE(1000, 0), CASE(64, 9) };

const struct bench_group bench_scale_cases = { cases, ARRAY_SIZE(cases), scale_run };
