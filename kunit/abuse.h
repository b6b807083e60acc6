/* SPDX-License-Identifier: GPL-2.0 */
/*
 * abuse.h - errors of callers, as security benchmarks of allocators have them: a table of
 * errors with the point at which slabmod is expected to detect each. test_abuse.c makes them
 * with slabmod, abuse_slub.c with the kernel's own allocator.
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

/* When an error is detected: the phases of a run in their order, then the other outcomes. */
#define ABUSE_OUTCOMES(X) \
	X(CALL,		"call")		/* by a call of the act */ \
	X(FREE,		"free")		/* by the correct free that follows */ \
	X(ALLOC,	"alloc")	/* when more objects are allocated */ \
	X(LATER,	"later")	/* when those are freed */ \
	X(VALIDATE,	"validate")	/* when the allocator checks its state */ \
	X(SLAB,		"slab")		/* when free objects return to slabs and pages */ \
	X(DESTROY,	"destroy")	/* when the cache, without live objects, is destroyed */ \
	X(NEVER,	"never") \
	X(FAULT,	"fault")	/* the access faulted */ \
	X(REFUSED,	"NULL")		/* without a report */ \
	X(LEGAL,	"legal")	/* no error */

#define ABUSE_ID(id, text) ABUSE_##id,
enum abuse_when { ABUSE_OUTCOMES(ABUSE_ID) NR_ABUSE_PHASES = ABUSE_NEVER };

#define ABUSE_TEXT(id, text) text,
static const char *const abuse_when_names[] = { ABUSE_OUTCOMES(ABUSE_TEXT) };

/* Sizes of the victim; the last one is above the largest class: a block of pages. */
static const struct abuse_size {
	const char *name;
	size_t bytes;
} abuse_sizes[] = { { "64 B", 64 }, { "1 KiB", 1024 }, { "64 KiB", SZ_64K } };

#define NR_ABUSE_SIZES	3
#define ABUSE_ORDER	4		/* of the block */
#define ABUSE_AFTER	4		/* objects allocated and freed after the act */

enum abuse_mode { ABUSE_DEFAULT, ABUSE_STRICT, ABUSE_DEBUG, NR_ABUSE_MODES };

/* An allocator, with one cache that serves the size of the run. */
struct abuse_ops {
	void *(*alloc)(void);
	void *(*alloc_size)(size_t size);
	void *(*alloc_array)(size_t n, size_t size);
	void (*free)(const void *p);
	/* Free to another cache, or as pages of another order. */
	void (*free_wrong)(void *p);
	/* Return free objects to slabs, and empty slabs to the page allocator. */
	void (*shrink)(void);
	/* Have the allocator check its state. */
	void (*validate)(void);
	/* Free what the scene allocated beside the run's objects, and destroy the caches. */
	void (*destroy)(void);
	/* Call @fn on another CPU; return false if there is none. */
	bool (*on_another_cpu)(void (*fn)(void *arg), void *arg);
};

struct abuse_run {
	const struct abuse_ops *ops;
	size_t size;
	u8 *p;			/* the victim */
	u8 *q;			/* another object of the same cache */
	void *after[ABUSE_AFTER];
	bool freed, q_freed;	/* the act has freed @p, @q */
	bool faulted, refused;
};

/* ---- acts: free twice ---- */

static u8 *free_victim(struct abuse_run *run)
{
	run->ops->free(run->p);
	run->freed = true;
	return run->p;
}

static void free_other(struct abuse_run *run)
{
	run->ops->free(run->q);
	run->q_freed = true;
}

static void churn(struct abuse_run *run)
{
	int i;

	for (i = 0; i < 1024; i++)
		run->ops->free(run->ops->alloc());
}

#define DEFINE_ACT_DOUBLE(name, between)		\
static void act_##name(struct abuse_run *run)		\
{							\
	free_victim(run);				\
	between;					\
	run->ops->free(run->p);				\
}

DEFINE_ACT_DOUBLE(double, barrier())
DEFINE_ACT_DOUBLE(double_interleaved, free_other(run))
DEFINE_ACT_DOUBLE(double_delayed, churn(run))
/* @q is live and keeps their slab. */
DEFINE_ACT_DOUBLE(double_in_slab, run->ops->shrink())
DEFINE_ACT_DOUBLE(double_slab_gone, (free_other(run), run->ops->shrink()))

/* The second free hits a new owner's object, if it is the same one; that is freed later. */
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
	free_victim(run);
	run->ops->on_another_cpu(free_on_another_cpu, run);
}

/* ---- acts: free an address that was not allocated ---- */

static void free_value(struct abuse_run *run, unsigned long value)
{
	void *p = (void *)value;

	OPTIMIZER_HIDE_VAR(p);
	run->ops->free(p);
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

#define DEFINE_ACT_FREE(name, value)			\
static void act_free_##name(struct abuse_run *run)	\
{							\
	free_value(run, (unsigned long)(value));	\
}

DEFINE_ACT_FREE(small_number, 1)
DEFINE_ACT_FREE(uninitialised, 0x5a5a5a5a5a5a5a5aul)
DEFINE_ACT_FREE(far, high_memory + SZ_1G)
DEFINE_ACT_FREE(unaligned, run->p + 1)
DEFINE_ACT_FREE(multiple, run->p + 8)
DEFINE_ACT_FREE(middle, run->p + run->size / 2)

static void act_free_wrong(struct abuse_run *run)
{
	run->ops->free_wrong(run->p);
}

/* ---- acts: access memory of others ---- */

static noinline void scribble(u8 *p, size_t n)
{
	OPTIMIZER_HIDE_VAR(p);
	while (n--)
		*p++ ^= 'A';
}

#define DEFINE_ACT_WRITE(name, from, n)			\
static void act_##name(struct abuse_run *run)		\
{							\
	scribble(from, n);				\
}

DEFINE_ACT_WRITE(overflow_byte, run->p + run->size, 1)
DEFINE_ACT_WRITE(underflow_byte, run->p - 1, 1)
DEFINE_ACT_WRITE(overflow_much, run->p + run->size, SZ_1M)
DEFINE_ACT_WRITE(underflow_much, run->p - SZ_1M, SZ_1M)
DEFINE_ACT_WRITE(overflow_far, run->p + run->size - 1 + SZ_1M, 1)
DEFINE_ACT_WRITE(underflow_far, run->p - SZ_1M, 1)
/* Not at the start, where some allocators keep a pointer. */
DEFINE_ACT_WRITE(write_after_free, free_victim(run) + 24, 8)
DEFINE_ACT_WRITE(write_start_after_free, free_victim(run), run->size)

static void act_read_after_free(struct abuse_run *run)
{
	free_victim(run);
	(void)READ_ONCE(*run->p);
}

/* ---- acts: sizes ---- */

/* The access must fail; a plain one would be an oops. */
#define DEFINE_ACT_ZERO_SIZE(name, access)		\
static void act_##name(struct abuse_run *run)		\
{							\
	void *p = run->ops->alloc_size(0);			\
	u8 value = 'A';					\
							\
	pagefault_disable();				\
	run->faulted = access(value, (u8 __user __force *)p); \
	pagefault_enable();				\
	OPTIMIZER_HIDE_VAR(value);			\
	run->ops->free(p);				\
}

DEFINE_ACT_ZERO_SIZE(read_zero_size, __get_user)
DEFINE_ACT_ZERO_SIZE(write_zero_size, __put_user)

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
	u8 when[NR_ABUSE_MODES][NR_ABUSE_SIZES];	/* slabmod is expected to detect it */
	unsigned int kinds;	/* of misuse that slabmod may report, a bit each */
	size_t reach;		/* bytes around the victim that must belong to the test */
	bool once;		/* the same for all sizes: run with a small one only */
	bool touches;		/* foreign memory: KASAN reports that before slabmod can */
	bool cpus;		/* needs two CPUs */
};

#define ABUSE_EACH(small, medium, large) { ABUSE_##small, ABUSE_##medium, ABUSE_##large }
#define ABUSE_ALL(when)			ABUSE_EACH(when, when, when)

/* In all modes; by default only when the object is back in its slab; in debug mode only. */
#define ABUSE_ALWAYS(when)	{ ABUSE_ALL(when), ABUSE_ALL(when), ABUSE_ALL(when) }
#define ABUSE_LATE		{ ABUSE_EACH(SLAB, SLAB, CALL), ABUSE_ALL(CALL), ABUSE_ALL(CALL) }
#define ABUSE_DEBUGGED(objects, block) \
	{ ABUSE_ALL(NEVER), ABUSE_ALL(NEVER), ABUSE_EACH(objects, objects, block) }

#define ABUSE_KIND(kind)	BIT(MISUSE_##kind)
#define ABUSE_DOUBLE		ABUSE_ALWAYS(CALL), ABUSE_KIND(DOUBLE_FREE)
#define ABUSE_BAD		ABUSE_ALWAYS(CALL), ABUSE_KIND(BAD_FREE), .once = true
#define ABUSE_INNER		ABUSE_ALWAYS(CALL), ABUSE_KIND(INNER_FREE)
#define ABUSE_OVERRUN(bytes) \
	ABUSE_DEBUGGED(FREE, NEVER), ABUSE_KIND(OVERRUN), bytes, .touches = true
#define ABUSE_FAR		ABUSE_ALWAYS(NEVER), .reach = SZ_1M, .touches = true
#define ABUSE_WRITE_FREE	ABUSE_DEBUGGED(SLAB, SLAB), ABUSE_KIND(WRITE_FREE), .touches = true

static const struct abuse_case abuse_cases[] = {
	{ "double free, immediate", act_double, ABUSE_DOUBLE },
	{ "double free, interleaved", act_double_interleaved, ABUSE_LATE, ABUSE_KIND(DOUBLE_FREE) },
	{ "double free, delayed", act_double_delayed, ABUSE_DOUBLE },
	{ "double free, reused between", act_double_reused,
	  { ABUSE_ALL(FREE), ABUSE_ALL(FREE), ABUSE_ALL(CALL) }, ABUSE_KIND(DOUBLE_FREE) },
	{ "double free, on another CPU", act_double_other_cpu, ABUSE_LATE,
	  ABUSE_KIND(DOUBLE_FREE), .cpus = true },
	{ "double free, back in its slab", act_double_in_slab, ABUSE_DOUBLE },
	{ "double free, its slab gone", act_double_slab_gone, ABUSE_DOUBLE },

	{ "free of the number 1", act_free_small_number, ABUSE_BAD },
	{ "free of an uninitialised pointer", act_free_uninitialised, ABUSE_BAD },
	{ "free of the stack", act_free_stack, ABUSE_BAD },
	{ "free of vmalloc memory", act_free_vmalloc, ABUSE_BAD },
	{ "free of an address 1 GiB behind memory", act_free_far, ABUSE_BAD },
	{ "free, unaligned", act_free_unaligned, ABUSE_INNER },
	{ "free, 8 bytes behind the start", act_free_multiple, ABUSE_INNER },
	{ "free of the middle", act_free_middle, ABUSE_INNER },
	{ "free of a wrong size or cache", act_free_wrong, ABUSE_ALWAYS(CALL),
	  ABUSE_KIND(WRONG_CACHE) | ABUSE_KIND(WRONG_SIZE) },

	{ "overflow by 1 byte", act_overflow_byte, ABUSE_OVERRUN(1) },
	{ "underflow by 1 byte", act_underflow_byte, ABUSE_OVERRUN(1) },
	{ "overflow by 1 MiB", act_overflow_much, ABUSE_OVERRUN(SZ_1M) },
	{ "underflow by 1 MiB", act_underflow_much, ABUSE_OVERRUN(SZ_1M) },
	{ "a byte 1 MiB behind the end", act_overflow_far, ABUSE_FAR },
	{ "a byte 1 MiB before the start", act_underflow_far, ABUSE_FAR },

	{ "read after free", act_read_after_free, ABUSE_ALWAYS(NEVER), .touches = true },
	{ "write after free, 8 bytes", act_write_after_free, ABUSE_WRITE_FREE },
	{ "write after free, all of it", act_write_start_after_free, ABUSE_WRITE_FREE },

	{ "read of 0 bytes", act_read_zero_size, ABUSE_ALWAYS(FAULT), .once = true },
	{ "write to 0 bytes", act_write_zero_size, ABUSE_ALWAYS(FAULT), .once = true },
	{ "free of 0 bytes, twice", act_free_zero_size, ABUSE_ALWAYS(LEGAL), .once = true },
	{ "allocation of 2^64 - 2 bytes", act_alloc_huge, ABUSE_ALWAYS(CALL),
	  ABUSE_KIND(TOO_LARGE), .once = true },
	{ "array whose size overflows", act_alloc_overflow, ABUSE_ALWAYS(CALL),
	  ABUSE_KIND(OVERFLOW), .once = true },
};

/* ---- runs ---- */

static void abuse_do_phase(enum abuse_when phase, const struct abuse_case *c,
			   struct abuse_run *run)
{
	const struct abuse_ops *ops = run->ops;
	int i;

	if (phase == ABUSE_CALL)
		c->act(run);
	else if (phase == ABUSE_FREE && !run->freed)
		ops->free(run->p);
	else if (phase == ABUSE_VALIDATE)
		ops->validate();
	else if (phase == ABUSE_SLAB)
		ops->shrink();
	for (i = 0; i < ABUSE_AFTER; i++) {
		if (phase == ABUSE_ALLOC)
			run->after[i] = ops->alloc();
		else if (phase == ABUSE_LATER)
			ops->free(run->after[i]);
	}
	if (phase != ABUSE_DESTROY)
		return;
	if (!run->q_freed)
		ops->free(run->q);
	ops->destroy();
}

/* The outcome of a run without a report. */
static enum abuse_when abuse_undetected(const struct abuse_case *c, const struct abuse_run *run)
{
	if (run->faulted)
		return ABUSE_FAULT;
	if (run->refused)
		return ABUSE_REFUSED;
	return c->act == act_free_zero_size ? ABUSE_LEGAL : ABUSE_NEVER;
}

#endif /* SLABMOD_ABUSE_H */
