/* SPDX-License-Identifier: GPL-2.0 */
/*
 * cache_list.h - creation, destruction and list of caches.
 */
#ifndef SLABMOD_CACHE_LIST_H
#define SLABMOD_CACHE_LIST_H

#include <linux/notifier.h>

#include "types.h"

/* Notified with cache_mutex held: a cache was created, or is about to be destroyed. */
enum cache_event {
	CACHE_CREATED,
	CACHE_DESTROYED,
};

extern struct blocking_notifier_head cache_notifiers;

struct slabmod_cache *cache_create(struct slabmod_pool *pool, const char *name, size_t size,
				   size_t align, unsigned int flags, void (*ctor)(void *object),
				   struct module *owner);
/*
 * Destroy a cache that is not in use, and free it after a grace period without waiting for that. If
 * it has live objects, wait for objects on their way to their slabs, and report the others.
 */
int cache_destroy(struct slabmod_cache *cache);
/* The same, but if it seems to have live objects, return false without waiting and a report. */
bool cache_destroy_unused(struct slabmod_cache *cache);

/* Wait until the caches that were destroyed are freed. */
void cache_sync(void);

/*
 * Destroy all caches of a pool. Report and list live objects. Wait for a grace period, and return
 * the caches, linked by @gone: cache_free_all() frees them when no frame refers to them any more.
 */
struct llist_node *cache_destroy_all(struct slabmod_pool *pool);
void cache_free_all(struct llist_node *caches);

/* Free some empty slabs of a pool. Return false if there are none. Any context but NMI. */
bool cache_reclaim_empty(struct slabmod_pool *pool);

/* Call @fn for every cache of a pool, or of all pools for NULL. May sleep. */
void cache_walk(struct slabmod_pool *pool,
		void (*fn)(struct slabmod_cache *cache, void *arg), void *arg);
/* Likewise in any context, for an @fn that does not sleep. */
void cache_walk_rcu(struct slabmod_pool *pool,
		    void (*fn)(struct slabmod_cache *cache, void *arg), void *arg);

/* Print the first live objects of a cache; there are @used. */
void cache_list_live(struct slabmod_cache *cache, unsigned long used);

/*
 * Call @resize, which may call magazine_resize(), for all caches, and wait until the old magazines
 * are freed. Return whether any were resized. May sleep.
 */
bool cache_resize_magazines(bool (*resize)(struct slabmod_cache *cache));

int cache_init(void);
void cache_exit(void);

#endif /* SLABMOD_CACHE_LIST_H */
