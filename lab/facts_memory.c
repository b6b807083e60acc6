// SPDX-License-Identifier: GPL-2.0
/*
 * facts_memory.c - what brk(), mmap(), munmap() and madvise() do with pages. See facts.c.
 */
#define _GNU_SOURCE
#include <fcntl.h>

#include "facts.h"

/* Pages of the mappings that are looked at */
#define PAGES		1000

#define SOME_BYTES	100

#define PFN		((1ull << 55) - 1)
#define PRESENT		(1ull << 63)

static double errno_of(int result)
{
	return result ? errno : 0;
}

/* 13, 196, 197: brk() moves the end of the heap by as many bytes as are asked for. */
void facts_brk(void)
{
	char *before = sbrk(0), *after;
	size_t resident;

	fact("sbrk_asked", SOME_BYTES, "bytes");
	if (sbrk(SOME_BYTES) != before)
		die("sbrk");
	after = sbrk(0);
	fact("sbrk_moved", after - before, "bytes");
	/* Far enough to be no part of what malloc() has. */
	sbrk(PAGES * page_size());
	resident = memory_used();
	touch(after + page_size(), (PAGES - 2) * page_size());
	fact("sbrk_page_bytes", (double)(memory_used() - resident) / (PAGES - 2), "bytes");
	fact("sbrk_back_errno", errno_of(brk(before)), "errno");
	fact("sbrk_back_left", (char *)sbrk(0) - before, "bytes");
}

/* ---- what is mapped ---- */

/*
 * Read the words of /proc/self/pagemap for PAGES pages. They have no numbers of page frames unless
 * the process is privileged.
 */
static bool read_pagemap(const char *p, u64 words[PAGES])
{
	off_t at = (uintptr_t)p / page_size() * sizeof(*words);
	int file = open("/proc/self/pagemap", O_RDONLY);
	ssize_t n;

	if (file < 0)
		return false;
	n = pread(file, words, PAGES * sizeof(*words), at);
	close(file);
	return n == (ssize_t)(PAGES * sizeof(*words));
}

/* Pages that are in the page table */
static double present(const char *p)
{
	static u64 words[PAGES];
	long i, n = 0;

	if (!read_pagemap(p, words))
		return UNKNOWN;
	for (i = 0; i < PAGES; i++)
		n += !!(words[i] & PRESENT);
	return n;
}

static int by_number(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return (x > y) - (x < y);
}

/* Different page frames that the pages have */
static double frames(const char *p)
{
	static u64 words[PAGES];
	long i, n = 0;

	if (!read_pagemap(p, words))
		return UNKNOWN;
	for (i = 0; i < PAGES; i++)
		words[i] = words[i] & PRESENT ? words[i] & PFN : 0;
	qsort(words, PAGES, sizeof(*words), by_number);
	for (i = 0; i < PAGES; i++)
		n += words[i] && (!i || words[i] != words[i - 1]);
	return n ? n : UNKNOWN;
}

static u64 read_pages(const char *p)
{
	size_t i, page = page_size();
	u64 sum = 0;

	for (i = 0; i < PAGES * page; i += page)
		sum += *(const volatile char *)(p + i);
	return sum;
}

static u64 reserve(size_t size, long n)
{
	u64 start = now();
	void *p;

	while (n--) {
		p = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (p == MAP_FAILED || munmap(p, size))
			die("mmap");
	}
	return now() - start;
}

static u64 reserve_page(long n)
{
	return reserve(page_size(), n);
}

static u64 reserve_gib(long n)
{
	return reserve(1ul << 30, n);
}

/* 193, 251: mmap() reserves addresses, and memory comes with the first write to each page. */
void facts_lazy(void)
{
	size_t size = PAGES * page_size(), before = memory_used();
	char *p = map(PAGES * page_size());
	u64 start;
	long n;

	fact("lazy_mmap_page", least(reserve_page, 1000), CLOCK_UNIT);
	fact("lazy_mmap_gib", least(reserve_gib, 1000), CLOCK_UNIT);
	fact("lazy_pages", PAGES, "pages");
	fact("lazy_mapped_rss", rss_of(p, size), "bytes");
	fact("lazy_mapped_present", present(p), "pages");
	n = faults();
	start = now();
	touch(p, size);
	start = now() - start;
	n = faults() - n;
	fact("lazy_touch", (double)start / PAGES, CLOCK_UNIT);
	fact("lazy_touch_faults", n, "faults");
	fact("lazy_touched_rss", rss_of(p, size), "bytes");
	fact("lazy_touched_present", present(p), "pages");
	fact("lazy_process_growth", (double)memory_used() - before, "bytes");
}

/*
 * 252: pages that are only read are one page of zeros, and the first write to each faults again.
 * The page table has no entries before the pages are read, see lazy_mapped_present.
 */
void facts_zero_page(void)
{
	size_t size = PAGES * page_size();
	char *p = map(PAGES * page_size());
	long n;
	u64 sum;

	/* So that the faults below are not those of the function's own pages. */
	read_pages(map(PAGES * page_size()));
	n = faults();
	sum = read_pages(p);
	fact("zero_read_faults", faults() - n, "faults");
	fact("zero_read_sum", sum, "count");
	fact("zero_read_present", present(p), "pages");
	fact("zero_read_frames", frames(p), "pages");
	fact("zero_read_rss", rss_of(p, size), "bytes");
	n = faults();
	touch(p, size);
	fact("zero_write_faults", faults() - n, "faults");
	fact("zero_write_frames", frames(p), "pages");
	fact("zero_write_rss", rss_of(p, size), "bytes");
	n = faults();
	touch(p, size);
	fact("zero_again_faults", faults() - n, "faults");
}

/* ---- what is given back ---- */

/* Pages of a range that are mapped */
static long mapped(char *p, long nr)
{
	size_t page = page_size();
	unsigned char in_core;
	long i, n = 0;

	for (i = 0; i < nr; i++)
		n += !mincore(p + i * page, page, &in_core);
	return n;
}

/* 167, 195: munmap() needs a size, and so may unmap a part. */
void facts_munmap(void)
{
	size_t page = page_size();
	char *p = map(10 * page);

	touch(p, 10 * page);
	fact("munmap_before", mapped(p, 10), "pages");
	fact("munmap_zero_errno", errno_of(munmap(p, 0)), "errno");
	fact("munmap_zero_left", mapped(p, 10), "pages");
	unmap(p, 5 * page);
	fact("munmap_half_left", mapped(p, 10), "pages");
	fact("munmap_half_rss", rss_of(p + 5 * page, 5 * page), "bytes");
	/* A byte counts as the page. */
	unmap(p + 5 * page, 1);
	fact("munmap_byte_left", mapped(p, 10), "pages");
}

/* 156, 237: an mmap() for each small request costs a page. */
void facts_small_mmap(void)
{
	size_t before = memory_used();
	char *p;
	int i;

	for (i = 0; i < PAGES; i++) {
		p = mmap(NULL, 16, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (p == MAP_FAILED)
			die("mmap");
		*(volatile char *)p = 1;
	}
	fact("small_mmap_asked", 16, "bytes");
	fact("small_mmap_rss", (double)(memory_used() - before) / PAGES, "bytes");
	before = memory_used();
	for (i = 0; i < 100 * PAGES; i++) {
		p = hide(malloc(16));
		*(volatile char *)p = 1;
	}
	fact("small_malloc_rss", (double)(memory_used() - before) / (100 * PAGES), "bytes");
}

/* 103, 199, 292: after MADV_DONTNEED the pages are zeros, and still mapped. */
void facts_dontneed(void)
{
	size_t size = PAGES * page_size();
	char *p = map(PAGES * page_size());
	long n;

	touch(p, size);
	fact("dontneed_before_sum", read_pages(p), "count");
	fact("dontneed_before_rss", rss_of(p, size), "bytes");
	fact("dontneed_errno", errno_of(madvise(p, size, MADV_DONTNEED)), "errno");
	fact("dontneed_mapped", mapped(p, PAGES), "pages");
	fact("dontneed_rss", rss_of(p, size), "bytes");
	fact("dontneed_sum", read_pages(p), "count");
	n = faults();
	touch(p, size);
	fact("dontneed_write_faults", faults() - n, "faults");
	fact("dontneed_write_rss", rss_of(p, size), "bytes");
}
