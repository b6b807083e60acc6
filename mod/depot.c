// SPDX-License-Identifier: GPL-2.0
/*
 * depot.c - blocks of one size, for magazines.
 *
 * What homes are to objects, the buddies are to blocks: magazines are refilled from here and
 * flushed to here. A block that is outside of the buddy is claimed, or in use by a caller.
 *
 * Contexts: any; an NMI gets nothing and frees nothing. Locks: none of its own.
 */
#include <linux/nodemask.h>

#include "buddy.h"
#include "buddy_walk.h"
#include "depot.h"
#include "gfp.h"
#include "report.h"
#include "source.h"

unsigned int depot_alloc(struct slabmod_cache *cache, struct claimed_block *blocks,
			 unsigned int nr)
{
	struct buddy *buddy = &cache->buddies[source_nid(cache->source)];
	unsigned int got = 0, more;

	do {
		more = buddy_alloc_bulk(buddy, &cache->uses[USE_CLAIMED], blocks + got, nr - got);
		got += more;
	} while (more && got < nr);
	if (got)
		count_inuse(cache, got);
	return got;
}

void *depot_alloc_block(struct slabmod_cache *cache, int nid, gfp_t gfp)
{
	void *block = buddy_alloc(cache->buddies, nid, cache->usual.pages, gfp,
				  &cache->uses[USE_CLAIMED]);

	if (block)
		count_inuse(cache, 1);
	return block;
}

bool depot_free(struct slabmod_cache *cache, const struct claimed_block *blocks, unsigned int nr)
{
	if (must_not_lock())
		return false;
	if (nr) {
		buddy_free_bulk(&cache->uses[USE_CLAIMED], blocks, nr);
		count_inuse(cache, -(long)nr);
	}
	return true;
}

bool depot_is_sparse(const struct slabmod_cache *cache)
{
	return buddy_is_sparse(&cache->buddies[source_nid(cache->source)]);
}

/* ---- checks ---- */

struct block_census {
	struct slabmod_cache *cache;
	long blocks;
};

static void count_block(void *block, struct frame *frame, void *arg)
{
	struct block_census *census = arg;

	if (frame_owner(frame) == census->cache)
		census->blocks++;
}

bool depot_check(struct slabmod_cache *cache)
{
	struct block_census census = { .cache = cache };
	long inuse = atomic_long_read(&cache->inuse);
	int nid;

	for_each_node(nid)
		buddy_walk(&cache->buddies[nid], count_block, &census);
	if (census.blocks == inuse)
		return true;
	report_broken("%s: %ld blocks are counted, there are %ld", cache->name, inuse,
		      census.blocks);
	return false;
}
