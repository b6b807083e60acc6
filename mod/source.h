/* SPDX-License-Identifier: GPL-2.0 */
/*
 * source.h - the source of a pool's pages: allocation below a limit, and counts.
 */
#ifndef SLABMOD_SOURCE_H
#define SLABMOD_SOURCE_H

#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/topology.h>

#include "types.h"

/*
 * Return the nearest node with memory. On some machines, x86 among them, numa_mem_id() can be a
 * node without.
 */
int source_nearest_node(int nid);

static inline int source_near_node(int nid)
{
	return likely(node_state(nid, N_MEMORY)) ? nid : source_nearest_node(nid);
}

/* Return the preferred node of this CPU. */
static inline int source_nid(const struct chunk_source *source)
{
	return source->nid == NUMA_NO_NODE ? source_near_node(numa_mem_id()) : source->nid;
}

/* Return the pages that a source holds beyond its reserve. */
static inline unsigned long source_unreserved(struct chunk_source *source)
{
	long beyond = atomic_long_read(&source->staying) - (long)source->reserve;

	return max(beyond, 0l);
}

/* Return true if the limit allows another chunk of the smallest order. */
static inline bool source_has_room(const struct chunk_source *source)
{
	return atomic_long_read(&source->held) + BIT(source->min_order) <= source->limit;
}

/* Make the worker look at the source. Any context. */
static inline void source_kick_worker(struct chunk_source *source)
{
	void (*kick)(struct chunk_source *source) = READ_ONCE(source->kick_worker);

	if (kick)
		kick(source);
}

/*
 * A chunk is charged to the limit before its outcome is known: the kernel may refuse it, or it
 * may have room for other requests. A request that the limit refused because of such a charge
 * is tried again. This is the state before the first try.
 */
struct source_state {
	long settled;
	long refused;
};

static inline struct source_state source_state(struct chunk_source *source)
{
	return (struct source_state) {
		.refused = atomic_long_read(&source->refused),
		/* Pairs with source_settle(): the outcome of these charges is visible. */
		.settled = atomic_long_read_acquire(&source->settled),
	};
}

/* Return true if, since @since, the limit refused a request and a charge was unsettled. */
static inline bool source_was_unsettled(struct chunk_source *source,
					const struct source_state *since)
{
	/* Pairs with source_charge(): if @held included a charge, so does @charges. */
	smp_rmb();
	return atomic_long_read(&source->refused) != since->refused &&
	       atomic_long_read(&source->charges) != since->settled;
}

/* Settle a charge: it was undone, or other CPUs can allocate from its chunk. */
static inline void source_settle(struct chunk_source *source)
{
	/* Fully ordered: after the chunk was added or the charge undone. */
	atomic_long_inc_return(&source->settled);
}

/* Return true if the source may allocate memory of node @nid. */
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

/* Count objects, or blocks, that leave slabs, or the buddy, for magazines or callers. */
static inline void count_inuse(struct slabmod_cache *cache, long objects)
{
	update_peak(&cache->inuse_peak, atomic_long_add_return(objects, &cache->inuse));
}

/* Add @bytes, which may be negative, to the metadata of the source. */
void source_count_metadata(struct chunk_source *source, long bytes);

/*
 * Charge 1 << @order pages to the limit, and allocate them. Return ERR_PTR(-EDQUOT) if the limit
 * refuses, or NULL if the kernel does.
 */
struct page *source_alloc(struct chunk_source *source, gfp_t gfp, unsigned int order, int nid);
void source_free(struct chunk_source *source, struct page *page, unsigned int order);

/* Undo source_alloc(), including the charge. */
void source_cancel(struct chunk_source *source, struct page *page, unsigned int order);

/* The kernel as a source. Its users set the limit and the largest order. */
extern const struct chunk_source kernel_source;

#endif /* SLABMOD_SOURCE_H */
