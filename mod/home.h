/* SPDX-License-Identifier: GPL-2.0 */
/*
 * home.h - whose slab it is: lists of slabs by CPU and by node, each under a lock
 * of its own.
 */
#ifndef SLABMOD_HOME_H
#define SLABMOD_HOME_H

#include "slab.h"
#include "types.h"

/* The homes of the CPUs, or NULL when there are none yet. */
static inline struct slab_home __percpu *home_percpu(const struct slabmod_cache *cache)
{
	/* Pairs with the release in enable_homes(): the homes have been made. */
	return smp_load_acquire(&cache->homes);
}

/* Slabs that a CPU may have on their way to the commons at once; a few, on the stack. */
#define HOME_MAX_RETIRED	8

void home_init(struct slab_home *home);

/* ---- for refill.c ---- */

/* The home that an id means for a slab, or NULL; the home of this CPU and its id. */
struct slab_home *home_of(struct slabmod_cache *cache, const struct frame *first, u16 id);
struct slab_home *home_this(struct slabmod_cache *cache, u16 *id);

/* So many objects more, or less, are not in slabs. */
void home_count_taken(struct slabmod_cache *cache, long objects);

/* Gives a slab another home, or mixes it; its old home is locked, or nobody knows it. */
void home_set(struct slabmod_cache *cache, struct frame *first, u16 id);

/* home_lock_nmi() waits as home_lock() does, but in an NMI only tries. */
void home_lock(struct slab_home *home, unsigned long *flags);
bool home_trylock(struct slab_home *home, unsigned long *flags);
bool home_lock_nmi(struct slab_home *home, unsigned long *flags);
void home_unlock(struct slab_home *home, unsigned long flags);

/* Lists a slab by its count, takes it off, or does both after it was @inuse. */
void home_list(struct slabmod_cache *cache, struct slab_home *home, struct frame *first);
void home_unlist(struct slab_home *home, struct frame *first, unsigned int inuse);
void home_relist(struct slabmod_cache *cache, struct slab_home *home, struct frame *first,
		 unsigned int inuse);

/* Marks a slab that has objects with other CPUs than its home-to-be. */
void home_mix(struct slabmod_cache *cache, struct frame *first);

/* Whether what was an object stays the cache's: see SLABMOD_ISOLATED. */
static inline bool is_isolated(const struct slabmod_cache *cache)
{
	return cache->flags & SLABMOD_ISOLATED;
}

/*
 * Whether @first is a slab of @cache with the home @id, which the caller has locked. If so, it
 * stays until that home is unlocked. @departed is cache->departed, read since the home was
 * locked, with smp_rmb() behind it. @any: the slab may be small; otherwise it is of the usual
 * kind, and @first at a multiple of its size.
 *
 * A lookup without a lock may lead to a slab that has left for the buddy, and other memory is
 * in its place. A slab that leaves first loses its home, under the lock of that home, then is
 * counted in cache->departed, and only then loses its owner. The loads are in this order:
 *
 *   home	is not @id if a slab of this cache left before: it has no home. If another cache's
 *		slab has this id, the next load finds another owner, or
 *   owner	a slab of this cache that took the place of that one since. Then
 *   home	shows whether that is at home here; and if it has left again,
 *   count	is another.
 *
 * False may also mean that a slab of another home departed: then only the count differs.
 */
static __always_inline bool is_at_home(struct slabmod_cache *cache, const struct frame *first,
				       u16 id, bool any, int departed)
{
	/* Pairs with the release in home_set(): all that its last home did is seen. */
	if (smp_load_acquire(&first->home) != id)
		return false;
	if ((any ? slab_cache(first) : READ_ONCE(first->cache)) != cache)
		return false;
	/* Pairs with the release in mark_usual() and mark_small(). */
	smp_rmb();
	if (READ_ONCE(first->home) != id)
		return false;
	/* Pairs with the counting in home_remove_slab(). */
	smp_rmb();
	return atomic_read(&cache->departed) == departed;
}

/* ---- for refill.c and home_return.c ---- */

/* Locks a slab's new home and lists it there; see struct slab_home. */
void home_settle(struct slabmod_cache *cache, struct slab_home *home, struct frame *first);

/*
 * Remove an empty slab from its locked home, and add it to @dead. When the lock is released,
 * home_delete_slabs() gives what is on @dead to the buddy.
 */
void home_remove_slab(struct slabmod_cache *cache, struct slab_home *home, struct frame *first,
		      struct list_head *dead);
void home_delete_slabs(struct slabmod_cache *cache, struct list_head *dead);

/*
 * Remove a listed slab from its locked home. When the lock is released,
 * home_settle_in_commons() lists it in the commons of its node.
 */
void home_retire(struct slabmod_cache *cache, struct slab_home *home, struct frame *first);
void home_settle_in_commons(struct slabmod_cache *cache, struct frame *first);

/* ---- refill.c ---- */

/*
 * Takes up to @nr objects for this CPU from slabs there are: from its home, else
 * the node's commons, else the homes of other CPUs. @anything: also such as share
 * a line with another CPU's. Preemption is off; any context; in NMI gives up where
 * it would have to wait. Returns how many.
 */
unsigned int home_take(struct slabmod_cache *cache, void **objects, unsigned int nr,
		       bool anything);

/* Likewise from slabs that are at home on other nodes. */
unsigned int home_take_far(struct slabmod_cache *cache, void **objects, unsigned int nr);

/* Takes one object from slabs that node @nid has. Any context. */
void *home_take_node(struct slabmod_cache *cache, int nid);

/*
 * Makes a slab on @nid (or where memory is, without __GFP_THISNODE) that nobody knows
 * yet. May sleep if @gfp says so; in NMI NULL.
 */
struct frame *home_new_slab(struct slabmod_cache *cache, int nid, gfp_t gfp);

/*
 * Takes up to @nr objects of a new slab, one at least, and leaves the rest to this
 * CPU's home, or to the node's commons when @commons. Returns how many.
 */
unsigned int home_open(struct slabmod_cache *cache, struct frame *first, bool commons,
		       void **objects, unsigned int nr);

/* Both in one, for a single object. */
void *home_grow(struct slabmod_cache *cache, int nid, gfp_t gfp, bool commons);

/* ---- home_return.c ---- */

/*
 * Return @nr objects to their slabs, and leave the array in disorder. An object that is
 * free already, or that is in no slab of @cache, is reported. The caller is in an RCU
 * read-side section or has preemption off. Any context; in an NMI only one object at a time,
 * and false when that would have to wait.
 */
bool home_give(struct slabmod_cache *cache, void **objects, unsigned int nr);

/* ---- home.c ---- */

/* Moves what a CPU that went has at home to the commons. */
void home_drain(struct slabmod_cache *cache, unsigned int cpu);

/* Gives every empty slab back to the buddy; returns their pages. */
unsigned long home_shrink(struct slabmod_cache *cache);

/*
 * Called now and then: gives back the slabs that were empty all the time since. Returns
 * their pages.
 */
unsigned long home_age(struct slabmod_cache *cache);

/*
 * What home_shrink() does, for a cache that is isolated, of which neither that nor age
 * gets any, when it ends. Process context, may sleep.
 */
unsigned long home_end(struct slabmod_cache *cache);

/* ---- home_check.c ---- */

/* Calls @fn with every home of the cache: the commons in turn, then the CPUs. */
void home_for_each(struct slabmod_cache *cache,
		   void (*fn)(struct slabmod_cache *cache, struct slab_home *home, void *arg),
		   void *arg);

/* Slabs, those of them that are small, and objects taken from slabs. */
struct home_totals {
	long slabs;
	long small_slabs;
	long taken;
};

struct home_totals home_totals(struct slabmod_cache *cache);
unsigned long home_pages(struct slabmod_cache *cache);

/*
 * True when all homes of the cache keep their invariants; prints what does not. Holds a
 * home's lock for all its slabs: for the suites.
 */
bool home_check(struct slabmod_cache *cache);

/*
 * The same for the slab that begins at @first, if one of @cache does, with the lock held for
 * that alone: its bits and counts, and whether it is on the right list. Full and empty slabs
 * pass. A reader of RCU; others may allocate and free meanwhile.
 */
bool home_check_slab(struct slabmod_cache *cache, struct frame *first);

/* Lock the home of the slab that begins at @first; NULL when none of @cache does. */
struct slab_home *home_lock_slab(struct slabmod_cache *cache, struct frame *first,
				 unsigned long *flags);

#endif /* SLABMOD_HOME_H */
