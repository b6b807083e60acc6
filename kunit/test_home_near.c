// SPDX-License-Identifier: GPL-2.0
/*
 * test_home_near.c - what homes promise to CPUs that are near each other or far:
 * whose line it is, whose node, and who waits for whom.
 */
#include <linux/cache.h>
#include <linux/mm.h>

#include "beyond.h"
#include "buddy.h"
#include "home_check.h"
#include "home_refill.h"
#include "home_return.h"
#include "home_walk.h"
#include "test_home.h"

/* ---- ways to other nodes ---- */

static int other_node(struct kunit *test)
{
	int nid = next_online_node(first_online_node);

	if (nid >= MAX_NUMNODES)
		kunit_skip(test, "there is only one node");
	context_pin(0);
	return nid == numa_mem_id() ? first_online_node : nid;
}

struct errand {
	struct slabmod_cache *cache;
	void *object;
};

static void grow_there(void *arg)
{
	struct errand *errand = arg;

	errand->object = home_alloc_new_slab(errand->cache, numa_mem_id(), GFP_KERNEL, false);
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

/* ---- homes ---- */

/* What each page of an object's slab says of its home: all of them the same. */
static void expect_home(struct kunit *test, struct slabmod_cache *cache, void *object, u16 home)
{
	struct slab *slab = slab_of(object);
	unsigned int i;

	for (i = 0; i < slab_geometry(cache, slab)->pages; i++)
		KUNIT_EXPECT_EQ_MSG(test, slab_frame(slab)[i].home, home, "page %u", i);
	KUNIT_EXPECT_TRUE(test, home_check(cache));
}

void test_every_page_of_a_slab_knows_its_home(struct kunit *test)
{
	/* Of three pages or more, and with parts of lines. */
	struct slabmod_cache *cache = cache_of_two_cpus(test, 1440);
	unsigned int a, b, i;
	void *objects[6];

	KUNIT_ASSERT_GE(test, cache->usual.pages, 3);
	a = move_to(test, 0);
	objects[0] = home_alloc_new_slab(cache, numa_mem_id(), GFP_KERNEL, true);
	KUNIT_ASSERT_NOT_NULL(test, objects[0]);
	expect_home(test, cache, objects[0], HOME_NODE | HOME_SHARED);
	KUNIT_ASSERT_EQ(test, home_free(cache, objects, 1), true);
	expect_home(test, cache, objects[0], HOME_NODE);
	/* Adopted, and empty then; stolen, and mixed since. */
	KUNIT_ASSERT_EQ(test, take(cache, objects, 1), 1);
	expect_home(test, cache, objects[0], a);
	b = move_to(test, 1);
	KUNIT_ASSERT_EQ(test, take(cache, objects + 1, 1), 1);
	KUNIT_ASSERT_PTR_EQ(test, slab_of(objects[1]), slab_of(objects[0]));
	expect_home(test, cache, objects[0], b | HOME_SHARED);
	/* What nobody needs is not told to anybody. */
	home_drain_cpu(cache, b);
	expect_home(test, cache, objects[0], HOME_NODE | HOME_SHARED);
	KUNIT_ASSERT_EQ(test, take_anything(cache, objects + 2, 1), 1);
	expect_home(test, cache, objects[0], b | HOME_SHARED);
	move_to(test, 0);
	objects[3] = home_alloc_on_node(cache, numa_mem_id());
	KUNIT_ASSERT_NOT_NULL(test, objects[3]);
	expect_home(test, cache, objects[0], b | HOME_SHARED);
	for (i = 0; i < 4; i++) {
		expect_home(test, cache, objects[3], b | HOME_SHARED);
		KUNIT_ASSERT_TRUE(test, home_free(cache, &objects[i], 1));
	}
	/* Empty, it is nobody's in part. */
	expect_home(test, cache, objects[3], b);
	/* A new one of one's own; and the rest of it, which drains with the CPU. */
	objects[0] = home_alloc_new_slab(cache, numa_mem_id(), GFP_KERNEL, false);
	KUNIT_ASSERT_NOT_NULL(test, objects[0]);
	expect_home(test, cache, objects[0], a);
	home_drain_cpu(cache, a);
	expect_home(test, cache, objects[0], HOME_NODE | HOME_SHARED);
	give(test, cache, objects, 1);
	expect_home(test, cache, objects[0], HOME_NODE);
}

/* Takes up to @nr objects more of what is at home here. */
static unsigned int take_some(struct kunit *test, struct slabmod_cache *cache, void **objects,
			      unsigned int nr)
{
	*objects = home_alloc_new_slab(cache, numa_mem_id(), GFP_KERNEL, false);
	KUNIT_ASSERT_NOT_NULL(test, *objects);
	return 1 + take(cache, objects + 1, nr - 1);
}

/* Objects of slabs of every kind of home, to @objects; returns how many. */
static unsigned int take_of_all_homes(struct kunit *test, struct slabmod_cache *cache,
				      void **objects)
{
	unsigned int n = 0, strays = 0, i;
	int nid;

	for (i = 0; i < 4; i++) {
		move_to(test, i % 2);
		n += take_some(test, cache, objects + n, 40);
	}
	/* What was stolen half used, if objects share lines. */
	n += take(cache, objects + n, 20);
	/* The commons of each node, and CPUs of each node. */
	for_each_online_node(nid) {
		objects[n] = home_alloc_new_slab(cache, nid, GFP_KERNEL | __GFP_THISNODE, true);
		KUNIT_ASSERT_NOT_NULL(test, objects[n]);
		n++;
		for (i = 0; i < 5; i++) {
			objects[n] = home_alloc_on_node(cache, nid);
			n += !!objects[n];
		}
		objects[n++] = grow_on_node(test, cache, nid);
	}
	/* Until there are two of which the map does not know, small ones if that is less. */
	kit_source.max_order = get_order(cache->size);
	for (i = 0; strays < 2; i++) {
		objects[n] = home_alloc_new_slab(cache, numa_mem_id(), GFP_KERNEL, i % 2);
		KUNIT_ASSERT_NOT_NULL(test, objects[n]);
		strays += slab_chunk(slab_of(objects[n++]))->unmapped;
	}
	kit_source_reset();
	return n;
}

void test_a_batch_of_all_homes_comes_home(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create_orders(test, 4096, UNIT_ORDER, UNIT_ORDER);
	static void *objects[2048];
	struct slabmod_cache *cache;
	struct rnd_state rnd;
	unsigned int n, i, round;

	other_node(test);
	kit_seed(test, &rnd);
	cache = kit_cache_create(test, pool, *(const unsigned int *)test->param_value, 0, NULL);
	for (round = 0; round < 20; round++) {
		n = take_of_all_homes(test, cache, objects);
		KUNIT_ASSERT_EQ(test, home_totals(cache).inuse, n);
		/* As they are, in the other direction, at random. */
		for (i = 0; i < n && round % 3; i++) {
			unsigned int k = round % 3 == 1 ? n - 1 - i :
							  i + kit_random(&rnd, n - i);

			if (k > i)
				swap(objects[i], objects[k]);
		}
		move_to(test, kit_random(&rnd, 2));
		/* One of them twice, now and then: the others come home all the same. */
		objects[n] = objects[kit_random(&rnd, n)];
		if (round % 4 == 3)
			KIT_EXPECT_MISUSE(test, MISUSE_DOUBLE_FREE, cache->name,
					  give(test, cache, objects, n + 1));
		else
			KIT_EXPECT_NO_MISUSE(test, give(test, cache, objects, n));
		KUNIT_ASSERT_EQ(test, home_totals(cache).inuse, 0);
		KUNIT_ASSERT_TRUE(test, home_check(cache));
		if (round % 2)
			home_shrink(cache);
	}
}

/* Of two chunks the second one is where the map has the first: see beyond.h. */
void test_memory_beyond_the_map_comes_home(struct kunit *test)
{
	struct slabmod_pool *pool = beyond_pool_create(test);
	struct slabmod_cache *cache = kit_cache_create(test, pool, SIZE, 0, NULL);
	static void *in_map[N], *alias[N];
	struct frame *rest[CHUNK_MAX_ORDER];
	unsigned int i;

	move_to(test, 0);
	take_new_slab(test, cache, in_map);
	/* With the first chunk full, the second slab is in the second. */
	for (i = 0; i < CHUNK_MAX_ORDER; i++) {
		rest[i] = kit_buddy_alloc(slab_chunk(slab_of(in_map[0]))->buddy - numa_mem_id(),
				      numa_mem_id(), 1u << i, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, rest[i]);
	}
	take_new_slab(test, cache, alias);
	KUNIT_ASSERT_TRUE(test, slab_chunk(slab_of(alias[0]))->unmapped);
	KUNIT_ASSERT_PTR_EQ(test, chunk_frame_fast(chunk_offset(alias[0])), slab_of(in_map[0]));
	/* All of the second are freed, and nothing of the first; and the other way round. */
	KIT_EXPECT_NO_MISUSE(test, give(test, cache, alias, N));
	KUNIT_EXPECT_EQ(test, slab_of(in_map[0])->inuse, N);
	KUNIT_EXPECT_EQ(test, home_totals(cache).inuse, N);
	KUNIT_EXPECT_EQ(test, take(cache, alias, N), N);
	KIT_EXPECT_NO_MISUSE(test, give(test, cache, in_map, N));
	KUNIT_EXPECT_EQ(test, slab_of(alias[0])->inuse, N);
	KIT_EXPECT_NO_MISUSE(test, give(test, cache, alias, N));
	KUNIT_EXPECT_EQ(test, home_totals(cache).inuse, 0);
	for (i = 0; i < CHUNK_MAX_ORDER; i++)
		buddy_free(rest[i]);
}

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
	a[0] = home_alloc_new_slab(cache, numa_mem_id(), GFP_KERNEL, false);
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
	a = home_alloc_new_slab(cache, numa_mem_id(), GFP_KERNEL, false);
	KUNIT_ASSERT_NOT_NULL(test, a);
	move_to(test, 1);
	KUNIT_ASSERT_EQ(test, take(cache, &b, 1), 1);
	KUNIT_EXPECT_TRUE(test, slab_of(b)->home & HOME_SHARED);
	give(test, cache, &a, 1);
	give(test, cache, &b, 1);
	KUNIT_ASSERT_EQ(test, take(cache, &c, 1), 1);
	KUNIT_EXPECT_FALSE(test, slab_of(c)->home & HOME_SHARED);
	give(test, cache, &c, 1);
}

/* ---- nodes ---- */

static int node_of(const void *object)
{
	return page_to_nid(virt_to_page(object));
}

void test_an_object_is_of_the_node_asked_for(struct kunit *test)
{
	struct slabmod_cache *cache = cache_of(test, SIZE);
	int nid = other_node(test);
	void *objects[3];

	KUNIT_EXPECT_NULL(test, home_alloc_on_node(cache, nid));
	objects[0] = home_alloc_new_slab(cache, numa_mem_id(), GFP_KERNEL, false);
	KUNIT_ASSERT_NOT_NULL(test, objects[0]);
	/* There are free objects here, but not there. */
	KUNIT_EXPECT_NULL(test, home_alloc_on_node(cache, nid));
	objects[1] = home_alloc_new_slab(cache, nid, GFP_KERNEL | __GFP_THISNODE, true);
	KUNIT_ASSERT_NOT_NULL(test, objects[1]);
	KUNIT_EXPECT_EQ(test, node_of(objects[1]), nid);
	objects[2] = home_alloc_on_node(cache, nid);
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
	b = home_alloc_on_node(cache, numa_mem_id());
	KUNIT_ASSERT_NOT_NULL(test, b);
	move_to(test, 0);
	n = take(cache, a, SLAB_MAX_OBJECTS);
	for (i = 0; i < n; i++)
		KUNIT_EXPECT_FALSE(test, share_a_line(a[i], b));
	give(test, cache, a, n);
	give(test, cache, &b, 1);
}

void test_a_cpu_leaves_the_slabs_of_other_nodes_alone(struct kunit *test)
{
	struct slabmod_cache *cache = cache_of(test, SIZE);
	int nid = other_node(test);
	void *objects[2], *none;

	/* Those at home with a CPU, and those of the commons. */
	objects[0] = grow_on_node(test, cache, nid);
	objects[1] = home_alloc_new_slab(cache, nid, GFP_KERNEL | __GFP_THISNODE, true);
	KUNIT_ASSERT_NOT_NULL(test, objects[1]);
	KUNIT_EXPECT_EQ(test, take(cache, &none, 1), 0);
	give(test, cache, objects, 2);
}

void test_when_memory_is_short_another_node_serves(struct kunit *test)
{
	struct slabmod_cache *cache = cache_of(test, SIZE);
	int nid = other_node(test);
	void *objects[2];

	objects[0] = home_alloc_new_slab(cache, nid, GFP_KERNEL | __GFP_THISNODE, true);
	KUNIT_ASSERT_NOT_NULL(test, objects[0]);
	KUNIT_ASSERT_EQ(test, take_anything(cache, &objects[1], 1), 1);
	give(test, cache, objects, 2);
}

/* ---- failures and contexts ---- */

void test_no_memory_gives_null_and_loses_nothing(struct kunit *test)
{
	struct slabmod_cache *cache = cache_of(test, SIZE);

	kit_source.fail_all = true;
	KUNIT_EXPECT_NULL(test, home_alloc_new_slab(cache, numa_mem_id(), GFP_KERNEL, false));
	KUNIT_EXPECT_NULL(test, home_alloc_new_slab(cache, numa_mem_id(), GFP_KERNEL, true));
	KUNIT_EXPECT_EQ(test, home_totals(cache).slabs, 0);
	KUNIT_EXPECT_EQ(test, home_totals(cache).inuse, 0);
}

struct visit {
	struct slabmod_cache *cache;
	void *give, *taken, *grown;
	unsigned int got;
	bool given;
};

static void visit(void *arg)
{
	struct visit *visit = arg;

	visit->grown = home_alloc_new_slab(visit->cache, numa_mem_id(), GFP_ATOMIC, false);
	visit->got = home_alloc(visit->cache, &visit->taken, 1, false);
	visit->given = home_free(visit->cache, &visit->give, 1);
}

void test_an_interrupt_takes_and_gives(struct kunit *test)
{
	struct visit v = { .cache = cache_of(test, SIZE) };

	move_to(test, 0);
	v.give = home_alloc_new_slab(v.cache, numa_mem_id(), GFP_KERNEL, false);
	KUNIT_ASSERT_NOT_NULL(test, v.give);
	context_hardirq(visit, &v);
	KUNIT_EXPECT_NOT_NULL(test, v.grown);
	KUNIT_EXPECT_EQ(test, v.got, 1);
	KUNIT_EXPECT_TRUE(test, v.given);
	give(test, v.cache, &v.grown, 1);
	give(test, v.cache, &v.taken, 1);
}

void test_an_nmi_waits_for_no_lock(struct kunit *test)
{
	struct visit free = { .cache = cache_of(test, SIZE) }, held = free;
	struct slab_home *home;
	unsigned long flags;

	home = home_of_cpu(free.cache, move_to(test, 0));
	free.give = home_alloc_new_slab(free.cache, numa_mem_id(), GFP_KERNEL, false);
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
	KUNIT_EXPECT_FALSE(test, held.given);
	KUNIT_EXPECT_NULL(test, held.grown);

	context_nmi_begin(visit, &free);
	context_nmi();
	context_nmi_end();
	KUNIT_EXPECT_EQ(test, free.got, 1);
	KUNIT_EXPECT_TRUE(test, free.given);
	KUNIT_EXPECT_NULL(test, free.grown);
	give(test, free.cache, &held.give, 1);
	give(test, free.cache, &free.taken, 1);
}
