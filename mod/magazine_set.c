// SPDX-License-Identifier: GPL-2.0
/*
 * magazine_set.c - the magazines of a cache: creation, resizing, counts.
 *
 * All magazines of a cache have the same room. They are created with a typed cache, or by the
 * first allocation of a size class, and start small. They are replaced by larger ones if one of
 * them is refilled or flushed often, and by magazine_none when they are unused.
 *
 * Contexts: process, may sleep; magazine_enable(): any. Locks: resize_lock, raw, guards
 * cache->magazines. Old magazines are freed after a grace period: users have preemption off since
 * before they looked the magazines up.
 */
#include <linux/cpumask.h>
#include <linux/rcupdate.h>
#include <linux/sched/mm.h>

#include "block_magazine.h"
#include "chunk.h"
#include "debug/fault.h"
#include "gfp.h"
#include "home.h"
#include "magazine.h"
#include "magazine_drain.h"
#include "magazine_set.h"
#include "report.h"
#include "source.h"
#include "strict.h"

/* The factor of a resize. */
#define GROW_FACTOR	8u

unsigned int magazine_bytes = MAGAZINE_BYTES_DEFAULT;

struct slabmod_magazine __percpu *magazine_none;
static DEFINE_RAW_SPINLOCK(resize_lock);

/* ---- creation ---- */

static size_t magazine_size(const struct slabmod_cache *cache, unsigned int capacity)
{
	unsigned int nr_remote = 0;

	/* The places of bits start at a fixed entry. */
	if (strict_is_on(cache))
		return struct_bytes(struct slabmod_magazine, object, STRICT_PLACES + 1 + capacity);
	/* The frame of each block is beside it. */
	if (cache->flags & CACHE_BLOCKS)
		capacity *= 2;
	else if (cache->flags & CACHE_CHECK_HOME)
		nr_remote = magazine_remote_capacity(capacity);
	return struct_bytes(struct slabmod_magazine, object, 1 + capacity + nr_remote);
}

/* Bytes of one CPU's magazine. */
static size_t size_per_cpu(const struct slabmod_cache *cache,
			   struct slabmod_magazine __percpu *magazines)
{
	return magazine_size(cache, per_cpu_ptr(magazines, 0)->room);
}

static void count_metadata(struct slabmod_cache *cache, long bytes)
{
	source_count_metadata(cache->source, num_possible_cpus() * bytes);
}

static struct slab_home __percpu *alloc_homes(gfp_t gfp)
{
	struct slab_home __percpu *homes;
	unsigned int cpu;

	homes = fault_alloc_percpu(FAULT_HOMES, sizeof(*homes), __alignof__(*homes), gfp);
	if (homes)
		for_each_possible_cpu(cpu)
			home_init(per_cpu_ptr(homes, cpu));
	return homes;
}

/* Homes are created first: a CPU that finds magazines must find homes. */
static bool enable_homes(struct slabmod_cache *cache, gfp_t gfp)
{
	struct slab_home __percpu *homes;

	if (home_percpu(cache))
		return true;
	homes = alloc_homes(gfp);
	if (!homes)
		return false;
	if (cmpxchg_release(&cache->homes, NULL, homes))
		free_percpu(homes);
	else
		count_metadata(cache, sizeof(struct slab_home));
	return true;
}

/*
 * Whether a magazine of the usual bytes would have few objects. Then it is created as large as it
 * may be, and holds less at first: the room is small beside the objects.
 */
static bool is_large(const struct slabmod_cache *cache)
{
	return !(cache->flags & CACHE_BLOCKS) && !strict_is_on(cache) &&
	       cache->size * MAGAZINE_START > magazine_bytes;
}

static struct slabmod_magazine __percpu *magazines_create(struct slabmod_cache *cache,
							  unsigned int capacity, gfp_t gfp)
{
	struct slabmod_magazine __percpu *magazines;
	unsigned int cpu;

	magazines = fault_alloc_percpu(FAULT_MAGAZINES, magazine_size(cache, capacity),
				       SMP_CACHE_BYTES, gfp);
	if (!magazines)
		return NULL;
	leak_hide_percpu(magazines);
	for_each_possible_cpu(cpu) {
		struct slabmod_magazine *magazine = per_cpu_ptr(magazines, cpu);

		magazine->cpu = cpu;
		magazine->room = capacity;
		magazine->capacity = is_large(cache) ? min(capacity, MAGAZINE_START) : capacity;
		if (cache->flags & CACHE_BLOCKS)
			block_magazine_reset(cache, magazine);
	}
	return magazines;
}

/* Replace the magazines of a cache and return the old ones. resize_lock is held. */
static struct slabmod_magazine __percpu *set_magazines(struct slabmod_cache *cache,
						       struct slabmod_magazine __percpu *new)
{
	struct slabmod_magazine __percpu *old = cache->magazines;

	/* They are initialized before another CPU can find them. */
	smp_store_release(&cache->magazines, new);
	/* The inlined fast path must not find magazines if objects need more work. */
	smp_store_release(&cache->fastpath.magazines,
			  magazine_is_hidden(cache) ? magazine_none : new);
	/* The ager runs as long as a cache has magazines. */
	if (!(cache->flags & CACHE_BLOCKS))
		home_set_keep(cache, new != magazine_none);
	return old;
}

bool magazine_enable(struct slabmod_cache *cache, gfp_t gfp)
{
	struct slabmod_magazine __percpu *magazines;
	unsigned long flags;
	long bytes;
	bool mine;

	if (cache->flags & CACHE_DEBUG || !gfp_may_call_kernel())
		return false;
	/*
	 * A caller that may not enter file systems must not wait for the mutex of the per-CPU
	 * allocator: its holder may wait for a file system.
	 */
	gfp = current_gfp_context(gfp);
	if ((gfp & GFP_KERNEL) != GFP_KERNEL || current->flags & PF_MEMALLOC)
		gfp = GFP_NOWAIT;
	gfp = (gfp & GFP_KERNEL) | __GFP_NOWARN;
	if (!(cache->flags & CACHE_BLOCKS) && !enable_homes(cache, gfp))
		return false;
	magazines = magazines_create(cache, cache->capacity, gfp);
	if (!magazines)
		return false;
	/* Once they are visible they may be resized and freed. */
	bytes = size_per_cpu(cache, magazines);
	count_metadata(cache, bytes);
	raw_spin_lock_irqsave(&resize_lock, flags);
	mine = cache->magazines == magazine_none;
	if (mine)
		set_magazines(cache, magazines);
	raw_spin_unlock_irqrestore(&resize_lock, flags);
	if (!mine) {
		count_metadata(cache, -bytes);
		free_percpu(magazines);
		return true;
	}
	/* The worker scans them periodically. */
	source_kick_worker(cache->source);
	return true;
}
EXPORT_SYMBOL_FOR_TEST(magazine_enable);

size_t magazine_metadata(const struct slabmod_cache *cache)
{
	size_t size = 0;

	if (cache->homes)
		size += sizeof(struct slab_home);
	rcu_read_lock();
	if (magazine_has_own(cache))
		size += size_per_cpu(cache, READ_ONCE(cache->magazines));
	rcu_read_unlock();
	return size * num_possible_cpus();
}
EXPORT_SYMBOL_FOR_TEST(magazine_metadata);

/**
 * magazine_disable() - free what magazine_enable() made
 * @cache: an empty cache that is not in use
 *
 * The caller has subtracted magazine_metadata() from that of the source, which may be gone.
 */
void magazine_disable(struct slabmod_cache *cache)
{
	if (magazine_has_own(cache))
		free_percpu(cache->magazines);
	cache->fastpath.magazines = magazine_none;
	cache->magazines = magazine_none;
	free_percpu(cache->homes);
	cache->homes = NULL;
}
EXPORT_SYMBOL_FOR_TEST(magazine_disable);

static unsigned int start_capacity(const struct slabmod_cache *cache)
{
	if (is_large(cache))
		return cache->capacity_max;
	return min(cache->flags & CACHE_BLOCKS ? MAGAZINE_START_BLOCKS : MAGAZINE_START,
		   cache->capacity_max);
}

/* A part of the pool's limit, for each CPU. If there is a reserve, others must find most of it. */
static unsigned long share_of_pool(const struct slabmod_cache *cache)
{
	const struct chunk_source *source = cache->source;

	return (source->reserve ?: source->limit) / num_possible_cpus() / MAGAZINE_LIMIT_SHARE;
}

/* Return @bytes, but no more than the share. */
static unsigned int shared_bytes(const struct slabmod_cache *cache, unsigned int bytes)
{
	return min_t(unsigned long, bytes >> PAGE_SHIFT, share_of_pool(cache)) << PAGE_SHIFT;
}

static unsigned int block_capacity(const struct slabmod_cache *cache)
{
	unsigned int bytes = shared_bytes(cache, magazine_bytes * MAGAZINE_PAGES_FACTOR);

	return clamp(bytes / cache->size, 1u, MAGAZINE_MAX_BLOCKS);
}

static unsigned int object_capacity(const struct slabmod_cache *cache)
{
	unsigned int large = shared_bytes(cache, MAGAZINE_LARGE_FACTOR * magazine_bytes) /
			     cache->size;

	return clamp(magazine_bytes / cache->size, clamp(large, MAGAZINE_MIN, MAGAZINE_LARGE),
		     MAGAZINE_MAX);
}

void magazine_setup(struct slabmod_cache *cache)
{
	cache->fastpath.magazines = magazine_none;
	cache->magazines = magazine_none;
	cache->homes = NULL;
	if (!(cache->flags & CACHE_BLOCKS))
		home_set_keep(cache, false);
	cache->capacity_max = cache->flags & CACHE_BLOCKS ? block_capacity(cache) :
							    object_capacity(cache);
	if (strict_is_on(cache))
		cache->capacity_max = min(cache->capacity_max, STRICT_MAGAZINE);
	cache->capacity = start_capacity(cache);
}
EXPORT_SYMBOL_FOR_TEST(magazine_setup);

/* ---- scans and resizing ---- */

/* Call @fn for the magazine of each CPU, old ones included. */
static void visit_magazines(struct slabmod_cache *cache,
			    void (*fn)(struct slabmod_magazine *magazine, void *arg), void *arg)
{
	struct slabmod_magazine __percpu *magazines;
	unsigned int cpu;

	rcu_read_lock();
	magazines = READ_ONCE(cache->magazines);
	if (magazines != magazine_none)
		for_each_possible_cpu(cpu)
			fn(per_cpu_ptr(magazines, cpu), arg);
	magazines = READ_ONCE(cache->old_magazines);
	if (magazines)
		for_each_possible_cpu(cpu)
			fn(per_cpu_ptr(magazines, cpu), arg);
	rcu_read_unlock();
}

static void scan_idle(struct slabmod_magazine *magazine, void *arg)
{
	struct slabmod_cache *cache = arg;
	/* Changes with every allocation and every free, and with both together. */
	u32 now = 2 * READ_ONCE(magazine->allocs) + magazine_nr_objects(magazine);

	if (now != magazine->seen)
		WRITE_ONCE(magazine->idle, 0);
	else if (magazine->idle < U16_MAX)
		WRITE_ONCE(magazine->idle, magazine->idle + 1);
	magazine->seen = now;
	if (cache->flags & CACHE_BLOCKS)
		block_magazine_age(cache, magazine);
	WRITE_ONCE(magazine->misses, 0);
}

void magazine_scan_idle(struct slabmod_cache *cache)
{
	visit_magazines(cache, scan_idle, cache);
}
EXPORT_SYMBOL_FOR_TEST(magazine_scan_idle);

struct survey {
	const struct slabmod_cache *cache;
	unsigned int idle;
	unsigned int number;
	unsigned int misses;		/* of the magazine with most */
	bool stale, in_use;
};

static void add_survey(struct slabmod_magazine *magazine, void *arg)
{
	unsigned int objects = magazine_nr_objects(magazine);
	struct survey *survey = arg;

	survey->number++;
	survey->stale |= magazine_is_stale(survey->cache, magazine, survey->idle);
	survey->in_use |= objects || magazine->idle < survey->idle;
	/* Of blocks, a magazine may hold less than it has room for. */
	if (READ_ONCE(magazine->capacity) == magazine->room)
		survey->misses = max_t(unsigned int, survey->misses, READ_ONCE(magazine->misses));
}

static struct survey survey(struct slabmod_cache *cache, unsigned int idle)
{
	struct survey survey = { .cache = cache, .idle = idle };

	visit_magazines(cache, add_survey, &survey);
	return survey;
}

bool magazine_has_idle_objects(struct slabmod_cache *cache, unsigned int idle)
{
	return survey(cache, idle).stale;
}
EXPORT_SYMBOL_FOR_TEST(magazine_has_idle_objects);

bool magazine_is_unused(struct slabmod_cache *cache, unsigned int idle)
{
	const struct survey s = survey(cache, idle);

	return s.number && !s.in_use;
}
EXPORT_SYMBOL_FOR_TEST(magazine_is_unused);

bool magazine_wants_larger(struct slabmod_cache *cache)
{
	return survey(cache, 0).misses >= magazine_many_misses(cache) &&
	       cache->capacity < cache->capacity_max;
}
EXPORT_SYMBOL_FOR_TEST(magazine_wants_larger);

bool magazine_resize(struct slabmod_cache *cache, bool more)
{
	unsigned int capacity = min(cache->capacity * GROW_FACTOR, cache->capacity_max);
	struct slabmod_magazine __percpu *new = magazine_none;
	unsigned long flags;

	if (!magazine_has_own(cache))
		return false;
	if (more) {
		new = magazines_create(cache, capacity, GFP_KERNEL | __GFP_NOWARN);
		if (!new)
			return false;
		count_metadata(cache, size_per_cpu(cache, new));
	}
	raw_spin_lock_irqsave(&resize_lock, flags);
	cache->capacity = more ? capacity : start_capacity(cache);
	WRITE_ONCE(cache->old_magazines, set_magazines(cache, new));
	raw_spin_unlock_irqrestore(&resize_lock, flags);
	return true;
}
EXPORT_SYMBOL_FOR_TEST(magazine_resize);

void magazine_flush_old(struct slabmod_cache *cache)
{
	struct slabmod_magazine __percpu *old = cache->old_magazines;
	unsigned int cpu;

	if (!old)
		return;
	for_each_possible_cpu(cpu) {
		struct slabmod_magazine *magazine = per_cpu_ptr(old, cpu);

		magazine_empty_unused(cache, magazine);
		atomic_long_add(magazine->allocs, &cache->allocs);
		WRITE_ONCE(magazine->allocs, 0);
	}
	WRITE_ONCE(cache->old_magazines, NULL);
	cache->dead_magazines = old;
}
EXPORT_SYMBOL_FOR_TEST(magazine_flush_old);

void magazine_free_old(struct slabmod_cache *cache)
{
	struct slabmod_magazine __percpu *dead = cache->dead_magazines;

	if (!dead)
		return;
	count_metadata(cache, -(long)size_per_cpu(cache, dead));
	cache->dead_magazines = NULL;
	free_percpu(dead);
}
EXPORT_SYMBOL_FOR_TEST(magazine_free_old);

/* ---- counts and checks ---- */

static void add_count(struct slabmod_magazine *magazine, void *arg)
{
	*(unsigned long *)arg += magazine_nr_objects(magazine);
}

unsigned long magazine_count(struct slabmod_cache *cache)
{
	unsigned long count = 0;

	visit_magazines(cache, add_count, &count);
	return count;
}
EXPORT_SYMBOL_FOR_TEST(magazine_count);

static void add_allocs(struct slabmod_magazine *magazine, void *arg)
{
	*(unsigned long *)arg += READ_ONCE(magazine->allocs);
}

unsigned long magazine_allocs(struct slabmod_cache *cache)
{
	unsigned long count = atomic_long_read(&cache->allocs);

	visit_magazines(cache, add_allocs, &count);
	return count;
}
EXPORT_SYMBOL_FOR_TEST(magazine_allocs);

/* Invariant: an object in a magazine is in use as far as its slab is concerned. */
static bool check_entry(struct slabmod_cache *cache, void *object)
{
	struct frame *frame = chunk_frame(object);
	struct slab *slab = frame ? frame_slab(frame) : NULL;

	if (cache->flags & CACHE_BLOCKS) {
		if (frame && frame->use == &cache->uses[USE_CLAIMED])
			return true;
		report_broken("%s: a magazine has the block %p, which is not the cache's",
			      cache->name, object);
		return false;
	}
	if (slab && slab_cache(slab) == cache) {
		u64 index = slab_object_index(cache, slab, object);

		if (index < slab_objects(cache, slab) && !test_bit(index, slab->free))
			return true;
	}
	report_broken("%s: a magazine has %p, which is not an object of the cache in use",
		      cache->name, object);
	return false;
}

static bool check_magazine(struct slabmod_cache *cache, struct slabmod_magazine *magazine)
{
	bool ok = true;
	u32 i;

	/* Without its sign, the count of a busy magazine is above its room. */
	if (magazine->object[0] || (unsigned long)magazine->top > magazine->room ||
	    magazine->capacity > magazine->room ||
	    magazine->nr_remote > magazine_remote_capacity(magazine->room)) {
		report_broken("%s: a magazine of %lu of %u has %#lx local and %u remote objects",
			      cache->name, magazine->capacity, magazine->room, magazine->top,
			      magazine->nr_remote);
		return false;
	}
	for (i = 1; i <= magazine->top; i++)
		ok &= check_entry(cache, cache->flags & CACHE_BLOCKS ?
					 magazine_blocks(magazine)[i - 1].block :
					 magazine->object[i]);
	for (i = 0; i < magazine->nr_remote; i++)
		ok &= check_entry(cache, magazine_remote(magazine)[i]);
	return ok;
}

bool magazine_check(struct slabmod_cache *cache)
{
	unsigned int cpu;
	bool ok = true;

	for_each_possible_cpu(cpu)
		ok &= check_magazine(cache, per_cpu_ptr(cache->magazines, cpu));
	return ok;
}
EXPORT_SYMBOL_FOR_TEST(magazine_check);

/* ---- module ---- */

int magazine_init(void)
{
	magazine_none = fault_alloc_percpu(FAULT_EMPTY,
					   struct_bytes(struct slabmod_magazine, object, 1),
					   SMP_CACHE_BYTES, GFP_KERNEL);
	return magazine_none ? 0 : -ENOMEM;
}

void magazine_exit(void)
{
	free_percpu(magazine_none);
}
