/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fragments.h - large blocks that are left when most of the memory is free again.
 */
#ifndef SLABMOD_BENCH_FRAGMENTS_H
#define SLABMOD_BENCH_FRAGMENTS_H

extern const struct bench_group bench_fragment_cases;

#endif /* SLABMOD_BENCH_FRAGMENTS_H */
