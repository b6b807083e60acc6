// SPDX-License-Identifier: GPL-2.0
/*
 * chunk_map.c - lookup of the frame of an address.
 *
 * Unmapped chunks, which are too small for an entry of the map or for which no leaf could be
 * allocated, are in an xarray.
 *
 * Contexts: any for lookups, which take no lock; any but NMI for changes.
 * Locks: map_lock for new leaves; the xa_lock of unmapped_chunks.
 */
#include <linux/gfp.h>
#include <linux/kasan.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/xarray.h>

#include "chunk.h"
#include "chunk_map.h"
#include "debug/fault.h"
#include "frame.h"

struct chunk_map chunk_map __read_mostly;
EXPORT_SYMBOL_FOR_TEST(chunk_map);
struct frame chunk_no_frames[UNIT_PAGES];
EXPORT_SYMBOL_FOR_TEST(chunk_no_frames);
struct map_leaf chunk_no_leaf;
EXPORT_SYMBOL_FOR_TEST(chunk_no_leaf);
static DEFINE_RAW_SPINLOCK(map_lock);

/* Indexed by their last page: for an address, the next chunk upwards is the only candidate. */
static DEFINE_XARRAY_FLAGS(unmapped_chunks, XA_FLAGS_LOCK_IRQ);

/* ---- the map ---- */

static struct map_leaf **map_root(const void *addr)
{
	unsigned long root = chunk_offset(addr) >> ROOT_SHIFT;

	return root <= chunk_map.mask ? &chunk_map.root[root] : NULL;
}

/* Make sure that the map has a leaf at @addr. */
static bool map_prepare(const void *addr, gfp_t gfp)
{
	struct map_leaf **root = map_root(addr);
	struct map_leaf *leaf;
	unsigned long flags;

	if (!root || fault_hits_gfp(FAULT_LEAF, gfp))
		return false;
	if (READ_ONCE(*root) != &chunk_no_leaf)
		return true;
	leaf = alloc_pages_exact(sizeof(*leaf), gfp);
	if (!leaf)
		return false;
	memcpy(leaf, &chunk_no_leaf, sizeof(*leaf));
	raw_spin_lock_irqsave(&map_lock, flags);
	if (*root == &chunk_no_leaf) {
		/* Pairs with the address dependency in chunk_frame_fast(). */
		smp_store_release(root, leaf);
		leaf = NULL;
	}
	raw_spin_unlock_irqrestore(&map_lock, flags);
	if (leaf)
		free_pages_exact(leaf, sizeof(*leaf));
	return true;
}

/* Point every entry of the map that @chunk covers to its frames, or to no frames. */
static void map_set(struct chunk *chunk, bool on)
{
	unsigned long offset = chunk_offset(chunk->base);
	struct map_leaf *leaf = *map_root(chunk->base);
	unsigned int page;

	for (page = 0; page < 1u << chunk->order; page += UNIT_PAGES) {
		unsigned long entry = (offset >> UNIT_SHIFT) % LEAF_ENTRIES;

		/* Pairs with the address dependency in chunk_of(). */
		smp_store_release(&leaf->unit[entry],
				  on ? &chunk->units[page >> UNIT_ORDER] : NULL);
		/* Pairs with the address dependency in chunk_frame_fast(). */
		smp_store_release(&leaf->frames[entry],
				  on ? &chunk->frames[page] : chunk_no_frames);
		offset += 1ul << UNIT_SHIFT;
	}
}

static unsigned long last_pfn(struct chunk *chunk)
{
	return PHYS_PFN(__pa(chunk->base)) + (1ul << chunk->order) - 1;
}

static bool unmapped_insert(struct chunk *chunk, gfp_t gfp)
{
	unsigned long flags;
	int err;

	if (fault_hits_gfp(FAULT_STRAY, gfp))
		return false;
	if (gfpflags_allow_blocking(gfp)) {
		err = xa_err(xa_store_irq(&unmapped_chunks, last_pfn(chunk), chunk, gfp));
	} else {
		xa_lock_irqsave(&unmapped_chunks, flags);
		err = xa_err(__xa_store(&unmapped_chunks, last_pfn(chunk), chunk, gfp));
		xa_unlock_irqrestore(&unmapped_chunks, flags);
	}
	return !err;
}

static void unmapped_erase(struct chunk *chunk)
{
	unsigned long flags;

	xa_lock_irqsave(&unmapped_chunks, flags);
	__xa_erase(&unmapped_chunks, last_pfn(chunk));
	xa_unlock_irqrestore(&unmapped_chunks, flags);
}

bool chunk_map_add(struct chunk *chunk, gfp_t gfp)
{
	/* Memory that was added while slabmod is loaded: see chunk_map_init(). */
	if (chunk_offset(chunk->base) >> PAGE_SHIFT > U32_MAX)
		return false;
	/* Offset 0 passes every mask test of cache_free_check(), so it must not be in the map. */
	chunk->unmapped = chunk->order < UNIT_ORDER || !chunk_offset(chunk->base) ||
		       !map_prepare(chunk->base, gfp);
	if (chunk->unmapped)
		return unmapped_insert(chunk, gfp);
	map_set(chunk, true);
	return true;
}

void chunk_map_remove(struct chunk *chunk)
{
	if (chunk->unmapped)
		unmapped_erase(chunk);
	else
		map_set(chunk, false);
}

static struct chunk *unmapped_chunk(const void *addr)
{
	unsigned long pfn = PHYS_PFN(__pa(addr));
	struct chunk *chunk;

	rcu_read_lock();
	chunk = xa_find(&unmapped_chunks, &pfn, ULONG_MAX, XA_PRESENT);
	if (chunk && addr < chunk->base)
		chunk = NULL;
	rcu_read_unlock();
	return chunk;
}

struct chunk *chunk_of_unmapped(const void *addr)
{
	addr = kasan_reset_tag(addr);
	/* Unmapped chunks may be beyond the map: memory can be added while slabmod is loaded. */
	if ((unsigned long)addr < PAGE_OFFSET || addr >= high_memory)
		return NULL;
	return unmapped_chunk(addr);
}
EXPORT_SYMBOL_FOR_TEST(chunk_of_unmapped);

struct frame *chunk_frame(const void *addr)
{
	struct chunk *chunk;

	addr = kasan_reset_tag(addr);
	chunk = chunk_of(addr);
	return chunk ? &chunk->frames[chunk_index(chunk, addr)] : NULL;
}
EXPORT_SYMBOL_FOR_TEST(chunk_frame);

static struct chunk *mapped_next(unsigned long offset)
{
	offset = ALIGN(offset, BIT(UNIT_SHIFT));
	while (!(offset & chunk_map.beyond)) {
		struct map_leaf *leaf = READ_ONCE(chunk_map.root[offset >> ROOT_SHIFT]);
		struct unit *unit = READ_ONCE(leaf->unit[(offset >> UNIT_SHIFT) % LEAF_ENTRIES]);

		if (leaf == &chunk_no_leaf) {
			offset = ALIGN(offset + 1, BIT(ROOT_SHIFT));
			continue;
		}
		/* Chunks are naturally aligned: all but the smallest cover several entries. */
		if (unit && chunk_offset(unit->chunk->base) == offset)
			return unit->chunk;
		offset += BIT(UNIT_SHIFT);
	}
	return NULL;
}

static struct chunk *unmapped_next(unsigned long offset)
{
	unsigned long pfn = PHYS_PFN(__pa((void *)(PAGE_OFFSET + offset)));
	struct chunk *chunk;

	/* The first one may begin before. */
	while ((chunk = xa_find(&unmapped_chunks, &pfn, ULONG_MAX, XA_PRESENT)) &&
	       chunk_offset(chunk->base) < offset)
		pfn++;
	return chunk;
}

struct chunk *chunk_map_next(unsigned long offset)
{
	struct chunk *mapped = mapped_next(offset), *unmapped = unmapped_next(offset);

	if (mapped && unmapped)
		return mapped->base < unmapped->base ? mapped : unmapped;
	return mapped ?: unmapped;
}
EXPORT_SYMBOL_FOR_TEST(chunk_map_next);

size_t chunk_map_metadata(void)
{
	size_t size = (chunk_map.mask + 1) * sizeof(*chunk_map.root);
	unsigned long i;

	for (i = 0; i <= chunk_map.mask; i++)
		if (READ_ONCE(chunk_map.root[i]) != &chunk_no_leaf)
			size += sizeof(struct map_leaf);
	return size;
}

void chunk_map_cover(unsigned long mask)
{
	WRITE_ONCE(chunk_map.mask, mask);
	WRITE_ONCE(chunk_map.beyond, ~((mask << ROOT_SHIFT) | (BIT(ROOT_SHIFT) - 1)));
	WRITE_ONCE(chunk_map.no_page, chunk_map.beyond | (PAGE_SIZE - 1));
}
EXPORT_SYMBOL_FOR_TEST(chunk_map_cover);

int chunk_map_init(void)
{
	unsigned long roots = (chunk_offset(high_memory - 1) >> ROOT_SHIFT) + 1, i;

	if (PAGE_OFFSET & (BIT(UNIT_SHIFT) - 1)) {
		pr_err("slabmod: the direct map is not aligned to 256 KiB\n");
		return -EINVAL;
	}
	/* Slabs and reports store the number of a page in 32 bits. */
	if (chunk_offset(high_memory - 1) >> PAGE_SHIFT > U32_MAX) {
		pr_err("slabmod: the direct map has more than %lu pages\n", (unsigned long)U32_MAX);
		return -EINVAL;
	}
	for (i = 0; i < UNIT_PAGES; i++)
		chunk_no_frames[i].use = &frame_tail;
	for (i = 0; i < LEAF_ENTRIES; i++)
		chunk_no_leaf.frames[i] = chunk_no_frames;
	roots = roundup_pow_of_two(roots);
	chunk_map.root = fault_kvzalloc(FAULT_ROOT, roots * sizeof(*chunk_map.root), GFP_KERNEL);
	if (!chunk_map.root)
		return -ENOMEM;
	for (i = 0; i < roots; i++)
		chunk_map.root[i] = &chunk_no_leaf;
	chunk_map_cover(roots - 1);
	return 0;
}

void chunk_map_exit(void)
{
	unsigned long i;

	for (i = 0; i <= chunk_map.mask; i++)
		if (chunk_map.root[i] != &chunk_no_leaf)
			free_pages_exact(chunk_map.root[i], sizeof(struct map_leaf));
	kvfree(chunk_map.root);
	xa_destroy(&unmapped_chunks);
}
