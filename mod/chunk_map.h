/* SPDX-License-Identifier: GPL-2.0 */
/*
 * chunk_map.h - lookup of the frame of an address.
 *
 * The map covers the direct map in two levels: a root entry for 128 MiB, its leaf two pages with
 * the frames and the unit of each 256 KiB. Without a chunk, the frames are those of pages in no
 * slab, so the fast path needs no test for NULL.
 */
#ifndef SLABMOD_CHUNK_MAP_H
#define SLABMOD_CHUNK_MAP_H

#include <linux/align.h>
#include <linux/kasan.h>
#include <linux/mm.h>

#include "types.h"

#define UNIT_SHIFT	(PAGE_SHIFT + UNIT_ORDER)
#define UNIT_PAGES	BIT(UNIT_ORDER)
#define LEAF_ENTRIES	(PAGE_SIZE / sizeof(struct frame *))
#define ROOT_SHIFT	(UNIT_SHIFT + PAGE_SHIFT - 3)

struct map_leaf {
	struct frame *frames[LEAF_ENTRIES];
	struct unit *unit[LEAF_ENTRIES];	/* or NULL */
};

struct chunk_map {
	unsigned long mask;		/* entries of @root, a power of two, less one */
	unsigned long beyond;		/* bits that are clear in every offset of the map */
	unsigned long no_page;		/* these, and those clear in the offset of each page */
	struct map_leaf **root;
};

extern struct chunk_map chunk_map;
extern struct frame chunk_no_frames[UNIT_PAGES];
extern struct map_leaf chunk_no_leaf;

/*
 * Return the offset of an address in the direct map. For an address outside of it, the result
 * has bits of chunk_map.beyond. A KASAN tag is ignored.
 */
static __always_inline unsigned long chunk_offset(const void *addr)
{
	return (unsigned long)kasan_reset_tag(addr) - PAGE_OFFSET;
}

/*
 * Return the frame at an offset. If the map covers the offset but has no chunk there, the frame
 * belongs to no cache. An offset beyond the map yields the frame of another address: callers
 * must test for chunk_map.beyond, before or after. Small chunks are not found; see
 * chunk_frame().
 */
static __always_inline struct frame *chunk_frame_fast(unsigned long offset)
{
	/* Plain loads: the entries of an address that is in use do not change. */
	struct map_leaf *leaf = chunk_map.root[(offset >> ROOT_SHIFT) & chunk_map.mask];
	struct frame *frames = leaf->frames[(offset >> UNIT_SHIFT) % LEAF_ENTRIES];

	return frames + (offset >> PAGE_SHIFT) % UNIT_PAGES;
}

/* The same for any offset: beyond the map, the frame belongs to no cache or block. */
static __always_inline struct frame *chunk_frame_in_map(unsigned long offset)
{
	if (unlikely(offset & chunk_map.beyond))
		return chunk_no_frames;
	return chunk_frame_fast(offset);
}

/* Return the leaf of the map that covers an address, which may be any value. */
static inline struct map_leaf *chunk_leaf(const void *addr)
{
	unsigned long offset = chunk_offset(addr);

	if (unlikely(offset & chunk_map.beyond))
		return &chunk_no_leaf;
	return chunk_map.root[offset >> ROOT_SHIFT];
}

/* Return the address at which that leaf begins. */
static inline unsigned long chunk_leaf_base(const void *addr)
{
	return (unsigned long)kasan_reset_tag(addr) - (chunk_offset(addr) & (BIT(ROOT_SHIFT) - 1));
}

/* Return the unit of an address, or NULL if it is in no chunk, or in one that is not in the map. */
static __always_inline struct unit *chunk_mapped_unit(const void *addr)
{
	unsigned long offset = chunk_offset(addr);
	struct map_leaf *leaf = chunk_map.root[(offset >> ROOT_SHIFT) & chunk_map.mask];

	if (unlikely(offset & chunk_map.beyond))
		return NULL;
	return READ_ONCE(leaf->unit[(offset >> UNIT_SHIFT) % LEAF_ENTRIES]);
}

/* The slow path of chunk_of(). */
struct chunk *chunk_of_unmapped(const void *addr);

/*
 * Return the chunk that @addr, any value at all, is in, or NULL if that memory is not slabmod's.
 * Any context. An RCU read-side critical section must cover the use of the chunk, unless the
 * address is in use.
 */
static inline struct chunk *chunk_of(const void *addr)
{
	struct unit *unit = chunk_mapped_unit(addr);

	return likely(unit) ? unit->chunk : chunk_of_unmapped(addr);
}

/* Return the frame of the page that @addr, any value at all, is in, or NULL. As chunk_of(). */
struct frame *chunk_frame(const void *addr);

/* Make the addresses of a chunk known. Return false if memory is short. Any context but NMI. */
bool chunk_map_add(struct chunk *chunk, gfp_t gfp);

/* Make them unknown; concurrent RCU readers may still find the frames. Any context but NMI. */
void chunk_map_remove(struct chunk *chunk);

/*
 * Return the chunk with the lowest address that begins at @offset in the direct map, or above
 * it; NULL if there is none. The caller is an RCU reader. Any context.
 */
struct chunk *chunk_map_next(unsigned long offset);

/* Return the bytes of the map itself. */
size_t chunk_map_metadata(void);

/* Let the map cover the first @mask + 1 entries of the root, a power of two. */
void chunk_map_cover(unsigned long mask);

int chunk_map_init(void);
void chunk_map_exit(void);

#endif /* SLABMOD_CHUNK_MAP_H */
