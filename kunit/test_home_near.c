// SPDX-License-Identifier: GPL-2.0
/*
 * test_home_near.c - what homes promise to CPUs that are near each other or far:
 * whose line it is, whose node, and who waits for whom.
 */
#include <linux/cache.h>
#include <linux/mm.h>

#include "test_home.h"

/* ---- lines ---- */

static bool share_a_line(const void *a, const void *b)
{
	return (unsigned long)a / cache_line_size() == (unsigned long)b / cache_line_size();
}

void test_a_line_is_not_shared_with_who_was_at_home_before(struct kunit *test)
{
	struct slabmod_cache *cache = cache_of_two_cpus(test, 16);
	unsigned int per_line = cache_line_size() / 16, rest, i, k;
	static void *a[6], *b[SLAB_MAX_OBJECTS], *c[8];

	move_to(test, 0);
	a[0] = home_grow(cache, numa_mem_id(), GFP_KERNEL, false);
	KUNIT_ASSERT_NOT_NULL(test, a[0]);
	KUNIT_ASSERT_EQ(test, take(cache, a + 1, 5), 5);
	move_to(test, 1);
	rest = take(cache, b, SLAB_MAX_OBJECTS);
	/* All but the two lines of which the first CPU has something. */
	KUNIT_EXPECT_EQ(test, rest, cache->objects - 2 * per_line);
	for (i = 0; i < rest; i++)
		for (k = 0; k < 6; k++)
			KUNIT_ASSERT_FALSE(test, share_a_line(b[i], a[k]));
	KUNIT_EXPECT_EQ(test, take(cache, c, 8), 0);
	/* When memory is short that is better than nothing, and it is counted. */
	KUNIT_EXPECT_EQ(test, counted(cache, STAT_SHARED_LINE), 0);
	KUNIT_EXPECT_EQ(test, take_anything(cache, c, 8), 2);
	KUNIT_EXPECT_EQ(test, counted(cache, STAT_SHARED_LINE), 2);
	KUNIT_EXPECT_TRUE(test, home_check(cache));
	give(test, cache, a, 6);
	give(test, cache, b, rest);
	give(test, cache, c, 2);
}

void test_a_line_that_comes_free_as_a_whole_is_handed_out(struct kunit *test)
{
	struct slabmod_cache *cache = cache_of_two_cpus(test, 16);
	unsigned int per_line = cache_line_size() / 16, rest, i;
	static void *a[SLAB_MAX_OBJECTS], *b[SLAB_MAX_OBJECTS];

	KUNIT_ASSERT_GT(test, per_line, 1);
	move_to(test, 0);
	take_new_slab(test, cache, a);
	give(test, cache, a + per_line, per_line);
	move_to(test, 1);
	rest = take(cache, b, SLAB_MAX_OBJECTS);
	KUNIT_EXPECT_EQ(test, rest, per_line);
	for (i = 0; i < per_line - 1; i++) {
		give(test, cache, &a[i], 1);
		KUNIT_EXPECT_EQ(test, take(cache, b + rest, 1), 0);
	}
	give(test, cache, &a[i], 1);
	KUNIT_EXPECT_EQ(test, take(cache, b + rest, SLAB_MAX_OBJECTS), per_line);
	give(test, cache, a + 2 * per_line, cache->objects - 2 * per_line);
	give(test, cache, b, rest + per_line);
}

void test_when_memory_is_short_any_free_object_serves(struct kunit *test)
{
	struct slabmod_cache *cache = cache_of_two_cpus(test, 16);
	unsigned int per_line = cache_line_size() / 16, n = 0, i;
	static void *a[SLAB_MAX_OBJECTS];
	void *b;

	/* The slab is its own CPU's and not mixed, but in no line is everything free. */
	move_to(test, 0);
	take_new_slab(test, cache, a);
	for (i = 0; i < cache->objects; i += per_line)
		give(test, cache, &a[i], 1);
	move_to(test, 1);
	KUNIT_EXPECT_EQ(test, take(cache, &b, 1), 0);
	for (i = 0; i < cache->objects; i += per_line)
		n += take_anything(cache, &a[i], 1);
	KUNIT_EXPECT_EQ(test, n, cache->objects / per_line);
	KUNIT_EXPECT_EQ(test, take_anything(cache, &b, 1), 0);
	give(test, cache, a, cache->objects);
}

void test_an_empty_slab_is_mixed_no_more(struct kunit *test)
{
	struct slabmod_cache *cache = cache_of_two_cpus(test, 16);
	void *a, *b, *c;

	move_to(test, 0);
	a = home_grow(cache, numa_mem_id(), GFP_KERNEL, false);
	KUNIT_ASSERT_NOT_NULL(test, a);
	move_to(test, 1);
	KUNIT_ASSERT_EQ(test, take(cache, &b, 1), 1);
	KUNIT_EXPECT_TRUE(test, slab_of(b)->home & HOME_MIXED);
	give(test, cache, &a, 1);
	give(test, cache, &b, 1);
	KUNIT_ASSERT_EQ(test, take(cache, &c, 1), 1);
	KUNIT_EXPECT_FALSE(test, slab_of(c)->home & HOME_MIXED);
	give(test, cache, &c, 1);
}

/* ---- nodes ---- */

static int other_node(struct kunit *test)
{
	int nid = next_online_node(first_online_node);

	if (nid >= MAX_NUMNODES)
		kunit_skip(test, "there is only one node");
	context_pin(0);
	return nid == numa_mem_id() ? first_online_node : nid;
}

static int node_of(const void *object)
{
	return page_to_nid(virt_to_page(object));
}

void test_an_object_is_of_the_node_asked_for(struct kunit *test)
{
	struct slabmod_cache *cache = cache_of(test, SIZE);
	int nid = other_node(test);
	void *objects[3];

	KUNIT_EXPECT_NULL(test, home_take_node(cache, nid));
	objects[0] = home_grow(cache, numa_mem_id(), GFP_KERNEL, false);
	KUNIT_ASSERT_NOT_NULL(test, objects[0]);
	/* There are free objects here, but not there. */
	KUNIT_EXPECT_NULL(test, home_take_node(cache, nid));
	objects[1] = home_grow(cache, nid, GFP_KERNEL | __GFP_THISNODE, true);
	KUNIT_ASSERT_NOT_NULL(test, objects[1]);
	KUNIT_EXPECT_EQ(test, node_of(objects[1]), nid);
	objects[2] = home_take_node(cache, nid);
	KUNIT_ASSERT_NOT_NULL(test, objects[2]);
	KUNIT_EXPECT_EQ(test, node_of(objects[2]), nid);
	give(test, cache, objects, 3);
}

void test_an_object_taken_by_node_shares_no_line_with_its_home(struct kunit *test)
{
	struct slabmod_cache *cache = cache_of_two_cpus(test, 16);
	static void *a[SLAB_MAX_OBJECTS];
	unsigned int i, n;
	void *b;

	/* Even when the slab was empty. */
	move_to(test, 0);
	take_new_slab(test, cache, a);
	give(test, cache, a, cache->objects);
	move_to(test, 1);
	b = home_take_node(cache, numa_mem_id());
	KUNIT_ASSERT_NOT_NULL(test, b);
	move_to(test, 0);
	n = take(cache, a, SLAB_MAX_OBJECTS);
	for (i = 0; i < n; i++)
		KUNIT_EXPECT_FALSE(test, share_a_line(a[i], b));
	give(test, cache, a, n);
	give(test, cache, &b, 1);
}

struct errand {
	struct slabmod_cache *cache;
	void *object;
};

static void grow_there(void *arg)
{
	struct errand *errand = arg;

	errand->object = home_grow(errand->cache, numa_mem_id(), GFP_KERNEL, false);
}

/* Makes a slab at home with a CPU of another node, and takes one object of it. */
static void *grow_on_node(struct kunit *test, struct slabmod_cache *cache, int nid)
{
	struct errand errand = { .cache = cache };
	unsigned int n = 0, cpu;

	for_each_online_cpu(cpu) {
		if (cpu_to_mem(cpu) == nid && kit_run_on(n, grow_there, &errand))
			break;
		n++;
	}
	if (!errand.object)
		kunit_skip(test, "the other node has no CPU");
	return errand.object;
}

void test_a_cpu_leaves_the_slabs_of_other_nodes_alone(struct kunit *test)
{
	struct slabmod_cache *cache = cache_of(test, SIZE);
	int nid = other_node(test);
	void *objects[2], *none;

	/* Those at home with a CPU, and those of the commons. */
	objects[0] = grow_on_node(test, cache, nid);
	objects[1] = home_grow(cache, nid, GFP_KERNEL | __GFP_THISNODE, true);
	KUNIT_ASSERT_NOT_NULL(test, objects[1]);
	KUNIT_EXPECT_EQ(test, take(cache, &none, 1), 0);
	give(test, cache, objects, 2);
}

void test_when_memory_is_short_another_node_serves(struct kunit *test)
{
	struct slabmod_cache *cache = cache_of(test, SIZE);
	int nid = other_node(test);
	void *objects[2];

	objects[0] = home_grow(cache, nid, GFP_KERNEL | __GFP_THISNODE, true);
	KUNIT_ASSERT_NOT_NULL(test, objects[0]);
	KUNIT_ASSERT_EQ(test, take_anything(cache, &objects[1], 1), 1);
	give(test, cache, objects, 2);
}

/* ---- failures and contexts ---- */

void test_no_memory_gives_null_and_loses_nothing(struct kunit *test)
{
	struct slabmod_cache *cache = cache_of(test, SIZE);

	kit_source.fail_all = true;
	KUNIT_EXPECT_NULL(test, home_grow(cache, numa_mem_id(), GFP_KERNEL, false));
	KUNIT_EXPECT_NULL(test, home_grow(cache, numa_mem_id(), GFP_KERNEL, true));
	KUNIT_EXPECT_EQ(test, home_totals(cache).slabs, 0);
	KUNIT_EXPECT_EQ(test, home_totals(cache).taken, 0);
}

struct visit {
	struct slabmod_cache *cache;
	void *give, *taken, *grown;
	unsigned int got, given;
};

static void visit(void *arg)
{
	struct visit *visit = arg;

	visit->grown = home_grow(visit->cache, numa_mem_id(), GFP_ATOMIC, false);
	visit->got = home_take(visit->cache, &visit->taken, 1, false);
	visit->given = home_give(visit->cache, &visit->give, 1);
}

void test_an_interrupt_takes_and_gives(struct kunit *test)
{
	struct visit v = { .cache = cache_of(test, SIZE) };

	move_to(test, 0);
	v.give = home_grow(v.cache, numa_mem_id(), GFP_KERNEL, false);
	KUNIT_ASSERT_NOT_NULL(test, v.give);
	context_hardirq(visit, &v);
	KUNIT_EXPECT_NOT_NULL(test, v.grown);
	KUNIT_EXPECT_EQ(test, v.got, 1);
	KUNIT_EXPECT_EQ(test, v.given, 1);
	give(test, v.cache, &v.grown, 1);
	give(test, v.cache, &v.taken, 1);
}

void test_an_nmi_waits_for_no_lock(struct kunit *test)
{
	struct visit free = { .cache = cache_of(test, SIZE) }, held = free;
	struct slab_home *home;
	unsigned long flags;

	home = home_of_cpu(free.cache, move_to(test, 0));
	free.give = home_grow(free.cache, numa_mem_id(), GFP_KERNEL, false);
	KUNIT_ASSERT_NOT_NULL(test, free.give);
	KUNIT_ASSERT_EQ(test, take(free.cache, &held.give, 1), 1);
	if (!context_nmi_begin(visit, &held)) {
		give(test, free.cache, &free.give, 1);
		give(test, free.cache, &held.give, 1);
		kunit_skip(test, "there is no way to make an NMI");
	}
	raw_spin_lock_irqsave(&home->lock, flags);
	context_nmi();
	raw_spin_unlock_irqrestore(&home->lock, flags);
	context_nmi_end();
	KUNIT_EXPECT_EQ(test, held.got, 0);
	KUNIT_EXPECT_EQ(test, held.given, 0);
	KUNIT_EXPECT_NULL(test, held.grown);

	context_nmi_begin(visit, &free);
	context_nmi();
	context_nmi_end();
	KUNIT_EXPECT_EQ(test, free.got, 1);
	KUNIT_EXPECT_EQ(test, free.given, 1);
	KUNIT_EXPECT_NULL(test, free.grown);
	give(test, free.cache, &held.give, 1);
	give(test, free.cache, &free.taken, 1);
}
