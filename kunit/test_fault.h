/* SPDX-License-Identifier: GPL-2.0 */
/*
 * test_fault.h - what both files of the suite use.
 */
#ifndef SLABMOD_TEST_FAULT_H
#define SLABMOD_TEST_FAULT_H

#include <linux/sched.h>

#include <slabmod/slabmod.h>

#include "cache.h"
#include "context.h"
#include "debug/fault.h"
#include "kit.h"

/* Something that is done again and again, each time with another failure in it. */
struct deed {
	const char *name;
	/* Makes all as it was before the last time; not NULL. */
	void (*prepare)(struct kunit *test);
	/* Does it, and undoes what came of it; tells, by fault_spoil(), what is not right. */
	void (*act)(struct kunit *test);
	/* Looks at what is left; not NULL. */
	void (*look)(struct kunit *test);
	/* It runs elsewhere than in this task, so that anybody's failures count. */
	bool elsewhere;
	/* Nothing of it may ever fail. */
	bool never;
};

/*
 * Has the first, the second, ... of all requests of a deed fail, until there is no
 * such; then the first and all that follow, and so on.
 */
void fault_each(struct kunit *test, const struct deed *deed);

/* An act cannot use expectations where it may run: it says what is not right, if @bad. */
void fault_spoil(bool bad, const char *what);

/* ---- in test_fault_calls.c ---- */

void test_calls_of_the_root_pool_fail_cleanly(struct kunit *test);
void test_pools_fail_cleanly(struct kunit *test);
void test_what_is_in_a_pool_fails_cleanly(struct kunit *test);

#endif /* SLABMOD_TEST_FAULT_H */
