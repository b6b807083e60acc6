/* SPDX-License-Identifier: GPL-2.0 */
/*
 * gfp.h - allocation flags, nodes and contexts: which are honoured, and reports of others.
 */
#ifndef SLABMOD_GFP_H
#define SLABMOD_GFP_H

#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/sched/mm.h>

#include "types.h"

/* The flags that slabmod honours. */
#define GFP_HONOURED	(SLABMOD_GFP_PLAIN | __GFP_NOFAIL | __GFP_ZERO | __GFP_THISNODE)

/*
 * The flags that say where memory would best be, or how it is accounted. They mean nothing for
 * slabmod's pages and are ignored. __GFP_COMP is true of each block: no page of it can be freed
 * on its own.
 */
#define GFP_HINTS	(__GFP_HIGHMEM | __GFP_MOVABLE | __GFP_RECLAIMABLE | __GFP_ACCOUNT | \
			 __GFP_COMP)

/* The flags of a request that also apply to slabmod's own structures. */
#define GFP_METADATA	(__GFP_RECLAIM | __GFP_IO | __GFP_FS | __GFP_HIGH | __SLABMOD_GFP_ATOMIC | \
			 __GFP_MEMALLOC | __GFP_NOMEMALLOC | __GFP_NORETRY | \
			 __GFP_RETRY_MAYFAIL | __GFP_NOFAIL)

/*
 * One more than the level of the context that makes a call which may interrupt the holder of any
 * lock, or 0. Preemption is off.
 */
DECLARE_PER_CPU(unsigned int, nolock_level);

static inline unsigned int nolock_begin(void)
{
	unsigned int before = raw_cpu_read(nolock_level);

	raw_cpu_write(nolock_level, interrupt_context_level() + 1);
	return before;
}

static inline void nolock_end(unsigned int before)
{
	raw_cpu_write(nolock_level, before);
}

/*
 * Return true if the holder of any lock may be what this context interrupted: in an NMI, and in
 * slabmod_kmalloc_nolock() and slabmod_kfree_nolock(). The caller must not wait for a lock then,
 * nor call a function of the kernel that does.
 */
static inline bool must_not_lock(void)
{
	/*
	 * An interrupt during such a call may lock: if the call were made under one of slabmod's
	 * locks, interrupts would be off.
	 */
	return in_nmi() || raw_cpu_read(nolock_level) == interrupt_context_level() + 1u;
}

/* Return true if the kernel's allocators may be called in this context. */
static inline bool gfp_may_call_kernel(void)
{
	if (must_not_lock())
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

/*
 * Return true, with a report, if the flags cannot be honoured for @size bytes from @source, which
 * are contiguous; 0 if they need not be. Otherwise remove those that have no effect from *@gfp;
 * hints are counted.
 */
bool gfp_refused(const char *caller, struct chunk_source *source, gfp_t *gfp, size_t size);

/* Return true, with a report, if @nid is not an online node; NUMA_NO_NODE is none. */
bool node_refused(const char *caller, int nid);

#endif /* SLABMOD_GFP_H */
