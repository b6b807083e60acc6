// SPDX-License-Identifier: GPL-2.0
/*
 * slabmod_failing.ko - make a request fail while slabmod is loaded, for scripts/check.d.
 *
 * Sets the kernel's counter of a task (as /proc/self/fail-nth does) when slabmod's init is about
 * to run, so that slabmod's requests fail and not the loader's. The requests counted are those of
 * failslab and fail_page_alloc, and slabmod's own fault sites.
 */
#include <linux/fault-inject.h>
#include <linux/limits.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/string.h>

static unsigned int nth;
module_param(nth, uint, 0644);
MODULE_PARM_DESC(nth, "number of the request that fails; 0: none");

static unsigned int hits;
module_param(hits, uint, 0444);
MODULE_PARM_DESC(hits, "requests counted if none failed, otherwise nth");

static bool armed;

static int module_event(struct notifier_block *nb, unsigned long event, void *data)
{
	struct module *module = data;

	if (strcmp(module->name, "slabmod"))
		return NOTIFY_DONE;
	if (event == MODULE_STATE_COMING) {
		armed = true;
		current->fail_nth = nth;
	} else if (armed) {
		/* LIVE, or GOING because init failed; not a later unload. */
		armed = false;
		hits = nth - current->fail_nth;
		current->fail_nth = 0;
	}
	return NOTIFY_OK;
}

/* Called last, so that other notifiers do not fail. */
static struct notifier_block module_notifier = {
	.notifier_call = module_event,
	.priority = INT_MIN,
};

static int __init failing_init(void)
{
	return register_module_notifier(&module_notifier);
}

static void __exit failing_exit(void)
{
	unregister_module_notifier(&module_notifier);
}

module_init(failing_init);
module_exit(failing_exit);

MODULE_DESCRIPTION("Failures while slabmod is loaded, for its tests");
MODULE_LICENSE("GPL");
