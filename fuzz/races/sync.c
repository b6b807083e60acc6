// SPDX-License-Identifier: GPL-2.0
/*
 * sync.c - locks, RCU, interrupts for other CPUs and work items of the simulated kernel.
 *
 * A grace period ends when each task that was in a read-side section (RCU's, or with preemption
 * or interrupts off) at its beginning has left it. A callback is called at once then: later it
 * could find fewer errors. A task of its own calls it, on a CPU used for nothing else, as with
 * rcu_nocbs=. The task that ended the period cannot: it may be a finished NMI, while another task
 * holds the lock that the callback takes.
 */
#include "races.h"

/* Accessed where read-side sections begin and end, and by waits for them. */
#pragma clang section bss = "world_bss"
static u64 grace;

LASTING

/* For all schedules of a program. */
static const void *known[32];

#pragma clang section bss = "shim_bss" data = "shim_data"

/* ---- locks ---- */

/* Return the bit of a lock, the same in all schedules of a program; 0 if there is none. */
static u32 lock_bit(const void *lock)
{
	unsigned int i;

	for (i = 0; i < 32; i++) {
		if (!known[i])
			known[i] = lock;
		if (known[i] == lock)
			return BIT(i);
	}
	return 0;
}

static void took(raw_spinlock_t *lock)
{
	lock->held = true;
	shim_preempt++;
	if (!task_now)
		return;
	/* The lock itself is not accessed under itself. */
	if (sched_exploring)
		access_note(lock, 1, ACCESS_WRITE);
	task_took(lock_bit(lock), false);
}

static bool is_free(void *arg)
{
	raw_spinlock_t *lock = arg;

	return !lock->held;
}

static void lock_point(raw_spinlock_t *lock, void *pc, const char *how)
{
	if (sched_exploring && task_now)
		sched_point(access_matters(lock, 1), pc, how);
}

void shim_lock(raw_spinlock_t *lock)
{
	shim_expect(!shim_nmi);
	lock_point(lock, __builtin_return_address(0), "locks");
	if (task_now)
		task_wait(is_free, lock, "for a lock");
	shim_expect(!lock->held);
	took(lock);
}

bool raw_spin_trylock(raw_spinlock_t *lock)
{
	lock_point(lock, __builtin_return_address(0), "tries to lock");
	if (!lock->held) {
		took(lock);
		return true;
	}
	if (sched_exploring && task_now) {
		access_note(lock, 1, ACCESS_WRITE);
		explore_print("finds it locked");
	}
	return false;
}

void shim_unlock(raw_spinlock_t *lock)
{
	shim_expect(lock->held && shim_preempt);
	lock_point(lock, __builtin_return_address(0), "unlocks");
	lock->held = false;
	shim_preempt--;
	if (!task_now)
		return;
	task_dropped(lock_bit(lock), false);
	if (sched_exploring)
		access_note(lock, 1, ACCESS_WRITE);
}

static bool mutex_is_free(void *arg)
{
	struct mutex *mutex = arg;

	return !mutex->held;
}

void mutex_lock(struct mutex *mutex)
{
	might_sleep();
	if (sched_exploring && task_now)
		sched_point(access_matters(mutex, 1), __builtin_return_address(0), "locks");
	if (task_now)
		task_wait(mutex_is_free, mutex, "for a mutex");
	shim_expect(!mutex->held);
	mutex->held = true;
	if (sched_exploring && task_now) {
		access_note(mutex, 1, ACCESS_WRITE);
		task_took(lock_bit(mutex), true);
	}
}

void mutex_unlock(struct mutex *mutex)
{
	shim_expect(mutex->held);
	mutex->held = false;
	if (sched_exploring && task_now) {
		task_dropped(lock_bit(mutex), true);
		access_note(mutex, 1, ACCESS_WRITE);
	}
}

/* ---- RCU ---- */

#define MAX_GRACE	64u

/* Requested grace periods, each with the tasks that it waits for. */
struct period {
	u32 tasks;
	bool used;
	struct rcu_head *head;		/* NULL: a task waits */
};

static struct period periods[MAX_GRACE];
static unsigned int nr_periods;

static void end_period(struct period *period)
{
	period->used = false;
	nr_periods--;
}

/* A grace period that has ended, and its callback. */
static struct period *any_due(void)
{
	unsigned int i;

	for (i = 0; i < MAX_GRACE; i++)
		if (periods[i].used && periods[i].head && !periods[i].tasks)
			return &periods[i];
	return NULL;
}

static void leave_periods(void)
{
	u32 me = BIT(task_number(task_now));
	unsigned int i;

	if (sched_exploring)
		access_note(&grace, 8, ACCESS_READ);
	for (i = 0; i < MAX_GRACE; i++)
		periods[i].tasks &= ~me;
}

static void call_back(struct rcu_head *head)
{
	bool frees = (unsigned long)head->func < PAGE_SIZE;

	if (sched_exploring) {
		/* It depends on all tasks that left a section, and frees the object of @head. */
		access_note(&grace, 8, ACCESS_WRITE);
		access_note(head, sizeof(*head), ACCESS_WRITE);
		if (frees)
			explore_print("frees memory");
		else if (explore_printing)
			/* The place of a call is before its return address. */
			explore_print_place("is called", (void *)head->func + 2);
	}
	if (frees)
		kfree((char *)head - (unsigned long)head->func);
	else
		head->func(head);
}

static void run_callbacks(void *arg)
{
	struct period *period;

	while ((period = any_due())) {
		shim_preempt++;
		call_back(period->head);
		/* Not earlier: rcu_barrier() waits until it has returned. */
		end_period(period);
		shim_preempt--;
		leave_periods();
	}
}

void sync_enters_section(void *pc)
{
	sched_access(&grace, 8, ACCESS_READ, pc, "enters");
}

void sync_interrupts(void)
{
	access_note(&grace, 8, ACCESS_READ);
}

void sync_left_section(void)
{
	if (!task_now || !nr_periods || task_in_section())
		return;
	leave_periods();
	if (any_due())
		task_call_back(run_callbacks);
}

static struct period *begin_period(struct rcu_head *head, u32 tasks)
{
	unsigned int i = 0;

	while (i < MAX_GRACE && periods[i].used)
		i++;
	shim_expect(i < MAX_GRACE);
	periods[i] = (struct period) { .tasks = tasks, .used = true, .head = head };
	nr_periods++;
	return &periods[i];
}

void call_rcu(struct rcu_head *head, void (*func)(struct rcu_head *head))
{
	shim_expect(!shim_nmi && task_now);
	head->func = func;
	sched_access(&grace, 8, ACCESS_WRITE, __builtin_return_address(0), "calls RCU,");
	begin_period(head, tasks_in_section(NULL));
	if (any_due())
		task_call_back(run_callbacks);
}

static bool period_is_over(void *arg)
{
	struct period *period = arg;

	return !period->tasks;
}

void shim_synchronize_rcu(void)
{
	struct period *period;

	might_sleep();
	if (!task_now)
		return;
	sched_access(&grace, 8, ACCESS_WRITE, __builtin_return_address(0),
		     "waits for a grace period,");
	period = begin_period(NULL, tasks_in_section(task_now));
	task_wait(period_is_over, period, "for a grace period");
	end_period(period);
	if (sched_exploring)
		access_note(&grace, 8, ACCESS_WRITE);
}

static bool no_periods(void *arg)
{
	unsigned int i;

	for (i = 0; i < MAX_GRACE; i++)
		if (periods[i].used && periods[i].head)
			return false;
	return true;
}

void rcu_barrier(void)
{
	might_sleep();
	if (task_now)
		task_wait(no_periods, NULL, "for callbacks of RCU");
	shim_expect(no_periods(NULL));
}

/* ---- interrupts for other CPUs ---- */

struct call {
	void (*fn)(void *info);
	void *info;
	unsigned int left;
};

static void run_call(void *arg)
{
	struct call *call = arg;

	call->fn(call->info);
	sched_kernel_changes();
	call->left--;
}

static bool calls_are_done(void *arg)
{
	return !((struct call *)arg)->left;
}

void on_each_cpu_cond(smp_cond_func_t cond, void (*fn)(void *info), void *info, bool wait)
{
	struct call call = { .fn = fn, .info = info };
	unsigned int cpu, here;
	bool mine = false;

	shim_expect(!shim_irqs_off && !shim_hardirq && !shim_nmi && task_now);
	preempt_disable();
	here = shim_cpu;
	for_each_online_cpu(cpu) {
		char name[24];

		if (!cond(cpu, info))
			continue;
		if (cpu == here) {
			mine = true;
			continue;
		}
		snprintf(name, sizeof(name), "IPI on CPU %u", cpu);
		call.left++;
		task_add(TASK_IRQ, cpu, name, run_call, &call);
	}
	sched_kernel_changes();
	if (mine) {
		unsigned long flags;

		local_irq_save(flags);
		fn(info);
		local_irq_restore(flags);
	}
	task_wait(calls_are_done, &call, "for other CPUs to be done");
	sched_kernel_changes();
	preempt_enable();
}

static void run_irq_work(void *arg)
{
	struct irq_work *work = arg;

	work->pending = false;
	work->func(work);
	sched_kernel_changes();
}

void irq_work_queue(struct irq_work *work)
{
	char name[24];

	sched_kernel_changes();
	if (work->pending)
		return;
	work->pending = true;
	work->cpu = shim_cpu;
	snprintf(name, sizeof(name), "irq_work on CPU %u", shim_cpu);
	task_add(TASK_IRQ, shim_cpu, name, run_irq_work, work);
}

static bool irq_work_is_done(void *arg)
{
	return !((struct irq_work *)arg)->pending;
}

void irq_work_sync(struct irq_work *work)
{
	might_sleep();
	if (task_now)
		task_wait(irq_work_is_done, work, "for an irq_work");
	shim_expect(!work->pending);
	sched_kernel_changes();
}

/* ---- work items: at once; delayed ones on request of a program ---- */

static struct work_struct *delayed, *running;

static void run_work(void *arg)
{
	struct work_struct *work = arg;

	sched_kernel_changes();
	if (!work->pending)
		return;
	work->pending = false;
	running = work;
	work->func(work);
	running = NULL;
	sched_kernel_changes();
}

void shim_queue(struct work_struct *work)
{
	sched_kernel_changes();
	if (work->pending)
		return;
	work->pending = true;
	if (work->delayed) {
		work->next = delayed;
		delayed = work;
		return;
	}
	task_add(TASK_PROCESS, shim_cpu, "worker", run_work, work);
}

static bool work_is_done(void *arg)
{
	struct work_struct *work = arg;

	return running != work && (!work->pending || work->delayed);
}

void flush_work(struct work_struct *work)
{
	might_sleep();
	if (task_now)
		task_wait(work_is_done, work, "for a work item");
	sched_kernel_changes();
}

void cancel_work_sync(struct work_struct *work)
{
	struct work_struct **p;

	might_sleep();
	for (p = &delayed; *p; p = &(*p)->next)
		if (*p == work) {
			*p = work->next;
			break;
		}
	work->pending = false;
	flush_work(work);
}

void shim_wait_event(void)
{
	shim_wait(__func__);
}

void shim_run_work(void)
{
	while (delayed) {
		struct work_struct *work = delayed;

		delayed = work->next;
		work->pending = false;
		work->func(work);
	}
}

void shim_boundary(void)
{
}

void shim_check_idle(void)
{
	shim_expect(!shim_preempt && !shim_irqs_off && !shim_rcu && !shim_nmi && !shim_hardirq);
}

void shim_die(const char *fmt, ...)
{
	char text[400];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	explore_failed("%s", text);
}
