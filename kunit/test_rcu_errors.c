// SPDX-License-Identifier: GPL-2.0
/*
 * test_rcu_errors.c - frees after a grace period: what is refused at the call, and what is reported
 * when the memory is freed.
 */
#include <linux/slab.h>

#include "root.h"
#include "test_rcu.h"

void test_wrong_addresses_are_refused_at_the_call(struct kunit *test)
{
	struct entry *entry = entry_make(test), *slub = kmalloc(sizeof(*slub), GFP_KERNEL);
	struct entry *pages = (void *)slabmod_get_free_pages(GFP_KERNEL, 0), on_stack;
	struct slabmod_cache *cache = kit_cache_with(test, sizeof(*entry), SLABMOD_STRICT, NULL);
	struct entry *freed = entry_make_in(test, cache);

	KUNIT_ASSERT_TRUE(test, slub && pages);
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_FREE, "kfree_rcu", slabmod_kfree_rcu(slub, rcu));
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_FREE, "kfree_rcu", slabmod_kfree_rcu(&on_stack, rcu));
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_FREE, "kfree_rcu", slabmod_kfree_rcu_mightsleep(slub));
	KIT_EXPECT_MISUSE(test, MISUSE_INNER_FREE, "kfree_rcu",
			  slabmod_kvfree_call_rcu(&entry->rcu, &entry->pattern[2]));
	KIT_EXPECT_MISUSE(test, MISUSE_INNER_FREE, "kfree_rcu",
			  slabmod_kfree_rcu_mightsleep(&entry->pattern[1]));
	/* A page that is larger than any object may be of kmalloc(). */
	if (PAGE_SIZE <= SLABMOD_KMALLOC_MAX_CLASS)
		KIT_EXPECT_MISUSE(test, MISUSE_WRONG_CACHE, "kfree_rcu",
				  slabmod_kfree_rcu(pages, rcu));
	slabmod_cache_free(cache, freed);
	KIT_EXPECT_MISUSE(test, MISUSE_DOUBLE_FREE, "kfree_rcu", slabmod_kfree_rcu(freed, rcu));
	KUNIT_EXPECT_TRUE(test, entry_intact(entry));
	KUNIT_EXPECT_EQ(test, entry_waiting(), 0);
	slabmod_kfree(entry);
	slabmod_free_pages((unsigned long)pages, 0);
	kfree(slub);
	entry_expect_freed(test);
}

void test_wrong_heads_are_refused(struct kunit *test)
{
	struct entry *entry = entry_make(test);
	void *p = entry;

	KIT_EXPECT_MISUSE(test, MISUSE_BAD_FREE, "misaligned",
			  slabmod_kvfree_call_rcu(p + 1, entry));
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_FREE, "not in the",
			  slabmod_kvfree_call_rcu(p + slabmod_ksize(entry) - 8, entry));
	KIT_EXPECT_MISUSE(test, MISUSE_BAD_FREE, "not in the",
			  slabmod_kvfree_call_rcu(p - 16, entry));
	KUNIT_EXPECT_TRUE(test, entry_intact(entry));
	slabmod_kfree(entry);
	entry_expect_freed(test);
}

/* No grace period ends meanwhile. */
static void free_twice(struct entry *entry)
{
	rcu_read_lock();
	slabmod_kfree_rcu(entry, rcu);
	slabmod_kfree_rcu(entry, rcu);
	rcu_read_unlock();
}

void test_second_call_is_refused(struct kunit *test)
{
	struct entry *entry = entry_make(test), *again;

	KIT_EXPECT_MISUSE(test, MISUSE_DOUBLE_FREE, "waits to be freed already", free_twice(entry));
	entry_expect_freed(test);
	/* The same memory may be passed again when it has a new owner. */
	again = entry_make(test);
	KIT_EXPECT_NO_MISUSE(test, slabmod_kfree_rcu(again, rcu));
	entry_expect_freed(test);
}

struct rivals {
	struct entry **entries;
	unsigned int nr;
	atomic_t missing;
};

static void free_all_at_once(unsigned int n, void *arg)
{
	struct rivals *rivals = arg;
	unsigned int i;

	/* No grace period ends before both are done. */
	rcu_read_lock();
	atomic_dec(&rivals->missing);
	while (atomic_read(&rivals->missing) > 0)
		cpu_relax();
	for (i = 0; i < rivals->nr; i++)
		slabmod_kfree_rcu(rivals->entries[i], rcu);
	rcu_read_unlock();
}

void test_concurrent_calls_free_once(struct kunit *test)
{
	unsigned long doubles = report_count(MISUSE_DOUBLE_FREE);
	struct rivals rivals = { .nr = 1000, .missing = ATOMIC_INIT(2) };
	unsigned int i;

	kit_need_cpus(test, 2);
	rivals.entries = (struct entry **)kit_array(test, rivals.nr);
	for (i = 0; i < rivals.nr; i++)
		rivals.entries[i] = entry_make(test);
	KUNIT_EXPECT_EQ(test, kit_run_on_cpus(test, 2, free_all_at_once, &rivals), 2);
	entry_expect_freed(test);
	KUNIT_EXPECT_EQ(test, report_count(MISUSE_DOUBLE_FREE), doubles + rivals.nr);
}

void test_second_call_without_head(struct kunit *test)
{
	struct slabmod_cache *cache = kit_cache_with(test, sizeof(struct entry), SLABMOD_STRICT,
						     NULL);
	struct entry *entry = entry_make_in(test, cache);

	slabmod_kfree_rcu_mightsleep(entry);
	slabmod_kfree_rcu_mightsleep(entry);
	/* By the worker. */
	KIT_EXPECT_MISUSE_FROM(test, NULL, MISUSE_DOUBLE_FREE, "is free already",
			       slabmod_rcu_barrier());
	kit_expect_unused(test, cache);
	entry_expect_freed(test);
}

/* Not inline: the test looks for its name. */
static noinline void pass_entry(struct entry *entry, bool head)
{
	if (head)
		slabmod_kfree_rcu(entry, rcu);
	else
		slabmod_kfree_rcu_mightsleep(entry);
	barrier();
}

/* After the grace period, the report of another free has the stack of kfree_rcu(). */
static void expect_caller_is_known(struct kunit *test, struct entry *entry, bool head,
				   const char *text)
{
	pass_entry(entry, head);
	slabmod_rcu_barrier();
	kit_capture_begin();
	slabmod_kfree(entry);
	kit_capture_end();
	kit_expect_misuse(test, __LINE__, MISUSE_DOUBLE_FREE, text, NULL);
	KUNIT_EXPECT_TRUE(test, kit_captured_stack("slabmod:   freed ", "pass_entry"));
}

void test_debug_mode_knows_the_caller(struct kunit *test)
{
	struct slabmod_cache *cache = kit_cache_with(test, sizeof(struct entry), SLABMOD_DEBUG,
						     NULL);
	struct slabmod_pool_params params = SLABMOD_POOL_PARAMS_INIT;
	struct slabmod_pool *pool;
	int head;

	if (!IS_ENABLED(CONFIG_STACKDEPOT))
		kunit_skip(test, "needs the stack depot");
	params.debug = true;
	pool = slabmod_pool_create("kit-debugged", &params);
	KUNIT_ASSERT_NOT_NULL(test, pool);
	for (head = 0; head < 2; head++) {
		expect_caller_is_known(test, entry_make_in(test, cache), head, "is free already");
		expect_caller_is_known(test, kit_pool_kmalloc(test, pool, PAGE_SIZE << 5), head,
				       "is in a block that is free");
	}
	slabmod_cache_shrink(cache);
	kit_expect_unused(test, cache);
	KUNIT_EXPECT_EQ(test, slabmod_pool_destroy(pool), 0);
}

static void overwrite_and_wait(struct entry *entry)
{
	rcu_read_lock();
	slabmod_kfree_rcu(entry, rcu);
	entry->rcu.func = NULL;
	rcu_read_unlock();
	slabmod_rcu_barrier();
}

void test_overwritten_head_is_reported(struct kunit *test)
{
	struct entry *entry = entry_make(test), *next = entry_make(test);

	KIT_EXPECT_MISUSE_FROM(test, NULL, MISUSE_WRITE_FREE, "was overwritten",
			       overwrite_and_wait(entry));
	/* It stays in use, and later ones are freed. */
	KIT_EXPECT_NO_MISUSE(test, slabmod_kfree_rcu(next, rcu); slabmod_rcu_barrier());
	KUNIT_EXPECT_EQ(test, entry_waiting(), 1);
	KUNIT_EXPECT_EQ(test, root_used(), slabmod_ksize(entry));
	KIT_EXPECT_NO_MISUSE(test, slabmod_kfree(entry));
}
