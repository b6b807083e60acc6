// SPDX-License-Identifier: GPL-2.0
/*
 * pages.c - cases for one CPU: blocks of pages.
 *
 *	pages-pair-*	one block allocated and freed again
 *	pages-batch-*	many blocks allocated, then all freed
 *	pages-aged-*	a batch, among blocks that random requests have left
 *	pages-mix	blocks of random orders, each replaced at random
 *	pages-first-*	a batch while slabmod holds no free memory: its pages come from the kernel
 *
 * In pages-first-*, slabmod keeps some MiB of the freed pages, so only a large batch returns pages
 * to the kernel in the measured time. The rest returns before the next round.
 */
#include <linux/cpumask.h>
#include <linux/irqflags.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/smp.h>

#include <slabmod/slabmod.h>

#include "bench.h"

/* ---- batches ---- */

static int batch_prepare(struct bench *b)
{
	size_t size = b->size ?: PAGE_SIZE << b->page_order;

	return bench_has_memory(b->c->count * size) ? bench_batch_prepare(b) : -ENOMEM;
}

/* ---- blocks of random orders ---- */

#define MIX_SLOTS	77
#define MIX_ORDERS	5

struct slot {
	void *p;
	unsigned int order;
};

struct slots {
	u32 random;
	unsigned int nr;
	struct slot slot[];
};

static struct slots *slots_new(unsigned int nr)
{
	struct slots *slots = kvzalloc(struct_size(slots, slot, nr), GFP_KERNEL);

	if (slots) {
		slots->random = BENCH_SEED;
		slots->nr = nr;
	}
	return slots;
}

static struct slot *random_slot(struct slots *slots)
{
	return &slots->slot[bench_random(&slots->random) % slots->nr];
}

static int slot_alloc(struct bench *b, struct slots *slots, struct slot *slot)
{
	slot->order = bench_random(&slots->random) % MIX_ORDERS;
	b->page_order = slot->order;
	slot->p = b->ops->alloc(b);
	if (unlikely(!slot->p))
		return -ENOMEM;
	bench_mark(slot->p, slot->order);
	return 0;
}

static void slot_free(struct bench *b, struct slot *slot)
{
	b->page_order = slot->order;
	b->ops->free(b, slot->p);
	slot->p = NULL;
}

static void slots_free(struct bench *b, struct slots *slots)
{
	unsigned int i;

	for (i = 0; i < slots->nr; i++)
		if (slots->slot[i].p)
			slot_free(b, &slots->slot[i]);
}

static int mix_prepare(struct bench *b)
{
	b->priv = slots_new(MIX_SLOTS);
	return b->priv ? 0 : -ENOMEM;
}

static void mix_cleanup(struct bench *b)
{
	kvfree(b->priv);
}

static long mix_work(struct bench *b, unsigned int worker)
{
	struct slots *slots = b->priv;
	unsigned int i;
	int err = 0;

	/* Each try has the same requests. */
	slots->random = BENCH_SEED;
	for (i = 0; i < slots->nr && !err; i++)
		err = slot_alloc(b, slots, &slots->slot[i]);
	for (i = 0; i < b->rounds && !err; i++) {
		struct slot *slot = random_slot(slots);

		slot_free(b, slot);
		err = slot_alloc(b, slots, slot);
	}
	slots_free(b, slots);
	return err ?: (long)(b->rounds + slots->nr);
}

/* ---- aged ---- */

#define AGED_SLOTS	1000
#define AGED_REQUESTS	4000

static int aged_prepare(struct bench *b)
{
	b->priv = slots_new(AGED_SLOTS);
	return b->priv ? batch_prepare(b) : -ENOMEM;
}

static void aged_cleanup(struct bench *b)
{
	if (b->priv)
		slots_free(b, b->priv);
	kvfree(b->priv);
	bench_batch_cleanup(b);
}

/* About half of the slots have a block. */
static int age(void *arg)
{
	struct bench *b = arg;
	struct slots *slots = b->priv;
	unsigned int i;
	int err = 0;

	for (i = 0; i < AGED_REQUESTS && !err; i++) {
		struct slot *slot = random_slot(slots);

		if (slot->p)
			slot_free(b, slot);
		else
			err = slot_alloc(b, slots, slot);
	}
	b->page_order = b->c->page_order;
	return err;
}

/* On the CPU that the case will run on */
static int aged_before(struct bench *b)
{
	return smp_call_on_cpu(cpumask_first(cpu_online_mask), age, b, false);
}

/* ---- the first pages ---- */

/* This is not part of the measured time. */
static void drain(struct bench *b, unsigned int worker)
{
	u64 since = bench_clock();

	if (b->ops == b->c->kind->slabmod)
		slabmod_shrink();
	b->workers[worker].start += bench_clock() - since;
}

static long first_work(struct bench *b, unsigned int worker)
{
	unsigned long flags;
	unsigned int round;
	int err = 0;

	for (round = 0; round < b->rounds && !err; round++) {
		drain(b, worker);
		local_irq_save(flags);
		err = bench_batch_once(b);
		local_irq_restore(flags);
	}
	return err ?: (long)(b->rounds * b->c->count);
}

/* ---- the table ---- */

#define PAIR(of, times, steps)							\
	{ .name = "pages-pair-o" #of, .kind = &bench_pages, .page_order = of, .cpus = 1, \
	  .rounds = times, .step_rounds = steps, .work = bench_pair_work }

#define PAIR_EXACT(n, times)							\
	{ .name = "pages-pair-exact-" #n, .kind = &bench_pages_exact, .cpus = 1,	\
	  .size = (n) * PAGE_SIZE, .rounds = times, .step_rounds = 16, .work = bench_pair_work }

#define BATCH(title, of, n, how, times, steps)					\
	{ .name = "pages-batch-" title, .kind = &bench_pages, .page_order = of, .cpus = 1, \
	  .count = n, .order = how, .rounds = times, .step_rounds = steps,		\
	  .prepare = batch_prepare, .work = bench_batch_work, .cleanup = bench_batch_cleanup }

#define BATCH_2(n, of, times, steps)						\
	BATCH(#n "-fifo-o" #of, of, n, BENCH_FIFO, times, steps),			\
	BATCH(#n "-shuffled-o" #of, of, n, BENCH_SHUFFLED, times, steps)

#define BATCH_3(n, of, times, steps)						\
	BATCH_2(n, of, times, steps),						\
	BATCH(#n "-lifo-o" #of, of, n, BENCH_LIFO, times, steps)

#define BATCH_EXACT(n, pages, times)						\
	{ .name = "pages-batch-" #n "-shuffled-exact-" #pages, .kind = &bench_pages_exact, \
	  .size = (pages) * PAGE_SIZE, .cpus = 1, .count = n, .order = BENCH_SHUFFLED,	\
	  .rounds = times, .step_rounds = 1,					\
	  .prepare = batch_prepare, .work = bench_batch_work, .cleanup = bench_batch_cleanup }

#define AGED(of, times)								\
	{ .name = "pages-aged-o" #of, .kind = &bench_pages, .page_order = of, .cpus = 1, \
	  .count = 77, .order = BENCH_SHUFFLED, .rounds = times, .step_rounds = 1,	\
	  .prepare = aged_prepare, .before = aged_before, .work = bench_batch_work,	\
	  .cleanup = aged_cleanup }

/* Shrinking sleeps, so these cannot be stepped. */
#define FIRST(title, of, n)							\
	{ .name = "pages-first-" title, .kind = &bench_pages, .page_order = of, .cpus = 1, \
	  .count = n, .interrupts = true, .rounds = 4,				\
	  .prepare = batch_prepare, .work = first_work, .cleanup = bench_batch_cleanup }

static const struct bench_case cases[] = {
	PAIR(0, 5000, 64), PAIR(1, 2000, 64), PAIR(2, 2000, 64), PAIR(3, 2000, 64),
	PAIR(4, 500, 16), PAIR(5, 500, 16), PAIR(6, 500, 16), PAIR(7, 200, 16), PAIR(8, 200, 16),
	PAIR(9, 100, 16), PAIR(10, 50, 16),
	PAIR_EXACT(5, 500), PAIR_EXACT(9, 500), PAIR_EXACT(33, 500),
	{ .name = "pages-thisnode-o0", .kind = &bench_pages_thisnode, .cpus = 1,
	  .rounds = 5000, .step_rounds = 64, .work = bench_pair_work },
	BATCH("o0", 0, 256, BENCH_FIFO, 20, 1),
	BATCH("o3", 3, 256, BENCH_FIFO, 10, 1),
	BATCH("o6", 6, 256, BENCH_FIFO, 2, 1),
	BATCH("o9", 9, 256, BENCH_FIFO, 1, 1),
	BATCH_3(7, 0, 100, 8), BATCH_3(7, 1, 50, 8), BATCH_3(7, 2, 50, 8), BATCH_3(7, 3, 50, 8),
	BATCH_3(77, 0, 20, 1), BATCH_3(77, 1, 10, 1), BATCH_3(77, 2, 10, 1), BATCH_3(77, 3, 10, 1),
	BATCH_2(77, 4, 5, 1), BATCH_2(77, 5, 5, 1), BATCH_2(77, 6, 5, 1), BATCH_2(77, 7, 2, 1),
	BATCH_2(77, 8, 2, 1), BATCH_2(77, 9, 1, 1), BATCH_2(77, 10, 1, 1),
	BATCH_3(1000, 0, 2, 1), BATCH_3(1000, 1, 1, 0), BATCH_3(1000, 2, 1, 0),
	BATCH_3(1000, 3, 1, 0), BATCH_2(1000, 4, 1, 0), BATCH_2(1000, 5, 1, 0),
	BATCH_2(1000, 6, 1, 0), BATCH_2(1000, 7, 1, 0),
	BATCH_3(10000, 0, 1, 0), BATCH_3(100000, 0, 1, 0),
	BATCH_EXACT(77, 5, 5), BATCH_EXACT(77, 9, 5), BATCH_EXACT(77, 33, 2),
	AGED(0, 10), AGED(1, 5), AGED(2, 5), AGED(3, 5), AGED(4, 5), AGED(5, 5), AGED(6, 5),
	AGED(7, 2), AGED(8, 2), AGED(9, 1), AGED(10, 1),
	{ .name = "pages-mix", .kind = &bench_pages, .cpus = 1, .rounds = 2000,
	  .step_rounds = 500, .prepare = mix_prepare, .work = mix_work, .cleanup = mix_cleanup },
	FIRST("o0", 0, 1), FIRST("o10", 10, 1), FIRST("16-o10", 10, 16),
};

const struct bench_group bench_page_cases = { cases, ARRAY_SIZE(cases), bench_run };
