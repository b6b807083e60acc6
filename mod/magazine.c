// SPDX-License-Identifier: GPL-2.0
/*
 * magazine.c - per-CPU stacks of free objects.
 *
 * A cache has two stacks on each CPU. The local stack holds objects that the CPU allocates again,
 * last freed first, because they are cache-hot. The remote stack holds objects that share lines
 * with their neighbours, or are on another node, and are owned by another home; and those of
 * shared slabs. They are returned to their slabs in batches, so two CPUs are never given parts of
 * one line.
 *
 * An empty stack is refilled, and a full one is flushed from its top, so that the rest need not be
 * moved: by what one hold of a lock can do, because the caller waits for it, or up to half if the
 * objects are in homes of other CPUs. A caller that moves back and forth over the edge does not pay
 * for it every time.
 *
 * A cache starts with magazine_none, which all caches share: it has no objects and no room,
 * so the fast path needs no test for a cache without magazines. Own magazines start small.
 * See magazine_set.c for resizing.
 *
 * Contexts: any. A context that interrupts the owner of a magazine uses the slab, one object
 * at a time. Locks: none. Magazines are accessed with preemption off, which keeps them from
 * being freed. Memory: 8 bytes an entry, 4 to 512 entries a stack, per CPU and cache in use.
 */
#include <linux/cpumask.h>
#include <linux/string.h>

#include "chunk.h"
#include "defer.h"
#include "gfp.h"
#include "home.h"
#include "home_refill.h"
#include "home_return.h"
#include "magazine.h"
#include "magazine_set.h"
#include "report.h"
#include "source.h"
#include "strict.h"

/* Cap on objects per lock hold, to bound the latency of home->lock. */
#define BULK_BATCH	128

struct slabmod_magazine *magazine_lock_local(struct slabmod_cache *cache)
{
	struct slabmod_magazine *magazine = this_cpu_ptr(READ_ONCE(cache->magazines));
	long top;

	if (!magazine->room)
		return NULL;
	top = slabmod_magazine_begin(magazine);
	if (top < 0) {
		slabmod_magazine_end(magazine, 0);
		stat_inc(cache->stats, EVENT_BUSY);
		return NULL;
	}
	magazine->local_top = top;
	return magazine;
}

void magazine_unlock_local(struct slabmod_magazine *magazine)
{
	barrier();
	WRITE_ONCE(magazine->top, magazine->local_top);
}

unsigned int magazine_count_miss(struct slabmod_cache *cache, struct slabmod_magazine *magazine)
{
	/* Scans reset it. */
	u16 misses = READ_ONCE(magazine->misses) + 1;

	WRITE_ONCE(magazine->misses, misses);
	if (misses == magazine_many_misses(cache) && magazine->room < cache->capacity_max &&
	    READ_ONCE(magazine->capacity) == magazine->room)
		source_kick_worker(cache->source);
	return misses;
}

/* Count a refill or flush. A magazine that has room grows in the call that needs it. */
static void count_miss(struct slabmod_cache *cache, struct slabmod_magazine *magazine)
{
	unsigned int misses = magazine_count_miss(cache, magazine);

	if (magazine->capacity < magazine->room && !(misses % 2))
		WRITE_ONCE(magazine->capacity,
			   min_t(unsigned long, 2 * magazine->capacity, magazine->room));
}

/* ---- allocation ---- */

static unsigned int half(const struct slabmod_magazine *magazine)
{
	return (magazine->capacity + 1) / 2;
}

static void *pop_local(struct slabmod_magazine *magazine)
{
	magazine->allocs++;
	return magazine->object[magazine->local_top--];
}

static void note_places(struct slabmod_cache *cache, struct slabmod_magazine *magazine,
			unsigned int at, unsigned int nr)
{
	if (unlikely(strict_is_on(cache)))
		strict_note(cache, magazine, at, nr);
}

/* Refill the local stack if it is empty, and pop an object. */
static void *refill(struct slabmod_cache *cache, struct slabmod_magazine *magazine, bool any_line)
{
	if (!magazine->local_top) {
		unsigned int nr = min(half(magazine), MAGAZINE_REFILL_MOST);

		magazine->local_top = home_alloc(cache, &magazine->object[1], nr, any_line);
		if (!magazine->local_top)
			return NULL;
		note_places(cache, magazine, 1, magazine->local_top);
		stat_inc(cache->stats, EVENT_REFILL);
		count_miss(cache, magazine);
	}
	return pop_local(magazine);
}

void magazine_count_direct(struct slabmod_cache *cache, unsigned int nr)
{
	stat_add(cache->stats, EVENT_DIRECT, nr);
	atomic_long_add(nr, &cache->allocs);
}

void *magazine_alloc_object(struct slabmod_cache *cache, bool any_line)
{
	struct slabmod_magazine *magazine;
	void *object = NULL;

	preempt_disable();
	magazine = magazine_lock_local(cache);
	if (magazine) {
		object = refill(cache, magazine, any_line);
		magazine_unlock_local(magazine);
	} else if (home_alloc(cache, &object, 1, any_line)) {
		magazine_count_direct(cache, 1);
	}
	preempt_enable();
	return object;
}

/* Add a new slab to a home, and refill the local stack from it if that is empty. */
static void *add_slab_and_alloc(struct slabmod_cache *cache, struct slab *slab)
{
	struct slabmod_magazine *magazine = magazine_lock_local(cache);
	void *object;

	if (magazine && !magazine->local_top) {
		magazine->local_top = home_add_slab(cache, slab, false, &magazine->object[1],
						    half(magazine));
		note_places(cache, magazine, 1, magazine->local_top);
		object = pop_local(magazine);
		stat_inc(cache->stats, EVENT_REFILL);
		count_miss(cache, magazine);
	} else {
		home_add_slab(cache, slab, false, &object, 1);
		magazine_count_direct(cache, 1);
	}
	if (magazine)
		magazine_unlock_local(magazine);
	return object;
}

void *magazine_alloc_from_new_slab(struct slabmod_cache *cache, gfp_t gfp)
{
	bool may_wait = preemptible() || gfpflags_allow_blocking(gfp);
	struct slab *slab = NULL;
	void *object = NULL;

	if (!must_not_lock())
		slab = slab_create(cache, source_nid(cache->source), gfp);
	if (!slab)
		return NULL;
	/*
	 * If this task waited, every other task may have created a slab too. With preemption
	 * off, at most one per CPU is added.
	 */
	preempt_disable();
	if (may_wait)
		object = magazine_alloc_object(cache, false);
	if (!object) {
		object = add_slab_and_alloc(cache, slab);
		slab = NULL;
	}
	preempt_enable();
	if (slab)
		slab_destroy(cache, slab);
	return object;
}

void *magazine_alloc_other_nodes(struct slabmod_cache *cache)
{
	void *object = NULL;

	preempt_disable();
	if (home_alloc_other_nodes(cache, &object, 1))
		magazine_count_direct(cache, 1);
	preempt_enable();
	return object;
}

void *magazine_alloc_on_node(struct slabmod_cache *cache, gfp_t gfp, int nid)
{
	void *object;

	preempt_disable();
	object = home_alloc_on_node(cache, nid);
	preempt_enable();
	if (object) {
		magazine_count_direct(cache, 1);
		return object;
	}
	if (!(gfp & __GFP_THISNODE))
		gfp = gfp_easy(gfp) | __GFP_THISNODE;
	object = home_alloc_from_new_slab(cache, nid, gfp, true);
	if (object)
		magazine_count_direct(cache, 1);
	return object;
}

/* Pop @nr objects, in the order of single pops. Unrolled: it is the loop of bulk calls. */
static void pop_bulk(struct slabmod_magazine *magazine, void **objects, unsigned int nr)
{
	void **top = &magazine->object[magazine->local_top];

	magazine->local_top -= nr;
	for (; nr >= 4; nr -= 4, objects += 4, top -= 4) {
		objects[0] = top[0];
		objects[1] = top[-1];
		objects[2] = top[-2];
		objects[3] = top[-3];
	}
	for (; nr; nr--)
		*objects++ = *top--;
}

size_t magazine_alloc_bulk(struct slabmod_cache *cache, size_t nr, void **objects)
{
	struct slabmod_magazine *magazine;
	size_t got = 0, more;

	preempt_disable();
	magazine = magazine_lock_local(cache);
	if (magazine) {
		got = min_t(size_t, nr, magazine->local_top);
		pop_bulk(magazine, objects, got);
		magazine->allocs += got;
		magazine_unlock_local(magazine);
	}
	preempt_enable();
	for (; got < nr; got += more) {
		more = min_t(size_t, nr - got, BULK_BATCH);
		preempt_disable();
		more = home_alloc(cache, objects + got, more, false);
		preempt_enable();
		if (!more)
			break;
		magazine_count_direct(cache, more);
	}
	return got;
}
EXPORT_SYMBOL_FOR_TEST(magazine_alloc_bulk);

/* ---- free ---- */

void magazine_flush(struct slabmod_cache *cache, struct slabmod_magazine *magazine,
		    unsigned int most)
{
	unsigned int local = min_t(unsigned int, magazine->local_top, most);
	unsigned int remote = min_t(unsigned int, magazine->nr_remote, most - local);

	magazine->local_top -= local;
	home_free(cache, &magazine->object[magazine->local_top + 1], local);
	magazine->nr_remote -= remote;
	home_free(cache, magazine_remote(magazine) + magazine->nr_remote, remote);
}

/*
 * Free some of the @nr objects at the top of a stack, but no more than one hold of a lock can do.
 * Return how many. Not in an NMI.
 */
static unsigned int flush_some(struct slabmod_cache *cache, void **objects, unsigned int nr)
{
	unsigned int left = home_free_some(cache, objects, nr), i;

	for (i = 0; i < left; i++)
		WRITE_ONCE(objects[i], objects[nr - left + i]);
	return nr - left;
}

/*
 * Return how many of the @nr objects below @end one hold of a lock should free: more if there are
 * neighbours on top, which are freed together.
 */
static unsigned int flush_at_once(const struct slabmod_cache *cache, void **end, unsigned int nr)
{
	const size_t run = 8 * cache->size;

	if (nr <= MAGAZINE_FLUSH_MOST)
		return nr;
	if (end[-1] == end[-9] + run || end[-9] == end[-1] + run)
		return min(nr, MAGAZINE_FLUSH_RUNS);
	return MAGAZINE_FLUSH_MOST;
}

/*
 * Flush what one hold of a lock frees. While that was in the home of another CPU, go on up to half
 * of the stack: the cache lines of that home are here now, and would move for each hold otherwise.
 */
static void flush_local(struct slabmod_cache *cache, struct slabmod_magazine *magazine)
{
	unsigned int left = half(magazine), top = magazine->local_top, nr, freed;

	do {
		nr = flush_at_once(cache, &magazine->object[top + 1], left);
		freed = flush_some(cache, &magazine->object[top - nr + 1], nr);
		/* Those of @nr that were not freed have moved. */
		note_places(cache, magazine, top - nr + 1, nr - freed);
		top -= freed;
		left -= freed;
	} while (left && home_is_elsewhere(cache, magazine->object[top]));
	magazine->local_top = top;
	stat_inc(cache->stats, EVENT_FLUSH);
	count_miss(cache, magazine);
}

/* The same for the remote stack, up to all of it. */
static void flush_remote(struct slabmod_cache *cache, struct slabmod_magazine *magazine)
{
	void **remote = magazine_remote(magazine);
	unsigned int left = magazine->nr_remote, nr;

	do {
		nr = flush_at_once(cache, remote + left, left);
		left -= flush_some(cache, remote + left - nr, nr);
	} while (left && home_is_elsewhere(cache, remote[left - 1]));
	magazine->nr_remote = left;
	stat_inc(cache->stats, EVENT_FLUSH_AWAY);
}

enum put { PUT_DONE, PUT_DOUBLE, PUT_NO_ROOM };

/* Return true if the slab is on the node of this CPU. A stale one may be on none. */
static bool slab_is_near(const struct slab *slab)
{
	struct chunk *chunk = slab_chunk(slab);

	return chunk && chunk->buddy->nid == source_near_node(numa_mem_id());
}

/* @slab has another home. Return true if this CPU may not allocate objects of it again. */
static bool is_foreign(const struct slabmod_cache *cache, const struct slab *slab)
{
	return cache->flags & CACHE_SHARES_LINES || !slab_is_near(slab);
}

static enum put put_local(struct slabmod_cache *cache, struct slabmod_magazine *magazine,
			  void *object)
{
	if (magazine->object[magazine->local_top] == object)
		return PUT_DOUBLE;
	if (magazine->local_top == magazine->capacity) {
		if (must_not_lock())
			return PUT_NO_ROOM;
		flush_local(cache, magazine);
	}
	magazine->object[++magazine->local_top] = object;
	note_places(cache, magazine, magazine->local_top, 1);
	return PUT_DONE;
}

static void add_remote(struct slabmod_magazine *magazine, void *object)
{
	magazine_remote(magazine)[magazine->nr_remote] = object;
	WRITE_ONCE(magazine->nr_remote, magazine->nr_remote + 1);
}

static enum put put_remote(struct slabmod_cache *cache, struct slabmod_magazine *magazine,
			   void *object)
{
	void **remote = magazine_remote(magazine);

	if (magazine->nr_remote && remote[magazine->nr_remote - 1] == object)
		return PUT_DOUBLE;
	if (magazine->nr_remote == magazine_remote_capacity(magazine->room)) {
		if (must_not_lock())
			return PUT_NO_ROOM;
		flush_remote(cache, magazine);
	}
	add_remote(magazine, object);
	return PUT_DONE;
}

void magazine_free_object(struct slabmod_cache *cache, struct slab *slab, void *object)
{
	enum put put = PUT_NO_ROOM;
	struct slabmod_magazine *magazine;
	bool local;

	preempt_disable();
	magazine = magazine_lock_local(cache);
	if (magazine) {
		/* Whether this CPU may allocate the object again. */
		local = !(cache->flags & CACHE_CHECK_HOME) ||
			READ_ONCE(slab->home) == raw_smp_processor_id() ||
			!is_foreign(cache, slab);
		if (local)
			put = put_local(cache, magazine, object);
		else
			put = put_remote(cache, magazine, object);
		magazine_unlock_local(magazine);
	}
	if (put == PUT_NO_ROOM) {
		stat_inc(cache->stats, EVENT_DIRECT);
		if (!home_free(cache, &object, 1))
			defer_free(cache, object);
	}
	preempt_enable();
	if (put == PUT_DOUBLE)
		report_misuse(MISUSE_DOUBLE_FREE, "%s: object %p was freed twice in a row",
			      cache->name, object);
}
EXPORT_SYMBOL_FOR_TEST(magazine_free_object);

/* Push an object to the remote stack. Return false if that is full, or the object is its last. */
static bool push_remote(struct slabmod_magazine *magazine, void *object)
{
	void **remote = magazine_remote(magazine) + magazine->nr_remote;

	/* Below the first is a local one, or what was one: the slow path knows more. */
	if (unlikely(magazine->nr_remote == magazine_remote_capacity(magazine->room) ||
		     remote[-1] == object))
		return false;
	add_remote(magazine, object);
	return true;
}

void magazine_free_away(struct slabmod_cache *cache, struct slab *slab, void *object)
{
	struct slabmod_magazine *magazine = this_cpu_ptr(READ_ONCE(cache->magazines));
	bool done = false;

	if (!is_foreign(cache, slab)) {
		done = slabmod_magazine_push(magazine, object);
	} else if (likely(magazine->room)) {
		done = slabmod_magazine_begin(magazine) >= 0 && push_remote(magazine, object);
		slabmod_magazine_end(magazine, 0);
	}
	if (unlikely(!done))
		magazine_free_object(cache, slab, object);
}
