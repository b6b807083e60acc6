// SPDX-License-Identifier: GPL-2.0
/*
 * test_contexts_amid.c - calls amid calls: an NMI between any two instructions of one, and
 * CPUs that go and come while others allocate and free.
 */
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/irqflags.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include <slabmod/slabmod.h>

#include "cache.h"
#include "context.h"
#include "home.h"
#include "pool.h"
#include "test_contexts.h"
#include "things.h"

static unsigned int cycles = 4;
module_param(cycles, uint, 0444);
MODULE_PARM_DESC(cycles, "how often a CPU goes and comes in the suite contexts");

static unsigned long counted(enum stat_id which)
{
	return stat_sum(things_cache()->stats, which);
}

/* ---- an NMI between any two instructions ---- */

/* Rounds of which every second one finds empty magazines. */
#define ROUNDS		6
#define ROUND_THINGS	3
#define NMI_THINGS	8
/* Outside of slabmod, where what it calls is, only now and then. */
#define ELSEWHERE	16

struct amid {
	struct thing mine[ROUND_THINGS];	/* who is interrupted has them */
	struct thing things[NMI_THINGS];	/* the NMI has the first @held */
	unsigned int held;
	bool when_busy;				/* only amid what the fast path does not do */
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

static void take_or_give(unsigned long ip, void *arg)
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

void test_nmi_between_any_two_instructions_is_served_or_not(struct kunit *test)
{
	struct amid *amid = kunit_kzalloc(test, sizeof(*amid), GFP_KERNEL);
	unsigned long busy, deferred;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, amid);
	things_begin(test);
	context_pin(0);
	play_round(amid);
	busy = counted(STAT_BUSY);
	deferred = counted(STAT_NMI_DEFER);
	if (!context_step_begin(take_or_give, amid))
		kunit_skip(test, "there is no way to step");
	for (i = 0; i < ROUNDS; i++) {
		/* Else the NMI would fill the magazine for who was about to do it. */
		amid->when_busy = i % 2;
		if (i % 2)
			magazine_drain_all(things_cache());
		context_step(play_round, amid);
		cond_resched();
	}
	context_step_end();
	busy = counted(STAT_BUSY) - busy;
	while (amid->held)
		amid->spoilt += !thing_give(&amid->things[--amid->held]);
	kunit_info(test, "%lu NMIs amid %lu instructions, %lu met a busy magazine, %lu got none\n",
		   amid->nmis, amid->steps, busy, amid->empty);
	KUNIT_EXPECT_GT(test, amid->nmis, 0);
	KUNIT_EXPECT_EQ(test, amid->astray, 0);
	KUNIT_EXPECT_EQ(test, amid->spoilt, 0);
	KUNIT_EXPECT_GT(test, amid->served, 0);
	KUNIT_EXPECT_GT(test, busy, 0);
	/* Amid a refill, with the lock of the home held. */
	slabmod_cache_shrink(things_cache());
	KUNIT_EXPECT_GT(test, amid->empty, 0);
	KUNIT_EXPECT_GT(test, counted(STAT_NMI_DEFER), deferred);
	KUNIT_EXPECT_EQ(test, cache_used(things_cache()), 0);
	KUNIT_EXPECT_TRUE(test, cache_check(things_cache()));
	things_end(test);
}

/* ---- frees that an NMI cannot do ---- */

/* More than can be put off at once. */
#define FLOOD	260

struct flood {
	void **objects;
	unsigned int nr, astray;
};

static void free_them(void *arg)
{
	struct flood *flood = arg;
	unsigned int i;

	flood->astray += !in_nmi();
	for (i = 0; i < flood->nr; i++)
		slabmod_cache_free(things_cache(), flood->objects[i]);
}

static void flood_init(struct kunit *test, struct flood *flood, unsigned int nr)
{
	unsigned int i;

	flood->nr = nr;
	flood->astray = 0;
	flood->objects = kunit_kcalloc(test, nr, sizeof(void *), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, flood->objects);
	for (i = 0; i < nr; i++) {
		flood->objects[i] = slabmod_cache_alloc(things_cache(), GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, flood->objects[i]);
	}
}

static struct slab_home *home_of_object(void *object)
{
	struct frame *first = slab_first(chunk_frame(object));

	return HOME_ID(first->home) == HOME_COMMONS ?
		&things_cache()->commons[frame_chunk(first)->buddy->nid] :
		per_cpu_ptr(things_cache()->homes, HOME_ID(first->home));
}

/*
 * Something in the worst of places: amid a call, and with the lock held of the home that
 * the first object is of; @flood has objects of that home alone. Preemption is off.
 */
static void at_the_worst(struct flood *flood, void (*what)(void))
{
	struct slab_home *home = home_of_object(flood->objects[0]);
	unsigned long flags;

	raw_spin_lock_irqsave(&home->lock, flags);
	kit_magazine_enter(things_cache());
	what();
	kit_magazine_leave(things_cache());
	raw_spin_unlock_irqrestore(&home->lock, flags);
}

void test_nmi_that_frees_too_much_is_told_and_loses_that(struct kunit *test)
{
	unsigned long deferred, lost = report_count(MISUSE_NMI_FLOOD);
	struct flood flood;
	unsigned int i;

	things_begin(test);
	context_pin(0);
	flood_init(test, &flood, FLOOD);
	deferred = counted(STAT_NMI_DEFER);
	report_unlimit();
	if (context_nmi_begin(free_them, &flood)) {
		preempt_disable();
		at_the_worst(&flood, context_nmi);
		preempt_enable();
		context_nmi_end();
	} else {
		free_them(&flood);
	}
	slabmod_cache_shrink(things_cache());
	deferred = counted(STAT_NMI_DEFER) - deferred;
	lost = report_count(MISUSE_NMI_FLOOD) - lost;
	KUNIT_EXPECT_EQ(test, cache_used(things_cache()), lost);
	/* What is lost is still in use: whoever knows it may free it after all. */
	for (i = FLOOD - lost; i < FLOOD; i++)
		slabmod_cache_free(things_cache(), flood.objects[i]);
	things_end(test);
	if (flood.astray)
		kunit_skip(test, "there are no NMIs to be had");
	KUNIT_EXPECT_EQ(test, deferred + lost, FLOOD);
	KUNIT_EXPECT_GT(test, lost, 0);
}

/* ---- the callbacks of a CPU that goes and comes ---- */

enum stage { PREPARE, STARTING, ONLINE, GOING, DYING, DEAD, NR_STAGES };

static const char *const stage_names[] = {
	"prepare", "starting", "online", "going", "dying", "dead",
};

/*
 * There are no numbers to be had in the section that runs with interrupts off on the CPU
 * itself: so this takes that of a timer which this machine does not have.
 */
#define STATE_STARTING	CPUHP_AP_ARM_TWD_STARTING

static struct {
	struct thing *things;		/* one of each kind, from one stage to the next */
	unsigned int calls[NR_STAGES];
	unsigned int astray, spoilt, empty;
	int prepare_state, online_state;
	struct flood *flood;		/* to be freed in an exception while dying, or NULL */
	bool wake;			/* to wake while dying */
} hot;

static int stage(enum stage stage, bool here, gfp_t gfp)
{
	unsigned int i;

	hot.calls[stage]++;
	hot.astray += !here;
	for (i = 0; hot.things && i < nr_thing_kinds; i++) {
		hot.spoilt += !thing_give(&hot.things[i]);
		hot.empty += !thing_take(&hot.things[i], &thing_kinds[i], gfp);
	}
	return 0;
}

/* On another CPU, that waits for this one. */
static bool is_elsewhere(unsigned int cpu)
{
	return in_task() && !irqs_disabled() && raw_smp_processor_id() != cpu && !cpu_online(cpu);
}

/* On the CPU, of which the kernel knows no more, or does not know yet. */
static bool is_apart(unsigned int cpu)
{
	return irqs_disabled() && raw_smp_processor_id() == cpu && !cpu_online(cpu);
}

static bool is_there(unsigned int cpu)
{
	return in_task() && !irqs_disabled() && raw_smp_processor_id() == cpu;
}

static int hot_prepare(unsigned int cpu)
{
	return stage(PREPARE, is_elsewhere(cpu), GFP_KERNEL);
}

static int hot_dead(unsigned int cpu)
{
	return stage(DEAD, is_elsewhere(cpu), GFP_KERNEL);
}

static int hot_starting(unsigned int cpu)
{
	return stage(STARTING, is_apart(cpu), GFP_ATOMIC);
}

static void nothing(void *ignore)
{
}

/* The kernel does not look at NMIs that come now, but there are other exceptions like them. */
static void step_a_bit(void)
{
	context_step(nothing, NULL);
}

static int hot_dying(unsigned int cpu)
{
	if (hot.flood)
		at_the_worst(hot.flood, step_a_bit);
	if (hot.wake) {
		root_pool->buddies[first_online_node].wanted = true;
		source_wake(&root_pool->source);
	}
	return stage(DYING, is_apart(cpu), GFP_ATOMIC);
}

static int hot_online(unsigned int cpu)
{
	return stage(ONLINE, is_there(cpu), GFP_KERNEL);
}

static int hot_going(unsigned int cpu)
{
	return stage(GOING, is_there(cpu), GFP_KERNEL);
}

static void hot_begin(struct kunit *test)
{
	if (!IS_ENABLED(CONFIG_HOTPLUG_CPU) || num_online_cpus() < 2)
		kunit_skip(test, "CPUs stay");
	memset(&hot, 0, sizeof(hot));
	hot.prepare_state = cpuhp_setup_state_nocalls(CPUHP_BP_PREPARE_DYN, "kit:prepare",
						      hot_prepare, hot_dead);
	hot.online_state = cpuhp_setup_state_nocalls(CPUHP_AP_ONLINE_DYN, "kit:online",
						     hot_online, hot_going);
	KUNIT_EXPECT_GT(test, hot.prepare_state, 0);
	KUNIT_EXPECT_GT(test, hot.online_state, 0);
	KUNIT_EXPECT_EQ(test, cpuhp_setup_state_nocalls(STATE_STARTING, "kit:starting",
							hot_starting, hot_dying), 0);
}

static void hot_end(void)
{
	cpuhp_remove_state_nocalls(STATE_STARTING);
	cpuhp_remove_state_nocalls(hot.online_state);
	cpuhp_remove_state_nocalls(hot.prepare_state);
}

static unsigned int last_cpu(void)
{
	return cpumask_last(cpu_online_mask);
}

void test_callbacks_of_a_cpu_that_goes_and_comes_take_and_give(struct kunit *test)
{
	struct thing *things = kunit_kcalloc(test, nr_thing_kinds, sizeof(*things), GFP_KERNEL);
	unsigned int cpu = last_cpu(), i;

	KUNIT_ASSERT_NOT_NULL(test, things);
	things_begin(test);
	hot_begin(test);
	hot.things = things;
	for (i = 0; i < 2; i++) {
		KUNIT_EXPECT_EQ(test, remove_cpu(cpu), 0);
		KUNIT_EXPECT_EQ(test, add_cpu(cpu), 0);
	}
	hot.things = NULL;
	hot_end();
	for (i = 0; i < nr_thing_kinds; i++)
		hot.spoilt += !thing_give(&things[i]);
	for (i = 0; i < NR_STAGES; i++)
		KUNIT_EXPECT_EQ_MSG(test, hot.calls[i], 2, "%s", stage_names[i]);
	KUNIT_EXPECT_EQ(test, hot.astray, 0);
	KUNIT_EXPECT_EQ(test, hot.spoilt, 0);
	if (CONTEXT_PAGES_ANYWHERE)
		KUNIT_EXPECT_EQ(test, hot.empty, 0);
	things_end(test);
}

#define FEW	5

static void free_once(unsigned long ip, void *arg)
{
	struct flood *flood = arg;

	free_them(flood);
	flood->nr = 0;
}

static void step_here(void *arg)
{
	preempt_disable();
	at_the_worst(arg, step_a_bit);
	preempt_enable();
}

void test_what_an_nmi_frees_on_a_cpu_that_goes_is_not_lost(struct kunit *test)
{
	unsigned int cpu = last_cpu(), n = num_online_cpus() - 1;
	struct flood flood = { 0 };
	unsigned long deferred;

	things_begin(test);
	context_pin(0);
	flood_init(test, &flood, FEW);
	deferred = counted(STAT_NMI_DEFER);
	if (!context_step_begin(free_once, &flood)) {
		free_them(&flood);
		kunit_skip(test, "there is no way to step");
	}
	hot_begin(test);
	hot.flood = &flood;
	KUNIT_EXPECT_EQ(test, remove_cpu(cpu), 0);
	hot.flood = NULL;
	/* While the CPU is gone. */
	KUNIT_EXPECT_EQ(test, counted(STAT_NMI_DEFER) - deferred, FEW);
	slabmod_cache_shrink(things_cache());
	KUNIT_EXPECT_EQ(test, cache_used(things_cache()), 0);
	KUNIT_EXPECT_EQ(test, add_cpu(cpu), 0);
	hot_end();
	KUNIT_EXPECT_EQ(test, hot.calls[DYING], 1);
	KUNIT_EXPECT_EQ(test, hot.astray, 0);

	/* And when it is back it does again itself what it put off. */
	flood_init(test, &flood, FEW);
	KUNIT_EXPECT_TRUE(test, kit_run_on(n, step_here, &flood));
	slabmod_cache_shrink(things_cache());
	KUNIT_EXPECT_EQ(test, counted(STAT_NMI_DEFER) - deferred, 2 * FEW);
	KUNIT_EXPECT_EQ(test, cache_used(things_cache()), 0);
	KUNIT_EXPECT_EQ(test, flood.astray, 0);
	context_step_end();
	things_end(test);
}

/* Whether the worker looked after the pages, in a time in which it always does. */
static bool is_heard(void)
{
	unsigned long deadline = jiffies + 20 * HZ;

	while (READ_ONCE(root_pool->buddies[first_online_node].wanted)) {
		if (time_after(jiffies, deadline))
			return false;
		msleep(20);
	}
	return true;
}

void test_who_wakes_on_a_cpu_that_goes_is_heard(struct kunit *test)
{
	unsigned int cpu = last_cpu();

	hot_begin(test);
	hot.wake = true;
	KUNIT_EXPECT_EQ(test, remove_cpu(cpu), 0);
	KUNIT_EXPECT_EQ(test, hot.calls[DYING], 1);
	KUNIT_EXPECT_TRUE(test, is_heard());
	/* Nor are others kept from being heard. */
	root_pool->buddies[first_online_node].wanted = true;
	source_wake(&root_pool->source);
	KUNIT_EXPECT_TRUE(test, is_heard());
	hot.wake = false;
	KUNIT_EXPECT_EQ(test, add_cpu(cpu), 0);
	hot_end();
}

/* ---- CPUs that go and come while others are at it ---- */

#define SLOTS	64

static struct {
	struct thing *slot[SLOTS];	/* from whoever comes by to the next */
	atomic_long_t calls, empty, spoilt;
} load;

static int load_thread(void *arg)
{
	struct thing *thing = arg;
	struct rnd_state rnd;

	/* Who takes the CPUs away must get on. */
	set_user_nice(current, MAX_NICE);
	prandom_seed_state(&rnd, (unsigned long)arg);
	while (!kthread_should_stop()) {
		const struct thing_kind *kind = &thing_kinds[kit_random(&rnd, nr_thing_kinds)];

		if (!thing_take(thing, kind, kit_random(&rnd, 2) ? GFP_KERNEL : GFP_ATOMIC))
			atomic_long_inc(&load.empty);
		thing = xchg(&load.slot[kit_random(&rnd, SLOTS)], thing);
		if (!thing_give(thing))
			atomic_long_inc(&load.spoilt);
		if (atomic_long_inc_return(&load.calls) % 16 == 0)
			cond_resched();
	}
	return 0;
}

/* Objects that CPUs which are gone have at hand, of all caches. */
static void count_left(struct slabmod_cache *cache, void *arg)
{
	unsigned int *left = arg, cpu;

	for_each_possible_cpu(cpu)
		if (!cpu_online(cpu))
			*left += magazine_objects(per_cpu_ptr(cache->magazines, cpu));
}

static void go_and_come(struct kunit *test)
{
	unsigned int i, left;

	for (i = 0; i < cycles; i++) {
		/* Not the first one, which the machine may need. */
		unsigned int cpu = cpumask_nth(1 + i % (num_online_cpus() - 1), cpu_online_mask);

		KUNIT_EXPECT_EQ(test, remove_cpu(cpu), 0);
		left = 0;
		cache_for_each(NULL, count_left, &left);
		KUNIT_EXPECT_EQ_MSG(test, left, 0, "CPU %u in cycle %u", cpu, i);
		KUNIT_EXPECT_EQ(test, add_cpu(cpu), 0);
	}
}

void test_cpus_go_and_come_amid_calls(struct kunit *test)
{
	unsigned int threads = num_online_cpus(), n = SLOTS + threads, i;
	struct thing *things = kunit_kcalloc(test, n, sizeof(*things), GFP_KERNEL);
	struct task_struct **tasks = kunit_kcalloc(test, threads, sizeof(*tasks), GFP_KERNEL);
	unsigned long calls = 0;

	if (!IS_ENABLED(CONFIG_HOTPLUG_CPU) || threads < 2)
		kunit_skip(test, "CPUs stay");
	KUNIT_ASSERT_TRUE(test, things && tasks);
	things_begin(test);
	memset(&load, 0, sizeof(load));
	for (i = 0; i < SLOTS; i++)
		load.slot[i] = &things[threads + i];
	for (i = 0; i < threads; i++)
		tasks[i] = kthread_run(load_thread, &things[i], "kit/load%u", i);
	go_and_come(test);
	for (i = 0; i < threads; i++)
		if (!IS_ERR(tasks[i]))
			kthread_stop(tasks[i]);
	for (i = 0; i < n; i++)
		if (!thing_give(&things[i]))
			atomic_long_inc(&load.spoilt);
	calls = atomic_long_read(&load.calls);
	kunit_info(test, "%u cycles amid %lu calls, %ld of which got nothing\n", cycles, calls,
		   atomic_long_read(&load.empty));
	KUNIT_EXPECT_GT(test, calls, cycles);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&load.spoilt), 0);
	things_end(test);
}
