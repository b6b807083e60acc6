// SPDX-License-Identifier: GPL-2.0
/*
 * debug_check.c - check all objects of debugged caches for invalid writes while the caches are in
 * use, for the debugfs file "validate".
 *
 * How an object is read depends on its state:
 *
 *	free in its slab	it can be allocated only under the lock of the slab's home, which
 *				is held for one object at a time
 *	in quarantine		it is removed for the check and added again as the newest
 *	live			its owner may free or resize it at any time. Its red zones are
 *				read, and the result is discarded if a change was under way;
 *				see debug_begin(). The home's lock keeps the slab from being
 *				freed.
 *
 * Writes to a free object are undone after the report. The red zones of a live object may be
 * resized by its owner, so they are left as they are and reported again when it is freed.
 *
 * Contexts: process. Locks: home->lock, and the queue's.
 */
#include <linux/compiler.h>
#include <linux/list.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>

#include "chunk.h"
#include "debug/debug.h"
#include "debug/debug_check.h"
#include "home.h"
#include "home_walk.h"
#include "report.h"
#include "slab.h"

/* Cap on bytes of empty slabs checked per lock hold, to bound home->lock latency. */
#define EMPTY_BYTES_MAX	(64u << 10)

/*
 * Count the bytes from @p to @end that are not red zone, and set @first to the first of them. They
 * are poisoned for KASAN and read without a lock.
 */
static noinline __no_sanitize_address __no_kcsan
size_t count_written(const u8 *p, const u8 *end, const u8 **first)
{
	size_t written = 0;

	for (; p < end; p++) {
		if (READ_ONCE(*p) == DEBUG_FILL_REDZONE)
			continue;
		if (!written++ && !*first)
			*first = p;
	}
	return written;
}

/* Return true if the red zones of an object are intact, or it is not live any more. */
static bool redzones_intact(struct slabmod_cache *cache, struct debug_track *track)
{
	const u8 *raw = debug_raw(cache, track), *object = debug_object(cache, track);
	const u8 *first = NULL;
	size_t written;
	int begun, ended;
	u32 requested;

	ended = atomic_read(&track->ended);
	/* Pairs with debug_end(). */
	smp_rmb();
	begun = atomic_read(&track->begun);
	requested = READ_ONCE(track->requested);
	if (begun != ended || READ_ONCE(track->state) != DEBUG_LIVE)
		return true;
	/* Order the reads above before those of the bytes. */
	smp_rmb();
	written = count_written(raw + cache->tail, raw + cache->lead, &first);
	written += count_written(object + requested, raw + cache->size + cache->tail, &first);
	/* Pairs with debug_begin(). */
	smp_rmb();
	if (!written || atomic_read(&track->begun) != begun)
		return true;
	if (report_misuse(MISUSE_OVERRUN,
			  "%s: %zu bytes around object %p, which is in use, were written, the first at offset %ld",
			  cache->name, written, object, (long)(first - object)))
		debug_print_track(cache, track);
	return false;
}

/* The lock of the slab's home is held. */
static bool check_slab_object(struct slabmod_cache *cache, struct slab_home *home,
			      struct slab *slab, struct debug_track *track)
{
	/* Pairs with the release in debug_alloc(). */
	if (smp_load_acquire(&track->state) == DEBUG_LIVE)
		/*
		 * The slab was added to its home before the object was allocated. If it has not
		 * moved to another home since, it cannot be freed while the lock is held.
		 */
		return home_of(cache, slab, smp_load_acquire(&slab->home)) != home ||
		       redzones_intact(cache, track);
	/* A slab that is on no list may be moving to another home. */
	if (list_empty(&slab->node) || !test_bit(track->index, slab->free))
		return true;
	return debug_check_free(cache, track);
}

static struct debug_track *nth_track(struct slabmod_cache *cache, struct slab *slab,
				     unsigned int n)
{
	return debug_track_of(cache, slab, slab_address(slab) + n * cache->size);
}

void debug_check_frame(void *block, struct frame *frame, void *bad)
{
	struct slab *slab = frame_slab(frame);
	struct slabmod_cache *cache = slab ? slab_cache(slab) : NULL;
	struct debug_track *track;
	struct slab_home *home;
	unsigned long flags;
	unsigned int i = 0;

	if (!cache || !(cache->flags & CACHE_DEBUG))
		return;
	do {
		home = home_lock_slab(cache, slab, &flags);
		if (!home)
			return;
		/* An empty slab may be about to be freed. */
		track = slab->inuse ? nth_track(cache, slab, i++) : NULL;
		if (track && !check_slab_object(cache, home, slab, track))
			++*(unsigned long *)bad;
		home_unlock(home, flags);
	} while (track && i < slab_objects(cache, slab));
}

/* Check the empty slabs of a home, the newest first. */
static void check_empty(struct slabmod_cache *cache, struct slab_home *home, void *bad)
{
	unsigned int bytes = 0, i;
	struct debug_track *track;
	unsigned long flags;
	struct slab *slab;

	home_lock(home, &flags);
	list_for_each_entry(slab, &home->empty, node) {
		for (i = 0; i < slab_objects(cache, slab); i++) {
			track = nth_track(cache, slab, i);
			if (track && !debug_check_free(cache, track))
				++*(unsigned long *)bad;
		}
		bytes += slab_geometry(cache, slab)->pages << PAGE_SHIFT;
		if (bytes >= EMPTY_BYTES_MAX)
			break;
	}
	home_unlock(home, flags);
}

void debug_check_cache(struct slabmod_cache *cache, void *bad)
{
	struct debug_queue *queue;
	struct debug_track *track;
	unsigned long n;

	if (!(cache->flags & CACHE_DEBUG))
		return;
	queue = &cache->debug->quarantine;
	/* Check each once: objects are added at the other end. */
	for (n = READ_ONCE(queue->nr); n; n--) {
		rcu_read_lock();
		track = debug_queue_remove(queue, 0);
		if (track) {
			*(unsigned long *)bad += !debug_check_free(cache, track);
			debug_queue_add(queue, track);
		}
		rcu_read_unlock();
		cond_resched();
	}
	home_walk(cache, check_empty, bad);
}
