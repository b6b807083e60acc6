// SPDX-License-Identifier: GPL-2.0
/*
 * threadtest.c - each thread allocates some hundred small objects and frees them, again and again.
 *
 * usage: threadtest [THREADS [ROUNDS]]
 *
 * The work is divided among the threads: with a perfect allocator the time is that of one thread
 * divided by their number. Prints how many objects were intact.
 */
#include "program.h"

#define OBJECTS	500

static long threads, rounds = 1600;

static size_t size_of(long i)
{
	return 8 + i % 57;
}

static long run(long thread)
{
	char *objects[OBJECTS];
	long round, i, sum = 0;

	for (round = 0; round < rounds / threads; round++) {
		for (i = 0; i < OBJECTS; i++) {
			objects[i] = get(size_of(i));
			objects[i][0] = i;
			objects[i][size_of(i) - 1] = i;
		}
		for (i = 0; i < OBJECTS; i++) {
			sum += objects[i][0] == (char)i && objects[i][size_of(i) - 1] == (char)i;
			free(objects[i]);
		}
	}
	return sum;
}

int main(int argc, char **argv)
{
	threads = argument(argc, argv, 1, 1);
	rounds = argument(argc, argv, 2, rounds);
	printf("%ld\n", in_threads(threads, run));
	return 0;
}
