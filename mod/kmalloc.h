/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmalloc.h - caches that serve memory by size.
 */
#ifndef SLABMOD_KMALLOC_INTERNAL_H
#define SLABMOD_KMALLOC_INTERNAL_H

struct slabmod_pool;

/* Create the kmalloc caches of a pool. After an error, pool_destroy() frees those created. */
int kmalloc_create_caches(struct slabmod_pool *pool);

/* Let the functions without a pool argument use the root pool. */
void kmalloc_init(void);

#endif /* SLABMOD_KMALLOC_INTERNAL_H */
