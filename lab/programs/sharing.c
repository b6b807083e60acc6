// SPDX-License-Identifier: GPL-2.0
/*
 * sharing.c - false sharing: threads write to objects of their own.
 *
 * usage: sharing active|passive THREADS [WRITES]
 *
 * Each thread has 8 objects of 8 bytes, and writes to one after another. The threads take turns in
 * allocating one. active: they get parts of one cache line if the allocator gives parts of a line
 * to different threads. passive: one thread has allocated all objects. Each thread frees those
 * that it was given, and allocates its own: in the same lines again, if the allocator keeps what
 * a thread frees for this thread.
 *
 * Prints the number of cache lines that have objects of several threads. Each thread makes WRITES
 * writes on a CPU of its own: as long as there are enough, the time grows with the number of
 * threads only by sharing.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdint.h>

#include "program.h"

#define OBJECTS	8
#define SIZE	8
#define LINE	64

static long threads, writes = 8000000;
static int passive;
static volatile char *objects[OBJECTS][MAX_THREADS];
static pthread_barrier_t barrier;

/* Two threads on one CPU, where the scheduler may leave them for a while, never share a line. */
static void move_to_own_cpu(long thread)
{
	cpu_set_t all, own;
	long cpu = -1, skip;

	if (sched_getaffinity(0, sizeof(all), &all))
		return;
	for (skip = thread % CPU_COUNT(&all); skip >= 0; skip--)
		for (cpu++; !CPU_ISSET(cpu, &all); cpu++)
			;
	CPU_ZERO(&own);
	CPU_SET(cpu, &own);
	sched_setaffinity(0, sizeof(own), &own);
}

static void replace(long thread)
{
	long i, turn;

	for (i = 0; passive && i < OBJECTS; i++)
		free((char *)objects[i][thread]);
	for (i = 0; i < OBJECTS; i++)
		for (turn = 0; turn < threads; turn++) {
			pthread_barrier_wait(&barrier);
			if (turn == thread)
				objects[i][thread] = get(SIZE);
		}
	pthread_barrier_wait(&barrier);
}

static long run(long thread)
{
	volatile char *object[OBJECTS];
	long i;

	move_to_own_cpu(thread);
	replace(thread);
	for (i = 0; i < OBJECTS; i++)
		object[i] = objects[i][thread];
	for (i = 0; i < writes; i++)
		object[i % OBJECTS][i / OBJECTS % SIZE]++;
	return 0;
}

/* The line of object @n, if objects are counted thread by thread. */
static uintptr_t line(long n)
{
	return (uintptr_t)objects[n % OBJECTS][n / OBJECTS] / LINE;
}

/* Count a line with its first object, if another thread has a later one in it. */
static int shared_lines(void)
{
	long nr = threads * OBJECTS, i, k;
	int lines = 0, first, shared;

	for (i = 0; i < nr; i++) {
		first = 1;
		shared = 0;
		for (k = 0; k < nr; k++) {
			first &= k >= i || line(k) != line(i);
			shared |= k / OBJECTS != i / OBJECTS && line(k) == line(i);
		}
		lines += first && shared;
	}
	return lines;
}

int main(int argc, char **argv)
{
	long i, k;

	if (argc < 3 || (strcmp(argv[1], "active") && strcmp(argv[1], "passive")))
		die("usage: sharing active|passive THREADS [WRITES]");
	passive = !strcmp(argv[1], "passive");
	threads = argument(argc, argv, 2, 2);
	writes = argument(argc, argv, 3, writes);
	if (threads > MAX_THREADS)
		die("there are 32 threads at most");
	for (i = 0; passive && i < OBJECTS; i++)
		for (k = 0; k < threads; k++)
			objects[i][k] = get(SIZE);
	pthread_barrier_init(&barrier, NULL, threads);
	in_threads(threads, run);
	printf("%d\n", shared_lines());
	return 0;
}
