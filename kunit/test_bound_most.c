// SPDX-License-Identifier: GPL-2.0
/*
 * test_bound_most.c - the peaks of the ledger: exact for what is held in all and for
 * metadata, sampled for the other parts.
 */
#include <linux/delay.h>
#include <linux/sched/clock.h>

#include "home.h"
#include "pool_ledger.h"
#include "test_bound.h"
#include "verbs.h"

static void expect_peaks(struct kunit *test, struct slabmod_pool *pool, struct pool_ledger *before)
{
	struct pool_ledger peak = pool_ledger_peak(pool), now = pool_ledger(pool);

#define EXPECT_PEAK(part)							\
do {										\
	KUNIT_EXPECT_GE(test, peak.part, now.part);				\
	KUNIT_EXPECT_GE(test, peak.part, before->part);				\
} while (0)
	EXPECT_PEAK(held);
	EXPECT_PEAK(used);
	EXPECT_PEAK(slabs);
	EXPECT_PEAK(magazines);
	EXPECT_PEAK(buddy);
	EXPECT_PEAK(metadata);
#undef EXPECT_PEAK
	KUNIT_EXPECT_EQ(test, now.held, now.used + now.slabs + now.magazines + now.buddy +
			now.metadata);
	*before = peak;
}

void test_peaks_of_all_parts(struct kunit *test)
{
	struct slabmod_cache *cache = kit_cache(test, 200);
	void **objects = kit_array(test, 600);
	struct slabmod_pool *pool = cache->pool;
	struct pool_ledger peak = { 0 }, full;
	int i;

	for (i = 0; i < 600; i++) {
		objects[i] = slabmod_cache_alloc(cache, GFP_KERNEL);
		expect_peaks(test, pool, &peak);
	}
	full = pool_ledger(pool);
	KUNIT_EXPECT_EQ(test, peak.used, full.used);
	KUNIT_EXPECT_EQ(test, peak.held, full.held);
	slabmod_cache_free_bulk(cache, 600, objects);
	expect_peaks(test, pool, &peak);
	pool_shrink(pool);
	expect_peaks(test, pool, &peak);
	KUNIT_EXPECT_EQ(test, peak.used, full.used);
	KUNIT_EXPECT_EQ(test, peak.held, full.held);
	KUNIT_EXPECT_GT(test, peak.magazines, 0);
}

static unsigned long held_now(struct slabmod_pool *pool)
{
	return (kit_source.pages << PAGE_SHIFT) + atomic_long_read(&pool->source.metadata);
}

/* Although the ledger is not read meanwhile. */
void test_peak_of_held_is_exact(struct kunit *test)
{
	struct slabmod_pool *pool = kit_pool_create(test, 8192);
	unsigned long held = 0, metadata = 0, pages = 0;
	void *blocks[40];
	int i;

	for (i = 0; i < ARRAY_SIZE(blocks); i++) {
		blocks[i] = kit_block(test, pool, 1 + i * 5);
		held = max(held, held_now(pool));
		pages = max(pages, kit_source.pages);
		KUNIT_EXPECT_EQ(test, pool_pages_peak(pool), pages << PAGE_SHIFT);
		metadata = max_t(unsigned long, metadata, atomic_long_read(&pool->source.metadata));
	}
	for (i = 0; i < ARRAY_SIZE(blocks); i++)
		kit_block_free(blocks[i]);
	pool_shrink(pool);
	KUNIT_EXPECT_EQ(test, kit_source.pages, 0);
	KUNIT_EXPECT_EQ(test, pool_ledger_peak(pool).metadata, metadata);
	KUNIT_EXPECT_EQ(test, pool_ledger_peak(pool).held, held);
	KUNIT_EXPECT_EQ(test, pool_pages_peak(pool), pages << PAGE_SHIFT);
}

struct stage {
	struct slabmod_cache *cache;
	atomic_t looks;
	bool seen, over;
};

/*
 * Free the objects of this CPU's magazine, and let the other CPU read the ledger before
 * leaving the magazine, as in a flush. The other CPU may wait for a lock whose owner waits
 * for this one; then go on, and wait longer the next time.
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

void test_peaks_are_never_too_high(struct kunit *test)
{
	struct stage stage = { .cache = kit_cache(test, 200) };
	struct pool_ledger peak;

	kit_need_cpus(test, 2);
	kit_run_on_cpus(test, 2, flush_or_look, &stage);
	KUNIT_EXPECT_TRUE(test, stage.seen);
	peak = pool_ledger_peak(stage.cache->pool);
	KUNIT_EXPECT_LE(test, peak.used, peak.held);
	KUNIT_EXPECT_LE(test, peak.slabs, peak.held);
	KUNIT_EXPECT_LE(test, peak.magazines, peak.held);
	KUNIT_EXPECT_LE(test, peak.buddy, peak.held);
	KUNIT_EXPECT_EQ(test, cache_used(stage.cache), 0);
}
