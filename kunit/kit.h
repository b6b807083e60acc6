/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kit.h - what all suites use: a source of pages that can be told to fail, seeds
 * that can be replayed, reports read back from the console, and other CPUs.
 *
 * A suite says KIT_SUITE_HOOKS in its struct kunit_suite: then each of its tests
 * begins with a source that gives all that is asked for, and ends with a check
 * that every page came back to it.
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

/* Steps of a randomized run of a layer, at the least. */
#define KIT_STEPS	100000

/* ---- pools on a source that fails on demand ---- */

/*
 * The source of all pools of a test. It passes requests on to the kernel, except
 * such as the test wants refused. All may be changed at any time; any context.
 */
struct kit_source {
	raw_spinlock_t lock;
	struct list_head out;		/* pages that a pool has, by page->lru; @lock */
	unsigned long pages;		/* on @out; @lock */
	unsigned long requests;		/* that came here, refused ones included; @lock */
	unsigned long refused;		/* @lock */
	/* What to refuse. */
	unsigned int max_order;		/* everything above: memory is fragmented */
	unsigned long fail_after;	/* everything but so many requests from now on */
	unsigned long fail_nth;		/* just the n-th request from now on; 0: none */
	unsigned long full_nodes;	/* bit n: all of node n */
	bool fail_all;
};

extern struct kit_source kit_source;

int kit_init(struct kunit *test);
void kit_exit(struct kunit *test);

#define KIT_SUITE_HOOKS	.init = kit_init, .exit = kit_exit

/* Refuses nothing more. */
void kit_source_reset(void);

/*
 * A pool of at most @limit pages; ends with the test. Chunks are of 512 KiB to
 * 4 MiB, or of @min_order to @max_order. Never NULL: the test is over instead.
 */
struct slabmod_pool *kit_pool_create(struct kunit *test, unsigned long limit);
struct slabmod_pool *kit_pool_create_orders(struct kunit *test, unsigned long limit,
					    unsigned int min_order, unsigned int max_order);

/* Ends a pool before its test does, and expects that @stay pages are left in use. */
void kit_pool_destroy(struct kunit *test, struct slabmod_pool *pool, unsigned long stay);

/*
 * A cache of which only the lower layers know: laid out, with homes, but without
 * magazines and in no list. Ends with kit_cache_destroy(), which expects that all
 * its slabs go, or with the test.
 */
struct slabmod_cache *kit_cache_create(struct kunit *test, struct slabmod_pool *pool,
				       unsigned int size, unsigned int align,
				       void (*ctor)(void *object));
void kit_cache_destroy(struct kunit *test, struct slabmod_cache *cache);

/* ---- magazines ---- */

/*
 * From enter to leave this CPU's magazine of a cache is busy, as for an interrupt amid
 * a call. They may nest. Preemption is off, and stays so.
 */
static inline long kit_magazine_enter(struct slabmod_cache *cache)
{
	return slabmod_magazine_enter(this_cpu_ptr(cache->magazines));
}

static inline void kit_magazine_leave(struct slabmod_cache *cache)
{
	slabmod_magazine_exit(this_cpu_ptr(cache->magazines), 0);
}

/* The fast paths alone, on this CPU, with preemption off. */
static inline bool kit_magazine_pop(struct slabmod_cache *cache, void **object)
{
	return slabmod_magazine_alloc(&cache->magazines, object);
}

static inline bool kit_magazine_push(struct slabmod_cache *cache, void *object)
{
	return slabmod_magazine_push(this_cpu_ptr(cache->magazines), object);
}

/*
 * Makes a new cache, whose objects share no lines, what it would be on a machine with
 * one node: there a free looks at the address alone.
 */
void kit_cache_quicken(struct kunit *test, struct slabmod_cache *cache);

/* ---- seeds ---- */

/* Seeds @rnd, and prints with what; the module's parameter seed= replays it. */
void kit_seed(struct kunit *test, struct rnd_state *rnd);

/* A number from 0 to @below - 1. */
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

/* How often @text was printed on the console between begin and end. */
unsigned int kit_captured(const char *text);
/* Whether a line of a stack that comes after @head names @function. */
bool kit_captured_stack(const char *head, const char *function);

/*
 * Expects that @statement makes one report of @kind and no other: one line that
 * has @text in it, with a stack in which @function is, and one more in the count.
 * A @function of NULL leaves the stack alone: the report came from elsewhere.
 * Not for reports in NMI: there the kernel's tracepoint warns of itself.
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
 * How long a test waits for what always comes, in jiffies. A guest of a busy machine may
 * be slow without limit, so this is a limit that only a hang exceeds: just below the 300 s
 * after which KUnit gives a test up. No test may expect anything of a shorter time.
 */
#define KIT_HANG	(240 * HZ)

/* Wait until @condition holds; false when it never did. May sleep. */
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

/* Has the kernel ask all shrinkers for all they have; false where there is no /proc. */
bool kit_kernel_asks(void);

/* ---- other CPUs ---- */

/* The n-th online CPU, or nr_cpu_ids. */
unsigned int kit_cpu(unsigned int n);

/* Runs @fn on the n-th online CPU and waits for it. False when there are fewer. */
bool kit_run_on(unsigned int n, void (*fn)(void *arg), void *arg);

/*
 * Runs @fn(n, @arg) at the same time in threads bound to the first @nr online
 * CPUs, one each, and waits for all; fewer when there are fewer CPUs. Returns how
 * many ran. Threads cannot use expectations: let them count and tell afterwards.
 */
unsigned int kit_run_on_cpus(struct kunit *test, unsigned int nr,
			     void (*fn)(unsigned int n, void *arg), void *arg);

int kit_module_init(void);
void kit_module_exit(void);

/* Blocks as block_alloc() hands them out. */
static inline struct frame *kit_buddy_alloc(struct buddy *buddies, int nid, unsigned int nr_pages,
					    gfp_t gfp)
{
	struct frame *frame = buddy_alloc(buddies, nid, nr_pages, gfp);

	if (frame)
		buddy_unclaim(frame);
	return frame;
}

static inline struct frame *kit_buddy_alloc_last_freed(struct buddy *buddy, unsigned int nr_pages)
{
	struct frame *frame = buddy_alloc_last_freed(buddy, nr_pages);

	if (frame)
		buddy_unclaim(frame);
	return frame;
}

#endif /* SLABMOD_KIT_H */
