// SPDX-License-Identifier: GPL-2.0
/*
 * held.c - the memory held by an allocator.
 *
 * slabmod reports it: chunks, its own structures, per-CPU memory.
 *
 * SLUB's are the pages that the kernel counts as slabs, of all caches together (including large
 * kmalloc()), each with its struct page, where SLUB stores its metadata. The struct pages of
 * slabmod's chunks hold no metadata and are not counted. The per-CPU deltas of the counters are
 * added, so the number of pages is exact. SLUB's per-CPU memory is counted nowhere and left out.
 */
#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/kconfig.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/nodemask.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/vmstat.h>

#include <slabmod/slabmod.h>

#include "memory.h"

/* ---- SLUB ---- */

/* A delta that is being folded into the sum is missed, or counted twice. */
static long node_pages(enum node_stat_item item)
{
	long pages = atomic_long_read(&vm_node_stat[item]);
	int nid, cpu;

	for_each_online_node(nid)
		for_each_possible_cpu(cpu)
			pages += READ_ONCE(per_cpu_ptr(NODE_DATA(nid)->per_cpu_nodestats,
						       cpu)->vm_node_stat_diff[item]);
	return pages;
}

static long slab_pages(void)
{
	return node_pages(NR_SLAB_RECLAIMABLE_B) + node_pages(NR_SLAB_UNRECLAIMABLE_B);
}

/* Folding is short: two equal reads did not race with it. */
static s64 held_slub(void)
{
	long pages = slab_pages(), before;
	unsigned int reads = 100;

	do {
		before = pages;
		pages = slab_pages();
	} while (pages != before && --reads);
	return (s64)pages * (PAGE_SIZE + sizeof(struct page));
}

#ifdef CONFIG_SLUB
static void shrink_slub(void)
{
	unsigned int type, i;

	for (type = 0; type < ARRAY_SIZE(kmalloc_caches); type++)
		for (i = 0; i < ARRAY_SIZE(kmalloc_caches[type]); i++)
			if (kmalloc_caches[type][i])
				kmem_cache_shrink(kmalloc_caches[type][i]);
}
#else
static void shrink_slub(void)
{
}
#endif

int held_countable(void)
{
	return IS_ENABLED(CONFIG_SLUB) ? 0 : -EOPNOTSUPP;
}

/* ---- slabmod ---- */

static s64 held_slabmod(void)
{
	struct slabmod_usage usage;

	slabmod_pool_usage(NULL, &usage);
	return usage.held;
}

static void shrink_slabmod(void)
{
	slabmod_pool_shrink(NULL);
}

const struct holder held_by_slub = { held_slub, shrink_slub, true };
const struct holder held_by_slabmod = { held_slabmod, shrink_slabmod, false };
