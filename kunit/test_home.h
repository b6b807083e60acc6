/* SPDX-License-Identifier: GPL-2.0 */
/*
 * test_home.h - what all files of the suite use.
 *
 * Most tests have objects of 256 bytes: sixteen a slab of one page, and none
 * shares a line with its neighbour.
 */
#ifndef SLABMOD_TEST_HOME_H
#define SLABMOD_TEST_HOME_H

#include <linux/cpumask.h>
#include <linux/preempt.h>
#include <linux/topology.h>

#include "chunk.h"
#include "context.h"
#include "home.h"
#include "home_refill.h"
#include "home_return.h"
#include "kit.h"
#include "slab.h"

#define SIZE	256
#define N	16		/* objects of SIZE that a slab has */

/* What the magazines of this CPU would ask for. */
static inline unsigned int take(struct slabmod_cache *cache, void **objects, unsigned int nr)
{
	unsigned int got;

	preempt_disable();
	got = home_alloc(cache, objects, nr, false);
	preempt_enable();
	return got;
}

static inline unsigned int take_anything(struct slabmod_cache *cache, void **objects,
					 unsigned int nr)
{
	unsigned int got;

	preempt_disable();
	got = home_alloc(cache, objects, nr, true);
	preempt_enable();
	return got;
}

static inline struct slabmod_cache *cache_of(struct kunit *test, unsigned int size)
{
	return kit_cache_create(test, kit_pool_create(test, 4096), size, 0, NULL);
}

static inline struct slab_home *home_of_cpu(struct slabmod_cache *cache, unsigned int cpu)
{
	return per_cpu_ptr(cache->homes, cpu);
}

static inline struct slab *slab_of(void *object)
{
	return frame_slab(chunk_frame(object));
}

static inline unsigned int home_id(void *object)
{
	return HOME_ID(slab_of(object)->home);
}

static inline unsigned long counted(struct slabmod_cache *cache, enum stat_id which)
{
	return stat_sum(cache->stats, which);
}

/* Moves the test to the n-th CPU of the first one's node; @n is 0 or 1. */
static inline unsigned int move_to(struct kunit *test, unsigned int n)
{
	int nid = cpu_to_mem(cpumask_first(cpu_online_mask));
	unsigned int i = 0, cpu;

	for_each_online_cpu(cpu) {
		if (cpu_to_mem(cpu) == nid && n-- == 0)
			return context_pin(i);
		i++;
	}
	KUNIT_FAIL(test, "there are too few CPUs on a node");
	return 0;
}

/* A cache for a test that moves to the second CPU: it is skipped if there is none. */
static inline struct slabmod_cache *cache_of_two_cpus(struct kunit *test, unsigned int size)
{
	int nid = cpu_to_mem(cpumask_first(cpu_online_mask));
	unsigned int n = 0, cpu;

	for_each_online_cpu(cpu)
		n += cpu_to_mem(cpu) == nid;
	if (n < 2)
		kunit_skip(test, "there is only one CPU on the node");
	return cache_of(test, size);
}

/* Makes a slab at home here and takes all of it. */
static inline void take_new_slab(struct kunit *test, struct slabmod_cache *cache, void **objects)
{
	unsigned int n = cache->objects;

	objects[0] = home_alloc_new_slab(cache, numa_mem_id(), GFP_KERNEL, false);
	KUNIT_ASSERT_NOT_NULL(test, objects[0]);
	if (n > 1)
		KUNIT_ASSERT_EQ(test, take(cache, objects + 1, n - 1), n - 1);
}

static inline void give(struct kunit *test, struct slabmod_cache *cache, void **objects,
			unsigned int nr)
{
	KUNIT_ASSERT_TRUE(test, home_free(cache, objects, nr));
}

KUNIT_GENERATOR(home_next_size);

/* ---- in test_home_near.c and test_home_random.c ---- */

void test_every_page_of_a_slab_knows_its_home(struct kunit *test);
void test_a_batch_of_all_homes_comes_home(struct kunit *test);
void test_memory_beyond_the_map_comes_home(struct kunit *test);
void test_a_line_is_not_shared_with_who_was_at_home_before(struct kunit *test);
void test_a_line_that_comes_free_as_a_whole_is_handed_out(struct kunit *test);
void test_when_memory_is_short_any_free_object_serves(struct kunit *test);
void test_an_empty_slab_is_mixed_no_more(struct kunit *test);
void test_an_object_is_of_the_node_asked_for(struct kunit *test);
void test_an_object_taken_by_node_shares_no_line_with_its_home(struct kunit *test);
void test_a_cpu_leaves_the_slabs_of_other_nodes_alone(struct kunit *test);
void test_when_memory_is_short_another_node_serves(struct kunit *test);
void test_no_memory_gives_null_and_loses_nothing(struct kunit *test);
void test_an_interrupt_takes_and_gives(struct kunit *test);
void test_an_nmi_waits_for_no_lock(struct kunit *test);
void test_a_random_run_agrees_with_the_tags_in_objects(struct kunit *test);
void test_many_cpus_agree_with_the_tags_in_objects(struct kunit *test);

#endif /* SLABMOD_TEST_HOME_H */
