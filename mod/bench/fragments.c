// SPDX-License-Identifier: GPL-2.0
/*
 * fragments.c - large blocks that are left when most of the memory is free again:
 *
 *	frag-pages		single pages until nine tenths of a budget are in use; then all
 *				but a tenth of them, at random, are freed
 *	frag-pages-churned	the same, but before pages are freed, random ones are replaced
 *	frag-pages-settled	the same, but afterwards random ones of those left are replaced
 *	frag-slabs, frag-slabs-churned, frag-slabs-settled
 *				pages, and as many bytes by kmalloc() of mixed sizes
 *
 * Not timed. One task on one CPU runs the case with the kernel's allocators and, after all is
 * freed, with a pool of slabmod that is limited to the budget: the same requests in the same order.
 * The budget is a quarter of the machine's memory, at most 512 MiB.
 *
 * Lines of `results`, numbers of areas or blocks of 2 MiB:
 *
 *	whole_2m_blocks	blocks that the budget still has. The pool allocates them, up to its
 *			limit, which includes memory that it returned to the kernel. Of the kernel
 *			these are the areas of the budget, less areas_in_use.
 *	ideal_2m_blocks	the same if what is left had no gaps
 *	areas_in_use	naturally aligned areas of memory with something left in them
 */
#include <linux/bitmap.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/seq_buf.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include <slabmod/slabmod.h>

#include "bench.h"
#include "fragments.h"
#include "memory.h"

#define AREA		SZ_2M
#define AREA_ORDER	(ilog2(AREA) - PAGE_SHIFT)
#define MAX_BUDGET	SZ_512M

/* Requests do not invoke the OOM killer. */
#define SLEEPING	(GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN)

/* One in so many is left. */
#define LEFT		10
#define EXCHANGES	300000u
/* Of those in use, at most one in so many is replaced in one go. */
#define BURST	10u

/* Of the requests with slabs, one in so many is a page; that is half of the bytes. */
#define PAGES_AMONG_SLABS	5
#define MAX_SIZE	2048

/* bench_case.count: when to replace random pages */
enum { NO_CHURN, CHURN_FULL, CHURN_LEFT };

struct object {
	void *p;
	u32 size;
};

/* One allocator in one case. */
struct fragments {
	const struct bench_case *c;
	bool slabs;
	struct slabmod_pool *pool;	/* NULL: the kernel's allocators */
	size_t budget, in_use;		/* bytes; in_use as requested */
	u32 random;
	u32 nr, max;
	struct object *objects;
	unsigned long whole, ideal, areas;
};

/* ---- objects ---- */

static void *object_alloc(struct fragments *f, u32 size)
{
	if (size == PAGE_SIZE && f->pool)
		return (void *)slabmod_pool_get_free_pages(f->pool, SLEEPING, 0);
	if (size == PAGE_SIZE)
		return (void *)__get_free_page(SLEEPING);
	return f->pool ? slabmod_pool_kmalloc(f->pool, size, SLEEPING) : kmalloc(size, SLEEPING);
}

static void object_free(struct fragments *f, const struct object *o)
{
	if (o->size == PAGE_SIZE && f->pool)
		slabmod_free_page((unsigned long)o->p);
	else if (o->size == PAGE_SIZE)
		free_page((unsigned long)o->p);
	else if (f->pool)
		slabmod_kfree(o->p);
	else
		kfree(o->p);
}

static int pause(u32 n)
{
	if (n % 1024)
		return 0;
	cond_resched();
	return signal_pending(current) ? -EINTR : 0;
}

static int add(struct fragments *f)
{
	struct object *o = &f->objects[f->nr];
	u32 kind = bench_random(&f->random), size = bench_random(&f->random) % MAX_SIZE + 1;

	if (f->nr == f->max)
		return -ENOSPC;
	o->size = f->slabs && kind % PAGES_AMONG_SLABS ? size : PAGE_SIZE;
	o->p = object_alloc(f, o->size);
	if (!o->p)
		return -ENOMEM;
	f->in_use += o->size;
	f->nr++;
	return pause(f->nr);
}

/* The last one moves to the free place. */
static void remove_random(struct fragments *f)
{
	struct object *o = &f->objects[bench_random(&f->random) % f->nr];

	object_free(f, o);
	f->in_use -= o->size;
	*o = f->objects[--f->nr];
}

/* With slabs, some of the budget is left for their unused parts. */
static int fill(struct fragments *f)
{
	size_t goal = f->budget / 100 * (f->slabs ? 75 : 90);
	int err = 0;

	while (f->in_use < goal && !err)
		err = add(f);
	return err;
}

/*
 * Replace random objects, at a constant load. They come and go in bursts: if each were replaced at
 * once, an allocator that reuses what was freed last would change nothing.
 */
static int churn(struct fragments *f)
{
	u32 n, i, burst;
	int err = 0;

	for (n = 0; n < EXCHANGES && !err; n += burst) {
		burst = bench_random(&f->random) % (f->nr / BURST) + 1;
		for (i = 0; i < burst; i++)
			remove_random(f);
		for (i = 0; i < burst && !err; i++)
			err = add(f);
	}
	return err;
}

static int thin_out(struct fragments *f)
{
	u32 left = f->nr / LEFT;
	int err = 0;

	while (f->nr > left && !err) {
		remove_random(f);
		err = pause(f->nr);
	}
	return err;
}

static void free_all(struct fragments *f)
{
	while (f->nr) {
		object_free(f, &f->objects[--f->nr]);
		if (f->nr % 1024 == 0)
			cond_resched();
	}
}

/* ---- counting ---- */

static unsigned long area_of(const struct object *o)
{
	return __pa(o->p) / AREA;
}

/* Count the areas with an object; none crosses from one into another. */
static int count_areas(struct fragments *f)
{
	unsigned long *used, last = 0;
	u32 i;

	for (i = 0; i < f->nr; i++)
		last = max(last, area_of(&f->objects[i]));
	used = kvcalloc(BITS_TO_LONGS(last + 1), sizeof(long), GFP_KERNEL);
	if (!used)
		return -ENOMEM;
	for (i = 0; i < f->nr; i++)
		__set_bit(area_of(&f->objects[i]), used);
	f->areas = bitmap_weight(used, last + 1);
	kvfree(used);
	return 0;
}

/* The blocks are linked by their first words. */
static unsigned long count_blocks(struct fragments *f)
{
	unsigned long nr = 0;
	void **block, **list = NULL;

	slabmod_pool_shrink(f->pool);
	while ((block = (void **)slabmod_pool_get_free_pages(f->pool, SLEEPING, AREA_ORDER))) {
		*block = list;
		list = block;
		nr++;
	}
	while (list) {
		block = list;
		list = *block;
		slabmod_free_pages((unsigned long)block, AREA_ORDER);
	}
	return nr;
}

static int evaluate(struct fragments *f)
{
	unsigned long all = f->budget / AREA;
	int err = count_areas(f);

	f->ideal = (f->budget - f->in_use) / AREA;
	f->whole = f->pool ? count_blocks(f) : all - min(all, f->areas);
	return err;
}

/* ---- a run ---- */

static int use(struct fragments *f)
{
	int err = fill(f);

	if (!err && f->c->count == CHURN_FULL)
		err = churn(f);
	err = err ?: thin_out(f);
	if (!err && f->c->count == CHURN_LEFT)
		err = churn(f);
	return err ?: evaluate(f);
}

static size_t budget(void)
{
	size_t quarter = totalram_pages() / 4 * PAGE_SIZE;

	return rounddown(min_t(size_t, quarter, MAX_BUDGET), AREA);
}

static int use_budget(struct fragments *f)
{
	int err;

	f->budget = budget();
	f->random = BENCH_SEED;
	f->max = f->budget / (f->slabs ? MAX_SIZE / 2 : PAGE_SIZE);
	if (!bench_has_memory(f->budget))
		return -ENOMEM;
	f->objects = kvcalloc(f->max, sizeof(*f->objects), GFP_KERNEL);
	if (!f->objects)
		return -ENOMEM;
	err = use(f);
	free_all(f);
	kvfree(f->objects);
	return err;
}

static int use_pool(struct fragments *f)
{
	struct slabmod_pool_params params = SLABMOD_POOL_PARAMS_INIT;
	int err;

	params.limit_bytes = budget();
	f->pool = slabmod_pool_create("bench-fragments", &params);
	if (!f->pool)
		return -ENOMEM;
	err = use_budget(f);
	slabmod_pool_destroy(f->pool);
	return err;
}

static void print_metric(const struct fragments *f, const char *metric, unsigned long n,
			 struct seq_buf *results)
{
	seq_buf_printf(results, "%s,%s,1,%s,%lu,1\n", f->c->name,
		       f->pool ? "slabmod-pages" : "kernel-pages", metric, n);
}

static void print(const struct fragments *f, struct seq_buf *results)
{
	print_metric(f, "whole_2m_blocks", f->whole, results);
	print_metric(f, "ideal_2m_blocks", f->ideal, results);
	print_metric(f, "areas_in_use", f->areas, results);
}

static int run_both(const struct bench_case *c, struct seq_buf *texts)
{
	struct fragments kernel = { .c = c }, ours = { .c = c };
	int err;

	kernel.slabs = c->kind == &bench_kmalloc;
	ours.slabs = kernel.slabs;
	err = use_budget(&kernel) ?: use_pool(&ours);
	if (err)
		return err;
	print(&kernel, &texts[BENCH_RESULTS]);
	print(&ours, &texts[BENCH_RESULTS]);
	return 0;
}

static int fragments_run(const struct bench_case *c, const struct bench_setup *setup,
			 struct seq_buf *texts)
{
	return memory_on_one_cpu(c, texts, run_both);
}

#define CASE(title, of, when)							\
	{ .name = "frag-" title, .kind = of, .cpus = 1, .count = when }

static const struct bench_case cases[] = {
	CASE("pages", &bench_pages, NO_CHURN),
	CASE("pages-churned", &bench_pages, CHURN_FULL),
	CASE("pages-settled", &bench_pages, CHURN_LEFT),
	CASE("slabs", &bench_kmalloc, NO_CHURN),
	CASE("slabs-churned", &bench_kmalloc, CHURN_FULL),
	CASE("slabs-settled", &bench_kmalloc, CHURN_LEFT),
};

const struct bench_group bench_fragment_cases = { cases, ARRAY_SIZE(cases), fragments_run };
