// SPDX-License-Identifier: GPL-2.0
/*
 * test_hotplug.c - CPUs that go and come: nothing is lost with one, and it may itself take
 * and give at every step of its way, while others do so all the time.
 */
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/irqflags.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "cache.h"
#include "cache_list.h"
#include "context.h"
#include "pool.h"
#include "root.h"
#include "source.h"
#include "suites.h"
#include "test_contexts.h"
#include "things.h"

static unsigned int cycles = 4;
module_param(cycles, uint, 0444);
MODULE_PARM_DESC(cycles, "how often a CPU goes and comes in the suite hotplug");

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
		flood_at_the_worst(hot.flood, step_a_bit);
	if (hot.wake) {
		root_pool->buddies[first_online_node].low = true;
		source_kick_worker(&root_pool->source);
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

static void test_callbacks_of_a_cpu_that_goes_and_comes_take_and_give(struct kunit *test)
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

	flood_free(flood);
	flood->nr = 0;
}

static void step_here(void *arg)
{
	preempt_disable();
	flood_at_the_worst(arg, step_a_bit);
	preempt_enable();
}

static void test_what_an_nmi_frees_on_a_cpu_that_goes_is_not_lost(struct kunit *test)
{
	unsigned int cpu = last_cpu(), n = num_online_cpus() - 1;
	struct flood flood = { 0 };
	unsigned long deferred;

	things_begin(test);
	context_pin(0);
	flood_init(test, &flood, FEW);
	deferred = counted(STAT_NMI_DEFER);
	hot_begin(test);
	if (!context_step_begin(free_once, &flood)) {
		hot_end();
		flood_free(&flood);
		kunit_skip(test, "there is no way to step");
	}
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

/* Whether the worker looks after the pages. */
static bool is_heard(void)
{
	return kit_wait_until(!READ_ONCE(root_pool->buddies[first_online_node].low));
}

static void test_who_wakes_on_a_cpu_that_goes_is_heard(struct kunit *test)
{
	unsigned int cpu = last_cpu();

	hot_begin(test);
	hot.wake = true;
	KUNIT_EXPECT_EQ(test, remove_cpu(cpu), 0);
	KUNIT_EXPECT_EQ(test, hot.calls[DYING], 1);
	KUNIT_EXPECT_TRUE(test, is_heard());
	/* Nor are others kept from being heard. */
	root_pool->buddies[first_online_node].low = true;
	source_kick_worker(&root_pool->source);
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
			*left += magazine_nr_objects(per_cpu_ptr(cache->magazines, cpu));
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

static void test_cpus_go_and_come_amid_calls(struct kunit *test)
{
	unsigned int threads = num_online_cpus(), n = SLOTS + threads, i;
	struct thing *things = kunit_kcalloc(test, n, sizeof(*things), GFP_KERNEL);
	struct task_struct **tasks = kunit_kcalloc(test, threads, sizeof(*tasks), GFP_KERNEL);
	unsigned long calls = 0;

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
	/* Most of them had what they wanted, many times a cycle. */
	KUNIT_EXPECT_GT(test, calls, 100 * cycles);
	KUNIT_EXPECT_LT(test, atomic_long_read(&load.empty), calls / 2);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&load.spoilt), 0);
	things_end(test);
}

/* ---- all of it ---- */

static int hotplug_init(struct kunit *test)
{
	int err = root_init(test);

	if (!IS_ENABLED(CONFIG_HOTPLUG_CPU) || num_online_cpus() < 2)
		kunit_skip(test, "CPUs stay");
	return err;
}

static void hotplug_exit(struct kunit *test)
{
	/* Those of a test that was given up. */
	things_end(test);
	root_exit(test);
}

static struct kunit_case hotplug_cases[] = {
	KUNIT_CASE(test_callbacks_of_a_cpu_that_goes_and_comes_take_and_give),
	KUNIT_CASE(test_what_an_nmi_frees_on_a_cpu_that_goes_is_not_lost),
	KUNIT_CASE(test_who_wakes_on_a_cpu_that_goes_is_heard),
	KUNIT_CASE(test_cpus_go_and_come_amid_calls),
	{}
};

struct kunit_suite hotplug_suite = {
	.name = "hotplug",
	.init = hotplug_init,
	.exit = hotplug_exit,
	.test_cases = hotplug_cases,
};
