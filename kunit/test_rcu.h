/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SLABMOD_TEST_RCU_H
#define SLABMOD_TEST_RCU_H

#include "verbs_pool.h"

/* As callers have it: the head is not at the beginning. */
struct entry {
	u64 pattern[4];
	struct rcu_head rcu;
	u64 more;
};

/* Allocate an entry, by size or in a cache, and fill it. */
struct entry *entry_make(struct kunit *test);
struct entry *entry_make_in(struct kunit *test, struct slabmod_cache *cache);

/* Whether an entry has its pattern. */
bool entry_intact(const struct entry *entry);

/* The number of frees of the test that wait for a grace period. */
unsigned long entry_waiting(void);

/* Wait, and expect that nothing waits and all was freed. */
void entry_expect_freed(struct kunit *test);

/* The cases of test_rcu_errors.c. */
#define RCU_DECLARE_CASE(name)	void name(struct kunit *test);
#define RCU_CASE(name)		KUNIT_CASE(name),

#define RCU_MORE_CASES(X) \
	X(test_wrong_addresses_are_refused_at_the_call) \
	X(test_wrong_heads_are_refused) \
	X(test_second_call_is_refused) \
	X(test_concurrent_calls_free_once) \
	X(test_second_call_without_head) \
	X(test_debug_mode_knows_the_caller) \
	X(test_overwritten_head_is_reported)

RCU_MORE_CASES(RCU_DECLARE_CASE)

#endif /* SLABMOD_TEST_RCU_H */
