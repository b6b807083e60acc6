// SPDX-License-Identifier: GPL-2.0
/*
 * test_bare.c - CPUs whose node has no memory: they are served from the nearest node that
 * has, as its own CPUs are.
 */
#include <linux/cpumask.h>
#include <linux/nodemask.h>
#include <linux/preempt.h>
#include <linux/slab.h>
#include <linux/topology.h>

#include <slabmod/slabmod.h>

#include "cache.h"
#include "cache_list.h"
#include "chunk.h"
#include "context.h"
#include "home.h"
#include "kit.h"
#include "magazine.h"
#include "magazine_set.h"
#include "pool.h"
#include "pool_bound.h"
#include "pool_check.h"
#include "root.h"
#include "suites.h"
#include "things.h"

#define SIZE	256
#define MANY	2000

/* Among the CPUs that are online, the number of one whose node has no memory. */
static unsigned int bare_cpu(struct kunit *test)
{
	unsigned int n = 0, cpu;

	for_each_online_cpu(cpu) {
		if (!node_state(cpu_to_node(cpu), N_MEMORY))
			return n;
		n++;
	}
	kunit_skip(test, "all nodes have memory");
	return 0;
}

/* Pins the test to a CPU whose node has no memory, and returns that. */
static int go_bare(struct kunit *test)
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
	kunit_skip(test, "the nearest memory has no CPUs");
	return 0;
}

static unsigned int take_all(struct thing *things)
{
	unsigned int got = 0, i;

	for (i = 0; i < nr_thing_kinds; i++)
		got += thing_take(&things[i], &thing_kinds[i], GFP_KERNEL);
	return got;
}

static unsigned int give_all(struct thing *things)
{
	unsigned int spoilt = 0, i;

	for (i = 0; i < nr_thing_kinds; i++)
		spoilt += !thing_give(&things[i]);
	return spoilt;
}

static void test_all_there_is_can_be_taken_and_given_there(struct kunit *test)
{
	unsigned int bare = bare_cpu(test), near = near_cpu(test, go_bare(test)), i;
	struct thing *things = kunit_kcalloc(test, nr_thing_kinds, sizeof(*things), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, things);
	things_begin(test);
	/* Taken and given there; taken there and given where the memory is; and back. */
	for (i = 0; i < 3; i++) {
		context_pin(i < 2 ? bare : near);
		KUNIT_EXPECT_EQ(test, take_all(things), nr_thing_kinds);
		context_pin(i == 1 ? near : bare);
		KUNIT_EXPECT_EQ(test, give_all(things), 0);
	}
	things_end(test);
	KUNIT_EXPECT_TRUE(test, pool_check(root_pool));
}

static void test_own_node_alone_gives_nothing_and_no_report(struct kunit *test)
{
	const gfp_t gfp = GFP_KERNEL | __GFP_THISNODE;
	int nid = go_bare(test);

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

static void test_own_node_if_possible_is_served_by_another(struct kunit *test)
{
	int nid = go_bare(test);
	void *p;

	p = slabmod_kmalloc_node(64, GFP_KERNEL, nid);
	KUNIT_ASSERT_NOT_NULL(test, p);
	KUNIT_EXPECT_EQ(test, page_to_nid(virt_to_page(p)), near_node(nid));
	slabmod_kfree(p);
	p = slabmod_kmalloc_node(9 * PAGE_SIZE, GFP_KERNEL, nid);
	KUNIT_ASSERT_NOT_NULL(test, p);
	slabmod_kfree(p);
}

static struct slabmod_cache *make_cache(struct kunit *test)
{
	struct slabmod_cache *cache;

	cache = cache_create(kit_pool_create(test, 8192), "kit-bare", SIZE, 0, 0, NULL,
			     THIS_MODULE);
	KUNIT_ASSERT_NOT_NULL(test, cache);
	return cache;
}

static void take(struct kunit *test, struct slabmod_cache *cache, void **objects)
{
	unsigned int i;

	for (i = 0; i < MANY; i++) {
		objects[i] = slabmod_cache_alloc(cache, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, objects[i]);
	}
}

static void give(struct slabmod_cache *cache, void **objects)
{
	slabmod_cache_free_bulk(cache, MANY, objects);
}

static void test_kernel_is_not_asked_for_what_it_cannot_have(struct kunit *test)
{
	struct slabmod_cache *cache = make_cache(test);
	void **objects = kunit_kcalloc(test, MANY, sizeof(void *), GFP_KERNEL);
	int nid = go_bare(test);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, objects);
	take(test, cache, objects);
	KUNIT_EXPECT_EQ(test, stat_sum(cache->stats, STAT_CHUNK_FAIL), 0);
	KUNIT_EXPECT_EQ(test, kit_source.refused, 0);
	for (i = 0; i < MANY; i++)
		KUNIT_EXPECT_EQ(test, page_to_nid(virt_to_page(objects[i])), near_node(nid));
	give(cache, objects);
	/* What is freed there stays there, as on any CPU: its node has no other memory. */
	KUNIT_EXPECT_GT(test, magazine_nr_local(raw_cpu_ptr(cache->magazines)), 0);
	KUNIT_EXPECT_EQ(test, raw_cpu_ptr(cache->magazines)->nr_remote, 0);
	KUNIT_EXPECT_EQ(test, cache_used(cache), 0);
	KUNIT_EXPECT_TRUE(test, cache_check(cache));
}

/* Gives back all but one object in ten. */
static void thin_out(struct slabmod_cache *cache, void **objects)
{
	unsigned int i;

	for (i = 0; i < MANY; i++)
		if (i % 10) {
			slabmod_cache_free(cache, objects[i]);
			objects[i] = NULL;
		}
}

static void test_commons_are_those_of_the_memory(struct kunit *test)
{
	struct slabmod_cache *cache = make_cache(test);
	void **objects = kunit_kcalloc(test, 2 * MANY, sizeof(void *), GFP_KERNEL);
	int nid = go_bare(test);
	unsigned long adopted, slabs;

	KUNIT_ASSERT_NOT_NULL(test, objects);
	take(test, cache, objects);
	thin_out(cache, objects);
	magazine_drain_all(cache);
	KUNIT_EXPECT_GT(test, stat_sum(cache->stats, STAT_RETIRE), 0);
	KUNIT_EXPECT_GT(test, cache->node_homes[near_node(nid)].nr_partial, 0);
	KUNIT_EXPECT_EQ(test, cache->node_homes[nid].nr_partial, 0);
	/* And the CPU finds again what it gave there, before any slab is made. */
	adopted = stat_sum(cache->stats, STAT_ADOPT);
	slabs = stat_sum(cache->stats, STAT_SLAB_NEW);
	slabmod_cache_free(cache, slabmod_cache_alloc(cache, GFP_KERNEL));
	magazine_drain_all(cache);
	take(test, cache, objects + MANY);
	KUNIT_EXPECT_GT(test, stat_sum(cache->stats, STAT_ADOPT), adopted);
	KUNIT_EXPECT_EQ(test, cache->node_homes[near_node(nid)].nr_partial, 0);
	kunit_info(test, "%lu slabs adopted, %lu made\n",
		   stat_sum(cache->stats, STAT_ADOPT) - adopted,
		   stat_sum(cache->stats, STAT_SLAB_NEW) - slabs);
	give(cache, objects);
	give(cache, objects + MANY);
	KUNIT_EXPECT_EQ(test, cache_used(cache), 0);
	KUNIT_EXPECT_TRUE(test, cache_check(cache));
	KUNIT_EXPECT_TRUE(test, pool_bound_holds(cache->pool));
}

static void bare_exit(struct kunit *test)
{
	/* Those of a test that was given up. */
	things_end(test);
	root_exit(test);
}

static struct kunit_case bare_cases[] = {
	KUNIT_CASE(test_all_there_is_can_be_taken_and_given_there),
	KUNIT_CASE(test_own_node_alone_gives_nothing_and_no_report),
	KUNIT_CASE(test_own_node_if_possible_is_served_by_another),
	KUNIT_CASE(test_kernel_is_not_asked_for_what_it_cannot_have),
	KUNIT_CASE(test_commons_are_those_of_the_memory),
	{}
};

struct kunit_suite bare_suite = {
	.name = "bare",
	.init = root_init,
	.exit = bare_exit,
	.test_cases = bare_cases,
};
