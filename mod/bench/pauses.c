// SPDX-License-Identifier: GPL-2.0
/*
 * pauses.c - calls that sleep, stepped: how much they do, and how long other work waits for them.
 *
 *	pause-create-72		creation of a cache
 *	pause-destroy-*		destruction of one whose objects were all freed, shuffled
 *	pause-shrink-*		a shrink after a batch was freed, shuffled
 *	pause-sparse-*		the same after nine tenths of it were freed
 *
 * The counts are those of the call in its task. The pauses include those of the kernel's workers
 * on this CPU meanwhile, because both allocators leave a part of the work to them. What a context
 * switch keeps off is left out.
 */
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/seq_buf.h>
#include <linux/slab.h>

#include "bench.h"
#include "pauses.h"
#include "step.h"

#define CACHE_ROUNDS	4

/* Enough batches for magazines and lists to reach their usual sizes */
static int use(struct bench *b)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < 4 && !err; i++)
		err = bench_batch_once(b);
	return err;
}

static int reopen(struct bench *b)
{
	int err = b->ops->open(b);

	b->is_open = !err;
	return err;
}

static long create_work(struct bench *b, unsigned int worker)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < b->rounds && !err; i++) {
		b->ops->close(b);
		step_on();
		err = reopen(b);
		step_off();
	}
	return err ?: (long)b->rounds;
}

static long destroy_work(struct bench *b, unsigned int worker)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < b->rounds && !err; i++) {
		err = use(b);
		if (err)
			break;
		step_on();
		b->ops->close(b);
		step_off();
		err = reopen(b);
	}
	return err ?: (long)b->rounds;
}

static long shrink_work(struct bench *b, unsigned int worker)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < b->rounds && !err; i++) {
		err = use(b);
		if (err)
			break;
		step_on();
		b->ops->shrink(b);
		step_off();
	}
	return err ?: (long)b->rounds;
}

/* One in so many objects stays. */
#define SPARSE	10

static int sparse_round(struct bench *b)
{
	unsigned long n = b->c->count, i;

	if (bench_batch_alloc(b))
		return -ENOMEM;
	for (i = 0; i < n; i++)
		if (i % SPARSE)
			b->ops->free(b, b->objects[b->index[i]]);
	step_on();
	b->ops->shrink(b);
	step_off();
	for (i = 0; i < n; i += SPARSE)
		b->ops->free(b, b->objects[b->index[i]]);
	return 0;
}

static long sparse_work(struct bench *b, unsigned int worker)
{
	unsigned int i;
	int err = use(b);

	for (i = 0; i < b->rounds && !err; i++)
		err = sparse_round(b);
	return err ?: (long)b->rounds;
}

/* ---- a run ---- */

static void print(const struct bench *b, const struct profile *p, struct seq_buf *results)
{
	bench_print_value(results, b, "stepped_per_op", profile_per_op(p, p->instructions),
			  "instructions");
	profile_print_results(results, b, p);
}

static int run_side(const struct bench_case *c, unsigned int side, struct step_table *table,
		    struct seq_buf *texts)
{
	struct bench b = { };
	struct profile profile;
	long ops = 0;
	int err = bench_open(&b, c, side, 1);

	if (!err)
		err = step_begin_sleeping(table);
	if (!err) {
		ops = c->work(&b, 0);
		step_end_sleeping();
		err = ops < 0 ? ops : profile_make(&b, table, ops, &profile, &texts[BENCH_PROFILE]);
	}
	/* Stepping was cut short. */
	if (!err && !profile.ops)
		err = -ETIME;
	if (!err)
		print(&b, &profile, &texts[BENCH_RESULTS]);
	bench_close(&b);
	return err;
}

static int pause_run(const struct bench_case *c, const struct bench_setup *setup,
		     struct seq_buf *texts)
{
	struct step_table *table;
	unsigned int side;
	int err = 0;

	if (!step_possible())
		return -EOPNOTSUPP;
	table = kvmalloc(sizeof(*table), GFP_KERNEL);
	if (!table)
		return -ENOMEM;
	for (side = BENCH_KERNEL; side <= BENCH_SLABMOD && !err; side++)
		err = run_side(c, side, table, texts);
	kvfree(table);
	return err;
}

#define CASE(what, bytes, n, how)						\
	{ .name = "pause-" what "-" #bytes, .kind = &bench_typed, .size = bytes, .cpus = 1, \
	  .count = n, .order = BENCH_SHUFFLED, .rounds = CACHE_ROUNDS,		\
	  .prepare = bench_batch_prepare, .work = how, .cleanup = bench_batch_cleanup }

static const struct bench_case cases[] = {
	CASE("create", 72, 1, create_work),
	CASE("destroy", 72, 5003, destroy_work),
	CASE("destroy", 3000, 1000, destroy_work),
	CASE("shrink", 64, 5003, shrink_work),
	CASE("shrink", 72, 5003, shrink_work),
	CASE("shrink", 700, 1000, shrink_work),
	CASE("shrink", 3000, 1000, shrink_work),
	CASE("sparse", 64, 5003, sparse_work),
	CASE("sparse", 72, 5003, sparse_work),
	CASE("sparse", 700, 1000, sparse_work),
	CASE("sparse", 3000, 1000, sparse_work),
};

const struct bench_group bench_pause_cases = { cases, ARRAY_SIZE(cases), pause_run };
