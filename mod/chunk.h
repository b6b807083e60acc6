/* SPDX-License-Identifier: GPL-2.0 */
/*
 * chunk.h - runs of pages from the kernel, and the way from an address to its frame.
 */
#ifndef SLABMOD_CHUNK_H
#define SLABMOD_CHUNK_H

#include <linux/align.h>
#include <linux/mm.h>

#include "types.h"

/*
 * The map covers the direct map in two levels: a root entry for 256 MiB, its leaf
 * of one page an entry for each 512 KiB. Where slabmod has nothing both lead to
 * frames that belong to no cache: the fast path compares, but never asks for NULL.
 */
#define UNIT_ORDER	7
#define UNIT_SHIFT	(PAGE_SHIFT + UNIT_ORDER)
#define UNIT_PAGES	BIT(UNIT_ORDER)
#define LEAF_ENTRIES	(PAGE_SIZE / sizeof(struct frame *))
#define ROOT_SHIFT	(UNIT_SHIFT + PAGE_SHIFT - 3)

struct map_leaf {
	struct frame *unit[LEAF_ENTRIES];
};

struct chunk_map {
	unsigned long mask;		/* entries of @root, a power of two, less one */
	struct map_leaf **root;
};

extern struct chunk_map chunk_map;
extern struct frame chunk_no_frames[UNIT_PAGES];

/* Where an address is in the direct map; for any other, a number above all of those. */
static __always_inline unsigned long chunk_offset(const void *addr)
{
	return (unsigned long)addr - PAGE_OFFSET;
}

/* The bits that are clear in every offset that the map covers. */
static inline unsigned long chunk_offset_beyond(void)
{
	return ~((chunk_map.mask << ROOT_SHIFT) | (BIT(ROOT_SHIFT) - 1));
}

/*
 * The frame at an offset that a large chunk has; at any other that the map covers
 * a frame that belongs to no cache. An offset beyond the map leads to the frame of
 * some address in it: who asks tests for chunk_offset_beyond(), before or after.
 * chunk_frame() has the last word.
 */
static __always_inline struct frame *chunk_frame_fast(unsigned long offset)
{
	/* Plain loads: what an address that is in use leads to does not change. */
	struct map_leaf *leaf = chunk_map.root[(offset >> ROOT_SHIFT) & chunk_map.mask];
	struct frame *unit = leaf->unit[(offset >> UNIT_SHIFT) % LEAF_ENTRIES];

	return unit + (offset >> PAGE_SHIFT) % UNIT_PAGES;
}

/* The same for any offset: none that is beyond the map has a cache or a block. */
static __always_inline struct frame *chunk_frame_in_map(unsigned long offset)
{
	if (unlikely(offset & chunk_offset_beyond()))
		return chunk_no_frames;
	return chunk_frame_fast(offset);
}

static inline struct chunk *frame_chunk(const struct frame *frame)
{
	return (struct chunk *)container_of(frame - frame->index, struct chunk, frames[0]);
}

static inline void *frame_address(const struct frame *frame)
{
	return frame_chunk(frame)->base + ((unsigned long)frame->index << PAGE_SHIFT);
}

static inline unsigned int chunk_pages(const struct chunk *chunk)
{
	return 1u << chunk->order;
}

/* The head of a chunk's list of free blocks of an order. */
static inline struct list_head *chunk_free_list(struct chunk *chunk, unsigned int order)
{
	return (struct list_head *)(chunk->frames + chunk_pages(chunk)) + order;
}

struct frame *chunk_frame(const void *addr);
struct chunk *chunk_create(struct buddy *buddies, int nid, unsigned int order, gfp_t gfp);
void chunk_destroy(struct chunk *chunk);
void chunk_abandon(struct chunk *chunk);
void chunk_flush(void);
void chunk_sync(void);
size_t chunk_metadata(unsigned int order);
size_t chunk_map_metadata(void);
int chunk_init(void);
void chunk_exit(void);

#endif /* SLABMOD_CHUNK_H */
