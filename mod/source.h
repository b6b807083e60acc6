/* SPDX-License-Identifier: GPL-2.0 */
/*
 * source.h - where a pool's pages come from: charged to its limit, counted, and freed again.
 */
#ifndef SLABMOD_SOURCE_H
#define SLABMOD_SOURCE_H

#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/topology.h>

#include "types.h"

/*
 * The node whose memory the CPUs of a node take first. On some machines, x86 among them,
 * the kernel says it is their own, though that has none: then it is the nearest.
 */
int source_nearest_node(int nid);

static inline int source_near_node(int nid)
{
	return likely(node_state(nid, N_MEMORY)) ? nid : source_nearest_node(nid);
}

/* The node whose memory this CPU takes first. */
static inline int source_nid(const struct chunk_source *source)
{
	return source->nid == NUMA_NO_NODE ? source_near_node(numa_mem_id()) : source->nid;
}

/* Pages that a source has beyond its reserve. */
static inline unsigned long source_unreserved(struct chunk_source *source)
{
	long beyond = atomic_long_read(&source->staying) - (long)source->reserve;

	return max(beyond, 0l);
}

/* Tells who looks after the source that there is something to do; any context. */
static inline void source_kick_worker(struct chunk_source *source)
{
	void (*kick)(struct chunk_source *source) = READ_ONCE(source->kick_worker);

	if (kick)
		kick(source);
}

/*
 * A charge stands at the limit before it is known what becomes of it: the kernel may refuse
 * the chunk, or the chunk may have room for others. A request that met the limit because of
 * one looks again. This is what it remembers of the time before.
 */
struct source_state {
	long settled;
	long refused;
};

static inline struct source_state source_state(struct chunk_source *source)
{
	return (struct source_state) {
		.refused = atomic_long_read(&source->refused),
		/* Pairs with source_settle(): what became of those charges is seen. */
		.settled = atomic_long_read_acquire(&source->settled),
	};
}

/* Whether the limit refused a request since, and a charge was open at some time since. */
static inline bool source_was_unsettled(struct chunk_source *source,
					const struct source_state *since)
{
	/* Of a charge that was met, in source_charge(), the count is seen too. */
	smp_rmb();
	return atomic_long_read(&source->refused) != since->refused &&
	       atomic_long_read(&source->charges) != since->settled;
}

/* A charge came to nothing, or others can see its chunk from now on. */
static inline void source_settle(struct chunk_source *source)
{
	/* Fully ordered: after the chunk was added, or the charge undone. */
	atomic_long_inc_return(&source->settled);
}

/* Whether it may have memory of a node at all. */
static inline bool source_serves(const struct chunk_source *source, int nid)
{
	return source->nid == NUMA_NO_NODE || source->nid == nid;
}

static inline void update_peak(atomic_long_t *peak, long now)
{
	long before = atomic_long_read(peak);

	while (now > before && !atomic_long_try_cmpxchg(peak, &before, now))
		;
}

/* So many bytes more, or less, are held beside the chunks. */
void source_count_metadata(struct chunk_source *source, long bytes);

/*
 * Charge 1 << @order pages to the limit, and allocate them. ERR_PTR(-EDQUOT) if the limit
 * leaves less, NULL if the kernel refuses.
 */
struct page *source_alloc(struct chunk_source *source, gfp_t gfp, unsigned int order, int nid);
void source_free(struct chunk_source *source, struct page *page, unsigned int order);

/* Undo source_alloc(): the request failed for another reason. */
void source_cancel(struct chunk_source *source, struct page *page, unsigned int order);

/* Pages from the kernel; the caller sets the limit and the largest order. */
extern const struct chunk_source kernel_source;

#endif /* SLABMOD_SOURCE_H */
