// SPDX-License-Identifier: GPL-2.0
/*
 * test_magazine.c - what the per-CPU stacks promise: the last freed is the first
 * out, bounds are kept, an interrupt leaves a busy magazine alone, objects that
 * share a line go home, and draining loses nothing.
 */
#include <linux/sched.h>
#include <linux/slab.h>

#include <slabmod/cache.h>

#include "block.h"
#include "cache.h"
#include "cache_list.h"
#include "context.h"
#include "home.h"
#include "home_walk.h"
#include "kit.h"
#include "magazine.h"
#include "magazine_set.h"
#include "model.h"
#include "suites.h"
#include "test_magazine.h"

/* ---- the stack ---- */

static void test_last_freed_is_first_out(struct kunit *test)
{
	struct slabmod_cache *cache = cache_with_magazines(test, WHOLE_LINES);
	void *in[8], *out[8];
	int i;

	take(test, cache, in, 8);
	give(cache, in, 8);
	take(test, cache, out, 8);
	for (i = 0; i < 8; i++)
		KUNIT_EXPECT_PTR_EQ(test, out[i], in[7 - i]);
	give(cache, out, 8);
	expect_nothing_lost(test, cache);
}

static void test_capacity_is_bounded_in_bytes_and_objects(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, LIMIT);
	unsigned int size, capacity;

	for (size = SLAB_MIN_SIZE; size <= SLABMOD_CACHE_MAX_SIZE; size += size / 2 + 8) {
		struct slabmod_cache *cache = cache_create(pool, "sized", size, 0, 0, NULL, NULL);

		KUNIT_ASSERT_NOT_NULL(test, cache);
		capacity = cache->capacity_max;
		KUNIT_EXPECT_LE(test, cache->capacity, capacity);
		KUNIT_EXPECT_LE(test, cache->capacity, MAGAZINE_START);
		KUNIT_EXPECT_GE(test, cache->capacity, MAGAZINE_MIN);
		KUNIT_EXPECT_GE(test, capacity, MAGAZINE_MIN);
		KUNIT_EXPECT_LE(test, capacity, MAGAZINE_MAX);
		if (capacity > MAGAZINE_MIN)
			KUNIT_EXPECT_LE(test, capacity * cache->size, MAGAZINE_BYTES_DEFAULT);
		if (capacity < MAGAZINE_MAX)
			KUNIT_EXPECT_GT(test, (capacity + 1) * cache->size, MAGAZINE_BYTES_DEFAULT);
		KUNIT_EXPECT_EQ(test, cache_destroy(cache), 0);
	}
}

static void test_stack_never_holds_more_than_its_capacity(struct kunit *test)
{
	struct slabmod_cache *cache = cache_with_magazines(test, WHOLE_LINES);
	unsigned int nr = 5 * cache->capacity, i, most = 0;
	void **objects = array(test, nr);

	take(test, cache, objects, nr);
	for (i = 0; i < nr; i++) {
		slabmod_cache_free(cache, objects[i]);
		most = max(most, magazine_nr_local(mine(cache)));
		KUNIT_ASSERT_LE(test, magazine_nr_local(mine(cache)), cache->capacity);
	}
	KUNIT_EXPECT_EQ(test, most, cache->capacity);
	expect_nothing_lost(test, cache);
}

static void test_empty_stack_is_filled_to_half(struct kunit *test)
{
	struct slabmod_cache *cache = cache_with_magazines(test, WHOLE_LINES);
	unsigned long refills;
	void *object;

	stock(test, cache);
	refills = counted(cache, STAT_REFILL);
	take(test, cache, &object, 1);
	KUNIT_EXPECT_EQ(test, magazine_nr_local(mine(cache)), cache->capacity / 2 - 1);
	KUNIT_EXPECT_EQ(test, counted(cache, STAT_REFILL), refills + 1);
	give(cache, &object, 1);
	expect_nothing_lost(test, cache);
}

static void test_full_stack_gives_its_upper_half_back(struct kunit *test)
{
	struct slabmod_cache *cache = cache_with_magazines(test, WHOLE_LINES);
	unsigned int capacity = cache->capacity, stays = capacity / 2, i;
	void **objects = array(test, 2 * capacity);
	unsigned long flushes;

	take(test, cache, objects, 2 * capacity);
	magazine_drain_all(cache);
	flushes = counted(cache, STAT_FLUSH);
	give(cache, objects, capacity);
	KUNIT_EXPECT_EQ(test, magazine_nr_local(mine(cache)), capacity);
	KUNIT_EXPECT_EQ(test, counted(cache, STAT_FLUSH), flushes);
	slabmod_cache_free(cache, objects[capacity]);
	KUNIT_EXPECT_EQ(test, magazine_nr_local(mine(cache)), stays + 1);
	KUNIT_EXPECT_EQ(test, counted(cache, STAT_FLUSH), flushes + 1);
	KUNIT_EXPECT_EQ(test, cache_used(cache), capacity - 1);
	/* What stayed was not moved; the last freed is on top all the same. */
	KUNIT_EXPECT_PTR_EQ(test, slabmod_cache_alloc(cache, GFP_KERNEL), objects[capacity]);
	for (i = stays; i; i--)
		KUNIT_EXPECT_PTR_EQ(test, slabmod_cache_alloc(cache, GFP_KERNEL), objects[i - 1]);
	give(cache, objects, stays);
	give(cache, objects + capacity, capacity);
	expect_nothing_lost(test, cache);
}

static void test_push_and_pop_keep_the_bounds(struct kunit *test)
{
	struct slabmod_cache *cache = cache_with_magazines(test, WHOLE_LINES);
	unsigned int capacity = cache->capacity, i;
	void **objects = array(test, capacity + 1), *none = &none;

	take(test, cache, objects, capacity + 1);
	magazine_drain_all(cache);
	preempt_disable();
	KUNIT_EXPECT_FALSE(test, kit_magazine_pop(cache, &none));
	KUNIT_EXPECT_PTR_EQ(test, none, (void *)&none);
	for (i = 0; i < capacity; i++) {
		KUNIT_EXPECT_TRUE(test, kit_magazine_push(cache, objects[i]));
		KUNIT_EXPECT_FALSE(test, kit_magazine_push(cache, objects[i]));
		KUNIT_EXPECT_EQ(test, mine(cache)->top, i + 1);
	}
	KUNIT_EXPECT_FALSE(test, kit_magazine_push(cache, objects[capacity]));
	KUNIT_EXPECT_EQ(test, mine(cache)->top, capacity);
	KUNIT_EXPECT_TRUE(test, magazine_check(cache));
	while (i--) {
		KUNIT_EXPECT_TRUE(test, kit_magazine_pop(cache, &none));
		KUNIT_EXPECT_PTR_EQ(test, none, objects[i]);
	}
	KUNIT_EXPECT_EQ(test, mine(cache)->top, 0);
	preempt_enable();
	give(cache, objects, capacity + 1);
	expect_nothing_lost(test, cache);
}

static void test_bulk_frees_as_if_one_by_one(struct kunit *test)
{
	struct slabmod_cache *cache = cache_with_magazines(test, WHOLE_LINES);
	unsigned int capacity = cache->capacity, nr, i;
	void **objects = array(test, 4 * capacity), *object;

	for (nr = 1; nr <= 4 * capacity; nr += 1 + nr / 3) {
		take(test, cache, objects, nr);
		magazine_drain_all(cache);
		slabmod_cache_free_bulk(cache, nr, objects);
		KUNIT_EXPECT_LE(test, mine(cache)->top, capacity);
		KUNIT_EXPECT_GE(test, mine(cache)->top, min(nr, capacity / 2));
		KUNIT_EXPECT_EQ(test, cache_used(cache), 0);
		KUNIT_EXPECT_TRUE(test, cache_check(cache));
		/* The last freed is the first out, as long as nothing was flushed in between. */
		for (i = 0; i < min(nr, 4u); i++) {
			object = slabmod_cache_alloc(cache, GFP_KERNEL);
			KUNIT_EXPECT_TRUE(test, nr > capacity || object == objects[nr - 1 - i]);
			objects[nr - 1 - i] = object;
		}
		give(cache, objects + nr - i, i);
	}
	/* NULL among them is no error, a busy magazine none either. */
	take(test, cache, objects, 3);
	objects[3] = objects[1];
	objects[1] = NULL;
	preempt_disable();
	kit_magazine_enter(cache);
	nr = magazine_nr_local(mine(cache));
	slabmod_cache_free_bulk(cache, 4, objects);
	KUNIT_EXPECT_EQ(test, magazine_nr_local(mine(cache)), nr);
	kit_magazine_leave(cache);
	preempt_enable();
	expect_nothing_lost(test, cache);
}

static void test_back_and_forth_over_the_edge_is_cheap(struct kunit *test)
{
	struct slabmod_cache *cache = cache_with_magazines(test, WHOLE_LINES);
	void **objects = array(test, cache->capacity + 1);
	unsigned long before;
	void *object;
	int i;

	take(test, cache, objects, cache->capacity + 1);
	magazine_drain_all(cache);
	give(cache, objects, cache->capacity + 1);
	before = counted(cache, STAT_FLUSH) + counted(cache, STAT_REFILL);
	for (i = 0; i < 1000; i++) {
		take(test, cache, &object, 1);
		give(cache, &object, 1);
	}
	KUNIT_EXPECT_EQ(test, counted(cache, STAT_FLUSH) + counted(cache, STAT_REFILL), before);
	expect_nothing_lost(test, cache);
}

static void test_cache_that_nobody_uses_has_no_magazines(struct kunit *test)
{
	struct slabmod_cache *cache = cache_without_magazines(test, WHOLE_LINES);
	void *object;

	KUNIT_EXPECT_FALSE(test, !!cache->homes);
	KUNIT_EXPECT_EQ(test, raw_cpu_ptr(cache->magazines)->capacity, 0);
	take(test, cache, &object, 1);
	KUNIT_EXPECT_EQ(test, raw_cpu_ptr(cache->magazines)->capacity, cache->capacity);
	give(cache, &object, 1);
	expect_nothing_lost(test, cache);
}

static void test_new_slab_leaves_the_stack_half_full(struct kunit *test)
{
	static const size_t sizes[] = { 16, 48, 256, 1000, 4096, 32768 };
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct slabmod_cache *cache = cache_without_magazines(test, sizes[i]);
		unsigned int half = DIV_ROUND_UP(cache->capacity, 2);
		unsigned int got = min_t(unsigned int, half, cache->objects);
		void *object;

		context_pin(0);
		take(test, cache, &object, 1);
		KUNIT_EXPECT_EQ(test, magazine_nr_local(mine(cache)), got - 1);
		KUNIT_EXPECT_EQ(test, home_totals(cache).inuse, got);
		KUNIT_EXPECT_EQ(test, home_totals(cache).slabs, 1);
		KUNIT_EXPECT_EQ(test, counted(cache, STAT_REFILL), 1);
		KUNIT_EXPECT_EQ(test, counted(cache, STAT_DIRECT), 0);
		KUNIT_EXPECT_EQ(test, cache_used(cache), 1);
		give(cache, &object, 1);
		expect_nothing_lost(test, cache);
		KUNIT_EXPECT_EQ(test, cache_destroy(cache), 0);
	}
}

static void test_every_object_handed_out_is_counted_once(struct kunit *test)
{
	struct slabmod_cache *cache = cache_without_magazines(test, WHOLE_LINES);
	unsigned int capacity = cache->capacity, nr = 3 * capacity;
	void **objects = array(test, nr);

	context_pin(0);
	/* From new slabs, from the stack, from slabs there are, all at once, and amid a call. */
	take(test, cache, objects, nr);
	KUNIT_EXPECT_EQ(test, magazine_allocs(cache), nr);
	give(cache, objects, nr);
	take(test, cache, objects, capacity / 2);
	KUNIT_EXPECT_EQ(test, magazine_allocs(cache), nr + capacity / 2);
	give(cache, objects, capacity / 2);
	magazine_drain_all(cache);
	take(test, cache, objects, 1);
	KUNIT_EXPECT_EQ(test, magazine_allocs(cache), nr + capacity / 2 + 1);
	KUNIT_EXPECT_EQ(test, slabmod_cache_alloc_bulk(cache, GFP_KERNEL, nr - 2, objects + 1),
			nr - 2);
	KUNIT_EXPECT_EQ(test, magazine_allocs(cache), 2 * nr + capacity / 2 - 1);
	preempt_disable();
	kit_magazine_enter(cache);
	objects[nr - 1] = slabmod_cache_alloc(cache, GFP_ATOMIC);
	kit_magazine_leave(cache);
	preempt_enable();
	KUNIT_EXPECT_NOT_NULL(test, objects[nr - 1]);
	KUNIT_EXPECT_EQ(test, magazine_allocs(cache), 2 * nr + capacity / 2);
	give(cache, objects, nr);
	KUNIT_EXPECT_EQ(test, magazine_allocs(cache), 2 * nr + capacity / 2);
	expect_nothing_lost(test, cache);
}

/* ---- what callers take by themselves ---- */

/* What slabmod_cache_alloc() does where it is compiled in: an object, or NULL. */
static void *take_by_myself(struct slabmod_cache *cache)
{
	void *object;

	return slabmod_magazine_alloc(&cache->fastpath.magazines, &object) ? object : NULL;
}

static void construct(void *object)
{
	memset(object, 0xc0, 16);
}

static struct slabmod_cache *cache_of_front_test(struct kunit *test, void (*ctor)(void *object))
{
	struct slabmod_cache *cache;

	cache = cache_create(kit_pool_create(test, LIMIT), "kit-front", WHOLE_LINES, 0, 0, ctor,
			     THIS_MODULE);
	KUNIT_ASSERT_NOT_NULL(test, cache);
	context_pin(0);
	KUNIT_EXPECT_NULL(test, take_by_myself(cache));
	return cache;
}

static void expect_front_open(struct kunit *test, struct slabmod_cache *cache)
{
	void *object, *again;

	take(test, cache, &object, 1);
	give(cache, &object, 1);
	again = take_by_myself(cache);
	KUNIT_EXPECT_PTR_EQ(test, again, object);
	KUNIT_EXPECT_EQ(test, magazine_allocs(cache), 2);
	slabmod_cache_free(cache, again);
	expect_nothing_lost(test, cache);
}

/* Whatever they take is cleared by slabmod, and comes from the magazine all the same. */
static void expect_front_closed(struct kunit *test, struct slabmod_cache *cache)
{
	void *object, *again;

	take(test, cache, &object, 1);
	KUNIT_EXPECT_FALSE(test, memchr_inv(object, 0, WHOLE_LINES));
	memset(object, 0xdd, WHOLE_LINES);
	give(cache, &object, 1);
	KUNIT_EXPECT_GT(test, magazine_nr_local(mine(cache)), 0);
	KUNIT_EXPECT_NULL(test, take_by_myself(cache));
	take(test, cache, &again, 1);
	KUNIT_EXPECT_PTR_EQ(test, again, object);
	KUNIT_EXPECT_FALSE(test, memchr_inv(again, 0, WHOLE_LINES));
	give(cache, &again, 1);
	expect_nothing_lost(test, cache);
}

static void test_callers_may_take_what_is_there(struct kunit *test)
{
	if (want_init_on_alloc(0))
		kunit_skip(test, "the kernel is told to clear");
	expect_front_open(test, cache_of_front_test(test, NULL));
	expect_front_open(test, cache_of_front_test(test, construct));
}

static void test_callers_are_not_given_what_has_to_be_cleared(struct kunit *test)
{
	bool was_on = want_init_on_alloc(0);

	if (!was_on)
		static_branch_enable(&init_on_alloc);
	expect_front_closed(test, cache_of_front_test(test, NULL));
	/* What a constructor made is not cleared. */
	expect_front_open(test, cache_of_front_test(test, construct));
	if (!was_on)
		static_branch_disable(&init_on_alloc);
}

static void test_second_free_in_a_row_is_seen_at_once(struct kunit *test)
{
	struct slabmod_cache *cache = cache_with_magazines(test, WHOLE_LINES);
	void *objects[2];

	take(test, cache, objects, 2);
	give(cache, objects, 1);
	KIT_EXPECT_MISUSE(test, MISUSE_DOUBLE_FREE, cache->name,
			  slabmod_cache_free(cache, objects[0]));
	KIT_EXPECT_MISUSE(test, MISUSE_DOUBLE_FREE, cache->name,
			  slabmod_cache_free(cache, objects[0]));
	KIT_EXPECT_NO_MISUSE(test, give(cache, objects + 1, 1));
	expect_nothing_lost(test, cache);
}

/* A full stack makes a free look closer, before anything is flushed. */
static void test_second_free_of_what_went_home_is_seen_when_the_stack_is_full(struct kunit *test)
{
	struct slabmod_cache *cache = cache_with_magazines(test, WHOLE_LINES);
	unsigned int capacity = cache->capacity;
	void **objects = array(test, capacity + 2);

	take(test, cache, objects, capacity + 2);
	magazine_drain_all(cache);
	give(cache, objects + capacity, 1);
	magazine_drain_all(cache);
	give(cache, objects, capacity);
	KUNIT_EXPECT_EQ(test, mine(cache)->top, capacity);
	KIT_EXPECT_MISUSE(test, MISUSE_DOUBLE_FREE, cache->name,
			  slabmod_cache_free(cache, objects[capacity]));
	KUNIT_EXPECT_EQ(test, mine(cache)->top, capacity);
	KIT_EXPECT_NO_MISUSE(test, give(cache, objects + capacity + 1, 1));
	expect_nothing_lost(test, cache);
}

/* ---- interrupts ---- */

static void expect_busy(struct kunit *test, struct slabmod_cache *cache, void *object,
			unsigned int here)
{
	void *none = NULL;

	KUNIT_EXPECT_EQ(test, magazine_nr_local(mine(cache)), here);
	KUNIT_EXPECT_EQ(test, magazine_count(cache), here);
	KUNIT_EXPECT_FALSE(test, kit_magazine_pop(cache, &none));
	KUNIT_EXPECT_NULL(test, none);
	KUNIT_EXPECT_FALSE(test, kit_magazine_push(cache, object));
	KUNIT_EXPECT_EQ(test, magazine_nr_local(mine(cache)), here);
}

static void test_busy_magazine_is_busy_however_often_it_is_interrupted(struct kunit *test)
{
	struct slabmod_cache *cache = cache_with_magazines(test, WHOLE_LINES);
	unsigned int here, level;
	void *objects[4];

	take(test, cache, objects, 4);
	give(cache, objects, 3);
	here = magazine_nr_local(mine(cache));
	preempt_disable();
	KUNIT_EXPECT_EQ(test, kit_magazine_enter(cache), here);
	expect_busy(test, cache, objects[3], here);
	for (level = 0; level < 4; level++) {
		KUNIT_EXPECT_LT(test, kit_magazine_enter(cache), 0);
		expect_busy(test, cache, objects[3], here);
	}
	while (level--) {
		kit_magazine_leave(cache);
		expect_busy(test, cache, objects[3], here);
	}
	kit_magazine_leave(cache);
	preempt_enable();
	KUNIT_EXPECT_EQ(test, mine(cache)->top, here);
	slabmod_cache_free(cache, objects[3]);
	KUNIT_EXPECT_EQ(test, mine(cache)->top, here + 1);
	expect_nothing_lost(test, cache);
}

static void test_interrupt_amid_a_call_takes_one_object_of_a_new_slab(struct kunit *test)
{
	struct slabmod_cache *cache = cache_with_magazines(test, WHOLE_LINES);
	void *object, *block;

	/* As long as this is in use the pool has pages, also where the kernel is not asked. */
	block = block_alloc("kit", cache->pool, NUMA_NO_NODE, 1, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, block);
	preempt_disable();
	kit_magazine_enter(cache);
	object = slabmod_cache_alloc(cache, GFP_ATOMIC);
	kit_magazine_leave(cache);
	preempt_enable();
	KUNIT_EXPECT_TRUE(test, block_free(chunk_frame(block)));
	KUNIT_ASSERT_NOT_NULL(test, object);
	KUNIT_EXPECT_EQ(test, mine(cache)->top, 0);
	KUNIT_EXPECT_EQ(test, home_totals(cache).inuse, 1);
	KUNIT_EXPECT_EQ(test, counted(cache, STAT_DIRECT), 1);
	KUNIT_EXPECT_EQ(test, chunk_frame(object)->home, raw_smp_processor_id());
	give(cache, &object, 1);
	expect_nothing_lost(test, cache);
}

static void test_interrupt_leaves_a_busy_magazine_alone(struct kunit *test)
{
	struct slabmod_cache *cache = cache_with_magazines(test, WHOLE_LINES);
	void *objects[2], *object;
	unsigned long busy;
	unsigned int here;

	stock(test, cache);
	take(test, cache, objects, 2);
	here = magazine_nr_local(mine(cache));
	busy = counted(cache, STAT_BUSY);

	preempt_disable();
	kit_magazine_enter(cache);
	object = slabmod_cache_alloc(cache, GFP_ATOMIC);
	slabmod_cache_free(cache, objects[0]);
	kit_magazine_leave(cache);
	preempt_enable();

	KUNIT_EXPECT_NOT_NULL(test, object);
	KUNIT_EXPECT_EQ(test, magazine_nr_local(mine(cache)), here);
	KUNIT_EXPECT_EQ(test, counted(cache, STAT_BUSY), busy + 2);
	slabmod_cache_free(cache, object);
	slabmod_cache_free(cache, objects[1]);
	expect_nothing_lost(test, cache);
}

static void test_drain_leaves_a_busy_magazine_alone(struct kunit *test)
{
	struct slabmod_cache *cache = cache_with_magazines(test, WHOLE_LINES);
	void *objects[2];

	take(test, cache, objects, 2);
	give(cache, objects, 2);
	preempt_disable();
	kit_magazine_enter(cache);
	magazine_drain_all(cache);
	KUNIT_EXPECT_GE(test, magazine_nr_local(mine(cache)), 2);
	kit_magazine_leave(cache);
	preempt_enable();
	magazine_drain_all(cache);
	KUNIT_EXPECT_EQ(test, magazine_nr_local(mine(cache)), 0);
	expect_nothing_lost(test, cache);
}

/* A cache as a model: its objects are taken and given, and counted at rest. */
static void *model_take(struct model *model, struct rnd_state *rnd, gfp_t gfp, size_t *size)
{
	*size = slabmod_cache_size(model->cache);
	return slabmod_cache_alloc(model->cache, gfp);
}

static void model_give(struct model *model, void *object, size_t size)
{
	slabmod_cache_free(model->cache, object);
}

static void model_rest(struct model *model, unsigned long pieces, size_t bytes)
{
	KUNIT_EXPECT_TRUE(model->test, magazine_check(model->cache));
	KUNIT_EXPECT_TRUE(model->test, cache_check(model->cache));
	KUNIT_EXPECT_EQ(model->test, cache_used(model->cache), pieces);
}

static struct model model_of(struct kunit *test, size_t size)
{
	return (struct model) {
		.alloc = model_take,
		.free = model_give,
		.rest = model_rest,
		.cache = cache_with_magazines(test, size),
		.test = test,
	};
}

static void expect_sane(struct model *model)
{
	KUNIT_EXPECT_EQ(model->test, model->wrong, 0);
	KUNIT_EXPECT_EQ(model->test, model->failed, 0);
}

/* Until some interrupts came at the worst of moments. */
static bool enough_busy(struct model *model)
{
	return counted(model->cache, STAT_BUSY) >= 20;
}

static void weather_storm(struct kunit *test, size_t size)
{
	struct model model = model_of(test, size);

	KUNIT_EXPECT_GT(test, model_run_in_storm(&model, KIT_STEPS, enough_busy), 100);
	kunit_info(test, "%lu calls met a busy magazine\n", counted(model.cache, STAT_BUSY));
	KUNIT_EXPECT_GT(test, counted(model.cache, STAT_BUSY), 0);
	KUNIT_EXPECT_EQ(test, model.wrong, 0);
	/* Where interrupts get no pages, some may have found none. */
	if (CONTEXT_PAGES_ANYWHERE)
		KUNIT_EXPECT_EQ(test, model.failed, 0);
}

static void test_interrupts_amid_calls_lose_nothing(struct kunit *test)
{
	weather_storm(test, WHOLE_LINES);
}

static void test_interrupts_amid_calls_lose_no_parts_of_lines(struct kunit *test)
{
	weather_storm(test, SHARED_LINES);
}

/* ---- at random ---- */

static void test_random_calls_of_one_thread_lose_nothing(struct kunit *test)
{
	struct model model = model_of(test, SHARED_LINES);

	model_run(&model, 1000, KIT_STEPS);
	expect_sane(&model);
}

static void test_cpus_that_exchange_objects_lose_nothing(struct kunit *test)
{
	struct model model = model_of(test, WHOLE_LINES);

	model_run_on_cpus(&model, KIT_STEPS / 2);
	expect_sane(&model);
}

static void test_cpus_that_exchange_parts_of_lines_lose_nothing(struct kunit *test)
{
	struct model model = model_of(test, SHARED_LINES);

	model_run_on_cpus(&model, KIT_STEPS / 2);
	expect_sane(&model);
}

static struct kunit_case magazine_cases[] = {
	KUNIT_CASE(test_last_freed_is_first_out),
	KUNIT_CASE(test_capacity_is_bounded_in_bytes_and_objects),
	KUNIT_CASE(test_stack_never_holds_more_than_its_capacity),
	KUNIT_CASE(test_empty_stack_is_filled_to_half),
	KUNIT_CASE(test_full_stack_gives_its_upper_half_back),
	KUNIT_CASE(test_push_and_pop_keep_the_bounds),
	KUNIT_CASE(test_bulk_frees_as_if_one_by_one),
	KUNIT_CASE(test_back_and_forth_over_the_edge_is_cheap),
	KUNIT_CASE(test_cache_that_nobody_uses_has_no_magazines),
	KUNIT_CASE(test_new_slab_leaves_the_stack_half_full),
	KUNIT_CASE(test_every_object_handed_out_is_counted_once),
	KUNIT_CASE(test_callers_may_take_what_is_there),
	KUNIT_CASE(test_callers_are_not_given_what_has_to_be_cleared),
	KUNIT_CASE(test_second_free_in_a_row_is_seen_at_once),
	KUNIT_CASE(test_second_free_of_what_went_home_is_seen_when_the_stack_is_full),
	KUNIT_CASE(test_busy_magazine_is_busy_however_often_it_is_interrupted),
	KUNIT_CASE(test_interrupt_amid_a_call_takes_one_object_of_a_new_slab),
	KUNIT_CASE(test_interrupt_leaves_a_busy_magazine_alone),
	KUNIT_CASE(test_drain_leaves_a_busy_magazine_alone),
	KUNIT_CASE(test_interrupts_amid_calls_lose_nothing),
	KUNIT_CASE(test_interrupts_amid_calls_lose_no_parts_of_lines),
	KUNIT_CASE(test_whole_lines_stay_where_they_were_freed),
	KUNIT_CASE(test_objects_of_all_pages_of_a_slab_are_at_home),
	KUNIT_CASE(test_parts_of_lines_go_back_to_the_home_they_came_from),
	KUNIT_CASE(test_cpus_that_have_no_homes_yet_are_given_no_parts_of_a_line),
	KUNIT_CASE(test_bulk_sends_parts_of_lines_home),
	KUNIT_CASE(test_two_cpus_are_never_given_parts_of_a_line),
	KUNIT_CASE(test_drain_empties_the_magazines_of_all_cpus),
	KUNIT_CASE(test_cpu_that_goes_leaves_nothing_behind),
	KUNIT_CASE(test_random_calls_of_one_thread_lose_nothing),
	KUNIT_CASE(test_cpus_that_exchange_objects_lose_nothing),
	KUNIT_CASE(test_cpus_that_exchange_parts_of_lines_lose_nothing),
	{}
};

struct kunit_suite magazine_suite = {
	.name = "magazine",
	KIT_SUITE_HOOKS,
	.test_cases = magazine_cases,
};
