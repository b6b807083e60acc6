/* SPDX-License-Identifier: GPL-2.0 */
/*
 * test_home.h - what both files of the suite use.
 */
#ifndef SLABMOD_TEST_HOME_H
#define SLABMOD_TEST_HOME_H

#include <linux/preempt.h>

#include "home.h"

struct kunit;

/* What the magazines of this CPU would ask for. */
static inline unsigned int take(struct slabmod_cache *cache, void **objects, unsigned int nr)
{
	unsigned int got;

	preempt_disable();
	got = home_take(cache, objects, nr, false);
	preempt_enable();
	return got;
}

static inline unsigned int take_anything(struct slabmod_cache *cache, void **objects,
					 unsigned int nr)
{
	unsigned int got;

	preempt_disable();
	got = home_take(cache, objects, nr, true);
	preempt_enable();
	return got;
}

const void *home_next_size(const void *prev, char *desc);

void test_a_random_run_agrees_with_the_tags_in_objects(struct kunit *test);
void test_many_cpus_agree_with_the_tags_in_objects(struct kunit *test);

#endif /* SLABMOD_TEST_HOME_H */
