// SPDX-License-Identifier: GPL-2.0
/*
 * quarantine.c - objects of a debugged cache that were freed, and are kept from use.
 *
 * The longer a freed object is not handed out again, the longer a second free of it can
 * be told from a free of somebody else's, and a late write from a caller's own. So they
 * go back to their slabs in the order they came, when there are too many bytes of them,
 * when memory is short, and when the cache is shrunk.
 *
 * Contexts: any. Locks: debug_queue->lock, raw, held for one track.
 */
#include <linux/preempt.h>
#include <linux/rcupdate.h>

#include "chunk.h"
#include "debug/quarantine.h"
#include "magazine.h"

/* ---- queues, of blocks too ---- */

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

/* To its slab; by way of the magazine's free, which knows what to do in an NMI. */
static void let_go(struct slabmod_cache *cache, struct debug_track *track)
{
	void *raw = debug_raw(cache, track);

	debug_check_free(cache, track);
	/* From here on somebody else may take it. */
	smp_store_release(&track->state, DEBUG_FREE);
	magazine_free_object(cache, frame_slab(chunk_frame(raw)), raw);
}

void quarantine_put(struct slabmod_cache *cache, struct debug_track *track)
{
	struct debug_cache *debug = cache->debug;

	if (in_nmi()) {
		let_go(cache, track);
		return;
	}
	debug_queue_add(&debug->quarantine, track);
	while ((track = debug_queue_remove(&debug->quarantine, debug->most)))
		let_go(cache, track);
}

bool quarantine_drain(struct slabmod_cache *cache, unsigned long most)
{
	struct debug_track *track;
	unsigned long n;

	if (!cache->debug || in_nmi())
		return false;
	rcu_read_lock();
	for (n = 0; n < most && (track = debug_queue_remove(&cache->debug->quarantine, 0)); n++)
		let_go(cache, track);
	rcu_read_unlock();
	return n;
}
EXPORT_SYMBOL_FOR_TEST(quarantine_drain);

/* At first, so few that nobody waits for all of them. */
#define RELENT_OBJECTS	64ul

bool quarantine_shrink(struct slabmod_cache *cache, unsigned int round)
{
	return quarantine_drain(cache, RELENT_OBJECTS << round);
}

void quarantine_end(struct slabmod_cache *cache)
{
	if (!cache->debug)
		return;
	quarantine_drain(cache, ULONG_MAX);
	/* Who frees into it, or drains it, is a reader of RCU until all is in the slabs. */
	synchronize_rcu();
}
