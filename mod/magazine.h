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

#include "leak.h"
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

extern unsigned int magazine_bytes;

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
static inline unsigned int magazine_here(const struct slabmod_magazine *magazine)
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
static inline unsigned int magazine_away_capacity(unsigned int capacity)
{
	return max(capacity / 4, MAGAZINE_MIN);
}

static inline void **magazine_away(struct slabmod_magazine *magazine)
{
	return &magazine->object[magazine->capacity + 1];
}

/* Objects in a magazine that any CPU may be at. */
static inline unsigned int magazine_objects(const struct slabmod_magazine *magazine)
{
	return magazine_here(magazine) + READ_ONCE(magazine->away);
}

/* ---- magazine.c ---- */

/*
 * What the fast path could not do, in full, for any context: magazine_alloc() takes from
 * slabs there are, magazine_alloc_far() from those of other nodes, magazine_grow() makes
 * one, magazine_alloc_any() takes any object there is, though another CPU has its
 * neighbours.
 */
void *magazine_alloc(struct slabmod_cache *cache);
void *magazine_alloc_far(struct slabmod_cache *cache);
void *magazine_grow(struct slabmod_cache *cache, gfp_t gfp);
void *magazine_alloc_any(struct slabmod_cache *cache);

/* An object of a node, of a new slab if need be; without __GFP_THISNODE none to insist. */
void *magazine_alloc_node(struct slabmod_cache *cache, gfp_t gfp, int nid);

/* Frees an object that has been found to start in the slab of @first. Any context. */
void magazine_free(struct slabmod_cache *cache, struct frame *first, void *object);

/* Counts what kmalloc() was asked for, when it was had out of this file. */
void magazine_asked(struct slabmod_cache *cache, size_t bytes);

/* Takes up to @nr objects from here and from slabs there are; returns how many. */
size_t magazine_take(struct slabmod_cache *cache, size_t nr, void **objects);

/*
 * Enters this CPU's magazine, for longer than the fast path takes: the count is in
 * @here until magazine_leave(). NULL when it is busy, or there is none yet. Preemption
 * is off.
 */
struct slabmod_magazine *magazine_acquire(struct slabmod_cache *cache);
void magazine_leave(struct slabmod_magazine *magazine);

/* Empties a magazine that has been acquired, or that nobody knows any more. */
void magazine_empty(struct slabmod_cache *cache, struct slabmod_magazine *magazine);

/* ---- magazine_set.c ---- */

/* Slow ways in between two looks, on one CPU, with which larger magazines are wanted. */
#define MAGAZINE_MANY_MISSES	64

/* Gives a cache that has none its magazines; false when memory is short. */
bool magazine_enable(struct slabmod_cache *cache, gfp_t gfp);
void magazine_disable(struct slabmod_cache *cache);

/* Gives a cache that is being made its capacity, and no magazines yet. */
void magazine_setup(struct slabmod_cache *cache);

/*
 * Looks at all of a cache's magazines, and counts for each how often in a row it was
 * found as before; forgets misses. Called now and then, by one at a time.
 */
void magazine_look(struct slabmod_cache *cache);

/* Whether objects lie in one that was found so @idle times, or more. */
bool magazine_is_stale(struct slabmod_cache *cache, unsigned int idle);
/* Whether it has magazines of its own, and all were found so, and empty. */
bool magazine_is_unused(struct slabmod_cache *cache, unsigned int idle);
/* Whether larger ones would be of use. */
bool magazine_wants_more(struct slabmod_cache *cache);

/*
 * Gives a cache larger magazines in place of those it has, or, unless @more, the common
 * empty one. False when memory is short. The old ones may be in use until a grace period
 * is over; then magazine_discard() empties them, and magazine_bury() frees them when
 * another is over, until which somebody may be counting what is in them. Process context,
 * may sleep; cache_exchange_magazines() does it all, with cache_mutex held.
 */
bool magazine_exchange(struct slabmod_cache *cache, bool more);
void magazine_discard(struct slabmod_cache *cache);
void magazine_bury(struct slabmod_cache *cache);

/* Empties those of CPUs that are online, and not used for @idle looks or more. */
void magazine_drain_idle(struct slabmod_cache *cache, unsigned int idle);
/* Empties the magazines of all CPUs that are online and not in the middle of one. */
void magazine_drain_all(struct slabmod_cache *cache);
/* Empties those of a CPU that is dead, or of one where nobody uses the cache. */
void magazine_drain_cpu(struct slabmod_cache *cache, unsigned int cpu);

/* Objects in all magazines, and objects ever handed out by them. */
unsigned long magazine_count(struct slabmod_cache *cache);
unsigned long magazine_allocs(struct slabmod_cache *cache);
/* Of a class of kmalloc(): what was asked for, on the average of all its objects. */
unsigned long magazine_mean_asked(struct slabmod_cache *cache);
size_t magazine_metadata(const struct slabmod_cache *cache);

/* True when the magazines keep their invariants; for a cache that is not in use. */
bool magazine_check(struct slabmod_cache *cache);

int magazine_init(void);
void magazine_exit(void);

#endif /* SLABMOD_MAGAZINE_H */
