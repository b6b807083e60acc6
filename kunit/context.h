/* SPDX-License-Identifier: GPL-2.0 */
/*
 * context.h - where a call may come from: this CPU in a softirq, a hardirq or an NMI,
 * or with interrupts off, once and waited for, or again and again in the middle of something else.
 */
#ifndef SLABMOD_CONTEXT_H
#define SLABMOD_CONTEXT_H

#include <linux/kconfig.h>
#include <linux/hrtimer.h>
#include <linux/irq_work.h>
#include <linux/types.h>

/*
 * Where hard interrupts are threads, some that are not; elsewhere they all are not. But
 * lockdep, which may look at any kernel as if it were a real-time one, shall be told
 * that the kernel's page allocator may be called from them.
 */
#if IS_ENABLED(CONFIG_PREEMPT_RT)
#define TIMER_MODE		HRTIMER_MODE_REL_PINNED_HARD
#define HARD_IRQ_WORK(fn)	IRQ_WORK_INIT_HARD(fn)
#else
#define TIMER_MODE		HRTIMER_MODE_REL_PINNED
#define HARD_IRQ_WORK(fn)	IRQ_WORK_INIT(fn)
#endif

/*
 * Keeps the calling thread, which is a test's own, on the n-th online CPU, and
 * returns the CPU's number; nr_cpu_ids when there are fewer.
 */
unsigned int context_pin(unsigned int n);

/*
 * Whether the kernel gives pages to who may not be preempted. Where it does not, such
 * callers live on what slabmod has.
 */
#define CONTEXT_PAGES_ANYWHERE	(!IS_ENABLED(CONFIG_PREEMPT_RT))

/*
 * All of these call @fn once, and return when it is done. context_hardirq() is an
 * interrupt that PREEMPT_RT makes a thread of, context_hard() one that stays what it is.
 * An RCU callback is called in a softirq or by a thread.
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
 * From begin to end, context_nmi() lets this CPU have an NMI that calls @fn. False
 * on machines that cannot be made to have one. It must be over in a millisecond, or
 * the kernel complains, and it must not report. Begin and end may sleep.
 */
bool context_nmi_begin(void (*fn)(void *arg), void *arg);
void context_nmi(void);
void context_nmi_end(void);

/*
 * From begin to end, context_step() calls @fn with preemption off, and between any two
 * instructions of it @nmi in what is an NMI to who asks, with the address of the next
 * one. False where that cannot be had. @nmi must not report.
 */
bool context_step_begin(void (*nmi)(unsigned long ip, void *arg), void *arg);
void context_step(void (*fn)(void *arg), void *arg);
void context_step_end(void);

/*
 * From begin to end a timer and another CPU, if there is one, interrupt this CPU,
 * to which the caller is pinned, as often as they can, and call @fn, in a hardirq also
 * on PREEMPT_RT. The others return how often they did.
 */
void context_storm_begin(void (*fn)(void *arg), void *arg);
unsigned long context_storm_count(void);
unsigned long context_storm_end(void);

#endif /* SLABMOD_CONTEXT_H */
