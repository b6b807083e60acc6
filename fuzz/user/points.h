/* SPDX-License-Identifier: GPL-2.0 */
/*
 * points.h - the points at which the explorer of interleavings may switch, and atomic
 * operations, which are such points. The fuzzer has one thread and ignores them.
 */
#ifndef SLABMOD_FUZZ_POINTS_H
#define SLABMOD_FUZZ_POINTS_H

/*
 * In fuzz/races, the compiler instruments each load and store of slabmod. These are the other
 * points.
 */
enum shim_point {
	SHIM_ATOMIC,		/* an atomic read and write at @p */
	SHIM_IRQS_OFF,		/* interrupts are about to be off */
	SHIM_ENTER,		/* a read-side section of RCU is about to begin, */
	SHIM_LEFT,		/* or may have ended */
};

#ifdef SHIM_RACES
/* The sections that are saved and restored; see world.c. */
#if SHIM_RACES == 1
#pragma clang section bss = "world_bss" data = "world_data"
#else
/* The simulated kernel and the explorer: not an access of slabmod. */
#pragma clang section bss = "shim_bss" data = "shim_data"
#endif
/* The explorer needs fast.h in C. */
#undef __x86_64__

void shim_point(enum shim_point point, const volatile void *p, unsigned int size);
#else
static inline void shim_point(enum shim_point point, const volatile void *p,
			      unsigned int size)
{
}
#endif

/* ---- atomic operations ---- */

#define smp_store_release(p, v)		WRITE_ONCE(*(p), v)
#define smp_load_acquire(p)		READ_ONCE(*(p))
#define smp_rmb()			barrier()
#define smp_wmb()			barrier()
#undef smp_mb
#define smp_mb()			barrier()

#define __shim_atomic(op, p, v) ({					\
	typeof(p) __p = (p);						\
	shim_point(SHIM_ATOMIC, __p, sizeof(*__p));			\
	__atomic_##op(__p, v, __ATOMIC_RELAXED); })

#define cmpxchg(p, old, new) ({						\
	typeof(p) __at = (p);						\
	typeof(*(p)) __was = (typeof(*(p)))(old);			\
	shim_point(SHIM_ATOMIC, __at, sizeof(*__at));			\
	__atomic_compare_exchange_n(__at, &__was, (typeof(*(p)))(new), false,	\
				    __ATOMIC_RELAXED, __ATOMIC_RELAXED);	\
	__was; })
#define cmpxchg_release		cmpxchg
#define try_cmpxchg(p, old, new) ({					\
	typeof(*(p)) was__ = *(old);					\
									\
	*(old) = cmpxchg(p, was__, new);				\
	*(old) == was__;						\
})
#define xchg(p, new)			__shim_atomic(exchange_n, p, new)

#define atomic_read(v)			READ_ONCE((v)->counter)
#define atomic_read_acquire(v)		atomic_read(v)
#define atomic_set(v, n)		WRITE_ONCE((v)->counter, n)
#define atomic_set_release(v, n)	atomic_set(v, n)
#define atomic_xchg(v, n)		xchg(&(v)->counter, n)
#define atomic_inc_return(v)		__shim_atomic(add_fetch, &(v)->counter, 1)
#define atomic_inc_return_release(v)	atomic_inc_return(v)
#define atomic_inc(v)			((void)atomic_inc_return(v))
#define smp_mb__before_atomic()		barrier()
#define smp_mb__after_atomic()		barrier()
#define atomic_add(n, v)		((void)__shim_atomic(add_fetch, &(v)->counter, n))
#define atomic_long_read(v)		READ_ONCE((v)->counter)
#define atomic_long_read_acquire(v)	atomic_long_read(v)
#define atomic_long_set(v, n)		WRITE_ONCE((v)->counter, n)
#define atomic_long_add_return(n, v)	__shim_atomic(add_fetch, &(v)->counter, n)
#define atomic_long_add(n, v)		((void)atomic_long_add_return(n, v))
#define atomic_long_sub(n, v)		((void)__shim_atomic(sub_fetch, &(v)->counter, n))
#define atomic_long_inc(v)		((void)atomic_long_inc_return(v))
#define atomic_long_dec(v)		atomic_long_sub(1, v)
#define atomic_long_inc_return(v)	__shim_atomic(add_fetch, &(v)->counter, 1)

typedef atomic_long_t local_t;
#define local_add_return(n, v)		atomic_long_add_return(n, v)
#define atomic_long_add_return_relaxed(n, v)	atomic_long_add_return(n, v)
#define local_add(n, v)			atomic_long_add(n, v)
#define local_inc(v)			atomic_long_inc(v)
#define local_read(v)			atomic_long_read(v)

/* Those of tools/include are not atomic. */
#define set_bit(nr, addr)	\
	((void)__shim_atomic(fetch_or, &(addr)[BIT_WORD(nr)], BIT_MASK(nr)))
#define clear_bit(nr, addr)	\
	((void)__shim_atomic(fetch_and, &(addr)[BIT_WORD(nr)], ~BIT_MASK(nr)))
#define test_and_set_bit(nr, addr)	\
	(!!(__shim_atomic(fetch_or, &(addr)[BIT_WORD(nr)], BIT_MASK(nr)) & BIT_MASK(nr)))
#define test_and_clear_bit(nr, addr)	\
	(!!(__shim_atomic(fetch_and, &(addr)[BIT_WORD(nr)], ~BIT_MASK(nr)) & BIT_MASK(nr)))

static inline bool atomic_try_cmpxchg(atomic_t *v, int *old, int new)
{
	int was = *old;

	*old = cmpxchg(&v->counter, was, new);
	return *old == was;
}

static inline int atomic_dec_if_positive(atomic_t *v)
{
	int old = atomic_read(v);

	do {
		if (old <= 0)
			break;
	} while (!atomic_try_cmpxchg(v, &old, old - 1));
	return old - 1;
}

static inline bool atomic_long_try_cmpxchg(atomic_long_t *v, long *old, long new)
{
	long was = *old;

	*old = cmpxchg(&v->counter, was, new);
	return *old == was;
}

#endif /* SLABMOD_FUZZ_POINTS_H */
