/* SPDX-License-Identifier: GPL-2.0 */
/*
 * scale.h - the cost of pages and objects while other CPUs have some too.
 */
#ifndef SLABMOD_BENCH_SCALE_H
#define SLABMOD_BENCH_SCALE_H

extern const struct bench_group bench_scale_cases;

#endif /* SLABMOD_BENCH_SCALE_H */
