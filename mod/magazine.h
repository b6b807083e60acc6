/* SPDX-License-Identifier: GPL-2.0 */
/*
 * magazine.h - per-CPU stacks of free objects: the slow paths. The fast paths and their rules
 * are in include/slabmod/fast.h.
 */
#ifndef SLABMOD_MAGAZINE_H
#define SLABMOD_MAGAZINE_H

#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/smp.h>

#include "debug/leak.h"
#include "home.h"
#include "slab.h"

/* Bounds of a stack, in bytes of objects (module parameter magazine_bytes) and objects. */
#define MAGAZINE_BYTES_DEFAULT	32768u
#define MAGAZINE_BYTES_MIN	1024u
#define MAGAZINE_BYTES_MAX	65536u
#define MAGAZINE_MIN		4u
#define MAGAZINE_MAX		512u
/* So many large objects may have eight times the bytes. */
#define MAGAZINE_LARGE		96u
#define MAGAZINE_LARGE_FACTOR	8u
/* What one hold of a home's lock is to do at most: see HOME_HOLD_FREES. */
#define MAGAZINE_REFILL_MOST	128u
#define MAGAZINE_FLUSH_MOST	HOME_HOLD_FREES
#define MAGAZINE_FLUSH_RUNS	(HOME_HOLD_SHORT ? 26u : 104u)
/* The first magazines of a cache, before they are resized. */
#define MAGAZINE_START		16u
/* Magazines of blocks start with this room, and may hold these bytes at first. */
#define MAGAZINE_START_BLOCKS	128u
#define MAGAZINE_START_PAGES	65536u
#define MAGAZINE_MAX_BLOCKS	1024u

/*
 * Factor of the bytes for blocks, of which at least one fits; and what part of a CPU's share of the
 * pool's limit, or of its reserve, those of one size may be at most. With all sizes in use it is
 * less than half of the share.
 */
#define MAGAZINE_PAGES_FACTOR	2048u
#define MAGAZINE_LIMIT_SHARE	32

/* Whether init_on_alloc applies to the cache. */
static inline bool magazine_clears(const struct slabmod_cache *cache)
{
	/* block.c clears blocks. */
	return static_branch_maybe(CONFIG_INIT_ON_ALLOC_DEFAULT_ON, &init_on_alloc) &&
	       !slab_keeps_state(cache) && !(cache->flags & CACHE_BLOCKS);
}

/* Whether allocations must take the slow path, because it does more with each object. */
static inline bool magazine_is_hidden(const struct slabmod_cache *cache)
{
	return magazine_clears(cache) || leak_tracks(cache) || cache->flags & CACHE_STRICT;
}

/* Objects in the local stack, busy or not. */
static inline unsigned int magazine_nr_local(const struct slabmod_magazine *magazine)
{
	return READ_ONCE(magazine->top) & (-SLABMOD_MAGAZINE_BUSY - 1);
}

/* Shared by caches without own magazines: no objects and no room. */
extern struct slabmod_magazine __percpu *magazine_none;

static inline bool magazine_has_own(const struct slabmod_cache *cache)
{
	return READ_ONCE(cache->magazines) != magazine_none;
}

/* The remote stack is smaller than the local one, because it only batches returns. */
static inline unsigned int magazine_remote_capacity(unsigned int capacity)
{
	return max(capacity / 4, MAGAZINE_MIN);
}

static inline void **magazine_remote(struct slabmod_magazine *magazine)
{
	return &magazine->object[magazine->room + 1];
}

/* Objects in a magazine of any CPU. The value may be stale. */
static inline unsigned int magazine_nr_objects(const struct slabmod_magazine *magazine)
{
	return magazine_nr_local(magazine) + READ_ONCE(magazine->nr_remote);
}

/*
 * Allocate an object, from the magazine, which is refilled, or from the slabs of this node.
 * @any_line: also from lines that other CPUs have objects in, and from other nodes. Any context.
 */
void *magazine_alloc_object(struct slabmod_cache *cache, bool any_line);

/* Allocate an object from slabs of other nodes, or of a new slab. Any context; NULL in an NMI. */
void *magazine_alloc_other_nodes(struct slabmod_cache *cache);
void *magazine_alloc_from_new_slab(struct slabmod_cache *cache, gfp_t gfp);

/*
 * Allocate an object on a node, of a new slab if necessary. Without __GFP_THISNODE do not try
 * hard to create one. Any context.
 */
void *magazine_alloc_on_node(struct slabmod_cache *cache, gfp_t gfp, int nid);

/* Allocate up to @nr objects from the magazine and existing slabs; return how many. */
size_t magazine_alloc_bulk(struct slabmod_cache *cache, size_t nr, void **objects);

/* Free an object that is known to start in @slab. Any context. */
void magazine_free_object(struct slabmod_cache *cache, struct slab *slab, void *object);

/*
 * The same for an object that is not free in @slab, if that has another home, or this CPU has no
 * magazine. Preemption is off.
 */
void magazine_free_away(struct slabmod_cache *cache, struct slab *slab, void *object);

/*
 * Enter this CPU's magazine for longer than the fast path: its count is in @local_top until
 * magazine_unlock_local(). Return NULL if it is busy, or if there is none. Preemption is off.
 */
struct slabmod_magazine *magazine_lock_local(struct slabmod_cache *cache);
void magazine_unlock_local(struct slabmod_magazine *magazine);

/*
 * Count a refill or flush, of blocks only a refill, and return how many there were lately. After
 * many of them the worker is to resize the magazines, if this one holds as many as it has room for.
 */
unsigned int magazine_count_miss(struct slabmod_cache *cache, struct slabmod_magazine *magazine);

/* Count objects or blocks that were allocated without a magazine. */
void magazine_count_direct(struct slabmod_cache *cache, unsigned int nr);

/* Free up to @most objects of a magazine that is locked, or that no CPU can find. */
void magazine_flush(struct slabmod_cache *cache, struct slabmod_magazine *magazine,
		    unsigned int most);

#endif /* SLABMOD_MAGAZINE_H */
