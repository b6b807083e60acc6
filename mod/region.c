// SPDX-License-Identifier: GPL-2.0
/*
 * region.c - memory that is allocated piece by piece and freed at once.
 *
 * A region is a list of blocks of pages and a cursor in the last of them. The allocation of a piece
 * that the current block has room for is inlined (include/slabmod/region.h). The rest of a block
 * that has no room for the next piece stays unused, unless that piece is larger than any block.
 *
 * If the kernel clears memory (init_on_alloc, init_on_free), all free memory of a region is zero:
 * blocks are cleared when they are allocated, and pieces when they are freed. So this costs
 * nothing where pieces are allocated.
 *
 * Contexts: any; blocks are not allocated in an NMI. Locks: none; the callers serialize. Memory:
 * only the blocks.
 */
#include <linux/atomic.h>
#include <linux/kasan.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/string.h>

#include <slabmod/kmalloc.h>

#include "block.h"
#include "chunk.h"
#include "debug/debug.h"
#include "debug/debug_block.h"
#include "debug/debug_region.h"
#include "debug/leak.h"
#include "defer.h"
#include "gfp.h"
#include "pool.h"
#include "region.h"
#include "report.h"

static atomic_long_t last_number;

/* ---- blocks ---- */

/* Bytes behind a piece that is followed by the next one, or before the first one. */
static size_t zone(bool debug)
{
	return debug ? DEBUG_REGION_ZONE : 0;
}

/* Set the place for pieces in a block of pieces, behind @own bytes of the region's. */
static void lay_out(struct region_block *block, bool debug, size_t own)
{
	block->first = sizeof(*block) + own + zone(debug);
	block->last = debug ? debug_region_last(block->first, block->bytes) : block->bytes;
}

/* Return the bytes for pieces in a block of @pages that is not the first one. */
static size_t capacity(unsigned int pages, bool debug)
{
	struct region_block block = { .bytes = pages << PAGE_SHIFT };

	lay_out(&block, debug, 0);
	return block.last - block.first;
}

/* Return the pages of a block with a capacity of at least @bytes. */
static unsigned int pages_for(size_t bytes, bool debug)
{
	unsigned int pages = DIV_ROUND_UP(sizeof(struct region_block) + bytes, PAGE_SIZE);

	while (capacity(pages, debug) < bytes)
		pages++;
	return pages;
}

static struct region_block *block_new(struct slabmod_pool *pool, unsigned int pages, bool clear,
				      gfp_t gfp)
{
	size_t bytes = (size_t)pages << PAGE_SHIFT;
	struct region_block *block;

	gfp &= ~__GFP_ZERO;
	block = block_alloc("region", pool, NUMA_NO_NODE, pages, clear ? gfp | __GFP_ZERO : gfp);
	if (!block)
		return NULL;
	/* Its pieces may have the only pointers to other memory. */
	if (static_branch_unlikely(&debug_blocks))
		debug_block_is_memory(block, bytes, gfp);
	else if (leak_tracks_blocks())
		leak_note_alloc(block, bytes, gfp);
	*block = (struct region_block) { .bytes = bytes };
	return block;
}

static void block_end(struct region_block *block)
{
	bool freed;

	rcu_read_lock();
	freed = defer_free_block(chunk_frame(block), block);
	rcu_read_unlock();
	if (!freed)
		report_misuse(MISUSE_DOUBLE_FREE, "region: its block %p is free already", block);
}

/* ---- positions ---- */

static unsigned long cursor_of(const struct region *r)
{
	return r->debug ? r->cursor : r->fast.cursor;
}

static unsigned long end_of(const struct region *r)
{
	return r->debug ? r->end : r->fast.end;
}

/* The inlined part of a debugged region stays 0, so that each allocation comes here. */
static void set_cursor(struct region *r, unsigned long cursor)
{
	unsigned long end = (unsigned long)r->block + r->block->last;

	if (r->debug) {
		r->cursor = cursor;
		r->end = end;
	} else {
		r->fast.cursor = cursor;
		r->fast.end = end;
	}
}

/* Return the offset of the cursor in the current block. */
static size_t offset_of(const struct region *r)
{
	return cursor_of(r) - (unsigned long)r->block;
}

static size_t position_of(const struct region *r)
{
	return r->block->start + offset_of(r) - r->block->first;
}

/* Add an empty block, and make it the current one. */
static void enter_block(struct region *r, struct region_block *block)
{
	block->start = r->block ? position_of(r) : 0;
	block->next = r->block;
	r->block = block;
	set_cursor(r, (unsigned long)block + block->first);
}

/* ---- creation ---- */

/* Return the region at an address, or NULL, with a report, if there is none. */
static struct region *region_at(const char *func, struct slabmod_region *region)
{
	struct region *r = container_of(region, struct region, fast);
	struct frame *frame;
	bool found;

	rcu_read_lock();
	frame = chunk_frame(region);
	found = frame && frame_state(frame) == FRAME_PAGES &&
		offset_in_page(r) == sizeof(struct region_block) &&
		READ_ONCE(r->self) == r;
	rcu_read_unlock();
	if (likely(found))
		return r;
	report_misuse(MISUSE_BAD_REGION, "%s: %p is not a region, or was destroyed", func, region);
	return NULL;
}

static bool properties_are_valid(size_t bytes, unsigned int flags)
{
	if (flags & ~SLABMOD_DEBUG)
		report_misuse(MISUSE_BAD_REGION, "region_create: unknown flags %#x",
			      flags & ~SLABMOD_DEBUG);
	else if (bytes > SLABMOD_REGION_MAX_BLOCK)
		report_misuse(MISUSE_TOO_LARGE,
			      "region_create: a block of %zu bytes is above the limit of %u",
			      bytes, SLABMOD_REGION_MAX_BLOCK);
	else
		return true;
	return false;
}

struct slabmod_region *slabmod_pool_region_create(struct slabmod_pool *pool, size_t bytes,
						  unsigned int flags, gfp_t gfp)
{
	bool clear = want_init_on_alloc(GFP_KERNEL) || want_init_on_free();
	bool debug = flags & SLABMOD_DEBUG || debug_all;
	unsigned int pages;
	struct region_block *block;
	struct region *r;

	if (!properties_are_valid(bytes, flags))
		return NULL;
	pages = DIV_ROUND_UP(bytes ?: SLABMOD_REGION_BLOCK, PAGE_SIZE);
	block = block_new(pool, pages, clear, gfp);
	if (!block)
		return NULL;
	r = (struct region *)(block + 1);
	*r = (struct region) {
		.self = r,
		.pool = pool,
		.number = atomic_long_inc_return(&last_number),
		.bytes = block->bytes,
		.pages = pages,
		.debug = debug,
		/* A debugged region has poison instead, and each piece is cleared. */
		.clear = clear && !debug,
	};
	lay_out(block, debug, sizeof(*r));
	if (debug)
		debug_region_add(block);
	enter_block(r, block);
	return &r->fast;
}
EXPORT_SYMBOL_SLABMOD(slabmod_pool_region_create);

struct slabmod_region *slabmod_region_create(size_t bytes, unsigned int flags, gfp_t gfp)
{
	return slabmod_pool_region_create(root_pool, bytes, flags, gfp);
}
EXPORT_SYMBOL_SLABMOD(slabmod_region_create);

/* ---- allocation ---- */

/* Allocate a piece from the current block. Return NULL if it has no room. */
static void *alloc_here(struct region *r, size_t size, size_t align)
{
	unsigned long piece = ALIGN(cursor_of(r), align);
	unsigned long next = piece + ALIGN(size, SLABMOD_REGION_ALIGN) + zone(r->debug);

	if (next > end_of(r))
		return NULL;
	if (r->debug)
		debug_region_alloc(r->block, cursor_of(r), piece, size, next);
	set_cursor(r, next);
	return (void *)piece;
}

/* Remove a block with room for @bytes from those that are kept. */
static struct region_block *reuse_block(struct region *r, size_t bytes)
{
	struct region_block **link, *block;

	for (link = &r->kept; (block = *link); link = &block->next) {
		if (block->last - block->first < bytes)
			continue;
		*link = block->next;
		return block;
	}
	return NULL;
}

/* Allocate a block with room for @bytes: of the usual size, or if there is none, of the least. */
static struct region_block *add_block(struct region *r, size_t bytes, gfp_t gfp)
{
	unsigned int fewest = min(pages_for(bytes, r->debug), r->pages);
	struct region_block *block = NULL;

	if (fewest < r->pages) {
		gfp_t easy = gfp & ~(__GFP_NOFAIL | __GFP_RETRY_MAYFAIL);

		block = block_new(r->pool, r->pages, r->clear, easy | __GFP_NORETRY | __GFP_NOWARN);
	}
	if (!block)
		block = block_new(r->pool, fewest, r->clear, gfp);
	if (!block)
		return NULL;
	r->bytes += block->bytes;
	lay_out(block, r->debug, 0);
	if (r->debug)
		debug_region_add(block);
	return block;
}

/* Allocate a piece that has a block of its own. The current block remains the current one. */
static void *alloc_large(struct region *r, size_t size, size_t align, gfp_t gfp)
{
	size_t first = ALIGN(sizeof(struct region_block) + zone(r->debug), align);
	size_t last = first + ALIGN(size, SLABMOD_REGION_ALIGN) + zone(r->debug);
	struct region_block *block;

	block = block_new(r->pool, DIV_ROUND_UP(last, PAGE_SIZE), r->clear, gfp);
	if (!block)
		return NULL;
	block->first = first;
	block->last = block->bytes;
	block->start = size;
	block->next = r->large;
	r->large = block;
	r->nr_large++;
	r->large_bytes += size;
	r->bytes += block->bytes;
	if (r->debug)
		debug_region_add_large(block, size);
	return (void *)block + first;
}

static void *alloc_more(struct region *r, size_t size, size_t align, gfp_t gfp)
{
	size_t first = sizeof(struct region_block) + zone(r->debug);
	size_t bytes = ALIGN(first, align) - first + ALIGN(size, SLABMOD_REGION_ALIGN) +
		       zone(r->debug);
	struct region_block *block;

	if (bytes > capacity(r->pages, r->debug))
		return alloc_large(r, size, align, gfp);
	block = reuse_block(r, bytes) ?: add_block(r, bytes, gfp);
	if (!block)
		return NULL;
	enter_block(r, block);
	return alloc_here(r, size, align);
}

static bool request_refused(struct region *r, size_t size, size_t align, gfp_t *gfp)
{
	if (unlikely(align > PAGE_SIZE || !is_power_of_2(align)))
		report_misuse(MISUSE_BAD_REGION,
			      "region_alloc: alignment %zu is no power of two up to %lu", align,
			      PAGE_SIZE);
	else if (unlikely(size > SLABMOD_REGION_MAX))
		report_misuse(MISUSE_TOO_LARGE,
			      "region_alloc: %zu bytes are above the limit of %lu", size,
			      SLABMOD_REGION_MAX);
	else
		return *gfp & ~SLABMOD_GFP_PLAIN &&
		       gfp_refused("region_alloc", &r->pool->source, gfp, size);
	return true;
}

void *slabmod_region_alloc_aligned(struct slabmod_region *region, size_t size, size_t align,
				   gfp_t gfp)
{
	struct region *r = region_at("region_alloc", region);
	void *piece;

	if (!r || request_refused(r, size, align, &gfp))
		return NULL;
	might_alloc(gfp);
	if (!size)
		return ZERO_SIZE_PTR;
	align = max_t(size_t, align, SLABMOD_REGION_ALIGN);
	piece = alloc_here(r, size, align) ?: alloc_more(r, size, align, gfp);
	if (piece && want_init_on_alloc(gfp) && !r->clear)
		memset(piece, 0, size);
	return piece;
}
EXPORT_SYMBOL_SLABMOD(slabmod_region_alloc_aligned);

void *__slabmod_region_alloc(struct slabmod_region *region, size_t size, gfp_t gfp)
{
	return slabmod_region_alloc_aligned(region, size, SLABMOD_REGION_ALIGN, gfp);
}
EXPORT_SYMBOL_SLABMOD(__slabmod_region_alloc);

void *slabmod_region_memdup(struct slabmod_region *region, const void *src, size_t len, gfp_t gfp)
{
	void *copy = __slabmod_region_alloc(region, len, gfp);

	if (!ZERO_OR_NULL_PTR(copy))
		memcpy(copy, src, len);
	return copy;
}
EXPORT_SYMBOL_SLABMOD(slabmod_region_memdup);

char *slabmod_region_strdup(struct slabmod_region *region, const char *s, gfp_t gfp)
{
	return s ? slabmod_region_memdup(region, s, strlen(s) + 1, gfp) : NULL;
}
EXPORT_SYMBOL_SLABMOD(slabmod_region_strdup);

/* ---- marks ---- */

/* Return a number that grows with each allocation. */
static size_t place_of(size_t position, unsigned int large)
{
	return position + large;
}

/* Remember that marks behind @place are stale from now on. */
static void note_reset(struct region *r, size_t place)
{
	/* To an earlier place: these need not be remembered. */
	while (r->nr_resets && r->reset[r->nr_resets - 1].place >= place)
		r->nr_resets--;
	if (r->nr_resets == REGION_RESETS)
		memmove(r->reset, r->reset + 1, --r->nr_resets * sizeof(*r->reset));
	r->reset[r->nr_resets++] = (struct region_reset) { ++r->resets, place };
}

/* Return whether the region was reset to an earlier place since the mark. */
static bool is_stale(const struct region *r, const struct slabmod_mark *mark)
{
	unsigned int i;

	for (i = 0; i < r->nr_resets; i++)
		/* The first one since the mark was to the earliest place. */
		if (r->reset[i].number > mark->resets)
			return r->reset[i].place < place_of(mark->position, mark->large);
	return false;
}

static const char *mark_error(const struct region *r, const struct slabmod_mark *mark)
{
	if (mark->region != r->number)
		return "belongs to another region";
	if (mark->position > position_of(r) || mark->large > r->nr_large)
		return "lies behind its present position";
	if (is_stale(r, mark) || mark->position % SLABMOD_REGION_ALIGN)
		return "is from before a reset to an earlier position";
	return NULL;
}

struct slabmod_mark slabmod_region_mark(struct slabmod_region *region)
{
	struct region *r = region_at("region_mark", region);

	if (!r)
		return (struct slabmod_mark) { 0 };
	return (struct slabmod_mark) {
		.region = r->number,
		.resets = r->resets,
		.position = position_of(r),
		.large = r->nr_large,
	};
}
EXPORT_SYMBOL_SLABMOD(slabmod_region_mark);

/* ---- reset ---- */

static void free_large(struct region *r)
{
	struct region_block *block = r->large;

	r->large = block->next;
	r->nr_large--;
	r->large_bytes -= block->start;
	r->bytes -= block->bytes;
	if (r->debug)
		debug_region_remove_large(block, block->start);
	block_end(block);
}

/* Free the pieces of a block between two offsets. */
static void free_pieces(struct region *r, struct region_block *block, size_t from, size_t to)
{
	if (r->debug)
		debug_region_free(block, from, to);
	else if (r->clear)
		memset((void *)block + from, 0, to - from);
}

/* Free all pieces of the current block, and make the one before it the current one. */
static void leave_block(struct region *r)
{
	struct region_block *block = r->block, *before = block->next;

	free_pieces(r, block, block->first, offset_of(r));
	r->block = before;
	set_cursor(r, (unsigned long)before + before->first + block->start - before->start);
	block->next = r->kept;
	r->kept = block;
}

static void reset(struct region *r, size_t position, unsigned int large)
{
	size_t place = place_of(position, large), offset;

	if (place == place_of(position_of(r), r->nr_large))
		return;
	note_reset(r, place);
	while (r->nr_large > large)
		free_large(r);
	/* The block before has room for this position, too, and perhaps for more. */
	while (r->block->next && r->block->start >= position)
		leave_block(r);
	offset = r->block->first + position - r->block->start;
	free_pieces(r, r->block, offset, offset_of(r));
	set_cursor(r, (unsigned long)r->block + offset);
}

void slabmod_region_reset_to(struct slabmod_region *region, struct slabmod_mark mark)
{
	struct region *r = region_at("region_reset_to", region);
	const char *error = r ? mark_error(r, &mark) : NULL;

	if (error)
		report_misuse(MISUSE_BAD_MARK, "region_reset_to: the mark %s (%p)", error, region);
	else if (r)
		reset(r, mark.position, mark.large);
}
EXPORT_SYMBOL_SLABMOD(slabmod_region_reset_to);

void slabmod_region_reset(struct slabmod_region *region)
{
	struct region *r = region_at("region_reset", region);

	if (r)
		reset(r, 0, 0);
}
EXPORT_SYMBOL_SLABMOD(slabmod_region_reset);

/* ---- destruction ---- */

static size_t free_kept(struct region *r)
{
	size_t before = r->bytes;

	while (r->kept) {
		struct region_block *block = r->kept;

		r->kept = block->next;
		r->bytes -= block->bytes;
		if (r->debug)
			debug_region_remove(block);
		block_end(block);
	}
	return before - r->bytes;
}

size_t slabmod_region_trim(struct slabmod_region *region)
{
	struct region *r = region_at("region_trim", region);

	return r ? free_kept(r) : 0;
}
EXPORT_SYMBOL_SLABMOD(slabmod_region_trim);

void slabmod_region_destroy(struct slabmod_region *region)
{
	struct region *r = region ? region_at("region_destroy", region) : NULL;
	struct region_block *block;

	if (!r)
		return;
	reset(r, 0, 0);
	free_kept(r);
	block = r->block;
	if (r->debug)
		debug_region_remove(block);
	/* What still uses the region is told so, as long as the memory has no other owner. */
	r->fast = (struct slabmod_region) { 0 };
	WRITE_ONCE(r->self, NULL);
	block_end(block);
}
EXPORT_SYMBOL_SLABMOD(slabmod_region_destroy);

/* ---- sizes ---- */

size_t slabmod_region_used(struct slabmod_region *region)
{
	struct region *r = region_at("region_used", region);

	return r ? position_of(r) + r->large_bytes : 0;
}
EXPORT_SYMBOL_SLABMOD(slabmod_region_used);

size_t slabmod_region_size(struct slabmod_region *region)
{
	struct region *r = region_at("region_size", region);

	return r ? r->bytes : 0;
}
EXPORT_SYMBOL_SLABMOD(slabmod_region_size);
