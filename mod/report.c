// SPDX-License-Identifier: GPL-2.0
/*
 * report.c - reports of misuse.
 *
 * A caller's error is printed with its stack, counted, and otherwise has no effect: no report
 * stops the machine. At most ten reports of a kind are printed in five seconds; the counters
 * count all of them. Errors of slabmod itself are always printed.
 *
 * Contexts: any, including NMI. Locks: the rate limits', raw, by trylock.
 */
#include <linux/atomic.h>
#include <linux/build_bug.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/ratelimit.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/stacktrace.h>

#include "compat.h"
#include "gfp.h"
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

static atomic_long_t counts[NR_MISUSES];

static struct ratelimit_state limits[] = {
	[0 ... NR_MISUSES - 1] = RATELIMIT_STATE_INIT_FLAGS(limits, DEFAULT_RATELIMIT_INTERVAL,
							    DEFAULT_RATELIMIT_BURST,
							    RATELIMIT_MSG_ON_RELEASE),
};

/*
 * dump_stack() serializes CPUs by a lock. Its holder may wait for the owner of the console. An NMI
 * may have interrupted that owner, so it must not wait for the lock.
 */
static void print_stack(void)
{
	unsigned long entries[16];

	if (must_not_lock())
		stack_trace_print(entries, stack_trace_save(entries, ARRAY_SIZE(entries), 2), 1);
	else
		dump_stack();
}

bool report_misuse(enum misuse kind, const char *fmt, ...)
{
	struct va_format vaf = { .fmt = fmt };
	va_list args;

	atomic_long_inc(&counts[kind]);
	if (!__ratelimit(&limits[kind]))
		return false;
	va_start(args, fmt);
	vaf.va = &args;
	pr_err("slabmod: misuse: %s: %pV\n", misuse_names[kind], &vaf);
	va_end(args);
	print_stack();
	return true;
}

static DEFINE_RATELIMIT_STATE(no_memory_limit, DEFAULT_RATELIMIT_INTERVAL,
			      DEFAULT_RATELIMIT_BURST);

void report_no_memory(const char *name, const struct chunk_source *source, size_t size, gfp_t gfp)
{
	if (gfp & __GFP_NOWARN || must_not_lock() || !__ratelimit(&no_memory_limit))
		return;
	pr_warn("slabmod: %s: allocation of %zu bytes failed, mode:%#x(%pGg), %ld of %lu pages held\n",
		name, size, (__force unsigned int)gfp, &gfp, atomic_long_read(&source->held),
		source->limit);
	dump_stack();
}

unsigned long report_count(enum misuse kind)
{
	return atomic_long_read(&counts[kind]);
}
EXPORT_SYMBOL_FOR_TEST(report_count);

void report_unlimit(void)
{
	int kind;

	ratelimit_default_init(&no_memory_limit);
	for (kind = 0; kind < NR_MISUSES; kind++) {
		ratelimit_default_init(&limits[kind]);
		ratelimit_set_flags(&limits[kind], RATELIMIT_MSG_ON_RELEASE);
	}
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
		return "close to NULL";
	if (object_is_on_stack(addr))
		return "on the stack";
	if (is_vmalloc_addr(addr))
		return "vmalloc memory";
	if (is_module_data(addr))
		return "module data";
	/* User mode Linux has its memory among the addresses of users. */
	if (!virt_addr_valid(addr))
		return a < TASK_SIZE_MAX ? "a user address" : "not memory";
	if (PageSlab(virt_to_head_page(addr)))
		return "memory of the kernel's kmalloc()";
	return "the kernel's memory";
}
