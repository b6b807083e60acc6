// SPDX-License-Identifier: GPL-2.0
/*
 * beyond.c - memory added after the map was made.
 *
 * No memory is added while tests run, so the map is made smaller instead. Tests run one
 * after another, and nothing but the worker uses slabmod meanwhile.
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/nodemask.h>

#include "beyond.h"
#include "chunk.h"
#include "kit.h"
#include "pool.h"
#include "pool_list.h"

#define BEYOND_TRIES	128

/* @mask is that of the real map while it is made smaller, or 0. */
static struct {
	unsigned long mask;
	struct page *pages[BEYOND_TRIES];
	unsigned int nr_pages;
	struct page *chunks[2];		/* of these: in the map, and its alias beyond */
	unsigned int nr_allocated;
} beyond;

static struct page *beyond_alloc(struct chunk_source *source, gfp_t gfp, unsigned int order,
				 int nid)
{
	if (order != CHUNK_MAX_ORDER || beyond.nr_allocated == ARRAY_SIZE(beyond.chunks))
		return NULL;
	return beyond.chunks[beyond.nr_allocated++];
}

static void beyond_free(struct chunk_source *source, struct page *page, unsigned int order)
{
}

/* Whether a map that ends between two addresses finds the first for the second. */
static bool beyond_found(struct page *a, struct page *b)
{
	unsigned long low = chunk_offset(page_address(a)), high = chunk_offset(page_address(b));
	unsigned long mask;

	for (mask = chunk_map.mask / 2; low < high; mask /= 2) {
		unsigned long size = (mask + 1) << ROOT_SHIFT;

		if (low < size && high >= size && (high - low) % size == 0) {
			beyond.mask = chunk_map.mask;
			beyond.chunks[0] = a;
			beyond.chunks[1] = b;
			chunk_map_cover(mask);
			return true;
		}
		if (!mask)
			break;
	}
	return false;
}

/* Allocate pages, from one node after another, until two of them fit. */
static bool beyond_search(void)
{
	const gfp_t gfp = GFP_KERNEL | __GFP_COMP | __GFP_NORETRY | __GFP_NOWARN | __GFP_THISNODE;
	int nid = first_online_node;
	unsigned int i;

	while (beyond.nr_pages < BEYOND_TRIES) {
		struct page *page = __alloc_pages_node(nid, gfp, CHUNK_MAX_ORDER);

		if (!page)
			return false;
		for (i = 0; i < beyond.nr_pages; i++)
			if (beyond_found(beyond.pages[i], page) ||
			    beyond_found(page, beyond.pages[i]))
				break;
		beyond.pages[beyond.nr_pages++] = page;
		if (beyond.mask)
			return true;
		nid = next_node_in(nid, node_online_map);
	}
	return false;
}

void beyond_end(void)
{
	if (beyond.mask)
		chunk_map_cover(beyond.mask);
	while (beyond.nr_pages)
		__free_pages(beyond.pages[--beyond.nr_pages], CHUNK_MAX_ORDER);
	beyond.mask = 0;
	beyond.nr_allocated = 0;
}

static void shrink(struct slabmod_pool *pool, void *arg)
{
	pool_shrink(pool);
}

struct slabmod_pool *beyond_pool_create(struct kunit *test)
{
	struct slabmod_pool *pool;

	/* The worker must find no free chunk beyond the smaller map: it could not remove it. */
	pool_walk(shrink, NULL);
	if (!beyond_search())
		kunit_skip(test, "needs memory that aliases in a smaller map");
	pool = kit_pool_create_orders(test, 2ul << CHUNK_MAX_ORDER, CHUNK_MAX_ORDER,
				      CHUNK_MAX_ORDER);
	pool->source.alloc = beyond_alloc;
	pool->source.free = beyond_free;
	return pool;
}
