// SPDX-License-Identifier: GPL-2.0
/*
 * test_fault.c - each request that may fail does, one after another: the caller gets NULL or an
 * error, or memory in another way; and nothing is lost, broken or reported.
 *
 * A deed is done with its first request failing, then with its second, until there are no
 * more; then with all from the first on, from the second on, and so on. The deeds of this file
 * use a new pool of the kit each time, so that chunks, homes and magazines are allocated.
 */
#include <linux/mm.h>

#include <slabmod/vmalloc.h>

#include "buddy_age.h"
#include "debug/callsites.h"
#include "debug/debug_block.h"
#include "home.h"
#include "pool_check.h"
#include "pool_ledger.h"
#include "suites.h"
#include "test_fault.h"

/* More than any deed makes. */
#define MOST_REQUESTS	2000
/* The minimum of the suite. */
#define LEAST_FAILURES	500

/* ---- failures ---- */

static struct {
	unsigned long runs;		/* deeds with a failure */
	unsigned long failed;
	unsigned long at[NR_FAULTS];
} total;

static const char *spoilt;

void fault_spoil(bool bad, const char *what)
{
	if (bad)
		WRITE_ONCE(spoilt, what);
}

static unsigned long all_reports(void)
{
	unsigned long n = 0;
	int kind;

	for (kind = 0; kind < NR_MISUSES; kind++)
		n += report_count(kind);
	return n;
}

static void add(const struct fault_outcome *outcome)
{
	int site;

	total.runs += !!outcome->failed;
	total.failed += outcome->failed;
	for (site = 0; site < NR_FAULTS; site++)
		total.at[site] += outcome->at[site];
}

/* Do it with the n-th request failing; false if there was none, or the test has failed. */
static bool do_once(struct kunit *test, const struct deed *deed, unsigned long n, bool on)
{
	const struct fault_order order = {
		.sites = FAULTS_ALL,
		.nth = n,
		.on = on,
		.task = deed->elsewhere ? NULL : current,
	};
	unsigned long reports = all_reports();
	struct fault_outcome outcome;
	const char *wrong;

	deed->prepare(test);
	spoilt = NULL;
	fault_begin(&order);
	deed->act(test);
	outcome = fault_end();
	wrong = spoilt ?: "";
	add(&outcome);
	KUNIT_EXPECT_STREQ_MSG(test, wrong, "", "%s: request %lu%s", deed->name, n,
			       on ? " on" : "");
	if (deed->never)
		KUNIT_EXPECT_EQ_MSG(test, outcome.hits, 0, "%s makes a request", deed->name);
	deed->look(test);
	KUNIT_EXPECT_EQ_MSG(test, all_reports(), reports, "%s: request %lu%s is reported",
			    deed->name, n, on ? " on" : "");
	return outcome.failed && test->status != KUNIT_FAILURE;
}

void fault_each(struct kunit *test, const struct deed *deed)
{
	unsigned long n = 1;
	int on;

	for (on = 0; on < 2; on++) {
		for (n = 1; do_once(test, deed, n, on); n++)
			KUNIT_ASSERT_LT(test, n, MOST_REQUESTS);
		if (!deed->never && test->status != KUNIT_FAILURE)
			KUNIT_EXPECT_GT_MSG(test, n, 1, "%s makes no request", deed->name);
	}
}

/* ---- a cache ---- */

#define OBJECTS	300
#define MARK	0x6661756c74ull

struct shape {
	const char *name;
	unsigned int size;
	gfp_t gfp;
	unsigned int min_order, max_order;	/* of chunks */
	void (*ctor)(void *object);
};

static struct {
	struct shape shape;
	unsigned int flags;		/* of caches */
	struct slabmod_pool *pool;
	struct slabmod_cache *cache;
	long metadata;			/* of the pool, without caches and chunks */
	void *objects[OBJECTS];
} kit;

static void construct(void *object)
{
	memset(object, 0xc7, kit.shape.size);
}

static void prepare_pool(struct kunit *test)
{
	kit.pool = kit_pool_create_orders(test, 1ul << 14, kit.shape.min_order,
					  kit.shape.max_order);
	kit.metadata = atomic_long_read(&kit.pool->source.metadata);
	kit.cache = NULL;
}

static void prepare_cache(struct kunit *test)
{
	prepare_pool(test);
	kit.cache = cache_create(kit.pool, "fault", kit.shape.size, 0, kit.flags,
				 kit.shape.ctor, NULL);
	KUNIT_ASSERT_NOT_NULL(test, kit.cache);
}

static void prepare_magazines(struct kunit *test)
{
	prepare_cache(test);
	KUNIT_ASSERT_TRUE(test, magazine_enable(kit.cache, GFP_KERNEL));
}

static void look_at_pool(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, pool_check(kit.pool));
	KUNIT_EXPECT_EQ(test, pool_ledger(kit.pool).used, 0);
	if (kit.cache) {
		/* NULL as a per-CPU pointer can be read, and may look like an empty magazine. */
		KUNIT_EXPECT_TRUE(test, !!kit.cache->magazines);
		KUNIT_EXPECT_EQ(test, cache_destroy(kit.cache), 0);
	}
	slabmod_pool_shrink(kit.pool);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&kit.pool->source.held), 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&kit.pool->source.staying), 0);
	KUNIT_EXPECT_EQ(test, kit_source.pages, 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&kit.pool->source.metadata), kit.metadata);
	kit_pool_destroy(test, kit.pool, 0);
}

/* Whether an object is constructed, or cleared. */
static bool is_initialized(const void *object, gfp_t gfp)
{
	if (kit.shape.ctor)
		return !memchr_inv(object, 0xc7, kit.shape.size);
	return !(gfp & __GFP_ZERO) || !memchr_inv(object, 0, kit.shape.size);
}

/* Write to each object, check the contents, and free all. */
static void use_objects(unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		struct piece piece;

		fault_spoil(!is_initialized(kit.objects[i], kit.shape.gfp),
			    "an object is not constructed or cleared");
		piece_fill(&piece, kit.objects[i], kit.shape.size, MARK + i);
	}
	for (i = 0; i < nr; i++) {
		struct piece piece = { kit.objects[i], kit.shape.size, MARK + i };

		fault_spoil(!piece_intact(&piece), "objects overlap");
		if (kit.shape.ctor)
			kit.shape.ctor(kit.objects[i]);
	}
	slabmod_cache_free_bulk(kit.cache, nr, kit.objects);
}

/* More than a slab and a first magazine have. */
static void alloc_objects(void *unused)
{
	unsigned int nr = 0, i;

	for (i = 0; i < 40; i++) {
		kit.objects[nr] = slabmod_cache_alloc(kit.cache, kit.shape.gfp);
		nr += !!kit.objects[nr];
		fault_spoil(kit.shape.gfp & __GFP_NOFAIL && nr != i + 1, "NOFAIL was refused");
	}
	use_objects(nr);
}

static void act_objects(struct kunit *test)
{
	alloc_objects(NULL);
}

static void act_bulk(struct kunit *test)
{
	size_t nr = slabmod_cache_alloc_bulk(kit.cache, kit.shape.gfp, OBJECTS, kit.objects);

	fault_spoil(nr && nr != OBJECTS, "bulk was partial");
	use_objects(nr);
}

static void (*fault_context)(void (*fn)(void *arg), void *arg);

static void act_in_context(struct kunit *test)
{
	fault_context(alloc_objects, NULL);
}

#define SHAPE(s, flags, least, most, make) \
	{ #s " bytes, " #flags ", orders " #least " to " #most, s, flags, least, most, make }

static const struct shape shapes[] = {
	SHAPE(16, GFP_KERNEL, 6, 10, NULL),
	SHAPE(64, GFP_KERNEL, 6, 10, NULL),
	SHAPE(64, GFP_KERNEL, 6, 10, construct),
	SHAPE(100, GFP_KERNEL | __GFP_ZERO, 6, 10, NULL),
	SHAPE(1000, GFP_KERNEL, 6, 10, construct),
	SHAPE(3000, GFP_NOFS, 6, 7, NULL),
	SHAPE(4096, GFP_KERNEL, 6, 10, NULL),
	SHAPE(8192, GFP_NOWAIT, 4, 8, NULL),
	SHAPE(20000, GFP_KERNEL, 6, 10, NULL),
	SHAPE(64, GFP_KERNEL, 0, 0, NULL),
	SHAPE(4096, GFP_KERNEL, 0, 0, NULL),
	SHAPE(1000, GFP_ATOMIC, 0, 3, NULL),
};

static void each_shape(struct kunit *test, struct deed deed)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(shapes); i++) {
		kit.shape = shapes[i];
		deed.name = shapes[i].name;
		deed.prepare = prepare_cache;
		deed.look = look_at_pool;
		fault_each(test, &deed);
	}
}

static void test_failing_objects(struct kunit *test)
{
	each_shape(test, (struct deed) { .act = act_objects });
}

static void test_failing_bulk(struct kunit *test)
{
	static const struct deed bulk = { "bulk", prepare_cache, act_bulk, look_at_pool };

	kit.shape = shapes[1];
	fault_each(test, &bulk);
	kit.shape = shapes[4];
	fault_each(test, &bulk);
}

static void test_failing_atomic_allocations(struct kunit *test)
{
	static const struct deed deed = { "atomic", prepare_cache, act_in_context, look_at_pool,
					  true };

	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		kunit_skip(test, "these contexts allocate no pages");
	kit.shape = shapes[11];
	fault_context = context_irqs_off;
	fault_each(test, &deed);
	fault_context = context_softirq;
	fault_each(test, &deed);
	fault_context = context_hardirq;
	fault_each(test, &deed);
}

static void test_nofail_does_not_fail(struct kunit *test)
{
	static const struct deed insist = { "insist", prepare_cache, act_objects, look_at_pool };
	static const unsigned int of[] = { 0, 1, 4, 6 };
	int i;

	for (i = 0; i < ARRAY_SIZE(of); i++) {
		kit.shape = shapes[of[i]];
		kit.shape.gfp |= __GFP_NOFAIL;
		fault_each(test, &insist);
	}
}

/* ---- other operations ---- */

static void act_cache_goes(struct kunit *test)
{
	struct slabmod_cache *cache;

	cache = slabmod_pool_cache_create(kit.pool, "made", kit.shape.size, 0, kit.flags,
					  kit.shape.ctor);
	if (!cache)
		return;
	slabmod_cache_free(cache, slabmod_cache_alloc(cache, GFP_KERNEL));
	fault_spoil(slabmod_cache_destroy(cache), "the cache is not destroyed");
}

static bool exchange(struct slabmod_cache *cache)
{
	return cache == kit.cache && magazine_resize(cache, true);
}

/* With objects in the magazines, and live ones. */
static void act_exchange(struct kunit *test)
{
	unsigned int capacity = kit.cache->capacity;
	void *object = slabmod_cache_alloc(kit.cache, GFP_KERNEL);
	bool exchanged = cache_resize_magazines(exchange);

	fault_spoil(exchanged != (kit.cache->capacity > capacity), "the capacity is wrong");
	slabmod_cache_free(kit.cache, object);
	alloc_objects(NULL);
}

static void act_ahead(struct kunit *test)
{
	int nid;

	for_each_online_node(nid) {
		kit.pool->buddies[nid].low = true;
		buddy_prefill(kit.pool->buddies, nid, GFP_KERNEL | __GFP_NORETRY);
		fault_spoil(kit.pool->buddies[nid].low, "the request is lost");
	}
}

#define RESERVE	333

static void act_reserve(struct kunit *test)
{
	bool had;

	kit.pool->source.reserve = RESERVE;
	had = pool_reserve(kit.pool);
	fault_spoil(had != (atomic_long_read(&kit.pool->source.staying) >= RESERVE),
		    "the reserve is wrong");
	kit.pool->source.reserve = 0;
}

static void act_blocks(struct kunit *test)
{
	unsigned int order;

	for (order = 4; order <= SLABMOD_MAX_ORDER; order += 2) {
		void *pages = block_alloc("kit", kit.pool, NUMA_NO_NODE, 1u << order, GFP_KERNEL);

		slabmod_pool_free_pages(kit.pool, (unsigned long)pages, order);
	}
}

/* All pages are in empty slabs of one cache when another needs one. */
static void act_squeeze(struct kunit *test)
{
	slabmod_cache_free(kit.cache, slabmod_cache_alloc(kit.cache, GFP_KERNEL));
	magazine_drain_all(kit.cache);
	act_cache_goes(test);
}

static void prepare_shrink(struct kunit *test)
{
	prepare_magazines(test);
	alloc_objects(NULL);
}

static void act_shrink(struct kunit *test)
{
	slabmod_cache_shrink(kit.cache);
	slabmod_pool_shrink(kit.pool);
	fault_spoil(cache_destroy(kit.cache), "the cache is not destroyed");
	kit.cache = NULL;
}

static void test_failing_cache_operations(struct kunit *test)
{
	static const struct deed deeds[] = {
		{ "a cache", prepare_pool, act_cache_goes, look_at_pool },
		{ "exchange", prepare_magazines, act_exchange, look_at_pool },
		{ "ahead of need", prepare_pool, act_ahead, look_at_pool },
		{ "reserve", prepare_pool, act_reserve, look_at_pool },
		{ "blocks", prepare_pool, act_blocks, look_at_pool },
		{ "squeeze", prepare_cache, act_squeeze, look_at_pool },
		{ "shrink and end", prepare_shrink, act_shrink, look_at_pool, false, true },
	};
	int i;

	kit.shape = shapes[1];
	for (i = 0; i < ARRAY_SIZE(deeds); i++)
		fault_each(test, &deeds[i]);
	kit.shape = shapes[4];
	fault_each(test, &deeds[0]);
}

/* ---- debug mode ---- */

static void test_failing_debugged_objects(struct kunit *test)
{
	static const struct deed deeds[] = {
		{ "debugged objects", prepare_cache, act_objects, look_at_pool },
		{ "debugged bulk", prepare_cache, act_bulk, look_at_pool },
		{ "a debugged cache", prepare_pool, act_cache_goes, look_at_pool },
	};
	int i;

	kit.shape = shapes[3];
	kit.flags = SLABMOD_DEBUG;
	for (i = 0; i < ARRAY_SIZE(deeds); i++)
		fault_each(test, &deeds[i]);
	kit.shape = shapes[2];
	fault_each(test, &deeds[0]);
	kit.flags = 0;
}

/* An area without a record is not debugged either. */
static void act_area_and_list(struct kunit *test)
{
	void *p = slabmod_pool_vmalloc(kit.pool, 40001);
	struct callsites *sites = callsites_of(kit.pool, false);

	if (p)
		memset(p, 1, 40001);
	fault_spoil(sites && sites->nr > 1, "one call site allocates");
	kvfree(sites);
	slabmod_vfree(p);
}

static void act_memory_and_list(struct kunit *test)
{
	void *p = slabmod_pool_kmalloc(kit.pool, 40001, GFP_KERNEL);
	struct callsites *sites = callsites_of(kit.pool, false);

	/* A block without a record is not debugged, but can be used. */
	if (p)
		memset(p, 1, 40001);
	fault_spoil(sites && sites->nr > 1, "one call site allocates");
	kvfree(sites);
	slabmod_pool_kfree(kit.pool, p);
}

static void test_failing_debugged_blocks(struct kunit *test)
{
	static const struct deed deeds[] = {
		{ "debugged blocks", prepare_pool, act_blocks, look_at_pool },
		{ "debugged memory", prepare_pool, act_memory_and_list, look_at_pool },
		{ "a debugged area", prepare_pool, act_area_and_list, look_at_pool },
	};
	int i;

	kit.shape = shapes[1];
	debug_block_switch(true);
	for (i = 0; i < ARRAY_SIZE(deeds); i++)
		fault_each(test, &deeds[i]);
}

/* ---- the suite ---- */

#define X(id, name, text) #name,
static const char *const sites[] = { FAULTS_IN_USE(X) };
#undef X

static void test_every_site_has_failed(struct kunit *test)
{
	int site;

	kunit_info(test, "failures: %lu, in %lu runs\n", total.failed, total.runs);
	for (site = 0; site < NR_FAULTS_IN_USE; site++) {
		kunit_info(test, "%s: %lu\n", sites[site], total.at[site]);
		KUNIT_EXPECT_GT_MSG(test, total.at[site], 0, "%s has never failed", sites[site]);
	}
	KUNIT_EXPECT_GE(test, total.runs, LEAST_FAILURES);
}

static void fault_exit(struct kunit *test)
{
	fault_end();
	debug_block_switch(debug_all);
	kit_exit(test);
}

/* ---- descriptors of slabs ---- */

static void refuse_descriptors(bool on)
{
	const struct fault_order order = {
		.sites = BIT(FAULT_DESCRIPTORS), .nth = 1, .on = true, .task = current,
	};

	if (on)
		fault_begin(&order);
	else
		fault_end();
}

static void test_slab_without_a_descriptor_fails(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, 64);
	struct slabmod_cache *cache = kit_cache_create(test, pool, 16, 0, NULL);
	unsigned long before = stat_sum(pool->source.stats, EVENT_CHUNK_FAIL);
	struct slab *slab;

	refuse_descriptors(true);
	slab = slab_create(cache, NID, GFP_KERNEL);
	refuse_descriptors(false);
	KUNIT_EXPECT_NULL(test, slab);
	KUNIT_EXPECT_GT(test, stat_sum(pool->source.stats, EVENT_CHUNK_FAIL), before);
	slab = slab_create(cache, NID, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, slab);
	slab_destroy(cache, slab);
}

/* The smallest objects: each page is a slab. */
static void test_reserve_serves_slabs_without_the_kernel(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create_orders(test, 128, 6, 6);
	struct slabmod_cache *cache = kit_cache_create(test, pool, 16, 0, NULL);
	struct slab **slabs = (struct slab **)kit_array(test, 128);
	unsigned int n = 0;

	KUNIT_ASSERT_EQ(test, cache->usual.pages, 1);
	pool->source.reserve = 128;
	KUNIT_ASSERT_TRUE(test, pool_reserve(pool));
	refuse_descriptors(true);
	while (n < 128 && (slabs[n] = slab_create(cache, NID, GFP_ATOMIC)))
		n++;
	refuse_descriptors(false);
	KUNIT_EXPECT_EQ(test, n, 128);
	while (n)
		slab_destroy(cache, slabs[--n]);
	pool->source.reserve = 0;
}

static struct kunit_case fault_cases[] = {
	KUNIT_CASE(test_failing_objects),
	KUNIT_CASE(test_failing_bulk),
	KUNIT_CASE(test_failing_atomic_allocations),
	KUNIT_CASE(test_nofail_does_not_fail),
	KUNIT_CASE(test_failing_cache_operations),
	KUNIT_CASE(test_failing_calls_of_the_root_pool),
	KUNIT_CASE(test_failing_pools),
	KUNIT_CASE(test_failing_calls_of_a_pool),
	KUNIT_CASE(test_failing_debugged_objects),
	KUNIT_CASE(test_failing_debugged_blocks),
	KUNIT_CASE(test_slab_without_a_descriptor_fails),
	KUNIT_CASE(test_reserve_serves_slabs_without_the_kernel),
	KUNIT_CASE(test_every_site_has_failed),
	{}
};

struct kunit_suite fault_suite = {
	.name = "fault",
	.init = kit_init,
	.exit = fault_exit,
	.test_cases = fault_cases,
};
