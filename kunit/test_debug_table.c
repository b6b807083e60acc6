// SPDX-License-Identifier: GPL-2.0
/*
 * test_debug_table.c - each bad use there is, done to debugged memory: what it is called,
 * and that the report has the object and who allocated it, and who freed it if somebody has.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include <slabmod/slabmod.h>

#include "cache.h"
#include "debug/debug.h"
#include "debug/debug_block.h"
#include "kit.h"
#include "pool_check.h"
#include "suites.h"
#include "test_debug.h"

#define SIZE	100
#define ORDER	5

/* What there is to be misused, and what is with the callers at the end. */
static struct {
	struct slabmod_pool *pool, *other_pool;
	struct slabmod_cache *cache, *other_cache;
	void *object;
	void *pages;			/* two of them: from a cache */
	void *block;
} scene;

static char module_data[64];

/* ---- acts; those that free have a name of their own in stacks ---- */

static noinline void *victim_pages(unsigned int order)
{
	void *p = (void *)slabmod_pool_get_free_pages(scene.pool, GFP_KERNEL, order);

	barrier();
	return p;
}

static noinline void culprit_frees_pages(void *p, unsigned int order)
{
	slabmod_free_pages((unsigned long)p, order);
	barrier();
}

static void free_object(void)
{
	debug_culprit_free(scene.cache, scene.object);
}

/* So often that a cache without quarantine would have handed it out again long ago. */
static void use_others(void)
{
	unsigned int i;

	for (i = 0; i < 5000; i++)
		slabmod_cache_free(scene.cache, slabmod_cache_alloc(scene.cache, GFP_KERNEL));
}

static void inside(void)
{
	slabmod_kfree(scene.object + 40);
}

static void past_the_end(void)
{
	slabmod_kfree(scene.object + SIZE + 4);
}

static void before_it(void)
{
	slabmod_cache_free(scene.cache, scene.object - 1);
}

static void twice(void)
{
	free_object();
	free_object();
}

static void twice_at_a_distance(void)
{
	free_object();
	use_others();
	free_object();
}

static void twice_by_kfree(void)
{
	free_object();
	slabmod_kfree(scene.object);
}

static void to_another_cache(void)
{
	slabmod_cache_free(scene.other_cache, scene.object);
}

static void to_another_pool(void)
{
	slabmod_pool_kfree(scene.other_pool, scene.object);
}

static void object_as_pages(void)
{
	slabmod_free_pages((unsigned long)scene.object, 0);
}

static void byte_behind(void)
{
	debug_poke(scene.object, SIZE, 1);
	free_object();
}

static void byte_before(void)
{
	debug_poke(scene.object, -1, 1);
	free_object();
}

static void write_after_free(void)
{
	free_object();
	debug_poke(scene.object, 50, 1);
	slabmod_cache_shrink(scene.cache);
}

static void pages_as_memory(void)
{
	slabmod_kfree(scene.pages);
}

static void pages_of_wrong_order(void)
{
	culprit_frees_pages(scene.pages, 0);
}

static void pages_twice(void)
{
	culprit_frees_pages(scene.pages, 1);
	culprit_frees_pages(scene.pages, 1);
}

static void inside_a_block(void)
{
	slabmod_kfree(scene.block + 5000);
}

static void block_of_wrong_order(void)
{
	culprit_frees_pages(scene.block, ORDER - 1);
}

static void block_twice(void)
{
	culprit_frees_pages(scene.block, ORDER);
	culprit_frees_pages(scene.block, ORDER);
}

static void block_to_another_pool(void)
{
	slabmod_pool_free_pages(scene.other_pool, (unsigned long)scene.block, ORDER);
}

static void write_after_block_was_freed(void)
{
	culprit_frees_pages(scene.block, ORDER);
	debug_poke(scene.block, 5000, 1);
	slabmod_pool_shrink(scene.pool);
}

static void end_with_live_object(void)
{
	slabmod_cache_destroy(scene.cache);
}

static void free_address(void *p)
{
	OPTIMIZER_HIDE_VAR(p);
	slabmod_kfree(p);
}

static void stack(void)
{
	char stacked[16];

	free_address(stacked);
}

static void static_data(void)
{
	free_address(module_data);
}

static void vmalloced(void)
{
	void *p = vmalloc(100);

	free_address(p);
	vfree(p);
}

static void kmalloced(void)
{
	void *p = kmalloc(100, GFP_KERNEL);

	free_address(p);
	kfree(p);
}

static void of_user_space(void)
{
	free_address((void *)0x400000);
}

static void non_canonical(void)
{
	free_address((void *)0x0100000000000000ul);
}

/* ---- the table ---- */

enum victim { NOBODY, OBJECT, PAGES, BLOCK };

static const struct bad_use {
	const char *name;
	void (*act)(void);
	enum misuse kind;
	const char *says;
	enum victim victim;
	bool freed;			/* rightly, before or by this */
	long offset;			/* that is reported; 0: none */
	bool touches;			/* what it may not: KASAN would say so first */
} bad_uses[] = {
	{ "middle", inside, MISUSE_INNER_FREE, "starts no object", OBJECT, false, 40 },
	{ "past its end", past_the_end, MISUSE_INNER_FREE, "starts no object", OBJECT, false,
	  SIZE + 4 },
	{ "before it", before_it, MISUSE_INNER_FREE, "starts no object", OBJECT, false, -1 },
	{ "twice in a row", twice, MISUSE_DOUBLE_FREE, "is free already", OBJECT, true },
	{ "twice, 10,000 operations between", twice_at_a_distance, MISUSE_DOUBLE_FREE,
	  "is free already", OBJECT, true },
	{ "twice, by kfree", twice_by_kfree, MISUSE_DOUBLE_FREE, "is free already", OBJECT, true },
	{ "another cache's", to_another_cache, MISUSE_WRONG_CACHE, "is an object of", OBJECT },
	{ "another pool's", to_another_pool, MISUSE_WRONG_POOL, "belongs to pool", OBJECT },
	{ "object as pages", object_as_pages, MISUSE_WRONG_CACHE, "belongs to kit-debug", OBJECT },
	{ "byte behind", byte_behind, MISUSE_OVERRUN, "behind object", OBJECT, true, 0, true },
	{ "byte before", byte_before, MISUSE_OVERRUN, "before object", OBJECT, true, 0, true },
	{ "use after free", write_after_free, MISUSE_WRITE_FREE, "the first at offset 50", OBJECT,
	  true, 0, true },
	{ "live at the end", end_with_live_object, MISUSE_CACHE_BUSY, "with 1 live", OBJECT },
	{ "pages as memory", pages_as_memory, MISUSE_WRONG_CACHE, "are pages", PAGES },
	{ "pages, wrong order", pages_of_wrong_order, MISUSE_WRONG_SIZE, "are freed as 1", PAGES },
	{ "pages twice", pages_twice, MISUSE_DOUBLE_FREE, "is free already", PAGES, true },
	{ "middle of a block", inside_a_block, MISUSE_INNER_FREE, "inside a block", BLOCK },
	{ "block, wrong order", block_of_wrong_order, MISUSE_WRONG_SIZE, "are freed as 16", BLOCK },
	{ "block twice", block_twice, MISUSE_DOUBLE_FREE, "a block that is free", BLOCK, true },
	{ "another pool's block", block_to_another_pool, MISUSE_WRONG_POOL, "belongs to pool", BLOCK },
	{ "use after free of a block", write_after_block_was_freed, MISUSE_WRITE_FREE,
	  "the first at offset 5000", BLOCK, true, 0, true },
	{ "stack", stack, MISUSE_BAD_FREE, "stack", NOBODY },
	{ "module's data", static_data, MISUSE_BAD_FREE, "module", NOBODY },
	{ "vmalloc", vmalloced, MISUSE_BAD_FREE, "vmalloc", NOBODY },
	{ "kernel's kmalloc", kmalloced, MISUSE_BAD_FREE, "kmalloc", NOBODY },
	{ "user space", of_user_space, MISUSE_BAD_FREE, "is not slabmod's", NOBODY },
	{ "non-canonical", non_canonical, MISUSE_BAD_FREE, "is not slabmod's", NOBODY },
};

static void bad_use_name(const struct bad_use *use, char *text)
{
	strscpy(text, use->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(bad_use, bad_uses, bad_use_name);

/* ---- the test ---- */

static struct slabmod_cache *make_cache(struct kunit *test, const char *name)
{
	struct slabmod_cache *cache;

	cache = slabmod_pool_cache_create(scene.pool, name, SIZE, 0, SLABMOD_DEBUG, NULL);
	KUNIT_ASSERT_NOT_NULL(test, cache);
	return cache;
}

static void scene_begin(struct kunit *test)
{
	scene.pool = debug_test_pool(test);
	scene.other_pool = kit_pool_create(test, 1024);
	debug_block_switch(true);
	scene.cache = make_cache(test, "kit-debug-a");
	scene.other_cache = make_cache(test, "kit-debug-b");
	scene.object = debug_victim_alloc(scene.cache);
	scene.pages = victim_pages(1);
	scene.block = victim_pages(ORDER);
	KUNIT_ASSERT_TRUE(test, scene.object && scene.pages && scene.block);
}

/* Whatever was done to it: what was not freed can be, and nothing is left. */
static void scene_end(struct kunit *test, const struct bad_use *use)
{
	enum victim freed = use->freed ? use->victim : NOBODY;

	KUNIT_EXPECT_TRUE(test, pool_check(scene.pool));
	kit_capture_begin();
	if (freed != OBJECT)
		free_object();
	if (freed != PAGES)
		culprit_frees_pages(scene.pages, 1);
	if (freed != BLOCK)
		culprit_frees_pages(scene.block, ORDER);
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(scene.cache), 0);
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(scene.other_cache), 0);
	slabmod_pool_shrink(scene.pool);
	debug_block_switch(debug_all);
	KUNIT_EXPECT_EQ(test, slabmod_pool_destroy(scene.pool), 0);
	kit_capture_end();
	kit_expect_no_misuse(test, __LINE__);
}

/* How reports call the victim; an address is printed as a number that stands for it. */
static void name_victim(enum victim victim, char *name, size_t size)
{
	if (victim == OBJECT)
		snprintf(name, size, "object %p of kit-debug-a, %u bytes, %u requested",
			 scene.object, scene.cache->usable, SIZE);
	else if (victim == PAGES)
		snprintf(name, size, "object %p of pages-1, %lu bytes", scene.pages,
			 PAGE_SIZE << 1);
	else
		snprintf(name, size, "block %p of %u pages", scene.block, 1 << ORDER);
}

static void expect_victim_and_stacks(struct kunit *test, const struct bad_use *use)
{
	const bool object = use->victim == OBJECT;
	char name[80];

	name_victim(use->victim, name, sizeof(name));
	KUNIT_EXPECT_EQ_MSG(test, kit_captured(name), 1, "how often '%s' is named", name);
	KUNIT_EXPECT_EQ(test, kit_captured("slabmod:   allocated "), 1);
	KUNIT_EXPECT_TRUE(test, kit_captured_stack("slabmod:   allocated ",
						   object ? "debug_victim_alloc" : "victim_pages"));
	if (use->offset) {
		snprintf(name, sizeof(name), "is at offset %ld of", use->offset);
		KUNIT_EXPECT_EQ_MSG(test, kit_captured(name), 1, "how often it %s", name);
	}
	if (!use->freed)
		return;
	KUNIT_EXPECT_EQ(test, kit_captured("slabmod:   freed "), 1);
	KUNIT_EXPECT_TRUE(test, kit_captured_stack("slabmod:   freed ",
						   object ? "debug_culprit_free" :
							    "culprit_frees_pages"));
}

static void test_bad_use_is_reported_with_its_victim(struct kunit *test)
{
	const struct bad_use *use = test->param_value;

	if (use->touches)
		debug_may_spoil(test);
	scene_begin(test);
	KIT_EXPECT_MISUSE(test, use->kind, use->says, use->act());
	if (use->victim != NOBODY)
		expect_victim_and_stacks(test, use);
	scene_end(test, use);
}

static struct kunit_case debug_table_cases[] = {
	KUNIT_CASE_PARAM(test_bad_use_is_reported_with_its_victim, bad_use_gen_params),
	{}
};

struct kunit_suite debug_table_suite = {
	.name = "debug_table",
	KIT_SUITE_HOOKS,
	.test_cases = debug_table_cases,
};
