/* SPDX-License-Identifier: GPL-2.0 */
/*
 * home.h - homes: the slabs that a CPU or a node owns, each with its own lock.
 */
#ifndef SLABMOD_HOME_H
#define SLABMOD_HOME_H

#include "slab.h"
#include "types.h"

/* The homes of the CPUs, or NULL when there are none yet. */
static inline struct slab_home __percpu *home_percpu(const struct slabmod_cache *cache)
{
	/* Pairs with the release in enable_homes(): the homes are initialized. */
	return smp_load_acquire(&cache->homes);
}

/* Slabs that one home_free() may detach, kept on the stack. */
#define HOME_MAX_DETACHED	8

void home_init(struct slab_home *home);

/* The home that @id means for @slab, or NULL. */
struct slab_home *home_of(struct slabmod_cache *cache, const struct slab *slab, u16 id);

/* Set the home of a slab. Its old home is locked, or no other CPU can find the slab. */
void home_set_id(struct slabmod_cache *cache, struct slab *slab, u16 id);

/* home_lock_nmi(): a trylock in an NMI. */
void home_lock(struct slab_home *home, unsigned long *flags);
bool home_trylock(struct slab_home *home, unsigned long *flags);
bool home_lock_nmi(struct slab_home *home, unsigned long *flags);
void home_unlock(struct slab_home *home, unsigned long flags);

/*
 * Add a slab to the list for its count, remove it, or move it after its count was @inuse. The
 * home is locked.
 */
void home_list_add(struct slabmod_cache *cache, struct slab_home *home, struct slab *slab);
void home_list_del(struct slab_home *home, struct slab *slab, unsigned int inuse);
void home_list_update(struct slabmod_cache *cache, struct slab_home *home, struct slab *slab,
		      unsigned int inuse);

/* Mark a slab as shared if other CPUs than its next home have objects of it. */
void home_mark_shared(struct slabmod_cache *cache, struct slab *slab);

/* Whether memory of objects stays in the cache: see SLABMOD_ISOLATED. */
static inline bool is_isolated(const struct slabmod_cache *cache)
{
	return cache->flags & SLABMOD_ISOLATED;
}

/*
 * Read cache->departed, for is_at_home(). The home of the slab is locked before, and slab->home
 * is read after.
 */
static inline int home_departed(const struct slabmod_cache *cache)
{
	int departed = atomic_read(&cache->departed);

	/* Pairs with home_remove_empty(). */
	smp_rmb();
	return departed;
}

/*
 * Return true if @slab is a slab of @cache with the home @id, which the caller has locked. It
 * then stays until that home is unlocked. @departed is from home_departed(). @any: the slab may
 * be small; otherwise it has the usual layout, or @slab is any use of a page.
 *
 * A lockless lookup may find a slab that was freed, after its description got another use. A slab
 * that departs first loses its home, under the lock of that home, then is counted in
 * cache->departed, and only then loses its cache. The loads are in this order:
 *
 *   load	a departed slab is detected, because
 *   1 home	it is HOME_NONE if @slab is still a slab of @cache. A slab of another cache may
 *		have the same id.
 *   2 cache	it is that other cache, unless a new slab of @cache has replaced it since.
 *   3 home	it is the home of the new slab, which differs, or is this one: then the new slab
 *		is at home, unless it departed as well.
 *   4 count	it differs.
 *
 * False may also mean that a slab of another home departed: then only the count differs. What
 * describes a slab is used for another one after a grace period only.
 */
static __always_inline bool is_at_home(struct slabmod_cache *cache, const struct slab *slab,
				       u16 id, bool any, int departed)
{
	/* Pairs with the release in home_set_id(): all changes by its last home are visible. */
	if (smp_load_acquire(&slab->home) != id)
		return false;
	if ((any ? slab_cache(slab) : READ_ONCE(slab->cache)) != cache)
		return false;
	/* Pairs with the release of the word in mark_slab(). */
	smp_rmb();
	if (READ_ONCE(slab->home) != id)
		return false;
	/* Pairs with the counting in home_remove_empty(). */
	smp_rmb();
	return atomic_read(&cache->departed) == departed;
}

/* Lock the new home of a slab and list it there; see struct slab_home. */
void home_attach(struct slabmod_cache *cache, struct slab_home *home, struct slab *slab);

/*
 * Remove an empty slab from its locked home, and add it to @dead. After the lock is released,
 * home_free_slabs() frees the slabs on @dead to the buddy.
 */
void home_remove_empty(struct slabmod_cache *cache, struct slab_home *home, struct slab *slab,
		       struct list_head *dead);
void home_free_slabs(struct slabmod_cache *cache, struct list_head *dead);

/*
 * Remove a listed slab from its locked home. After the lock is released,
 * home_attach_to_node() adds it to its node home.
 */
void home_detach(struct slabmod_cache *cache, struct slab_home *home, struct slab *slab);
void home_attach_to_node(struct slabmod_cache *cache, struct slab *slab);

/* Move the slabs of an offline CPU to the node homes. */
void home_drain_cpu(struct slabmod_cache *cache, unsigned int cpu);

/* Free all empty slabs to the buddy. Return their number of pages. */
unsigned long home_shrink(struct slabmod_cache *cache);

/* Free the slabs that have been empty since the last call. Return their number of pages. */
unsigned long home_age(struct slabmod_cache *cache);

/*
 * As home_shrink(), for an isolated cache that is destroyed: home_shrink() and home_age() skip
 * these. Process context, may sleep.
 */
unsigned long home_free_isolated(struct slabmod_cache *cache);

#endif /* SLABMOD_HOME_H */
