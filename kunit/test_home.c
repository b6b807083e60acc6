// SPDX-License-Identifier: GPL-2.0
/*
 * test_home.c - what the homes of slabs promise.
 *
 * The random runs are in test_home_random.c.
 */
#include <linux/cache.h>

#include "beyond.h"
#include "suites.h"
#include "test_home.h"

static unsigned int home_id(void *object)
{
	return HOME_ID(kit_slab(object)->home);
}

/* Move the test to CPU @n, 0 or 1, of the node of the first online CPU. */
static unsigned int move_to(struct kunit *test, unsigned int n)
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
static struct slabmod_cache *cache_of_two_cpus(struct kunit *test, unsigned int size)
{
	move_to(test, 1);
	return kit_cache_of(test, size);
}

/* Some share lines and some do not; some have slabs of one page and some of more. */
static const size_t sizes[] = { 16, 112, 256, 1000 };

KIT_SIZE_PARAM(size, sizes);

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
	KUNIT_EXPECT_EQ(test, kit_stat(cache, EVENT_ADOPT), 0);
	KUNIT_ASSERT_EQ(test, alloc(cache, common + 1, N - 1), N - 1);
	KUNIT_EXPECT_PTR_EQ(test, kit_slab(common[N - 1]), kit_slab(common[0]));
	KUNIT_EXPECT_EQ(test, kit_stat(cache, EVENT_ADOPT), 1);
	KUNIT_EXPECT_EQ(test, kit_stat(cache, EVENT_STEAL), 0);
	KUNIT_ASSERT_EQ(test, alloc(cache, other + 1, N - 1), N - 1);
	KUNIT_EXPECT_PTR_EQ(test, kit_slab(other[N - 1]), kit_slab(other[0]));
	KUNIT_EXPECT_EQ(test, kit_stat(cache, EVENT_STEAL), 1);
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
	struct slabmod_cache *cache = kit_cache_of(test, SIZE);
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
	struct slabmod_cache *cache = kit_cache_of(test, SIZE);
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
	struct slabmod_cache *cache = kit_cache_of(test, 1000);
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
	struct slabmod_cache *cache = kit_cache_of(test, size);
	unsigned long bytes = cache->usual.pages * PAGE_SIZE;
	unsigned int slabs = 24, i;
	void **objects = kit_array(test, slabs * cache->objects);

	for (i = 0; i < slabs; i++)
		kit_fill_slab(test, cache, objects + i * cache->objects);
	kit_home_free(test, cache, objects, slabs * cache->objects);
	KUNIT_EXPECT_EQ(test, home_pages(cache) * PAGE_SIZE, rounddown(max(65536ul, bytes), bytes));
	KUNIT_EXPECT_EQ(test, kit_stat(cache, EVENT_SLAB_NEW) - kit_stat(cache, EVENT_SLAB_FREE),
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

static void test_home_keeps_more_of_those_that_are_aged(struct kunit *test)
{
	struct slabmod_cache *cache = kit_cache_of(test, 4096);
	unsigned int bytes = cache->usual.pages * PAGE_SIZE;

	home_set_keep(cache, true);
	KUNIT_EXPECT_EQ(test, cache->keep_empty, HOME_KEEP_BYTES_AGED / bytes);
	/* Pages that would come too late. */
	cache->flags |= SLABMOD_TYPESAFE_BY_RCU;
	home_set_keep(cache, true);
	KUNIT_EXPECT_EQ(test, cache->keep_empty, HOME_KEEP_BYTES / bytes);
	cache->flags &= ~SLABMOD_TYPESAFE_BY_RCU;
}

/* Leave one object in each of many slabs, after making all of them emptier in turn. */
static void test_emptier_slabs_stay_in_their_home(struct kunit *test)
{
	enum { SLABS = 40 };
	struct slabmod_cache *cache = cache_of_two_cpus(test, SIZE);
	static void *objects[SLABS][N], *batch[SLABS * (N - 1)];
	unsigned int n = 0, k, i, cpu = move_to(test, 0);
	struct slab_home *home = kit_home(cache, cpu);
	void *more[N];

	for (i = 0; i < SLABS; i++)
		kit_fill_slab(test, cache, objects[i]);
	for (k = 1; k < N; k++)
		for (i = 0; i < SLABS; i++)
			batch[n++] = objects[i][k];
	kit_home_free(test, cache, batch, n);
	KUNIT_EXPECT_EQ(test, home->nr_partial, SLABS);
	KUNIT_EXPECT_EQ(test, cache->node_homes[numa_mem_id()].nr_partial, 0);
	KUNIT_EXPECT_EQ(test, home_totals(cache).inuse, SLABS);
	KUNIT_EXPECT_TRUE(test, home_check(cache));
	/* No object of these has the line of one that another CPU has. */
	KUNIT_EXPECT_EQ(test, alloc(cache, more, N - 1), N - 1);
	KUNIT_EXPECT_EQ(test, home_id(more[0]), cpu);
	kit_home_free(test, cache, more, N - 1);
	/* Another CPU takes one of them. */
	move_to(test, 1);
	KUNIT_EXPECT_GT(test, alloc(cache, more, N - 1), 0);
	KUNIT_EXPECT_EQ(test, home->nr_partial, SLABS - 1);
	KUNIT_EXPECT_EQ(test, home_totals(cache).slabs, SLABS);
	kit_home_free(test, cache, more, home_totals(cache).inuse - SLABS);
	for (i = 0; i < SLABS; i++)
		kit_home_free(test, cache, objects[i], 1);
	KUNIT_EXPECT_EQ(test, home_totals(cache).inuse, 0);
}

/* Thieves visit the CPUs whose bit is set, and clear it if nothing is there. */
static void test_bare_home_is_not_visited_again(struct kunit *test)
{
	struct slabmod_cache *cache = cache_of_two_cpus(test, 256);
	unsigned int a = move_to(test, 0), b, n = cache->objects;
	void **objects = kit_array(test, n), **more = kit_array(test, n);

	KUNIT_EXPECT_FALSE(test, test_bit(a, home_stocked(cache)));
	kit_fill_slab(test, cache, objects);
	kit_home_free(test, cache, objects, 5);
	KUNIT_EXPECT_TRUE(test, test_bit(a, home_stocked(cache)));
	b = move_to(test, 1);
	KUNIT_EXPECT_EQ(test, alloc(cache, more, n), 5);
	KUNIT_EXPECT_EQ(test, home_id(more[0]), b);
	KUNIT_EXPECT_EQ(test, alloc(cache, more + 5, 1), 0);
	KUNIT_EXPECT_FALSE(test, test_bit(a, home_stocked(cache)));
	/* It has something again. */
	move_to(test, 0);
	more[5] = kit_new_slab(test, cache, false);
	KUNIT_EXPECT_TRUE(test, test_bit(a, home_stocked(cache)));
	KUNIT_EXPECT_TRUE(test, home_check(cache));
	kit_home_free(test, cache, more, 6);
	kit_home_free(test, cache, objects + 5, n - 5);
}

/* ---- draining ---- */

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

/*
 * The pages that a slab leaves of its block serve small slabs of the same cache. Both have the
 * same home, and their objects the same bits of the address that find the first page.
 */
static void test_small_slab_in_the_block_of_a_usual_one(struct kunit *test)
{
	const unsigned int size = PAGE_SIZE * 5 / 8;
	struct slabmod_pool *pool = kit_pool_create_orders(test, UNIT_PAGES, UNIT_ORDER,
							   UNIT_ORDER);
	void *objects[UNIT_PAGES];
	struct slabmod_cache *cache;
	unsigned int nr = 0, usual;

	if (size > SLABMOD_CACHE_MAX_SIZE)
		kunit_skip(test, "needs smaller pages");
	cache = kit_cache_create(test, pool, size, 0, NULL);
	KUNIT_ASSERT_LT(test, cache->usual.pages, 1 << cache->usual.order);
	context_pin(0);
	while (nr < UNIT_PAGES) {
		objects[nr] = home_alloc_from_new_slab(cache, numa_mem_id(), GFP_KERNEL, false);
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

/* ---- other nodes ---- */

static int other_node(struct kunit *test)
{
	int nid = next_online_node(first_online_node);

	if (nid >= MAX_NUMNODES)
		kunit_skip(test, "needs two nodes");
	context_pin(0);
	return nid == numa_mem_id() ? first_online_node : nid;
}

static void *new_slab_on(struct kunit *test, struct slabmod_cache *cache, int nid)
{
	void *object = home_alloc_from_new_slab(cache, nid, GFP_KERNEL | __GFP_THISNODE, true);

	KUNIT_ASSERT_NOT_NULL(test, object);
	KUNIT_EXPECT_EQ(test, kit_node(object), nid);
	return object;
}

struct errand {
	struct slabmod_cache *cache;
	void *object;
};

static void grow_there(void *arg)
{
	struct errand *errand = arg;

	errand->object = home_alloc_from_new_slab(errand->cache, numa_mem_id(), GFP_KERNEL, false);
}

/* Allocate an object of a new slab that is owned by the home of a CPU of another node. */
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
		kunit_skip(test, "needs a CPU on the other node");
	return errand.object;
}

/* ---- homes ---- */

static void expect_home(struct kunit *test, struct slabmod_cache *cache, void *object, u16 home)
{
	KUNIT_EXPECT_EQ(test, kit_slab(object)->home, home);
	KUNIT_EXPECT_TRUE(test, home_check(cache));
}

static void test_slab_has_a_home_wherever_it_moves(struct kunit *test)
{
	/* At least three pages, and objects that share lines. */
	struct slabmod_cache *cache = cache_of_two_cpus(test, PAGE_SIZE * 45 / 128 | 32);
	unsigned int a, b, i;
	void *objects[6];

	KUNIT_ASSERT_GE(test, cache->usual.pages, 3);
	a = move_to(test, 0);
	objects[0] = kit_new_slab(test, cache, true);
	expect_home(test, cache, objects[0], HOME_NODE | HOME_SHARED);
	KUNIT_ASSERT_EQ(test, home_free(cache, objects, 1), true);
	expect_home(test, cache, objects[0], HOME_NODE);
	/* Adopted while empty; stolen, and shared since. */
	KUNIT_ASSERT_EQ(test, alloc(cache, objects, 1), 1);
	expect_home(test, cache, objects[0], a);
	b = move_to(test, 1);
	KUNIT_ASSERT_EQ(test, alloc(cache, objects + 1, 1), 1);
	KUNIT_ASSERT_PTR_EQ(test, kit_slab(objects[1]), kit_slab(objects[0]));
	expect_home(test, cache, objects[0], b | HOME_SHARED);
	home_drain_cpu(cache, b);
	expect_home(test, cache, objects[0], HOME_NODE | HOME_SHARED);
	KUNIT_ASSERT_EQ(test, alloc_anything(cache, objects + 2, 1), 1);
	expect_home(test, cache, objects[0], b | HOME_SHARED);
	move_to(test, 0);
	objects[3] = home_alloc_on_node(cache, numa_mem_id());
	KUNIT_ASSERT_NOT_NULL(test, objects[3]);
	expect_home(test, cache, objects[0], b | HOME_SHARED);
	for (i = 0; i < 4; i++) {
		expect_home(test, cache, objects[3], b | HOME_SHARED);
		KUNIT_ASSERT_TRUE(test, home_free(cache, &objects[i], 1));
	}
	/* An empty slab is not shared. */
	expect_home(test, cache, objects[3], b);
	/* A new slab of this CPU, before and after the CPU is drained. */
	objects[0] = kit_new_slab(test, cache, false);
	expect_home(test, cache, objects[0], a);
	home_drain_cpu(cache, a);
	expect_home(test, cache, objects[0], HOME_NODE | HOME_SHARED);
	kit_home_free(test, cache, objects, 1);
	expect_home(test, cache, objects[0], HOME_NODE);
}

/* Allocate up to @nr objects, the first one of a new slab of this CPU's home. */
static unsigned int alloc_some(struct kunit *test, struct slabmod_cache *cache, void **objects,
			       unsigned int nr)
{
	*objects = home_alloc_from_new_slab(cache, numa_mem_id(), GFP_KERNEL, false);
	KUNIT_ASSERT_NOT_NULL(test, *objects);
	return 1 + alloc(cache, objects + 1, nr - 1);
}

/* Allocate objects of slabs of every kind of home; return how many. */
static unsigned int alloc_of_all_homes(struct kunit *test, struct slabmod_cache *cache,
				       void **objects)
{
	unsigned int n = 0, strays = 0, i;
	int nid;

	for (i = 0; i < 4; i++) {
		move_to(test, i % 2);
		n += alloc_some(test, cache, objects + n, 40);
	}
	/* Of a slab stolen half used, if objects share lines. */
	n += alloc(cache, objects + n, 20);
	/* Of the node home of each node, and of CPUs of each node. */
	for_each_online_node(nid) {
		objects[n++] = new_slab_on(test, cache, nid);
		for (i = 0; i < 5; i++) {
			objects[n] = home_alloc_on_node(cache, nid);
			n += !!objects[n];
		}
		objects[n++] = grow_on_node(test, cache, nid);
	}
	/* Until two of them are in unmapped chunks; small slabs if possible. */
	kit_source.max_order = get_order(cache->size);
	for (i = 0; strays < 2; i++) {
		objects[n] = home_alloc_from_new_slab(cache, numa_mem_id(), GFP_KERNEL, i % 2);
		KUNIT_ASSERT_NOT_NULL(test, objects[n]);
		strays += slab_chunk(kit_slab(objects[n++]))->unmapped;
	}
	kit_source_reset();
	return n;
}

static void test_free_batch_of_all_homes(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create_orders(test, 4096, UNIT_ORDER, UNIT_ORDER);
	static void *objects[2048];
	struct slabmod_cache *cache;
	struct rnd_state rnd;
	unsigned int n, i, round;

	other_node(test);
	kit_seed(test, &rnd);
	cache = kit_cache_create(test, pool, kit_size(test), 0, NULL);
	for (round = 0; round < 20; round++) {
		n = alloc_of_all_homes(test, cache, objects);
		KUNIT_ASSERT_EQ(test, home_totals(cache).inuse, n);
		/* In order, reversed, at random. */
		for (i = 0; i < n / 2 && round % 3 == 1; i++)
			swap(objects[i], objects[n - 1 - i]);
		if (round % 3 == 2)
			kit_shuffle(&rnd, objects, n);
		move_to(test, kit_random(&rnd, 2));
		/* One of them twice in some rounds: the others are freed all the same. */
		objects[n] = objects[kit_random(&rnd, n)];
		if (round % 4 == 3)
			KIT_EXPECT_MISUSE(test, MISUSE_DOUBLE_FREE, cache->name,
					  kit_home_free(test, cache, objects, n + 1));
		else
			KIT_EXPECT_NO_MISUSE(test, kit_home_free(test, cache, objects, n));
		KUNIT_ASSERT_EQ(test, home_totals(cache).inuse, 0);
		KUNIT_ASSERT_TRUE(test, home_check(cache));
		if (round % 2)
			home_shrink(cache);
	}
}

/* The map has the first of two chunks in place of the second: see beyond.h. */
static void test_free_memory_beyond_the_map(struct kunit *test)
{
	struct slabmod_pool *pool = beyond_pool_create(test);
	struct slabmod_cache *cache = kit_cache_create(test, pool, SIZE, 0, NULL);
	static void *in_map[N], *alias[N];
	void *rest[CHUNK_MAX_ORDER];
	unsigned int i;

	move_to(test, 0);
	kit_fill_slab(test, cache, in_map);
	/* Fill the first chunk, so that the second slab is in the second one. */
	for (i = 0; i < CHUNK_MAX_ORDER; i++) {
		rest[i] = kit_buddy_alloc(slab_chunk(kit_slab(in_map[0]))->buddy - numa_mem_id(),
					  numa_mem_id(), 1u << i, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, rest[i]);
	}
	kit_fill_slab(test, cache, alias);
	KUNIT_ASSERT_TRUE(test, slab_chunk(kit_slab(alias[0]))->unmapped);
	KUNIT_ASSERT_PTR_EQ(test, chunk_frame_fast(chunk_offset(alias[0])),
			    chunk_frame(slab_address(kit_slab(in_map[0]))));
	/* Free all of the second slab, and nothing of the first; then the reverse. */
	KIT_EXPECT_NO_MISUSE(test, kit_home_free(test, cache, alias, N));
	KUNIT_EXPECT_EQ(test, kit_slab(in_map[0])->inuse, N);
	KUNIT_EXPECT_EQ(test, home_totals(cache).inuse, N);
	KUNIT_EXPECT_EQ(test, alloc(cache, alias, N), N);
	KIT_EXPECT_NO_MISUSE(test, kit_home_free(test, cache, in_map, N));
	KUNIT_EXPECT_EQ(test, kit_slab(alias[0])->inuse, N);
	KIT_EXPECT_NO_MISUSE(test, kit_home_free(test, cache, alias, N));
	KUNIT_EXPECT_EQ(test, home_totals(cache).inuse, 0);
	for (i = 0; i < CHUNK_MAX_ORDER; i++)
		buddy_free(rest[i]);
}

/* ---- lines ---- */

static bool share_a_line(const void *a, const void *b)
{
	return (unsigned long)a / cache_line_size() == (unsigned long)b / cache_line_size();
}

static void test_line_is_not_shared_with_the_previous_home(struct kunit *test)
{
	struct slabmod_cache *cache = cache_of_two_cpus(test, 16);
	unsigned int per_line = cache_line_size() / 16, rest, i, k;
	static void *a[6], *b[SLAB_MAX_OBJECTS], *c[8];

	move_to(test, 0);
	a[0] = kit_new_slab(test, cache, false);
	KUNIT_ASSERT_EQ(test, alloc(cache, a + 1, 5), 5);
	move_to(test, 1);
	rest = alloc(cache, b, SLAB_MAX_OBJECTS);
	/* All but the two lines of which the first CPU has objects. */
	KUNIT_EXPECT_EQ(test, rest, cache->objects - 2 * per_line);
	for (i = 0; i < rest; i++)
		for (k = 0; k < 6; k++)
			KUNIT_ASSERT_FALSE(test, share_a_line(b[i], a[k]));
	KUNIT_EXPECT_EQ(test, alloc(cache, c, 8), 0);
	/* When memory is low they are allocated, and counted. */
	KUNIT_EXPECT_EQ(test, kit_stat(cache, EVENT_SHARED_LINE), 0);
	KUNIT_EXPECT_EQ(test, alloc_anything(cache, c, 8), 2);
	KUNIT_EXPECT_EQ(test, kit_stat(cache, EVENT_SHARED_LINE), 2);
	KUNIT_EXPECT_TRUE(test, home_check(cache));
	kit_home_free(test, cache, a, 6);
	kit_home_free(test, cache, b, rest);
	kit_home_free(test, cache, c, 2);
}

/* ---- nodes ---- */

static void test_alloc_on_node(struct kunit *test)
{
	struct slabmod_cache *cache = kit_cache_of(test, SIZE);
	int nid = other_node(test);
	void *objects[3];

	KUNIT_EXPECT_NULL(test, home_alloc_on_node(cache, nid));
	objects[0] = kit_new_slab(test, cache, false);
	/* There are free objects on this node, but not on the other. */
	KUNIT_EXPECT_NULL(test, home_alloc_on_node(cache, nid));
	objects[1] = new_slab_on(test, cache, nid);
	KUNIT_EXPECT_EQ(test, kit_node(objects[1]), nid);
	objects[2] = home_alloc_on_node(cache, nid);
	KUNIT_ASSERT_NOT_NULL(test, objects[2]);
	KUNIT_EXPECT_EQ(test, kit_node(objects[2]), nid);
	kit_home_free(test, cache, objects, 3);
}

static void test_cpu_uses_slabs_of_its_node_only(struct kunit *test)
{
	struct slabmod_cache *cache = kit_cache_of(test, SIZE);
	int nid = other_node(test);
	void *objects[3], *none;

	/* Slabs of a CPU's home, and of the node home. */
	objects[0] = grow_on_node(test, cache, nid);
	objects[1] = new_slab_on(test, cache, nid);
	KUNIT_EXPECT_EQ(test, alloc(cache, &none, 1), 0);
	/* Unless memory is low. */
	KUNIT_ASSERT_EQ(test, alloc_anything(cache, objects + 2, 1), 1);
	kit_home_free(test, cache, objects, 3);
}

static void test_home_keeps_few_empty_slabs_of_another_node(struct kunit *test)
{
	enum { SLABS = 20 };
	struct slabmod_cache *cache = cache_of_two_cpus(test, SIZE);
	static void *near[SLABS][N], *far[SLABS][N];
	int nid = other_node(test);
	struct slab *slab;
	unsigned int i;

	move_to(test, 0);
	home_set_keep(cache, true);
	for (i = 0; i < SLABS; i++) {
		kit_fill_slab(test, cache, near[i]);
		slab = slab_create(cache, nid, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, slab);
		KUNIT_EXPECT_EQ(test, home_add_slab(cache, slab, false, far[i], N), N);
	}
	for (i = 0; i < SLABS; i++)
		kit_home_free(test, cache, far[i], N);
	KUNIT_EXPECT_EQ(test, home_totals(cache).slabs, SLABS + home_few(cache));
	for (i = 0; i < SLABS; i++)
		kit_home_free(test, cache, near[i], N);
	KUNIT_EXPECT_EQ(test, home_totals(cache).slabs, SLABS + home_few(cache));
	KUNIT_EXPECT_TRUE(test, home_check(cache));
}

/* ---- failures and contexts ---- */

struct visit {
	struct slabmod_cache *cache;
	void *old, *object, *new;
	unsigned int got;
	bool freed;
};

static void visit(void *arg)
{
	struct visit *visit = arg;

	visit->new = home_alloc_from_new_slab(visit->cache, numa_mem_id(), GFP_ATOMIC, false);
	visit->got = home_alloc(visit->cache, &visit->object, 1, false);
	visit->freed = home_free(visit->cache, &visit->old, 1);
}

static void test_nmi_waits_for_no_lock(struct kunit *test)
{
	struct visit free = { .cache = kit_cache_of(test, SIZE) }, held = free;
	struct slab_home *home;
	unsigned long flags;

	home = kit_home(free.cache, move_to(test, 0));
	free.old = home_alloc_from_new_slab(free.cache, numa_mem_id(), GFP_KERNEL, false);
	KUNIT_ASSERT_NOT_NULL(test, free.old);
	KUNIT_ASSERT_EQ(test, alloc(free.cache, &held.old, 1), 1);
	if (!context_nmi_begin(visit, &held)) {
		kit_home_free(test, free.cache, &free.old, 1);
		kit_home_free(test, free.cache, &held.old, 1);
		kunit_skip(test, "needs NMIs");
	}
	raw_spin_lock_irqsave(&home->lock, flags);
	context_nmi();
	raw_spin_unlock_irqrestore(&home->lock, flags);
	context_nmi_end();
	KUNIT_EXPECT_EQ(test, held.got, 0);
	KUNIT_EXPECT_FALSE(test, held.freed);
	KUNIT_EXPECT_NULL(test, held.new);

	context_nmi_begin(visit, &free);
	context_nmi();
	context_nmi_end();
	KUNIT_EXPECT_EQ(test, free.got, 1);
	KUNIT_EXPECT_TRUE(test, free.freed);
	KUNIT_EXPECT_NULL(test, free.new);
	kit_home_free(test, free.cache, &held.old, 1);
	kit_home_free(test, free.cache, &free.object, 1);
}

static struct kunit_case home_cases[] = {
	KUNIT_CASE(test_alloc_looks_at_its_home_then_node_home_then_others),
	KUNIT_CASE(test_alloc_uses_the_fullest_slab_first),
	KUNIT_CASE(test_double_free_among_neighbours_is_found),
	KUNIT_CASE(test_free_outside_a_slab_is_reported),
	KUNIT_CASE(test_home_keeps_few_empty_slabs),
	KUNIT_CASE(test_home_keeps_more_of_those_that_are_aged),
	KUNIT_CASE(test_small_slab_in_the_block_of_a_usual_one),
	KUNIT_CASE(test_slab_has_a_home_wherever_it_moves),
	KUNIT_CASE_PARAM(test_free_batch_of_all_homes, size_gen_params),
	KUNIT_CASE(test_free_memory_beyond_the_map),
	KUNIT_CASE(test_line_is_not_shared_with_the_previous_home),
	KUNIT_CASE(test_emptier_slabs_stay_in_their_home),
	KUNIT_CASE(test_bare_home_is_not_visited_again),
	KUNIT_CASE(test_drain_moves_slabs_to_the_node_home),
	KUNIT_CASE(test_alloc_on_node),
	KUNIT_CASE(test_cpu_uses_slabs_of_its_node_only),
	KUNIT_CASE(test_home_keeps_few_empty_slabs_of_another_node),
	KUNIT_CASE(test_nmi_waits_for_no_lock),
	KUNIT_CASE_PARAM(test_random_run_matches_the_tags_in_objects, size_gen_params),
	{}
};

struct kunit_suite home_suite = {
	.name = "home",
	KIT_SUITE_HOOKS,
	.test_cases = home_cases,
};
