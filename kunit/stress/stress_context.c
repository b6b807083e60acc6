// SPDX-License-Identifier: GPL-2.0
/*
 * stress_context.c - where calls come from.
 *
 * A worker is a thread that keeps to a CPU, as far as there is one. Burst by burst it
 * works as it is, with preemption off, or with interrupts off. In between it has itself
 * interrupted in each way there is: by a tasklet, a timer and an irq_work that are hard
 * interrupts on every kernel, a callback of RCU; it sends an NMI to any CPU, and has a work
 * item do some. Each of these posts is an actor of its own, and is asked again only when
 * it is through.
 *
 * A CPU that goes takes the binding of its threads with it, so workers look after that
 * themselves, and go back when the CPU has come back.
 *
 * Locks: none.
 */
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/kthread.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "context.h"
#include "stress.h"

/* Steps between two looks at the world around. */
#define BURST		64
/* Of a post: less, since others wait for an interrupt to be over. */
#define POST_BURST	24
/* Of an NMI, which all others wait for. */
#define NMI_BURST	8
/* The longest that a timer waits, in ns. */
#define TIMER_MOST	200000

enum post_id {
	POST_TASKLET, POST_TIMER, POST_IRQ_WORK, POST_NMI, POST_RCU, POST_WORK, NR_POSTS
};

struct post {
	struct stress_actor actor;
	unsigned long busy;		/* bit 0: asked, and not through */
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

static void post_tasklet(struct tasklet_struct *tasklet)
{
	post_run(container_of(tasklet, struct post, tasklet));
}

static enum hrtimer_restart post_timer(struct hrtimer *timer)
{
	post_run(container_of(timer, struct post, timer));
	return HRTIMER_NORESTART;
}

static void post_irq_work(struct irq_work *work)
{
	post_run(container_of(work, struct post, irq_work));
}

static void post_nmi(void *post)
{
	burst(&((struct post *)post)->actor, NMI_BURST);
	post_done(post);
}

static void post_rcu(struct rcu_head *rcu)
{
	post_run(container_of(rcu, struct post, rcu));
}

static void post_work(struct work_struct *work)
{
	post_run(container_of(work, struct post, work));
}

static void post_init(struct post *post, enum post_id id, unsigned int actor)
{
	switch (id) {
	case POST_TASKLET:
		stress_actor_init(&post->actor, actor, STRESS_SOFTIRQ, false);
		tasklet_setup(&post->tasklet, post_tasklet);
		break;
	case POST_TIMER:
		stress_actor_init(&post->actor, actor, STRESS_HARDIRQ, false);
		hrtimer_prepare(&post->timer, post_timer, CLOCK_MONOTONIC, TIMER_MODE);
		break;
	case POST_IRQ_WORK:
		stress_actor_init(&post->actor, actor, STRESS_IRQ_WORK, false);
		post->irq_work = HARD_IRQ_WORK(post_irq_work);
		break;
	case POST_NMI:
		stress_actor_init(&post->actor, actor, STRESS_NMI, false);
		break;
	case POST_RCU:
		stress_actor_init(&post->actor, actor, STRESS_RCU, false);
		break;
	default:
		stress_actor_init(&post->actor, actor, STRESS_WORK, true);
		INIT_WORK(&post->work, post_work);
	}
}

/* @random: how long, or where, if @id leaves that open. */
static void post_ask(struct post *post, enum post_id id, unsigned int random)
{
	if (test_and_set_bit_lock(0, &post->busy))
		return;
	switch (id) {
	case POST_TASKLET:
		tasklet_schedule(&post->tasklet);
		break;
	case POST_TIMER:
		hrtimer_start(&post->timer, random % TIMER_MOST, TIMER_MODE);
		break;
	case POST_IRQ_WORK:
		irq_work_queue(&post->irq_work);
		break;
	case POST_NMI:
		if (!stress_nmi_send(random % nr_cpu_ids, post))
			post_done(post);
		break;
	case POST_RCU:
		call_rcu(&post->rcu, post_rcu);
		break;
	default:
		queue_work(queue, &post->work);
	}
}

/* Nobody asks any more. */
static void post_end(struct post *post, enum post_id id)
{
	switch (id) {
	case POST_TASKLET:
		tasklet_kill(&post->tasklet);
		break;
	case POST_TIMER:
		hrtimer_cancel(&post->timer);
		break;
	case POST_IRQ_WORK:
		irq_work_sync(&post->irq_work);
		break;
	case POST_NMI:
		/* When they all have come; see stress_nmi_exit(). */
		break;
	case POST_RCU:
		rcu_barrier();
		break;
	default:
		flush_work(&post->work);
	}
}

/* ---- workers ---- */

static void stay_on_cpu(struct worker *w)
{
	if (cpu_online(w->cpu) && raw_smp_processor_id() != w->cpu)
		set_cpus_allowed_ptr(current, cpumask_of(w->cpu));
}

static void burst_without_preemption(struct stress_actor *actor, unsigned int steps)
{
	actor->may_sleep = false;
	actor->context = STRESS_PREEMPT_OFF;
	preempt_disable();
	burst(actor, steps);
	preempt_enable();
}

static void burst_without_interrupts(struct stress_actor *actor, unsigned int steps)
{
	unsigned long flags;

	actor->may_sleep = false;
	actor->context = STRESS_IRQS_OFF;
	local_irq_save(flags);
	burst(actor, steps);
	local_irq_restore(flags);
}

/* Where it works is a decision like others, made once a burst. */
static void worker_burst(struct worker *w)
{
	struct stress_actor *actor = &w->actor;
	unsigned int i, post;

	actor->random = ~actor->key + actor->step;
	for (i = 0; i < 2; i++) {
		post = stress_below(actor, NR_POSTS);
		post_ask(&w->posts[post], post, stress_random(actor) >> 33);
	}
	switch (stress_below(actor, 8)) {
	case 0:
		burst_without_preemption(actor, BURST / 2);
		break;
	case 1:
		burst_without_interrupts(actor, BURST / 2);
		break;
	default:
		actor->may_sleep = true;
		actor->context = STRESS_TASK;
		burst(actor, BURST);
	}
}

static int worker_main(void *arg)
{
	struct worker *w = arg;

	while (!kthread_should_stop()) {
		if (stress_stopped()) {
			schedule_timeout_interruptible(HZ / 10);
			continue;
		}
		stay_on_cpu(w);
		worker_burst(w);
		cond_resched();
	}
	return 0;
}

/* ---- all of them ---- */

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
	if (IS_ERR(task))
		return PTR_ERR(task);
	w->task = task;
	return 0;
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
		err = stress_nmi_init(post_nmi);
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
	stress_nmi_exit();
}

void stress_crew_exit(void)
{
	if (queue)
		destroy_workqueue(queue);
	vfree(workers);
}
