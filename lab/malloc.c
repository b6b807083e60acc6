// SPDX-License-Identifier: GPL-2.0
/*
 * malloc.c - a strategy of the lab as the malloc() of a program: LD_PRELOAD=lab-NAME.so program.
 *
 * malloc(), free() and their relatives, for the one strategy that is linked with this file.
 * Aligned requests, and those that a strategy of one size refuses, get pages of their own. A
 * strategy for one caller at a time has a lock around it, which is taken from the first
 * pthread_create() on.
 *
 * $LAB_STATS=1 prints a line at the end: the most bytes that were taken from the arena, in use at
 * the end, and the calls that took pages and gave them back.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/single_threaded.h>
#include <unistd.h>

#include "../mod/lab/lab.h"
#include "world.h"

/* Addresses, of which only those that are used cost memory. */
#define ARENA	(16ul << 30)

static struct lab lab;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool ready;
static bool one_at_a_time;

static void fork_begin(void)
{
	pthread_mutex_lock(&lock);
}

static void fork_end(void)
{
	pthread_mutex_unlock(&lock);
}

static void begin(void)
{
	static const char text[] = "lab: no memory for the arena\n";

	pthread_mutex_lock(&lock);
	if (!ready) {
		lab_world_configure();
		if (lab_init(&lab, lab_strategies[0], ARENA)) {
			if (write(2, text, sizeof(text) - 1))
				_exit(1);
		}
		one_at_a_time = lab.strategy->lacks & LAB_NO_THREADS;
		lab_store(&ready, true);
	}
	pthread_mutex_unlock(&lock);
}

static inline bool enter(void)
{
	if (unlikely(!lab_load(&ready)))
		begin();
	if (!one_at_a_time || __libc_single_threaded)
		return false;
	pthread_mutex_lock(&lock);
	return true;
}

static inline void leave(bool locked)
{
	if (locked)
		pthread_mutex_unlock(&lock);
}

static void *allocate(size_t size, size_t align)
{
	bool locked = enter();
	void *p = NULL;

	if (align <= LAB_ALIGN)
		p = lab_alloc(&lab, size);
	if (!p && (align > LAB_ALIGN || lab.strategy->lacks & LAB_ONE_SIZE))
		p = lab_large_alloc(&lab, size, max(align, PAGE_SIZE));
	leave(locked);
	if (!p)
		errno = ENOMEM;
	return p;
}

/* The bytes of a block; see LAB_NO_SIZE. */
static size_t size_of(void *p)
{
	return lab_is_large(&lab, p) ? lab_large_size(&lab, p) : lab_size(&lab, p);
}

void *malloc(size_t size)
{
	return allocate(size, 0);
}

void free(void *p)
{
	int error = errno;
	bool locked;

	if (!p)
		return;
	locked = enter();
	if (lab_is_large(&lab, p))
		lab_large_free(&lab, p);
	else
		lab_free(&lab, p);
	leave(locked);
	errno = error;
}

void *calloc(size_t n, size_t size)
{
	size_t bytes;
	void *p;

	if (__builtin_mul_overflow(n, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	p = allocate(bytes, 0);
	if (p)
		memset(p, 0, bytes);
	return p;
}

void *realloc(void *p, size_t size)
{
	size_t old;
	void *new;

	if (!p)
		return malloc(size);
	if (!size) {
		free(p);
		return NULL;
	}
	old = size_of(p);
	/* In place, unless most of it would be unused. */
	if (size <= old && (size >= old / 2 || old <= 64) &&
	    (lab_is_large(&lab, p) || !(lab.strategy->lacks & LAB_NO_SIZE)))
		return p;
	new = allocate(size, 0);
	if (!new)
		return NULL;
	memcpy(new, p, min(old, size));
	free(p);
	return new;
}

void *reallocarray(void *p, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(p, bytes);
}

static bool is_alignment(size_t align)
{
	return align && !(align & (align - 1));
}

void *memalign(size_t align, size_t size)
{
	if (!is_alignment(align)) {
		errno = EINVAL;
		return NULL;
	}
	return allocate(size, align);
}

void *aligned_alloc(size_t align, size_t size)
{
	return memalign(align, size);
}

int posix_memalign(void **where, size_t align, size_t size)
{
	int error = errno;
	void *p;

	if (!is_alignment(align) || align % sizeof(void *))
		return EINVAL;
	p = allocate(size, align);
	errno = error;
	if (!p)
		return ENOMEM;
	*where = p;
	return 0;
}

void *valloc(size_t size)
{
	return allocate(size, PAGE_SIZE);
}

void *pvalloc(size_t size)
{
	return size > SIZE_MAX - PAGE_SIZE ? NULL : allocate(ALIGN(size, PAGE_SIZE), PAGE_SIZE);
}

size_t malloc_usable_size(void *p)
{
	if (!p)
		return 0;
	return lab_is_large(&lab, p) || !(lab.strategy->lacks & LAB_NO_SIZE) ? size_of(p) : 0;
}

/* ---- the process ---- */

__attribute__((constructor)) static void start(void)
{
	enter();
	pthread_atfork(fork_begin, fork_end, fork_end);
}

__attribute__((destructor)) static void report(void)
{
	const char *stats = getenv("LAB_STATS");
	char text[200];
	int n;

	if (!stats || strcmp(stats, "1"))
		return;
	n = snprintf(text, sizeof(text), "lab: %s peak %zu end %zu takes %lu gives %lu\n",
		     lab.strategy->name, lab.arena.peak << PAGE_SHIFT,
		     lab.arena.taken << PAGE_SHIFT, lab.arena.nr_takes, lab.arena.nr_gives);
	if (write(2, text, n) < 0)
		_exit(1);
}
