// SPDX-License-Identifier: GPL-2.0
/*
 * defer.c - frees that an NMI cannot do at once.
 *
 * An NMI may have interrupted whoever holds the lock that a free needs. Such a free
 * is put into a ring of its CPU, without a lock, and done by an irq_work right
 * after. The ring is slabmod's own memory: nothing is written to what was freed, and
 * what is freed twice is found out when its turn comes.
 *
 * A ring that is full (an NMI freed more than RING of what it could not) is reported,
 * and the memory stays taken.
 *
 * Contexts: any. Locks: none; NMIs of a CPU do not nest, and only its irq_work takes
 * out what they put in. Memory: a page or so per CPU.
 */
#include <linux/cpumask.h>
#include <linux/irq_work.h>
#include <linux/percpu.h>

#include "block.h"
#include "defer.h"
#include "fault.h"
#include "home.h"
#include "report.h"
#include "slab.h"

#define RING	256u

struct deferred {
	unsigned int put;		/* by NMIs */
	unsigned int taken;		/* by the irq_work */
	struct irq_work work;
	void *object[RING];
};

static struct deferred __percpu *deferred;

void defer_free(void *object)
{
	struct deferred *mine = this_cpu_ptr(deferred);
	unsigned int put = mine->put;

	if (put - READ_ONCE(mine->taken) == RING) {
		report_misuse(MISUSE_NMI_FLOOD, "%p is lost: an NMI freed too much", object);
		return;
	}
	mine->object[put % RING] = object;
	/* The entry is there before it is counted, even if the work is under way. */
	smp_store_release(&mine->put, put + 1);
	irq_work_queue(&mine->work);
}

bool block_free_any(struct frame *frame, void *p)
{
	if (!frame || frame->state != FRAME_PAGES || p != frame_address(frame))
		return false;
	if (!in_nmi())
		return block_free(frame);
	defer_free(p);
	return true;
}

static void free_one(void *object)
{
	struct frame *frame = chunk_frame(object);
	struct slabmod_cache *cache = frame ? slab_cache(frame) : NULL;

	if (cache) {
		stat_inc(cache->stats, STAT_NMI_DEFER);
		home_give(cache, &object, 1);
		return;
	}
	if (frame && block_free(frame))
		stat_inc(frame_chunk(frame)->buddy->source->stats, STAT_NMI_DEFER);
	else
		report_misuse(MISUSE_DOUBLE_FREE, "%p was freed twice in an NMI", object);
}

static void free_deferred(struct irq_work *work)
{
	struct deferred *mine = container_of(work, struct deferred, work);
	unsigned int taken = mine->taken;

	rcu_read_lock();
	/* Pairs with the release in defer_free(). */
	while (taken != smp_load_acquire(&mine->put)) {
		free_one(mine->object[taken % RING]);
		WRITE_ONCE(mine->taken, ++taken);
	}
	rcu_read_unlock();
}

void defer_sync(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		irq_work_sync(&per_cpu_ptr(deferred, cpu)->work);
}

size_t defer_metadata(void)
{
	return num_possible_cpus() * sizeof(struct deferred);
}

int defer_init(void)
{
	unsigned int cpu;

	deferred = fault_hits(FAULT_RINGS) ? NULL : alloc_percpu(struct deferred);
	if (!deferred)
		return -ENOMEM;
	for_each_possible_cpu(cpu)
		init_irq_work(&per_cpu_ptr(deferred, cpu)->work, free_deferred);
	return 0;
}

void defer_exit(void)
{
	defer_sync();
	free_percpu(deferred);
}
