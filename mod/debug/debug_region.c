// SPDX-License-Identifier: GPL-2.0
/*
 * debug_region.c - red zones and poison in the blocks of a region.
 *
 * Contexts: any. Locks: none; the callers of a region serialize.
 */
#include <linux/printk.h>
#include <linux/string.h>

#include "chunk.h"
#include "debug/debug.h"
#include "debug/debug_block.h"
#include "debug/debug_region.h"
#include "report.h"

#define WORD	SLABMOD_REGION_ALIGN

/* Return the byte of the shadow for an offset. */
static u8 *shadow(struct region_block *block, size_t offset)
{
	return (u8 *)block + block->last + (offset - block->first) / WORD;
}

/* ---- reports ---- */

/* Report bytes between two addresses that are not @fill. @piece: the one before, or NULL. */
static void check_fill(struct region_block *block, void *from, void *to, u8 fill, void *piece,
		       size_t size)
{
	size_t written;
	void *first = debug_find_written(from, fill, to - from, &written);
	bool printed;

	if (likely(!first))
		return;
	if (fill == DEBUG_FILL_FREE)
		printed = report_misuse(MISUSE_WRITE_FREE,
					"%zu bytes of a region were written after they were freed, from %p on",
					written, first);
	else if (piece)
		printed = report_misuse(MISUSE_OVERRUN,
					"%zu bytes behind a piece %p of %zu bytes of a region were written, the first at offset %ld",
					written, piece, size, (long)(first - piece));
	else
		printed = report_misuse(MISUSE_OVERRUN,
					"%zu bytes before the pieces of a block of a region were written, from %p on",
					written, first);
	if (!printed)
		return;
	debug_print_bytes(piece ?: from, first, to);
	debug_block_print(chunk_frame(block));
}

/* ---- blocks of pieces ---- */

static void poison(struct region_block *block, size_t from, size_t to)
{
	memset((void *)block + from, DEBUG_FILL_FREE, to - from);
	memset(shadow(block, from), 0, (to - from) / WORD);
	debug_kasan_poison((void *)block + from, to - from, DEBUG_SHADOW_FREE);
}

void debug_region_add(struct region_block *block)
{
	void *zone = (void *)block + block->first - DEBUG_REGION_ZONE;

	memset(zone, DEBUG_FILL_REDZONE, DEBUG_REGION_ZONE);
	debug_kasan_poison(zone, DEBUG_REGION_ZONE, DEBUG_SHADOW_REDZONE);
	poison(block, block->first, block->last);
}

/* Make the bytes between two addresses a red zone. */
static void make_zone(struct region_block *block, unsigned long from, unsigned long to)
{
	unsigned long whole = ALIGN(from, WORD);

	memset((void *)from, DEBUG_FILL_REDZONE, to - from);
	if (whole != from)
		*shadow(block, from - (unsigned long)block) = whole - from;
	memset(shadow(block, whole - (unsigned long)block), WORD, (to - whole) / WORD);
	debug_kasan_poison((void *)whole, to - whole, DEBUG_SHADOW_REDZONE);
}

void debug_region_alloc(struct region_block *block, unsigned long cursor, unsigned long piece,
			size_t size, unsigned long next)
{
	debug_kasan_unpoison((void *)cursor, next - cursor);
	check_fill(block, (void *)cursor, (void *)next, DEBUG_FILL_FREE, NULL, 0);
	make_zone(block, cursor, piece);
	memset((void *)piece, DEBUG_FILL_NEW, size);
	make_zone(block, piece + size, next);
	/* The last bytes before the red zone may be a part of eight. */
	debug_kasan_unpoison((void *)piece, size);
}

/* Check the red zones between two offsets at which pieces begin or end. */
static void check_zones(struct region_block *block, size_t from, size_t to)
{
	size_t piece = from, offset = from, zone;

	while (offset < to) {
		u8 red = min_t(u8, *shadow(block, offset), WORD);

		offset += WORD;
		if (!red)
			continue;
		zone = offset - red;
		while (offset < to && *shadow(block, offset) == WORD)
			offset += WORD;
		check_fill(block, (void *)block + zone, (void *)block + offset, DEBUG_FILL_REDZONE,
			   (void *)block + piece, zone - piece);
		piece = offset;
	}
}

void debug_region_free(struct region_block *block, size_t from, size_t to)
{
	debug_kasan_unpoison((void *)block + from, to - from);
	check_zones(block, from, to);
	poison(block, from, to);
}

void debug_region_remove(struct region_block *block)
{
	void *first = (void *)block + block->first;

	debug_kasan_unpoison(block, block->bytes);
	check_fill(block, first - DEBUG_REGION_ZONE, first, DEBUG_FILL_REDZONE, NULL, 0);
	check_fill(block, first, (void *)block + block->last, DEBUG_FILL_FREE, NULL, 0);
}

/* ---- blocks of a large piece ---- */

void debug_region_add_large(struct region_block *block, size_t size)
{
	void *piece = (void *)block + block->first, *end = (void *)block + block->last;

	memset(block + 1, DEBUG_FILL_REDZONE, piece - (void *)(block + 1));
	memset(piece, DEBUG_FILL_NEW, size);
	memset(piece + size, DEBUG_FILL_REDZONE, end - piece - size);
	debug_kasan_poison(block + 1, piece - (void *)(block + 1), DEBUG_SHADOW_REDZONE);
	debug_kasan_poison(piece + ALIGN(size, WORD), end - piece - ALIGN(size, WORD),
			   DEBUG_SHADOW_REDZONE);
	debug_kasan_unpoison(piece, size);
}

void debug_region_remove_large(struct region_block *block, size_t size)
{
	void *piece = (void *)block + block->first, *end = (void *)block + block->last;

	debug_kasan_unpoison(block, block->bytes);
	check_fill(block, block + 1, piece, DEBUG_FILL_REDZONE, NULL, 0);
	check_fill(block, piece + size, end, DEBUG_FILL_REDZONE, piece, size);
}
