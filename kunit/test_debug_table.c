// SPDX-License-Identifier: GPL-2.0
/*
 * test_debug_table.c - each kind of bad use of debugged memory: its kind of misuse, and that
 * the report names the object, the stack that allocated it, and the stack that freed it.
 */
#include <linux/mm.h>

#include "debug/debug.h"
#include "debug/debug_block.h"
#include "pool_check.h"
#include "suites.h"
#include "test_debug.h"

#define SIZE	100
#define ORDER	5

/* Memory to be misused. */
static struct {
	struct slabmod_pool *pool, *other_pool;
	struct slabmod_cache *cache, *other_cache;
	void *object;
	void *pages;			/* two of them: from a cache */
	void *block;
} scene;

enum victim { OBJECT = 1, PAGES, BLOCK };

struct bad_use {
	const char *name;
	void (*act)(const struct bad_use *use);
	enum misuse kind;
	const char *says;
	enum victim victim;
	bool freed;			/* by the act, rightfully */
	bool touches;			/* KASAN would report it first */
	long at;			/* offset of the act */
	long offset;			/* reported; 0: none */
};

/* ---- acts ---- */

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

/* A cache without quarantine would have reused the object long before. */
static void use_others(void)
{
	unsigned int i;

	for (i = 0; i < 5000; i++)
		slabmod_cache_free(scene.cache, slabmod_cache_alloc(scene.cache, GFP_KERNEL));
}

static void *victim_of(const struct bad_use *use)
{
	return use->victim == OBJECT ? scene.object : use->victim == PAGES ? scene.pages :
								  scene.block;
}

static void free_victim(const struct bad_use *use)
{
	if (use->victim == OBJECT)
		free_object();
	else
		culprit_frees_pages(victim_of(use), use->victim == PAGES ? 1 : ORDER);
}

static void inside(const struct bad_use *use)
{
	slabmod_kfree(victim_of(use) + use->at);
}

static void twice(const struct bad_use *use)
{
	free_victim(use);
	free_victim(use);
}

static void twice_at_a_distance(const struct bad_use *use)
{
	free_victim(use);
	use_others();
	free_victim(use);
}

static void twice_by_kfree(const struct bad_use *use)
{
	free_victim(use);
	slabmod_kfree(scene.object);
}

static void wrong_order(const struct bad_use *use)
{
	culprit_frees_pages(victim_of(use), use->victim == PAGES ? 0 : ORDER - 1);
}

static void write_outside(const struct bad_use *use)
{
	debug_poke(scene.object, use->at, 1);
	free_object();
}

static void write_after_free(const struct bad_use *use)
{
	free_victim(use);
	debug_poke(victim_of(use), use->at, 1);
	slabmod_pool_shrink(scene.pool);
}

static void to_another_cache(const struct bad_use *use)
{
	slabmod_cache_free(scene.other_cache, scene.object);
}

static void to_another_pool(const struct bad_use *use)
{
	slabmod_pool_kfree(scene.other_pool, scene.object);
}

static void object_as_pages(const struct bad_use *use)
{
	slabmod_free_pages((unsigned long)scene.object, 0);
}

static void pages_as_memory(const struct bad_use *use)
{
	slabmod_kfree(scene.pages);
}

static void block_to_another_pool(const struct bad_use *use)
{
	slabmod_pool_free_pages(scene.other_pool, (unsigned long)scene.block, ORDER);
}

static void end_with_live_object(const struct bad_use *use)
{
	slabmod_cache_destroy(scene.cache);
}

/* ---- the table ---- */

static const struct bad_use bad_uses[] = {
	{ "middle", inside, MISUSE_INNER_FREE, "starts no object", OBJECT, .at = 40, .offset = 40 },
	{ "past its end", inside, MISUSE_INNER_FREE, "starts no object", OBJECT, .at = SIZE + 4,
	  .offset = SIZE + 4 },
	{ "before it", inside, MISUSE_INNER_FREE, "starts no object", OBJECT, .at = -1,
	  .offset = -1 },
	{ "twice in a row", twice, MISUSE_DOUBLE_FREE, "is free already", OBJECT, true },
	{ "twice, 10,000 operations between", twice_at_a_distance, MISUSE_DOUBLE_FREE,
	  "is free already", OBJECT, true },
	{ "twice, by kfree", twice_by_kfree, MISUSE_DOUBLE_FREE, "is free already", OBJECT, true },
	{ "another cache's", to_another_cache, MISUSE_WRONG_CACHE, "is an object of", OBJECT },
	{ "another pool's", to_another_pool, MISUSE_WRONG_POOL, "belongs to pool", OBJECT },
	{ "object as pages", object_as_pages, MISUSE_WRONG_CACHE, "belongs to kit-debug", OBJECT },
	{ "byte behind", write_outside, MISUSE_OVERRUN, "behind object", OBJECT, true, true, SIZE },
	{ "byte before", write_outside, MISUSE_OVERRUN, "before object", OBJECT, true, true, -1 },
	{ "use after free", write_after_free, MISUSE_WRITE_FREE, "the first at offset 50", OBJECT,
	  true, true, 50 },
	{ "live at the end", end_with_live_object, MISUSE_CACHE_BUSY, "with 1 live", OBJECT },
	{ "pages as memory", pages_as_memory, MISUSE_WRONG_CACHE, "are pages", PAGES },
	{ "pages, wrong order", wrong_order, MISUSE_WRONG_SIZE, "are freed as 1", PAGES },
	{ "pages twice", twice, MISUSE_DOUBLE_FREE, "is free already", PAGES, true },
	{ "middle of a block", inside, MISUSE_INNER_FREE, "inside a block", BLOCK, .at = 5000 },
	{ "block, wrong order", wrong_order, MISUSE_WRONG_SIZE, "are freed as 16", BLOCK },
	{ "block twice", twice, MISUSE_DOUBLE_FREE, "a block that is free", BLOCK, true },
	{ "another pool's block", block_to_another_pool, MISUSE_WRONG_POOL, "belongs to pool",
	  BLOCK },
	{ "use after free of a block", write_after_free, MISUSE_WRITE_FREE,
	  "the first at offset 5000", BLOCK, true, true, 5000 },
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

/* What was not freed can be freed, and nothing is left. */
static void scene_end(struct kunit *test, const struct bad_use *use)
{
	enum victim freed = use->freed ? use->victim : 0;

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

/* The name of the victim in reports, with a hashed address. */
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

	if (use->victim == PAGES && PAGE_SIZE << 1 > SLABMOD_CACHE_MAX_SIZE)
		kunit_skip(test, "two pages are a block");
	if (use->touches)
		debug_may_spoil(test);
	scene_begin(test);
	KIT_EXPECT_MISUSE(test, use->kind, use->says, use->act(use));
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
