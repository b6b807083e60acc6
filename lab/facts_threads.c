// SPDX-License-Identifier: GPL-2.0
/*
 * facts_threads.c - what locks and shared cache lines cost several threads. See facts.c.
 *
 * Each thread is on one CPU, as long as there are as many. With more threads than CPUs (see the
 * fact "cpus") they take turns, so that the figure for 4 threads on 2 CPUs is twice that for 2
 * where nothing is shared: the figures without sharing are there to compare with.
 */
#define _GNU_SOURCE
#include "facts.h"

#define MOST		4

/* ---- locks and caches, one thread ---- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static void **chain;

static u64 lock_pairs(long n)
{
	u64 start = now();

	while (n--) {
		pthread_mutex_lock(&lock);
		pthread_mutex_unlock(&lock);
	}
	return now() - start;
}

static u64 exchanges(long n)
{
	static long word;
	u64 start = now();

	while (n--)
		__atomic_exchange_n(&word, n, __ATOMIC_SEQ_CST);
	return now() - start;
}

static u64 accesses(long n)
{
	return chase(chain, n);
}

/* Cycles of an access to one of @size bytes, in an order that a CPU cannot foresee. */
static double access_cost(size_t size)
{
	double cost;
	char *p;

	if (!size)
		return UNKNOWN;
	p = map(size);
	chain = ring(p, size, line_size(), true);
	cost = least(accesses, max_t(long, 100000, 2 * size / line_size()));
	unmap(p, size);
	return cost;
}

static void *wait_for_lock(void *arg)
{
	pthread_mutex_t *until = arg;

	pthread_mutex_lock(until);
	pthread_mutex_unlock(until);
	return NULL;
}

/*
 * 260: a lock costs about as much as an access to the second cache. The C library leaves out what
 * is expensive as long as there is one thread (lock_pair_alone), so there is one that waits.
 */
void facts_lock(void)
{
	size_t l1 = cache_size(1), l2 = cache_size(2), l3 = cache_size(3);
	pthread_mutex_t held = PTHREAD_MUTEX_INITIALIZER;
	pthread_t thread;

	fact("lock_pair_alone", least(lock_pairs, 100000), CLOCK_UNIT);
	pthread_mutex_lock(&held);
	if (pthread_create(&thread, NULL, wait_for_lock, &held))
		die("pthread_create");
	fact("lock_pair", least(lock_pairs, 100000), CLOCK_UNIT);
	fact("exchange", least(exchanges, 100000), CLOCK_UNIT);
	pthread_mutex_unlock(&held);
	pthread_join(thread, NULL);
	fact("access_l1", access_cost(l1 / 2), CLOCK_UNIT);
	fact("access_l2", access_cost(l1 && l2 >= 8 * l1 ? 4 * l1 : l2 / 2), CLOCK_UNIT);
	fact("access_l3", access_cost(l2 && l3 >= 8 * l2 ? 4 * l2 : l3 / 2), CLOCK_UNIT);
}

/* ---- another CPU ---- */

static char *warm;
static size_t warm_size;
static long warm_cpu;

/* Write lines on the first CPU, and follow them on @warm_cpu. */
static u64 follow_warm(long n)
{
	void **first;

	pin(0);
	first = ring(warm, warm_size, line_size(), true);
	chase(first, n);
	pin(warm_cpu);
	return chase(first, n);
}

/* 78, 135, 220, 221: what a CPU has in its cache, another CPU has not. */
void facts_migration(void)
{
	size_t l1 = cache_size(1);

	warm_size = l1 ? l1 / 2 : 16384;
	warm = map(warm_size);
	fact("warm_same_cpu", least(follow_warm, warm_size / line_size()), CLOCK_UNIT);
	warm_cpu = 1;
	fact("warm_other_cpu", nr_cpus() < 2 ? UNKNOWN :
	     least(follow_warm, warm_size / line_size()), CLOCK_UNIT);
}

/* ---- several threads ---- */

/* Of now(), and operations between two looks at it */
#define WINDOW		25000000
#define OPERATIONS	1000

struct member {
	pthread_t thread;
	long number;
	double cost;
};

static long nr_members;
static void (*member_run)(long number, long n);
static pthread_barrier_t barrier;

/* Operate as long as the other threads do. */
static void *member(void *arg)
{
	struct member *self = arg;
	u64 start, time;
	long n = 0;

	pin(self->number);
	pthread_barrier_wait(&barrier);
	start = now();
	do {
		member_run(self->number, OPERATIONS);
		n += OPERATIONS;
		time = now() - start;
	} while (time < WINDOW);
	self->cost = (double)time / n;
	return NULL;
}

/* Return the cycles of @n operations, as the threads see it on average. */
static u64 in_threads(long n)
{
	struct member members[MOST];
	double sum = 0;
	long i;

	pthread_barrier_init(&barrier, NULL, nr_members);
	for (i = 0; i < nr_members; i++) {
		members[i].number = i;
		if (pthread_create(&members[i].thread, NULL, member, &members[i]))
			die("pthread_create");
	}
	for (i = 0; i < nr_members; i++) {
		pthread_join(members[i].thread, NULL);
		sum += members[i].cost;
	}
	pthread_barrier_destroy(&barrier);
	return sum / nr_members * n;
}

/* Print what an operation costs a thread when 1, 2 and 4 do the same. */
static void compare(const char *name, void (*run)(long number, long n), double costs[])
{
	bool known;

	member_run = run;
	for (nr_members = 1; nr_members <= MOST; nr_members *= 2) {
		known = nr_members == 1 || nr_cpus() > 1;
		costs[nr_members] = known ? middle(in_threads, 1000) : UNKNOWN;
		fact_n(name, nr_members, costs[nr_members], CLOCK_UNIT);
	}
}

static char *words;
static size_t stride;

static void write_word(long number, long n)
{
	long *word = (long *)(words + number * stride);

	/* Atomic only in that it is no data race where the word is shared. */
	while (n--)
		__atomic_store_n(word, __atomic_load_n(word, __ATOMIC_RELAXED) + 1,
				 __ATOMIC_RELAXED);
}

static void add_word(long number, long n)
{
	long *word = (long *)(words + number * stride);

	while (n--)
		__atomic_fetch_add(word, 1, __ATOMIC_RELAXED);
}

static void share(const char *name, const char *how, size_t apart,
		  void (*run)(long number, long n), double costs[])
{
	char row[32];

	stride = apart;
	snprintf(row, sizeof(row), "%s_%s", name, how);
	compare(row, run, costs);
}

/* Print the costs when each thread has a line, all write to one line, and to one word. */
static void share_all(const char *name, void (*run)(long number, long n))
{
	double line[MOST + 1], other[MOST + 1];
	char row[32];
	long i;

	share(name, "none", line_size(), run, other);
	share(name, "line", sizeof(long), run, line);
	share(name, "word", 0, run, other);
	snprintf(row, sizeof(row), "%s_slowdown", name);
	for (i = 2; i <= MOST; i *= 2)
		fact_n(row, i, line[i] / line[1], "ratio");
}

/*
 * 127, 128, 131, 226, 227: threads that write to one line slow each other down. The slowdown is
 * that against one thread which does as much as each of them: it is more than linear if it is
 * more than the number of threads. A CPU can hide it from plain writes, by doing many of them
 * while it has the line, but not from atomic ones.
 */
void facts_sharing(void)
{
	words = map(page_size());
	share_all("plain", write_word);
	share_all("atomic", add_word);
}

struct counter {
	pthread_mutex_t lock;
	volatile long n;
	char apart[256];
};

static struct counter counters[MOST];
static bool one_lock;

static void count(long number, long n)
{
	struct counter *counter = &counters[one_lock ? 0 : number];

	while (n--) {
		pthread_mutex_lock(&counter->lock);
		counter->n++;
		pthread_mutex_unlock(&counter->lock);
	}
}

static void allocate(long number, long n)
{
	(void)number;
	malloc_pairs(n);
}

/*
 * 123, 124, 222, 223, 258, 281: time grows with the number of threads under one lock, and does not
 * where each has its own, as each has with the malloc() of the C library.
 */
void facts_contention(void)
{
	double costs[MOST + 1];
	int i;

	for (i = 0; i < MOST; i++)
		pthread_mutex_init(&counters[i].lock, NULL);
	compare("lock_own", count, costs);
	one_lock = true;
	compare("lock_one", count, costs);
	compare("malloc_threads", allocate, costs);
}
