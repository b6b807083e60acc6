// SPDX-License-Identifier: GPL-2.0
/*
 * drift.c - memory drift: what one thread allocates, another frees.
 *
 * usage: drift pairs|ring THREADS [ROUNDS]
 *
 * Threads take turns, so no more than 10,000 objects of 100 bytes are in use at any time, however
 * many threads there are. The memory that an allocator takes for them is its blowup.
 *
 * pairs: in each round, one thread of each pair allocates, and then the other frees. An allocator
 * that keeps an object for the thread that frees it needs more memory in each round.
 *
 * ring: in each turn, a thread allocates all objects, and then the next one frees them. There are
 * THREADS turns in a round. An allocator that returns an object to the thread that allocated it
 * needs THREADS times the memory.
 *
 * With 1 thread, this one allocates and frees: that is the serial program, which blowup compares
 * with. Prints the number of objects that had what was written to them.
 */
#include "program.h"

#define OBJECTS	10000
#define SIZE	100

static long threads, rounds = 4;
static int ring;
static char *objects[OBJECTS];
static pthread_barrier_t barrier;

/* What a thread does in a turn */
static int allocates(long thread, long turn)
{
	return ring ? turn % threads == thread : thread % 2 == 0;
}

static int frees(long thread, long turn)
{
	return ring ? (turn + 1) % threads == thread : threads == 1 || thread % 2;
}

/* The objects of a pair begin here. In a ring, all belong to all. */
static long first_of(long pair)
{
	long pairs = threads > 1 ? threads / 2 : 1;

	return ring ? 0 : OBJECTS * pair / pairs;
}

static long end_of(long pair)
{
	return ring ? OBJECTS : first_of(pair + 1);
}

static int is_intact(long i)
{
	return objects[i][0] == (char)i && objects[i][SIZE - 1] == (char)i;
}

static long run(long thread)
{
	long turns = ring ? rounds * threads : rounds, turn, i, sum = 0;

	for (turn = 0; turn < turns; turn++) {
		if (allocates(thread, turn))
			for (i = first_of(thread / 2); i < end_of(thread / 2); i++)
				objects[i] = memset(get(SIZE), i, SIZE);
		pthread_barrier_wait(&barrier);
		if (frees(thread, turn))
			for (i = first_of(thread / 2); i < end_of(thread / 2); i++) {
				sum += is_intact(i);
				free(objects[i]);
			}
		pthread_barrier_wait(&barrier);
	}
	return sum;
}

int main(int argc, char **argv)
{
	if (argc < 3 || (strcmp(argv[1], "pairs") && strcmp(argv[1], "ring")))
		die("usage: drift pairs|ring THREADS [ROUNDS]");
	ring = !strcmp(argv[1], "ring");
	threads = argument(argc, argv, 2, 2);
	rounds = argument(argc, argv, 3, rounds);
	if (!ring && threads > 1 && threads % 2)
		die("pairs need an even number of threads, or 1");
	pthread_barrier_init(&barrier, NULL, threads);
	printf("%ld\n", in_new_threads(threads, run));
	return 0;
}
