// SPDX-License-Identifier: GPL-2.0
/*
 * debug.c - red zones, poison and tracking data of debugged objects.
 *
 * Whether a cache is debugged is fixed at its creation. A debugged cache has no magazines, so
 * that each allocation and free takes the slow paths of cache.c, which call the functions here.
 * Other caches do not pay for debug mode, not even a test.
 *
 * Tracking data is in memory of its own, not next to objects, so that an overrun does not reach
 * it. Around objects there are only red zones.
 *
 * A written byte is restored after the report, so that each error is reported once.
 *
 * Under generic KASAN, bytes that must not be accessed are also poisoned in its shadow. KASAN
 * then reports invalid writes, and reads too, immediately.
 *
 * Contexts: any; no stacks are saved in NMI. Locks: debug_queue->lock, raw, and the depot's,
 * also raw. Memory: 64 bytes per object, and the depot's for stacks.
 */
#include <linux/jiffies.h>
#include <linux/kasan.h>
#include <linux/kmemleak.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/stacktrace.h>
#include <linux/string.h>

#include "chunk.h"
#include "debug/debug.h"
#include "debug/fault.h"
#include "gfp.h"
#include "report.h"
#include "source.h"

/* Minimum bytes of a red zone, and maximum of cache->tail. */
#define REDZONE_MIN	16u
#define TAIL_MAX	64u

#define STACK_DEPTH	16

bool debug_all;
EXPORT_SYMBOL_FOR_TEST(debug_all);
unsigned int quarantine_kb = QUARANTINE_KB_DEFAULT;
EXPORT_SYMBOL_FOR_TEST(quarantine_kb);

/* ---- layout ---- */

void debug_layout(struct slabmod_cache *cache)
{
	/* As without debug mode, align to the largest power of two that divides the size. */
	unsigned int unit = 1u << __ffs(cache->usable);

	cache->lead = max(REDZONE_MIN, unit);
	cache->size = ALIGN(cache->lead + cache->usable, unit);
	cache->tail = min(cache->lead / 2, TAIL_MAX);
}

/*
 * A lookup that owns no object can race with the slab being freed and its description reused, when
 * this word is a bitmap. Read it before and after checking that the slab is the cache's: its slabs
 * have tracks or NULL there, and an unchanged value was a tracks pointer. (It would take a bitmap,
 * tracks, and an identical bitmap, each at the right moment, to fail.)
 */
static struct debug_tracks *tracks_of(struct slabmod_cache *cache, struct slab *slab)
{
	struct debug_tracks *tracks;

	if (!(cache->flags & CACHE_DEBUG))
		return NULL;
	tracks = READ_ONCE(slab->tracks);
	/* Pairs with the release in mark_slab(). */
	smp_rmb();
	if (!tracks || slab_cache(slab) != cache)
		return NULL;
	/* Order the check before the second read. */
	smp_rmb();
	if (READ_ONCE(slab->tracks) != tracks)
		return NULL;
	return tracks->cache == cache ? tracks : NULL;
}

struct debug_track *debug_track_of(struct slabmod_cache *cache, struct slab *slab,
				   const void *address)
{
	struct debug_tracks *tracks = tracks_of(cache, slab);
	unsigned long index;

	if (!tracks)
		return NULL;
	index = (address - tracks->base) / cache->size;
	return index < tracks->nr ? &tracks->track[index] : NULL;
}

void debug_walk_live(struct slabmod_cache *cache, struct slab *slab,
		     void (*fn)(const struct debug_track *track, void *arg), void *arg)
{
	struct debug_tracks *tracks = tracks_of(cache, slab);
	unsigned int i;

	for (i = 0; tracks && i < tracks->nr; i++)
		/* Pairs with the release in debug_alloc(). */
		if (smp_load_acquire(&tracks->track[i].state) == DEBUG_LIVE)
			fn(&tracks->track[i], arg);
}

void *debug_raw(const struct slabmod_cache *cache, const struct debug_track *track)
{
	struct debug_tracks *tracks = container_of(track - track->index, struct debug_tracks,
						   track[0]);

	return tracks->base + track->index * cache->size;
}

void *debug_object(const struct slabmod_cache *cache, const struct debug_track *track)
{
	return debug_raw(cache, track) + cache->lead;
}

static struct debug_track *track_at(struct slabmod_cache *cache, const void *address)
{
	struct frame *frame = chunk_frame(address);
	struct slab *slab = frame ? frame_slab(frame) : NULL;

	if (!slab || slab_cache(slab) != cache)
		return NULL;
	return debug_track_of(cache, slab, address);
}

/* Likewise for an address in a red zone: @tail bytes after an object belong to it. */
static struct debug_track *track_near(struct slabmod_cache *cache, const void *address)
{
	struct frame *frame = chunk_frame(address);
	struct slab *slab = frame ? frame_slab(frame) : NULL;

	if (!slab || slab_cache(slab) != cache)
		return NULL;
	return debug_track_of(cache, slab, max_t(const void *, slab_address(slab),
						 address - cache->tail));
}

/* ---- KASAN's shadow ---- */

#ifdef CONFIG_KASAN_GENERIC
#define SHADOW_GRANULE	BIT(KASAN_SHADOW_SCALE_SHIFT)

void debug_kasan_poison(const void *p, size_t size, u8 code)
{
	__memset(kasan_mem_to_shadow(p), code, size >> KASAN_SHADOW_SCALE_SHIFT);
}

void debug_kasan_unpoison(const void *p, size_t size)
{
	u8 *shadow = kasan_mem_to_shadow(p);

	__memset(shadow, 0, size >> KASAN_SHADOW_SCALE_SHIFT);
	if (size % SHADOW_GRANULE)
		shadow[size >> KASAN_SHADOW_SCALE_SHIFT] = size % SHADOW_GRANULE;
}
#endif

/*
 * Make an object and its red zones accessible for checks. The first bytes of the lead belong to
 * the object before, which may be in the middle of a check.
 */
static void unpoison_object(const struct slabmod_cache *cache, const struct debug_track *track)
{
	debug_kasan_unpoison(debug_raw(cache, track) + cache->tail, cache->size);
}

static void poison_object(const struct slabmod_cache *cache, const struct debug_track *track,
			  u8 code)
{
	void *raw = debug_raw(cache, track), *object = debug_object(cache, track);
	unsigned int end = cache->size + cache->tail - cache->lead, begin;

	/* The bytes of a live object may be read concurrently: do not poison them first. */
	begin = code == DEBUG_SHADOW_FREE ? cache->usable : ALIGN(track->requested, 8);
	debug_kasan_poison(raw + cache->tail, cache->lead - cache->tail, DEBUG_SHADOW_REDZONE);
	debug_kasan_poison(object + begin, end - begin, DEBUG_SHADOW_REDZONE);
	if (code == DEBUG_SHADOW_FREE && cache->flags & SLABMOD_TYPESAFE_BY_RCU)
		/* RCU readers may still access it. */
		debug_kasan_unpoison(object, cache->usable);
	else if (code == DEBUG_SHADOW_FREE)
		debug_kasan_poison(object, cache->usable, DEBUG_SHADOW_FREE);
	else
		debug_kasan_unpoison(object, track->requested);
}

/* ---- stacks ---- */

static bool depot_ready;

/* Return the first address of a stack that is outside slabmod. */
static unsigned long first_caller(const unsigned long *entries, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (!within_module(entries[i], THIS_MODULE))
			return entries[i];
	return 0;
}

/* Save the current stack in the depot, and return the address of the caller in @site. */
static u32 save_stack(gfp_t gfp, unsigned long *site)
{
	unsigned long entries[STACK_DEPTH];
	unsigned int nr;

	*site = 0;
	if (must_not_lock())
		return 0;
	nr = stack_trace_save(entries, STACK_DEPTH, 2);
	*site = first_caller(entries, nr);
	if (!depot_ready)
		return 0;
	/* The kernel may not allocate pages in an interrupt that is not threaded on PREEMPT_RT. */
	return depot_keep(entries, nr, (gfp & GFP_METADATA & ~__GFP_NOFAIL) | __GFP_NOWARN,
			  gfp_may_call_kernel() && !in_hardirq());
}

void debug_note_alloc(struct debug_track *track, size_t requested, gfp_t gfp)
{
	track->requested = requested;
	track->alloc_stack = save_stack(gfp, &track->alloc_site);
	track->alloc_pid = task_pid_nr(current);
	track->alloc_time = jiffies ?: 1;
	track->free_time = 0;
}

void debug_note_free(struct debug_track *track)
{
	unsigned long site;

	/* kfree_rcu() was called a grace period ago. */
	if (track->free_time)
		return;
	track->free_stack = save_stack(GFP_NOWAIT, &site);
	track->free_pid = task_pid_nr(current);
	track->free_time = jiffies ?: 1;
}

static void print_stack(const char *what, u32 stack, pid_t pid, unsigned long since)
{
	pr_err("slabmod:   %s %u ms ago by pid %d:\n", what,
	       jiffies_to_msecs(jiffies - since), pid);
	if (stack)
		depot_print(stack);
	else
		pr_err("slabmod:     (no stack was saved)\n");
}

/* ---- kmemleak ---- */

/* kmemleak allocates, and an NMI may have interrupted a holder of its lock. */
void debug_kmemleak_alloc(struct debug_track *track, const void *p, size_t size, gfp_t gfp)
{
	if (!IS_ENABLED(CONFIG_DEBUG_KMEMLEAK) || !gfp_may_call_kernel())
		return;
	kmemleak_alloc(p, size, 1, gfp);
	track->leak_checked = true;
}

/* An object freed in NMI is untracked when it is next checked. */
void debug_kmemleak_free(struct debug_track *track, const void *p)
{
	if (!track->leak_checked || must_not_lock())
		return;
	kmemleak_free(p);
	track->leak_checked = false;
}

/* ---- reports ---- */

static const char *const state_names[] = {
	[DEBUG_FREE] = "free",
	[DEBUG_LIVE] = "in use",
	[DEBUG_QUARANTINED] = "free, in quarantine",
};

const char *debug_state_name(const struct debug_track *track)
{
	u8 state = READ_ONCE(track->state);

	return state < ARRAY_SIZE(state_names) ? state_names[state] : "?";
}

void debug_print_stacks(const struct debug_track *track)
{
	if (track->alloc_time)
		print_stack("allocated", track->alloc_stack, track->alloc_pid, track->alloc_time);
	if (track->free_time)
		print_stack("freed", track->free_stack, track->free_pid, track->free_time);
}

void debug_print_track(struct slabmod_cache *cache, struct debug_track *track)
{
	pr_err("slabmod:   object %p of %s, %u bytes, %u requested, %s\n",
	       debug_object(cache, track), cache->name, cache->usable, track->requested,
	       debug_state_name(track));
	debug_print_stacks(track);
}

void debug_print_object(struct slabmod_cache *cache, const void *address)
{
	struct debug_track *track = track_near(cache, address);

	if (!track)
		return;
	pr_err("slabmod:   %p is at offset %ld of\n", address,
	       (long)(address - debug_object(cache, track)));
	debug_print_track(cache, track);
}

void debug_print_bytes(const void *object, const void *p, const void *end)
{
	pr_err("slabmod:   bytes from offset %ld on: %*ph\n", (long)(p - object),
	       (int)min((long)(end - p), 16l), p);
}

/* Do not print beyond the object's red zone: there may be no memory. */
static void print_bytes(const struct slabmod_cache *cache, const struct debug_track *track,
			const void *p)
{
	debug_print_bytes(debug_object(cache, track), p,
			  debug_raw(cache, track) + cache->size + cache->tail);
}

/* ---- red zones and poison ---- */

void *debug_find_written(void *p, u8 fill, size_t size, size_t *written)
{
	u8 *first = memchr_inv(p, fill, size), *end = p + size, *c;

	*written = 0;
	for (c = first; c && c < end; c++)
		*written += *c != fill;
	return first;
}

/* Return false, with a report, if red zone or poison was written to, and restore it. */
static bool check_fill(struct slabmod_cache *cache, struct debug_track *track, void *p, size_t size,
		       u8 fill, const char *where)
{
	void *object = debug_object(cache, track), *first;
	bool freed = fill == DEBUG_FILL_FREE;
	size_t written;

	first = debug_find_written(p, fill, size, &written);
	if (!first)
		return true;
	if (report_misuse(freed ? MISUSE_WRITE_FREE : MISUSE_OVERRUN,
			  "%s: %zu bytes %s object %p were written%s, the first at offset %ld",
			  cache->name, written, where, object, freed ? " after it was freed" : "",
			  (long)(first - object))) {
		print_bytes(cache, track, first);
		debug_print_track(cache, track);
	}
	memset(p, fill, size);
	return false;
}

/* @requested: bytes of the object that are not red zone. */
static bool check_redzones(struct slabmod_cache *cache, struct debug_track *track, size_t requested)
{
	void *raw = debug_raw(cache, track), *object = debug_object(cache, track);
	bool ok;

	ok = check_fill(cache, track, raw + cache->tail, cache->lead - cache->tail,
			DEBUG_FILL_REDZONE, "before");
	ok &= check_fill(cache, track, object + requested,
			 raw + cache->size + cache->tail - object - requested,
			 DEBUG_FILL_REDZONE, "behind");
	return ok;
}

bool debug_check_free(struct slabmod_cache *cache, struct debug_track *track)
{
	void *object = debug_object(cache, track);
	bool ok;

	debug_begin(track);
	debug_kmemleak_free(track, object);
	unpoison_object(cache, track);
	ok = check_redzones(cache, track, cache->usable);
	if (!cache->debug->constructed)
		ok &= check_fill(cache, track, object, cache->usable, DEBUG_FILL_FREE, "of");
	poison_object(cache, track, DEBUG_SHADOW_FREE);
	debug_end(track);
	return ok;
}

/* ---- slabs ---- */

bool debug_slab_create(struct slabmod_cache *cache, struct slab *slab, gfp_t gfp)
{
	unsigned int objects = slab_objects(cache, slab), i;
	void *base = slab_address(slab);
	struct debug_tracks *tracks;

	if (!gfp_may_call_kernel())
		return false;
	tracks = fault_kzalloc(FAULT_TRACKS, struct_bytes(struct debug_tracks, track, objects),
			       (gfp & GFP_METADATA) | __GFP_NOWARN);
	if (!tracks)
		return false;
	/* Referenced from a slab, which kmemleak does not scan. */
	kmemleak_ignore(tracks);
	tracks->cache = cache;
	tracks->base = base;
	tracks->size = ksize(tracks);
	tracks->nr = objects;
	source_count_metadata(cache->source, tracks->size);
	memset(base, DEBUG_FILL_REDZONE, objects * cache->size + cache->tail);
	for (i = 0; i < objects; i++) {
		struct debug_track *track = &tracks->track[i];

		track->index = i;
		/* The constructor has yet to run, and constructed objects keep their state. */
		if (!cache->debug->constructed)
			memset(debug_object(cache, track), DEBUG_FILL_FREE, cache->usable);
	}
	for (i = 0; i < objects && !cache->debug->constructed; i++)
		poison_object(cache, &tracks->track[i], DEBUG_SHADOW_FREE);
	debug_kasan_poison(base, cache->tail, DEBUG_SHADOW_REDZONE);
	/* Publish initialized tracks. */
	smp_store_release(&slab->tracks, tracks);
	return true;
}

void debug_slab_destroy(struct slabmod_cache *cache, struct slab *slab)
{
	struct debug_tracks *tracks = slab->tracks;
	unsigned int i;

	if (!tracks)
		return;
	for (i = 0; i < slab_objects(cache, slab); i++)
		debug_kmemleak_free(&tracks->track[i], debug_object(cache, &tracks->track[i]));
	debug_kasan_unpoison(tracks->base, slab_objects(cache, slab) * cache->size + cache->tail);
	WRITE_ONCE(slab->tracks, NULL);
	source_count_metadata(cache->source, -(long)tracks->size);
	kfree_rcu(tracks, rcu);
}

/* ---- objects ---- */

void *debug_alloc(struct slabmod_cache *cache, void *raw, size_t requested, gfp_t gfp, bool clear)
{
	struct debug_track *track = track_at(cache, raw);
	void *object = raw + cache->lead;

	/* A constructed object has no red zone inside its usable size. */
	if (cache->debug->constructed)
		requested = cache->usable;
	else if (!requested)
		requested = cache->object_size;
	debug_check_free(cache, track);
	debug_begin(track);
	unpoison_object(cache, track);
	if (!cache->debug->constructed) {
		memset(object, clear ? 0 : DEBUG_FILL_NEW, requested);
		memset(object + requested, DEBUG_FILL_REDZONE, cache->usable - requested);
	} else if (clear) {
		memset(object, 0, requested);
	}
	debug_note_alloc(track, requested, gfp);
	/* kmemleak does not track pages. */
	if (!(cache->flags & CACHE_PAGES))
		debug_kmemleak_alloc(track, object, cache->usable, gfp);
	poison_object(cache, track, DEBUG_SHADOW_REDZONE);
	/* Publish the tracking data. Pairs with the acquires of @state. */
	smp_store_release(&track->state, DEBUG_LIVE);
	debug_end(track);
	return object;
}

struct debug_track *debug_free(struct slabmod_cache *cache, struct slab *slab, void *object)
{
	struct debug_track *track = debug_track_of(cache, slab, object);

	if (track)
		debug_begin(track);
	/* Of concurrent frees only one succeeds; the slab may be freed before the others. */
	if (!track || cmpxchg(&track->state, DEBUG_LIVE, DEBUG_QUARANTINED) != DEBUG_LIVE) {
		if (report_misuse(MISUSE_DOUBLE_FREE, "%s: object %p is free already", cache->name,
				  object) && track)
			debug_print_track(cache, track);
		if (track)
			debug_end(track);
		return NULL;
	}
	debug_kmemleak_free(track, object);
	debug_note_free(track);
	unpoison_object(cache, track);
	check_redzones(cache, track, track->requested);
	if (!cache->debug->constructed)
		memset(object, DEBUG_FILL_FREE, cache->usable);
	poison_object(cache, track, DEBUG_SHADOW_FREE);
	debug_end(track);
	return track;
}
EXPORT_SYMBOL_FOR_TEST(debug_free);

bool debug_is_live(struct slabmod_cache *cache, struct slab *slab, const void *object)
{
	struct debug_track *track = debug_track_of(cache, slab, object);

	/* Pairs with the release in debug_alloc(). */
	return track && smp_load_acquire(&track->state) == DEBUG_LIVE;
}

void debug_set_requested(struct slabmod_cache *cache, void *object, size_t requested)
{
	struct debug_track *track = track_at(cache, object);

	if (cache->debug->constructed)
		return;
	debug_begin(track);
	unpoison_object(cache, track);
	/* Check the old red zone before overwriting it. */
	check_redzones(cache, track, track->requested);
	memset(object + requested, DEBUG_FILL_REDZONE, cache->usable - requested);
	track->requested = requested;
	poison_object(cache, track, DEBUG_SHADOW_REDZONE);
	debug_end(track);
}

size_t debug_requested(struct slabmod_cache *cache, const void *object, bool all)
{
	struct debug_track *track = track_at(cache, object);

	if (all && track->requested < cache->usable)
		debug_set_requested(cache, debug_object(cache, track), cache->usable);
	return track->requested;
}

/* ---- caches, initialization ---- */

bool debug_cache_init(struct slabmod_cache *cache)
{
	if (!(cache->flags & CACHE_DEBUG))
		return true;
	cache->debug = fault_kzalloc(FAULT_TRACKS, sizeof(*cache->debug),
				     GFP_KERNEL | __GFP_NOWARN);
	if (!cache->debug)
		return false;
	source_count_metadata(cache->source, sizeof(*cache->debug));
	raw_spin_lock_init(&cache->debug->quarantine.lock);
	cache->debug->constructed = slab_keeps_state(cache);
	cache->debug->quarantine_max = ((unsigned long)quarantine_kb << 10) / cache->size;
	return true;
}

size_t debug_cache_metadata(const struct slabmod_cache *cache)
{
	return cache->debug ? sizeof(*cache->debug) : 0;
}

void debug_cache_exit(struct slabmod_cache *cache)
{
	kfree(cache->debug);
	cache->debug = NULL;
}

int debug_init(void)
{
	/* Without a depot, reports have no stacks. */
	depot_ready = IS_ENABLED(CONFIG_STACKDEPOT) && !depot_prepare();
	return 0;
}
