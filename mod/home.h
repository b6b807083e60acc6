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

/*
 * What one hold of a home's lock does at most, to bound the time with interrupts disabled: free
 * objects, where a change of lists counts as so many more, or runs of adjacent ones; allocate
 * objects, where each slab counts as so many more; remove empty slabs. On PREEMPT_RT, where a
 * real-time task waits for it, about a quarter. The objects allocated at once are a multiple of
 * those in a cache line, so that no line is left half used.
 */
#define HOME_HOLD_SHORT		IS_ENABLED(CONFIG_PREEMPT_RT)
#define HOME_HOLD_FREES		(HOME_HOLD_SHORT ? 16u : 58u)
#define HOME_UPDATE_FREES	6
#define HOME_HOLD_RUNS		(HOME_HOLD_SHORT ? 3 : 9)
#define HOME_HOLD_OBJECTS	(HOME_HOLD_SHORT ? 40u : 152u)
#define HOME_SLAB_OBJECTS	20u
#define HOME_HOLD_EMPTY		(HOME_HOLD_SHORT ? 4u : 16u)

/*
 * A bit for each CPU. If it is clear, the home of that CPU has no free objects. It is set and
 * cleared under the lock of that home.
 */
static inline unsigned long *home_stocked(struct slabmod_cache *cache)
{
	return (unsigned long *)&cache->node_homes[nr_node_ids];
}

/* Bytes of a cache, with its node homes and that. */
static inline size_t home_cache_size(void)
{
	return struct_bytes(struct slabmod_cache, node_homes, nr_node_ids) +
	       BITS_TO_LONGS(nr_cpu_ids) * sizeof(long);
}

/*
 * Bytes of empty slabs that a home keeps for the next refill, but at least one slab: more if they
 * are aged, that is, freed when they were not needed for a while.
 */
#define HOME_KEEP_BYTES		65536u
#define HOME_KEEP_BYTES_AGED	(64u << 20)

/* What it keeps if they are not aged, or are on another node. */
static inline unsigned int home_few(const struct slabmod_cache *cache)
{
	return max_t(unsigned int, HOME_KEEP_BYTES / (cache->usual.pages << PAGE_SHIFT), 1);
}

/* Whether a home may have free objects. Stale unless it is locked. */
static inline bool home_has_free(const struct slab_home *home)
{
	return READ_ONCE(home->nr_partial) || READ_ONCE(home->nr_empty);
}

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
 * Return true if @slab is a slab of @cache with the home @id, which the caller has locked. It
 * then stays until that home is unlocked. @any: the slab may be small; otherwise it has the usual
 * layout, or @slab is any use of a page.
 *
 * A lockless lookup may find a slab that is freed meanwhile. The caller is an RCU reader since
 * before that lookup, and what describes a slab is used for another one after a grace period only.
 * So a slab of @cache was one when it was found, and its home changes under the lock of that home
 * only: to HOME_NONE, if it is freed.
 */
static __always_inline bool is_at_home(struct slabmod_cache *cache, const struct slab *slab,
				       u16 id, bool any)
{
	/* Pairs with the release in home_set_id(): all changes by its last home are visible. */
	return smp_load_acquire(&slab->home) == id &&
	       (any ? slab_cache(slab) : READ_ONCE(slab->cache)) == cache;
}

/* Lock the new home of a slab and list it there; see struct slab_home. */
void home_attach(struct slabmod_cache *cache, struct slab_home *home, struct slab *slab);

/*
 * Remove an empty slab that is on no list from its locked home, and add it to @dead. After the lock
 * is released, home_free_slabs() frees the slabs on @dead to the buddy.
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

/* Set how many empty slabs a home keeps. */
void home_set_keep(struct slabmod_cache *cache, bool aged);

/* Free all empty slabs to the buddy. Return their number of pages. */
unsigned long home_shrink(struct slabmod_cache *cache);

/* Free up to @nr empty slabs to the buddy. Return their number. */
unsigned int home_shrink_some(struct slabmod_cache *cache, unsigned int nr);

/* Free the slabs that have been empty since the last call. Return their number of pages. */
unsigned long home_age(struct slabmod_cache *cache);

/*
 * As home_shrink(), for an isolated cache that is destroyed: home_shrink() and home_age() skip
 * these. The pages are free after a grace period. Process context, may sleep.
 */
unsigned long home_free_isolated(struct slabmod_cache *cache);

#endif /* SLABMOD_HOME_H */
