/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmalloc.h - making the caches that serve memory by size and runs of pages.
 */
#ifndef SLABMOD_KMALLOC_INTERNAL_H
#define SLABMOD_KMALLOC_INTERNAL_H

struct slabmod_pool;

/* Gives a pool its caches; what was made when one fails goes with the pool. */
int kmalloc_create_caches(struct slabmod_pool *pool);
int pages_create_caches(struct slabmod_pool *pool);

/* Let the calls that name no pool use the root pool's. */
void kmalloc_init(void);
void pages_init(void);

#endif /* SLABMOD_KMALLOC_INTERNAL_H */
