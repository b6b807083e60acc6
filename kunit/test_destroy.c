// SPDX-License-Identifier: GPL-2.0
/*
 * test_destroy.c - the destruction of a cache does not wait for RCU readers: pages and the name
 * are free at once, what readers may still look at is freed after them, and nothing is lost.
 */
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>

#include <slabmod/rcu.h>

#include "cache.h"
#include "cache_list.h"
#include "context.h"
#include "magazine_set.h"
#include "pool.h"
#include "pool_check.h"
#include "pool_ledger.h"
#include "suites.h"
#include "verbs_pool.h"

#define LIMIT		256	/* pages */
#define SIZE		200
#define OBJECTS		100

/* ---- a reader on another CPU ---- */

/* It gives up before a caller that waits for it looks like a stall of RCU. */
#define PATIENCE	(15 * HZ)

static struct {
	struct task_struct *task;
	struct completion in;
	unsigned long state;	/* of RCU, when it had begun */
	bool gave_up;
} reader;

static int read_on(void *arg)
{
	unsigned long begin = jiffies;

	rcu_read_lock();
	complete(&reader.in);
	while (!kthread_should_stop() && !reader.gave_up) {
		reader.gave_up = time_after(jiffies, begin + PATIENCE);
		cpu_relax();
	}
	rcu_read_unlock();
	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return 0;
}

static void reader_begin(struct kunit *test)
{
	kit_need_cpus(test, 2);
	reader.gave_up = false;
	init_completion(&reader.in);
	reader.task = kthread_create(read_on, NULL, "kit/reader");
	KUNIT_ASSERT_FALSE(test, IS_ERR(reader.task));
	kthread_bind(reader.task, cpumask_next(context_pin(0), cpu_online_mask));
	wake_up_process(reader.task);
	wait_for_completion(&reader.in);
	reader.state = get_state_synchronize_rcu();
}

/* Expect that no grace period has ended since reader_begin(). */
static void reader_end(struct kunit *test)
{
	bool waited = poll_state_synchronize_rcu(reader.state);

	kthread_stop(reader.task);
	KUNIT_EXPECT_FALSE(test, waited);
	KUNIT_EXPECT_FALSE(test, reader.gave_up);
}

/* ---- one cache ---- */

static const unsigned int kinds[] = {
	0, SLABMOD_STRICT, SLABMOD_DEBUG, SLABMOD_TYPESAFE_BY_RCU, SLABMOD_ISOLATED,
	SLABMOD_ISOLATED | SLABMOD_DEBUG, SLABMOD_ISOLATED | SLABMOD_TYPESAFE_BY_RCU,
	SLABMOD_TYPESAFE_BY_RCU | SLABMOD_STRICT,
};

static void name_kind(const unsigned int *flags, char *text)
{
	snprintf(text, KUNIT_PARAM_DESC_SIZE, "flags %#x", *flags);
}

KUNIT_ARRAY_PARAM(kinds, kinds, name_kind);

/* A cache that was used on two CPUs. */
static struct slabmod_cache *used_cache(struct kunit *test, struct slabmod_pool *pool,
					unsigned int flags)
{
	struct slabmod_cache *cache = kit_cache_in(test, pool, "short-lived", SIZE, flags);
	void *objects[OBJECTS];
	unsigned int n;

	magazine_enable(cache, GFP_KERNEL);
	for (n = 0; n < 2; n++) {
		kit_alloc_on(n, test, cache, objects, OBJECTS);
		slabmod_cache_free_bulk(cache, OBJECTS, objects);
	}
	return cache;
}

/* Without what describes slabs, which is kept for others. */
static void expect_empty(struct kunit *test, struct slabmod_pool *pool)
{
	struct pool_ledger ledger = pool_ledger(pool);

	KUNIT_EXPECT_EQ(test, ledger.used, 0);
	KUNIT_EXPECT_EQ(test, ledger.magazines, 0);
	KUNIT_EXPECT_EQ(test, ledger.slabs,
			(unsigned long)atomic_long_read(&pool->source.rcu_pages) << PAGE_SHIFT);
	KUNIT_EXPECT_EQ(test, ledger.held, ledger.slabs + ledger.buddy + ledger.metadata);
}

static void test_destruction_waits_for_no_reader(struct kunit *test)
{
	const unsigned int flags = *(const unsigned int *)test->param_value;
	struct slabmod_pool *pool = kit_pool_create(test, LIMIT);
	struct slabmod_cache *cache = used_cache(test, pool, flags), *next;
	long metadata;
	int err;

	/* Its free waits for the reader, and the cache has nothing to do with it. */
	reader_begin(test);
	slabmod_kfree_rcu_mightsleep(kit_kmalloc(test, SIZE));
	metadata = atomic_long_read(&pool->source.metadata);
	metadata -= cache_metadata(cache);
	KIT_EXPECT_NO_MISUSE(test, err = slabmod_cache_destroy(cache));
	KUNIT_EXPECT_EQ(test, err, 0);
	expect_empty(test, pool);
	if (!(flags & SLABMOD_DEBUG))
		KUNIT_EXPECT_EQ(test, atomic_long_read(&pool->source.metadata), metadata);
	if (!(flags & ~SLABMOD_DEBUG))
		KUNIT_EXPECT_EQ(test, atomic_long_read(&pool->source.rcu_pages), 0);
	next = kit_cache_in(test, pool, "short-lived", SIZE, flags);
	KUNIT_EXPECT_STREQ(test, next->label, "short-lived");
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(next), 0);
	reader_end(test);
	rcu_barrier();
	KUNIT_EXPECT_EQ(test, atomic_long_read(&pool->source.rcu_pages), 0);
	expect_empty(test, pool);
	pool_shrink(pool);
	KUNIT_EXPECT_EQ(test, kit_source.pages, 0);
}

static void test_live_object_is_reported_by_the_call(struct kunit *test)
{
	const unsigned int flags = *(const unsigned int *)test->param_value;
	struct slabmod_pool *pool = kit_pool_create(test, LIMIT);
	struct slabmod_cache *cache = used_cache(test, pool, flags);
	void *object = kit_alloc(test, cache);
	int err;

	KIT_EXPECT_MISUSE(test, MISUSE_CACHE_BUSY, "short-lived: destroyed with 1 live objects",
			  err = slabmod_cache_destroy(cache));
	KUNIT_EXPECT_EQ(test, err, -EBUSY);
	slabmod_cache_free(cache, object);
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(cache), 0);
}

/* ---- while magazines are exchanged ---- */

static struct slabmod_cache *subject;

static bool enlarge(struct slabmod_cache *cache)
{
	return cache == subject && magazine_resize(cache, true);
}

static int exchange(void *arg)
{
	cache_resize_magazines(enlarge);
	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return 0;
}

/* The exchange waits for the reader. The destruction of another cache does not wait for it. */
static void test_destruction_waits_for_no_exchange(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, LIMIT);
	struct slabmod_cache *other = used_cache(test, pool, 0);
	struct task_struct *task;
	int err;

	subject = used_cache(test, pool, 0);
	reader_begin(test);
	task = kthread_create(exchange, NULL, "kit/exchange");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	kthread_bind(task, context_pin(0));
	wake_up_process(task);
	while (!READ_ONCE(subject->old_magazines) && !READ_ONCE(reader.gave_up))
		schedule_timeout_uninterruptible(1);
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(other), 0);
	KUNIT_EXPECT_TRUE(test, magazine_has_old(subject));
	reader_end(test);
	KIT_EXPECT_NO_MISUSE(test, err = slabmod_cache_destroy(subject));
	KUNIT_EXPECT_EQ(test, err, 0);
	kthread_stop(task);
	KUNIT_EXPECT_TRUE(test, pool_check(pool));
}

/* ---- many caches ---- */

#define CACHES	1000

static unsigned long free_bytes(void)
{
	struct sysinfo info;

	cache_sync();
	si_meminfo(&info);
	return info.freeram << PAGE_SHIFT;
}

/* Return the bytes of their own structures. */
static unsigned long come_and_go(struct kunit *test)
{
	unsigned long bytes = 0;
	unsigned int i;

	for (i = 0; i < CACHES; i++) {
		struct slabmod_cache *cache = kit_cache_in(test, root_pool, "many", SIZE, 0);

		magazine_enable(cache, GFP_KERNEL);
		slabmod_cache_free(cache, kit_alloc(test, cache));
		bytes += cache_metadata(cache);
		KUNIT_ASSERT_EQ(test, slabmod_cache_destroy(cache), 0);
	}
	return bytes;
}

static void test_memory_of_destroyed_caches_returns(struct kunit *test)
{
	unsigned long before, bytes, after;

	/* Once for what the kernel keeps, as for files. */
	come_and_go(test);
	before = free_bytes();
	bytes = come_and_go(test);
	after = free_bytes();
	KUNIT_EXPECT_LT_MSG(test, (long)(before - after), (long)bytes / 2, "of %lu", bytes);
}

static struct kunit_case destroy_cases[] = {
	KUNIT_CASE_PARAM(test_destruction_waits_for_no_reader, kinds_gen_params),
	KUNIT_CASE_PARAM(test_live_object_is_reported_by_the_call, kinds_gen_params),
	KUNIT_CASE(test_destruction_waits_for_no_exchange),
	KUNIT_CASE(test_memory_of_destroyed_caches_returns),
	{}
};

struct kunit_suite destroy_suite = {
	.name = "destroy",
	KIT_SUITE_HOOKS,
	.test_cases = destroy_cases,
};
