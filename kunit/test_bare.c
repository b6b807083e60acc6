// SPDX-License-Identifier: GPL-2.0
/*
 * test_bare.c - CPUs of a node without memory are served from the nearest node that has
 * some, as the CPUs of that node are.
 */
#include <linux/nodemask.h>
#include <linux/topology.h>

#include "context.h"
#include "home.h"
#include "pool_bound.h"
#include "pool_check.h"
#include "root.h"
#include "suites.h"
#include "things.h"
#include "verbs.h"

#define SIZE	(PAGE_SIZE / 16)
#define MANY	2000

/* The number of an online CPU of a node without memory. */
static unsigned int bare_cpu(struct kunit *test)
{
	unsigned int n = 0, cpu;

	for_each_online_cpu(cpu) {
		if (!node_state(cpu_to_node(cpu), N_MEMORY))
			return n;
		n++;
	}
	kunit_skip(test, "needs a node without memory");
	return 0;
}

/* Pin the test to a CPU of a node without memory, and return the node. */
static int pin_bare(struct kunit *test)
{
	return cpu_to_node(context_pin(bare_cpu(test)));
}

static int near_node(int nid)
{
	int nearest = NUMA_NO_NODE, node;

	for_each_node_state(node, N_MEMORY) {
		if (nearest != NUMA_NO_NODE &&
		    node_distance(nid, node) >= node_distance(nid, nearest))
			continue;
		nearest = node;
	}
	return nearest;
}

/* The number of a CPU of the node whose memory is nearest. */
static unsigned int near_cpu(struct kunit *test, int nid)
{
	unsigned int n = 0, cpu;

	for_each_online_cpu(cpu) {
		if (cpu_to_node(cpu) == near_node(nid))
			return n;
		n++;
	}
	kunit_skip(test, "needs a CPU on the nearest node");
	return 0;
}

static unsigned int alloc_all(struct thing *things)
{
	unsigned int got = 0, i;

	for (i = 0; i < nr_thing_kinds; i++)
		got += thing_take(&things[i], &thing_kinds[i], GFP_KERNEL);
	return got;
}

static unsigned int free_all(struct thing *things)
{
	unsigned int spoilt = 0, i;

	for (i = 0; i < nr_thing_kinds; i++)
		spoilt += !thing_give(&things[i]);
	return spoilt;
}

static void test_all_calls_work_without_local_memory(struct kunit *test)
{
	unsigned int bare = bare_cpu(test), near = near_cpu(test, pin_bare(test)), i;
	struct thing *things = kit_zalloc(test, nr_thing_kinds * sizeof(*things));

	things_begin(test);
	/* Allocated and freed there; freed where the memory is; allocated where the memory is. */
	for (i = 0; i < 3; i++) {
		context_pin(i < 2 ? bare : near);
		KUNIT_EXPECT_EQ(test, alloc_all(things), nr_thing_kinds);
		context_pin(i == 1 ? near : bare);
		KUNIT_EXPECT_EQ(test, free_all(things), 0);
	}
	things_end(test);
	KUNIT_EXPECT_TRUE(test, pool_check(root_pool));
}

static void test_thisnode_fails_without_a_report(struct kunit *test)
{
	const gfp_t gfp = GFP_KERNEL | __GFP_THISNODE;
	int nid = pin_bare(test);

	things_begin(test);
	kit_capture_begin();
	KUNIT_EXPECT_NULL(test, slabmod_kmalloc(64, gfp));
	KUNIT_EXPECT_NULL(test, slabmod_kmalloc(9 * PAGE_SIZE, gfp));
	KUNIT_EXPECT_NULL(test, slabmod_kmalloc_node(64, gfp, nid));
	KUNIT_EXPECT_NULL(test, slabmod_cache_alloc_node(things_cache(), gfp, nid));
	KUNIT_EXPECT_EQ(test, slabmod_get_free_pages(gfp, 0), 0);
	KUNIT_EXPECT_EQ(test, slabmod_get_free_pages(GFP_ATOMIC | __GFP_THISNODE, 4), 0);
	kit_capture_end();
	kit_expect_no_misuse(test, __LINE__);
	things_end(test);
}

static void test_preferred_node_is_replaced_by_the_nearest(struct kunit *test)
{
	int nid = pin_bare(test);
	void *p;

	p = slabmod_kmalloc_node(64, GFP_KERNEL, nid);
	KUNIT_ASSERT_NOT_NULL(test, p);
	KUNIT_EXPECT_EQ(test, kit_node(p), near_node(nid));
	slabmod_kfree(p);
	p = slabmod_kmalloc_node(9 * PAGE_SIZE, GFP_KERNEL, nid);
	KUNIT_ASSERT_NOT_NULL(test, p);
	slabmod_kfree(p);
}

static void test_kernel_is_asked_for_pages_of_the_nearest_node(struct kunit *test)
{
	struct slabmod_cache *cache = kit_cache(test, SIZE);
	void **objects = kit_array(test, MANY);
	int nid = pin_bare(test);
	unsigned int i;

	kit_alloc_n(test, cache, objects, MANY);
	KUNIT_EXPECT_EQ(test, kit_stat(cache, EVENT_CHUNK_FAIL), 0);
	KUNIT_EXPECT_EQ(test, kit_source.refused, 0);
	for (i = 0; i < MANY; i++)
		KUNIT_EXPECT_EQ(test, kit_node(objects[i]), near_node(nid));
	slabmod_cache_free_bulk(cache, MANY, objects);
	/* Freed objects are local to the CPU. */
	KUNIT_EXPECT_GT(test, magazine_nr_local(kit_magazine(cache)), 0);
	KUNIT_EXPECT_EQ(test, kit_magazine(cache)->nr_remote, 0);
	kit_expect_unused(test, cache);
}

/* Free all but one object in ten. */
static void thin_out(struct slabmod_cache *cache, void **objects)
{
	unsigned int i;

	for (i = 0; i < MANY; i++)
		if (i % 10) {
			slabmod_cache_free(cache, objects[i]);
			objects[i] = NULL;
		}
}

static void test_node_home_is_that_of_the_nearest_node(struct kunit *test)
{
	struct slabmod_cache *cache = kit_cache(test, SIZE);
	void **objects = kit_array(test, 2 * MANY);
	int nid = pin_bare(test);
	unsigned long adopted, slabs;

	kit_alloc_n(test, cache, objects, MANY);
	thin_out(cache, objects);
	magazine_drain_all(cache);
	/* As if the CPU had been offline. */
	home_drain_cpu(cache, raw_smp_processor_id());
	KUNIT_EXPECT_GT(test, kit_stat(cache, EVENT_RETIRE), 0);
	KUNIT_EXPECT_GT(test, cache->node_homes[near_node(nid)].nr_partial, 0);
	KUNIT_EXPECT_EQ(test, cache->node_homes[nid].nr_partial, 0);
	/* The CPU finds them again before it makes a slab. */
	adopted = kit_stat(cache, EVENT_ADOPT);
	slabs = kit_stat(cache, EVENT_SLAB_NEW);
	slabmod_cache_free(cache, slabmod_cache_alloc(cache, GFP_KERNEL));
	magazine_drain_all(cache);
	kit_alloc_n(test, cache, objects + MANY, MANY);
	KUNIT_EXPECT_GT(test, kit_stat(cache, EVENT_ADOPT), adopted);
	KUNIT_EXPECT_EQ(test, cache->node_homes[near_node(nid)].nr_partial, 0);
	kunit_info(test, "%lu slabs adopted, %lu made\n", kit_stat(cache, EVENT_ADOPT) - adopted,
		   kit_stat(cache, EVENT_SLAB_NEW) - slabs);
	slabmod_cache_free_bulk(cache, 2 * MANY, objects);
	kit_expect_unused(test, cache);
	KUNIT_EXPECT_TRUE(test, pool_bound_holds(cache->pool));
}

static struct kunit_case bare_cases[] = {
	KUNIT_CASE(test_all_calls_work_without_local_memory),
	KUNIT_CASE(test_thisnode_fails_without_a_report),
	KUNIT_CASE(test_preferred_node_is_replaced_by_the_nearest),
	KUNIT_CASE(test_kernel_is_asked_for_pages_of_the_nearest_node),
	KUNIT_CASE(test_node_home_is_that_of_the_nearest_node),
	{}
};

struct kunit_suite bare_suite = {
	.name = "bare",
	.init = root_init,
	.exit = things_exit,
	.test_cases = bare_cases,
};
