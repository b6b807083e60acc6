// SPDX-License-Identifier: GPL-2.0
/*
 * test_rcu.c - frees after a grace period: not before the readers are done, and none is lost;
 * from any context, without memory, on CPUs that go offline.
 */
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/mm.h>
#include <linux/vmalloc.h>

#include "context.h"
#include "debug/fault.h"
#include "rcu_free.h"
#include "root.h"
#include "suites.h"
#include "test_rcu.h"

#define MARK	0x726375ull

/* A head behind the first page. */
struct far {
	u8 data[SZ_64K];
	struct rcu_head rcu;
};

/* Before the test. */
static unsigned long waiting_before;

unsigned long entry_waiting(void)
{
	return rcu_free_waiting() - waiting_before;
}

bool entry_intact(const struct entry *entry)
{
	struct piece piece = { (void *)entry, sizeof(entry->pattern), MARK };

	return piece_intact(&piece) && entry->more == MARK;
}

static struct entry *fill_entry(struct entry *entry)
{
	struct piece piece;

	if (entry) {
		piece_fill(&piece, entry, sizeof(entry->pattern), MARK);
		entry->more = MARK;
	}
	return entry;
}

struct entry *entry_make(struct kunit *test)
{
	return fill_entry(kit_kmalloc(test, sizeof(struct entry)));
}

struct entry *entry_make_in(struct kunit *test, struct slabmod_cache *cache)
{
	return fill_entry(kit_alloc(test, cache));
}

static void free_entry(void *entry)
{
	slabmod_kfree_rcu((struct entry *)entry, rcu);
}

void entry_expect_freed(struct kunit *test)
{
	slabmod_rcu_barrier();
	KUNIT_EXPECT_EQ(test, entry_waiting(), 0);
	KUNIT_EXPECT_EQ(test, root_used(), 0);
}

/* ---- what is freed ---- */

static void test_every_kind_of_memory(struct kunit *test)
{
	static const unsigned int flags[] = {
		0, SLABMOD_STRICT, SLABMOD_DEBUG, SLABMOD_ISOLATED, SLABMOD_TYPESAFE_BY_RCU,
		SLABMOD_HWCACHE_ALIGN,
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		struct slabmod_cache *cache = kit_cache_with(test, sizeof(struct entry), flags[i],
							     NULL);
		struct entry *entry = entry_make_in(test, cache);

		KIT_EXPECT_NO_MISUSE(test, slabmod_kfree_rcu(entry, rcu));
		entry = entry_make_in(test, cache);
		KIT_EXPECT_NO_MISUSE(test, slabmod_kvfree_rcu_mightsleep(entry));
		KIT_EXPECT_NO_MISUSE(test, slabmod_rcu_barrier());
		kit_expect_unused(test, cache);
	}
	entry_expect_freed(test);
}

static void test_head_at_any_offset(struct kunit *test)
{
	struct far *far = kit_kmalloc(test, sizeof(*far));
	struct rcu_head *alone = kit_kmalloc(test, sizeof(*alone));

	BUILD_BUG_ON(offsetof(struct far, rcu) < 4096);
	KIT_EXPECT_NO_MISUSE(test, slabmod_kvfree_rcu(far, rcu));
	KIT_EXPECT_NO_MISUSE(test, slabmod_kvfree_call_rcu(alone, alone));
	entry_expect_freed(test);
}

static void test_null_is_ignored(struct kunit *test)
{
	struct entry *nothing = NULL, *empty = slabmod_kmalloc(0, GFP_KERNEL);

	kit_capture_begin();
	slabmod_kfree_rcu(nothing, rcu);
	slabmod_kvfree_rcu(nothing, rcu);
	slabmod_kfree_rcu_mightsleep(nothing);
	slabmod_kvfree_rcu_mightsleep(nothing);
	slabmod_kfree_rcu(empty, rcu);
	slabmod_kfree_rcu_mightsleep(empty);
	KUNIT_EXPECT_EQ(test, entry_waiting(), 0);
	slabmod_rcu_barrier();
	kit_capture_end();
	kit_expect_no_misuse(test, __LINE__);
}

static unsigned int evaluated;

static struct entry *once(struct entry *entry)
{
	evaluated++;
	return entry;
}

static void test_argument_is_evaluated_once(struct kunit *test)
{
	struct entry *entries[2] = { entry_make(test), entry_make(test) };

	evaluated = 0;
	slabmod_kfree_rcu(once(entries[0]), rcu);
	slabmod_kfree_rcu_mightsleep(once(entries[1]));
	KUNIT_EXPECT_EQ(test, evaluated, 2);
	entry_expect_freed(test);
}

/* ---- not before readers are done ---- */

struct reading {
	struct entry *entries[2];
	bool reads, stop;
	unsigned int spoilt, late;
};

/* Readers that come later, so that more grace periods end meanwhile. */
#define ROUNDS	5

static void read_or_free(unsigned int n, void *arg)
{
	struct reading *reading = arg;
	unsigned int i;

	if (n == 1) {
		rcu_read_lock();
		WRITE_ONCE(reading->reads, true);
		while (!READ_ONCE(reading->stop)) {
			for (i = 0; i < 2; i++)
				reading->spoilt += !entry_intact(reading->entries[i]);
			cpu_relax();
		}
		rcu_read_unlock();
		return;
	}
	while (!READ_ONCE(reading->reads))
		msleep(20);
	slabmod_kfree_rcu(reading->entries[0], rcu);
	slabmod_kfree_rcu_mightsleep(reading->entries[1]);
	/* Too early a free would be done by now. */
	for (i = 0; i < ROUNDS; i++) {
		msleep(20);
		reading->late += entry_waiting() != 2;
	}
	WRITE_ONCE(reading->stop, true);
}

static void test_reader_keeps_the_memory(struct kunit *test)
{
	/* A free poisons the contents at once. */
	struct slabmod_cache *cache = kit_cache_with(test, sizeof(struct entry), SLABMOD_DEBUG,
						     NULL);
	struct reading reading = { .reads = false };

	kit_need_cpus(test, 2);
	reading.entries[0] = entry_make_in(test, cache);
	reading.entries[1] = entry_make_in(test, cache);
	kit_run_on_cpus(test, 2, read_or_free, &reading);
	KUNIT_EXPECT_EQ(test, reading.spoilt, 0);
	KUNIT_EXPECT_EQ(test, reading.late, 0);
	slabmod_rcu_barrier();
	kit_expect_unused(test, cache);
	entry_expect_freed(test);
}

/* ---- many ---- */

#define MANY	100000

static void free_many(unsigned int n, void *failed)
{
	unsigned int i;

	for (i = 0; i < MANY / num_online_cpus(); i++) {
		struct entry *entry = slabmod_kmalloc(sizeof(*entry), GFP_KERNEL);

		if (!entry)
			atomic_inc(failed);
		else if (i % 8)
			slabmod_kfree_rcu(entry, rcu);
		else
			slabmod_kfree_rcu_mightsleep(entry);
		if (i % 64 == 0)
			cond_resched();
	}
}

static void test_many_on_all_cpus(struct kunit *test)
{
	atomic_t failed = ATOMIC_INIT(0);

	kit_run_on_cpus(test, nr_cpu_ids, free_many, &failed);
	KUNIT_EXPECT_EQ(test, atomic_read(&failed), 0);
	entry_expect_freed(test);
}

struct flow {
	bool stop;
	atomic_t barriers;
};

static void flow_or_wait(unsigned int n, void *arg)
{
	struct flow *flow = arg;
	struct entry *entry;
	int i;

	if (n == 0) {
		for (i = 0; i < 10; i++) {
			slabmod_rcu_barrier();
			atomic_inc(&flow->barriers);
		}
		WRITE_ONCE(flow->stop, true);
		return;
	}
	while (!READ_ONCE(flow->stop)) {
		entry = slabmod_kmalloc(sizeof(*entry), GFP_KERNEL);
		if (entry)
			slabmod_kfree_rcu(entry, rcu);
		cond_resched();
	}
}

static void test_barrier_ends_though_more_is_freed(struct kunit *test)
{
	struct flow flow = { .stop = false };

	kit_need_cpus(test, 2);
	kit_run_on_cpus(test, 2, flow_or_wait, &flow);
	KUNIT_EXPECT_EQ(test, atomic_read(&flow.barriers), 10);
	entry_expect_freed(test);
}

/* ---- contexts ---- */

static void test_every_context(struct kunit *test)
{
	static void (*const contexts[])(void (*fn)(void *arg), void *arg) = {
		context_task, context_preempt_off, context_irqs_off, context_softirq,
		context_hardirq, context_hard, context_rcu, context_work,
	};
	int i;

	context_pin(0);
	for (i = 0; i < ARRAY_SIZE(contexts); i++) {
		struct entry *entry = entry_make(test);

		KIT_EXPECT_NO_MISUSE(test, contexts[i](free_entry, entry));
		entry_expect_freed(test);
	}
}

static void test_nmi(struct kunit *test)
{
	struct entry *entry = entry_make(test);
	unsigned long reports = report_count(MISUSE_BAD_FREE);

	context_pin(0);
	if (!context_nmi_begin(free_entry, entry)) {
		slabmod_kfree(entry);
		kunit_skip(test, "needs NMIs");
	}
	context_nmi();
	context_nmi_end();
	KUNIT_EXPECT_EQ(test, report_count(MISUSE_BAD_FREE), reports);
	/* Without help. */
	KUNIT_EXPECT_TRUE(test, kit_wait_until(!entry_waiting()));
	entry_expect_freed(test);
}

/* An NMI before each instruction of the function frees another one. */
struct flood {
	struct entry **entries;
	unsigned int nr, next;
};

static void free_next(unsigned long ip, void *arg)
{
	struct flood *flood = arg;

	if (flood->next < flood->nr)
		slabmod_kfree_rcu(flood->entries[flood->next++], rcu);
}

static void test_nmi_between_any_two_instructions(struct kunit *test)
{
	struct flood flood = { .nr = 5000 };
	struct entry *entry = entry_make(test);
	unsigned int i;

	flood.entries = (struct entry **)kit_array(test, flood.nr);
	for (i = 0; i < flood.nr; i++)
		flood.entries[i] = entry_make(test);
	context_pin(0);
	if (context_step_begin(free_next, &flood)) {
		context_step(free_entry, entry);
		context_step_end();
		kunit_info(test, "%u frees in NMIs\n", flood.next);
		KUNIT_EXPECT_GT(test, flood.next, 20);
	} else {
		free_entry(entry);
	}
	while (flood.next < flood.nr)
		free_next(0, &flood);
	entry_expect_freed(test);
}

/* ---- short memory ---- */

static void test_without_head_and_memory(struct kunit *test)
{
	struct entry *entries[20];
	int i;

	for (i = 0; i < ARRAY_SIZE(entries); i++)
		entries[i] = entry_make(test);
	root_dry();
	kit_capture_begin();
	for (i = 0; i < ARRAY_SIZE(entries); i++)
		slabmod_kfree_rcu_mightsleep(entries[i]);
	kit_capture_end();
	kit_expect_no_misuse(test, __LINE__);
	root_wet();
	entry_expect_freed(test);
}

static void test_without_record(struct kunit *test)
{
#ifdef CONFIG_FAULT_INJECTION
	const struct fault_order order = {
		.sites = BIT(FAULT_RECORD), .nth = 1, .on = true, .task = current,
	};
	struct entry *entry = entry_make(test);

	fault_begin(&order);
	slabmod_kfree_rcu_mightsleep(entry);
	KUNIT_EXPECT_EQ(test, fault_end().failed, 1);
	/* It was freed before the call returned. */
	KUNIT_EXPECT_EQ(test, entry_waiting(), 0);
	KUNIT_EXPECT_EQ(test, root_used(), 0);
#else
	kunit_skip(test, "needs fault injection");
#endif
}

/* ---- destruction ---- */

static void test_destruction_waits(struct kunit *test)
{
	struct slabmod_cache *cache, *own;
	struct slabmod_pool *pool;
	int round;

	for (round = 0; round < 3; round++) {
		pool = kit_module_pool(test, "kit-rcu", 0, 0);
		cache = slabmod_cache_create("kit-rcu", sizeof(struct entry), 0, 0, NULL);
		own = slabmod_pool_cache_create(pool, "kit-own", sizeof(struct entry), 0, 0, NULL);
		KUNIT_ASSERT_TRUE(test, cache && own);
		slabmod_kfree_rcu((struct entry *)kit_alloc(test, cache), rcu);
		slabmod_kfree_rcu_mightsleep(kit_alloc(test, own));
		slabmod_kfree_rcu((struct entry *)kit_pool_kmalloc(test, pool, 100), rcu);
		slabmod_kfree_rcu((struct far *)kit_pool_kmalloc(test, pool, sizeof(struct far)),
				  rcu);
		kit_capture_begin();
		KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(cache), 0);
		slabmod_kfree_rcu((struct entry *)kit_alloc(test, own), rcu);
		KUNIT_EXPECT_EQ(test, slabmod_cache_destroy(own), 0);
		slabmod_kfree_rcu_mightsleep(kit_pool_kmalloc(test, pool, 100));
		KUNIT_EXPECT_EQ(test, slabmod_pool_destroy(pool), 0);
		kit_capture_end();
		kit_expect_no_misuse(test, __LINE__);
	}
	entry_expect_freed(test);
}

/* ---- CPUs that go offline ---- */

/* No state with interrupts off is allocated dynamically: use that of a timer of ARM. */
#define STATE_STARTING	CPUHP_AP_ARM_TWD_STARTING

static struct {
	struct entry *entry, *nmi;
	unsigned int starting, dying;
} hot;

static void free_hot(unsigned long ip, void *arg)
{
	struct entry *entry = xchg(&hot.nmi, NULL);

	slabmod_kfree_rcu(entry, rcu);
}

static void do_nothing(void *ignore)
{
}

static int hot_free(unsigned int cpu)
{
	struct entry *entry = xchg(&hot.entry, NULL);

	slabmod_kfree_rcu(entry, rcu);
	if (hot.nmi)
		context_step(do_nothing, NULL);
	return 0;
}

static int hot_starting(unsigned int cpu)
{
	hot.starting++;
	return hot_free(cpu);
}

static int hot_dying(unsigned int cpu)
{
	hot.dying++;
	return hot_free(cpu);
}

static void change_cpu(struct kunit *test, unsigned int cpu, bool online, bool nmi)
{
	hot.entry = nmi ? NULL : entry_make(test);
	hot.nmi = nmi ? entry_make(test) : NULL;
	KUNIT_EXPECT_EQ(test, online ? add_cpu(cpu) : remove_cpu(cpu), 0);
	KUNIT_EXPECT_NULL(test, hot.entry);
	KUNIT_EXPECT_NULL(test, hot.nmi);
	/* Without help. */
	KUNIT_EXPECT_TRUE(test, kit_wait_until(!entry_waiting()));
	KUNIT_EXPECT_EQ(test, root_used(), 0);
}

static void test_frees_of_a_cpu_that_comes_and_goes(struct kunit *test)
{
	unsigned int cpu = cpumask_last(cpu_online_mask), round;
	bool steps = context_step_begin(free_hot, NULL);

	if (!IS_ENABLED(CONFIG_HOTPLUG_CPU) || num_online_cpus() < 2) {
		if (steps)
			context_step_end();
		kunit_skip(test, "needs CPU hotplug");
	}
	memset(&hot, 0, sizeof(hot));
	KUNIT_EXPECT_EQ(test, cpuhp_setup_state_nocalls(STATE_STARTING, "kit:starting",
							hot_starting, hot_dying), 0);
	for (round = 0; round <= steps; round++) {
		change_cpu(test, cpu, false, round);
		change_cpu(test, cpu, true, round);
	}
	cpuhp_remove_state_nocalls(STATE_STARTING);
	if (steps)
		context_step_end();
	KUNIT_EXPECT_EQ(test, hot.starting, 1 + steps);
	KUNIT_EXPECT_EQ(test, hot.dying, 1 + steps);
}

static void free_thousand(void *ignore)
{
	int i;

	for (i = 0; i < 1000; i++) {
		struct entry *entry = slabmod_kmalloc(sizeof(*entry), GFP_KERNEL);

		slabmod_kfree_rcu(entry, rcu);
	}
}

static void test_cpu_goes_offline_with_a_list(struct kunit *test)
{
	unsigned int cpu = cpumask_last(cpu_online_mask), i;

	if (!IS_ENABLED(CONFIG_HOTPLUG_CPU) || num_online_cpus() < 2)
		kunit_skip(test, "needs CPU hotplug");
	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_TRUE(test, kit_run_on(num_online_cpus() - 1, free_thousand, NULL));
		KUNIT_EXPECT_EQ(test, remove_cpu(cpu), 0);
		entry_expect_freed(test);
		KUNIT_EXPECT_EQ(test, add_cpu(cpu), 0);
	}
}

static int rcu_test_init(struct kunit *test)
{
	slabmod_rcu_barrier();
	waiting_before = rcu_free_waiting();
	return root_init(test);
}

static struct kunit_case rcu_cases[] = {
	KUNIT_CASE(test_every_kind_of_memory),
	KUNIT_CASE(test_head_at_any_offset),
	KUNIT_CASE(test_null_is_ignored),
	KUNIT_CASE(test_argument_is_evaluated_once),
	KUNIT_CASE(test_reader_keeps_the_memory),
	KUNIT_CASE(test_many_on_all_cpus),
	KUNIT_CASE(test_barrier_ends_though_more_is_freed),
	KUNIT_CASE(test_every_context),
	KUNIT_CASE(test_nmi),
	KUNIT_CASE(test_nmi_between_any_two_instructions),
	KUNIT_CASE(test_without_head_and_memory),
	KUNIT_CASE(test_without_record),
	KUNIT_CASE(test_destruction_waits),
	KUNIT_CASE(test_frees_of_a_cpu_that_comes_and_goes),
	KUNIT_CASE(test_cpu_goes_offline_with_a_list),
	RCU_MORE_CASES(RCU_CASE)
	{}
};

struct kunit_suite rcu_suite = {
	.name = "rcu",
	.init = rcu_test_init,
	.exit = root_exit,
	.test_cases = rcu_cases,
};
