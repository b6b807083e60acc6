// SPDX-License-Identifier: GPL-2.0
/*
 * conform.c - check all strategies, or those that are named, in a process.
 *
 * usage: conform [STRATEGY...]
 *
 * Prints "ok STRATEGY.CHECK" and "not ok STRATEGY.CHECK: WHAT" lines. Checks that the strategy
 * lacks the property for are skipped.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../mod/lab/conform.h"

#define THREADS	4

static int failed;

static void say(const struct lab_strategy *strategy, const char *check, const char *wrong)
{
	if (wrong)
		printf("not ok %s.%s: %s\n", strategy->name, check, wrong);
	else
		printf("ok %s.%s\n", strategy->name, check);
	fflush(stdout);
	failed |= !!wrong;
}

struct worker {
	struct lab *lab;
	void **slots;
	u64 seed;
	const char *wrong;
	pthread_t thread;
};

static void *work(void *arg)
{
	struct worker *worker = arg;

	worker->wrong = lab_conform_worker(worker->lab, worker->slots, worker->seed, 60000);
	return NULL;
}

static const char *threads_at_once(const struct lab_strategy *strategy, u64 seed)
{
	static void *slots[LAB_CONFORM_SLOTS];
	struct worker workers[THREADS];
	struct lab lab = { 0 };
	const char *wrong = NULL;
	int i;

	memset(slots, 0, sizeof(slots));
	if (lab_init(&lab, strategy, LAB_CONFORM_ARENA * 64))
		return "init failed";
	for (i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){ &lab, slots, seed + i, NULL, 0 };
		pthread_create(&workers[i].thread, NULL, work, &workers[i]);
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(workers[i].thread, NULL);
		if (workers[i].wrong)
			wrong = workers[i].wrong;
	}
	if (!wrong)
		wrong = lab_conform_drain(&lab, slots);
	lab_exit(&lab);
	return wrong;
}

static void check(const struct lab_strategy *strategy, u64 seed)
{
	unsigned int i;

	for (i = 0; i < lab_nr_checks; i++) {
		const struct lab_check *each = &lab_checks[i];

		if (!lab_promises(strategy, each))
			printf("ok %s.%s # SKIP by design\n", strategy->name, each->name);
		else
			say(strategy, each->name, lab_conform(strategy, each, seed));
	}
	if (strategy->lacks & LAB_NO_THREADS)
		printf("ok %s.threads_at_once # SKIP by design\n", strategy->name);
	else
		say(strategy, "threads_at_once", threads_at_once(strategy, seed));
}

int main(int argc, char **argv)
{
	const char *given = getenv("SEED");
	u64 seed = given ? strtoull(given, NULL, 0) : (u64)time(NULL);
	unsigned int i;

	printf("# SEED=%llu\n", (unsigned long long)seed);
	if (argc == 1)
		for (i = 0; i < lab_nr_strategies; i++)
			check(lab_strategies[i], seed);
	while (*++argv) {
		if (!lab_find(*argv)) {
			fprintf(stderr, "conform: there is no strategy '%s'\n", *argv);
			return 2;
		}
		check(lab_find(*argv), seed);
	}
	return failed;
}
