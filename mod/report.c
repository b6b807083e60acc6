// SPDX-License-Identifier: GPL-2.0
/*
 * report.c - reports of misuse.
 *
 * A fault of the caller's is said with its stack, counted, and then left without
 * effect: nothing here stops the machine. Reports come in any context, NMI too.
 * A flood is cut to ten reports of a kind in five seconds; the counters see all.
 * What is slabmod's own fault is said each time it is found.
 */
#include <linux/atomic.h>
#include <linux/build_bug.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/ratelimit.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>

#include "compat.h"
#include "report.h"

const char *const misuse_names[] = {
#define X(id, name, text) #name,
	MISUSES(X)
#undef X
};

const char *const misuse_texts[] = {
#define X(id, name, text) text,
	MISUSES(X)
#undef X
};

static_assert(ARRAY_SIZE(misuse_names) == NR_MISUSES);

#define REPORT_INTERVAL	(5 * HZ)
#define REPORT_BURST	10

static struct {
	atomic_long_t count;
	atomic_long_t printed;		/* since @since */
	unsigned long since;		/* jiffies */
} misuse[NR_MISUSES];

/* Not ___ratelimit(): an NMI could wait without end for the lock that takes. */
static bool may_print(enum misuse kind)
{
	unsigned long since = READ_ONCE(misuse[kind].since);

	if (time_after(jiffies, since + REPORT_INTERVAL)) {
		WRITE_ONCE(misuse[kind].since, jiffies);
		atomic_long_set(&misuse[kind].printed, 0);
	}
	return atomic_long_inc_return(&misuse[kind].printed) <= REPORT_BURST;
}

bool report_misuse(enum misuse kind, const char *fmt, ...)
{
	struct va_format vaf = { .fmt = fmt };
	va_list args;

	atomic_long_inc(&misuse[kind].count);
	if (!may_print(kind))
		return false;
	va_start(args, fmt);
	vaf.va = &args;
	pr_err("slabmod: misuse: %s: %pV\n", misuse_names[kind], &vaf);
	va_end(args);
	dump_stack();
	return true;
}

unsigned long report_count(enum misuse kind)
{
	return atomic_long_read(&misuse[kind].count);
}
EXPORT_SYMBOL_FOR_TEST(report_count);

void report_unlimit(void)
{
	int kind;

	for (kind = 0; kind < NR_MISUSES; kind++)
		atomic_long_set(&misuse[kind].printed, 0);
}
EXPORT_SYMBOL_FOR_TEST(report_unlimit);

bool report_broken_is_meant;
EXPORT_SYMBOL_FOR_TEST(report_broken_is_meant);

void report_broken(const char *fmt, ...)
{
	struct va_format vaf = { .fmt = fmt };
	va_list args;

	va_start(args, fmt);
	vaf.va = &args;
	pr_err("slabmod: broken%s: %pV\n", report_broken_is_meant ? " on purpose" : "", &vaf);
	va_end(args);
}
EXPORT_SYMBOL_FOR_TEST(report_broken);

const char *report_describe(const void *addr)
{
	unsigned long a = (unsigned long)addr;

	if (a < PAGE_SIZE)
		return "nearly NULL";
	if (a < TASK_SIZE_MAX)
		return "an address of user space";
	if (object_is_on_stack(addr))
		return "on the stack";
	if (is_vmalloc_addr(addr))
		return "vmalloc memory";
	if (a >= MODULES_VADDR && a < MODULES_END)
		return "a module's data";
	if (!virt_addr_valid(addr))
		return "no memory";
	if (PageSlab(virt_to_head_page(addr)))
		return "memory of the kernel's own kmalloc";
	return "the kernel's memory";
}
