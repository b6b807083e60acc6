// SPDX-License-Identifier: GPL-2.0
/*
 * beyond.c - memory that came after the map was made.
 *
 * No memory comes while tests run, so the map is made to end where there is memory
 * behind it. Tests run one after another, and nobody else uses slabmod meanwhile.
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/nodemask.h>

#include "beyond.h"
#include "chunk.h"
#include "kit.h"

#define BEYOND_TRIES	128

/* While @mask is not 0 the map has been made smaller, and @mask is what it was. */
static struct {
	unsigned long mask;
	struct page *pages[BEYOND_TRIES];
	unsigned int nr_pages;
	struct page *chunks[2];		/* of these: in the map, and its alias beyond */
	unsigned int given;
} beyond;

static struct page *beyond_get(struct chunk_source *source, gfp_t gfp, unsigned int order, int nid)
{
	if (order != CHUNK_MAX_ORDER || beyond.given == ARRAY_SIZE(beyond.chunks))
		return NULL;
	return beyond.chunks[beyond.given++];
}

static void beyond_put(struct chunk_source *source, struct page *page, unsigned int order)
{
}

/* Whether a map that ends between two addresses leads from the second to the first. */
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
			WRITE_ONCE(chunk_map.mask, mask);
			return true;
		}
		if (!mask)
			break;
	}
	return false;
}

/* Takes pages, from one node after another, until two of them will do. */
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
		WRITE_ONCE(chunk_map.mask, beyond.mask);
	while (beyond.nr_pages)
		__free_pages(beyond.pages[--beyond.nr_pages], CHUNK_MAX_ORDER);
	beyond.mask = 0;
	beyond.given = 0;
}

struct slabmod_pool *beyond_pool_create(struct kunit *test)
{
	struct slabmod_pool *pool;

	if (!beyond_search())
		kunit_skip(test, "no memory would do");
	pool = kit_pool_create_orders(test, 2ul << CHUNK_MAX_ORDER, CHUNK_MAX_ORDER,
				      CHUNK_MAX_ORDER);
	pool->source.alloc = beyond_get;
	pool->source.free = beyond_put;
	return pool;
}
