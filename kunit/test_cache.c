// SPDX-License-Identifier: GPL-2.0
/*
 * test_cache.c - what typed caches promise: sizes, alignments, names, constructed objects,
 * bulk calls that allocate all or nothing, the requested node, and NULL without harm.
 */
#include <linux/mm.h>
#include <linux/nodemask.h>

#include "context.h"
#include "home.h"
#include "home_walk.h"
#include "pattern.h"
#include "pool_check.h"
#include "suites.h"
#include "verbs_pool.h"

static void expect_nothing_lost(struct kunit *test, struct slabmod_cache *cache)
{
	kit_expect_unused(test, cache);
	KUNIT_EXPECT_TRUE(test, pool_check(cache->pool));
	kit_destroy(test, cache);
}

/* ---- properties ---- */

/* Objects are aligned, do not overlap, and may be written to their last byte. */
static void expect_good_objects(struct kunit *test, struct slabmod_cache *cache, size_t size,
				size_t align)
{
	struct piece pieces[20];
	int i;

	KUNIT_EXPECT_GE(test, slabmod_cache_size(cache), size);
	KUNIT_EXPECT_TRUE(test, IS_ALIGNED(slabmod_cache_size(cache), align));
	for (i = 0; i < ARRAY_SIZE(pieces); i++) {
		void *object = kit_alloc(test, cache);

		KUNIT_EXPECT_TRUE_MSG(test, IS_ALIGNED((unsigned long)object, align),
				      "size %zu, alignment %zu", size, align);
		piece_fill(&pieces[i], object, slabmod_cache_size(cache), i);
	}
	for (i = 0; i < ARRAY_SIZE(pieces); i++) {
		KUNIT_EXPECT_TRUE_MSG(test, piece_intact(&pieces[i]), "size %zu, alignment %zu",
				      size, align);
		slabmod_cache_free(cache, pieces[i].memory);
	}
}

static const size_t some_sizes[] = {
	1, 8, 16, 17, 24, 40, 63, 64, 65, 100, 192, 320, 1000, 1024, 2040, 4095, 4096, 4097,
	7000, 12288, 20000, 32767, 32768,
};

/* Alignment 0 means that of a pointer. */
static void test_sizes_and_alignments(struct kunit *test)
{
	static const size_t aligns[] = { 0, 1, 2, 4, 8, 16, 32, 64, 256, 1024, 4096 };
	struct slabmod_pool *pool = kit_pool_create(test, KIT_LIMIT);
	int i, k;

	for (i = 0; i < ARRAY_SIZE(some_sizes); i++) {
		for (k = 0; k < ARRAY_SIZE(aligns); k++) {
			struct slabmod_cache *cache = cache_create(pool, "aligned", some_sizes[i],
								   aligns[k], 0, NULL, NULL);

			KUNIT_ASSERT_NOT_NULL(test, cache);
			expect_good_objects(test, cache, some_sizes[i],
					    aligns[k] ?: sizeof(void *));
			expect_nothing_lost(test, cache);
		}
	}
}

/* Objects smaller than a cache line are aligned to a fraction of a line. */
static void test_hwcache_align(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, KIT_LIMIT);
	unsigned int line = cache_line_size();
	size_t size;

	for (size = 1; size < 4 * line; size += 3) {
		size_t align = clamp_t(size_t, roundup_pow_of_two(size), SLAB_MIN_SIZE, line);
		struct slabmod_cache *cache = kit_cache_in(test, pool, "lines", size,
							   SLABMOD_HWCACHE_ALIGN);

		expect_good_objects(test, cache, size, align);
		expect_nothing_lost(test, cache);
	}
}

static void test_name_is_copied_and_free_after_destroy(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, KIT_LIMIT);
	char name[] = "a-name-of-thirty-one-characters";
	struct slabmod_cache *cache;
	int i;

	KUNIT_ASSERT_EQ(test, strlen(name), SLABMOD_CACHE_NAME_MAX);
	for (i = 0; i < 2; i++) {
		cache = kit_cache_in(test, pool, name, 64, 0);
		name[0] = 'b';
		KUNIT_EXPECT_STREQ(test, cache->name, "a-name-of-thirty-one-characters");
		name[0] = 'a';
		kit_destroy(test, cache);
	}
}

/* In the root pool: its caches have debugfs folders. */
static struct slabmod_cache *create_named(struct kunit *test, const char *name)
{
	struct slabmod_cache *cache = slabmod_cache_create(name, 64, 0, 0, NULL);

	KUNIT_ASSERT_NOT_NULL(test, cache);
	KUNIT_EXPECT_STREQ(test, cache->name, name);
	return cache;
}

static void expect_folder(struct kunit *test, struct slabmod_cache *cache, const char *name)
{
	if (!IS_ENABLED(CONFIG_DEBUG_FS))
		kunit_skip(test, "there is no debugfs");
	KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(cache->debugfs));
	KUNIT_EXPECT_STREQ(test, (const char *)cache->debugfs->d_name.name, name);
}

/* Two devices may each create a cache of the same name. */
static void test_caches_of_one_name_are_told_apart(struct kunit *test)
{
	struct slabmod_cache *caches[4];
	void *objects[3];
	int i;

	for (i = 0; i < 3; i++)
		KIT_EXPECT_NO_MISUSE(test, caches[i] = create_named(test, "kit-twin"));
	expect_folder(test, caches[0], "kit-twin");
	expect_folder(test, caches[1], "kit-twin-2");
	expect_folder(test, caches[2], "kit-twin-3");
	for (i = 0; i < 3; i++)
		objects[i] = kit_alloc(test, caches[i]);
	KIT_EXPECT_MISUSE(test, MISUSE_WRONG_CACHE, "is an object of kit-twin",
			  slabmod_cache_free(caches[0], objects[1]));
	for (i = 0; i < 3; i++)
		slabmod_cache_free(caches[i], objects[i]);
	/* The label of a cache does not change when another is destroyed. */
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(caches[0]), 0);
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(caches[1]), 0);
	expect_folder(test, caches[2], "kit-twin-3");
	caches[3] = create_named(test, "kit-twin");
	expect_folder(test, caches[3], "kit-twin-4");
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(caches[2]), 0);
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(caches[3]), 0);
	caches[0] = create_named(test, "kit-twin");
	expect_folder(test, caches[0], "kit-twin");
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(caches[0]), 0);
}

static void test_labels_do_not_collide_with_names(struct kunit *test)
{
	static const struct {
		const char *name, *folder;
	} made[] = {
		{ "kit-tw-2", "kit-tw-2" }, { "kit-tw", "kit-tw" }, { "kit-tw", "kit-tw-3" },
		{ "kit-tw-2", "kit-tw-2-2" }, { "kit-tw-3", "kit-tw-3-2" },
		{ "kit-tw", "kit-tw-4" }, { "kmalloc-64", "kmalloc-64-2" },
		{ "a-name-of-thirty-one-characters", "a-name-of-thirty-one-characters" },
		{ "a-name-of-thirty-one-characters", "a-name-of-thirty-one-characters-2" },
	};
	struct slabmod_cache *caches[ARRAY_SIZE(made)];
	int i;

	for (i = 0; i < ARRAY_SIZE(made); i++) {
		caches[i] = create_named(test, made[i].name);
		expect_folder(test, caches[i], made[i].folder);
	}
	while (i--)
		KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(caches[i]), 0);
}

struct kit_person {
	char initial;
	u64 born;
} __aligned(32);

static void test_macro_uses_size_and_alignment_of_the_structure(struct kunit *test)
{
	struct slabmod_cache *cache = SLABMOD_CACHE(kit_person, 0);

	KUNIT_ASSERT_NOT_NULL(test, cache);
	KUNIT_EXPECT_STREQ(test, cache->name, "kit_person");
	KUNIT_EXPECT_EQ(test, slabmod_cache_size(cache), sizeof(struct kit_person));
	expect_good_objects(test, cache, sizeof(struct kit_person), 32);
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(cache), 0);
}

static void test_null_may_be_freed_and_destroyed(struct kunit *test)
{
	struct slabmod_cache *cache = kit_cache(test, 64);
	void *nothing[3] = { NULL };

	KIT_EXPECT_NO_MISUSE(test, slabmod_cache_free(cache, NULL));
	KIT_EXPECT_NO_MISUSE(test, slabmod_cache_free_bulk(cache, 3, nothing));
	KIT_EXPECT_NO_MISUSE(test, slabmod_cache_free_bulk(cache, 0, NULL));
	KIT_EXPECT_NO_MISUSE(test, KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(NULL), 0));
	expect_nothing_lost(test, cache);
}

/* ---- contents ---- */

struct built {
	u64 magic;
	u64 work[5];
};

static unsigned int constructed;
static bool constructed_atomic;

static void construct(void *object)
{
	struct built *built = object;

	built->magic = 0x5ab;
	constructed++;
	constructed_atomic |= !preemptible();
}

static void expect_constructed_once(struct kunit *test, unsigned int flags)
{
	struct slabmod_cache *cache;
	struct built *built[200];
	int round, i;

	constructed = 0;
	constructed_atomic = false;
	cache = kit_cache_with(test, sizeof(struct built), flags, construct);
	for (round = 0; round < 5; round++) {
		for (i = 0; i < ARRAY_SIZE(built); i++) {
			built[i] = kit_alloc(test, cache);
			KUNIT_EXPECT_EQ(test, built[i]->magic, 0x5ab);
			memset(built[i]->work, round, sizeof(built[i]->work));
		}
		for (i = 0; i < ARRAY_SIZE(built); i++) {
			slabmod_cache_free(cache, built[i]);
			KUNIT_EXPECT_TRUE(test, kit_filled_with(built[i]->work, round,
								sizeof(built[i]->work)));
		}
		/* Slabs that are freed here are constructed again. */
		if (round == 3)
			slabmod_cache_shrink(cache);
	}
	KUNIT_EXPECT_GE(test, constructed, ARRAY_SIZE(built));
	KUNIT_EXPECT_EQ(test, constructed, cache->objects * kit_stat(cache, EVENT_SLAB_NEW));
	KUNIT_EXPECT_FALSE_MSG(test, constructed_atomic, "called with preemption off");
	expect_nothing_lost(test, cache);
}

/* And a free object is not written to. */
static void test_constructor_runs_once_per_object(struct kunit *test)
{
	expect_constructed_once(test, 0);
	expect_constructed_once(test, SLABMOD_ISOLATED);
	expect_constructed_once(test, SLABMOD_TYPESAFE_BY_RCU);
}

static void test_zalloc_clears_to_the_last_byte(struct kunit *test)
{
	struct slabmod_cache *cache = kit_cache(test, 200);
	void *objects[100];
	int round, i;

	for (round = 0; round < 2; round++) {
		for (i = 0; i < 100; i++) {
			objects[i] = slabmod_cache_zalloc(cache, GFP_KERNEL);
			KUNIT_ASSERT_NOT_NULL(test, objects[i]);
			KUNIT_EXPECT_TRUE(test, kit_cleared(objects[i], 200));
			memset(objects[i], 0xff, 200);
		}
		slabmod_cache_free_bulk(cache, 100, objects);
	}
	KUNIT_ASSERT_EQ(test, slabmod_cache_alloc_bulk(cache, GFP_KERNEL | __GFP_ZERO, 100,
						       objects), 100);
	for (i = 0; i < 100; i++)
		KUNIT_EXPECT_TRUE(test, kit_cleared(objects[i], 200));
	slabmod_cache_free_bulk(cache, 100, objects);
	expect_nothing_lost(test, cache);
}

/* ---- destroy ---- */

static const unsigned int live_objects[] = { 3, 100 };

/* A long list of live objects is cut. */
static void test_cache_with_live_objects_is_not_destroyed(struct kunit *test)
{
	struct slabmod_cache *cache = kit_cache(test, 64);
	void *objects[100];
	char text[80];
	int err, i;

	for (i = 0; i < ARRAY_SIZE(live_objects); i++) {
		unsigned int nr = live_objects[i];

		kit_alloc_n(test, cache, objects, nr);
		snprintf(text, sizeof(text), "%s: destroyed with %u live objects", cache->name, nr);
		KIT_EXPECT_MISUSE(test, MISUSE_CACHE_BUSY, text, err = cache_destroy(cache));
		KUNIT_EXPECT_EQ(test, err, -EBUSY);
		snprintf(text, sizeof(text), "%s object ", cache->name);
		if (nr < 10)
			KUNIT_EXPECT_EQ(test, kit_captured(text), nr);
		else
			KUNIT_EXPECT_LT(test, kit_captured(text), nr);
		KUNIT_EXPECT_EQ(test, kit_captured(" more"), nr >= 10);
		expect_good_objects(test, cache, 64, 8);
		slabmod_cache_free_bulk(cache, nr, objects);
	}
	KIT_EXPECT_NO_MISUSE(test, expect_nothing_lost(test, cache));
}

/* ---- bulk ---- */

static void test_bulk_allocates_the_requested_number(struct kunit *test)
{
	struct slabmod_cache *cache = kit_cache(test, 48);
	struct piece *pieces = kit_zalloc(test, 1000 * sizeof(*pieces));
	void **objects = kit_array(test, 1000);
	unsigned int nr, i;

	for (nr = 1; nr <= 1000; nr = nr * 3 + 1) {
		KUNIT_ASSERT_EQ(test, slabmod_cache_alloc_bulk(cache, GFP_KERNEL, nr, objects), nr);
		KUNIT_EXPECT_EQ(test, cache_used(cache), nr);
		for (i = 0; i < nr; i++)
			piece_fill(&pieces[i], objects[i], 48, i);
		for (i = 0; i < nr; i++)
			KUNIT_EXPECT_TRUE(test, piece_intact(&pieces[i]));
		slabmod_cache_free_bulk(cache, nr, objects);
		KUNIT_EXPECT_EQ(test, cache_used(cache), 0);
	}
	expect_nothing_lost(test, cache);
}

static void test_bulk_allocates_nothing_if_not_all(struct kunit *test)
{
	/* Each request for pages makes one slab. */
	struct slabmod_pool *pool = kit_pool_create_orders(test, KIT_LIMIT, 0, 0);
	struct slabmod_cache *cache = kit_cache_in(test, pool, "bulk", 256, 0);
	void **objects = kit_array(test, 200);
	unsigned int n;

	for (n = 0; ; n++) {
		size_t got;

		slabmod_cache_shrink(cache);
		pool_shrink(pool);
		kit_source.fail_after = n;
		got = slabmod_cache_alloc_bulk(cache, GFP_KERNEL, 200, objects);
		kit_source.fail_after = ULONG_MAX;
		KUNIT_EXPECT_TRUE(test, cache_check(cache));
		if (got == 200)
			break;
		KUNIT_ASSERT_EQ(test, got, 0);
		KUNIT_EXPECT_EQ(test, cache_used(cache), 0);
	}
	KUNIT_EXPECT_GE(test, n, 200 * 256 / PAGE_SIZE);
	slabmod_cache_free_bulk(cache, 200, objects);
	expect_nothing_lost(test, cache);
}

/* ---- nodes ---- */

/* With __GFP_THISNODE and without. NUMA_NO_NODE is the node of the CPU. */
static void test_object_is_on_the_requested_node(struct kunit *test)
{
	struct slabmod_cache *cache = kit_cache(test, 192);
	void *objects[100], *object;
	gfp_t gfp = GFP_KERNEL;
	unsigned int n, i;
	int nid;

	for_each_online_node(nid) {
		for (i = 0; i < 100; i++) {
			gfp ^= __GFP_THISNODE;
			objects[i] = slabmod_cache_alloc_node(cache, gfp, nid);
			KUNIT_ASSERT_NOT_NULL(test, objects[i]);
			KUNIT_EXPECT_EQ(test, kit_node(objects[i]), nid);
		}
		slabmod_cache_free_bulk(cache, 100, objects);
	}
	for (n = 0; n < num_online_cpus(); n++) {
		context_pin(n);
		object = slabmod_cache_alloc_node(cache, GFP_KERNEL, NUMA_NO_NODE);
		KUNIT_ASSERT_NOT_NULL(test, object);
		KUNIT_EXPECT_EQ(test, kit_node(object), numa_mem_id());
		slabmod_cache_free(cache, object);
	}
	expect_nothing_lost(test, cache);
}

static void test_full_node_falls_back_unless_thisnode(struct kunit *test)
{
	struct slabmod_cache *cache = kit_cache(test, 192);
	int nid = first_online_node;
	void *object;

	kit_need_nodes(test);
	kit_source.full_nodes = BIT(nid);
	KUNIT_EXPECT_NULL(test, slabmod_cache_alloc_node(cache, GFP_KERNEL | __GFP_THISNODE, nid));
	object = slabmod_cache_alloc_node(cache, GFP_KERNEL, nid);
	KUNIT_ASSERT_NOT_NULL(test, object);
	KUNIT_EXPECT_NE(test, kit_node(object), nid);
	slabmod_cache_free(cache, object);
	expect_nothing_lost(test, cache);
}

/* ---- pages ---- */

static void test_shrink_frees_every_free_page(struct kunit *test)
{
	struct slabmod_cache *cache = kit_cache(test, 192);
	void **objects = kit_array(test, 1000);
	unsigned long pages;

	kit_alloc_n(test, cache, objects, 1000);
	slabmod_cache_free_bulk(cache, 1000, objects);
	pages = home_pages(cache);
	KUNIT_EXPECT_GT(test, pages, 0);
	KUNIT_EXPECT_EQ(test, slabmod_cache_shrink(cache), pages);
	KUNIT_EXPECT_EQ(test, home_pages(cache), 0);
	KUNIT_EXPECT_EQ(test, slabmod_cache_shrink(cache), 0);
	expect_nothing_lost(test, cache);
}

static const gfp_t gfp_kinds[] = {
	GFP_KERNEL, GFP_ATOMIC, GFP_NOWAIT, GFP_NOIO, GFP_NOFS, GFP_KERNEL | __GFP_NORETRY,
	GFP_KERNEL | __GFP_RETRY_MAYFAIL, GFP_KERNEL | __GFP_ZERO, GFP_KERNEL | __GFP_THISNODE,
};

/* A source that records the flags of requests, in front of the test's own. */
static struct page *(*next_alloc)(struct chunk_source *source, gfp_t gfp, unsigned int order,
				  int nid);
static gfp_t requested;

static struct page *record_alloc(struct chunk_source *source, gfp_t gfp, unsigned int order,
				 int nid)
{
	requested |= gfp;
	return next_alloc(source, gfp, order, nid);
}

static void expect_modest_requests(struct kunit *test, struct slabmod_pool *pool)
{
	const gfp_t effort = __GFP_RECLAIM | __GFP_IO | __GFP_FS | __GFP_HIGH | __GFP_MEMALLOC |
			     __GFP_NOFAIL;
	struct slabmod_cache *cache = kit_cache_in(test, pool, "modest", 192, 0);
	void *object;
	int i;

	next_alloc = pool->source.alloc;
	pool->source.alloc = record_alloc;
	for (i = 0; i < ARRAY_SIZE(gfp_kinds); i++) {
		kit_source.fail_all = true;
		KIT_EXPECT_NO_MISUSE(test, object = slabmod_cache_alloc(cache, gfp_kinds[i]));
		KUNIT_EXPECT_NULL_MSG(test, object, "GFP %#x", (__force u32)gfp_kinds[i]);
		KUNIT_EXPECT_EQ(test, slabmod_cache_alloc_bulk(cache, gfp_kinds[i], 1, &object), 0);
		KUNIT_EXPECT_TRUE(test, cache_check(cache));
		kit_source.fail_all = false;
		requested = 0;
		object = slabmod_cache_alloc(cache, gfp_kinds[i]);
		KUNIT_EXPECT_NOT_NULL(test, object);
		KUNIT_EXPECT_NE(test, (__force u32)requested, 0);
		KUNIT_EXPECT_EQ_MSG(test, (__force u32)(requested & effort & ~gfp_kinds[i]), 0,
				    "GFP %#x", (__force u32)gfp_kinds[i]);
		slabmod_cache_free(cache, object);
		slabmod_cache_shrink(cache);
		pool_shrink(pool);
	}
	expect_nothing_lost(test, cache);
}

/* Of the kernel's page allocator; and without memory, NULL. */
static void test_no_more_effort_than_the_caller_allows(struct kunit *test)
{
	/* With opportunistic requests for large chunks, and without. */
	expect_modest_requests(test, kit_pool_create(test, KIT_LIMIT));
	expect_modest_requests(test, kit_pool_create_orders(test, KIT_LIMIT, 0, 0));
}

/* ---- at random ---- */

static void *model_alloc(struct model *model, struct rnd_state *rnd, gfp_t gfp, size_t *size)
{
	*size = slabmod_cache_size(model->cache);
	kit_source.fail_all = kit_random(rnd, 2);
	if (kit_random(rnd, 4) == 0)
		return slabmod_cache_alloc_node(model->cache, gfp, first_online_node);
	return slabmod_cache_alloc(model->cache, gfp);
}

static void model_rest(struct model *model, unsigned long pieces, size_t bytes)
{
	KUNIT_EXPECT_TRUE(model->test, cache_check(model->cache));
	KUNIT_EXPECT_TRUE(model->test, pool_check(model->cache->pool));
	KUNIT_EXPECT_EQ(model->test, cache_used(model->cache), pieces);
	if (pieces % 4 == 0)
		slabmod_cache_shrink(model->cache);
	kit_source.max_order = pieces % 3 ? UINT_MAX : pieces % 2;
}

static void test_random_calls_with_failures(struct kunit *test)
{
	/* Small chunks, so that many are created and freed; and fewer pages than requested. */
	struct slabmod_pool *pool = kit_pool_create_orders(test, SZ_256K >> PAGE_SHIFT, 0, 3);
	struct model model = kit_model(test, kit_cache_in(test, pool, "random", 360, 0));

	model.alloc = model_alloc;
	model.rest = model_rest;
	model_run(&model, 2000, KIT_STEPS);
	KUNIT_EXPECT_EQ(test, model.wrong, 0);
	KUNIT_EXPECT_GT(test, model.failed, 0);
	expect_nothing_lost(test, model.cache);
}

/* ---- NMIs; test_contexts.c has the other contexts ---- */

struct nmi {
	struct slabmod_cache *cache;
	void *objects[5];
};

static void nmi_free(void *arg)
{
	struct nmi *nmi = arg;

	slabmod_cache_free_bulk(nmi->cache, ARRAY_SIZE(nmi->objects), nmi->objects);
}

static void test_nmi_does_not_flush_a_full_magazine(struct kunit *test)
{
	struct nmi nmi = { .cache = kit_cache(test, 192) };
	unsigned int capacity, flushes;
	void **objects;

	context_pin(0);
	kit_alloc_n(test, nmi.cache, nmi.objects, ARRAY_SIZE(nmi.objects));
	capacity = nmi.cache->capacity;
	objects = kit_array(test, capacity);
	kit_alloc_n(test, nmi.cache, objects, capacity);
	slabmod_cache_shrink(nmi.cache);
	slabmod_cache_free_bulk(nmi.cache, capacity, objects);
	flushes = kit_stat(nmi.cache, EVENT_FLUSH);
	if (!context_nmi_begin(nmi_free, &nmi)) {
		nmi_free(&nmi);
		kunit_skip(test, "there are no NMIs");
	}
	context_nmi();
	context_nmi_end();
	KUNIT_EXPECT_EQ(test, kit_stat(nmi.cache, EVENT_FLUSH), flushes);
	KUNIT_EXPECT_EQ(test, magazine_nr_local(kit_magazine(nmi.cache)), capacity);
	expect_nothing_lost(test, nmi.cache);
}

static struct kunit_case cache_cases[] = {
	KUNIT_CASE(test_sizes_and_alignments),
	KUNIT_CASE(test_hwcache_align),
	KUNIT_CASE(test_name_is_copied_and_free_after_destroy),
	KUNIT_CASE(test_caches_of_one_name_are_told_apart),
	KUNIT_CASE(test_labels_do_not_collide_with_names),
	KUNIT_CASE(test_macro_uses_size_and_alignment_of_the_structure),
	KUNIT_CASE(test_null_may_be_freed_and_destroyed),
	KUNIT_CASE(test_constructor_runs_once_per_object),
	KUNIT_CASE(test_zalloc_clears_to_the_last_byte),
	KUNIT_CASE(test_cache_with_live_objects_is_not_destroyed),
	KUNIT_CASE(test_bulk_allocates_the_requested_number),
	KUNIT_CASE(test_bulk_allocates_nothing_if_not_all),
	KUNIT_CASE(test_object_is_on_the_requested_node),
	KUNIT_CASE(test_full_node_falls_back_unless_thisnode),
	KUNIT_CASE(test_shrink_frees_every_free_page),
	KUNIT_CASE(test_no_more_effort_than_the_caller_allows),
	KUNIT_CASE(test_random_calls_with_failures),
	KUNIT_CASE(test_nmi_does_not_flush_a_full_magazine),
	{}
};

struct kunit_suite cache_suite = {
	.name = "cache",
	KIT_SUITE_HOOKS,
	.test_cases = cache_cases,
};
