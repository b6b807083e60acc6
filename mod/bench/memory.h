/* SPDX-License-Identifier: GPL-2.0 */
/*
 * memory.h - how much memory an allocator holds for what it is asked.
 */
#ifndef SLABMOD_BENCH_MEMORY_H
#define SLABMOD_BENCH_MEMORY_H

#include <linux/types.h>

extern const struct bench_group bench_memory_cases;

/* What an allocator holds at this moment. */
struct holder {
	s64 (*held)(void);		/* bytes; sleeps */
	void (*shrink)(void);		/* gives back what it can; sleeps */
	bool others;			/* there is more in it than the case's: count from a base */
};

extern const struct holder held_by_slub;
extern const struct holder held_by_slabmod;

/* 0, or EOPNOTSUPP where the kernel does not say what its own holds. */
int held_countable(void);

#endif /* SLABMOD_BENCH_MEMORY_H */
