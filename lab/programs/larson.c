// SPDX-License-Identifier: GPL-2.0
/*
 * larson.c - a server: objects of random sizes that are replaced at random, by threads that come
 * and go.
 *
 * usage: larson [THREADS [ROUNDS]]
 *
 * In each round new threads take over the objects of those before, and free what those have
 * allocated (Larson and Krishnan 1998).
 */
#include "program.h"

#define OBJECTS	1000
#define CALLS	20000

static char *objects[MAX_THREADS][OBJECTS];
static long round_now;

static long run(long thread)
{
	unsigned long seed = thread * 7919 + round_now + 1;
	long call;

	for (call = 0; call < CALLS; call++) {
		char **object;

		seed = seed * 6364136223846793005ul + 1442695040888963407ul;
		object = &objects[thread][(seed >> 33) % OBJECTS];
		free(*object);
		*object = get(10 + (seed >> 44) % 491);
		**object = seed;
	}
	return call;
}

int main(int argc, char **argv)
{
	long threads = argument(argc, argv, 1, 1), rounds = argument(argc, argv, 2, 10), sum = 0, i, k;

	for (round_now = 0; round_now < rounds; round_now++) {
		sum += in_threads(threads, run);
		/* Each thread of the next round has the objects of its neighbour. */
		for (k = 0; k < OBJECTS && threads > 1; k++) {
			char *first = objects[0][k];

			for (i = 0; i + 1 < threads; i++)
				objects[i][k] = objects[i + 1][k];
			objects[threads - 1][k] = first;
		}
	}
	printf("%ld\n", sum);
	return 0;
}
