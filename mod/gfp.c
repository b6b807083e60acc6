// SPDX-License-Identifier: GPL-2.0
/*
 * gfp.c - allocation flags and nodes: reports of those that cannot be honoured.
 *
 * Contexts: any. Locks: none.
 */
#include <linux/nodemask.h>

#include "gfp.h"
#include "report.h"

bool gfp_refused(const char *caller, gfp_t gfp, size_t size)
{
	gfp_t bad = gfp & ~GFP_HONOURED;

	if (bad) {
		report_misuse(MISUSE_BAD_GFP, "%s: %pGg cannot be honoured (in %pGg)", caller, &bad,
			      &gfp);
		return true;
	}
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
