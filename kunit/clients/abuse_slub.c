// SPDX-License-Identifier: GPL-2.0
/*
 * slabmod_abuse.ko - make an error of abuse.h with the kernel's own allocator, for
 * scripts/table. Each runs in a guest of its own: most leave the kernel unusable.
 *
 *	insmod slabmod_abuse.ko list=1		print the number of each error and size
 *	insmod slabmod_abuse.ko error=3 size=1	make that error
 *
 * The kernel taints itself when it reports: the first phase after which it is tainted is the
 * outcome. Phases are announced in the log, because a phase may not return.
 */
#include <linux/bitmap.h>
#include <linux/cpu.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "abuse.h"

static bool list;
static unsigned int error, size;
module_param(list, bool, 0444);
MODULE_PARM_DESC(list, "print the errors and sizes");
module_param(error, uint, 0444);
MODULE_PARM_DESC(error, "number of the error");
module_param(size, uint, 0444);
MODULE_PARM_DESC(size, "number of the size");

/* Enough bytes of objects that one of them has only others of them within its reach. */
#define CROWD		(10ul << 20)
/* Allocations until an object is not at the end of its slab. */
#define MAX_TRIES	16

static struct {
	struct kmem_cache *cache, *other;	/* NULL: the victim is pages */
	size_t size;
	void **crowd;				/* other live objects */
	unsigned long nr_crowd;
	unsigned long *own;			/* a bit for each page of the crowd's objects */
} scene;

/* ---- the kernel's calls ---- */

static void *alloc(void)
{
	if (scene.cache)
		return kmem_cache_alloc(scene.cache, GFP_KERNEL);
	return kmalloc(scene.size, GFP_KERNEL);
}

static void *alloc_size(size_t bytes)
{
	return kmalloc(bytes, GFP_KERNEL);
}

static void *alloc_array(size_t n, size_t bytes)
{
	return kmalloc_array(n, bytes, GFP_KERNEL);
}

static void free_wrong(void *p)
{
	if (scene.cache)
		kmem_cache_free(scene.other, p);
	else
		free_pages((unsigned long)p, ABUSE_ORDER - 1);
}

static void shrink(void)
{
	if (scene.cache)
		kmem_cache_shrink(scene.cache);
}

struct call {
	void (*fn)(void *arg);
	void *arg;
};

static long do_call(void *arg)
{
	struct call *call = arg;

	call->fn(call->arg);
	return 0;
}

static bool on_another_cpu(void (*fn)(void *arg), void *arg)
{
	struct call call = { fn, arg };
	unsigned int cpu = cpumask_any_but(cpu_online_mask, 0);

	return cpu < nr_cpu_ids && !work_on_cpu(cpu, do_call, &call);
}

/* Write to the cache's sysfs file; the kernel validates only caches with debugging on. */
static void validate_caches(void)
{
	struct file *file = filp_open("/sys/kernel/slab/abuse/validate", O_WRONLY, 0);
	loff_t pos = 0;

	if (IS_ERR(file))
		return;
	kernel_write(file, "1", 1, &pos);
	filp_close(file, NULL);
}

static void destroy(void)
{
	unsigned long i;

	for (i = 0; i < scene.nr_crowd; i++)
		kfree(scene.crowd[i]);
	kmem_cache_destroy(scene.cache);
	kmem_cache_destroy(scene.other);
}

static const struct abuse_ops ops = {
	.alloc = alloc, .alloc_size = alloc_size, .alloc_array = alloc_array,
	.free = kfree, .free_wrong = free_wrong, .shrink = shrink,
	.validate = validate_caches, .destroy = destroy, .on_another_cpu = on_another_cpu,
};

/* ---- the scene ---- */

/* A usercopy region keeps the cache from being merged with another. */
static struct kmem_cache *make_cache(const char *name)
{
	return kmem_cache_create_usercopy(name, scene.size, 0, 0, 0, scene.size, NULL);
}

static bool make_caches(void)
{
	if (scene.size > KMALLOC_MAX_CACHE_SIZE)
		return true;
	scene.cache = make_cache("abuse");
	scene.other = make_cache("abuse-other");
	return scene.cache && scene.other;
}

static unsigned long pfn_of(const void *p)
{
	return PHYS_PFN(__pa(p));
}

static bool gather_crowd(size_t reach)
{
	unsigned long n = (reach > PAGE_SIZE ? CROWD : CROWD / 8) / scene.size;
	void *p;

	scene.crowd = kvcalloc(n, sizeof(void *), GFP_KERNEL);
	scene.own = kvcalloc(BITS_TO_LONGS(pfn_of(high_memory)), sizeof(long), GFP_KERNEL);
	if (!scene.crowd || !scene.own)
		return false;
	for (; scene.nr_crowd < n; scene.nr_crowd++) {
		p = alloc();
		if (!p)
			return false;
		scene.crowd[scene.nr_crowd] = p;
		bitmap_set(scene.own, pfn_of(p), pfn_of(p + scene.size - 1) - pfn_of(p) + 1);
	}
	return true;
}

/* Return true if the next two objects are in the slab of @p too. */
static bool has_successor(void *p)
{
	struct page *slab = virt_to_head_page(p);

	return p + 3 * scene.size <= page_address(slab) + page_size(slab);
}

/*
 * Allocate an object followed by others of its slab: a bad free of an inner address then
 * stays within the slab. Objects that do not qualify stay live.
 */
static void *alloc_victim(void)
{
	void *p = alloc();

	if (!scene.cache)
		return p;
	scene.crowd = kvcalloc(MAX_TRIES, sizeof(void *), GFP_KERNEL);
	while (scene.crowd && p && !has_successor(p)) {
		if (scene.nr_crowd == MAX_TRIES)
			return NULL;
		scene.crowd[scene.nr_crowd++] = p;
		p = alloc();
	}
	return p;
}

/* Take an object from the crowd that has no foreign page within reach. */
static void *find_victim(size_t reach)
{
	unsigned long i, begin, end;
	void *p;

	for (i = 0; i < scene.nr_crowd; i++) {
		p = scene.crowd[i];
		begin = pfn_of(p - reach);
		end = pfn_of(p + scene.size - 1 + reach) + 1;
		if (begin && find_next_zero_bit(scene.own, end, begin) >= end) {
			scene.crowd[i] = NULL;
			return p;
		}
	}
	return NULL;
}

/* ---- the run ---- */

static bool has_reported(void)
{
	return test_taint(TAINT_BAD_PAGE) || test_taint(TAINT_WARN);
}

static enum abuse_when do_phases(const struct abuse_case *c, struct abuse_run *run)
{
	enum abuse_when phase;

	for (phase = ABUSE_CALL; phase < NR_ABUSE_PHASES; phase++) {
		pr_info("abuse: phase %s\n", abuse_when_names[phase]);
		abuse_do_phase(phase, c, run);
		if (has_reported())
			return phase;
	}
	return abuse_undetected(c, run);
}

static int do_error(const struct abuse_case *c)
{
	struct abuse_run run = { .ops = &ops, .size = abuse_sizes[size].bytes };

	/* The first of two frees is on CPU 0; the other may be elsewhere. */
	set_cpus_allowed_ptr(current, cpumask_of(0));
	scene.size = run.size;
	if (!make_caches() || (c->reach && !gather_crowd(c->reach)))
		return -ENOMEM;
	run.p = c->reach ? find_victim(c->reach) : alloc_victim();
	run.q = alloc();
	if (!run.p || !run.q || has_reported())
		return -ENOMEM;
	pr_info("abuse: outcome %s\n", abuse_when_names[do_phases(c, &run)]);
	return 0;
}

static int list_errors(void)
{
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(abuse_cases); i++)
		for (k = 0; k < (abuse_cases[i].once ? 1 : NR_ABUSE_SIZES); k++)
			pr_info("abuse: cell %u;%u;%s;%s\n", i, k, abuse_cases[i].name,
				abuse_cases[i].once ? "any" : abuse_sizes[k].name);
	return 0;
}

static int __init abuse_init(void)
{
	if (!list && (error >= ARRAY_SIZE(abuse_cases) || size >= NR_ABUSE_SIZES))
		return -EINVAL;
	return list ? list_errors() : do_error(&abuse_cases[error]);
}
module_init(abuse_init);

/* Nothing is freed: the guest ends. */
static void __exit abuse_exit(void) { }
module_exit(abuse_exit);

MODULE_DESCRIPTION("Errors of callers with the kernel's allocator, for slabmod's tests");
MODULE_LICENSE("GPL");
