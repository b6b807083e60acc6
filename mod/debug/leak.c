// SPDX-License-Identifier: GPL-2.0
/*
 * leak.c - what kmemleak is told of objects and blocks that are not debugged.
 *
 * Two objects that overlap end kmemleak, so an object must be unknown to it before its memory
 * is used for anything else. An NMI cannot tell: kmemleak has a lock that it may have
 * interrupted. What an NMI frees stays known until it is handed out again, or until its slab goes.
 *
 * Contexts: any. Locks: kmemleak's, raw. Memory: kmemleak's, some 300 bytes an object.
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
	/* Debug mode tells of its objects itself: they do not begin where others do. */
	if (!leak_tracks_blocks() || flags & (CACHE_DEBUG | CACHE_PAGES))
		return 0;
	return CACHE_LEAKS;
}

void leak_note_alloc(const void *p, size_t size, gfp_t gfp)
{
	/* kmemleak allocates. What it is not told of here it ignores when it is freed. */
	if (!gfp_may_call_kernel())
		return;
	/* As an NMI may have left it. */
	kmemleak_free(p);
	kmemleak_alloc(p, size, 1, gfp);
}

void leak_note_free(const void *p)
{
	if (!in_nmi())
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
