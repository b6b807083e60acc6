/* SPDX-License-Identifier: GPL-2.0 */
/*
 * slabmod regions: memory that is allocated piece by piece and freed at once.
 *
 * A region is a list of blocks of pages. An allocation advances a cursor in the current block; a
 * block that is full is followed by another one. No piece is freed by itself: a reset frees all
 * pieces, or all since a mark, and keeps the blocks for later; the destruction of the region frees
 * the blocks. The first block also contains the region's own structure, so a region needs no other
 * memory. A piece that is larger than a block has a block of its own, which a reset frees.
 *
 * A region has no lock: its calls must not overlap. A caller that allocates from one region in
 * several contexts must serialize them. Regions are otherwise independent of each other and of the
 * CPU.
 *
 * Pieces are aligned to SLABMOD_REGION_ALIGN bytes. They must not be freed with slabmod_kfree()
 * or another function, which reports them as an address inside a block. What kmalloc.h says of
 * memory that does not belong to SLUB also applies to regions.
 *
 * In debug mode (SLABMOD_DEBUG, or the module parameter debug=1), each piece is followed by a
 * red zone, which is checked when the piece is freed, and free memory is poisoned and checked when
 * it is allocated again. The blocks are listed with the call that created or extended the region.
 */
#ifndef _SLABMOD_REGION_H
#define _SLABMOD_REGION_H

#include <linux/align.h>
#include <linux/compiler.h>
#include <linux/gfp.h>
#include <linux/types.h>

#include <slabmod/cache.h>
#include <slabmod/fast.h>

struct slabmod_pool;

/** define SLABMOD_REGION_ALIGN - alignment of a piece of a region, in bytes */
#define SLABMOD_REGION_ALIGN	8

/** define SLABMOD_REGION_BLOCK - default size of a block of a region, in bytes */
#define SLABMOD_REGION_BLOCK	(16u * 1024u)

/** define SLABMOD_REGION_MAX_BLOCK - largest size of a block of a region, in bytes */
#define SLABMOD_REGION_MAX_BLOCK	(4u * 1024u * 1024u)

/** define SLABMOD_REGION_MAX - largest piece of a region, in bytes: two pages less than a block */
#define SLABMOD_REGION_MAX	(SLABMOD_REGION_MAX_BLOCK - 2 * PAGE_SIZE)

/*
 * The part of a region that allocations are inlined for. Both are 0 while each allocation needs
 * more work: in debug mode, and after the region was destroyed.
 */
struct slabmod_region {
	unsigned long cursor;		/* address of the next piece */
	unsigned long end;		/* of the current block */
};

/**
 * struct slabmod_mark - a position in a region
 *
 * Returned by slabmod_region_mark(). The members are private.
 */
struct slabmod_mark {
	/* private: */
	unsigned long region;		/* the number of the region; 0 is none */
	unsigned long resets;		/* of the region, before the mark */
	size_t position;		/* bytes allocated before the mark */
	unsigned int large;		/* pieces with a block of their own before the mark */
};

void *__slabmod_region_alloc(struct slabmod_region *region, size_t size, gfp_t gfp);

/**
 * slabmod_region_create() - create a region in the root pool
 * @block: bytes of a block, 1 to SLABMOD_REGION_MAX_BLOCK, rounded up to whole pages; 0 for
 *	SLABMOD_REGION_BLOCK. The first block, which is allocated here, has about 300 bytes less for
 *	pieces, the others 32
 * @flags: 0 or SLABMOD_DEBUG
 * @gfp: as for slabmod_cache_alloc(); applies to the first block
 *
 * Context: any; may sleep only if @gfp allows it.
 * Return: the region, or NULL if memory is short, in an NMI, or, with a report, if @block is above
 * the limit, @flags are unknown, or @gfp is refused.
 */
struct slabmod_region *slabmod_region_create(size_t block, unsigned int flags, gfp_t gfp);

/**
 * slabmod_pool_region_create() - create a region in a pool
 * @pool: the pool; it cannot be destroyed before the region
 * @block: as for slabmod_region_create()
 * @flags: as for slabmod_region_create()
 * @gfp: as for slabmod_region_create()
 *
 * The other functions do not need the pool.
 *
 * Context: as slabmod_region_create().
 * Return: as slabmod_region_create(), or NULL if the pool is at its limit.
 */
struct slabmod_region *slabmod_pool_region_create(struct slabmod_pool *pool, size_t block,
						  unsigned int flags, gfp_t gfp);

/**
 * slabmod_region_destroy() - free all memory of a region, and the region
 * @region: the region, or NULL, which is ignored; anything else, and a region that was destroyed,
 *	is reported and nothing is freed
 *
 * Context: any, including NMI; never sleeps.
 */
void slabmod_region_destroy(struct slabmod_region *region);

/**
 * slabmod_region_alloc() - allocate memory from a region
 * @region: the region
 * @size: bytes, 0 to SLABMOD_REGION_MAX
 * @gfp: as for slabmod_cache_alloc(); except for __GFP_ZERO, it applies to a new block, if one is
 *	needed. If no whole block is available, one of the pages that the piece needs will do
 *
 * A constant @gfp without special requests is inlined: about eight instructions if the current
 * block has room.
 *
 * Context: any; may sleep only if @gfp allows it. In an NMI only what the blocks of the region
 * have room for.
 * Return: the memory, aligned to SLABMOD_REGION_ALIGN; ZERO_SIZE_PTR for a size of 0; or NULL if
 * memory is short, or, with a report, if the size is above the limit, @gfp is refused, or the
 * region was destroyed. After a failure the region is as before.
 */
static __always_inline void *slabmod_region_alloc(struct slabmod_region *region, size_t size,
						  gfp_t gfp)
{
	if (slabmod_gfp_inline(gfp)) {
		unsigned long piece = region->cursor;

		/*
		 * One comparison for three: whether @size is 0, fits, and fits when it is rounded
		 * up, because @end is aligned.
		 */
		if (likely(size - 1 < region->end - piece)) {
			region->cursor = piece + ALIGN(size, SLABMOD_REGION_ALIGN);
			return (void *)piece;
		}
	}
	return __slabmod_region_alloc(region, size, gfp);
}

/**
 * slabmod_region_zalloc() - allocate zeroed memory from a region
 * @region: the region
 * @size: as for slabmod_region_alloc()
 * @gfp: as for slabmod_region_alloc()
 *
 * Context: as slabmod_region_alloc().
 * Return: as slabmod_region_alloc().
 */
static inline void *slabmod_region_zalloc(struct slabmod_region *region, size_t size, gfp_t gfp)
{
	return __slabmod_region_alloc(region, size, gfp | __GFP_ZERO);
}

/**
 * slabmod_region_alloc_aligned() - allocate aligned memory from a region
 * @region: the region
 * @size: as for slabmod_region_alloc()
 * @align: a power of two, up to PAGE_SIZE; less than SLABMOD_REGION_ALIGN is that
 * @gfp: as for slabmod_region_alloc()
 *
 * Context: as slabmod_region_alloc().
 * Return: as slabmod_region_alloc(); NULL with a report if @align is invalid.
 */
void *slabmod_region_alloc_aligned(struct slabmod_region *region, size_t size, size_t align,
				   gfp_t gfp);

/**
 * slabmod_region_memdup() - copy memory to a region
 * @region: the region
 * @src: the memory
 * @len: bytes, as for slabmod_region_alloc()
 * @gfp: as for slabmod_region_alloc()
 *
 * Context: as slabmod_region_alloc().
 * Return: the copy, or as slabmod_region_alloc().
 */
void *slabmod_region_memdup(struct slabmod_region *region, const void *src, size_t len,
			    gfp_t gfp);

/**
 * slabmod_region_strdup() - copy a string to a region
 * @region: the region
 * @s: the string, or NULL
 * @gfp: as for slabmod_region_alloc()
 *
 * Context: as slabmod_region_alloc().
 * Return: the copy; NULL for NULL, or as slabmod_region_alloc().
 */
char *slabmod_region_strdup(struct slabmod_region *region, const char *s, gfp_t gfp);

/**
 * slabmod_region_mark() - remember the position in a region
 * @region: the region
 *
 * A mark needs no memory and may be dropped. It is valid until the region is reset to an earlier
 * position.
 *
 * Context: any, including NMI; never sleeps.
 * Return: the mark; one that is never valid, with a report, if the region was destroyed.
 */
struct slabmod_mark slabmod_region_mark(struct slabmod_region *region);

/**
 * slabmod_region_reset_to() - free all memory that was allocated from a region since a mark
 * @region: the region
 * @mark: a mark of this region. One of another region, one that lies behind the present position,
 *	and one from before a reset to an earlier position are reported, and nothing is freed
 *
 * The mark stays valid. The blocks are kept for later allocations, except those of a single piece.
 *
 * A region remembers eight resets, each to a later position than the one before it. If there were
 * more, the oldest are forgotten, and a mark from before such a reset may be accepted.
 *
 * Context: any, including NMI; never sleeps.
 */
void slabmod_region_reset_to(struct slabmod_region *region, struct slabmod_mark mark);

/**
 * slabmod_region_reset() - free all memory that was allocated from a region
 * @region: the region
 *
 * The blocks are kept for later allocations, except those of a single piece.
 *
 * Context: any, including NMI; never sleeps.
 */
void slabmod_region_reset(struct slabmod_region *region);

/**
 * slabmod_region_trim() - free the blocks of a region that have no allocated memory
 * @region: the region
 *
 * Context: any, including NMI; never sleeps.
 * Return: the number of bytes freed.
 */
size_t slabmod_region_trim(struct slabmod_region *region);

/**
 * slabmod_region_used() - return the bytes that are allocated from a region
 * @region: the region
 *
 * Context: any, including NMI; never sleeps.
 * Return: the bytes, with alignment and red zones.
 */
size_t slabmod_region_used(struct slabmod_region *region);

/**
 * slabmod_region_size() - return the bytes that a region holds
 * @region: the region
 *
 * Context: any, including NMI; never sleeps.
 * Return: the bytes of all blocks, including those that are kept for later.
 */
size_t slabmod_region_size(struct slabmod_region *region);

#endif /* _SLABMOD_REGION_H */
