/* SPDX-License-Identifier: GPL-2.0 */
/*
 * gfp.h - which flags and nodes are honoured, and what is said of the others.
 */
#ifndef SLABMOD_GFP_H
#define SLABMOD_GFP_H

#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/preempt.h>
#include <linux/sched/mm.h>

#include <slabmod/fast.h>

/* What slabmod can promise to honour; any other flag is refused. */
#define GFP_HONOURED	(SLABMOD_GFP_PLAIN | __GFP_NOFAIL | __GFP_ZERO | __GFP_THISNODE)

/* What slabmod's own structures may be allocated with: how hard to try, nothing else. */
#define GFP_METADATA	(__GFP_RECLAIM | __GFP_IO | __GFP_FS | __GFP_HIGH | __SLABMOD_GFP_ATOMIC | \
			 __GFP_MEMALLOC | __GFP_NOMEMALLOC | __GFP_NORETRY | \
			 __GFP_RETRY_MAYFAIL | __GFP_NOFAIL)

/* Whether the kernel's own allocators may be called from here. */
static inline bool gfp_may_call_kernel(void)
{
	if (in_nmi())
		return false;
	return !IS_ENABLED(CONFIG_PREEMPT_RT) || preemptible();
}

/* How to ask for more than is needed: what is at hand, waking nobody, sparing reserves. */
static inline gfp_t gfp_easy(gfp_t gfp)
{
	return (gfp & ~(__GFP_RECLAIM | __GFP_NOFAIL | __GFP_RETRY_MAYFAIL | __GFP_HIGH |
			__SLABMOD_GFP_ATOMIC | __GFP_MEMALLOC)) |
	       __GFP_NORETRY | __GFP_NOMEMALLOC | __GFP_NOWARN;
}

/* Reports flags that cannot be honoured for so many bytes; true when there are any. */
bool gfp_refused(const char *who, gfp_t gfp, size_t size);

/* Reports a node that does not exist; NUMA_NO_NODE is not one. */
bool node_refused(const char *who, int nid);

#endif /* SLABMOD_GFP_H */
