/* SPDX-License-Identifier: GPL-2.0 */
/*
 * test_pool_list.h - what both files of the suite use.
 */
#ifndef SLABMOD_TEST_POOL_LIST_H
#define SLABMOD_TEST_POOL_LIST_H

#include <linux/mm.h>

#include "context.h"
#include "home.h"
#include "verbs_pool.h"

#define MIN_PAGES	(SLABMOD_POOL_MIN_LIMIT >> PAGE_SHIFT)

/* Stands between the pools of a test and the kernel. */
struct pools_watch {
	bool refuses;
	gfp_t wanted;			/* flags that each request is to have */
	atomic_long_t without;		/* requests that had not */
	atomic_long_t pages, most;	/* of the kernel, and their peak */
};

extern struct pools_watch pools_watch;

/* A pool that is watched once it is there. Ends with unmake_pool(), or with the test. */
struct slabmod_pool *make_pool_with(struct kunit *test, const char *name,
				    const struct slabmod_pool_params *params);
/* The same with a reserve and a limit, in pages. */
struct slabmod_pool *make_pool(struct kunit *test, const char *name, unsigned long reserve,
			       unsigned long limit);
void unmake_pool(struct kunit *test, struct slabmod_pool *pool);

static inline struct slabmod_usage usage_of(struct slabmod_pool *pool)
{
	struct slabmod_usage usage;

	slabmod_pool_usage(pool, &usage);
	return usage;
}

static inline unsigned long pages_of(struct slabmod_pool *pool)
{
	struct slabmod_usage usage = usage_of(pool);

	return (usage.held - usage.metadata) >> PAGE_SHIFT;
}

static inline unsigned long counted(struct slabmod_pool *pool, enum stat_id which)
{
	return stat_sum(pool->source.stats, which);
}

/* The cases of test_pool_list_apart.c. */
#define POOL_LIST_APART_CASES(X) \
	X(test_memory_of_a_pool) \
	X(test_pools_share_neither_memory_nor_caches) \
	X(test_pool_of_a_node) \
	X(test_pool_of_a_full_node_fails) \
	X(test_pool_of_a_zone) \
	X(test_pools_with_impossible_properties_are_refused) \
	X(test_pools_with_bad_names_are_refused) \
	X(test_pool_names_are_unique) \
	X(test_pool_in_use_is_not_destroyed) \
	X(test_root_pool_is_not_destroyed) \
	X(test_pool_refuses_memory_of_other_pools)

POOL_LIST_APART_CASES(KIT_DECLARE_CASE)

#endif /* SLABMOD_TEST_POOL_LIST_H */
