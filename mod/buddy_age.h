/* SPDX-License-Identifier: GPL-2.0 */
/*
 * buddy_age.h - background work on the free blocks of a node.
 */
#ifndef SLABMOD_BUDDY_AGE_H
#define SLABMOD_BUDDY_AGE_H

#include "types.h"

/*
 * Free as many chunks as were wholly free all the time since the last call, down to the source's
 * reserve. Return the freed pages.
 */
unsigned long buddy_age(struct buddy *buddy);

/* Likewise, as many as have become wholly free since buddy_age(), by aging of caches. */
unsigned long buddy_age_recent(struct buddy *buddy);

/* Return true if buddy_age() may have something to do later. */
bool buddy_has_idle(struct buddy *buddy);

/* Return the pages of chunks that have only free blocks and empty slabs. */
unsigned long buddy_reclaimable(struct buddy *buddy);

/* Allocate chunks ahead of need if buddy_note_request() found the node low on pages. */
void buddy_prefill(struct buddy *buddies, int nid, gfp_t gfp);

#endif /* SLABMOD_BUDDY_AGE_H */
