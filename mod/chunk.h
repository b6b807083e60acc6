/* SPDX-License-Identifier: GPL-2.0 */
/*
 * chunk.h - runs of pages from the source, with their frames.
 */
#ifndef SLABMOD_CHUNK_H
#define SLABMOD_CHUNK_H

#include <linux/mm.h>

#include "chunk_map.h"
#include "types.h"

static inline unsigned int chunk_pages(const struct chunk *chunk)
{
	return 1u << chunk->order;
}

/* Return the number of the page in @chunk that @addr is in; too large if that is none. */
static inline unsigned long chunk_index(const struct chunk *chunk, const void *addr)
{
	return (unsigned long)(addr - chunk->base) >> PAGE_SHIFT;
}

/* Return the address of a page of @chunk. */
static inline void *chunk_page(const struct chunk *chunk, unsigned long index)
{
	return chunk->base + (index << PAGE_SHIFT);
}

/*
 * Allocate a chunk of order @order, or of a higher order if the source's max_order allows and
 * the kernel has one without reclaim. @order itself may be above max_order. @buddies are those
 * of the pool, one for each node. @nid is the preferred node; chunk->buddy is that of the node
 * that the memory is on. @gfp applies to @order. Any context.
 *
 * Return the chunk, which is in the map but on no list, or NULL; always NULL in an NMI. The
 * caller must call source_settle() once other CPUs can allocate from the chunk.
 */
struct chunk *chunk_create(struct buddy *buddies, int nid, unsigned int order, gfp_t gfp);

/* The same, but of exactly @order. */
struct chunk *chunk_create_exact(struct buddy *buddies, int nid, unsigned int order, gfp_t gfp);

/*
 * Return true if the source's reserve can spare a wholly free chunk; then the caller must call
 * chunk_destroy(). Any context.
 */
bool chunk_try_release(struct chunk *chunk);

/* Free to the source, now or later, a chunk that is on no list. Any context but NMI. */
void chunk_destroy(struct chunk *chunk);

/* Free the metadata of a chunk, but not its pages, which are in use. Any context but NMI. */
void chunk_forget(struct chunk *chunk);

/*
 * Free the chunks that chunk_destroy() could not free. Return false if some remain because
 * others hold references to their pages. May sleep.
 */
bool chunk_free_pending(void);

/*
 * The same, and if chunks of @source, which is being destroyed, are referenced elsewhere, let the
 * kernel free them with the last reference. Return the pages of these. May sleep.
 */
unsigned long chunk_hand_over(const struct chunk_source *source);

/* Return false, with a report, if others dropped references of slabmod's. */
bool chunk_refs_check(struct chunk *chunk);

/*
 * Free pending chunks, and wait for the work item that does. Not for reclaim: the work item has
 * no rescuer. May sleep.
 */
void chunk_flush(void);

/* The same, and wait until the metadata of freed chunks is free. */
void chunk_sync(void);

/* Return the bytes of metadata of a chunk. */
size_t chunk_metadata(unsigned int order);

int chunk_init(void);
void chunk_exit(void);

#endif /* SLABMOD_CHUNK_H */
