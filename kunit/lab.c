// SPDX-License-Identifier: GPL-2.0
/*
 * lab.c - slabmod_lab_kunit: what every strategy of the lab has to keep.
 *
 * The checks are those of mod/lab/conform.c, which run in a process too. Each runs for the
 * strategies that do not lack the property by design.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/cpu.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/string.h>

#include <slabmod/slabmod.h>

#include "compat.h"
#include "lab/conform.h"

static const char *const names[] = {
#define X(name)	#name,
	LAB_STRATEGIES(X)
#undef X
};

/*
 * Return the next strategy, or the first, that promises what is checked; without @check, threads.
 */
static const void *next_strategy(const void *before, char *text, const struct lab_check *check)
{
	const char *const *name = before ? (const char *const *)before + 1 : names;

	for (; name < names + ARRAY_SIZE(names); name++) {
		const struct lab_strategy *strategy = lab_find(*name);

		if (check ? lab_promises(strategy, check) : !(strategy->lacks & LAB_NO_THREADS)) {
			strscpy(text, *name, KUNIT_PARAM_DESC_SIZE);
			return name;
		}
	}
	return NULL;
}

static const struct lab_strategy *param(struct kunit *test)
{
	return lab_find(*(const char *const *)test->param_value);
}

static u64 seed_of(struct kunit *test)
{
	u64 seed = get_random_u64();

	kunit_info(test, "seed=%llu\n", seed);
	return seed;
}

static void expect_nothing_wrong(struct kunit *test, const char *wrong)
{
	if (wrong)
		KUNIT_FAIL(test, "%s: %s", param(test)->name, wrong);
}

static void conform(struct kunit *test, unsigned int number)
{
	expect_nothing_wrong(test, lab_conform(param(test), &lab_checks[number], seed_of(test)));
}

#define X(name, unless, resets)							\
	static KUNIT_GENERATOR(next_##name)					\
	{									\
		return next_strategy(prev, desc, &lab_checks[LAB_CHECK_##name]);	\
	}									\
										\
	static void test_##name(struct kunit *test)				\
	{									\
		conform(test, LAB_CHECK_##name);				\
	}
LAB_CHECKS(X)
#undef X

/* ---- several CPUs at once ---- */

#define WORKERS		4
#define STEPS		4000

struct worker {
	struct lab *lab;
	void **slots;
	u64 seed;
	const char *wrong;
	struct completion done;
};

static int work(void *arg)
{
	struct worker *worker = arg;

	worker->wrong = lab_conform_worker(worker->lab, worker->slots, worker->seed, STEPS);
	complete(&worker->done);
	return 0;
}

static const char *run_workers(struct lab *lab, void **slots, u64 seed)
{
	static struct worker workers[WORKERS];
	const char *wrong = NULL;
	unsigned int i, cpu = cpumask_first(cpu_online_mask);

	for (i = 0; i < WORKERS; i++) {
		struct task_struct *task;

		workers[i] = (struct worker){ .lab = lab, .slots = slots, .seed = seed + i };
		init_completion(&workers[i].done);
		task = kthread_create(work, &workers[i], "lab/%u", i);
		if (IS_ERR(task)) {
			complete(&workers[i].done);
			wrong = "no thread";
			continue;
		}
		kthread_bind(task, cpu);
		wake_up_process(task);
		cpu = cpumask_next(cpu, cpu_online_mask);
		if (cpu >= nr_cpu_ids)
			cpu = cpumask_first(cpu_online_mask);
	}
	for (i = 0; i < WORKERS; i++) {
		wait_for_completion(&workers[i].done);
		if (workers[i].wrong)
			wrong = workers[i].wrong;
	}
	return wrong ? wrong : lab_conform_drain(lab, slots);
}

static KUNIT_GENERATOR(next_for_cpus)
{
	return next_strategy(prev, desc, NULL);
}

static void test_cpus_at_once(struct kunit *test)
{
	void **slots = kunit_kcalloc(test, LAB_CONFORM_SLOTS, sizeof(*slots), GFP_KERNEL);
	struct lab *lab = kunit_kzalloc(test, sizeof(*lab), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, slots);
	KUNIT_ASSERT_NOT_NULL(test, lab);
	KUNIT_ASSERT_EQ(test, lab_init(lab, param(test), 4 * LAB_CONFORM_ARENA), 0);
	expect_nothing_wrong(test, run_workers(lab, slots, seed_of(test)));
	lab_exit(lab);
}

static struct kunit_case lab_cases[] = {
#define X(name, unless, resets)	KUNIT_CASE_PARAM(test_##name, next_##name),
	LAB_CHECKS(X)
#undef X
	KUNIT_CASE_PARAM(test_cpus_at_once, next_for_cpus),
	{}
};

static struct kunit_suite lab_suite = {
	.name = "lab",
	.test_cases = lab_cases,
};

static struct kunit_suite *const suites[] = { &lab_suite };

static int __init lab_kunit_init(void)
{
	/* KUnit prints these two lines only for suites that it starts itself. */
	pr_info("KTAP version 1\n");
	pr_info("1..1\n");
	return KUNIT_RUN_SUITES(suites, ARRAY_SIZE(suites));
}
module_init(lab_kunit_init);

static void __exit lab_kunit_exit(void)
{
	__kunit_test_suites_exit((struct kunit_suite **)suites, ARRAY_SIZE(suites));
}
module_exit(lab_kunit_exit);

MODULE_DESCRIPTION("KUnit suite of slabmod's lab");
MODULE_LICENSE("GPL");
MODULE_INFO(test, "Y");
SLABMOD_IMPORT();
SLABMOD_IMPORT_INTERNAL();
