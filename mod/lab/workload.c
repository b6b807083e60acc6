// SPDX-License-Identifier: GPL-2.0
/*
 * workload.c - the workloads of one thread: the programs of the lecture, random ones, and for
 * each kind of strategy one that it cannot serve well.
 */
#include "driver.h"
#include "random.h"

/* ---- the programs of the lecture ---- */

#define NODE	24	/* a number, and two links or a length */

static void run_list(struct lab_driver *driver)
{
	unsigned int i;

	for (i = 0; i < driver->nr_objects; i++)
		lab_do_alloc(driver, i, NODE);
	lab_do_free_all(driver);
}

/*
 * Vectors grow by a copy to twice the room, in turns. The copies alternate between two sets of
 * numbers.
 */
static void run_vector(struct lab_driver *driver)
{
	unsigned int nr = driver->nr_objects / 2, old = 0, new = nr, i;
	size_t room;

	for (room = 16; room <= 65536; room *= 2) {
		for (i = 0; i < nr; i++) {
			lab_do_alloc(driver, new + i, room);
			lab_do_free(driver, old + i);
		}
		old = new;
		new = nr - old;
	}
	lab_do_free_all(driver);
}

/* The chain of each number, as a list; the longest chain so far stays. */
static void run_collatz(struct lab_driver *driver)
{
	unsigned int half = driver->nr_objects / 2, keep = 0, longest = 0, i;
	u64 n, start;

	for (start = 1; start <= 700; start++) {
		unsigned int into = half - keep, length = 0;

		for (n = start; length < half; n = n & 1 ? 3 * n + 1 : n / 2) {
			lab_do_alloc(driver, into + length++, NODE);
			if (n == 1)
				break;
		}
		if (length > longest) {
			longest = length;
			keep = into;
			into = half - into;
		}
		for (i = 0; i < half; i++)
			lab_do_free(driver, into + i);
	}
	lab_do_free_all(driver);
}

/* The three requests of 50 bytes, and the free of the second. */
static void run_example(struct lab_driver *driver)
{
	lab_do_alloc(driver, 0, 50);
	lab_do_alloc(driver, 1, 50);
	lab_do_alloc(driver, 2, 50);
	lab_do_free(driver, 1);
}

/* ---- random ---- */

/* Allocations and frees of objects of a size that @size returns, for as long as there are @ops. */
static void run_random(struct lab_driver *driver, unsigned long ops, size_t (*size)(u64 *seed))
{
	u64 seed = driver->seed;

	while (ops--) {
		unsigned int n = lab_random_below(&seed, driver->nr_objects);

		if (driver->objects[n].p)
			lab_do_free(driver, n);
		else
			lab_do_alloc(driver, n, size(&seed));
	}
}

static size_t size_same(u64 *seed)
{
	return LAB_POOL_SIZE;
}

static void run_same(struct lab_driver *driver)
{
	run_random(driver, 40000, size_same);
}

/* Half are at most 64 bytes, a few some thousand, as in programs. */
static size_t size_mix(u64 *seed)
{
	size_t order = lab_random_below(seed, 1 + lab_random_below(seed, 9));

	return 1 + lab_random_below(seed, 16ul << order);
}

static void run_mix(struct lab_driver *driver)
{
	run_random(driver, 40000, size_mix);
}

/* A byte more than a power of two. */
static size_t size_odd(u64 *seed)
{
	return (16ul << lab_random_below(seed, 8)) + 1;
}

static void run_odd(struct lab_driver *driver)
{
	run_random(driver, 40000, size_odd);
}

/* ---- what fragments memory ---- */

#define LIVE	BIT(20)	/* bytes, at most, in these */

/* Allocate objects of @size from number @from on, up to LIVE bytes in all. Return how many. */
static unsigned int fill(struct lab_driver *driver, unsigned int from, size_t size)
{
	unsigned int n = from;

	while (n < driver->nr_objects && driver->result.asked + size <= LIVE)
		if (!lab_do_alloc(driver, n++, size))
			break;
	return n - from;
}

/* Every second object is freed, and then larger ones do not fit between the others. */
static void run_checkerboard(struct lab_driver *driver)
{
	unsigned int n = fill(driver, 0, 120), i;

	for (i = 0; i < n; i += 2)
		lab_do_free(driver, i);
	fill(driver, n, 248);
}

/*
 * All memory is used for one size after another. Lists of fixed sizes keep what they had for
 * each, and lists that do not merge have only small blocks.
 */
static void run_rising(struct lab_driver *driver)
{
	size_t size;

	for (size = 16; size <= 16384; size *= 2) {
		fill(driver, 0, size - 8);
		lab_do_free_all(driver);
	}
}

static void run_falling(struct lab_driver *driver)
{
	size_t size;

	for (size = 16384; size >= 16; size /= 2) {
		fill(driver, 0, size - 8);
		lab_do_free_all(driver);
	}
}

/* Of each two pages one object stays, and then other sizes are asked for. */
static void run_sparse(struct lab_driver *driver)
{
	unsigned int first = 0, n, i;
	size_t size;

	for (size = 32; size <= 512; size *= 2) {
		n = fill(driver, first, size - 8);
		for (i = 0; i < n; i++)
			if (i % (8192 / size))
				lab_do_free(driver, first + i);
		first += n;
	}
}

/* ---- Robson's adversary, which looks at addresses ---- */

#define UNIT		16ul
#define ROBSON_LOG	10	/* the largest object has as many units, as a power of two */

/* Return the units from the object to the next one that is @offset modulo @step. */
static unsigned long distance(struct lab_driver *driver, unsigned int n, unsigned long offset,
			      unsigned long step)
{
	size_t at = (size_t)driver->objects[n].p - (size_t)driver->lab->arena.base;

	return (offset - at / UNIT) & (step - 1);
}

static unsigned long units(struct lab_driver *driver, unsigned int n)
{
	return DIV_ROUND_UP(driver->objects[n].size, UNIT);
}

/* Return the units that are free for objects of @step units if those at @offset stay. */
static unsigned long robson_gain(struct lab_driver *driver, unsigned long offset,
				 unsigned long step)
{
	unsigned long gain = 0;
	unsigned int i;

	for (i = 0; i < driver->nr_objects; i++)
		if (driver->objects[i].p && distance(driver, i, offset, step) < units(driver, i))
			gain += step - units(driver, i);
	return gain;
}

/*
 * In each round keep only objects that lie on one offset modulo the next size, so that between
 * any two of them there is no room for an object of that size. Any allocator that does not move
 * objects needs LIVE * (ROBSON_LOG / 2 + 1) bytes in the end (Robson 1971, 1974).
 */
static void run_robson(struct lab_driver *driver)
{
	unsigned long offset = 0, step;
	unsigned int n;

	fill(driver, 0, UNIT - 8);
	for (step = 2; step <= BIT(ROBSON_LOG); step *= 2) {
		unsigned long other = offset + step / 2;

		if (robson_gain(driver, other, step) > robson_gain(driver, offset, step))
			offset = other;
		for (n = 0; n < driver->nr_objects; n++)
			if (driver->objects[n].p &&
			    distance(driver, n, offset, step) >= units(driver, n))
				lab_do_free(driver, n);
		for (n = 0; n < driver->nr_objects; n++)
			if (!driver->objects[n].p && driver->result.asked + step * UNIT <= LIVE)
				lab_do_alloc(driver, n, step * UNIT - 8);
	}
}

/* ---- the list ---- */

#define X(n, objects, t)						\
	static const struct lab_workload workload_##n = {		\
		.name = #n, .text = t, .nr_objects = objects, .run = run_##n \
	};
#define WORKLOADS(X)										\
	X(list, 20000, "a linked list of 20,000 nodes of 24 bytes, freed in order")		\
	X(vector, 80, "40 vectors that grow by doubling, from 16 bytes to 64 KiB")		\
	X(collatz, 1024, "the Collatz chains of 1 to 700 as lists; the longest stays")		\
	X(same, 2000, "objects of 64 bytes, at random")						\
	X(mix, 2000, "objects of 1 to 4,096 bytes, most of them small, at random")		\
	X(odd, 1000, "sizes that are a byte more than a power of two, at random")		\
	X(checkerboard, 20000, "every second object is freed, then larger ones are asked for")	\
	X(rising, 131072, "all memory for one size after another, from 16 bytes to 16 KiB")	\
	X(falling, 131072, "the same from 16 KiB to 16 bytes")					\
	X(sparse, 131072, "one object stays in each two pages, size after size")		\
	X(robson, 131072, "an adversary that keeps the objects which are most in the way")	\
	X(example, 3, "three requests of 50 bytes, and a free of the second")
WORKLOADS(X)
#undef X

const struct lab_workload *const lab_workloads[] = {
#define X(n, objects, t)	&workload_##n,
	WORKLOADS(X)
#undef X
};

const unsigned int lab_nr_workloads = ARRAY_SIZE(lab_workloads);

const struct lab_workload *lab_find_workload(const char *name)
{
	unsigned int i;

	for (i = 0; i < lab_nr_workloads; i++)
		if (!strcmp(lab_workloads[i]->name, name))
			return lab_workloads[i];
	return NULL;
}
