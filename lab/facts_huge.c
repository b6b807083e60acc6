// SPDX-License-Identifier: GPL-2.0
/*
 * facts_huge.c - what huge pages do. See facts.c.
 *
 * The mappings ask for transparent huge pages with MADV_HUGEPAGE, and the facts huge_given and
 * huge_whole_given say how many bytes of such pages there were. If none were given, the figures
 * with "huge" in their names are '-'.
 */
#define _GNU_SOURCE
#include <linux/perf_event.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "facts.h"

#define BUFFER		(512ul << 20)
#define ACCESSES	100000l
#define NR_HUGE		16

#define GIGANTIC	"/sys/kernel/mm/hugepages/hugepages-1048576kB"

#ifndef MAP_HUGE_1GB
#define MAP_HUGE_1GB	(30 << 26)
#endif

static double errno_of(int result)
{
	return result ? errno : 0;
}

static double if_known(bool known, double value)
{
	return known ? value : UNKNOWN;
}

static size_t huge_bytes(char *p, size_t size)
{
	return smaps(p, size, "AnonHugePages");
}

/* ---- random accesses ---- */

static char *buffer;
static size_t mask;

/* Each access depends on the one before: the buffer has zeros. */
static u64 random_accesses(long n)
{
	u64 start = now(), i = 1;

	while (n--) {
		i = i * 6364136223846793005ull + 1442695040888963407ull;
		i += *(volatile u64 *)(buffer + ((i >> 20) & mask));
	}
	hide(&i);
	return now() - start;
}

/* Open a counter of loads that miss the TLB, or return -1. */
static int open_counter(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_HW_CACHE, .size = sizeof(attr), .exclude_kernel = 1,
		.exclude_hv = 1, .config = PERF_COUNT_HW_CACHE_DTLB |
			PERF_COUNT_HW_CACHE_OP_READ << 8 | PERF_COUNT_HW_CACHE_RESULT_MISS << 16,
	};

	return syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
}

/* Return the TLB misses of an access, on average. */
static double tlb_misses(void)
{
	int counter = open_counter();
	u64 before, after;
	double misses = UNKNOWN;

	if (counter < 0)
		return UNKNOWN;
	if (read(counter, &before, sizeof(before)) == sizeof(before)) {
		random_accesses(ACCESSES);
		if (read(counter, &after, sizeof(after)) == sizeof(after))
			misses = (double)(after - before) / ACCESSES;
	}
	close(counter);
	return misses;
}

/* The largest power of two that is at most BUFFER and a quarter of the memory. */
static size_t buffer_size(void)
{
	size_t size = BUFFER;

	while (size > memory_available() / 4 && size > 2 * huge_size())
		size /= 2;
	return size;
}

/* Print the cycles of an access within the first 2, 16, 128 and 512 MiB of the buffer. */
static void access_costs(const char *name, size_t size, bool known)
{
	static const size_t parts[] = { BUFFER >> 8, BUFFER >> 5, BUFFER >> 2, BUFFER };
	char what[32];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		mask = min(parts[i], size) - sizeof(u64);
		snprintf(what, sizeof(what), "access_%zum", parts[i] >> 20);
		fact_of(name, what, known && parts[i] <= size ? least(random_accesses, ACCESSES) :
			UNKNOWN, CLOCK_UNIT);
	}
}

static void measure_pages(const char *name, size_t size, int advice)
{
	bool known;
	u64 start;
	long n;

	buffer = map(size);
	madvise(buffer, size, advice);
	n = faults();
	start = now();
	/* Zeros, but written: the page of zeros does not count. */
	memset(hide(buffer), 0, size);
	start = now() - start;
	n = faults() - n;
	known = advice != MADV_HUGEPAGE || huge_bytes(buffer, size) > size / 10 * 9;
	fact_of(name, "given", huge_bytes(buffer, size), "bytes");
	fact_of(name, "faults", if_known(known, n), "faults");
	fact_of(name, "fill", if_known(known, start), CLOCK_UNIT);
	access_costs(name, size, known);
	fact_of(name, "dtlb_misses", known ? tlb_misses() : UNKNOWN, "per_access");
	unmap(buffer, size);
}

/* Print the setting of transparent huge pages, which is the word in brackets. */
static void print_setting(void)
{
	FILE *file = fopen("/sys/kernel/mm/transparent_hugepage/enabled", "r");
	char word[32] = "-";

	if (file && fscanf(file, "%*[^[][%31[a-z]", word) != 1) {
		rewind(file);
		if (fscanf(file, "[%31[a-z]", word) != 1)
			strcpy(word, "-");
	}
	if (file)
		fclose(file);
	printf("huge_setting,%s,text\n", word);
}

/* 104, 141, 185, 200, 293: huge pages need fewer entries of the TLB, and speed things up. */
void facts_huge_pages(void)
{
	size_t size = buffer_size();

	prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0);
	print_setting();
	fact("huge_buffer", size, "bytes");
	measure_pages("small", size, MADV_NOHUGEPAGE);
	measure_pages("huge", size, MADV_HUGEPAGE);
}

/* ---- giving back ---- */

/* The sum of the first bytes of pages at each @step */
static u64 sum_of(const char *p, size_t size, size_t step)
{
	size_t i;
	u64 sum = 0;

	for (i = 0; i < size; i += step)
		sum += *(const volatile char *)(p + i);
	return sum;
}

/* Advise for the first @part bytes of each huge page, and print what becomes of them. */
static void give_parts(const char *name, size_t part)
{
	/* With large base pages they are too large to try. */
	size_t huge = huge_size(), size = huge <= APART ? NR_HUGE * huge : 0, i;
	long long before = number_in("/proc/vmstat", "thp_deferred_split_page");
	char *p = map(size);
	int failed = 0;
	bool known;

	madvise(p, size, MADV_HUGEPAGE);
	touch(p, size);
	known = huge_bytes(p, size) > size / 2;
	fact_of(name, "given", huge_bytes(p, size), "bytes");
	fact_of(name, "rss_before", if_known(known, rss_of(p, size)), "bytes");
	for (i = 0; i < size && !failed; i += huge)
		failed = madvise(p + i, part, MADV_DONTNEED);
	fact_of(name, "errno", if_known(known, errno_of(failed)), "errno");
	fact_of(name, "rss_after", if_known(known, rss_of(p, size)), "bytes");
	fact_of(name, "huge_after", if_known(known, huge_bytes(p, size)), "bytes");
	before = number_in("/proc/vmstat", "thp_deferred_split_page") - before;
	fact_of(name, "split_later", if_known(known && before >= 0, before), "pages");
	fact_of(name, "sum", if_known(known, sum_of(p, size, huge)), "count");
	unmap(p, size);
}

/* Likewise for a page that was reserved by the administrator (vm.nr_hugepages). */
static void give_reserved(void)
{
	size_t size = huge_size();
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	bool known = p != MAP_FAILED;

	fact("hugetlb_mmap_errno", known ? 0 : errno, "errno");
	if (known)
		*(volatile char *)p = 1;
	fact("hugetlb_part_errno", known ? errno_of(madvise(p, page_size(), MADV_DONTNEED)) :
	     UNKNOWN, "errno");
	fact("hugetlb_errno", known ? errno_of(madvise(p, size, MADV_DONTNEED)) : UNKNOWN, "errno");
	fact("hugetlb_sum", known ? *(volatile char *)p : UNKNOWN, "count");
}

/*
 * 294: MADV_DONTNEED does work for transparent huge pages. Of a part, the resident size goes down
 * at once, but the kernel keeps the page until it splits it (split_later).
 */
void facts_huge_dontneed(void)
{
	prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0);
	give_parts("huge_whole", huge_size());
	give_parts("huge_part", page_size());
	give_reserved();
}

/* ---- pages of 1 GB ---- */

static double cpu_has(const char *flag)
{
	FILE *file = fopen("/proc/cpuinfo", "r");
	char line[8192];
	double has = UNKNOWN;

	while (file && has != has && fgets(line, sizeof(line), file))
		if (!strncmp(line, "flags", 5))
			has = !!strstr(line, flag);
	if (file)
		fclose(file);
	return has;
}

static double reserved(void)
{
	FILE *file = fopen(GIGANTIC "/nr_hugepages", "r");
	double nr = UNKNOWN;

	if (!file)
		return UNKNOWN;
	if (fscanf(file, "%lf", &nr) != 1)
		nr = UNKNOWN;
	fclose(file);
	return nr;
}

/* 185, 296: pages of 1 GB are there, but a machine has few of them. */
void facts_gigantic(void)
{
	double memory = (double)sysconf(_SC_PHYS_PAGES) * page_size();
	void *p = mmap(NULL, 1 << 30, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_HUGE_1GB, -1, 0);

	fact("gigantic_mmap_errno", p == MAP_FAILED ? errno : 0, "errno");
	fact("gigantic_cpu", cpu_has(" pdpe1gb"), "flag");
	fact("gigantic_kernel", !access(GIGANTIC, F_OK), "flag");
	fact("gigantic_reserved", reserved(), "pages");
	fact("gigantic_in_memory", memory / (1 << 30), "pages");
}
