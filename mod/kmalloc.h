/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmalloc.h - what main.c needs of the two top layers, kmalloc.c and pages.c.
 */
#ifndef SLABMOD_KMALLOC_INTERNAL_H
#define SLABMOD_KMALLOC_INTERNAL_H

/* Make the caches of the classes, and of the orders; cache_destroy_all() ends them. */
int kmalloc_init(void);
int pages_init(void);

#endif /* SLABMOD_KMALLOC_INTERNAL_H */
