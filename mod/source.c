// SPDX-License-Identifier: GPL-2.0
/*
 * source.c - the source of a pool's pages.
 *
 * The limit of a source is never exceeded, not even briefly: pages are charged before they are
 * allocated. The reserve is not freed to the kernel. See struct chunk_source.
 *
 * Contexts: any, as far as the page allocator permits. Locks: none.
 */
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/mm.h>

#include "debug/fault.h"
#include "source.h"

int source_nearest_node(int nid)
{
	int nearest = nid, node;

	for_each_node_state(node, N_MEMORY)
		if (nearest == nid || node_distance(nid, node) < node_distance(nid, nearest))
			nearest = node;
	return nearest;
}
EXPORT_SYMBOL_FOR_TEST(source_nearest_node);

void source_count_metadata(struct chunk_source *source, long bytes)
{
	long now = atomic_long_add_return(bytes, &source->metadata);

	update_peak(&source->metadata_peak, now);
	/* Each new chunk has metadata, so this catches every peak of @held too. */
	update_peak(&source->bytes_peak, (atomic_long_read(&source->held) << PAGE_SHIFT) + now);
}

/* Charge @pages, and store the new value of @held in @now. Return false at the limit. */
static bool source_charge(struct chunk_source *source, unsigned long pages, long *now)
{
	long held = atomic_long_read(&source->held);

	/* First: a request that is refused because of the charge must find it counted. */
	atomic_long_inc(&source->charges);
	do {
		if (held + pages > source->limit) {
			atomic_long_dec(&source->charges);
			return false;
		}
	} while (!atomic_long_try_cmpxchg(&source->held, &held, held + pages));
	*now = held + pages;
	return true;
}

struct page *source_alloc(struct chunk_source *source, gfp_t gfp, unsigned int order, int nid)
{
	struct page *page;
	long held;

	if (!source_charge(source, 1ul << order, &held))
		return ERR_PTR(-EDQUOT);
	page = fault_hits_gfp(FAULT_CHUNK, gfp) ? NULL :
	       source->alloc(source, gfp | source->zone, order, nid);
	if (page) {
		/* Not the present value: pages may have been freed since the charge. */
		update_peak(&source->peak, held);
	} else {
		atomic_long_sub(1ul << order, &source->held);
		source_settle(source);
	}
	return page;
}

/* Uncharge the pages only when they are free, so that the limit holds. */
void source_free(struct chunk_source *source, struct page *page, unsigned int order)
{
	source->free(source, page, order);
	atomic_long_sub(1ul << order, &source->held);
}

void source_cancel(struct chunk_source *source, struct page *page, unsigned int order)
{
	source_free(source, page, order);
	source_settle(source);
}

/* ---- the kernel's page allocator as a source ---- */

static struct page *kernel_alloc(struct chunk_source *source, gfp_t gfp, unsigned int order,
				 int nid)
{
	return alloc_pages_node(nid, gfp, order);
}

static void kernel_free(struct chunk_source *source, struct page *page, unsigned int order)
{
	__free_pages(page, order);
}

const struct chunk_source kernel_source = {
	.alloc = kernel_alloc,
	.free = kernel_free,
	.min_order = UNIT_ORDER,
	.max_order = CHUNK_MAX_ORDER,
	.max_free = ULONG_MAX,
	.limit = ULONG_MAX / 2,
	.nid = NUMA_NO_NODE,
};
EXPORT_SYMBOL_FOR_TEST(kernel_source);
