// SPDX-License-Identifier: GPL-2.0
/*
 * magazine.c - per-CPU stacks of free objects.
 *
 * A cache has two stacks on each CPU. `here` holds objects that the CPU hands out
 * again, the last freed first, because its line is the warmest. `away` holds
 * objects that share lines with their neighbours, or lie on another node, and
 * belong to a slab at home elsewhere: they go back there a batch at a time, so
 * that two CPUs are never given parts of one line.
 *
 * A stack that runs empty is filled to half from the slabs; one that runs over
 * gives back its upper half, so that the lower one need not be moved. A caller that
 * goes back and forth over the edge does not pay for it every time.
 *
 * The way in: __slabmod_cache_refill() or __slabmod_cache_alloc() (cache.c) come to
 * magazine_alloc(), that to take_one(), refill() and home_take() (refill.c), and with
 * nothing there to magazine_grow(), slab_new() (slab.c) and the buddy.
 *
 * A cache starts with a magazine of capacity 0, which all caches have in common:
 * the fast path finds nothing in it and no room, and needs no test for "none yet".
 * Its first own ones are small. Where they run empty or over often, they are exchanged
 * for larger ones, and where nobody uses them, for the common one: magazine_exchange().
 *
 * Contexts: any. What interrupts a magazine (busy) goes to the slab, one object at
 * a time. Locks: none; preemption is off while a magazine is looked at, which
 * keeps it from being freed: see magazine_set.c.
 * Memory: 8 bytes an entry, 4 to 512 entries a stack, per CPU and cache in use.
 */
#include <linux/cpumask.h>
#include <linux/percpu.h>
#include <linux/smp.h>
#include <linux/string.h>

#include "chunk.h"
#include "defer.h"
#include "gfp.h"
#include "home.h"
#include "magazine.h"
#include "report.h"
#include "strict.h"

/* Objects that a bulk call takes from slabs at a time, for the sake of who waits. */
#define TAKE_AT_ONCE	128

/*
 * Enters this CPU's magazine, for longer than the fast path takes: the count is in
 * @here until magazine_leave(). NULL when it is busy, or there is none yet. Preemption is off.
 */
struct slabmod_magazine *magazine_acquire(struct slabmod_cache *cache)
{
	struct slabmod_magazine __percpu *magazines = READ_ONCE(cache->magazines);
	slabmod_my_magazine *here = slabmod_this_cpu(magazines);
	struct slabmod_magazine *magazine;
	long top;

	if (!here->capacity)
		return NULL;
	top = slabmod_magazine_enter(here);
	if (top < 0) {
		slabmod_magazine_leave(here, 0);
		stat_inc(cache->stats, STAT_BUSY);
		return NULL;
	}
	magazine = this_cpu_ptr(magazines);
	magazine->here = top;
	return magazine;
}

void magazine_leave(struct slabmod_magazine *magazine)
{
	barrier();
	WRITE_ONCE(magazine->top, magazine->here);
}

/* Counts a slow way in; with many of them it is told that larger magazines are wanted. */
static void miss(struct slabmod_cache *cache, struct slabmod_magazine *magazine)
{
	if (++magazine->misses == MAGAZINE_MANY_MISSES && magazine->capacity < cache->capacity_max)
		source_wake(cache->source);
}

/* ---- taking ---- */

/* Half of a stack: what an empty one is filled with, and a full one rid of. */
static unsigned int half(const struct slabmod_magazine *magazine)
{
	return (magazine->capacity + 1) / 2;
}

/* The top of a stack that is not empty. */
static void *take_top(struct slabmod_magazine *magazine)
{
	magazine->allocs++;
	return magazine->object[magazine->here--];
}

/* Of a strict cache, where the bits are of objects from entry @at on. */
static void note_places(struct slabmod_cache *cache, struct slabmod_magazine *magazine,
			unsigned int at, unsigned int nr)
{
	if (unlikely(strict_is_on(cache)))
		strict_note(cache, magazine, at, nr);
}

/* Fills an empty stack to half, and takes the top. */
static void *refill(struct slabmod_cache *cache, struct slabmod_magazine *magazine, bool anything)
{
	if (!magazine->here) {
		magazine->here = home_take(cache, &magazine->object[1], half(magazine), anything);
		if (!magazine->here)
			return NULL;
		note_places(cache, magazine, 1, magazine->here);
		stat_inc(cache->stats, STAT_REFILL);
		miss(cache, magazine);
	}
	return take_top(magazine);
}

static void count_direct(struct slabmod_cache *cache, unsigned int nr)
{
	stat_add(cache->stats, STAT_DIRECT, nr);
	atomic_long_add(nr, &cache->allocs);
}

/* An object from the magazine or from slabs there are. */
static void *take_one(struct slabmod_cache *cache, bool anything)
{
	struct slabmod_magazine *magazine;
	void *object = NULL;

	preempt_disable();
	magazine = magazine_acquire(cache);
	if (magazine) {
		object = refill(cache, magazine, anything);
		magazine_leave(magazine);
	} else if (home_take(cache, &object, 1, anything)) {
		count_direct(cache, 1);
	}
	preempt_enable();
	return object;
}

/* Makes a slab on a node, for everybody, and takes one object of it. */
static void *grow_on(struct slabmod_cache *cache, int nid, gfp_t gfp)
{
	void *object = home_grow(cache, nid, gfp, true);

	if (object)
		count_direct(cache, 1);
	return object;
}

void *magazine_alloc(struct slabmod_cache *cache)
{
	return take_one(cache, false);
}
EXPORT_SYMBOL_FOR_TEST(magazine_alloc);

/* Takes of a slab that nobody else knows yet, and fills the magazine if that is empty. */
static void *open_slab(struct slabmod_cache *cache, struct frame *first)
{
	struct slabmod_magazine *magazine = magazine_acquire(cache);
	void *object;

	if (magazine && !magazine->here) {
		magazine->here = home_open(cache, first, false, &magazine->object[1],
					   half(magazine));
		note_places(cache, magazine, 1, magazine->here);
		object = take_top(magazine);
		stat_inc(cache->stats, STAT_REFILL);
		miss(cache, magazine);
	} else {
		home_open(cache, first, false, &object, 1);
		count_direct(cache, 1);
	}
	if (magazine)
		magazine_leave(magazine);
	return object;
}

void *magazine_grow(struct slabmod_cache *cache, gfp_t gfp)
{
	bool may_wait = preemptible() || gfpflags_allow_blocking(gfp);
	struct frame *first = home_new_slab(cache, source_nid(cache->source), gfp);
	void *object = NULL;

	if (!first)
		return NULL;
	/*
	 * Where this task had to wait, others may have made slabs, as many as there are
	 * tasks. From here on there can only be one a CPU.
	 */
	preempt_disable();
	if (may_wait)
		object = take_one(cache, false);
	if (!object) {
		object = open_slab(cache, first);
		first = NULL;
	}
	preempt_enable();
	if (first)
		slab_delete(cache, first);
	return object;
}
EXPORT_SYMBOL_FOR_TEST(magazine_grow);

void *magazine_alloc_far(struct slabmod_cache *cache)
{
	void *object = NULL;

	preempt_disable();
	if (home_take_far(cache, &object, 1))
		count_direct(cache, 1);
	preempt_enable();
	return object;
}
EXPORT_SYMBOL_FOR_TEST(magazine_alloc_far);

void *magazine_alloc_any(struct slabmod_cache *cache)
{
	return take_one(cache, true);
}
EXPORT_SYMBOL_FOR_TEST(magazine_alloc_any);

void magazine_asked(struct slabmod_cache *cache, size_t bytes)
{
	struct slabmod_magazine __percpu *magazines;

	preempt_disable();
	magazines = READ_ONCE(cache->magazines);
	if (magazines == magazine_none)
		atomic_long_add(bytes, &cache->asked);
	else
		this_cpu_add(magazines->asked, bytes);
	preempt_enable();
}

void *magazine_alloc_node(struct slabmod_cache *cache, gfp_t gfp, int nid)
{
	void *object;

	preempt_disable();
	object = home_take_node(cache, nid);
	preempt_enable();
	if (object) {
		count_direct(cache, 1);
		return object;
	}
	if (!(gfp & __GFP_THISNODE))
		gfp = gfp_easy(gfp) | __GFP_THISNODE;
	return grow_on(cache, nid, gfp);
}
EXPORT_SYMBOL_FOR_TEST(magazine_alloc_node);

/* Takes the upper ones off a stack, as if one by one; four at a time. */
static void pop_many(struct slabmod_magazine *magazine, void **objects, unsigned int nr)
{
	void **top = &magazine->object[magazine->here];

	magazine->here -= nr;
	for (; nr >= 4; nr -= 4, objects += 4, top -= 4) {
		objects[0] = top[0];
		objects[1] = top[-1];
		objects[2] = top[-2];
		objects[3] = top[-3];
	}
	for (; nr; nr--)
		*objects++ = *top--;
}

size_t magazine_take(struct slabmod_cache *cache, size_t nr, void **objects)
{
	struct slabmod_magazine *magazine;
	size_t got = 0, more;

	preempt_disable();
	magazine = magazine_acquire(cache);
	if (magazine) {
		got = min_t(size_t, nr, magazine->here);
		pop_many(magazine, objects, got);
		magazine->allocs += got;
		magazine_leave(magazine);
	}
	preempt_enable();
	for (; got < nr; got += more) {
		more = min_t(size_t, nr - got, TAKE_AT_ONCE);
		preempt_disable();
		more = home_take(cache, objects + got, more, false);
		preempt_enable();
		if (!more)
			break;
		count_direct(cache, more);
	}
	return got;
}
EXPORT_SYMBOL_FOR_TEST(magazine_take);

/* ---- giving ---- */

/* Gives the upper half of a full stack back: what is left need not be moved. */
static void flush_half(struct slabmod_cache *cache, struct slabmod_magazine *magazine)
{
	unsigned int nr = half(magazine);

	magazine->here -= nr;
	home_give(cache, &magazine->object[magazine->here + 1], nr);
	stat_inc(cache->stats, STAT_FLUSH);
	miss(cache, magazine);
}

static void flush_away(struct slabmod_cache *cache, struct slabmod_magazine *magazine)
{
	home_give(cache, magazine_away(magazine), magazine->away);
	magazine->away = 0;
	stat_inc(cache->stats, STAT_FLUSH_AWAY);
}

/* Empties a magazine that has been acquired, or that nobody knows any more. */
void magazine_empty(struct slabmod_cache *cache, struct slabmod_magazine *magazine)
{
	home_give(cache, &magazine->object[1], magazine->here);
	magazine->here = 0;
	home_give(cache, magazine_away(magazine), magazine->away);
	magazine->away = 0;
}

enum put { PUT_DONE, PUT_DOUBLE, PUT_NO_ROOM };

static enum put put_here(struct slabmod_cache *cache, struct slabmod_magazine *magazine,
			 void *object)
{
	if (magazine->object[magazine->here] == object)
		return PUT_DOUBLE;
	if (magazine->here == magazine->capacity) {
		if (in_nmi())
			return PUT_NO_ROOM;
		flush_half(cache, magazine);
	}
	magazine->object[++magazine->here] = object;
	note_places(cache, magazine, magazine->here, 1);
	return PUT_DONE;
}

static enum put put_away(struct slabmod_cache *cache, struct slabmod_magazine *magazine,
			 void *object)
{
	void **away = magazine_away(magazine);

	if (magazine->away && away[magazine->away - 1] == object)
		return PUT_DOUBLE;
	if (magazine->away == magazine_away_capacity(magazine->capacity)) {
		if (in_nmi())
			return PUT_NO_ROOM;
		flush_away(cache, magazine);
	}
	away[magazine->away++] = object;
	return PUT_DONE;
}

/* Whether a free by this CPU puts an object of the slab where this CPU takes from. */
static bool belongs_here(struct slabmod_cache *cache, struct frame *first)
{
	if (!(cache->flags & CACHE_CHECK_HOME) ||
	    READ_ONCE(first->home) == raw_smp_processor_id())
		return true;
	return !(cache->flags & CACHE_SHARES_LINES) &&
	       frame_chunk(first)->buddy->nid == chunk_near_node(numa_mem_id());
}

void magazine_free(struct slabmod_cache *cache, struct frame *first, void *object)
{
	enum put put = PUT_NO_ROOM;
	struct slabmod_magazine *magazine;

	preempt_disable();
	magazine = magazine_acquire(cache);
	if (magazine) {
		if (belongs_here(cache, first))
			put = put_here(cache, magazine, object);
		else
			put = put_away(cache, magazine, object);
		magazine_leave(magazine);
	}
	if (put == PUT_NO_ROOM) {
		stat_inc(cache->stats, STAT_DIRECT);
		if (!home_give(cache, &object, 1))
			defer_free(cache, object);
	}
	preempt_enable();
	if (put == PUT_DOUBLE)
		report_misuse(MISUSE_DOUBLE_FREE, "%s: object %p was freed twice in a row",
			      cache->name, object);
}
EXPORT_SYMBOL_FOR_TEST(magazine_free);
