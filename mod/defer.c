// SPDX-License-Identifier: GPL-2.0
/*
 * defer.c - frees that an NMI cannot do at once.
 *
 * An NMI may have interrupted whoever holds the lock that a free needs. Such a free
 * is queued on its CPU, without a lock, and done by an irq_work right after.
 *
 * The link is written into the object: the one time that slabmod writes to memory
 * that was given back. An object that has a constructor is constructed again.
 *
 * Contexts: any. Locks: none. Memory: a few words per CPU.
 */
#include <linux/cpumask.h>
#include <linux/irq_work.h>
#include <linux/llist.h>
#include <linux/percpu.h>

#include "block.h"
#include "defer.h"
#include "home.h"
#include "report.h"
#include "slab.h"

struct deferred {
	struct llist_head objects;
	struct irq_work work;
};

static struct deferred __percpu *deferred;

void defer_free(void *object)
{
	struct deferred *mine = this_cpu_ptr(deferred);

	llist_add(object, &mine->objects);
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
		if (cache->ctor)
			cache->ctor(object);
		stat_inc(cache->stats, STAT_NMI_DEFER);
		home_give(cache, &object, 1);
	} else if (frame) {
		stat_inc(frame_chunk(frame)->buddy->source->stats, STAT_NMI_DEFER);
		if (!block_free(frame))
			report_misuse(MISUSE_DOUBLE_FREE, "block %p was freed twice", object);
	}
}

static void free_deferred(struct irq_work *work)
{
	struct deferred *mine = container_of(work, struct deferred, work);
	struct llist_node *node, *next;

	llist_for_each_safe(node, next, llist_del_all(&mine->objects))
		free_one(node);
}

void defer_sync(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		irq_work_sync(&per_cpu_ptr(deferred, cpu)->work);
}

int defer_init(void)
{
	unsigned int cpu;

	deferred = alloc_percpu(struct deferred);
	if (!deferred)
		return -ENOMEM;
	for_each_possible_cpu(cpu) {
		struct deferred *theirs = per_cpu_ptr(deferred, cpu);

		init_llist_head(&theirs->objects);
		init_irq_work(&theirs->work, free_deferred);
	}
	return 0;
}

void defer_exit(void)
{
	if (!deferred)
		return;
	defer_sync();
	free_percpu(deferred);
}
