// SPDX-License-Identifier: GPL-2.0
/*
 * main.c - a caller of the kernel's allocators, in which every function that <slabmod/dropin.h>
 * maps is called once. Nothing here mentions slabmod: slabmod.mk runs it on slabmod.
 *
 * It loads if each function returns memory, and leaves nothing behind. With leaks=1 it only leaves
 * memory behind, for scripts/check.d/dropin-sample.sh, which counts the reports. With fails=1 its
 * init function fails.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/device.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/mempool.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/version.h>
#include <linux/vmalloc.h>

#include "dropin.h"

struct thing {
	struct rcu_head rcu;
	char name[40];
};

static int failures;

/* Count a failure; a macro, for the line. */
#define expect(condition)						\
do {									\
	if (!(condition)) {						\
		pr_err("line %d: %s is false\n", __LINE__, #condition);	\
		failures++;						\
	}								\
} while (0)

/* Check that the memory can be written, and return it. */
static void *used(void *p, size_t size)
{
	expect(!IS_ERR_OR_NULL(p));
	if (!IS_ERR_OR_NULL(p))
		memset(p, 0x5a, size);
	return IS_ERR(p) ? NULL : p;
}

static void by_size(void)
{
	void *many[2], *p;

	kfree(used(kmalloc(100, GFP_KERNEL), 100));
	kfree(used(kzalloc(100, GFP_KERNEL), 100));
	kfree(used(kmalloc_node(100, GFP_KERNEL, NUMA_NO_NODE), 100));
	kfree(used(kzalloc_node(100, GFP_KERNEL, NUMA_NO_NODE), 100));
	kfree(used(kmalloc_array(5, 20, GFP_KERNEL), 100));
	kfree(used(kcalloc(5, 20, GFP_KERNEL), 100));
	kfree(used(kmalloc_array_node(5, 20, GFP_KERNEL, NUMA_NO_NODE), 100));
	kfree(used(kcalloc_node(5, 20, GFP_KERNEL, NUMA_NO_NODE), 100));
	kfree_sensitive(used(kmalloc_track_caller(100, GFP_KERNEL), 100));
	p = krealloc(NULL, 10, GFP_KERNEL);
	p = krealloc_array(used(p, 10), 10, 10, GFP_KERNEL);
	expect(ksize(used(p, 100)) >= 100);
	expect(kmalloc_size_roundup(100) >= 100);
	kfree(p);
	many[0] = kmalloc(10, GFP_KERNEL);
	many[1] = kmalloc(10, GFP_KERNEL);
	kfree_bulk(2, many);
	expect(kmalloc(0, GFP_KERNEL) == ZERO_SIZE_PTR);
	kfree(NULL);
	kfree(ZERO_SIZE_PTR);
}

static __printf(1, 2) char *format(const char *fmt, ...)
{
	va_list args;
	char *p;

	va_start(args, fmt);
	p = kvasprintf(GFP_KERNEL, fmt, args);
	va_end(args);
	return p;
}

static void copies(void)
{
	kfree(used(kmemdup("text", 5, GFP_KERNEL), 5));
	kfree(used(kmemdup_nul("text", 4, GFP_KERNEL), 5));
	kfree(used(kstrdup("text", GFP_KERNEL), 5));
	kfree(used(kstrndup("text", 2, GFP_KERNEL), 3));
	kfree(used(kasprintf(GFP_KERNEL, "%d", 1000), 5));
	kfree(used(format("%d", 1000), 5));
	kfree_const(kstrdup_const("text", GFP_KERNEL));
	/* Not an address of user space */
	expect(IS_ERR(memdup_user((void __user *)-PAGE_SIZE, 10)));
	expect(IS_ERR(memdup_user_nul((void __user *)-PAGE_SIZE, 10)));
	expect(IS_ERR(vmemdup_user((void __user *)-PAGE_SIZE, 10)));
	expect(IS_ERR(strndup_user((void __user *)-PAGE_SIZE, 10)));
}

static void virtually_contiguous(void)
{
	vfree(used(vmalloc(9000), 9000));
	vfree(used(vzalloc(9000), 9000));
	vfree(used(vmalloc_user(9000), 9000));
	vfree(used(vmalloc_node(9000, NUMA_NO_NODE), 9000));
	vfree(used(vzalloc_node(9000, NUMA_NO_NODE), 9000));
	vfree(used(__vmalloc(9000, GFP_KERNEL), 9000));
	vfree(used(vmalloc_array(9, 1000), 9000));
	vfree(used(__vmalloc_array(9, 1000, GFP_KERNEL), 9000));
	vfree(used(vcalloc(9, 1000), 9000));
	vfree(used(__vcalloc(9, 1000, GFP_KERNEL), 9000));
	/* The kernel's, by owner. */
	vfree(used(vmalloc_32(9000), 9000));
}

static void either(void)
{
	void *p;

	kvfree(used(kvmalloc(100, GFP_KERNEL), 100));
	kvfree(used(kvzalloc(5 << 20, GFP_KERNEL), 5 << 20));
	kvfree(used(kvmalloc_node(100, GFP_KERNEL, NUMA_NO_NODE), 100));
	kvfree(used(kvzalloc_node(100, GFP_KERNEL, NUMA_NO_NODE), 100));
	kvfree(used(kvmalloc_array(5, 20, GFP_KERNEL), 100));
	kvfree(used(kvcalloc(5, 20, GFP_KERNEL), 100));
	p = used(kvmalloc(100, GFP_KERNEL), 100);
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	p = kvrealloc(p, 200, GFP_KERNEL);
#else
	p = kvrealloc(p, 100, 200, GFP_KERNEL);
#endif
	kvfree_sensitive(used(p, 200), 200);
}

static void pages(void)
{
	struct page *page;
	unsigned long addr;

	free_page(__get_free_page(GFP_KERNEL));
	free_page(get_zeroed_page(GFP_KERNEL));
	free_pages(__get_free_pages(GFP_KERNEL, 2), 2);
	free_pages_exact(used(alloc_pages_exact(9000, GFP_KERNEL), 9000), 9000);
	addr = __get_free_page(GFP_KERNEL);
	if (addr)
		__free_page(virt_to_page((void *)addr));
	/* The kernel's, by owner. */
	page = alloc_page(GFP_KERNEL);
	expect(page);
	if (page)
		free_page((unsigned long)page_address(page));
	__putname(used(__getname(), 100));
}

static void constructor(void *object)
{
	memset(object, 0x11, sizeof(struct thing));
}

static void use_cache(struct kmem_cache *cache)
{
	void *many[3];

	expect(cache);
	if (!cache)
		return;
	kmem_cache_free(cache, used(kmem_cache_alloc(cache, GFP_KERNEL), 40));
	kmem_cache_free(cache, used(kmem_cache_alloc_node(cache, GFP_KERNEL, NUMA_NO_NODE), 40));
	kmem_cache_free(cache, used(kmem_cache_alloc_lru(cache, NULL, GFP_KERNEL), 40));
	kfree(kmem_cache_alloc(cache, GFP_KERNEL));
	expect(kmem_cache_alloc_bulk(cache, GFP_KERNEL, 3, many));
	kmem_cache_free_bulk(cache, 3, many);
	expect(kmem_cache_size(cache) >= 40);
	kmem_cache_shrink(cache);
	kmem_cache_destroy(cache);
}

static void caches(void)
{
	struct kmem_cache *cache;

	/* Names that slabmod itself refuses. */
	use_cache(kmem_cache_create("a name/with 1 blank that is too long for slabmod", 40, 8,
				    SLAB_HWCACHE_ALIGN | SLAB_ACCOUNT, NULL));
	use_cache(kmem_cache_create(".hidden", 40, 0, 0, NULL));
	use_cache(kmem_cache_create("constructed", sizeof(struct thing), 0, SLAB_TYPESAFE_BY_RCU,
				    constructor));
	use_cache(kmem_cache_create_usercopy("copied", 64, 0, SLAB_RECLAIM_ACCOUNT, 8, 8, NULL));
	use_cache(KMEM_CACHE(thing, SLAB_PANIC));
	use_cache(KMEM_CACHE_USERCOPY(thing, 0, name));
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	use_cache(kmem_cache_create("default", 64, NULL, 0));
	use_cache(kmem_cache_create("args", 64, &(struct kmem_cache_args){ .align = 64 }, 0));
#endif
	cache = KMEM_CACHE(thing, 0);
	expect(cache);
	kmem_cache_free(cache, kmem_cache_zalloc(cache, GFP_KERNEL));
	kmem_cache_destroy(cache);
	kmem_cache_destroy(NULL);
}

static void mempools(void)
{
	struct kmem_cache *cache = KMEM_CACHE(thing, 0);
	mempool_t *pool, within = {};

	pool = mempool_create_slab_pool(2, cache);
	expect(pool);
	mempool_free(used(mempool_alloc(pool, GFP_KERNEL), 40), pool);
	mempool_destroy(pool);
	pool = mempool_create(2, mempool_alloc_slab, mempool_free_slab, cache);
	expect(pool);
	mempool_destroy(pool);
	expect(!mempool_init_slab_pool(&within, 2, cache));
	mempool_exit(&within);
	pool = mempool_create_kmalloc_pool(2, 100);
	expect(pool);
	mempool_free(used(mempool_alloc(pool, GFP_KERNEL), 100), pool);
	mempool_destroy(pool);
	expect(!mempool_init_kmalloc_pool(&within, 2, 100));
	mempool_exit(&within);
	kmem_cache_destroy(cache);
}

static void after_grace_period(void)
{
	struct thing *thing;

	thing = used(kmalloc(sizeof(*thing), GFP_KERNEL), sizeof(*thing));
	kfree_rcu(thing, rcu);
	thing = used(kvmalloc(sizeof(*thing), GFP_KERNEL), sizeof(*thing));
	kvfree_rcu(thing, rcu);
	thing = used(kmalloc(sizeof(*thing), GFP_KERNEL), sizeof(*thing));
	kfree_rcu_mightsleep(thing);
	thing = used(vmalloc(sizeof(*thing)), sizeof(*thing));
	kvfree_rcu_mightsleep(thing);
}

static bool fails;
module_param(fails, bool, 0);
MODULE_PARM_DESC(fails, "do not load");

static bool leaks;
module_param(leaks, bool, 0);
MODULE_PARM_DESC(leaks, "leave memory behind");

/* Leave an object by size, one of a cache, a block of two pages, and an empty cache. */
static int leave_memory(void)
{
	struct kmem_cache *cache = kmem_cache_create("left by/the sample, 40 bytes each", 40, 0,
						     0, NULL);

	used(kmem_cache_alloc(cache, GFP_KERNEL), 40);
	used(kmalloc(1000, GFP_KERNEL), 1000);
	used((void *)__get_free_pages(GFP_KERNEL, 1), 2 * PAGE_SIZE);
	expect(kmem_cache_create("empty", 40, 0, 0, NULL));
	return failures ? -EINVAL : 0;
}

/* Functions as values: one may be taken of a name that is mapped. */
static void (*const releases[])(const void *) = { kfree, kvfree, vfree };

static int __init dropin_init(void)
{
	if (leaks)
		return leave_memory();
	if (fails)
		return -ENODEV;
	by_size();
	copies();
	virtually_contiguous();
	either();
	pages();
	caches();
	mempools();
	after_grace_period();
	releases[0](kmalloc(10, GFP_KERNEL));
	releases[1](kmalloc(10, GFP_KERNEL));
	releases[2](vmalloc(10));
	failures += dropin_more();
	pr_info("%d failures\n", failures);
	return failures ? -EINVAL : 0;
}
module_init(dropin_init);

static void __exit dropin_exit(void)
{
}
module_exit(dropin_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("calls the kernel's allocators, for slabmod.mk");
