// SPDX-License-Identifier: GPL-2.0
/*
 * debug_area.c - debug mode for areas of vmalloc.
 *
 * An area is tracked as a whole; the blocks that it consists of are not. The part of its last page
 * beyond the requested size is a red zone. The page behind is not mapped, and neither is a freed
 * area: a use of these faults, so there is no quarantine.
 *
 * Contexts: process, except debug_area_print() and debug_area_walk(): any. Locks: areas_lock, a
 * plain spinlock, held for one record. Memory: a record per area from SLUB; without one the area
 * is not debugged.
 */
#include <linux/kmemleak.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "debug/debug_area.h"
#include "debug/fault.h"
#include "gfp.h"
#include "report.h"
#include "source.h"

/* All records, for walks; changed under the lock, read under RCU. */
static LIST_HEAD(areas);
static DEFINE_SPINLOCK(areas_lock);

void debug_area_print(const struct debug_area *area)
{
	if (!area)
		return;
	pr_err("slabmod:   vmalloc area %p of %zu bytes, %zu requested\n", area->addr,
	       area->bytes, area->requested);
	debug_print_stacks(&area->track);
}

/* ---- the red zone ---- */

static void fill_redzone(struct debug_area *area, size_t requested)
{
	area->requested = requested;
	area->track.requested = min_t(size_t, requested, UINT_MAX);
	memset(area->addr + requested, DEBUG_FILL_REDZONE, area->bytes - requested);
}

static void check_redzone(struct debug_area *area)
{
	void *end = area->addr + area->bytes, *zone = area->addr + area->requested, *first;
	size_t written;

	first = debug_find_written(zone, DEBUG_FILL_REDZONE, end - zone, &written);
	if (first && report_misuse(MISUSE_OVERRUN,
				   "%zu bytes behind vmalloc area %p were written, the first at offset %ld",
				   written, area->addr, (long)(first - area->addr))) {
		debug_print_bytes(area->addr, first, end);
		debug_area_print(area);
	}
}

void debug_area_set_requested(struct debug_area *area, size_t requested)
{
	if (!area)
		return;
	check_redzone(area);
	fill_redzone(area, requested);
}

/* ---- records ---- */

struct debug_area *debug_area_alloc(struct chunk_source *source, void *addr, size_t bytes,
				    size_t requested, gfp_t gfp)
{
	struct debug_area *area;

	/* The area can do without a record: do not retry. */
	area = fault_kzalloc(FAULT_TRACKS, sizeof(*area),
			     (gfp & GFP_METADATA & ~__GFP_NOFAIL) | __GFP_NOWARN);
	if (!area)
		return NULL;
	/* Its pointer to the area is none of a caller's. */
	kmemleak_ignore(area);
	area->source = source;
	area->addr = addr;
	area->bytes = bytes;
	if (!want_init_on_alloc(gfp))
		memset(addr, DEBUG_FILL_NEW, requested);
	fill_redzone(area, requested);
	debug_note_alloc(&area->track, area->track.requested, gfp);
	area->track.state = DEBUG_LIVE;
	source_count_metadata(source, sizeof(*area));
	spin_lock(&areas_lock);
	list_add_rcu(&area->node, &areas);
	spin_unlock(&areas_lock);
	return area;
}

void debug_area_free(struct debug_area *area)
{
	if (!area)
		return;
	check_redzone(area);
	spin_lock(&areas_lock);
	list_del_rcu(&area->node);
	spin_unlock(&areas_lock);
	source_count_metadata(area->source, -(long)sizeof(*area));
	kfree_rcu(area, rcu);
}

void debug_area_walk(struct chunk_source *source,
		     void (*fn)(const struct debug_track *track, void *arg), void *arg)
{
	struct debug_area *area;

	rcu_read_lock();
	list_for_each_entry_rcu(area, &areas, node)
		if (area->source == source)
			fn(&area->track, arg);
	rcu_read_unlock();
}
