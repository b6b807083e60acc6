/* SPDX-License-Identifier: GPL-2.0 */
/*
 * gfp.h - allocation flags and nodes: which are honoured, and reports of others.
 */
#ifndef SLABMOD_GFP_H
#define SLABMOD_GFP_H

#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/preempt.h>
#include <linux/sched/mm.h>

#include <slabmod/fast.h>

/* The flags that slabmod honours; any other is refused. */
#define GFP_HONOURED	(SLABMOD_GFP_PLAIN | __GFP_NOFAIL | __GFP_ZERO | __GFP_THISNODE)

/* The flags of a request that also apply to slabmod's own structures. */
#define GFP_METADATA	(__GFP_RECLAIM | __GFP_IO | __GFP_FS | __GFP_HIGH | __SLABMOD_GFP_ATOMIC | \
			 __GFP_MEMALLOC | __GFP_NOMEMALLOC | __GFP_NORETRY | \
			 __GFP_RETRY_MAYFAIL | __GFP_NOFAIL)

/* Return true if the kernel's allocators may be called in this context. */
static inline bool gfp_may_call_kernel(void)
{
	if (in_nmi())
		return false;
	return !IS_ENABLED(CONFIG_PREEMPT_RT) || preemptible();
}

/* Return flags for an opportunistic allocation: no reclaim, no reserves, no warning. */
static inline gfp_t gfp_easy(gfp_t gfp)
{
	return (gfp & ~(__GFP_RECLAIM | __GFP_NOFAIL | __GFP_RETRY_MAYFAIL | __GFP_HIGH |
			__SLABMOD_GFP_ATOMIC | __GFP_MEMALLOC)) |
	       __GFP_NORETRY | __GFP_NOMEMALLOC | __GFP_NOWARN;
}

/* Return true, with a report, if @gfp cannot be honoured for @size bytes. */
bool gfp_refused(const char *caller, gfp_t gfp, size_t size);

/* Return true, with a report, if @nid is not an online node; NUMA_NO_NODE is none. */
bool node_refused(const char *caller, int nid);

#endif /* SLABMOD_GFP_H */
