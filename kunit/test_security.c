// SPDX-License-Identifier: GPL-2.0
/*
 * test_security.c - memory of another type, freed secrets and addresses do not leak to an attacker
 * that exploits a bug of a caller; slabs of isolated caches stay.
 */
#include <linux/nodemask.h>
#include <linux/sizes.h>

#include "buddy_age.h"
#include "context.h"
#include "home.h"
#include "home_walk.h"
#include "pool_check.h"
#include "pool_ledger.h"
#include "root.h"
#include "suites.h"
#include "verbs_pool.h"

#define SECRET	0xa5	/* what every byte of a secret is */

static struct slabmod_cache *owner_of(const void *object)
{
	struct frame *frame = chunk_frame(object);

	return frame ? frame_cache(frame) : NULL;
}

#define SIZE		(PAGE_SIZE / 16) /* of most objects: no line is shared, a slab has a page */
#define OBJECTS		3200	/* more slabs than homes keep, or a chunk has pages */
#define CHUNK_ORDER	6

struct crowd {
	struct kunit *test;
	struct slabmod_pool *pool;
	struct slabmod_cache *cache;
	unsigned long pages;		/* of its slabs, with all objects in use */
	unsigned int nr;
	void *objects[OBJECTS];
};

static struct slabmod_pool *make_pool(struct kunit *test, unsigned long limit)
{
	context_pin(0);
	return kit_pool_create_orders(test, limit, CHUNK_ORDER, CHUNK_ORDER);
}

/* Allocate up to @nr objects, and fill them. */
static void alloc_all(struct crowd *crowd)
{
	unsigned int i;

	for (i = 0; i < crowd->nr; i++) {
		crowd->objects[i] = slabmod_cache_alloc(crowd->cache, GFP_KERNEL);
		if (!crowd->objects[i])
			break;
		memset(crowd->objects[i], SECRET, SIZE);
	}
	crowd->nr = i;
}

static void free_all(void *arg)
{
	struct crowd *crowd = arg;

	slabmod_cache_free_bulk(crowd->cache, crowd->nr, crowd->objects);
}

static struct crowd *make_crowd(struct kunit *test, struct slabmod_pool *pool, unsigned int flags)
{
	struct crowd *crowd = kit_zalloc(test, sizeof(*crowd));

	crowd->test = test;
	crowd->pool = pool;
	crowd->nr = OBJECTS;
	crowd->cache = kit_cache_in(test, pool, flags & SLABMOD_ISOLATED ? "crowd" : "others", SIZE,
				    flags);
	alloc_all(crowd);
	crowd->pages = home_pages(crowd->cache);
	KUNIT_ASSERT_GE(test, crowd->pages, (unsigned long)crowd->nr * SIZE >> PAGE_SHIFT);
	return crowd;
}

static void expect_pages(struct crowd *crowd, const char *after)
{
	KUNIT_EXPECT_EQ_MSG(crowd->test, home_pages(crowd->cache), crowd->pages, "after %s", after);
	KUNIT_EXPECT_TRUE(crowd->test, pool_check(crowd->pool));
}

/* Freed by the n-th CPU; its home has some slabs then. */
static void expect_stay(struct crowd *crowd, unsigned int n)
{
	struct kunit *test = crowd->test;
	struct slabmod_cache *cache = crowd->cache;
	unsigned int cpu, i;

	kit_run_on(n, free_all, crowd);
	expect_pages(crowd, "free");
	KUNIT_EXPECT_EQ(test, slabmod_cache_shrink(cache), 0);
	KUNIT_EXPECT_EQ(test, home_totals(cache).inuse, 0);
	expect_pages(crowd, "shrink");
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, home_age(cache), 0);
	expect_pages(crowd, "age");
	KUNIT_EXPECT_FALSE(test, crowd->pool->source.reclaim_empty(&crowd->pool->source));
	KUNIT_EXPECT_EQ(test, home_shrink(cache), 0);
	expect_pages(crowd, "squeeze");
	pool_shrink(crowd->pool);
	expect_pages(crowd, "shrink of the pool");
	for_each_online_cpu(cpu) {
		home_drain_cpu(cache, cpu);
		KUNIT_EXPECT_EQ(test, kit_home(cache, cpu)->nr_empty, 0);
	}
	expect_pages(crowd, "loss of all CPUs");
	/* They are reused. */
	alloc_all(crowd);
	KUNIT_EXPECT_EQ(test, crowd->nr, OBJECTS);
	expect_pages(crowd, "use");
}

static void test_slabs_of_an_isolated_cache_stay(struct kunit *test)
{
	struct crowd *crowd = make_crowd(test, make_pool(test, 4096), SLABMOD_ISOLATED);
	struct crowd *other = make_crowd(test, make_pool(test, 4096), 0);
	unsigned int n;

	for (n = 0; n < num_online_cpus(); n++)
		expect_stay(crowd, n);
	free_all(crowd);
	kit_destroy(test, crowd->cache);
	/* Other caches keep no slabs after a shrink. */
	free_all(other);
	slabmod_cache_shrink(other->cache);
	KUNIT_EXPECT_EQ(test, home_pages(other->cache), 0);
	KUNIT_EXPECT_EQ(test, cache_destroy(other->cache), 0);
}

static void test_isolated_slabs_are_not_reclaimable(struct kunit *test)
{
	struct crowd *crowd = make_crowd(test, make_pool(test, 4096), SLABMOD_ISOLATED);
	struct chunk_source *source = &crowd->pool->source;
	struct pool_ledger ledger;
	unsigned long pages = 0;
	int nid;

	free_all(crowd);
	magazine_drain_all(crowd->cache);
	pool_shrink(crowd->pool);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&source->empty_slabs), 0);
	for_each_online_node(nid)
		pages += buddy_reclaimable(&crowd->pool->buddies[nid]);
	KUNIT_EXPECT_EQ(test, pages, 0);
	ledger = pool_ledger(crowd->pool);
	KUNIT_EXPECT_EQ(test, ledger.slabs, crowd->pages << PAGE_SHIFT);
	KUNIT_EXPECT_EQ(test, ledger.used, 0);
	kit_destroy(test, crowd->cache);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&source->empty_slabs), 0);
	KUNIT_EXPECT_TRUE(test, pool_check(crowd->pool));
}

/* All memory is still owned by the cache, and unchanged since it was freed. */
static void expect_untouched(struct crowd *crowd)
{
	unsigned int i, bad = 0;

	for (i = 0; i < crowd->nr; i++)
		bad += owner_of(crowd->objects[i]) != crowd->cache ||
		       !kit_filled_with(crowd->objects[i], SECRET, SIZE);
	KUNIT_EXPECT_EQ_MSG(crowd->test, bad, 0, "of %u objects", crowd->nr);
}

static void test_shrinker_frees_nothing_isolated(struct kunit *test)
{
	struct crowd *crowd = make_crowd(test, root_pool, SLABMOD_ISOLATED);
	int i;

	free_all(crowd);
	for (i = 0; i < 3; i++)
		if (!kit_kernel_asks())
			kunit_skip(test, "there is no /proc");
	expect_pages(crowd, "reclaim");
	expect_untouched(crowd);
	kit_destroy(test, crowd->cache);
}

static void test_isolated_cache_reuses_its_slabs(struct kunit *test)
{
	struct slabmod_pool *pool = make_pool(test, 4096);
	struct crowd *crowd = make_crowd(test, pool, SLABMOD_ISOLATED);
	struct crowd *other;
	unsigned int round;

	free_all(crowd);
	/* The kernel has no pages, and another cache uses the rest of the pool. */
	kit_source.fail_all = true;
	other = make_crowd(test, pool, 0);
	KUNIT_EXPECT_LT(test, other->nr, OBJECTS);
	expect_untouched(crowd);
	for (round = 0; round < 3; round++) {
		alloc_all(crowd);
		KUNIT_EXPECT_EQ(test, crowd->nr, OBJECTS);
		free_all(crowd);
	}
	expect_pages(crowd, "use with nothing left");
	kit_source_reset();
	kit_destroy(test, crowd->cache);
	free_all(other);
	KUNIT_EXPECT_EQ(test, cache_destroy(other->cache), 0);
}

static void construct(void *object)
{
	memset(object, 0x33, SIZE);
}

static void test_isolated_memory_counts_toward_the_limit(struct kunit *test)
{
	struct slabmod_pool *pool = make_pool(test, 128);
	struct crowd *crowd = make_crowd(test, pool, SLABMOD_ISOLATED);
	struct slabmod_cache *other = kit_cache_in(test, pool, "other", SIZE, 0);
	void *object;

	KUNIT_EXPECT_LT(test, crowd->nr, OBJECTS);
	free_all(crowd);
	KUNIT_EXPECT_NULL(test, slabmod_cache_alloc(other, GFP_KERNEL));
	KUNIT_EXPECT_GT(test, stat_sum(pool->source.stats, EVENT_LIMIT_REFUSED), 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&pool->source.held), 128);
	expect_pages(crowd, "refusal");
	kit_destroy(test, crowd->cache);
	object = slabmod_cache_alloc(other, GFP_KERNEL);
	KUNIT_EXPECT_NOT_NULL(test, object);
	slabmod_cache_free(other, object);
	KUNIT_EXPECT_EQ(test, cache_destroy(other), 0);
}

static void test_busy_cache_stays_isolated(struct kunit *test)
{
	struct crowd *crowd = make_crowd(test, make_pool(test, 4096), SLABMOD_ISOLATED);

	crowd->nr--;
	free_all(crowd);
	KIT_EXPECT_MISUSE(test, MISUSE_CACHE_BUSY, "crowd: destroyed with 1 live objects",
			  KUNIT_EXPECT_EQ(test, cache_destroy(crowd->cache), -EBUSY));
	expect_pages(crowd, "destroy that was refused");
	expect_untouched(crowd);
	slabmod_cache_free(crowd->cache, crowd->objects[crowd->nr]);
	kit_destroy(test, crowd->cache);
}

static void test_destroyed_cache_frees_cleared_pages(struct kunit *test)
{
	struct slabmod_pool *pool = make_pool(test, 4096);
	struct crowd *crowd = make_crowd(test, pool, SLABMOD_ISOLATED);
	unsigned int i, bad = 0;

	/* Keep all chunks, to check their contents. */
	pool->source.reserve = atomic_long_read(&pool->source.held);
	free_all(crowd);
	expect_untouched(crowd);
	kit_destroy(test, crowd->cache);
	/* After a grace period. */
	rcu_barrier();
	for (i = 0; i < crowd->nr; i++)
		bad += owner_of(crowd->objects[i]) || !kit_cleared(crowd->objects[i], SIZE);
	KUNIT_EXPECT_EQ_MSG(test, bad, 0, "of %u objects", crowd->nr);
	KUNIT_EXPECT_EQ(test, pool_ledger(pool).buddy, pool->source.reserve << PAGE_SHIFT);
	pool->source.reserve = 0;
	pool_shrink(pool);
	KUNIT_EXPECT_EQ(test, kit_source.pages, 0);
}

/* ---- types ---- */

#define CACHES		20
#define EACH		40
#define SAME_SIZE	192

/* A page has one cache; allocating in turns would mix objects if anything could. */
static void test_caches_of_one_size_share_no_page(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, 4096);
	void **objects = kit_array(test, CACHES * EACH);
	struct slabmod_cache *caches[CACHES];
	unsigned int i, k, bad = 0;

	for (i = 0; i < CACHES; i++)
		caches[i] = kit_cache_in(test, pool, "same", SAME_SIZE, 0);
	for (i = 0; i < CACHES * EACH; i++)
		objects[i] = kit_alloc(test, caches[i % CACHES]);
	for (i = 0; i < CACHES * EACH; i++)
		for (k = 0; k < i; k++)
			bad += i % CACHES != k % CACHES &&
			       PHYS_PFN(__pa(objects[i])) == PHYS_PFN(__pa(objects[k]));
	KUNIT_EXPECT_EQ(test, bad, 0);
	for (i = 0; i < CACHES * EACH; i++)
		slabmod_cache_free(caches[i % CACHES], objects[i]);
	for (i = 0; i < CACHES; i++)
		kit_destroy(test, caches[i]);
}

/* ---- secrets ---- */

static const size_t sizes[] = {
	1, 16, 17, 64, 100, 128, 1000, 1024, 4096, 5000, SZ_16K, SZ_32K, SZ_32K + 1, SZ_64K, SZ_1M,
};

/* Freed memory is not written to before it is reused, and can be read. */
static void expect_cleared(struct kunit *test, void *p)
{
	size_t size = slabmod_ksize(p);

	KUNIT_ASSERT_NOT_NULL(test, p);
	memset(p, SECRET, size);
	slabmod_kfree_sensitive(p);
	KUNIT_EXPECT_TRUE_MSG(test, kit_cleared(p, size), "%zu bytes", size);
}

static void test_kfree_sensitive_clears_memory(struct kunit *test)
{
	struct slabmod_pool *pool = kit_module_pool(test, "secret", SZ_2M, 0);
	int i;

	context_pin(0);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		expect_cleared(test, slabmod_kmalloc(sizes[i], GFP_KERNEL));
		expect_cleared(test, slabmod_kmalloc_node(sizes[i], GFP_KERNEL, numa_mem_id()));
		expect_cleared(test, slabmod_pool_kmalloc(pool, sizes[i], GFP_KERNEL));
	}
	/* And blocks of pages. */
	expect_cleared(test, (void *)slabmod_get_free_pages(GFP_KERNEL, 5));
	KIT_EXPECT_NO_MISUSE(test, slabmod_kfree_sensitive(NULL);
			     slabmod_kfree_sensitive(ZERO_SIZE_PTR));
	KUNIT_EXPECT_EQ(test, slabmod_pool_destroy(pool), 0);
}

static void test_kfree_sensitive_clears_objects(struct kunit *test)
{
	struct slabmod_cache *plain = slabmod_cache_create("kit-plain", SIZE, 0, 0, NULL);
	struct slabmod_cache *made = slabmod_cache_create("kit-made", SIZE, 0, SLABMOD_ISOLATED,
							  construct);
	void *object;

	context_pin(0);
	KUNIT_ASSERT_TRUE(test, plain && made);
	expect_cleared(test, slabmod_cache_alloc(plain, GFP_KERNEL));
	object = kit_alloc(test, made);
	memset(object, SECRET, SIZE);
	slabmod_kfree_sensitive(object);
	KUNIT_EXPECT_FALSE(test, memchr_inv(object, 0x33, SIZE));
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(plain), 0);
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(made), 0);
}

/* ---- the log ---- */

static unsigned int captured_address(const void *p)
{
	char text[20];

	snprintf(text, sizeof(text), "%lx", (unsigned long)p);
	return kit_captured(text);
}

static void test_reports_print_no_address(struct kunit *test)
{
	struct slabmod_cache *cache = slabmod_cache_create("kit-told", SAME_SIZE, 0, 0, NULL);
	void *object, *block = kit_kmalloc(test, 16 * PAGE_SIZE);

	KUNIT_ASSERT_NOT_NULL(test, cache);
	object = kit_alloc(test, cache);
	kit_capture_begin();
	slabmod_kfree(object + 8);
	slabmod_cache_free(cache, block);
	slabmod_kfree(block + PAGE_SIZE);
	slabmod_free_pages_exact(block, 8 * PAGE_SIZE);
	slabmod_ksize(&object);
	slabmod_cache_destroy(cache);
	slabmod_cache_free(cache, object);
	slabmod_cache_free(cache, object);
	kit_capture_end();
	KUNIT_EXPECT_EQ(test, kit_captured("slabmod: misuse: "), 7);
	KUNIT_EXPECT_EQ(test, kit_captured("kit-told object "), 1);
	KUNIT_EXPECT_EQ(test, captured_address(object), 0);
	KUNIT_EXPECT_EQ(test, captured_address(object + 8), 0);
	KUNIT_EXPECT_EQ(test, captured_address(block), 0);
	KUNIT_EXPECT_EQ(test, captured_address(block + PAGE_SIZE), 0);
	KUNIT_EXPECT_EQ(test, captured_address(&object), 0);
	KUNIT_EXPECT_EQ(test, captured_address(cache), 0);
	slabmod_kfree(block);
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(cache), 0);
}

static void test_names_are_not_formats(struct kunit *test)
{
	struct slabmod_cache *cache = slabmod_cache_create("%s%n%p%1000d", SAME_SIZE, 0, 0, NULL);
	void *object;

	KUNIT_ASSERT_NOT_NULL(test, cache);
	object = kit_alloc(test, cache);
	KIT_EXPECT_MISUSE(test, MISUSE_CACHE_BUSY, "%s%n%p%1000d: destroyed with 1 live objects",
			  slabmod_cache_destroy(cache));
	KUNIT_EXPECT_EQ(test, kit_captured("%s%n%p%1000d object "), 1);
	slabmod_cache_free(cache, object);
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(cache), 0);
}

static struct kunit_case security_cases[] = {
	KUNIT_CASE(test_slabs_of_an_isolated_cache_stay),
	KUNIT_CASE(test_isolated_slabs_are_not_reclaimable),
	KUNIT_CASE(test_shrinker_frees_nothing_isolated),
	KUNIT_CASE(test_isolated_cache_reuses_its_slabs),
	KUNIT_CASE(test_isolated_memory_counts_toward_the_limit),
	KUNIT_CASE(test_busy_cache_stays_isolated),
	KUNIT_CASE(test_destroyed_cache_frees_cleared_pages),
	KUNIT_CASE(test_caches_of_one_size_share_no_page),
	KUNIT_CASE(test_kfree_sensitive_clears_memory),
	KUNIT_CASE(test_kfree_sensitive_clears_objects),
	KUNIT_CASE(test_reports_print_no_address),
	KUNIT_CASE(test_names_are_not_formats),
	{}
};

struct kunit_suite security_suite = {
	.name = "security",
	ROOT_SUITE_HOOKS,
	.test_cases = security_cases,
};
