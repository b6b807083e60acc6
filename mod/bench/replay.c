// SPDX-License-Identifier: GPL-2.0
/*
 * replay.c - the case `replay`: repeat the allocations and frees recorded on a running kernel.
 *
 * One CPU replays the events of all CPUs: keeping their order on two CPUs would mostly measure
 * how they wait for each other.
 *
 * kmalloc() is replayed by size; each recorded cache gets a cache of its own. b->rounds is the
 * number of parts, of TRACE_PARTS, that are replayed.
 */
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include <slabmod/slabmod.h>

#include "../compat.h"
#include "bench.h"
#include "trace.h"

/* Steps between two points where interrupts are enabled. */
#define IRQ_BATCH	8192u

struct replay {
	struct trace *trace;
	struct trace_step *at;		/* the first step not done, or the end */
	unsigned int opened;
	/* Those of the trace, followed by one for memory by size. */
	struct bench caches[TRACE_MAX_CACHES + 1];
};

/* ---- caches ---- */

static const struct bench_ops *typed_ops(const struct bench *b)
{
	if (b->ops == b->c->kind->kernel)
		return bench_typed.kernel;
	if (b->ops == b->c->kind->slabmod)
		return bench_typed.slabmod;
	return bench_typed.nothing;
}

static int open_cache(struct bench *c, unsigned int i)
{
	char name[SLABMOD_CACHE_NAME_MAX + 1];

	snprintf(name, sizeof(name), "replay-%u-%zu", i, c->size);
	if (c->ops == bench_typed.kernel)
		c->slub = kmem_cache_create_unmerged(name, c->size, 0);
	else if (c->ops == bench_typed.slabmod)
		c->slabmod = slabmod_cache_create(name, c->size, 0, 0, NULL);
	else
		return 0;
	return c->slub ? 0 : -ENOMEM;
}

int replay_open_caches(struct bench *b)
{
	struct replay *r = b->priv;
	unsigned int i;
	int err;

	for (i = 0; i < r->trace->caches; i++) {
		r->caches[i].ops = typed_ops(b);
		r->caches[i].size = r->trace->cache_size[i];
		err = open_cache(&r->caches[i], i);
		if (err)
			return err;
		r->opened++;
	}
	r->caches[TRACE_BY_SIZE].ops = b->ops;
	return 0;
}

void replay_without_caches(struct bench *b)
{
	struct replay *r = b->priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(r->caches); i++)
		r->caches[i].ops = b->ops;
}

int replay_open(struct bench *b)
{
	struct replay *r = kvzalloc(sizeof(*r), GFP_KERNEL);

	b->priv = r;
	if (!r)
		return -ENOMEM;
	r->trace = trace_get();
	if (!r->trace)
		return -ENODATA;
	r->at = r->trace->steps + 2 * r->trace->allocs;
	b->objects = kvcalloc(r->trace->slots, sizeof(*b->objects), GFP_KERNEL);
	return b->objects ? 0 : -ENOMEM;
}

static int replay_prepare(struct bench *b)
{
	return replay_open(b) ?: replay_open_caches(b);
}

const struct trace *replay_trace(const struct bench *b)
{
	const struct replay *r = b->priv;

	return r->trace;
}

/* ---- steps ---- */

static void print_failure(const struct bench *b, const struct trace_step *s, int err)
{
	const struct replay *r = b->priv;

	pr_err("slabmod_bench: replay: %s: step %zu, object %u: %s\n", b->ops->allocator,
	       s - r->trace->steps, s->slot,
	       err == -EIO ? "it was overwritten" : "no memory for it");
}

static unsigned long mark_of(const struct trace_step *s)
{
	return ~(unsigned long)s->slot;
}

static __always_inline int store_object(struct bench *b, void *p, const struct trace_step *s)
{
	if (unlikely(!p))
		return -ENOMEM;
	bench_mark(p, mark_of(s));
	b->objects[s->slot] = p;
	return 0;
}

static __always_inline int alloc_step(struct bench *b, struct bench *cache,
				      const struct trace_step *s)
{
	if (s->cache == TRACE_BY_SIZE)
		return store_object(b, cache->ops->alloc_size(cache, s->size), s);
	return store_object(b, cache->ops->alloc(cache), s);
}

static int alloc_step_sleeping(struct bench *b, struct bench *cache, const struct trace_step *s)
{
	if (cache->ops == b->ops)
		return store_object(b, cache->ops->alloc_size_sleeping(cache, s->size), s);
	return store_object(b, cache->ops->alloc_sleeping(cache), s);
}

static __always_inline int free_step(struct bench *b, struct bench *cache,
				     const struct trace_step *s)
{
	void *p = b->objects[s->slot];

	b->objects[s->slot] = NULL;
	if (!bench_intact(b, p, mark_of(s)))
		return -EIO;
	cache->ops->free(cache, p);
	return 0;
}

/*
 * A trace with interrupts off takes seconds with an allocator that checks a lot. Enable them for a
 * moment, not measured, and check for an interrupted run.
 */
static int allow_interrupts(struct bench *b)
{
	struct bench_worker *w = b->workers;
	u64 since = bench_clock(), since_ns = ktime_get_ns();

	local_irq_enable();
	cond_resched();
	local_irq_disable();
	w->start_ns += ktime_get_ns() - since_ns;
	w->start += bench_clock() - since;
	return bench_stopped(b) ? -EINTR : 0;
}

/* Interrupts stay off when only some parts are stepped. */
static int do_steps(struct bench *b, struct trace_step **at, struct trace_step *end)
{
	struct replay *r = b->priv;
	unsigned int parts = b->rounds, n = 0;
	struct trace_step *s;
	struct bench *cache;
	int err = 0;

	for (s = *at; s < end; s++) {
		if (s->part >= parts)
			continue;
		cache = &r->caches[s->cache];
		err = s->size ? alloc_step(b, cache, s) : free_step(b, cache, s);
		if (!err && ++n % IRQ_BATCH == 0 && parts == TRACE_PARTS)
			err = allow_interrupts(b);
		if (unlikely(err))
			break;
	}
	*at = s;
	return err;
}

static long replay_work(struct bench *b, unsigned int worker)
{
	struct replay *r = b->priv;
	u32 allocs = r->trace->allocs;
	struct trace_step *s = r->trace->steps, *end = s + 2 * allocs;
	int err = do_steps(b, &s, end);

	if (!err)
		return (long)(allocs / TRACE_PARTS) * b->rounds +
		       min(allocs % TRACE_PARTS, b->rounds);
	r->at = s;
	if (err != -EINTR)
		print_failure(b, s, err);
	return err;
}

int replay_step(struct bench *b, u32 i)
{
	struct replay *r = b->priv;
	struct trace_step *s = r->trace->steps + i;
	struct bench *cache = &r->caches[s->cache];
	int err = s->size ? alloc_step_sleeping(b, cache, s) : free_step(b, cache, s);

	if (err)
		print_failure(b, s, err);
	r->at = err ? s : s + 1;
	return err;
}

/* ---- cleanup ---- */

/* Every object has a step that frees it: do those left out after a failure. */
static void free_rest(struct bench *b, struct replay *r)
{
	struct trace_step *s = r->at, *end = r->trace->steps + 2 * r->trace->allocs;

	for (; s < end; s++) {
		if (s->size || !b->objects[s->slot])
			continue;
		r->caches[s->cache].ops->free(&r->caches[s->cache], b->objects[s->slot]);
		b->objects[s->slot] = NULL;
	}
}

void replay_close(struct bench *b)
{
	struct replay *r = b->priv;

	if (!r)
		return;
	if (b->objects)
		free_rest(b, r);
	while (r->opened--)
		if (r->caches[r->opened].ops->close)
			r->caches[r->opened].ops->close(&r->caches[r->opened]);
	kvfree(b->objects);
	trace_put(r->trace);
	kvfree(r);
}

static const struct bench_case cases[] = {
	{ .name = "replay", .kind = &bench_kmalloc, .cpus = 1, .rounds = TRACE_PARTS,
	  .step_rounds = 1, .prepare = replay_prepare, .work = replay_work,
	  .cleanup = replay_close },
};

const struct bench_group bench_replay_cases = { cases, ARRAY_SIZE(cases), bench_run };
