// SPDX-License-Identifier: GPL-2.0
/*
 * facts_machine.c - what the machine is, and the tools of the other groups. See facts.c.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <sys/wait.h>

#include "facts.h"

#define RUNS	7

/* Bytes of a cache line, where the C library does not know it */
#define USUAL_LINE	64

/* ---- tools ---- */

void fact(const char *name, double value, const char *unit)
{
	if (value != value)
		printf("%s,-,%s\n", name, unit);
	else if (value >= 1000 || value == (long)value)
		printf("%s,%.0f,%s\n", name, value, unit);
	else
		printf("%s,%.2f,%s\n", name, value, unit);
}

void fact_of(const char *group, const char *what, double value, const char *unit)
{
	char name[64];

	snprintf(name, sizeof(name), "%s_%s", group, what);
	fact(name, value, unit);
}

void fact_n(const char *name, long n, double value, const char *unit)
{
	char what[24];

	snprintf(what, sizeof(what), "%ld", n);
	fact_of(name, what, value, unit);
}

static int by_number(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return (x > y) - (x < y);
}

static void run_all(u64 runs[RUNS], u64 (*run)(long n), long n)
{
	int i;

	for (i = 0; i < RUNS; i++)
		runs[i] = run(n);
	qsort(runs, RUNS, sizeof(*runs), by_number);
}

double least(u64 (*run)(long n), long n)
{
	u64 runs[RUNS];

	run_all(runs, run, n);
	return (double)runs[0] / n;
}

double middle(u64 (*run)(long n), long n)
{
	u64 runs[RUNS];

	run_all(runs, run, n);
	return (double)runs[RUNS / 2] / n;
}

int in_child(int (*run)(void))
{
	struct rlimit none = { 0 };
	int status = 0;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child < 0)
		die("fork");
	if (!child) {
		setrlimit(RLIMIT_CORE, &none);
		/* What the C library says when it aborts is no part of the output. */
		if (!freopen("/dev/null", "w", stderr))
			_exit(125);
		_exit(run());
	}
	waitpid(child, &status, 0);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void cpus_allowed(cpu_set_t *set)
{
	/* That of the first call: pin() changes it. */
	static cpu_set_t first;

	if (!CPU_COUNT(&first) && sched_getaffinity(0, sizeof(first), &first))
		die("sched_getaffinity");
	*set = first;
}

long nr_cpus(void)
{
	cpu_set_t set;

	cpus_allowed(&set);
	return CPU_COUNT(&set);
}

void pin(long n)
{
	cpu_set_t set, one;
	int cpu;

	cpus_allowed(&set);
	n %= CPU_COUNT(&set);
	for (cpu = 0; !CPU_ISSET(cpu, &set) || n--; cpu++)
		;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	if (sched_setaffinity(0, sizeof(one), &one))
		die("sched_setaffinity");
}

static void shuffle(u32 *order, size_t n)
{
	u64 seed = 1;
	size_t i, k;
	u32 other;

	for (i = n - 1; i > 0; i--) {
		k = lab_random_below(&seed, i + 1);
		other = order[i];
		order[i] = order[k];
		order[k] = other;
	}
}

void **ring(char *p, size_t size, size_t stride, bool random)
{
	size_t i, n = size / stride;
	u32 *order = malloc(n * sizeof(*order));

	if (!order || !n)
		die("ring");
	for (i = 0; i < n; i++)
		order[i] = i;
	if (random)
		shuffle(order, n);
	for (i = 0; i < n; i++)
		*(void **)(p + order[i] * stride) = p + order[(i + 1) % n] * stride;
	p += order[0] * stride;
	free(order);
	return (void **)p;
}

u64 chase(void **from, long n)
{
	u64 start = now();

	while (n--)
		from = *from;
	hide(from);
	return now() - start;
}

/* ---- the machine ---- */

/* Read the first word of a file of cpu0's caches. */
static bool read_cache(int index, const char *name, char word[16])
{
	char path[80];
	FILE *file;
	int n;

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu0/cache/index%d/%s", index, name);
	file = fopen(path, "r");
	if (!file)
		return false;
	n = fscanf(file, "%15s", word);
	fclose(file);
	return n == 1;
}

/* Where sysconf() does not know, sysfs may. */
static size_t cache_of_sysfs(int level)
{
	char at[16], type[16], size[16];
	int i;

	for (i = 0; read_cache(i, "level", at) && read_cache(i, "type", type) &&
	     read_cache(i, "size", size); i++)
		if (atoi(at) == level && strcmp(type, "Instruction"))
			return strtoul(size, NULL, 10) << 10;
	return 0;
}

size_t cache_size(int level)
{
	static const int names[] = {
		_SC_LEVEL1_DCACHE_SIZE, _SC_LEVEL2_CACHE_SIZE, _SC_LEVEL3_CACHE_SIZE,
	};
	long size = sysconf(names[level - 1]);

	return size > 0 ? (size_t)size : cache_of_sysfs(level);
}

size_t line_size(void)
{
	long size = sysconf(_SC_LEVEL1_DCACHE_LINESIZE);

	return size > 0 ? size : USUAL_LINE;
}

size_t huge_size(void)
{
	FILE *file = fopen("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", "r");
	size_t size = 0;
	long long kib;

	if (file) {
		if (fscanf(file, "%zu", &size) != 1)
			size = 0;
		fclose(file);
	}
	if (size)
		return size;
	kib = number_in("/proc/meminfo", "Hugepagesize");
	return kib > 0 ? (size_t)kib << 10 : 0;
}

/* What now() counts in a second. It may differ from the clock of the core. */
static double clock_rate(void)
{
	struct timespec from, to, pause = { .tv_nsec = 20000000 };
	u64 start;

	clock_gettime(CLOCK_MONOTONIC, &from);
	start = now();
	nanosleep(&pause, NULL);
	start = now() - start;
	clock_gettime(CLOCK_MONOTONIC, &to);
	return start / (to.tv_sec - from.tv_sec + (to.tv_nsec - from.tv_nsec) / 1e9);
}

static double known(size_t value)
{
	return value ? value : UNKNOWN;
}

/* 141, 156, 173: sizes of pages and caches */
void facts_machine(void)
{
	fact("page_size", page_size(), "bytes");
	fact("huge_page_size", known(huge_size()), "bytes");
	fact("line_size", line_size(), "bytes");
	fact("l1_size", known(cache_size(1)), "bytes");
	fact("l2_size", known(cache_size(2)), "bytes");
	fact("l3_size", known(cache_size(3)), "bytes");
	fact("cpus", nr_cpus(), "count");
	fact("memory", (double)sysconf(_SC_PHYS_PAGES) * page_size(), "bytes");
	fact("memory_available", known(memory_available()), "bytes");
	fact("clock_rate", clock_rate(), "hz");
}
