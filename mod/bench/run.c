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

/* One allocator's part of a run. */
struct side {
	struct bench b;
	u64 first;			/* cost of the first try */
	u64 cost[BENCH_TRIES_MAX];	/* hundredths of a cycle per op, all workers */
	u64 rate[BENCH_TRIES_MAX];	/* hundredths of an op per second */
	struct profile profile;
};

struct run {
	const struct bench_case *c;
	const struct bench_setup *setup;
	unsigned int cpus;
	unsigned int tries;
	unsigned int sides;
	struct side side[BENCH_SIDES];
};

/* ---- setup ---- */

int bench_open(struct bench *b, const struct bench_case *c, unsigned int side, unsigned int cpus)
{
	const struct bench_ops *ops[] = { c->kind->kernel, c->kind->slabmod, c->kind->nothing };
	int err;

	b->c = c;
	b->ops = ops[side];
	b->size = c->size;
	b->page_order = c->page_order;
	b->rounds = c->rounds;
	b->cpus = cpus;
	b->workers = kcalloc(cpus, sizeof(*b->workers), GFP_KERNEL);
	if (!b->workers)
		return -ENOMEM;
	err = b->ops->open ? b->ops->open(b) : 0;
	if (err)
		return err;
	b->is_open = true;
	return c->prepare ? c->prepare(b) : 0;
}

void bench_close(struct bench *b)
{
	if (b->is_open && b->c->cleanup)
		b->c->cleanup(b);
	if (b->is_open && b->ops->close)
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
		run->tries = min(c->tries ?: setup->tries, setup->tries);
		run->sides = c->gross ? BENCH_NOTHING : BENCH_SIDES;
	}
	return run;
}

static void run_free(struct run *run)
{
	unsigned int i;

	for (i = 0; i < run->sides; i++)
		bench_close(&run->side[i].b);
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
	for (try = 0; try < run->tries && !err; try++)
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
	unsigned int n = run->tries;

	sort(values, n, sizeof(*values), by_value, NULL);
	return (values[(n - 1) / 2] + values[n / 2]) / 2;
}

static void print_time(struct run *run, struct side *side, u64 overhead, struct seq_buf *results)
{
	u64 gross = median(run, side->cost);
	s64 cost = gross - overhead, first = side->first - overhead;
	const struct bench *b = &side->b;

	if (run->setup->insn) {
		bench_print_value(results, b, "insn_per_op", cost, "instructions");
		bench_print_value(results, b, "first_insn_per_op", first, "instructions");
		bench_print_value(results, b, "gross_insn_per_op", gross, "instructions");
		return;
	}
	bench_print_value(results, b, "cycles_per_op", cost, "cycles");
	bench_print_value(results, b, "first_cycles_per_op", first, "cycles");
	bench_print_value(results, b, "gross_cycles_per_op", gross, "cycles");
	bench_print_value(results, b, "ops_per_s", median(run, side->rate), "1/s");
}

static void print_results(struct run *run, struct seq_buf *results)
{
	u64 overhead = run->c->gross ? 0 : median(run, run->side[BENCH_NOTHING].cost);
	unsigned int i;

	for (i = BENCH_KERNEL; i <= BENCH_SLABMOD; i++) {
		print_time(run, &run->side[i], overhead, results);
		if (run->side[i].profile.ops)
			profile_print_results(results, &run->side[i].b, &run->side[i].profile);
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
		err = bench_open(&run->side[i].b, c, i, cpus);
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
