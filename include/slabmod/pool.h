/* SPDX-License-Identifier: GPL-2.0 */
/*
 * slabmod pools: memory with a guaranteed reserve, a hard limit, a node and a zone, and
 * accounting of its own.
 *
 * A pool provides memory by size, typed caches and blocks of pages. Functions without a pool
 * argument use the root pool. Memory of a pool may be freed by the function that names the
 * pool, which checks that it is the right one, or by the function that does not.
 * slabmod_krealloc() keeps memory in its pool.
 */
#ifndef _SLABMOD_POOL_H
#define _SLABMOD_POOL_H

#include <linux/gfp.h>
#include <linux/module.h>
#include <linux/numa.h>
#include <linux/types.h>

#include <slabmod/kmalloc.h>
#include <slabmod/pages.h>

/** define SLABMOD_POOL_NAME_MAX - longest name of a pool, in characters */
#define SLABMOD_POOL_NAME_MAX	31

/** define SLABMOD_POOL_MIN_LIMIT - smallest limit of a pool, in bytes: its first chunk */
#define SLABMOD_POOL_MIN_LIMIT	(256ul << 10)

/**
 * struct slabmod_pool_params - properties of a pool
 * @reserve_bytes: bytes of pages allocated when the pool is created and held until it is
 *	destroyed; rounded up to whole pages; 0 for none
 * @limit_bytes: maximum bytes of pages, rounded down to whole pages; at least
 *	SLABMOD_POOL_MIN_LIMIT and @reserve_bytes; 0 for no limit
 * @node: the only node to allocate from, or NUMA_NO_NODE for any
 * @zone: the zone to allocate from: 0, GFP_DMA or GFP_DMA32
 * @debug: detect misuse of all memory of the pool, at a cost: all its caches have SLABMOD_DEBUG,
 *	and blocks of pages are debugged as with the module parameter debug=1
 * @ends_with_module: destroy the pool when its module is unloaded, or fails to load; this is
 *	reported only if something is left in it
 *
 * Initialize with SLABMOD_POOL_PARAMS_INIT, because 0 is a valid @node.
 */
struct slabmod_pool_params {
	size_t reserve_bytes;
	size_t limit_bytes;
	int node;
	gfp_t zone;
	bool debug;
	bool ends_with_module;
};

/** define SLABMOD_POOL_PARAMS_INIT - no reserve, no limit, any node and zone */
#define SLABMOD_POOL_PARAMS_INIT { .node = NUMA_NO_NODE }

/**
 * struct slabmod_usage - memory of a pool, in bytes
 * @held: total allocated from the kernel: the sum of the other five
 * @used: objects and pages allocated by callers, and free pages that are held because of
 *	references from elsewhere
 * @free_in_slabs: free objects in slabs, and unused space at the end of slabs
 * @in_magazines: free objects in magazines; in debug mode, objects in quarantine
 * @free_in_buddy: free pages
 * @metadata: slabmod's own structures, including per-CPU ones
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
 * slabmod_pool_create() - create a pool
 * @name: name in reports and debugfs: 1 to SLABMOD_POOL_NAME_MAX printable characters, no
 *	blank, no '/', no leading '.'; copied; must be unique
 * @params: properties of the pool; copied
 *
 * The whole reserve is allocated here; if that fails, no pool is created. Requests are then
 * served from the reserve in any context, even under memory pressure. An NMI takes no locks
 * and can only use what is in slabs and magazines already. (A debugged cache also allocates
 * tracking data for each slab from the kernel.)
 *
 * Context: process context, may sleep.
 * Return: the pool, or NULL if memory is short, or, with a report, if the name is invalid or
 * in use, the reserve is above the limit, the limit is below SLABMOD_POOL_MIN_LIMIT, the node
 * does not exist, or the zone is invalid.
 */
#define slabmod_pool_create(name, params) slabmod_pool_create_owned(name, params, THIS_MODULE)

/**
 * slabmod_pool_destroy() - destroy a pool and free its memory
 * @pool: the pool, or NULL, which is ignored
 *
 * The pool must not be in use by other code during the call. Memory passed to
 * slabmod_kfree_rcu() before is waited for. A pool that still has caches created by callers,
 * live objects or pages in use is not destroyed: they are listed in one report, and the pool
 * stays usable.
 *
 * Context: process context, may sleep.
 * Return: 0, or -EBUSY if the pool is not empty.
 */
int slabmod_pool_destroy(struct slabmod_pool *pool);

/**
 * slabmod_pool_kmalloc() - allocate memory from a pool
 * @pool: the pool, or NULL for the root pool
 * @size: as for slabmod_kmalloc()
 * @gfp: as for slabmod_kmalloc()
 *
 * Context: any, including NMI; may sleep only if @gfp allows it.
 * Return: the memory, or NULL as slabmod_kmalloc(), or if the pool is at its limit, which
 * its counter limit_refused records.
 */
void *slabmod_pool_kmalloc(struct slabmod_pool *pool, size_t size, gfp_t gfp);

/**
 * slabmod_pool_kmalloc_node() - allocate memory from a pool and a node
 * @pool: the pool, or NULL for the root pool
 * @size: as for slabmod_kmalloc()
 * @gfp: as for slabmod_kmalloc_node()
 * @node: as for slabmod_kmalloc_node(); a pool with a node of its own allocates from that one
 *
 * Context: any, including NMI; may sleep only if @gfp allows it.
 * Return: as slabmod_pool_kmalloc(); NULL with a report if the node does not exist.
 */
void *slabmod_pool_kmalloc_node(struct slabmod_pool *pool, size_t size, gfp_t gfp, int node);

/**
 * slabmod_pool_krealloc() - resize memory, or allocate it from a pool
 * @pool: the pool that memory comes from if @p is NULL, or NULL for the root pool
 * @p: as for slabmod_krealloc(); it stays in its pool
 * @size: as for slabmod_krealloc()
 * @gfp: as for slabmod_krealloc()
 *
 * Context: any, including NMI; may sleep only if @gfp allows it.
 * Return: as slabmod_krealloc().
 */
void *slabmod_pool_krealloc(struct slabmod_pool *pool, const void *p, size_t size,
			    gfp_t gfp) __must_check;

/**
 * slabmod_pool_kzalloc() - allocate zeroed memory from a pool
 * @pool: the pool, or NULL for the root pool
 * @size: as for slabmod_kmalloc()
 * @gfp: as for slabmod_kmalloc()
 *
 * Context: any, including NMI; may sleep only if @gfp allows it.
 * Return: as slabmod_pool_kmalloc().
 */
static inline void *slabmod_pool_kzalloc(struct slabmod_pool *pool, size_t size, gfp_t gfp)
{
	return slabmod_pool_kmalloc(pool, size, gfp | __GFP_ZERO);
}

/**
 * slabmod_pool_kfree() - free memory of a pool
 * @pool: the pool, or NULL for the root pool
 * @p: the return value of slabmod_pool_kmalloc(), or NULL, which is ignored
 *
 * Memory of another pool is reported and not freed. Other misuse as for slabmod_kfree().
 *
 * Context: any, including NMI.
 */
void slabmod_pool_kfree(struct slabmod_pool *pool, const void *p);

struct slabmod_cache *slabmod_pool_cache_create_owned(struct slabmod_pool *pool, const char *name,
						      size_t size, size_t align,
						      unsigned int flags,
						      void (*ctor)(void *object),
						      struct module *owner);

/**
 * slabmod_pool_cache_create() - create a cache in a pool
 * @pool: the pool, or NULL for the root pool; it cannot be destroyed before the cache
 * @name: as for slabmod_cache_create()
 * @size: as for slabmod_cache_create()
 * @align: as for slabmod_cache_create()
 * @flags: as for slabmod_cache_create()
 * @ctor: as for slabmod_cache_create()
 *
 * The other cache functions do not need the pool: slabmod_cache_alloc(),
 * slabmod_cache_destroy().
 *
 * Context: process context, may sleep.
 * Return: as slabmod_cache_create().
 */
#define slabmod_pool_cache_create(pool, name, size, align, flags, ctor) \
	slabmod_pool_cache_create_owned(pool, name, size, align, flags, ctor, THIS_MODULE)

/**
 * slabmod_pool_get_free_pages() - allocate a block of pages from a pool
 * @pool: the pool
 * @gfp: as for slabmod_get_free_pages()
 * @order: as for slabmod_get_free_pages()
 *
 * Context: any; in NMI only orders up to 3; may sleep only if @gfp allows it.
 * Return: the address of the first page, or 0.
 */
unsigned long slabmod_pool_get_free_pages(struct slabmod_pool *pool, gfp_t gfp,
					  unsigned int order);

/**
 * slabmod_pool_alloc_pages_node() - allocate a block of pages from a pool and a node
 * @pool: the pool, or NULL for the root pool
 * @node: as for slabmod_alloc_pages_node()
 * @gfp: as for slabmod_alloc_pages_node()
 * @order: as for slabmod_alloc_pages_node()
 *
 * Context: any; in NMI only orders up to 3; may sleep only if @gfp allows it.
 * Return: as slabmod_alloc_pages_node().
 */
struct page *slabmod_pool_alloc_pages_node(struct slabmod_pool *pool, int node, gfp_t gfp,
					   unsigned int order);

/**
 * slabmod_pool_alloc_pages_exact() - allocate exactly the pages that a size needs from a pool
 * @pool: the pool, or NULL for the root pool
 * @size: as for slabmod_alloc_pages_exact()
 * @gfp: as for slabmod_alloc_pages_exact()
 *
 * Context: any; may sleep only if @gfp allows it.
 * Return: as slabmod_alloc_pages_exact().
 */
void *slabmod_pool_alloc_pages_exact(struct slabmod_pool *pool, size_t size, gfp_t gfp);

/**
 * slabmod_pool_free_pages() - free a block of pages of a pool
 * @pool: the pool
 * @addr: the return value of slabmod_pool_get_free_pages(), or 0, which is ignored
 * @order: the order it was allocated with
 *
 * Memory of another pool is reported and not freed. Other misuse as for slabmod_free_pages().
 *
 * Context: any, including NMI.
 */
void slabmod_pool_free_pages(struct slabmod_pool *pool, unsigned long addr, unsigned int order);

/**
 * slabmod_pool_shrink() - free unused memory of a pool to the kernel, down to its reserve
 * @pool: the pool, or NULL for the root pool
 *
 * Context: process context, may sleep.
 * Return: the number of pages freed to the kernel.
 */
unsigned long slabmod_pool_shrink(struct slabmod_pool *pool);

/**
 * slabmod_pool_usage() - report how a pool's memory is used
 * @pool: the pool, or NULL for the root pool
 * @usage: filled in
 *
 * The counters are read without stopping other CPUs: they add up exactly only while no memory
 * is allocated or freed.
 *
 * Context: process context, may sleep.
 */
void slabmod_pool_usage(struct slabmod_pool *pool, struct slabmod_usage *usage);

#endif /* _SLABMOD_POOL_H */
