/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pool_list.h - the list of all pools.
 */
#ifndef SLABMOD_POOL_LIST_H
#define SLABMOD_POOL_LIST_H

#include <linux/notifier.h>

#include "types.h"

/* Called with the list locked after a pool is created and before it is destroyed. */
enum pool_event {
	POOL_CREATED,
	POOL_DESTROYED,
};

extern struct blocking_notifier_head pool_notifiers;

/* Call @fn for each pool, the root pool first. May sleep. */
void pool_walk(void (*fn)(struct slabmod_pool *pool, void *arg), void *arg);
/* The same in any context; @fn must not sleep. */
void pool_walk_rcu(void (*fn)(struct slabmod_pool *pool, void *arg), void *arg);

int pool_init(unsigned long limit_pages, unsigned int max_order);
void pool_exit(void);

#endif /* SLABMOD_POOL_LIST_H */
