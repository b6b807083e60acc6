// SPDX-License-Identifier: GPL-2.0
/*
 * test_contexts.c - calls from every context, of everything that can be allocated.
 *
 *	                  allocation                     free
 *	task, work        all; may sleep                 all
 *	preemption off,   all; on PREEMPT_RT from pages  all
 *	interrupts off,   that slabmod holds
 *	hardirq
 *	softirq, RCU      all                            all
 *	callback
 *	NMI               from magazines and slabs; no   all; deferred where
 *	                  blocks, no new pages           a lock is needed
 *
 * What one context allocates each other one frees. Each visit checks that it is in its context.
 * test_contexts_amid.c has NMIs during a call, test_hotplug.c the callbacks of CPU hotplug.
 */
#include <linux/bottom_half.h>
#include <linux/irqflags.h>
#include <linux/preempt.h>
#include <linux/sched.h>

#include "compat.h"
#include "context.h"
#include "root.h"
#include "suites.h"
#include "test_contexts.h"
#include "things.h"
#include "verbs_pool.h"

/* Things of each kind that a visit allocates. */
#define TURNS	2

/* ---- contexts ---- */

static bool in_plain_task(void)
{
	return in_task() && !irqs_disabled() && !in_softirq() &&
	       (!IS_ENABLED(CONFIG_PREEMPT_COUNT) || !preempt_count());
}

static bool in_preempt_off(void)
{
	return in_task() && !irqs_disabled() && preempt_count() == PREEMPT_OFFSET;
}

static bool in_irqs_off(void)
{
	return in_task() && irqs_disabled() && !preempt_count();
}

static bool in_a_softirq(void)
{
	return in_serving_softirq() && !in_hardirq();
}

/* On PREEMPT_RT a thread for interrupts; elsewhere no thread. */
static bool in_threaded_hardirq(void)
{
	return IS_ENABLED(CONFIG_PREEMPT_RT) ? !in_hardirq() && current->flags & PF_KTHREAD :
					       in_hardirq();
}

static bool in_hard(void)
{
	return in_hardirq() && irqs_disabled();
}

static bool in_rcu(void)
{
	return in_serving_softirq() || (in_softirq() && current->flags & PF_KTHREAD);
}

static bool in_work(void)
{
	return in_plain_task() && current->flags & PF_WQ_WORKER;
}

static bool in_an_nmi(void)
{
	return in_nmi();
}

struct place {
	const char *name;
	void (*call)(void (*fn)(void *arg), void *arg);		/* NULL: an NMI */
	bool (*here)(void);
	gfp_t gfp;
};

static const struct place places[] = {
	{ "a task", context_task, in_plain_task, GFP_KERNEL },
	{ "preemption off", context_preempt_off, in_preempt_off, GFP_ATOMIC },
	{ "interrupts off", context_irqs_off, in_irqs_off, GFP_ATOMIC },
	{ "a softirq", context_softirq, in_a_softirq, GFP_ATOMIC },
	{ "an interrupt", context_hardirq, in_threaded_hardirq, GFP_ATOMIC },
	{ "a hard interrupt", context_hard, in_hard, GFP_ATOMIC },
	{ "an RCU callback", context_rcu, in_rcu, GFP_ATOMIC },
	{ "a work item", context_work, in_work, GFP_KERNEL },
	{ "an NMI", NULL, in_an_nmi, GFP_ATOMIC },
};

static void place_name(const struct place *place, char *text)
{
	strscpy(text, place->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(place, places, place_name);

/* False if the machine has no such context. */
static bool call_in(const struct place *place, void (*fn)(void *arg), void *arg)
{
	if (place->call) {
		place->call(fn, arg);
		return true;
	}
	if (!context_nmi_begin(fn, arg))
		return false;
	context_nmi();
	context_nmi_end();
	return true;
}

/* ---- visits ---- */

struct visit {
	const struct place *place;
	struct thing *things;		/* TURNS of each kind */
	unsigned int calls;
	unsigned int astray;		/* not in the context */
	unsigned int spoilt;		/* things with changed contents */
	bool may_grow;			/* pages can be allocated there */
};

static void arrive(struct visit *visit)
{
	visit->calls++;
	visit->astray += !visit->place->here();
	visit->may_grow = !in_nmi() && (CONTEXT_PAGES_ANYWHERE || preemptible());
}

static void alloc_things(void *arg)
{
	struct visit *visit = arg;
	unsigned int i;

	arrive(visit);
	for (i = 0; i < nr_thing_kinds * TURNS; i++)
		thing_take(&visit->things[i], &thing_kinds[i / TURNS], visit->place->gfp);
}

static void free_things(void *arg)
{
	struct visit *visit = arg;
	unsigned int i;

	arrive(visit);
	for (i = 0; i < nr_thing_kinds * TURNS; i++)
		visit->spoilt += !thing_give(&visit->things[i]);
}

static void visit_init(struct kunit *test, struct visit *visit)
{
	memset(visit, 0, sizeof(*visit));
	visit->things = kunit_kcalloc(test, nr_thing_kinds * TURNS, sizeof(*visit->things),
				      GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, visit->things);
}

static bool go(struct visit *visit, const struct place *place, void (*fn)(void *arg))
{
	visit->place = place;
	return call_in(place, fn, visit);
}

/* Leave some of each kind in the magazines of this CPU. */
static void fill_magazines(struct visit *visit)
{
	go(visit, &places[0], alloc_things);
	go(visit, &places[0], free_things);
}

/* Whether an NMI got all but some blocks, and any other context got all. */
static bool is_served(const struct visit *visit, unsigned int i)
{
	return visit->things[i].kind || (!visit->place->call && thing_kinds[i / TURNS].block);
}

static unsigned int wrongly_served(const struct visit *visit)
{
	unsigned int wrong = 0, i;

	for (i = 0; i < nr_thing_kinds * TURNS; i++)
		wrong += !is_served(visit, i);
	return wrong;
}

/* ---- the table ---- */

/* The worker may just have drained the magazines; then try again. */
#define TRIES	5

static void test_free_in_any_other_context(struct kunit *test)
{
	const struct place *place = test->param_value;
	unsigned int to, try;
	struct visit visit;

	things_begin(test);
	visit_init(test, &visit);
	context_pin(0);
	for (to = 0; to < ARRAY_SIZE(places); to++) {
		for (try = 0; try < TRIES; try++) {
			fill_magazines(&visit);
			if (!go(&visit, place, alloc_things))
				kunit_skip(test, "no way to be in %s", place->name);
			if (!wrongly_served(&visit))
				break;
			if (try < TRIES - 1)
				go(&visit, &places[0], free_things);
		}
		KUNIT_EXPECT_EQ_MSG(test, wrongly_served(&visit), 0, "in %s", place->name);
		visit.calls = 0;
		if (!go(&visit, &places[to], free_things))
			go(&visit, &places[0], free_things);
		KUNIT_EXPECT_EQ_MSG(test, visit.calls, 1, "%s", places[to].name);
		KUNIT_EXPECT_EQ_MSG(test, visit.spoilt, 0, "freed in %s", places[to].name);
		KUNIT_EXPECT_EQ_MSG(test, visit.astray, 0, "from %s to %s", place->name,
				    places[to].name);
	}
	things_end(test);
}

/* ---- the first allocation ---- */

struct first {
	struct visit visit;
	struct slabmod_pool *pool;
	struct slabmod_cache *cache;
	void *memory, *object;
	unsigned long page, block;
};

static void alloc_first(void *arg)
{
	struct first *first = arg;
	gfp_t gfp = first->visit.place->gfp;

	arrive(&first->visit);
	first->memory = slabmod_pool_kmalloc(first->pool, 100, gfp);
	first->object = slabmod_cache_alloc(first->cache, gfp);
	first->page = slabmod_pool_get_free_pages(first->pool, gfp, 0);
	first->block = slabmod_pool_get_free_pages(first->pool, gfp, 4);
}

static void free_first(void *arg)
{
	struct first *first = arg;

	slabmod_pool_kfree(first->pool, first->memory);
	slabmod_cache_free(first->cache, first->object);
	slabmod_pool_free_pages(first->pool, first->page, 0);
	slabmod_pool_free_pages(first->pool, first->block, 4);
}

/* A request that is not served has the worker allocate pages, which may serve the next one. */
static void expect_first(struct kunit *test, const struct first *first, bool served)
{
	KUNIT_EXPECT_EQ(test, !!first->memory, served);
	if (!served)
		return;
	KUNIT_EXPECT_EQ(test, !!first->object, served);
	KUNIT_EXPECT_EQ(test, !!first->page, served);
	KUNIT_EXPECT_EQ(test, !!first->block, served);
}

static void be_first(struct kunit *test, const struct place *place, size_t reserve)
{
	struct first first = { .visit.place = place };
	struct slabmod_usage usage;

	first.pool = kit_module_pool(test, "kit-first", reserve, reserve);
	first.cache = slabmod_pool_cache_create(first.pool, "kit-first", 40, 0, 0, NULL);
	KUNIT_ASSERT_NOT_NULL(test, first.cache);
	if (call_in(place, alloc_first, &first)) {
		KUNIT_EXPECT_EQ(test, first.visit.astray, 0);
		expect_first(test, &first, reserve ? !!place->call : first.visit.may_grow);
		free_first(&first);
		alloc_first(&first);
		expect_first(test, &first, true);
		call_in(place, free_first, &first);
	}
	slabmod_cache_shrink(first.cache);
	slabmod_pool_usage(first.pool, &usage);
	KUNIT_EXPECT_EQ(test, usage.used, 0);
	KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(first.cache), 0);
	KUNIT_EXPECT_EQ(test, slabmod_pool_destroy(first.pool), 0);
	if (!first.visit.calls)
		kunit_skip(test, "no way to be in %s", place->name);
}

/*
 * The first allocation in a hard interrupt calls the page allocator, which would be wrong on
 * PREEMPT_RT, as lockdep reports with CONFIG_PROVE_RAW_LOCK_NESTING.
 */
static void test_first_allocation_of_a_pool(struct kunit *test)
{
	const struct place *place = test->param_value;

	if (place->call == context_hard && IS_ENABLED(CONFIG_PROVE_RAW_LOCK_NESTING) &&
	    CONTEXT_PAGES_ANYWHERE)
		kunit_skip(test, "lockdep checks as for PREEMPT_RT");
	context_pin(0);
	be_first(test, place, 0);
	/* Of the reserve, in any context but an NMI. */
	be_first(test, place, 256 * PAGE_SIZE);
}

static struct kunit_case contexts_cases[] = {
	KUNIT_CASE_PARAM(test_free_in_any_other_context, place_gen_params),
	KUNIT_CASE_PARAM(test_first_allocation_of_a_pool, place_gen_params),
	KUNIT_CASE(test_nmi_between_any_two_instructions),
	KUNIT_CASE(test_nmi_that_frees_too_much_is_reported),
	{}
};

struct kunit_suite contexts_suite = {
	.name = "contexts",
	.init = root_init,
	.exit = things_exit,
	.test_cases = contexts_cases,
};
