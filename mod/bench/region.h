/* SPDX-License-Identifier: GPL-2.0 */
/*
 * region.h - many small pieces that are freed together.
 */
#ifndef SLABMOD_BENCH_REGION_H
#define SLABMOD_BENCH_REGION_H

#include "bench.h"

extern const struct bench_group bench_region_cases;

#endif /* SLABMOD_BENCH_REGION_H */
