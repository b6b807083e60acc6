/* SPDX-License-Identifier: GPL-2.0 */
/*
 * stock.h - what the compiler reads first where the kernel was built without KUnit, and KUnit and
 * the suites are modules.
 *
 * With CONFIG_KUNIT, struct task_struct and struct module have members that this kernel's have not,
 * so both are read before it is set.
 */
#ifndef SLABMOD_STOCK_H
#define SLABMOD_STOCK_H

#include <linux/module.h>
#include <linux/sched.h>

#define CONFIG_KUNIT_MODULE 1
#define CONFIG_KUNIT_DEFAULT_TIMEOUT 300
#define CONFIG_KUNIT_DEFAULT_FILTER_GLOB ""
#define CONFIG_KUNIT_DEFAULT_FILTER ""
#define CONFIG_KUNIT_DEFAULT_FILTER_ACTION ""

/*
 * A task's test is in a member that is for file systems, which no test is. scripts/build has
 * KUnit's own source use the second name, and struct kunit_module in place of struct module.
 */
struct kunit;
#define kunit_test journal_info
#define kunit_of_current (*(struct kunit **)&current->journal_info)

/*
 * KUnit would look for suites in every module that is loaded, in members of struct module. It does
 * not: kunit/main.c starts the suites itself.
 */
struct kunit_suite;
struct kunit_module {
	struct kunit_suite **kunit_suites, **kunit_init_suites;
	int num_kunit_suites, num_kunit_init_suites;
};

#define register_module_notifier(block)		((void)(block), 0)
#define unregister_module_notifier(block)	((void)(block))

#endif /* SLABMOD_STOCK_H */
