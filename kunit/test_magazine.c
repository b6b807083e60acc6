// SPDX-License-Identifier: GPL-2.0
/*
 * test_magazine.c - what magazines promise: the object freed last is allocated first,
 * capacities hold, an interrupt leaves a busy magazine alone, and nothing is lost.
 */
#include <linux/cpu.h>
#include <linux/sched.h>

#include "home_check.h"
#include "suites.h"
#include "test_magazine.h"
#include "verbs_pool.h"

/* ---- one magazine ---- */

static void test_capacity_is_bounded_in_bytes_and_objects(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, KIT_LIMIT);
	unsigned int size, capacity;

	for (size = SLAB_MIN_SIZE; size <= SLABMOD_CACHE_MAX_SIZE; size += size / 2 + 8) {
		struct slabmod_cache *cache = kit_cache_in(test, pool, "sized", size, 0);

		capacity = cache->capacity_max;
		KUNIT_EXPECT_LE(test, cache->capacity, capacity);
		KUNIT_EXPECT_LE(test, kit_magazine(cache)->capacity, MAGAZINE_START);
		if (capacity > MAGAZINE_LARGE)
			KUNIT_EXPECT_LE(test, cache->capacity, MAGAZINE_START);
		KUNIT_EXPECT_GE(test, cache->capacity, MAGAZINE_MIN);
		KUNIT_EXPECT_GE(test, capacity, MAGAZINE_MIN);
		KUNIT_EXPECT_LE(test, capacity, MAGAZINE_MAX);
		if (capacity > MAGAZINE_LARGE)
			KUNIT_EXPECT_LE(test, capacity * cache->size, MAGAZINE_BYTES_DEFAULT);
		else if (capacity > MAGAZINE_MIN)
			KUNIT_EXPECT_LE(test, capacity * cache->size,
					MAGAZINE_LARGE_FACTOR * MAGAZINE_BYTES_DEFAULT);
		if (capacity < MAGAZINE_MAX)
			KUNIT_EXPECT_GT(test, (capacity + 1) * cache->size, MAGAZINE_BYTES_DEFAULT);
		KUNIT_EXPECT_EQ(test, cache_destroy(cache), 0);
	}
}

static void test_magazine_of_large_objects_grows_in_the_call(struct kunit *test)
{
	struct slabmod_cache *cache = cache_with_magazines(test, 2700);
	struct slabmod_magazine *magazine = kit_magazine(cache);
	unsigned int nr = 8 * cache->capacity_max;
	void **objects = kit_array(test, nr);

	KUNIT_EXPECT_EQ(test, cache->capacity_max, MAGAZINE_LARGE);
	KUNIT_EXPECT_EQ(test, magazine->room, MAGAZINE_LARGE);
	KUNIT_EXPECT_EQ(test, magazine->capacity, MAGAZINE_START);
	kit_alloc_n(test, cache, objects, nr);
	KUNIT_EXPECT_PTR_EQ(test, kit_magazine(cache), magazine);
	KUNIT_EXPECT_EQ(test, magazine->capacity, MAGAZINE_LARGE);
	kit_free_n(cache, objects, nr);
}

/* Reorder @nr objects, a power of two, so that no two neighbours follow each other. */
static void scatter(struct kunit *test, void **objects, unsigned int nr)
{
	void **copy = kit_array(test, nr);
	unsigned int i;

	memcpy(copy, objects, nr * sizeof(*objects));
	for (i = 0; i < nr; i++)
		objects[i] = copy[i * 37 % nr];
}

static void test_flush_frees_the_top_of_the_magazine(struct kunit *test)
{
	struct slabmod_cache *cache = cache_with_magazines(test, WHOLE_LINES);
	unsigned int capacity = cache->capacity, i;
	unsigned int stays = capacity - min(capacity / 2, MAGAZINE_FLUSH_RUNS);
	void **objects = kit_array(test, 2 * capacity);
	unsigned long flushes;

	kit_alloc_n(test, cache, objects, 2 * capacity);
	magazine_drain_all(cache);
	flushes = kit_stat(cache, EVENT_FLUSH);
	kit_free_n(cache, objects, capacity);
	KUNIT_EXPECT_EQ(test, magazine_nr_local(kit_magazine(cache)), capacity);
	KUNIT_EXPECT_EQ(test, kit_stat(cache, EVENT_FLUSH), flushes);
	slabmod_cache_free(cache, objects[capacity]);
	KUNIT_EXPECT_EQ(test, magazine_nr_local(kit_magazine(cache)), stays + 1);
	KUNIT_EXPECT_EQ(test, kit_stat(cache, EVENT_FLUSH), flushes + 1);
	KUNIT_EXPECT_EQ(test, cache_used(cache), capacity - 1);
	/* The rest was not moved, and the last freed object is on top. */
	KUNIT_EXPECT_PTR_EQ(test, slabmod_cache_alloc(cache, GFP_KERNEL), objects[capacity]);
	for (i = stays; i; i--)
		KUNIT_EXPECT_PTR_EQ(test, slabmod_cache_alloc(cache, GFP_KERNEL), objects[i - 1]);
	kit_free_n(cache, objects, stays);
	kit_free_n(cache, objects + capacity, capacity);
	kit_expect_unused(test, cache);
}

static void test_flush_frees_what_one_hold_does(struct kunit *test)
{
	struct slabmod_cache *cache = cache_with_magazines(test, WHOLE_LINES);
	unsigned int capacity = cache->capacity, nr, i;
	void **objects = kit_array(test, 2 * capacity), **again = kit_array(test, capacity);

	kit_alloc_n(test, cache, objects, 2 * capacity);
	magazine_drain_all(cache);
	scatter(test, objects, capacity);
	kit_free_n(cache, objects, capacity + 1);
	nr = magazine_nr_local(kit_magazine(cache));
	KUNIT_EXPECT_LE(test, nr, capacity);
	KUNIT_EXPECT_GT(test, nr, capacity - MAGAZINE_FLUSH_MOST);
	kit_alloc_n(test, cache, again, nr);
	KUNIT_EXPECT_PTR_EQ(test, again[0], objects[capacity]);
	/* Those below what was flushed were not moved. */
	for (i = 0; i < capacity - MAGAZINE_FLUSH_MOST; i++)
		KUNIT_EXPECT_PTR_EQ(test, again[nr - 1 - i], objects[i]);
	kit_free_n(cache, again, nr);
	kit_free_n(cache, objects + capacity + 1, capacity - 1);
	kit_expect_unused(test, cache);
}

static void test_flush_to_another_cpu_frees_half(struct kunit *test)
{
	struct slabmod_cache *cache = cache_with_magazines(test, WHOLE_LINES);
	unsigned int capacity = cache->capacity;
	void **objects = kit_array(test, capacity + 1);
	long inuse;

	kit_need_cpus(test, 2);
	kit_alloc_n(test, cache, objects, capacity + 1);
	scatter(test, objects, capacity);
	kit_free_on(1, cache, objects, capacity);
	inuse = home_totals(cache).inuse;
	kit_free_on(1, cache, objects + capacity, 1);
	KUNIT_EXPECT_GT(test, capacity / 2, MAGAZINE_FLUSH_MOST);
	KUNIT_EXPECT_EQ(test, magazine_nr_local(kit_magazine_of(cache, 1)), capacity / 2 + 1);
	KUNIT_EXPECT_EQ(test, home_totals(cache).inuse, inuse - capacity / 2);
	kit_expect_unused(test, cache);
}

static void test_bulk_free_is_like_single_frees(struct kunit *test)
{
	struct slabmod_cache *cache = cache_with_magazines(test, WHOLE_LINES);
	unsigned int capacity = cache->capacity, nr, i;
	void **objects = kit_array(test, 4 * capacity), *object;

	for (nr = 1; nr <= 4 * capacity; nr += 1 + nr / 3) {
		unsigned long allocs = magazine_allocs(cache);

		KUNIT_ASSERT_EQ(test, slabmod_cache_alloc_bulk(cache, GFP_KERNEL, nr, objects), nr);
		KUNIT_EXPECT_EQ(test, magazine_allocs(cache), allocs + nr);
		magazine_drain_all(cache);
		slabmod_cache_free_bulk(cache, nr, objects);
		KUNIT_EXPECT_LE(test, kit_magazine(cache)->top, capacity);
		KUNIT_EXPECT_GE(test, kit_magazine(cache)->top, min(nr, capacity / 2));
		KUNIT_EXPECT_EQ(test, cache_used(cache), 0);
		KUNIT_EXPECT_TRUE(test, cache_check(cache));
		/* The last freed is allocated first, unless there was a flush between. */
		for (i = 0; i < min(nr, 4u); i++) {
			object = slabmod_cache_alloc(cache, GFP_KERNEL);
			KUNIT_EXPECT_TRUE(test, nr > capacity || object == objects[nr - 1 - i]);
			objects[nr - 1 - i] = object;
		}
		kit_free_n(cache, objects + nr - i, i);
	}
	/* Neither NULL nor a busy magazine is an error. */
	kit_alloc_n(test, cache, objects, 3);
	objects[3] = objects[1];
	objects[1] = NULL;
	nr = magazine_nr_local(kit_magazine(cache));
	KIT_WHILE_BUSY(cache, slabmod_cache_free_bulk(cache, 4, objects));
	KUNIT_EXPECT_EQ(test, magazine_nr_local(kit_magazine(cache)), nr);
	kit_expect_unused(test, cache);
}

static void test_alloc_and_free_at_capacity_do_not_flush(struct kunit *test)
{
	struct slabmod_cache *cache = cache_with_magazines(test, WHOLE_LINES);
	void **objects = kit_array(test, cache->capacity + 1);
	unsigned long before;
	void *object;
	int i;

	kit_alloc_n(test, cache, objects, cache->capacity + 1);
	magazine_drain_all(cache);
	kit_free_n(cache, objects, cache->capacity + 1);
	before = kit_stat(cache, EVENT_FLUSH) + kit_stat(cache, EVENT_REFILL);
	for (i = 0; i < 1000; i++) {
		object = kit_alloc(test, cache);
		slabmod_cache_free(cache, object);
	}
	KUNIT_EXPECT_EQ(test, kit_stat(cache, EVENT_FLUSH) + kit_stat(cache, EVENT_REFILL), before);
	kit_expect_unused(test, cache);
}

/* ---- the inline path of callers ---- */

static void *alloc_inline(struct slabmod_cache *cache)
{
	void *object;

	return slabmod_magazine_pop(&cache->fastpath.magazines, &object) ? object : NULL;
}

static void ctor(void *object)
{
	memset(object, 0xc0, 16);
}

static struct slabmod_cache *inline_cache(struct kunit *test, void (*ctor)(void *object))
{
	struct slabmod_cache *cache = kit_cache_with(test, WHOLE_LINES, 0, ctor);

	context_pin(0);
	KUNIT_EXPECT_NULL(test, alloc_inline(cache));
	return cache;
}

static void expect_inline_open(struct kunit *test, struct slabmod_cache *cache)
{
	void *object, *again;

	object = kit_alloc(test, cache);
	slabmod_cache_free(cache, object);
	again = alloc_inline(cache);
	KUNIT_EXPECT_PTR_EQ(test, again, object);
	KUNIT_EXPECT_EQ(test, magazine_allocs(cache), 2);
	slabmod_cache_free(cache, again);
	kit_expect_unused(test, cache);
}

/* Objects come from the magazine all the same, and slabmod clears them. */
static void expect_inline_closed(struct kunit *test, struct slabmod_cache *cache)
{
	void *object, *again;

	object = kit_alloc(test, cache);
	KUNIT_EXPECT_FALSE(test, memchr_inv(object, 0, WHOLE_LINES));
	memset(object, 0xdd, WHOLE_LINES);
	slabmod_cache_free(cache, object);
	KUNIT_EXPECT_GT(test, magazine_nr_local(kit_magazine(cache)), 0);
	KUNIT_EXPECT_NULL(test, alloc_inline(cache));
	again = kit_alloc(test, cache);
	KUNIT_EXPECT_PTR_EQ(test, again, object);
	KUNIT_EXPECT_FALSE(test, memchr_inv(again, 0, WHOLE_LINES));
	slabmod_cache_free(cache, again);
	kit_expect_unused(test, cache);
}

static void test_inline_path_allocates_from_the_magazine(struct kunit *test)
{
	if (want_init_on_alloc(0))
		kunit_skip(test, "the kernel clears what is allocated");
	expect_inline_open(test, inline_cache(test, NULL));
	expect_inline_open(test, inline_cache(test, ctor));
}

static void test_inline_path_is_closed_when_objects_must_be_cleared(struct kunit *test)
{
	bool was_on = want_init_on_alloc(0);

	if (!was_on)
		static_branch_enable(&init_on_alloc);
	expect_inline_closed(test, inline_cache(test, NULL));
	/* Constructed objects are not cleared. */
	expect_inline_open(test, inline_cache(test, ctor));
	if (!was_on)
		static_branch_disable(&init_on_alloc);
}

/* A free to a full magazine checks more, before the flush. */
static void test_double_free_is_reported_when_the_magazine_is_full(struct kunit *test)
{
	struct slabmod_cache *cache = cache_with_magazines(test, WHOLE_LINES);
	unsigned int capacity = cache->capacity;
	void **objects = kit_array(test, capacity + 2);

	kit_alloc_n(test, cache, objects, capacity + 2);
	magazine_drain_all(cache);
	kit_free_n(cache, objects + capacity, 1);
	magazine_drain_all(cache);
	kit_free_n(cache, objects, capacity);
	KUNIT_EXPECT_EQ(test, kit_magazine(cache)->top, capacity);
	KIT_EXPECT_MISUSE(test, MISUSE_DOUBLE_FREE, cache->name,
			  slabmod_cache_free(cache, objects[capacity]));
	KUNIT_EXPECT_EQ(test, kit_magazine(cache)->top, capacity);
	KIT_EXPECT_NO_MISUSE(test, kit_free_n(cache, objects + capacity + 1, 1));
	kit_expect_unused(test, cache);
}

/* ---- interrupts ---- */

static void test_interrupt_during_a_call_allocates_from_a_new_slab(struct kunit *test)
{
	struct slabmod_cache *cache = cache_with_magazines(test, WHOLE_LINES);
	struct slabmod_cache *other = kit_cache_in(test, cache->pool, "kit-other", 64, 0);
	void *object, *stays = slabmod_cache_alloc(other, GFP_KERNEL);

	/* While that is in use, the pool has free pages and descriptors if the kernel has none. */
	KUNIT_EXPECT_NOT_NULL(test, stays);
	KIT_WHILE_BUSY(cache, object = slabmod_cache_alloc(cache, GFP_ATOMIC));
	slabmod_cache_free(other, stays);
	kit_destroy(test, other);
	KUNIT_ASSERT_NOT_NULL(test, object);
	KUNIT_EXPECT_EQ(test, kit_magazine(cache)->top, 0);
	KUNIT_EXPECT_EQ(test, home_totals(cache).inuse, 1);
	KUNIT_EXPECT_EQ(test, kit_stat(cache, EVENT_DIRECT), 1);
	KUNIT_EXPECT_EQ(test, frame_slab(chunk_frame(object))->home, raw_smp_processor_id());
	slabmod_cache_free(cache, object);
	kit_expect_unused(test, cache);
}

static void test_interrupt_leaves_a_busy_magazine_alone(struct kunit *test)
{
	struct slabmod_cache *cache = cache_with_magazines(test, WHOLE_LINES);
	void *objects[2], *object;
	unsigned long busy;
	unsigned int local;

	kit_stock_home(test, cache);
	kit_alloc_n(test, cache, objects, 2);
	local = magazine_nr_local(kit_magazine(cache));
	busy = kit_stat(cache, EVENT_BUSY);

	KIT_WHILE_BUSY(cache, object = slabmod_cache_alloc(cache, GFP_ATOMIC);
			      slabmod_cache_free(cache, objects[0]));
	KUNIT_EXPECT_NOT_NULL(test, object);
	KUNIT_EXPECT_EQ(test, magazine_nr_local(kit_magazine(cache)), local);
	KUNIT_EXPECT_EQ(test, kit_stat(cache, EVENT_BUSY), busy + 2);
	slabmod_cache_free(cache, object);
	slabmod_cache_free(cache, objects[1]);
	kit_expect_unused(test, cache);
}

static void test_drain_leaves_a_busy_magazine_alone(struct kunit *test)
{
	struct slabmod_cache *cache = cache_with_magazines(test, WHOLE_LINES);
	void *objects[2];

	kit_alloc_n(test, cache, objects, 2);
	kit_free_n(cache, objects, 2);
	preempt_disable();
	kit_magazine_enter(cache);
	magazine_drain_all(cache);
	KUNIT_EXPECT_GE(test, magazine_nr_local(kit_magazine(cache)), 2);
	kit_magazine_leave(cache);
	preempt_enable();
	magazine_drain_all(cache);
	KUNIT_EXPECT_EQ(test, magazine_nr_local(kit_magazine(cache)), 0);
	kit_expect_unused(test, cache);
}

/* Until some interrupts met a busy magazine. */
static bool enough_busy(struct model *model)
{
	return kit_stat(model->cache, EVENT_BUSY) >= 20;
}

/* ---- at random ---- */

static struct model model_of_param(struct kunit *test)
{
	return kit_model(test, cache_with_magazines(test, kit_size(test)));
}

static void test_interrupts_during_calls_lose_nothing(struct kunit *test)
{
	struct model model = model_of_param(test);

	KUNIT_EXPECT_GT(test, model_run_in_storm(&model, KIT_STEPS, enough_busy), 100);
	kunit_info(test, "%lu calls met a busy magazine\n", kit_stat(model.cache, EVENT_BUSY));
	KUNIT_EXPECT_GT(test, kit_stat(model.cache, EVENT_BUSY), 0);
	KUNIT_EXPECT_EQ(test, model.wrong, 0);
	/* Where interrupts get no pages, some may have found none. */
	if (CONTEXT_PAGES_ANYWHERE)
		KUNIT_EXPECT_EQ(test, model.failed, 0);
}

static void test_random_calls_lose_nothing(struct kunit *test)
{
	struct model model = model_of_param(test);

	model_run(&model, 1000, KIT_STEPS / 2);
	model_run_on_cpus(&model, KIT_STEPS / 2);
	KUNIT_EXPECT_EQ(test, model.wrong, 0);
	KUNIT_EXPECT_EQ(test, model.failed, 0);
}

struct errand {
	struct slabmod_cache *cache;
	void **objects;
	unsigned int nr;
};

static void test_whole_lines_stay_where_they_were_freed(struct kunit *test)
{
	struct slabmod_cache *cache = cache_with_magazines(test, WHOLE_LINES);
	void *objects[8];

	kit_need_cpus(test, 2);
	kit_alloc_n(test, cache, objects, 8);
	kit_free_on(1, cache, objects, 8);
	KUNIT_EXPECT_EQ(test, magazine_nr_local(kit_magazine_of(cache, 1)), 8);
	kit_expect_unused(test, cache);
}

static void test_objects_of_all_pages_of_a_slab_are_local(struct kunit *test)
{
	struct slabmod_cache *cache = cache_with_magazines(test, PAGE_SIZE * 45 / 128 | 32);
	unsigned int nr = min(cache->objects, magazine_remote_capacity(cache->capacity)), i;
	void **objects = kit_array(test, nr);

	KUNIT_ASSERT_GE(test, cache->usual.pages, 3);
	KUNIT_ASSERT_TRUE(test, cache->flags & CACHE_SHARES_LINES);
	kit_alloc_n(test, cache, objects, nr);
	magazine_drain_all(cache);
	for (i = 0; i < nr; i++) {
		slabmod_cache_free(cache, objects[i]);
		KUNIT_EXPECT_EQ(test, kit_magazine(cache)->top, i + 1);
		KUNIT_EXPECT_EQ(test, kit_magazine(cache)->nr_remote, 0);
	}
	/* On another CPU none of them is local. */
	if (num_online_cpus() > 1) {
		kit_alloc_n(test, cache, objects, nr);
		kit_free_on(1, cache, objects, nr);
		KUNIT_EXPECT_EQ(test, kit_magazine_of(cache, 1)->top, 0);
		KUNIT_EXPECT_EQ(test, kit_magazine_of(cache, 1)->nr_remote, nr);
	}
	kit_expect_unused(test, cache);
}

static void test_shared_lines_return_to_their_home(struct kunit *test)
{
	struct slabmod_cache *cache = cache_with_magazines(test, SHARED_LINES);
	unsigned int capacity = magazine_remote_capacity(cache->capacity);
	void **objects = kit_array(test, capacity + 1);
	long inuse;

	kit_need_cpus(test, 2);
	kit_alloc_n(test, cache, objects, capacity + 1);
	kit_free_on(1, cache, objects, capacity);
	KUNIT_EXPECT_EQ(test, magazine_nr_local(kit_magazine_of(cache, 1)), 0);
	KUNIT_EXPECT_EQ(test, kit_magazine_of(cache, 1)->nr_remote, capacity);

	/* The next one makes the batch return. */
	inuse = home_totals(cache).inuse;
	kit_free_on(1, cache, objects + capacity, 1);
	KUNIT_EXPECT_EQ(test, kit_magazine_of(cache, 1)->nr_remote, 1);
	KUNIT_EXPECT_EQ(test, home_totals(cache).inuse, inuse - capacity);
	kit_expect_unused(test, cache);
}

/* The home of the slab is CPU 1's, so the object would wait in a stack here. */
static void test_double_free_away_from_home_is_found_at_once(struct kunit *test)
{
	struct slabmod_cache *cache = cache_with_magazines(test, SHARED_LINES);
	void *objects[2];

	kit_need_cpus(test, 2);
	kit_alloc_on(1, test, cache, objects, 2);
	slabmod_cache_free(cache, objects[0]);
	magazine_drain_all(cache);
	KIT_EXPECT_MISUSE(test, MISUSE_DOUBLE_FREE, cache->name,
			  slabmod_cache_free(cache, objects[0]));
	KUNIT_EXPECT_EQ(test, kit_magazine(cache)->nr_remote, 0);
	slabmod_cache_free(cache, objects[1]);
	/* In the stack, not in its slab: the same object twice in a row is found, too. */
	KIT_EXPECT_MISUSE(test, MISUSE_DOUBLE_FREE, cache->name,
			  slabmod_cache_free(cache, objects[1]));
	KUNIT_EXPECT_EQ(test, kit_magazine(cache)->nr_remote, 1);
	kit_expect_unused(test, cache);
}

static void bulk_here(void *arg)
{
	struct errand *errand = arg;

	slabmod_cache_free_bulk(errand->cache, errand->nr, errand->objects);
}

static void alloc_from_node_home(void *arg)
{
	struct errand *errand = arg;

	errand->nr = kit_home_alloc(errand->cache, errand->objects, errand->nr, false);
}

/* Each CPU in turn allocates from the same slab, which was empty in the node home. */
static void test_cpus_without_homes_share_no_line(struct kunit *test)
{
	struct slabmod_cache *cache = kit_cache(test, SHARED_LINES);
	struct errand mine, yours;
	void *objects[2], *first;
	unsigned long line = cache_line_size();

	kit_need_cpus(test, 2);
	context_pin(0);
	if (cpu_to_mem(raw_smp_processor_id()) != cpu_to_mem(cpumask_next(raw_smp_processor_id(),
									  cpu_online_mask)))
		kunit_skip(test, "needs two CPUs on a node");
	first = kit_new_slab(test, cache, true);
	kit_home_free(test, cache, &first, 1);
	KUNIT_ASSERT_EQ(test, home_totals(cache).slabs, 1);
	mine = (struct errand) { cache, &objects[0], 1 };
	yours = (struct errand) { cache, &objects[1], 1 };
	alloc_from_node_home(&mine);
	KUNIT_ASSERT_TRUE(test, kit_run_on(1, alloc_from_node_home, &yours));
	KUNIT_ASSERT_EQ(test, mine.nr + yours.nr, 2);
	KUNIT_EXPECT_GE(test, abs(objects[1] - objects[0]), SHARED_LINES);
	KUNIT_EXPECT_NE(test, ((unsigned long)objects[0] + SHARED_LINES - 1) / line,
			(unsigned long)objects[1] / line);
	KUNIT_EXPECT_EQ(test, home_totals(cache).slabs, 1);
	KUNIT_EXPECT_TRUE(test, home_free(cache, objects, 2));
	KUNIT_EXPECT_TRUE(test, home_check(cache));
}

static void test_bulk_free_returns_shared_lines_to_their_home(struct kunit *test)
{
	struct slabmod_cache *cache = cache_with_magazines(test, SHARED_LINES);
	void **objects = kit_array(test, 60);
	struct errand errand = { cache, objects, 60 };

	kit_need_cpus(test, 2);
	if (cache->objects > 256)
		kunit_skip(test, "needs slabs of few objects");
	/* Objects of one CPU among objects of another. */
	kit_alloc_n(test, cache, objects, 20);
	kit_alloc_on(1, test, cache, objects + 20, 20);
	kit_alloc_n(test, cache, objects + 40, 20);
	magazine_drain_all(cache);
	kit_run_on(1, bulk_here, &errand);
	KUNIT_EXPECT_EQ(test, magazine_nr_local(kit_magazine_of(cache, 1)), 20);
	KUNIT_EXPECT_EQ(test, kit_magazine_of(cache, 1)->nr_remote, 40);
	kit_expect_unused(test, cache);
}

static void test_offline_cpu_leaves_nothing_behind(struct kunit *test)
{
	struct slabmod_cache *cache = cache_with_magazines(test, SHARED_LINES);
	unsigned int n = num_online_cpus() - 1, cpu = cpumask_last(cpu_online_mask);
	struct slab_home *home = per_cpu_ptr(cache->homes, cpu);
	void *theirs[50], *ours[50];

	kit_need_cpus(test, 2);
	if (!IS_ENABLED(CONFIG_HOTPLUG_CPU))
		kunit_skip(test, "needs CPU hotplug");
	kit_alloc_n(test, cache, ours, 50);
	kit_alloc_on(n, test, cache, theirs, 50);
	kit_free_on(n, cache, theirs, 30);
	kit_free_on(n, cache, ours, 50);
	KUNIT_EXPECT_GT(test, magazine_nr_local(kit_magazine_of(cache, n)), 0);
	KUNIT_EXPECT_GE(test, kit_magazine_of(cache, n)->nr_remote, 50);

	KUNIT_ASSERT_EQ(test, remove_cpu(cpu), 0);
	KUNIT_EXPECT_EQ(test, magazine_nr_local(per_cpu_ptr(cache->magazines, cpu)), 0);
	KUNIT_EXPECT_EQ(test, per_cpu_ptr(cache->magazines, cpu)->nr_remote, 0);
	KUNIT_EXPECT_EQ(test, home->nr_partial + home->nr_empty, 0);
	KUNIT_EXPECT_EQ(test, cache_used(cache), 20);
	KUNIT_EXPECT_TRUE(test, cache_check(cache));
	/* Its objects can be freed on other CPUs. */
	kit_free_n(cache, theirs + 30, 20);
	magazine_drain_all(cache);
	KUNIT_EXPECT_EQ(test, home_totals(cache).inuse, 0);
	KUNIT_ASSERT_EQ(test, add_cpu(cpu), 0);

	kit_alloc_on(n, test, cache, theirs, 50);
	kit_free_on(n, cache, theirs, 50);
	kit_expect_unused(test, cache);
}

static struct kunit_case magazine_cases[] = {
	KUNIT_CASE(test_capacity_is_bounded_in_bytes_and_objects),
	KUNIT_CASE(test_magazine_of_large_objects_grows_in_the_call),
	KUNIT_CASE(test_flush_frees_the_top_of_the_magazine),
	KUNIT_CASE(test_flush_frees_what_one_hold_does),
	KUNIT_CASE(test_flush_to_another_cpu_frees_half),
	KUNIT_CASE(test_bulk_free_is_like_single_frees),
	KUNIT_CASE(test_alloc_and_free_at_capacity_do_not_flush),
	KUNIT_CASE(test_inline_path_allocates_from_the_magazine),
	KUNIT_CASE(test_inline_path_is_closed_when_objects_must_be_cleared),
	KUNIT_CASE(test_double_free_is_reported_when_the_magazine_is_full),
	KUNIT_CASE(test_interrupt_during_a_call_allocates_from_a_new_slab),
	KUNIT_CASE(test_interrupt_leaves_a_busy_magazine_alone),
	KUNIT_CASE(test_drain_leaves_a_busy_magazine_alone),
	KUNIT_CASE_PARAM(test_interrupts_during_calls_lose_nothing, lines_gen_params),
	KUNIT_CASE_PARAM(test_random_calls_lose_nothing, lines_gen_params),
	KUNIT_CASE(test_whole_lines_stay_where_they_were_freed),
	KUNIT_CASE(test_objects_of_all_pages_of_a_slab_are_local),
	KUNIT_CASE(test_shared_lines_return_to_their_home),
	KUNIT_CASE(test_double_free_away_from_home_is_found_at_once),
	KUNIT_CASE(test_cpus_without_homes_share_no_line),
	KUNIT_CASE(test_bulk_free_returns_shared_lines_to_their_home),
	KUNIT_CASE(test_offline_cpu_leaves_nothing_behind),
	{}
};

struct kunit_suite magazine_suite = {
	.name = "magazine",
	KIT_SUITE_HOOKS,
	.test_cases = magazine_cases,
};
