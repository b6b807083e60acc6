// SPDX-License-Identifier: GPL-2.0
/*
 * team.c - one try of a case: threads bound to CPUs that start together.
 *
 * A case for one CPU also has a thread, so that it stays on its CPU; it is measured with interrupts
 * off.
 */
#include <linux/cpu.h>
#include <linux/irqflags.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/math.h>
#include <linux/sched.h>
#include <linux/sched/task.h>

#include "bench.h"

int bench_line_up(struct bench *b, unsigned int worker)
{
	struct bench_worker *w = &b->workers[worker];
	unsigned int goal = roundup((unsigned int)atomic_inc_return(&b->lined_up), b->cpus);

	while ((unsigned int)atomic_read(&b->lined_up) < goal) {
		if (bench_stopped(b))
			return -EINTR;
		cpu_relax();
		cond_resched();
	}
	w->end = 0;
	w->start_ns = ktime_get_ns();
	w->start = bench_clock();
	return 0;
}

void bench_finish(struct bench *b, unsigned int worker)
{
	struct bench_worker *w = &b->workers[worker];
	u64 now = bench_clock();

	if (w->end)
		return;
	w->end = now;
	w->end_ns = ktime_get_ns();
}

static long work(struct bench *b, unsigned int worker)
{
	long ops = bench_line_up(b, worker);

	if (!ops)
		ops = b->c->work(b, worker);
	bench_finish(b, worker);
	return ops;
}

/* Creating the thread used the allocators: warm up with one round. */
static long work_alone(struct bench *b)
{
	unsigned int rounds = b->rounds;
	unsigned long flags = 0;
	long ops = 0;

	b->rounds = 1;
	if (!b->c->cold)
		ops = b->c->work(b, 0);
	b->rounds = rounds;
	if (ops < 0)
		return ops;
	/* Otherwise each preempt_enable() would find a pending reschedule. */
	cond_resched();
	if (!b->c->interrupts)
		local_irq_save(flags);
	ops = work(b, 0);
	if (!b->c->interrupts)
		local_irq_restore(flags);
	return ops;
}

static int thread(void *arg)
{
	struct bench_worker *w = arg;
	struct bench *b = w->b;

	w->ops = b->c->cpus == 1 ? work_alone(b) : work(b, w - b->workers);
	if (w->ops < 0)
		WRITE_ONCE(b->stop, true);
	if (atomic_dec_and_test(&b->at_work))
		complete(&b->done);
	return 0;
}

static int create_workers(struct bench *b)
{
	unsigned int cpu = cpumask_first(cpu_online_mask), i;
	struct bench_worker *w;
	struct task_struct *task;

	for (i = 0; i < b->cpus; i++, cpu = cpumask_next(cpu, cpu_online_mask)) {
		if (cpu >= nr_cpu_ids)
			return -ENODEV;
		w = &b->workers[i];
		w->b = b;
		w->ops = -EINTR;
		task = kthread_create(thread, w, "slabmod_bench/%u", cpu);
		if (IS_ERR(task))
			return PTR_ERR(task);
		kthread_bind(task, cpu);
		w->task = get_task_struct(task);
	}
	return 0;
}

/* A thread that has not started never will; the others see b->stop or are done. */
static void stop_workers(struct bench *b)
{
	unsigned int i;

	for (i = 0; i < b->cpus; i++) {
		if (!b->workers[i].task)
			continue;
		kthread_stop(b->workers[i].task);
		put_task_struct(b->workers[i].task);
		b->workers[i].task = NULL;
	}
}

/* Prefer other errors to -EINTR, which workers return after one of them failed. */
static int first_error(const struct bench *b)
{
	int err = 0;
	unsigned int i;

	for (i = 0; i < b->cpus; i++)
		if (b->workers[i].ops < 0 && (!err || err == -EINTR))
			err = b->workers[i].ops;
	return err;
}

int bench_team_run(struct bench *b)
{
	unsigned int i;
	int err;

	b->stop = false;
	atomic_set(&b->lined_up, 0);
	atomic_set(&b->at_work, b->cpus);
	init_completion(&b->done);
	cpus_read_lock();
	err = create_workers(b);
	for (i = 0; i < b->cpus && !err; i++)
		wake_up_process(b->workers[i].task);
	if (!err && wait_for_completion_interruptible(&b->done))
		err = -EINTR;
	if (err)
		WRITE_ONCE(b->stop, true);
	stop_workers(b);
	cpus_read_unlock();
	return err ?: first_error(b);
}
