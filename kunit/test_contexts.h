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
	unsigned int astray;	/* times that it was none */
};

void flood_init(struct kunit *test, struct flood *flood, unsigned int nr);
void flood_free(void *flood);

/*
 * Does something in the worst of places: amid a call, and with the lock held of the home
 * that the first object is of; so @flood has objects of that home alone. Preemption is off.
 */
void flood_at_the_worst(struct flood *flood, void (*what)(void));

void test_nmi_between_any_two_instructions_is_served_or_not(struct kunit *test);
void test_nmi_that_frees_too_much_is_told_and_loses_that(struct kunit *test);

#endif /* SLABMOD_TEST_CONTEXTS_H */
