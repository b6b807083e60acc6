// SPDX-License-Identifier: GPL-2.0
/*
 * steps.c - the cost of one call when there are n free blocks, for each strategy, and of what lists
 * and trees are made of. Prints CSV.
 *
 * usage: steps [STRATEGY...]
 *
 *   alloc        n free blocks are in the way, and all are too small. Only the one that the
 *                strategy comes to last is large enough.
 *   free         the block has the place in the strategy's order that it comes to last.
 *   alloc_fixed  of the size that all n free blocks have.
 *   free_fixed   of that size, the one with the highest address.
 *   free_any     of that size, the mean of several that are anywhere.
 *   hit          buddy: a block of the right order is free.
 *   alloc_whole  list_size: nothing is left of the block that is cut.
 *   alloc_remote owner: another thread has freed n objects.
 *   slide        handles: n objects of 1 KiB move.
 *
 * The strategy "-" is no strategy, but cells of lists and trees: see cells.h.
 *
 * Cycles are those of a call that has just been made in the same state: see again.h. So all that a
 * call needs is in the caches, as far as it fits there, and page faults are none of its costs. They
 * are less what reading the clock takes, and a quarter of several runs took fewer. The processor
 * has also learnt each branch, so that a call is cheaper than in a program. But costs at
 * different n can be compared, by the slope of log cycles over log n:
 *
 *   O(n)      about 1, and a bit more where n blocks of 32 to 64 bytes do not fit into a cache
 *   O(1)      0, give or take some hundredths
 *   O(log n)  between these. The logarithm itself grows by a factor of 2.5 from 100 to 100,000, a
 *             slope of 0.13. What is the same at any n makes it less, and nodes of a tree that are
 *             not in the nearest cache make it more.
 *
 * Without a counter of cycles they are nanoseconds, too few to tell anything of O(1).
 */
#define _GNU_SOURCE
#include <sched.h>
#include <time.h>

#include "again.h"
#include "cells.h"

#define ARENA	BIT(28)
#define ANY	16	/* calls, for a mean */

/* ---- strategies ---- */

/* What is in the way of what. */
struct shape {
	const char *name;
	size_t small;		/* the n blocks */
	size_t big;		/* the one that is large enough, */
	size_t request;		/* for this, and something is left of it */
	size_t last;		/* the one to be freed */
	unsigned long most;	/* n, because to free all of them takes n^2 */
	bool ascending;		/* free them in this order, as the other takes n^2 */
	bool list;		/* blocks have LIST_HEADER: leave no other free memory */
	unsigned int trees;	/* as many for a mean: the shape depends on addresses */
};

#define USUAL		.small = 24, .big = 1016, .request = 1000, .last = 8, .most = MOST
#define LIST(n)		{ .name = n, USUAL, .list = true }
#define TREE(n)		{ .name = n, USUAL, .list = true, .trees = 8 }

static const struct shape shapes[] = {
	LIST("list_lifo"), LIST("list_address"), LIST("list_size"), LIST("list_next_fit"),
	LIST("list_best_fit"), LIST("list_worst_fit"), LIST("external_unrolled"),
	LIST("global_mutex"), TREE("tree_address"), TREE("tree_double"), TREE("external_tree"),
	{ .name = "external_array", USUAL, .list = true, .ascending = true },
	{ .name = "tree_size", .small = 24, .big = 1016, .request = 1000, .last = 8, .most = 10000,
	  .list = true, .trees = 8 },
	/* Blocks that are not cached */
	{ .name = "thread_cache", .small = 24, .big = 1016, .request = 1000, .last = 1100,
	  .most = MOST, .list = true },
	/* All in the bin for 1 to 2 KiB */
	{ .name = "ptmalloc", .small = 1032, .big = 2024, .request = 1900, .last = 1100,
	  .most = 10000 },
	{ .name = "pool", .small = 24, .big = 64, .request = 64, .last = 8, .most = MOST },
	/* One type */
	{ .name = "slab", .small = 24, .big = 1016, .request = 1016, .last = 8, .most = MOST },
};

static const struct shape *shape_of(const struct lab_strategy *strategy)
{
	static const struct shape usual = { .name = "-", USUAL };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(shapes); i++)
		if (!strcmp(shapes[i].name, strategy->name))
			return &shapes[i];
	return &usual;
}

static void *objects[2 * MOST];
static void *big, *last;

/* Take the faults of pages that a call may be the first to use. Return the bytes up to there. */
static size_t touch(struct lab *lab)
{
	size_t at = lab->arena.top << PAGE_SHIFT, end = min(at + (4ul << 20), ARENA);

	for (; at < end; at += PAGE_SIZE)
		*(volatile char *)(lab->arena.base + at) = 0;
	return end;
}

/* Allocate all memory that is free. */
static void fill_up(struct lab *lab)
{
	struct lab_stats stats;

	for (lab_stats(lab, &stats); stats.largest >= 64; lab_stats(lab, &stats))
		if (!lab_alloc(lab, min(stats.largest, 2048ul) - LIST_HEADER))
			return;
}

/*
 * Make @n free blocks that do not touch, and a large one which was freed first and is the last.
 * @pad moves all of them.
 */
static bool build(struct lab *lab, const struct shape *shape, unsigned long n, size_t pad)
{
	unsigned long i;

	if (pad)
		lab_alloc(lab, pad);
	for (i = 0; i < 2 * n; i++)
		objects[i] = lab_alloc(lab, shape->small);
	/* Neighbours of the same sizes keep the pages that they may share. */
	lab_alloc(lab, shape->big);
	big = lab_alloc(lab, shape->big);
	lab_alloc(lab, shape->small);
	lab_alloc(lab, shape->last);
	last = lab_alloc(lab, shape->last);
	if (!lab_alloc(lab, shape->small) || !objects[2 * n - 1])
		return false;
	if (shape->list)
		fill_up(lab);
	lab_free(lab, big);
	for (i = 0; i < n; i++)
		lab_free(lab, objects[2 * (shape->ascending ? i : n - 1 - i)]);
	return true;
}

/* Time a call: a free of @p, or an alloc of @size if that is NULL. Return 0 if it failed. */
static u64 time_call(struct lab *lab, void *p, size_t size, unsigned long n)
{
	struct samples first = { 0 }, samples = { 0 };
	unsigned int i, runs = nr_runs(n);
	void *new = NULL;
	u64 begin;

	/* More if it is short, since what else happens is no small part of it then. */
	for (i = 0; i <= runs || (i < 200 && samples.cycles[0] < 2000); i++) {
		begin = now();
		if (p)
			lab_free(lab, p);
		else
			new = lab_alloc(lab, size);
		note(i ? &samples : &first, begin, 1);
		if ((!p && !new) || (!i && !compare(lab)))
			return 0;
		undo();
	}
	return typical(&samples);
}

/* The mean over some of the objects that are left. */
static u64 time_any(struct lab *lab, unsigned long n)
{
	u64 seed = n, sum = 0;
	int i;

	for (i = 0; i < ANY; i++)
		sum += time_call(lab, objects[2 * lab_random_below(&seed, n) + 1], 0, n);
	return sum / ANY;
}

enum { ALLOC, FREE, ALLOC_FIXED, FREE_FIXED, FREE_ANY, HIT, WHOLE, NR_CALLS };

/* Time all calls. Return false if one failed, and whether the arena may be too small for @n. */
static bool run(const struct lab_strategy *strategy, unsigned long n, size_t pad, u64 *cycles,
		bool *full)
{
	const struct shape *shape = shape_of(strategy);
	/* Records that are kept elsewhere are all on loan: they take no free block. */
	struct lab lab = { .loan = ALIGN(64 * n, PAGE_SIZE) };

	memset(cycles, 0, NR_CALLS * sizeof(*cycles));
	if (lab_init(&lab, strategy, ARENA))
		return false;
	if (build(&lab, shape, n, pad) && save(&lab, touch(&lab))) {
		cycles[ALLOC] = time_call(&lab, NULL, shape->request, n);
		cycles[FREE] = time_call(&lab, last, 0, n);
		cycles[ALLOC_FIXED] = time_call(&lab, NULL, shape->small, n);
		cycles[FREE_FIXED] = time_call(&lab, objects[2 * n - 1], 0, n);
		cycles[FREE_ANY] = time_any(&lab, n);
		if (!strcmp(strategy->name, "list_size"))
			cycles[WHOLE] = time_call(&lab, NULL, shape->big, n);
		if (!strcmp(strategy->name, "buddy"))
			cycles[HIT] = time_call(&lab, NULL, shape->small, n);
	}
	*full = lab.arena.top > lab.arena.nr_pages / 2;
	lab_exit(&lab);
	return cycles[ALLOC] && cycles[FREE] && cycles[ALLOC_FIXED] && cycles[FREE_FIXED];
}

/* The mean over several trees, if it is one. */
static bool run_all(const struct lab_strategy *strategy, unsigned long n, u64 *cycles, bool *full)
{
	unsigned int trees = max(shape_of(strategy)->trees, 1u), i, call;
	u64 sum[NR_CALLS] = { 0 };

	for (i = 0; i < trees; i++) {
		if (!run(strategy, n, 64 * i, cycles, full))
			return false;
		for (call = 0; call < NR_CALLS; call++)
			sum[call] += cycles[call];
	}
	for (call = 0; call < NR_CALLS; call++)
		cycles[call] = sum[call] / trees;
	return true;
}

/* ---- calls that are slow now and then ---- */

static void *free_all(void *arg)
{
	unsigned long i;

	for (i = 0; objects[i]; i++)
		lab_free(arg, objects[i]);
	return NULL;
}

/* Let another thread free n objects, or free half of 2 n. */
static void prepare(struct lab *lab, size_t size, unsigned long n, bool remote)
{
	unsigned long i, nr = remote ? n : 2 * n - 1;
	pthread_t thread;

	memset(objects, 0, sizeof(objects));
	for (i = 0; i < nr; i++)
		objects[i] = lab_alloc(lab, size);
	if (remote && !pthread_create(&thread, NULL, free_all, lab))
		pthread_join(thread, NULL);
	for (i = 0; i < nr && !remote; i += 2)
		lab_free(lab, objects[i]);
}

#define CALLS_SLOW	2200	/* objects of 24 bytes in a span of owner.c, and some */

/*
 * Of some calls, find the longest: one of them slides, or collects, what there is. Of each call the
 * typical one of several runs counts, so it is not one that was interrupted.
 */
static u64 run_longest(const struct lab_strategy *strategy, unsigned long n, bool remote)
{
	static struct samples calls[CALLS_SLOW];
	size_t size = remote ? 24 : 1000;
	unsigned int i, k, nr = remote ? CALLS_SLOW : 100;
	u64 begin, longest = 0;

	memset(calls, 0, sizeof(calls));
	for (k = 0; k < 8; k++) {
		struct lab lab = { 0 };

		if (lab_init(&lab, strategy, ARENA))
			return 0;
		touch(&lab);
		prepare(&lab, size, n, remote);
		for (i = 0; i < nr; i++) {
			begin = now();
			lab_alloc(&lab, size);
			note(&calls[i], begin, 1);
		}
		lab_exit(&lab);
	}
	for (i = 0; i < nr; i++)
		longest = max(longest, typical(&calls[i]));
	return longest;
}

/* ---- the table ---- */

static bool measure(const struct lab_strategy *strategy, unsigned long n)
{
	static const char * const names[NR_CALLS] = {
		"alloc", "free", "alloc_fixed", "free_fixed", "free_any", "hit", "alloc_whole",
	};
	bool full = false, ok;
	u64 cycles[NR_CALLS];
	unsigned int i;

	ok = run_all(strategy, n, cycles, &full);
	for (i = 0; i < NR_CALLS && ok; i++)
		print(strategy->name, names[i], n, cycles[i]);
	if (ok && !strcmp(strategy->name, "owner"))
		print(strategy->name, "alloc_remote", n, run_longest(strategy, n, true));
	if (ok && !strcmp(strategy->name, "handles") && n <= 10000)
		print(strategy->name, "slide", n, run_longest(strategy, n, false));
	if (!ok)
		fprintf(stderr, "steps: %s, n = %lu: %s\n", strategy->name, n,
			full ? "skipped, as it needs a larger arena" : "a call failed");
	return ok || full;
}

static bool measure_all(const struct lab_strategy *strategy)
{
	static time_t said;
	bool ok = true;
	unsigned int i;

	if (!said)
		said = time(NULL);
	if (time(NULL) - said >= 5) {
		fprintf(stderr, "steps: %s\n", strategy->name);
		said = time(NULL);
	}
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		if (sizes[i] <= shape_of(strategy)->most)
			ok &= measure(strategy, sizes[i]);
	return ok;
}

/* Stay on this CPU, if that is possible: the clocks of two may differ by more than a call takes. */
static void stay(void)
{
	int cpu = sched_getcpu();
	cpu_set_t set;

	CPU_ZERO(&set);
	if (cpu >= 0) {
		CPU_SET(cpu, &set);
		sched_setaffinity(0, sizeof(set), &set);
	}
}

int main(int argc, char **argv)
{
	unsigned int i;
	bool ok = true;

	stay();
	puts("strategy,call,n,cycles");
	if (argc == 1) {
		ok = cells();
		for (i = 0; i < lab_nr_strategies; i++)
			ok &= measure_all(lab_strategies[i]);
	}
	while (*++argv) {
		if (!lab_find(*argv)) {
			fprintf(stderr, "steps: there is no strategy '%s'\n", *argv);
			return 2;
		}
		ok &= measure_all(lab_find(*argv));
	}
	return !ok;
}
