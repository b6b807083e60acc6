/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The fast path of an allocation, compiled into its callers. Not an interface: include
 * <slabmod/cache.h> or <slabmod/kmalloc.h>. Build slabmod.ko and its clients from one tree.
 * CONFIG_MODVERSIONS detects changed structures, but not changed code.
 *
 * A magazine is a per-CPU stack of free objects, accessed only by its CPU, with preemption
 * off. One instruction reads the count and marks the magazine as busy, and one updates the
 * count and removes the mark. An interrupt or NMI finds the magazine either consistent or
 * busy, and leaves a busy one alone. Interrupts stay on, and on x86 no locked instruction is
 * needed.
 */
#ifndef _SLABMOD_FAST_H
#define _SLABMOD_FAST_H

#include <linux/atomic.h>
#include <linux/gfp.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/string.h>
#include <linux/types.h>

#include <asm/local.h>

/*
 * Bias added to @top while the magazine is busy, once for each context: they nest. A biased
 * count is below zero, and its low bits are still the number of objects.
 */
#define SLABMOD_MAGAZINE_BUSY	(-0x10000000l)

/* Invariant: object[0] is NULL, so the top of an empty stack can be compared. */
struct slabmod_magazine {
	long top;			/* objects in object[1..top], biased while busy */
	unsigned long capacity;		/* full with so many objects; 0 for magazine_none */
	unsigned long allocs;		/* objects allocated */
	u16 local_top;			/* copy of @top while a slow path owns the magazine */
	u16 nr_remote;			/* remote objects, stored after object[room] */
	u16 cpu;			/* not valid while @capacity is 0 */
	u16 room;			/* of object[]; that of large ones may be above @capacity */
	u32 seen;			/* @allocs and counts at the last magazine_scan_idle() */
	u16 idle;			/* scans in a row that found no change */
	u16 misses;			/* refills and flushes since the last scan */
	void *object[];
};

/* The first field of struct slabmod_cache. */
struct slabmod_cache_fastpath {
	/*
	 * magazine_none while the cache has no magazines, or if each object needs more work,
	 * such as clearing. Set by set_magazines().
	 */
	struct slabmod_magazine __percpu *magazines;
};

/*
 * Mark this CPU's magazine as busy. Return the number of objects in it, or a number below
 * zero if it was busy already. In either case slabmod_magazine_end() must follow. Preemption
 * is off. The addition is atomic against interrupts and NMIs of this CPU.
 */
static __always_inline long slabmod_magazine_begin(struct slabmod_magazine *magazine)
{
	long top;

	/* Elsewhere a local_t orders accesses to other memory too. This need not. */
	if (IS_ENABLED(CONFIG_X86))
		top = local_add_return(SLABMOD_MAGAZINE_BUSY, (local_t *)&magazine->top);
	else
		top = atomic_long_add_return_relaxed(SLABMOD_MAGAZINE_BUSY,
						     (atomic_long_t *)&magazine->top);
	barrier();
	return top - SLABMOD_MAGAZINE_BUSY;
}

/* Leave a magazine that has @more objects than when it was entered. */
static __always_inline void slabmod_magazine_end(struct slabmod_magazine *magazine, long more)
{
	barrier();
	magazine->top += more - SLABMOD_MAGAZINE_BUSY;
}

/*
 * Enter this CPU's magazine to pop one object, the one at *@top, and count it. Then call
 * slabmod_magazine_popped(). Return false, with nothing done, if there is none or the magazine is
 * busy. The magazines are looked up with preemption off, because they may be resized: the old ones
 * are freed after a grace period.
 */
static __always_inline bool slabmod_magazine_enter(struct slabmod_magazine __percpu **magazines,
						   struct slabmod_magazine **magazine, long *top)
{
	preempt_disable();
	*magazine = this_cpu_ptr(READ_ONCE(*magazines));
	*top = slabmod_magazine_begin(*magazine);
	/* One test for two: empty, and busy. */
	if (unlikely(*top <= 0)) {
		slabmod_magazine_end(*magazine, 0);
		preempt_enable();
		return false;
	}
	(*magazine)->allocs++;
	return true;
}

static __always_inline void slabmod_magazine_popped(struct slabmod_magazine *magazine)
{
	slabmod_magazine_end(magazine, -1);
	preempt_enable();
}

/* Pop the object on top of this CPU's magazine. Return false if slabmod_magazine_enter() fails. */
static __always_inline bool slabmod_magazine_pop(struct slabmod_magazine __percpu **magazines,
						 void **object)
{
	struct slabmod_magazine *magazine;
	long top;

	if (unlikely(!slabmod_magazine_enter(magazines, &magazine, &top)))
		return false;
	*object = magazine->object[top];
	slabmod_magazine_popped(magazine);
	return true;
}

/*
 * Push an object. Return false, with nothing done, if the magazine is busy or full, or the
 * object is on top already.
 */
static __always_inline bool slabmod_magazine_push(struct slabmod_magazine *magazine, void *object)
{
	unsigned long top = slabmod_magazine_begin(magazine);

	/* One test for two: a busy one, without its sign, is above any capacity. */
	if (likely(top < magazine->capacity && magazine->object[top] != object)) {
		magazine->object[top + 1] = object;
		slabmod_magazine_end(magazine, 1);
		return true;
	}
	slabmod_magazine_end(magazine, 0);
	return false;
}

/* Up to here stores take no longer than memset(), which is "rep stosb" on x86. */
#define SLABMOD_CLEAR_BY_WORDS	256u

/* Clear an object, which consists of whole words. */
static __always_inline void *slabmod_clear(void *object, size_t size)
{
	u64 *word = object, *end = object + size;

	if (size > SLABMOD_CLEAR_BY_WORDS)
		return memset(object, 0, size);
	/* Volatile, or the compiler makes a memset() of it. */
	if (size & sizeof(*word))
		WRITE_ONCE(*word++, 0);
	for (; word < end; word += 2) {
		WRITE_ONCE(word[0], 0);
		WRITE_ONCE(word[1], 0);
	}
	return object;
}

/* __GFP_ATOMIC was folded into __GFP_HIGH in 6.3. */
#ifdef __GFP_ATOMIC
#define __SLABMOD_GFP_ATOMIC	__GFP_ATOMIC
#else
#define __SLABMOD_GFP_ATOMIC	((__force gfp_t)0)
#endif

/* Flags for what an allocation may do. They do not change the memory that is returned. */
#define SLABMOD_GFP_PLAIN	(__GFP_RECLAIM | __GFP_IO | __GFP_FS | __GFP_HIGH |		\
				 __SLABMOD_GFP_ATOMIC | __GFP_MEMALLOC | __GFP_NOMEMALLOC |	\
				 __GFP_NOWARN | __GFP_RETRY_MAYFAIL | __GFP_NORETRY |		\
				 __GFP_HARDWALL | __GFP_WRITE | __GFP_NOLOCKDEP)

/* The fast path is inlined for a constant @gfp, unless the kernel checks each allocation. */
#define slabmod_gfp_inline(gfp)							\
	(__builtin_constant_p(gfp) && !((gfp) & ~SLABMOD_GFP_PLAIN) &&		\
	 !IS_ENABLED(CONFIG_DEBUG_ATOMIC_SLEEP) && !IS_ENABLED(CONFIG_LOCKDEP))

#endif /* _SLABMOD_FAST_H */
