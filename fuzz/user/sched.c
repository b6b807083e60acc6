// SPDX-License-Identifier: GPL-2.0
/*
 * sched.c - CPUs, locks, interrupts, work and messages of a kernel that is one thread.
 *
 * An interrupt is a call from shim_tick(), which locks and preempt_disable() come by: a
 * hard interrupt where they are on, an NMI anywhere. It finds the state that it would
 * find, such as a lock that is held and a magazine that is busy.
 */
#include <sanitizer/common_interface_defs.h>

#include "kernel.h"

unsigned int shim_nr_cpus = 1, shim_nr_nodes = 1, shim_cpu, shim_online = 1;
unsigned int shim_preempt, shim_irqs_off, shim_rcu, shim_nmi, shim_hardirq;
bool shim_bare;
struct task_struct shim_task = { .pid = 1 };
unsigned long jiffies = 1000 * HZ;
bool shim_verbose;

static unsigned int locks_held, stacks;

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

/* Calls @fn as an interrupt on a CPU, which leaves everything as it was. */
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

void shim_might_sleep(void)
{
	shim_expect(preemptible() && !shim_rcu && !locks_held);
}

/* Ticks that all waits together may take. */
#define MOST_WAITS	1000000

void shim_wait(const char *who)
{
	static unsigned long waits;

	shim_might_sleep();
	if (++waits > MOST_WAITS)
		shim_die("%s waits for ever", who);
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
		/* On this one it is called with interrupts off, but is none. */
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

/* ---- what is done later ---- */

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

/* Runs what is queued of one sort; what that queues is for the next time. */
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

unsigned int stack_trace_save(unsigned long *entries, unsigned int nr, unsigned int skip)
{
	unsigned int depth = stacks++ % 5, i;

	for (i = 0; i < min(depth, nr); i++)
		entries[i] = MODULES_VADDR + (stacks % 3 + i) * 16;
	return i;
}

void shim_check_idle(void)
{
	shim_expect(!shim_preempt && !shim_irqs_off && !shim_rcu && !locks_held);
	shim_expect(!shim_nmi && !shim_hardirq);
}

/* ---- whom slabmod wants to hear from ---- */

static struct notifier_block *module_notifiers;
static struct shrinker *shrinker;
static int (*cpu_prepare_teardown)(unsigned int cpu), (*cpu_online_startup)(unsigned int cpu);

int register_module_notifier(struct notifier_block *block)
{
	struct notifier_block **p = &module_notifiers;

	while (*p && (*p)->priority >= block->priority)
		p = &(*p)->next;
	block->next = *p;
	*p = block;
	return 0;
}

int unregister_module_notifier(struct notifier_block *block)
{
	struct notifier_block **p = &module_notifiers;

	while (*p != block)
		p = &(*p)->next;
	*p = block->next;
	return 0;
}

void shim_module_goes(void)
{
	struct notifier_block *block;

	for (block = module_notifiers; block; block = block->next)
		block->notifier_call(block, MODULE_STATE_GOING, THIS_MODULE);
}

int cpuhp_setup_state_nocalls(int state, const char *name, int (*startup)(unsigned int cpu),
			      int (*teardown)(unsigned int cpu))
{
	if (state == CPUHP_BP_PREPARE_DYN)
		cpu_prepare_teardown = teardown;
	else
		cpu_online_startup = startup;
	return state;
}

void cpuhp_remove_state_nocalls(int state)
{
	if (state == CPUHP_BP_PREPARE_DYN)
		cpu_prepare_teardown = NULL;
	else
		cpu_online_startup = NULL;
}

void shim_cpu_dies(unsigned int cpu)
{
	shim_expect(cpu != shim_cpu && cpu_online(cpu));
	shim_online &= ~BIT(cpu);
	cpu_prepare_teardown(cpu);
}

void shim_cpu_comes(unsigned int cpu)
{
	unsigned int was = shim_cpu;

	shim_online |= BIT(cpu);
	shim_cpu = cpu;
	cpu_online_startup(cpu);
	shim_cpu = was;
}

int register_shrinker(struct shrinker *new, const char *name)
{
	shrinker = new;
	return 0;
}

void unregister_shrinker(struct shrinker *old)
{
	shrinker = NULL;
}

unsigned long shim_shrink(unsigned long pages)
{
	struct shrink_control sc = { .nr_to_scan = pages };
	unsigned long given;

	if (shrinker->count_objects(shrinker, &sc) == SHRINK_EMPTY)
		return 0;
	given = shrinker->scan_objects(shrinker, &sc);
	return given == SHRINK_STOP ? 0 : given;
}

void shim_reset(unsigned int cpus, unsigned int nodes, bool bare)
{
	shim_nr_cpus = cpus;
	shim_nr_nodes = nodes;
	shim_bare = bare && nodes > 1;
	shim_cpu = 0;
	shim_online = BIT(cpus) - 1;
	stacks = 0;
	interrupt.fn = NULL;
}

/* ---- messages ---- */

struct text {
	char *at;
	char *end;
};

static void add(struct text *text, const char *spec, ...) __printf(2, 3);

static void add(struct text *text, const char *spec, ...)
{
	va_list args;
	int length;

	va_start(args, spec);
	length = vsnprintf(text->at, text->end - text->at, spec, args);
	va_end(args);
	text->at = min(text->at + length, text->end - 1);
}

static void format(struct text *text, const char *fmt, va_list *args);

/* What follows %p, as far as slabmod uses it; returns what follows that. */
static const char *add_pointer(struct text *text, const char *fmt, int width, void *p)
{
	int i;

	if (!strncmp(fmt, "V", 1)) {
		struct va_format *nested = p;
		va_list args;

		va_copy(args, *nested->va);
		format(text, nested->fmt, &args);
		va_end(args);
		return fmt + 1;
	}
	if (!strncmp(fmt, "h", 1)) {
		for (i = 0; i < width; i++)
			add(text, "%02x ", ((u8 *)p)[i]);
		return fmt + 1;
	}
	if (!strncmp(fmt, "Gg", 2)) {
		add(text, "gfp %#x", *(gfp_t *)p);
		return fmt + 2;
	}
	add(text, "%p", p);
	return fmt;
}

/* One conversion, from % to its letter. */
static const char *add_one(struct text *text, const char *fmt, va_list *args)
{
	size_t length = strcspn(fmt, "diuxscp%") + 1;
	char spec[16] = "%";

	shim_expect(length < sizeof(spec) - 1);
	memcpy(spec + 1, fmt, length);
	fmt += length;
	if (fmt[-1] == 'p') {
		int width = spec[1] == '*' ? va_arg(*args, int) : atoi(spec + 1);

		return add_pointer(text, fmt, width, va_arg(*args, void *));
	}
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wformat-nonliteral"
#pragma clang diagnostic ignored "-Wformat-security"
	if (fmt[-1] == '%')
		add(text, "%%");
	else if (fmt[-1] == 's')
		add(text, spec, va_arg(*args, char *));
	else if (strpbrk(spec, "lz"))
		add(text, spec, va_arg(*args, long));
	else
		add(text, spec, va_arg(*args, int));
#pragma clang diagnostic pop
	return fmt;
}

static void format(struct text *text, const char *fmt, va_list *args)
{
	while (*fmt) {
		size_t plain = strcspn(fmt, "%");

		add(text, "%.*s", (int)plain, fmt);
		fmt += plain;
		if (*fmt)
			fmt = add_one(text, fmt + 1, args);
	}
}

/* All is put into words, so that each argument is looked at. */
void shim_printk(const char *fmt, ...)
{
	char line[512] = "";
	struct text text = { line, line + sizeof(line) };
	bool broken = strstr(fmt, "broken: ");
	va_list args;

	va_start(args, fmt);
	format(&text, fmt, &args);
	va_end(args);
	if (shim_verbose || broken)
		fputs(line, stderr);
	if (broken)
		shim_die("an invariant does not hold");
}
