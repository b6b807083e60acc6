// SPDX-License-Identifier: GPL-2.0
/*
 * sharing.c - false sharing: threads write to objects of their own.
 *
 * usage: sharing active|passive THREADS [WRITES]
 *
 * active: each thread allocates its object. They are in one cache line if the allocator gives
 * parts of a line to different threads. passive: one thread has allocated the objects. Each
 * thread frees the one that it was given, and allocates its own: in that line again, if the
 * allocator keeps what a thread frees for this thread.
 *
 * Prints the number of cache lines that objects of different threads share.
 */
#include <stdint.h>

#include "program.h"

#define SIZE	8

static long threads, writes = 3000000;
static int passive;
static volatile char *objects[MAX_THREADS];
static pthread_barrier_t all_have_one;

static long run(long thread)
{
	volatile char *object;
	long i;

	if (passive)
		free((char *)objects[thread]);
	objects[thread] = get(SIZE);
	object = objects[thread];
	pthread_barrier_wait(&all_have_one);
	for (i = 0; i < writes; i++)
		object[i % SIZE]++;
	return 0;
}

static int shared_lines(void)
{
	long i, k;
	int n = 0;

	for (i = 0; i < threads; i++)
		for (k = 0; k < i; k++)
			if ((uintptr_t)objects[i] / 64 == (uintptr_t)objects[k] / 64) {
				n++;
				break;
			}
	return n;
}

int main(int argc, char **argv)
{
	long i;

	if (argc < 2 || (strcmp(argv[1], "active") && strcmp(argv[1], "passive")))
		die("usage: sharing active|passive THREADS [WRITES]");
	passive = !strcmp(argv[1], "passive");
	threads = argument(argc, argv, 2, 2);
	writes = argument(argc, argv, 3, writes);
	if (threads < 2 || threads > MAX_THREADS)
		die("there are 2 to 32 threads");
	for (i = 0; passive && i < threads; i++)
		objects[i] = get(SIZE);
	pthread_barrier_init(&all_have_one, NULL, threads);
	in_threads(threads, run);
	printf("%d\n", shared_lines());
	return 0;
}
