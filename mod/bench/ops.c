// SPDX-License-Identifier: GPL-2.0
/*
 * ops.c - the allocators: SLUB, the kernel's page allocator, slabmod, and `nothing`, which
 * measures the overhead of the harness.
 *
 * Each function contains only what would be inlined in a caller.
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/slab.h>

#include <slabmod/slabmod.h>

#include "../compat.h"
#include "bench.h"

/* Do not invoke the OOM killer: a case may need more memory than there is. */
#define SLEEPING	(GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN)

/* Where an allocator leaves its per-CPU path. None of a list calls another of it. */
const char *const bench_slub_slow[] = {
	"___slab_alloc", "__slab_free",
	"__pcs_replace_empty_main", "__pcs_replace_full_main",	/* since 6.18 */
	NULL
};

/* The buddy's functions for large blocks are often inlined, and then not counted. */
static const char *const kernel_pages_slow[] = {
	"rmqueue_bulk", "free_pcppages_bulk",
	"rmqueue_buddy", "__free_pages_ok", "__alloc_pages_slowpath",
	NULL
};

const char *const bench_slabmod_slow[] = {
	"home_alloc", "home_alloc_on_node", "home_alloc_from_new_slab", "home_free",
	"block_alloc", "block_free",
	NULL
};

/* The alignment requested from both: at most a cache line. */
static size_t alignment(size_t size)
{
	return min_t(size_t, size & -size, SMP_CACHE_BYTES);
}

/* ---- typed caches ---- */

static int slub_open(struct bench *b)
{
	b->slub = kmem_cache_create_unmerged("slabmod_bench", b->size, alignment(b->size));
	return b->slub ? 0 : -ENOMEM;
}

static void slub_close(struct bench *b)
{
	kmem_cache_destroy(b->slub);
}

static noinline void *slub_alloc(struct bench *b)
{
	return kmem_cache_alloc(b->slub, GFP_ATOMIC);
}

static noinline void *slub_alloc_sleeping(struct bench *b)
{
	return kmem_cache_alloc(b->slub, SLEEPING);
}

static noinline void slub_free(struct bench *b, void *p)
{
	kmem_cache_free(b->slub, p);
}

static noinline bool slub_alloc_bulk(struct bench *b, size_t nr, void **p)
{
	return kmem_cache_alloc_bulk(b->slub, GFP_ATOMIC, nr, p);
}

static noinline void slub_free_bulk(struct bench *b, size_t nr, void **p)
{
	kmem_cache_free_bulk(b->slub, nr, p);
}

static noinline void slub_shrink(struct bench *b)
{
	kmem_cache_shrink(b->slub);
}

static int slabmod_open(struct bench *b)
{
	b->slabmod = slabmod_cache_create("bench", b->size, alignment(b->size), 0, NULL);
	return b->slabmod ? 0 : -ENOMEM;
}

static void slabmod_close(struct bench *b)
{
	slabmod_cache_destroy(b->slabmod);
}

static noinline void *our_alloc(struct bench *b)
{
	return slabmod_cache_alloc(b->slabmod, GFP_ATOMIC);
}

static noinline void *our_alloc_sleeping(struct bench *b)
{
	return slabmod_cache_alloc(b->slabmod, SLEEPING);
}

static noinline void our_free(struct bench *b, void *p)
{
	slabmod_cache_free(b->slabmod, p);
}

static noinline bool our_alloc_bulk(struct bench *b, size_t nr, void **p)
{
	return slabmod_cache_alloc_bulk(b->slabmod, GFP_ATOMIC, nr, p);
}

static noinline void our_free_bulk(struct bench *b, size_t nr, void **p)
{
	slabmod_cache_free_bulk(b->slabmod, nr, p);
}

static noinline void our_shrink(struct bench *b)
{
	slabmod_cache_shrink(b->slabmod);
}

static const struct bench_ops slub_typed = {
	.allocator = "slub",
	.slow = bench_slub_slow,
	.open = slub_open,
	.close = slub_close,
	.alloc = slub_alloc,
	.alloc_sleeping = slub_alloc_sleeping,
	.free = slub_free,
	.alloc_bulk = slub_alloc_bulk,
	.free_bulk = slub_free_bulk,
	.shrink = slub_shrink,
};

static const struct bench_ops slabmod_typed = {
	.allocator = "slabmod",
	.slow = bench_slabmod_slow,
	.open = slabmod_open,
	.close = slabmod_close,
	.alloc = our_alloc,
	.alloc_sleeping = our_alloc_sleeping,
	.free = our_free,
	.alloc_bulk = our_alloc_bulk,
	.free_bulk = our_free_bulk,
	.shrink = our_shrink,
};

/* ---- memory by size ---- */

static noinline void *slub_kmalloc(struct bench *b)
{
	return kmalloc(b->size, GFP_ATOMIC);
}

static noinline void *slub_kmalloc_size(struct bench *b, size_t size)
{
	return kmalloc(size, GFP_ATOMIC);
}

static noinline void *slub_kmalloc_size_sleeping(struct bench *b, size_t size)
{
	return kmalloc(size, SLEEPING);
}

static noinline void slub_kfree(struct bench *b, void *p)
{
	kfree(p);
}

static noinline void *our_kmalloc(struct bench *b)
{
	return slabmod_kmalloc(b->size, GFP_ATOMIC);
}

static noinline void *our_kmalloc_size(struct bench *b, size_t size)
{
	return slabmod_kmalloc(size, GFP_ATOMIC);
}

static noinline void *our_kmalloc_size_sleeping(struct bench *b, size_t size)
{
	return slabmod_kmalloc(size, SLEEPING);
}

static noinline void our_kfree(struct bench *b, void *p)
{
	slabmod_kfree(p);
}

static const struct bench_ops slub_sized = {
	.allocator = "slub",
	.slow = bench_slub_slow,
	.alloc = slub_kmalloc,
	.free = slub_kfree,
	.alloc_size = slub_kmalloc_size,
	.alloc_size_sleeping = slub_kmalloc_size_sleeping,
};

static const struct bench_ops slabmod_sized = {
	.allocator = "slabmod",
	.slow = bench_slabmod_slow,
	.alloc = our_kmalloc,
	.free = our_kfree,
	.alloc_size = our_kmalloc_size,
	.alloc_size_sleeping = our_kmalloc_size_sleeping,
};

/* ---- pages ---- */

static noinline void *kernel_pages(struct bench *b)
{
	return (void *)__get_free_pages(GFP_ATOMIC, b->page_order);
}

static noinline void kernel_pages_free(struct bench *b, void *p)
{
	free_pages((unsigned long)p, b->page_order);
}

static noinline void *our_pages(struct bench *b)
{
	return (void *)slabmod_get_free_pages(GFP_ATOMIC, b->page_order);
}

static noinline void our_pages_free(struct bench *b, void *p)
{
	slabmod_free_pages((unsigned long)p, b->page_order);
}

static noinline void *kernel_pages_thisnode(struct bench *b)
{
	struct page *page = alloc_pages_node(numa_mem_id(), GFP_ATOMIC | __GFP_THISNODE,
					     b->page_order);

	return page ? page_address(page) : NULL;
}

static noinline void *our_pages_thisnode(struct bench *b)
{
	struct page *page = slabmod_alloc_pages_node(numa_mem_id(), GFP_ATOMIC | __GFP_THISNODE,
						     b->page_order);

	return page ? page_address(page) : NULL;
}

static noinline void *kernel_pages_exact(struct bench *b)
{
	return alloc_pages_exact(b->size, GFP_ATOMIC);
}

static noinline void kernel_pages_exact_free(struct bench *b, void *p)
{
	free_pages_exact(p, b->size);
}

static noinline void *our_pages_exact(struct bench *b)
{
	return slabmod_alloc_pages_exact(b->size, GFP_ATOMIC);
}

static noinline void our_pages_exact_free(struct bench *b, void *p)
{
	slabmod_free_pages_exact(p, b->size);
}

#define PAGES_OPS(side, title, slow_paths)					\
static const struct bench_ops side##_pages_ops = {				\
	.allocator = title,							\
	.slow = slow_paths,							\
	.alloc = side##_pages,							\
	.free = side##_pages_free,						\
};										\
										\
static const struct bench_ops side##_pages_thisnode_ops = {			\
	.allocator = title,							\
	.slow = slow_paths,							\
	.alloc = side##_pages_thisnode,						\
	.free = side##_pages_free,						\
};										\
										\
static const struct bench_ops side##_pages_exact_ops = {			\
	.allocator = title,							\
	.slow = slow_paths,							\
	.alloc = side##_pages_exact,						\
	.free = side##_pages_exact_free,					\
}

PAGES_OPS(kernel, "kernel-pages", kernel_pages_slow);
PAGES_OPS(our, "slabmod-pages", bench_slabmod_slow);

/* ---- nothing ---- */

static unsigned long buffer[64 / sizeof(long)] __aligned(64);
static DEFINE_PER_CPU_ALIGNED(unsigned long [64 / sizeof(long)], buffers);

static noinline void *no_alloc(struct bench *b)
{
	return buffer;
}

static noinline void *no_alloc_size(struct bench *b, size_t size)
{
	return buffer;
}

static noinline void *no_alloc_percpu(struct bench *b)
{
	return raw_cpu_ptr(buffers);
}

static noinline void *no_alloc_size_percpu(struct bench *b, size_t size)
{
	return raw_cpu_ptr(buffers);
}

/*
 * For cases that pass objects to another CPU, which reads them: a line per object, so that the
 * overhead includes the transfer of a line. There are more lines than objects under way.
 */
#define LINES	4096u

struct lines {
	unsigned int next;
	unsigned long line[LINES][64 / sizeof(long)] __aligned(64);
} __aligned(64);

static int lines_open(struct bench *b)
{
	b->lines = kvcalloc(nr_cpu_ids, sizeof(struct lines), GFP_KERNEL);
	return b->lines ? 0 : -ENOMEM;
}

static void lines_close(struct bench *b)
{
	kvfree(b->lines);
}

static noinline void *no_alloc_line(struct bench *b)
{
	struct lines *local = &b->lines[raw_smp_processor_id()];

	return local->line[local->next++ % LINES];
}

static noinline void no_free(struct bench *b, void *p)
{
	barrier();
}

/* bulk_prepare() has set all of @p to the buffer. */
static noinline bool no_alloc_bulk(struct bench *b, size_t nr, void **p)
{
	barrier();
	return true;
}

static noinline void no_free_bulk(struct bench *b, size_t nr, void **p)
{
	barrier();
}

static const struct bench_ops nothing = {
	.allocator = "nothing",
	.same = true,
	.alloc = no_alloc,
	.alloc_sleeping = no_alloc,
	.free = no_free,
	.alloc_bulk = no_alloc_bulk,
	.free_bulk = no_free_bulk,
	.alloc_size = no_alloc_size,
	.alloc_size_sleeping = no_alloc_size,
};

static const struct bench_ops nothing_percpu = {
	.allocator = "nothing",
	.same = true,
	.alloc = no_alloc_percpu,
	.alloc_sleeping = no_alloc_percpu,
	.free = no_free,
	.alloc_size = no_alloc_size_percpu,
};

static const struct bench_ops nothing_lines = {
	.allocator = "nothing",
	.open = lines_open,
	.close = lines_close,
	.alloc = no_alloc_line,
	.alloc_sleeping = no_alloc_line,
	.free = no_free,
};

/* ---- kinds ---- */

const struct bench_kind bench_typed = { &slub_typed, &slabmod_typed, &nothing };
const struct bench_kind bench_typed_threads = { &slub_typed, &slabmod_typed, &nothing_percpu };
const struct bench_kind bench_typed_sent = { &slub_typed, &slabmod_typed, &nothing_lines };
const struct bench_kind bench_kmalloc = { &slub_sized, &slabmod_sized, &nothing };
const struct bench_kind bench_kmalloc_threads = { &slub_sized, &slabmod_sized, &nothing_percpu };
const struct bench_kind bench_pages = { &kernel_pages_ops, &our_pages_ops, &nothing };
const struct bench_kind bench_pages_threads = {
	&kernel_pages_ops, &our_pages_ops, &nothing_percpu
};

const struct bench_kind bench_pages_thisnode = {
	&kernel_pages_thisnode_ops, &our_pages_thisnode_ops, &nothing
};

const struct bench_kind bench_pages_exact = {
	&kernel_pages_exact_ops, &our_pages_exact_ops, &nothing
};

/* bench_kmalloc for a constant size. */
#define KMALLOC_CONST(bytes)							\
static noinline void *slub_kmalloc_##bytes(struct bench *b)			\
{										\
	return kmalloc(bytes, GFP_ATOMIC);					\
}										\
										\
static noinline void *our_kmalloc_##bytes(struct bench *b)			\
{										\
	return slabmod_kmalloc(bytes, GFP_ATOMIC);				\
}										\
										\
static const struct bench_ops slub_const_##bytes = {				\
	.allocator = "slub",							\
	.slow = bench_slub_slow,							\
	.alloc = slub_kmalloc_##bytes,						\
	.free = slub_kfree,							\
};										\
										\
static const struct bench_ops slabmod_const_##bytes = {				\
	.allocator = "slabmod",							\
	.slow = bench_slabmod_slow,							\
	.alloc = our_kmalloc_##bytes,						\
	.free = our_kfree,							\
};										\
										\
const struct bench_kind bench_kmalloc_##bytes = {				\
	&slub_const_##bytes, &slabmod_const_##bytes, &nothing			\
}

KMALLOC_CONST(16);
KMALLOC_CONST(64);
KMALLOC_CONST(256);
KMALLOC_CONST(1024);
KMALLOC_CONST(4096);
KMALLOC_CONST(16384);
