/* SPDX-License-Identifier: GPL-2.0 */
/*
 * slabmod virtually contiguous memory: the kernel's vmalloc and kvmalloc families with the prefix
 * slabmod_.
 *
 * An area of slabmod_vmalloc() consists of pages of a pool, and the kernel's page tables map them
 * side by side (vmap()). They need not be physically contiguous: an area can be larger than 4 MiB,
 * and is available when memory is fragmented. It begins at a page boundary. An unmapped page
 * follows it, so that an access beyond its last page faults.
 *
 * The pages count as used memory of the pool, and slabmod's record of the area, 120 bytes and 8
 * for each of its blocks, as metadata. The page tables and the kernel's own record of the
 * mapping are the kernel's, and in neither the ledger nor the limit of the pool.
 *
 * Each function that allocates exists for a pool as well, with the pool as its first argument;
 * NULL is the root pool.
 *
 * Not here: vmalloc_32() is memory of a pool that was created with the zone GFP_DMA32, and a large
 * page is never used for a mapping, as by vmalloc_huge().
 */
#ifndef _SLABMOD_VMALLOC_H
#define _SLABMOD_VMALLOC_H

#include <linux/gfp.h>
#include <linux/numa.h>
#include <linux/overflow.h>
#include <linux/types.h>

#include <slabmod/kmalloc.h>

struct slabmod_pool;
struct vm_area_struct;

/* ---- vmalloc ---- */

/**
 * __slabmod_pool_vmalloc_node() - allocate virtually contiguous memory
 * @pool: the pool, or NULL for the root pool
 * @size: bytes, 1 to the machine's memory; rounded up to whole pages
 * @gfp: as for slabmod_cache_alloc(), but it must allow sleeping, and __GFP_NOFAIL is honoured for
 *	any size that the pool's limit permits
 * @node: an online node, or NUMA_NO_NODE for the local one
 *
 * As the other functions of this family, with all arguments. GFP_NOFS and GFP_NOIO apply to the
 * page tables as well.
 *
 * Context: process context, may sleep.
 * Return: the memory, or NULL if memory is short or the limit of the pool is reached, or, with a
 * report, if @size is out of range, @gfp is refused, the node does not exist, or the context may
 * not sleep. A size above the machine's memory is not reported with __GFP_NOWARN.
 */
void *__slabmod_pool_vmalloc_node(struct slabmod_pool *pool, size_t size, gfp_t gfp, int node);

/**
 * slabmod_pool_vmalloc_user() - allocate zeroed memory for a mapping in user space
 * @pool: the pool, or NULL for the root pool
 * @size: as for __slabmod_pool_vmalloc_node()
 *
 * The memory can be mapped by slabmod_remap_vmalloc_range().
 *
 * Context: process context, may sleep.
 * Return: as __slabmod_pool_vmalloc_node().
 */
void *slabmod_pool_vmalloc_user(struct slabmod_pool *pool, size_t size);

/**
 * slabmod_pool_vrealloc() - resize virtually contiguous memory
 * @pool: the pool of new memory if @p is NULL, or NULL for the root pool; resized memory stays in
 *	its pool
 * @p: memory of this family, or NULL to allocate some
 * @size: the new size in bytes; 0 frees @p
 * @gfp: as for __slabmod_pool_vmalloc_node(), but unused if the memory stays in place
 *
 * The contents are kept up to the smaller of both sizes. The memory stays in place if its pages
 * have enough room; pages that become unused are not freed. With __GFP_ZERO, or init_on_alloc=1,
 * the bytes that a call adds are zero, whatever the earlier calls were: the requested size is
 * stored. On failure @p is unchanged. New memory cannot be mapped in user space, even if @p can.
 *
 * Context: process context, may sleep. Not together with another call for the same memory.
 * Return: the memory, or NULL for a size of 0, as __slabmod_pool_vmalloc_node(), or, with a report,
 * if @p is no memory of this family.
 */
void *slabmod_pool_vrealloc(struct slabmod_pool *pool, const void *p, size_t size,
			    gfp_t gfp) __must_check;

/**
 * slabmod_pool_vfree() - free virtually contiguous memory of a pool
 * @pool: the pool; if the memory is of another, this is reported and nothing is freed
 * @addr: as for slabmod_vfree()
 *
 * Context: as slabmod_vfree().
 */
void slabmod_pool_vfree(struct slabmod_pool *pool, const void *addr);

/**
 * slabmod_vfree() - free virtually contiguous memory
 * @addr: memory of this family, or NULL, which is ignored
 *
 * Any other address, including one inside an area and one of the kernel's vmalloc(), is reported
 * with the caller's stack and counted, and nothing is freed. Of two calls for the same memory, the
 * second is reported, even if both run at the same time. The memory at the address is not accessed
 * for this check.
 *
 * In an interrupt, or with bottom halves off, the memory is freed by a work item soon after.
 *
 * Context: any except NMI, where it is reported and nothing is freed; may sleep unless in an
 * interrupt. Where sleeping is not allowed for another reason, use slabmod_vfree_atomic().
 */
void slabmod_vfree(const void *addr);

/**
 * slabmod_vfree_atomic() - free virtually contiguous memory without sleeping
 * @addr: as for slabmod_vfree()
 *
 * The memory is freed by a work item soon after.
 *
 * Context: any except NMI, where it is reported and nothing is freed; never sleeps.
 */
void slabmod_vfree_atomic(const void *addr);

/**
 * slabmod_is_vmalloc_addr() - test whether an address is in an area of slabmod_vmalloc()
 * @addr: any value; it is not accessed
 *
 * All bytes of the pages of an area are in it, the unmapped page behind it is not. The answer for
 * memory that the caller does not own may be out of date.
 *
 * Context: any, including NMI.
 * Return: true if @addr is in an area that has not been freed yet.
 */
bool slabmod_is_vmalloc_addr(const void *addr);

/**
 * slabmod_vsize() - return the requested size of virtually contiguous memory
 * @addr: any value; it is not accessed
 *
 * Context: any, including NMI.
 * Return: the size in bytes, as last requested; 0 if no memory of this family begins at @addr.
 */
size_t slabmod_vsize(const void *addr);

/**
 * slabmod_remap_vmalloc_range() - map memory of slabmod_vmalloc_user() in user space
 * @vma: the mapping, which is covered wholly
 * @addr: the address that slabmod_vmalloc_user() returned
 * @pgoff: pages of the memory to skip
 *
 * For the mmap handler of a file. As with remap_pfn_range(), the mapping has no references to the
 * pages, and get_user_pages() fails on it: free the memory only after the last mapping of it has
 * gone, for example when the file is released. A private, writable mapping works only if the pages
 * are physically contiguous.
 *
 * Context: process context, may sleep; with the mmap lock of the process held for writing.
 * Return: 0, or -EINVAL if @addr is no memory of slabmod_vmalloc_user() or is smaller than the
 * mapping, or an error of remap_pfn_range().
 */
int slabmod_remap_vmalloc_range(struct vm_area_struct *vma, void *addr, unsigned long pgoff);

/**
 * __slabmod_vmalloc() - allocate virtually contiguous memory
 * @size: as for __slabmod_pool_vmalloc_node()
 * @gfp: as for __slabmod_pool_vmalloc_node()
 *
 * Context: process context, may sleep.
 * Return: as __slabmod_pool_vmalloc_node().
 */
static inline void *__slabmod_vmalloc(size_t size, gfp_t gfp)
{
	return __slabmod_pool_vmalloc_node(NULL, size, gfp, NUMA_NO_NODE);
}

static inline void *__slabmod_pool_vmalloc(struct slabmod_pool *pool, size_t size, gfp_t gfp)
{
	return __slabmod_pool_vmalloc_node(pool, size, gfp, NUMA_NO_NODE);
}

/**
 * slabmod_vmalloc() - allocate virtually contiguous memory
 * @size: as for __slabmod_pool_vmalloc_node()
 *
 * Context: process context, may sleep.
 * Return: as __slabmod_pool_vmalloc_node().
 */
static inline void *slabmod_vmalloc(size_t size)
{
	return __slabmod_vmalloc(size, GFP_KERNEL);
}

static inline void *slabmod_pool_vmalloc(struct slabmod_pool *pool, size_t size)
{
	return __slabmod_pool_vmalloc(pool, size, GFP_KERNEL);
}

/**
 * slabmod_vzalloc() - allocate zeroed, virtually contiguous memory
 * @size: as for __slabmod_pool_vmalloc_node()
 *
 * Context: process context, may sleep.
 * Return: as __slabmod_pool_vmalloc_node().
 */
static inline void *slabmod_vzalloc(size_t size)
{
	return __slabmod_vmalloc(size, GFP_KERNEL | __GFP_ZERO);
}

static inline void *slabmod_pool_vzalloc(struct slabmod_pool *pool, size_t size)
{
	return __slabmod_pool_vmalloc(pool, size, GFP_KERNEL | __GFP_ZERO);
}

/**
 * slabmod_vmalloc_node() - allocate virtually contiguous memory from a node
 * @size: as for __slabmod_pool_vmalloc_node()
 * @node: an online node, or NUMA_NO_NODE; other nodes are a fallback
 *
 * Context: process context, may sleep.
 * Return: as __slabmod_pool_vmalloc_node().
 */
static inline void *slabmod_vmalloc_node(size_t size, int node)
{
	return __slabmod_pool_vmalloc_node(NULL, size, GFP_KERNEL, node);
}

static inline void *slabmod_pool_vmalloc_node(struct slabmod_pool *pool, size_t size, int node)
{
	return __slabmod_pool_vmalloc_node(pool, size, GFP_KERNEL, node);
}

/**
 * slabmod_vzalloc_node() - allocate zeroed, virtually contiguous memory from a node
 * @size: as for __slabmod_pool_vmalloc_node()
 * @node: as for slabmod_vmalloc_node()
 *
 * Context: process context, may sleep.
 * Return: as __slabmod_pool_vmalloc_node().
 */
static inline void *slabmod_vzalloc_node(size_t size, int node)
{
	return __slabmod_pool_vmalloc_node(NULL, size, GFP_KERNEL | __GFP_ZERO, node);
}

static inline void *slabmod_pool_vzalloc_node(struct slabmod_pool *pool, size_t size, int node)
{
	return __slabmod_pool_vmalloc_node(pool, size, GFP_KERNEL | __GFP_ZERO, node);
}

/**
 * __slabmod_vmalloc_array() - allocate virtually contiguous memory for an array
 * @n: number of elements
 * @size: bytes per element
 * @gfp: as for __slabmod_pool_vmalloc_node()
 *
 * Context: process context, may sleep.
 * Return: as __slabmod_pool_vmalloc_node(); NULL with a report if @n times @size overflows.
 */
static inline void *__slabmod_vmalloc_array(size_t n, size_t size, gfp_t gfp)
{
	size_t bytes;

	if (unlikely(check_mul_overflow(n, size, &bytes)))
		return slabmod_kmalloc_overflow(n, size);
	return __slabmod_vmalloc(bytes, gfp);
}

static inline void *__slabmod_pool_vmalloc_array(struct slabmod_pool *pool, size_t n, size_t size,
						 gfp_t gfp)
{
	size_t bytes;

	if (unlikely(check_mul_overflow(n, size, &bytes)))
		return slabmod_kmalloc_overflow(n, size);
	return __slabmod_pool_vmalloc(pool, bytes, gfp);
}

/**
 * slabmod_vmalloc_array() - allocate virtually contiguous memory for an array
 * @n: number of elements
 * @size: bytes per element
 *
 * Context: process context, may sleep.
 * Return: as __slabmod_vmalloc_array().
 */
static inline void *slabmod_vmalloc_array(size_t n, size_t size)
{
	return __slabmod_vmalloc_array(n, size, GFP_KERNEL);
}

static inline void *slabmod_pool_vmalloc_array(struct slabmod_pool *pool, size_t n, size_t size)
{
	return __slabmod_pool_vmalloc_array(pool, n, size, GFP_KERNEL);
}

/**
 * __slabmod_vcalloc() - allocate zeroed, virtually contiguous memory for an array
 * @n: number of elements
 * @size: bytes per element
 * @gfp: as for __slabmod_pool_vmalloc_node()
 *
 * Context: process context, may sleep.
 * Return: as __slabmod_vmalloc_array().
 */
static inline void *__slabmod_vcalloc(size_t n, size_t size, gfp_t gfp)
{
	return __slabmod_vmalloc_array(n, size, gfp | __GFP_ZERO);
}

static inline void *__slabmod_pool_vcalloc(struct slabmod_pool *pool, size_t n, size_t size,
					   gfp_t gfp)
{
	return __slabmod_pool_vmalloc_array(pool, n, size, gfp | __GFP_ZERO);
}

/**
 * slabmod_vcalloc() - allocate zeroed, virtually contiguous memory for an array
 * @n: number of elements
 * @size: bytes per element
 *
 * Context: process context, may sleep.
 * Return: as __slabmod_vmalloc_array().
 */
static inline void *slabmod_vcalloc(size_t n, size_t size)
{
	return __slabmod_vcalloc(n, size, GFP_KERNEL);
}

static inline void *slabmod_pool_vcalloc(struct slabmod_pool *pool, size_t n, size_t size)
{
	return __slabmod_pool_vcalloc(pool, n, size, GFP_KERNEL);
}

/**
 * slabmod_vmalloc_user() - allocate zeroed memory for a mapping in user space
 * @size: as for slabmod_pool_vmalloc_user()
 *
 * Context: process context, may sleep.
 * Return: as slabmod_pool_vmalloc_user().
 */
static inline void *slabmod_vmalloc_user(size_t size)
{
	return slabmod_pool_vmalloc_user(NULL, size);
}

/**
 * slabmod_vrealloc() - resize virtually contiguous memory
 * @p: as for slabmod_pool_vrealloc()
 * @size: as for slabmod_pool_vrealloc()
 * @gfp: as for slabmod_pool_vrealloc()
 *
 * Context: as slabmod_pool_vrealloc().
 * Return: as slabmod_pool_vrealloc().
 */
static inline void *__must_check slabmod_vrealloc(const void *p, size_t size, gfp_t gfp)
{
	return slabmod_pool_vrealloc(NULL, p, size, gfp);
}

#endif /* _SLABMOD_VMALLOC_H */
