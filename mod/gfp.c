// SPDX-License-Identifier: GPL-2.0
/*
 * gfp.c - allocation flags and nodes: reports of those that cannot be honoured.
 *
 * Contexts: any. Locks: none.
 */
#include <linux/nodemask.h>

#include "gfp.h"
#include "report.h"

/* Counts instead of marks: an interrupt may make such a call during another. */
DEFINE_PER_CPU(unsigned int, nolock_level);

/* The zones that all pages of a source are in. Memory that is fit for DMA is fit for DMA32. */
static gfp_t zones_of(const struct chunk_source *source)
{
	return source->zone & __GFP_DMA ? __GFP_DMA | __GFP_DMA32 : source->zone;
}

bool gfp_refused(const char *caller, struct chunk_source *source, gfp_t *gfps, size_t size)
{
	gfp_t gfp = *gfps, bad = gfp & ~(GFP_HONOURED | GFP_HINTS | zones_of(source));

	if (bad) {
		report_misuse(MISUSE_BAD_GFP, "%s: %pGg cannot be honoured (in %pGg)", caller, &bad,
			      &gfp);
		return true;
	}
	if (gfp & GFP_HINTS)
		stat_inc(source->stats, EVENT_HINT);
	*gfps &= GFP_HONOURED;
	if (!(gfp & __GFP_NOFAIL))
		return false;
	if (size > 2 * PAGE_SIZE)
		report_misuse(MISUSE_BAD_GFP,
			      "%s: __GFP_NOFAIL cannot be honoured for more than two pages",
			      caller);
	else if (!gfpflags_allow_blocking(gfp))
		report_misuse(MISUSE_BAD_GFP,
			      "%s: __GFP_NOFAIL cannot be honoured without sleeping", caller);
	else
		return false;
	return true;
}

bool node_refused(const char *caller, int nid)
{
	if (nid >= 0 && nid < nr_node_ids && node_online(nid))
		return false;
	report_misuse(MISUSE_BAD_NODE, "%s: there is no node %d", caller, nid);
	return true;
}
