// SPDX-License-Identifier: GPL-2.0
/*
 * context.c - call a function in a given context.
 *
 * Tests run one after another, so there is one of each.
 */
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/kthread.h>
#include <linux/pid.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/sched/task.h>
#include <linux/smp.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "context.h"

/* Only x86 has an instruction that raises an NMI. */
#if defined(CONFIG_X86_64) && !defined(CONFIG_UML)
#define CAN_NMI
#include <asm/nmi.h>
#endif

static struct call {
	void (*fn)(void *arg);
	void *arg;
} call;

unsigned int context_pin(unsigned int n)
{
	unsigned int cpu;

	for_each_online_cpu(cpu) {
		if (n-- == 0) {
			set_cpus_allowed_ptr(current, cpumask_of(cpu));
			return cpu;
		}
	}
	return nr_cpu_ids;
}

/* ---- once ---- */

void context_task(void (*fn)(void *arg), void *arg)
{
	fn(arg);
}

bool context_process(void (*fn)(void *arg), void *arg)
{
	struct task_struct *task = get_pid_task(find_vpid(1), PIDTYPE_PID);
	struct mm_struct *mm = task ? get_task_mm(task) : NULL;
	bool can = mm && !current->mm;

	if (task)
		put_task_struct(task);
	if (can) {
		kthread_use_mm(mm);
		fn(arg);
		kthread_unuse_mm(mm);
	}
	if (mm)
		mmput(mm);
	return can;
}

void context_preempt_off(void (*fn)(void *arg), void *arg)
{
	preempt_disable();
	fn(arg);
	preempt_enable();
}

void context_irqs_off(void (*fn)(void *arg), void *arg)
{
	unsigned long flags;

	local_irq_save(flags);
	fn(arg);
	local_irq_restore(flags);
}

static void run_tasklet(struct tasklet_struct *tasklet)
{
	call.fn(call.arg);
}

void context_softirq(void (*fn)(void *arg), void *arg)
{
	DECLARE_TASKLET(tasklet, run_tasklet);

	call = (struct call) { fn, arg };
	/* Enabling runs the tasklet at once, and not in ksoftirqd. */
	local_bh_disable();
	tasklet_schedule(&tasklet);
	local_bh_enable();
	tasklet_kill(&tasklet);
}

static void run_irq_work(struct irq_work *work)
{
	call.fn(call.arg);
}

void context_hardirq(void (*fn)(void *arg), void *arg)
{
	struct irq_work work = IRQ_WORK_INIT(run_irq_work);

	call = (struct call) { fn, arg };
	irq_work_queue(&work);
	irq_work_sync(&work);
}

static struct completion called;

static enum hrtimer_restart run_timer(struct hrtimer *timer)
{
	call.fn(call.arg);
	complete(&called);
	return HRTIMER_NORESTART;
}

void context_hard(void (*fn)(void *arg), void *arg)
{
	static struct hrtimer timer;

	call = (struct call) { fn, arg };
	init_completion(&called);
	hrtimer_prepare(&timer, run_timer, CLOCK_MONOTONIC, TIMER_MODE);
	hrtimer_start(&timer, 0, TIMER_MODE);
	wait_for_completion(&called);
	hrtimer_cancel(&timer);
}

static void run_rcu(struct rcu_head *head)
{
	call.fn(call.arg);
}

void context_rcu(void (*fn)(void *arg), void *arg)
{
	static struct rcu_head head;

	call = (struct call) { fn, arg };
	call_rcu(&head, run_rcu);
	rcu_barrier();
}

static long run_work(void *ignore)
{
	call.fn(call.arg);
	return 0;
}

void context_work(void (*fn)(void *arg), void *arg)
{
	call = (struct call) { fn, arg };
	work_on_cpu(raw_smp_processor_id(), run_work, NULL);
}

/* ---- NMIs ---- */

#ifdef CAN_NMI
static bool nmi_due;

static int run_nmi(unsigned int type, struct pt_regs *regs)
{
	if (!READ_ONCE(nmi_due))
		return NMI_DONE;
	WRITE_ONCE(nmi_due, false);
	call.fn(call.arg);
	return NMI_HANDLED;
}

bool context_nmi_begin(void (*fn)(void *arg), void *arg)
{
	call = (struct call) { fn, arg };
	return !register_nmi_handler(NMI_LOCAL, run_nmi, 0, "slabmod_kunit");
}

void context_nmi(void)
{
	WRITE_ONCE(nmi_due, true);
	/* The entry code is that of any NMI. */
	asm volatile("int $2" ::: "memory");
}

void context_nmi_end(void)
{
	unregister_nmi_handler(NMI_LOCAL, "slabmod_kunit");
}
#else
bool context_nmi_begin(void (*fn)(void *arg), void *arg) { return false; }
void context_nmi(void) { }
void context_nmi_end(void) { }
#endif

/* ---- storms ---- */

/* Longer than a slow machine needs to handle it. */
#define STORM_PERIOD	(500 * NSEC_PER_USEC)

static struct {
	struct hrtimer timer;
	struct irq_work work;
	struct task_struct *sender;	/* on another CPU; NULL when there is none */
	unsigned int cpu;
	unsigned long count;
	struct call call;
} storm;

static void storm_gust(struct irq_work *work)
{
	storm.count++;
	storm.call.fn(storm.call.arg);
}

static enum hrtimer_restart storm_timer(struct hrtimer *timer)
{
	storm_gust(NULL);
	hrtimer_forward_now(timer, STORM_PERIOD);
	return HRTIMER_RESTART;
}

static void storm_call(void *ignore)
{
	irq_work_queue(&storm.work);
}

/* Without high-resolution timers, those above come with the tick only. */
static int storm_sender(void *ignore)
{
	while (!kthread_should_stop()) {
		smp_call_function_single(storm.cpu, storm_call, NULL, 1);
		irq_work_sync(&storm.work);
		cond_resched();
	}
	return 0;
}

static void storm_sender_start(void)
{
	unsigned int other = cpumask_any_but(cpu_online_mask, storm.cpu);

	storm.sender = NULL;
	if (other >= nr_cpu_ids)
		return;
	storm.sender = kthread_create(storm_sender, NULL, "kit/storm");
	if (IS_ERR(storm.sender)) {
		storm.sender = NULL;
		return;
	}
	kthread_bind(storm.sender, other);
	wake_up_process(storm.sender);
}

void context_storm_begin(void (*fn)(void *arg), void *arg)
{
	storm.call = (struct call) { fn, arg };
	storm.count = 0;
	storm.cpu = raw_smp_processor_id();
	storm.work = HARD_IRQ_WORK(storm_gust);
	hrtimer_prepare(&storm.timer, storm_timer, CLOCK_MONOTONIC, TIMER_MODE);
	hrtimer_start(&storm.timer, STORM_PERIOD, TIMER_MODE);
	storm_sender_start();
}

unsigned long context_storm_count(void)
{
	return READ_ONCE(storm.count);
}

unsigned long context_storm_end(void)
{
	if (storm.sender)
		kthread_stop(storm.sender);
	hrtimer_cancel(&storm.timer);
	return storm.count;
}
