/* SPDX-License-Identifier: GPL-2.0 */
/*
 * compat.h - differences between kernel versions. No other file tests for the version.
 */
#ifndef SLABMOD_COMPAT_H
#define SLABMOD_COMPAT_H

#include <linux/export.h>
#include <linux/gfp.h>
#include <linux/mmzone.h>
#include <linux/slab.h>
#include <linux/shrinker.h>
#include <linux/stackdepot.h>
#include <linux/version.h>

/* Declarations of page_frag_alloc() left linux/gfp.h in 6.13. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
#include <linux/page_frag_cache.h>
#endif

#if BITS_PER_LONG != 64
#error slabmod is for 64-bit kernels: it needs a direct map of all memory
#endif

/* The namespace became a string in 6.13. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
#define EXPORT_SYMBOL_SLABMOD(symbol)	EXPORT_SYMBOL_NS_GPL(symbol, "SLABMOD")
#define EXPORT_SYMBOL_INTERNAL(symbol) EXPORT_SYMBOL_NS_GPL(symbol, "SLABMOD_INTERNAL")
#else
#define EXPORT_SYMBOL_SLABMOD(symbol)	EXPORT_SYMBOL_NS_GPL(symbol, SLABMOD)
#define EXPORT_SYMBOL_INTERNAL(symbol) EXPORT_SYMBOL_NS_GPL(symbol, SLABMOD_INTERNAL)
#endif

/* Internal functions are exported to modules with this statement: the KUnit suites. */
#define SLABMOD_IMPORT_INTERNAL() MODULE_INFO(import_ns, "SLABMOD_INTERNAL")
#if IS_ENABLED(CONFIG_KUNIT)
#define EXPORT_SYMBOL_FOR_TEST(symbol) EXPORT_SYMBOL_INTERNAL(symbol)
#else
#define EXPORT_SYMBOL_FOR_TEST(symbol)
#endif

/* Since 6.16, KUnit has a parameter that says whether to run the suites. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 16, 0)
#define KUNIT_RUN_SUITES(suites, n)	__kunit_test_suites_init(suites, n, true)
#else
#define KUNIT_RUN_SUITES(suites, n)	__kunit_test_suites_init(suites, n)
#endif

/* Since 6.18, a generator of parameters is passed the test. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 18, 0)
#define KUNIT_GENERATOR(name)	\
	const void *(name)(struct kunit *test, const void *prev, char *desc)
#else
#define KUNIT_GENERATOR(name)	const void *(name)(const void *prev, char *desc)
#endif

/* hrtimer_init() became hrtimer_setup() in 6.13. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
#define hrtimer_prepare(timer, fn, clock, mode)	hrtimer_setup(timer, fn, clock, mode)
#else
#define hrtimer_prepare(timer, fn, clock, mode)	\
	do {						\
		hrtimer_init(timer, clock, mode);	\
		(timer)->function = fn;			\
	} while (0)
#endif

/*
 * True if kfree() may refuse memory that is not SLUB's, with a warning. Linux 7.2, where large
 * blocks of kmalloc() have a page type, does; no kernel before 6.14.
 */
#define KERNEL_KFREE_REFUSES	(LINUX_VERSION_CODE >= KERNEL_VERSION(6, 14, 0))

/*
 * Exclude per-CPU memory from kmemleak's scans for pointers. Before 6.12, kmemleak expects the
 * addresses of all CPUs; since 6.16, the per-CPU address. In between it is not possible.
 */
#ifndef CONFIG_DEBUG_KMEMLEAK
#define kmemleak_hide_percpu(p)		((void)(p))
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(6, 16, 0)
#define kmemleak_hide_percpu(p)		kmemleak_ignore_percpu(p)
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#define kmemleak_hide_percpu(p)		((void)(p))
#else
#define kmemleak_hide_percpu(p)						\
	do {								\
		unsigned int __cpu;					\
									\
		for_each_possible_cpu(__cpu)				\
			kmemleak_no_scan(per_cpu_ptr(p, __cpu));	\
	} while (0)
#endif

/* The largest order of the page allocator, inclusive. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
#define KERNEL_MAX_ORDER	MAX_PAGE_ORDER
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
#define KERNEL_MAX_ORDER	MAX_ORDER
#else
#define KERNEL_MAX_ORDER	(MAX_ORDER - 1)
#endif

/*
 * Create a SLUB cache that is not merged with another. Before 6.5 there is no flag; caches with
 * a usercopy region are not merged in any version.
 */
#ifdef SLAB_NO_MERGE
#define kmem_cache_create_unmerged(name, size, align)	\
	kmem_cache_create(name, size, align, SLAB_NO_MERGE, NULL)
#else
#define kmem_cache_create_unmerged(name, size, align)	\
	kmem_cache_create_usercopy(name, size, align, 0, 0, size, NULL)
#endif

/* struct_size() without an instance, for all kernels alike. */
#define struct_bytes(type, array, n)	\
	(offsetof(type, array) + (n) * sizeof_field(type, array[0]))

/*
 * Save a stack trace in the depot, which stores equal ones once. Since 6.8, a flag says whether
 * the depot may grow; before, an argument. Up to 6.2 there is another argument, for extra bits.
 */
#ifndef CONFIG_STACKDEPOT
#define depot_keep(entries, nr, gfp, grow)	\
	((void)(entries), (void)(nr), (void)(gfp), (void)(grow), 0)
#define depot_print(stack)			((void)(stack))
#define depot_snprint(stack, buf, size)		((void)(stack), (buf)[0] = '\0', 0)
#define depot_prepare()				0
#elif defined(STACK_DEPOT_FLAG_CAN_ALLOC)
#define depot_keep(entries, nr, gfp, grow)	\
	stack_depot_save_flags(entries, nr, gfp, (grow) ? STACK_DEPOT_FLAG_CAN_ALLOC : 0)
#define depot_print(stack)			stack_depot_print(stack)
#define depot_snprint(stack, buf, size)		stack_depot_snprint(stack, buf, size, 4)
#define depot_prepare()				stack_depot_init()
#else
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
#define depot_keep(entries, nr, gfp, grow)	__stack_depot_save(entries, nr, gfp, grow)
#else
#define depot_keep(entries, nr, gfp, grow)	__stack_depot_save(entries, nr, 0, gfp, grow)
#endif
#define depot_print(stack)			stack_depot_print(stack)
#define depot_snprint(stack, buf, size)		stack_depot_snprint(stack, buf, size, 4)
#define depot_prepare()				stack_depot_init()
#endif

/* Renamed in 6.17. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 17, 0)
#define unbound_wq	system_dfl_wq
#else
#define unbound_wq	system_unbound_wq
#endif

/* A per-CPU workqueue for work that memory may depend on; since 6.17 the former needs a flag. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 17, 0)
#define alloc_reclaim_queue(name)	alloc_workqueue(name, WQ_MEM_RECLAIM | WQ_PERCPU, 0)
#else
#define alloc_reclaim_queue(name)	alloc_workqueue(name, WQ_MEM_RECLAIM, 0)
#endif

/* Free what a cache of page fragments holds. A function since 6.10. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0)
#define page_frag_drain(cache)	page_frag_cache_drain(cache)
#else
#define page_frag_drain(cache)								\
	do {										\
		if ((cache)->va)							\
			__page_frag_cache_drain(virt_to_head_page((cache)->va),		\
						(cache)->pagecnt_bias);			\
	} while (0)
#endif

/*
 * For addresses that are not vmalloc memory. Before 6.12 the function is not exported. The limits
 * use symbols that are not exported on riscv64.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#define is_module_data(addr)	is_vmalloc_or_module_addr(addr)
#else
#define is_module_data(addr)	\
	((unsigned long)(addr) >= MODULES_VADDR && (unsigned long)(addr) < MODULES_END)
#endif

/* Since 6.7, the kernel allocates shrinkers. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
struct shrinker_handle {
	struct shrinker *shrinker;
};

#define shrinker_begin(handle, text, count, scan)			\
({									\
	(handle)->shrinker = shrinker_alloc(0, text);			\
	if ((handle)->shrinker) {					\
		(handle)->shrinker->count_objects = count;		\
		(handle)->shrinker->scan_objects = scan;		\
		shrinker_register((handle)->shrinker);			\
	}								\
	(handle)->shrinker ? 0 : -ENOMEM;				\
})

#define shrinker_end(handle)	shrinker_free((handle)->shrinker)
#else
struct shrinker_handle {
	struct shrinker shrinker;
};

#define shrinker_begin(handle, text, count, scan)			\
({									\
	(handle)->shrinker.count_objects = count;			\
	(handle)->shrinker.scan_objects = scan;				\
	(handle)->shrinker.seeks = DEFAULT_SEEKS;			\
	register_shrinker(&(handle)->shrinker, text);			\
})

#define shrinker_end(handle)	unregister_shrinker(&(handle)->shrinker)
#endif

#endif /* SLABMOD_COMPAT_H */
