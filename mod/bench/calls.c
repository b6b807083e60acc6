// SPDX-License-Identifier: GPL-2.0
/*
 * calls.c - cases for one CPU: calls beside kmalloc() and kfree().
 *
 *	pair-kzalloc-const-64	cleared memory of a constant size, and its free
 *	pair-kstrdup		a copy of a string of 37 characters, and its free
 *	pair-node-64		memory of the local node, and its free
 *	pair-thisnode-64	the same, from no other node
 *	ksize-64		the size of memory in use
 *	krealloc-16		memory that grows in steps of 16 bytes up to 4 KiB, then is freed
 *
 * Each function contains only what would be inlined in a caller.
 */
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/topology.h>

#include <slabmod/slabmod.h>

#include "bench.h"

#define SIZE	64
#define STEP	16
#define MOST	4096

static noinline void *nothing_alloc(struct bench *b)
{
	static unsigned long buffer[SIZE / sizeof(long)];

	return buffer;
}

static noinline void nothing_free(struct bench *b, void *p)
{
}

static const struct bench_ops nothing = {
	.allocator = "nothing",
	.same = true,
	.alloc = nothing_alloc,
	.free = nothing_free,
};

static const char string[] = "a name of a device, or of a text file";

/* Functions of one allocator. */
#define CALLS(side, zalloc, strdup, alloc, alloc_node, realloc, size_of, free)	\
static noinline void *side##_kzalloc(struct bench *b)				\
{										\
	return zalloc(SIZE, GFP_ATOMIC);					\
}										\
										\
static noinline void *side##_kstrdup(struct bench *b)				\
{										\
	const char *s = string;							\
										\
	/* The compiler must not know its length. */				\
	OPTIMIZER_HIDE_VAR(s);							\
	return strdup(s, GFP_ATOMIC);						\
}										\
										\
static noinline void *side##_node(struct bench *b)				\
{										\
	return alloc_node(b->size, GFP_ATOMIC, numa_mem_id());			\
}										\
										\
static noinline void *side##_thisnode(struct bench *b)				\
{										\
	return alloc_node(b->size, GFP_ATOMIC | __GFP_THISNODE, numa_mem_id());	\
}										\
										\
static noinline void side##_free(struct bench *b, void *p)			\
{										\
	free(p);								\
}										\
										\
static int side##_open(struct bench *b)						\
{										\
	b->priv = alloc(SIZE, GFP_KERNEL);					\
	return b->priv ? 0 : -ENOMEM;						\
}										\
										\
static void side##_close(struct bench *b)					\
{										\
	free(b->priv);								\
}										\
										\
static noinline void *side##_same(struct bench *b)				\
{										\
	return b->priv;								\
}										\
										\
static noinline void side##_ksize(struct bench *b, void *p)			\
{										\
	size_t size = size_of(p);						\
										\
	OPTIMIZER_HIDE_VAR(size);						\
}										\
										\
static noinline void *side##_krealloc(struct bench *b)				\
{										\
	void *p;								\
										\
	if (b->size == MOST) {							\
		free(b->priv);							\
		b->priv = NULL;							\
		b->size = 0;							\
	}									\
	b->size += STEP;							\
	p = realloc(b->priv, b->size, GFP_ATOMIC);				\
	b->priv = p ?: b->priv;							\
	return p;								\
}

CALLS(kernel, kzalloc, kstrdup, kmalloc, kmalloc_node, krealloc, ksize, kfree)
#define o(call)	slabmod_##call
CALLS(our, o(kzalloc), o(kstrdup), o(kmalloc), o(kmalloc_node), o(krealloc), o(ksize), o(kfree))

#define PAIR_KIND(call)								\
static const struct bench_ops kernel_##call##_ops = {				\
	.allocator = "slub", .alloc = kernel_##call, .free = kernel_free,	\
	.slow = bench_slub_slow,						\
};										\
static const struct bench_ops our_##call##_ops = {				\
	.allocator = "slabmod", .alloc = our_##call, .free = our_free,		\
	.slow = bench_slabmod_slow,						\
};										\
static const struct bench_kind call##_kind = {					\
	&kernel_##call##_ops, &our_##call##_ops, &nothing			\
}

PAIR_KIND(kzalloc);
PAIR_KIND(kstrdup);
PAIR_KIND(node);
PAIR_KIND(thisnode);

/* One object, in b->priv, all the time */
#define SAME_KIND(name, get, done_by_kernel, done_by_us)			\
static const struct bench_ops kernel_##name##_ops = {				\
	.allocator = "slub", .open = kernel_open, .close = kernel_close,	\
	.alloc = kernel_##get, .free = done_by_kernel, .same = true,		\
	.slow = bench_slub_slow,						\
};										\
static const struct bench_ops our_##name##_ops = {				\
	.allocator = "slabmod", .open = our_open, .close = our_close,		\
	.alloc = our_##get, .free = done_by_us, .same = true,			\
	.slow = bench_slabmod_slow,						\
};										\
static const struct bench_kind name##_kind = {					\
	&kernel_##name##_ops, &our_##name##_ops, &nothing			\
}

SAME_KIND(size, same, kernel_ksize, our_ksize);
SAME_KIND(realloc, krealloc, nothing_free, nothing_free);

#define CASE(title, of)								\
	{ .name = title, .kind = &of##_kind, .size = SIZE, .cpus = 1,		\
	  .rounds = 10 * MOST / STEP, .step_rounds = MOST / STEP,		\
	  .work = bench_pair_work }

static const struct bench_case cases[] = {
	CASE("pair-kzalloc-const-64", kzalloc),
	CASE("pair-kstrdup", kstrdup),
	CASE("pair-node-64", node),
	CASE("pair-thisnode-64", thisnode),
	CASE("ksize-64", size),
	CASE("krealloc-16", realloc),
};

const struct bench_group bench_call_cases = { cases, ARRAY_SIZE(cases), bench_run };
