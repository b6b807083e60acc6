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
#include "kmalloc.h"
#include "pool.h"
#include "report.h"

struct slabmod_cache *slabmod_kmalloc_caches[SLABMOD_KMALLOC_CLASSES] __read_mostly;
EXPORT_SYMBOL_SLABMOD(slabmod_kmalloc_caches);

/* The same caches, by size in steps of 16 bytes up to 1 KiB. */
#define SMALL_STEPS	(1024 / SLAB_MIN_SIZE)

static struct slabmod_cache *small_caches[SMALL_STEPS] __read_mostly;

/* ---- allocation ---- */

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
		return cache_alloc(small_caches[step], gfp, size);
	if (unlikely(size - 1 >= SLABMOD_KMALLOC_MAX_CLASS))
		return kmalloc_uncached(root_pool, size, gfp, NUMA_NO_NODE);
	return cache_alloc(slabmod_kmalloc_caches[slabmod_kmalloc_class(size)], gfp, size);
}
EXPORT_SYMBOL_SLABMOD(slabmod_kmalloc_variable);

void *slabmod_kmalloc_node(size_t size, gfp_t gfp, int node)
{
	if (unlikely(size - 1 >= SLABMOD_KMALLOC_MAX_CLASS))
		return kmalloc_uncached(root_pool, size, gfp, node);
	return cache_alloc_slow(slabmod_kmalloc_caches[slabmod_kmalloc_class(size)], gfp, node,
				size);
}
EXPORT_SYMBOL_SLABMOD(slabmod_kmalloc_node);

void *slabmod_pool_kmalloc(struct slabmod_pool *pool, size_t size, gfp_t gfp)
{
	if (unlikely(size - 1 >= SLABMOD_KMALLOC_MAX_CLASS))
		return kmalloc_uncached(pool, size, gfp, NUMA_NO_NODE);
	return cache_alloc(pool->kmalloc[slabmod_kmalloc_class(size)], gfp, size);
}
EXPORT_SYMBOL_SLABMOD(slabmod_pool_kmalloc);

void *slabmod_kmalloc_overflow(size_t n, size_t size)
{
	report_misuse(MISUSE_OVERFLOW, "kmalloc: %zu times %zu bytes overflow", n, size);
	return NULL;
}
EXPORT_SYMBOL_SLABMOD(slabmod_kmalloc_overflow);

/* ---- free ---- */

/* Pointers that kfree() ignores. ZERO_OR_NULL_PTR() also covers 1 to 15, which are bad. */
static bool is_nothing(const void *p)
{
	return !p || p == ZERO_SIZE_PTR;
}

/* Whether kfree() may free objects of the cache. */
static bool is_memory(const struct slabmod_cache *cache)
{
	return !(cache->flags & CACHE_PAGES);
}

static void report_pages(const char *who, const struct slabmod_cache *cache, const void *p)
{
	if (report_misuse(MISUSE_WRONG_CACHE, "%s: %p are pages, of %s", who, p, cache->name))
		cache_print_object(p);
}

static noinline void kfree_slow(void *p)
{
	struct found found;

	if (is_nothing(p))
		return;
	rcu_read_lock();
	found = cache_find(p);
	if (found.cache && !is_memory(found.cache))
		report_pages("kfree", found.cache, p);
	else if (found.cache)
		cache_free_slow(found.cache, p);
	else if (!defer_free_block(found.frame, p))
		cache_report_bad_free("kfree", p);
	rcu_read_unlock();
}

void slabmod_kfree(const void *object)
{
	void *p = kasan_reset_tag((void *)object);
	unsigned long offset = chunk_offset(p);
	struct slabmod_cache *cache;
	struct frame *frame;

	preempt_disable();
	frame = chunk_frame_fast(offset);
	/* Read once: if @p is free already, the cache of its frame may change. */
	cache = READ_ONCE(frame->cache);
	if (likely(cache) && likely(cache_free_fast(cache, frame, offset, p, false))) {
		preempt_enable();
		return;
	}
	preempt_enable();
	kfree_slow(p);
}
EXPORT_SYMBOL_SLABMOD(slabmod_kfree);

void slabmod_pool_kfree(struct slabmod_pool *pool, const void *p)
{
	if (is_nothing(p) || pool_mismatch("pool_kfree", pool, p))
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

/* The size of the memory at @p that kfree() may free, or 0 with a report. */
static size_t memory_at(const char *who, const void *p)
{
	struct found found;

	rcu_read_lock();
	found = cache_find(p);
	if (!found.size)
		cache_report_bad_free(who, p);
	if (found.size && found.cache && !is_memory(found.cache)) {
		report_pages(who, found.cache, p);
		found.size = 0;
	}
	rcu_read_unlock();
	return found.size;
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

size_t slabmod_ksize(const void *p)
{
	size_t size;

	p = kasan_reset_tag(p);
	size = is_nothing(p) ? 0 : memory_at("ksize", p);
	/* The caller may use all of it from now on. */
	return size ? requested_size(p, size, true) : 0;
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

void *slabmod_krealloc(const void *p, size_t size, gfp_t gfp)
{
	const bool clear = want_init_on_alloc(gfp);
	size_t old, requested;
	void *new;

	if (!size) {
		slabmod_kfree(p);
		return ZERO_SIZE_PTR;
	}
	p = kasan_reset_tag(p);
	old = is_nothing(p) ? 0 : memory_at("krealloc", p);
	if (!old && !is_nothing(p))
		return NULL;
	requested = old ? requested_size(p, old, false) : 0;
	if (size <= old) {
		/* Without debug mode @requested is all there is: clear what a later call adds. */
		if (clear && size < requested)
			memset((void *)p + size, 0, requested - size);
		set_requested_size((void *)p, size);
		/* In debug mode this was a red zone. */
		if (clear && size > requested)
			memset((void *)p + requested, 0, size - requested);
		return (void *)p;
	}
	new = old ? slabmod_pool_kmalloc(pool_of(chunk_frame(p)), size, gfp) :
		    slabmod_kmalloc_variable(size, gfp);
	if (new && old) {
		memcpy(new, p, requested);
		slabmod_kfree(p);
	}
	return new;
}
EXPORT_SYMBOL_SLABMOD(slabmod_krealloc);

/* ---- copies ---- */

void *slabmod_kmemdup(const void *src, size_t len, gfp_t gfp)
{
	void *p = slabmod_kmalloc_variable(len, gfp);

	if (!ZERO_OR_NULL_PTR(p))
		memcpy(p, src, len);
	return p;
}
EXPORT_SYMBOL_SLABMOD(slabmod_kmemdup);

static char *copy_string(const char *s, size_t length, gfp_t gfp)
{
	char *p = slabmod_kmalloc_variable(length + 1, gfp);

	if (p) {
		memcpy(p, s, length);
		p[length] = '\0';
	}
	return p;
}

char *slabmod_kstrdup(const char *s, gfp_t gfp)
{
	return s ? copy_string(s, strlen(s), gfp) : NULL;
}
EXPORT_SYMBOL_SLABMOD(slabmod_kstrdup);

char *slabmod_kstrndup(const char *s, size_t max, gfp_t gfp)
{
	return s ? copy_string(s, strnlen(s, max), gfp) : NULL;
}
EXPORT_SYMBOL_SLABMOD(slabmod_kstrndup);

char *slabmod_kvasprintf(gfp_t gfp, const char *fmt, va_list args)
{
	va_list again;
	int length;
	char *p;

	va_copy(again, args);
	length = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	p = slabmod_kmalloc_variable(length + 1, gfp);
	if (p)
		vsnprintf(p, length + 1, fmt, args);
	return p;
}
EXPORT_SYMBOL_SLABMOD(slabmod_kvasprintf);

char *slabmod_kasprintf(gfp_t gfp, const char *fmt, ...)
{
	va_list args;
	char *p;

	va_start(args, fmt);
	p = slabmod_kvasprintf(gfp, fmt, args);
	va_end(args);
	return p;
}
EXPORT_SYMBOL_SLABMOD(slabmod_kasprintf);

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

void kmalloc_init(void)
{
	unsigned int step;

	memcpy(slabmod_kmalloc_caches, root_pool->kmalloc, sizeof(slabmod_kmalloc_caches));
	for (step = 0; step < SMALL_STEPS; step++)
		small_caches[step] =
			root_pool->kmalloc[slabmod_kmalloc_class((step + 1) * SLAB_MIN_SIZE)];
}
