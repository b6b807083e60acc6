// SPDX-License-Identifier: GPL-2.0
/*
 * test_hotplug.c - CPUs that go offline and online: nothing is lost, and the callbacks of
 * every stage may allocate and free, as may other CPUs meanwhile.
 */
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/sched.h>

#include "context.h"
#include "root.h"
#include "source.h"
#include "suites.h"
#include "test_contexts.h"
#include "things.h"
#include "verbs.h"

static unsigned int cycles = 4;
module_param(cycles, uint, 0444);
MODULE_PARM_DESC(cycles, "how often a CPU goes offline and online in the suite hotplug");

/* ---- hotplug callbacks ---- */

enum stage { PREPARE, STARTING, ONLINE, OFFLINE, DYING, DEAD, NR_STAGES };

static const char *const stage_names[] = {
	"prepare", "starting", "online", "offline", "dying", "dead",
};

/* No state with interrupts off is allocated dynamically: use that of a timer of ARM. */
#define STATE_STARTING	CPUHP_AP_ARM_TWD_STARTING

static struct {
	struct thing *things;		/* one of each kind, passed between stages */
	unsigned int calls[NR_STAGES];
	unsigned int astray, spoilt, empty;
	int prepare_state, online_state;
	struct flood *flood;		/* freed in an exception while dying, or NULL */
	bool wake;			/* kick the worker while dying */
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

/* On another CPU, while @cpu is offline. */
static bool is_other_cpu(unsigned int cpu)
{
	return in_task() && !irqs_disabled() && raw_smp_processor_id() != cpu && !cpu_online(cpu);
}

/* On @cpu, which is not online. */
static bool is_not_online(unsigned int cpu)
{
	return irqs_disabled() && raw_smp_processor_id() == cpu && !cpu_online(cpu);
}

static bool is_online_there(unsigned int cpu)
{
	return in_task() && !irqs_disabled() && raw_smp_processor_id() == cpu;
}

#define HOT_CALLBACK(name, id, where, gfp)					\
static int hot_##name(unsigned int cpu)						\
{										\
	return stage(id, where(cpu), gfp);					\
}

HOT_CALLBACK(prepare, PREPARE, is_other_cpu, GFP_KERNEL)
HOT_CALLBACK(dead, DEAD, is_other_cpu, GFP_KERNEL)
HOT_CALLBACK(starting, STARTING, is_not_online, GFP_ATOMIC)
HOT_CALLBACK(online, ONLINE, is_online_there, GFP_KERNEL)
HOT_CALLBACK(offline, OFFLINE, is_online_there, GFP_KERNEL)

static void do_nothing(void *ignore)
{
}

/* NMIs are ignored at this stage, but other exceptions are like them. */
static void step_nop(void)
{
	context_step(do_nothing, NULL);
}

static int hot_dying(unsigned int cpu)
{
	if (hot.flood)
		flood_at_the_worst(hot.flood, step_nop);
	if (hot.wake) {
		root_pool->buddies[first_online_node].low = true;
		source_kick_worker(&root_pool->source);
	}
	return stage(DYING, is_not_online(cpu), GFP_ATOMIC);
}

static void hot_begin(struct kunit *test)
{
	memset(&hot, 0, sizeof(hot));
	hot.prepare_state = cpuhp_setup_state_nocalls(CPUHP_BP_PREPARE_DYN, "kit:prepare",
						      hot_prepare, hot_dead);
	hot.online_state = cpuhp_setup_state_nocalls(CPUHP_AP_ONLINE_DYN, "kit:online",
						     hot_online, hot_offline);
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

static void test_callbacks_allocate_and_free(struct kunit *test)
{
	struct thing *things = kit_zalloc(test, nr_thing_kinds * sizeof(*things));
	unsigned int cpu = cpumask_last(cpu_online_mask), i;

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
	flood_at_the_worst(arg, step_nop);
	preempt_enable();
}

static void test_nmi_frees_on_a_dying_cpu(struct kunit *test)
{
	unsigned int cpu = cpumask_last(cpu_online_mask), n = num_online_cpus() - 1;
	struct flood flood = { 0 };
	unsigned long deferred;

	things_begin(test);
	context_pin(0);
	flood_init(test, &flood, FEW);
	deferred = counted(EVENT_NMI_DEFER);
	hot_begin(test);
	if (!context_step_begin(free_once, &flood)) {
		hot_end();
		flood_free(&flood);
		kunit_skip(test, "needs single-stepping");
	}
	hot.flood = &flood;
	KUNIT_EXPECT_EQ(test, remove_cpu(cpu), 0);
	hot.flood = NULL;
	/* While the CPU is offline. */
	KUNIT_EXPECT_EQ(test, counted(EVENT_NMI_DEFER) - deferred, FEW);
	slabmod_cache_shrink(things_cache());
	KUNIT_EXPECT_EQ(test, cache_used(things_cache()), 0);
	KUNIT_EXPECT_EQ(test, add_cpu(cpu), 0);
	hot_end();
	KUNIT_EXPECT_EQ(test, hot.calls[DYING], 1);
	KUNIT_EXPECT_EQ(test, hot.astray, 0);

	/* When it is online it handles its deferred frees itself. */
	flood_init(test, &flood, FEW);
	KUNIT_EXPECT_TRUE(test, kit_run_on(n, step_here, &flood));
	slabmod_cache_shrink(things_cache());
	KUNIT_EXPECT_EQ(test, counted(EVENT_NMI_DEFER) - deferred, 2 * FEW);
	KUNIT_EXPECT_EQ(test, cache_used(things_cache()), 0);
	KUNIT_EXPECT_EQ(test, flood.astray, 0);
	context_step_end();
	things_end(test);
}

/* Wait until the worker has refilled the node. */
static bool worker_ran(void)
{
	return kit_wait_until(!READ_ONCE(root_pool->buddies[first_online_node].low));
}

static void test_dying_cpu_kicks_the_worker(struct kunit *test)
{
	unsigned int cpu = cpumask_last(cpu_online_mask);

	hot_begin(test);
	hot.wake = true;
	KUNIT_EXPECT_EQ(test, remove_cpu(cpu), 0);
	KUNIT_EXPECT_EQ(test, hot.calls[DYING], 1);
	KUNIT_EXPECT_TRUE(test, worker_ran());
	/* Other CPUs can kick it, too. */
	root_pool->buddies[first_online_node].low = true;
	source_kick_worker(&root_pool->source);
	KUNIT_EXPECT_TRUE(test, worker_ran());
	hot.wake = false;
	KUNIT_EXPECT_EQ(test, add_cpu(cpu), 0);
	hot_end();
}

/* ---- calls on other CPUs meanwhile ---- */

#define SLOTS	64

static struct {
	struct thing *slot[SLOTS];	/* passed between threads */
	atomic_long_t calls, empty, spoilt;
} load;

static int load_thread(void *arg)
{
	struct thing *thing = arg;
	struct rnd_state rnd;

	/* Let the test proceed. */
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

/* Objects in magazines of offline CPUs, of all caches. */
static void count_left(struct slabmod_cache *cache, void *arg)
{
	unsigned int *left = arg, cpu;

	for_each_possible_cpu(cpu)
		if (!cpu_online(cpu))
			*left += magazine_nr_objects(per_cpu_ptr(cache->magazines, cpu));
}

static void cycle_cpus(struct kunit *test)
{
	unsigned int i, left;

	for (i = 0; i < cycles; i++) {
		/* The machine may need the first one. */
		unsigned int cpu = cpumask_nth(1 + i % (num_online_cpus() - 1), cpu_online_mask);

		KUNIT_EXPECT_EQ(test, remove_cpu(cpu), 0);
		left = 0;
		cache_walk(NULL, count_left, &left);
		KUNIT_EXPECT_EQ_MSG(test, left, 0, "CPU %u in cycle %u", cpu, i);
		KUNIT_EXPECT_EQ(test, add_cpu(cpu), 0);
	}
}

static void test_cpus_go_offline_during_calls(struct kunit *test)
{
	unsigned int threads = num_online_cpus(), n = SLOTS + threads, i;
	struct thing *things = kit_zalloc(test, n * sizeof(*things));
	struct task_struct **tasks = kit_zalloc(test, threads * sizeof(*tasks));
	unsigned long calls = 0;

	things_begin(test);
	memset(&load, 0, sizeof(load));
	for (i = 0; i < SLOTS; i++)
		load.slot[i] = &things[threads + i];
	for (i = 0; i < threads; i++)
		tasks[i] = kthread_run(load_thread, &things[i], "kit/load%u", i);
	cycle_cpus(test);
	for (i = 0; i < threads; i++)
		if (!IS_ERR(tasks[i]))
			kthread_stop(tasks[i]);
	for (i = 0; i < n; i++)
		if (!thing_give(&things[i]))
			atomic_long_inc(&load.spoilt);
	calls = atomic_long_read(&load.calls);
	kunit_info(test, "%u cycles during %lu calls, %ld of which failed\n", cycles, calls,
		   atomic_long_read(&load.empty));
	/* Many calls per cycle, and most succeeded. */
	KUNIT_EXPECT_GT(test, calls, 100 * cycles);
	KUNIT_EXPECT_LT(test, atomic_long_read(&load.empty), calls / 2);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&load.spoilt), 0);
	things_end(test);
}

static int hotplug_init(struct kunit *test)
{
	int err = root_init(test);

	if (!IS_ENABLED(CONFIG_HOTPLUG_CPU) || num_online_cpus() < 2)
		kunit_skip(test, "needs CPU hotplug");
	return err;
}

static struct kunit_case hotplug_cases[] = {
	KUNIT_CASE(test_callbacks_allocate_and_free),
	KUNIT_CASE(test_nmi_frees_on_a_dying_cpu),
	KUNIT_CASE(test_dying_cpu_kicks_the_worker),
	KUNIT_CASE(test_cpus_go_offline_during_calls),
	{}
};

struct kunit_suite hotplug_suite = {
	.name = "hotplug",
	.init = hotplug_init,
	.exit = things_exit,
	.test_cases = hotplug_cases,
};
