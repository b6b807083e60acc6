/* SPDX-License-Identifier: GPL-2.0 */
/*
 * debug_area.h - debug mode for areas of vmalloc.
 */
#ifndef SLABMOD_DEBUG_AREA_H
#define SLABMOD_DEBUG_AREA_H

#include "debug/debug.h"
#include "debug/debug_block.h"
#include "types.h"

/* Tracking data of a live area. */
struct debug_area {
	struct debug_track track;	/* @index and the stack of the free are unused */
	struct list_head node;		/* in the list of all areas */
	struct chunk_source *source;
	void *addr;
	size_t bytes;			/* whole pages */
	size_t requested;		/* as in @track, but may be 4 GiB and more */
	struct rcu_head rcu;
};

/*
 * Fill a new area and record its owner; for use if debug_blocks is enabled. Return NULL if memory
 * is short: then the area is not debugged. May sleep.
 */
struct debug_area *debug_area_alloc(struct chunk_source *source, void *addr, size_t bytes,
				    size_t requested, gfp_t gfp);

/* Check the red zone of an area that is being freed, and free its record. @area may be NULL. */
void debug_area_free(struct debug_area *area);

/* Check the red zone of an area, and let it begin at another size. @area may be NULL. */
void debug_area_set_requested(struct debug_area *area, size_t requested);

/* Add to a report the owner of an area. Needs RCU, unless the caller owns the area. */
void debug_area_print(const struct debug_area *area);

/* Call @fn for the track of each live area of a source. */
void debug_area_walk(struct chunk_source *source,
		     void (*fn)(const struct debug_track *track, void *arg), void *arg);

#endif /* SLABMOD_DEBUG_AREA_H */
