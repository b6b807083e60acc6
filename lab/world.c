// SPDX-License-Identifier: GPL-2.0
/*
 * world.c - the lab in a process: memory from mmap(), and a number for each thread.
 *
 * Environment of the libraries with malloc():
 *   LAB_GIVE=dontneed|free|keep   what happens to pages that come back to the arena (dontneed)
 *   LAB_HUGE=1                    ask for huge pages
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "../mod/lab/lab.h"
#include "world.h"

static int give = MADV_DONTNEED;
static bool huge;

void lab_world_configure(void)
{
	const char *word = getenv("LAB_GIVE");

	if (word && !strcmp(word, "keep"))
		give = MADV_NORMAL;
	else if (word && !strcmp(word, "free"))
		give = MADV_FREE;
	word = getenv("LAB_HUGE");
	huge = word && !strcmp(word, "1");
}

static void *map(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

void *lab_world_alloc(size_t size)
{
	return map(size);
}

void lab_world_free(void *p, size_t size)
{
	if (p)
		munmap(p, size);
}

void *lab_world_reserve(size_t size)
{
	void *p = map(size);

	if (p && huge)
		madvise(p, size, MADV_HUGEPAGE);
	return p;
}

void lab_world_release(void *p, size_t size)
{
	lab_world_free(p, size);
}

void lab_world_unused(void *p, size_t size)
{
	if (give != MADV_NORMAL)
		madvise(p, size, give);
}

u64 lab_clock(void)
{
#ifdef __x86_64__
	return __builtin_ia32_rdtsc();
#else
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
#endif
}

/* ---- threads ---- */

/* Numbers of threads that have ended are used again. A bit for each. */
static unsigned long numbers;
static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static __thread unsigned int number __attribute__((tls_model("initial-exec")));

static_assert(LAB_HEAPS == 64, "numbers of threads are the bits of a word");

static void end_thread(void *arg)
{
	__atomic_fetch_and(&numbers, ~BIT((size_t)arg - 1), __ATOMIC_SEQ_CST);
	number = 0;
}

static void make_key(void)
{
	pthread_key_create(&key, end_thread);
}

static unsigned int begin_thread(void)
{
	unsigned long old, bit;

	pthread_once(&once, make_key);
	do {
		old = lab_load(&numbers);
		if (!~old) {
			static const char text[] = "lab: more than 64 threads at once\n";

			if (write(2, text, sizeof(text) - 1))
				_exit(1);
		}
		bit = ~old & (old + 1);
	} while (!lab_cas(&numbers, old, old | bit));
	number = __ffs(bit) + 1;
	/* This may allocate, with the number set. */
	pthread_setspecific(key, (void *)(size_t)number);
	return number - 1;
}

unsigned int lab_enter(void)
{
	return likely(number) ? number - 1 : begin_thread();
}
