// SPDX-License-Identifier: GPL-2.0
/*
 * quarantine.c - objects of a debugged cache that were freed, and are kept from use.
 *
 * The longer a freed object is not handed out again, the longer a second free of it can
 * be told from a free of somebody else's, and a late write from a caller's own. So they
 * go back to their slabs in the order they came, when there are too many bytes of them,
 * when memory is short, and when the cache is shrunk.
 *
 * Contexts: any. Locks: debug_cache->lock, raw, interrupts off, held for one object.
 */
#include <linux/preempt.h>
#include <linux/rcupdate.h>

#include "chunk.h"
#include "magazine.h"
#include "quarantine.h"

/* To its slab; by way of the magazine's free, which knows what to do in an NMI. */
static void let_go(struct slabmod_cache *cache, struct debug_track *track)
{
	void *raw = debug_raw(cache, track);

	debug_look_at_free(cache, track);
	/* From here on somebody else may take it. */
	smp_store_release(&track->state, DEBUG_FREE);
	magazine_free(cache, slab_first(chunk_frame(raw)), raw);
}

static void add(struct debug_cache *debug, struct debug_track *track)
{
	track->next = NULL;
	if (debug->newest)
		debug->newest->next = track;
	else
		debug->oldest = track;
	debug->newest = track;
	WRITE_ONCE(debug->objects, debug->objects + 1);
}

/* The one that came first, when there are more than @keep. */
static struct debug_track *remove_oldest(struct debug_cache *debug, unsigned long keep)
{
	struct debug_track *track;
	unsigned long flags;

	raw_spin_lock_irqsave(&debug->lock, flags);
	track = debug->objects > keep ? debug->oldest : NULL;
	if (track) {
		debug->oldest = track->next;
		if (!debug->oldest)
			debug->newest = NULL;
		WRITE_ONCE(debug->objects, debug->objects - 1);
	}
	raw_spin_unlock_irqrestore(&debug->lock, flags);
	return track;
}

void quarantine_put(struct slabmod_cache *cache, struct debug_track *track)
{
	struct debug_cache *debug = cache->debug;
	unsigned long flags;

	if (in_nmi()) {
		let_go(cache, track);
		return;
	}
	raw_spin_lock_irqsave(&debug->lock, flags);
	add(debug, track);
	raw_spin_unlock_irqrestore(&debug->lock, flags);
	while ((track = remove_oldest(debug, debug->most)))
		let_go(cache, track);
}

bool quarantine_drain(struct slabmod_cache *cache)
{
	struct debug_track *track;
	bool any = false;

	if (!cache->debug || in_nmi())
		return false;
	rcu_read_lock();
	while ((track = remove_oldest(cache->debug, 0))) {
		let_go(cache, track);
		any = true;
	}
	rcu_read_unlock();
	return any;
}
