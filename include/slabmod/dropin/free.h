/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's functions that free or measure memory, by owner: memory of slabmod, of any pool, is
 * freed by slabmod, and any other by the kernel. Memory may therefore cross to and from the core,
 * as long as the module frees it. Read <slabmod/dropin.h> first.
 */
#ifndef _SLABMOD_DROPIN_FREE_H
#define _SLABMOD_DROPIN_FREE_H

#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include <slabmod/slabmod.h>

/* Modules often free NULL: leave that to the kernel without a search for its owner. */
static __always_inline bool slabmod_dropin_owns(const void *p)
{
	return !ZERO_OR_NULL_PTR(p) && slabmod_owns(p);
}

/* ---- by address ---- */

static inline void slabmod_dropin_kfree(const void *p)
{
	if (slabmod_dropin_owns(p))
		slabmod_kfree(p);
	else
		kfree(p);
}

static inline void slabmod_dropin_kfree_sensitive(const void *p)
{
	if (slabmod_dropin_owns(p))
		slabmod_kfree_sensitive(p);
	else
		kfree_sensitive(p);
}

static inline void slabmod_dropin_kfree_const(const void *p)
{
	if (slabmod_dropin_owns(p))
		slabmod_kfree(p);
	else
		kfree_const(p);
}

static inline void slabmod_dropin_kfree_bulk(size_t nr, void **p)
{
	size_t i;

	for (i = 0; i < nr; i++)
		slabmod_dropin_kfree(p[i]);
}

static inline void slabmod_dropin_kvfree(const void *p)
{
	if (slabmod_dropin_owns(p))
		slabmod_kvfree(p);
	else
		kvfree(p);
}

static inline void slabmod_dropin_kvfree_sensitive(const void *p, size_t len)
{
	if (slabmod_dropin_owns(p))
		slabmod_kvfree_sensitive(p, len);
	else
		kvfree_sensitive(p, len);
}

static inline void slabmod_dropin_vfree(const void *p)
{
	if (slabmod_dropin_owns(p))
		slabmod_vfree(p);
	else
		vfree(p);
}

#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 2, 0)
static inline void slabmod_dropin_kvfree_atomic(const void *p)
{
	if (slabmod_dropin_owns(p))
		slabmod_kvfree_atomic(p);
	else
		kvfree_atomic(p);
}
#endif

static inline size_t slabmod_dropin_ksize(const void *p)
{
	return slabmod_dropin_owns(p) ? slabmod_ksize(p) : ksize(p);
}

static inline bool slabmod_dropin_kmem_dump_obj(void *p)
{
	/* slabmod describes an object in its own reports. */
	return slabmod_dropin_owns(p) ? false : kmem_dump_obj(p);
}

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 18, 0)
static inline void slabmod_dropin_kfree_nolock(const void *p)
{
	if (slabmod_dropin_owns(p))
		slabmod_kfree(p);
	else
		kfree_nolock(p);
}
#endif

/* ---- pages ---- */

static inline void slabmod_dropin_free_pages(unsigned long addr, unsigned int order)
{
	if (slabmod_dropin_owns((void *)addr))
		slabmod_free_pages(addr, order);
	else
		free_pages(addr, order);
}

/* For virt_to_page() of an address of slabmod. */
static inline void slabmod_dropin___free_pages(struct page *page, unsigned int order)
{
	if (page && slabmod_owns(page_address(page)))
		__slabmod_free_pages(page, order);
	else
		__free_pages(page, order);
}

static inline void slabmod_dropin_free_pages_exact(void *p, size_t size)
{
	if (slabmod_dropin_owns(p))
		slabmod_free_pages_exact(p, size);
	else
		free_pages_exact(p, size);
}

static inline int slabmod_dropin_remap_vmalloc_range(struct vm_area_struct *vma, void *addr,
						     unsigned long pgoff)
{
	if (slabmod_is_vmalloc_addr(addr))
		return slabmod_remap_vmalloc_range(vma, addr, pgoff);
	return remap_vmalloc_range(vma, addr, pgoff);
}

/* ---- after a grace period; the kernel's macros with suffixes are the same in all versions ---- */

#define slabmod_dropin_kvfree_rcu(ptr, rhf)					\
do {										\
	typeof(ptr) __slabmod_p = (ptr);					\
										\
	if (slabmod_dropin_owns(__slabmod_p))					\
		slabmod_kvfree_call_rcu(&__slabmod_p->rhf, (void *)__slabmod_p); \
	else									\
		kvfree_rcu_arg_2(__slabmod_p, rhf);				\
} while (0)

#define slabmod_dropin_kvfree_rcu_mightsleep(ptr)				\
do {										\
	typeof(ptr) __slabmod_p = (ptr);					\
										\
	if (slabmod_dropin_owns(__slabmod_p))					\
		slabmod_kvfree_call_rcu(NULL, (void *)__slabmod_p);		\
	else									\
		kvfree_rcu_arg_1(__slabmod_p);					\
} while (0)

/* Up to 6.3, kfree_rcu() may be called without the name of the member. */
#define slabmod_dropin_rcu_form(_1, _2, form, ...) form
#define slabmod_dropin_kfree_rcu(...)						\
	slabmod_dropin_rcu_form(__VA_ARGS__, slabmod_dropin_kvfree_rcu,		\
				slabmod_dropin_kvfree_rcu_mightsleep)(__VA_ARGS__)

#undef kfree_rcu
#define kfree_rcu slabmod_dropin_kfree_rcu
#undef kvfree_rcu
#define kvfree_rcu slabmod_dropin_kfree_rcu
#undef kfree_rcu_mightsleep
#define kfree_rcu_mightsleep slabmod_dropin_kvfree_rcu_mightsleep
#undef kvfree_rcu_mightsleep
#define kvfree_rcu_mightsleep slabmod_dropin_kvfree_rcu_mightsleep

static inline void slabmod_dropin_kvfree_rcu_barrier(void)
{
	slabmod_rcu_barrier();
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	kvfree_rcu_barrier();
#endif
}

/* ---- names ---- */

#undef kfree
#define kfree slabmod_dropin_kfree
#undef kfree_sensitive
#define kfree_sensitive slabmod_dropin_kfree_sensitive
#undef kfree_const
#define kfree_const slabmod_dropin_kfree_const
#undef kfree_bulk
#define kfree_bulk slabmod_dropin_kfree_bulk
#undef kvfree
#define kvfree slabmod_dropin_kvfree
#undef kvfree_sensitive
#define kvfree_sensitive slabmod_dropin_kvfree_sensitive
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 2, 0)
#undef kvfree_atomic
#define kvfree_atomic slabmod_dropin_kvfree_atomic
#endif
#undef vfree
#define vfree slabmod_dropin_vfree
#undef ksize
#define ksize slabmod_dropin_ksize
#undef kmem_dump_obj
#define kmem_dump_obj slabmod_dropin_kmem_dump_obj
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 18, 0)
#undef kfree_nolock
#define kfree_nolock slabmod_dropin_kfree_nolock
#endif
#undef free_pages
#define free_pages slabmod_dropin_free_pages
#undef __free_pages
#define __free_pages slabmod_dropin___free_pages
#undef free_page
#define free_page(addr) free_pages((addr), 0)
#undef __free_page
#define __free_page(page) __free_pages((page), 0)
#undef free_pages_exact
#define free_pages_exact slabmod_dropin_free_pages_exact
#undef remap_vmalloc_range
#define remap_vmalloc_range slabmod_dropin_remap_vmalloc_range
#undef kvfree_rcu_barrier
#define kvfree_rcu_barrier slabmod_dropin_kvfree_rcu_barrier

/* ---- __free(kfree) and the like, for variables: the attribute pastes names ---- */

#ifdef DEFINE_FREE
DEFINE_FREE(slabmod_dropin_kfree, void *, if (!IS_ERR_OR_NULL(_T)) slabmod_dropin_kfree(_T))
DEFINE_FREE(slabmod_dropin_kfree_sensitive, void *, if (_T) slabmod_dropin_kfree_sensitive(_T))
DEFINE_FREE(slabmod_dropin_kvfree, void *, if (!IS_ERR_OR_NULL(_T)) slabmod_dropin_kvfree(_T))
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 2, 0)
DEFINE_FREE(slabmod_dropin_kvfree_atomic, void *,
	    if (!IS_ERR_OR_NULL(_T)) slabmod_dropin_kvfree_atomic(_T))
#define __free_kvfree_atomic __free_slabmod_dropin_kvfree_atomic
#endif
DEFINE_FREE(slabmod_dropin_free_page, void *, slabmod_dropin_free_pages((unsigned long)_T, 0))
#define __free_kfree __free_slabmod_dropin_kfree
#define __free_kfree_sensitive __free_slabmod_dropin_kfree_sensitive
#define __free_kvfree __free_slabmod_dropin_kvfree
#define __free_free_page __free_slabmod_dropin_free_page
#endif

#endif /* _SLABMOD_DROPIN_FREE_H */
