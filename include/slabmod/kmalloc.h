/* SPDX-License-Identifier: GPL-2.0 */
/*
 * slabmod memory by size: the kernel's kmalloc family under the kernel's names
 * with slabmod_ before them.
 *
 * Sizes are in bytes. Up to 32 KiB they are rounded up to one of four classes a
 * doubling (16, 32, 48, 64, 80, 96, 112, 128, 160, ...); above that, up to 4 MiB,
 * to whole pages. A power of two is aligned to itself, any other size to at
 * least 16 bytes. A size of 0 gives ZERO_SIZE_PTR, which may be freed.
 *
 * @gfp means the same for all of them: see slabmod_cache_alloc(). Sizes above a page
 * need a contiguous run: for those above 32 KiB say __GFP_NORETRY if you can do
 * without, as with the kernel's own.
 *
 * The memory is not SLUB's, and its pages are slabmod's. The kernel must not free it (kfree(),
 * put_page(), bio_kmalloc(), build_skb()), and a page reference does not keep it from reuse:
 * see "What the memory is not for" in Documentation/api.rst.
 */
#ifndef _SLABMOD_KMALLOC_H
#define _SLABMOD_KMALLOC_H

#include <linux/bitops.h>
#include <linux/gfp.h>
#include <linux/numa.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/stdarg.h>
#include <linux/types.h>

#include <slabmod/cache.h>

/** define SLABMOD_KMALLOC_MAX - largest size, in bytes */
#define SLABMOD_KMALLOC_MAX		(4u * 1024u * 1024u)

/** define SLABMOD_KMALLOC_MAX_CLASS - largest size that has a class, in bytes */
#define SLABMOD_KMALLOC_MAX_CLASS	SLABMOD_CACHE_MAX_SIZE

#define SLABMOD_KMALLOC_CLASSES		40

/* Class i serves slabmod_kmalloc_size(i) bytes. Written once, at load. */
extern struct slabmod_cache *slabmod_kmalloc_caches[SLABMOD_KMALLOC_CLASSES];

void *slabmod_kmalloc_variable(size_t size, gfp_t gfp);
void *slabmod_kmalloc_overflow(size_t n, size_t size);

/*
 * The class of a size of 1 to SLABMOD_KMALLOC_MAX_CLASS bytes: in steps of 16 up
 * to 64, then in four steps a doubling. Folds to a constant for a constant.
 */
static __always_inline unsigned int slabmod_kmalloc_class(size_t size)
{
	unsigned int doubling;

	if (size <= 64)
		return (size - 1) % 64 / 16;
	/* 0 for 65 to 128. Not fls(), which before 6.3 is assembler and does not fold. */
	doubling = 25 - __builtin_clz(size - 1);
	return 4 + 4 * doubling + (((size - 1) >> (doubling + 4)) & 3);
}

/* The size that class @class serves, in bytes. */
static __always_inline unsigned int slabmod_kmalloc_size(unsigned int class)
{
	if (class < 4)
		return 16 * (class + 1);
	return (64u + 16u * (class % 4 + 1)) << (class / 4 - 1);
}

/**
 * slabmod_kmalloc() - take memory
 * @size: bytes, 0 to SLABMOD_KMALLOC_MAX; 0 gives ZERO_SIZE_PTR. A constant
 *	picks its class at compile time.
 * @gfp: as for slabmod_cache_alloc()
 *
 * Context: any, NMI too; may sleep only if @gfp says so.
 *
 * Return: the memory, or NULL: for lack of memory, or with a report for a size
 * above the limit or flags that cannot be honoured.
 */
static __always_inline void *slabmod_kmalloc(size_t size, gfp_t gfp)
{
	if (__builtin_constant_p(size) && size - 1 < SLABMOD_KMALLOC_MAX_CLASS)
		return slabmod_cache_take(slabmod_kmalloc_caches[slabmod_kmalloc_class(size)],
					  gfp, size);
	return slabmod_kmalloc_variable(size, gfp);
}

/**
 * slabmod_kzalloc() - take memory that is cleared
 * @size: as for slabmod_kmalloc()
 * @gfp: as for slabmod_cache_alloc()
 *
 * Context: as slabmod_kmalloc().
 *
 * Return: as slabmod_kmalloc().
 */
static __always_inline void *slabmod_kzalloc(size_t size, gfp_t gfp)
{
	return slabmod_kmalloc(size, gfp | __GFP_ZERO);
}

/**
 * slabmod_kmalloc_node() - take memory of a node
 * @size: as for slabmod_kmalloc()
 * @gfp: as for slabmod_cache_alloc(); without __GFP_THISNODE another node serves
 *	when @node cannot
 * @node: a node that is online, or NUMA_NO_NODE for the caller's own
 *
 * Context: as slabmod_kmalloc().
 *
 * Return: as slabmod_kmalloc(); NULL with a report for a node that does not exist.
 */
void *slabmod_kmalloc_node(size_t size, gfp_t gfp, int node);

/**
 * slabmod_kzalloc_node() - take memory of a node that is cleared
 * @size: as for slabmod_kmalloc()
 * @gfp: as for slabmod_kmalloc_node()
 * @node: as for slabmod_kmalloc_node()
 *
 * Context: as slabmod_kmalloc().
 *
 * Return: as slabmod_kmalloc_node().
 */
static inline void *slabmod_kzalloc_node(size_t size, gfp_t gfp, int node)
{
	return slabmod_kmalloc_node(size, gfp | __GFP_ZERO, node);
}

/**
 * slabmod_kmalloc_array() - take memory for an array
 * @n: elements
 * @size: bytes an element has
 * @gfp: as for slabmod_cache_alloc()
 *
 * Context: as slabmod_kmalloc().
 *
 * Return: as slabmod_kmalloc(); NULL with a report when @n times @size overflows.
 */
static __always_inline void *slabmod_kmalloc_array(size_t n, size_t size, gfp_t gfp)
{
	size_t bytes;

	if (unlikely(check_mul_overflow(n, size, &bytes)))
		return slabmod_kmalloc_overflow(n, size);
	return slabmod_kmalloc(bytes, gfp);
}

/**
 * slabmod_kcalloc() - take memory for an array, cleared
 * @n: elements
 * @size: bytes an element has
 * @gfp: as for slabmod_cache_alloc()
 *
 * Context: as slabmod_kmalloc().
 *
 * Return: as slabmod_kmalloc_array().
 */
static __always_inline void *slabmod_kcalloc(size_t n, size_t size, gfp_t gfp)
{
	return slabmod_kmalloc_array(n, size, gfp | __GFP_ZERO);
}

/**
 * slabmod_krealloc() - change the size of memory
 * @p: memory of slabmod_kmalloc(), or NULL to take some
 * @size: the new size in bytes; 0 frees @p
 * @gfp: as for slabmod_cache_alloc(); see below for __GFP_ZERO
 *
 * The contents are kept up to the smaller of both sizes. Memory whose class
 * already has room stays where it is. On failure @p is untouched. The old memory is not
 * cleared when it is given back: for secrets take new memory, copy, and give the old back
 * by slabmod_kfree_sensitive().
 *
 * With __GFP_ZERO, or init_on_alloc=1, all memory beyond @size is cleared, up to
 * slabmod_ksize(). The size that was asked for before is not stored. So the bytes that
 * a call adds are zero if all calls before it, the first allocation included, had
 * __GFP_ZERO. This is the rule of the kernel's krealloc().
 *
 * Context: as slabmod_kmalloc().
 *
 * Return: the memory, ZERO_SIZE_PTR for a size of 0, or NULL as slabmod_kmalloc(),
 * and with a report when @p is no memory of slabmod_kmalloc().
 */
void *slabmod_krealloc(const void *p, size_t size, gfp_t gfp) __must_check;

/**
 * slabmod_krealloc_array() - change the size of an array
 * @p: as for slabmod_krealloc()
 * @n: elements it is to have
 * @size: bytes an element has
 * @gfp: as for slabmod_krealloc()
 *
 * Context: as slabmod_kmalloc().
 *
 * Return: as slabmod_krealloc(); NULL with a report when @n times @size
 * overflows, and then @p is untouched.
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
 * slabmod_kfree() - give memory back
 * @p: memory of the family, an object of a typed cache, NULL or ZERO_SIZE_PTR
 *
 * Any other address, and one inside an object, are reported with the caller's
 * stack, counted and left alone; no address is ever touched to find out. For a
 * second free see slabmod_cache_free().
 *
 * Context: any, NMI too; never sleeps.
 */
void slabmod_kfree(const void *p);

/**
 * slabmod_kfree_sensitive() - clear memory and give it back
 * @p: as for slabmod_kfree()
 *
 * All of slabmod_ksize() is cleared, in a way the compiler does not take out, while it is
 * still the caller's. An object of a cache with a constructor is constructed again. Copies
 * that slabmod_krealloc() has left behind are not found.
 *
 * Context: any, NMI too; never sleeps.
 */
void slabmod_kfree_sensitive(const void *p);

/**
 * slabmod_kfree_bulk() - give back many pieces of memory
 * @nr: how many
 * @p: their addresses; each as for slabmod_kfree()
 *
 * Context: any, NMI too; never sleeps.
 */
void slabmod_kfree_bulk(size_t nr, void **p);

/**
 * slabmod_ksize() - how much memory there is at an address
 * @p: as for slabmod_kfree()
 *
 * Context: any.
 *
 * Return: bytes that may be used, at least those asked for; 0 for NULL and
 * ZERO_SIZE_PTR, and with a report for any other address that is no memory of
 * slabmod's.
 */
size_t slabmod_ksize(const void *p);

/**
 * slabmod_kmemdup() - copy memory
 * @src: what to copy
 * @len: bytes, 0 to SLABMOD_KMALLOC_MAX
 * @gfp: as for slabmod_cache_alloc()
 *
 * Context: as slabmod_kmalloc().
 *
 * Return: the copy, or NULL as slabmod_kmalloc().
 */
void *slabmod_kmemdup(const void *src, size_t len, gfp_t gfp);

/**
 * slabmod_kstrdup() - copy a string
 * @s: the string, or NULL
 * @gfp: as for slabmod_cache_alloc()
 *
 * Context: as slabmod_kmalloc().
 *
 * Return: the copy, or NULL for a NULL string or as slabmod_kmalloc().
 */
char *slabmod_kstrdup(const char *s, gfp_t gfp);

/**
 * slabmod_kstrndup() - copy the beginning of a string
 * @s: the string, or NULL
 * @max: characters to copy at the most; a NUL follows them
 * @gfp: as for slabmod_cache_alloc()
 *
 * Context: as slabmod_kmalloc().
 *
 * Return: the copy, or NULL for a NULL string or as slabmod_kmalloc().
 */
char *slabmod_kstrndup(const char *s, size_t max, gfp_t gfp);

/**
 * slabmod_kvasprintf() - print into memory that is taken for it
 * @gfp: as for slabmod_cache_alloc()
 * @fmt: as for vsnprintf()
 * @args: as for vsnprintf()
 *
 * Context: as slabmod_kmalloc(), but not NMI.
 *
 * Return: the string, or NULL as slabmod_kmalloc().
 */
char *slabmod_kvasprintf(gfp_t gfp, const char *fmt, va_list args) __printf(2, 0);

/**
 * slabmod_kasprintf() - print into memory that is taken for it
 * @gfp: as for slabmod_cache_alloc()
 * @fmt: as for snprintf()
 * @...: as for snprintf()
 *
 * Context: as slabmod_kmalloc(), but not NMI.
 *
 * Return: the string, or NULL as slabmod_kmalloc().
 */
char *slabmod_kasprintf(gfp_t gfp, const char *fmt, ...) __printf(2, 3);

/**
 * slabmod_shrink() - give free memory back to the kernel
 *
 * Empties the magazines of all caches and classes, gives their empty slabs back to
 * the buddy, and what is wholly free there to the kernel. Others may go on meanwhile.
 *
 * Context: process context, may sleep.
 *
 * Return: the number of pages that went back to the kernel.
 */
unsigned long slabmod_shrink(void);

#endif /* _SLABMOD_KMALLOC_H */
