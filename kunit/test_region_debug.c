// SPDX-License-Identifier: GPL-2.0
/*
 * test_region_debug.c - red zones and poison of debugged regions, and their blocks in the list of
 * call sites.
 */
#include <linux/kasan.h>

#include "debug/callsites.h"
#include "debug/debug.h"
#include "debug/debug_block.h"
#include "debug/debug_region.h"
#include "test_debug.h"
#include "test_region.h"

static struct slabmod_region *debugged_region(struct kunit *test)
{
	return kit_region(test, kit_pool_create(test, KIT_LIMIT), 0, SLABMOD_DEBUG);
}

static struct slabmod_region *region_to_spoil(struct kunit *test)
{
	debug_may_spoil(test);
	return debugged_region(test);
}

void test_write_behind_a_piece_is_reported(struct kunit *test)
{
	static const size_t sizes[] = { 1, 7, 8, 13, 64, 100, 4000, 20000 };
	struct slabmod_region *region = region_to_spoil(test);
	struct slabmod_mark start = slabmod_region_mark(region);
	unsigned int i, k;
	char text[80];

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t size = sizes[i];
		size_t offsets[] = { size, ALIGN(size, 8) + DEBUG_REGION_ZONE - 1 };
		u8 *victim;

		for (k = 0; k < ARRAY_SIZE(offsets); k++) {
			kit_region_alloc(test, region, 40);
			victim = kit_region_alloc(test, region, size);
			kit_region_alloc(test, region, 50);
			debug_poke(victim, offsets[k], 0x33);
			KIT_EXPECT_MISUSE(test, MISUSE_OVERRUN, "behind a piece",
					  slabmod_region_reset_to(region, start));
			snprintf(text, sizeof(text), "%zu bytes of a region were written, %s %zu\n",
				 size, "the first at offset", offsets[k]);
			KUNIT_EXPECT_EQ(test, kit_captured(text), 1);
		}
	}
	/* One report per error. */
	KIT_EXPECT_NO_MISUSE(test, slabmod_region_destroy(region));
}

void test_write_behind_a_large_piece_is_reported(struct kunit *test)
{
	struct slabmod_region *region = region_to_spoil(test);
	u8 *p = kit_region_alloc(test, region, 50001);

	memset(p, 0xdd, 50001);
	debug_poke(p, 50001, 0x33);
	KIT_EXPECT_MISUSE(test, MISUSE_OVERRUN, "the first at offset 50001",
			  slabmod_region_reset(region));
	p = kit_region_alloc(test, region, 50000);
	debug_poke(p, -1, 0x33);
	KIT_EXPECT_MISUSE(test, MISUSE_OVERRUN, "1 bytes before the pieces",
			  slabmod_region_destroy(region));
}

void test_write_before_the_first_piece_is_reported(struct kunit *test)
{
	struct slabmod_region *region = region_to_spoil(test);
	u8 *p = kit_region_alloc(test, region, 64);

	debug_poke(p, -8, 0x33);
	KIT_EXPECT_MISUSE(test, MISUSE_OVERRUN, "1 bytes before the pieces",
			  slabmod_region_destroy(region));
}

void test_write_after_reset_is_reported(struct kunit *test)
{
	struct slabmod_region *region = region_to_spoil(test);
	u8 *p = kit_region_alloc(test, region, 64);

	slabmod_region_reset(region);
	debug_poke(p, 10, 0x33);
	KIT_EXPECT_MISUSE(test, MISUSE_WRITE_FREE, "1 bytes of a region were written",
			  KUNIT_EXPECT_PTR_EQ(test, kit_region_alloc(test, region, 64),
					      (void *)p));
	slabmod_region_reset(region);
	/* At the end at the latest. */
	debug_poke(p, 1000, 0x33);
	debug_poke(p, 1001, 0x33);
	KIT_EXPECT_MISUSE(test, MISUSE_WRITE_FREE, "2 bytes of a region were written",
			  slabmod_region_destroy(region));
}

void test_freed_pieces_are_poisoned(struct kunit *test)
{
	struct slabmod_region *region = region_to_spoil(test);
	struct slabmod_mark mark;
	u8 *kept, *freed;

	kept = kit_region_alloc(test, region, 64);
	KUNIT_EXPECT_TRUE(test, kit_filled_with(kept, DEBUG_FILL_NEW, 64));
	memset(kept, 1, 64);
	mark = slabmod_region_mark(region);
	freed = kit_region_alloc(test, region, 64);
	memset(freed, 2, 64);
	slabmod_region_reset_to(region, mark);
	KUNIT_EXPECT_TRUE(test, kit_filled_with(freed, DEBUG_FILL_FREE, 64));
	KUNIT_EXPECT_TRUE(test, kit_filled_with(kept, 1, 64));
	KIT_EXPECT_NO_MISUSE(test, slabmod_region_destroy(region));
}

void test_debugged_pieces_may_be_written_to_the_last_byte(struct kunit *test)
{
	struct slabmod_region *region = debugged_region(test);
	size_t size, align;
	void *p;

	kit_capture_begin();
	for (size = 1; size < 40000; size += 1 + size / 5) {
		for (align = 1; align <= PAGE_SIZE; align *= 8) {
			p = slabmod_region_alloc_aligned(region, size, align, GFP_KERNEL);
			KUNIT_ASSERT_NOT_NULL(test, p);
			memset(p, 0xdd, size);
		}
	}
	p = slabmod_region_zalloc(region, 1000, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, p);
	KUNIT_EXPECT_TRUE(test, kit_cleared(p, 1000));
	p = slabmod_region_alloc_aligned(region, SLABMOD_REGION_MAX, PAGE_SIZE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, p);
	memset(p, 0xdd, SLABMOD_REGION_MAX);
	slabmod_region_reset(region);
	slabmod_region_destroy(region);
	kit_capture_end();
	kit_expect_no_misuse(test, __LINE__);
}

/* ---- blocks ---- */

static noinline struct slabmod_region *create_here(struct slabmod_pool *pool)
{
	struct slabmod_region *region = slabmod_pool_region_create(pool, PAGE_SIZE, 0, GFP_KERNEL);

	barrier();
	return region;
}

static noinline void *extend_here(struct slabmod_region *region)
{
	void *p = slabmod_region_alloc(region, 2 * PAGE_SIZE + 1808, GFP_KERNEL);

	barrier();
	return p;
}

void test_blocks_are_listed_with_their_call_site(struct kunit *test)
{
	struct slabmod_pool *pool = kit_module_pool(test, "kit-region", 0, 0);
	struct slabmod_region *region;
	struct callsites *sites;
	char name[80];

	debug_block_switch(true);
	region = create_here(pool);
	KUNIT_ASSERT_NOT_NULL(test, region);
	KUNIT_EXPECT_NOT_NULL(test, extend_here(region));
	sites = callsites_of(pool, false);
	KUNIT_ASSERT_NOT_NULL(test, sites);
	KUNIT_EXPECT_EQ(test, sites->nr, 2);
	KUNIT_EXPECT_EQ(test, sites->site[0].bytes, 3 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, sites->site[1].bytes, PAGE_SIZE);
	snprintf(name, sizeof(name), "%pS", (void *)sites->site[0].site);
	KUNIT_EXPECT_NOT_NULL(test, strstr(name, "extend_here"));
	snprintf(name, sizeof(name), "%pS", (void *)sites->site[1].site);
	KUNIT_EXPECT_NOT_NULL(test, strstr(name, "create_here"));
	kvfree(sites);
	KIT_EXPECT_NO_MISUSE(test, slabmod_region_destroy(region));
	/* The quarantine has the blocks; the region is known to be gone. */
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_REGION, "destroyed", slabmod_region_destroy(region));
	KIT_EXPECT_NO_MISUSE(test, slabmod_pool_shrink(pool));
	debug_block_switch(debug_all);
	KUNIT_EXPECT_EQ(test, slabmod_pool_destroy(pool), 0);
}

#ifdef CONFIG_KASAN_GENERIC
void test_kasan_shadow_of_a_region(struct kunit *test)
{
	struct slabmod_region *region = debugged_region(test);
	u8 *p = kit_region_alloc(test, region, 61), *large;

	KUNIT_EXPECT_EQ(test, debug_shadow(p, -1), DEBUG_SHADOW_REDZONE);
	KUNIT_EXPECT_EQ(test, debug_shadow(p, 55), 0);
	KUNIT_EXPECT_EQ(test, debug_shadow(p, 60), 5);
	KUNIT_EXPECT_EQ(test, debug_shadow(p, 64), DEBUG_SHADOW_REDZONE);
	KUNIT_EXPECT_EQ(test, debug_shadow(p, 79), DEBUG_SHADOW_REDZONE);
	KUNIT_EXPECT_EQ(test, debug_shadow(p, 80), DEBUG_SHADOW_FREE);
	large = kit_region_alloc(test, region, 50001);
	KUNIT_EXPECT_EQ(test, debug_shadow(large, -1), DEBUG_SHADOW_REDZONE);
	KUNIT_EXPECT_EQ(test, debug_shadow(large, 50000), 1);
	KUNIT_EXPECT_EQ(test, debug_shadow(large, 50008), DEBUG_SHADOW_REDZONE);
	slabmod_region_reset(region);
	KUNIT_EXPECT_EQ(test, debug_shadow(p, 0), DEBUG_SHADOW_FREE);
	KUNIT_EXPECT_EQ(test, debug_shadow(p, 79), DEBUG_SHADOW_FREE);
	KUNIT_EXPECT_EQ(test, debug_shadow(large, -1), 0);
	slabmod_region_destroy(region);
	/* The next owner may access all of the pages. */
	KUNIT_EXPECT_EQ(test, debug_shadow(p, 0), 0);
	KUNIT_EXPECT_EQ(test, debug_shadow(p, 5000), 0);
}
#endif
