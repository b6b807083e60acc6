/* SPDX-License-Identifier: GPL-2.0 */
/*
 * test_pools.h - what both files of the suite use.
 */
#ifndef SLABMOD_TEST_POOLS_H
#define SLABMOD_TEST_POOLS_H

#include <linux/mm.h>
#include <linux/slab.h>

#include <slabmod/slabmod.h>

#include "cache.h"
#include "chunk.h"
#include "context.h"
#include "home.h"
#include "kit.h"

#define MIN_PAGES	(SLABMOD_POOL_MIN_LIMIT >> PAGE_SHIFT)

/* Stands between the pools of a test and the kernel. */
struct pools_watch {
	bool refuses;
	gfp_t wanted;			/* flags that each request is to have */
	atomic_long_t without;		/* requests that had not */
	atomic_long_t pages, most;	/* that the kernel gave, now and at the most */
};

extern struct pools_watch pools_watch;

/* A pool that is watched once it is there. Ends with unmake_pool(), or with the test. */
struct slabmod_pool *make_pool_with(struct kunit *test, const char *name,
				    const struct slabmod_pool_params *params);
/* The same with so many pages that stay, and so many at the most. */
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

/* ---- in test_pools_apart.c ---- */

void test_memory_of_a_pool_is_as_good_as_any(struct kunit *test);
void test_pools_share_neither_memory_nor_caches(struct kunit *test);
void test_pool_of_a_node_has_memory_of_that_node_alone(struct kunit *test);
void test_full_node_gives_nothing_and_no_other_does(struct kunit *test);
void test_pool_of_a_zone_asks_for_it_and_gets_it(struct kunit *test);
void test_pools_with_impossible_properties_are_refused(struct kunit *test);
void test_pools_with_bad_names_are_refused(struct kunit *test);
void test_second_pool_of_a_name_is_refused_until_the_first_is_gone(struct kunit *test);
void test_pool_that_has_a_cache_is_not_destroyed(struct kunit *test);
void test_pool_that_has_live_objects_is_not_destroyed(struct kunit *test);
void test_pool_that_has_pages_in_use_is_not_destroyed(struct kunit *test);
void test_root_pool_is_not_destroyed(struct kunit *test);
void test_pool_does_not_free_what_is_anothers(struct kunit *test);

#endif /* SLABMOD_TEST_POOLS_H */
