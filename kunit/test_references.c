// SPDX-License-Identifier: GPL-2.0
/*
 * test_references.c - references to the pages of a chunk that are not slabmod's: a stray
 * kfree() or put_page() frees nothing and is found, and a chunk that is referenced
 * elsewhere does not go back to the kernel.
 */
#include <linux/atomic.h>
#include <linux/mm.h>
#include <linux/net.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/vmstat.h>

#include <slabmod/slabmod.h>

#include "buddy.h"
#include "cache.h"
#include "cache_list.h"
#include "chunk.h"
#include "compat.h"
#include "kit.h"
#include "pattern.h"
#include "pool_check.h"
#include "pool_ledger.h"
#include "suites.h"

#define ORDER		UNIT_ORDER
#define PAGES		((unsigned int)BIT(ORDER))
#define OBJECT_SIZE	512u
#define OBJECTS		200u
#define NID		first_online_node

/* Objects side by side in one chunk, which is all that their pool has. */
struct objects {
	struct slabmod_pool *pool;
	struct slabmod_cache *cache;
	struct page *page;		/* the chunk's first */
	struct piece piece[OBJECTS];
};

static struct objects *objects_of(struct kunit *test)
{
	struct objects *o = kunit_kzalloc(test, sizeof(*o), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, o);
	o->pool = kit_pool_create_orders(test, PAGES, ORDER, ORDER);
	o->pool->source.nid = NID;
	o->cache = cache_create(o->pool, "references", OBJECT_SIZE, 0, 0, NULL, NULL);
	KUNIT_ASSERT_NOT_NULL(test, o->cache);
	for (i = 0; i < OBJECTS; i++) {
		void *object = slabmod_cache_alloc(o->cache, GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, object);
		piece_fill(&o->piece[i], object, OBJECT_SIZE, i + 1);
	}
	o->page = virt_to_page(frame_chunk(chunk_frame(o->piece[0].memory))->base);
	return o;
}

/* The kernel is given every chance to hand out a chunk that is in use here. */
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

/* Frees all objects and their cache. The chunk goes too, if nothing holds it. */
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
	KUNIT_EXPECT_EQ(test, stat_sum(o->pool->source.stats, STAT_REFERENCED), 0);
	KUNIT_EXPECT_EQ(test, kit_source.pages, 0);
	KUNIT_EXPECT_TRUE(test, pool_check(o->pool));
}

/* ---- references that are dropped, and were never taken ---- */

static void test_a_stray_put_frees_nothing_and_is_found(struct kunit *test)
{
	struct objects *o = objects_of(test);

	put_page(virt_to_page(o->piece[3].memory));
	expect_intact(test, o);
	KIT_EXPECT_MISUSE(test, MISUSE_STRAY_PUT, "1 reference",
			  KUNIT_EXPECT_TRUE(test, check_says_broken(o->pool)));
	/* It stays so, but is counted once. */
	KIT_EXPECT_NO_MISUSE(test, KUNIT_EXPECT_TRUE(test, check_says_broken(o->pool)));
	KIT_EXPECT_NO_MISUSE(test, objects_free(test, o));
	expect_all_back(test, o);
}

static void test_stray_puts_are_found_when_the_chunk_goes(struct kunit *test)
{
	struct objects *o = objects_of(test);
	unsigned int i;

	for (i = 0; i < 3; i++)
		put_page(virt_to_page(o->piece[i * 64].memory));
	expect_intact(test, o);
	KIT_EXPECT_MISUSE(test, MISUSE_STRAY_PUT, "3 references", objects_free(test, o));
	expect_all_back(test, o);
}

static void test_the_kernels_kfree_frees_nothing(struct kunit *test)
{
	struct objects *o;

	if (KERNEL_KFREE_REFUSES || IS_ENABLED(CONFIG_KASAN))
		kunit_skip(test, "this kernel reports a kfree() of what is not its own");
	o = objects_of(test);
	kfree(o->piece[7].memory);
	/* It counts what it believes to have freed. */
	mod_node_page_state(page_pgdat(o->page), NR_SLAB_UNRECLAIMABLE_B, PAGE_SIZE << ORDER);
	expect_intact(test, o);
	KIT_EXPECT_MISUSE(test, MISUSE_STRAY_PUT, "1 reference", objects_free(test, o));
	expect_all_back(test, o);
}

static void test_a_chunk_of_one_page_is_not_freed_either(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create_orders(test, 1, 0, 0);
	struct frame *frame = kit_buddy_alloc(pool->buddies, NID, 1, GFP_KERNEL);
	struct page *page;

	KUNIT_ASSERT_NOT_NULL(test, frame);
	page = virt_to_page(frame_address(frame));
	put_page(page);
	__free_page(page);
	KUNIT_EXPECT_NE(test, page_count(page), 0);
	KUNIT_EXPECT_TRUE(test, buddy_free(frame));
	KIT_EXPECT_MISUSE(test, MISUSE_STRAY_PUT, "2 references", pool_shrink(pool));
	KUNIT_EXPECT_EQ(test, kit_source.pages, 0);
}

/* ---- references that are held ---- */

static void test_a_referenced_chunk_stays(struct kunit *test)
{
	struct objects *o = objects_of(test);
	struct page *page = virt_to_page(o->piece[90].memory);
	void *first = o->piece[0].memory;

	get_page(page);
	KIT_EXPECT_NO_MISUSE(test, objects_free(test, o));
	KUNIT_EXPECT_EQ(test, atomic_long_read(&o->pool->source.held), PAGES);
	KUNIT_EXPECT_EQ(test, stat_sum(o->pool->source.stats, STAT_REFERENCED), PAGES);
	KUNIT_EXPECT_EQ(test, stat_sum(o->pool->source.stats, STAT_CHUNK_FREE), 0);
	KUNIT_EXPECT_EQ(test, kit_source.pages, PAGES);
	/* It is in use: in the ledger, and below the limit. */
	KUNIT_EXPECT_EQ(test, pool_ledger(o->pool).used, PAGES << PAGE_SHIFT);
	KUNIT_EXPECT_TRUE(test, pool_check(o->pool));
	KUNIT_EXPECT_NULL(test, kit_buddy_alloc(o->pool->buddies, NID, 1, GFP_KERNEL));
	expect_intact(test, o);
	/* What is freed once more is still found to be free. */
	KIT_EXPECT_MISUSE(test, MISUSE_DOUBLE_FREE, "free", slabmod_kfree(first));

	put_page(page);
	chunk_flush();
	KUNIT_EXPECT_EQ(test, stat_sum(o->pool->source.stats, STAT_CHUNK_FREE), 1);
	expect_all_back(test, o);
}

static void test_a_referenced_chunk_outlives_its_pool(struct kunit *test)
{
	struct objects *o = objects_of(test);
	struct page *page = o->page;

	get_page(page);
	objects_free(test, o);
	KUNIT_EXPECT_EQ(test, stat_sum(o->pool->source.stats, STAT_REFERENCED), PAGES);
	kit_pool_destroy(test, o->pool, 0);
	/* The reference is the last: with it the kernel gets the pages. */
	KUNIT_EXPECT_EQ(test, page_count(page), 1);
	expect_intact(test, o);
	put_page(page);
}

/* ---- references that come and go ---- */

#define ROUNDS	3000

static struct {
	struct page *page;
	bool done;
	unsigned long taken;
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
		/* What was put off is not to make the limit felt. */
		chunk_flush();
	}
	WRITE_ONCE(passing.done, true);
}

/* As memory-failure and compaction do: reference any page for a moment. */
static void take_references(void)
{
	while (!READ_ONCE(passing.done)) {
		struct page *page = READ_ONCE(passing.page);

		if (page && get_page_unless_zero(page)) {
			passing.taken++;
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
		take_references();
}

static void test_references_that_pass_are_no_misuse(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create_orders(test, 16, 2, 2);

	memset(&passing, 0, sizeof(passing));
	KIT_EXPECT_NO_MISUSE(test, kit_run_on_cpus(test, 2, pass, pool));
	kunit_info(test, "%lu references\n", passing.taken);
	chunk_flush();
	KUNIT_EXPECT_EQ(test, atomic_long_read(&pool->source.held), 0);
	KUNIT_EXPECT_EQ(test, stat_sum(pool->source.stats, STAT_REFERENCED), 0);
	KUNIT_EXPECT_EQ(test, stat_sum(pool->source.stats, STAT_CHUNK_FREE),
			stat_sum(pool->source.stats, STAT_CHUNK_NEW));
}

/* ---- what the kernel may do with the pages ---- */

static void test_no_page_may_be_sent_without_copying(struct kunit *test)
{
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
}

static void test_kmalloc_memory_may_not_be_sent_either(struct kunit *test)
{
	static const size_t sizes[] = { 8, 100, 512, 4096, 20000, 40000, 1 << 20 };
	unsigned int i;

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
	KUNIT_CASE(test_kmalloc_memory_may_not_be_sent_either),
	KUNIT_CASE(test_a_referenced_chunk_stays),
	KUNIT_CASE(test_a_referenced_chunk_outlives_its_pool),
	KUNIT_CASE(test_references_that_pass_are_no_misuse),
	KUNIT_CASE(test_a_stray_put_frees_nothing_and_is_found),
	KUNIT_CASE(test_stray_puts_are_found_when_the_chunk_goes),
	KUNIT_CASE(test_the_kernels_kfree_frees_nothing),
	KUNIT_CASE(test_a_chunk_of_one_page_is_not_freed_either),
	{}
};

struct kunit_suite references_suite = {
	.name = "references",
	KIT_SUITE_HOOKS,
	.test_cases = references_cases,
};
