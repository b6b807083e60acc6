// SPDX-License-Identifier: GPL-2.0
/*
 * test_locked.c - the work under a lock, with interrupts off, does not grow with the
 * amount of memory.
 *
 * It is counted in instructions, by a check of the lock after each of them. Work on many
 * things may take at most twice as long as on a few; lockdep makes the count vary.
 */
#include <linux/spinlock.h>

#include "buddy_check.h"
#include "context.h"
#include "home.h"
#include "home_check.h"
#include "suites.h"
#include "verbs.h"

struct hold {
	raw_spinlock_t *lock;
	unsigned long now, longest;
};

static void count_held(unsigned long ip, void *arg)
{
	struct hold *hold = arg;

	hold->now = raw_spin_is_locked(hold->lock) ? hold->now + 1 : 0;
	hold->longest = max(hold->longest, hold->now);
}

static void skip_unless_stepped(struct kunit *test)
{
	struct hold hold = { };

	if (!IS_ENABLED(CONFIG_SMP) || !context_step_begin(count_held, &hold))
		kunit_skip(test, "needs single-stepping and SMP");
	context_step_end();
}

/* The largest number of instructions that @fn runs with @lock held. */
static unsigned long longest_hold(struct kunit *test, raw_spinlock_t *lock,
				  void (*fn)(void *arg), void *arg)
{
	struct hold hold = { .lock = lock };

	skip_unless_stepped(test);
	context_step_begin(count_held, &hold);
	/* The first call does what is done only once, by lockdep too. */
	context_pin(0);
	fn(arg);
	context_step(fn, arg);
	context_step_end();
	KUNIT_EXPECT_GT(test, hold.longest, 0);
	return hold.longest;
}

static void expect_no_longer(struct kunit *test, unsigned long few, unsigned long many)
{
	kunit_info(test, "instructions under the lock: %lu with few, %lu with many\n", few, many);
	KUNIT_EXPECT_LE(test, many, 2 * few);
}

/* ---- chunks ---- */

static struct slabmod_pool *pool_of_chunks(struct kunit *test, unsigned int nr, unsigned int order)
{
	struct slabmod_pool *pool = kit_pool_create_orders(test, nr << order, order, order);

	while (nr--)
		KUNIT_ASSERT_TRUE(test, buddy_add_chunk(pool->buddies, NID, order,
							GFP_KERNEL | __GFP_THISNODE));
	return pool;
}

static void check_chunks(void *buddy)
{
	buddy_check_live(buddy);
}

static unsigned long hold_of_check(struct kunit *test, unsigned int nr)
{
	struct buddy *buddy = &pool_of_chunks(test, nr, 3)->buddies[NID];

	return longest_hold(test, &buddy->lock, check_chunks, buddy);
}

static void test_chunks_are_checked_one_at_a_time(struct kunit *test)
{
	expect_no_longer(test, hold_of_check(test, 4), hold_of_check(test, 64));
}

static void alloc_and_free(void *pool)
{
	void *block = kit_buddy_alloc(((struct slabmod_pool *)pool)->buddies, NID, 1,
					  GFP_NOWAIT | __GFP_THISNODE);

	if (block)
		buddy_free(block);
}

/* More is free than may be kept, but less than a chunk above the reserve. */
static unsigned long hold_of_free(struct kunit *test, unsigned int nr)
{
	struct slabmod_pool *pool = pool_of_chunks(test, nr, 3);
	unsigned long longest;

	pool->source.max_free = 0;
	pool->source.reserve = nr * 8 - 4;
	longest = longest_hold(test, &pool->buddies[NID].lock, alloc_and_free, pool);
	KUNIT_EXPECT_EQ(test, pool->buddies[NID].nr_free_chunks, nr);
	pool->source.reserve = 0;
	return longest;
}

static void test_free_does_not_search_the_reserve(struct kunit *test)
{
	expect_no_longer(test, hold_of_free(test, 4), hold_of_free(test, 1000));
}

static void alloc_more(void *pool)
{
	if (kit_buddy_alloc(((struct slabmod_pool *)pool)->buddies, NID, 8,
			    GFP_NOWAIT | __GFP_THISNODE))
		WARN(1, "chunks of one page gave eight");
}

/* All chunks are of the reserve, and too small. */
static unsigned long hold_of_alloc(struct kunit *test, unsigned int nr)
{
	struct slabmod_pool *pool = pool_of_chunks(test, nr, 0);
	unsigned long longest;

	pool->source.reserve = nr;
	longest = longest_hold(test, &pool->buddies[NID].lock, alloc_more, pool);
	pool->source.reserve = 0;
	return longest;
}

static void test_alloc_does_not_search_small_chunks(struct kunit *test)
{
	expect_no_longer(test, hold_of_alloc(test, 4), hold_of_alloc(test, 1000));
}

/* ---- slabs ---- */

struct slabs {
	struct slabmod_cache *cache;
	unsigned int nr;
	struct slab *slab[64];
};

static void check_slabs(void *arg)
{
	struct slabs *slabs = arg;
	unsigned int i;

	for (i = 0; i < slabs->nr; i++)
		home_check_slab(slabs->cache, slabs->slab[i]);
}

static unsigned long hold_of_slabs(struct kunit *test, unsigned int nr)
{
	struct slabs *slabs = kit_zalloc(test, sizeof(*slabs));
	void *objects[ARRAY_SIZE(slabs->slab)];
	unsigned long longest;
	unsigned int cpu;

	slabs->cache = kit_cache_create(test, kit_pool_create(test, KIT_LIMIT), 256, 0, NULL);
	cpu = context_pin(0);
	for (slabs->nr = 0; slabs->nr < nr; slabs->nr++) {
		objects[slabs->nr] = kit_new_slab(test, slabs->cache, false);
		slabs->slab[slabs->nr] = kit_slab(objects[slabs->nr]);
	}
	longest = longest_hold(test, &kit_home(slabs->cache, cpu)->lock, check_slabs, slabs);
	kit_home_free(test, slabs->cache, objects, nr);
	return longest;
}

static void test_slabs_are_checked_one_at_a_time(struct kunit *test)
{
	/* Before slabs are in use. */
	skip_unless_stepped(test);
	expect_no_longer(test, hold_of_slabs(test, 2), hold_of_slabs(test, 64));
}

static struct kunit_case locked_cases[] = {
	KUNIT_CASE(test_chunks_are_checked_one_at_a_time),
	KUNIT_CASE(test_free_does_not_search_the_reserve),
	KUNIT_CASE(test_alloc_does_not_search_small_chunks),
	KUNIT_CASE(test_slabs_are_checked_one_at_a_time),
	{}
};

struct kunit_suite locked_suite = {
	.name = "locked",
	KIT_SUITE_HOOKS,
	.test_cases = locked_cases,
};
