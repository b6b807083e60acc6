/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The functions that replace the kernel's allocating ones: the same arguments, with the module's
 * pool. Read <slabmod/dropin.h> first.
 */
#ifndef _SLABMOD_DROPIN_ALLOC_H
#define _SLABMOD_DROPIN_ALLOC_H

/*
 * The module's pool, defined by module_init(). The name that the linker sees is the reason if a
 * module has none.
 */
extern struct slabmod_pool *slabmod_dropin_pool
	__asm__("slabmod_pool_of_this_module__it_needs_module_init");

void __compiletime_error("slabmod: a pool has no DMA zones; keep the function for the kernel (slabmod-keep-FILE.o)")
slabmod_dropin_zone(void);
void __compiletime_error("slabmod: a cache has no DMA zones; keep the function for the kernel (slabmod-keep-FILE.o)")
slabmod_dropin_cache_zone(void);
void __compiletime_error("slabmod: objects of a cache are at most 32 KiB; keep the function for the kernel (slabmod-keep-FILE.o)")
slabmod_dropin_cache_size(void);

/* Refuse a zone at compile time if possible. slabmod refuses any other at run time, with a report. */
static __always_inline gfp_t slabmod_dropin_gfp(gfp_t gfp)
{
	if (__builtin_constant_p(gfp) && (gfp & (__GFP_DMA | __GFP_DMA32)))
		slabmod_dropin_zone();
	return gfp;
}

/* ---- by size ---- */

static __always_inline void *slabmod_dropin_kmalloc(size_t size, gfp_t gfp)
{
	return slabmod_pool_kmalloc(slabmod_dropin_pool, size, slabmod_dropin_gfp(gfp));
}

static __always_inline void *slabmod_dropin_kzalloc(size_t size, gfp_t gfp)
{
	return slabmod_dropin_kmalloc(size, gfp | __GFP_ZERO);
}

static __always_inline void *slabmod_dropin_kmalloc_node(size_t size, gfp_t gfp, int node)
{
	return slabmod_pool_kmalloc_node(slabmod_dropin_pool, size, slabmod_dropin_gfp(gfp), node);
}

static __always_inline void *slabmod_dropin_kzalloc_node(size_t size, gfp_t gfp, int node)
{
	return slabmod_dropin_kmalloc_node(size, gfp | __GFP_ZERO, node);
}

static __always_inline void *slabmod_dropin_kmalloc_array(size_t n, size_t size, gfp_t gfp)
{
	size_t bytes;

	if (unlikely(check_mul_overflow(n, size, &bytes)))
		return slabmod_kmalloc_overflow(n, size);
	return slabmod_dropin_kmalloc(bytes, gfp);
}

static __always_inline void *slabmod_dropin_kcalloc(size_t n, size_t size, gfp_t gfp)
{
	return slabmod_dropin_kmalloc_array(n, size, gfp | __GFP_ZERO);
}

static __always_inline void *
slabmod_dropin_kmalloc_array_node(size_t n, size_t size, gfp_t gfp, int node)
{
	size_t bytes;

	if (unlikely(check_mul_overflow(n, size, &bytes)))
		return slabmod_kmalloc_overflow(n, size);
	return slabmod_dropin_kmalloc_node(bytes, gfp, node);
}

static __always_inline void *
slabmod_dropin_kcalloc_node(size_t n, size_t size, gfp_t gfp, int node)
{
	return slabmod_dropin_kmalloc_array_node(n, size, gfp | __GFP_ZERO, node);
}

/* Memory stays with its owner. */
static __always_inline void *__must_check
slabmod_dropin_krealloc(const void *p, size_t size, gfp_t gfp)
{
	if (!ZERO_OR_NULL_PTR(p) && !slabmod_owns(p))
		return krealloc(p, size, gfp);
	return slabmod_pool_krealloc(slabmod_dropin_pool, p, size, slabmod_dropin_gfp(gfp));
}

static __always_inline void *__must_check
slabmod_dropin_krealloc_array(const void *p, size_t n, size_t size, gfp_t gfp)
{
	size_t bytes;

	if (unlikely(check_mul_overflow(n, size, &bytes)))
		return slabmod_kmalloc_overflow(n, size);
	return slabmod_dropin_krealloc(p, bytes, gfp);
}

#ifdef krealloc_node_align
static __always_inline void *__must_check
slabmod_dropin_krealloc_node_align(const void *p, size_t size, unsigned long align, gfp_t gfp,
				   int node)
{
	if (!ZERO_OR_NULL_PTR(p) && !slabmod_owns(p))
		return krealloc_node_align(p, size, align, gfp, node);
	return slabmod_pool_krealloc_node_align(slabmod_dropin_pool, p, size, align,
						slabmod_dropin_gfp(gfp), node);
}

#define slabmod_dropin_krealloc_node(p, size, gfp, node) \
	slabmod_dropin_krealloc_node_align(p, size, 1, gfp, node)
#endif

/* ---- copies ---- */

static inline void *slabmod_dropin_kmemdup(const void *src, size_t len, gfp_t gfp)
{
	return slabmod_pool_kmemdup(slabmod_dropin_pool, src, len, slabmod_dropin_gfp(gfp));
}

static inline void *
slabmod_dropin_kmemdup_array(const void *src, size_t n, size_t size, gfp_t gfp)
{
	return slabmod_dropin_kmemdup(src, size_mul(n, size), gfp);
}

static inline char *slabmod_dropin_kmemdup_nul(const char *s, size_t len, gfp_t gfp)
{
	return slabmod_pool_kmemdup_nul(slabmod_dropin_pool, s, len, slabmod_dropin_gfp(gfp));
}

static inline char *slabmod_dropin_kstrdup(const char *s, gfp_t gfp)
{
	return slabmod_pool_kstrdup(slabmod_dropin_pool, s, slabmod_dropin_gfp(gfp));
}

/* Always a copy: a module cannot test whether a string is constant in the kernel's image. */
static inline const char *slabmod_dropin_kstrdup_const(const char *s, gfp_t gfp)
{
	return slabmod_dropin_kstrdup(s, gfp);
}

static inline char *slabmod_dropin_kstrndup(const char *s, size_t max, gfp_t gfp)
{
	return slabmod_pool_kstrndup(slabmod_dropin_pool, s, max, slabmod_dropin_gfp(gfp));
}

static inline __printf(2, 0) char *
slabmod_dropin_kvasprintf(gfp_t gfp, const char *fmt, va_list args)
{
	return slabmod_pool_kvasprintf(slabmod_dropin_pool, gfp, fmt, args);
}

static inline __printf(2, 0) const char *
slabmod_dropin_kvasprintf_const(gfp_t gfp, const char *fmt, va_list args)
{
	return slabmod_dropin_kvasprintf(gfp, fmt, args);
}

static __printf(2, 3) __maybe_unused char *
slabmod_dropin_kasprintf(gfp_t gfp, const char *fmt, ...)
{
	va_list args;
	char *p;

	va_start(args, fmt);
	p = slabmod_dropin_kvasprintf(gfp, fmt, args);
	va_end(args);
	return p;
}

static inline void *slabmod_dropin_memdup_user(const void __user *src, size_t len)
{
	return slabmod_pool_memdup_user(slabmod_dropin_pool, src, len);
}

static inline void *slabmod_dropin_memdup_user_nul(const void __user *src, size_t len)
{
	return slabmod_pool_memdup_user_nul(slabmod_dropin_pool, src, len);
}

static inline char *slabmod_dropin_strndup_user(const char __user *s, long max)
{
	return slabmod_pool_strndup_user(slabmod_dropin_pool, s, max);
}

static inline void *slabmod_dropin_vmemdup_user(const void __user *src, size_t len)
{
	return slabmod_pool_vmemdup_user(slabmod_dropin_pool, src, len);
}

static inline void *
slabmod_dropin_memdup_array_user(const void __user *src, size_t n, size_t size)
{
	size_t bytes;

	if (check_mul_overflow(n, size, &bytes))
		return ERR_PTR(-EOVERFLOW);
	return slabmod_dropin_memdup_user(src, bytes);
}

static inline void *
slabmod_dropin_vmemdup_array_user(const void __user *src, size_t n, size_t size)
{
	size_t bytes;

	if (check_mul_overflow(n, size, &bytes))
		return ERR_PTR(-EOVERFLOW);
	return slabmod_dropin_vmemdup_user(src, bytes);
}

/* ---- virtually contiguous ---- */

static inline void *slabmod_dropin___vmalloc(unsigned long size, gfp_t gfp)
{
	return __slabmod_pool_vmalloc(slabmod_dropin_pool, size, slabmod_dropin_gfp(gfp));
}

static inline void *slabmod_dropin_vmalloc(unsigned long size)
{
	return slabmod_pool_vmalloc(slabmod_dropin_pool, size);
}

static inline void *slabmod_dropin_vzalloc(unsigned long size)
{
	return slabmod_pool_vzalloc(slabmod_dropin_pool, size);
}

static inline void *slabmod_dropin_vmalloc_user(unsigned long size)
{
	return slabmod_pool_vmalloc_user(slabmod_dropin_pool, size);
}

static inline void *slabmod_dropin_vmalloc_node(unsigned long size, int node)
{
	return slabmod_pool_vmalloc_node(slabmod_dropin_pool, size, node);
}

static inline void *slabmod_dropin_vzalloc_node(unsigned long size, int node)
{
	return slabmod_pool_vzalloc_node(slabmod_dropin_pool, size, node);
}

/* "Huge" permits large mappings and does not promise any. */
static inline void *slabmod_dropin_vmalloc_huge(unsigned long size, gfp_t gfp)
{
	return slabmod_dropin___vmalloc(size, gfp);
}

static inline void *slabmod_dropin_vmalloc_huge_node(unsigned long size, gfp_t gfp, int node)
{
	return __slabmod_pool_vmalloc_node(slabmod_dropin_pool, size, slabmod_dropin_gfp(gfp),
					   node);
}

static inline void *slabmod_dropin___vmalloc_array(size_t n, size_t size, gfp_t gfp)
{
	return __slabmod_pool_vmalloc_array(slabmod_dropin_pool, n, size, slabmod_dropin_gfp(gfp));
}

static inline void *slabmod_dropin_vmalloc_array(size_t n, size_t size)
{
	return slabmod_pool_vmalloc_array(slabmod_dropin_pool, n, size);
}

static inline void *slabmod_dropin___vcalloc(size_t n, size_t size, gfp_t gfp)
{
	return __slabmod_pool_vcalloc(slabmod_dropin_pool, n, size, slabmod_dropin_gfp(gfp));
}

static inline void *slabmod_dropin_vcalloc(size_t n, size_t size)
{
	return slabmod_pool_vcalloc(slabmod_dropin_pool, n, size);
}

#ifdef vrealloc
static inline void *__must_check
slabmod_dropin_vrealloc(const void *p, size_t size, gfp_t gfp)
{
	if (p && !slabmod_owns(p))
		return vrealloc(p, size, gfp);
	return slabmod_pool_vrealloc(slabmod_dropin_pool, p, size, slabmod_dropin_gfp(gfp));
}
#endif

/* ---- either ---- */

static inline void *slabmod_dropin_kvmalloc_node(size_t size, gfp_t gfp, int node)
{
	return slabmod_pool_kvmalloc_node(slabmod_dropin_pool, size, slabmod_dropin_gfp(gfp),
					  node);
}

static inline void *slabmod_dropin_kvmalloc(size_t size, gfp_t gfp)
{
	return slabmod_dropin_kvmalloc_node(size, gfp, NUMA_NO_NODE);
}

static inline void *slabmod_dropin_kvzalloc(size_t size, gfp_t gfp)
{
	return slabmod_dropin_kvmalloc(size, gfp | __GFP_ZERO);
}

static inline void *slabmod_dropin_kvzalloc_node(size_t size, gfp_t gfp, int node)
{
	return slabmod_dropin_kvmalloc_node(size, gfp | __GFP_ZERO, node);
}

static inline void *
slabmod_dropin_kvmalloc_array_node(size_t n, size_t size, gfp_t gfp, int node)
{
	return slabmod_pool_kvmalloc_array_node(slabmod_dropin_pool, n, size,
						slabmod_dropin_gfp(gfp), node);
}

static inline void *slabmod_dropin_kvmalloc_array(size_t n, size_t size, gfp_t gfp)
{
	return slabmod_dropin_kvmalloc_array_node(n, size, gfp, NUMA_NO_NODE);
}

static inline void *slabmod_dropin_kvcalloc(size_t n, size_t size, gfp_t gfp)
{
	return slabmod_dropin_kvmalloc_array(n, size, gfp | __GFP_ZERO);
}

static inline void *slabmod_dropin_kvcalloc_node(size_t n, size_t size, gfp_t gfp, int node)
{
	return slabmod_dropin_kvmalloc_array_node(n, size, gfp | __GFP_ZERO, node);
}

/* Since 6.12 without the old size; a later 6.1 may have either form. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
static inline void *__must_check
slabmod_dropin_kvrealloc(const void *p, size_t size, gfp_t gfp)
{
	if (!ZERO_OR_NULL_PTR(p) && !slabmod_owns(p))
		return kvrealloc(p, size, gfp);
	return slabmod_pool_kvrealloc(slabmod_dropin_pool, p, size, slabmod_dropin_gfp(gfp));
}
#else
static inline void *__must_check
slabmod_dropin_kvrealloc(const void *p, size_t oldsize, size_t newsize, gfp_t gfp)
{
	if (!ZERO_OR_NULL_PTR(p) && !slabmod_owns(p))
		return kvrealloc(p, oldsize, newsize, gfp);
	return slabmod_pool_kvrealloc_sized(slabmod_dropin_pool, p, oldsize, newsize,
					    slabmod_dropin_gfp(gfp));
}
#endif

static inline void *slabmod_dropin_kvmemdup(const void *src, size_t len, gfp_t gfp)
{
	return slabmod_pool_kvmemdup(slabmod_dropin_pool, src, len, slabmod_dropin_gfp(gfp));
}

/* ---- pages, by address ---- */

static inline unsigned long slabmod_dropin___get_free_pages(gfp_t gfp, unsigned int order)
{
	return slabmod_pool_get_free_pages(slabmod_dropin_pool, slabmod_dropin_gfp(gfp), order);
}

static inline unsigned long slabmod_dropin_get_zeroed_page(gfp_t gfp)
{
	return slabmod_dropin___get_free_pages(gfp | __GFP_ZERO, 0);
}

static inline void *slabmod_dropin_alloc_pages_exact(size_t size, gfp_t gfp)
{
	return slabmod_pool_alloc_pages_exact(slabmod_dropin_pool, size, slabmod_dropin_gfp(gfp));
}

/* ---- names of buffers for paths: the core frees those of getname() ---- */

static inline void *slabmod_dropin___getname(void)
{
	return __getname();
}

static inline void slabmod_dropin___putname(const void *name)
{
	__putname(name);
}

/* ---- macros of headers that allocate what the core frees ---- */

#ifdef dma_fence_chain_alloc
static inline struct dma_fence_chain *slabmod_dropin_dma_fence_chain_alloc(void)
{
	return dma_fence_chain_alloc();
}

#undef dma_fence_chain_alloc
#define dma_fence_chain_alloc slabmod_dropin_dma_fence_chain_alloc
#endif

#if defined(CONFIG_NET_SOCK_MSG) && defined(sk_psock_init_link)
static inline struct sk_psock_link *slabmod_dropin_sk_psock_init_link(void)
{
	return sk_psock_init_link();
}

#undef sk_psock_init_link
#define sk_psock_init_link slabmod_dropin_sk_psock_init_link
#endif

#include <slabmod/dropin/cache.h>

#endif /* _SLABMOD_DROPIN_ALLOC_H */
