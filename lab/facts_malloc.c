// SPDX-License-Identifier: GPL-2.0
/*
 * facts_malloc.c - what the malloc() and free() of the C library do. See facts.c.
 */
#define _GNU_SOURCE
#include <malloc.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "facts.h"

/* At least as large as what malloc() maps apart */
#define LARGE		(1ul << 20)
#define NR_LARGE	100
#define NR_SMALL	10000

/* ---- system calls ---- */

static void allocate_small(void)
{
	int i;

	for (i = 0; i < NR_SMALL; i++)
		hide(malloc(64));
}

static void allocate_large(void)
{
	int i;

	for (i = 0; i < NR_LARGE; i++)
		hide(malloc(LARGE));
}

/* Let a child go on to its next stop, and return what stopped it. */
static int next_stop(pid_t child)
{
	int status;

	if (ptrace(PTRACE_SYSCALL, child, 0, 0) || waitpid(child, &status, 0) < 0 ||
	    !WIFSTOPPED(status))
		return -1;
	return WSTOPSIG(status);
}

static bool takes_memory(pid_t child)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, child, sizeof(info), &info) < 0)
		die("PTRACE_GET_SYSCALL_INFO");
	return info.op == PTRACE_SYSCALL_INFO_ENTRY &&
	       (info.entry.nr == SYS_mmap || info.entry.nr == SYS_brk);
}

/* Return the calls of mmap() and brk() that a function makes, in a child which is traced. */
static double calls_of(void (*run)(void))
{
	pid_t child = fork();
	int status, stop;
	long n = 0;

	if (!child) {
		if (ptrace(PTRACE_TRACEME, 0, 0, 0))
			_exit(1);
		raise(SIGSTOP);
		run();
		raise(SIGSTOP);
		_exit(0);
	}
	if (waitpid(child, &status, 0) < 0 || !WIFSTOPPED(status) ||
	    ptrace(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL))
		return UNKNOWN;
	while ((stop = next_stop(child)) == (SIGTRAP | 0x80))
		n += takes_memory(child);
	ptrace(PTRACE_DETACH, child, 0, SIGKILL);
	waitpid(child, &status, 0);
	return stop == SIGSTOP ? n : UNKNOWN;
}

/* 138, 253: malloc() is a function of a library, which makes a system call now and then. */
void facts_calls(void)
{
	double small = calls_of(allocate_small), large = calls_of(allocate_large);

	fact("calls_small_mallocs", NR_SMALL, "count");
	fact("calls_small", small, "calls");
	fact("calls_large_mallocs", NR_LARGE, "count");
	fact("calls_large", large, "calls");
}

/* ---- memory that is not freed, and that is ---- */

static char *blocks[NR_SMALL];

static void allocate(size_t size)
{
	int i;

	for (i = 0; i < NR_SMALL; i++) {
		blocks[i] = hide(malloc(size));
		memset(blocks[i], 1, size);
	}
}

static void free_blocks(int nr)
{
	int i;

	for (i = 0; i < nr; i++)
		free(blocks[i]);
}

/* 254: what is not freed stays, and what is freed is used again. */
void facts_leak(void)
{
	size_t before;
	int i;

	allocate(1000);
	free_blocks(NR_SMALL);
	before = memory_used();
	for (i = 0; i < 10; i++) {
		allocate(1000);
		free_blocks(NR_SMALL);
	}
	fact("leak_asked", 10.0 * NR_SMALL * 1000, "bytes");
	fact("leak_freed_growth", (double)memory_used() - before, "bytes");
	before = memory_used();
	for (i = 0; i < 10; i++)
		allocate(1000);
	fact("leak_growth", (double)memory_used() - before, "bytes");
}

/* 231: free() keeps pages, unless the end of the heap is free. See madvise.c. */
void facts_give_back(void)
{
	size_t before = memory_used();

	allocate(1000);
	fact("give_back_used", (double)memory_used() - before, "bytes");
	free_blocks(NR_SMALL - 1);
	fact("give_back_but_last", (double)memory_used() - before, "bytes");
	free(blocks[NR_SMALL - 1]);
	fact("give_back_all", (double)memory_used() - before, "bytes");
	allocate(1000);
	free_blocks(NR_SMALL - 1);
	malloc_trim(0);
	fact("give_back_trimmed", (double)memory_used() - before, "bytes");
}

/* ---- double free ---- */

static int free_twice(void)
{
	char *p = hide(malloc(64)), *again = hide(p);

	free(p);
	free(again);
	return 0;
}

static int free_large_twice(void)
{
	char *p = hide(malloc(LARGE)), *again = hide(p);

	free(p);
	free(again);
	return 0;
}

/*
 * The list of free blocks gets a ring, so that two requests get one block. There is another free()
 * between, and the thread's own cache, which is searched, is full.
 */
static int free_hidden_twice(void)
{
	char *fill[64], *p = hide(malloc(64)), *q = hide(malloc(64)), *again = hide(p);
	int i, k;

	for (i = 0; i < (int)ARRAY_SIZE(fill); i++)
		fill[i] = hide(malloc(64));
	for (i = 0; i < (int)ARRAY_SIZE(fill); i++)
		free(fill[i]);
	free(p);
	free(q);
	free(again);
	for (i = 0; i < (int)ARRAY_SIZE(fill); i++)
		fill[i] = hide(malloc(64));
	for (i = 0; i < (int)ARRAY_SIZE(fill); i++)
		for (k = 0; k < i; k++)
			if (fill[i] == fill[k])
				return 1;
	return 0;
}

/* The second free() is of memory that has another owner, and a third owner gets it. */
static int free_of_another(void)
{
	char *p = hide(malloc(64)), *again = hide(p), *other, *third;

	free(p);
	other = hide(malloc(64));
	free(again);
	third = hide(malloc(64));
	return other == third;
}

static double signal_of(int (*run)(void))
{
	int result = in_child(run);

	return result < 0 ? -result : 0;
}

/* 1 if the child says yes, and 0 if it says no, or is stopped by a check */
static double flag_of(int (*run)(void))
{
	return in_child(run) == 1;
}

/* 255: a double free is a segmentation fault, or frees what has been assigned to others. */
void facts_double_free(void)
{
	fact("double_free", signal_of(free_twice), "signal");
	fact("double_free_large", signal_of(free_large_twice), "signal");
	fact("double_free_ring", flag_of(free_hidden_twice), "flag");
	fact("double_free_other", flag_of(free_of_another), "flag");
}

/* ---- alignment ---- */

/* Blocks of 1000 that are not at a multiple of @align. */
static long unaligned(size_t align, bool asked)
{
	size_t size = max(align, 64);
	long i, n = 0;
	void *p;

	for (i = 0; i < 1000; i++) {
		p = hide(asked ? memalign(align, size) : malloc(size));
		n += (uintptr_t)p % align != 0;
	}
	return n;
}

static int load_unaligned(void)
{
#ifdef __x86_64__
	char *p = memalign(16, 64);

	asm volatile("movaps %0, %%xmm0" : : "m" (*(p + 8)) : "xmm0");
#endif
	return 0;
}

/* 91, 192: memalign() is for cache lines and vectors. */
void facts_aligned(void)
{
	static const size_t aligns[] = { 16, 32, 64, 4096 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(aligns); i++) {
		fact_n("unaligned_malloc", aligns[i], unaligned(aligns[i], false), "of_1000");
		fact_n("unaligned_memalign", aligns[i], unaligned(aligns[i], true), "of_1000");
	}
#ifdef __x86_64__
	fact("unaligned_vector_load", signal_of(load_unaligned), "signal");
#else
	fact("unaligned_vector_load", UNKNOWN, "signal");
#endif
}

/* ---- the share of malloc() ---- */

static size_t pair_size = 64;

u64 malloc_pairs(long n)
{
	u64 start = now();

	while (n--)
		free(hide(malloc(pair_size)));
	return now() - start;
}

static char buffer[1 << 16];

static u64 writes(long n)
{
	u64 start = now();

	while (n--) {
		memset(buffer, n, pair_size);
		hide(buffer);
	}
	return now() - start;
}

/* 256: of the time of a small block, malloc() and free() are a larger share than of a large one. */
void facts_small_blocks(void)
{
	static const size_t sizes[] = { 16, 256, 4096, 65536 };
	double pair, write;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		pair_size = sizes[i];
		pair = least(malloc_pairs, 3000);
		write = least(writes, 3000);
		fact_n("block_pair", sizes[i], pair, CLOCK_UNIT);
		fact_n("block_write", sizes[i], write, CLOCK_UNIT);
		fact_n("block_share", sizes[i], 100 * pair / (pair + write), "percent");
	}
}
