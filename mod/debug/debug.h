/* SPDX-License-Identifier: GPL-2.0 */
/*
 * debug.h - red zones, poison and tracking data of debugged objects.
 *
 * An object of a debugged cache lies between red zones:
 *
 *	| lead: red zone | requested bytes | red zone, if less than usable | lead ...
 *	  ^ raw: where slabs and homes see its start
 *
 * The first cache->tail bytes of a lead belong to the object before it: an overrun of that
 * object writes there first. A slab has such bytes after its last object.
 */
#ifndef SLABMOD_DEBUG_H
#define SLABMOD_DEBUG_H

#include <linux/atomic.h>
#include <linux/stackdepot.h>

#include "slab.h"
#include "types.h"

/* All caches are debugged, whatever their flags. */
extern bool debug_all;

/* Maximum KiB in the quarantine of each cache. */
extern unsigned int quarantine_kb;

#define QUARANTINE_KB_DEFAULT	4096u
#define QUARANTINE_KB_MAX	65536u

enum debug_state {
	DEBUG_FREE,			/* in its slab, or on the way there */
	DEBUG_LIVE,			/* owned by a caller */
	DEBUG_QUARANTINED,
};

/* Tracking data of an object. Written by its owner: the caller, or the CPU that frees it. */
struct debug_track {
	u8 state;			/* enum debug_state; cmpxchg against concurrent frees */
	bool leak_checked;		/* tracked by kmemleak */
	u16 index;			/* in its slab; constant */
	u32 requested;			/* bytes */
	u32 alloc_stack, free_stack;	/* depot handle, or 0 */
	pid_t alloc_pid, free_pid;
	unsigned long alloc_site;	/* first return address outside slabmod */
	unsigned long alloc_time, free_time;	/* jiffies */
	struct debug_track *next;	/* in a queue, newer; its lock */
	/*
	 * Number of changes of @state, @requested, red zones and poison, counted before and after
	 * each, for the lockless reader in debug_check.c.
	 */
	atomic_t begun, ended;
};

static inline void debug_begin(struct debug_track *track)
{
	atomic_inc(&track->begun);
	/* Pairs with the second barrier in redzones_intact(). */
	smp_mb__after_atomic();
}

static inline void debug_end(struct debug_track *track)
{
	/* Pairs with the first barrier in redzones_intact(). */
	smp_mb__before_atomic();
	atomic_inc(&track->ended);
}

/* The kernel's own patterns, which are not valid addresses. */
#define DEBUG_FILL_NEW		0x5a	/* POISON_INUSE: not written yet */
#define DEBUG_FILL_FREE		0x6b	/* POISON_FREE */
#define DEBUG_FILL_REDZONE		0xbb	/* SLUB_RED_INACTIVE */

/* Tracking data of all objects of a slab; freed after a grace period. */
struct debug_tracks {
	struct rcu_head rcu;
	/* All constant. */
	struct slabmod_cache *cache;
	void *base;			/* address of the slab */
	unsigned int size;		/* of this structure, in bytes */
	unsigned int nr;
	struct debug_track track[];
};

/* A FIFO of freed objects or blocks that are withheld from reuse. */
struct debug_queue {
	raw_spinlock_t lock;		/* interrupts off, held for one track */
	unsigned long nr;
	struct debug_track *oldest, *newest;
};

/* Blocks of pages up to this size are objects of debugged caches: all that a cache can have. */
static inline bool debug_block_is_object(unsigned int order)
{
	return PAGE_SIZE << order <= SLABMOD_CACHE_MAX_SIZE;
}

/* State of a debugged cache. */
struct debug_cache {
	struct debug_queue quarantine;
	unsigned long quarantine_max;	/* in objects; constant */
	bool constructed;		/* free objects keep their contents; constant */
};

/* Set the size, lead and tail of a new cache from its usable size. */
void debug_layout(struct slabmod_cache *cache);
/* After debug_layout(). May sleep. */
bool debug_cache_init(struct slabmod_cache *cache);
/* Bytes that debug_cache_init() added to the metadata of the source. */
size_t debug_cache_metadata(const struct slabmod_cache *cache);
/* The caller has subtracted them. */
void debug_cache_exit(struct slabmod_cache *cache);

/* Set up tracking data, red zones and poison of a new slab before it is published. */
bool debug_slab_create(struct slabmod_cache *cache, struct slab *slab, gfp_t gfp);
/* All objects of the slab must be free. */
void debug_slab_destroy(struct slabmod_cache *cache, struct slab *slab);

/*
 * Return the track of the object at or around an address in a slab, or NULL if there is none or
 * the slab was freed meanwhile. Needs RCU, unless the caller owns the object.
 */
struct debug_track *debug_track_of(struct slabmod_cache *cache, struct slab *slab,
				   const void *address);

/* Call @fn for the track of each live object of a slab. Needs RCU. */
void debug_walk_live(struct slabmod_cache *cache, struct slab *slab,
		     void (*fn)(const struct debug_track *track, void *arg), void *arg);

/* Return the object as a caller, or as its slab, sees it. */
void *debug_object(const struct slabmod_cache *cache, const struct debug_track *track);
void *debug_raw(const struct slabmod_cache *cache, const struct debug_track *track);

/*
 * Prepare an object from a slab for its new owner: check its red zones and poison, record the
 * allocation, and return it, zeroed if @clear. @requested: bytes, or 0 for all.
 */
void *debug_alloc(struct slabmod_cache *cache, void *raw, size_t requested, gfp_t gfp, bool clear);

/*
 * Check the red zones of an object that a caller frees, and poison it. Return NULL, with a
 * report, if it is already free.
 */
struct debug_track *debug_free(struct slabmod_cache *cache, struct slab *slab, void *object);

/* Return true if a live object starts at @object. */
bool debug_is_live(struct slabmod_cache *cache, struct slab *slab, const void *object);

/*
 * Return the requested size of a live object. With @all, first set it to the usable size, so that
 * the owner may write to all of that.
 */
size_t debug_requested(struct slabmod_cache *cache, const void *object, bool all);
void debug_set_requested(struct slabmod_cache *cache, void *object, size_t requested);

/*
 * Report writes to a free object and undo them; return false if there were any. The caller owns
 * the object or holds the lock of its slab's home.
 */
bool debug_check_free(struct slabmod_cache *cache, struct debug_track *track);

/* Add to a report the object at or around an address, and its owner. */
void debug_print_object(struct slabmod_cache *cache, const void *address);
void debug_print_track(struct slabmod_cache *cache, struct debug_track *track);

/* ---- shared with debug_block.c ---- */

/* Any context except NMI. */
void debug_queue_add(struct debug_queue *queue, struct debug_track *track);
/* Remove the oldest entry; NULL if there are at most @keep. */
struct debug_track *debug_queue_remove(struct debug_queue *queue, unsigned long keep);

void debug_note_alloc(struct debug_track *track, size_t requested, gfp_t gfp);
/* Record the caller that frees memory. The first call after an allocation counts. */
void debug_note_free(struct debug_track *track);
/* Let kmemleak track memory of a caller, or untrack it. */
void debug_kmemleak_alloc(struct debug_track *track, const void *p, size_t size, gfp_t gfp);
void debug_kmemleak_free(struct debug_track *track, const void *p);
const char *debug_state_name(const struct debug_track *track);
void debug_print_stacks(const struct debug_track *track);

/* Print a line of an object's bytes from @p on, as a hint where the written data came from. */
void debug_print_bytes(const void *object, const void *p, const void *end);

/*
 * Poison or unpoison KASAN's shadow of these bytes (poison: whole granules). slabmod must unpoison
 * what it checks itself.
 */
#ifdef CONFIG_KASAN_GENERIC
/* Codes of mm/kasan/kasan.h, which KASAN names in its reports. */
#define DEBUG_SHADOW_FREE	0xfb
#define DEBUG_SHADOW_REDZONE	0xfc
void debug_kasan_poison(const void *p, size_t size, u8 code);
void debug_kasan_unpoison(const void *p, size_t size);
#else
#define DEBUG_SHADOW_FREE	0
#define DEBUG_SHADOW_REDZONE	0
static inline void debug_kasan_poison(const void *p, size_t size, u8 code)
{
}

static inline void debug_kasan_unpoison(const void *p, size_t size)
{
}
#endif

/* Return the first byte that differs from @fill, or NULL, and the number of those in @written. */
void *debug_find_written(void *p, u8 fill, size_t size, size_t *written);

int debug_init(void);

#endif /* SLABMOD_DEBUG_H */
