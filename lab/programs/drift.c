// SPDX-License-Identifier: GPL-2.0
/*
 * drift.c - memory drift: one thread allocates all objects, and another frees them.
 *
 * usage: drift [2 [ROUNDS]]
 *
 * The threads take turns, with 1,000 objects of 100 bytes. An allocator that keeps a freed object
 * for the thread that frees it needs ever more memory. Prints the largest size of the process, in
 * KiB.
 */
#include <sys/resource.h>

#include "program.h"

#define OBJECTS	1000

static long rounds = 300;
static void *objects[OBJECTS];
static pthread_barrier_t turn;

static long run(long thread)
{
	long round, i;

	for (round = 0; round < rounds; round++) {
		for (i = 0; thread == 0 && i < OBJECTS; i++)
			objects[i] = memset(get(100), 1, 100);
		pthread_barrier_wait(&turn);
		for (i = 0; thread == 1 && i < OBJECTS; i++)
			free(objects[i]);
		pthread_barrier_wait(&turn);
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct rusage usage;

	if (argument(argc, argv, 1, 2) != 2)
		die("there are two threads");
	rounds = argument(argc, argv, 2, rounds);
	pthread_barrier_init(&turn, NULL, 2);
	in_threads(2, run);
	getrusage(RUSAGE_SELF, &usage);
	printf("%ld\n", usage.ru_maxrss);
	return 0;
}
