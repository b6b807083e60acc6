/* SPDX-License-Identifier: GPL-2.0 */
/*
 * verbs.h - what tests of all layers do: allocate, and assert that it worked; free; look
 * at the home and the magazine of a CPU; expect that nothing is left.
 */
#ifndef SLABMOD_VERBS_H
#define SLABMOD_VERBS_H

#include <linux/cpumask.h>
#include <linux/gfp.h>
#include <linux/nodemask.h>
#include <linux/percpu.h>
#include <linux/preempt.h>

#include <slabmod/slabmod.h>

#include "block.h"
#include "cache.h"
#include "cache_list.h"
#include "cache_setup.h"
#include "chunk.h"
#include "home_refill.h"
#include "home_return.h"
#include "kit.h"
#include "magazine.h"
#include "magazine_drain.h"
#include "magazine_set.h"
#include "model.h"
#include "slab.h"

#define KIT_LIMIT	8192	/* pages; if the limit of a pool does not matter */
#define NID		first_online_node

/* ---- memory of the test itself ---- */

static inline void *kit_zalloc(struct kunit *test, size_t size)
{
	void *p = kunit_kzalloc(test, size, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, p);
	return p;
}

/* An array of @nr pointers; freed with the test. */
static inline void **kit_array(struct kunit *test, unsigned int nr)
{
	return kit_zalloc(test, nr * sizeof(void *));
}

static inline void kit_shuffle(struct rnd_state *rnd, void **objects, unsigned int nr)
{
	unsigned int i, k;

	for (i = 0; i < nr; i++) {
		k = i + kit_random(rnd, nr - i);
		swap(objects[i], objects[k]);
	}
}

/* ---- sizes as parameters of a test ---- */

static inline void kit_size_text(const size_t *size, char *text)
{
	snprintf(text, KUNIT_PARAM_DESC_SIZE, "%zu", *size);
}

/* Define @name_gen_params() for an array of size_t; the test calls kit_size(). */
#define KIT_SIZE_PARAM(name, sizes)	KUNIT_ARRAY_PARAM(name, sizes, kit_size_text)

static inline size_t kit_size(struct kunit *test)
{
	return *(const size_t *)test->param_value;
}

/* ---- objects of a cache ---- */

/* A cache for the lower layers, of its own pool. */
static inline struct slabmod_cache *kit_cache_of(struct kunit *test, unsigned int size)
{
	return kit_cache_create(test, kit_pool_create(test, 4096), size, 0, NULL);
}

/* A cache of its own pool, without magazines until the first allocation. */
struct slabmod_cache *kit_cache_with(struct kunit *test, size_t size, unsigned int flags,
				     void (*ctor)(void *object));

static inline struct slabmod_cache *kit_cache(struct kunit *test, size_t size)
{
	return kit_cache_with(test, size, 0, NULL);
}

static inline void *kit_alloc(struct kunit *test, struct slabmod_cache *cache)
{
	void *object = slabmod_cache_alloc(cache, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, object);
	return object;
}

static inline void kit_alloc_n(struct kunit *test, struct slabmod_cache *cache, void **objects,
			       unsigned int nr)
{
	while (nr--)
		*objects++ = kit_alloc(test, cache);
}

static inline void kit_free_n(struct slabmod_cache *cache, void **objects, unsigned int nr)
{
	while (nr--)
		slabmod_cache_free(cache, *objects++);
}

/* The same on the n-th online CPU. */
void kit_alloc_on(unsigned int n, struct kunit *test, struct slabmod_cache *cache, void **objects,
		  unsigned int nr);
void kit_free_on(unsigned int n, struct slabmod_cache *cache, void **objects, unsigned int nr);

/* Leaves this CPU's magazine empty, and free objects in slabs of this CPU's home. */
void kit_stock_home(struct kunit *test, struct slabmod_cache *cache);

/* Expects that the cache is consistent and that no object of it is in use. */
void kit_expect_unused(struct kunit *test, struct slabmod_cache *cache);

/* A random run of a cache; its operations check the cache at rest. */
struct model kit_model(struct kunit *test, struct slabmod_cache *cache);

/* ---- objects straight from slabs, past the magazines ---- */

/* The first object of a new slab of this CPU's home, or of the node home. */
static inline void *kit_new_slab(struct kunit *test, struct slabmod_cache *cache, bool node_home)
{
	void *object = home_alloc_from_new_slab(cache, numa_mem_id(), GFP_KERNEL, node_home);

	KUNIT_ASSERT_NOT_NULL(test, object);
	return object;
}

/* Up to @nr objects of slabs that exist. @anything: also parts of shared lines. */
static inline unsigned int kit_home_alloc(struct slabmod_cache *cache, void **objects,
					  unsigned int nr, bool anything)
{
	unsigned int got;

	preempt_disable();
	got = home_alloc(cache, objects, nr, anything);
	preempt_enable();
	return got;
}

/* Allocates a whole new slab of this CPU's home, object by object. */
static inline void kit_fill_slab(struct kunit *test, struct slabmod_cache *cache, void **objects)
{
	unsigned int n = cache->objects;

	objects[0] = kit_new_slab(test, cache, false);
	if (n > 1)
		KUNIT_ASSERT_EQ(test, kit_home_alloc(cache, objects + 1, n - 1, false), n - 1);
}

static inline void kit_home_free(struct kunit *test, struct slabmod_cache *cache, void **objects,
				 unsigned int nr)
{
	KUNIT_ASSERT_TRUE(test, home_free(cache, objects, nr));
}

/* ---- blocks of pages ---- */

static inline void *kit_block(struct kunit *test, struct slabmod_pool *pool, unsigned int nr_pages)
{
	void *block = block_alloc("kit", pool, NUMA_NO_NODE, nr_pages, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, block);
	return block;
}

/* False if the block is not in use. */
static inline bool kit_block_free(void *block)
{
	return block_free(block);
}

/* ---- where things are ---- */

static inline struct slabmod_magazine *kit_magazine(struct slabmod_cache *cache)
{
	return raw_cpu_ptr(cache->magazines);
}

/* The magazine of the n-th online CPU. */
static inline struct slabmod_magazine *kit_magazine_of(struct slabmod_cache *cache, unsigned int n)
{
	return per_cpu_ptr(cache->magazines, kit_cpu(n));
}

static inline struct slab_home *kit_home(struct slabmod_cache *cache, unsigned int cpu)
{
	return per_cpu_ptr(cache->homes, cpu);
}

static inline struct slab *kit_slab(const void *object)
{
	return frame_slab(chunk_frame(object));
}

static inline int kit_node(const void *memory)
{
	return page_to_nid(virt_to_page(memory));
}

static inline unsigned long kit_stat(struct slabmod_cache *cache, enum stat_id which)
{
	return stat_sum(cache->stats, which);
}

/* The highest bits of an address may be a tag of KASAN's. */
#if defined(CONFIG_KASAN_SW_TAGS) || defined(CONFIG_KASAN_HW_TAGS)
#define KIT_ADDRESS_BITS	56
#else
#define KIT_ADDRESS_BITS	BITS_PER_LONG
#endif

static inline bool kit_same_memory(const void *p, const void *q)
{
	return !(((unsigned long)p ^ (unsigned long)q) << (BITS_PER_LONG - KIT_ADDRESS_BITS));
}

/* ---- circumstances ---- */

static inline void kit_need_nodes(struct kunit *test)
{
	if (num_online_nodes() < 2)
		kunit_skip(test, "needs two nodes");
}

static inline void kit_need_cpus(struct kunit *test, unsigned int nr)
{
	if (num_online_cpus() < nr)
		kunit_skip(test, "needs %u CPUs", nr);
}

/* Runs @statement while this CPU's magazine is busy, as for an interrupt during a call. */
#define KIT_WHILE_BUSY(cache, statement...)						\
do {										\
	preempt_disable();							\
	kit_magazine_enter(cache);						\
	statement;								\
	kit_magazine_leave(cache);						\
	preempt_enable();							\
} while (0)

#endif /* SLABMOD_VERBS_H */
