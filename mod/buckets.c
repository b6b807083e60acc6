// SPDX-License-Identifier: GPL-2.0
/*
 * buckets.c - size classes of a caller's own.
 *
 * Contexts: as slabmod_kmalloc(); creation and destruction: process, may sleep. Locks: none.
 */
#include <linux/kernel.h>

#include <slabmod/buckets.h>
#include <slabmod/pool.h>

#include "cache.h"
#include "pool.h"

struct slabmod_buckets {
	struct slabmod_pool *pool;
	struct slabmod_cache *cache[SLABMOD_KMALLOC_CLASSES];	/* by class; NULL once destroyed */
};

static struct slabmod_cache *create_bucket(struct slabmod_pool *pool, const char *name,
					   unsigned int size,
					   const struct slabmod_cache_args *args,
					   unsigned int flags, struct module *owner)
{
	struct slabmod_cache_args mine = *args;
	/* Longer than any valid name, so that no name is cut to a valid one. */
	char full[SLABMOD_CACHE_NAME_MAX + 16];

	mine.align = max_t(unsigned int, mine.align, SLAB_MIN_SIZE);
	mine.useroffset = min(mine.useroffset, size);
	mine.usersize = min(mine.usersize, size - mine.useroffset);
	snprintf(full, sizeof(full), "%s-%u", name, size);
	return slabmod_pool_cache_create_args_owned(pool, full, size, &mine, flags, owner);
}

struct slabmod_buckets *slabmod_pool_buckets_create_owned(struct slabmod_pool *pool,
							  const char *name,
							  const struct slabmod_cache_args *args,
							  unsigned int flags,
							  struct module *owner)
{
	struct slabmod_buckets *buckets;
	unsigned int class;

	buckets = slabmod_pool_kzalloc(pool, sizeof(*buckets), GFP_KERNEL);
	if (!buckets)
		return NULL;
	buckets->pool = pool;
	for (class = 0; class < SLABMOD_KMALLOC_CLASSES; class++) {
		buckets->cache[class] = create_bucket(pool, name, slabmod_kmalloc_size(class), args,
						      flags, owner);
		if (!buckets->cache[class]) {
			slabmod_buckets_destroy(buckets);
			return NULL;
		}
	}
	return buckets;
}
EXPORT_SYMBOL_SLABMOD(slabmod_pool_buckets_create_owned);

void *slabmod_buckets_alloc(struct slabmod_buckets *buckets, size_t size, gfp_t gfp)
{
	if (unlikely(size - 1 >= SLABMOD_KMALLOC_MAX_CLASS))
		return slabmod_pool_kmalloc(buckets->pool, size, gfp);
	return cache_alloc(buckets->cache[slabmod_kmalloc_class(size)], gfp, size);
}
EXPORT_SYMBOL_SLABMOD(slabmod_buckets_alloc);

/* Return true if callers have objects of a bucket. */
static bool in_use(struct slabmod_buckets *buckets)
{
	unsigned int class;

	for (class = 0; class < SLABMOD_KMALLOC_CLASSES; class++)
		if (buckets->cache[class] && cache_used(buckets->cache[class]))
			return true;
	return false;
}

int slabmod_buckets_destroy(struct slabmod_buckets *buckets)
{
	unsigned int class;
	int err = 0;

	if (!buckets)
		return 0;
	/* All or none: destroy the one in use first, which reports it and fails. */
	for (class = 0; class < SLABMOD_KMALLOC_CLASSES; class++) {
		struct slabmod_cache *cache = buckets->cache[class];

		if (!cache || (in_use(buckets) && !cache_used(cache)))
			continue;
		err = slabmod_cache_destroy(cache);
		if (err)
			return err;
		buckets->cache[class] = NULL;
	}
	slabmod_kfree(buckets);
	return 0;
}
EXPORT_SYMBOL_SLABMOD(slabmod_buckets_destroy);
