// SPDX-License-Identifier: GPL-2.0
/*
 * tail.c - the cost of single calls: what the mean of many hides.
 *
 *	tail-batch-*	a batch allocated, then freed shuffled
 *	tail-shrink-*	the same with a shrink after each batch
 *	tail-pages-o0	a batch of pages
 *	tail-mix	mix-sizes
 *
 * Each call is timed, and counted in a histogram. Interrupts are off during a call, because one
 * that comes in between is no part of its cost, and on between calls, because the allocators leave
 * work to interrupts and workers. The median of `nothing` is subtracted: it is the cost of reading
 * the clock twice and of the call through a pointer.
 *
 * Lines of `results`: alloc_p50, alloc_p99, alloc_p999 (99.9 of 100 calls take no longer),
 * alloc_p9999, alloc_max, and the same for free.
 */
#include <linux/bitops.h>
#include <linux/irqflags.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/seq_buf.h>
#include <linux/slab.h>

#include "bench.h"
#include "patterns.h"
#include "tail.h"

/* Values below EXACT have a slot each; larger ones share it with those near them. */
#define EXACT_BITS	12
#define EXACT		BIT(EXACT_BITS)
#define HALF		(EXACT / 2)
#define SLOTS		(EXACT + (32 - EXACT_BITS) * HALF)

struct histogram {
	u64 calls, max;
	u32 slot[SLOTS];
};

enum { ALLOC, FREE, CALLS };

static const char *const call_names[CALLS] = { "alloc", "free" };

/* One allocator in one case. @timed calls @ops, and is what the case uses. */
struct tail {
	struct bench b;
	const struct bench_ops *ops;
	struct bench_ops timed;
	struct histogram of[CALLS];
};

/* ---- histogram ---- */

static unsigned int slot_of(u64 value)
{
	unsigned int shift;

	value = min_t(u64, value, U32_MAX);
	if (value < EXACT)
		return value;
	shift = fls64(value) - EXACT_BITS;
	return EXACT + (shift - 1) * HALF + (value >> shift) - HALF;
}

/* The largest value of a slot */
static u64 slot_end(unsigned int slot)
{
	unsigned int shift;

	if (slot < EXACT)
		return slot;
	shift = (slot - EXACT) / HALF + 1;
	return (((u64)(slot - EXACT) % HALF + HALF + 1) << shift) - 1;
}

static void add(struct histogram *h, u64 value)
{
	h->calls++;
	h->max = max(h->max, value);
	h->slot[slot_of(value)]++;
}

/* The value that is not exceeded by @share of 10,000 calls */
static u64 percentile(const struct histogram *h, unsigned int share)
{
	u64 goal = div_u64(h->calls * share + 9999, 10000), seen = 0;
	unsigned int i;

	for (i = 0; i < SLOTS; i++) {
		seen += h->slot[i];
		if (seen >= goal)
			return min(slot_end(i), h->max);
	}
	return h->max;
}

/* ---- timed calls ---- */

static struct tail *tail_of(struct bench *b)
{
	return container_of(b, struct tail, b);
}

/* The first round is a warm-up. */
static void note(struct tail *t, unsigned int call, u64 cost)
{
	if (t->b.rounds > 1)
		add(&t->of[call], cost);
}

static void *timed_alloc(struct bench *b)
{
	struct tail *t = tail_of(b);
	u64 start, cost;
	void *p;

	local_irq_disable();
	start = bench_clock();
	p = t->ops->alloc(b);
	cost = bench_clock() - start;
	local_irq_enable();
	note(t, ALLOC, cost);
	return p;
}

static void *timed_alloc_size(struct bench *b, size_t size)
{
	struct tail *t = tail_of(b);
	u64 start, cost;
	void *p;

	local_irq_disable();
	start = bench_clock();
	p = t->ops->alloc_size(b, size);
	cost = bench_clock() - start;
	local_irq_enable();
	note(t, ALLOC, cost);
	return p;
}

static void timed_free(struct bench *b, void *p)
{
	struct tail *t = tail_of(b);
	u64 start, cost;

	local_irq_disable();
	start = bench_clock();
	t->ops->free(b, p);
	cost = bench_clock() - start;
	local_irq_enable();
	note(t, FREE, cost);
}

/* ---- a run ---- */

static long shrink_work(struct bench *b, unsigned int worker)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < b->rounds && !err; i++) {
		err = bench_batch_once(b);
		if (b->ops->shrink)
			b->ops->shrink(b);
	}
	return err ?: (long)(b->rounds * b->c->count);
}

static int run_side(struct tail *t, const struct bench_case *c, unsigned int side)
{
	int err = bench_open(&t->b, c, side, 1);

	if (err)
		return err;
	t->ops = t->b.ops;
	t->timed = *t->ops;
	t->timed.alloc = timed_alloc;
	t->timed.alloc_size = timed_alloc_size;
	t->timed.free = timed_free;
	t->b.ops = &t->timed;
	return bench_team_run(&t->b);
}

static void print(const struct tail *t, const struct tail *nothing, const char *unit,
		  struct seq_buf *results)
{
	static const unsigned int shares[] = { 5000, 9900, 9990, 9999 };
	static const char *const names[] = { "p50", "p99", "p999", "p9999" };
	unsigned int call, i;
	char metric[16];
	s64 overhead;

	for (call = 0; call < CALLS; call++) {
		overhead = percentile(&nothing->of[call], 5000);
		for (i = 0; i < ARRAY_SIZE(shares); i++) {
			snprintf(metric, sizeof(metric), "%s_%s", call_names[call], names[i]);
			bench_print_value(results, &t->b, metric,
					  (percentile(&t->of[call], shares[i]) - overhead) * 100,
					  unit);
		}
		snprintf(metric, sizeof(metric), "%s_max", call_names[call]);
		bench_print_value(results, &t->b, metric, (t->of[call].max - overhead) * 100, unit);
	}
}

static int tail_run(const struct bench_case *c, const struct bench_setup *setup,
		    struct seq_buf *texts)
{
	const char *unit = setup->insn ? "instructions" : "cycles";
	struct tail *t = kvcalloc(BENCH_SIDES, sizeof(*t), GFP_KERNEL);
	unsigned int side;
	int err = t ? 0 : -ENOMEM;

	for (side = 0; side < BENCH_SIDES && !err; side++)
		err = run_side(&t[side], c, side);
	for (side = BENCH_KERNEL; side <= BENCH_SLABMOD && !err; side++)
		print(&t[side], &t[BENCH_NOTHING], unit, &texts[BENCH_RESULTS]);
	for (side = 0; side < BENCH_SIDES && t; side++)
		if (t[side].b.c)
			bench_close(&t[side].b);
	kvfree(t);
	return err;
}

#define CASE(title, of_kind, bytes, times, how)					\
	{ .name = "tail-" title, .kind = &(of_kind), .size = bytes, .cpus = 1, .interrupts = true, \
	  .count = 5003, .order = BENCH_SHUFFLED, .rounds = times,			\
	  .prepare = bench_batch_prepare, .work = how, .cleanup = bench_batch_cleanup }

static const struct bench_case cases[] = {
	CASE("batch-64", bench_typed, 64, 60, bench_batch_work),
	CASE("batch-72", bench_typed, 72, 60, bench_batch_work),
	CASE("shrink-64", bench_typed, 64, 20, shrink_work),
	CASE("shrink-72", bench_typed, 72, 20, shrink_work),
	CASE("pages-o0", bench_pages, PAGE_SIZE, 20, bench_batch_work),
	{ .name = "tail-mix", .kind = &bench_kmalloc, .cpus = 1, .interrupts = true,
	  .rounds = 200000, .prepare = mix_prepare, .work = mix_work, .cleanup = mix_cleanup },
};

const struct bench_group bench_tail_cases = { cases, ARRAY_SIZE(cases), tail_run };
