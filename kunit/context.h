/* SPDX-License-Identifier: GPL-2.0 */
/*
 * context.h - call a function in a softirq, a hardirq or an NMI of this CPU, or with
 * interrupts off: once, or repeatedly during something else.
 */
#ifndef SLABMOD_CONTEXT_H
#define SLABMOD_CONTEXT_H

#include <linux/kconfig.h>
#include <linux/hrtimer.h>
#include <linux/irq_work.h>
#include <linux/types.h>

/*
 * On PREEMPT_RT, interrupts that are not threaded. Elsewhere without the flags for that, which
 * would make lockdep forbid the page allocator in them.
 */
#if IS_ENABLED(CONFIG_PREEMPT_RT)
#define TIMER_MODE		HRTIMER_MODE_REL_PINNED_HARD
#define HARD_IRQ_WORK(fn)	IRQ_WORK_INIT_HARD(fn)
#else
#define TIMER_MODE		HRTIMER_MODE_REL_PINNED
#define HARD_IRQ_WORK(fn)	IRQ_WORK_INIT(fn)
#endif

/* Pin the thread of the test to the n-th online CPU. Return the CPU, or nr_cpu_ids. */
unsigned int context_pin(unsigned int n);

/* Whether the page allocator can be called with preemption off. */
#define CONTEXT_PAGES_ANYWHERE	(!IS_ENABLED(CONFIG_PREEMPT_RT))

/*
 * Call @fn once and wait for it. PREEMPT_RT threads the interrupt of context_hardirq(), but not
 * that of context_hard(). An RCU callback runs in a softirq or in a thread.
 */
void context_task(void (*fn)(void *arg), void *arg);
void context_preempt_off(void (*fn)(void *arg), void *arg);
void context_irqs_off(void (*fn)(void *arg), void *arg);
void context_softirq(void (*fn)(void *arg), void *arg);
void context_hardirq(void (*fn)(void *arg), void *arg);
void context_hard(void (*fn)(void *arg), void *arg);
void context_rcu(void (*fn)(void *arg), void *arg);
void context_work(void (*fn)(void *arg), void *arg);

/*
 * Call @fn with the memory of the first process as user memory, which @fn leaves as it was. Return
 * false, with nothing done, if there is none.
 */
bool context_process(void (*fn)(void *arg), void *arg);

/*
 * Between begin and end, context_nmi() raises an NMI on this CPU that calls @fn. Begin returns
 * false where that is not possible. @fn must not report, and must return within a millisecond,
 * or the kernel warns. Begin and end may sleep.
 */
bool context_nmi_begin(void (*fn)(void *arg), void *arg);
void context_nmi(void);
void context_nmi_end(void);

/*
 * Between begin and end, context_step() calls @fn with preemption off, and before each of its
 * instructions @nmi, in NMI context, with the address of the instruction. Begin returns false
 * where that is not possible. @nmi must not report.
 */
bool context_step_begin(void (*nmi)(unsigned long ip, void *arg), void *arg);
void context_step(void (*fn)(void *arg), void *arg);
void context_step_end(void);

/*
 * Between begin and end, a timer and another CPU interrupt this CPU, to which the caller is
 * pinned, as often as they can, and call @fn in a hardirq, also on PREEMPT_RT. The others
 * return the number of interrupts.
 */
void context_storm_begin(void (*fn)(void *arg), void *arg);
unsigned long context_storm_count(void);
unsigned long context_storm_end(void);

#endif /* SLABMOD_CONTEXT_H */
