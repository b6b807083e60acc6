/* SPDX-License-Identifier: GPL-2.0 */
/*
 * world.h - what differs between the two worlds of the lab: the kernel, where slabmod has the
 * pages, and a process, where mmap() has them.
 */
#ifndef SLABMOD_LAB_WORLD_H
#define SLABMOD_LAB_WORLD_H

#ifdef __KERNEL__

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/container_of.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/preempt.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/types.h>

#include "compat.h"

/* For slabmod_lab_kunit */
#define EXPORT_SYMBOL_LAB(symbol)	EXPORT_SYMBOL_FOR_TEST(symbol)

/* Raw, because on PREEMPT_RT another lock may not be taken after lab_enter(). */
typedef raw_spinlock_t lab_lock_t;

#define lab_lock_init(lock)	raw_spin_lock_init(lock)
#define lab_lock(lock)		raw_spin_lock(lock)
#define lab_trylock(lock)	raw_spin_trylock(lock)
#define lab_unlock(lock)	raw_spin_unlock(lock)

/*
 * The heap of the caller: that of its CPU, which it does not leave before lab_leave(). A process
 * cannot prevent that it is moved to another CPU, so there it is that of the thread.
 */
static inline unsigned int lab_enter(void)
{
	preempt_disable();
	return smp_processor_id();
}

static inline void lab_leave(void)
{
	preempt_enable();
}

/* Replace @old by @new, and return true, if it is still there. Orders all accesses to memory. */
#define lab_cas(ptr, old, new)				\
({							\
	typeof(*(ptr)) lab_old = (old);			\
							\
	cmpxchg(ptr, lab_old, new) == lab_old;		\
})
#define lab_swap(ptr, new)	xchg(ptr, new)
#define lab_load(ptr)		smp_load_acquire(ptr)
#define lab_store(ptr, value)	smp_store_release(ptr, value)

#else

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define EXPORT_SYMBOL_LAB(symbol)

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

#define PAGE_SHIFT		12
#define PAGE_SIZE		(1ul << PAGE_SHIFT)
#define BITS_PER_LONG		64
#define BIT(n)			(1ul << (n))
#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define ALIGN(x, a)		(((x) + (a) - 1) & ~((typeof(x))(a) - 1))
#define DIV_ROUND_UP(n, d)	(((n) + (d) - 1) / (d))
#define min(a, b)		((a) < (b) ? (a) : (b))
#define max(a, b)		((a) > (b) ? (a) : (b))
#define max_t(type, a, b)	max((type)(a), (type)(b))
#define likely(x)		__builtin_expect(!!(x), 1)
#define unlikely(x)		__builtin_expect(!!(x), 0)
#define container_of(p, type, member)	((type *)((char *)(p) - offsetof(type, member)))
#define static_assert		_Static_assert
#define ilog2(n)		(63 - __builtin_clzl(n))
#define __ffs(n)		((unsigned long)__builtin_ctzl(n))
#define ____cacheline_aligned	__attribute__((aligned(64)))

typedef pthread_mutex_t lab_lock_t;

#define lab_lock_init(lock)	pthread_mutex_init(lock, NULL)
#define lab_lock(lock)		pthread_mutex_lock(lock)
#define lab_trylock(lock)	(!pthread_mutex_trylock(lock))
#define lab_unlock(lock)	pthread_mutex_unlock(lock)

/* lab/world.c */
unsigned int lab_enter(void);

static inline void lab_leave(void)
{
}

#define lab_cas(ptr, old, new)							\
({										\
	typeof(*(ptr)) __old = (old);						\
	__atomic_compare_exchange_n(ptr, &__old, new, false, __ATOMIC_SEQ_CST,	\
				    __ATOMIC_SEQ_CST);				\
})
#define lab_swap(ptr, new)	__atomic_exchange_n(ptr, new, __ATOMIC_SEQ_CST)
#define lab_load(ptr)		__atomic_load_n(ptr, __ATOMIC_ACQUIRE)
#define lab_store(ptr, value)	__atomic_store_n(ptr, value, __ATOMIC_RELEASE)

#endif

#endif /* SLABMOD_LAB_WORLD_H */
