// SPDX-License-Identifier: GPL-2.0
/*
 * events.c - register callbacks for modules that are unloaded and for CPUs that come and go.
 *
 * Contexts: process, while slabmod is loaded or unloaded. Locks: none.
 */
#include <linux/cpuhotplug.h>
#include <linux/module.h>

#include "debug/fault.h"
#include "events.h"

static int set_up_state(enum cpuhp_state state, const char *name, int (*startup)(unsigned int cpu),
			int (*teardown)(unsigned int cpu))
{
	return fault_error(FAULT_HOTPLUG, -ENOSPC) ?:
	       cpuhp_setup_state_nocalls(state, name, startup, teardown);
}

int events_register(struct event_hooks *hooks)
{
	int err = fault_error(FAULT_NOTIFIER, -ENOMEM) ?:
		  register_module_notifier(&hooks->module);

	if (err)
		return err;
	err = set_up_state(CPUHP_BP_PREPARE_DYN, hooks->dead_name, NULL, hooks->cpu_dead);
	if (err < 0)
		goto no_dead;
	hooks->dead_state = err;
	err = set_up_state(CPUHP_AP_ONLINE_DYN, hooks->online_name, hooks->cpu_online, NULL);
	if (err < 0)
		goto no_online;
	hooks->online_state = err;
	return 0;

no_online:
	cpuhp_remove_state_nocalls(hooks->dead_state);
no_dead:
	unregister_module_notifier(&hooks->module);
	return err;
}

void events_unregister(struct event_hooks *hooks)
{
	cpuhp_remove_state_nocalls(hooks->online_state);
	cpuhp_remove_state_nocalls(hooks->dead_state);
	unregister_module_notifier(&hooks->module);
}
