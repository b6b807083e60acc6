// SPDX-License-Identifier: GPL-2.0
/*
 * vector.c - vectors that double their room when they are full.
 *
 * usage: vector [THREADS [ROUNDS]]
 *
 * Each thread fills 100 vectors in turns, by realloc().
 */
#include "program.h"

#define VECTORS		100
#define NUMBERS		4000

struct vector {
	long *numbers;
	long nr;
	long room;
};

static long rounds = 10;

static void append(struct vector *vector, long number)
{
	if (vector->nr == vector->room) {
		vector->room = vector->room ? 2 * vector->room : 2;
		vector->numbers = realloc(vector->numbers, vector->room * sizeof(long));
		if (!vector->numbers)
			die("no memory");
	}
	vector->numbers[vector->nr++] = number;
}

static long run(long thread)
{
	struct vector vectors[VECTORS];
	long sum = 0, round, i, n;

	for (round = 0; round < rounds; round++) {
		memset(vectors, 0, sizeof(vectors));
		for (n = 0; n < NUMBERS; n++)
			for (i = 0; i < VECTORS; i++)
				append(&vectors[i], n ^ i);
		for (i = 0; i < VECTORS; i++) {
			sum += vectors[i].numbers[NUMBERS / 2];
			free(vectors[i].numbers);
		}
	}
	return sum;
}

int main(int argc, char **argv)
{
	rounds = argument(argc, argv, 2, rounds);
	printf("%ld\n", in_threads(argument(argc, argv, 1, 1), run));
	return 0;
}
