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
 * nothing there to grow_here(), slab_new() (slab.c) and the buddy.
 *
 * A cache starts with a magazine of capacity 0, which all caches have in common:
 * the fast path finds nothing in it and no room, and needs no test for "none yet".
 *
 * Contexts: any. What interrupts a magazine (busy) goes to the slab, one object at
 * a time. Locks: none; preemption is off while a magazine is looked at.
 * Memory: 8 bytes an entry, 4 to 512 entries a stack, per CPU and cache in use.
 */
#include <linux/cpumask.h>
#include <linux/percpu.h>
#include <linux/sched/mm.h>
#include <linux/smp.h>
#include <linux/string.h>

#include "defer.h"
#include "gfp.h"
#include "home.h"
#include "magazine.h"
#include "report.h"

/* Objects that a bulk call takes from slabs at a time, for the sake of who waits. */
#define TAKE_AT_ONCE	128

unsigned int magazine_bytes = MAGAZINE_BYTES_DEFAULT;

/* What a cache has before it has magazines. */
static struct slabmod_magazine __percpu *no_magazines;

static bool has_magazines(const struct slabmod_cache *cache)
{
	return READ_ONCE(cache->magazines) != no_magazines;
}

static void **away_stack(struct slabmod_magazine *magazine)
{
	return &magazine->object[magazine->capacity + 1];
}

/*
 * Enters this CPU's magazine, for longer than the fast path takes: the count is in
 * @here until leave(). NULL when it is busy, or there is none yet. Preemption is off.
 */
static struct slabmod_magazine *acquire(struct slabmod_cache *cache)
{
	slabmod_my_magazine *here = slabmod_this_cpu(cache->magazines);
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
	magazine = this_cpu_ptr(cache->magazines);
	magazine->here = top;
	return magazine;
}

static void leave(struct slabmod_magazine *magazine)
{
	barrier();
	WRITE_ONCE(magazine->top, magazine->here);
}

/* Objects in a magazine that any CPU may be at. */
static unsigned int count_of(const struct slabmod_magazine *magazine)
{
	return magazine_here(magazine) + READ_ONCE(magazine->away);
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

/* Fills an empty stack to half, and takes the top. */
static void *refill(struct slabmod_cache *cache, struct slabmod_magazine *magazine, bool anything)
{
	if (!magazine->here) {
		magazine->here = home_take(cache, &magazine->object[1], half(magazine), anything);
		if (!magazine->here)
			return NULL;
		stat_inc(cache->stats, STAT_REFILL);
	}
	return take_top(magazine);
}

static void count_direct(struct slabmod_cache *cache, unsigned int nr)
{
	stat_add(cache->stats, STAT_DIRECT, nr);
	atomic_long_add(nr, &cache->direct);
}

/* An object from the magazine or from slabs there are. */
static void *take_one(struct slabmod_cache *cache, bool anything)
{
	struct slabmod_magazine *magazine;
	void *object = NULL;

	preempt_disable();
	magazine = acquire(cache);
	if (magazine) {
		object = refill(cache, magazine, anything);
		leave(magazine);
	} else if (home_take(cache, &object, 1, anything)) {
		count_direct(cache, 1);
	}
	preempt_enable();
	return object;
}

/* Makes a slab for this CPU, and fills the magazine from it if that is still empty. */
static void *grow_here(struct slabmod_cache *cache, gfp_t gfp)
{
	struct frame *first = home_new_slab(cache, numa_mem_id(), gfp);
	struct slabmod_magazine *magazine;
	void *object;

	if (!first)
		return NULL;
	preempt_disable();
	magazine = acquire(cache);
	if (magazine && !magazine->here) {
		magazine->here = home_open(cache, first, false, &magazine->object[1],
					   half(magazine));
		object = take_top(magazine);
		stat_inc(cache->stats, STAT_REFILL);
	} else {
		home_open(cache, first, false, &object, 1);
		count_direct(cache, 1);
	}
	if (magazine)
		leave(magazine);
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

void *magazine_alloc(struct slabmod_cache *cache, gfp_t gfp)
{
	void *object;

	if (unlikely(!has_magazines(cache)))
		magazine_enable(cache, gfp);
	object = take_one(cache, false);
	if (!object)
		object = grow_here(cache, gfp);
	if (!object)
		object = take_one(cache, true);
	if (!object)
		stat_inc(cache->stats, STAT_ALLOC_FAIL);
	return object;
}
EXPORT_SYMBOL_FOR_TEST(magazine_alloc);

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
	if (!(gfp & __GFP_THISNODE)) {
		object = grow_on(cache, nid, gfp_easy(gfp) | __GFP_THISNODE);
		return object ?: magazine_alloc(cache, gfp);
	}
	object = grow_on(cache, nid, gfp);
	if (!object)
		stat_inc(cache->stats, STAT_ALLOC_FAIL);
	return object;
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
	magazine = acquire(cache);
	if (magazine) {
		got = min_t(size_t, nr, magazine->here);
		pop_many(magazine, objects, got);
		magazine->allocs += got;
		leave(magazine);
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
}

static void flush_away(struct slabmod_cache *cache, struct slabmod_magazine *magazine)
{
	home_give(cache, away_stack(magazine), magazine->away);
	magazine->away = 0;
	stat_inc(cache->stats, STAT_FLUSH_AWAY);
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
	return PUT_DONE;
}

static enum put put_away(struct slabmod_cache *cache, struct slabmod_magazine *magazine,
			 void *object)
{
	void **away = away_stack(magazine);

	if (magazine->away && away[magazine->away - 1] == object)
		return PUT_DOUBLE;
	if (magazine->away == magazine->capacity) {
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
	       frame_chunk(first)->buddy->nid == numa_mem_id();
}

void magazine_free(struct slabmod_cache *cache, struct frame *first, void *object)
{
	enum put put = PUT_NO_ROOM;
	struct slabmod_magazine *magazine;

	preempt_disable();
	magazine = acquire(cache);
	if (magazine) {
		if (belongs_here(cache, first))
			put = put_here(cache, magazine, object);
		else
			put = put_away(cache, magazine, object);
		leave(magazine);
	}
	if (put == PUT_NO_ROOM) {
		stat_inc(cache->stats, STAT_DIRECT);
		if (!home_give(cache, &object, 1))
			defer_free(object);
	}
	preempt_enable();
	if (put == PUT_DOUBLE)
		report_misuse(MISUSE_DOUBLE_FREE, "%s: object %p was freed twice in a row",
			      cache->name, object);
}
EXPORT_SYMBOL_FOR_TEST(magazine_free);

/* ---- life of a cache's magazines ---- */

static unsigned int stacks(const struct slabmod_cache *cache)
{
	return cache->flags & CACHE_CHECK_HOME ? 2 : 1;
}

static size_t magazine_size(const struct slabmod_cache *cache)
{
	return struct_bytes(struct slabmod_magazine, object, stacks(cache) * cache->capacity + 1);
}

static struct slab_home __percpu *alloc_homes(gfp_t gfp)
{
	struct slab_home __percpu *homes = alloc_percpu_gfp(struct slab_home, gfp);
	unsigned int cpu;

	if (homes)
		for_each_possible_cpu(cpu)
			home_init(per_cpu_ptr(homes, cpu));
	return homes;
}

/* Homes come first: whoever sees the magazines must find them. */
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
		atomic_long_add(num_possible_cpus() * sizeof(struct slab_home),
				&cache->source->metadata);
	return true;
}

/* Lets callers take objects by themselves, when there is nothing else to be done to them. */
static void open_front(struct slabmod_cache *cache)
{
	if (!magazine_clears(cache))
		/* They are made before a caller sees them. */
		smp_store_release(&cache->front.magazines, cache->magazines);
}

bool magazine_enable(struct slabmod_cache *cache, gfp_t gfp)
{
	struct slabmod_magazine __percpu *magazines;
	unsigned int cpu;

	if (in_nmi() || (IS_ENABLED(CONFIG_PREEMPT_RT) && !preemptible()))
		return false;
	/*
	 * Whoever may not enter the file systems must not wait for the per-CPU allocator,
	 * whose mutex may be with somebody who waits for them.
	 */
	gfp = current_gfp_context(gfp);
	if ((gfp & GFP_KERNEL) != GFP_KERNEL || current->flags & PF_MEMALLOC)
		gfp = GFP_NOWAIT;
	gfp = (gfp & GFP_KERNEL) | __GFP_NOWARN;
	if (!enable_homes(cache, gfp))
		return false;
	magazines = __alloc_percpu_gfp(magazine_size(cache), SMP_CACHE_BYTES, gfp);
	if (!magazines)
		return false;
	for_each_possible_cpu(cpu) {
		per_cpu_ptr(magazines, cpu)->capacity = cache->capacity;
		per_cpu_ptr(magazines, cpu)->cpu = cpu;
	}
	if (cmpxchg_release(&cache->magazines, no_magazines, magazines) != no_magazines)
		free_percpu(magazines);
	else
		atomic_long_add(num_possible_cpus() * magazine_size(cache),
				&cache->source->metadata);
	open_front(cache);
	return true;
}
EXPORT_SYMBOL_FOR_TEST(magazine_enable);

size_t magazine_metadata(const struct slabmod_cache *cache)
{
	size_t size = 0;

	if (cache->homes)
		size += sizeof(struct slab_home);
	if (has_magazines(cache))
		size += magazine_size(cache);
	return size * num_possible_cpus();
}

/**
 * magazine_disable() - free what magazine_enable() made
 * @cache: one that is empty and that nobody uses
 */
void magazine_disable(struct slabmod_cache *cache)
{
	atomic_long_sub(magazine_metadata(cache), &cache->source->metadata);
	if (has_magazines(cache))
		free_percpu(cache->magazines);
	cache->front.magazines = no_magazines;
	cache->magazines = no_magazines;
	free_percpu(cache->homes);
	cache->homes = NULL;
}
EXPORT_SYMBOL_FOR_TEST(magazine_disable);

void magazine_setup(struct slabmod_cache *cache)
{
	unsigned int bytes = magazine_bytes;

	cache->front.magazines = no_magazines;
	cache->magazines = no_magazines;
	cache->homes = NULL;
	if (cache->flags & CACHE_PAGES)
		bytes *= MAGAZINE_PAGES_FACTOR;
	cache->capacity = clamp(bytes / cache->size, MAGAZINE_MIN, MAGAZINE_MAX);
}
EXPORT_SYMBOL_FOR_TEST(magazine_setup);

/* ---- draining ---- */

static void drain(struct slabmod_cache *cache, struct slabmod_magazine *magazine)
{
	home_give(cache, &magazine->object[1], magazine->here);
	magazine->here = 0;
	home_give(cache, away_stack(magazine), magazine->away);
	magazine->away = 0;
}

static void drain_this_cpu(void *arg)
{
	struct slabmod_cache *cache = arg;
	struct slabmod_magazine *magazine = acquire(cache);

	if (!magazine)
		return;
	drain(cache, magazine);
	leave(magazine);
}

static bool has_objects(int cpu, void *arg)
{
	struct slabmod_cache *cache = arg;
	struct slabmod_magazine *magazine = per_cpu_ptr(cache->magazines, cpu);

	return count_of(magazine);
}

void magazine_drain_all(struct slabmod_cache *cache)
{
	if (has_magazines(cache))
		on_each_cpu_cond(has_objects, drain_this_cpu, cache, true);
}
EXPORT_SYMBOL_FOR_TEST(magazine_drain_all);

void magazine_drain_cpu(struct slabmod_cache *cache, unsigned int cpu)
{
	struct slabmod_magazine *magazine = per_cpu_ptr(cache->magazines, cpu);

	if (!has_magazines(cache))
		return;
	magazine->here = magazine->top;
	drain(cache, magazine);
	leave(magazine);
}
EXPORT_SYMBOL_FOR_TEST(magazine_drain_cpu);

/* ---- counts and checks ---- */

unsigned long magazine_count(struct slabmod_cache *cache)
{
	unsigned long count = 0;
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		count += count_of(per_cpu_ptr(cache->magazines, cpu));
	return count;
}
EXPORT_SYMBOL_FOR_TEST(magazine_count);

unsigned long magazine_allocs(struct slabmod_cache *cache)
{
	unsigned long count = atomic_long_read(&cache->direct);
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		count += READ_ONCE(per_cpu_ptr(cache->magazines, cpu)->allocs);
	return count;
}
EXPORT_SYMBOL_FOR_TEST(magazine_allocs);

/* Invariant: what lies in a magazine is an object that its slab counts as taken. */
static bool check_object(struct slabmod_cache *cache, void *object)
{
	struct frame *frame = chunk_frame(object);
	u64 index;

	if (frame && slab_cache(frame) == cache) {
		frame = slab_first(frame);
		index = slab_object_index(cache, frame, object);
		if (index < slab_geometry(cache, frame)->objects && !test_bit(index, frame->free))
			return true;
	}
	report_broken("%s: a magazine has %p, which is not one of the cache's taken objects",
		      cache->name, object);
	return false;
}

static bool check_magazine(struct slabmod_cache *cache, struct slabmod_magazine *magazine)
{
	bool ok = true;
	u32 i;

	/* A busy one, without its sign, has more than its capacity. */
	if (magazine->object[0] || (unsigned long)magazine->top > magazine->capacity ||
	    magazine->away > magazine->capacity) {
		report_broken("%s: a magazine of %lu has %#lx here and %u away", cache->name,
			      magazine->capacity, magazine->top, magazine->away);
		return false;
	}
	for (i = 1; i <= magazine->top; i++)
		ok &= check_object(cache, magazine->object[i]);
	for (i = 0; i < magazine->away; i++)
		ok &= check_object(cache, away_stack(magazine)[i]);
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

/* ---- beginning and end ---- */

int magazine_init(void)
{
	no_magazines = __alloc_percpu(struct_bytes(struct slabmod_magazine, object, 1),
				      SMP_CACHE_BYTES);
	return no_magazines ? 0 : -ENOMEM;
}

void magazine_exit(void)
{
	free_percpu(no_magazines);
}
