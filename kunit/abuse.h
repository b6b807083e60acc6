/* SPDX-License-Identifier: GPL-2.0 */
/*
 * abuse.h - errors of callers, as security benchmarks of allocators have them: one table of
 * what is done, and of when slabmod is expected to detect it. test_abuse.c does it to
 * slabmod, abuse_slub.c to the kernel's own allocator.
 *
 * The cases are those of mimalloc-bench (bench/security) and of the tests of hardened_malloc,
 * translated to kernel calls. Documentation/security.rst shows the results.
 */
#ifndef SLABMOD_ABUSE_H
#define SLABMOD_ABUSE_H

#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include "report.h"

/* When an error is detected: a phase of the run, which has them in this order; or not. */
#define ABUSE_OUTCOMES(X) \
	X(CALL,		"call")		/* by a call of the act */ \
	X(FREE,		"free")		/* by the rightful free that follows */ \
	X(ALLOC,	"alloc")	/* as some objects are allocated */ \
	X(LATER,	"later")	/* as those are freed */ \
	X(VALIDATE,	"validate")	/* as the allocator checks all that it has */ \
	X(SLAB,		"slab")		/* as what is free goes back to slabs and pages */ \
	X(DESTROY,	"destroy")	/* as the cache, with nothing live, is destroyed */ \
	X(NEVER,	"never") \
	X(FAULT,	"fault")	/* the processor refused the access */ \
	X(REFUSED,	"NULL")		/* without a report */ \
	X(LEGAL,	"legal")	/* nothing happened, and nothing should */

enum abuse_when {
#define X(id, text) ABUSE_##id,
	ABUSE_OUTCOMES(X)
#undef X
	NR_ABUSE_PHASES = ABUSE_NEVER
};

#define X(id, text) text,
static const char *const abuse_when_names[] = { ABUSE_OUTCOMES(X) };
#undef X

/* What errors are made with. */
struct abuse_size {
	const char *name;
	size_t bytes;
};

/* The last is above the largest class: a block of pages. */
static const struct abuse_size abuse_sizes[] = {
	{ "64 B", 64 }, { "1 KiB", 1024 }, { "64 KiB", SZ_64K },
};

#define NR_ABUSE_SIZES	3
#define ABUSE_ORDER	4		/* of a large one */

enum abuse_mode {
	ABUSE_DEFAULT,
	ABUSE_STRICT,
	ABUSE_DEBUG,
	NR_ABUSE_MODES
};

/* An allocator, with one cache that serves the size of the run. */
struct abuse_ops {
	void *(*alloc)(void);
	void *(*alloc_size)(size_t size);
	void *(*alloc_array)(size_t n, size_t size);
	void (*free)(const void *p);
	/* To another cache, or as pages of another order. */
	void (*free_wrong)(void *p);
	/* What is free goes back to slabs, and empty slabs to where pages are. */
	void (*shrink)(void);
	/* Another CPU than the caller's; false when there is none. */
	bool (*on_another_cpu)(void (*fn)(void *arg), void *arg);
};

struct abuse_run {
	const struct abuse_ops *ops;
	size_t size;
	u8 *p;			/* the victim */
	u8 *q;			/* another object of the same cache */
	bool freed, q_freed;	/* rightfully, by the act */
	bool faulted, refused;
};

/* ---- acts: free twice ---- */

static void act_double(struct abuse_run *run)
{
	run->ops->free(run->p);
	run->freed = true;
	run->ops->free(run->p);
}

static void act_double_interleaved(struct abuse_run *run)
{
	run->ops->free(run->p);
	run->ops->free(run->q);
	run->freed = true;
	run->q_freed = true;
	run->ops->free(run->p);
}

static void act_double_delayed(struct abuse_run *run)
{
	int i;

	run->ops->free(run->p);
	run->freed = true;
	for (i = 0; i < 1024; i++)
		run->ops->free(run->ops->alloc());
	run->ops->free(run->p);
}

/* The second free hits the next owner's object, if that is the same one; its free follows. */
static void act_double_reused(struct abuse_run *run)
{
	void *r;

	run->ops->free(run->p);
	r = run->ops->alloc();
	run->ops->free(run->p);
	run->p = r;
}

static void free_on_another_cpu(void *arg)
{
	struct abuse_run *run = arg;

	run->ops->free(run->p);
}

static void act_double_other_cpu(struct abuse_run *run)
{
	run->ops->free(run->p);
	run->freed = true;
	run->ops->on_another_cpu(free_on_another_cpu, run);
}

/* @q is live, and so is their slab. */
static void act_double_in_slab(struct abuse_run *run)
{
	run->ops->free(run->p);
	run->freed = true;
	run->ops->shrink();
	run->ops->free(run->p);
}

static void act_double_slab_gone(struct abuse_run *run)
{
	run->ops->free(run->p);
	run->ops->free(run->q);
	run->freed = true;
	run->q_freed = true;
	run->ops->shrink();
	run->ops->free(run->p);
}

/* ---- acts: free what is nothing ---- */

static void free_value(struct abuse_run *run, unsigned long value)
{
	void *p = (void *)value;

	OPTIMIZER_HIDE_VAR(p);
	run->ops->free(p);
}

static void act_free_small_number(struct abuse_run *run)
{
	free_value(run, 1);
}

static void act_free_uninitialised(struct abuse_run *run)
{
	free_value(run, 0x5a5a5a5a5a5a5a5aul);
}

static void act_free_stack(struct abuse_run *run)
{
	u8 stacked[64];

	OPTIMIZER_HIDE_VAR(run);
	memset(stacked, 0, sizeof(stacked));
	free_value(run, (unsigned long)stacked);
	barrier_data(stacked);
}

static void act_free_vmalloc(struct abuse_run *run)
{
	void *p = vmalloc(PAGE_SIZE);

	free_value(run, (unsigned long)p);
	vfree(p);
}

static void act_free_far(struct abuse_run *run)
{
	free_value(run, (unsigned long)high_memory + SZ_1G);
}

static void act_free_unaligned(struct abuse_run *run)
{
	free_value(run, (unsigned long)run->p + 1);
}

static void act_free_multiple(struct abuse_run *run)
{
	free_value(run, (unsigned long)run->p + 8);
}

static void act_free_middle(struct abuse_run *run)
{
	free_value(run, (unsigned long)run->p + run->size / 2);
}

static void act_free_wrong(struct abuse_run *run)
{
	run->ops->free_wrong(run->p);
}

/* ---- acts: write where it is not allowed ---- */

static noinline void scribble(u8 *p, size_t n)
{
	OPTIMIZER_HIDE_VAR(p);
	while (n--)
		*p++ ^= 'A';
}

static void act_overflow_byte(struct abuse_run *run)
{
	scribble(run->p + run->size, 1);
}

static void act_underflow_byte(struct abuse_run *run)
{
	scribble(run->p - 1, 1);
}

static void act_overflow_much(struct abuse_run *run)
{
	scribble(run->p + run->size, SZ_1M);
}

static void act_underflow_much(struct abuse_run *run)
{
	scribble(run->p - SZ_1M, SZ_1M);
}

static void act_overflow_far(struct abuse_run *run)
{
	scribble(run->p + run->size - 1 + SZ_1M, 1);
}

static void act_underflow_far(struct abuse_run *run)
{
	scribble(run->p - SZ_1M, 1);
}

static void act_write_after_free(struct abuse_run *run)
{
	run->ops->free(run->p);
	run->freed = true;
	/* Not at the start, where some allocators keep a pointer. */
	scribble(run->p + 24, 8);
}

static void act_write_start_after_free(struct abuse_run *run)
{
	run->ops->free(run->p);
	run->freed = true;
	scribble(run->p, run->size);
}

static void act_read_after_free(struct abuse_run *run)
{
	run->ops->free(run->p);
	run->freed = true;
	(void)READ_ONCE(*run->p);
}

/* ---- acts: sizes ---- */

/* An access that would be an oops is one that fails. */
static void act_read_zero_size(struct abuse_run *run)
{
	void *p = run->ops->alloc_size(0);
	u8 value;

	pagefault_disable();
	run->faulted = __get_user(value, (u8 __user __force *)p);
	pagefault_enable();
	OPTIMIZER_HIDE_VAR(value);
	run->ops->free(p);
}

static void act_write_zero_size(struct abuse_run *run)
{
	void *p = run->ops->alloc_size(0);

	pagefault_disable();
	run->faulted = __put_user('A', (u8 __user __force *)p);
	pagefault_enable();
	run->ops->free(p);
}

static void act_free_zero_size(struct abuse_run *run)
{
	void *p = run->ops->alloc_size(0);

	OPTIMIZER_HIDE_VAR(p);
	run->ops->free(p);
	run->ops->free(p);
}

static void act_alloc_huge(struct abuse_run *run)
{
	size_t size = SIZE_MAX - 1;

	OPTIMIZER_HIDE_VAR(size);
	run->refused = !run->ops->alloc_size(size);
}

static void act_alloc_overflow(struct abuse_run *run)
{
	size_t n = SIZE_MAX / 2;

	OPTIMIZER_HIDE_VAR(n);
	run->refused = !run->ops->alloc_array(n, 4);
}

/* ---- the table ---- */

struct abuse_case {
	const char *name;
	void (*act)(struct abuse_run *run);
	bool once;		/* of any size: done to a small one only */
	bool touches;		/* what it may not: KASAN reports that before slabmod can */
	bool cpus;		/* takes two */
	size_t reach;		/* bytes beside the victim that have to be the test's own */
	unsigned int kinds;	/* that slabmod may call it by, one bit each */
	u8 when[NR_ABUSE_MODES][NR_ABUSE_SIZES];	/* slabmod is expected to detect it */
};

#define ABUSE_EACH(small, medium, large) \
	{ ABUSE_##small, ABUSE_##medium, ABUSE_##large }
#define ABUSE_ALL(when)			ABUSE_EACH(when, when, when)
#define ABUSE_OBJECTS(when, block)	ABUSE_EACH(when, when, block)

/* In all modes, and for sizes that have a cache, in all modes but debug. */
#define ABUSE_ALWAYS(when)		{ ABUSE_ALL(when), ABUSE_ALL(when), ABUSE_ALL(when) }
#define ABUSE_DEBUGGED(objects, block) \
	{ ABUSE_ALL(NEVER), ABUSE_ALL(NEVER), ABUSE_OBJECTS(objects, block) }

#define ABUSE_KIND(kind)	BIT(MISUSE_##kind)

static const struct abuse_case abuse_cases[] = {
	{ "double free, immediate", act_double, .kinds = ABUSE_KIND(DOUBLE_FREE),
	  .when = ABUSE_ALWAYS(CALL) },
	{ "double free, interleaved", act_double_interleaved, .kinds = ABUSE_KIND(DOUBLE_FREE),
	  .when = { ABUSE_OBJECTS(SLAB, CALL), ABUSE_ALL(CALL), ABUSE_ALL(CALL) } },
	{ "double free, delayed", act_double_delayed, .kinds = ABUSE_KIND(DOUBLE_FREE),
	  .when = ABUSE_ALWAYS(CALL) },
	{ "double free, reused between", act_double_reused, .kinds = ABUSE_KIND(DOUBLE_FREE),
	  .when = { ABUSE_ALL(FREE), ABUSE_ALL(FREE), ABUSE_ALL(CALL) } },
	{ "double free, on another CPU", act_double_other_cpu, .cpus = true,
	  .kinds = ABUSE_KIND(DOUBLE_FREE),
	  .when = { ABUSE_OBJECTS(SLAB, CALL), ABUSE_ALL(CALL), ABUSE_ALL(CALL) } },
	{ "double free, back in its slab", act_double_in_slab, .kinds = ABUSE_KIND(DOUBLE_FREE),
	  .when = ABUSE_ALWAYS(CALL) },
	{ "double free, its slab gone", act_double_slab_gone,
	  .kinds = ABUSE_KIND(DOUBLE_FREE), .when = ABUSE_ALWAYS(CALL) },

	{ "free of the number 1", act_free_small_number, .once = true,
	  .kinds = ABUSE_KIND(BAD_FREE), .when = ABUSE_ALWAYS(CALL) },
	{ "free of an uninitialised pointer", act_free_uninitialised, .once = true,
	  .kinds = ABUSE_KIND(BAD_FREE), .when = ABUSE_ALWAYS(CALL) },
	{ "free of the stack", act_free_stack, .once = true,
	  .kinds = ABUSE_KIND(BAD_FREE), .when = ABUSE_ALWAYS(CALL) },
	{ "free of vmalloc memory", act_free_vmalloc, .once = true,
	  .kinds = ABUSE_KIND(BAD_FREE), .when = ABUSE_ALWAYS(CALL) },
	{ "free of an address 1 GiB behind memory", act_free_far, .once = true,
	  .kinds = ABUSE_KIND(BAD_FREE), .when = ABUSE_ALWAYS(CALL) },
	{ "free, unaligned", act_free_unaligned, .kinds = ABUSE_KIND(INNER_FREE),
	  .when = ABUSE_ALWAYS(CALL) },
	{ "free, 8 bytes behind the start", act_free_multiple, .kinds = ABUSE_KIND(INNER_FREE),
	  .when = ABUSE_ALWAYS(CALL) },
	{ "free of the middle", act_free_middle, .kinds = ABUSE_KIND(INNER_FREE),
	  .when = ABUSE_ALWAYS(CALL) },
	{ "free of a wrong size or cache", act_free_wrong,
	  .kinds = ABUSE_KIND(WRONG_CACHE) | ABUSE_KIND(WRONG_SIZE),
	  .when = ABUSE_ALWAYS(CALL) },

	{ "overflow by 1 byte", act_overflow_byte, .touches = true, .reach = 1,
	  .kinds = ABUSE_KIND(OVERRUN), .when = ABUSE_DEBUGGED(FREE, NEVER) },
	{ "underflow by 1 byte", act_underflow_byte, .touches = true, .reach = 1,
	  .kinds = ABUSE_KIND(OVERRUN), .when = ABUSE_DEBUGGED(FREE, NEVER) },
	{ "overflow by 1 MiB", act_overflow_much, .touches = true, .reach = SZ_1M,
	  .kinds = ABUSE_KIND(OVERRUN), .when = ABUSE_DEBUGGED(FREE, NEVER) },
	{ "underflow by 1 MiB", act_underflow_much, .touches = true, .reach = SZ_1M,
	  .kinds = ABUSE_KIND(OVERRUN), .when = ABUSE_DEBUGGED(FREE, NEVER) },
	{ "a byte 1 MiB behind the end", act_overflow_far, .touches = true, .reach = SZ_1M,
	  .when = ABUSE_ALWAYS(NEVER) },
	{ "a byte 1 MiB before the start", act_underflow_far, .touches = true, .reach = SZ_1M,
	  .when = ABUSE_ALWAYS(NEVER) },

	{ "read after free", act_read_after_free, .touches = true,
	  .when = ABUSE_ALWAYS(NEVER) },
	{ "write after free, 8 bytes", act_write_after_free, .touches = true,
	  .kinds = ABUSE_KIND(WRITE_FREE), .when = ABUSE_DEBUGGED(SLAB, SLAB) },
	{ "write after free, all of it", act_write_start_after_free, .touches = true,
	  .kinds = ABUSE_KIND(WRITE_FREE), .when = ABUSE_DEBUGGED(SLAB, SLAB) },

	{ "read of 0 bytes", act_read_zero_size, .once = true, .when = ABUSE_ALWAYS(FAULT) },
	{ "write to 0 bytes", act_write_zero_size, .once = true, .when = ABUSE_ALWAYS(FAULT) },
	{ "free of 0 bytes, twice", act_free_zero_size, .once = true,
	  .when = ABUSE_ALWAYS(LEGAL) },
	{ "allocation of 2^64 - 2 bytes", act_alloc_huge, .once = true,
	  .kinds = ABUSE_KIND(TOO_LARGE), .when = ABUSE_ALWAYS(CALL) },
	{ "array whose size overflows", act_alloc_overflow, .once = true,
	  .kinds = ABUSE_KIND(OVERFLOW), .when = ABUSE_ALWAYS(CALL) },
};

/* Objects that are allocated, and freed, after the act. */
#define ABUSE_AFTER	4

/* What became of an error that was not reported. */
static inline enum abuse_when abuse_undetected(const struct abuse_case *c,
					       const struct abuse_run *run)
{
	if (run->faulted)
		return ABUSE_FAULT;
	if (run->refused)
		return ABUSE_REFUSED;
	return c->act == act_free_zero_size ? ABUSE_LEGAL : ABUSE_NEVER;
}

#endif /* SLABMOD_ABUSE_H */
