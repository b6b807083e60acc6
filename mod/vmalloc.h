/* SPDX-License-Identifier: GPL-2.0 */
/*
 * vmalloc.h - areas of pages that need not be physically contiguous.
 */
#ifndef SLABMOD_VMALLOC_INTERNAL_H
#define SLABMOD_VMALLOC_INTERNAL_H

#include <linux/types.h>

/* Return the requested size of the area that begins at @addr, or 0 with a report. Any context. */
size_t vmalloc_memory_at(const char *caller, const void *addr);

/* Clear an area, and free it as slabmod_vfree(). @addr is not NULL. */
void vmalloc_free_sensitive(const void *addr);

/* Wait until all frees deferred before the call are done. May sleep. */
void vmalloc_sync(void);

int vmalloc_areas_init(void);
/* Forget the areas that are live when slabmod is unloaded; they stay mapped. */
void vmalloc_areas_exit(void);

#endif /* SLABMOD_VMALLOC_INTERNAL_H */
