/* SPDX-License-Identifier: GPL-2.0 */
/*
 * test_contexts.h - what the suites contexts and hotplug use.
 */
#ifndef SLABMOD_TEST_CONTEXTS_H
#define SLABMOD_TEST_CONTEXTS_H

#include "kit.h"
#include "things.h"

static inline unsigned long counted(enum stat_id which)
{
	return stat_sum(things_cache()->stats, which);
}

/* ---- in test_contexts_amid.c ---- */

/* Objects of things_cache() that an NMI is to free. */
struct flood {
	void **objects;
	unsigned int nr;
	unsigned int astray;	/* calls that were not in an NMI */
};

void flood_init(struct kunit *test, struct flood *flood, unsigned int nr);
void flood_free(void *flood);

/*
 * Call @what while the magazine is busy and the lock of the home of the first object is held;
 * all objects of @flood are of that home. Preemption is off.
 */
void flood_at_the_worst(struct flood *flood, void (*what)(void));

void test_nmi_between_any_two_instructions(struct kunit *test);
void test_nmi_that_frees_too_much_is_reported(struct kunit *test);

#endif /* SLABMOD_TEST_CONTEXTS_H */
