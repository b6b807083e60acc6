// SPDX-License-Identifier: GPL-2.0
/*
 * cache.c - typed caches: slow paths of allocation and free, with every check.
 *
 * The fast paths are in cache.h and slabmod/fast.h, inlined into exported functions. The slow
 * paths are noinline, because inlined they cost the fast path a stack frame. Creation and
 * destruction of caches are in cache_list.c and cache_setup.c.
 *
 * Contexts: any. Locks: none of its own.
 */
#include <linux/cpumask.h>
#include <linux/kasan.h>
#include <linux/nodemask.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "buddy.h"
#include "buddy_walk.h"
#include "cache.h"
#include "cache_list.h"
#include "debug/debug.h"
#include "debug/debug_block.h"
#include "debug/leak.h"
#include "debug/quarantine.h"
#include "defer.h"
#include "depot.h"
#include "direct_reclaim.h"
#include "gfp.h"
#include "home.h"
#include "home_check.h"
#include "home_walk.h"
#include "magazine_drain.h"
#include "magazine_set.h"
#include "report.h"
#include "source.h"

/* ---- allocation ---- */

static bool alloc_refused(struct slabmod_cache *cache, gfp_t *gfp, int nid)
{
	/* __GFP_NOFAIL is limited by the pages of an object, red zones included. */
	if (gfp_refused(cache->name, cache->source, gfp, cache->size + cache->tail))
		return true;
	if (*gfp & __GFP_ZERO && cache->ctor)
		report_misuse(MISUSE_BAD_GFP,
			      "%s: __GFP_ZERO makes no sense, the cache has a constructor",
			      cache->name);
	return nid != NUMA_NO_NODE && node_refused(cache->name, nid);
}

/* Memory is short: use partly used cache lines, then reclaim. */
static noinline void *alloc_with_reclaim(struct slabmod_cache *cache, gfp_t gfp)
{
	void *object = magazine_alloc_object(cache, true);
	unsigned int round;

	for (round = 0; !object && direct_reclaim(cache->pool, cache, gfp, round); round++) {
		object = magazine_alloc_object(cache, true);
		if (!object)
			object = magazine_alloc_from_new_slab(cache, gfp);
	}
	return object;
}

/* Refill the magazine from existing slabs, from a new slab, or after reclaim. */
static void *alloc_object(struct slabmod_cache *cache, gfp_t gfp)
{
	void *object;

	if (unlikely(!magazine_has_own(cache)))
		magazine_enable(cache, gfp);
	object = magazine_alloc_object(cache, false);
	if (object)
		return object;
	/* Free objects of other nodes are preferred to pages of other nodes. */
	if (nr_online_nodes > 1 && !(gfp & __GFP_THISNODE)) {
		object = magazine_alloc_from_new_slab(cache, gfp_easy(gfp) | __GFP_THISNODE);
		if (!object)
			object = magazine_alloc_other_nodes(cache);
	}
	if (!object)
		object = magazine_alloc_from_new_slab(cache, gfp);
	/* With the flags of the caller, not those of the first attempt. */
	buddy_note_request(&cache->buddies[source_nid(cache->source)], gfp);
	return object ?: alloc_with_reclaim(cache, gfp);
}

static void *alloc_near(struct slabmod_cache *cache, gfp_t gfp)
{
	void *object;

	if (slabmod_magazine_pop(&cache->magazines, &object))
		return object;
	return alloc_object(cache, gfp);
}

static void *alloc_on_node(struct slabmod_cache *cache, gfp_t gfp, int nid)
{
	void *object = magazine_alloc_on_node(cache, gfp, nid);
	unsigned int round;

	if (!object && !(gfp & __GFP_THISNODE))
		return alloc_object(cache, gfp);
	for (round = 0; !object && source_serves(cache->source, nid); round++) {
		if (!direct_reclaim(cache->pool, cache, gfp, round))
			break;
		object = magazine_alloc_on_node(cache, gfp, nid);
	}
	return object;
}

/* Prepare an object for the caller: mark, clear, track. */
static void *post_alloc(struct slabmod_cache *cache, void *object, gfp_t gfp, size_t requested,
			bool clear)
{
	if (unlikely(!object)) {
		stat_inc(cache->stats, EVENT_ALLOC_FAIL);
		report_no_memory(cache->name, cache->source, requested ?: cache->usable, gfp);
		return NULL;
	}
	if (unlikely(cache->flags & CACHE_DEBUG))
		return debug_alloc(cache, object, requested, gfp, clear);
	if (unlikely(strict_is_on(cache)))
		strict_set(strict_place_of(cache, object));
	if (clear)
		slabmod_clear(object, cache->usable);
	if (leak_tracks(cache))
		leak_note_alloc(object, cache->usable, gfp);
	return object;
}

static bool wants_init(struct slabmod_cache *cache, gfp_t gfp)
{
	/* As in SLUB: constructed objects are not cleared if init_on_alloc is set. */
	if (cache->ctor && want_init_on_alloc(0))
		return false;
	return gfp & __GFP_ZERO || magazine_clears(cache);
}

noinline void *cache_alloc_slow(struct slabmod_cache *cache, gfp_t gfp, int nid, size_t requested)
{
	void *object;

	if (alloc_refused(cache, &gfp, nid))
		return NULL;
	might_alloc(gfp);
	if (nid == NUMA_NO_NODE && gfp & __GFP_THISNODE)
		nid = numa_mem_id();
	if (nid == NUMA_NO_NODE || (nid == numa_mem_id() && !(gfp & __GFP_THISNODE)))
		object = alloc_near(cache, gfp);
	else
		object = alloc_on_node(cache, gfp, nid);
	return post_alloc(cache, object, gfp, requested, wants_init(cache, gfp));
}

/* The magazine is empty, or the object must be cleared or tracked. */
static noinline void *alloc_slow(struct slabmod_cache *cache, gfp_t gfp, size_t requested)
{
	bool clear = magazine_clears(cache);
	void *object;

	if (clear || leak_tracks(cache))
		object = alloc_near(cache, gfp);
	else
		object = alloc_object(cache, gfp);
	return post_alloc(cache, object, gfp, requested, clear);
}

/* Pop an object that only has to be cleared. */
static __always_inline bool pop_to_clear(struct slabmod_cache *cache, void **object)
{
	return !(cache->flags & CACHE_STRICT) && !leak_tracks(cache) &&
	       likely(slabmod_magazine_pop(&cache->magazines, object));
}

noinline void *cache_alloc_special(struct slabmod_cache *cache, gfp_t gfp, size_t requested)
{
	void *object;

	if (likely(!(gfp & ~(SLABMOD_GFP_PLAIN | __GFP_ZERO)) && !cache->ctor)) {
		cache_may_alloc(gfp);
		if (pop_to_clear(cache, &object))
			return slabmod_clear(object, cache->usable);
	}
	return cache_alloc_slow(cache, gfp, NUMA_NO_NODE, requested);
}

noinline void *cache_alloc_easily(struct slabmod_cache *cache, gfp_t gfp, size_t requested)
{
	void *object;

	gfp = gfp_easy(gfp);
	if (slabmod_magazine_pop(&cache->fastpath.magazines, &object))
		return object;
	if (alloc_refused(cache, &gfp, NUMA_NO_NODE))
		return NULL;
	object = alloc_near(cache, gfp);
	return object ? post_alloc(cache, object, gfp, requested, wants_init(cache, gfp)) : NULL;
}

/* Every allocation of a strict cache calls this. Its fast path saves no registers. */
noinline void *__slabmod_cache_refill(struct slabmod_cache *cache, gfp_t gfp, size_t requested)
{
	void *object;

	/* If the kernel clears memory, every allocation comes here. */
	if (magazine_clears(cache) && pop_to_clear(cache, &object))
		return slabmod_clear(object, cache->usable);
	if (strict_is_on(cache) && !leak_tracks(cache) &&
	    likely(strict_alloc(cache, &object)))
		return magazine_clears(cache) ? slabmod_clear(object, cache->usable) : object;
	return alloc_slow(cache, gfp, requested);
}
EXPORT_SYMBOL_SLABMOD(__slabmod_cache_refill);

void *__slabmod_cache_alloc(struct slabmod_cache *cache, gfp_t gfp, size_t requested)
{
	return cache_alloc(cache, gfp, requested);
}
EXPORT_SYMBOL_SLABMOD(__slabmod_cache_alloc);

void *slabmod_cache_alloc_node(struct slabmod_cache *cache, gfp_t gfp, int node)
{
	return cache_alloc_node(cache, gfp, node, 0);
}
EXPORT_SYMBOL_SLABMOD(slabmod_cache_alloc_node);

/* Allocate what exists, then create slabs, by allocating one object of each. */
static size_t alloc_bulk(struct slabmod_cache *cache, gfp_t gfp, size_t nr, void **objects)
{
	size_t got = magazine_alloc_bulk(cache, nr, objects);

	while (got < nr) {
		objects[got] = alloc_object(cache, gfp);
		if (!objects[got])
			break;
		got++;
		got += magazine_alloc_bulk(cache, nr - got, objects + got);
	}
	return got;
}

size_t slabmod_cache_alloc_bulk(struct slabmod_cache *cache, gfp_t gfp, size_t nr, void **objects)
{
	size_t got, i;
	bool clear;

	if (alloc_refused(cache, &gfp, NUMA_NO_NODE))
		return 0;
	might_alloc(gfp);
	got = alloc_bulk(cache, gfp, nr, objects);
	clear = got == nr && wants_init(cache, gfp);
	if (unlikely(clear || cache->flags & (CACHE_DEBUG | CACHE_STRICT) || leak_tracks(cache)))
		for (i = 0; i < got; i++)
			objects[i] = post_alloc(cache, objects[i], gfp, 0, clear);
	if (got == nr)
		return nr;
	stat_inc(cache->stats, EVENT_ALLOC_FAIL);
	report_no_memory(cache->name, cache->source, nr * cache->usable, gfp);
	slabmod_cache_free_bulk(cache, got, objects);
	return 0;
}
EXPORT_SYMBOL_SLABMOD(slabmod_cache_alloc_bulk);

/* ---- free ---- */

/* The caller's address is behind the left red zone. */
static __always_inline u64 index_of(struct slabmod_cache *cache, struct slab *slab,
				    const void *object)
{
	return slab_object_index(cache, slab, object - cache->lead);
}

static bool starts_object(struct slabmod_cache *cache, struct slab *slab, const void *object)
{
	return index_of(cache, slab, object) < slab_objects(cache, slab);
}

void cache_print_object(const void *addr)
{
	struct frame *frame = chunk_frame(addr);
	struct slabmod_cache *cache = frame ? frame_cache(frame) : NULL;
	void *block;

	if (cache) {
		debug_print_object(cache, addr);
		return;
	}
	block = buddy_block_of(addr);
	if (block)
		debug_block_print(block);
}

void cache_report_bad_free(const char *caller, const void *addr)
{
	struct frame *frame = chunk_frame(addr);
	struct slab *slab = frame ? frame_slab(frame) : NULL;
	struct slabmod_cache *cache = slab ? slab_cache(slab) : NULL;
	struct frame *first;
	void *block;
	bool said;

	if (!frame) {
		report_misuse(MISUSE_BAD_FREE, "%s: %p is not slabmod's, but %s", caller, addr,
			      report_describe(addr));
		return;
	}
	block = cache ? NULL : buddy_block_of(addr);
	first = block ? chunk_frame(block) : NULL;
	if (cache && starts_object(cache, slab, addr))
		said = report_misuse(MISUSE_DOUBLE_FREE, "%s: object %p of %s is free already",
				     caller, addr, cache->name);
	else if (cache)
		said = report_misuse(MISUSE_INNER_FREE, "%s: at %p starts no object of %s", caller,
				     addr, cache->name);
	else if (first && frame_state(first) == FRAME_PAGES)
		said = report_misuse(MISUSE_INNER_FREE, "%s: %p is inside a block of %u pages",
				     caller, addr, frame_nr_pages(first));
	else
		said = report_misuse(MISUSE_DOUBLE_FREE, "%s: %p is in a block that is free",
				     caller, addr);
	if (said)
		cache_print_object(addr);
}

/* Objects in magazines count as in use, unless strict or debug mode knows better. */
static bool is_free(struct slabmod_cache *cache, struct slab *slab, const void *object)
{
	u64 index = index_of(cache, slab, object);

	if (unlikely(strict_is_on(cache)))
		return !strict_is_out(slab, index);
	if (test_bit(index, slab->free))
		return true;
	return unlikely(cache->flags & CACHE_DEBUG) && !debug_is_live(cache, slab, object);
}

struct found cache_find(const void *address)
{
	struct found found = { .frame = chunk_frame(address) };

	if (!found.frame)
		return found;
	found.slab = frame_slab(found.frame);
	found.cache = found.slab ? slab_cache(found.slab) : NULL;
	if (found.cache) {
		if (starts_object(found.cache, found.slab, address) &&
		    !is_free(found.cache, found.slab, address))
			found.size = found.cache->usable;
	} else if (frame_state(found.frame) == FRAME_PAGES && !offset_in_page(address)) {
		found.size = (size_t)frame_nr_pages(found.frame) << PAGE_SHIFT;
	}
	return found;
}

static void free_debugged(struct slabmod_cache *cache, struct slab *slab, void *object)
{
	struct debug_track *track = debug_free(cache, slab, object);

	if (track)
		quarantine_put(cache, track);
}

static void free_checked(struct slabmod_cache *cache, void *object)
{
	struct found found = cache_find(object);

	if (found.cache && found.cache != cache) {
		if (report_misuse(MISUSE_WRONG_CACHE, "%s: %p is an object of %s", cache->name,
				  object, found.cache->name))
			cache_print_object(object);
		return;
	}
	if (!found.cache || !found.size) {
		cache_report_bad_free(cache->name, object);
		return;
	}
	if (unlikely(cache->flags & CACHE_DEBUG)) {
		free_debugged(cache, found.slab, object);
		return;
	}
	if (unlikely(strict_is_on(cache)) &&
	    !strict_clear(strict_place(found.slab, index_of(cache, found.slab, object)))) {
		/* Another CPU frees it at the same time. */
		cache_report_bad_free(cache->name, object);
		return;
	}
	if (leak_tracks(cache))
		leak_note_free(object);
	if (want_init_on_free() && !slab_keeps_state(cache))
		slabmod_clear(object, cache->usable);
	magazine_free_object(cache, found.slab, object);
}

noinline void cache_free_slow(struct slabmod_cache *cache, void *object)
{
	if (!object)
		return;
	/* A wrong address may be in a chunk that is being freed. */
	rcu_read_lock();
	free_checked(cache, object);
	rcu_read_unlock();
}

noinline void cache_free_full(struct slabmod_cache *cache, void *object)
{
	struct slab *slab = frame_slab(chunk_frame_fast(chunk_offset(object)));

	/* If it is freed twice at the same time, the slab may be gone. */
	if (!slab || slab_cache(slab) != cache || is_free(cache, slab, object))
		cache_report_bad_free(cache->name, object);
	else
		magazine_free_object(cache, slab, object);
}

noinline void cache_free_away(struct slabmod_cache *cache, struct slab *slab, void *object)
{
	if (unlikely(test_bit(cache_offset_index(cache, chunk_offset(object)), slab->free)))
		cache_report_bad_free(cache->name, object);
	else
		magazine_free_away(cache, slab, object);
}

noinline void cache_free_cleared(struct slabmod_cache *cache, void *object)
{
	magazine_free_object(cache, frame_slab(chunk_frame_fast(chunk_offset(object))), object);
}

void slabmod_cache_free(struct slabmod_cache *cache, void *object)
{
	unsigned long offset = chunk_offset(object);
	struct slab *slab;

	object = kasan_reset_tag(object);
	preempt_disable();
	slab = READ_ONCE(chunk_frame_fast(offset)->slab);
	if (likely(slab->cache == cache) &&
	    likely(cache_free_fast(cache, slab, offset, object))) {
		preempt_enable();
		return;
	}
	preempt_enable();
	cache_free_slow(cache, object);
}
EXPORT_SYMBOL_SLABMOD(slabmod_cache_free);

/*
 * Push objects into this CPU's magazine, until it is full or the next one needs more checks.
 * Objects of one page are looked up once. Return how many. Preemption is off.
 */
static size_t free_bulk_fast(struct slabmod_cache *cache, size_t nr, void **objects)
{
	struct slabmod_magazine *mine = this_cpu_ptr(READ_ONCE(cache->magazines));
	long top = slabmod_magazine_begin(mine);
	size_t room = top < 0 ? 0 : min_t(size_t, nr, mine->capacity - top), i;
	void **to = &mine->object[max(top, 0l)];
	unsigned long page = ~0ul, offset;
	struct slab *slab = NULL;

	for (i = 0; i < room; i++) {
		void *object = kasan_reset_tag(objects[i]);

		offset = chunk_offset(object);
		if (unlikely((offset ^ page) >= PAGE_SIZE)) {
			page = offset & PAGE_MASK;
			slab = READ_ONCE(chunk_frame_fast(offset)->slab);
			if (READ_ONCE(slab->cache) != cache)
				break;
		}
		if (unlikely(cache_free_check(cache, mine, slab, offset, object, false) !=
			     FREE_MAY_PUSH || *to == object))
			break;
		*++to = object;
	}
	slabmod_magazine_end(mine, i);
	return i;
}

void slabmod_cache_free_bulk(struct slabmod_cache *cache, size_t nr, void **objects)
{
	size_t done;

	while (nr) {
		preempt_disable();
		done = free_bulk_fast(cache, nr, objects);
		preempt_enable();
		objects += done;
		nr -= done;
		/* Magazine full, or the object needs more checks: use the single-object path. */
		if (nr) {
			slabmod_cache_free(cache, *objects++);
			nr--;
		}
	}
}
EXPORT_SYMBOL_SLABMOD(slabmod_cache_free_bulk);

unsigned int slabmod_cache_size(const struct slabmod_cache *cache)
{
	return cache->usable;
}
EXPORT_SYMBOL_SLABMOD(slabmod_cache_size);

/* ---- shrinking, counts, checks ---- */

unsigned long slabmod_cache_shrink(struct slabmod_cache *cache)
{
	unsigned long before = home_pages(cache), after;

	defer_sync();
	quarantine_drain(cache, ULONG_MAX);
	magazine_drain_all(cache);
	home_shrink(cache);
	after = home_pages(cache);
	return before > after ? before - after : 0;
}
EXPORT_SYMBOL_SLABMOD(slabmod_cache_shrink);

unsigned long cache_cached_objects(struct slabmod_cache *cache)
{
	return magazine_count(cache) + quarantine_count(cache);
}

unsigned long cache_used(struct slabmod_cache *cache)
{
	long used = home_totals(cache).inuse - cache_cached_objects(cache);

	return max(used, 0l);
}
EXPORT_SYMBOL_FOR_TEST(cache_used);

unsigned long cache_outstanding(struct slabmod_cache *cache)
{
	return max(home_totals(cache).inuse, 0l);
}

size_t cache_struct_size(const struct slabmod_cache *cache)
{
	return ksize(cache);
}

size_t cache_metadata(const struct slabmod_cache *cache)
{
	return cache_struct_size(cache) + magazine_metadata(cache) + debug_cache_metadata(cache);
}
EXPORT_SYMBOL_FOR_TEST(cache_metadata);

/* Totals of a walk over all slabs of a cache. */
struct slab_census {
	struct slabmod_cache *cache;
	long slabs;
	long inuse;
	bool ok;
};

static void count_slab(void *block, struct frame *frame, void *arg)
{
	struct slab_census *census = arg;
	struct slab *slab = frame_slab(frame);

	if (!slab || slab_cache(slab) != census->cache)
		return;
	census->slabs++;
	census->inuse += slab->inuse;
	census->ok &= slab_check(census->cache, slab);
}

static bool check_slabs(struct slabmod_cache *cache)
{
	struct home_totals totals = home_totals(cache);
	struct slab_census census = { .cache = cache, .ok = true };
	int nid;

	for_each_node(nid)
		buddy_walk(&cache->buddies[nid], count_slab, &census);
	if (census.slabs != totals.slabs || census.inuse != totals.inuse) {
		report_broken("%s: homes count %ld slabs and %ld objects, there are %ld and %ld",
			      cache->name, totals.slabs, totals.inuse, census.slabs, census.inuse);
		census.ok = false;
	}
	return census.ok;
}

bool cache_check(struct slabmod_cache *cache)
{
	bool ok = magazine_check(cache);

	if (cache->flags & CACHE_BLOCKS) {
		ok &= depot_check(cache);
	} else {
		ok &= check_slabs(cache);
		ok &= home_check(cache);
	}
	return ok;
}
EXPORT_SYMBOL_FOR_TEST(cache_check);
