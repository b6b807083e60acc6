// SPDX-License-Identifier: GPL-2.0
/*
 * main.c - the suites as a module: loading it runs them.
 *
 * The verdict is in the kernel's log, as KTAP, and in the parameter `failed`.
 * The suites are run from here and not by KUnit's own kunit_test_suites(), which
 * in 6.1 runs them before the module's parameters are read.
 */
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <slabmod/slabmod.h>

#include "compat.h"
#include "kit.h"
#include "suites.h"

static char *suites = "";
module_param(suites, charp, 0444);
MODULE_PARM_DESC(suites, "comma-separated names of the suites to run; empty: all");

static int failed;
module_param(failed, int, 0444);
MODULE_PARM_DESC(failed, "number of suites that failed; read it after loading");

#define X(name) &name##_suite,
static struct kunit_suite *const all[] = { KIT_SUITES(X) };
#undef X

static struct kunit_suite *chosen[ARRAY_SIZE(all)];
static int nr_chosen;

static int choose(const char *name)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		if (!strcmp(all[i]->name, name)) {
			chosen[nr_chosen++] = all[i];
			return 0;
		}
	}
	pr_err("slabmod_kunit: no suite '%s'\n", name);
	return -EINVAL;
}

static int choose_all(void)
{
	char *names, *rest, *name;
	int err = 0;

	if (!*suites) {
		memcpy(chosen, all, sizeof(all));
		nr_chosen = ARRAY_SIZE(all);
		return 0;
	}
	names = kstrdup(suites, GFP_KERNEL);
	if (!names)
		return -ENOMEM;
	rest = names;
	while (!err && (name = strsep(&rest, ",")))
		err = nr_chosen < ARRAY_SIZE(all) ? choose(name) : -E2BIG;
	kfree(names);
	return err;
}

static int __init kunit_main_init(void)
{
	int err = choose_all();
	int i;

	if (!err)
		err = kit_module_init();
	if (err)
		return err;
	/* KUnit prints these two lines only for suites that it starts itself. */
	pr_info("KTAP version 1\n");
	pr_info("1..%d\n", nr_chosen);
	err = KUNIT_RUN_SUITES(chosen, nr_chosen);
	for (i = 0; i < nr_chosen; i++)
		failed += kunit_suite_has_succeeded(chosen[i]) == KUNIT_FAILURE;
	return err;
}
module_init(kunit_main_init);

static void __exit kunit_main_exit(void)
{
	__kunit_test_suites_exit(chosen, nr_chosen);
	kit_module_exit();
}
module_exit(kunit_main_exit);

MODULE_DESCRIPTION("KUnit suites of slabmod");
MODULE_LICENSE("GPL");
MODULE_INFO(test, "Y");
SLABMOD_IMPORT();
SLABMOD_IMPORT_INTERNAL();
