/* SPDX-License-Identifier: GPL-2.0 */
/*
 * magazine.h - per-CPU stacks of free objects: what the fast paths in
 * include/slabmod/fast.h, where the rules are, do not do.
 */
#ifndef SLABMOD_MAGAZINE_H
#define SLABMOD_MAGAZINE_H

#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/smp.h>

#include "debug/leak.h"
#include "slab.h"

/* Bounds of a stack: bytes of objects (a module parameter), and objects. */
#define MAGAZINE_BYTES_DEFAULT	32768u
#define MAGAZINE_BYTES_MIN	1024u
#define MAGAZINE_BYTES_MAX	65536u
#define MAGAZINE_MIN		4u
#define MAGAZINE_MAX		512u
/* What a cache begins with: so many bytes, and objects. */
#define MAGAZINE_START_BYTES	8192u
#define MAGAZINE_START		16u

/* Pages are taken and given in such numbers that a magazine of them may have more bytes. */
#define MAGAZINE_PAGES_FACTOR	2u

/* Whether the kernel was told to clear every object that is handed out. */
static inline bool magazine_clears(const struct slabmod_cache *cache)
{
	return static_branch_maybe(CONFIG_INIT_ON_ALLOC_DEFAULT_ON, &init_on_alloc) &&
	       !slab_keeps_state(cache);
}

/* Whether something is done with each object that is handed out: by the slow path alone. */
static inline bool magazine_is_hidden(const struct slabmod_cache *cache)
{
	return magazine_clears(cache) || leak_tracks(cache) || cache->flags & CACHE_STRICT;
}

/* Objects in the stack that a CPU takes from, whether it is at it or not. */
static inline unsigned int magazine_nr_local(const struct slabmod_magazine *magazine)
{
	return READ_ONCE(magazine->top) & (-SLABMOD_MAGAZINE_BUSY - 1);
}

/* What a cache has that has no magazines: one that is empty, and has no room. */
extern struct slabmod_magazine __percpu *magazine_none;

static inline bool magazine_has_own(const struct slabmod_cache *cache)
{
	return READ_ONCE(cache->magazines) != magazine_none;
}

/*
 * The stack of objects that are to go home, and the room in it: less than there is for
 * those that stay, for it is only to bring them home in batches.
 */
static inline unsigned int magazine_remote_capacity(unsigned int capacity)
{
	return max(capacity / 4, MAGAZINE_MIN);
}

static inline void **magazine_remote(struct slabmod_magazine *magazine)
{
	return &magazine->object[magazine->capacity + 1];
}

/* Objects in a magazine that any CPU may be at. */
static inline unsigned int magazine_nr_objects(const struct slabmod_magazine *magazine)
{
	return magazine_nr_local(magazine) + READ_ONCE(magazine->nr_remote);
}

/* ---- magazine.c ---- */

/*
 * What the fast path could not do, in full, for any context: magazine_alloc_object() takes from
 * slabs there are, magazine_alloc_other_nodes() from those of other nodes,
	 magazine_alloc_new_slab() makes
 * one, magazine_alloc_any_line() takes any object there is, though another CPU has its
 * neighbours.
 */
void *magazine_alloc_object(struct slabmod_cache *cache);
void *magazine_alloc_other_nodes(struct slabmod_cache *cache);
void *magazine_alloc_new_slab(struct slabmod_cache *cache, gfp_t gfp);
void *magazine_alloc_any_line(struct slabmod_cache *cache);

/* An object of a node, of a new slab if need be; without __GFP_THISNODE none to insist. */
void *magazine_alloc_on_node(struct slabmod_cache *cache, gfp_t gfp, int nid);

/* Frees an object that has been found to start in the slab of @slab. Any context. */
void magazine_free_object(struct slabmod_cache *cache, struct slab *slab, void *object);

/* Takes up to @nr objects from here and from slabs there are; returns how many. */
size_t magazine_alloc_bulk(struct slabmod_cache *cache, size_t nr, void **objects);

/*
 * Enters this CPU's magazine, for longer than the fast path takes: the count is in
 * @local_top until magazine_unlock_local(). NULL when it is busy, or there is none yet. Preemption
 * is off.
 */
struct slabmod_magazine *magazine_lock_local(struct slabmod_cache *cache);
void magazine_unlock_local(struct slabmod_magazine *magazine);

/* Empties a magazine that has been acquired, or that nobody knows any more. */
void magazine_flush(struct slabmod_cache *cache, struct slabmod_magazine *magazine);

/* ---- magazine_set.c ---- */

#endif /* SLABMOD_MAGAZINE_H */
