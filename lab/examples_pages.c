// SPDX-License-Identifier: GPL-2.0
/*
 * examples_pages.c - the examples of lectures that are about pages: buckets, a list for every size,
 * superblocks, and chunks.
 */
#include "examples.h"
#include "slots.h"

/* What mmap() gives, and how often it is called. */
static void system_calls(void)
{
	struct lab lab;
	unsigned int i;

	if (!begin(&lab, "list_lifo", 0, 0))
		return;
	lab_large_alloc(&lab, 1, PAGE_SIZE);
	is_number("mmap.least", "bytes that mmap() takes for one", taken(&lab), 4096);
	lab_pages_take(&lab, 10 * PAGE_SIZE, PAGE_SIZE);
	is_number("mmap.ten_pages", "pages", lab.arena.taken - 1, 10);
	for (i = 0; i < 20000; i++)
		lab_alloc(&lab, 24);
	printf("# 20000 calls of malloc(), %lu of mmap()\n", lab.arena.nr_takes - 2);
	is_true("mmap.fewer_than_malloc", "less than one call of mmap() for each of malloc()",
		lab.arena.nr_takes - 2 < 20000);
	lab_exit(&lab);
}

/* ---- buckets ---- */

/* The table of the lecture. */
static const size_t table[] = {
	4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3192,
	4096,
};

/* The sizes of the table are those of the strategy, but for one, which is not by the rule. */
static void bucket_table(void)
{
	struct text has = { 0 }, want = { 0 }, slips = { 0 }, missing = { 0 };
	size_t size, last = 0, nr = 0, i;
	struct lab lab;

	if (!begin(&lab, "buckets", 0, 0))
		return;
	for (size = 1; size <= PAGE_SIZE; size = last + 1, nr++) {
		last = lab_size(&lab, lab_alloc(&lab, size));
		add(&has, "%s%zu", has.length ? " " : "", last);
	}
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		size = by_rule(table[i]) == table[i] ? table[i] : by_rule(table[i - 1] + 1);
		add(&want, "%s%zu", i ? " " : "", size);
		if (size != table[i])
			add(&slips, "%zu for %zu", table[i], size);
	}
	for (size = 4; size <= PAGE_SIZE; size = by_rule(size + 1)) {
		for (i = 0; i < ARRAY_SIZE(table) && by_rule(table[i]) != size; i++)
			;
		if (i == ARRAY_SIZE(table) && size != 3072)
			add(&missing, "%zu", size);
	}
	is_text("buckets.table_by_the_rule", has.all, want.all);
	printf("# where the table of the lecture is not by the rule:\n");
	is_text("buckets.slip", slips.all, "3192 for 3072");
	printf("# half points that it does not have:\n");
	is_text("buckets.late_rule", missing.all, "6");
	is_number("buckets.sizes", "sizes up to a page", nr, 20);
	lab_exit(&lab);
}

static void bucket_startup(void)
{
	struct lab lab;
	size_t i;

	if (!begin(&lab, "buckets", 0, 0))
		return;
	for (i = 0; i < ARRAY_SIZE(table); i++)
		lab_alloc(&lab, table[i]);
	is_number("buckets.startup", "bytes of pages after a request of each size, in k",
		  taken(&lab) >> 10, 80);
	lab_exit(&lab);
}

/* Of the largest sizes of the table, two objects do not fit into a page with a header. */
static void bucket_fits(void)
{
	struct text large = { 0 }, once = { 0 };
	struct lab lab;
	size_t size, i;
	char *p, *q;

	if (!begin(&lab, "buckets", 0, 0))
		return;
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		size = table[i] == 3192 ? 3072 : table[i];
		p = lab_alloc(&lab, size);
		q = lab_alloc(&lab, size);
		if (lab_is_large(&lab, p))
			add(&large, "%s%zu", large.length ? " " : "", size);
		else if ((size_t)p / PAGE_SIZE != (size_t)q / PAGE_SIZE)
			add(&once, "%s%zu", once.length ? " " : "", size);
	}
	printf("# does not fit into a page with a header, and is no bucket here:\n");
	is_text("buckets.not_a_bucket", large.all, "4096");
	printf("# fit once:\n");
	is_text("buckets.fit_once", once.all, "2048 3072");
	lab_exit(&lab);
}

/* The header of the page for 4 bytes is longer than that of 2048, which has one word of bits. */
static void bucket_bitmap(void)
{
	size_t header, bitmap, slots = 1;
	struct lab lab;

	if (!begin(&lab, "buckets", 0, 0))
		return;
	lab_alloc(&lab, 2048);
	bitmap = sizeof(long) - view(&lab)->meta[0].size;
	lab_alloc(&lab, 4);
	header = view(&lab)->meta[0].size;
	bitmap += header;
	is_number("buckets.bitmap_bytes", "bytes of the bitmap for slots of 4 bytes", bitmap, 128);
	is_number("buckets.bitmap_words", "words", bitmap / sizeof(long), 16);
	is_number("buckets.bitmap_lines", "lines", bitmap / LAB_LINE, 2);
	while (taken(&lab) == 2 * PAGE_SIZE && lab_alloc(&lab, 4))
		slots++;
	slots--;
	printf("# slots of 4 bytes in a page: %zu; the lecture's bitmap is for %lu\n", slots,
	       PAGE_SIZE / 4);
	is_true("buckets.header_takes_slots", "header and bitmap take the place of some",
		slots < PAGE_SIZE / 4 && slots * 4 + header <= PAGE_SIZE);
	lab_exit(&lab);
}

/* A power of two fits a bucket of its own. With a size field in front, it would need the next. */
static void bucket_powers(void)
{
	unsigned int powers = 0, fit = 0, spill = 0;
	struct lab lab;
	size_t size;

	if (!begin(&lab, "buckets", 0, 0))
		return;
	for (size = 4; size <= 2048; size *= 2) {
		powers++;
		fit += lab_size(&lab, lab_alloc(&lab, size)) == size;
		spill += lab_size(&lab, lab_alloc(&lab, size + 8)) > size;
	}
	is_number("buckets.powers_of_two", "powers of two that have a bucket", fit, powers);
	is_number("buckets.with_a_size_field", "that would need the next one with 8 bytes more",
		  spill, powers);
	lab_exit(&lab);
}

static void bucket_returns(void)
{
	static const size_t sizes[] = { 4096, 4097, 10000 };
	static void *objects[2000];
	struct lab lab;
	unsigned int i, nr = 0, apart = 0;

	if (!begin(&lab, "buckets", 0, 0))
		return;
	while (taken(&lab) < 2 * PAGE_SIZE)
		objects[nr++] = lab_alloc(&lab, 64);
	printf("# objects of 64 bytes in a page: %u\n", nr - 1);
	for (i = 0; i < nr - 1; i++)
		lab_free(&lab, objects[i]);
	is_number("buckets.free_page_goes_back", "pages when one of two is free", lab.arena.taken,
		  1);
	lab_free(&lab, objects[nr - 1]);
	is_number("buckets.all_pages_go_back", "pages when nothing is in use", lab.arena.taken, 0);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		char *p = lab_alloc(&lab, sizes[i]);

		printf("# %zu bytes: %zu pages\n", sizes[i], lab_large_size(&lab, p) >> PAGE_SHIFT);
		apart += lab_is_large(&lab, p) && (size_t)p % PAGE_SIZE == 0;
	}
	is_number("buckets.block_of_its_own", "requests of a page or more with their own block",
		  apart, ARRAY_SIZE(sizes));
	lab_exit(&lab);
}

/* ---- a list for every size ---- */

/* Sizes at random, 1 to 4096 bytes and most of them small. Cycles: the fewest of some runs. */
static bool run_mix(const struct lab_strategy *strategy, struct lab_result *result)
{
	struct lab_driver driver = { .seed = 1 };
	struct lab lab = { 0 };
	u64 least = UINT64_MAX;
	int i;

	for (i = 0; i < 5; i++) {
		if (lab_drive(&driver, &lab, strategy, lab_find_workload("mix"), EXAMPLE_ARENA))
			return false;
		*result = driver.result;
		lab_drive_end(&driver);
		least = min(least, result->clock);
	}
	result->clock = least;
	printf("# %s: %zu bytes of pages for %zu asked for, %llu cycles for a call\n",
	       strategy->name, result->taken_peak, result->asked_peak,
	       (unsigned long long)(least / result->ops));
	return !result->failed;
}

static void list_for_every_size(void)
{
	struct lab_result every = { 0 }, table_only = { 0 };
	bool works = run_mix(&every_size, &every) & run_mix(&sizes_of_table, &table_only);

	is_true("every_size.is_feasible", "all requests succeed", works);
	is_true("every_size.takes_more_pages", "a list for every size takes more pages",
		every.taken_peak > table_only.taken_peak);
	printf("# cycles: %s\n", every.clock > table_only.clock ? "more, too" :
	       "not more in this run");
}

/* ---- superblocks and chunks ---- */

static unsigned int low_bits(size_t size)
{
	return __builtin_popcountl(size - 1);
}

/* More than half of a superblock has pages of its own. */
static void big_object(size_t superblock)
{
	struct lab lab;
	size_t size;

	if (!begin(&lab, "hoard", 0, 0))
		return;
	for (size = superblock / 4; size < superblock; size++) {
		void *p = lab_alloc(&lab, size + 1);

		if (lab_is_large(&lab, p))
			break;
		lab_free(&lab, p);
	}
	is_number("hoard.big_object", "the largest object in a superblock", size, superblock / 2);
	lab_exit(&lab);
}

/* All objects of a superblock lead to its start, and have nothing between them. */
static void superblock_mask(void)
{
	size_t superblock, i, k, apart = 0, found = 0;
	static char *objects[4000];
	const struct view *now;
	struct lab lab;

	if (!begin(&lab, "hoard", 0, 0))
		return;
	for (i = 0; i < ARRAY_SIZE(objects); i++)
		objects[i] = lab_alloc(&lab, 64);
	now = view(&lab);
	superblock = now->meta[1].start > now->meta[0].start ?
		     now->meta[1].start - now->meta[0].start :
		     now->meta[0].start - now->meta[1].start;
	for (i = 0; i < ARRAY_SIZE(objects); i++) {
		char *start = (char *)((size_t)objects[i] & ~(superblock - 1));

		for (k = 0; k < now->nr_meta; k++)
			found += now->meta[k].start == offset(&lab, start);
		if (i && objects[i] - objects[i - 1] != 64)
			apart++;
	}
	printf("# superblocks of %zu bytes: %u bits of an address are masked\n", superblock,
	       low_bits(superblock));
	is_number("hoard.mask_of_8k", "with superblocks of 8k it would be",
		  low_bits(superblock) - ilog2(superblock / 8192), 13);
	is_number("hoard.mask_finds_superblock", "objects with the masked address of a superblock",
		  found, ARRAY_SIZE(objects));
	is_number("hoard.no_headers", "places with more than 64 bytes from one object to the next",
		  apart, now->nr_meta - 1);
	lab_exit(&lab);
	big_object(superblock);
}

struct nest {
	struct lab *lab;
	unsigned int depth;
};

/* Allocate once in each of @depth threads, which are all there at the same time. */
static void *alloc_nested(void *arg)
{
	struct nest *nest = arg, next = { nest->lab, nest->depth - 1 };
	pthread_t thread;

	lab_alloc(nest->lab, 64);
	if (next.depth && !pthread_create(&thread, NULL, alloc_nested, &next))
		pthread_join(thread, NULL);
	return NULL;
}

/* An arena takes a chunk. As many as jemalloc has on two cores are compiled in. */
static void jemalloc_chunks(void)
{
	struct nest nest = { .depth = 20 };
	struct lab lab;

	if (!begin(&lab, "jemalloc", 0, 0))
		return;
	nest.lab = &lab;
	lab_alloc(&lab, 64);
	is_number("jemalloc.chunk", "bytes of the first chunk, in MB", taken(&lab) >> 20, 2);
	is_number("jemalloc.chunk_is_aligned", "its address modulo 2 MB",
		  (size_t)(lab.arena.base + view(&lab)->meta[0].start) % (2 << 20), 0);
	alloc_nested(&nest);
	is_number("jemalloc.arenas_for_two_cores", "arenas that 20 threads use",
		  taken(&lab) / (2 << 20), 4 * 2);
	lab_exit(&lab);
}

void examples_of_pages(void)
{
	system_calls();
	bucket_table();
	bucket_startup();
	bucket_fits();
	bucket_bitmap();
	bucket_powers();
	bucket_returns();
	list_for_every_size();
	superblock_mask();
	jemalloc_chunks();
}
