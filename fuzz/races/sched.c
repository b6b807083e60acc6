// SPDX-License-Identifier: GPL-2.0
/*
 * sched.c - the tasks of the simulated kernel: coroutines, of which one runs at a time.
 *
 * A CPU has at most one task that is not preemptible, and interrupts above it: hard ones where
 * they are enabled, NMIs anywhere, at most two nested, as in reality (int3, #MC). explore.c
 * chooses the next task wherever slabmod is about to access memory; where a task has to wait, the
 * switch does not count as a preemption.
 */
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "races.h"

#define STACK_SIZE	(256ul << 10)
#define NMIS_NESTED	2u

/* The saved CPU state of a context; while it runs, it is in the shim's variables. */
struct context {
	unsigned int preempt, irqs_off, rcu, nmi, hardirq;
};

struct task {
	enum task_kind kind;
	unsigned int cpu;
	char name[24];
	void (*fn)(void *arg);
	void *arg;
	bool started, done;
	struct context context;
	struct task *interrupted;
	/* What it waits for, or NULL. */
	bool (*ready)(void *arg);
	void *ready_arg;
	const char *what;
	bool may_sleep;			/* another may use its CPU while it waits */
	u64 history;
	u32 locks;			/* one bit each, see lock_bit() */
	unsigned int nr_locks;		/* those with which it must not sleep */
	u32 waited;			/* progress of others at the start of shim_wait() */
	bool timed_out;			/* and they make no more progress */
	ucontext_t registers;
};

struct task *task_now;
bool sched_exploring;

static struct task tasks[MAX_TASKS];
static unsigned int nr_tasks;
static struct task *on_cpu[CALLBACK_CPU + 1];
static u32 progress;
/* The task that runs RCU callbacks, or NULL, and the task it was run in place of. */
static struct task *callbacks, *callbacks_after;

/* Stand for events that are not memory accesses. */
#pragma clang section bss = "world_bss"
static u64 irqs_of[CALLBACK_CPU + 1], preemption_of[CALLBACK_CPU + 1], kernel_state;

LASTING

static u8 *stacks;
static ucontext_t explorer;
static const void *explorer_stack;
static size_t explorer_stack_size;
static bool gave_up;

/* ---- queries ---- */

unsigned int task_number(const struct task *task)
{
	return task - tasks;
}

const char *task_name(unsigned int number)
{
	return tasks[number].name;
}

u64 *task_history(struct task *task)
{
	return &task->history;
}

u32 task_locks(void)
{
	return task_now->locks;
}

void task_took(u32 lock, bool sleeps)
{
	task_now->nr_locks += !sleeps;
	task_now->locks |= lock;
}

void task_dropped(u32 lock, bool sleeps)
{
	task_now->nr_locks -= !sleeps;
	task_now->locks &= ~lock;
}

u64 tasks_signature(void)
{
	unsigned int i;
	u64 sum = 0;

	for (i = 0; i < nr_tasks; i++)
		sum += access_mix(tasks[i].history, i + 1);
	for (i = 0; i < ARRAY_SIZE(on_cpu); i++)
		sum = access_mix(sum, on_cpu[i] ? task_number(on_cpu[i]) + 1 : 0);
	return sum;
}

/* ---- contexts ---- */

static struct context context_now(void)
{
	return (struct context) {
		.preempt = shim_preempt, .irqs_off = shim_irqs_off, .rcu = shim_rcu,
		.nmi = shim_nmi, .hardirq = shim_hardirq,
	};
}

static void set_context(const struct context *c)
{
	shim_preempt = c->preempt;
	shim_irqs_off = c->irqs_off;
	shim_rcu = c->rcu;
	shim_nmi = c->nmi;
	shim_hardirq = c->hardirq;
}

static bool is_preemptible(const struct context *c)
{
	return !c->preempt && !c->irqs_off && !c->hardirq && !c->nmi;
}

/* The saved state, or the current one. */
static struct context context_of(const struct task *task)
{
	return task == task_now ? context_now() : task->context;
}

static bool in_section(const struct task *task)
{
	struct context c = context_of(task);

	return task->started && !task->done && (!is_preemptible(&c) || c.rcu);
}

bool task_in_section(void)
{
	return in_section(task_now);
}

u32 tasks_in_section(const struct task *but)
{
	unsigned int i;
	u32 mask = 0;

	for (i = 0; i < nr_tasks; i++)
		if (&tasks[i] != but && in_section(&tasks[i]))
			mask |= BIT(i);
	return mask;
}

/* ---- which tasks may go on ---- */

static bool may_interrupt(const struct task *task)
{
	const struct task *below = on_cpu[task->cpu];
	struct context c;

	if (!below)
		return true;
	c = context_of(below);
	return task->kind == TASK_NMI ? c.nmi < NMIS_NESTED :
					!c.irqs_off && !c.hardirq && !c.nmi;
}

static bool may_run(const struct task *task)
{
	const struct task *there = on_cpu[task->cpu];
	struct context c;

	if (task->done || (task->ready && !task->ready(task->ready_arg)))
		return false;
	if (there == task)
		return true;
	if (task->kind != TASK_PROCESS)
		return !task->started && may_interrupt(task);
	if (!there)
		return true;
	c = context_of(there);
	return is_preemptible(&c);
}

static u32 runnable(void)
{
	unsigned int i;
	u32 mask = 0;

	for (i = 0; i < nr_tasks; i++)
		if (may_run(&tasks[i]))
			mask |= BIT(i);
	return mask;
}

static bool all_done(void)
{
	unsigned int i;

	for (i = 0; i < nr_tasks; i++)
		if (!tasks[i].done)
			return false;
	return true;
}

bool task_cpu_idle(unsigned int cpu)
{
	unsigned int i;

	for (i = 0; i < nr_tasks; i++)
		if ((tasks[i].cpu == cpu && !tasks[i].done) || in_section(&tasks[i]))
			return false;
	return true;
}

/* ---- switching ---- */

static void task_main(void);

static u8 *stack_of(const struct task *task)
{
	return stacks + task_number(task) * STACK_SIZE;
}

static void prepare(struct task *task)
{
	static const struct context none;
	struct task *below = on_cpu[task->cpu];
	u8 *stack = stack_of(task);

	task->started = true;
	task->context = none;
	if (task->kind != TASK_PROCESS) {
		task->interrupted = below;
		if (below)
			task->context = context_of(below);
		task->context.irqs_off++;
		task->context.nmi += task->kind == TASK_NMI;
		task->context.hardirq += task->kind == TASK_IRQ;
	}
	/* The previous context may have been abandoned. */
	__asan_unpoison_memory_region(stack, STACK_SIZE);
	getcontext(&task->registers);
	task->registers.uc_stack.ss_sp = stack;
	task->registers.uc_stack.ss_size = STACK_SIZE;
	task->registers.uc_link = NULL;
	makecontext(&task->registers, task_main, 0);
}

static void switch_to(struct task *task)
{
	struct task *from = task_now;

	if (task == from)
		return;
	if (!task->started)
		prepare(task);
	if (from && !from->done)
		from->context = context_now();
	set_context(&task->context);
	/*
	 * Callbacks count in variables of a CPU that slabmod knows, atomically. It stays online:
	 * they are a section.
	 */
	shim_cpu = task->cpu == CALLBACK_CPU ? __ffs(shim_online) : task->cpu;
	on_cpu[task->cpu] = task;
	task_now = task;
	__sanitizer_start_switch_fiber(NULL, stack_of(task), STACK_SIZE);
	if (!from)
		swapcontext(&explorer, &task->registers);
	else
		swapcontext(&from->registers, &task->registers);
	__sanitizer_finish_switch_fiber(NULL, NULL, NULL);
}

static void back_to_explorer(void)
{
	__sanitizer_start_switch_fiber(NULL, explorer_stack, explorer_stack_size);
	setcontext(&explorer);
}

void task_give_up(void)
{
	gave_up = true;
	back_to_explorer();
	abort();
}

static void say_who_waits(char *text, size_t size)
{
	unsigned int i, n = 0;

	text[0] = '\0';
	for (i = 0; i < nr_tasks && n < size; i++)
		if (!tasks[i].done)
			n += snprintf(text + n, size - n, "%s%s: %s", n ? ", " : "", tasks[i].name,
				      tasks[i].what ?: "may not run");
}

static bool has_progressed(void *arg)
{
	struct task *task = arg;

	return progress != task->waited || task->timed_out;
}

/* If no task is runnable, one in shim_wait() times out; once, unless others progress. */
static bool time_passes(void)
{
	unsigned int i;

	for (i = 0; i < nr_tasks; i++)
		if (tasks[i].ready == has_progressed && !tasks[i].done && !tasks[i].timed_out) {
			tasks[i].timed_out = true;
			return true;
		}
	return false;
}

/* Switch to another task if this one cannot continue; return when it can. */
static void reschedule(void)
{
	u32 enabled;
	bool ask;

	if (all_done())
		back_to_explorer();
	enabled = runnable();
	if (!enabled && time_passes())
		enabled = runnable();
	if (!enabled) {
		char text[256];

		say_who_waits(text, sizeof(text));
		explore_failed("deadlock: %s", text);
	}
	ask = sched_exploring && explore_step(true, true);
	if (ask && enabled & (enabled - 1))
		switch_to(&tasks[explore_choose(~0u, enabled, true)]);
	else
		switch_to(&tasks[__ffs(enabled)]);
}

static void task_main(void)
{
	struct task *task = task_now;
	struct context was = task->context;

	if (!explorer_stack)
		__sanitizer_finish_switch_fiber(NULL, &explorer_stack, &explorer_stack_size);
	else
		__sanitizer_finish_switch_fiber(NULL, NULL, NULL);
	if (task->kind == TASK_IRQ)
		access_note(&irqs_of[task->cpu], 8, ACCESS_WRITE);
	if (task->kind == TASK_PROCESS)
		access_note(&preemption_of[task->cpu], 8, ACCESS_WRITE);
	access_note(&kernel_state, 8, ACCESS_READ);
	if (sched_exploring && task->kind != TASK_PROCESS)
		sync_interrupts();
	if (sched_exploring && task->kind != TASK_PROCESS)
		explore_print("comes%s", task->interrupted ? "" : ", while its CPU is idle");
	task->fn(task->arg);
	if (shim_preempt != was.preempt || shim_irqs_off != was.irqs_off || shim_rcu != was.rcu ||
	    task->nr_locks)
		explore_failed("%s ends with something held or disabled", task->name);
	if (sched_exploring && task->kind != TASK_PROCESS)
		explore_print("ends");
	task->done = true;
	progress++;
	on_cpu[task->cpu] = task->interrupted;
	/* Does not return if callbacks are due: their task switches to another. */
	sync_left_section();
	/* Continue with the interrupted task: a choice here would only add schedules. */
	if (task == callbacks && may_run(callbacks_after))
		switch_to(callbacks_after);
	reschedule();
	abort();
}

bool tasks_run(void)
{
	gave_up = false;
	if (!stacks) {
		stacks = mmap(NULL, MAX_TASKS * STACK_SIZE, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		shim_expect(stacks != MAP_FAILED);
	}
	if (!all_done()) {
		u32 enabled = runnable();
		bool ask = sched_exploring && explore_step(true, true);

		if (ask && enabled & (enabled - 1))
			switch_to(&tasks[explore_choose(~0u, enabled, true)]);
		else
			switch_to(&tasks[__ffs(enabled)]);
	}
	task_now = NULL;
	return !gave_up;
}

void tasks_forget(void)
{
	static const struct context none;

	nr_tasks = 0;
	callbacks = NULL;
	memset(on_cpu, 0, sizeof(on_cpu));
	task_now = NULL;
	set_context(&none);
	shim_cpu = 0;
}

unsigned int task_add(enum task_kind kind, unsigned int cpu, const char *name,
		      void (*fn)(void *arg), void *arg)
{
	struct task *task = &tasks[nr_tasks];

	shim_expect(nr_tasks < MAX_TASKS);
	*task = (struct task) { .kind = kind, .cpu = cpu, .fn = fn, .arg = arg };
	snprintf(task->name, sizeof(task->name), "%s", name);
	/* It depends on everything done until now. */
	task->history = access_mix(nr_tasks + 1, task_now ? task_now->history : 0);
	return nr_tasks++;
}

void task_call_back(void (*fn)(void *arg))
{
	if (!callbacks)
		callbacks = &tasks[task_add(TASK_PROCESS, CALLBACK_CPU, "RCU", fn, NULL)];
	else if (callbacks->done)
		callbacks->history = access_mix(callbacks->history, task_now->history);
	else
		return;
	callbacks->started = false;
	callbacks->done = false;
	callbacks_after = task_now;
	switch_to(callbacks);
}

/* ---- points ---- */

/* Interrupts or preemption are disabled on this CPU. */
static unsigned int cpu_here(void)
{
	return task_now && task_now->cpu == CALLBACK_CPU ? CALLBACK_CPU : shim_cpu;
}

void sched_point(bool matters, void *pc, const char *how)
{
	unsigned int now = task_number(task_now), next;
	bool told = explore_printing && matters && (explore_in_detail || strstr(how, "lock")), ask;
	u32 enabled;

	if (told)
		explore_print_place(how, pc);
	ask = explore_step(matters, false);
	if (explore_printing && !told && ask)
		explore_print_place(how, pc);
	if (!ask)
		return;
	enabled = runnable();
	if (enabled == BIT(now))
		return;
	next = explore_choose(now, enabled, matters);
	if (next != now)
		switch_to(&tasks[next]);
	if (explore_printing && next != now) {
		explore_print("goes on");
		explore_print_place(how, pc);
	}
}

void sched_access(const void *p, unsigned int size, enum access access, void *pc, const char *how)
{
	if (!sched_exploring || !task_now || world_granule(p) == ~0ul)
		return;
	sched_point(access_matters(p, size), pc, how);
	access_note(p, size, access);
}

#define ACCESS(n, type)								\
void __sanitizer_cov_load##n(type *p);						\
void __sanitizer_cov_load##n(type *p)						\
{										\
	sched_access(p, n, ACCESS_READ, __builtin_return_address(0), "reads");	\
}										\
void __sanitizer_cov_store##n(type *p);						\
void __sanitizer_cov_store##n(type *p)						\
{										\
	sched_access(p, n, ACCESS_WRITE, __builtin_return_address(0), "writes");	\
}

ACCESS(1, u8)
ACCESS(2, u16)
ACCESS(4, u32)
ACCESS(8, u64)
ACCESS(16, __int128)

void shim_point(enum shim_point what, const volatile void *p, unsigned int size)
{
	void *pc = __builtin_return_address(0);

	switch (what) {
	case SHIM_ATOMIC:
		sched_access((void *)p, size, ACCESS_WRITE, pc, "changes");
		break;
	case SHIM_IRQS_OFF:
		if (!shim_irqs_off)
			sched_access(&irqs_of[cpu_here()], 8, ACCESS_WRITE, pc,
				     "switches interrupts off,");
		break;
	case SHIM_ENTER:
		if (!task_now || in_section(task_now))
			break;
		sched_access(&preemption_of[cpu_here()], 8, ACCESS_WRITE, pc, "enters");
		sync_enters_section(pc);
		break;
	case SHIM_LEFT:
		sync_left_section();
		break;
	}
}

/* Points are memory accesses. */
void shim_tick(void)
{
}

/* A change by the simulated kernel: ordered, but not a point to switch. */
void sched_kernel_changes(void)
{
	if (task_now && sched_exploring)
		access_note(&kernel_state, 8, ACCESS_WRITE);
}

/* ---- waiting ---- */

void task_wait(bool (*ready)(void *arg), void *arg, const char *what)
{
	struct task *task = task_now;

	while (!ready(arg)) {
		task->ready = ready;
		task->ready_arg = arg;
		task->what = what;
		if (sched_exploring)
			explore_print("waits %s", what);
		reschedule();
		if (sched_exploring)
			explore_print("has waited");
	}
	task->ready = NULL;
	task->what = NULL;
}

/* Wait until another task has ended, or none of them is runnable. */
void shim_wait(const char *what)
{
	struct task *task = task_now;
	bool again = task->timed_out && task->waited == progress;

	shim_might_sleep();
	task->waited = progress;
	task->timed_out = false;
	if (again)
		explore_failed("%s waits forever", what);
	task_wait(has_progressed, task, what);
	sched_kernel_changes();
}

void shim_might_sleep(void)
{
	struct context c = context_now();

	shim_expect(is_preemptible(&c) && !shim_rcu && !(task_now && task_now->nr_locks));
}
