/* SPDX-License-Identifier: GPL-2.0 */
/*
 * memory.h - memory held by an allocator for the requested bytes.
 */
#ifndef SLABMOD_BENCH_MEMORY_H
#define SLABMOD_BENCH_MEMORY_H

#include <linux/types.h>

struct bench_case;
struct seq_buf;

extern const struct bench_group bench_memory_cases;

/* Memory held by an allocator. */
struct holder {
	s64 (*held)(void);		/* bytes; sleeps */
	void (*shrink)(void);		/* free unused memory; sleeps */
	bool others;			/* includes memory of others: subtract a base */
};

extern const struct holder held_by_slub;
extern const struct holder held_by_slabmod;

/*
 * Call @run on one CPU, because the number of CPUs with cached objects would vary. Return its
 * value, or a negative errno.
 */
int memory_on_one_cpu(const struct bench_case *c, struct seq_buf *texts,
		      int (*run)(const struct bench_case *c, struct seq_buf *texts));

/* Return 0, or -EOPNOTSUPP if the kernel's allocator cannot be measured. */
int held_countable(void);

#endif /* SLABMOD_BENCH_MEMORY_H */
