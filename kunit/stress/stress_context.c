// SPDX-License-Identifier: GPL-2.0
/*
 * stress_context.c - where calls come from.
 *
 * A worker is a thread bound to a CPU. Burst by burst it runs as it is, with preemption off, or
 * with interrupts off. Between bursts it starts other contexts: a tasklet, a timer and an
 * irq_work, which are hard interrupts on every kernel, an RCU callback, an NMI on any CPU, a
 * work item. Each of these is an actor of its own, called a post, and is not started again
 * before it is done.
 *
 * A CPU that goes offline unbinds its threads, so workers check their binding themselves.
 *
 * A CPU has at most one NMI due. The guest panics on an NMI that no handler claims, so none is
 * sent to an offline CPU, and the handler stays until all that were sent have arrived. It
 * claims every NMI, because the handler of another source may have run for one of its own.
 * Other architectures and user mode do not have NMIs of this kind.
 *
 * Locks: none.
 */
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "context.h"
#include "stress.h"

#if defined(CONFIG_X86_64) && !defined(CONFIG_UML)
#include <asm/apic.h>
#include <asm/nmi.h>
#define HAVE_NMI
#endif

/* Steps in a row: fewer in interrupts, which delay others, and fewest in an NMI. */
#define BURST		64
#define POST_BURST	24
#define NMI_BURST	8
/* Maximum delay of a timer, in ns. */
#define TIMER_MAX	200000

enum post_id { POST_TASKLET, POST_TIMER, POST_IRQ_WORK, POST_NMI, POST_RCU, POST_WORK, NR_POSTS };

struct post {
	struct stress_actor actor;
	unsigned long busy;		/* bit 0: started and not done */
	union {
		struct tasklet_struct tasklet;
		struct hrtimer timer;
		struct irq_work irq_work;
		struct rcu_head rcu;
		struct work_struct work;
	};
};

struct worker {
	struct stress_actor actor;
	unsigned int cpu;
	struct task_struct *task;
	struct post posts[NR_POSTS];
};

static struct worker *workers;
static unsigned int nr_workers;
static struct workqueue_struct *queue;

static void burst(struct stress_actor *actor, unsigned int steps)
{
	while (steps-- && !stress_stopped())
		stress_step(actor);
}

/* ---- posts ---- */

static void post_done(struct post *post)
{
	clear_bit_unlock(0, &post->busy);
}

static void post_run(struct post *post)
{
	burst(&post->actor, POST_BURST);
	post_done(post);
}

#define DEFINE_POST(type, member)				\
static void post_##member(struct type *p)			\
{								\
	post_run(container_of(p, struct post, member));		\
}

DEFINE_POST(tasklet_struct, tasklet)
DEFINE_POST(irq_work, irq_work)
DEFINE_POST(rcu_head, rcu)
DEFINE_POST(work_struct, work)

static enum hrtimer_restart post_timer(struct hrtimer *timer)
{
	post_run(container_of(timer, struct post, timer));
	return HRTIMER_NORESTART;
}

/* ---- NMIs ---- */

#ifdef HAVE_NMI
static DEFINE_PER_CPU(struct post *, nmi_due);
static bool nmi_handled;

static int handle_nmi(unsigned int type, struct pt_regs *regs)
{
	struct post *post = xchg(this_cpu_ptr(&nmi_due), NULL);

	if (post) {
		burst(&post->actor, NMI_BURST);
		post_done(post);
	}
	return NMI_HANDLED;
}

static int nmis_init(void)
{
	int err = register_nmi_handler(NMI_LOCAL, handle_nmi, 0, "slabmod_stress");

	nmi_handled = !err;
	return err;
}

static void nmis_exit(void)
{
	/* An NMI that was sent arrives, unless the guest hangs. */
	unsigned long end = jiffies + 240 * HZ;
	unsigned int cpu;

	if (!nmi_handled)
		return;
	for_each_possible_cpu(cpu)
		while (READ_ONCE(*per_cpu_ptr(&nmi_due, cpu)) && time_before(jiffies, end))
			cond_resched();
	unregister_nmi_handler(NMI_LOCAL, "slabmod_stress");
	nmi_handled = false;
}
#else
static int nmis_init(void) { return 0; }
static void nmis_exit(void) { }
#endif

/* Send an NMI, if that is possible now. */
static void nmi_send(unsigned int cpu, struct post *post)
{
	bool sent = false;

#ifdef HAVE_NMI
	/* Keeps the CPU online until the NMI is sent. */
	preempt_disable();
	sent = cpu_online(cpu) && !cmpxchg(per_cpu_ptr(&nmi_due, cpu), NULL, post);
	if (sent)
		apic->send_IPI_mask(cpumask_of(cpu), NMI_VECTOR);
	preempt_enable();
#endif
	if (!sent)
		post_done(post);
}

/* ---- starting and ending posts ---- */

static const enum stress_context post_contexts[NR_POSTS] = {
	[POST_TASKLET] = STRESS_SOFTIRQ, [POST_TIMER] = STRESS_HARDIRQ,
	[POST_IRQ_WORK] = STRESS_IRQ_WORK, [POST_NMI] = STRESS_NMI,
	[POST_RCU] = STRESS_RCU, [POST_WORK] = STRESS_WORK,
};

static void post_init(struct post *post, enum post_id id, unsigned int actor)
{
	stress_actor_init(&post->actor, actor, post_contexts[id], id == POST_WORK);
	if (id == POST_TASKLET)
		tasklet_setup(&post->tasklet, post_tasklet);
	else if (id == POST_TIMER)
		hrtimer_prepare(&post->timer, post_timer, CLOCK_MONOTONIC, TIMER_MODE);
	else if (id == POST_IRQ_WORK)
		post->irq_work = HARD_IRQ_WORK(post_irq_work);
	else if (id == POST_WORK)
		INIT_WORK(&post->work, post_work);
}

/* @random: the delay of a timer, the CPU of an NMI. */
static void post_start(struct post *post, enum post_id id, unsigned int random)
{
	if (test_and_set_bit_lock(0, &post->busy))
		return;
	if (id == POST_TASKLET)
		tasklet_schedule(&post->tasklet);
	else if (id == POST_TIMER)
		hrtimer_start(&post->timer, random % TIMER_MAX, TIMER_MODE);
	else if (id == POST_IRQ_WORK)
		irq_work_queue(&post->irq_work);
	else if (id == POST_NMI)
		nmi_send(random % nr_cpu_ids, post);
	else if (id == POST_RCU)
		call_rcu(&post->rcu, post_rcu);
	else
		queue_work(queue, &post->work);
}

/* NMIs end in nmis_exit(). */
static void post_end(struct post *post, enum post_id id)
{
	if (id == POST_TASKLET)
		tasklet_kill(&post->tasklet);
	else if (id == POST_TIMER)
		hrtimer_cancel(&post->timer);
	else if (id == POST_IRQ_WORK)
		irq_work_sync(&post->irq_work);
	else if (id == POST_RCU)
		rcu_barrier();
	else if (id == POST_WORK)
		flush_work(&post->work);
}

/* ---- workers ---- */

static void worker_burst(struct worker *w)
{
	struct stress_actor *actor = &w->actor;
	unsigned int i, post, how;
	unsigned long flags;

	actor->random = ~actor->key + actor->step;
	for (i = 0; i < 2; i++) {
		post = stress_below(actor, NR_POSTS);
		post_start(&w->posts[post], post, stress_random(actor) >> 33);
	}
	how = stress_below(actor, 8);
	actor->may_sleep = how > 1;
	if (how == 0) {
		actor->context = STRESS_PREEMPT_OFF;
		preempt_disable();
		burst(actor, BURST / 2);
		preempt_enable();
	} else if (how == 1) {
		actor->context = STRESS_IRQS_OFF;
		local_irq_save(flags);
		burst(actor, BURST / 2);
		local_irq_restore(flags);
	} else {
		actor->context = STRESS_TASK;
		burst(actor, BURST);
	}
}

/*
 * Return to the CPU of the worker after it was offline. A task that is moved to a CPU that goes
 * offline meanwhile stays where it is, outside its mask of allowed CPUs; on PREEMPT_RT, the
 * scheduler warns of that when the task next unlocks a spinlock.
 */
static void worker_go_home(struct worker *w)
{
	if (raw_smp_processor_id() == w->cpu)
		return;
	cpus_read_lock();
	if (cpu_online(w->cpu))
		set_cpus_allowed_ptr(current, cpumask_of(w->cpu));
	cpus_read_unlock();
}

static int worker_main(void *arg)
{
	struct worker *w = arg;

	while (!kthread_should_stop()) {
		if (stress_stopped()) {
			schedule_timeout_interruptible(HZ / 10);
			continue;
		}
		worker_go_home(w);
		worker_burst(w);
		cond_resched();
	}
	return 0;
}

/* ---- the crew ---- */

#define ACTORS_EACH	(1 + NR_POSTS)

unsigned int stress_crew_actors(unsigned int n)
{
	return n * ACTORS_EACH;
}

struct stress_actor *stress_crew_actor(unsigned int n)
{
	unsigned int post = n % ACTORS_EACH;
	struct worker *w;

	if (n / ACTORS_EACH >= nr_workers)
		return NULL;
	w = &workers[n / ACTORS_EACH];
	return post ? &w->posts[post - 1].actor : &w->actor;
}

static int worker_start(struct worker *w, unsigned int n, unsigned int cpu)
{
	struct task_struct *task;
	enum post_id id;

	w->cpu = cpu;
	stress_actor_init(&w->actor, n * ACTORS_EACH, STRESS_TASK, true);
	for (id = 0; id < NR_POSTS; id++)
		post_init(&w->posts[id], id, n * ACTORS_EACH + 1 + id);
	task = kthread_run(worker_main, w, "stress/%u", n);
	if (!IS_ERR(task))
		w->task = task;
	return PTR_ERR_OR_ZERO(task);
}

int stress_crew_init(unsigned int nr)
{
	unsigned int n, cpu = cpumask_first(cpu_possible_mask);
	int err = 0;

	queue = alloc_workqueue("slabmod_stress", WQ_UNBOUND, 0);
	workers = vzalloc(array_size(nr, sizeof(*workers)));
	if (!queue || !workers)
		err = -ENOMEM;
	if (!err)
		err = nmis_init();
	for (n = 0; n < nr && !err; n++) {
		err = worker_start(&workers[n], n, cpu);
		nr_workers += !err;
		cpu = cpumask_next(cpu, cpu_possible_mask);
		if (cpu >= nr_cpu_ids)
			cpu = cpumask_first(cpu_possible_mask);
	}
	return err;
}

void stress_crew_stop(void)
{
	unsigned int n;
	enum post_id id;

	for (n = 0; n < nr_workers; n++)
		kthread_stop(workers[n].task);
	for (n = 0; n < nr_workers; n++)
		for (id = 0; id < NR_POSTS; id++)
			post_end(&workers[n].posts[id], id);
	nmis_exit();
}

void stress_crew_exit(void)
{
	if (queue)
		destroy_workqueue(queue);
	vfree(workers);
}
