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
#define HOME_MAX_DETACHED	8

void home_init(struct slab_home *home);

/* ---- for home_refill.c ---- */

/* The home that an id means for a slab, or NULL; the home of this CPU and its id. */
struct slab_home *home_of(struct slabmod_cache *cache, const struct slab *slab, u16 id);
struct slab_home *home_this(struct slabmod_cache *cache, u16 *id);

/* So many objects more, or less, are not in slabs. */
void home_count_inuse(struct slabmod_cache *cache, long objects);

/* Gives a slab another home, or mixes it; its old home is locked, or nobody knows it. */
void home_set_id(struct slabmod_cache *cache, struct slab *slab, u16 id);

/* home_lock_nmi() waits as home_lock() does, but in an NMI only tries. */
void home_lock(struct slab_home *home, unsigned long *flags);
bool home_trylock(struct slab_home *home, unsigned long *flags);
bool home_lock_nmi(struct slab_home *home, unsigned long *flags);
void home_unlock(struct slab_home *home, unsigned long flags);

/* Lists a slab by its count, takes it off, or does both after it was @inuse. */
void home_list_add(struct slabmod_cache *cache, struct slab_home *home, struct slab *slab);
void home_list_del(struct slab_home *home, struct slab *slab, unsigned int inuse);
void home_list_update(struct slabmod_cache *cache, struct slab_home *home, struct slab *slab,
		      unsigned int inuse);

/* Marks a slab that has objects with other CPUs than its home-to-be. */
void home_mark_shared(struct slabmod_cache *cache, struct slab *slab);

/* Whether what was an object stays the cache's: see SLABMOD_ISOLATED. */
static inline bool is_isolated(const struct slabmod_cache *cache)
{
	return cache->flags & SLABMOD_ISOLATED;
}

/*
 * Whether @slab is a slab of @cache with the home @id, which the caller has locked. If so, it
 * stays until that home is unlocked. @departed is cache->departed, read since the home was
 * locked, with smp_rmb() behind it. @any: the slab may be small; otherwise it is of the usual
 * kind, and @slab at a multiple of its size.
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
static __always_inline bool is_at_home(struct slabmod_cache *cache, const struct slab *slab,
				       u16 id, bool any, int departed)
{
	/* Pairs with the release in home_set_id(): all that its last home did is seen. */
	if (smp_load_acquire(&slab->home) != id)
		return false;
	if ((any ? slab_cache(slab) : READ_ONCE(slab->cache)) != cache)
		return false;
	/* Pairs with the release in mark_slab(). */
	smp_rmb();
	if (READ_ONCE(slab->home) != id)
		return false;
	/* Pairs with the counting in home_remove_empty(). */
	smp_rmb();
	return atomic_read(&cache->departed) == departed;
}

/* ---- for home_refill.c and home_return.c ---- */

/* Locks a slab's new home and lists it there; see struct slab_home. */
void home_attach(struct slabmod_cache *cache, struct slab_home *home, struct slab *slab);

/*
 * Remove an empty slab from its locked home, and add it to @dead. When the lock is released,
 * home_free_slabs() gives what is on @dead to the buddy.
 */
void home_remove_empty(struct slabmod_cache *cache, struct slab_home *home, struct slab *slab,
		       struct list_head *dead);
void home_free_slabs(struct slabmod_cache *cache, struct list_head *dead);

/*
 * Remove a listed slab from its locked home. When the lock is released,
 * home_attach_to_node() lists it in the commons of its node.
 */
void home_detach(struct slabmod_cache *cache, struct slab_home *home, struct slab *slab);
void home_attach_to_node(struct slabmod_cache *cache, struct slab *slab);

/* ---- home_refill.c ---- */

/* ---- home_return.c ---- */

/* ---- home.c ---- */

/* Moves what a CPU that went has at home to the commons. */
void home_drain_cpu(struct slabmod_cache *cache, unsigned int cpu);

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
unsigned long home_free_isolated(struct slabmod_cache *cache);

/* ---- home_check.c ---- */

#endif /* SLABMOD_HOME_H */
