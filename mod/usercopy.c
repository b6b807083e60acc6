// SPDX-License-Identifier: GPL-2.0
/*
 * usercopy.c - which bytes of an object may be copied to and from user space.
 *
 * Contexts: any. Locks: none; an RCU reader.
 */
#include <linux/kasan.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>

#include <slabmod/usercopy.h>

#include "buddy_walk.h"
#include "cache.h"
#include "report.h"
#include "slab.h"

/* Bytes from the start of the memory in use that contains an address; its bounds for users. */
struct place {
	size_t offset;
	size_t from;
	size_t to;
};

/* The object of @cache around @p. @to is 0 if it is not in use, or @p is between objects. */
static struct place place_in_slab(struct slabmod_cache *cache, struct slab *slab, const void *p)
{
	unsigned long offset = p - slab_address(slab);
	const void *start = p - offset % cache->size + cache->lead;
	struct place place = { .offset = p - start };

	if (p < start || !cache_find(start).size)
		return place;
	if (cache->flags & CACHE_INTERNAL) {
		place.to = cache->usable;
	} else {
		place.from = cache->useroffset;
		place.to = cache->useroffset + cache->usersize;
	}
	return place;
}

static struct place place_of(struct frame *frame, const void *p)
{
	struct slab *slab = frame_slab(frame);
	struct slabmod_cache *cache = slab ? slab_cache(slab) : NULL;
	struct place place = { 0 };
	void *block;

	if (cache)
		return place_in_slab(cache, slab, p);
	block = buddy_block_of(p);
	frame = block ? chunk_frame(block) : NULL;
	if (frame && frame_state(frame) == FRAME_PAGES) {
		place.offset = p - block;
		place.to = (size_t)frame_nr_pages(frame) << PAGE_SHIFT;
	}
	return place;
}

bool slabmod_usercopy_allowed(const void *p, size_t n, bool to_user)
{
	bool allowed = true;
	struct frame *frame;
	struct place place;

	p = kasan_reset_tag(p);
	rcu_read_lock();
	frame = chunk_frame(p);
	if (frame && n) {
		place = place_of(frame, p);
		allowed = place.offset >= place.from && place.offset <= place.to &&
			  n <= place.to - place.offset;
	}
	if (!allowed &&
	    report_misuse(MISUSE_USERCOPY,
			  "copy %s user space of %zu bytes at %p, of which %zu to %zu are for it",
			  to_user ? "to" : "from", n, p, place.from, place.to))
		cache_print_object(p);
	rcu_read_unlock();
	return allowed;
}
EXPORT_SYMBOL_SLABMOD(slabmod_usercopy_allowed);
