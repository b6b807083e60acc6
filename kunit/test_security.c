// SPDX-License-Identifier: GPL-2.0
/*
 * test_security.c - what an attacker who has found a bug in a caller is not given:
 * memory of another type, secrets that were freed, addresses, lines in the log.
 */
#include <linux/sizes.h>

#include "cache_list.h"
#include "root.h"
#include "suites.h"
#include "test_security.h"

/* ---- types do not meet ---- */

#define CACHES		20
#define EACH		40
#define SAME_SIZE	192

static void take_of_each(struct kunit *test, struct slabmod_pool *pool,
			 struct slabmod_cache **caches, void **objects)
{
	char name[16];
	int i, n;

	for (i = 0; i < CACHES; i++) {
		snprintf(name, sizeof(name), "same-%d", i);
		caches[i] = cache_create(pool, name, SAME_SIZE, 0, 0, NULL, NULL);
		KUNIT_ASSERT_NOT_NULL(test, caches[i]);
	}
	/* By turns, so that what can be mixed is. */
	for (n = 0; n < EACH; n++)
		for (i = 0; i < CACHES; i++) {
			objects[n * CACHES + i] = slabmod_cache_alloc(caches[i], GFP_KERNEL);
			KUNIT_ASSERT_NOT_NULL(test, objects[n * CACHES + i]);
		}
}

static void test_caches_that_are_alike_share_no_page(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, 4096);
	void **objects = kunit_kcalloc(test, CACHES * EACH, sizeof(*objects), GFP_KERNEL);
	struct slabmod_cache *caches[CACHES];
	unsigned int i, k, bad = 0;

	KUNIT_ASSERT_NOT_NULL(test, objects);
	take_of_each(test, pool, caches, objects);
	for (i = 0; i < CACHES * EACH; i++) {
		bad += owner_of(objects[i]) != caches[i % CACHES];
		for (k = 0; k < i; k++)
			bad += i % CACHES != k % CACHES &&
			       PHYS_PFN(__pa(objects[i])) == PHYS_PFN(__pa(objects[k]));
	}
	KUNIT_EXPECT_EQ(test, bad, 0);
	for (i = 0; i < CACHES * EACH; i++)
		slabmod_cache_free(caches[i % CACHES], objects[i]);
	for (i = 0; i < CACHES; i++)
		KUNIT_EXPECT_EQ(test, cache_destroy(caches[i]), 0);
}

/* ---- secrets ---- */

static const size_t sizes[] = {
	1, 16, 17, 64, 100, 128, 1000, 1024, 4096, 5000, SZ_16K, SZ_32K, SZ_32K + 1, SZ_64K, SZ_1M,
};

/* What is freed stays where it is, unwritten, until somebody takes it: so it can be read. */
static void expect_cleared(struct kunit *test, void *p)
{
	size_t size = slabmod_ksize(p);

	KUNIT_ASSERT_NOT_NULL(test, p);
	memset(p, SECRET, size);
	slabmod_kfree_sensitive(p);
	KUNIT_EXPECT_TRUE_MSG(test, is_cleared(p, size), "%zu bytes", size);
}

static void test_sensitive_memory_is_cleared_to_its_end(struct kunit *test)
{
	struct slabmod_pool_params params = SLABMOD_POOL_PARAMS_INIT;
	struct slabmod_pool *pool;
	int i;

	context_pin(0);
	params.reserve_bytes = SZ_2M;
	pool = slabmod_pool_create("secret", &params);
	KUNIT_ASSERT_NOT_NULL(test, pool);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		expect_cleared(test, slabmod_kmalloc(sizes[i], GFP_KERNEL));
		expect_cleared(test, slabmod_kmalloc_node(sizes[i], GFP_KERNEL, numa_mem_id()));
		expect_cleared(test, slabmod_pool_kmalloc(pool, sizes[i], GFP_KERNEL));
	}
	/* Runs of pages above those that have a cache are memory too. */
	expect_cleared(test, (void *)slabmod_get_free_pages(GFP_KERNEL, 5));
	KIT_EXPECT_NO_MISUSE(test, slabmod_kfree_sensitive(NULL);
			     slabmod_kfree_sensitive(ZERO_SIZE_PTR));
	KUNIT_EXPECT_EQ(test, slabmod_pool_destroy(pool), 0);
}

static void construct(void *object)
{
	memset(object, 0x33, SAME_SIZE);
}

static void test_sensitive_objects_are_cleared_too(struct kunit *test)
{
	struct slabmod_cache *plain, *made;
	void *object;

	context_pin(0);
	plain = slabmod_cache_create("kit-plain", SAME_SIZE, 0, 0, NULL);
	made = slabmod_cache_create("kit-made", SAME_SIZE, 0, SLABMOD_ISOLATED, construct);
	KUNIT_ASSERT_NOT_NULL(test, plain);
	KUNIT_ASSERT_NOT_NULL(test, made);
	expect_cleared(test, slabmod_cache_alloc(plain, GFP_KERNEL));
	object = slabmod_cache_alloc(made, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, object);
	memset(object, SECRET, SAME_SIZE);
	slabmod_kfree_sensitive(object);
	KUNIT_EXPECT_FALSE(test, memchr_inv(object, 0x33, SAME_SIZE));
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(plain), 0);
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(made), 0);
}

static void test_sensitive_free_of_what_is_not_memory_clears_nothing(struct kunit *test)
{
	u8 *p = slabmod_kmalloc(256, GFP_KERNEL);
	u8 *page = (void *)slabmod_get_free_page(GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, p);
	KUNIT_ASSERT_NOT_NULL(test, page);
	memset(p, SECRET, 256);
	memset(page, SECRET, PAGE_SIZE);
	KIT_EXPECT_MISUSE(test, MISUSE_INNER_FREE, "starts no object",
			  slabmod_kfree_sensitive(p + 16));
	KIT_EXPECT_MISUSE(test, MISUSE_WRONG_CACHE, "are pages", slabmod_kfree_sensitive(page));
	KUNIT_EXPECT_TRUE(test, is_secret(p, 256));
	KUNIT_EXPECT_TRUE(test, is_secret(page, PAGE_SIZE));
	slabmod_kfree(p);
	slabmod_free_page((unsigned long)page);
}

/* As slabmod_krealloc() says of itself; who has secrets takes, copies, and frees as such. */
static void test_krealloc_leaves_the_old_copy_behind(struct kunit *test)
{
	void *old = slabmod_kmalloc(64, GFP_KERNEL), *new;

	if (want_init_on_free())
		kunit_skip(test, "init_on_free clears it");
	KUNIT_ASSERT_NOT_NULL(test, old);
	memset(old, SECRET, 64);
	new = slabmod_krealloc(old, 1000, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, new);
	KUNIT_ASSERT_PTR_NE(test, new, old);
	KUNIT_EXPECT_TRUE(test, is_secret(old, 64));
	slabmod_kfree_sensitive(new);
	KUNIT_EXPECT_TRUE(test, is_secret(old, 64));
}

/* ---- the log ---- */

static unsigned int captured_address(const void *p)
{
	char text[20];

	snprintf(text, sizeof(text), "%lx", (unsigned long)p);
	return kit_captured(text);
}

static void test_reports_tell_no_address(struct kunit *test)
{
	struct slabmod_cache *cache = slabmod_cache_create("kit-told", SAME_SIZE, 0, 0, NULL);
	void *object, *block = slabmod_kmalloc(SZ_64K, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, cache);
	KUNIT_ASSERT_NOT_NULL(test, block);
	object = slabmod_cache_alloc(cache, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, object);
	kit_capture_begin();
	slabmod_kfree(object + 8);
	slabmod_cache_free(cache, block);
	slabmod_kfree(block + PAGE_SIZE);
	slabmod_free_pages_exact(block, SZ_32K);
	slabmod_ksize(&object);
	slabmod_cache_destroy(cache);
	slabmod_cache_free(cache, object);
	slabmod_cache_free(cache, object);
	kit_capture_end();
	/* By the last page's number the next ones are found too. */
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

static void test_names_write_no_lines_of_their_own(struct kunit *test)
{
	static const char *const bad[] = {
		"\nforged", "\033[31mforged", "\23331mforged", "forged\r", "\tforged", "\177forged",
	};
	static const unsigned int flags[] = { 0, SLABMOD_ISOLATED, 0x80000000u, CACHE_INTERNAL };
	struct slabmod_pool_params params = SLABMOD_POOL_PARAMS_INIT;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad) * ARRAY_SIZE(flags); i++) {
		KIT_EXPECT_MISUSE(test, MISUSE_BAD_CACHE, "a name must have",
				  slabmod_cache_create(bad[i % ARRAY_SIZE(bad)], SAME_SIZE, 0,
						       flags[i / ARRAY_SIZE(bad)], NULL));
		KUNIT_EXPECT_EQ(test, kit_captured("forged"), 0);
	}
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		KIT_EXPECT_MISUSE(test, MISUSE_BAD_POOL, "a name must have",
				  slabmod_pool_create(bad[i], &params));
		KUNIT_EXPECT_EQ(test, kit_captured("forged"), 0);
	}
}

static void test_names_are_no_formats(struct kunit *test)
{
	struct slabmod_cache *cache = slabmod_cache_create("%s%n%p%1000d", SAME_SIZE, 0, 0, NULL);
	void *object;

	KUNIT_ASSERT_NOT_NULL(test, cache);
	object = slabmod_cache_alloc(cache, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, object);
	KIT_EXPECT_MISUSE(test, MISUSE_CACHE_BUSY, "%s%n%p%1000d: destroyed with 1 live objects",
			  slabmod_cache_destroy(cache));
	KUNIT_EXPECT_EQ(test, kit_captured("%s%n%p%1000d object "), 1);
	slabmod_cache_free(cache, object);
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(cache), 0);
}

static struct kunit_case security_cases[] = {
	KUNIT_CASE(test_slabs_of_an_isolated_cache_stay),
	KUNIT_CASE(test_what_stays_is_promised_to_nobody),
	KUNIT_CASE(test_kernel_that_asks_gets_nothing_isolated),
	KUNIT_CASE(test_stale_pointer_meets_its_own_type),
	KUNIT_CASE(test_isolated_cache_lives_on_what_it_has),
	KUNIT_CASE(test_isolated_objects_are_constructed_once),
	KUNIT_CASE(test_isolated_objects_are_aligned_too),
	KUNIT_CASE(test_what_is_isolated_counts_at_the_limit),
	KUNIT_CASE(test_busy_cache_stays_isolated),
	KUNIT_CASE(test_end_of_a_cache_gives_all_back_cleared),
	KUNIT_CASE(test_caches_that_are_alike_share_no_page),
	KUNIT_CASE(test_sensitive_memory_is_cleared_to_its_end),
	KUNIT_CASE(test_sensitive_objects_are_cleared_too),
	KUNIT_CASE(test_sensitive_free_of_what_is_not_memory_clears_nothing),
	KUNIT_CASE(test_krealloc_leaves_the_old_copy_behind),
	KUNIT_CASE(test_reports_tell_no_address),
	KUNIT_CASE(test_names_write_no_lines_of_their_own),
	KUNIT_CASE(test_names_are_no_formats),
	{}
};

struct kunit_suite security_suite = {
	.name = "security",
	.init = root_init,
	.exit = root_exit,
	.test_cases = security_cases,
};
