// SPDX-License-Identifier: GPL-2.0
/*
 * magazine_drain.c - return what magazines hold to the slabs, or blocks to the buddy.
 *
 * A magazine is accessed by its CPU only, so those of other CPUs are drained by interrupts. One
 * interrupt frees few objects; it is sent again while there are more.
 *
 * Contexts: process, may sleep; magazine_drain_local(): any. Locks: none of its own.
 */
#include <linux/cpumask.h>
#include <linux/rcupdate.h>
#include <linux/smp.h>

#include "block_magazine.h"
#include "gfp.h"
#include "magazine.h"
#include "magazine_drain.h"

static unsigned long capacity_at_rest(const struct slabmod_cache *cache)
{
	return cache->flags & CACHE_BLOCKS ? block_magazine_start(cache) : ULONG_MAX;
}

bool magazine_is_stale(const struct slabmod_cache *cache, const struct slabmod_magazine *magazine,
		       unsigned int idle)
{
	unsigned int objects = magazine_nr_objects(magazine);
	unsigned long capacity = READ_ONCE(magazine->capacity);

	/* If there are no frees, nothing else flushes them. */
	if (cache->flags & CACHE_BLOCKS && objects > 2 * capacity)
		return true;
	return READ_ONCE(magazine->idle) >= idle &&
	       (objects || capacity > capacity_at_rest(cache));
}

/* Free what a magazine has, but at most @most. */
static void flush(struct slabmod_cache *cache, struct slabmod_magazine *magazine,
		  unsigned int most)
{
	if (cache->flags & CACHE_BLOCKS)
		block_magazine_flush(cache, magazine, most);
	else
		magazine_flush(cache, magazine, most);
}

void magazine_empty_unused(struct slabmod_cache *cache, struct slabmod_magazine *magazine)
{
	rcu_read_lock();
	magazine->local_top = magazine->top;
	flush(cache, magazine, UINT_MAX);
	magazine_unlock_local(magazine);
	rcu_read_unlock();
}

/* What is freed in an interrupt: blocks, which are cheaper, and objects. */
#define DRAIN_BLOCKS	64u
#define DRAIN_OBJECTS	16u

struct drainage {
	struct slabmod_cache *cache;
	unsigned int idle;		/* scans */
	unsigned int most;		/* objects of each CPU */
	bool more;			/* a CPU had more of them */
};

static void drain_this_cpu(void *arg)
{
	struct drainage *drainage = arg;
	struct slabmod_magazine *magazine = magazine_lock_local(drainage->cache);

	if (!magazine)
		return;
	flush(drainage->cache, magazine, drainage->most);
	magazine_unlock_local(magazine);
}

bool magazine_drain_local(struct slabmod_cache *cache)
{
	struct drainage drainage = { .cache = cache, .most = UINT_MAX };
	bool any;

	if (must_not_lock())
		return false;
	preempt_disable();
	any = magazine_nr_objects(this_cpu_ptr(READ_ONCE(cache->magazines)));
	drain_this_cpu(&drainage);
	preempt_enable();
	return any;
}

/* Preemption is off. */
static bool is_to_be_drained(int cpu, struct drainage *drainage)
{
	struct slabmod_magazine *magazine;

	magazine = per_cpu_ptr(READ_ONCE(drainage->cache->magazines), cpu);
	if (!magazine_is_stale(drainage->cache, magazine, drainage->idle))
		return false;
	drainage->more |= magazine_nr_objects(magazine) > drainage->most;
	return true;
}

static bool is_other_to_be_drained(int cpu, void *arg)
{
	return cpu != smp_processor_id() && is_to_be_drained(cpu, arg);
}

void magazine_drain_idle(struct slabmod_cache *cache, unsigned int idle)
{
	struct drainage drainage = {
		.cache = cache,
		.idle = idle,
		.most = cache->flags & CACHE_BLOCKS ? DRAIN_BLOCKS : DRAIN_OBJECTS,
	};
	/* Twice what a magazine holds: it may be overfull, and an object may be in either stack. */
	unsigned int rounds = 2 * cache->capacity_max / drainage.most + 1;

	if (!magazine_has_own(cache))
		return;
	/* A CPU may refill its magazine meanwhile: do not follow it for ever. */
	do {
		drainage.more = false;
		preempt_disable();
		on_each_cpu_cond(is_other_to_be_drained, drain_this_cpu, &drainage, true);
		/* That would disable interrupts here too. */
		if (is_to_be_drained(smp_processor_id(), &drainage))
			drain_this_cpu(&drainage);
		preempt_enable();
	} while (drainage.more && --rounds);
}
EXPORT_SYMBOL_FOR_TEST(magazine_drain_idle);

void magazine_drain_all(struct slabmod_cache *cache)
{
	magazine_drain_idle(cache, 0);
}
EXPORT_SYMBOL_FOR_TEST(magazine_drain_all);

void magazine_drain_cpu(struct slabmod_cache *cache, unsigned int cpu)
{
	struct slabmod_magazine *magazine = per_cpu_ptr(cache->magazines, cpu);

	if (magazine_has_own(cache))
		magazine_empty_unused(cache, magazine);
}
EXPORT_SYMBOL_FOR_TEST(magazine_drain_cpu);
