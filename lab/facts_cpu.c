// SPDX-License-Identifier: GPL-2.0
/*
 * facts_cpu.c - what system calls, caches and locks cost one thread. See facts.c.
 */
#define _GNU_SOURCE
#include <sys/syscall.h>

#include "facts.h"

/* ---- system calls ---- */

#define BATCH	256

static u64 system_calls(long n)
{
	u64 start = now();

	while (n--)
		syscall(SYS_getppid);
	return now() - start;
}

static void *map_now(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		die("mmap");
	return p;
}

static u64 mmap_pairs(long n)
{
	size_t page = page_size();
	u64 start = now();

	while (n--)
		munmap(map_now(page), page);
	return now() - start;
}

/* A page, with its first write, for each call */
static u64 mmap_singly(long n)
{
	size_t page = page_size();
	u64 start = now();
	char *p;

	while (n--) {
		p = map_now(page);
		touch(p, page);
		munmap(p, page);
	}
	return now() - start;
}

/* Likewise, but BATCH pages for each call */
static u64 mmap_batched(long n)
{
	size_t size = BATCH * page_size();
	u64 start = now();
	char *p;

	for (; n > 0; n -= BATCH) {
		p = map_now(size);
		touch(p, size);
		munmap(p, size);
	}
	return now() - start;
}

/* 238: system calls are slow, so that fewer calls of mmap() are faster. */
void facts_call_costs(void)
{
	double mapping, pair;

	fact("syscall", least(system_calls, 20000), CLOCK_UNIT);
	mapping = least(mmap_pairs, 2000);
	pair = least(malloc_pairs, 100000);
	fact("mmap_pair", mapping, CLOCK_UNIT);
	fact("malloc_pair", pair, CLOCK_UNIT);
	fact("mmap_per_malloc", mapping / pair, "ratio");
	fact("mmap_page_single", least(mmap_singly, 8 * BATCH), CLOCK_UNIT);
	fact("mmap_page_batched", least(mmap_batched, 8 * BATCH), CLOCK_UNIT);
}

/* ---- locality ---- */

#define BLOCK	64ul
#define NR	(1l << 19)
/* As many as the nearest cache has room for */
#define NR_NEAR	256l

/* A free block, linked as the notes have it */
struct block {
	struct block *next;
	size_t size;
};

/* One that is recorded outside of the block */
struct record {
	char *address;
	size_t size;
};

static char *blocks;
static struct block *list;
static struct record *records;

/* Make the list of @nr blocks. Only the last one has more than 1 byte. */
static void make_list(long nr, bool random)
{
	struct block *block;
	long i;

	list = (struct block *)ring(blocks, nr * BLOCK, BLOCK, random);
	for (block = list, i = 0; i < nr; i++, block = block->next)
		block->size = 1 + (i == nr - 1);
}

/* Search the list for 2 bytes, until @n blocks have been looked at. */
static u64 search_list(long n)
{
	struct block *block = list;
	u64 start = now();

	while (n > 0) {
		for (; block->size < 2; block = block->next)
			n--;
		block = block->next;
		n--;
	}
	hide(block);
	return now() - start;
}

static u64 search_array(long n)
{
	struct record *record = records;
	u64 start = now();

	while (record->size < 2)
		record++;
	hide(record);
	if (record - records != n - 1)
		die("search_array");
	return now() - start;
}

static void make_array(void)
{
	long i;

	records = (struct record *)map(NR * sizeof(*records));
	for (i = 0; i < NR; i++)
		records[i].size = 1 + (i == NR - 1);
}

/* 134, 216: searching a linked free list uses caches badly. */
void facts_walks(void)
{
	blocks = map(NR * BLOCK);
	make_list(NR, false);
	fact("walk_address", least(search_list, NR), CLOCK_UNIT);
	make_list(NR, true);
	fact("walk_random", least(search_list, NR), CLOCK_UNIT);
	make_list(NR_NEAR, true);
	fact("walk_random_cached", least(search_list, 100 * NR_NEAR), CLOCK_UNIT);
	make_array();
	fact("walk_array", least(search_array, NR), CLOCK_UNIT);
}

static u64 reuse_last_freed(long n)
{
	struct block *block;
	u64 start = now();

	while (n--) {
		block = list;
		list = block->next;
		memset(block, 0, BLOCK);
		hide(block);
		block->next = list;
		list = block;
	}
	return now() - start;
}

static u64 reuse_first_freed(long n)
{
	struct block *block, *last = list;
	u64 start;

	while (last->next)
		last = last->next;
	start = now();
	while (n--) {
		block = list;
		list = block->next;
		memset(block, 0, BLOCK);
		hide(block);
		last->next = block;
		last = block;
	}
	return now() - start;
}

/* Open the ring, so that the list ends. */
static void make_open_list(long nr)
{
	struct block *last;
	long i;

	make_list(nr, true);
	for (last = list, i = 1; i < nr; i++)
		last = last->next;
	last->next = NULL;
}

/*
 * 52, 133, 218: the block that was freed last is likely to be in a cache. Blocks are allocated,
 * written and freed, from either end of the same list.
 */
void facts_reuse(void)
{
	blocks = map(NR * BLOCK);
	make_open_list(NR);
	fact("reuse_lifo", least(reuse_last_freed, NR / 2), CLOCK_UNIT);
	fact("reuse_fifo", least(reuse_first_freed, NR / 2), CLOCK_UNIT);
	make_open_list(NR_NEAR);
	fact("reuse_fifo_cached", least(reuse_first_freed, NR / 2), CLOCK_UNIT);
}
