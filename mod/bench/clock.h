/* SPDX-License-Identifier: GPL-2.0 */
/*
 * clock.h - the clock of slabmod_bench: cycles, or under QEMU's icount instructions.
 */
#ifndef SLABMOD_BENCH_CLOCK_H
#define SLABMOD_BENCH_CLOCK_H

#include <linux/compiler.h>
#include <linux/types.h>

#if defined(CONFIG_X86_64)

/* get_cycles() is 0 on user-mode Linux. */
static __always_inline u64 bench_clock(void)
{
	u32 low, high;

	asm volatile("lfence\n\trdtsc\n\tlfence" : "=a" (low), "=d" (high) : : "memory");
	return (u64)high << 32 | low;
}

static inline int bench_clock_start(void)
{
	return 0;
}

#elif defined(CONFIG_ARM64)

/* The counter of get_cycles() is too slow. This one has to be started. */
static __always_inline u64 bench_clock(void)
{
	u64 cycles;

	asm volatile("isb\n\tmrs %0, pmccntr_el0\n\tisb" : "=r" (cycles) : : "memory");
	return cycles;
}

/* Start the clock of each CPU. Return -ENODEV if they have none. */
int bench_clock_start(void);

#elif defined(CONFIG_RISCV)

/* get_cycles() is the time. The firmware has started this counter. */
static __always_inline u64 bench_clock(void)
{
	u64 cycles;

	asm volatile("fence\n\trdcycle %0\n\tfence" : "=r" (cycles) : : "memory");
	return cycles;
}

static inline int bench_clock_start(void)
{
	return 0;
}

#else
#error slabmod_bench knows no clock of this architecture
#endif

#endif /* SLABMOD_BENCH_CLOCK_H */
