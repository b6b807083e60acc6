// SPDX-License-Identifier: GPL-2.0
/*
 * results.c - lines of `results`: `case,allocator,cpus,metric,value,unit`.
 */
#include <linux/math64.h>
#include <linux/seq_buf.h>

#include "bench.h"
#include "step.h"

void bench_print_value(struct seq_buf *results, const struct bench *b, const char *metric,
		       s64 hundredths, const char *unit)
{
	u64 size = abs(hundredths);

	seq_buf_printf(results, "%s,%s,%u,%s,%s%llu.%02llu,%s\n", b->c->name, b->ops->allocator,
		       b->cpus, metric, hundredths < 0 ? "-" : "", size / 100, size % 100, unit);
}

s64 profile_per_op(const struct profile *p, u64 n)
{
	return div64_u64(n * 100 + p->ops / 2, p->ops);
}

void profile_print_results(struct seq_buf *results, const struct bench *b, const struct profile *p)
{
	static const char *const pauses[PAUSES] = { "irqs_off_max", "preempt_off_max" };
	unsigned int i;

	bench_print_value(results, b, "locks_per_op", profile_per_op(p, p->locks), "1");
	bench_print_value(results, b, "atomics_per_op", profile_per_op(p, p->atomics), "1");
	bench_print_value(results, b, "slow_per_op", profile_per_op(p, p->slow), "1");
	for (i = 0; i < PAUSES; i++)
		bench_print_value(results, b, pauses[i], p->pause[i] * 100, "instructions");
}
