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
 * A CPU that goes handles no interrupts any more from some point on, and what it would
 * be asked to do would stay undone until it is back. It is not asked then: the ring of
 * a CPU that has gone, or is on its way back, is emptied by registry.c.
 *
 * Contexts: any. Locks: deferred->lock, raw, among those who take out; never in an NMI,
 * and NMIs of a CPU do not nest. Memory: a page or so per CPU.
 */
#include <linux/cpumask.h>
#include <linux/irq_work.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/spinlock.h>

#include "block.h"
#include "defer.h"
#include "fault.h"
#include "home.h"
#include "report.h"
#include "slab.h"

#define RING	256u

struct deferred {
	unsigned int put;		/* by NMIs */
	unsigned int taken;		/* by whoever frees them; @lock */
	atomic_t done;			/* of those, so many have been freed */
	raw_spinlock_t lock;
	struct irq_work work;
	void *object[RING];
};

static struct deferred __percpu *deferred;

void defer_free(void *object)
{
	struct deferred *mine = this_cpu_ptr(deferred);
	unsigned int put = mine->put;

	/* Pairs with the release in take_out(): the entry has been read. */
	if (put - smp_load_acquire(&mine->taken) == RING) {
		report_misuse(MISUSE_NMI_FLOOD, "%p is lost: an NMI freed too much", object);
		return;
	}
	mine->object[put % RING] = object;
	/* The entry is there before it is counted, even if the work is under way. */
	smp_store_release(&mine->put, put + 1);
	if (cpu_online(raw_smp_processor_id()))
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

static void *take_out(struct deferred *ring)
{
	void *object = NULL;
	unsigned long flags;

	raw_spin_lock_irqsave(&ring->lock, flags);
	/* Pairs with the release in defer_free(). */
	if (ring->taken != smp_load_acquire(&ring->put)) {
		object = ring->object[ring->taken % RING];
		/* From here on the entry may be put another one in. */
		smp_store_release(&ring->taken, ring->taken + 1);
	}
	raw_spin_unlock_irqrestore(&ring->lock, flags);
	return object;
}

static void empty_ring(struct deferred *ring)
{
	void *object;

	rcu_read_lock();
	while ((object = take_out(ring))) {
		free_one(object);
		atomic_inc_return_release(&ring->done);
	}
	rcu_read_unlock();
}

static void free_deferred(struct irq_work *work)
{
	empty_ring(container_of(work, struct deferred, work));
}

void defer_drain_cpu(unsigned int cpu)
{
	empty_ring(per_cpu_ptr(deferred, cpu));
}

void defer_sync(void)
{
	unsigned int cpu, put;

	might_sleep();
	for_each_possible_cpu(cpu) {
		struct deferred *ring = per_cpu_ptr(deferred, cpu);

		put = READ_ONCE(ring->put);
		empty_ring(ring);
		/* Who took the last ones out may still be at them. */
		while ((int)((unsigned int)atomic_read_acquire(&ring->done) - put) < 0)
			schedule_timeout_uninterruptible(1);
	}
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
	for_each_possible_cpu(cpu) {
		struct deferred *ring = per_cpu_ptr(deferred, cpu);

		raw_spin_lock_init(&ring->lock);
		/* On PREEMPT_RT the thread that does others stops before its CPU does. */
		ring->work = IRQ_WORK_INIT_HARD(free_deferred);
	}
	return 0;
}

void defer_exit(void)
{
	unsigned int cpu;

	defer_sync();
	for_each_possible_cpu(cpu)
		irq_work_sync(&per_cpu_ptr(deferred, cpu)->work);
	free_percpu(deferred);
}
