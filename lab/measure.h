/* SPDX-License-Identifier: GPL-2.0 */
/*
 * measure.h - what the programs that measure the operating system share: a clock, pages, and what
 * the kernel says of them.
 */
#ifndef SLABMOD_LAB_MEASURE_H
#define SLABMOD_LAB_MEASURE_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "../mod/lab/random.h"

/* Mappings begin at a multiple of it, so that huge pages fit, and have a gap in front. */
#define APART		(2ul << 20)

#ifdef __x86_64__
#define CLOCK_UNIT	"cycles"
#else
#define CLOCK_UNIT	"ns"
#endif

/* Now, as lab_clock() has it. */
static inline u64 now(void)
{
#ifdef __x86_64__
	return __builtin_ia32_rdtsc();
#else
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000ull + time.tv_nsec;
#endif
}

/* Hide from the compiler where a pointer comes from, and that its memory is not used. */
static inline void *hide(void *p)
{
	asm volatile("" : "+r" (p) : : "memory");
	return p;
}

static inline void die(const char *text)
{
	perror(text);
	exit(1);
}

static inline size_t page_size(void)
{
	return sysconf(_SC_PAGESIZE);
}

/*
 * Map @size bytes. The kernel does not merge the mapping with others, because there are pages
 * without access around it: so smaps() counts this one alone.
 */
static inline char *map(size_t size)
{
	char *p = mmap(NULL, size + 3 * APART, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		die("mmap");
	p = (char *)ALIGN((uintptr_t)p + 1, APART);
	if (mprotect(p, size, PROT_READ | PROT_WRITE))
		die("mprotect");
	return p;
}

/* Undo map(), but for the addresses around. */
static inline void unmap(char *p, size_t size)
{
	if (munmap(p, size))
		die("munmap");
}

/* Write to each page. */
static inline void touch(char *p, size_t size)
{
	size_t i, page = page_size();

	for (i = 0; i < size; i += page)
		*(volatile char *)(p + i) = 1;
}

/* Page faults of this process that needed no device. */
static inline long faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_minflt;
}

/*
 * Return the sum, in bytes, of a field of /proc/self/smaps over the mappings that overlap a range.
 * Unlike the counts in /proc/self/statm it is exact.
 */
static inline size_t smaps(const void *p, size_t size, const char *field)
{
	uintptr_t start, end, first = (uintptr_t)p;
	FILE *file = fopen("/proc/self/smaps", "r");
	size_t sum = 0, n = strlen(field);
	bool inside = false;
	char line[512];

	if (!file)
		die("/proc/self/smaps");
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			inside = start < first + size && end > first;
		else if (inside && !strncmp(line, field, n) && line[n] == ':')
			sum += strtoul(line + n + 1, NULL, 10) << 10;
	}
	fclose(file);
	return sum;
}

static inline size_t rss_of(const void *p, size_t size)
{
	return smaps(p, size, "Rss");
}

/* Memory of the process, but for pages of files. */
static inline size_t memory_used(void)
{
	return smaps(NULL, SIZE_MAX, "Anonymous");
}

/* Return the number after a name in a file such as /proc/meminfo, or -1. */
static inline long long number_in(const char *path, const char *name)
{
	FILE *file = fopen(path, "r");
	long long number = -1;
	size_t n = strlen(name);
	char line[4096];

	while (file && number < 0 && fgets(line, sizeof(line), file))
		if (!strncmp(line, name, n) && strchr(": \t", line[n]))
			sscanf(line + n, "%*[: \t]%lld", &number);
	if (file)
		fclose(file);
	return number;
}

/* Bytes that may be had without swapping, or 0. */
static inline size_t memory_available(void)
{
	long long kib = number_in("/proc/meminfo", "MemAvailable");

	return kib > 0 ? (size_t)kib << 10 : 0;
}

#endif /* SLABMOD_LAB_MEASURE_H */
