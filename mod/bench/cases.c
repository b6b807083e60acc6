// SPDX-License-Identifier: GPL-2.0
/*
 * cases.c - cases for one CPU: a pair, a batch, bulk calls, and the pair with many live objects.
 */
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "bench.h"

#define PAIRS		10000
#define PAIRS_STEPPED	256

/* ---- pairs ---- */

long bench_pair_work(struct bench *b, unsigned int worker)
{
	const struct bench_ops *ops = b->ops;
	unsigned int i;
	void *p;

	for (i = 0; i < b->rounds; i++) {
		p = ops->alloc(b);
		if (unlikely(!p))
			return -ENOMEM;
		bench_mark(p, i);
		ops->free(b, p);
	}
	return b->rounds;
}

bool bench_has_memory(size_t bytes)
{
	return (bytes + bytes / 8 + SZ_32M) >> PAGE_SHIFT < si_mem_available();
}

/* ---- pairs, with b->c->count objects in use ---- */

/* The live objects are linked by their first words. */
static int live_prepare(struct bench *b)
{
	unsigned long i;
	void **p;

	if (b->ops->same)
		return 0;
	if (!bench_has_memory(b->c->count * b->size))
		return -ENOMEM;
	for (i = 0; i < b->c->count; i++) {
		p = b->ops->alloc_sleeping(b);
		if (!p)
			return -ENOMEM;
		*p = b->live;
		b->live = p;
		if (i % 1024)
			continue;
		cond_resched();
		if (signal_pending(current))
			return -EINTR;
	}
	return 0;
}

static void live_cleanup(struct bench *b)
{
	unsigned long i;
	void **p;

	for (i = 0; b->live; i++) {
		p = b->live;
		b->live = *p;
		b->ops->free(b, p);
		if (i % 1024 == 0)
			cond_resched();
	}
}

/* ---- batches: allocate b->c->count objects, then free all ---- */

static void shuffle(u32 *index, u32 n)
{
	u32 state = BENCH_SEED, other;

	for (; n > 1; n--) {
		other = bench_random(&state) % n;
		swap(index[n - 1], index[other]);
	}
}

/* All orders use an index, so that their overhead is the same. */
int bench_batch_prepare(struct bench *b)
{
	unsigned long n = b->c->count, i;

	b->objects = kvcalloc(n, sizeof(*b->objects), GFP_KERNEL);
	b->index = kvcalloc(n, sizeof(*b->index), GFP_KERNEL);
	if (!b->objects || !b->index)
		return -ENOMEM;
	for (i = 0; i < n; i++)
		b->index[i] = b->c->order == BENCH_LIFO ? n - 1 - i : i;
	if (b->c->order == BENCH_SHUFFLED)
		shuffle(b->index, n);
	return 0;
}

void bench_batch_cleanup(struct bench *b)
{
	kvfree(b->objects);
	kvfree(b->index);
}

int bench_batch_alloc(struct bench *b)
{
	unsigned long n = b->c->count, i;
	void *p;

	for (i = 0; i < n; i++) {
		p = b->ops->alloc(b);
		if (unlikely(!p))
			break;
		bench_mark(p, i);
		b->objects[i] = p;
	}
	if (likely(i == n))
		return 0;
	while (i--)
		b->ops->free(b, b->objects[i]);
	return -ENOMEM;
}

int bench_batch_once(struct bench *b)
{
	unsigned long n = b->c->count, i;

	if (bench_batch_alloc(b))
		return -ENOMEM;
	for (i = 0; i < n; i++)
		b->ops->free(b, b->objects[b->index[i]]);
	return 0;
}

long bench_batch_work(struct bench *b, unsigned int worker)
{
	unsigned int round;

	for (round = 0; round < b->rounds; round++)
		if (bench_batch_once(b))
			return -ENOMEM;
	return b->rounds * b->c->count;
}

/* ---- bulk ---- */

static int bulk_prepare(struct bench *b)
{
	unsigned long i;

	b->objects = kvcalloc(b->c->count, sizeof(*b->objects), GFP_KERNEL);
	if (!b->objects)
		return -ENOMEM;
	if (b->ops->same)
		for (i = 0; i < b->c->count; i++)
			b->objects[i] = b->ops->alloc(b);
	return 0;
}

static long bulk_work(struct bench *b, unsigned int worker)
{
	unsigned long n = b->c->count, i;
	unsigned int round;

	for (round = 0; round < b->rounds; round++) {
		if (unlikely(!b->ops->alloc_bulk(b, n, b->objects)))
			return -ENOMEM;
		for (i = 0; i < n; i++)
			bench_mark(b->objects[i], i);
		b->ops->free_bulk(b, n, b->objects);
	}
	return b->rounds * n;
}

/* ---- the table ---- */

#define PAIR(what, of, bytes)							\
	{ .name = "pair-" what "-" #bytes, .kind = of, .size = bytes, .cpus = 1,	\
	  .rounds = PAIRS, .step_rounds = PAIRS_STEPPED, .work = bench_pair_work }

#define LIVE(what, bytes)							\
	{ .name = "live-" what "-64", .kind = &bench_typed, .size = 64, .cpus = 1,	\
	  .count = (bytes) / 64, .rounds = PAIRS, .step_rounds = PAIRS_STEPPED,	\
	  .prepare = live_prepare, .work = bench_pair_work, .cleanup = live_cleanup }

#define BATCH(n, how, in_order, bytes, times)					\
	{ .name = "batch-" #n "-" how "-" #bytes, .kind = &bench_typed, .size = bytes,	\
	  .cpus = 1, .count = n, .order = in_order, .rounds = times, .step_rounds = 1,	\
	  .prepare = bench_batch_prepare, .work = bench_batch_work, .cleanup = bench_batch_cleanup }

#define BATCHES_OF(n, bytes, times)						\
	BATCH(n, "fifo", BENCH_FIFO, bytes, times),				\
	BATCH(n, "lifo", BENCH_LIFO, bytes, times),				\
	BATCH(n, "shuffled", BENCH_SHUFFLED, bytes, times)

/* Sizes that fill lines and pages badly, or are few in a slab. */
#define BATCHES(n, times)							\
	BATCHES_OF(n, 16, times),						\
	BATCHES_OF(n, 64, times),						\
	BATCHES_OF(n, 72, times),						\
	BATCHES_OF(n, 200, times),						\
	BATCHES_OF(n, 700, times),						\
	BATCHES_OF(n, 3000, times),						\
	BATCHES_OF(n, 9000, times)

/* The kernel's bulk calls need interrupts on. */
#define BULK(n, bytes, times)							\
	{ .name = "bulk-" #n "-" #bytes, .kind = &bench_typed, .size = bytes, .cpus = 1, \
	  .count = n, .interrupts = true, .rounds = times, .step_rounds = 8,	\
	  .prepare = bulk_prepare, .work = bulk_work, .cleanup = bench_batch_cleanup }

static const struct bench_case cases[] = {
	PAIR("typed", &bench_typed, 16),
	PAIR("typed", &bench_typed, 64),
	PAIR("typed", &bench_typed, 256),
	PAIR("typed", &bench_typed, 1024),
	PAIR("typed", &bench_typed, 4096),
	PAIR("typed", &bench_typed, 16384),
	PAIR("kmalloc-const", &bench_kmalloc_16, 16),
	PAIR("kmalloc-const", &bench_kmalloc_64, 64),
	PAIR("kmalloc-const", &bench_kmalloc_256, 256),
	PAIR("kmalloc-const", &bench_kmalloc_1024, 1024),
	PAIR("kmalloc-const", &bench_kmalloc_4096, 4096),
	PAIR("kmalloc-const", &bench_kmalloc_16384, 16384),
	PAIR("kmalloc-var", &bench_kmalloc, 16),
	PAIR("kmalloc-var", &bench_kmalloc, 64),
	PAIR("kmalloc-var", &bench_kmalloc, 256),
	PAIR("kmalloc-var", &bench_kmalloc, 1024),
	PAIR("kmalloc-var", &bench_kmalloc, 4096),
	PAIR("kmalloc-var", &bench_kmalloc, 16384),
	BATCHES_OF(100, 64, 100),
	BATCHES_OF(10000, 64, 2),
	BATCHES(77, 130),
	BATCHES(1000, 10),
	BATCHES(5003, 2),
	BATCHES(50000, 1),
	BULK(8, 64, 500),
	BULK(32, 64, 150),
	BULK(250, 64, 20),
	BULK(16, 256, 250),
	BULK(30, 256, 150),
	BULK(250, 256, 20),
	LIVE("1m", SZ_1M),
	LIVE("64m", SZ_64M),
	LIVE("1g", SZ_1G),
};

const struct bench_group bench_one_cpu_cases = { cases, ARRAY_SIZE(cases), bench_run };
