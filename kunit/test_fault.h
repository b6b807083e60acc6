/* SPDX-License-Identifier: GPL-2.0 */
/*
 * test_fault.h - what both files of the suite use.
 */
#ifndef SLABMOD_TEST_FAULT_H
#define SLABMOD_TEST_FAULT_H

#include <linux/sched.h>

#include "context.h"
#include "debug/fault.h"
#include "verbs_pool.h"

/* An act that is repeated, each time with another failure. */
struct deed {
	const char *name;
	/* Restore the state before the act. */
	void (*prepare)(struct kunit *test);
	/* Do it and undo it; call fault_spoil() if something is wrong. */
	void (*act)(struct kunit *test);
	/* Check what is left. */
	void (*look)(struct kunit *test);
	/* It runs in another context, so that failures of all tasks count. */
	bool elsewhere;
	/* It makes no request that may fail. */
	bool never;
};

/*
 * Repeat a deed with its first, second, ... request failing, until there is no such request;
 * then with the first and all that follow, and so on.
 */
void fault_each(struct kunit *test, const struct deed *deed);

/* For acts, which cannot use expectations: note @what as wrong, if @bad. */
void fault_spoil(bool bad, const char *what);

/* In test_fault_calls.c. */
void test_failing_calls_of_the_root_pool(struct kunit *test);
void test_failing_pools(struct kunit *test);
void test_failing_calls_of_a_pool(struct kunit *test);

#endif /* SLABMOD_TEST_FAULT_H */
