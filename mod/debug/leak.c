// SPDX-License-Identifier: GPL-2.0
/*
 * leak.c - kmemleak tracking of objects and blocks that are not debugged.
 *
 * kmemleak disables itself when two tracked objects overlap, so an object must be untracked before
 * its memory is used for anything else. An NMI cannot call kmemleak, because it may have
 * interrupted a holder of kmemleak's lock. An object freed in NMI stays tracked until it is
 * allocated again or its slab is freed.
 *
 * Contexts: any. Locks: kmemleak's, raw. Memory: kmemleak's, about 300 bytes per object.
 */
#include <linux/kmemleak.h>

#include "chunk.h"
#include "compat.h"
#include "debug/leak.h"
#include "gfp.h"
#include "slab.h"

bool leak_tracking = IS_ENABLED(CONFIG_DEBUG_KMEMLEAK);
EXPORT_SYMBOL_FOR_TEST(leak_tracking);

unsigned int leak_flag(unsigned int flags)
{
	/* Debug mode tracks its objects itself, because of the red zone before each. */
	if (!leak_tracks_blocks() || flags & (CACHE_DEBUG | CACHE_PAGES))
		return 0;
	return CACHE_LEAKS;
}

void leak_note_alloc(const void *p, size_t size, gfp_t gfp)
{
	/* kmemleak allocates. It ignores the free of an object that was not tracked. */
	if (!gfp_may_call_kernel())
		return;
	/* The object may still be tracked after a free in NMI. */
	kmemleak_free(p);
	kmemleak_alloc(p, size, 1, gfp);
}

void leak_note_area(const void *p, size_t size, gfp_t gfp)
{
	if (gfp_may_call_kernel())
		kmemleak_alloc(p, size, 2, gfp);
}

void leak_note_free(const void *p)
{
	if (!must_not_lock())
		kmemleak_free(p);
}

void leak_hide_percpu(const void __percpu *p)
{
	if (IS_ENABLED(CONFIG_DEBUG_KMEMLEAK))
		kmemleak_hide_percpu(p);
}

void leak_slab_destroy(struct slabmod_cache *cache, struct slab *slab)
{
	void *base = slab_address(slab);
	unsigned int i;

	for (i = 0; i < slab_objects(cache, slab); i++)
		kmemleak_free(base + i * cache->size);
}
