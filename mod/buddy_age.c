// SPDX-License-Identifier: GPL-2.0
/*
 * buddy_age.c - background work on the free blocks of a node.
 *
 * Chunks that stay wholly free are freed to the source. Pages are allocated ahead of need if
 * atomic requests found few.
 *
 * Contexts: process, may sleep; buddy_has_idle() and buddy_reclaimable() any.
 * Locks: buddy->lock; lockless readers walk the chunks by RCU.
 */
#include <linux/gfp.h>
#include <linux/rculist.h>
#include <linux/rcupdate.h>

#include "buddy.h"
#include "buddy_age.h"
#include "chunk.h"
#include "descriptor.h"
#include "free_map.h"
#include "source.h"

unsigned long buddy_age(struct buddy *buddy)
{
	unsigned long flags, idle;

	raw_spin_lock_irqsave(&buddy->lock, flags);
	idle = buddy->min_free_chunks;
	buddy->min_free_chunks = buddy->nr_free_chunks;
	raw_spin_unlock_irqrestore(&buddy->lock, flags);
	return buddy_trim_some(buddy, idle);
}
EXPORT_SYMBOL_FOR_TEST(buddy_age);

unsigned long buddy_age_recent(struct buddy *buddy)
{
	unsigned long flags, recent;

	raw_spin_lock_irqsave(&buddy->lock, flags);
	recent = buddy->nr_free_chunks - buddy->min_free_chunks;
	raw_spin_unlock_irqrestore(&buddy->lock, flags);
	return buddy_trim_some(buddy, recent);
}

/* Return true if the reserve can spare a wholly free chunk. */
static bool has_unreserved(struct buddy *buddy)
{
	unsigned long beyond = source_unreserved(buddy->source);
	struct chunk *chunk;
	bool has = false;

	rcu_read_lock();
	list_for_each_entry_rcu(chunk, &buddy->chunks, all) {
		if (chunk_is_free(chunk) && chunk_pages(chunk) <= beyond) {
			has = true;
			break;
		}
	}
	rcu_read_unlock();
	return has;
}

bool buddy_has_idle(struct buddy *buddy)
{
	return READ_ONCE(buddy->nr_free_chunks) && has_unreserved(buddy);
}
EXPORT_SYMBOL_FOR_TEST(buddy_has_idle);

unsigned long buddy_reclaimable(struct buddy *buddy)
{
	unsigned long pages = 0;
	struct chunk *chunk;

	rcu_read_lock();
	list_for_each_entry_rcu(chunk, &buddy->chunks, all) {
		unsigned int idle = chunk_free_pages(chunk) + atomic_read(&chunk->empty_pages);

		if (idle >= chunk_pages(chunk))
			pages += chunk_pages(chunk);
	}
	rcu_read_unlock();
	return pages;
}
EXPORT_SYMBOL_FOR_TEST(buddy_reclaimable);

void buddy_prefill(struct buddy *buddies, int nid, gfp_t gfp)
{
	struct buddy *buddy = &buddies[nid];

	descriptors_prefill(&buddy->descriptors, buddy->source, gfp);
	if (!READ_ONCE(buddy->low))
		return;
	WRITE_ONCE(buddy->low, false);
	/* Pages of another node would not help. */
	while (READ_ONCE(buddy->free_pages) < BUDDY_LOW_PAGES && source_has_room(buddy->source)) {
		if (!buddy_add_chunk(buddies, nid, buddy->source->min_order, gfp | __GFP_THISNODE))
			break;
		stat_inc(buddy->source->stats, EVENT_AHEAD);
	}
}
EXPORT_SYMBOL_FOR_TEST(buddy_prefill);
