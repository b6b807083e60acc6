// SPDX-License-Identifier: GPL-2.0
/*
 * profile.c - evaluate a stepped try: instructions by function, and the numbers of locks, atomic
 * instructions and slow paths.
 */
#include <linux/kallsyms.h>
#include <linux/mm.h>
#include <linux/seq_buf.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>

#include "bench.h"
#include "step.h"

/* Maximum number of functions; further ones are counted with the last. */
#define FUNCTIONS	512
#define NAME_LEN	80

struct function {
	unsigned long start, end;
	u64 n, entries;
	char name[NAME_LEN];		/* with its module */
};

static const char *const lock_functions[] = {
	"_raw_spin_lock", "_raw_spin_lock_bh", "_raw_spin_lock_irq", "_raw_spin_lock_irqsave",
	"_raw_spin_trylock", "_raw_spin_trylock_bh", "_raw_spin_lock_nested",
	"_raw_spin_lock_irqsave_nested", "_raw_spin_lock_nest_lock",
	"_raw_read_lock", "_raw_read_lock_bh", "_raw_read_lock_irq", "_raw_read_lock_irqsave",
	"_raw_read_trylock",
	"_raw_write_lock", "_raw_write_lock_bh", "_raw_write_lock_irq", "_raw_write_lock_irqsave",
	"_raw_write_trylock", "_raw_write_lock_nested",
	NULL
};

static int by_address(const void *a, const void *b)
{
	const struct step *x = a, *y = b;

	return x->ip < y->ip ? -1 : x->ip > y->ip;
}

static int by_count(const void *a, const void *b)
{
	const struct function *x = a, *y = b;

	return x->n > y->n ? -1 : x->n < y->n;
}

/* Parse "name+0x12/0x34 [module]", or a plain address without a symbol. */
static void find_function(struct function *f, unsigned long ip)
{
	char text[KSYM_SYMBOL_LEN], *plus, *module;
	unsigned long offset = 0, size = 1;

	sprint_symbol(text, ip);
	plus = strrchr(text, '+');
	module = strstr(text, " [");
	if (plus && sscanf(plus, "+%lx/%lx", &offset, &size) == 2)
		*plus = '\0';
	f->start = ip - offset;
	f->end = f->start + size;
	snprintf(f->name, sizeof(f->name), "%.58s%.20s", text, module ?: "");
}

/* Also match clones made by the compiler. */
static bool is_called(const struct function *f, const char *name)
{
	size_t len = strlen(name);
	const char *rest = f->name + len;

	if (strncmp(f->name, name, len))
		return false;
	return !*rest || *rest == ' ' || !strncmp(rest, ".constprop.", 11) ||
	       !strncmp(rest, ".isra.", 6) || !strncmp(rest, ".part.", 6);
}

static bool is_one_of(const struct function *f, const char *const *names)
{
	for (; names && *names; names++)
		if (is_called(f, *names))
			return true;
	return false;
}

static void add_step(const struct step *step, struct function *f, struct profile *profile)
{
	f->n += step->n;
	if (step->ip == f->start)
		f->entries += step->n;
	profile->instructions += step->n;
	switch (step_classify(step->ip)) {
	case STEP_ATOMIC:
		profile->atomics += step->n;
		break;
	case STEP_CMPXCHG_LOCAL:
		profile->cmpxchg_local += step->n;
		break;
	case STEP_PLAIN:
		break;
	}
}

/* Sort the addresses, so that those of a function are adjacent, and sum them up. */
static unsigned int by_function(struct step_table *table, struct function *functions,
				struct profile *profile)
{
	unsigned int steps = 0, i, n = 0;

	for (i = 0; i < STEP_SLOTS; i++)
		if (table->slot[i].n)
			table->slot[steps++] = table->slot[i];
	sort(table->slot, steps, sizeof(table->slot[0]), by_address, NULL);
	for (i = 0; i < steps; i++) {
		if ((!n || table->slot[i].ip >= functions[n - 1].end) && n < FUNCTIONS)
			find_function(&functions[n++], table->slot[i].ip);
		add_step(&table->slot[i], &functions[n - 1], profile);
	}
	profile->instructions += table->lost;
	return n;
}

static void count_entries(const struct bench *b, const struct function *functions, unsigned int n,
			  struct profile *profile)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		if (is_one_of(&functions[i], lock_functions))
			profile->locks += functions[i].entries;
		if (is_one_of(&functions[i], b->ops->slow))
			profile->slow += functions[i].entries;
	}
}

static void print_per_op(struct seq_buf *text, u64 n, long ops, const char *what)
{
	u64 hundredths = div64_u64(n * 100 + ops / 2, ops);

	seq_buf_printf(text, "%8llu.%02llu  %s\n", hundredths / 100, hundredths % 100, what);
}

static void print(const struct bench *b, const struct function *functions, unsigned int n,
		  const struct profile *profile, struct seq_buf *text)
{
	long ops = profile->ops;
	unsigned int i;

	seq_buf_printf(text, "%s %s: a mean of %ld ops\n", b->c->name, b->ops->allocator, ops);
	for (i = 0; i < n; i++)
		print_per_op(text, functions[i].n, ops, functions[i].name);
	print_per_op(text, profile->instructions, ops, "= instructions");
	print_per_op(text, profile->locks, ops, "locks");
	print_per_op(text, profile->atomics, ops, "atomic instructions");
	print_per_op(text, profile->cmpxchg_local, ops, "cmpxchg without lock prefix");
	print_per_op(text, profile->slow, ops, "slow paths");
}

static void print_pauses(const struct step_table *table, struct seq_buf *text)
{
	static const char *const what[PAUSES] = { "interrupts", "interrupts or preemption" };
	char from[KSYM_SYMBOL_LEN], in[KSYM_SYMBOL_LEN];
	unsigned int i;

	for (i = 0; i < PAUSES; i++) {
		if (!table->pause[i].max)
			continue;
		sprint_symbol(from, table->pause[i].max_from);
		sprint_symbol(in, table->pause[i].max_in);
		seq_buf_printf(text, "%8llu     instructions at most with %s off, from %s, in %s\n",
			       table->pause[i].max, what[i], from, in);
	}
	seq_buf_printf(text, "\n");
}

int profile_make(const struct bench *b, struct step_table *table, long ops,
		 struct profile *profile, struct seq_buf *text)
{
	struct function *functions;
	unsigned int n, i;

	*profile = (struct profile){ .ops = table->cut ? 0 : ops };
	if (table->cut) {
		seq_buf_printf(text, "%s %s: takes too long to be stepped\n\n", b->c->name,
			       b->ops->allocator);
		return 0;
	}
	functions = kvcalloc(FUNCTIONS, sizeof(*functions), GFP_KERNEL);
	if (!functions)
		return -ENOMEM;
	n = by_function(table, functions, profile);
	for (i = 0; i < PAUSES; i++)
		profile->pause[i] = table->pause[i].max;
	count_entries(b, functions, n, profile);
	sort(functions, n, sizeof(*functions), by_count, NULL);
	print(b, functions, n, profile, text);
	print_pauses(table, text);
	kvfree(functions);
	return 0;
}
