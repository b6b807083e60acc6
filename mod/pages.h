/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pages.h - caches of blocks of pages.
 */
#ifndef SLABMOD_PAGES_INTERNAL_H
#define SLABMOD_PAGES_INTERNAL_H

struct slabmod_pool;

/* Create the page caches of a pool. After an error, pool_destroy() frees those created. */
int pages_create_caches(struct slabmod_pool *pool);

/* Return the pages in use as blocks. */
unsigned long pages_in_use(struct slabmod_pool *pool);

/* Let the functions without a pool argument use the root pool. */
void pages_init(void);

#endif /* SLABMOD_PAGES_INTERNAL_H */
