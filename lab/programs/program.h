/* SPDX-License-Identifier: GPL-2.0 */
/*
 * program.h - what the programs of the lab share.
 */
#ifndef SLABMOD_LAB_PROGRAM_H
#define SLABMOD_LAB_PROGRAM_H

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_THREADS	32

static inline void die(const char *text)
{
	fprintf(stderr, "%s\n", text);
	exit(1);
}

static inline void *get(size_t size)
{
	void *p = malloc(size);

	if (!p)
		die("no memory");
	return p;
}

/* The number of the n-th argument, above 0, or @otherwise. */
static inline long argument(int argc, char **argv, int n, long otherwise)
{
	long number = n < argc ? strtol(argv[n], NULL, 0) : otherwise;

	if (number <= 0)
		die("an argument is no number above 0");
	return number;
}

struct program_thread {
	pthread_t thread;
	long (*run)(long thread);
	long number;
	long result;
};

static inline void *program_thread(void *arg)
{
	struct program_thread *thread = arg;

	thread->result = thread->run(thread->number);
	return NULL;
}

/* Call @run in as many new threads, with their numbers. Return the sum of what it returns. */
static inline long in_new_threads(long nr, long (*run)(long thread))
{
	struct program_thread threads[MAX_THREADS];
	long i, sum = 0;

	if (nr > MAX_THREADS)
		die("there are 32 threads at most");
	for (i = 0; i < nr; i++) {
		threads[i].run = run;
		threads[i].number = i;
		if (pthread_create(&threads[i].thread, NULL, program_thread, &threads[i]))
			die("no thread");
	}
	for (i = 0; i < nr; i++) {
		pthread_join(threads[i].thread, NULL);
		sum += threads[i].result;
	}
	return sum;
}

/* The same, but one thread is that of the caller. */
static inline long in_threads(long nr, long (*run)(long thread))
{
	return nr == 1 ? run(0) : in_new_threads(nr, run);
}

#endif /* SLABMOD_LAB_PROGRAM_H */
