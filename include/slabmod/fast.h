/* SPDX-License-Identifier: GPL-2.0 */
/*
 * slabmod's fast path of an allocation, compiled into its callers. No interface:
 * include <slabmod/cache.h> or <slabmod/kmalloc.h> and call what they document.
 * Build slabmod.ko and who uses it from one tree: CONFIG_MODVERSIONS finds out when
 * the structures here differ, but not what is done with them.
 *
 * A magazine is a stack of free objects that one CPU has at hand. It is touched by
 * that CPU alone, with preemption off. One instruction takes its count and marks it
 * as busy, and one counts and takes the mark away: so an interrupt sees a magazine
 * at rest, or sees that it interrupted somebody and leaves it alone. Interrupts stay
 * on, and on x86 nothing is atomic for other CPUs.
 */
#ifndef _SLABMOD_FAST_H
#define _SLABMOD_FAST_H

#include <linux/atomic.h>
#include <linux/gfp.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/types.h>

/*
 * Added to the count of a magazine that somebody is at. With any number of these,
 * from contexts that interrupt each other, the count is below zero, and its low
 * bits are still those of the number of objects.
 */
#define SLABMOD_MAGAZINE_BUSY	(-0x10000000l)

/*
 * Invariant: object[0] is NULL, so that the top of the stack can be looked at
 * without asking whether there is one.
 */
struct slabmod_magazine {
	long top;			/* objects in object[1..top]; busy: see above */
	unsigned long capacity;		/* of each stack; 0: there is none yet */
	unsigned long allocs;		/* objects handed out */
	u16 local_top;			/* @top, for who is at it and takes longer */
	u16 nr_remote;			/* objects that are to go home, behind the others */
	u32 cpu;			/* whose it is; of no meaning while @capacity is 0 */
	u32 seen;			/* of @allocs and counts, when its age was last looked at */
	u16 idle;			/* how often it was the same since */
	u16 misses;			/* refills and flushes since then */
	void *object[];
};

/* How struct slabmod_cache begins. */
struct slabmod_cache_fastpath {
	/*
	 * What may be taken from with nothing else to do; an empty one that all caches
	 * have in common when there is none, or when objects have to be cleared. Set
	 * by set_magazines() in magazine_set.c.
	 */
	struct slabmod_magazine __percpu *magazines;
};

/*
 * This CPU's instance, for as long as preemption is off. Through the segment register
 * it is plain C to the compiler, which then compares and counts in memory; newer
 * kernels do so themselves.
 */
#if defined(CONFIG_X86_64) && defined(CONFIG_SMP) && !defined(CONFIG_UML) && \
	defined(CONFIG_CC_IS_GCC) && !defined(CONFIG_KASAN) && !defined(CONFIG_KCSAN) && \
	!defined(__CHECKER__)
#define slabmod_my_magazine struct slabmod_magazine __seg_gs
#define slabmod_this_cpu(magazines) ((slabmod_my_magazine *)(unsigned long)(magazines))
#else
#define slabmod_my_magazine struct slabmod_magazine
#define slabmod_this_cpu(magazines) this_cpu_ptr(magazines)
#endif

/*
 * Marks this CPU's magazine as busy. Returns how many objects it has, or less than
 * zero when it was busy. In either case somebody has to leave. Preemption is off.
 */
static __always_inline long slabmod_magazine_enter(slabmod_my_magazine *magazine)
{
	long top = SLABMOD_MAGAZINE_BUSY;

#ifdef __x86_64__
	/* The result is where the object it leads to will be returned. */
	asm volatile("xaddq %0, %1" : "+a" (top), "+m" (magazine->top) : : "memory");
#else
	top = atomic_long_fetch_add_relaxed(top, (atomic_long_t *)&magazine->top);
#endif
	barrier();
	return top;
}

/* Leaves a magazine that has @more objects than when it was entered. */
static __always_inline void slabmod_magazine_exit(slabmod_my_magazine *magazine, long more)
{
	barrier();
	magazine->top += more - SLABMOD_MAGAZINE_BUSY;
}

/*
 * Takes the object on top; false when there is none or the magazine is busy.
 */
static __always_inline bool slabmod_magazine_pop(slabmod_my_magazine *magazine, void **object)
{
	long top = slabmod_magazine_enter(magazine);

	/* One test for two: none, and busy. */
	if (unlikely(top <= 0)) {
		slabmod_magazine_exit(magazine, 0);
		return false;
	}
	*object = magazine->object[top];
	magazine->allocs++;
	slabmod_magazine_exit(magazine, -1);
	return true;
}

/*
 * The same with preemption on. A cache's magazines are exchanged for larger ones, and
 * the old ones freed when nobody has preemption off any more who may have seen them:
 * so they are looked up with preemption off.
 */
static __always_inline bool slabmod_magazine_alloc(struct slabmod_magazine __percpu **magazines,
						   void **object)
{
	preempt_disable();
	if (unlikely(!slabmod_magazine_pop(slabmod_this_cpu(READ_ONCE(*magazines)),
					   object))) {
		preempt_enable();
		return false;
	}
	preempt_enable();
	return true;
}

/*
 * Puts an object on top. False, and nothing done, when the magazine is busy or
 * full, or the object is on top already.
 */
static __always_inline bool slabmod_magazine_push(slabmod_my_magazine *magazine,
						  void *object)
{
	unsigned long top = slabmod_magazine_enter(magazine);

	/* One test for two: a busy one, without its sign, is above any capacity. */
	if (likely(top < magazine->capacity && magazine->object[top] != object)) {
		magazine->object[top + 1] = object;
		slabmod_magazine_exit(magazine, 1);
		return true;
	}
	slabmod_magazine_exit(magazine, 0);
	return false;
}

/* __GFP_ATOMIC was folded into __GFP_HIGH in 6.3. */
#ifdef __GFP_ATOMIC
#define __SLABMOD_GFP_ATOMIC	__GFP_ATOMIC
#else
#define __SLABMOD_GFP_ATOMIC	((__force gfp_t)0)
#endif

/* Flags that say what an allocation may do, and nothing of what is to be got. */
#define SLABMOD_GFP_PLAIN	(__GFP_RECLAIM | __GFP_IO | __GFP_FS | __GFP_HIGH |		\
				 __SLABMOD_GFP_ATOMIC | __GFP_MEMALLOC | __GFP_NOMEMALLOC |	\
				 __GFP_NOWARN | __GFP_RETRY_MAYFAIL | __GFP_NORETRY |		\
				 __GFP_HARDWALL | __GFP_WRITE)

/*
 * Whether the fast path may be compiled in where @gfp is a constant. Debugging
 * kernels want to be told of every allocation that might sleep.
 */
#define slabmod_gfp_inline(gfp)							\
	(__builtin_constant_p(gfp) && !((gfp) & ~SLABMOD_GFP_PLAIN) &&		\
	 !IS_ENABLED(CONFIG_DEBUG_ATOMIC_SLEEP) && !IS_ENABLED(CONFIG_LOCKDEP))

#endif /* _SLABMOD_FAST_H */
