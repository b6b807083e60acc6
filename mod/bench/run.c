// SPDX-License-Identifier: GPL-2.0
/*
 * run.c - run a case: each allocator and `nothing` in turn, try by try, so that slow changes of
 * the machine affect all of them.
 *
 * The median of the tries counts: the best would hide what becomes slower with use. The first try,
 * which starts with empty caches, is a figure of its own.
 */
#include <linux/cpumask.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/seq_buf.h>
#include <linux/slab.h>
#include <linux/sort.h>

#include "bench.h"
#include "step.h"

enum { KERNEL, SLABMOD, NOTHING, SIDES };

/* One allocator's part of a run. */
struct side {
	struct bench b;
	bool is_open;
	u64 first;			/* cost of the first try */
	u64 cost[BENCH_TRIES_MAX];	/* hundredths of a cycle per op, all workers */
	u64 rate[BENCH_TRIES_MAX];	/* hundredths of an op per second */
	struct profile profile;
};

struct run {
	const struct bench_case *c;
	const struct bench_setup *setup;
	unsigned int cpus;
	unsigned int sides;
	struct side side[SIDES];
};

/* ---- setup ---- */

static int open_side(struct run *run, unsigned int i)
{
	const struct bench_kind *kind = run->c->kind;
	struct side *side = &run->side[i];
	struct bench *b = &side->b;
	int err;

	b->c = run->c;
	b->ops = i == KERNEL ? kind->kernel : i == SLABMOD ? kind->slabmod : kind->nothing;
	b->size = run->c->size;
	b->page_order = run->c->page_order;
	b->rounds = run->c->rounds;
	b->cpus = run->cpus;
	b->workers = kcalloc(run->cpus, sizeof(*b->workers), GFP_KERNEL);
	if (!b->workers)
		return -ENOMEM;
	err = b->ops->open ? b->ops->open(b) : 0;
	if (err)
		return err;
	side->is_open = true;
	return run->c->prepare ? run->c->prepare(b) : 0;
}

static void close_side(struct side *side)
{
	struct bench *b = &side->b;

	if (side->is_open && b->c->cleanup)
		b->c->cleanup(b);
	if (side->is_open && b->ops->close)
		b->ops->close(b);
	kfree(b->workers);
}

static struct run *run_new(const struct bench_case *c, const struct bench_setup *setup,
			   unsigned int cpus)
{
	struct run *run = kvzalloc(sizeof(*run), GFP_KERNEL);

	if (run) {
		run->c = c;
		run->setup = setup;
		run->cpus = cpus;
		run->sides = c->gross ? NOTHING : SIDES;
	}
	return run;
}

static void run_free(struct run *run)
{
	unsigned int i;

	for (i = 0; i < run->sides; i++)
		close_side(&run->side[i]);
	kvfree(run);
}

/* ---- measuring ---- */

static int record_try(struct side *side, unsigned int try)
{
	const struct bench *b = &side->b;
	u64 cycles = 0, ops = 0, first = U64_MAX, last = 0;
	unsigned int i;

	for (i = 0; i < b->cpus; i++) {
		const struct bench_worker *w = &b->workers[i];

		cycles += w->end - w->start;
		ops += w->ops;
		first = min(first, w->start_ns);
		last = max(last, w->end_ns);
	}
	if (!ops)
		return -ENODATA;
	side->cost[try] = div64_u64(cycles * 100, ops);
	side->rate[try] = mul_u64_u64_div_u64(ops * 100, NSEC_PER_SEC, max(last - first, 1ull));
	return 0;
}

static int one_try(struct side *side, unsigned int try)
{
	struct bench *b = &side->b;
	int err = b->c->before ? b->c->before(b) : 0;

	if (!err)
		err = bench_team_run(b);
	return err ?: record_try(side, try);
}

static int measure(struct run *run)
{
	unsigned int try, i;
	int err = 0;

	for (i = 0; i < run->sides && !err; i++) {
		err = one_try(&run->side[i], 0);
		run->side[i].first = run->side[i].cost[0];
	}
	for (try = 0; try < run->setup->tries && !err; try++)
		for (i = 0; i < run->sides && !err; i++)
			err = signal_pending(current) ? -EINTR : one_try(&run->side[i], try);
	return err;
}

static int step_side(struct side *side, struct step_table *table, struct seq_buf *profile)
{
	struct bench *b = &side->b;
	long ops;
	int err = b->c->before ? b->c->before(b) : 0;

	if (err)
		return err;
	b->rounds = b->c->step_rounds;
	b->stop = false;
	ops = step_run(b, table);
	if (ops <= 0)
		return ops ?: -ENODATA;
	return profile_make(b, table, ops, &side->profile, profile);
}

static int step_all(struct run *run, struct seq_buf *profile)
{
	struct step_table *table;
	unsigned int i;
	int err = 0;

	if (run->c->cpus != 1 || !run->c->step_rounds || !step_possible())
		return 0;
	table = kvmalloc(sizeof(*table), GFP_KERNEL);
	if (!table)
		return -ENOMEM;
	for (i = 0; i < run->sides && !err; i++)
		err = step_side(&run->side[i], table, profile);
	kvfree(table);
	return err;
}

/* ---- results ---- */

static int by_value(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

static u64 median(const struct run *run, u64 *values)
{
	unsigned int n = run->setup->tries;

	sort(values, n, sizeof(*values), by_value, NULL);
	return (values[(n - 1) / 2] + values[n / 2]) / 2;
}

static void print_value(const struct run *run, const struct side *side, const char *metric,
			s64 hundredths, const char *unit, struct seq_buf *results)
{
	u64 size = abs(hundredths);

	seq_buf_printf(results, "%s,%s,%u,%s,%s%llu.%02llu,%s\n", run->c->name,
		       side->b.ops->allocator, run->cpus, metric, hundredths < 0 ? "-" : "",
		       size / 100, size % 100, unit);
}

static void print_time(struct run *run, struct side *side, u64 overhead, struct seq_buf *results)
{
	s64 cost = median(run, side->cost) - overhead, first = side->first - overhead;

	if (run->setup->insn) {
		print_value(run, side, "insn_per_op", cost, "instructions", results);
		print_value(run, side, "first_insn_per_op", first, "instructions", results);
		return;
	}
	print_value(run, side, "cycles_per_op", cost, "cycles", results);
	print_value(run, side, "first_cycles_per_op", first, "cycles", results);
	print_value(run, side, "ops_per_s", median(run, side->rate), "1/s", results);
}

static s64 per_op(u64 n, const struct profile *profile)
{
	return div64_u64(n * 100 + profile->ops / 2, profile->ops);
}

static void print_counts(const struct run *run, const struct side *side, struct seq_buf *results)
{
	const struct profile *p = &side->profile;

	print_value(run, side, "locks_per_op", per_op(p->locks, p), "1", results);
	print_value(run, side, "atomics_per_op", per_op(p->atomics, p), "1", results);
	print_value(run, side, "slow_per_op", per_op(p->slow, p), "1", results);
}

static void print_results(struct run *run, struct seq_buf *results)
{
	u64 overhead = run->c->gross ? 0 : median(run, run->side[NOTHING].cost);
	unsigned int i;

	for (i = KERNEL; i <= SLABMOD; i++) {
		print_time(run, &run->side[i], overhead, results);
		if (run->side[i].profile.ops)
			print_counts(run, &run->side[i], results);
	}
}

static int run_on(const struct bench_case *c, const struct bench_setup *setup, unsigned int cpus,
		  struct seq_buf *texts)
{
	struct run *run = run_new(c, setup, cpus);
	unsigned int i;
	int err = 0;

	if (!run)
		return -ENOMEM;
	for (i = 0; i < run->sides && !err; i++)
		err = open_side(run, i);
	if (!err)
		err = measure(run);
	if (!err)
		err = step_all(run, &texts[BENCH_PROFILE]);
	if (!err)
		print_results(run, &texts[BENCH_RESULTS]);
	run_free(run);
	return err;
}

int bench_run(const struct bench_case *c, const struct bench_setup *setup, struct seq_buf *texts)
{
	unsigned int online = num_online_cpus();
	int err;

	if (c->cpus > online)
		return -ENODEV;
	if (c->cpus != BENCH_ALL_CPUS)
		return run_on(c, setup, c->cpus, texts);
	err = run_on(c, setup, 1, texts);
	if (!err && online > 1)
		err = run_on(c, setup, online, texts);
	return err;
}
