// SPDX-License-Identifier: GPL-2.0
/*
 * stats.c - names and sums of the counters.
 */
#include <linux/build_bug.h>
#include <linux/cpumask.h>

#include "compat.h"
#include "stats.h"

const char *const stat_names[] = {
#define X(id, name, text) #name,
	STATS(X)
#undef X
};

const char *const stat_texts[] = {
#define X(id, name, text) text,
	STATS(X)
#undef X
};

static_assert(ARRAY_SIZE(stat_names) == NR_EVENTS);

unsigned long stat_sum(struct stats __percpu *stats, enum stat_id which)
{
	unsigned long sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(stats, cpu)->count[which]);
	return sum;
}
EXPORT_SYMBOL_FOR_TEST(stat_sum);
