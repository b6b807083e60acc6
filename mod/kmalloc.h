/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmalloc.h - caches that serve memory by size.
 */
#ifndef SLABMOD_KMALLOC_INTERNAL_H
#define SLABMOD_KMALLOC_INTERNAL_H

#include <linux/types.h>

struct slabmod_pool;

/*
 * Return the usable size of the memory at @p if kfree() may free it, otherwise 0, with a report by
 * the function @caller. Any context.
 */
size_t kmalloc_memory_at(const char *caller, const void *p);

/* In debug mode, record the caller as the one that frees the memory in use at @p. Any context. */
void kmalloc_note_free(const void *p);

/* Create the kmalloc caches of a pool. After an error, pool_destroy() frees those created. */
int kmalloc_create_caches(struct slabmod_pool *pool);

/* Let the functions without a pool argument use the root pool. */
void kmalloc_init(void);

#endif /* SLABMOD_KMALLOC_INTERNAL_H */
