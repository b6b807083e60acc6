/* SPDX-License-Identifier: GPL-2.0 */
/*
 * random.h - random numbers that are the same in both worlds (splitmix64).
 */
#ifndef SLABMOD_LAB_RANDOM_H
#define SLABMOD_LAB_RANDOM_H

#include "world.h"

/* A random number. @state is any seed at first. */
static inline u64 lab_random(u64 *state)
{
	u64 x = *state += 0x9e3779b97f4a7c15;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
	return x ^ (x >> 31);
}

/* One below @n, which is not 0. */
static inline size_t lab_random_below(u64 *state, size_t n)
{
	return lab_random(state) % n;
}

#endif /* SLABMOD_LAB_RANDOM_H */
