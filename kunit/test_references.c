// SPDX-License-Identifier: GPL-2.0
/*
 * test_references.c - page references that are not slabmod's: a stray kfree() or put_page()
 * frees nothing and is reported, and a chunk with references is not freed to the kernel.
 */
#include <linux/mm.h>
#include <linux/net.h>
#include <linux/sched.h>
#include <linux/vmstat.h>

#include "compat.h"
#include "pattern.h"
#include "pool_check.h"
#include "pool_ledger.h"
#include "suites.h"
#include "verbs_pool.h"

#define ORDER		UNIT_ORDER
#define PAGES		((unsigned int)BIT(ORDER))
#define OBJECT_SIZE	512u
#define OBJECTS		200u

/* Objects of the only chunk of a pool. */
struct objects {
	struct slabmod_pool *pool;
	struct slabmod_cache *cache;
	struct page *page;		/* the chunk's first */
	struct piece piece[OBJECTS];
};

static struct objects *objects_of(struct kunit *test)
{
	struct objects *o = kit_zalloc(test, sizeof(*o));
	unsigned int i;

	o->pool = kit_pool_create_orders(test, PAGES, ORDER, ORDER);
	o->pool->source.nid = NID;
	o->cache = kit_cache_in(test, o->pool, "references", OBJECT_SIZE, 0);
	for (i = 0; i < OBJECTS; i++)
		piece_fill(&o->piece[i], kit_alloc(test, o->cache), OBJECT_SIZE, i + 1);
	o->page = virt_to_page(chunk_of(o->piece[0].memory)->base);
	return o;
}

/* Overwrite pages of the kernel, which has none of a chunk in use unless it was freed. */
static void use_memory(void)
{
	struct page *pages[16];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		pages[i] = alloc_pages_node(NID, GFP_KERNEL | __GFP_NOWARN, ORDER);
		if (pages[i])
			memset(page_address(pages[i]), 0xee, PAGE_SIZE << ORDER);
	}
	for (i = 0; i < ARRAY_SIZE(pages); i++)
		if (pages[i])
			__free_pages(pages[i], ORDER);
}

static void expect_intact(struct kunit *test, struct objects *o)
{
	unsigned int i;

	use_memory();
	for (i = 0; i < OBJECTS; i++)
		KUNIT_ASSERT_TRUE_MSG(test, piece_begins(&o->piece[i], OBJECT_SIZE),
				      "object %u was overwritten", i);
}

/* Free all objects, their cache, and the chunk if it has no other references. */
static void objects_free(struct kunit *test, struct objects *o)
{
	unsigned int i;

	for (i = 0; i < OBJECTS; i++)
		slabmod_cache_free(o->cache, o->piece[i].memory);
	KUNIT_EXPECT_EQ(test, cache_destroy(o->cache), 0);
	pool_shrink(o->pool);
}

static bool check_says_broken(struct slabmod_pool *pool)
{
	bool ok;

	report_broken_is_meant = true;
	ok = pool_check(pool);
	report_broken_is_meant = false;
	return !ok;
}

static void expect_all_back(struct kunit *test, struct objects *o)
{
	KUNIT_EXPECT_EQ(test, atomic_long_read(&o->pool->source.held), 0);
	KUNIT_EXPECT_EQ(test, stat_sum(o->pool->source.stats, EVENT_REFERENCED), 0);
	KUNIT_EXPECT_EQ(test, kit_source.pages, 0);
	KUNIT_EXPECT_TRUE(test, pool_check(o->pool));
}

/* ---- references dropped and never taken ---- */

static void test_stray_put_frees_nothing_and_is_reported(struct kunit *test)
{
	struct objects *o = objects_of(test);

	put_page(virt_to_page(o->piece[3].memory));
	expect_intact(test, o);
	KIT_EXPECT_MISUSE(test, MISUSE_STRAY_PUT, "1 reference",
			  KUNIT_EXPECT_TRUE(test, check_says_broken(o->pool)));
	/* Still broken, but reported once. */
	KIT_EXPECT_NO_MISUSE(test, KUNIT_EXPECT_TRUE(test, check_says_broken(o->pool)));
	KIT_EXPECT_NO_MISUSE(test, objects_free(test, o));
	expect_all_back(test, o);
}

static void test_stray_puts_are_reported_when_the_chunk_is_freed(struct kunit *test)
{
	struct objects *o = objects_of(test);
	unsigned int i;

	for (i = 0; i < 3; i++)
		put_page(virt_to_page(o->piece[i * 64].memory));
	expect_intact(test, o);
	KIT_EXPECT_MISUSE(test, MISUSE_STRAY_PUT, "3 references", objects_free(test, o));
	expect_all_back(test, o);
}

static void test_kfree_of_the_kernel_frees_nothing(struct kunit *test)
{
	struct objects *o;

	if (KERNEL_KFREE_REFUSES || IS_ENABLED(CONFIG_KASAN))
		kunit_skip(test, "this kernel reports a kfree() of what is not its own");
	o = objects_of(test);
	kfree(o->piece[7].memory);
	/* The kernel counts the pages as freed. */
	mod_node_page_state(page_pgdat(o->page), NR_SLAB_UNRECLAIMABLE_B, PAGE_SIZE << ORDER);
	expect_intact(test, o);
	KIT_EXPECT_MISUSE(test, MISUSE_STRAY_PUT, "1 reference", objects_free(test, o));
	expect_all_back(test, o);
}

static void test_stray_puts_of_a_single_page(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create_orders(test, 1, 0, 0);
	void *block = kit_buddy_alloc(pool->buddies, NID, 1, GFP_KERNEL);
	struct page *page;

	KUNIT_ASSERT_NOT_NULL(test, block);
	page = virt_to_page(block);
	put_page(page);
	__free_page(page);
	KUNIT_EXPECT_NE(test, page_count(page), 0);
	KUNIT_EXPECT_TRUE(test, buddy_free(block));
	KIT_EXPECT_MISUSE(test, MISUSE_STRAY_PUT, "2 references", pool_shrink(pool));
	KUNIT_EXPECT_EQ(test, kit_source.pages, 0);
}

/* ---- references held ---- */

static void test_referenced_chunk_stays(struct kunit *test)
{
	struct objects *o = objects_of(test);
	struct page *page = virt_to_page(o->piece[90].memory);
	void *first = o->piece[0].memory;

	get_page(page);
	KIT_EXPECT_NO_MISUSE(test, objects_free(test, o));
	KUNIT_EXPECT_EQ(test, atomic_long_read(&o->pool->source.held), PAGES);
	KUNIT_EXPECT_EQ(test, stat_sum(o->pool->source.stats, EVENT_REFERENCED), PAGES);
	KUNIT_EXPECT_EQ(test, stat_sum(o->pool->source.stats, EVENT_CHUNK_FREE), 0);
	KUNIT_EXPECT_EQ(test, kit_source.pages, PAGES);
	/* It counts as used, and against the limit. */
	KUNIT_EXPECT_EQ(test, pool_ledger(o->pool).used, PAGES << PAGE_SHIFT);
	KUNIT_EXPECT_TRUE(test, pool_check(o->pool));
	KUNIT_EXPECT_NULL(test, kit_buddy_alloc(o->pool->buddies, NID, 1, GFP_KERNEL));
	expect_intact(test, o);
	/* A double free is still reported. */
	KIT_EXPECT_MISUSE(test, MISUSE_DOUBLE_FREE, "free", slabmod_kfree(first));

	put_page(page);
	chunk_flush();
	KUNIT_EXPECT_EQ(test, stat_sum(o->pool->source.stats, EVENT_CHUNK_FREE), 1);
	expect_all_back(test, o);
}

static void test_referenced_chunk_outlives_its_pool(struct kunit *test)
{
	struct objects *o = objects_of(test);
	struct page *page = o->page;

	get_page(page);
	objects_free(test, o);
	KUNIT_EXPECT_EQ(test, stat_sum(o->pool->source.stats, EVENT_REFERENCED), PAGES);
	kit_pool_destroy(test, o->pool, 0);
	/* With this last reference the kernel gets the pages. */
	KUNIT_EXPECT_EQ(test, page_count(page), 1);
	expect_intact(test, o);
	put_page(page);
}

/* ---- short references ---- */

#define ROUNDS	3000

static struct {
	struct page *page;
	bool done;
	unsigned long nr;
} passing;

static void make_chunks(struct slabmod_pool *pool)
{
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		struct chunk *chunk = chunk_create(pool->buddies, NID, 0, GFP_KERNEL);

		if (!chunk)
			continue;
		WRITE_ONCE(passing.page, virt_to_page(chunk->base));
		chunk_try_release(chunk);
		chunk_destroy(chunk);
		/* Deferred frees must not count against the limit. */
		chunk_flush();
	}
	WRITE_ONCE(passing.done, true);
}

/* As memory-failure and compaction do: reference any page for a moment. */
static void get_references(void)
{
	while (!READ_ONCE(passing.done)) {
		struct page *page = READ_ONCE(passing.page);

		if (page && get_page_unless_zero(page)) {
			passing.nr++;
			put_page(page);
		}
		cond_resched();
	}
}

static void pass(unsigned int n, void *arg)
{
	if (!n)
		make_chunks(arg);
	else
		get_references();
}

static void test_short_references_are_no_misuse(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create_orders(test, 16, 2, 2);

	memset(&passing, 0, sizeof(passing));
	KIT_EXPECT_NO_MISUSE(test, kit_run_on_cpus(test, 2, pass, pool));
	kunit_info(test, "%lu references\n", passing.nr);
	chunk_flush();
	KUNIT_EXPECT_EQ(test, atomic_long_read(&pool->source.held), 0);
	KUNIT_EXPECT_EQ(test, stat_sum(pool->source.stats, EVENT_REFERENCED), 0);
	KUNIT_EXPECT_EQ(test, stat_sum(pool->source.stats, EVENT_CHUNK_FREE),
			stat_sum(pool->source.stats, EVENT_CHUNK_NEW));
}

/* ---- sendpage() ---- */

static void test_no_page_may_be_sent_without_copying(struct kunit *test)
{
	static const size_t sizes[] = { 8, 100, 512, 4096, 20000, 40000, 1 << 20 };
	struct objects *o = objects_of(test);
	unsigned int i;

	for (i = 0; i < PAGES; i++) {
		KUNIT_EXPECT_FALSE(test, sendpage_ok(o->page + i));
		get_page(o->page + i);
		KUNIT_EXPECT_FALSE(test, sendpage_ok(o->page + i));
		put_page(o->page + i);
	}
	expect_intact(test, o);
	KIT_EXPECT_NO_MISUSE(test, objects_free(test, o));
	expect_all_back(test, o);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		void *p = slabmod_kmalloc(sizes[i], GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, p);
		KUNIT_EXPECT_FALSE(test, sendpage_ok(virt_to_page(p)));
		KUNIT_EXPECT_FALSE(test, sendpage_ok(virt_to_page(p + sizes[i] - 1)));
		slabmod_kfree(p);
	}
}

static struct kunit_case references_cases[] = {
	KUNIT_CASE(test_no_page_may_be_sent_without_copying),
	KUNIT_CASE(test_referenced_chunk_stays),
	KUNIT_CASE(test_referenced_chunk_outlives_its_pool),
	KUNIT_CASE(test_short_references_are_no_misuse),
	KUNIT_CASE(test_stray_put_frees_nothing_and_is_reported),
	KUNIT_CASE(test_stray_puts_are_reported_when_the_chunk_is_freed),
	KUNIT_CASE(test_kfree_of_the_kernel_frees_nothing),
	KUNIT_CASE(test_stray_puts_of_a_single_page),
	{}
};

struct kunit_suite references_suite = {
	.name = "references",
	KIT_SUITE_HOOKS,
	.test_cases = references_cases,
};
