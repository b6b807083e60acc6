/* SPDX-License-Identifier: GPL-2.0 */
/*
 * threads.h - cases for several CPUs.
 */
#ifndef SLABMOD_BENCH_THREADS_H
#define SLABMOD_BENCH_THREADS_H

extern const struct bench_group bench_thread_cases;

#endif /* SLABMOD_BENCH_THREADS_H */
