/* SPDX-License-Identifier: GPL-2.0 */
/*
 * slabmod memory by size: the kernel's kmalloc family with the prefix slabmod_.
 *
 * Sizes are in bytes. Up to 64 they are rounded up to a multiple of 16, then up to 32 KiB to one
 * of four size classes per doubling (80, 96, 112, 128, 160, ...); above that, up to 4 MiB, to
 * whole pages. A power of two is aligned to itself, any other size to at least 16 bytes. A size of
 * 0 returns ZERO_SIZE_PTR, which may be freed.
 *
 * For @gfp see slabmod_cache_alloc(). Sizes above a page are physically contiguous: as with the
 * kernel's kmalloc(), use __GFP_NORETRY above 32 KiB if there is a fallback.
 *
 * The memory and its pages do not belong to SLUB. The kernel must not free it (kfree(),
 * put_page(), bio_kmalloc(), build_skb()), and a page reference does not prevent its reuse: see
 * "What the memory is not for" in Documentation/api.rst.
 */
#ifndef _SLABMOD_KMALLOC_H
#define _SLABMOD_KMALLOC_H

#include <linux/bitops.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/numa.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/types.h>
#ifndef __CHECKER__ /* sparse does not know the following */
#if __has_include("linux/cleanup.h")
#include <linux/cleanup.h>
#endif
#endif

#include <slabmod/cache.h>

struct slabmod_pool;

/** define SLABMOD_KMALLOC_MAX - largest size, in bytes */
#define SLABMOD_KMALLOC_MAX		(4u * 1024u * 1024u)

/** define SLABMOD_KMALLOC_MAX_CLASS - largest size that has a size class, in bytes */
#define SLABMOD_KMALLOC_MAX_CLASS	SLABMOD_CACHE_MAX_SIZE

#define SLABMOD_KMALLOC_CLASSES		40

/* Class i serves slabmod_kmalloc_size(i) bytes. Written once, at load. */
extern struct slabmod_cache *slabmod_kmalloc_caches[SLABMOD_KMALLOC_CLASSES];

void *slabmod_kmalloc_variable(size_t size, gfp_t gfp);
void *slabmod_kmalloc_overflow(size_t n, size_t size);

/*
 * Return the class of a size of 1 to SLABMOD_KMALLOC_MAX_CLASS bytes: steps of 16 up to 64,
 * then four steps per doubling. Constant for a constant size.
 */
static __always_inline unsigned int slabmod_kmalloc_class(size_t size)
{
	unsigned int doubling;

	if (size <= 64)
		return (size - 1) % 64 / 16;
	/* 0 for 65 to 128. Not fls(): before 6.3 it is asm and does not fold. */
	doubling = 25 - __builtin_clz(size - 1);
	return 4 + 4 * doubling + (((size - 1) >> (doubling + 4)) & 3);
}

/* Return the object size of a class, in bytes. */
static __always_inline unsigned int slabmod_kmalloc_size(unsigned int class)
{
	if (class < 4)
		return 16 * (class + 1);
	return (64u + 16u * (class % 4 + 1)) << (class / 4 - 1);
}

/**
 * slabmod_kmalloc() - allocate memory
 * @size: bytes, 0 to SLABMOD_KMALLOC_MAX; the class of a constant is chosen at compile time
 * @gfp: as for slabmod_cache_alloc()
 *
 * Context: any, including NMI; may sleep only if @gfp allows it.
 * Return: the memory, ZERO_SIZE_PTR for a size of 0, or NULL if memory is short, or, with a
 * report, if the size is above the limit or @gfp is refused.
 */
static __always_inline void *slabmod_kmalloc(size_t size, gfp_t gfp)
{
	if (__builtin_constant_p(size) && size - 1 < SLABMOD_KMALLOC_MAX_CLASS) {
		unsigned int class = slabmod_kmalloc_class(size);
		struct slabmod_cache *cache = slabmod_kmalloc_caches[class];

		if (__builtin_constant_p(gfp) && gfp & __GFP_ZERO)
			return slabmod_cache_zalloc_inline(cache, gfp, size,
							   slabmod_kmalloc_size(class));
		return slabmod_cache_alloc_inline(cache, gfp, size);
	}
	return slabmod_kmalloc_variable(size, gfp);
}

/**
 * slabmod_kzalloc() - allocate zeroed memory
 * @size: as for slabmod_kmalloc()
 * @gfp: as for slabmod_cache_alloc()
 *
 * Context: as slabmod_kmalloc().
 * Return: as slabmod_kmalloc().
 */
static __always_inline void *slabmod_kzalloc(size_t size, gfp_t gfp)
{
	return slabmod_kmalloc(size, gfp | __GFP_ZERO);
}

void *slabmod_pool_kmalloc_node(struct slabmod_pool *pool, size_t size, gfp_t gfp, int node);

/**
 * slabmod_kmalloc_node() - allocate memory from a node
 * @size: as for slabmod_kmalloc()
 * @gfp: as for slabmod_cache_alloc(); without __GFP_THISNODE other nodes are a fallback
 * @node: an online node, or NUMA_NO_NODE for the local one
 *
 * Context: as slabmod_kmalloc().
 * Return: as slabmod_kmalloc(); NULL with a report if the node does not exist.
 */
static inline void *slabmod_kmalloc_node(size_t size, gfp_t gfp, int node)
{
	return slabmod_pool_kmalloc_node(NULL, size, gfp, node);
}

/**
 * slabmod_kzalloc_node() - allocate zeroed memory from a node
 * @size: as for slabmod_kmalloc()
 * @gfp: as for slabmod_kmalloc_node()
 * @node: as for slabmod_kmalloc_node()
 *
 * Context: as slabmod_kmalloc().
 * Return: as slabmod_kmalloc_node().
 */
static inline void *slabmod_kzalloc_node(size_t size, gfp_t gfp, int node)
{
	return slabmod_kmalloc_node(size, gfp | __GFP_ZERO, node);
}

/**
 * slabmod_kmalloc_nolock() - allocate memory while any lock may be held
 * @size: as for slabmod_kmalloc()
 * @gfp: any of __GFP_ZERO, __GFP_THISNODE, __GFP_ACCOUNT and __GFP_NOWARN
 * @node: as for slabmod_kmalloc_node()
 *
 * Only memory that slabmod holds in magazines and slabs is allocated, and only if no lock must
 * be waited for. Free with slabmod_kfree_nolock() in the same contexts.
 *
 * Context: any, including NMI and code that interrupted the holder of any lock, such as a
 * tracing program; never sleeps.
 * Return: as slabmod_kmalloc_node(); NULL is to be expected at any time.
 */
void *slabmod_kmalloc_nolock(size_t size, gfp_t gfp, int node);

/*
 * In debug mode memory is accounted to the first function outside of slabmod on the stack, so
 * the track_caller variants are the same functions.
 */
#define slabmod_kmalloc_track_caller(size, gfp)	slabmod_kmalloc(size, gfp)
#define slabmod_kmalloc_node_track_caller(size, gfp, node) \
	slabmod_kmalloc_node(size, gfp, node)

/**
 * slabmod_kmalloc_array() - allocate memory for an array
 * @n: number of elements
 * @size: bytes per element
 * @gfp: as for slabmod_cache_alloc()
 *
 * Context: as slabmod_kmalloc().
 * Return: as slabmod_kmalloc(); NULL with a report if @n times @size overflows.
 */
static __always_inline void *slabmod_kmalloc_array(size_t n, size_t size, gfp_t gfp)
{
	size_t bytes;

	if (unlikely(check_mul_overflow(n, size, &bytes)))
		return slabmod_kmalloc_overflow(n, size);
	return slabmod_kmalloc(bytes, gfp);
}

/**
 * slabmod_kcalloc() - allocate zeroed memory for an array
 * @n: number of elements
 * @size: bytes per element
 * @gfp: as for slabmod_cache_alloc()
 *
 * Context: as slabmod_kmalloc().
 * Return: as slabmod_kmalloc_array().
 */
static __always_inline void *slabmod_kcalloc(size_t n, size_t size, gfp_t gfp)
{
	return slabmod_kmalloc_array(n, size, gfp | __GFP_ZERO);
}

/**
 * slabmod_kmalloc_array_node() - allocate memory for an array from a node
 * @n: number of elements
 * @size: bytes per element
 * @gfp: as for slabmod_kmalloc_node()
 * @node: as for slabmod_kmalloc_node()
 *
 * Context: as slabmod_kmalloc().
 * Return: as slabmod_kmalloc_node(); NULL with a report if @n times @size overflows.
 */
static inline void *slabmod_kmalloc_array_node(size_t n, size_t size, gfp_t gfp, int node)
{
	size_t bytes;

	if (unlikely(check_mul_overflow(n, size, &bytes)))
		return slabmod_kmalloc_overflow(n, size);
	return slabmod_kmalloc_node(bytes, gfp, node);
}

/**
 * slabmod_kcalloc_node() - allocate zeroed memory for an array from a node
 * @n: number of elements
 * @size: bytes per element
 * @gfp: as for slabmod_kmalloc_node()
 * @node: as for slabmod_kmalloc_node()
 *
 * Context: as slabmod_kmalloc().
 * Return: as slabmod_kmalloc_array_node().
 */
static inline void *slabmod_kcalloc_node(size_t n, size_t size, gfp_t gfp, int node)
{
	return slabmod_kmalloc_array_node(n, size, gfp | __GFP_ZERO, node);
}

/**
 * slabmod_kmalloc_obj() - allocate memory for an object of a type
 * @object: a type, or an expression of this type
 * @gfp: as for slabmod_cache_alloc()
 *
 * Context: as slabmod_kmalloc().
 * Return: a pointer to the type; as slabmod_kmalloc().
 */
#define slabmod_kmalloc_obj(object, gfp)	\
	((typeof(object) *)slabmod_kmalloc(sizeof(typeof(object)), gfp))
#define slabmod_kzalloc_obj(object, gfp)	slabmod_kmalloc_obj(object, (gfp) | __GFP_ZERO)

/**
 * slabmod_kmalloc_objs() - allocate memory for several objects of a type
 * @object: a type, or an expression of this type
 * @n: number of objects
 * @gfp: as for slabmod_cache_alloc()
 *
 * Context: as slabmod_kmalloc().
 * Return: a pointer to the type; as slabmod_kmalloc_array().
 */
#define slabmod_kmalloc_objs(object, n, gfp)	\
	((typeof(object) *)slabmod_kmalloc_array(n, sizeof(typeof(object)), gfp))
#define slabmod_kzalloc_objs(object, n, gfp)	slabmod_kmalloc_objs(object, n, (gfp) | __GFP_ZERO)

/**
 * slabmod_kmalloc_flex() - allocate memory for a structure that ends in an array
 * @object: the type of the structure, or an expression of this type
 * @array: the name of the array
 * @n: number of elements of the array
 * @gfp: as for slabmod_cache_alloc()
 *
 * Context: as slabmod_kmalloc().
 * Return: a pointer to the type; as slabmod_kmalloc(); NULL with a report if the size overflows.
 */
#define slabmod_kmalloc_flex(object, array, n, gfp)	\
	((typeof(object) *)slabmod_kmalloc(struct_size((typeof(object) *)NULL, array, n), gfp))
#define slabmod_kzalloc_flex(object, array, n, gfp)	\
	slabmod_kmalloc_flex(object, array, n, (gfp) | __GFP_ZERO)

void *slabmod_pool_krealloc(struct slabmod_pool *pool, const void *p, size_t size,
			    gfp_t gfp) __must_check;
void *slabmod_pool_krealloc_node_align(struct slabmod_pool *pool, const void *p, size_t size,
				       unsigned long align, gfp_t gfp, int node) __must_check;

/**
 * slabmod_krealloc_node_align() - resize memory and align it
 * @p: as for slabmod_krealloc()
 * @size: as for slabmod_krealloc()
 * @align: a power of two up to SLABMOD_KMALLOC_MAX; above 16, memory that is new has a power of
 *	two of bytes
 * @gfp: as for slabmod_krealloc(); with __GFP_THISNODE memory of another node is moved
 * @node: as for slabmod_kmalloc_node()
 *
 * Context: as slabmod_kmalloc().
 * Return: as slabmod_krealloc(); NULL with a report if the alignment or the node is invalid.
 */
static inline void *__must_check slabmod_krealloc_node_align(const void *p, size_t size,
							      unsigned long align, gfp_t gfp,
							      int node)
{
	return slabmod_pool_krealloc_node_align(NULL, p, size, align, gfp, node);
}

/**
 * slabmod_krealloc() - resize memory
 * @p: memory of slabmod_kmalloc(), or NULL to allocate some
 * @size: the new size in bytes; 0 frees @p
 * @gfp: as for slabmod_cache_alloc(); see below for __GFP_ZERO
 *
 * The contents are kept up to the smaller of both sizes. Memory stays in place if its class has
 * enough room. On failure @p is unchanged. The old memory is not cleared when it is freed: for
 * secrets, allocate new memory, copy, and use slabmod_kfree_sensitive().
 *
 * Memory that moves because it grows by half or less, to up to SLABMOD_KMALLOC_MAX_CLASS, gets the
 * next power of two if there is such memory without reclaim: less than twice @size. So what grows
 * step by step moves once per doubling. This room counts as used, and slabmod_ksize() includes it.
 * There is none in debug mode, in strict caches, and if memory is to be cleared.
 *
 * With __GFP_ZERO, or init_on_alloc=1, all memory beyond @size is cleared, up to
 * slabmod_ksize(). The previously requested size is not stored. The bytes that a call adds are
 * therefore zero only if all earlier calls, including the first allocation, used __GFP_ZERO.
 * This is the rule of the kernel's krealloc().
 *
 * Context: as slabmod_kmalloc().
 * Return: the memory, ZERO_SIZE_PTR for a size of 0, or NULL as slabmod_kmalloc(), or, with a
 * report, if @p is not memory of slabmod_kmalloc().
 */
static inline void *__must_check slabmod_krealloc(const void *p, size_t size, gfp_t gfp)
{
	return slabmod_pool_krealloc(NULL, p, size, gfp);
}

/**
 * slabmod_krealloc_array() - resize an array
 * @p: as for slabmod_krealloc()
 * @n: new number of elements
 * @size: bytes per element
 * @gfp: as for slabmod_krealloc()
 *
 * Context: as slabmod_kmalloc().
 * Return: as slabmod_krealloc(); NULL with a report if @n times @size overflows; then @p is
 * unchanged.
 */
static __always_inline void *__must_check
slabmod_krealloc_array(void *p, size_t n, size_t size, gfp_t gfp)
{
	size_t bytes;

	if (unlikely(check_mul_overflow(n, size, &bytes)))
		return slabmod_kmalloc_overflow(n, size);
	return slabmod_krealloc(p, bytes, gfp);
}

/**
 * slabmod_kfree() - free memory
 * @p: memory of this family, an object of a typed cache, or NULL or ZERO_SIZE_PTR, which are
 *	ignored
 *
 * Any other address, including one inside an object, is reported with the caller's stack and
 * counted, and nothing is freed. The memory at the address is not accessed for this check. For
 * double frees see slabmod_cache_free().
 *
 * Context: any, including NMI; never sleeps.
 */
void slabmod_kfree(const void *p);

/**
 * slabmod_kfree_sensitive() - clear memory and free it
 * @p: as for slabmod_kfree()
 *
 * All slabmod_ksize() bytes are cleared before the memory is freed; the compiler cannot optimize
 * this away. An object of a cache with a constructor is constructed again. Copies left by
 * slabmod_krealloc() are not cleared.
 *
 * Context: any, including NMI; never sleeps.
 */
void slabmod_kfree_sensitive(const void *p);

/**
 * slabmod_kfree_bulk() - free several allocations
 * @nr: number of addresses
 * @p: the addresses; each as for slabmod_kfree()
 *
 * Context: any, including NMI; never sleeps.
 */
void slabmod_kfree_bulk(size_t nr, void **p);

/**
 * slabmod_ksize() - return the usable size of an allocation
 * @p: as for slabmod_kfree()
 *
 * Context: any.
 * Return: the usable size in bytes, at least the requested one; 0 for NULL and ZERO_SIZE_PTR,
 * and, with a report, for any other address that is not slabmod memory.
 */
size_t slabmod_ksize(const void *p);

/**
 * slabmod_kfree_nolock() - free memory while any lock may be held
 * @p: as for slabmod_kfree()
 *
 * Memory that this CPU's magazine has no room for is freed by an irq_work.
 *
 * Context: any, including NMI and code that interrupted the holder of any lock, such as a
 * tracing program; never sleeps.
 */
void slabmod_kfree_nolock(const void *p);

/**
 * slabmod_kmalloc_size_roundup() - return the usable size of a request
 * @size: bytes
 *
 * Context: any.
 * Return: what slabmod_ksize() would return for memory of slabmod_kmalloc(@size) without debug
 * mode; 0 for 0, and @size if it is above SLABMOD_KMALLOC_MAX. slabmod_krealloc() may leave more
 * room.
 */
size_t slabmod_kmalloc_size_roundup(size_t size);

/**
 * slabmod_owns() - return whether an address is in memory that slabmod manages
 * @p: any address
 *
 * Nothing is reported and the memory is not accessed. The answer is true for free memory and
 * for an address inside an object as well. It says which allocator frees the memory, not
 * whether it may be freed.
 *
 * Context: any, including NMI.
 * Return: true if the address is in a chunk of slabmod or an area of slabmod_vmalloc().
 */
bool slabmod_owns(const void *p);

/**
 * slabmod_dump_obj() - print what is known about the memory at an address
 * @p: any address
 *
 * Print the cache and the pool and, in debug mode, the object with the stacks that allocated
 * and freed it.
 *
 * Context: any, including NMI.
 * Return: true if the address is slabmod's; otherwise nothing is printed.
 */
bool slabmod_dump_obj(const void *p);

/* Free a variable's memory at the end of its scope: __free(slabmod_kfree). */
#ifndef __CHECKER__ /* sparse does not know the following */
#if __has_include("linux/cleanup.h")
DEFINE_FREE(slabmod_kfree, void *, slabmod_kfree(IS_ERR(_T) ? NULL : _T))
#endif
#endif

/**
 * slabmod_shrink() - free the unused memory of the root pool to the kernel
 *
 * Empty the magazines of all caches, free their empty slabs to the buddy, and free chunks
 * without allocated pages to the kernel. The caches may be in use.
 *
 * Context: process context, may sleep.
 * Return: the number of pages freed to the kernel.
 */
unsigned long slabmod_shrink(void);

#endif /* _SLABMOD_KMALLOC_H */
