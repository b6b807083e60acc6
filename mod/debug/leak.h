/* SPDX-License-Identifier: GPL-2.0 */
/*
 * leak.h - kmemleak tracking of objects and blocks that are not debugged.
 *
 * kmemleak reports memory to which it finds no pointer, and searches only memory it tracks. As
 * with SLUB, each object and each block of slabmod_kmalloc() is therefore tracked while a caller
 * owns it. Blocks of pages are not, as those of alloc_pages().
 *
 * A tracked cache has CACHE_LEAKS: all its allocations and frees take the slow path, which calls
 * these functions. Without CONFIG_DEBUG_KMEMLEAK no cache is tracked and none of this is built.
 */
#ifndef SLABMOD_LEAK_H
#define SLABMOD_LEAK_H

#include <linux/kconfig.h>

#include "types.h"

/* The parameter kmemleak; set before caches are created. */
extern bool leak_tracking;

static inline bool leak_tracks_blocks(void)
{
	return IS_ENABLED(CONFIG_DEBUG_KMEMLEAK) && READ_ONCE(leak_tracking);
}

static inline bool leak_tracks(const struct slabmod_cache *cache)
{
	return IS_ENABLED(CONFIG_DEBUG_KMEMLEAK) && cache->flags & CACHE_LEAKS;
}

/* Return CACHE_LEAKS or 0 for a new cache with @flags. */
unsigned int leak_flag(unsigned int flags);

/* Track memory of @size bytes allocated by a caller, or untrack it. Any context. */
void leak_note_alloc(const void *p, size_t size, gfp_t gfp);
void leak_note_free(const void *p);

/*
 * The same for an area of vmap(), which leak_note_free() untracks. The kernel's struct vm_struct
 * has one pointer to it, so a second one is expected.
 */
void leak_note_area(const void *p, size_t size, gfp_t gfp);

/* Exclude per-CPU memory from scanning: magazines keep pointers to allocated objects. */
void leak_hide_percpu(const void __percpu *p);

/* Untrack all objects of a slab that is being freed. Any context except NMI. */
void leak_slab_destroy(struct slabmod_cache *cache, struct slab *slab);

#endif /* SLABMOD_LEAK_H */
