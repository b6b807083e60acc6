// SPDX-License-Identifier: GPL-2.0
/*
 * region.c - many small pieces that are freed together: a region, kmalloc(), and page_frag_alloc().
 *
 * page_frag_alloc() is the nearest to a region that the kernel exports: it also moves a cursor in
 * a block of pages. Each fragment holds a reference to its page and is freed by itself. (gen_pool
 * searches a bitmap; mempool and objpool have objects of one size.)
 *
 * Cases region-alloc-* measure only the allocation, the others also what frees the pieces.
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include <slabmod/slabmod.h>

#include "../compat.h"
#include "bench.h"
#include "region.h"

#define PIECES	1000

/* What an allocator of a case needs beside its struct bench_ops. */
struct region_ops {
	struct bench_ops ops;
	void (*free_all)(struct bench *b);
};

static const struct region_ops *ops_of(const struct bench *b)
{
	return container_of(b->ops, struct region_ops, ops);
}

static void free_each(struct bench *b)
{
	unsigned long i;

	for (i = 0; i < b->c->count; i++)
		b->ops->free(b, b->objects[i]);
}

/* ---- a region ---- */

static int region_open(struct bench *b)
{
	b->priv = slabmod_region_create(0, 0, GFP_KERNEL);
	return b->priv ? 0 : -ENOMEM;
}

static void region_close(struct bench *b)
{
	slabmod_region_destroy(b->priv);
}

static noinline void *region_alloc(struct bench *b)
{
	return slabmod_region_alloc(b->priv, 64, GFP_ATOMIC);
}

static noinline void *region_alloc_variable(struct bench *b)
{
	return slabmod_region_alloc(b->priv, b->size, GFP_ATOMIC);
}

static void region_reset(struct bench *b)
{
	slabmod_region_reset(b->priv);
}

static const char *const region_slow[] = { "slabmod_region_alloc_aligned", NULL };

#define REGION_OPS(name, fn)						\
static const struct region_ops name = {					\
	.ops.allocator = "slabmod",					\
	.ops.slow = region_slow,					\
	.ops.open = region_open,					\
	.ops.close = region_close,					\
	.ops.alloc = fn,						\
	.free_all = region_reset,					\
}

REGION_OPS(region_ops, region_alloc);
REGION_OPS(region_variable_ops, region_alloc_variable);

/* ---- kmalloc() ---- */

static noinline void *slub_alloc(struct bench *b)
{
	return kmalloc(64, GFP_ATOMIC);
}

static noinline void *slub_alloc_variable(struct bench *b)
{
	return kmalloc(b->size, GFP_ATOMIC);
}

static noinline void slub_free(struct bench *b, void *p)
{
	kfree(p);
}

static const char *const slub_slow[] = {
	"___slab_alloc", "__slab_free",
	"__pcs_replace_empty_main", "__pcs_replace_full_main",	/* since 6.18 */
	NULL
};

#define SLUB_OPS(name, fn)						\
static const struct region_ops name = {					\
	.ops.allocator = "slub",					\
	.ops.slow = slub_slow,						\
	.ops.alloc = fn,						\
	.ops.free = slub_free,						\
	.free_all = free_each,						\
}

SLUB_OPS(slub_ops, slub_alloc);
SLUB_OPS(slub_variable_ops, slub_alloc_variable);

/* ---- fragments of pages ---- */

static int frag_open(struct bench *b)
{
	struct page_frag_cache *cache = kzalloc(sizeof(*cache), GFP_KERNEL);

	b->priv = cache;
	return cache ? 0 : -ENOMEM;
}

static void frag_close(struct bench *b)
{
	struct page_frag_cache *cache = b->priv;

	page_frag_drain(cache);
	kfree(cache);
}

static noinline void *frag_alloc(struct bench *b)
{
	return page_frag_alloc(b->priv, 64, GFP_ATOMIC);
}

static noinline void frag_free(struct bench *b, void *p)
{
	page_frag_free(p);
}

static const char *const frag_slow[] = {
	"__alloc_pages",
	"__alloc_frozen_pages_noprof",		/* since 6.14 */
	NULL
};

static const struct region_ops frag_ops = {
	.ops.allocator = "page-frag",
	.ops.slow = frag_slow,
	.ops.open = frag_open,
	.ops.close = frag_close,
	.ops.alloc = frag_alloc,
	.ops.free = frag_free,
	.free_all = free_each,
};

/* ---- nothing ---- */

static unsigned long buffer[64 / sizeof(long)] __aligned(64);

static noinline void *no_alloc(struct bench *b)
{
	return buffer;
}

static void no_free(struct bench *b)
{
	barrier();
}

static const struct region_ops nothing_ops = {
	.ops.allocator = "nothing",
	.ops.same = true,
	.ops.alloc = no_alloc,
	.free_all = no_free,
};

/* ---- cases ---- */

static int prepare(struct bench *b)
{
	b->objects = kvcalloc(b->c->count, sizeof(*b->objects), GFP_KERNEL);
	return b->objects ? 0 : -ENOMEM;
}

static void cleanup(struct bench *b)
{
	kvfree(b->objects);
}

static int alloc_all(struct bench *b)
{
	unsigned long i;
	void *p;

	for (i = 0; i < b->c->count; i++) {
		p = b->ops->alloc(b);
		if (unlikely(!p))
			break;
		bench_mark(p, i);
		b->objects[i] = p;
	}
	if (likely(i == b->c->count))
		return 0;
	while (i-- && b->ops->free)
		b->ops->free(b, b->objects[i]);
	return -ENOMEM;
}

static long work(struct bench *b, unsigned int worker)
{
	unsigned int round;

	for (round = 0; round < b->rounds; round++) {
		if (alloc_all(b))
			return -ENOMEM;
		ops_of(b)->free_all(b);
	}
	return b->rounds * b->c->count;
}

static long work_alloc(struct bench *b, unsigned int worker)
{
	if (alloc_all(b))
		return -ENOMEM;
	bench_finish(b, worker);
	ops_of(b)->free_all(b);
	return b->c->count;
}

#define KIND(name, of_kernel, of_slabmod)				\
static const struct bench_kind name = {					\
	&(of_kernel).ops, &(of_slabmod).ops, &nothing_ops.ops		\
}

KIND(beside_slub, slub_ops, region_ops);
KIND(beside_slub_variable, slub_variable_ops, region_variable_ops);
KIND(beside_frag, frag_ops, region_ops);

#define CASE(what, of, how, times)					\
	{ .name = "region-" what, .kind = &(of), .size = 64, .cpus = 1,	\
	  .count = PIECES, .rounds = times, .step_rounds = 1,		\
	  .prepare = prepare, .work = how, .cleanup = cleanup }

static const struct bench_case cases[] = {
	CASE("alloc-const-64", beside_slub, work_alloc, 1),
	CASE("alloc-var-64", beside_slub_variable, work_alloc, 1),
	CASE("alloc-frag-64", beside_frag, work_alloc, 1),
	CASE("const-64", beside_slub, work, 10),
	CASE("frag-64", beside_frag, work, 10),
};

const struct bench_group bench_region_cases = { cases, ARRAY_SIZE(cases), bench_run };
