// SPDX-License-Identifier: GPL-2.0
/*
 * kvmalloc.c - memory of kmalloc() or, if that is short of contiguous pages, of vmalloc().
 *
 * Contexts: any, unless a function says otherwise. Locks: none.
 */
#include <linux/err.h>
#include <linux/kasan.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include <slabmod/kvmalloc.h>

#include "cache.h"
#include "gfp.h"
#include "pool.h"
#include "report.h"
#include "vmalloc.h"

/* ---- allocation ---- */

/* Flags of kmalloc() if there is a fallback: as the kernel's, it must not try hard. */
static gfp_t kmalloc_gfp(gfp_t gfp, size_t size)
{
	if (size <= PAGE_SIZE)
		return gfp;
	gfp = (gfp & ~__GFP_NOFAIL) | __GFP_NOWARN;
	return gfp & __GFP_RETRY_MAYFAIL ? gfp : gfp | __GFP_NORETRY;
}

/* A refusal of kmalloc() would be reported twice. */
static bool request_refused(struct slabmod_pool *pool, size_t size, gfp_t *gfp, int node)
{
	if (*gfp & ~SLABMOD_GFP_PLAIN && gfp_refused("kvmalloc", &pool->source, gfp, 0))
		return true;
	if (node != NUMA_NO_NODE && node_refused("kvmalloc", node))
		return true;
	if (likely(size <= INT_MAX))
		return false;
	if (!(*gfp & __GFP_NOWARN))
		report_misuse(MISUSE_TOO_LARGE, "kvmalloc: %zu bytes are above the limit of %d",
			      size, INT_MAX);
	return true;
}

void *slabmod_pool_kvmalloc_node(struct slabmod_pool *pool, size_t size, gfp_t gfp, int node)
{
	void *p;

	pool = pool ?: root_pool;
	if (size <= PAGE_SIZE)
		return slabmod_pool_kmalloc_node(pool, size, gfp, node);
	if (request_refused(pool, size, &gfp, node))
		return NULL;
	if (size <= SLABMOD_KMALLOC_MAX) {
		p = slabmod_pool_kmalloc_node(pool, size, kmalloc_gfp(gfp, size), node);
		if (p)
			return p;
	}
	if (!gfpflags_allow_blocking(gfp) || in_interrupt() || irqs_disabled())
		return NULL;
	return __slabmod_pool_vmalloc_node(pool, size, gfp, node);
}
EXPORT_SYMBOL_SLABMOD(slabmod_pool_kvmalloc_node);

/* ---- copies ---- */

void *slabmod_pool_kvmemdup(struct slabmod_pool *pool, const void *src, size_t len, gfp_t gfp)
{
	void *p = slabmod_pool_kvmalloc_node(pool, len, gfp, NUMA_NO_NODE);

	if (!ZERO_OR_NULL_PTR(p))
		memcpy(p, src, len);
	return p;
}
EXPORT_SYMBOL_SLABMOD(slabmod_pool_kvmemdup);

void *slabmod_pool_vmemdup_user(struct slabmod_pool *pool, const void __user *src, size_t len)
{
	void *p = slabmod_pool_kvmalloc_node(pool, len, GFP_USER | __GFP_NOWARN, NUMA_NO_NODE);

	if (!p)
		return ERR_PTR(-ENOMEM);
	if (copy_from_user(p, src, len)) {
		slabmod_kvfree(p);
		return ERR_PTR(-EFAULT);
	}
	return p;
}
EXPORT_SYMBOL_SLABMOD(slabmod_pool_vmemdup_user);

/* ---- freeing ---- */

/*
 * The test is for all addresses that any vmalloc() may return: a wrong one of these is for vfree()
 * to report.
 */
void slabmod_kvfree(const void *p)
{
	if (is_vmalloc_addr(p))
		slabmod_vfree(p);
	else
		slabmod_kfree(p);
}
EXPORT_SYMBOL_SLABMOD(slabmod_kvfree);

void slabmod_kvfree_atomic(const void *p)
{
	if (is_vmalloc_addr(p))
		slabmod_vfree_atomic(p);
	else
		slabmod_kfree(p);
}
EXPORT_SYMBOL_SLABMOD(slabmod_kvfree_atomic);

void slabmod_pool_kvfree(struct slabmod_pool *pool, const void *p)
{
	if (is_vmalloc_addr(p))
		slabmod_pool_vfree(pool, p);
	else
		slabmod_pool_kfree(pool ?: root_pool, p);
}
EXPORT_SYMBOL_SLABMOD(slabmod_pool_kvfree);

void slabmod_kvfree_sensitive(const void *p, size_t len)
{
	if (is_vmalloc_addr(p))
		vmalloc_free_sensitive(p);
	else
		slabmod_kfree_sensitive(p);
}
EXPORT_SYMBOL_SLABMOD(slabmod_kvfree_sensitive);

/* ---- resizing ---- */

/* Whether kfree() may free @p: then a failure of krealloc() was for lack of memory. */
static bool is_kmalloc_memory(const void *p)
{
	struct found found;

	rcu_read_lock();
	found = cache_find(p);
	rcu_read_unlock();
	return found.cache ? found.size && !(found.cache->flags & CACHE_PAGES) :
			     found.size > SLABMOD_KMALLOC_MAX_CLASS;
}

/* Resize memory of kmalloc(). */
static void *resize_kmalloc(const void *p, size_t size, gfp_t gfp)
{
	size_t old;
	void *new;

	if (size <= SLABMOD_KMALLOC_MAX) {
		new = slabmod_krealloc(p, size, kmalloc_gfp(gfp, size));
		if (new || size <= PAGE_SIZE || !is_kmalloc_memory(p))
			return new;
	}
	old = slabmod_ksize(p);
	if (!old)
		return NULL;
	new = slabmod_pool_kvmalloc_node(pool_of(chunk_of(p)), size, gfp, NUMA_NO_NODE);
	if (new) {
		memcpy(new, p, min(old, size));
		slabmod_kfree(p);
	}
	return new;
}

void *slabmod_pool_kvrealloc(struct slabmod_pool *pool, const void *p, size_t size, gfp_t gfp)
{
	if (is_vmalloc_addr(p))
		return slabmod_pool_vrealloc(pool, p, size, gfp);
	if (!p || p == ZERO_SIZE_PTR)
		return slabmod_pool_kvmalloc_node(pool, size, gfp, NUMA_NO_NODE);
	return resize_kmalloc(kasan_reset_tag((void *)p), size, gfp);
}
EXPORT_SYMBOL_SLABMOD(slabmod_pool_kvrealloc);

void *slabmod_pool_kvrealloc_sized(struct slabmod_pool *pool, const void *p, size_t oldsize,
				   size_t newsize, gfp_t gfp)
{
	void *new;

	if (oldsize >= newsize)
		return (void *)p;
	new = slabmod_pool_kvmalloc_node(pool, newsize, gfp, NUMA_NO_NODE);
	if (new) {
		memcpy(new, p, oldsize);
		slabmod_kvfree(p);
	}
	return new;
}
EXPORT_SYMBOL_SLABMOD(slabmod_pool_kvrealloc_sized);

/* ---- ownership ---- */

bool slabmod_owns(const void *p)
{
	bool owns;

	/* Chunks are in the direct map. */
	if (is_vmalloc_addr(p))
		return slabmod_is_vmalloc_addr(p);
	p = kasan_reset_tag(p);
	rcu_read_lock();
	owns = chunk_frame(p);
	rcu_read_unlock();
	return owns;
}
EXPORT_SYMBOL_SLABMOD(slabmod_owns);
