// SPDX-License-Identifier: GPL-2.0
/*
 * test_debug_block.c - errors with debugged blocks are found.
 */
#include <linux/mm.h>

#include "debug/callsites.h"
#include "debug/debug_block.h"
#include "pool_check.h"
#include "pool_ledger.h"
#include "test_debug.h"

#define ORDER	5
#define SIZE	(PAGE_SIZE << ORDER)

static struct slabmod_pool *begin(struct kunit *test)
{
	struct slabmod_pool *pool = kit_module_pool(test, "kit-debug", 0, 64 << 20);

	debug_block_switch(true);
	return pool;
}

static struct slabmod_pool *begin_to_spoil(struct kunit *test)
{
	debug_may_spoil(test);
	return begin(test);
}

static void end(struct kunit *test, struct slabmod_pool *pool)
{
	KUNIT_EXPECT_TRUE(test, pool_check(pool));
	KIT_EXPECT_NO_MISUSE(test, slabmod_pool_shrink(pool));
	debug_block_switch(debug_all);
	KUNIT_EXPECT_EQ(test, slabmod_pool_destroy(pool), 0);
}

static noinline void *victim_block(struct slabmod_pool *pool)
{
	void *block = (void *)slabmod_pool_get_free_pages(pool, GFP_KERNEL, ORDER);

	barrier();
	return block;
}

static noinline void culprit_free(struct slabmod_pool *pool, void *block)
{
	slabmod_pool_free_pages(pool, (unsigned long)block, ORDER);
	barrier();
}

void test_write_to_a_freed_block_is_reported(struct kunit *test)
{
	struct slabmod_pool *pool = begin_to_spoil(test);
	void *block = victim_block(pool);

	KUNIT_ASSERT_NOT_NULL(test, block);
	KUNIT_EXPECT_PTR_EQ(test, memchr_inv(block, 0x5a, SIZE), NULL);
	culprit_free(pool, block);
	KUNIT_EXPECT_EQ(test, *(unsigned long *)block, 0x6b6b6b6b6b6b6b6bul);
	debug_poke(block, 70000, 1);
	KIT_EXPECT_MISUSE(test, MISUSE_WRITE_FREE, "the first at offset 70000",
			  slabmod_pool_shrink(pool));
	KUNIT_EXPECT_TRUE(test, kit_captured_stack("slabmod:   allocated ", "victim_block"));
	KUNIT_EXPECT_TRUE(test, kit_captured_stack("slabmod:   freed ", "culprit_free"));
	KUNIT_EXPECT_EQ(test, kit_captured("bytes from offset 70000 on: 01 6b 6b"), 1);
	end(test, pool);
}

void test_kmalloc_block_has_a_red_zone_to_the_end_of_its_pages(struct kunit *test)
{
	struct slabmod_pool *pool = begin_to_spoil(test);
	u8 *p = kit_pool_kmalloc(test, pool, 40001), *q;

	memset(p, 7, 40001);
	debug_poke(p, 40001, 1);
	KIT_EXPECT_MISUSE(test, MISUSE_OVERRUN, "the first at offset 40001", slabmod_kfree(p));
	KUNIT_EXPECT_EQ(test, kit_captured("of 10 pages, 40001 bytes requested"), 1);
	p = kit_pool_kmalloc(test, pool, 40001);
	memset(p, 7, slabmod_ksize(p));
	q = slabmod_krealloc(p, 50000, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, q);
	KUNIT_EXPECT_PTR_EQ(test, memchr_inv(q, 7, 40001), NULL);
	q = slabmod_krealloc(q, 49999, GFP_KERNEL);
	debug_poke(q, 49999, 1);
	KIT_EXPECT_MISUSE(test, MISUSE_OVERRUN, "the first at offset 49999", slabmod_kfree(q));
	KUNIT_EXPECT_EQ(test, kit_captured("bytes from offset 49999 on: 01 bb bb"), 1);
	debug_expect_not_covered_up(test, pool, 40001, 40500);
	end(test, pool);
}

#ifdef CONFIG_KASAN_GENERIC
void test_kasan_shadow_of_a_block(struct kunit *test)
{
	struct slabmod_pool *pool = begin(test);
	void *p = kit_pool_kmalloc(test, pool, 40001);

	KUNIT_EXPECT_EQ(test, debug_shadow(p, 0), 0);
	KUNIT_EXPECT_EQ(test, debug_shadow(p, 40000), 1);
	KUNIT_EXPECT_EQ(test, debug_shadow(p, 40008), 0xfc);
	KUNIT_EXPECT_EQ(test, debug_shadow(p, 40959), 0xfc);
	KUNIT_EXPECT_EQ(test, slabmod_ksize(p), 40960);
	KUNIT_EXPECT_EQ(test, debug_shadow(p, 40959), 0);
	slabmod_kfree(p);
	KUNIT_EXPECT_EQ(test, debug_shadow(p, 0), 0xfb);
	KUNIT_EXPECT_EQ(test, debug_shadow(p, 40959), 0xfb);
	/* The next owner may access all of the pages. */
	slabmod_pool_shrink(pool);
	KUNIT_EXPECT_NE(test, debug_shadow(p, 0), 0xfb);
	KUNIT_EXPECT_NE(test, debug_shadow(p, 40959), 0xfb);
	p = kit_pool_kmalloc(test, pool, 40960);
	KUNIT_EXPECT_EQ(test, debug_shadow(p, 40959), 0);
	slabmod_kfree(p);
	end(test, pool);
}
#endif

void test_block_quarantine_is_free_memory_and_is_bounded(struct kunit *test)
{
	struct slabmod_pool *pool = begin(test);
	struct callsites *sites;
	struct pool_ledger ledger;
	void *block = victim_block(pool);
	int i;

	sites = callsites_of(pool, false);
	KUNIT_ASSERT_NOT_NULL(test, sites);
	KUNIT_EXPECT_EQ(test, sites->nr, 1);
	KUNIT_EXPECT_EQ(test, sites->site[0].bytes, SIZE);
	kvfree(sites);
	culprit_free(pool, block);
	ledger = pool_ledger(pool);
	KUNIT_EXPECT_EQ(test, ledger.used, 0);
	KUNIT_EXPECT_EQ(test, ledger.magazines, SIZE);
	/* A drained block is reused as any other. */
	KUNIT_EXPECT_TRUE(test, block_drain(ULONG_MAX));
	debug_block_switch(false);
	KUNIT_EXPECT_PTR_EQ(test, victim_block(pool), block);
	debug_block_switch(true);
	culprit_free(pool, block);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&pool->source.quarantined), 0);
	/* The quarantine is bounded, and shrinks at the limit of the pool. */
	for (i = 0; i < 1000; i++) {
		block = victim_block(pool);
		KUNIT_ASSERT_NOT_NULL(test, block);
		culprit_free(pool, block);
		KUNIT_ASSERT_LE(test, atomic_long_read(&pool->source.quarantined) << PAGE_SHIFT,
				quarantine_kb << 10);
	}
	pool->source.limit = atomic_long_read(&pool->source.held);
	block = (void *)slabmod_pool_get_free_pages(pool, GFP_KERNEL, 9);
	KUNIT_EXPECT_NOT_NULL(test, block);
	slabmod_pool_free_pages(pool, (unsigned long)block, 9);
	end(test, pool);
}
