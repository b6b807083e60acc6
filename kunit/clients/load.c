// SPDX-License-Identifier: GPL-2.0
/*
 * slabmod_load.ko, slabmod_load_slub.ko - a load of slabmod or of the kernel's allocator, for
 * scripts/latency.
 *
 * A thread on each CPU allocates and frees objects of 8 bytes to 64 KiB in random order, and passes
 * some of them to other CPUs, which free them. From time to time it frees all that it has, and
 * creates, uses and destroys a cache. The load begins when the module is loaded, and ends when it
 * is unloaded, with a line in the log: "load: N allocations, N failed".
 */
#include <linux/bitops.h>
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/sched.h>
#include <linux/slab.h>

#ifdef LOAD_SLUB
#define load_alloc		kmalloc
#define load_free		kfree
#define load_cache		kmem_cache
#define load_cache_create	kmem_cache_create
#define load_cache_alloc	kmem_cache_alloc
#define load_cache_free		kmem_cache_free
#define load_cache_destroy	kmem_cache_destroy
#else
#include <slabmod/slabmod.h>

#define load_alloc		slabmod_kmalloc
#define load_free		slabmod_kfree
#define load_cache		slabmod_cache
#define load_cache_create	slabmod_cache_create
#define load_cache_alloc	slabmod_cache_alloc
#define load_cache_free		slabmod_cache_free
#define load_cache_destroy	slabmod_cache_destroy
SLABMOD_IMPORT();
#endif

#define OBJECTS		1024
#define PASSED		64
#define OF_CACHE	100
/* Steps of a thread from one cache to the next */
#define ROUND		16384

struct loader {
	struct task_struct *thread;
	struct rnd_state random;
	unsigned long ops;
	unsigned long failed;
	void *objects[OBJECTS];
};

static struct loader *loaders[NR_CPUS];
/* Objects on their way to another CPU */
static void *passed[PASSED];

static void free_all(void **objects, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (objects[i])
			load_free(objects[i]);
		objects[i] = NULL;
	}
}

/* From 8 bytes to a power of two, each of which half as often as the one below */
static size_t random_size(struct rnd_state *random)
{
	unsigned int order = min_t(unsigned int, __ffs(prandom_u32_state(random) | BIT(10)), 10);

	return 8 + prandom_u32_state(random) % ((64u << order) - 8);
}

/* Allocate or free one of the objects at random; exchange one of eight with another CPU. */
static void step(struct loader *loader)
{
	u32 n = prandom_u32_state(&loader->random);
	void **object = &loader->objects[n % OBJECTS];

	if (*object) {
		load_free(*object);
		*object = NULL;
		return;
	}
	*object = load_alloc(random_size(&loader->random), GFP_KERNEL);
	if (!*object) {
		loader->failed++;
		return;
	}
	loader->ops++;
	*(u32 *)*object = n;
	if (!(n >> 29))
		*object = xchg(&passed[(n >> 16) % PASSED], *object);
}

/* The kernel's allocator shares no cache that has a constructor, as slabmod shares none. */
static void construct(void *object)
{
	*(u32 *)object = 0;
}

static void use_cache(struct loader *loader)
{
	struct load_cache *cache = load_cache_create("load", 200, 0, 0, construct);
	unsigned int i;

	if (!cache) {
		loader->failed++;
		return;
	}
	for (i = 0; i < OF_CACHE; i++)
		loader->objects[i] = load_cache_alloc(cache, GFP_KERNEL);
	for (i = 0; i < OF_CACHE; i++) {
		if (loader->objects[i])
			load_cache_free(cache, loader->objects[i]);
		else
			loader->failed++;
		loader->objects[i] = NULL;
	}
	loader->ops += OF_CACHE;
	load_cache_destroy(cache);
}

static int work(void *data)
{
	struct loader *loader = data;
	unsigned int i;

	while (!kthread_should_stop()) {
		for (i = 0; i < ROUND && !kthread_should_stop(); i++) {
			step(loader);
			cond_resched();
		}
		free_all(loader->objects, OBJECTS);
		use_cache(loader);
	}
	free_all(loader->objects, OBJECTS);
	return 0;
}

static void stop(void)
{
	unsigned long ops = 0, failed = 0;
	int cpu;

	for_each_possible_cpu(cpu) {
		if (!loaders[cpu])
			continue;
		kthread_stop(loaders[cpu]->thread);
		ops += loaders[cpu]->ops;
		failed += loaders[cpu]->failed;
		kfree(loaders[cpu]);
	}
	free_all(passed, PASSED);
	pr_info("load: %lu allocations, %lu failed\n", ops, failed);
}

static int start(int cpu)
{
	struct loader *loader = kzalloc(sizeof(*loader), GFP_KERNEL);

	if (!loader)
		return -ENOMEM;
	prandom_seed_state(&loader->random, cpu + 1);
	loader->thread = kthread_create_on_cpu(work, loader, cpu, "load/%u");
	if (IS_ERR(loader->thread)) {
		int err = PTR_ERR(loader->thread);

		kfree(loader);
		return err;
	}
	loaders[cpu] = loader;
	wake_up_process(loader->thread);
	return 0;
}

static int __init load_init(void)
{
	int cpu, err = 0;

	cpus_read_lock();
	for_each_online_cpu(cpu) {
		err = start(cpu);
		if (err)
			break;
	}
	cpus_read_unlock();
	if (err)
		stop();
	return err;
}

module_init(load_init);
module_exit(stop);

MODULE_DESCRIPTION("A load of an allocator on all CPUs");
MODULE_LICENSE("GPL");
