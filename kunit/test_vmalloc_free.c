// SPDX-License-Identifier: GPL-2.0
/*
 * test_vmalloc_free.c - vfree: wrong addresses, frees in interrupts, several CPUs at once, pools
 * with areas, and debug mode.
 */
#include <linux/kallsyms.h>
#include <linux/mm.h>
#include <linux/sizes.h>

#include "context.h"
#include "debug/callsites.h"
#include "debug/debug_block.h"
#include "pool_check.h"
#include "suites.h"
#include "test_vmalloc.h"
#include "vmalloc.h"

/* ---- wrong addresses ---- */

static void test_null_may_be_freed(struct kunit *test)
{
	kit_capture_begin();
	slabmod_vfree(NULL);
	slabmod_vfree_atomic(NULL);
	slabmod_pool_vfree(NULL, NULL);
	kit_capture_end();
	kit_expect_no_misuse(test, __LINE__);
}

static void test_wrong_addresses_are_reported(struct kunit *test)
{
	struct slabmod_pool *pool = pool_of_test(test);
	void *p = vmalloc_in(test, pool, 3 * PAGE_SIZE), *block = kit_block(test, pool, 1);
	void *kernel = vmalloc(PAGE_SIZE), *page = page_address(vmalloc_to_page(p + PAGE_SIZE));
	int on_stack = 0;

	KIT_EXPECT_MISUSE(test, MISUSE_INNER_FREE, "vfree", slabmod_vfree(p + 1));
	KIT_EXPECT_MISUSE(test, MISUSE_INNER_FREE, "vfree", slabmod_vfree(p + 2 * PAGE_SIZE));
	KIT_EXPECT_MISUSE(test, MISUSE_INNER_FREE, "vfree_atomic",
			  slabmod_vfree_atomic(p + 3 * PAGE_SIZE - 1));
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_FREE, "vmalloc memory",
			  slabmod_vfree(p + 3 * PAGE_SIZE));
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_FREE, "vmalloc memory", slabmod_vfree(kernel));
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_FREE, "other memory of slabmod", slabmod_vfree(block));
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_FREE, "other memory of slabmod", slabmod_vfree(page));
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_FREE, "on the stack", slabmod_vfree(&on_stack));
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_FREE, "close to NULL", slabmod_vfree((void *)8));
	/* Nothing was freed. */
	KUNIT_EXPECT_EQ(test, slabmod_vsize(p), 3 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, used(pool), 4 * PAGE_SIZE);
	KIT_EXPECT_NO_MISUSE(test, slabmod_vfree(p));
	kit_block_free(block);
	vfree(kernel);
}

static void test_kfree_of_an_area_is_reported(struct kunit *test)
{
	struct slabmod_pool *pool = pool_of_test(test);
	void *p = vmalloc_in(test, pool, 3 * PAGE_SIZE), *new = p;
	void *page = page_address(vmalloc_to_page(p));

	KIT_EXPECT_MISUSE(test, MISUSE_BAD_FREE, "kfree", slabmod_kfree(p));
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_FREE, "kfree", slabmod_kfree_sensitive(p));
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_FREE, "ksize", slabmod_ksize(p));
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_FREE, "krealloc",
			  new = slabmod_krealloc(p, 100, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, new);
	/* Its pages belong to the area, whatever their address. */
	KIT_EXPECT_MISUSE(test, MISUSE_DOUBLE_FREE, "kfree", slabmod_kfree(page));
	KIT_EXPECT_MISUSE(test, MISUSE_DOUBLE_FREE, "free_pages",
			  slabmod_free_page((unsigned long)page));
	KUNIT_EXPECT_EQ(test, used(pool), 3 * PAGE_SIZE);
	memset(p, 1, 3 * PAGE_SIZE);
	KIT_EXPECT_NO_MISUSE(test, slabmod_vfree(p));
	KUNIT_EXPECT_EQ(test, used(pool), 0);
}

static void test_second_free_is_reported(struct kunit *test)
{
	struct slabmod_pool *pool = pool_of_test(test);
	void *p = vmalloc_in(test, pool, 3 * PAGE_SIZE);

	slabmod_vfree(p);
	KIT_EXPECT_MISUSE(test, MISUSE_DOUBLE_FREE, "vfree", slabmod_vfree(p));
	p = vmalloc_in(test, pool, 3 * PAGE_SIZE);
	slabmod_vfree_atomic(p);
	/* Whether or not the work item has run. */
	KIT_EXPECT_MISUSE(test, MISUSE_DOUBLE_FREE, "vfree_atomic", slabmod_vfree_atomic(p));
	vmalloc_sync();
	KIT_EXPECT_MISUSE(test, MISUSE_DOUBLE_FREE, "vfree", slabmod_vfree(p));
	KUNIT_EXPECT_EQ(test, used(pool), 0);
	KUNIT_EXPECT_TRUE(test, pool_check(pool));
}

static void test_wrong_pool_is_reported(struct kunit *test)
{
	struct slabmod_pool *pool = pool_of_test(test);
	void *p = vmalloc_in(test, pool, 3 * PAGE_SIZE);

	KIT_EXPECT_MISUSE(test, MISUSE_WRONG_POOL, "pool_vfree", slabmod_pool_vfree(NULL, p));
	KIT_EXPECT_MISUSE(test, MISUSE_WRONG_POOL, "pool_vfree", slabmod_pool_vfree(root_pool, p));
	KUNIT_EXPECT_EQ(test, used(pool), 3 * PAGE_SIZE);
	KIT_EXPECT_NO_MISUSE(test, slabmod_pool_vfree(pool, p));
	KUNIT_EXPECT_EQ(test, used(pool), 0);
}

/* ---- contexts ---- */

static void free_it(void *p)
{
	slabmod_vfree(p);
}

static void free_it_atomically(void *p)
{
	slabmod_vfree_atomic(p);
}

static void test_frees_in_interrupts(struct kunit *test)
{
	static const struct {
		void (*run)(void (*fn)(void *arg), void *arg);
		void (*fn)(void *arg);
	} ways[] = {
		{ context_task, free_it }, { context_task, free_it_atomically },
		{ context_preempt_off, free_it_atomically },
		{ context_irqs_off, free_it_atomically },
		{ context_softirq, free_it }, { context_softirq, free_it_atomically },
		/* On PREEMPT_RT, a thread that must not sleep. */
		{ context_hardirq, free_it_atomically },
		{ context_hard, free_it }, { context_rcu, free_it_atomically },
		{ context_work, free_it },
	};
	struct slabmod_pool *pool = pool_of_test(test);
	int i, k;

	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		void *p[3];

		for (k = 0; k < ARRAY_SIZE(p); k++)
			p[k] = vmalloc_in(test, pool, SZ_4M * k + 1);
		for (k = 0; k < ARRAY_SIZE(p); k++)
			ways[i].run(ways[i].fn, p[k]);
		vmalloc_sync();
		for (k = 0; k < ARRAY_SIZE(p); k++)
			KUNIT_EXPECT_FALSE(test, slabmod_is_vmalloc_addr(p[k]));
		KUNIT_EXPECT_EQ_MSG(test, used(pool), 0, "way %d", i);
		KUNIT_EXPECT_TRUE(test, pool_check(pool));
	}
}

static struct {
	void *area, *in, *out;
	unsigned int right, wrong;
} asked;

static void ask(void *arg)
{
	if (slabmod_is_vmalloc_addr(asked.in) && !slabmod_is_vmalloc_addr(asked.out))
		asked.right++;
	else
		asked.wrong++;
}

static void test_addresses_are_recognized_in_any_context(struct kunit *test)
{
	struct slabmod_pool *pool = pool_of_test(test);
	int i;

	asked.right = 0;
	asked.wrong = 0;
	asked.area = vmalloc_in(test, pool, 2 * PAGE_SIZE);
	asked.in = asked.area + PAGE_SIZE + 1;
	asked.out = &asked;
	context_pin(0);
	context_storm_begin(ask, NULL);
	/* The tree changes meanwhile. */
	for (i = 0; i < 1000; i++)
		slabmod_vfree(vmalloc_in(test, pool, 1 + i));
	context_storm_end();
	if (context_nmi_begin(ask, NULL)) {
		context_nmi();
		context_nmi_end();
	}
	KUNIT_EXPECT_GT(test, asked.right, 0);
	KUNIT_EXPECT_EQ(test, asked.wrong, 0);
	slabmod_vfree(asked.area);
}

/* ---- several CPUs ---- */

#define SHARED		200
#define RANDOM_STEPS	300

static struct {
	struct slabmod_pool *pool;
	void *area[SHARED];
	unsigned long seed;
	atomic_t wrong;
} shared;

static void free_all(unsigned int n, void *arg)
{
	unsigned int i;

	for (i = 0; i < SHARED; i++)
		slabmod_vfree(shared.area[i]);
}

static void test_one_of_racing_frees_succeeds(struct kunit *test)
{
	unsigned long before = report_count(MISUSE_DOUBLE_FREE);
	unsigned int i, cpus;

	shared.pool = pool_of_test(test);
	for (i = 0; i < SHARED; i++)
		shared.area[i] = vmalloc_in(test, shared.pool, 3 * PAGE_SIZE);
	cpus = kit_run_on_cpus(test, 4, free_all, NULL);
	KUNIT_EXPECT_EQ(test, used(shared.pool), 0);
	KUNIT_EXPECT_TRUE(test, pool_check(shared.pool));
	/* An area that was freed long ago may be reported as unknown. */
	KUNIT_EXPECT_LE(test, report_count(MISUSE_DOUBLE_FREE) - before, (cpus - 1) * SHARED);
	if (cpus > 1)
		KUNIT_EXPECT_GT(test, report_count(MISUSE_DOUBLE_FREE) - before, 0);
}

static void alloc_and_free(unsigned int n, void *arg)
{
	struct piece pieces[8] = { };
	struct rnd_state rnd;
	unsigned int i;

	prandom_seed_state(&rnd, shared.seed + n);
	for (i = 0; i < RANDOM_STEPS; i++) {
		struct piece *piece = &pieces[kit_random(&rnd, ARRAY_SIZE(pieces))];
		size_t size = 1 + kit_random(&rnd, 1u << kit_random(&rnd, 18));
		void *p;

		if (piece->memory) {
			atomic_add(!piece_intact(piece), &shared.wrong);
			if (i % 2)
				slabmod_vfree(piece->memory);
			else
				slabmod_vfree_atomic(piece->memory);
			piece->memory = NULL;
			continue;
		}
		p = slabmod_pool_vmalloc(shared.pool, size);
		if (p)
			piece_fill(piece, p, size, i * 64 + n);
		else
			atomic_inc(&shared.wrong);
	}
	for (i = 0; i < ARRAY_SIZE(pieces); i++)
		slabmod_vfree(pieces[i].memory);
}

static void test_random_areas_on_all_cpus(struct kunit *test)
{
	struct rnd_state rnd;

	kit_seed(test, &rnd);
	shared.seed = prandom_u32_state(&rnd);
	shared.pool = pool_of_test(test);
	atomic_set(&shared.wrong, 0);
	KIT_EXPECT_NO_MISUSE(test, kit_run_on_cpus(test, 4, alloc_and_free, NULL));
	vmalloc_sync();
	KUNIT_EXPECT_EQ(test, atomic_read(&shared.wrong), 0);
	KUNIT_EXPECT_EQ(test, used(shared.pool), 0);
	KUNIT_EXPECT_TRUE(test, pool_check(shared.pool));
}

/* ---- pools ---- */

static void test_pool_with_an_area_is_in_use(struct kunit *test)
{
	struct slabmod_pool *pool = kit_module_pool(test, "vmalloc", 0, 0);
	void *p = vmalloc_in(test, pool, 5 * PAGE_SIZE);
	int err = 0;

	KIT_EXPECT_MISUSE(test, MISUSE_POOL_BUSY, "5 pages in use",
			  err = slabmod_pool_destroy(pool));
	KUNIT_EXPECT_EQ(test, err, -EBUSY);
	context_hard(free_it, p);
	vmalloc_sync();
	KUNIT_EXPECT_EQ(test, slabmod_pool_destroy(pool), 0);
}

/* ---- debug mode ---- */

#define SIZE	(5 * PAGE_SIZE + 1000)

static noinline void *culprit(struct slabmod_pool *pool)
{
	void *p = slabmod_pool_vmalloc(pool, SIZE);

	/* No tail call: the stack must have this function. */
	barrier();
	return p;
}

/* Past KASAN, which knows the area as well. */
static u8 *alias(void *p)
{
	return page_address(vmalloc_to_page(p)) + offset_in_page(p);
}

static void test_area_has_one_call_site(struct kunit *test)
{
	struct slabmod_pool *pool = pool_of_test(test);
	unsigned long metadata = pool_ledger(pool).metadata;
	struct callsites *sites;
	char name[KSYM_SYMBOL_LEN];
	void *p;

	debug_block_switch(true);
	/* In many blocks. */
	kit_source.max_order = 1;
	p = culprit(pool);
	KUNIT_ASSERT_NOT_NULL(test, p);
	sites = callsites_of(pool, false);
	KUNIT_ASSERT_NOT_NULL(test, sites);
	KUNIT_EXPECT_EQ(test, sites->nr, 1);
	KUNIT_EXPECT_EQ(test, sites->site[0].objects, 1);
	KUNIT_EXPECT_EQ(test, sites->site[0].bytes, SIZE);
	snprintf(name, sizeof(name), "%pS", (void *)sites->site[0].site);
	KUNIT_EXPECT_NOT_NULL(test, strstr(name, "culprit"));
	kvfree(sites);
	KIT_EXPECT_NO_MISUSE(test, slabmod_vfree(p));
	sites = callsites_of(pool, false);
	KUNIT_ASSERT_NOT_NULL(test, sites);
	KUNIT_EXPECT_EQ(test, sites->nr, 0);
	kvfree(sites);
	pool_shrink(pool);
	KUNIT_EXPECT_EQ(test, pool_ledger(pool).metadata, metadata);
}

static void test_write_behind_an_area_is_reported(struct kunit *test)
{
	struct slabmod_pool *pool = pool_of_test(test);
	void *p;

	debug_block_switch(true);
	p = culprit(pool);
	KUNIT_ASSERT_NOT_NULL(test, p);
	*alias(p + SIZE) = 0;
	KIT_EXPECT_MISUSE(test, MISUSE_OVERRUN, "1 bytes behind", slabmod_vfree(p));
	KUNIT_EXPECT_EQ(test, kit_captured("culprit+"), 1);
	/* Resizing moves the red zone, and checks the old one. */
	p = culprit(pool);
	KUNIT_ASSERT_NOT_NULL(test, p);
	KIT_EXPECT_NO_MISUSE(test, p = slabmod_vrealloc(p, SIZE + 10, GFP_KERNEL));
	memset(p, 1, SIZE + 10);
	*alias(p + SIZE + 11) = 0;
	KIT_EXPECT_MISUSE(test, MISUSE_OVERRUN, "the first at offset",
			  p = slabmod_vrealloc(p, 50, GFP_KERNEL));
	KIT_EXPECT_NO_MISUSE(test, slabmod_vfree(p));
	KUNIT_EXPECT_EQ(test, used(pool), 0);
}

static void vmalloc_free_exit(struct kunit *test)
{
	vmalloc_sync();
	debug_block_switch(debug_all);
	kit_exit(test);
}

static struct kunit_case vmalloc_free_cases[] = {
	KUNIT_CASE(test_null_may_be_freed),
	KUNIT_CASE(test_wrong_addresses_are_reported),
	KUNIT_CASE(test_kfree_of_an_area_is_reported),
	KUNIT_CASE(test_second_free_is_reported),
	KUNIT_CASE(test_wrong_pool_is_reported),
	KUNIT_CASE(test_frees_in_interrupts),
	KUNIT_CASE(test_addresses_are_recognized_in_any_context),
	KUNIT_CASE(test_one_of_racing_frees_succeeds),
	KUNIT_CASE(test_random_areas_on_all_cpus),
	KUNIT_CASE(test_pool_with_an_area_is_in_use),
	KUNIT_CASE(test_area_has_one_call_site),
	KUNIT_CASE(test_write_behind_an_area_is_reported),
	{}
};

struct kunit_suite vmalloc_free_suite = {
	.name = "vmalloc_free",
	.init = kit_init,
	.exit = vmalloc_free_exit,
	.test_cases = vmalloc_free_cases,
};
