// SPDX-License-Identifier: GPL-2.0
/*
 * larson.c - a server: objects of random sizes that are replaced at random, by threads that come
 * and go.
 *
 * usage: larson [THREADS [ROUNDS]]
 *
 * In each round new threads take over the objects of those before, and free what those have
 * allocated (Larson and Krishnan 1998). Objects and calls are divided among the threads: with a
 * perfect allocator the time is that of one thread divided by their number. Prints how often an
 * object was intact.
 */
#include "program.h"

#define OBJECTS	1000
#define CALLS	100000

static struct object {
	char *memory;
	size_t size;
} objects[OBJECTS];

static long threads, round_now;

static int is_intact(const struct object *object)
{
	const char *memory = object->memory;

	return !memory || (memory[0] == (char)object->size &&
			   memory[object->size - 1] == (char)object->size);
}

static void replace(struct object *object, size_t size)
{
	free(object->memory);
	object->memory = get(size);
	object->size = size;
	object->memory[0] = size;
	object->memory[size - 1] = size;
}

static long run(long thread)
{
	unsigned long seed = thread * 7919 + round_now + 1;
	/* Each thread of the next round has the objects of its neighbour. */
	struct object *own = objects + OBJECTS / threads * ((thread + round_now) % threads);
	long call, sum = 0;

	for (call = 0; call < CALLS / threads; call++) {
		struct object *object;

		seed = seed * 6364136223846793005ul + 1442695040888963407ul;
		object = own + (seed >> 33) % (OBJECTS / threads);
		sum += is_intact(object);
		replace(object, 10 + (seed >> 44) % 491);
	}
	return sum;
}

int main(int argc, char **argv)
{
	long rounds = argument(argc, argv, 2, 4), sum = 0;

	threads = argument(argc, argv, 1, 1);
	for (round_now = 0; round_now < rounds; round_now++)
		sum += in_threads(threads, run);
	printf("%ld\n", sum);
	return 0;
}
