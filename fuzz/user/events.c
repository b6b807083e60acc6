// SPDX-License-Identifier: GPL-2.0
/*
 * events.c - events between the simulated kernel and slabmod, with any scheduler: CPU hotplug,
 * modules, the shrinker, messages.
 */
#include "kernel.h"
#include <slabmod/kvmalloc.h>

#include "vmalloc.h"

unsigned int shim_nr_cpus = 1, shim_nr_nodes = 1, shim_cpu, shim_online = 1;
unsigned int shim_preempt, shim_irqs_off, shim_rcu, shim_nmi, shim_hardirq;
bool shim_bare, shim_verbose;
struct task_struct shim_task = { .pid = 1 };
unsigned long jiffies = 1000 * HZ;

static unsigned int stacks;

void shim_machine(unsigned int cpus, unsigned int nodes, bool bare)
{
	shim_nr_cpus = cpus;
	shim_nr_nodes = nodes;
	shim_bare = bare && nodes > 1;
	shim_cpu = 0;
	shim_online = BIT(cpus) - 1;
	stacks = 0;
}

unsigned int stack_trace_save(unsigned long *entries, unsigned int nr, unsigned int skip)
{
	unsigned int depth = stacks++ % 5, i;

	for (i = 0; i < min(depth, nr); i++)
		entries[i] = MODULES_VADDR + (stacks % 3 + i) * 16;
	return i;
}

/* ---- notifiers ---- */

static struct notifier_block *module_notifiers;
static struct shrinker *shrinker;
/* Callbacks of CPU hotplug, by state. */
#define MAX_STATES	4

static int (*teardowns[MAX_STATES])(unsigned int cpu), (*startups[MAX_STATES])(unsigned int cpu);

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
	int i;

	for (i = 0; teardowns[i] || startups[i]; i++)
		shim_expect(i + 1 < MAX_STATES);
	teardowns[i] = teardown;
	startups[i] = startup;
	return i;
}

void cpuhp_remove_state_nocalls(int state)
{
	teardowns[state] = NULL;
	startups[state] = NULL;
}

void shim_cpu_dies(unsigned int cpu)
{
	int i;

	shim_expect(cpu != shim_cpu && cpu_online(cpu));
	shim_online &= ~BIT(cpu);
	for (i = MAX_STATES; i--;)
		if (teardowns[i])
			teardowns[i](cpu);
}

void shim_cpu_starts(unsigned int cpu)
{
	int i;

	shim_expect(cpu == shim_cpu && cpu_online(cpu));
	for (i = 0; i < MAX_STATES; i++)
		if (startups[i])
			startups[i](cpu);
}

void shim_cpu_comes(unsigned int cpu)
{
	unsigned int was = shim_cpu;

	shim_online |= BIT(cpu);
	shim_cpu = cpu;
	shim_cpu_starts(cpu);
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

/* Skip the suffix of %p, as far as slabmod uses it. */
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

/* Format one conversion, from % to its letter. */
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

/* Format the whole text, so that each argument is read. */
void shim_printk(const char *fmt, ...)
{
	char line[512] = "";
	struct text text = { line, line + sizeof(line) };
	bool broken;
	va_list args;

	va_start(args, fmt);
	format(&text, fmt, &args);
	va_end(args);
	broken = strstr(line, "slabmod: broken: ");
	if (shim_verbose || broken)
		fputs(line, stderr);
	if (broken)
		shim_die("an invariant does not hold: %s", line);
}

/* ---- layers of slabmod that are not built here: they need page tables ---- */

int vmalloc_areas_init(void)
{
	return 0;
}

void vmalloc_areas_exit(void)
{
}

void vmalloc_sync(void)
{
}

size_t vmalloc_memory_at(const char *caller, const void *addr)
{
	return 0;
}

void slabmod_kvfree(const void *p)
{
	slabmod_kfree(p);
}
