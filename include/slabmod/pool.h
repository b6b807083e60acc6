/* SPDX-License-Identifier: GPL-2.0 */
/*
 * slabmod pools: memory with a reserve that is there from the beginning, a limit that
 * is never passed, a node and a zone, and a ledger of its own.
 *
 * A pool has what slabmod as a whole has: memory by size, typed caches, runs of pages.
 * The calls that name no pool use the root pool. What a pool gave may be freed by
 * the call that names the pool, which finds out if it is another's, or by the one
 * that names none; slabmod_krealloc() leaves it in its pool.
 */
#ifndef _SLABMOD_POOL_H
#define _SLABMOD_POOL_H

#include <linux/gfp.h>
#include <linux/module.h>
#include <linux/numa.h>
#include <linux/types.h>

#include <slabmod/cache.h>

struct slabmod_pool;

/** define SLABMOD_POOL_NAME_MAX - longest name of a pool, in characters */
#define SLABMOD_POOL_NAME_MAX	31

/** define SLABMOD_POOL_MIN_LIMIT - least limit of a pool, in bytes: its first chunk */
#define SLABMOD_POOL_MIN_LIMIT	(256ul << 10)

/**
 * struct slabmod_pool_params - what a pool is to be
 * @reserve_bytes: bytes of pages that are taken when the pool is made and stay with
 *	it until it ends; rounded up to whole pages; 0: none
 * @limit_bytes: bytes of pages that it may have at the most, rounded down to whole
 *	pages; at least SLABMOD_POOL_MIN_LIMIT, and @reserve_bytes; 0: no limit
 * @node: the only node its memory may be of, or NUMA_NO_NODE for any
 * @zone: 0, GFP_DMA or GFP_DMA32: where its memory must be
 *
 * Begin with SLABMOD_POOL_PARAMS_INIT: a @node of 0 is a node.
 */
struct slabmod_pool_params {
	size_t reserve_bytes;
	size_t limit_bytes;
	int node;
	gfp_t zone;
};

/** define SLABMOD_POOL_PARAMS_INIT - no reserve, no limit, any node and zone */
#define SLABMOD_POOL_PARAMS_INIT { .node = NUMA_NO_NODE }

/**
 * struct slabmod_usage - where a pool's memory is, in bytes
 * @held: all that was taken from the kernel: the sum of the other five
 * @used: objects and pages that callers have, and free pages that stay because others
 *	hold references to them
 * @free_in_slabs: free objects in slabs, and the slabs' ends
 * @in_magazines: free objects at hand on a CPU; in debug mode, what is in quarantine
 * @free_in_buddy: free pages
 * @metadata: slabmod's own structures, per-CPU ones included
 */
struct slabmod_usage {
	size_t held;
	size_t used;
	size_t free_in_slabs;
	size_t in_magazines;
	size_t free_in_buddy;
	size_t metadata;
};

struct slabmod_pool *slabmod_pool_create_owned(const char *name,
					       const struct slabmod_pool_params *params,
					       struct module *owner);

/**
 * slabmod_pool_create() - make a pool
 * @name: what reports and debugfs call it; 1 to 31 printable characters, no blank, no
 *	'/', no '.' at the beginning; copied; no other pool may have it
 * @params: what it is to be; copied
 *
 * The whole reserve is taken now: if it cannot be had, there is no pool. From it any
 * context is served, whatever the rest of the machine does; an NMI, which waits for no
 * lock, only with what is in slabs and magazines already. (A debugged cache needs memory of
 * the kernel's besides, for what it keeps of each slab.)
 *
 * Context: process context, may sleep.
 *
 * Return: the pool, or NULL: for lack of memory, or with one report for a name that is
 * bad or taken, a reserve above the limit, a limit below SLABMOD_POOL_MIN_LIMIT, a
 * node that is not there, or a zone that is none of those above.
 */
#define slabmod_pool_create(name, params) slabmod_pool_create_owned(name, params, THIS_MODULE)

/**
 * slabmod_pool_destroy() - give a pool and its memory back
 * @pool: the pool, or NULL, which is no error
 *
 * Nobody may use the pool while this runs. One that has caches of callers, live objects
 * or pages in use is not destroyed: they are listed in one report, and the pool stays
 * usable.
 *
 * Context: process context, may sleep.
 *
 * Return: 0, or -EBUSY when something is left.
 */
int slabmod_pool_destroy(struct slabmod_pool *pool);

/**
 * slabmod_pool_kmalloc() - take memory of a pool
 * @pool: the pool
 * @size: as for slabmod_kmalloc()
 * @gfp: as for slabmod_kmalloc()
 *
 * Context: any, NMI too; may sleep only if @gfp says so.
 *
 * Return: the memory, or NULL as slabmod_kmalloc(); also when the pool is at its
 * limit, which its counter limit_refused has.
 */
void *slabmod_pool_kmalloc(struct slabmod_pool *pool, size_t size, gfp_t gfp);

/**
 * slabmod_pool_kzalloc() - take memory of a pool, cleared
 * @pool: the pool
 * @size: as for slabmod_kmalloc()
 * @gfp: as for slabmod_kmalloc()
 *
 * Context: any, NMI too; may sleep only if @gfp says so.
 *
 * Return: as slabmod_pool_kmalloc().
 */
static inline void *slabmod_pool_kzalloc(struct slabmod_pool *pool, size_t size, gfp_t gfp)
{
	return slabmod_pool_kmalloc(pool, size, gfp | __GFP_ZERO);
}

/**
 * slabmod_pool_kfree() - give memory back to the pool it is of
 * @pool: the pool
 * @p: what slabmod_pool_kmalloc() returned, or NULL, which is ignored
 *
 * What is another pool's is reported, and stays in use. Other misuse as for
 * slabmod_kfree().
 *
 * Context: any, NMI too.
 */
void slabmod_pool_kfree(struct slabmod_pool *pool, const void *p);

struct slabmod_cache *slabmod_pool_cache_create_owned(struct slabmod_pool *pool, const char *name,
						      size_t size, size_t align,
						      unsigned int flags,
						      void (*ctor)(void *object),
						      struct module *owner);

/**
 * slabmod_pool_cache_create() - make a cache whose memory is of a pool
 * @pool: the pool; it cannot be destroyed before the cache is
 * @name: as for slabmod_cache_create(); caches of different pools may have the same
 * @size: as for slabmod_cache_create()
 * @align: as for slabmod_cache_create()
 * @flags: as for slabmod_cache_create()
 * @ctor: as for slabmod_cache_create()
 *
 * All else is done with the cache alone: slabmod_cache_alloc(), slabmod_cache_destroy().
 *
 * Context: process context, may sleep.
 *
 * Return: as slabmod_cache_create().
 */
#define slabmod_pool_cache_create(pool, name, size, align, flags, ctor) \
	slabmod_pool_cache_create_owned(pool, name, size, align, flags, ctor, THIS_MODULE)

/**
 * slabmod_pool_get_free_pages() - take a run of pages of a pool
 * @pool: the pool
 * @gfp: as for slabmod_get_free_pages()
 * @order: as for slabmod_get_free_pages()
 *
 * Context: any; in NMI orders up to 3 only; may sleep only if @gfp says so.
 *
 * Return: the address of the first page, or 0.
 */
unsigned long slabmod_pool_get_free_pages(struct slabmod_pool *pool, gfp_t gfp,
					  unsigned int order);

/**
 * slabmod_pool_free_pages() - give a run of pages back to the pool it is of
 * @pool: the pool
 * @addr: what slabmod_pool_get_free_pages() returned, or 0, which is ignored
 * @order: the order it was taken with
 *
 * What is another pool's is reported, and stays in use. Other misuse as for
 * slabmod_free_pages().
 *
 * Context: any, NMI too.
 */
void slabmod_pool_free_pages(struct slabmod_pool *pool, unsigned long addr, unsigned int order);

/**
 * slabmod_pool_shrink() - give a pool's free memory back, down to its reserve
 * @pool: the pool, or NULL for the root pool
 *
 * Context: process context, may sleep.
 *
 * Return: the number of pages that went to the kernel.
 */
unsigned long slabmod_pool_shrink(struct slabmod_pool *pool);

/**
 * slabmod_pool_usage() - where a pool's memory is
 * @pool: the pool, or NULL for the root pool
 * @usage: is filled
 *
 * Figures are read without stopping anybody: they add up exactly when nothing moves.
 *
 * Context: process context, may sleep.
 */
void slabmod_pool_usage(struct slabmod_pool *pool, struct slabmod_usage *usage);

#endif /* _SLABMOD_POOL_H */
