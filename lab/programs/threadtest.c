// SPDX-License-Identifier: GPL-2.0
/*
 * threadtest.c - each thread allocates some thousand small objects and frees them, again and again.
 *
 * usage: threadtest [THREADS [ROUNDS]]
 *
 * The work is divided among the threads: with a perfect allocator the time is that of one thread
 * divided by their number.
 */
#include "program.h"

#define OBJECTS	2000

static long threads, rounds = 400;

static long run(long thread)
{
	char *objects[OBJECTS];
	long round, i;

	for (round = 0; round < rounds / threads; round++) {
		for (i = 0; i < OBJECTS; i++) {
			objects[i] = get(8 + i % 57);
			*objects[i] = i;
		}
		for (i = 0; i < OBJECTS; i++)
			free(objects[i]);
	}
	return round;
}

int main(int argc, char **argv)
{
	threads = argument(argc, argv, 1, 1);
	rounds = argument(argc, argv, 2, rounds);
	printf("%ld\n", in_threads(threads, run));
	return 0;
}
