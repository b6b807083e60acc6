// SPDX-License-Identifier: GPL-2.0
/*
 * sched.c - CPUs, locks, interrupts and work items of a kernel that is one thread.
 *
 * An interrupt is a call from shim_tick(), which locks and preempt_disable() call: a hard
 * interrupt where they are enabled, an NMI anywhere. It finds the state that a real one would
 * find, such as a held lock and a busy magazine.
 */
#include <sanitizer/common_interface_defs.h>

#include "kernel.h"

static unsigned int locks_held;

void shim_die(const char *fmt, ...)
{
	va_list args;

	fputs("slabmod: fuzz: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	__sanitizer_print_stack_trace();
	abort();
}

/* ---- interrupts ---- */

static struct {
	void (*fn)(void *arg);
	void *arg;
	unsigned int after;
	bool nmi;
} interrupt;

void shim_interrupt(void (*fn)(void *arg), void *arg, unsigned int after, bool nmi)
{
	interrupt.fn = fn;
	interrupt.arg = arg;
	interrupt.after = after;
	interrupt.nmi = nmi;
}

/* Call @fn as an interrupt on a CPU, and restore the context. */
static void interrupt_cpu(unsigned int cpu, bool nmi, void (*fn)(void *arg), void *arg)
{
	unsigned int was_cpu = shim_cpu, preempt = shim_preempt, rcu = shim_rcu;
	unsigned int irqs_off = shim_irqs_off, held = locks_held;

	shim_cpu = cpu;
	shim_irqs_off++;
	shim_nmi += nmi;
	shim_hardirq += !nmi;
	fn(arg);
	shim_hardirq -= !nmi;
	shim_nmi -= nmi;
	shim_expect(shim_irqs_off == irqs_off + 1 && shim_cpu == cpu);
	shim_expect(shim_preempt == preempt && shim_rcu == rcu && locks_held == held);
	shim_irqs_off = irqs_off;
	shim_cpu = was_cpu;
}

void shim_tick(void)
{
	void (*fn)(void *arg) = interrupt.fn;

	if (likely(!fn) || shim_nmi || (interrupt.after && --interrupt.after))
		return;
	if (!interrupt.nmi && (shim_irqs_off || shim_hardirq))
		return;
	interrupt.fn = NULL;
	interrupt_cpu(shim_cpu, interrupt.nmi, fn, interrupt.arg);
}

void shim_synchronize_rcu(void)
{
	shim_might_sleep();
}

void shim_might_sleep(void)
{
	shim_expect(preemptible() && !shim_rcu && !locks_held);
}

/* Maximum number of ticks of all waits. */
#define MOST_WAITS	1000000

void shim_wait(const char *what)
{
	static unsigned long waits;

	shim_might_sleep();
	if (++waits > MOST_WAITS)
		shim_die("%s waits forever", what);
	shim_tick();
}

void on_each_cpu_cond(smp_cond_func_t cond, void (*fn)(void *info), void *info, bool wait)
{
	unsigned int cpu;

	shim_expect(!shim_irqs_off && !shim_hardirq && !shim_nmi);
	for_each_online_cpu(cpu) {
		bool wanted;

		preempt_disable();
		wanted = cond(cpu, info);
		preempt_enable();
		if (!wanted)
			continue;
		if (cpu != shim_cpu) {
			interrupt_cpu(cpu, false, fn, info);
			continue;
		}
		/* On this CPU it is called with interrupts off, but not in one. */
		shim_irqs_off++;
		fn(info);
		shim_irqs_off--;
	}
}

/* ---- locks ---- */

void shim_lock(raw_spinlock_t *lock)
{
	shim_expect(!shim_nmi && !lock->held);
	shim_tick();
	lock->held = true;
	locks_held++;
	shim_preempt++;
	shim_tick();
}

bool raw_spin_trylock(raw_spinlock_t *lock)
{
	shim_tick();
	if (lock->held)
		return false;
	lock->held = true;
	locks_held++;
	shim_preempt++;
	return true;
}

void shim_unlock(raw_spinlock_t *lock)
{
	shim_expect(lock->held && locks_held && shim_preempt);
	shim_tick();
	lock->held = false;
	locks_held--;
	shim_preempt--;
}

void mutex_lock(struct mutex *mutex)
{
	might_sleep();
	shim_expect(!mutex->held);
	mutex->held = true;
}

void mutex_unlock(struct mutex *mutex)
{
	shim_expect(mutex->held);
	mutex->held = false;
}

/* ---- deferred work ---- */

static struct rcu_head *callbacks;
static struct irq_work *irq_works;
static struct work_struct *works;

void call_rcu(struct rcu_head *head, void (*func)(struct rcu_head *head))
{
	shim_expect(!shim_nmi);
	head->func = func;
	head->next = callbacks;
	callbacks = head;
}

void rcu_barrier(void)
{
	might_sleep();
	while (callbacks) {
		struct rcu_head *head = callbacks;

		callbacks = head->next;
		if ((unsigned long)head->func < PAGE_SIZE)
			kfree((char *)head - (unsigned long)head->func);
		else
			head->func(head);
	}
}

void irq_work_queue(struct irq_work *work)
{
	if (work->pending)
		return;
	work->pending = true;
	work->cpu = shim_cpu;
	work->next = irq_works;
	irq_works = work;
}

static void irq_work_run(void *arg)
{
	struct irq_work *work = arg;

	work->pending = false;
	work->func(work);
}

static void run_irq_works(void)
{
	while (irq_works) {
		struct irq_work *work = irq_works;

		irq_works = work->next;
		interrupt_cpu(work->cpu, false, irq_work_run, work);
	}
}

void irq_work_sync(struct irq_work *work)
{
	might_sleep();
	run_irq_works();
	shim_expect(!work->pending);
}

void shim_queue(struct work_struct *work)
{
	if (work->pending)
		return;
	work->pending = true;
	work->next = works;
	works = work;
}

void cancel_work_sync(struct work_struct *work)
{
	struct work_struct **p;

	might_sleep();
	for (p = &works; *p; p = &(*p)->next)
		if (*p == work) {
			*p = work->next;
			work->pending = false;
			return;
		}
}

void flush_work(struct work_struct *work)
{
	bool pending = work->pending;

	cancel_work_sync(work);
	if (pending)
		work->func(work);
}

/* Run the queued work of one kind; work queued meanwhile runs the next time. */
static void run_works(bool delayed)
{
	struct work_struct *now = works, *next;

	works = NULL;
	for (; now; now = next) {
		next = now->next;
		now->pending = false;
		if (now->delayed == delayed)
			now->func(now);
		else
			shim_queue(now);
	}
}

void shim_wait_event(void)
{
	shim_wait(__func__);
	run_irq_works();
	rcu_barrier();
	run_works(false);
}

void shim_run_work(void)
{
	run_works(false);
	run_works(true);
	jiffies += HZ;
}

void shim_boundary(void)
{
	run_irq_works();
	rcu_barrier();
}

void shim_check_idle(void)
{
	shim_expect(!shim_preempt && !shim_irqs_off && !shim_rcu && !locks_held);
	shim_expect(!shim_nmi && !shim_hardirq);
}

void shim_reset(unsigned int cpus, unsigned int nodes, bool bare)
{
	shim_machine(cpus, nodes, bare);
	interrupt.fn = NULL;
}
