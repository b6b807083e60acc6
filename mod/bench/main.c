// SPDX-License-Identifier: GPL-2.0
/*
 * slabmod_bench.ko - what an allocation and its free cost, in cycles of the time
 * stamp counter; under QEMU's icount these are instructions, exactly.
 *
 * Prints one line a case to the kernel log when it is loaded:
 *
 *	slabmod_bench: <case> <allocator> <hundredths of a cycle per operation>
 *
 * The cost of an empty loop is measured and taken off.
 */
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/timex.h>

#include <slabmod/slabmod.h>

#include "../compat.h"

#define ROUNDS	10000u
#define TRIES	5

static struct kmem_cache *slub_cache;
static struct slabmod_cache *our_cache;
static size_t variable_size = 64;

static noinline u64 cost_once(void (*fn)(void))
{
	unsigned long flags;
	unsigned int i;
	u64 start, end;

	local_irq_save(flags);
	start = get_cycles();
	for (i = 0; i < ROUNDS; i++)
		fn();
	end = get_cycles();
	local_irq_restore(flags);
	return end - start;
}

/* The least of some tries: one during which the scheduler is called for costs more. */
static u64 cost(void (*fn)(void))
{
	u64 least = U64_MAX;
	int try;

	fn();
	for (try = 0; try < TRIES; try++) {
		cond_resched();
		least = min(least, cost_once(fn));
	}
	return least;
}

static noinline void empty(void)
{
	barrier();
}

static noinline void slub_typed(void)
{
	kmem_cache_free(slub_cache, kmem_cache_alloc(slub_cache, GFP_ATOMIC));
}

static noinline void our_typed(void)
{
	slabmod_cache_free(our_cache, slabmod_cache_alloc(our_cache, GFP_ATOMIC));
}

static noinline void slub_const(void)
{
	kfree(kmalloc(64, GFP_ATOMIC));
}

static noinline void our_const(void)
{
	slabmod_kfree(slabmod_kmalloc(64, GFP_ATOMIC));
}

static noinline void slub_variable(void)
{
	kfree(kmalloc(READ_ONCE(variable_size), GFP_ATOMIC));
}

static noinline void our_variable(void)
{
	slabmod_kfree(slabmod_kmalloc(READ_ONCE(variable_size), GFP_ATOMIC));
}

static noinline void kernel_page(void)
{
	free_page(__get_free_page(GFP_ATOMIC));
}

static noinline void our_page(void)
{
	slabmod_free_page(slabmod_get_free_page(GFP_ATOMIC));
}

static const struct {
	const char *name;
	const char *allocator;
	void (*fn)(void);
} cases[] = {
	{ "pair-typed-64", "slub", slub_typed },
	{ "pair-typed-64", "slabmod", our_typed },
	{ "pair-kmalloc-const-64", "slub", slub_const },
	{ "pair-kmalloc-const-64", "slabmod", our_const },
	{ "pair-kmalloc-var-64", "slub", slub_variable },
	{ "pair-kmalloc-var-64", "slabmod", our_variable },
	{ "pages-pair-o0", "kernel-pages", kernel_page },
	{ "pages-pair-o0", "slabmod-pages", our_page },
};

static int __init bench_init(void)
{
	u64 overhead = cost(empty);
	unsigned int i;

	slub_cache = kmem_cache_create("slabmod_bench", 64, 64, 0, NULL);
	our_cache = slabmod_cache_create("bench-64", 64, 64, 0, NULL);
	if (!slub_cache || !our_cache) {
		kmem_cache_destroy(slub_cache);
		slabmod_cache_destroy(our_cache);
		return -ENOMEM;
	}
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		pr_info("slabmod_bench: %s %s %llu\n", cases[i].name, cases[i].allocator,
			(cost(cases[i].fn) - overhead) * 100 / ROUNDS);
	return 0;
}

static void __exit bench_exit(void)
{
	kmem_cache_destroy(slub_cache);
	slabmod_cache_destroy(our_cache);
}

module_init(bench_init);
module_exit(bench_exit);

SLABMOD_IMPORT();
MODULE_DESCRIPTION("What slabmod's fast path costs beside SLUB's");
MODULE_LICENSE("GPL");
