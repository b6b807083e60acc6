// SPDX-License-Identifier: GPL-2.0
/*
 * memory.c - memory held by an allocator for the requested bytes:
 *
 *	mem-mix		sizes and order of a recorded trace, all by kmalloc(), including
 *			allocations from caches. Ends before objects that the trace never frees
 *			are freed. (Sizes below 8 are requested, and counted, as 8.)
 *	mem-caches	the same with the caches that were recorded
 *	mem-uniform	many objects of 1 to 4,096 bytes, uniformly distributed
 *	mem-churn	a constant number of them, each replaced at random
 *	mem-phases	many of up to 2,048 bytes; 90 % are freed; then larger ones until as many
 *			bytes are requested as before
 *	mem-free	all objects are freed, and the allocator is told to shrink
 *	mem-idle	nothing is allocated: slabmod's state after loading
 *
 * Not timed. One task on one CPU runs the case first with SLUB and, after all is freed, with
 * slabmod: the same sizes in the same order. Earlier use affects slabmod's results, so reload
 * slabmod before each case.
 *
 * Lines of `results`, in bytes; asked is the sum of the sizes in use:
 *
 *	asked_peak	peak of asked
 *	held_peak	peak of held, possibly at another time
 *	asked_end, held_end	at the end of the case, before the rest is freed
 *	held_over_asked_peak	held_peak by asked_peak, unless that is 0
 *
 * Held is sampled about 1,000 times per case, and whenever asked has grown by a thousandth of its
 * peak, so its peak is accurate to 0.1 %. `memory` has about 200 of these points, evenly
 * spaced by steps, in lines `case,allocator,step,asked,held`, and the peak of held; a step is one
 * allocation or free.
 */
#include <linux/cpumask.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/seq_buf.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "bench.h"
#include "memory.h"
#include "replay.h"
#include "trace.h"

#define SAMPLES		1000u
#define POINTS		200u

struct object {
	void *p;
	u32 size;
	u32 serial;		/* unique */
};

struct point {
	u64 step, asked;
	s64 held;
};

/* One allocator in one case. */
struct memory {
	struct bench b;
	const struct holder *holder;	/* NULL: a dry run to count what will be requested */
	s64 base;			/* held by others */
	struct object *objects;		/* b.c->count; of a trace one for each slot */
	u32 live;			/* objects in use, the first ones */
	u32 serial;
	u32 random;
	struct point now;
	u64 asked_peak;
	/* The next sample is due at */
	u64 next_step, next_asked;
	u64 steps_between, asked_between;
	u64 all_steps;
	struct point peak, end;		/* peak: of held */
	struct point points[POINTS + 1];
	unsigned int nr_points;
};

static struct memory *memory_of(struct bench *b)
{
	return container_of(b, struct memory, b);
}

/* ---- figures ---- */

static void keep_point(struct memory *m)
{
	struct point *last = m->nr_points ? &m->points[m->nr_points - 1] : NULL;

	if (last && last->step == m->now.step)
		*last = m->now;
	else if (m->nr_points < ARRAY_SIZE(m->points) &&
		 m->now.step * POINTS >= m->nr_points * m->all_steps)
		m->points[m->nr_points++] = m->now;
}

static void sample(struct memory *m)
{
	if (!m->holder)
		return;
	m->now.held = m->holder->held() - m->base;
	if (!m->nr_points || m->now.held > m->peak.held)
		m->peak = m->now;
	keep_point(m);
	m->next_step = m->now.step + m->steps_between;
	m->next_asked = max(m->next_asked, m->now.asked + m->asked_between);
}

/* Called after each step, which has changed asked by @more. */
static int stepped(struct memory *m, s64 more)
{
	m->now.step++;
	m->now.asked += more;
	m->asked_peak = max(m->asked_peak, m->now.asked);
	if (m->now.step >= m->next_step || m->now.asked >= m->next_asked)
		sample(m);
	if (m->now.step % 1024)
		return 0;
	cond_resched();
	return signal_pending(current) ? -EINTR : 0;
}

static void at_end(struct memory *m)
{
	sample(m);
	m->end = m->now;
}

/* ---- objects ---- */

/* Write as much of the mark as fits: objects have no minimum size. */
static void mark(const struct object *o)
{
	memcpy(o->p, &o->serial, min_t(size_t, o->size, sizeof(o->serial)));
}

static bool intact(const struct memory *m, const struct object *o)
{
	return m->b.ops->same ||
	       !memcmp(o->p, &o->serial, min_t(size_t, o->size, sizeof(o->serial)));
}

static int alloc_object(struct memory *m, struct object *o, u32 from, u32 to)
{
	o->size = from + bench_random(&m->random) % (to - from + 1);
	o->serial = m->serial++;
	o->p = m->b.ops->alloc_size_sleeping(&m->b, o->size);
	if (!o->p)
		return -ENOMEM;
	mark(o);
	return stepped(m, o->size);
}

static int free_object(struct memory *m, struct object *o)
{
	void *p = o->p;

	if (!intact(m, o)) {
		pr_err("slabmod_bench: %s: %s: object %u: it was overwritten\n",
		       m->b.c->name, m->b.ops->allocator, o->serial);
		return -EIO;
	}
	o->p = NULL;
	m->b.ops->free(&m->b, p);
	return 0;
}

static int free_and_step(struct memory *m, struct object *o)
{
	return free_object(m, o) ?: stepped(m, -(s64)o->size);
}

static struct object *random_object(struct memory *m)
{
	return &m->objects[bench_random(&m->random) % m->live];
}

static int grow(struct memory *m, u32 n, u32 from, u32 to)
{
	int err = 0;

	while (n-- && !err)
		err = alloc_object(m, &m->objects[m->live++], from, to);
	return err;
}

/* Free random objects; the last one moves to the free place. */
static int free_random(struct memory *m, u32 n)
{
	struct object *o;
	int err = 0;

	while (n-- && !err) {
		o = random_object(m);
		err = free_and_step(m, o);
		if (!o->p)
			*o = m->objects[--m->live];
	}
	return err;
}

/* Free the objects that are left after the measurement. */
static int free_rest(struct memory *m)
{
	int err = 0;

	while (m->live && !err) {
		err = free_object(m, &m->objects[m->live - 1]);
		if (!err && --m->live % 1024 == 0)
			cond_resched();
	}
	return err;
}

static int objects_prepare(struct bench *b)
{
	struct memory *m = memory_of(b);

	m->objects = kvcalloc(b->c->count, sizeof(*m->objects), GFP_KERNEL);
	return m->objects || !b->c->count ? 0 : -ENOMEM;
}

/* Objects are left only after a failure. */
static void objects_cleanup(struct bench *b)
{
	struct memory *m = memory_of(b);

	for (; m->live; m->live--)
		if (m->objects[m->live - 1].p)
			b->ops->free(b, m->objects[m->live - 1].p);
	kvfree(m->objects);
}

/* ---- cases ---- */

static int finish(struct memory *m, int err)
{
	if (err)
		return err;
	at_end(m);
	return free_rest(m);
}

static long idle_work(struct bench *b, unsigned int worker)
{
	return finish(memory_of(b), 0);
}

static long uniform_work(struct bench *b, unsigned int worker)
{
	struct memory *m = memory_of(b);

	return finish(m, grow(m, b->c->count, 1, 4096));
}

#define EXCHANGES	1000000u

static long churn_work(struct bench *b, unsigned int worker)
{
	struct memory *m = memory_of(b);
	struct object *o;
	unsigned int n;
	int err = grow(m, b->c->count, 1, 4096);

	for (n = 0; n < EXCHANGES && !err; n++) {
		o = random_object(m);
		err = free_and_step(m, o) ?: alloc_object(m, o, 1, 4096);
	}
	return finish(m, err);
}

static long phases_work(struct bench *b, unsigned int worker)
{
	struct memory *m = memory_of(b);
	u64 goal;
	int err = grow(m, b->c->count, 1, 2048);

	goal = m->now.asked;
	err = err ?: free_random(m, m->live / 10 * 9);
	while (m->now.asked < goal && m->live < b->c->count && !err)
		err = grow(m, 1, 2049, 4096);
	return finish(m, err);
}

static long free_work(struct bench *b, unsigned int worker)
{
	struct memory *m = memory_of(b);
	int err = grow(m, b->c->count, 1, 4096) ?: free_random(m, m->live);

	if (!err && m->holder)
		m->holder->shrink();
	return finish(m, err ?: stepped(m, 0));
}

/* ---- the trace ---- */

static int trace_prepare(struct bench *b)
{
	struct memory *m = memory_of(b);
	int err = replay_open(b);

	if (err)
		return err;
	m->objects = kvcalloc(replay_trace(b)->slots, sizeof(*m->objects), GFP_KERNEL);
	return m->objects ? 0 : -ENOMEM;
}

static int trace_work(struct memory *m)
{
	struct bench *b = &m->b;
	const struct trace *t = replay_trace(b);
	const struct trace_step *s = t->steps;
	u32 i, *size;
	int err = 0;

	for (i = 0; i < t->recorded && !err; i++, s++) {
		size = &m->objects[s->slot].size;
		err = replay_step(b, i) ?: stepped(m, s->size ? s->size : -(s64)*size);
		*size = s->size;
	}
	if (err)
		return err;
	at_end(m);
	for (; i < 2 * t->allocs && !err; i++) {
		err = replay_step(b, i);
		if (i % 1024 == 0)
			cond_resched();
	}
	return err;
}

static long mix_work(struct bench *b, unsigned int worker)
{
	replay_without_caches(b);
	return trace_work(memory_of(b));
}

/* Opened here because the caches count as held too. */
static long caches_work(struct bench *b, unsigned int worker)
{
	return replay_open_caches(b) ?: trace_work(memory_of(b));
}

static void trace_cleanup(struct bench *b)
{
	replay_close(b);
	kvfree(memory_of(b)->objects);
}

/* ---- results ---- */

static void print_bytes(const struct memory *m, const char *metric, s64 bytes,
			struct seq_buf *results)
{
	seq_buf_printf(results, "%s,%s,1,%s,%lld,bytes\n", m->b.c->name, m->b.ops->allocator,
		       metric, bytes);
}

static void print_results(const struct memory *m, struct seq_buf *results)
{
	u64 ratio;

	print_bytes(m, "asked_peak", m->asked_peak, results);
	print_bytes(m, "held_peak", m->peak.held, results);
	print_bytes(m, "asked_end", m->end.asked, results);
	print_bytes(m, "held_end", m->end.held, results);
	if (!m->asked_peak)
		return;
	ratio = div64_u64(max_t(s64, m->peak.held, 0) * 10000 + m->asked_peak / 2, m->asked_peak);
	seq_buf_printf(results, "%s,%s,1,held_over_asked_peak,%llu.%04llu,1\n", m->b.c->name,
		       m->b.ops->allocator, ratio / 10000, ratio % 10000);
}

static void print_point(const struct memory *m, const struct point *p, struct seq_buf *memory)
{
	seq_buf_printf(memory, "%s,%s,%llu,%llu,%lld\n", m->b.c->name, m->b.ops->allocator,
		       p->step, p->asked, p->held);
}

/* Insert the peak among the points, if it is not one of them. */
static void print_points(const struct memory *m, struct seq_buf *memory)
{
	const struct point *p = m->points, *end = p + m->nr_points;

	for (; p < end && p->step < m->peak.step; p++)
		print_point(m, p, memory);
	if (p == end || p->step > m->peak.step)
		print_point(m, &m->peak, memory);
	for (; p < end; p++)
		print_point(m, p, memory);
}

/* ---- a run ---- */

static struct memory *memory_new(const struct bench_case *c, const struct holder *holder)
{
	struct memory *m = kvzalloc(sizeof(*m), GFP_KERNEL);

	if (!m)
		return NULL;
	m->b.c = c;
	m->b.ops = holder == &held_by_slub ? c->kind->kernel :
		   holder == &held_by_slabmod ? c->kind->slabmod : c->kind->nothing;
	m->b.cpus = 1;
	m->holder = holder;
	m->random = BENCH_SEED;
	return m;
}

/* @plan: the dry run, with the same steps, or NULL. */
static int work(struct memory *m, const struct memory *plan)
{
	m->next_step = U64_MAX;
	m->next_asked = U64_MAX;
	if (plan) {
		m->all_steps = plan->now.step;
		m->steps_between = plan->now.step / SAMPLES + 1;
		m->asked_between = plan->asked_peak / SAMPLES + 1;
		m->next_asked = 0;
		if (m->holder->others) {
			m->holder->shrink();
			m->base = m->holder->held();
		}
		sample(m);
	}
	return m->b.c->work(&m->b, 0);
}

/* Leave the allocator as empty as possible. */
static int work_and_clean(struct memory *m, const struct memory *plan)
{
	const struct bench_case *c = m->b.c;
	int err = c->prepare ? c->prepare(&m->b) : 0;

	if (!err)
		err = work(m, plan);
	if (c->cleanup)
		c->cleanup(&m->b);
	if (m->holder)
		m->holder->shrink();
	return err;
}

static int run_all(const struct bench_case *c, struct seq_buf *texts)
{
	static const struct holder *const holders[] = { NULL, &held_by_slub, &held_by_slabmod };
	struct memory *m[ARRAY_SIZE(holders)] = { NULL };
	unsigned int i;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(holders) && !err; i++) {
		m[i] = memory_new(c, holders[i]);
		err = m[i] ? work_and_clean(m[i], i ? m[0] : NULL) : -ENOMEM;
	}
	for (i = 1; i < ARRAY_SIZE(holders) && !err; i++) {
		print_results(m[i], &texts[BENCH_RESULTS]);
		print_points(m[i], &texts[BENCH_MEMORY]);
	}
	for (i = 0; i < ARRAY_SIZE(holders); i++)
		kvfree(m[i]);
	return err;
}

int memory_on_one_cpu(const struct bench_case *c, struct seq_buf *texts,
		      int (*run)(const struct bench_case *c, struct seq_buf *texts))
{
	cpumask_var_t allowed;
	unsigned int cpu;
	int err;

	if (!alloc_cpumask_var(&allowed, GFP_KERNEL))
		return -ENOMEM;
	cpumask_copy(allowed, &current->cpus_mask);
	cpu = cpumask_first_and(allowed, cpu_online_mask);
	err = cpu < nr_cpu_ids ? set_cpus_allowed_ptr(current, cpumask_of(cpu)) : -ENODEV;
	if (!err) {
		err = run(c, texts);
		set_cpus_allowed_ptr(current, allowed);
	}
	free_cpumask_var(allowed);
	return err;
}

static int memory_run(const struct bench_case *c, const struct bench_setup *setup,
		      struct seq_buf *texts)
{
	return held_countable() ?: memory_on_one_cpu(c, texts, run_all);
}

#define CASE(case, n)								\
	{ .name = "mem-" #case, .kind = &bench_kmalloc, .cpus = 1, .count = n,	\
	  .prepare = objects_prepare, .work = case##_work, .cleanup = objects_cleanup }

#define TRACE(case)								\
	{ .name = "mem-" #case, .kind = &bench_kmalloc, .cpus = 1,		\
	  .prepare = trace_prepare, .work = case##_work, .cleanup = trace_cleanup }

static const struct bench_case cases[] = {
	TRACE(mix),
	TRACE(caches),
	CASE(uniform, 100000),
	CASE(churn, 50000),
	CASE(phases, 100000),
	CASE(free, 20000),
	CASE(idle, 0),
};

const struct bench_group bench_memory_cases = { cases, ARRAY_SIZE(cases), memory_run };
