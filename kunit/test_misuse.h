/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SLABMOD_TEST_MISUSE_H
#define SLABMOD_TEST_MISUSE_H

#include "verbs_pool.h"

/* The cases of test_misuse_args.c. */
#define MISUSE_ARGS_CASES(X) \
	X(test_sizes_that_overflow_are_refused) \
	X(test_sizes_above_the_limit_are_refused) \
	X(test_orders_above_the_limit_are_refused) \
	X(test_flags_that_cannot_be_honoured_are_refused) \
	X(test_nofail_that_cannot_be_kept_is_refused) \
	X(test_nodes_that_do_not_exist_are_refused) \
	X(test_caches_with_impossible_properties_are_refused) \
	X(test_bad_names_are_refused) \
	X(test_internal_caches_are_not_destroyed) \
	X(test_reports_are_rate_limited_but_counted) \
	X(test_misuse_in_an_interrupt_is_reported)

MISUSE_ARGS_CASES(KIT_DECLARE_CASE)

#endif /* SLABMOD_TEST_MISUSE_H */
