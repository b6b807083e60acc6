/* SPDX-License-Identifier: GPL-2.0 */
/*
 * patterns.h - cases of one CPU in which time passes, caches are new, or there are many sizes.
 */
#ifndef SLABMOD_BENCH_PATTERNS_H
#define SLABMOD_BENCH_PATTERNS_H

struct bench;
struct bench_group;

extern const struct bench_group bench_pattern_cases;

/* The functions of the case mix-sizes, which has b->rounds exchanges */
int mix_prepare(struct bench *b);
long mix_work(struct bench *b, unsigned int worker);
void mix_cleanup(struct bench *b);

#endif /* SLABMOD_BENCH_PATTERNS_H */
