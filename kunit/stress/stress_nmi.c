// SPDX-License-Identifier: GPL-2.0
/*
 * stress_nmi.c - calls from NMIs, which come at any instruction of another CPU.
 *
 * A CPU has one NMI due at a time. The guest panics on an NMI that is nobody's, so none
 * is sent to a CPU that is gone, and the handler stays until all that were sent have come.
 * It takes all for its own: an NMI of others, who have handlers of theirs, may have taken
 * what its own was to find.
 *
 * Other architectures have no NMIs of this kind; user mode has none at all.
 */
#include <linux/cpumask.h>
#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/percpu.h>
#include <linux/sched.h>

#include "stress.h"

#if defined(CONFIG_X86_64) && !defined(CONFIG_UML)
#include <asm/apic.h>
#include <asm/nmi.h>

static DEFINE_PER_CPU(void *, due);
static void (*call)(void *arg);

static int handle(unsigned int type, struct pt_regs *regs)
{
	void *arg = xchg(this_cpu_ptr(&due), NULL);

	if (arg)
		call(arg);
	return NMI_HANDLED;
}

int stress_nmi_init(void (*fn)(void *arg))
{
	int err = register_nmi_handler(NMI_LOCAL, handle, 0, "slabmod_stress");

	/* Before any is sent. */
	if (!err)
		call = fn;
	return err;
}

bool stress_nmi_send(unsigned int cpu, void *arg)
{
	bool sent;

	/* Until it is sent, the CPU does not go. */
	preempt_disable();
	sent = cpu_online(cpu) && !cmpxchg(per_cpu_ptr(&due, cpu), NULL, arg);
	if (sent)
		apic->send_IPI_mask(cpumask_of(cpu), NMI_VECTOR);
	preempt_enable();
	return sent;
}

void stress_nmi_exit(void)
{
	/* One that was sent comes, unless the guest hangs. */
	unsigned long end = jiffies + 240 * HZ;
	unsigned int cpu;

	if (!call)
		return;
	for_each_possible_cpu(cpu)
		while (READ_ONCE(*per_cpu_ptr(&due, cpu)) && time_before(jiffies, end))
			cond_resched();
	/* Waits until it runs nowhere. */
	unregister_nmi_handler(NMI_LOCAL, "slabmod_stress");
	call = NULL;
}
#else
int stress_nmi_init(void (*fn)(void *arg))
{
	return 0;
}

bool stress_nmi_send(unsigned int cpu, void *arg)
{
	return false;
}

void stress_nmi_exit(void)
{
}
#endif
