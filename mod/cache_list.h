/* SPDX-License-Identifier: GPL-2.0 */
/*
 * cache_list.h - the life and the list of caches.
 */
#ifndef SLABMOD_CACHE_LIST_H
#define SLABMOD_CACHE_LIST_H

#include <linux/notifier.h>

#include "types.h"

/* Called with the list locked when a cache has come, and before it goes. */
enum cache_event {
	CACHE_CREATED,
	CACHE_DESTROYED,
};

extern struct blocking_notifier_head cache_notifiers;

struct slabmod_cache *cache_create(struct slabmod_pool *pool, const char *name, size_t size,
				   size_t align, unsigned int flags, void (*ctor)(void *object),
				   struct module *owner);
int cache_destroy(struct slabmod_cache *cache);
unsigned long cache_shrink(struct slabmod_cache *cache);

/*
 * Ends all caches of a pool. What is still in use of them is reported and listed.
 */
void cache_destroy_all(struct slabmod_pool *pool);

/*
 * Has all caches of a pool give up what they keep empty, for another's need. Returns
 * whether there was any. Any context but NMI.
 */
bool cache_reclaim_empty(struct slabmod_pool *pool);

/* Calls @fn with every cache of a pool, or of all for NULL. May sleep. */
void cache_for_each(struct slabmod_pool *pool,
		    void (*fn)(struct slabmod_cache *cache, void *arg), void *arg);
/* The same in any context, for an @fn that does not sleep. */
void cache_for_each_rcu(struct slabmod_pool *pool,
			void (*fn)(struct slabmod_cache *cache, void *arg), void *arg);

/* Prints which objects a cache's callers have, or the first ones; there are @used. */
void cache_list_live(struct slabmod_cache *cache, unsigned long used);

/* Whether caches and pools may have a name of at most @max characters. */
bool name_is_valid(const char *name, size_t max);

/*
 * Gives other magazines to all caches for which @exchange does so, by
 * magazine_resize(), and waits until the old ones are empty and gone. May sleep.
 */
bool cache_resize_magazines(bool (*exchange)(struct slabmod_cache *cache));

int cache_init(void);
void cache_exit(void);

/*
 * Set what the fast path of a free may do with objects of a cache that has been laid out, and
 * what it must leave to the slow path.
 */
void cache_setup_free_path(struct slabmod_cache *cache);

/* All caches are strict, whether they were asked for it or not. */
extern bool strict_all;

#endif /* SLABMOD_CACHE_LIST_H */
