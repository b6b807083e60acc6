// SPDX-License-Identifier: GPL-2.0
/*
 * test_bound_most.c - what the ledger says was the most: of each part what was seen, and
 * of what was held in all, and of metadata, what there was, seen or not.
 */
#include <linux/delay.h>
#include <linux/sched/clock.h>
#include <linux/slab.h>

#include <slabmod/cache.h>

#include "block.h"
#include "cache.h"
#include "cache_list.h"
#include "chunk.h"
#include "home.h"
#include "home_return.h"
#include "kit.h"
#include "pool_ledger.h"
#include "test_bound.h"

static struct slabmod_cache *cache_of_200(struct kunit *test)
{
	struct slabmod_cache *cache;

	cache = cache_create(kit_pool_create(test, 8192), "kit-most", 200, 0, 0, NULL,
			     THIS_MODULE);
	KUNIT_ASSERT_NOT_NULL(test, cache);
	return cache;
}

static void expect_most(struct kunit *test, struct slabmod_pool *pool, struct pool_ledger *before)
{
	struct pool_ledger most = pool_ledger_peak(pool), now = pool_ledger(pool);

#define EXPECT_MOST(part)							\
do {										\
	KUNIT_EXPECT_GE(test, most.part, now.part);				\
	KUNIT_EXPECT_GE(test, most.part, before->part);				\
} while (0)
	EXPECT_MOST(held);
	EXPECT_MOST(used);
	EXPECT_MOST(slabs);
	EXPECT_MOST(magazines);
	EXPECT_MOST(buddy);
	EXPECT_MOST(metadata);
#undef EXPECT_MOST
	KUNIT_EXPECT_EQ(test, now.held, now.used + now.slabs + now.magazines + now.buddy +
			now.metadata);
	*before = most;
}

void test_most_of_each_part_is_kept(struct kunit *test)
{
	struct slabmod_cache *cache = cache_of_200(test);
	void **objects = kunit_kcalloc(test, 600, sizeof(*objects), GFP_KERNEL);
	struct slabmod_pool *pool = cache->pool;
	struct pool_ledger most = { 0 }, full;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, objects);
	for (i = 0; i < 600; i++) {
		objects[i] = slabmod_cache_alloc(cache, GFP_KERNEL);
		expect_most(test, pool, &most);
	}
	full = pool_ledger(pool);
	KUNIT_EXPECT_EQ(test, most.used, full.used);
	KUNIT_EXPECT_EQ(test, most.held, full.held);
	slabmod_cache_free_bulk(cache, 600, objects);
	expect_most(test, pool, &most);
	pool_shrink(pool);
	expect_most(test, pool, &most);
	KUNIT_EXPECT_EQ(test, most.used, full.used);
	KUNIT_EXPECT_EQ(test, most.held, full.held);
	KUNIT_EXPECT_GT(test, most.magazines, 0);
}

static unsigned long held_now(struct slabmod_pool *pool)
{
	return (kit_source.pages << PAGE_SHIFT) + atomic_long_read(&pool->source.metadata);
}

/* Though nobody looks at the ledger in time. */
void test_most_that_was_held_is_known_to_the_byte(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, 8192);
	unsigned long held = 0, metadata = 0;
	void *blocks[40];
	int i;

	for (i = 0; i < ARRAY_SIZE(blocks); i++) {
		blocks[i] = block_alloc("test", pool, NUMA_NO_NODE, 1 + i * 5, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, blocks[i]);
		held = max(held, held_now(pool));
		metadata = max_t(unsigned long, metadata, atomic_long_read(&pool->source.metadata));
	}
	for (i = 0; i < ARRAY_SIZE(blocks); i++)
		block_free(chunk_frame(blocks[i]));
	pool_shrink(pool);
	KUNIT_EXPECT_EQ(test, kit_source.pages, 0);
	KUNIT_EXPECT_EQ(test, pool_ledger_peak(pool).metadata, metadata);
	KUNIT_EXPECT_EQ(test, pool_ledger_peak(pool).held, held);
}

struct stage {
	struct slabmod_cache *cache;
	atomic_t looks;
	bool seen, over;
};

/*
 * Brings what is in this CPU's magazine back to the slabs, and lets the other look before it
 * leaves the magazine: as when one that is full is flushed. He may have to wait for who
 * waits for us; then we go on, and wait longer the next time.
 */
static bool flush_and_be_seen(struct stage *stage, unsigned int turn)
{
	u64 end = local_clock() + (20ull * NSEC_PER_MSEC << min(turn / 8, 6u));
	struct slabmod_magazine *magazine;
	long top;
	int looks;

	preempt_disable();
	magazine = this_cpu_ptr(stage->cache->magazines);
	top = kit_magazine_enter(stage->cache);
	home_free(stage->cache, &magazine->object[1], top);
	looks = atomic_read(&stage->looks);
	while (atomic_read(&stage->looks) < looks + 2 && local_clock() < end)
		cpu_relax();
	slabmod_magazine_exit(this_cpu_ptr(stage->cache->magazines), -top);
	preempt_enable();
	return atomic_read(&stage->looks) >= looks + 2;
}

static void flush_or_look(unsigned int n, void *arg)
{
	struct stage *stage = arg;
	unsigned long end = jiffies + KIT_HANG;
	unsigned int turn;

	while (n && !READ_ONCE(stage->over)) {
		pool_ledger(stage->cache->pool);
		atomic_inc(&stage->looks);
		cond_resched();
	}
	if (n)
		return;
	for (turn = 0; !stage->seen && time_before(jiffies, end); turn++) {
		slabmod_cache_free(stage->cache, slabmod_cache_alloc(stage->cache, GFP_KERNEL));
		stage->seen = flush_and_be_seen(stage, turn);
		usleep_range(500, 1000);
	}
	WRITE_ONCE(stage->over, true);
}

void test_most_is_never_what_was_not(struct kunit *test)
{
	struct stage stage = { .cache = cache_of_200(test) };
	struct pool_ledger most;

	if (num_online_cpus() < 2)
		kunit_skip(test, "there is one CPU");
	kit_run_on_cpus(test, 2, flush_or_look, &stage);
	KUNIT_EXPECT_TRUE(test, stage.seen);
	most = pool_ledger_peak(stage.cache->pool);
	KUNIT_EXPECT_LE(test, most.used, most.held);
	KUNIT_EXPECT_LE(test, most.slabs, most.held);
	KUNIT_EXPECT_LE(test, most.magazines, most.held);
	KUNIT_EXPECT_LE(test, most.buddy, most.held);
	KUNIT_EXPECT_EQ(test, cache_used(stage.cache), 0);
}
