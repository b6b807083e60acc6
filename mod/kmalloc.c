// SPDX-License-Identifier: GPL-2.0
/*
 * kmalloc.c - memory by size: classes of caches, and blocks of pages above them.
 *
 * Above 64 bytes, four classes per doubling waste at most a fifth of an object. The class of a
 * size is computed by a shift (include/slabmod/kmalloc.h), or looked up in a table if it is small.
 * A class gets its magazines with its first allocation, so unused classes cost little.
 *
 * Contexts: any, unless a function says otherwise. Locks: none of its own.
 */
#include <linux/kasan.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/string.h>

#include <slabmod/kmalloc.h>

#include "block.h"
#include "cache.h"
#include "cache_list.h"
#include "debug/debug.h"
#include "debug/debug_block.h"
#include "debug/leak.h"
#include "defer.h"
#include "gfp.h"
#include "kmalloc.h"
#include "pool.h"
#include "report.h"

struct slabmod_cache *slabmod_kmalloc_caches[SLABMOD_KMALLOC_CLASSES] __read_mostly;
EXPORT_SYMBOL_SLABMOD(slabmod_kmalloc_caches);

/* The same caches, by size in steps of 16 bytes up to 1 KiB. */
#define SMALL_STEPS	(1024 / SLAB_MIN_SIZE)

static struct slabmod_cache *small_caches[SMALL_STEPS] __read_mostly;

/* ---- allocation ---- */

/* By a pointer: @i was checked, and UBSAN's check of an array costs saved registers. */
static __always_inline struct slabmod_cache *cache_at(struct slabmod_cache **caches, size_t i)
{
	return caches[i];
}

/* Sizes without a class: 0, and those that are allocated as whole pages. */
static void *kmalloc_uncached(struct slabmod_pool *pool, size_t size, gfp_t gfp, int nid)
{
	void *p;

	if (!size)
		return ZERO_SIZE_PTR;
	if (size > SLABMOD_KMALLOC_MAX) {
		report_misuse(MISUSE_TOO_LARGE, "kmalloc: %zu bytes are above the limit of %u",
			      size, SLABMOD_KMALLOC_MAX);
		return NULL;
	}
	p = block_alloc("kmalloc", pool, nid, DIV_ROUND_UP(size, PAGE_SIZE), gfp);
	if (static_branch_unlikely(&debug_blocks) && p && debug_block_is_memory(p, size, gfp))
		return p;
	if (leak_tracks_blocks() && p)
		leak_note_alloc(p, size, gfp);
	return p;
}

void *slabmod_kmalloc_variable(size_t size, gfp_t gfp)
{
	size_t step = (size - 1) / SLAB_MIN_SIZE;

	if (likely(step < SMALL_STEPS))
		return cache_alloc(cache_at(small_caches, step), gfp, size);
	if (unlikely(size - 1 >= SLABMOD_KMALLOC_MAX_CLASS))
		return kmalloc_uncached(root_pool, size, gfp, NUMA_NO_NODE);
	return cache_alloc(cache_at(slabmod_kmalloc_caches, slabmod_kmalloc_class(size)), gfp,
			   size);
}
EXPORT_SYMBOL_SLABMOD(slabmod_kmalloc_variable);

void *slabmod_pool_kmalloc_node(struct slabmod_pool *pool, size_t size, gfp_t gfp, int node)
{
	if (!pool)
		pool = root_pool;
	if (unlikely(size - 1 >= SLABMOD_KMALLOC_MAX_CLASS))
		return kmalloc_uncached(pool, size, gfp, node);
	return cache_alloc_node(cache_at(pool->kmalloc, slabmod_kmalloc_class(size)), gfp, node,
				size);
}
EXPORT_SYMBOL_SLABMOD(slabmod_pool_kmalloc_node);

void *slabmod_pool_kmalloc(struct slabmod_pool *pool, size_t size, gfp_t gfp)
{
	if (unlikely(!pool))
		pool = root_pool;
	if (unlikely(size - 1 >= SLABMOD_KMALLOC_MAX_CLASS))
		return kmalloc_uncached(pool, size, gfp, NUMA_NO_NODE);
	return cache_alloc(cache_at(pool->kmalloc, slabmod_kmalloc_class(size)), gfp, size);
}
EXPORT_SYMBOL_SLABMOD(slabmod_pool_kmalloc);

void *slabmod_kmalloc_overflow(size_t n, size_t size)
{
	report_misuse(MISUSE_OVERFLOW, "kmalloc: %zu times %zu bytes overflow", n, size);
	return NULL;
}
EXPORT_SYMBOL_SLABMOD(slabmod_kmalloc_overflow);

/* Flags that slabmod_kmalloc_nolock() accepts. */
#define GFP_NOLOCK	(__GFP_ZERO | __GFP_ACCOUNT | __GFP_NOWARN | __GFP_THISNODE)

void *slabmod_kmalloc_nolock(size_t size, gfp_t gfp, int node)
{
	gfp_t bad = gfp & ~GFP_NOLOCK;
	unsigned int before;
	void *p;

	if (bad) {
		report_misuse(MISUSE_BAD_GFP, "kmalloc_nolock: %pGg cannot be honoured", &bad);
		return NULL;
	}
	/* As in an NMI: from what exists, without waiting for a lock. */
	preempt_disable();
	before = nolock_begin();
	p = slabmod_pool_kmalloc_node(root_pool, size, gfp | __GFP_NOWARN, node);
	nolock_end(before);
	preempt_enable();
	return p;
}
EXPORT_SYMBOL_SLABMOD(slabmod_kmalloc_nolock);

/* ---- free ---- */

/* Pointers that kfree() ignores. ZERO_OR_NULL_PTR() also covers 1 to 15, which are bad. */
static bool is_nothing(const void *p)
{
	return !p || p == ZERO_SIZE_PTR;
}

/* Report pages that kmalloc() would not have allocated as pages; return true if they are. */
static bool report_pages(const char *caller, const struct found *found, const void *p)
{
	if (!found->size || found->size > SLABMOD_KMALLOC_MAX_CLASS ||
	    (found->cache && !(found->cache->flags & CACHE_PAGES)))
		return false;
	if (report_misuse(MISUSE_WRONG_CACHE, "%s: %p are pages-%u", caller, p,
			  get_order(found->size)))
		cache_print_object(p);
	return true;
}

static noinline void kfree_slow(void *p)
{
	struct found found;

	if (is_nothing(p))
		return;
	rcu_read_lock();
	found = cache_find(p);
	if (!report_pages("kfree", &found, p)) {
		if (found.cache)
			cache_free_slow(found.cache, p);
		else if (!defer_free_block(found.frame, p))
			cache_report_bad_free("kfree", p);
	}
	rcu_read_unlock();
}

void slabmod_kfree(const void *object)
{
	void *p = kasan_reset_tag((void *)object);
	unsigned long offset = chunk_offset(p);
	struct slabmod_cache *cache;
	struct slab *slab;

	preempt_disable();
	/* Read once: if @p is free already, the slab and its cache may change. */
	slab = READ_ONCE(chunk_frame_fast(offset)->slab);
	cache = READ_ONCE(slab->cache);
	if (likely(!((unsigned long)cache & FRAME_STATES)) &&
	    likely(cache_free_fast(cache, slab, offset, p))) {
		preempt_enable();
		return;
	}
	preempt_enable();
	kfree_slow(p);
}
EXPORT_SYMBOL_SLABMOD(slabmod_kfree);

void slabmod_kfree_nolock(const void *p)
{
	unsigned int before;

	preempt_disable();
	before = nolock_begin();
	slabmod_kfree(p);
	nolock_end(before);
	preempt_enable();
}
EXPORT_SYMBOL_SLABMOD(slabmod_kfree_nolock);

void slabmod_pool_kfree(struct slabmod_pool *pool, const void *p)
{
	if (is_nothing(p) || pool_mismatch("pool_kfree", pool ?: root_pool, p))
		return;
	slabmod_kfree(p);
}
EXPORT_SYMBOL_SLABMOD(slabmod_pool_kfree);

void slabmod_kfree_bulk(size_t nr, void **p)
{
	size_t i;

	for (i = 0; i < nr; i++)
		slabmod_kfree(p[i]);
}
EXPORT_SYMBOL_SLABMOD(slabmod_kfree_bulk);

/* ---- sizes ---- */

/*
 * Find the size of the object in use at @p, if frees to its cache take the fast path and its slab
 * has the usual layout. Otherwise return false: memory_at() knows more.
 */
static __always_inline bool plain_size(const void *p, size_t *size)
{
	unsigned long offset = chunk_offset(p);
	struct slabmod_cache *cache;
	struct slab *slab;
	u64 index;

	preempt_disable();
	slab = READ_ONCE(chunk_frame_fast(offset)->slab);
	cache = READ_ONCE(slab->cache);
	if (unlikely((unsigned long)cache & FRAME_STATES))
		goto other;
	/* As in cache_free_check(), but of any home. */
	if (!cache_has_bits(offset, &cache->quick_mask) ||
	    !cache_has_bits(offset, &cache->home_mask)) {
		index = (offset & cache->index_mask) >> cache_shift(cache);
	} else {
		index = cache_offset_index(cache, offset);
		if (unlikely(index >= cache->quick_objects && index >= cache->home_objects))
			goto other;
	}
	if (cache_bit_is_set(index, slab->free))
		goto other;
	*size = cache->usable;
	preempt_enable();
	return true;
other:
	preempt_enable();
	return false;
}

/* The size of the memory at @p that kfree() may free, or 0 with a report. */
static size_t memory_at(const char *caller, const void *p)
{
	struct found found;

	rcu_read_lock();
	found = cache_find(p);
	if (!found.size)
		cache_report_bad_free(caller, p);
	else if (report_pages(caller, &found, p))
		found.size = 0;
	rcu_read_unlock();
	return found.size;
}

size_t kmalloc_memory_at(const char *caller, const void *p)
{
	return memory_at(caller, p);
}

void kmalloc_note_free(const void *p)
{
	struct frame *frame = chunk_frame(p);
	struct slab *slab = frame ? frame_slab(frame) : NULL;
	struct slabmod_cache *cache = slab ? slab_cache(slab) : NULL;

	if (cache && cache->flags & CACHE_DEBUG)
		debug_note_free(debug_track_of(cache, slab, p));
	else if (frame && !cache && static_branch_unlikely(&debug_blocks))
		debug_block_note_free(p);
}

/*
 * The requested size of the memory in use at @p if debug mode knows it, otherwise @size. @all:
 * the caller may use all of it from now on.
 */
static size_t requested_size(const void *p, size_t size, bool all)
{
	struct slabmod_cache *cache = frame_cache(chunk_frame(p));
	size_t requested = 0;

	if (cache && cache->flags & CACHE_DEBUG)
		requested = debug_requested(cache, p, all);
	else if (!cache && static_branch_unlikely(&debug_blocks))
		requested = debug_block_requested(p, all);
	return requested ?: size;
}

static void set_requested_size(void *p, size_t requested)
{
	struct slabmod_cache *cache = frame_cache(chunk_frame(p));

	if (cache && cache->flags & CACHE_DEBUG)
		debug_set_requested(cache, p, requested);
	else if (!cache && static_branch_unlikely(&debug_blocks))
		debug_block_set_requested(p, requested);
}

/* Not inlined: it would cost the fast path a saved register. */
static noinline size_t ksize_slow(const void *p)
{
	size_t size = is_nothing(p) ? 0 : memory_at("ksize", p);

	/* The caller may use all of it from now on. */
	return size ? requested_size(p, size, true) : 0;
}

size_t slabmod_ksize(const void *p)
{
	size_t size;

	p = kasan_reset_tag(p);
	return likely(plain_size(p, &size)) ? size : ksize_slow(p);
}
EXPORT_SYMBOL_SLABMOD(slabmod_ksize);

void slabmod_kfree_sensitive(const void *p)
{
	struct slabmod_cache *cache;
	size_t size;

	if (is_nothing(p))
		return;
	p = kasan_reset_tag(p);
	size = memory_at("kfree_sensitive", p);
	if (!size)
		return;
	cache = cache_find(p).cache;
	size = requested_size(p, size, false);
	memzero_explicit((void *)p, size);
	if (cache && cache->ctor)
		cache->ctor((void *)p);
	slabmod_kfree(p);
}
EXPORT_SYMBOL_SLABMOD(slabmod_kfree_sensitive);

size_t slabmod_kmalloc_size_roundup(size_t size)
{
	if (size - 1 < SLABMOD_KMALLOC_MAX_CLASS)
		return slabmod_kmalloc_size(slabmod_kmalloc_class(size));
	return size <= SLABMOD_KMALLOC_MAX ? PAGE_ALIGN(size) : size;
}
EXPORT_SYMBOL_SLABMOD(slabmod_kmalloc_size_roundup);

/* Resize the memory at @p in place; it has @old bytes, enough for @size. @plain: no debug mode. */
static __always_inline void resize_in_place(void *p, size_t old, size_t size, bool plain,
					    bool clear)
{
	size_t requested = plain ? old : requested_size(p, old, false);

	/* Without debug mode @requested is all there is: clear what a later call adds. */
	if (clear && size < requested)
		memset(p + size, 0, requested - size);
	if (plain)
		return;
	set_requested_size(p, size);
	/* In debug mode this was a red zone. */
	if (clear && size > requested)
		memset(p + requested, 0, size - requested);
}

/* Whether @p may stay where it is: aligned, and on the node if one is required. */
static bool may_stay(const void *p, unsigned long align, int node)
{
	return IS_ALIGNED((unsigned long)p, align) &&
	       (node == NUMA_NO_NODE || page_to_nid(virt_to_page(p)) == node);
}

static bool align_refused(unsigned long align)
{
	if (is_power_of_2(align) && align <= SLABMOD_KMALLOC_MAX)
		return false;
	report_misuse(MISUSE_TOO_LARGE, "krealloc: alignment %lu is not a power of two up to %u",
		      align, SLABMOD_KMALLOC_MAX);
	return true;
}

/* The size to request so that memory of @size bytes is aligned: a power of two is. */
static size_t aligned_size(size_t size, unsigned long align)
{
	if (align <= SLAB_MIN_SIZE || size > SLABMOD_KMALLOC_MAX)
		return size;
	return roundup_pow_of_two(max_t(size_t, size, align));
}

/*
 * Memory of @old bytes that grows by little may do so again and again, and all of it is copied each
 * time that it moves. So allocate the next power of two: then it moves once per doubling, not once
 * per class. Return NULL if this is not such memory, or there is none without reclaim: nothing more
 * than the request is worth that. What is to be cleared gets no room, because each call would clear
 * it again.
 */
static void *alloc_room_to_grow(struct slabmod_pool *pool, size_t old, size_t size, gfp_t gfp)
{
	if (size <= old || size - old > old / 2 || size > SLABMOD_KMALLOC_MAX_CLASS ||
	    want_init_on_alloc(gfp) || gfp & ~(GFP_HONOURED | GFP_HINTS))
		return NULL;
	return cache_alloc_easily(cache_at(pool->kmalloc,
					   slabmod_kmalloc_class(roundup_pow_of_two(size))),
				  gfp, size);
}

static noinline void *krealloc_slow(struct slabmod_pool *pool, void *p, size_t size, size_t plain,
				    unsigned long align, gfp_t gfp, int node)
{
	size_t old, want;
	void *new;

	if (!size) {
		slabmod_kfree(p);
		return ZERO_SIZE_PTR;
	}
	if (unlikely(align_refused(align)))
		return NULL;
	old = plain ?: is_nothing(p) ? 0 : memory_at("krealloc", p);
	if (!old && !is_nothing(p))
		return NULL;
	if (size <= old && may_stay(p, align, gfp & __GFP_THISNODE ? node : NUMA_NO_NODE)) {
		resize_in_place(p, old, size, plain, want_init_on_alloc(gfp));
		return p;
	}
	if (old)
		pool = pool_of(chunk_of(p));
	want = aligned_size(size, align);
	/* A strict or debugged object is not plain: each growth beyond its class moves it. */
	new = node == NUMA_NO_NODE ? alloc_room_to_grow(pool, plain, want, gfp) : NULL;
	if (!new)
		new = slabmod_pool_kmalloc_node(pool, want, gfp, node);
	if (new && old) {
		memcpy(new, p, min(size, plain ?: requested_size(p, old, false)));
		slabmod_kfree(p);
	}
	return new;
}

void *slabmod_pool_krealloc(struct slabmod_pool *pool, const void *object, size_t size, gfp_t gfp)
{
	void *p = kasan_reset_tag((void *)object);
	size_t old = 0;

	/* Most often it stays as it is. */
	if (likely(plain_size(p, &old)) && likely(size - 1 < old) && !want_init_on_alloc(gfp))
		return p;
	return krealloc_slow(pool, p, size, old, 1, gfp, NUMA_NO_NODE);
}
EXPORT_SYMBOL_SLABMOD(slabmod_pool_krealloc);

void *slabmod_pool_krealloc_node_align(struct slabmod_pool *pool, const void *object, size_t size,
				       unsigned long align, gfp_t gfp, int node)
{
	void *p = kasan_reset_tag((void *)object);
	size_t old = 0;

	plain_size(p, &old);
	return krealloc_slow(pool, p, size, old, align, gfp, node);
}
EXPORT_SYMBOL_SLABMOD(slabmod_pool_krealloc_node_align);

/* ---- ownership ---- */

bool slabmod_dump_obj(const void *p)
{
	struct chunk *chunk;
	struct found found;

	p = kasan_reset_tag(p);
	rcu_read_lock();
	chunk = chunk_of(p);
	if (chunk) {
		found = cache_find(p);
		pr_info("slabmod: %p belongs to %s of pool %s, %s\n", p,
			found.cache ? found.cache->name : "the pages",
			pool_of(chunk)->name,
			found.size ? "in use" : "not the start of memory in use");
		cache_print_object(p);
	}
	rcu_read_unlock();
	return chunk;
}
EXPORT_SYMBOL_SLABMOD(slabmod_dump_obj);

/* ---- initialization ---- */

int kmalloc_create_caches(struct slabmod_pool *pool)
{
	char name[SLABMOD_CACHE_NAME_MAX + 1];
	unsigned int class;

	for (class = 0; class < SLABMOD_KMALLOC_CLASSES; class++) {
		unsigned int size = slabmod_kmalloc_size(class);

		snprintf(name, sizeof(name), "kmalloc-%u", size);
		pool->kmalloc[class] = cache_create(pool, name, size, SLAB_MIN_SIZE,
						    CACHE_INTERNAL | CACHE_KMALLOC, NULL, NULL);
		if (!pool->kmalloc[class])
			return -ENOMEM;
	}
	return 0;
}
EXPORT_SYMBOL_FOR_TEST(kmalloc_create_caches);

void kmalloc_init(void)
{
	unsigned int step;

	memcpy(slabmod_kmalloc_caches, root_pool->kmalloc, sizeof(slabmod_kmalloc_caches));
	for (step = 0; step < SMALL_STEPS; step++)
		small_caches[step] =
			root_pool->kmalloc[slabmod_kmalloc_class((step + 1) * SLAB_MIN_SIZE)];
}
