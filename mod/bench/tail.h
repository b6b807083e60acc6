/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SLABMOD_BENCH_TAIL_H
#define SLABMOD_BENCH_TAIL_H

struct bench_group;

extern const struct bench_group bench_tail_cases;

#endif /* SLABMOD_BENCH_TAIL_H */
