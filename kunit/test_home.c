// SPDX-License-Identifier: GPL-2.0
/*
 * test_home.c - what the homes of slabs promise.
 *
 * What they promise to more than one CPU is in test_home_near.c, the random runs
 * are in test_home_random.c.
 */
#include <linux/slab.h>

#include "buddy.h"
#include "home_check.h"
#include "home_refill.h"
#include "home_return.h"
#include "home_walk.h"
#include "suites.h"
#include "test_home.h"

/* ---- the order of taking ---- */

static void test_taking_looks_at_home_then_commons_then_other_homes(struct kunit *test)
{
	struct slabmod_cache *cache = cache_of_two_cpus(test, SIZE);
	void *own[N], *common[N], *other[N], *none;
	unsigned int here;

	move_to(test, 1);
	other[0] = home_alloc_new_slab(cache, numa_mem_id(), GFP_KERNEL, false);
	here = move_to(test, 0);
	own[0] = home_alloc_new_slab(cache, numa_mem_id(), GFP_KERNEL, false);
	common[0] = home_alloc_new_slab(cache, numa_mem_id(), GFP_KERNEL, true);
	KUNIT_ASSERT_TRUE(test, own[0] && common[0] && other[0]);
	KUNIT_EXPECT_EQ(test, home_id(own[0]), here);
	KUNIT_EXPECT_EQ(test, home_id(common[0]), HOME_NODE);

	KUNIT_ASSERT_EQ(test, take(cache, own + 1, N - 1), N - 1);
	KUNIT_EXPECT_PTR_EQ(test, slab_of(own[N - 1]), slab_of(own[0]));
	KUNIT_EXPECT_EQ(test, counted(cache, STAT_ADOPT), 0);
	KUNIT_ASSERT_EQ(test, take(cache, common + 1, N - 1), N - 1);
	KUNIT_EXPECT_PTR_EQ(test, slab_of(common[N - 1]), slab_of(common[0]));
	KUNIT_EXPECT_EQ(test, counted(cache, STAT_ADOPT), 1);
	KUNIT_EXPECT_EQ(test, counted(cache, STAT_STEAL), 0);
	KUNIT_ASSERT_EQ(test, take(cache, other + 1, N - 1), N - 1);
	KUNIT_EXPECT_PTR_EQ(test, slab_of(other[N - 1]), slab_of(other[0]));
	KUNIT_EXPECT_EQ(test, counted(cache, STAT_STEAL), 1);
	/* All three are full: only now is there a reason to make another one. */
	KUNIT_EXPECT_EQ(test, take(cache, &none, 1), 0);
	give(test, cache, own, N);
	give(test, cache, common, N);
	give(test, cache, other, N);
}

static void test_who_takes_of_a_slab_is_at_home_there(struct kunit *test)
{
	struct slabmod_cache *cache = cache_of_two_cpus(test, SIZE);
	unsigned int a, b;
	void *objects[3];

	a = move_to(test, 0);
	objects[0] = home_alloc_new_slab(cache, numa_mem_id(), GFP_KERNEL, false);
	KUNIT_ASSERT_NOT_NULL(test, objects[0]);
	KUNIT_EXPECT_EQ(test, home_id(objects[0]), a);
	b = move_to(test, 1);
	KUNIT_ASSERT_EQ(test, take(cache, &objects[1], 2), 2);
	KUNIT_EXPECT_EQ(test, home_id(objects[0]), b);
	KUNIT_EXPECT_EQ(test, home_of_cpu(cache, a)->nr_partial, 0);
	KUNIT_EXPECT_EQ(test, home_of_cpu(cache, b)->nr_partial, 1);
	give(test, cache, objects, 3);
}

static void test_the_fullest_slab_is_taken_from_first(struct kunit *test)
{
	static const u8 used[] = { 2, 13, 6 };
	struct slabmod_cache *cache = cache_of(test, SIZE);
	static void *objects[ARRAY_SIZE(used)][N];
	void *next[3 + 10 + 14];
	int i;

	move_to(test, 0);
	for (i = 0; i < ARRAY_SIZE(used); i++)
		take_new_slab(test, cache, objects[i]);
	for (i = 0; i < ARRAY_SIZE(used); i++)
		give(test, cache, objects[i] + used[i], N - used[i]);
	KUNIT_ASSERT_EQ(test, take(cache, next, ARRAY_SIZE(next)), ARRAY_SIZE(next));
	for (i = 0; i < ARRAY_SIZE(next); i++)
		KUNIT_EXPECT_PTR_EQ_MSG(test, slab_of(next[i]),
					slab_of(objects[i < 3 ? 1 : i < 13 ? 2 : 0][0]),
					"object %d", i);
	give(test, cache, next, ARRAY_SIZE(next));
	for (i = 0; i < ARRAY_SIZE(used); i++)
		give(test, cache, objects[i], used[i]);
}

/* ---- giving ---- */

static void test_an_object_goes_back_to_its_slab_from_any_cpu(struct kunit *test)
{
	struct slabmod_cache *cache = cache_of_two_cpus(test, SIZE);
	unsigned int a, b;
	void *objects[N];

	a = move_to(test, 0);
	take_new_slab(test, cache, objects);
	b = move_to(test, 1);
	give(test, cache, objects, 3);
	KUNIT_EXPECT_EQ(test, slab_of(objects[3])->inuse, N - 3);
	KUNIT_EXPECT_EQ(test, home_id(objects[3]), a);
	KUNIT_EXPECT_EQ(test, home_of_cpu(cache, a)->nr_partial, 1);
	KUNIT_EXPECT_EQ(test, home_of_cpu(cache, b)->nr_partial, 0);
	give(test, cache, objects + 3, N - 3);
}

static void test_a_batch_goes_back_to_many_slabs(struct kunit *test)
{
	struct slabmod_cache *cache = cache_of_two_cpus(test, SIZE);
	static void *objects[4 * N];
	struct rnd_state rnd;
	unsigned int i;

	kit_seed(test, &rnd);
	for (i = 0; i < 4; i++) {
		move_to(test, i % 2);
		take_new_slab(test, cache, objects + i * N);
	}
	for (i = 0; i < 4 * N; i++) {
		unsigned int k = i + kit_random(&rnd, 4 * N - i);

		swap(objects[i], objects[k]);
	}
	give(test, cache, objects, 4 * N);
	KUNIT_EXPECT_EQ(test, home_totals(cache).inuse, 0);
}

static void test_a_double_free_is_reported_and_the_others_go_back(struct kunit *test)
{
	struct slabmod_cache *cache = cache_of(test, SIZE);
	void *objects[N], *batch[4];

	move_to(test, 0);
	take_new_slab(test, cache, objects);
	memcpy(batch, (void *[]) { objects[0], objects[1], objects[0], objects[2] }, sizeof(batch));
	KIT_EXPECT_MISUSE(test, MISUSE_DOUBLE_FREE, cache->name,
			  KUNIT_EXPECT_TRUE(test, home_free(cache, batch, 4)));
	KUNIT_EXPECT_EQ(test, home_totals(cache).inuse, N - 3);
	KUNIT_EXPECT_TRUE(test, home_check(cache));
	KIT_EXPECT_NO_MISUSE(test, give(test, cache, objects + 3, N - 3));
}

static void expect_one_too_many(struct kunit *test, struct slabmod_cache *cache, void **objects,
				unsigned int nr)
{
	KIT_EXPECT_MISUSE(test, MISUSE_DOUBLE_FREE, cache->name, give(test, cache, objects, nr));
	KUNIT_EXPECT_EQ(test, home_totals(cache).inuse, 0);
	KUNIT_EXPECT_TRUE(test, home_check(cache));
	home_shrink(cache);
}

/* In an array of neighbours, which otherwise would go back all at once. */
static void test_a_double_free_among_neighbours_is_found(struct kunit *test)
{
	struct slabmod_cache *cache = cache_of(test, SIZE);
	void *objects[N], *batch[N + 1];
	unsigned int twice, i;

	move_to(test, 0);
	for (twice = 0; twice < N; twice++) {
		/* One of them comes once more. */
		take_new_slab(test, cache, objects);
		for (i = 0; i <= N; i++)
			batch[i] = objects[i > twice ? i - 1 : i];
		expect_one_too_many(test, cache, batch, N + 1);
		/* One of them went back before. */
		take_new_slab(test, cache, objects);
		batch[0] = objects[twice];
		give(test, cache, batch, 1);
		expect_one_too_many(test, cache, objects, N);
	}
}

static void test_what_is_in_no_slab_is_reported(struct kunit *test)
{
	struct slabmod_cache *cache = cache_of(test, 1000);
	void *object, *wrong[3];
	int i;

	move_to(test, 0);
	object = home_alloc_new_slab(cache, numa_mem_id(), GFP_KERNEL, false);
	KUNIT_ASSERT_NOT_NULL(test, object);
	wrong[0] = &wrong;
	wrong[1] = object + 8;
	/* In the slab's last page, but behind its last object. */
	wrong[2] = slab_address(slab_of(object)) + cache->usual.pages * PAGE_SIZE - 8;
	for (i = 0; i < ARRAY_SIZE(wrong); i++)
		KIT_EXPECT_MISUSE(test, MISUSE_DOUBLE_FREE, cache->name,
				  KUNIT_EXPECT_TRUE(test, home_free(cache, &wrong[i], 1)));
	KUNIT_EXPECT_EQ(test, home_totals(cache).inuse, 1);
	give(test, cache, &object, 1);
}

/* ---- what a home keeps ---- */

static void expect_few_empty_ones_stay(struct kunit *test, unsigned int size)
{
	enum { SLABS = 24 };
	struct slabmod_cache *cache = cache_of(test, size);
	void **objects = kunit_kcalloc(test, SLABS * cache->objects, sizeof(*objects), GFP_KERNEL);
	unsigned long bytes = cache->usual.pages * PAGE_SIZE;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, objects);
	for (i = 0; i < SLABS; i++)
		take_new_slab(test, cache, objects + i * cache->objects);
	give(test, cache, objects, SLABS * cache->objects);
	KUNIT_EXPECT_EQ(test, home_pages(cache) * PAGE_SIZE, rounddown(max(65536ul, bytes), bytes));
	/* What left the cache is free in the buddy. */
	KUNIT_EXPECT_EQ(test, counted(cache, STAT_SLAB_NEW) - counted(cache, STAT_SLAB_FREE),
			home_totals(cache).slabs);
}

static void test_a_home_keeps_few_empty_slabs(struct kunit *test)
{
	move_to(test, 0);
	expect_few_empty_ones_stay(test, 64);
	expect_few_empty_ones_stay(test, SIZE);
	expect_few_empty_ones_stay(test, 4096);
	expect_few_empty_ones_stay(test, 32768);
}

static void test_nearly_empty_slabs_retire_to_the_commons(struct kunit *test)
{
	enum { SLABS = 12, KEPT = 8 };
	struct slabmod_cache *cache = cache_of_two_cpus(test, SIZE);
	static void *objects[SLABS][N];
	unsigned int here = move_to(test, 0), retired;
	struct slab_home *commons = &cache->node_homes[numa_mem_id()];
	void *object;
	int i;

	for (i = 0; i < SLABS; i++)
		take_new_slab(test, cache, objects[i]);
	for (i = 0; i < SLABS; i++)
		give(test, cache, objects[i] + 1, N - 1);
	retired = counted(cache, STAT_RETIRE);
	KUNIT_EXPECT_EQ(test, home_of_cpu(cache, here)->nr_partial, KEPT);
	KUNIT_EXPECT_EQ(test, retired, SLABS - KEPT);
	KUNIT_EXPECT_EQ(test, commons->nr_partial, retired);
	/* Any CPU may adopt one. */
	move_to(test, 1);
	KUNIT_EXPECT_EQ(test, take(cache, &object, 1), 1);
	KUNIT_EXPECT_EQ(test, counted(cache, STAT_ADOPT), 1);
	KUNIT_EXPECT_EQ(test, commons->nr_partial, retired - 1);
	give(test, cache, &object, 1);
	for (i = 0; i < SLABS; i++)
		give(test, cache, objects[i], 1);
}

/*
 * Takes slabs, and puts all of their objects but the first ones into a batch: each slab
 * in turn gets a little emptier by it, and in the end nearly empty. Returns how many.
 */
static unsigned int batch_in_turns(struct kunit *test, struct slabmod_cache *cache,
				   void *objects[][N], unsigned int slabs, void **batch)
{
	unsigned int n = 0, k, i;

	for (i = 0; i < slabs; i++)
		take_new_slab(test, cache, objects[i]);
	for (k = 1; k < N; k++)
		for (i = 0; i < slabs; i++)
			batch[n++] = objects[i][k];
	return n;
}

static void test_several_slabs_retire_in_one_visit(struct kunit *test)
{
	enum { SLABS = 14, KEPT = 8 };
	struct slabmod_cache *cache = cache_of(test, SIZE);
	static void *objects[SLABS][N], *batch[SLABS * (N - 1)];
	unsigned int here = move_to(test, 0);
	int i;

	give(test, cache, batch, batch_in_turns(test, cache, objects, SLABS, batch));
	KUNIT_EXPECT_EQ(test, counted(cache, STAT_RETIRE), SLABS - KEPT);
	KUNIT_EXPECT_EQ(test, home_of_cpu(cache, here)->nr_partial, KEPT);
	KUNIT_EXPECT_EQ(test, cache->node_homes[numa_mem_id()].nr_partial, SLABS - KEPT);
	KUNIT_EXPECT_EQ(test, home_totals(cache).inuse, SLABS);
	KUNIT_EXPECT_TRUE(test, home_check(cache));
	for (i = 0; i < SLABS; i++)
		give(test, cache, objects[i], 1);
	KUNIT_EXPECT_EQ(test, home_totals(cache).inuse, 0);
}

static void test_more_slabs_than_may_retire_at_once_lose_nothing(struct kunit *test)
{
	enum { SLABS = 40 };
	struct slabmod_cache *cache = cache_of(test, SIZE);
	static void *objects[SLABS][N], *batch[SLABS * (N - 1)];
	unsigned int here = move_to(test, 0);
	int i;

	give(test, cache, batch, batch_in_turns(test, cache, objects, SLABS, batch));
	KUNIT_EXPECT_GT(test, counted(cache, STAT_RETIRE), 1);
	KUNIT_EXPECT_EQ(test, home_of_cpu(cache, here)->nr_partial + counted(cache, STAT_RETIRE),
			SLABS);
	KUNIT_EXPECT_EQ(test, home_totals(cache).slabs, SLABS);
	KUNIT_EXPECT_EQ(test, home_totals(cache).inuse, SLABS);
	KUNIT_EXPECT_TRUE(test, home_check(cache));
	for (i = 0; i < SLABS; i++)
		give(test, cache, objects[i], 1);
	KUNIT_EXPECT_EQ(test, home_totals(cache).inuse, 0);
}

/* ---- draining and shrinking ---- */

static void test_draining_moves_a_home_to_the_commons(struct kunit *test)
{
	struct slabmod_cache *cache = cache_of_two_cpus(test, SIZE);
	unsigned int cpu = move_to(test, 0);
	struct slab_home *home = home_of_cpu(cache, cpu);
	void *full[N], *part[N], *empty[N], *object;

	take_new_slab(test, cache, full);
	take_new_slab(test, cache, part);
	take_new_slab(test, cache, empty);
	give(test, cache, part, 5);
	give(test, cache, empty, N);
	move_to(test, 1);
	home_drain_cpu(cache, cpu);
	KUNIT_EXPECT_EQ(test, home->nr_partial, 0);
	KUNIT_EXPECT_EQ(test, home->nr_empty, 0);
	KUNIT_EXPECT_EQ(test, cache->node_homes[numa_mem_id()].nr_partial, 1);
	KUNIT_EXPECT_EQ(test, home_id(part[N - 1]), HOME_NODE);
	KUNIT_EXPECT_EQ(test, home_totals(cache).slabs, 2);
	KUNIT_EXPECT_TRUE(test, home_check(cache));
	/* A full slab stays where it is, and can be had as soon as it is not full. */
	KUNIT_EXPECT_EQ(test, take(cache, part, N), 5);
	KUNIT_EXPECT_EQ(test, take(cache, &object, 1), 0);
	give(test, cache, full, 1);
	KUNIT_EXPECT_EQ(test, take(cache, full, N), 1);
	give(test, cache, full, N);
	give(test, cache, part, N);
}

static void test_draining_takes_slabs_without_a_whole_line_along(struct kunit *test)
{
	struct slabmod_cache *cache = cache_of_two_cpus(test, 16);
	static void *objects[SLAB_MAX_OBJECTS];
	unsigned int cpu, n;

	move_to(test, 0);
	objects[0] = home_alloc_new_slab(cache, numa_mem_id(), GFP_KERNEL, false);
	KUNIT_ASSERT_NOT_NULL(test, objects[0]);
	cpu = move_to(test, 1);
	n = 1 + take(cache, objects + 1, SLAB_MAX_OBJECTS - 1);
	/* What is left of the first line is free, but not to be handed out. */
	KUNIT_ASSERT_EQ(test, home_of_cpu(cache, cpu)->nr_partial, 1);
	home_drain_cpu(cache, cpu);
	KUNIT_EXPECT_EQ(test, home_of_cpu(cache, cpu)->nr_partial, 0);
	KUNIT_EXPECT_EQ(test, home_id(objects[0]), HOME_NODE);
	KUNIT_EXPECT_TRUE(test, home_check(cache));
	give(test, cache, objects, n);
}

static void test_shrinking_gives_every_empty_slab_back(struct kunit *test)
{
	struct slabmod_cache *cache = cache_of(test, SIZE);
	struct buddy *buddy;
	void *a[N], *b[N], *c;

	move_to(test, 0);
	buddy = &cache->buddies[numa_mem_id()];
	take_new_slab(test, cache, a);
	take_new_slab(test, cache, b);
	c = home_alloc_new_slab(cache, numa_mem_id(), GFP_KERNEL, true);
	KUNIT_ASSERT_NOT_NULL(test, c);
	KUNIT_EXPECT_EQ(test, home_shrink(cache), 0);
	give(test, cache, a, N);
	KUNIT_EXPECT_EQ(test, home_shrink(cache), 1);
	/* From the commons too. */
	give(test, cache, b, N);
	give(test, cache, &c, 1);
	KUNIT_EXPECT_EQ(test, home_shrink(cache), 2);
	KUNIT_EXPECT_EQ(test, home_totals(cache).slabs, 0);
	KUNIT_EXPECT_EQ(test, buddy->free_pages, kit_source.pages);
}

/* ---- counts ---- */

static void test_totals_say_what_there_is(struct kunit *test)
{
	struct slabmod_cache *cache = cache_of_two_cpus(test, 1000);
	void *objects[3];
	int i;

	/* Without large blocks they come from a small slab, of one page. */
	KUNIT_ASSERT_GT(test, cache->usual.pages, 1);
	kit_source.max_order = 0;
	move_to(test, 0);
	objects[0] = home_alloc_new_slab(cache, numa_mem_id(), GFP_KERNEL, false);
	KUNIT_ASSERT_NOT_NULL(test, objects[0]);
	KUNIT_EXPECT_EQ(test, take(cache, objects + 1, 2), 2);
	KUNIT_EXPECT_EQ(test, home_totals(cache).slabs, 1);
	KUNIT_EXPECT_EQ(test, home_totals(cache).small_slabs, 1);
	KUNIT_EXPECT_EQ(test, home_totals(cache).inuse, 3);
	KUNIT_EXPECT_EQ(test, home_pages(cache), 1);
	for (i = 0; i < 3; i++) {
		move_to(test, i % 2);
		give(test, cache, &objects[i], 1);
		KUNIT_EXPECT_EQ(test, home_totals(cache).inuse, 2 - i);
	}
	home_shrink(cache);
	KUNIT_EXPECT_EQ(test, home_pages(cache), 0);
	KUNIT_EXPECT_EQ(test, home_totals(cache).small_slabs, 0);
}

/*
 * The pages that a slab leaves of its block serve small slabs of the same cache. Both have the
 * same home, and their objects the same bits of the address that find the first page.
 */
static void test_a_small_slab_in_the_block_of_a_usual_one_is_told_apart(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create_orders(test, UNIT_PAGES, UNIT_ORDER,
							   UNIT_ORDER);
	struct slabmod_cache *cache = kit_cache_create(test, pool, 2560, 0, NULL);
	void *objects[UNIT_PAGES];
	unsigned int nr = 0;

	KUNIT_ASSERT_LT(test, cache->usual.pages, 1 << cache->usual.order);
	context_pin(0);
	while (nr < UNIT_PAGES && (objects[nr] = home_alloc_new_slab(cache, numa_mem_id(),
								     GFP_KERNEL, false)))
		nr++;
	KUNIT_EXPECT_GT(test, home_totals(cache).small_slabs, 0);
	KUNIT_EXPECT_LT(test, home_totals(cache).small_slabs, home_totals(cache).slabs);
	give(test, cache, objects, nr);
	KUNIT_EXPECT_EQ(test, home_totals(cache).inuse, 0);
}

static struct kunit_case home_cases[] = {
	KUNIT_CASE(test_taking_looks_at_home_then_commons_then_other_homes),
	KUNIT_CASE(test_who_takes_of_a_slab_is_at_home_there),
	KUNIT_CASE(test_the_fullest_slab_is_taken_from_first),
	KUNIT_CASE(test_an_object_goes_back_to_its_slab_from_any_cpu),
	KUNIT_CASE(test_a_batch_goes_back_to_many_slabs),
	KUNIT_CASE(test_a_double_free_is_reported_and_the_others_go_back),
	KUNIT_CASE(test_a_double_free_among_neighbours_is_found),
	KUNIT_CASE(test_what_is_in_no_slab_is_reported),
	KUNIT_CASE(test_a_home_keeps_few_empty_slabs),
	KUNIT_CASE(test_nearly_empty_slabs_retire_to_the_commons),
	KUNIT_CASE(test_several_slabs_retire_in_one_visit),
	KUNIT_CASE(test_more_slabs_than_may_retire_at_once_lose_nothing),
	KUNIT_CASE(test_a_small_slab_in_the_block_of_a_usual_one_is_told_apart),
	KUNIT_CASE(test_every_page_of_a_slab_knows_its_home),
	KUNIT_CASE_PARAM(test_a_batch_of_all_homes_comes_home, home_next_size),
	KUNIT_CASE(test_memory_beyond_the_map_comes_home),
	KUNIT_CASE(test_a_line_is_not_shared_with_who_was_at_home_before),
	KUNIT_CASE(test_a_line_that_comes_free_as_a_whole_is_handed_out),
	KUNIT_CASE(test_when_memory_is_short_any_free_object_serves),
	KUNIT_CASE(test_an_empty_slab_is_mixed_no_more),
	KUNIT_CASE(test_draining_moves_a_home_to_the_commons),
	KUNIT_CASE(test_draining_takes_slabs_without_a_whole_line_along),
	KUNIT_CASE(test_shrinking_gives_every_empty_slab_back),
	KUNIT_CASE(test_totals_say_what_there_is),
	KUNIT_CASE(test_an_object_is_of_the_node_asked_for),
	KUNIT_CASE(test_an_object_taken_by_node_shares_no_line_with_its_home),
	KUNIT_CASE(test_a_cpu_leaves_the_slabs_of_other_nodes_alone),
	KUNIT_CASE(test_when_memory_is_short_another_node_serves),
	KUNIT_CASE(test_no_memory_gives_null_and_loses_nothing),
	KUNIT_CASE(test_an_interrupt_takes_and_gives),
	KUNIT_CASE(test_an_nmi_waits_for_no_lock),
	KUNIT_CASE_PARAM(test_a_random_run_agrees_with_the_tags_in_objects, home_next_size),
	KUNIT_CASE_PARAM(test_many_cpus_agree_with_the_tags_in_objects, home_next_size),
	{}
};

struct kunit_suite home_suite = {
	.name = "home",
	KIT_SUITE_HOOKS,
	.test_cases = home_cases,
};
