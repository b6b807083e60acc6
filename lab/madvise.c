// SPDX-License-Identifier: GPL-2.0
/*
 * madvise.c - measure what the ways to give memory back do.
 *
 * usage: madvise
 *
 * Prints a table (CSV). A buffer is written, given back, and written again:
 *   way           keep: nothing is done, as an allocator does that keeps pages; dontneed, free:
 *                 MADV_DONTNEED, MADV_FREE; munmap: it is unmapped, and mapped again to write
 *   huge          1: huge pages are asked for
 *   rss_before    resident bytes after the first write
 *   rss_after     resident bytes when it has been given back
 *   faults        page faults of the second write
 *   cycles        of the second write, for the whole buffer
 *   huge_before   bytes of rss_before in huge pages: 0 if the machine gave none
 *   lazy          bytes of rss_after that the kernel may take when it needs memory
 *   rss_reclaimed resident bytes when the kernel has been told to take what it can from the buffer
 *                 (MADV_PAGEOUT, in a run of its own): what is left under pressure
 *   give          cycles of giving back
 * Figures are '-' if the kernel does not know the advice. Those in cycles are of the middle of
 * five runs.
 */
#define _GNU_SOURCE
#include "measure.h"

#define SIZE	(64ul << 20)
#define RUNS	5

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT	21
#endif

enum way { KEEP, DONTNEED, FREE, MUNMAP, NR_WAYS };

static const char *const names[] = { "keep", "dontneed", "free", "munmap" };

struct result {
	bool known;		/* the kernel knows the way */
	bool reclaims;		/* and how to be told to reclaim */
	size_t rss_before, huge_before, rss_after, lazy, rss_reclaimed;
	long faults;
	u64 give, cycles;
};

static char *make(bool huge)
{
	char *p = map(SIZE);

	/* Without effect if the kernel has no huge pages, which huge_before says. */
	madvise(p, SIZE, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	touch(p, SIZE);
	return p;
}

/* Return false if the kernel does not know how. */
static bool give(char *p, enum way way)
{
	switch (way) {
	case DONTNEED:
		return !madvise(p, SIZE, MADV_DONTNEED);
	case FREE:
		return !madvise(p, SIZE, MADV_FREE);
	case MUNMAP:
		return !munmap(p, SIZE);
	default:
		return true;
	}
}

static void write_again(char *p, enum way way, bool huge)
{
	if (way == MUNMAP) {
		if (mmap(p, SIZE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) != p)
			die("mmap");
		madvise(p, SIZE, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	}
	touch(p, SIZE);
}

static struct result measure(enum way way, bool huge)
{
	struct result result = { 0 };
	char *p = make(huge);
	long before;
	u64 start;

	result.rss_before = rss_of(p, SIZE);
	result.huge_before = smaps(p, SIZE, "AnonHugePages");
	start = now();
	result.known = give(p, way);
	result.give = now() - start;
	result.rss_after = rss_of(p, SIZE);
	result.lazy = smaps(p, SIZE, "LazyFree");
	before = faults();
	start = now();
	write_again(p, way, huge);
	result.cycles = now() - start;
	result.faults = faults() - before;
	unmap(p, SIZE);
	return result;
}

/* Add what is left when the kernel takes what it can. */
static void reclaim(struct result *result, enum way way, bool huge)
{
	char *p = make(huge);

	give(p, way);
	result->reclaims = way == MUNMAP || !madvise(p, SIZE, MADV_PAGEOUT);
	result->rss_reclaimed = rss_of(p, SIZE);
	if (way != MUNMAP)
		unmap(p, SIZE);
}

static int by_cycles(const void *a, const void *b)
{
	const struct result *x = a, *y = b;

	return (x->cycles > y->cycles) - (x->cycles < y->cycles);
}

static void print(const struct result *result, enum way way, bool huge)
{
	char reclaimed[24] = "-";

	if (!result->known) {
		printf("%s,%d,%zu,-,-,-,%zu,-,-,-\n", names[way], huge, result->rss_before,
		       result->huge_before);
		return;
	}
	if (result->reclaims)
		snprintf(reclaimed, sizeof(reclaimed), "%zu", result->rss_reclaimed);
	printf("%s,%d,%zu,%zu,%ld,%llu,%zu,%zu,%s,%llu\n", names[way], huge, result->rss_before,
	       result->rss_after, result->faults, (unsigned long long)result->cycles,
	       result->huge_before, result->lazy, reclaimed, (unsigned long long)result->give);
}

static void run(enum way way, bool huge)
{
	struct result results[RUNS];
	int i;

	for (i = 0; i < RUNS; i++)
		results[i] = measure(way, huge);
	qsort(results, RUNS, sizeof(*results), by_cycles);
	reclaim(&results[RUNS / 2], way, huge);
	print(&results[RUNS / 2], way, huge);
}

int main(void)
{
	enum way way;
	int huge;

	puts("way,huge,rss_before,rss_after,faults,cycles,huge_before,lazy,rss_reclaimed,give");
	for (huge = 0; huge < 2; huge++)
		for (way = KEEP; way < NR_WAYS; way++)
			run(way, huge);
	return 0;
}
