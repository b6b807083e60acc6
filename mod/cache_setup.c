// SPDX-License-Identifier: GPL-2.0
/*
 * cache_setup.c - new caches: which properties are accepted, and what follows from them.
 *
 * Contexts: process, may sleep. Locks: none.
 */
#include <linux/ctype.h>
#include <linux/log2.h>
#include <linux/nodemask.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "cache_setup.h"
#include "chunk.h"
#include "debug/debug.h"
#include "debug/fault.h"
#include "debug/leak.h"
#include "home.h"
#include "magazine_set.h"
#include "report.h"
#include "slab.h"

bool strict_all;
EXPORT_SYMBOL_FOR_TEST(strict_all);

/* ---- properties ---- */

bool name_is_valid(const char *name, size_t max)
{
	size_t length = name ? strnlen(name, max + 1) : 0;
	const char *c;

	if (!length || length > max || name[0] == '.')
		return false;
	for (c = name; *c; c++)
		if (!isgraph(*c) || *c == '/')
			return false;
	return true;
}

bool cache_refused(const char *name, size_t size, size_t align, unsigned int flags)
{
	if (!name_is_valid(name, SLABMOD_CACHE_NAME_MAX))
		report_misuse(MISUSE_BAD_CACHE,
			      "a name must have 1 to %u characters, no blanks, no '/', no leading '.'",
			      SLABMOD_CACHE_NAME_MAX);
	else if (!(flags & CACHE_BLOCKS) && (!size || size > SLABMOD_CACHE_MAX_SIZE))
		report_misuse(MISUSE_BAD_CACHE, "%s: size %zu is not in 1 to %u", name, size,
			      SLABMOD_CACHE_MAX_SIZE);
	else if (align && (!is_power_of_2(align) || align > PAGE_SIZE))
		report_misuse(MISUSE_BAD_CACHE,
			      "%s: alignment %zu is neither 0 nor a power of two up to %lu", name,
			      align, PAGE_SIZE);
	else if (flags & ~(CACHE_PUBLIC_FLAGS | CACHE_INTERNAL | CACHE_PAGES | CACHE_BLOCKS |
			  CACHE_KMALLOC))
		report_misuse(MISUSE_BAD_CACHE, "%s: flags %#x are unknown", name, flags);
	else
		return false;
	return true;
}

/* ---- layout ---- */

/* The part of a line that lets small objects share one evenly. */
static unsigned int line_align(size_t size)
{
	unsigned int line = cache_line_size();

	while (line > SLAB_MIN_SIZE && size <= line / 2)
		line /= 2;
	return line;
}

/* If the objects fill the slab and have a power of two as size, alignment identifies them. */
static unsigned long offset_mask(const struct slabmod_cache *cache)
{
	return cache->flags & CACHE_CHECK_INDEX ? ~0ul : (cache->size - 1) | chunk_map.beyond;
}

void cache_setup_free_path(struct slabmod_cache *cache)
{
	if (want_init_on_free() && !(cache->flags & SLABMOD_TYPESAFE_BY_RCU))
		cache->flags |= CACHE_CLEAR;
	cache->quick_mask = ~0ul;
	cache->home_mask = ~0ul;
	cache->quick_objects = 0;
	cache->home_objects = 0;
	if (cache->flags & CACHE_SLOW_FREE)
		return;
	if (cache->flags & CACHE_STRICT) {
		if (!(cache->flags & CACHE_CHECK_HOME))
			cache->flags |= CACHE_STRICT_QUICK;
	} else if (cache->flags & CACHE_CHECK_HOME) {
		cache->home_mask = offset_mask(cache);
		cache->home_objects = cache->objects;
	} else {
		cache->quick_mask = offset_mask(cache);
		cache->quick_objects = cache->objects;
	}
}
EXPORT_SYMBOL_FOR_TEST(cache_setup_free_path);

/* A cache of blocks has no slabs. To readers of the geometry, a block is a slab of one object. */
static void block_layout(struct slabmod_cache *cache, size_t size)
{
	cache->size = size;
	cache->usable = size;
	cache->align = PAGE_SIZE << get_order(size);
	cache->usual.objects = 1;
	cache->usual.order = get_order(size);
	cache->usual.pages = size >> PAGE_SHIFT;
	cache->small = cache->usual;
	cache->group = 1;
	frame_set_uses(cache->uses, cache, cache->usual.pages);
}

static bool set_layout(struct slabmod_cache *cache, size_t size, size_t align)
{
	if (!(cache->flags & CACHE_BLOCKS))
		return slab_layout(cache, size, align);
	block_layout(cache, size);
	return true;
}

struct slabmod_cache *cache_new(struct slabmod_pool *pool, const char *name, size_t size,
				size_t align, unsigned int flags, void (*ctor)(void *object))
{
	struct slabmod_cache *cache;
	int nid;

	cache = fault_kzalloc(FAULT_CACHE, home_cache_size(), GFP_KERNEL | __GFP_NOWARN);
	if (!cache)
		return NULL;
	if (flags & SLABMOD_HWCACHE_ALIGN)
		align = max_t(size_t, align, line_align(size));
	cache->flags = flags;
	/* Each free of a block is checked, and debug mode tracks blocks by itself. */
	if (!(flags & CACHE_BLOCKS))
		cache->flags |= (debug_all || pool->source.debug ? CACHE_DEBUG : 0) |
				(strict_all ? CACHE_STRICT : 0);
	if (cache->flags & CACHE_DEBUG)
		cache->flags &= ~CACHE_STRICT;
	if (!set_layout(cache, size, align)) {
		report_misuse(MISUSE_BAD_CACHE, "%s: size %zu aligned to %zu is above %u", name,
			      size, align, SLABMOD_CACHE_MAX_SIZE);
		kfree(cache);
		return NULL;
	}
	if (nr_node_ids > 1 || (cache->flags & CACHE_SHARES_LINES && num_possible_cpus() > 1))
		cache->flags |= CACHE_CHECK_HOME;
	cache->flags |= leak_flag(cache->flags);
	cache_setup_free_path(cache);
	strscpy(cache->name, name, sizeof(cache->name));
	cache->object_size = size;
	cache->ctor = ctor;
	cache->pool = pool;
	cache->buddies = pool->buddies;
	cache->source = &pool->source;
	cache->stats = pool->source.stats;
	for (nid = 0; nid < nr_node_ids; nid++)
		home_init(&cache->node_homes[nid]);
	magazine_setup(cache);
	if (debug_cache_init(cache))
		return cache;
	kfree(cache);
	return NULL;
}
