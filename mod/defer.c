// SPDX-License-Identifier: GPL-2.0
/*
 * defer.c - frees that an NMI cannot do at once.
 *
 * An NMI may have interrupted the holder of a lock that a free needs. Such a free is stored in a
 * per-CPU ring, without a lock, and done by an irq_work. The ring is slabmod's own memory: freed
 * memory is not written to. A slot records the cache of the object. If the object was freed twice,
 * its memory may have another owner before its turn comes, and that owner must not lose it. A
 * block is claimed at once.
 *
 * NMIs nest: a breakpoint or a machine check may interrupt an NMI. So a slot is first reserved, by
 * a compare-and-exchange, and then written. A slot is NULL from the moment it is emptied until it
 * is written again. The consumer stops at a NULL slot: either the ring is empty, or an NMI has yet
 * to write the slot and then queues the irq_work.
 *
 * If the ring is full, the free is reported and the memory leaks.
 *
 * A CPU that goes offline stops handling interrupts at some point, and an irq_work would wait until
 * it is online again. It is not queued then: cache_list.c drains the ring of a CPU that is
 * offline or comes online.
 *
 * Contexts: any. Locks: ring->lock, raw, between consumers; never taken in an NMI. Memory: about a
 * page per CPU, 16 bytes a slot.
 */
#include <linux/cpumask.h>
#include <linux/irq_work.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "block.h"
#include "buddy.h"
#include "debug/fault.h"
#include "debug/leak.h"
#include "defer.h"
#include "gfp.h"
#include "home.h"
#include "home_return.h"
#include "report.h"
#include "slab.h"

static struct defer_ring __percpu *deferred;

struct deferred *defer_reserve(struct defer_ring *ring)
{
	int put = atomic_read(&ring->put);

	do {
		/* Pairs with the release in defer_pop(): the slot has been emptied. */
		if ((unsigned int)put - smp_load_acquire(&ring->taken) == DEFER_RING)
			return NULL;
	} while (!atomic_try_cmpxchg(&ring->put, &put, put + 1));
	return &ring->slot[(unsigned int)put % DEFER_RING];
}
EXPORT_SYMBOL_FOR_TEST(defer_reserve);

void defer_publish(struct deferred *slot, void *object, struct slabmod_cache *cache)
{
	slot->cache = cache;
	/* Pairs with the acquire in defer_pop(). */
	smp_store_release(&slot->object, object);
}
EXPORT_SYMBOL_FOR_TEST(defer_publish);

/* Defer an object of @cache, or a claimed block. Return false if the ring is full. */
static bool enqueue(void *object, struct slabmod_cache *cache)
{
	struct defer_ring *mine = this_cpu_ptr(deferred);
	struct deferred *slot = defer_reserve(mine);

	if (!slot) {
		report_misuse(MISUSE_NMI_FLOOD, "%p is lost: an NMI freed too much", object);
		return false;
	}
	defer_publish(slot, object, cache);
	/* After the slot is written: the work may be running for another slot. */
	if (cpu_online(raw_smp_processor_id()))
		irq_work_queue(&mine->work);
	return true;
}

void defer_free(struct slabmod_cache *cache, void *object)
{
	enqueue(object, cache);
}
EXPORT_SYMBOL_FOR_TEST(defer_free);

/* The block is claimed, so no second free succeeds meanwhile. */
noinline void defer_release(struct frame *frame, void *block)
{
	if (!enqueue(block, NULL))
		frame_unclaim(frame);
}

bool defer_free_block(struct frame *frame, void *p)
{
	if (!frame || offset_in_page(p) || !frame_claim(frame))
		return false;
	if (!block_release(p, chunk_frame(p)))
		defer_release(frame, p);
	return true;
}

static void free_entry(struct deferred *entry)
{
	struct slabmod_cache *cache = entry->cache;

	if (cache) {
		stat_inc(cache->stats, EVENT_NMI_DEFER);
		if (leak_tracks(cache))
			leak_note_free(entry->object);
		/* If it was freed twice, its memory may belong to another cache by now. */
		home_free(cache, &entry->object, 1);
		return;
	}
	stat_inc(chunk_of(entry->object)->buddy->source->stats, EVENT_NMI_DEFER);
	block_release(entry->object, chunk_frame(entry->object));
}

struct deferred defer_pop(struct defer_ring *ring)
{
	struct deferred entry, *slot;
	unsigned long flags;

	raw_spin_lock_irqsave(&ring->lock, flags);
	slot = &ring->slot[ring->taken % DEFER_RING];
	/* Pairs with the release in defer_publish(). */
	entry.object = smp_load_acquire(&slot->object);
	if (entry.object) {
		entry.cache = slot->cache;
		WRITE_ONCE(slot->object, NULL);
		/* From here on an NMI may reserve the slot. Pairs with defer_reserve(). */
		smp_store_release(&ring->taken, ring->taken + 1);
	}
	raw_spin_unlock_irqrestore(&ring->lock, flags);
	return entry;
}
EXPORT_SYMBOL_FOR_TEST(defer_pop);

static void empty_ring(struct defer_ring *ring)
{
	struct deferred entry;

	rcu_read_lock();
	while ((entry = defer_pop(ring)).object) {
		free_entry(&entry);
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
		/* Other CPUs may be freeing the last ones, or an NMI may be writing its slot. */
		while ((int)((unsigned int)atomic_read_acquire(&ring->done) - put) < 0) {
			schedule_timeout_uninterruptible(1);
			empty_ring(ring);
		}
	}
}
EXPORT_SYMBOL_FOR_TEST(defer_sync);

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

	deferred = fault_alloc_percpu(FAULT_RINGS, sizeof(struct defer_ring),
				      __alignof__(struct defer_ring), GFP_KERNEL);
	if (!deferred)
		return -ENOMEM;
	leak_hide_percpu(deferred);
	for_each_possible_cpu(cpu) {
		struct defer_ring *ring = per_cpu_ptr(deferred, cpu);

		defer_ring_init(ring);
		/* Hard: on PREEMPT_RT the thread for other work stops before its CPU does. */
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
