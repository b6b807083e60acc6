// SPDX-License-Identifier: GPL-2.0
/*
 * context_step.c - an NMI between any two instructions.
 *
 * With the trap flag set the processor raises a debug exception after each instruction.
 * It cannot be masked, so the kernel enters it like an NMI, and in_nmi() is true. Interrupt
 * handlers are not stepped.
 */
#include "context.h"

#if defined(CONFIG_X86_64) && !defined(CONFIG_UML)
#include <linux/compiler.h>
#include <linux/kdebug.h>
#include <linux/notifier.h>
#include <linux/preempt.h>
#include <linux/ptrace.h>
#include <linux/sched.h>

#include <asm/processor-flags.h>

static struct {
	struct task_struct *task;
	void (*nmi)(unsigned long ip, void *arg);
	void *arg;
} step;

static int debug_exception(struct notifier_block *nb, unsigned long reason, void *data)
{
	struct die_args *args = data;

	/* The last exception follows the instruction that cleared the flag. */
	if (reason != DIE_DEBUG || READ_ONCE(step.task) != current || user_mode(args->regs))
		return NOTIFY_DONE;
	step.nmi(args->regs->ip, step.arg);
	return NOTIFY_STOP;
}

static struct notifier_block debug_notifier = { .notifier_call = debug_exception };

static noinline void call_stepped(void (*fn)(void *arg), void *arg)
{
	asm volatile("pushfq\n\torq %0, (%%rsp)\n\tpopfq" : : "i" (X86_EFLAGS_TF) : "memory", "cc");
	fn(arg);
	asm volatile("pushfq\n\tandq %0, (%%rsp)\n\tpopfq" : : "i" (~X86_EFLAGS_TF)
		     : "memory", "cc");
}

bool context_step_begin(void (*nmi)(unsigned long ip, void *arg), void *arg)
{
	step.nmi = nmi;
	step.arg = arg;
	return !register_die_notifier(&debug_notifier);
}

void context_step(void (*fn)(void *arg), void *arg)
{
	/* The flag is per CPU. */
	preempt_disable();
	WRITE_ONCE(step.task, current);
	call_stepped(fn, arg);
	WRITE_ONCE(step.task, NULL);
	preempt_enable();
}

void context_step_end(void)
{
	unregister_die_notifier(&debug_notifier);
}
#else
bool context_step_begin(void (*nmi)(unsigned long ip, void *arg), void *arg) { return false; }
void context_step(void (*fn)(void *arg), void *arg) { }
void context_step_end(void) { }
#endif
