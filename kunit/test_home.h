/* SPDX-License-Identifier: GPL-2.0 */
/*
 * test_home.h - shared by all files of the suite.
 *
 * Most tests use objects of 256 bytes: sixteen per slab of one page, and none shares a
 * line with its neighbour.
 */
#ifndef SLABMOD_TEST_HOME_H
#define SLABMOD_TEST_HOME_H

#include <linux/topology.h>

#include "context.h"
#include "home.h"
#include "home_check.h"
#include "home_walk.h"
#include "verbs.h"

#define SIZE	256
#define N	16		/* objects of SIZE that a slab has */

static inline unsigned int alloc(struct slabmod_cache *cache, void **objects, unsigned int nr)
{
	return kit_home_alloc(cache, objects, nr, false);
}

static inline unsigned int alloc_anything(struct slabmod_cache *cache, void **objects,
					  unsigned int nr)
{
	return kit_home_alloc(cache, objects, nr, true);
}

static inline struct slabmod_cache *cache_of(struct kunit *test, unsigned int size)
{
	return kit_cache_create(test, kit_pool_create(test, 4096), size, 0, NULL);
}

static inline unsigned int home_id(void *object)
{
	return HOME_ID(kit_slab(object)->home);
}

/* Move the test to CPU @n, 0 or 1, of the node of the first online CPU. */
static inline unsigned int move_to(struct kunit *test, unsigned int n)
{
	int nid = cpu_to_mem(cpumask_first(cpu_online_mask));
	unsigned int i = 0, cpu;

	for_each_online_cpu(cpu) {
		if (cpu_to_mem(cpu) == nid && n-- == 0)
			return context_pin(i);
		i++;
	}
	kunit_skip(test, "needs two CPUs on a node");
	return 0;
}

/* A cache for a test that moves to the second CPU. Skips the test if there is none. */
static inline struct slabmod_cache *cache_of_two_cpus(struct kunit *test, unsigned int size)
{
	move_to(test, 1);
	return cache_of(test, size);
}

KUNIT_GENERATOR(home_next_size);

/* ---- in test_home_near.c and test_home_random.c ---- */

void test_every_page_of_a_slab_has_its_home(struct kunit *test);
void test_free_batch_of_all_homes(struct kunit *test);
void test_free_memory_beyond_the_map(struct kunit *test);
void test_line_is_not_shared_with_the_previous_home(struct kunit *test);
void test_alloc_on_node(struct kunit *test);
void test_cpu_uses_slabs_of_its_node_only(struct kunit *test);
void test_nmi_waits_for_no_lock(struct kunit *test);
void test_random_run_matches_the_tags_in_objects(struct kunit *test);

#endif /* SLABMOD_TEST_HOME_H */
