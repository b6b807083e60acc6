// SPDX-License-Identifier: GPL-2.0
/*
 * defer.c - frees that an NMI cannot do at once.
 *
 * An NMI may have interrupted whoever holds the lock that a free needs. Such a free
 * is put into a ring of its CPU, without a lock, and done by an irq_work right
 * after. The ring is slabmod's own memory: nothing is written to what was freed, and
 * what is freed twice is found out when its turn comes.
 *
 * NMIs nest: a breakpoint or a machine check may interrupt an NMI. So a slot is first
 * reserved, by a compare-and-exchange, and then written. A slot is NULL from the moment it
 * is emptied until it is written again. The consumer stops at a NULL slot: either the ring
 * is empty, or an NMI has yet to write the slot and to queue the irq_work after that.
 *
 * A ring that is full (an NMI freed more than RING of what it could not) is reported,
 * and the memory stays taken.
 *
 * A CPU that goes handles no interrupts any more from some point on, and what it would
 * be asked to do would stay undone until it is back. It is not asked then: the ring of
 * a CPU that has gone, or is on its way back, is emptied by registry.c.
 *
 * Contexts: any. Locks: ring->lock, raw, between consumers; never taken in an NMI.
 * Memory: a page or so per CPU.
 */
#include <linux/cpumask.h>
#include <linux/irq_work.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "block.h"
#include "defer.h"
#include "fault.h"
#include "home.h"
#include "leak.h"
#include "report.h"
#include "slab.h"

static struct defer_ring __percpu *deferred;

void **defer_reserve(struct defer_ring *ring)
{
	int put = atomic_read(&ring->put);

	do {
		/* Pairs with the release in defer_take(): the slot has been emptied. */
		if ((unsigned int)put - smp_load_acquire(&ring->taken) == DEFER_RING)
			return NULL;
	} while (!atomic_try_cmpxchg(&ring->put, &put, put + 1));
	return &ring->object[(unsigned int)put % DEFER_RING];
}
EXPORT_SYMBOL_FOR_TEST(defer_reserve);

void defer_publish(void **slot, void *object)
{
	/* Pairs with the acquire in defer_take(). */
	smp_store_release(slot, object);
}
EXPORT_SYMBOL_FOR_TEST(defer_publish);

void defer_free(void *object)
{
	struct defer_ring *mine = this_cpu_ptr(deferred);
	void **slot = defer_reserve(mine);

	if (!slot) {
		report_misuse(MISUSE_NMI_FLOOD, "%p is lost: an NMI freed too much", object);
		return;
	}
	defer_publish(slot, object);
	/* After the slot is written: the work may be running on behalf of another slot. */
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
		if (leak_tracks(cache))
			leak_note_free(object);
		home_give(cache, &object, 1);
		return;
	}
	if (frame && block_free(frame))
		stat_inc(frame_chunk(frame)->buddy->source->stats, STAT_NMI_DEFER);
	else
		report_misuse(MISUSE_DOUBLE_FREE, "%p was freed twice in an NMI", object);
}

void *defer_take(struct defer_ring *ring)
{
	unsigned long flags;
	void *object;
	void **slot;

	raw_spin_lock_irqsave(&ring->lock, flags);
	slot = &ring->object[ring->taken % DEFER_RING];
	/* Pairs with the release in defer_publish(). */
	object = smp_load_acquire(slot);
	if (object) {
		WRITE_ONCE(*slot, NULL);
		/* From here on an NMI may reserve the slot. Pairs with defer_reserve(). */
		smp_store_release(&ring->taken, ring->taken + 1);
	}
	raw_spin_unlock_irqrestore(&ring->lock, flags);
	return object;
}
EXPORT_SYMBOL_FOR_TEST(defer_take);

static void empty_ring(struct defer_ring *ring)
{
	void *object;

	rcu_read_lock();
	while ((object = defer_take(ring))) {
		free_one(object);
		atomic_inc_return_release(&ring->done);
	}
	rcu_read_unlock();
}

static void free_deferred(struct irq_work *work)
{
	empty_ring(container_of(work, struct defer_ring, work));
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
		struct defer_ring *ring = per_cpu_ptr(deferred, cpu);

		put = atomic_read(&ring->put);
		empty_ring(ring);
		/* Others may still be freeing the last ones, or an NMI may be writing its slot. */
		while ((int)((unsigned int)atomic_read_acquire(&ring->done) - put) < 0) {
			schedule_timeout_uninterruptible(1);
			empty_ring(ring);
		}
	}
}

size_t defer_metadata(void)
{
	return num_possible_cpus() * sizeof(struct defer_ring);
}

void defer_ring_init(struct defer_ring *ring)
{
	memset(ring, 0, sizeof(*ring));
	raw_spin_lock_init(&ring->lock);
}
EXPORT_SYMBOL_FOR_TEST(defer_ring_init);

int defer_init(void)
{
	unsigned int cpu;

	deferred = fault_hits(FAULT_RINGS) ? NULL : alloc_percpu(struct defer_ring);
	if (!deferred)
		return -ENOMEM;
	leak_hide_percpu(deferred);
	for_each_possible_cpu(cpu) {
		struct defer_ring *ring = per_cpu_ptr(deferred, cpu);

		defer_ring_init(ring);
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
