/* SPDX-License-Identifier: GPL-2.0 */
/*
 * leak.h - what kmemleak is told of objects and blocks that are not debugged.
 *
 * kmemleak reports memory to which it finds no pointer, and looks for pointers only in memory
 * it knows. So it is told of all that callers have, as SLUB does: each object, and each
 * block of slabmod_kmalloc(). It knows nothing of runs of pages, as of alloc_pages().
 *
 * A cache that is tracked has CACHE_LEAKS: each allocation and each free takes the slow path,
 * which comes here. Without CONFIG_DEBUG_KMEMLEAK no cache is, and nothing of this is compiled.
 */
#ifndef SLABMOD_LEAK_H
#define SLABMOD_LEAK_H

#include <linux/kconfig.h>

#include "types.h"

/* The parameter kmemleak; before caches are made. */
extern bool leak_tracking;

static inline bool leak_tracks_blocks(void)
{
	return IS_ENABLED(CONFIG_DEBUG_KMEMLEAK) && READ_ONCE(leak_tracking);
}

static inline bool leak_tracks(const struct slabmod_cache *cache)
{
	return IS_ENABLED(CONFIG_DEBUG_KMEMLEAK) && cache->flags & CACHE_LEAKS;
}

/* The flag of a cache that is being made with @flags: CACHE_LEAKS or 0. */
unsigned int leak_flag(unsigned int flags);

/* A caller has memory of @size bytes from now on, or has it no more. Any context. */
void leak_note_alloc(const void *p, size_t size, gfp_t gfp);
void leak_note_free(const void *p);

/*
 * kmemleak does not look for pointers in per-CPU memory from now on: those to objects that have
 * been handed out stay behind in magazines.
 */
void leak_hide_percpu(const void __percpu *p);

/* A slab of a tracked cache goes, in which all objects are free. Any context but NMI. */
void leak_slab_destroy(struct slabmod_cache *cache, struct slab *slab);

#endif /* SLABMOD_LEAK_H */
