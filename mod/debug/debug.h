/* SPDX-License-Identifier: GPL-2.0 */
/*
 * debug.h - what there is around and about an object of a cache that is debugged.
 *
 * Such an object lies between red zones:
 *
 *	| lead: zone | what the caller asked for | zone, if that is less than usable | lead ...
 *	  ^ raw: where slabs and homes think that it starts
 *
 * The first bytes of a lead, cache->tail of them, belong to the object before: who
 * overruns it writes there first. A slab has such bytes behind its last object.
 */
#ifndef SLABMOD_DEBUG_H
#define SLABMOD_DEBUG_H

#include <linux/atomic.h>
#include <linux/stackdepot.h>

#include "slab.h"
#include "types.h"

/* All caches are debugged, whether they were asked for it or not. */
extern bool debug_all;

/* Bytes that wait in the quarantine of a cache at the most. */
extern unsigned int quarantine_kb;

#define QUARANTINE_KB_DEFAULT	4096u
#define QUARANTINE_KB_MAX	65536u

enum debug_state {
	DEBUG_FREE,			/* in its slab, or on the way there */
	DEBUG_LIVE,			/* a caller has it */
	DEBUG_QUARANTINED,
};

/* What is known of an object. Written by who has it: the caller, or who is freeing it. */
struct debug_track {
	u8 state;			/* enum debug_state; by cmpxchg where two may want it */
	bool leak_checked;		/* kmemleak knows of it */
	u16 index;			/* in its slab; constant */
	u32 requested;			/* bytes */
	u32 alloc_stack, free_stack;	/* of the depot, or 0 */
	pid_t alloc_pid, free_pid;
	unsigned long alloc_site;	/* the caller's address, the first outside of slabmod */
	unsigned long alloc_time, free_time;	/* jiffies */
	struct debug_track *next;	/* in a queue, younger; its lock */
	/*
	 * Changes of the state, of @requested, and of the bytes of a zone or a pattern: they are
	 * begun before, and ended after. For debug_check.c, which reads all that without a lock.
	 */
	atomic_t begun, ended;
};

static inline void debug_begin(struct debug_track *track)
{
	atomic_inc(&track->begun);
	/* Pairs with the second barrier in zones_hold(). */
	smp_mb__after_atomic();
}

static inline void debug_end(struct debug_track *track)
{
	/* Pairs with the first barrier in zones_hold(). */
	smp_mb__before_atomic();
	atomic_inc(&track->ended);
}

/* The kernel's own patterns: no address, whichever way it is read. */
#define DEBUG_FILL_NEW		0x5a	/* POISON_INUSE: nothing was written here yet */
#define DEBUG_FILL_FREE		0x6b	/* POISON_FREE */
#define DEBUG_FILL_REDZONE		0xbb	/* SLUB_RED_INACTIVE */

/* Of all objects of a slab; freed by RCU. */
struct debug_tracks {
	struct rcu_head rcu;
	/* All constant. */
	struct slabmod_cache *cache;
	void *base;			/* of the slab */
	unsigned int size;		/* bytes of this */
	unsigned int nr;
	struct debug_track track[];
};

/* What was freed, and is kept from use for a while: first in, first out. */
struct debug_queue {
	raw_spinlock_t lock;		/* interrupts off, held for one track */
	unsigned long nr;
	struct debug_track *oldest, *newest;
};

/* What a cache that is debugged has besides. */
struct debug_cache {
	struct debug_queue quarantine;
	unsigned long most;		/* objects in it; constant */
	bool constructed;		/* free objects keep what is in them; constant */
};

/* Sets the size, lead and tail of a cache that is being made; its usable size is known. */
void debug_layout(struct slabmod_cache *cache);
/* Of a cache that has been laid out. May sleep. */
bool debug_cache_init(struct slabmod_cache *cache);
void debug_cache_exit(struct slabmod_cache *cache);

/* A slab's tracks, zones and patterns, before anybody sees it. */
bool debug_slab_create(struct slabmod_cache *cache, struct slab *slab, gfp_t gfp);
/* Of a slab of which no object is taken. */
void debug_slab_destroy(struct slabmod_cache *cache, struct slab *slab);

/*
 * The track of the object at, or around, an address in a slab; NULL: there is none, or
 * the slab has gone meanwhile. A reader of RCU, unless the object is the caller's.
 */
struct debug_track *debug_track_of(struct slabmod_cache *cache, struct slab *slab,
				   const void *address);

/* Calls @fn with what is known of each object of a slab that a caller has; likewise. */
void debug_walk_live(struct slabmod_cache *cache, struct slab *slab,
		     void (*fn)(const struct debug_track *track, void *arg), void *arg);

/* What a caller has of a tracked object, and what slabs know it by. */
void *debug_object(const struct slabmod_cache *cache, const struct debug_track *track);
void *debug_raw(const struct slabmod_cache *cache, const struct debug_track *track);

/*
 * Makes what slabs gave out a caller's: looks whether anybody wrote to it since it was
 * freed, and returns it, cleared if @clear. @requested: bytes, or 0 for all.
 */
void *debug_alloc(struct slabmod_cache *cache, void *raw, size_t requested, gfp_t gfp, bool clear);

/*
 * Takes an object back from a caller: looks for writes around it, and fills it with the
 * pattern of freed memory. NULL, with a report, when it is free already.
 */
struct debug_track *debug_free(struct slabmod_cache *cache, struct slab *slab, void *object);

/* Whether a caller has the object that starts at @object. */
bool debug_is_live(struct slabmod_cache *cache, struct slab *slab, const void *object);

/*
 * Bytes that were asked for of an object that is live; with @all, from now on its caller
 * may write to all that is usable, and has asked for that.
 */
size_t debug_requested(struct slabmod_cache *cache, const void *object, bool all);
void debug_set_requested(struct slabmod_cache *cache, void *object, size_t requested);

/*
 * Report writes to an object that is free, and undo them; false when there were any. The
 * object is the caller's, or the lock of its slab's home is held.
 */
bool debug_check_free(struct slabmod_cache *cache, struct debug_track *track);

/* ---- debug_check.c: a look at all objects, while others allocate and free ---- */

/*
 * Look at the objects of the slab that @frame begins, if it is one of a debugged cache, and
 * add to @bad how many were written to where they must not be. For buddy_for_each_frame().
 */
void debug_check_frame(struct frame *frame, void *bad);

/* The same for objects of a cache that are in quarantine, and in empty slabs. May sleep. */
void debug_check_cache(struct slabmod_cache *cache, void *bad);

/* More lines to a report: which object is at an address, or around it, and whose it was. */
void debug_print_object(struct slabmod_cache *cache, const void *address);
void debug_print_track(struct slabmod_cache *cache, struct debug_track *track);

/* ---- for blocks too (debug_block.c) ---- */

/* Any context but NMI. */
void debug_queue_add(struct debug_queue *queue, struct debug_track *track);
/* Takes out the one that came first; NULL when there are no more than @keep. */
struct debug_track *debug_queue_remove(struct debug_queue *queue, unsigned long keep);

void debug_note_alloc(struct debug_track *track, size_t requested, gfp_t gfp);
void debug_note_free(struct debug_track *track);
/* kmemleak is told that a caller has memory, to which something is to point; and has not. */
void debug_kmemleak_alloc(struct debug_track *track, const void *p, size_t size, gfp_t gfp);
void debug_kmemleak_free(struct debug_track *track, const void *p);
const char *debug_state_name(const struct debug_track *track);
void debug_print_stacks(const struct debug_track *track);

/* A line of bytes of an object, from @p on, so that who knows a pattern can tell whose it is. */
void debug_print_bytes(const void *object, const void *p, const void *end);

/*
 * KASAN's shadow: nobody may touch these bytes (whole granules), or just these may be
 * touched. slabmod unshades what it looks at itself.
 */
#ifdef CONFIG_KASAN_GENERIC
/* Codes of mm/kasan/kasan.h, by which KASAN names what it found. */
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

/* The first of bytes that are not all @fill, or NULL; those that are not are counted. */
void *debug_find_written(void *p, u8 fill, size_t size, size_t *written);

int debug_init(void);

#endif /* SLABMOD_DEBUG_H */
