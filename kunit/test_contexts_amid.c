// SPDX-License-Identifier: GPL-2.0
/*
 * test_contexts_amid.c - an NMI between any two instructions of a call, and an NMI that
 * frees more than can be deferred.
 */
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/sizes.h>

#include "context.h"
#include "home.h"
#include "test_contexts.h"
#include "things.h"
#include "verbs_pool.h"

/* ---- an NMI between any two instructions ---- */

/* Every second one starts with empty magazines. */
#define ROUNDS		6
#define ROUND_THINGS	3
#define NMI_THINGS	8
/* Outside of slabmod, at every n-th instruction. */
#define ELSEWHERE	16

struct amid {
	struct thing mine[ROUND_THINGS];	/* of the interrupted code */
	struct thing things[NMI_THINGS];	/* of the NMI; @held of them */
	unsigned int held;
	bool when_busy;				/* only while the magazine is busy */
	unsigned long steps, nmis, astray, served, empty, spoilt;
};

static const struct thing_kind *plain_kind(void)
{
	unsigned int i;

	for (i = 0; strcmp(thing_kinds[i].name, "a cache that shares none"); i++)
		;
	return &thing_kinds[i];
}

static bool in_slabmod(unsigned long ip)
{
	return ip - (unsigned long)slabmod_kfree + SZ_128K < 2 * SZ_128K;
}

static void nmi_alloc_or_free(unsigned long ip, void *arg)
{
	struct amid *amid = arg;

	if (amid->steps++ % ELSEWHERE && !in_slabmod(ip))
		return;
	if (amid->when_busy && READ_ONCE(raw_cpu_ptr(things_cache()->magazines)->top) >= 0)
		return;
	amid->nmis++;
	amid->astray += !in_nmi();
	if (amid->held == NMI_THINGS || (amid->held && amid->nmis % 2)) {
		amid->spoilt += !thing_give(&amid->things[--amid->held]);
	} else if (thing_take(&amid->things[amid->held], plain_kind(), GFP_ATOMIC)) {
		amid->held++;
		amid->served++;
	} else {
		amid->empty++;
	}
}

static void play_round(void *arg)
{
	struct amid *amid = arg;
	int i;

	for (i = 0; i < ROUND_THINGS; i++)
		thing_take(&amid->mine[i], plain_kind(), GFP_ATOMIC);
	for (i = 0; i < ROUND_THINGS; i++)
		amid->spoilt += !thing_give(&amid->mine[i]);
}

void test_nmi_between_any_two_instructions(struct kunit *test)
{
	struct amid *amid = kit_zalloc(test, sizeof(*amid));
	unsigned long busy, deferred;
	int i;

	things_begin(test);
	context_pin(0);
	play_round(amid);
	busy = counted(EVENT_BUSY);
	deferred = counted(EVENT_NMI_DEFER);
	if (!context_step_begin(nmi_alloc_or_free, amid))
		kunit_skip(test, "single-stepping is not possible");
	for (i = 0; i < ROUNDS; i++) {
		/* Otherwise the NMI would refill the magazine first. */
		amid->when_busy = i % 2;
		if (i % 2)
			magazine_drain_all(things_cache());
		context_step(play_round, amid);
		cond_resched();
	}
	context_step_end();
	busy = counted(EVENT_BUSY) - busy;
	while (amid->held)
		amid->spoilt += !thing_give(&amid->things[--amid->held]);
	kunit_info(test, "%lu NMIs amid %lu instructions, %lu met a busy magazine, %lu got none\n",
		   amid->nmis, amid->steps, busy, amid->empty);
	KUNIT_EXPECT_GT(test, amid->nmis, 0);
	KUNIT_EXPECT_EQ(test, amid->astray, 0);
	KUNIT_EXPECT_EQ(test, amid->spoilt, 0);
	KUNIT_EXPECT_GT(test, amid->served, 0);
	KUNIT_EXPECT_GT(test, busy, 0);
	/* During a refill, with the lock of the home held. */
	slabmod_cache_shrink(things_cache());
	KUNIT_EXPECT_GT(test, amid->empty, 0);
	KUNIT_EXPECT_GT(test, counted(EVENT_NMI_DEFER), deferred);
	KUNIT_EXPECT_EQ(test, cache_used(things_cache()), 0);
	KUNIT_EXPECT_TRUE(test, cache_check(things_cache()));
	things_end(test);
}

/* ---- deferred frees ---- */

/* More than can be deferred. */
#define FLOOD	260

void flood_free(void *arg)
{
	struct flood *flood = arg;
	unsigned int i;

	flood->astray += !in_nmi();
	for (i = 0; i < flood->nr; i++)
		slabmod_cache_free(things_cache(), flood->objects[i]);
}

void flood_init(struct kunit *test, struct flood *flood, unsigned int nr)
{
	flood->nr = nr;
	flood->astray = 0;
	flood->objects = kit_array(test, nr);
	kit_alloc_n(test, things_cache(), flood->objects, nr);
}

static struct slab_home *home_of_object(void *object)
{
	struct slab *slab = kit_slab(object);

	return HOME_ID(slab->home) == HOME_NODE ?
		&things_cache()->node_homes[slab_chunk(slab)->buddy->nid] :
		per_cpu_ptr(things_cache()->homes, HOME_ID(slab->home));
}

void flood_at_the_worst(struct flood *flood, void (*what)(void))
{
	struct slab_home *home = home_of_object(flood->objects[0]);
	unsigned long flags;

	raw_spin_lock_irqsave(&home->lock, flags);
	kit_magazine_enter(things_cache());
	what();
	kit_magazine_leave(things_cache());
	raw_spin_unlock_irqrestore(&home->lock, flags);
}

void test_nmi_that_frees_too_much_is_reported(struct kunit *test)
{
	unsigned long deferred, lost = report_count(MISUSE_NMI_FLOOD);
	struct flood flood;
	unsigned int i;

	things_begin(test);
	context_pin(0);
	flood_init(test, &flood, FLOOD);
	deferred = counted(EVENT_NMI_DEFER);
	report_unlimit();
	if (context_nmi_begin(flood_free, &flood)) {
		preempt_disable();
		flood_at_the_worst(&flood, context_nmi);
		preempt_enable();
		context_nmi_end();
	} else {
		flood_free(&flood);
	}
	slabmod_cache_shrink(things_cache());
	deferred = counted(EVENT_NMI_DEFER) - deferred;
	lost = report_count(MISUSE_NMI_FLOOD) - lost;
	KUNIT_EXPECT_EQ(test, cache_used(things_cache()), lost);
	/* Lost objects are still in use, and can be freed. */
	for (i = FLOOD - lost; i < FLOOD; i++)
		slabmod_cache_free(things_cache(), flood.objects[i]);
	things_end(test);
	if (flood.astray)
		kunit_skip(test, "there are no NMIs");
	KUNIT_EXPECT_EQ(test, deferred + lost, FLOOD);
	KUNIT_EXPECT_GT(test, lost, 0);
}
