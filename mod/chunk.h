/* SPDX-License-Identifier: GPL-2.0 */
/*
 * chunk.h - runs of pages from the kernel, and the way from an address to its frame.
 */
#ifndef SLABMOD_CHUNK_H
#define SLABMOD_CHUNK_H

#include <linux/align.h>
#include <linux/kasan.h>
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/topology.h>

#include "types.h"

/*
 * The map covers the direct map in two levels: a root entry for 128 MiB, its leaf
 * of one page an entry for each 256 KiB. Where slabmod has nothing both lead to
 * frames that belong to no cache: the fast path compares, but never asks for NULL.
 */
#define UNIT_ORDER	6
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
extern struct map_leaf chunk_no_leaf;

/*
 * Where an address is in the direct map; for any other, a number above all of those. The tag
 * that KASAN may have put into its upper bits is no part of it. Where kernels have no tags,
 * kasan_reset_tag() is nothing.
 */
static __always_inline unsigned long chunk_offset(const void *addr)
{
	return (unsigned long)kasan_reset_tag(addr) - PAGE_OFFSET;
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

/* The leaf of the map that covers an address, whatever that is, and where that begins. */
static inline struct map_leaf *chunk_leaf(const void *addr)
{
	unsigned long offset = chunk_offset(addr);

	if (unlikely(offset & chunk_offset_beyond()))
		return &chunk_no_leaf;
	return chunk_map.root[offset >> ROOT_SHIFT];
}

static inline unsigned long chunk_leaf_base(const void *addr)
{
	return (unsigned long)kasan_reset_tag(addr) - (chunk_offset(addr) & (BIT(ROOT_SHIFT) - 1));
}

static inline struct chunk *frame_chunk(const struct frame *frame)
{
	const struct frame *frames = frame - frame->index;

	/* Those that follow their chunk cannot begin a page; of the others the page knows. */
	if (offset_in_page(frames))
		return (struct chunk *)frames - 1;
	return (struct chunk *)page_private(virt_to_page(frames));
}

static inline void *frame_address(const struct frame *frame)
{
	return frame_chunk(frame)->base + ((unsigned long)frame->index << PAGE_SHIFT);
}

/*
 * The reference count of a chunk's first page, which counts for all of its pages: the one
 * reference that the page allocator gave, and a bias. The count is negative and far from 0,
 * so no stray put_page() or kfree() of the kernel's can bring it to 0 and free the pages.
 * sendpage_ok() is false of such pages, as it is of SLUB's.
 */
#define CHUNK_REF_BIAS	(-(1 << 30))
#define CHUNK_REFS	(1 + CHUNK_REF_BIAS)

/* References to the pages that are not slabmod's; below 0 when others dropped slabmod's. */
static inline int chunk_foreign_refs(const struct chunk *chunk)
{
	return page_ref_count(virt_to_page(chunk->base)) - CHUNK_REFS;
}

static inline unsigned int chunk_pages(const struct chunk *chunk)
{
	return 1u << chunk->order;
}

struct frame *chunk_frame(const void *addr);
struct chunk *chunk_create(struct buddy *buddies, int nid, unsigned int order, gfp_t gfp);
struct chunk *chunk_create_exact(struct buddy *buddies, int nid, unsigned int order, gfp_t gfp);
bool chunk_try_release(struct chunk *chunk);
void chunk_destroy(struct chunk *chunk);
void chunk_leak(struct chunk *chunk);
/*
 * Gives back the chunks that came free where that could not be done, or while others held
 * references to them; false when some have to stay for the latter reason. May sleep.
 */
bool chunk_free_pending(void);
/*
 * Hands what is left of a source whose pool ends, and is referenced elsewhere, over to the
 * kernel, which frees it with the last reference. Returns pages. May sleep.
 */
unsigned long chunk_hand_over(struct chunk_source *source);
/* Whether no reference of slabmod's was dropped by others: misuse, reported once a chunk. */
bool chunk_refs_check(struct chunk *chunk);
void chunk_flush(void);
void chunk_sync(void);
size_t chunk_metadata(unsigned int order);
void chunk_exit(void);

/* ---- chunk_map.c ---- */

/* Makes the addresses of a chunk known, and unknown; false when memory is short. */
bool chunk_map_add(struct chunk *chunk, gfp_t gfp);
void chunk_map_remove(struct chunk *chunk);
size_t chunk_map_metadata(void);
int chunk_init(void);
void chunk_map_exit(void);

#endif /* SLABMOD_CHUNK_H */
