// SPDX-License-Identifier: GPL-2.0
/*
 * threads.c - cases for several CPUs.
 *
 *	remote		one CPU allocates objects, another frees them
 *	remote-both	both do, for each other
 *	batch-1000-both, threadtest, pages-batch-1000-both
 *			each CPU allocates a batch and frees it: from a cache, by size, pages
 *	pages-pair-both	the same with one page
 *	larson		each CPU has an array of objects of all sizes, frees a random one,
 *			allocates another, and passes the array on from time to time
 *	active-false	each CPU allocates an object, writes to it many times, frees it
 *	passive-false	the same, after freeing one of several adjacent objects that another CPU
 *			allocated
 *
 * threadtest and the last two are described by Berger and others, "Hoard: A Scalable
 * Memory Allocator for Multithreaded Applications", 2000; larson by Larson and
 * Krishnan, "Memory Allocation for Long-Running Server Applications", 1998.
 *
 * The first word of an object identifies its owner and is checked before the free. Waiting for
 * another CPU includes cond_resched() and bench_stopped(), so that a case ends on any machine.
 */
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/sort.h>

#include <slabmod/slabmod.h>

#include "bench.h"
#include "threads.h"

/*
 * Wait until another CPU's counter reaches @goal. The time is subtracted: it depends on the other
 * CPU, or on when a guest's CPU is scheduled, and not on the cost of this CPU's calls.
 */
static int wait_for(struct bench *b, unsigned int worker, const unsigned int *counter,
		    unsigned int goal)
{
	u64 since = bench_clock();

	/* Pairs with the release of the CPU that counts. */
	while ((int)(smp_load_acquire(counter) - goal) < 0) {
		if (bench_stopped(b))
			return -EINTR;
		cpu_relax();
		cond_resched();
	}
	b->workers[worker].start += bench_clock() - since;
	return 0;
}

/* The mark of object @n of @owner. */
static unsigned long mark_of(unsigned int owner, unsigned long n)
{
	return (unsigned long)(owner + 1) << 32 | (u32)n;
}

static int check_and_free(struct bench *b, void *p, unsigned long mark)
{
	if (unlikely(!bench_intact(b, p, mark))) {
		pr_err("slabmod_bench: %s: %s: an object was overwritten: %lx, not %lx\n",
		       b->c->name, b->ops->allocator, *(unsigned long *)p, mark);
		return -EIO;
	}
	b->ops->free(b, p);
	return 0;
}

/* Free the objects that are left after a failure. */
static void free_rest(struct bench *b, void **objects, unsigned long nr)
{
	unsigned long i;

	for (i = 0; i < nr; i++) {
		if (objects[i])
			b->ops->free(b, objects[i]);
		objects[i] = NULL;
	}
}

static int objects_prepare(struct bench *b, unsigned long nr)
{
	b->objects = kvcalloc(nr, sizeof(*b->objects), GFP_KERNEL);
	return b->objects ? 0 : -ENOMEM;
}

/* ---- remote: objects go through a ring ---- */

/*
 * A message to another CPU costs some hundred cycles, so it is sent for 64 objects at a time. The
 * ring is long because the host of a guest may run its CPUs in turns.
 */
#define PORTION		64u
#define RING		2048u

struct ring {
	unsigned int head ____cacheline_aligned;	/* written by the sender */
	unsigned int tail ____cacheline_aligned;	/* written by the receiver */
	void *objects[RING] ____cacheline_aligned;
};

static int remote_prepare(struct bench *b)
{
	b->priv = kvcalloc(2, sizeof(struct ring), GFP_KERNEL);
	return b->priv ? 0 : -ENOMEM;
}

static void remote_cleanup(struct bench *b)
{
	struct ring *rings = b->priv, *r;

	for (r = rings; r && r < rings + 2; r++)
		for (; r->tail != r->head; r->tail++)
			b->ops->free(b, r->objects[r->tail % RING]);
	kvfree(rings);
}

/* The mark of an entry of a ring. */
static unsigned long ring_mark(const struct ring *r, unsigned int i)
{
	return (unsigned long)&r->objects[i % RING];
}

/* Send a portion if there is room: return 1, 0 or a negative errno. */
static int send(struct bench *b, struct ring *r)
{
	unsigned int head = r->head, i;
	void *p;

	/* Pairs with the release in receive(): the entries have been read. */
	if (head - smp_load_acquire(&r->tail) > RING - PORTION)
		return 0;
	for (i = head; i < head + PORTION; i++) {
		p = b->ops->alloc(b);
		if (unlikely(!p))
			break;
		r->objects[i % RING] = p;
		bench_mark(p, ring_mark(r, i));
	}
	/* Pairs with the acquire in receive(): publish the entries and objects. */
	smp_store_release(&r->head, i);
	return i - head == PORTION ? 1 : -ENOMEM;
}

/* Free a portion if there is one. */
static int receive(struct bench *b, struct ring *r)
{
	unsigned int tail = r->tail, i;
	int err = 0;

	/* Pairs with the release in send(). */
	if (smp_load_acquire(&r->head) - tail < PORTION)
		return 0;
	for (i = tail; i < tail + PORTION && !err; i++)
		err = check_and_free(b, r->objects[i % RING], ring_mark(r, i));
	/* Pairs with the acquire in send(). */
	smp_store_release(&r->tail, i);
	return err ?: 1;
}

/* Each object sent or received is half an op. */
static long exchange(struct bench *b, unsigned int worker, struct ring *to, unsigned int to_send,
		     struct ring *from, unsigned int to_receive)
{
	unsigned int portions = to_send + to_receive;
	int sent, received;

	while (to_send || to_receive) {
		sent = to_send ? send(b, to) : 0;
		received = to_receive ? receive(b, from) : 0;
		if (sent < 0 || received < 0)
			return min(sent, received);
		to_send -= sent;
		to_receive -= received;
		cond_resched();
		/* The other CPU does not wait for room while it can receive. */
		if (sent || received)
			continue;
		if (to_receive ? wait_for(b, worker, &from->head, from->tail + PORTION) :
				 wait_for(b, worker, &to->tail, to->head + PORTION - RING))
			return -EINTR;
	}
	return (long)portions * PORTION / 2;
}

static long remote_work(struct bench *b, unsigned int worker)
{
	struct ring *ring = b->priv;

	if (worker == 0)
		return exchange(b, worker, ring, b->rounds, NULL, 0);
	return exchange(b, worker, NULL, 0, ring, b->rounds);
}

static long remote_both_work(struct bench *b, unsigned int worker)
{
	struct ring *rings = b->priv;

	return exchange(b, worker, &rings[worker], b->rounds, &rings[!worker], b->rounds);
}

/* ---- batches: each CPU has b->c->count objects of its own ---- */

/* The entries of a CPU; they share no cache line with those of another. */
static unsigned long entries(const struct bench *b)
{
	return ALIGN(b->c->count, SMP_CACHE_BYTES / sizeof(void *));
}

static int batches_prepare(struct bench *b)
{
	return objects_prepare(b, b->cpus * entries(b));
}

static void batches_cleanup(struct bench *b)
{
	if (b->objects)
		free_rest(b, b->objects, b->cpus * entries(b));
	kvfree(b->objects);
}

static int batch(struct bench *b, unsigned int worker)
{
	unsigned long n = b->c->count, i;
	void **objects = b->objects + worker * entries(b);
	void *p;
	int err;

	for (i = 0; i < n; i++) {
		p = b->ops->alloc(b);
		if (unlikely(!p))
			return -ENOMEM;
		bench_mark(p, mark_of(worker, i));
		objects[i] = p;
	}
	for (i = 0; i < n; i++) {
		p = objects[i];
		objects[i] = NULL;
		err = check_and_free(b, p, mark_of(worker, i));
		if (unlikely(err))
			return err;
	}
	return 0;
}

static long batches_work(struct bench *b, unsigned int worker)
{
	unsigned int round;
	int err;

	for (round = 0; round < b->rounds; round++) {
		if (bench_stopped(b))
			return -EINTR;
		err = batch(b, worker);
		if (err)
			return err;
		cond_resched();
	}
	return b->rounds * b->c->count;
}

/* ---- larson ---- */

/*
 * Sizes requested by a running kernel: the 64 quantiles of all allocations in
 * mod/bench/sample.trace, printed by scripts/record-trace --show.
 */
static const u16 sizes[64] = {
	8, 8, 8, 14, 20, 24, 24, 32, 32, 32, 32, 32, 32, 32, 32, 35,
	56, 56, 64, 64, 64, 72, 80, 80, 88, 96, 104, 128, 128, 128, 128, 128,
	128, 128, 152, 152, 192, 192, 192, 192, 192, 192, 192, 192, 192, 256, 256, 256,
	576, 632, 632, 632, 632, 632, 632, 704, 776, 2080, 4096, 4096, 4096, 4096, 4096, 4096,
};

#define OPS_PER_TURN	5000u

/* Turns completed by a CPU. */
struct turns {
	unsigned int done;
} ____cacheline_aligned;

static int larson_prepare(struct bench *b)
{
	b->priv = kcalloc(b->cpus, sizeof(struct turns), GFP_KERNEL);
	return b->priv ? batches_prepare(b) : -ENOMEM;
}

static void larson_cleanup(struct bench *b)
{
	batches_cleanup(b);
	kfree(b->priv);
}

/* Allocate memory of a random size for entry @i of array @owner. */
static __always_inline int larson_alloc(struct bench *b, unsigned int owner, unsigned int i,
					u32 random)
{
	void *p = b->ops->alloc_size(b, sizes[random % 64]);

	if (unlikely(!p))
		return -ENOMEM;
	bench_mark(p, mark_of(owner, i));
	b->objects[owner * entries(b) + i] = p;
	return 0;
}

static __always_inline int larson_free(struct bench *b, unsigned int owner, unsigned int i)
{
	void **object = &b->objects[owner * entries(b) + i];
	void *p = *object;

	*object = NULL;
	return check_and_free(b, p, mark_of(owner, i));
}

static int larson_turn(struct bench *b, unsigned int array, u32 *random)
{
	unsigned int n, i;
	u32 bits;
	int err;

	for (n = 0; n < OPS_PER_TURN; n++) {
		bits = bench_random(random);
		/* The upper bits choose the entry, the lower ones the size. */
		i = (u64)(bits >> 6) * b->c->count >> 26;
		err = larson_free(b, array, i) ?: larson_alloc(b, array, i, bits);
		if (unlikely(err))
			return err;
	}
	return 0;
}

/* Pass the array to the previous CPU and receive that of the next one. */
static int larson_pass(struct bench *b, unsigned int worker, unsigned int turn)
{
	struct turns *turns = b->priv;

	/* Pairs with the acquire in wait_for(). */
	smp_store_release(&turns[worker].done, turn);
	return wait_for(b, worker, &turns[(worker + 1) % b->cpus].done, turn);
}

static int larson_turns(struct bench *b, unsigned int worker, unsigned int *array, u32 *random)
{
	unsigned int turn;
	int err = 0;

	for (turn = 0; turn < b->rounds && !err; turn++) {
		err = larson_pass(b, worker, turn);
		if (err)
			break;
		*array = (worker + turn) % b->cpus;
		err = larson_turn(b, *array, random);
		cond_resched();
	}
	return err;
}

static long larson_work(struct bench *b, unsigned int worker)
{
	struct turns *turns = b->priv;
	unsigned int array = worker, i;
	u32 random = BENCH_SEED + worker;
	int err = 0;

	turns[worker].done = 0;
	for (i = 0; i < b->c->count && !err; i++)
		err = larson_alloc(b, worker, i, bench_random(&random));
	err = err ?: bench_line_up(b, worker);
	err = err ?: larson_turns(b, worker, &array, &random);
	bench_finish(b, worker);
	for (i = 0; i < b->c->count && !err; i++)
		err = larson_free(b, array, i);
	return err ?: (long)b->rounds * OPS_PER_TURN;
}

/* ---- false sharing ---- */

#define WRITES		50u

/* Objects among which neighbours are searched: over two slabs of 16-byte objects. */
#define NEIGHBOURS	512u

/* Objects cached in the last try would decide which CPUs share lines in this one. */
static int drop_cached_objects(struct bench *b)
{
	if (b->ops == b->c->kind->kernel)
		kmem_cache_shrink(b->slub);
	else if (b->ops == b->c->kind->slabmod)
		slabmod_cache_shrink(b->slabmod);
	return 0;
}

static long false_work(struct bench *b, unsigned int worker)
{
	unsigned long mark = mark_of(worker, 0);
	unsigned int round, i;
	unsigned long *p;

	for (round = 0; round < b->rounds; round++) {
		p = b->ops->alloc(b);
		if (unlikely(!p))
			return -ENOMEM;
		bench_mark(p, mark);
		for (i = 0; i < WRITES; i++)
			WRITE_ONCE(*p, READ_ONCE(*p) + 1);
		if (check_and_free(b, p, mark + WRITES))
			return -EIO;
		if (round % 64)
			continue;
		cond_resched();
		if (bench_stopped(b))
			return -EINTR;
	}
	return b->rounds;
}

static int passive_prepare(struct bench *b)
{
	return b->cpus > NEIGHBOURS ? -ENODEV : objects_prepare(b, NEIGHBOURS);
}

static int passive_before(struct bench *b)
{
	free_rest(b, b->objects, NEIGHBOURS);
	return drop_cached_objects(b);
}

static void passive_cleanup(struct bench *b)
{
	if (b->objects)
		free_rest(b, b->objects, NEIGHBOURS);
	kvfree(b->objects);
}

static int by_address(const void *a, const void *b)
{
	const void *x = *(void **)a, *y = *(void **)b;

	return x < y ? -1 : x > y;
}

/*
 * An allocator that fills slabs in random order does not return neighbours when few objects are
 * allocated, so allocate many. All but those passed on stay until the end.
 */
static int alloc_neighbours(struct bench *b)
{
	unsigned int i;

	for (i = 0; i < NEIGHBOURS; i++) {
		b->objects[i] = b->ops->alloc(b);
		if (!b->objects[i])
			return -ENOMEM;
	}
	sort(b->objects, NEIGHBOURS, sizeof(*b->objects), by_address, NULL);
	for (i = 0; i < b->cpus; i++)
		bench_mark(b->objects[i], mark_of(i, 0));
	return 0;
}

static long passive_work(struct bench *b, unsigned int worker)
{
	int err = worker ? 0 : alloc_neighbours(b);
	void *p;

	err = err ?: bench_line_up(b, worker);
	if (err)
		return err;
	p = b->objects[worker];
	b->objects[worker] = NULL;
	return check_and_free(b, p, mark_of(worker, 0)) ?: false_work(b, worker);
}

/* ---- the table ---- */

#define REMOTE(title, how)							\
	{ .name = title, .kind = &bench_typed_sent, .size = 64, .cpus = 2,	\
	  .rounds = 256, .prepare = remote_prepare, .work = how, .cleanup = remote_cleanup }

#define BATCHES(title, of, on, n, times)						\
	{ .name = title, .kind = of, .size = 64, .cpus = on, .count = n, .rounds = times, \
	  .prepare = batches_prepare, .work = batches_work, .cleanup = batches_cleanup }

#define ACTIVE(bytes)								\
	{ .name = "active-false-" #bytes, .kind = &bench_typed_threads, .size = bytes,	\
	  .cpus = 2, .rounds = 5000, .before = drop_cached_objects, .work = false_work }

#define PASSIVE(bytes)								\
	{ .name = "passive-false-" #bytes, .kind = &bench_typed_threads, .size = bytes,	\
	  .cpus = 2, .rounds = 5000, .prepare = passive_prepare,		\
	  .before = passive_before, .work = passive_work, .cleanup = passive_cleanup }

static const struct bench_case cases[] = {
	REMOTE("remote-64", remote_work),
	REMOTE("remote-both-64", remote_both_work),
	BATCHES("batch-1000-both-64", &bench_typed_threads, 2, 1000, 50),
	BATCHES("pages-pair-both-o0", &bench_pages_threads, 2, 1, 5000),
	BATCHES("pages-batch-1000-both-o0", &bench_pages_threads, 2, 1000, 20),
	{ .name = "larson", .kind = &bench_kmalloc_threads, .cpus = BENCH_ALL_CPUS,
	  .count = 1000, .rounds = 10, .prepare = larson_prepare, .work = larson_work,
	  .cleanup = larson_cleanup },
	BATCHES("threadtest", &bench_kmalloc_threads, BENCH_ALL_CPUS, 1000, 50),
	ACTIVE(16),
	ACTIVE(64),
	PASSIVE(16),
	PASSIVE(64),
};

const struct bench_group bench_thread_cases = { cases, ARRAY_SIZE(cases), bench_run };
