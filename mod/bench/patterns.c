// SPDX-License-Identifier: GPL-2.0
/*
 * patterns.c - cases for one CPU in which time passes, caches are new, or there are many.
 *
 *	fresh-3000-roundN	a new cache: 64 objects allocated, then freed, for the Nth time
 *	idle-*-72		1,000 objects allocated and freed after a pause without requests
 *	caches-200-72		an object of each of 200 caches allocated, then all freed
 *	mix-sizes		2,000 objects of 8 bytes to 8 KiB, most of them small; random ones
 *				are exchanged
 */
#include <linux/bitops.h>
#include <linux/delay.h>
#include <linux/irqflags.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <slabmod/slabmod.h>

#include "../compat.h"
#include "bench.h"
#include "patterns.h"

/* ---- a new cache ---- */

static int fresh_before(struct bench *b)
{
	if (!b->ops->open)
		return 0;
	b->ops->close(b);
	b->is_open = false;
	if (b->ops->open(b))
		return -ENOMEM;
	b->is_open = true;
	return 0;
}

/* Only the last round is measured. */
static long fresh_work(struct bench *b, unsigned int worker)
{
	unsigned int i;
	int err = 0;

	for (i = 1; i < b->rounds && !err; i++)
		err = bench_batch_once(b);
	err = err ?: bench_line_up(b, worker);
	err = err ?: bench_batch_once(b);
	return err ?: (long)b->c->count;
}

/* ---- a pause ---- */

/* Let the allocators adapt to batches, then let b->rounds milliseconds pass. */
static int pass_time(struct bench *b)
{
	unsigned int i, ms;
	int err = 0;

	for (i = 0; i < 20 && !err; i++) {
		err = bench_batch_once(b);
		msleep(20);
	}
	for (ms = 0; ms < b->rounds && !err; ms += 100) {
		msleep(100);
		if (bench_stopped(b))
			err = -EINTR;
	}
	return err;
}

static long idle_work(struct bench *b, unsigned int worker)
{
	unsigned long flags;
	int err = b->ops->same ? 0 : pass_time(b);

	if (err)
		return err;
	local_irq_save(flags);
	err = bench_line_up(b, worker) ?: bench_batch_once(b);
	bench_finish(b, worker);
	local_irq_restore(flags);
	return err ?: (long)b->c->count;
}

/* ---- many caches ---- */

struct rotation {
	unsigned int opened;
	struct bench cache[];
};

static int open_cache(struct bench *c, unsigned int i)
{
	char name[SLABMOD_CACHE_NAME_MAX + 1];

	snprintf(name, sizeof(name), "rotation-%u", i);
	if (c->ops == bench_typed.kernel)
		c->slub = kmem_cache_create_unmerged(name, c->size, 0);
	else if (c->ops == bench_typed.slabmod)
		c->slabmod = slabmod_cache_create(name, c->size, 0, 0, NULL);
	else
		return 0;
	return c->slub ? 0 : -ENOMEM;
}

static int rotation_prepare(struct bench *b)
{
	struct rotation *r = kvzalloc(struct_size(r, cache, b->c->count), GFP_KERNEL);
	int err = 0;

	b->priv = r;
	if (!r)
		return -ENOMEM;
	for (; r->opened < b->c->count && !err; r->opened += !err) {
		struct bench *c = &r->cache[r->opened];

		c->ops = b->ops;
		c->size = b->size;
		err = open_cache(c, r->opened);
	}
	return err ?: bench_batch_prepare(b);
}

static void rotation_cleanup(struct bench *b)
{
	struct rotation *r = b->priv;

	while (r && r->opened--)
		if (b->ops->close)
			b->ops->close(&r->cache[r->opened]);
	kvfree(r);
	bench_batch_cleanup(b);
}

static int rotate(struct bench *b)
{
	struct rotation *r = b->priv;
	unsigned long n = b->c->count, i;

	for (i = 0; i < n; i++) {
		b->objects[i] = b->ops->alloc(&r->cache[i]);
		if (unlikely(!b->objects[i]))
			break;
		bench_mark(b->objects[i], i);
	}
	n = i;
	for (i = 0; i < n; i++)
		b->ops->free(&r->cache[i], b->objects[i]);
	return n < b->c->count ? -ENOMEM : 0;
}

static long rotation_work(struct bench *b, unsigned int worker)
{
	unsigned int round;
	int err = 0;

	for (round = 0; round < b->rounds && !err; round++)
		err = rotate(b);
	return err ?: (long)(b->rounds * b->c->count);
}

/* ---- many sizes ---- */

#define MIX_SLOTS	2000u
#define MIX_OCTAVES	10

int mix_prepare(struct bench *b)
{
	b->objects = kvcalloc(MIX_SLOTS, sizeof(*b->objects), GFP_KERNEL);
	return b->objects ? 0 : -ENOMEM;
}

void mix_cleanup(struct bench *b)
{
	kvfree(b->objects);
}

/* Each doubling of the size is half as frequent: 9 to 8,192 bytes. */
static int mix_alloc(struct bench *b, u32 slot, u32 *random)
{
	u32 bits = bench_random(random);
	u32 least = 8u << min_t(u32, __ffs(bits | BIT(MIX_OCTAVES - 1)), MIX_OCTAVES - 1);
	void *p = b->ops->alloc_size(b, least + 1 + (bits >> 16) % least);

	b->objects[slot] = p;
	if (unlikely(!p))
		return -ENOMEM;
	bench_mark(p, slot);
	return 0;
}

long mix_work(struct bench *b, unsigned int worker)
{
	u32 random = BENCH_SEED, slot, i;
	int err = 0;

	for (slot = 0; slot < MIX_SLOTS && !err; slot++)
		err = mix_alloc(b, slot, &random);
	for (i = 0; i < b->rounds && !err; i++) {
		slot = bench_random(&random) % MIX_SLOTS;
		b->ops->free(b, b->objects[slot]);
		err = mix_alloc(b, slot, &random);
	}
	for (slot = 0; slot < MIX_SLOTS; slot++) {
		if (b->objects[slot])
			b->ops->free(b, b->objects[slot]);
		b->objects[slot] = NULL;
	}
	return err ?: (long)(b->rounds + MIX_SLOTS);
}

/* ---- the table ---- */

#define FRESH(round)								\
	{ .name = "fresh-3000-round" #round, .kind = &bench_typed, .size = 3000, .cpus = 1, \
	  .count = 64, .order = BENCH_FIFO, .rounds = round, .cold = true,		\
	  .prepare = bench_batch_prepare, .before = fresh_before, .work = fresh_work,	\
	  .cleanup = bench_batch_cleanup }

/* Natively, the pauses take their time. */
#define IDLE(title, ms)								\
	{ .name = "idle-" title "-72", .kind = &bench_typed, .size = 72, .cpus = 1,	\
	  .count = 1000, .order = BENCH_FIFO, .rounds = ms, .cold = true, .interrupts = true, \
	  .tries = 3, .prepare = bench_batch_prepare, .work = idle_work,		\
	  .cleanup = bench_batch_cleanup }

static const struct bench_case cases[] = {
	FRESH(1), FRESH(2), FRESH(3),
	IDLE("100ms", 100), IDLE("5s", 5000), IDLE("20s", 20000),
	{ .name = "caches-200-72", .kind = &bench_typed, .size = 72, .cpus = 1, .count = 200,
	  .rounds = 50, .step_rounds = 4, .prepare = rotation_prepare, .work = rotation_work,
	  .cleanup = rotation_cleanup },
	{ .name = "mix-sizes", .kind = &bench_kmalloc, .cpus = 1, .rounds = 20000,
	  .step_rounds = 2000, .prepare = mix_prepare, .work = mix_work, .cleanup = mix_cleanup },
};

const struct bench_group bench_pattern_cases = { cases, ARRAY_SIZE(cases), bench_run };
