// SPDX-License-Identifier: GPL-2.0
/*
 * quarantine.c - freed objects of a debugged cache that are withheld from reuse.
 *
 * The later a freed object is reused, the longer a double free and a write after free can be
 * told from valid use by a new owner. Objects leave the quarantine in the order in which they
 * were freed: when it exceeds its size, when memory is short, and when the cache is shrunk.
 *
 * Contexts: any. Locks: debug_queue->lock, raw, held for one track.
 */
#include <linux/preempt.h>
#include <linux/rcupdate.h>

#include "chunk.h"
#include "debug/quarantine.h"
#include "gfp.h"
#include "magazine.h"

/* ---- queues, also used for blocks ---- */

void debug_queue_add(struct debug_queue *queue, struct debug_track *track)
{
	unsigned long flags;

	track->next = NULL;
	raw_spin_lock_irqsave(&queue->lock, flags);
	if (queue->newest)
		queue->newest->next = track;
	else
		queue->oldest = track;
	queue->newest = track;
	WRITE_ONCE(queue->nr, queue->nr + 1);
	raw_spin_unlock_irqrestore(&queue->lock, flags);
}

struct debug_track *debug_queue_remove(struct debug_queue *queue, unsigned long keep)
{
	struct debug_track *track;
	unsigned long flags;

	raw_spin_lock_irqsave(&queue->lock, flags);
	track = queue->nr > keep ? queue->oldest : NULL;
	if (track) {
		queue->oldest = track->next;
		if (!queue->oldest)
			queue->newest = NULL;
		WRITE_ONCE(queue->nr, queue->nr - 1);
	}
	raw_spin_unlock_irqrestore(&queue->lock, flags);
	return track;
}

/* ---- objects ---- */

/* Free an object to its slab; magazine_free_object() also works in NMI. */
static void release_object(struct slabmod_cache *cache, struct debug_track *track)
{
	void *raw = debug_raw(cache, track);

	debug_check_free(cache, track);
	/* The object may be allocated by another CPU from here on. */
	smp_store_release(&track->state, DEBUG_FREE);
	magazine_free_object(cache, frame_slab(chunk_frame(raw)), raw);
}

void quarantine_put(struct slabmod_cache *cache, struct debug_track *track)
{
	struct debug_cache *debug = cache->debug;

	if (must_not_lock()) {
		release_object(cache, track);
		return;
	}
	debug_queue_add(&debug->quarantine, track);
	while ((track = debug_queue_remove(&debug->quarantine, debug->quarantine_max)))
		release_object(cache, track);
}

bool quarantine_drain(struct slabmod_cache *cache, unsigned long max)
{
	struct debug_track *track;
	unsigned long n;

	if (!cache->debug || must_not_lock())
		return false;
	rcu_read_lock();
	for (n = 0; n < max && (track = debug_queue_remove(&cache->debug->quarantine, 0)); n++)
		release_object(cache, track);
	rcu_read_unlock();
	return n;
}
EXPORT_SYMBOL_FOR_TEST(quarantine_drain);

/* Objects freed in the first round, few enough to keep its latency low. */
#define SHRINK_OBJECTS	64ul

bool quarantine_shrink(struct slabmod_cache *cache, unsigned int round)
{
	return quarantine_drain(cache, SHRINK_OBJECTS << round);
}
