/* SPDX-License-Identifier: GPL-2.0 */
/*
 * events.h - callbacks when a module is unloaded, and when a CPU is dead or online.
 */
#ifndef SLABMOD_EVENTS_H
#define SLABMOD_EVENTS_H

#include <linux/notifier.h>

struct event_hooks {
	struct notifier_block module;
	/* Called in process context. Names are those of CPU hotplug states. */
	const char *dead_name, *online_name;
	int (*cpu_dead)(unsigned int cpu);
	int (*cpu_online)(unsigned int cpu);
	/* Set by events_register() */
	int dead_state, online_state;
};

/* Return 0 or an error; then nothing is registered. */
int events_register(struct event_hooks *hooks);
void events_unregister(struct event_hooks *hooks);

#endif /* SLABMOD_EVENTS_H */
