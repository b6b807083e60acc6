/* SPDX-License-Identifier: GPL-2.0 */
/*
 * slabmod buckets: size classes of a caller's own.
 *
 * Memory of a size that user space controls is best kept apart from other memory: an overrun or a
 * use after free then finds only memory of the same caller. A pool separates more: see
 * slabmod_pool_create().
 */
#ifndef _SLABMOD_BUCKETS_H
#define _SLABMOD_BUCKETS_H

#include <linux/module.h>
#include <linux/types.h>

#include <slabmod/cache.h>
#include <slabmod/kmalloc.h>

struct slabmod_buckets;

struct slabmod_buckets *slabmod_pool_buckets_create_owned(struct slabmod_pool *pool,
							  const char *name,
							  const struct slabmod_cache_args *args,
							  unsigned int flags,
							  struct module *owner);

/**
 * slabmod_buckets_create() - create a set of size classes
 * @name: the classes are named after it, with a hyphen and their size: as for
 *	slabmod_cache_create(), up to 25 characters
 * @flags: as for slabmod_cache_create()
 * @offset: of the part of each object for user space, in bytes
 * @bytes: of this part; reduced to what a class has; UINT_MAX for all of it
 * @ctor: as for slabmod_cache_create()
 *
 * Context: process context, may sleep.
 * Return: the buckets, or NULL as slabmod_cache_create().
 */
#define slabmod_buckets_create(name, flags, offset, bytes, ctor) \
	slabmod_pool_buckets_create(NULL, name, flags, offset, bytes, ctor)

/* Likewise in a pool, or in the root pool for NULL. */
#define slabmod_pool_buckets_create(pool, name, flags, offset, bytes, constructor)		\
	slabmod_pool_buckets_create_owned(pool, name, &(struct slabmod_cache_args) {		\
						.useroffset = (offset), .usersize = (bytes),	\
						.ctor = (constructor) }, flags, THIS_MODULE)

/**
 * slabmod_buckets_alloc() - allocate memory from buckets
 * @buckets: the buckets
 * @size: as for slabmod_kmalloc(); above SLABMOD_KMALLOC_MAX_CLASS memory has pages of its own
 * @gfp: as for slabmod_kmalloc()
 *
 * Free the memory with slabmod_kfree().
 *
 * Context: as slabmod_kmalloc().
 * Return: as slabmod_kmalloc().
 */
void *slabmod_buckets_alloc(struct slabmod_buckets *buckets, size_t size, gfp_t gfp);

/**
 * slabmod_buckets_destroy() - destroy buckets
 * @buckets: the buckets, or NULL, which is ignored
 *
 * Context: process context, may sleep.
 * Return: 0, or -EBUSY as slabmod_cache_destroy(), after a report; the buckets then stay usable.
 */
int slabmod_buckets_destroy(struct slabmod_buckets *buckets);

#endif /* _SLABMOD_BUCKETS_H */
