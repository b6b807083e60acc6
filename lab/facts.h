/* SPDX-License-Identifier: GPL-2.0 */
/*
 * facts.h - the groups of facts, and how a fact is printed. See facts.c.
 */
#ifndef SLABMOD_LAB_FACTS_H
#define SLABMOD_LAB_FACTS_H

#include "measure.h"

/* A figure that this machine, or its settings, do not let a process measure. */
#define UNKNOWN		__builtin_nan("")

/* Print a row. UNKNOWN is printed as '-'. */
void fact(const char *name, double value, const char *unit);
/* Likewise, with the name @group_@what. */
void fact_of(const char *group, const char *what, double value, const char *unit);
/* Likewise, with _@n behind the name. */
void fact_n(const char *name, long n, double value, const char *unit);

/*
 * Call @run a few times, which returns the cycles that @n operations took. Return the cycles of
 * one operation, of the shortest run: the others were disturbed.
 */
double least(u64 (*run)(long n), long n);
/* Likewise, but of the middle run, for what varies by itself. */
double middle(u64 (*run)(long n), long n);

/* Run a function in a child. Return its exit code, or its signal as a negative number. */
int in_child(int (*run)(void));

/* Bytes of a data cache, or 0. */
size_t cache_size(int level);
/* Bytes of a cache line. */
size_t line_size(void);
/* Bytes of a huge page, or 0. */
size_t huge_size(void);
/* Run on the n-th of the CPUs that this process may use, modulo their number. */
void pin(long n);
long nr_cpus(void);

/* Link the words at each @stride bytes of a buffer to a ring, and return one of them. */
void **ring(char *p, size_t size, size_t stride, bool random);
/* Follow @n links. Return the cycles that it took. */
u64 chase(void **from, long n);

/* Cycles of @n pairs of malloc() and free(). */
u64 malloc_pairs(long n);

/* The groups, each in a process of its own */
void facts_machine(void);
void facts_brk(void);
void facts_lazy(void);
void facts_zero_page(void);
void facts_munmap(void);
void facts_small_mmap(void);
void facts_dontneed(void);
void facts_calls(void);
void facts_leak(void);
void facts_give_back(void);
void facts_double_free(void);
void facts_aligned(void);
void facts_small_blocks(void);
void facts_call_costs(void);
void facts_walks(void);
void facts_reuse(void);
void facts_lock(void);
void facts_migration(void);
void facts_sharing(void);
void facts_contention(void);
void facts_huge_pages(void);
void facts_huge_dontneed(void);
void facts_gigantic(void);

#endif /* SLABMOD_LAB_FACTS_H */
