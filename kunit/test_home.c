// SPDX-License-Identifier: GPL-2.0
/*
 * test_home.c - what the homes of slabs promise.
 *
 * CPUs and nodes that share a cache are in test_home_near.c, random runs in
 * test_home_random.c.
 */
#include "suites.h"
#include "test_home.h"

/* ---- which slab is used ---- */

static void test_alloc_looks_at_its_home_then_node_home_then_others(struct kunit *test)
{
	struct slabmod_cache *cache = cache_of_two_cpus(test, SIZE);
	void *own[N], *common[N], *other[N], *none;
	unsigned int here;

	move_to(test, 1);
	other[0] = kit_new_slab(test, cache, false);
	here = move_to(test, 0);
	own[0] = kit_new_slab(test, cache, false);
	common[0] = kit_new_slab(test, cache, true);
	KUNIT_EXPECT_EQ(test, home_id(own[0]), here);
	KUNIT_EXPECT_EQ(test, home_id(common[0]), HOME_NODE);

	KUNIT_ASSERT_EQ(test, alloc(cache, own + 1, N - 1), N - 1);
	KUNIT_EXPECT_PTR_EQ(test, kit_slab(own[N - 1]), kit_slab(own[0]));
	KUNIT_EXPECT_EQ(test, kit_stat(cache, STAT_ADOPT), 0);
	KUNIT_ASSERT_EQ(test, alloc(cache, common + 1, N - 1), N - 1);
	KUNIT_EXPECT_PTR_EQ(test, kit_slab(common[N - 1]), kit_slab(common[0]));
	KUNIT_EXPECT_EQ(test, kit_stat(cache, STAT_ADOPT), 1);
	KUNIT_EXPECT_EQ(test, kit_stat(cache, STAT_STEAL), 0);
	KUNIT_ASSERT_EQ(test, alloc(cache, other + 1, N - 1), N - 1);
	KUNIT_EXPECT_PTR_EQ(test, kit_slab(other[N - 1]), kit_slab(other[0]));
	KUNIT_EXPECT_EQ(test, kit_stat(cache, STAT_STEAL), 1);
	KUNIT_EXPECT_EQ(test, home_id(other[0]), here);
	/* All three are full. */
	KUNIT_EXPECT_EQ(test, alloc(cache, &none, 1), 0);
	kit_home_free(test, cache, own, N);
	kit_home_free(test, cache, common, N);
	kit_home_free(test, cache, other, N);
}

static void test_alloc_uses_the_fullest_slab_first(struct kunit *test)
{
	static const u8 used[] = { 2, 13, 6 };
	struct slabmod_cache *cache = cache_of(test, SIZE);
	static void *objects[ARRAY_SIZE(used)][N];
	void *next[3 + 10 + 14];
	int i;

	move_to(test, 0);
	for (i = 0; i < ARRAY_SIZE(used); i++)
		kit_fill_slab(test, cache, objects[i]);
	for (i = 0; i < ARRAY_SIZE(used); i++)
		kit_home_free(test, cache, objects[i] + used[i], N - used[i]);
	KUNIT_ASSERT_EQ(test, alloc(cache, next, ARRAY_SIZE(next)), ARRAY_SIZE(next));
	for (i = 0; i < ARRAY_SIZE(next); i++)
		KUNIT_EXPECT_PTR_EQ_MSG(test, kit_slab(next[i]),
					kit_slab(objects[i < 3 ? 1 : i < 13 ? 2 : 0][0]),
					"object %d", i);
	kit_home_free(test, cache, next, ARRAY_SIZE(next));
	for (i = 0; i < ARRAY_SIZE(used); i++)
		kit_home_free(test, cache, objects[i], used[i]);
}

/* ---- free ---- */

static void expect_one_too_many(struct kunit *test, struct slabmod_cache *cache, void **objects,
				unsigned int nr)
{
	KIT_EXPECT_MISUSE(test, MISUSE_DOUBLE_FREE, cache->name,
			  kit_home_free(test, cache, objects, nr));
	KUNIT_EXPECT_EQ(test, home_totals(cache).inuse, 0);
	KUNIT_EXPECT_TRUE(test, home_check(cache));
	home_shrink(cache);
}

/* In an array of neighbours, which otherwise are freed together. */
static void test_double_free_among_neighbours_is_found(struct kunit *test)
{
	struct slabmod_cache *cache = cache_of(test, SIZE);
	void *objects[N], *batch[N + 1];
	unsigned int twice, i;

	move_to(test, 0);
	for (twice = 0; twice < N; twice++) {
		/* One is in the array twice. */
		kit_fill_slab(test, cache, objects);
		for (i = 0; i <= N; i++)
			batch[i] = objects[i > twice ? i - 1 : i];
		expect_one_too_many(test, cache, batch, N + 1);
		/* One was freed before. */
		kit_fill_slab(test, cache, objects);
		batch[0] = objects[twice];
		kit_home_free(test, cache, batch, 1);
		expect_one_too_many(test, cache, objects, N);
	}
}

static void test_free_outside_a_slab_is_reported(struct kunit *test)
{
	struct slabmod_cache *cache = cache_of(test, 1000);
	void *object, *wrong[3];
	int i;

	move_to(test, 0);
	object = kit_new_slab(test, cache, false);
	wrong[0] = &wrong;
	wrong[1] = object + 8;
	/* In the slab's last page, after its last object. */
	wrong[2] = slab_address(kit_slab(object)) + cache->usual.pages * PAGE_SIZE - 8;
	for (i = 0; i < ARRAY_SIZE(wrong); i++)
		KIT_EXPECT_MISUSE(test, MISUSE_DOUBLE_FREE, cache->name,
				  KUNIT_EXPECT_TRUE(test, home_free(cache, &wrong[i], 1)));
	KUNIT_EXPECT_EQ(test, home_totals(cache).inuse, 1);
	kit_home_free(test, cache, &object, 1);
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
		kit_fill_slab(test, cache, objects + i * cache->objects);
	kit_home_free(test, cache, objects, SLABS * cache->objects);
	KUNIT_EXPECT_EQ(test, home_pages(cache) * PAGE_SIZE, rounddown(max(65536ul, bytes), bytes));
	KUNIT_EXPECT_EQ(test, kit_stat(cache, STAT_SLAB_NEW) - kit_stat(cache, STAT_SLAB_FREE),
			home_totals(cache).slabs);
}

static void test_home_keeps_few_empty_slabs(struct kunit *test)
{
	move_to(test, 0);
	expect_few_empty_ones_stay(test, 64);
	expect_few_empty_ones_stay(test, SIZE);
	expect_few_empty_ones_stay(test, 4096);
	expect_few_empty_ones_stay(test, 32768);
}

/* Slabs of a batch: as many as may be detached at once, and more. */
static const unsigned int batches[] = { 14, 40, 0 };

static KUNIT_GENERATOR(next_batch)
{
	const unsigned int *slabs = prev ? (const unsigned int *)prev + 1 : batches;

	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u slabs", *slabs);
	return *slabs ? slabs : NULL;
}

/* One batch leaves one object in each slab, after making all of them emptier in turn. */
static void test_slabs_move_to_the_node_home_in_one_batch(struct kunit *test)
{
	enum { KEPT = 8 };
	unsigned int slabs = *(const unsigned int *)test->param_value, n = 0, k, i;
	struct slabmod_cache *cache = cache_of(test, SIZE);
	static void *objects[40][N], *batch[40 * (N - 1)];
	struct slab_home *home = kit_home(cache, move_to(test, 0));
	unsigned long detached;

	for (i = 0; i < slabs; i++)
		kit_fill_slab(test, cache, objects[i]);
	for (k = 1; k < N; k++)
		for (i = 0; i < slabs; i++)
			batch[n++] = objects[i][k];
	kit_home_free(test, cache, batch, n);
	detached = kit_stat(cache, STAT_RETIRE);
	KUNIT_EXPECT_GT(test, detached, 1);
	if (slabs == batches[0])
		KUNIT_EXPECT_EQ(test, detached, slabs - KEPT);
	KUNIT_EXPECT_EQ(test, home->nr_partial, slabs - detached);
	KUNIT_EXPECT_EQ(test, cache->node_homes[numa_mem_id()].nr_partial, detached);
	KUNIT_EXPECT_EQ(test, home_totals(cache).slabs, slabs);
	KUNIT_EXPECT_EQ(test, home_totals(cache).inuse, slabs);
	KUNIT_EXPECT_TRUE(test, home_check(cache));
	for (i = 0; i < slabs; i++)
		kit_home_free(test, cache, objects[i], 1);
	KUNIT_EXPECT_EQ(test, home_totals(cache).inuse, 0);
}

/* ---- draining and shrinking ---- */

static void test_drain_moves_slabs_to_the_node_home(struct kunit *test)
{
	struct slabmod_cache *cache = cache_of_two_cpus(test, SIZE);
	unsigned int cpu = move_to(test, 0);
	struct slab_home *home = kit_home(cache, cpu);
	void *full[N], *part[N], *empty[N], *object;

	kit_fill_slab(test, cache, full);
	kit_fill_slab(test, cache, part);
	kit_fill_slab(test, cache, empty);
	kit_home_free(test, cache, part, 5);
	kit_home_free(test, cache, empty, N);
	move_to(test, 1);
	home_drain_cpu(cache, cpu);
	KUNIT_EXPECT_EQ(test, home->nr_partial, 0);
	KUNIT_EXPECT_EQ(test, home->nr_empty, 0);
	KUNIT_EXPECT_EQ(test, cache->node_homes[numa_mem_id()].nr_partial, 1);
	KUNIT_EXPECT_EQ(test, home_id(part[N - 1]), HOME_NODE);
	KUNIT_EXPECT_EQ(test, home_totals(cache).slabs, 2);
	KUNIT_EXPECT_TRUE(test, home_check(cache));
	/* A full slab stays, and is used as soon as it is not full. */
	KUNIT_EXPECT_EQ(test, alloc(cache, part, N), 5);
	KUNIT_EXPECT_EQ(test, alloc(cache, &object, 1), 0);
	kit_home_free(test, cache, full, 1);
	KUNIT_EXPECT_EQ(test, alloc(cache, full, N), 1);
	kit_home_free(test, cache, full, N);
	kit_home_free(test, cache, part, N);
}

static void test_shrink_frees_every_empty_slab(struct kunit *test)
{
	struct slabmod_cache *cache = cache_of(test, SIZE);
	struct buddy *buddy;
	void *a[N], *b[N], *c;

	move_to(test, 0);
	buddy = &cache->buddies[numa_mem_id()];
	kit_fill_slab(test, cache, a);
	kit_fill_slab(test, cache, b);
	c = kit_new_slab(test, cache, true);
	KUNIT_EXPECT_EQ(test, home_shrink(cache), 0);
	kit_home_free(test, cache, a, N);
	KUNIT_EXPECT_EQ(test, home_shrink(cache), 1);
	/* From the node home too. */
	kit_home_free(test, cache, b, N);
	kit_home_free(test, cache, &c, 1);
	KUNIT_EXPECT_EQ(test, home_shrink(cache), 2);
	KUNIT_EXPECT_EQ(test, home_totals(cache).slabs, 0);
	KUNIT_EXPECT_EQ(test, buddy->free_pages, kit_source.pages);
}

/*
 * The pages that a slab leaves of its block serve small slabs of the same cache. Both have the
 * same home, and their objects the same bits of the address that find the first page.
 */
static void test_small_slab_in_the_block_of_a_usual_one(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create_orders(test, UNIT_PAGES, UNIT_ORDER,
							   UNIT_ORDER);
	struct slabmod_cache *cache = kit_cache_create(test, pool, 2560, 0, NULL);
	void *objects[UNIT_PAGES];
	unsigned int nr = 0, usual;

	KUNIT_ASSERT_LT(test, cache->usual.pages, 1 << cache->usual.order);
	context_pin(0);
	while (nr < UNIT_PAGES) {
		objects[nr] = home_alloc_new_slab(cache, numa_mem_id(), GFP_KERNEL, false);
		if (!objects[nr])
			break;
		nr++;
	}
	KUNIT_EXPECT_GT(test, home_totals(cache).small_slabs, 0);
	KUNIT_ASSERT_LT(test, home_totals(cache).small_slabs, nr);
	/* The usual slabs were first. They stay in use, and in the home. */
	usual = nr - home_totals(cache).small_slabs;
	KIT_EXPECT_NO_MISUSE(test, kit_home_free(test, cache, objects + usual, nr - usual));
	KUNIT_EXPECT_EQ(test, home_totals(cache).inuse, usual);
	kit_home_free(test, cache, objects, usual);
	KUNIT_EXPECT_EQ(test, home_totals(cache).inuse, 0);
}

static struct kunit_case home_cases[] = {
	KUNIT_CASE(test_alloc_looks_at_its_home_then_node_home_then_others),
	KUNIT_CASE(test_alloc_uses_the_fullest_slab_first),
	KUNIT_CASE(test_double_free_among_neighbours_is_found),
	KUNIT_CASE(test_free_outside_a_slab_is_reported),
	KUNIT_CASE(test_home_keeps_few_empty_slabs),
	KUNIT_CASE(test_small_slab_in_the_block_of_a_usual_one),
	KUNIT_CASE(test_every_page_of_a_slab_has_its_home),
	KUNIT_CASE_PARAM(test_free_batch_of_all_homes, home_next_size),
	KUNIT_CASE(test_free_memory_beyond_the_map),
	KUNIT_CASE(test_line_is_not_shared_with_the_previous_home),
	KUNIT_CASE_PARAM(test_slabs_move_to_the_node_home_in_one_batch, next_batch),
	KUNIT_CASE(test_drain_moves_slabs_to_the_node_home),
	KUNIT_CASE(test_shrink_frees_every_empty_slab),
	KUNIT_CASE(test_alloc_on_node),
	KUNIT_CASE(test_cpu_uses_slabs_of_its_node_only),
	KUNIT_CASE(test_nmi_waits_for_no_lock),
	KUNIT_CASE_PARAM(test_random_run_matches_the_tags_in_objects, home_next_size),
	{}
};

struct kunit_suite home_suite = {
	.name = "home",
	KIT_SUITE_HOOKS,
	.test_cases = home_cases,
};
