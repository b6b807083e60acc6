/* SPDX-License-Identifier: GPL-2.0 */
/*
 * cache_setup.h - new caches.
 */
#ifndef SLABMOD_CACHE_SETUP_H
#define SLABMOD_CACHE_SETUP_H

#include "types.h"

/* Whether a cache or pool may have this name, of at most @max characters. */
bool name_is_valid(const char *name, size_t max);

/* Report what is wrong with the properties of a cache, and return true, if anything is. */
bool cache_refused(const char *name, size_t size, size_t align, unsigned int flags);

/*
 * Return a new cache, laid out and without magazines, in no list. NULL if memory is short, or if
 * objects of that size and alignment are too large.
 */
struct slabmod_cache *cache_new(struct slabmod_pool *pool, const char *name, size_t size,
				size_t align, unsigned int flags, void (*ctor)(void *object));

/* Set the masks and limits that send frees to the slow path. The cache has been laid out. */
void cache_setup_free_path(struct slabmod_cache *cache);

/* Module parameter: all caches are strict. */
extern bool strict_all;

#endif /* SLABMOD_CACHE_SETUP_H */
