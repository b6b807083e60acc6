// SPDX-License-Identifier: GPL-2.0
/*
 * callsites.c - the live objects of debugged caches, blocks and areas, by call site or by stack.
 *
 * Nothing is counted when objects are allocated and freed: each request walks all slabs.
 *
 * Contexts: process, may sleep. Locks: none; slabs, blocks and areas are walked under RCU. Memory:
 * a table for the time of the request.
 */
#include <linux/hash.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/slab.h>
#include <linux/sort.h>

#include "buddy.h"
#include "buddy_walk.h"
#include "cache.h"
#include "cache_list.h"
#include "debug/callsites.h"
#include "debug/debug_area.h"
#include "debug/debug_block.h"
#include "debug/fault.h"

#define HASH_BITS	11
#define HASH_SIZE	BIT(HASH_BITS)

static_assert(HASH_SIZE > CALLSITES_MAX);

struct census {
	struct slabmod_cache *cache;
	struct callsites *sites;
	bool by_stack;
	u16 slot[HASH_SIZE];		/* one more than the index of a site, or 0 */
};

/* Return the entry of a track, or the last one, which has no address, if the table is full. */
static struct callsite *find_callsite(struct census *census, const struct debug_track *track)
{
	unsigned long key = census->by_stack ? track->alloc_stack : track->alloc_site;
	struct callsites *sites = census->sites;
	unsigned int h = hash_long(key, HASH_BITS);
	struct callsite *site;

	for (; census->slot[h]; h = (h + 1) % HASH_SIZE) {
		site = &sites->site[census->slot[h] - 1];
		if (census->by_stack ? site->stack == key : site->site == key)
			return site;
	}
	if (sites->nr == CALLSITES_MAX)
		return &sites->site[CALLSITES_MAX];
	site = &sites->site[sites->nr++];
	census->slot[h] = sites->nr;
	site->site = track->alloc_site;
	site->stack = track->alloc_stack;
	return site;
}

static void census_add_track(const struct debug_track *track, void *arg)
{
	struct census *census = arg;
	struct callsite *site = find_callsite(census, track);

	if (!site->objects || time_before(track->alloc_time, site->oldest))
		site->oldest = track->alloc_time;
	if (!site->objects || time_after(track->alloc_time, site->youngest))
		site->youngest = track->alloc_time;
	site->objects++;
	site->bytes += track->requested;
}

static void census_add_slab(void *block, struct frame *frame, void *arg)
{
	struct slab *slab = frame_slab(frame);
	struct census *census = arg;

	if (slab && slab_cache(slab) == census->cache)
		debug_walk_live(census->cache, slab, census_add_track, census);
}

static void census_add_cache(struct slabmod_cache *cache, void *arg)
{
	struct census *census = arg;
	int nid;

	if (cache->flags & CACHE_BLOCKS)
		return;
	census->sites->caches++;
	if (!(cache->flags & CACHE_DEBUG))
		return;
	census->sites->debugged++;
	census->cache = cache;
	for_each_node(nid)
		buddy_walk(&cache->buddies[nid], census_add_slab, census);
}

static int more_bytes_first(const void *a, const void *b)
{
	const struct callsite *x = a, *y = b;

	return x->bytes == y->bytes ? 0 : x->bytes < y->bytes ? 1 : -1;
}

static int oldest_first(const void *a, const void *b)
{
	const struct callsite *x = a, *y = b;

	return x->oldest == y->oldest ? 0 : time_after(x->oldest, y->oldest) ? 1 : -1;
}

struct callsites *callsites_of(struct slabmod_pool *pool, bool by_stack)
{
	struct census *census = fault_kvzalloc(FAULT_CALLSITES, sizeof(*census), GFP_KERNEL);
	struct callsites *sites = fault_kvzalloc(FAULT_CALLSITES, sizeof(*sites), GFP_KERNEL);

	if (!census || !sites) {
		kvfree(census);
		kvfree(sites);
		return NULL;
	}
	census->sites = sites;
	census->by_stack = by_stack;
	cache_walk(pool, census_add_cache, census);
	debug_block_walk(&pool->source, census_add_track, census);
	debug_area_walk(&pool->source, census_add_track, census);
	kvfree(census);
	if (sites->nr == CALLSITES_MAX && sites->site[CALLSITES_MAX].objects)
		sites->nr++;
	sort(sites->site, sites->nr, sizeof(sites->site[0]),
	     by_stack ? oldest_first : more_bytes_first, NULL);
	return sites;
}
EXPORT_SYMBOL_FOR_TEST(callsites_of);
