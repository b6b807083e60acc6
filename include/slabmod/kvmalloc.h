/* SPDX-License-Identifier: GPL-2.0 */
/*
 * slabmod memory of slabmod_kmalloc() or, if that is not available, of slabmod_vmalloc(): the
 * kernel's kvmalloc family with the prefix slabmod_.
 *
 * Up to a page, memory comes from slabmod_kmalloc(). Above, up to SLABMOD_KMALLOC_MAX, that is
 * tried first, without much effort, and then slabmod_vmalloc(). Above SLABMOD_KMALLOC_MAX, and up
 * to INT_MAX, memory comes from slabmod_vmalloc(). If @gfp or the context does not allow sleeping,
 * slabmod_vmalloc() is not used.
 *
 * Each function that allocates exists for a pool as well, with the pool as its first argument;
 * NULL is the root pool.
 */
#ifndef _SLABMOD_KVMALLOC_H
#define _SLABMOD_KVMALLOC_H

#include <slabmod/kmalloc.h>
#include <slabmod/vmalloc.h>

/**
 * slabmod_pool_kvmalloc_node() - allocate memory, physically contiguous or not
 * @pool: the pool, or NULL for the root pool
 * @size: bytes, 0 to INT_MAX
 * @gfp: as for slabmod_cache_alloc(); above a page, __GFP_NOFAIL is honoured for any size that the
 *	pool's limit permits
 * @node: an online node, or NUMA_NO_NODE for the local one
 *
 * As the other functions of this family, with all arguments.
 *
 * Context: any, including NMI; may sleep only if @gfp allows it.
 * Return: the memory, ZERO_SIZE_PTR for a size of 0, or NULL if memory is short, or, with a report,
 * if the size is above the limit, @gfp is refused, or the node does not exist. A size above the
 * limit is not reported with __GFP_NOWARN.
 */
void *slabmod_pool_kvmalloc_node(struct slabmod_pool *pool, size_t size, gfp_t gfp, int node);

/**
 * slabmod_pool_kvrealloc() - resize memory
 * @pool: the pool of new memory if @p is NULL, or NULL for the root pool; resized memory stays in
 *	its pool
 * @p: memory of this family, of slabmod_kmalloc() or of slabmod_vmalloc(), or NULL or
 *	ZERO_SIZE_PTR to allocate some
 * @size: the new size in bytes; 0 frees @p
 * @gfp: as for slabmod_pool_kvmalloc_node(); for __GFP_ZERO see slabmod_krealloc()
 *
 * The kvrealloc() of Linux 6.12 and later. The contents are kept up to the smaller of both sizes.
 * On failure @p is unchanged.
 *
 * Context: as slabmod_pool_kvmalloc_node() if @p is NULL or of slabmod_kmalloc(); otherwise process
 * context, may sleep. Not together with another call for the same memory.
 * Return: the memory; for a size of 0, NULL if @p is of slabmod_vmalloc(), and otherwise
 * ZERO_SIZE_PTR; NULL as slabmod_pool_kvmalloc_node(), or, with a report, if @p is none of these.
 */
void *slabmod_pool_kvrealloc(struct slabmod_pool *pool, const void *p, size_t size,
			     gfp_t gfp) __must_check;

/**
 * slabmod_pool_kvrealloc_sized() - enlarge memory of a known size
 * @pool: the pool of new memory, or NULL for the root pool
 * @p: memory of this family, or NULL if @oldsize is 0
 * @oldsize: bytes that are in use
 * @newsize: bytes that are needed
 * @gfp: as for slabmod_pool_kvmalloc_node()
 *
 * The kvrealloc() of Linux 5.15 to 6.11, with four arguments: memory is never resized in place nor
 * made smaller.
 *
 * Context: as slabmod_pool_kvmalloc_node(), except NMI if @p is not NULL.
 * Return: @p if @oldsize is enough, otherwise new memory with the first @oldsize bytes of @p, which
 * is freed; or NULL as slabmod_pool_kvmalloc_node(), and @p is unchanged.
 */
void *slabmod_pool_kvrealloc_sized(struct slabmod_pool *pool, const void *p, size_t oldsize,
				   size_t newsize, gfp_t gfp) __must_check;

/**
 * slabmod_pool_kvmemdup() - duplicate memory
 * @pool: the pool, or NULL for the root pool
 * @src: memory to copy
 * @len: bytes, 0 to INT_MAX
 * @gfp: as for slabmod_pool_kvmalloc_node()
 *
 * Context: as slabmod_pool_kvmalloc_node().
 * Return: the copy, or NULL as slabmod_pool_kvmalloc_node().
 */
void *slabmod_pool_kvmemdup(struct slabmod_pool *pool, const void *src, size_t len, gfp_t gfp);

/**
 * slabmod_pool_vmemdup_user() - copy memory of user space
 * @pool: the pool, or NULL for the root pool
 * @src: address in user space
 * @len: bytes, 0 to INT_MAX; not reported if it is more, because user space may choose it
 *
 * Free the copy by slabmod_kvfree().
 *
 * Context: process context, may sleep.
 * Return: the copy, or ERR_PTR(-ENOMEM), or ERR_PTR(-EFAULT) if @src cannot be read.
 */
void *slabmod_pool_vmemdup_user(struct slabmod_pool *pool, const void __user *src, size_t len);

/**
 * slabmod_pool_kvfree() - free memory of a pool
 * @pool: the pool; if the memory is of another, this is reported and nothing is freed
 * @p: as for slabmod_kvfree()
 *
 * Context: as slabmod_kvfree().
 */
void slabmod_pool_kvfree(struct slabmod_pool *pool, const void *p);

/**
 * slabmod_kvfree() - free memory
 * @p: memory of this family, of slabmod_kmalloc() or of slabmod_vmalloc(), or NULL or
 *	ZERO_SIZE_PTR, which are ignored
 *
 * For any other address see slabmod_kfree() and slabmod_vfree().
 *
 * Context: as slabmod_vfree() if it is memory of slabmod_vmalloc(); otherwise any, including NMI.
 */
void slabmod_kvfree(const void *p);

/**
 * slabmod_kvfree_atomic() - free memory without sleeping
 * @p: as for slabmod_kvfree()
 *
 * Context: any except NMI if it is memory of slabmod_vmalloc(); otherwise any. Never sleeps.
 */
void slabmod_kvfree_atomic(const void *p);

/**
 * slabmod_kvfree_sensitive() - clear memory and free it
 * @p: as for slabmod_kvfree()
 * @len: bytes that are sensitive; all of the memory is cleared even if it is more
 *
 * The compiler cannot optimize this away. For any other address see slabmod_kfree() and
 * slabmod_vfree(): it is not cleared.
 *
 * Context: as slabmod_kvfree().
 */
void slabmod_kvfree_sensitive(const void *p, size_t len);

/**
 * slabmod_kvmalloc_node() - allocate memory from a node, physically contiguous or not
 * @size: as for slabmod_pool_kvmalloc_node()
 * @gfp: as for slabmod_pool_kvmalloc_node()
 * @node: as for slabmod_pool_kvmalloc_node()
 *
 * Context: as slabmod_pool_kvmalloc_node().
 * Return: as slabmod_pool_kvmalloc_node().
 */
static inline void *slabmod_kvmalloc_node(size_t size, gfp_t gfp, int node)
{
	return slabmod_pool_kvmalloc_node(NULL, size, gfp, node);
}

/**
 * slabmod_kvmalloc() - allocate memory, physically contiguous or not
 * @size: as for slabmod_pool_kvmalloc_node()
 * @gfp: as for slabmod_pool_kvmalloc_node()
 *
 * Context: as slabmod_pool_kvmalloc_node().
 * Return: as slabmod_pool_kvmalloc_node().
 */
static inline void *slabmod_kvmalloc(size_t size, gfp_t gfp)
{
	return slabmod_kvmalloc_node(size, gfp, NUMA_NO_NODE);
}

static inline void *slabmod_pool_kvmalloc(struct slabmod_pool *pool, size_t size, gfp_t gfp)
{
	return slabmod_pool_kvmalloc_node(pool, size, gfp, NUMA_NO_NODE);
}

/**
 * slabmod_kvzalloc_node() - allocate zeroed memory from a node, physically contiguous or not
 * @size: as for slabmod_pool_kvmalloc_node()
 * @gfp: as for slabmod_pool_kvmalloc_node()
 * @node: as for slabmod_pool_kvmalloc_node()
 *
 * Context: as slabmod_pool_kvmalloc_node().
 * Return: as slabmod_pool_kvmalloc_node().
 */
static inline void *slabmod_kvzalloc_node(size_t size, gfp_t gfp, int node)
{
	return slabmod_kvmalloc_node(size, gfp | __GFP_ZERO, node);
}

static inline void *slabmod_pool_kvzalloc_node(struct slabmod_pool *pool, size_t size, gfp_t gfp,
					       int node)
{
	return slabmod_pool_kvmalloc_node(pool, size, gfp | __GFP_ZERO, node);
}

/**
 * slabmod_kvzalloc() - allocate zeroed memory, physically contiguous or not
 * @size: as for slabmod_pool_kvmalloc_node()
 * @gfp: as for slabmod_pool_kvmalloc_node()
 *
 * Context: as slabmod_pool_kvmalloc_node().
 * Return: as slabmod_pool_kvmalloc_node().
 */
static inline void *slabmod_kvzalloc(size_t size, gfp_t gfp)
{
	return slabmod_kvmalloc(size, gfp | __GFP_ZERO);
}

static inline void *slabmod_pool_kvzalloc(struct slabmod_pool *pool, size_t size, gfp_t gfp)
{
	return slabmod_pool_kvmalloc(pool, size, gfp | __GFP_ZERO);
}

static inline void *slabmod_pool_kvmalloc_array_node(struct slabmod_pool *pool, size_t n,
						     size_t size, gfp_t gfp, int node)
{
	size_t bytes;

	if (unlikely(check_mul_overflow(n, size, &bytes)))
		return slabmod_kmalloc_overflow(n, size);
	return slabmod_pool_kvmalloc_node(pool, bytes, gfp, node);
}

/**
 * slabmod_kvmalloc_array_node() - allocate memory for an array from a node
 * @n: number of elements
 * @size: bytes per element
 * @gfp: as for slabmod_pool_kvmalloc_node()
 * @node: as for slabmod_pool_kvmalloc_node()
 *
 * Context: as slabmod_pool_kvmalloc_node().
 * Return: as slabmod_pool_kvmalloc_node(); NULL with a report if @n times @size overflows.
 */
static inline void *slabmod_kvmalloc_array_node(size_t n, size_t size, gfp_t gfp, int node)
{
	return slabmod_pool_kvmalloc_array_node(NULL, n, size, gfp, node);
}

/**
 * slabmod_kvmalloc_array() - allocate memory for an array
 * @n: number of elements
 * @size: bytes per element
 * @gfp: as for slabmod_pool_kvmalloc_node()
 *
 * Context: as slabmod_pool_kvmalloc_node().
 * Return: as slabmod_kvmalloc_array_node().
 */
static inline void *slabmod_kvmalloc_array(size_t n, size_t size, gfp_t gfp)
{
	return slabmod_kvmalloc_array_node(n, size, gfp, NUMA_NO_NODE);
}

static inline void *slabmod_pool_kvmalloc_array(struct slabmod_pool *pool, size_t n, size_t size,
						gfp_t gfp)
{
	return slabmod_pool_kvmalloc_array_node(pool, n, size, gfp, NUMA_NO_NODE);
}

/**
 * slabmod_kvcalloc_node() - allocate zeroed memory for an array from a node
 * @n: number of elements
 * @size: bytes per element
 * @gfp: as for slabmod_pool_kvmalloc_node()
 * @node: as for slabmod_pool_kvmalloc_node()
 *
 * Context: as slabmod_pool_kvmalloc_node().
 * Return: as slabmod_kvmalloc_array_node().
 */
static inline void *slabmod_kvcalloc_node(size_t n, size_t size, gfp_t gfp, int node)
{
	return slabmod_kvmalloc_array_node(n, size, gfp | __GFP_ZERO, node);
}

static inline void *slabmod_pool_kvcalloc_node(struct slabmod_pool *pool, size_t n, size_t size,
					       gfp_t gfp, int node)
{
	return slabmod_pool_kvmalloc_array_node(pool, n, size, gfp | __GFP_ZERO, node);
}

/**
 * slabmod_kvcalloc() - allocate zeroed memory for an array
 * @n: number of elements
 * @size: bytes per element
 * @gfp: as for slabmod_pool_kvmalloc_node()
 *
 * Context: as slabmod_pool_kvmalloc_node().
 * Return: as slabmod_kvmalloc_array_node().
 */
static inline void *slabmod_kvcalloc(size_t n, size_t size, gfp_t gfp)
{
	return slabmod_kvmalloc_array(n, size, gfp | __GFP_ZERO);
}

static inline void *slabmod_pool_kvcalloc(struct slabmod_pool *pool, size_t n, size_t size,
					  gfp_t gfp)
{
	return slabmod_pool_kvmalloc_array(pool, n, size, gfp | __GFP_ZERO);
}

/**
 * slabmod_kvrealloc() - resize memory
 * @p: as for slabmod_pool_kvrealloc()
 * @size: as for slabmod_pool_kvrealloc()
 * @gfp: as for slabmod_pool_kvrealloc()
 *
 * Context: as slabmod_pool_kvrealloc().
 * Return: as slabmod_pool_kvrealloc().
 */
static inline void *__must_check slabmod_kvrealloc(const void *p, size_t size, gfp_t gfp)
{
	return slabmod_pool_kvrealloc(NULL, p, size, gfp);
}

/**
 * slabmod_kvrealloc_sized() - enlarge memory of a known size
 * @p: as for slabmod_pool_kvrealloc_sized()
 * @oldsize: as for slabmod_pool_kvrealloc_sized()
 * @newsize: as for slabmod_pool_kvrealloc_sized()
 * @gfp: as for slabmod_pool_kvrealloc_sized()
 *
 * Context: as slabmod_pool_kvrealloc_sized().
 * Return: as slabmod_pool_kvrealloc_sized().
 */
static inline void *__must_check slabmod_kvrealloc_sized(const void *p, size_t oldsize,
							 size_t newsize, gfp_t gfp)
{
	return slabmod_pool_kvrealloc_sized(NULL, p, oldsize, newsize, gfp);
}

/**
 * slabmod_kvmemdup() - duplicate memory
 * @src: memory to copy
 * @len: bytes, 0 to INT_MAX
 * @gfp: as for slabmod_pool_kvmalloc_node()
 *
 * Context: as slabmod_pool_kvmalloc_node().
 * Return: the copy, or NULL as slabmod_pool_kvmalloc_node().
 */
static inline void *slabmod_kvmemdup(const void *src, size_t len, gfp_t gfp)
{
	return slabmod_pool_kvmemdup(NULL, src, len, gfp);
}

/**
 * slabmod_vmemdup_user() - copy memory of user space
 * @src: as for slabmod_pool_vmemdup_user()
 * @len: as for slabmod_pool_vmemdup_user()
 *
 * Context: process context, may sleep.
 * Return: as slabmod_pool_vmemdup_user().
 */
static inline void *slabmod_vmemdup_user(const void __user *src, size_t len)
{
	return slabmod_pool_vmemdup_user(NULL, src, len);
}

#endif /* _SLABMOD_KVMALLOC_H */
