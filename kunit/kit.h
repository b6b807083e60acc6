/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kit.h - shared by all suites: a source of pages that fails on request, random seeds
 * that can be replayed, reports read from the console, and other CPUs.
 *
 * With KIT_SUITE_HOOKS in its struct kunit_suite, each test of a suite begins with a source
 * that refuses nothing, and ends with a check that every page was freed to it.
 */
#ifndef SLABMOD_KIT_H
#define SLABMOD_KIT_H

#include <kunit/test.h>
#include <linux/atomic.h>
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/prandom.h>
#include <linux/random.h>
#include <linux/spinlock.h>

#include "buddy.h"
#include "pool.h"
#include "report.h"
#include "types.h"

/* Steps of a random run of a layer. */
#define KIT_STEPS	100000

/* ---- pools on a source that fails on request ---- */

/*
 * The source of all pools of a test. It passes requests on to the kernel, unless the test
 * wants them refused. All fields may be changed at any time, in any context.
 */
struct kit_source {
	raw_spinlock_t lock;
	struct list_head out;		/* pages of pools, by page->lru; @lock */
	unsigned long pages;		/* on @out; @lock */
	unsigned long requests;		/* including refused ones; @lock */
	unsigned long refused;		/* @lock */
	/* What to refuse. */
	unsigned int max_order;		/* refuse larger orders, as fragmented memory does */
	unsigned long fail_after;	/* refuse all after this many requests */
	unsigned long full_nodes;	/* bit n: node n has no pages */
	bool fail_all;
};

extern struct kit_source kit_source;

int kit_init(struct kunit *test);
void kit_exit(struct kunit *test);

#define KIT_SUITE_HOOKS	.init = kit_init, .exit = kit_exit

/* Refuse nothing. */
void kit_source_reset(void);

/*
 * Create a pool of at most @limit pages, destroyed with the test. Chunks are of 512 KiB to
 * 4 MiB, or of @min_order to @max_order. Aborts the test on failure.
 */
struct slabmod_pool *kit_pool_create(struct kunit *test, unsigned long limit);
struct slabmod_pool *kit_pool_create_orders(struct kunit *test, unsigned long limit,
					    unsigned int min_order, unsigned int max_order);

/* Destroy a pool before the test ends, and expect that @stay pages are still in use. */
void kit_pool_destroy(struct kunit *test, struct slabmod_pool *pool, unsigned long stay);

/*
 * Create a cache for the lower layers: with a layout and homes, but without magazines and
 * in no list. kit_cache_destroy(), or the end of the test, expects that all slabs are free.
 */
struct slabmod_cache *kit_cache_create(struct kunit *test, struct slabmod_pool *pool,
				       unsigned int size, unsigned int align,
				       void (*ctor)(void *object));
void kit_cache_destroy(struct kunit *test, struct slabmod_cache *cache);

/* ---- magazines ---- */

/*
 * Between enter and leave this CPU's magazine is busy, as for an interrupt during a call.
 * They nest. Preemption is off.
 */
static inline long kit_magazine_enter(struct slabmod_cache *cache)
{
	return slabmod_magazine_begin(this_cpu_ptr(cache->magazines));
}

static inline void kit_magazine_leave(struct slabmod_cache *cache)
{
	slabmod_magazine_end(this_cpu_ptr(cache->magazines), 0);
}

/*
 * Make a new cache what it would be on a machine with one node: a free checks the address alone.
 * Its objects must not share lines.
 */
void kit_cache_quicken(struct kunit *test, struct slabmod_cache *cache);

/* ---- seeds ---- */

/* Seed @rnd, and print the seed; the module parameter seed= replays it. */
void kit_seed(struct kunit *test, struct rnd_state *rnd);

/* A random number from 0 to @below - 1. */
static inline u32 kit_random(struct rnd_state *rnd, u32 below)
{
	return prandom_u32_state(rnd) % below;
}

/* ---- reports ---- */

/* Both may sleep. */
void kit_capture_begin(void);
void kit_capture_end(void);
void kit_expect_misuse(struct kunit *test, int line, enum misuse kind, const char *text,
		       const char *function);
void kit_expect_no_misuse(struct kunit *test, int line);

/* How often @text was printed between begin and end. */
unsigned int kit_captured(const char *text);
/* Whether a stack after @head has @function. */
bool kit_captured_stack(const char *head, const char *function);

/*
 * Expect that @statement makes exactly one report: of @kind, with @text in its line and
 * @function in its stack (NULL: any), and counted once. Not for reports in an NMI, where
 * the tracepoint of the console itself warns.
 */
#define KIT_EXPECT_MISUSE_FROM(test, function, kind, text, statement...)		\
do {										\
	kit_capture_begin();							\
	statement;								\
	kit_capture_end();							\
	kit_expect_misuse(test, __LINE__, kind, text, function);		\
} while (0)

/* Likewise, with the test's own function in the stack. */
#define KIT_EXPECT_MISUSE(test, kind, text, statement...)				\
	KIT_EXPECT_MISUSE_FROM(test, (test)->name, kind, text, statement)

#define KIT_EXPECT_NO_MISUSE(test, statement...)					\
do {										\
	kit_capture_begin();							\
	statement;								\
	kit_capture_end();							\
	kit_expect_no_misuse(test, __LINE__);					\
} while (0)

/* ---- waiting ---- */

/*
 * Timeout in jiffies for events that always occur. A guest on a busy machine may be slow
 * without limit, so this is just below the 300 s after which KUnit aborts a test. No test
 * may expect anything of a shorter time.
 */
#define KIT_HANG	(240 * HZ)

/* Wait until @condition is true; false after a timeout. May sleep. */
#define kit_wait_until(condition)						\
({										\
	unsigned long __end = jiffies + KIT_HANG;				\
	bool __holds;								\
										\
	while (!(__holds = !!(condition)) && time_before(jiffies, __end))	\
		msleep(20);							\
	__holds;								\
})

/* ---- reclaim ---- */

/* Make the kernel call all shrinkers; false without /proc. */
bool kit_kernel_asks(void);

/* ---- other CPUs ---- */

/* The n-th online CPU, or nr_cpu_ids. */
unsigned int kit_cpu(unsigned int n);

/* Run @fn on the n-th online CPU and wait for it. False if there are fewer CPUs. */
bool kit_run_on(unsigned int n, void (*fn)(void *arg), void *arg);

/*
 * Run @fn(n, @arg) at the same time in threads bound to the first @nr online CPUs, or all
 * if there are fewer, and wait for them. Return the number of threads. Threads cannot use
 * expectations: let them count, and expect the counts afterwards.
 */
unsigned int kit_run_on_cpus(struct kunit *test, unsigned int nr,
			     void (*fn)(unsigned int n, void *arg), void *arg);

int kit_module_init(void);
void kit_module_exit(void);

/* The use of claimed blocks of an order, for blocks that are allocated in bulk. */
struct page_use *kit_use(unsigned int order);

/* Return a block, and its frame. */
static inline struct claimed_block kit_claimed(void *block)
{
	return (struct claimed_block) { block, chunk_frame(block) };
}

/* Blocks as block_alloc() returns them. */
static inline void *kit_buddy_alloc(struct buddy *buddies, int nid, unsigned int nr_pages,
				    gfp_t gfp)
{
	void *block = buddy_alloc(buddies, nid, nr_pages, gfp, NULL);

	if (block)
		frame_unclaim(chunk_frame(block));
	return block;
}

#endif /* SLABMOD_KIT_H */
