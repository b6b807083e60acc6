// SPDX-License-Identifier: GPL-2.0
/*
 * test_sheaf.c - prefilled sheaves: the promised objects are there, in any context, when there is
 * no memory; what is left is freed; and what is refused.
 */
#include "context.h"
#include "kmalloc.h"
#include "root.h"
#include "suites.h"
#include "verbs_pool.h"

#define NR	37
/* Behind this size, debugged objects have a red zone. */
#define SIZE	197
/* More objects than a pool of 2 MiB or one chunk has */
#define MORE	(2 * (SZ_2M + (PAGE_SIZE << UNIT_ORDER)) / SIZE)

/* Its pool has caches for sheaves too. */
static struct slabmod_cache *make_cache(struct kunit *test, unsigned long limit,
					unsigned int flags, void (*ctor)(void *object))
{
	struct slabmod_pool *pool = kit_pool_create(test, limit);
	struct slabmod_cache *cache;

	KUNIT_ASSERT_EQ(test, kmalloc_create_caches(pool), 0);
	cache = cache_create(pool, "kit", SIZE, 0, flags, ctor, THIS_MODULE);
	KUNIT_ASSERT_NOT_NULL(test, cache);
	return cache;
}

static struct slabmod_sheaf *make_sheaf(struct kunit *test, struct slabmod_cache *cache,
					unsigned int nr)
{
	struct slabmod_sheaf *sheaf = slabmod_cache_prefill_sheaf(cache, GFP_KERNEL, nr);

	KUNIT_ASSERT_NOT_NULL(test, sheaf);
	KUNIT_EXPECT_EQ(test, slabmod_cache_sheaf_size(sheaf), nr);
	KUNIT_EXPECT_EQ(test, cache_used(cache), nr);
	return sheaf;
}

/* Allocate all objects of a sheaf, write to them, and free them. */
static void use_up(struct kunit *test, struct slabmod_cache *cache, struct slabmod_sheaf *sheaf)
{
	unsigned int nr = slabmod_cache_sheaf_size(sheaf), i;
	void **objects = kit_array(test, nr);
	struct piece *pieces = kit_zalloc(test, nr * sizeof(*pieces));

	for (i = 0; i < nr; i++) {
		objects[i] = slabmod_cache_alloc_from_sheaf(cache, GFP_NOWAIT, sheaf);
		KUNIT_ASSERT_NOT_NULL(test, objects[i]);
		piece_fill(&pieces[i], objects[i], SIZE, i);
		KUNIT_EXPECT_EQ(test, slabmod_cache_sheaf_size(sheaf), nr - i - 1);
	}
	for (i = 0; i < nr; i++)
		KUNIT_EXPECT_TRUE(test, piece_intact(&pieces[i]));
	kit_free_n(cache, objects, nr);
}

static const unsigned int flags[] = {
	0, SLABMOD_STRICT, SLABMOD_DEBUG, SLABMOD_ISOLATED, SLABMOD_TYPESAFE_BY_RCU,
	SLABMOD_HWCACHE_ALIGN,
};

static void test_objects_of_every_cache(struct kunit *test)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		struct slabmod_cache *cache = make_cache(test, KIT_LIMIT, flags[i], NULL);
		struct slabmod_sheaf *sheaf;

		kit_capture_begin();
		sheaf = make_sheaf(test, cache, NR);
		use_up(test, cache, sheaf);
		slabmod_cache_return_sheaf(cache, GFP_KERNEL, sheaf);
		kit_expect_unused(test, cache);
		/* Some are left. */
		sheaf = make_sheaf(test, cache, NR);
		slabmod_cache_free(cache, slabmod_cache_alloc_from_sheaf(cache, 0, sheaf));
		slabmod_cache_return_sheaf(cache, GFP_KERNEL, sheaf);
		kit_expect_unused(test, cache);
		kit_capture_end();
		kit_expect_no_misuse(test, __LINE__);
	}
}

static void test_objects_without_memory(struct kunit *test)
{
	struct slabmod_cache *cache = make_cache(test, SZ_2M >> PAGE_SHIFT, 0, NULL);
	struct slabmod_sheaf *sheaf = make_sheaf(test, cache, NR);
	void **objects = kit_array(test, MORE);
	unsigned int nr;

	kit_source.fail_all = true;
	nr = kit_alloc_all(cache, objects, MORE, GFP_ATOMIC);
	KUNIT_EXPECT_LT(test, nr, MORE);
	KIT_EXPECT_NO_MISUSE(test, use_up(test, cache, sheaf));
	kit_source_reset();
	kit_free_n(cache, objects, nr);
	slabmod_cache_return_sheaf(cache, GFP_KERNEL, sheaf);
	kit_expect_unused(test, cache);
}

static void test_prefill_that_fails_leaves_nothing(struct kunit *test)
{
	struct slabmod_cache *cache = make_cache(test, SZ_2M >> PAGE_SHIFT, 0, NULL);
	void **objects = kit_array(test, MORE);
	struct slabmod_sheaf *sheaf, *same;
	unsigned int nr;

	/* More than the pool may hold; then more than a sheaf may. */
	KIT_EXPECT_NO_MISUSE(test, sheaf = slabmod_cache_prefill_sheaf(cache, GFP_NOWAIT, 100000));
	KUNIT_EXPECT_NULL(test, sheaf);
	KIT_EXPECT_MISUSE(test, MISUSE_TOO_LARGE, "prefill_sheaf",
			  sheaf = slabmod_cache_prefill_sheaf(cache, GFP_KERNEL, 524287));
	KUNIT_EXPECT_NULL(test, sheaf);
	KIT_EXPECT_NO_MISUSE(test, sheaf = slabmod_cache_prefill_sheaf(cache, GFP_KERNEL, 0));
	KUNIT_EXPECT_NULL(test, sheaf);
	kit_expect_unused(test, cache);
	same = make_sheaf(test, cache, NR);
	sheaf = same;
	KUNIT_EXPECT_EQ(test, slabmod_cache_refill_sheaf(cache, GFP_NOWAIT, &sheaf, 100000),
			-ENOMEM);
	KUNIT_EXPECT_PTR_EQ(test, sheaf, same);
	/* The pool has memory for such a sheaf, and not for its objects. */
	KUNIT_EXPECT_EQ(test, slabmod_cache_refill_sheaf(cache, GFP_NOWAIT, &sheaf, 10000),
			-ENOMEM);
	KUNIT_EXPECT_PTR_EQ(test, sheaf, same);
	KUNIT_EXPECT_EQ(test, slabmod_cache_sheaf_size(sheaf), NR);
	use_up(test, cache, sheaf);
	nr = kit_alloc_all(cache, objects, MORE, GFP_NOWAIT);
	KUNIT_EXPECT_LT(test, nr, MORE);
	KUNIT_EXPECT_EQ(test, slabmod_cache_refill_sheaf(cache, GFP_NOWAIT, &sheaf, NR), -ENOMEM);
	KUNIT_EXPECT_EQ(test, slabmod_cache_sheaf_size(sheaf), 0);
	kit_free_n(cache, objects, nr);
	slabmod_cache_return_sheaf(cache, GFP_KERNEL, sheaf);
	kit_expect_unused(test, cache);
	kit_destroy(test, cache);
}

static void test_refill(struct kunit *test)
{
	struct slabmod_cache *cache = make_cache(test, KIT_LIMIT, 0, NULL);
	struct slabmod_sheaf *sheaf = make_sheaf(test, cache, NR), *same = sheaf;
	unsigned int i;

	kit_capture_begin();
	/* Enough is there. */
	KUNIT_EXPECT_EQ(test, slabmod_cache_refill_sheaf(cache, GFP_KERNEL, &sheaf, NR - 1), 0);
	KUNIT_EXPECT_EQ(test, slabmod_cache_sheaf_size(sheaf), NR);
	/* In place. */
	use_up(test, cache, sheaf);
	for (i = 1; i <= NR; i += 3) {
		KUNIT_EXPECT_EQ(test, slabmod_cache_refill_sheaf(cache, GFP_KERNEL, &sheaf, i), 0);
		KUNIT_EXPECT_EQ(test, slabmod_cache_sheaf_size(sheaf), i);
		KUNIT_EXPECT_EQ(test, cache_used(cache), i);
	}
	KUNIT_EXPECT_PTR_EQ(test, sheaf, same);
	/* A larger one. */
	KUNIT_EXPECT_EQ(test, slabmod_cache_refill_sheaf(cache, GFP_KERNEL, &sheaf, 10 * NR), 0);
	KUNIT_EXPECT_EQ(test, slabmod_cache_sheaf_size(sheaf), 10 * NR);
	KUNIT_EXPECT_EQ(test, cache_used(cache), 10 * NR);
	use_up(test, cache, sheaf);
	slabmod_cache_return_sheaf(cache, GFP_KERNEL, sheaf);
	kit_capture_end();
	kit_expect_no_misuse(test, __LINE__);
	kit_expect_unused(test, cache);
}

/* ---- contents ---- */

static void construct(void *object)
{
	memset(object, 0xc7, SIZE);
}

static void dirty(struct kunit *test, struct slabmod_cache *cache)
{
	void **objects = kit_array(test, 2 * NR);
	unsigned int i;

	kit_alloc_n(test, cache, objects, 2 * NR);
	for (i = 0; i < 2 * NR; i++)
		memset(objects[i], 0xdd, SIZE);
	kit_free_n(cache, objects, 2 * NR);
}

static void test_zero_clears(struct kunit *test)
{
	struct slabmod_sheaf *sheaf;
	unsigned int i, k;
	void *object;

	context_pin(0);
	kit_capture_begin();
	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		struct slabmod_cache *cache = make_cache(test, KIT_LIMIT, flags[i], NULL);

		dirty(test, cache);
		sheaf = make_sheaf(test, cache, NR);
		for (k = 0; k < NR; k++) {
			object = slabmod_cache_alloc_from_sheaf(cache, __GFP_ZERO, sheaf);
			KUNIT_EXPECT_TRUE(test, object && kit_cleared(object, SIZE));
			memset(object, 0xdd, SIZE);
			slabmod_cache_free(cache, object);
		}
		/* When it is prefilled. */
		KUNIT_EXPECT_EQ(test, slabmod_cache_refill_sheaf(cache, GFP_KERNEL | __GFP_ZERO,
								 &sheaf, NR), 0);
		object = slabmod_cache_alloc_from_sheaf(cache, 0, sheaf);
		KUNIT_EXPECT_TRUE(test, object && kit_cleared(object, SIZE));
		slabmod_cache_free(cache, object);
		slabmod_cache_return_sheaf(cache, 0, sheaf);
		kit_expect_unused(test, cache);
	}
	kit_capture_end();
	kit_expect_no_misuse(test, __LINE__);
}

static void test_constructed_objects(struct kunit *test)
{
	struct slabmod_cache *cache = make_cache(test, KIT_LIMIT, 0, construct);
	struct slabmod_sheaf *sheaf = make_sheaf(test, cache, NR);
	void *object = slabmod_cache_alloc_from_sheaf(cache, GFP_KERNEL, sheaf);

	KUNIT_ASSERT_NOT_NULL(test, object);
	KUNIT_EXPECT_TRUE(test, kit_filled_with(object, 0xc7, SIZE));
	slabmod_cache_free(cache, object);
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_GFP, "makes no sense",
			  object = slabmod_cache_alloc_from_sheaf(cache, __GFP_ZERO, sheaf));
	KUNIT_ASSERT_NOT_NULL(test, object);
	construct(object);
	slabmod_cache_free(cache, object);
	slabmod_cache_return_sheaf(cache, GFP_KERNEL, sheaf);
	kit_expect_unused(test, cache);
}

/* ---- contexts ---- */

struct visit {
	struct slabmod_cache *cache;
	struct slabmod_sheaf *sheaf;
	void *objects[500];
	unsigned int nr;
	atomic_t missed;
};

static void alloc_here(void *arg)
{
	struct visit *visit = arg;
	void *object = slabmod_cache_alloc_from_sheaf(visit->cache, GFP_NOWAIT, visit->sheaf);

	if (object)
		visit->objects[visit->nr++] = object;
	else
		atomic_inc(&visit->missed);
}

static void return_here(void *arg)
{
	struct visit *visit = arg;

	slabmod_cache_return_sheaf(visit->cache, 0, visit->sheaf);
}

static struct visit *visit_of(struct kunit *test, unsigned int nr)
{
	struct visit *visit = kit_zalloc(test, sizeof(*visit));

	visit->cache = make_cache(test, KIT_LIMIT, 0, NULL);
	visit->sheaf = make_sheaf(test, visit->cache, nr);
	return visit;
}

static void test_every_context(struct kunit *test)
{
	static void (*const contexts[])(void (*fn)(void *arg), void *arg) = {
		context_task, context_preempt_off, context_irqs_off, context_softirq,
		context_hardirq, context_hard, context_rcu, context_work,
	};
	struct visit *visit = visit_of(test, ARRAY_SIZE(contexts) + 1);
	unsigned int i, nmi;

	context_pin(0);
	for (i = 0; i < ARRAY_SIZE(contexts); i++)
		contexts[i](alloc_here, visit);
	nmi = context_nmi_begin(alloc_here, visit);
	if (nmi) {
		context_nmi();
		context_nmi_end();
	}
	KUNIT_EXPECT_EQ(test, visit->nr, i + nmi);
	KUNIT_EXPECT_EQ(test, atomic_read(&visit->missed), 0);
	kit_free_n(visit->cache, visit->objects, visit->nr);
	context_hard(return_here, visit);
	kit_expect_unused(test, visit->cache);
}

/* Objects that an NMI allocates before each instruction of an allocation, and its own. */
static void alloc_amid(unsigned long ip, void *arg)
{
	struct visit *visit = arg;

	if (slabmod_cache_sheaf_size(visit->sheaf) > 1 && visit->nr < 400)
		alloc_here(visit);
}

static void alloc_one(void *arg)
{
	struct visit *visit = arg;

	visit->objects[499] = slabmod_cache_alloc_from_sheaf(visit->cache, 0, visit->sheaf);
}

static void test_nmi_between_any_two_instructions(struct kunit *test)
{
	struct visit *visit = visit_of(test, 450);
	unsigned int i;

	context_pin(0);
	if (context_step_begin(alloc_amid, visit)) {
		context_step(alloc_one, visit);
		context_step_end();
		KUNIT_EXPECT_GT(test, visit->nr, 10);
		KUNIT_EXPECT_NOT_NULL(test, visit->objects[499]);
		slabmod_cache_free(visit->cache, visit->objects[499]);
	}
	KUNIT_EXPECT_EQ(test, atomic_read(&visit->missed), 0);
	/* Strictly: no object twice. */
	for (i = 0; i < visit->nr; i++)
		memset(visit->objects[i], i, SIZE);
	for (i = 0; i < visit->nr; i++)
		KUNIT_EXPECT_TRUE(test, kit_filled_with(visit->objects[i], i, SIZE));
	kit_free_n(visit->cache, visit->objects, visit->nr);
	slabmod_cache_return_sheaf(visit->cache, 0, visit->sheaf);
	kit_expect_unused(test, visit->cache);
}

static void alloc_many(unsigned int n, void *arg)
{
	struct visit *visit = arg;
	unsigned int i;

	for (i = 0; i < 200; i++) {
		void *object = slabmod_cache_alloc_from_sheaf(visit->cache, 0, visit->sheaf);

		if (object)
			memset(object, n, SIZE);
		else
			atomic_inc(&visit->missed);
		slabmod_cache_free(visit->cache, object);
	}
}

static void test_several_cpus_share_a_sheaf(struct kunit *test)
{
	struct visit *visit = visit_of(test, 400);

	kit_need_cpus(test, 2);
	KIT_EXPECT_NO_MISUSE(test, kit_run_on_cpus(test, 2, alloc_many, visit));
	KUNIT_EXPECT_EQ(test, atomic_read(&visit->missed), 0);
	KUNIT_EXPECT_EQ(test, slabmod_cache_sheaf_size(visit->sheaf), 0);
	slabmod_cache_return_sheaf(visit->cache, 0, visit->sheaf);
	kit_expect_unused(test, visit->cache);
}

/* ---- misuse ---- */

static void test_empty_sheaf_is_reported(struct kunit *test)
{
	struct slabmod_cache *cache = make_cache(test, KIT_LIMIT, 0, NULL);
	struct slabmod_sheaf *sheaf = make_sheaf(test, cache, 1);
	void *object;

	use_up(test, cache, sheaf);
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_SHEAF, "is empty",
			  object = slabmod_cache_alloc_from_sheaf(cache, GFP_KERNEL, sheaf));
	KUNIT_EXPECT_NULL(test, object);
	KUNIT_EXPECT_EQ(test, slabmod_cache_sheaf_size(sheaf), 0);
	slabmod_cache_return_sheaf(cache, GFP_KERNEL, sheaf);
	kit_expect_unused(test, cache);
}

static void test_sheaf_of_another_cache_is_reported(struct kunit *test)
{
	struct slabmod_cache *cache = make_cache(test, KIT_LIMIT, 0, NULL);
	struct slabmod_cache *other = make_cache(test, KIT_LIMIT, 0, NULL);
	struct slabmod_sheaf *sheaf = make_sheaf(test, cache, NR);
	void *object;
	int err;

	KIT_EXPECT_MISUSE(test, MISUSE_BAD_SHEAF, "no sheaf of the cache",
			  object = slabmod_cache_alloc_from_sheaf(other, GFP_KERNEL, sheaf));
	KUNIT_EXPECT_NULL(test, object);
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_SHEAF, "no sheaf of the cache",
			  err = slabmod_cache_refill_sheaf(other, GFP_KERNEL, &sheaf, 2 * NR));
	KUNIT_EXPECT_EQ(test, err, -EINVAL);
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_SHEAF, "no sheaf of the cache",
			  slabmod_cache_return_sheaf(other, GFP_KERNEL, sheaf));
	KUNIT_EXPECT_EQ(test, slabmod_cache_sheaf_size(sheaf), NR);
	slabmod_cache_return_sheaf(cache, GFP_KERNEL, sheaf);
	kit_expect_unused(test, cache);
	kit_expect_unused(test, other);
}

static void test_no_sheaf(struct kunit *test)
{
	struct slabmod_cache *cache = make_cache(test, KIT_LIMIT, 0, NULL);
	struct slabmod_sheaf *none = NULL, *wrong = (void *)test;
	void *object;

	KIT_EXPECT_MISUSE(test, MISUSE_BAD_SHEAF, "no sheaf of the cache",
			  object = slabmod_cache_alloc_from_sheaf(cache, GFP_KERNEL, NULL));
	KUNIT_EXPECT_NULL(test, object);
	KIT_EXPECT_NO_MISUSE(test, slabmod_cache_return_sheaf(cache, GFP_KERNEL, NULL));
	KUNIT_EXPECT_EQ(test, slabmod_cache_sheaf_size(NULL), 0);
	KUNIT_EXPECT_EQ(test, slabmod_cache_refill_sheaf(cache, GFP_KERNEL, NULL, 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, slabmod_cache_refill_sheaf(cache, GFP_KERNEL, &none, 1), -EINVAL);
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_FREE, "return_sheaf",
			  slabmod_cache_return_sheaf(cache, GFP_KERNEL, wrong));
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_FREE, "refill_sheaf",
			  slabmod_cache_refill_sheaf(cache, GFP_KERNEL, &wrong, 1));
	kit_expect_unused(test, cache);
}

static void test_second_return_is_reported(struct kunit *test)
{
	struct slabmod_cache *cache = make_cache(test, KIT_LIMIT, 0, NULL);
	struct slabmod_sheaf *sheaf = make_sheaf(test, cache, NR);

	context_pin(0);
	slabmod_cache_return_sheaf(cache, GFP_KERNEL, sheaf);
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_SHEAF, "no sheaf of the cache",
			  slabmod_cache_return_sheaf(cache, GFP_KERNEL, sheaf));
	kit_expect_unused(test, cache);
}

static void test_cache_with_a_sheaf_is_not_destroyed(struct kunit *test)
{
	struct slabmod_cache *cache = slabmod_cache_create("kit-sheaf", SIZE, 0, 0, NULL);
	struct slabmod_sheaf *sheaf;
	int err;

	KUNIT_ASSERT_NOT_NULL(test, cache);
	sheaf = make_sheaf(test, cache, NR);
	KIT_EXPECT_MISUSE(test, MISUSE_CACHE_BUSY, "37 live objects",
			  err = slabmod_cache_destroy(cache));
	KUNIT_EXPECT_EQ(test, err, -EBUSY);
	slabmod_cache_return_sheaf(cache, GFP_KERNEL, sheaf);
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(cache), 0);
}

static struct kunit_case sheaf_cases[] = {
	KUNIT_CASE(test_objects_of_every_cache),
	KUNIT_CASE(test_objects_without_memory),
	KUNIT_CASE(test_prefill_that_fails_leaves_nothing),
	KUNIT_CASE(test_refill),
	KUNIT_CASE(test_zero_clears),
	KUNIT_CASE(test_constructed_objects),
	KUNIT_CASE(test_every_context),
	KUNIT_CASE(test_nmi_between_any_two_instructions),
	KUNIT_CASE(test_several_cpus_share_a_sheaf),
	KUNIT_CASE(test_empty_sheaf_is_reported),
	KUNIT_CASE(test_sheaf_of_another_cache_is_reported),
	KUNIT_CASE(test_no_sheaf),
	KUNIT_CASE(test_second_return_is_reported),
	KUNIT_CASE(test_cache_with_a_sheaf_is_not_destroyed),
	{}
};

struct kunit_suite sheaf_suite = {
	.name = "sheaf",
	ROOT_SUITE_HOOKS,
	.test_cases = sheaf_cases,
};
