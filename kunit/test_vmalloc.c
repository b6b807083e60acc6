// SPDX-License-Identifier: GPL-2.0
/*
 * test_vmalloc.c - vmalloc: contents, the ledger to the byte, the page behind an area, memory in
 * single pages, limits and refusals, and resizing.
 */
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/sizes.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include "area.h"
#include "context.h"
#include "debug/debug_area.h"
#include "pool_check.h"
#include "root.h"
#include "suites.h"
#include "test_vmalloc.h"

/* A byte that is not mapped is not read. */
static bool is_mapped(const void *p)
{
	u8 byte;

	return !copy_from_kernel_nofault(&byte, p, 1);
}

/* ---- contents and the ledger ---- */

static const size_t sizes[] = {
	1, 100, 4096, 4097, 65536, SZ_1M + 1, SZ_4M, SZ_4M + 1, 12 * SZ_1M + 5, 40 * SZ_1M,
};

static void test_areas_of_all_sizes(struct kunit *test)
{
	struct slabmod_pool *pool = pool_of_test(test);
	struct piece piece;
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t size = sizes[i];
		void *p;

		if (size > (si_mem_available() << PAGE_SHIFT) / 4)
			continue;
		p = vmalloc_in(test, pool, size);
		KUNIT_EXPECT_TRUE(test, PAGE_ALIGNED(p));
		KUNIT_EXPECT_TRUE(test, is_vmalloc_addr(p));
		KUNIT_EXPECT_EQ(test, slabmod_vsize(p), size);
		KUNIT_EXPECT_EQ(test, used(pool), PAGE_ALIGN(size));
		piece_fill(&piece, p, size, size);
		KUNIT_EXPECT_TRUE(test, pool_check(pool));
		KUNIT_EXPECT_TRUE(test, piece_intact(&piece));
		KIT_EXPECT_NO_MISUSE(test, slabmod_vfree(p));
		KUNIT_EXPECT_EQ(test, used(pool), 0);
		KUNIT_EXPECT_TRUE(test, pool_check(pool));
	}
}

static void test_areas_do_not_overlap(struct kunit *test)
{
	struct slabmod_pool *pool = pool_of_test(test);
	struct piece pieces[20];
	int i;

	for (i = 0; i < ARRAY_SIZE(pieces); i++) {
		size_t size = 1 + i * i * 1000;

		piece_fill(&pieces[i], vmalloc_in(test, pool, size), size, i);
	}
	for (i = 0; i < ARRAY_SIZE(pieces); i++) {
		KUNIT_EXPECT_TRUE(test, piece_intact(&pieces[i]));
		slabmod_vfree(pieces[i].memory);
	}
	KUNIT_EXPECT_EQ(test, used(pool), 0);
}

/* Bytes of slabmod's own for an area. */
static size_t record_size(void)
{
	size_t debug = debug_all ? sizeof(struct debug_area) : 0;

	/* Of one block. */
	return struct_bytes(struct vmalloc_area, blocks, 1) + debug;
}

static void test_ledger_counts_each_byte(struct kunit *test)
{
	struct slabmod_pool *pool = pool_of_test(test);
	/* The chunk stays, and so its metadata. */
	void *block = kit_block(test, pool, 1);
	struct pool_ledger before = pool_ledger(pool), during, after;
	void *p = vmalloc_in(test, pool, 10 * PAGE_SIZE + 1);

	during = pool_ledger(pool);
	slabmod_vfree(p);
	after = pool_ledger(pool);
	/* As documented. */
	KUNIT_EXPECT_EQ(test, struct_bytes(struct vmalloc_area, blocks, 1), 128);
	KUNIT_EXPECT_EQ(test, during.used, before.used + 11 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, during.buddy, before.buddy - 11 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, during.metadata, before.metadata + record_size());
	KUNIT_EXPECT_EQ(test, during.held, before.held + record_size());
	KUNIT_EXPECT_EQ(test, after.used, before.used);
	KUNIT_EXPECT_EQ(test, after.buddy, before.buddy);
	KUNIT_EXPECT_EQ(test, after.metadata, before.metadata);
	KUNIT_EXPECT_EQ(test, after.held, before.held);
	kit_block_free(block);
}

static void test_unmapped_page_follows(struct kunit *test)
{
	static const size_t some[] = { 1, PAGE_SIZE, 3 * PAGE_SIZE, SZ_4M, SZ_8M };
	struct slabmod_pool *pool = pool_of_test(test);
	int i;

	for (i = 0; i < ARRAY_SIZE(some); i++) {
		void *p = vmalloc_in(test, pool, some[i]), *end = p + PAGE_ALIGN(some[i]);

		KUNIT_EXPECT_TRUE(test, is_mapped(p));
		KUNIT_EXPECT_TRUE(test, is_mapped(end - 1));
		KUNIT_EXPECT_FALSE(test, is_mapped(end));
		KUNIT_EXPECT_FALSE(test, is_mapped(end + PAGE_SIZE - 1));
		slabmod_vfree(p);
		KUNIT_EXPECT_NULL(test, vmalloc_to_page(p));
	}
}

static void test_addresses_are_recognized(struct kunit *test)
{
	struct slabmod_pool *pool = pool_of_test(test);
	u8 *p = vmalloc_in(test, pool, 3 * PAGE_SIZE - 10);
	void *kernel = vmalloc(PAGE_SIZE);
	int on_stack = 0;

	KUNIT_EXPECT_TRUE(test, slabmod_is_vmalloc_addr(p));
	KUNIT_EXPECT_TRUE(test, slabmod_is_vmalloc_addr(p + PAGE_SIZE + 7));
	KUNIT_EXPECT_TRUE(test, slabmod_is_vmalloc_addr(p + 3 * PAGE_SIZE - 1));
	KUNIT_EXPECT_EQ(test, slabmod_vsize(p + 1), 0);
	KUNIT_EXPECT_FALSE(test, slabmod_is_vmalloc_addr(p - 1));
	KUNIT_EXPECT_FALSE(test, slabmod_is_vmalloc_addr(p + 3 * PAGE_SIZE));
	KUNIT_EXPECT_FALSE(test, slabmod_is_vmalloc_addr(NULL));
	KUNIT_EXPECT_FALSE(test, slabmod_is_vmalloc_addr((void *)-1l));
	KUNIT_EXPECT_FALSE(test, slabmod_is_vmalloc_addr(kernel));
	KUNIT_EXPECT_EQ(test, slabmod_vsize(kernel), 0);
	KUNIT_EXPECT_FALSE(test, slabmod_is_vmalloc_addr(&on_stack));
	KUNIT_EXPECT_FALSE(test, slabmod_is_vmalloc_addr(page_address(vmalloc_to_page(p))));
	slabmod_vfree(p);
	KUNIT_EXPECT_FALSE(test, slabmod_is_vmalloc_addr(p));
	KUNIT_EXPECT_EQ(test, slabmod_vsize(p), 0);
	vfree(kernel);
}

/* ---- memory in single pages, limits ---- */

static void test_single_pages_serve_when_runs_are_short(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, 256);
	static void *pages[256];
	struct piece piece;
	void *p;
	int i;

	for (i = 0; i < ARRAY_SIZE(pages); i++)
		pages[i] = kit_block(test, pool, 1);
	/* No two neighbours are free. */
	for (i = 0; i < ARRAY_SIZE(pages); i++)
		if (((unsigned long)pages[i] >> PAGE_SHIFT) % 2)
			KUNIT_EXPECT_TRUE(test, kit_block_free(pages[i]));
	KUNIT_EXPECT_NULL(test, block_alloc("kit", pool, NUMA_NO_NODE, 2, GFP_KERNEL));
	p = vmalloc_in(test, pool, 100 * PAGE_SIZE);
	piece_fill(&piece, p, 100 * PAGE_SIZE, 1);
	KUNIT_EXPECT_EQ(test, used(pool), 228 * PAGE_SIZE);
	KUNIT_EXPECT_TRUE(test, piece_intact(&piece));
	KUNIT_EXPECT_TRUE(test, pool_check(pool));
	slabmod_vfree(p);
	for (i = 0; i < ARRAY_SIZE(pages); i++)
		if (((unsigned long)pages[i] >> PAGE_SHIFT) % 2 == 0)
			kit_block_free(pages[i]);
}

static void test_kernel_without_runs(struct kunit *test)
{
	struct slabmod_pool *pool = pool_of_test(test);
	struct piece piece;
	unsigned int order;

	for (order = 0; order <= 8; order += 4) {
		void *p;

		kit_source.max_order = order;
		p = vmalloc_in(test, pool, SZ_4M + 100);
		piece_fill(&piece, p, SZ_4M + 100, order);
		KUNIT_EXPECT_GT(test, kit_source.refused, 0);
		KUNIT_EXPECT_TRUE(test, piece_intact(&piece));
		KUNIT_EXPECT_TRUE(test, pool_check(pool));
		slabmod_vfree(p);
		pool_shrink(pool);
	}
}

static void test_limit_is_kept(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, 64);
	unsigned long refused = stat_sum(pool->source.stats, EVENT_LIMIT_REFUSED);
	void *p = NULL;

	KIT_EXPECT_NO_MISUSE(test, p = slabmod_pool_vmalloc(pool, 65 * PAGE_SIZE));
	KUNIT_EXPECT_NULL(test, p);
	KUNIT_EXPECT_EQ(test, stat_sum(pool->source.stats, EVENT_LIMIT_REFUSED), refused + 1);
	KUNIT_EXPECT_EQ(test, used(pool), 0);
	p = vmalloc_in(test, pool, 64 * PAGE_SIZE);
	KUNIT_EXPECT_NULL(test, slabmod_pool_vmalloc(pool, 1));
	KUNIT_EXPECT_GT(test, stat_sum(pool->source.stats, EVENT_LIMIT_REFUSED), refused + 1);
	KUNIT_EXPECT_EQ(test, used(pool), 64 * PAGE_SIZE);
	slabmod_vfree(p);
	KUNIT_EXPECT_TRUE(test, pool_check(pool));
}

/* After any number of chunks. */
static void test_memory_that_runs_out_is_freed_again(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create_orders(test, NO_LIMIT, 0, 2);
	unsigned long metadata, n;
	void *p = NULL;

	KUNIT_EXPECT_NULL(test, (kit_source.fail_all = true, slabmod_pool_vmalloc(pool, 1)));
	kit_source.fail_all = false;
	kit_source.max_order = 2;
	pool_shrink(pool);
	metadata = pool_ledger(pool).metadata;
	for (n = 1; !p; n += 7) {
		KUNIT_ASSERT_LT(test, n, 1000);
		kit_source.fail_after = n;
		p = slabmod_pool_vmalloc(pool, 100 * PAGE_SIZE);
		kit_source.fail_after = ULONG_MAX;
		KUNIT_EXPECT_EQ(test, used(pool), p ? 100 * PAGE_SIZE : 0);
		KUNIT_EXPECT_TRUE(test, pool_check(pool));
		slabmod_vfree(p);
		pool_shrink(pool);
		KUNIT_EXPECT_EQ(test, pool_ledger(pool).metadata, metadata);
	}
	KUNIT_EXPECT_GT(test, n, 8);
}

/* ---- zeroed memory, arrays, nodes, flags ---- */

static void test_zeroed_memory(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, 64);
	void *p[6];
	int i;

	for (i = 0; i < ARRAY_SIZE(p); i++) {
		void *dirty = vmalloc_in(test, pool, 64 * PAGE_SIZE);

		memset(dirty, 0xdd, 64 * PAGE_SIZE);
		slabmod_vfree(dirty);
		switch (i) {
		case 0:
			p[i] = slabmod_pool_vzalloc(pool, 50000);
			break;
		case 1:
			p[i] = slabmod_pool_vcalloc(pool, 50, 1000);
			break;
		case 2:
			p[i] = slabmod_pool_vzalloc_node(pool, 50000, numa_mem_id());
			break;
		case 3:
			p[i] = slabmod_pool_vmalloc_user(pool, 50000);
			break;
		case 4:
			p[i] = __slabmod_pool_vmalloc(pool, 50000, GFP_KERNEL | __GFP_ZERO);
			break;
		default:
			p[i] = slabmod_pool_vrealloc(pool, NULL, 50000, GFP_KERNEL | __GFP_ZERO);
		}
		KUNIT_ASSERT_NOT_NULL(test, p[i]);
		KUNIT_EXPECT_TRUE_MSG(test, kit_cleared(p[i], 50000), "call %d", i);
		slabmod_vfree(p[i]);
	}
}

/* User space sees whole pages. */
static void test_memory_for_user_space_is_zero_to_the_end_of_its_pages(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, 64);
	void *p = vmalloc_in(test, pool, 64 * PAGE_SIZE);
	u8 *pages;

	memset(p, 0xdd, 64 * PAGE_SIZE);
	slabmod_vfree(p);
	p = slabmod_pool_vmalloc_user(pool, PAGE_SIZE + 1);
	KUNIT_ASSERT_NOT_NULL(test, p);
	pages = page_address(vmalloc_to_page(p + PAGE_SIZE));
	KUNIT_EXPECT_TRUE(test, kit_cleared(pages, PAGE_SIZE));
	slabmod_vfree(p);
}

static void test_calls_of_the_root_pool(struct kunit *test)
{
	unsigned long before = pool_ledger(root_pool).used;
	void *p[8];
	int i;

	p[0] = slabmod_vmalloc(5000);
	p[1] = slabmod_vzalloc(5000);
	p[2] = slabmod_vmalloc_node(5000, first_online_node);
	p[3] = slabmod_vzalloc_node(5000, first_online_node);
	p[4] = __slabmod_vmalloc(5000, GFP_NOFS);
	p[5] = slabmod_vmalloc_array(50, 100);
	p[6] = slabmod_vcalloc(50, 100);
	p[7] = slabmod_vmalloc_user(5000);
	for (i = 0; i < ARRAY_SIZE(p); i++)
		KUNIT_EXPECT_EQ_MSG(test, slabmod_vsize(p[i]), 5000, "call %d", i);
	KUNIT_EXPECT_EQ(test, pool_ledger(root_pool).used, before + 8 * PAGE_ALIGN(5000));
	for (i = 0; i < ARRAY_SIZE(p); i++)
		slabmod_vfree(p[i]);
	KUNIT_EXPECT_EQ(test, pool_ledger(root_pool).used, before);
}

static void test_memory_is_on_the_requested_node(struct kunit *test)
{
	struct slabmod_pool *pool = pool_of_test(test);
	size_t offset;
	int nid;

	for_each_online_node(nid) {
		void *p = __slabmod_pool_vmalloc_node(pool, SZ_1M, GFP_KERNEL | __GFP_THISNODE,
						      nid);

		KUNIT_ASSERT_NOT_NULL(test, p);
		for (offset = 0; offset < SZ_1M; offset += PAGE_SIZE)
			KUNIT_ASSERT_EQ(test, page_to_nid(vmalloc_to_page(p + offset)), nid);
		slabmod_vfree(p);
	}
}

static void test_memory_is_on_the_node_of_the_caller(struct kunit *test)
{
	struct slabmod_pool *pool = pool_of_test(test);
	unsigned int n, cpu;

	for (n = 0; (cpu = context_pin(n)) < nr_cpu_ids; n++) {
		void *p = __slabmod_pool_vmalloc(pool, SZ_64K, GFP_KERNEL | __GFP_THISNODE);

		KUNIT_ASSERT_NOT_NULL(test, p);
		KUNIT_EXPECT_EQ(test, page_to_nid(vmalloc_to_page(p)), cpu_to_mem(cpu));
		slabmod_vfree(p);
	}
}

static void test_nofail_of_any_size(struct kunit *test)
{
	static const gfp_t kinds[] = {
		GFP_KERNEL | __GFP_NOFAIL, GFP_NOFS | __GFP_NOFAIL, GFP_NOIO | __GFP_NOFAIL,
		GFP_NOIO, GFP_KERNEL | __GFP_NORETRY, GFP_KERNEL | __GFP_RETRY_MAYFAIL, GFP_USER,
	};
	struct slabmod_pool *pool = pool_of_test(test);
	void *p = NULL;
	int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		KIT_EXPECT_NO_MISUSE(test, p = __slabmod_pool_vmalloc(pool, SZ_1M, kinds[i]));
		KUNIT_EXPECT_NOT_NULL(test, p);
		slabmod_vfree(p);
	}
}

static void alloc_atomically(void *arg)
{
	*(void **)arg = slabmod_vmalloc(100);
}

static void test_refused_requests(struct kunit *test)
{
	struct slabmod_pool *pool = pool_of_test(test);
	size_t above = (totalram_pages() + 1) << PAGE_SHIFT;
	void *p = pool;

	KIT_EXPECT_MISUSE(test, MISUSE_TOO_LARGE, "vmalloc: 0 bytes",
			  p = slabmod_pool_vmalloc(pool, 0));
	KUNIT_EXPECT_NULL(test, p);
	KIT_EXPECT_MISUSE(test, MISUSE_TOO_LARGE, "bytes, not 1 to",
			  p = slabmod_pool_vmalloc(pool, above));
	KUNIT_EXPECT_NULL(test, p);
	KIT_EXPECT_MISUSE(test, MISUSE_TOO_LARGE, "bytes, not 1 to",
			  p = slabmod_pool_vmalloc(pool, SIZE_MAX));
	KUNIT_EXPECT_NULL(test, p);
	KIT_EXPECT_NO_MISUSE(test, p = __slabmod_pool_vmalloc(pool, above,
							      GFP_KERNEL | __GFP_NOWARN));
	KUNIT_EXPECT_NULL(test, p);
	KIT_EXPECT_MISUSE(test, MISUSE_OVERFLOW, "overflow",
			  p = slabmod_pool_vmalloc_array(pool, SIZE_MAX / 2, 3));
	KUNIT_EXPECT_NULL(test, p);
	KIT_EXPECT_MISUSE(test, MISUSE_OVERFLOW, "overflow", p = slabmod_vcalloc(SIZE_MAX, 2));
	KUNIT_EXPECT_NULL(test, p);
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_GFP, "cannot be honoured",
			  p = __slabmod_pool_vmalloc(pool, 100, GFP_KERNEL | __GFP_DMA));
	KUNIT_EXPECT_NULL(test, p);
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_GFP, "it must sleep",
			  p = __slabmod_pool_vmalloc(pool, 100, GFP_ATOMIC));
	KUNIT_EXPECT_NULL(test, p);
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_NODE, "there is no node",
			  p = slabmod_pool_vmalloc_node(pool, 100, MAX_NUMNODES));
	KUNIT_EXPECT_NULL(test, p);
	KIT_EXPECT_MISUSE_FROM(test, "alloc_atomically", MISUSE_BAD_GFP, "it must sleep",
			       context_irqs_off(alloc_atomically, &p));
	KUNIT_EXPECT_NULL(test, p);
	KIT_EXPECT_MISUSE_FROM(test, "alloc_atomically", MISUSE_BAD_GFP, "it must sleep",
			       context_softirq(alloc_atomically, &p));
	KUNIT_EXPECT_NULL(test, p);
	KUNIT_EXPECT_EQ(test, used(pool), 0);
}

/* ---- resizing ---- */

static void test_vrealloc_keeps_the_contents(struct kunit *test)
{
	static const size_t to[] = { 5000, 8000, 3, 8192, 8193, SZ_1M, SZ_8M, 100, SZ_8M + 1 };
	struct slabmod_pool *pool = pool_of_test(test);
	struct piece piece, old;
	int i;

	piece_fill(&piece, vmalloc_in(test, pool, 100), 100, 0);
	for (i = 0; i < ARRAY_SIZE(to); i++) {
		/* Of the pool of the memory, whatever pool is named. */
		void *p = slabmod_vrealloc(piece.memory, to[i], GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, p);
		KUNIT_EXPECT_EQ(test, slabmod_vsize(p), to[i]);
		old = (struct piece) { p, piece.size, piece.mark };
		KUNIT_EXPECT_TRUE(test, piece_begins(&old, round_down(min(piece.size, to[i]), 8)));
		piece_fill(&piece, p, to[i], i);
		KUNIT_EXPECT_TRUE(test, pool_check(pool));
	}
	KUNIT_EXPECT_EQ(test, used(pool), SZ_8M + PAGE_SIZE);
	KUNIT_EXPECT_NULL(test, slabmod_vrealloc(piece.memory, 0, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, used(pool), 0);
}

static void test_vrealloc_in_place(struct kunit *test)
{
	struct slabmod_pool *pool = pool_of_test(test);
	gfp_t gfp = GFP_KERNEL | __GFP_ZERO;
	u8 *p = vmalloc_in(test, pool, 8192);

	memset(p, 0xdd, 8192);
	KUNIT_EXPECT_PTR_EQ(test, (u8 *)slabmod_vrealloc(p, 10, GFP_KERNEL), p);
	KUNIT_EXPECT_PTR_EQ(test, (u8 *)slabmod_vrealloc(p, 8000, gfp), p);
	/* What is added is zero, although it was not when the area shrank. */
	KUNIT_EXPECT_TRUE(test, kit_filled_with(p, 0xdd, 10));
	KUNIT_EXPECT_TRUE(test, kit_cleared(p + 10, 7990));
	p = slabmod_vrealloc(p, 20000, gfp);
	KUNIT_ASSERT_NOT_NULL(test, p);
	KUNIT_EXPECT_TRUE(test, kit_filled_with(p, 0xdd, 10));
	KUNIT_EXPECT_TRUE(test, kit_cleared(p + 10, 19990));
	slabmod_vfree(p);
}

static void test_vrealloc_that_fails_leaves_the_memory(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, 64);
	void *kernel = vmalloc(100), *new = pool;
	struct piece piece;

	piece_fill(&piece, vmalloc_in(test, pool, 5000), 5000, 1);
	KUNIT_EXPECT_NULL(test, slabmod_vrealloc(piece.memory, 128 * PAGE_SIZE, GFP_KERNEL));
	KIT_EXPECT_MISUSE(test, MISUSE_INNER_FREE, "vrealloc",
			  new = slabmod_vrealloc(piece.memory + 1, 128 * PAGE_SIZE, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, new);
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_FREE, "vrealloc",
			  new = slabmod_vrealloc(kernel, 128 * PAGE_SIZE, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, new);
	KUNIT_EXPECT_TRUE(test, piece_intact(&piece));
	slabmod_vfree(piece.memory);
	vfree(kernel);
}

static struct kunit_case vmalloc_cases[] = {
	KUNIT_CASE(test_areas_of_all_sizes),
	KUNIT_CASE(test_areas_do_not_overlap),
	KUNIT_CASE(test_ledger_counts_each_byte),
	KUNIT_CASE(test_unmapped_page_follows),
	KUNIT_CASE(test_addresses_are_recognized),
	KUNIT_CASE(test_single_pages_serve_when_runs_are_short),
	KUNIT_CASE(test_kernel_without_runs),
	KUNIT_CASE(test_limit_is_kept),
	KUNIT_CASE(test_memory_that_runs_out_is_freed_again),
	KUNIT_CASE(test_zeroed_memory),
	KUNIT_CASE(test_memory_for_user_space_is_zero_to_the_end_of_its_pages),
	KUNIT_CASE(test_calls_of_the_root_pool),
	KUNIT_CASE(test_memory_is_on_the_requested_node),
	KUNIT_CASE(test_memory_is_on_the_node_of_the_caller),
	KUNIT_CASE(test_nofail_of_any_size),
	KUNIT_CASE(test_refused_requests),
	KUNIT_CASE(test_vrealloc_keeps_the_contents),
	KUNIT_CASE(test_vrealloc_in_place),
	KUNIT_CASE(test_vrealloc_that_fails_leaves_the_memory),
	KUNIT_CASE(test_mappings_in_user_space),
	{}
};

struct kunit_suite vmalloc_suite = {
	.name = "vmalloc",
	ROOT_SUITE_HOOKS,
	.test_cases = vmalloc_cases,
};
