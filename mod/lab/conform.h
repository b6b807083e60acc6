/* SPDX-License-Identifier: GPL-2.0 */
/*
 * conform.h - what every strategy of the lab has to keep, but for what it lacks by design.
 */
#ifndef SLABMOD_LAB_CONFORM_H
#define SLABMOD_LAB_CONFORM_H

#include "lab.h"
#include "random.h"

/* The arena that lab_conform() makes. */
#define LAB_CONFORM_ARENA	(16ul << 20)

struct lab_check {
	const char *name;
	unsigned int unless;
	bool resets;
	/* Return NULL, or what is wrong. */
	const char *(*run)(struct lab *lab, u64 seed);
};

/* X(name, what a strategy lacks for which it cannot be checked, whether it is about reset()) */
#define LAB_CHECKS(X)									\
	X(random_calls_lose_nothing, 0, false)						\
	X(odd_sizes, 0, false)								\
	X(full_arena_is_refused_and_used_again, LAB_NO_FREE, false)			\
	X(objects_of_a_size_are_used_again, LAB_NO_FREE, false)				\
	X(repetition_needs_no_more, LAB_NO_FREE | LAB_NO_MERGE, false)			\
	X(neighbours_merge, LAB_NO_MERGE, false)					\
	X(pages_come_back, LAB_NO_RETURN, false)					\
	X(reset_frees_everything, 0, true)

enum lab_check_number {
#define X(name, unless, resets)	LAB_CHECK_##name,
	LAB_CHECKS(X)
#undef X
};

extern const struct lab_check lab_checks[];
extern const unsigned int lab_nr_checks;

/* Whether a strategy promises what is checked. */
static inline bool lab_promises(const struct lab_strategy *strategy, const struct lab_check *check)
{
	return !(strategy->lacks & check->unless) && (strategy->reset || !check->resets);
}

/* Make a lab with the strategy and run one check in it. Return NULL, or what is wrong. */
const char *lab_conform(const struct lab_strategy *strategy, const struct lab_check *check,
			u64 seed);

/*
 * For several CPUs or threads at once, in one lab: random calls, and frees of what others
 * allocated. @slots are shared, and NULL at first; what is in them at the end is freed by
 * lab_conform_drain(). Return NULL, or what is wrong.
 */
#define LAB_CONFORM_SLOTS	256

const char *lab_conform_worker(struct lab *lab, void **slots, u64 seed, unsigned int steps);
const char *lab_conform_drain(struct lab *lab, void **slots);

#endif /* SLABMOD_LAB_CONFORM_H */
