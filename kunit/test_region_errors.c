// SPDX-License-Identifier: GPL-2.0
/*
 * test_region_errors.c - regions: what is refused, and what is reported.
 */
#include <linux/mm.h>

#include "test_region.h"

void test_bad_properties_are_refused(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, KIT_LIMIT);
	struct slabmod_region *region;

	KIT_EXPECT_MISUSE(test, MISUSE_TOO_LARGE, "region_create",
			  region = slabmod_pool_region_create(pool, SLABMOD_REGION_MAX_BLOCK + 1,
							      0, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, region);
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_REGION, "unknown flags",
			  region = slabmod_pool_region_create(pool, 0, SLABMOD_STRICT, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, region);
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_GFP, "region",
			  region = slabmod_region_create(0, 0, GFP_KERNEL | __GFP_DMA));
	KUNIT_EXPECT_NULL(test, region);
	region = kit_region(test, pool, SLABMOD_REGION_MAX_BLOCK, 0);
	slabmod_region_destroy(region);
	region = kit_region(test, pool, 1, 0);
	KUNIT_EXPECT_EQ(test, slabmod_region_size(region), PAGE_SIZE);
	slabmod_region_destroy(region);
}

void test_bad_requests_are_refused(struct kunit *test)
{
	static const size_t sizes[] = { SLABMOD_REGION_MAX + 1, 5u << 20, SIZE_MAX - 7, SIZE_MAX };
	static const size_t aligns[] = { 0, 3, 24, 2 * PAGE_SIZE };
	struct slabmod_region *region = kit_region(test, kit_pool_create(test, KIT_LIMIT), 0, 0);
	void *p = NULL;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		KIT_EXPECT_MISUSE(test, MISUSE_TOO_LARGE, "region_alloc",
				  p = slabmod_region_alloc(region, sizes[i], GFP_KERNEL));
		KUNIT_EXPECT_NULL(test, p);
	}
	for (i = 0; i < ARRAY_SIZE(aligns); i++) {
		KIT_EXPECT_MISUSE(test, MISUSE_BAD_REGION, "alignment",
				  p = slabmod_region_alloc_aligned(region, 8, aligns[i],
								   GFP_KERNEL));
		KUNIT_EXPECT_NULL(test, p);
	}
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_GFP, "region_alloc",
			  p = slabmod_region_alloc(region, 8, GFP_KERNEL | __GFP_DMA));
	KUNIT_EXPECT_NULL(test, p);
	KUNIT_EXPECT_EQ(test, slabmod_region_used(region), 0);
	slabmod_region_destroy(region);
}

void test_pieces_cannot_be_freed(struct kunit *test)
{
	struct slabmod_region *region = kit_region(test, root_pool, 4096, 0);
	void *small = kit_region_alloc(test, region, 64);
	void *large = kit_region_alloc(test, region, 100000);

	KIT_EXPECT_MISUSE(test, MISUSE_INNER_FREE, "kfree", slabmod_kfree(small));
	KIT_EXPECT_MISUSE(test, MISUSE_INNER_FREE, "kfree", slabmod_kfree(large));
	KIT_EXPECT_MISUSE(test, MISUSE_INNER_FREE, "kfree", slabmod_kfree(region));
	KIT_EXPECT_NO_MISUSE(test, slabmod_region_destroy(region));
}

void test_use_after_destruction_is_reported(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, KIT_LIMIT);
	struct slabmod_region *region = kit_region(test, pool, 0, 0);
	struct slabmod_mark mark;
	size_t size;
	void *p;

	kit_region_alloc(test, region, 64);
	slabmod_region_destroy(region);
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_REGION, "region_destroy",
			  slabmod_region_destroy(region));
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_REGION, "region_alloc",
			  p = slabmod_region_alloc(region, 64, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, p);
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_REGION, "region_mark",
			  mark = slabmod_region_mark(region));
	KUNIT_EXPECT_EQ(test, mark.region, 0);
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_REGION, "region_reset_to",
			  slabmod_region_reset_to(region, mark));
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_REGION, "region_reset", slabmod_region_reset(region));
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_REGION, "region_trim",
			  size = slabmod_region_trim(region));
	KUNIT_EXPECT_EQ(test, size, 0);
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_REGION, "region_used",
			  size = slabmod_region_used(region));
	KUNIT_EXPECT_EQ(test, size, 0);
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_REGION, "region_size",
			  size = slabmod_region_size(region));
	KUNIT_EXPECT_EQ(test, size, 0);
	region_expect_used(test, pool, 0);
}

void test_what_is_no_region_is_reported(struct kunit *test)
{
	struct slabmod_region *region = kit_region(test, root_pool, 4096, 0);
	void *p = slabmod_kmalloc(64, GFP_KERNEL);

	KIT_EXPECT_MISUSE(test, MISUSE_BAD_REGION, "region_destroy", slabmod_region_destroy(p));
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_REGION, "region_destroy",
			  slabmod_region_destroy((void *)region + 8));
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_REGION, "region_reset",
			  slabmod_region_reset((void *)test));
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_REGION, "region_reset",
			  slabmod_region_reset((void *)8ul));
	slabmod_kfree(p);
	slabmod_region_destroy(region);
}

/* A block that is freed from elsewhere is not freed again. */
void test_block_that_is_freed_twice_is_reported(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, KIT_LIMIT);
	struct slabmod_region *region = kit_region(test, pool, 4096, 0);
	void *p = kit_region_alloc(test, region, 10 * PAGE_SIZE);

	slabmod_kfree((void *)PAGE_ALIGN_DOWN((unsigned long)p));
	KIT_EXPECT_MISUSE(test, MISUSE_DOUBLE_FREE, "is free already",
			  slabmod_region_destroy(region));
	region_expect_used(test, pool, 0);
}

void test_pool_with_a_region_is_not_destroyed(struct kunit *test)
{
	struct slabmod_pool *pool = kit_module_pool(test, "kit-region", 0, 0);
	struct slabmod_region *region = kit_region(test, pool, 0, 0);

	KIT_EXPECT_MISUSE(test, MISUSE_POOL_BUSY, "kit-region",
			  KUNIT_EXPECT_EQ(test, slabmod_pool_destroy(pool), -EBUSY));
	slabmod_region_destroy(region);
	KUNIT_EXPECT_EQ(test, slabmod_pool_destroy(pool), 0);
}
