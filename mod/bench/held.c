// SPDX-License-Identifier: GPL-2.0
/*
 * held.c - how many bytes an allocator holds.
 *
 * slabmod says so itself: chunks, its own structures, per-CPU memory.
 *
 * SLUB's are the pages that the kernel counts as slabs, all caches' together (what is
 * too large for a cache is among them), each with its struct page, which is where SLUB
 * keeps what it knows of a slab; a chunk's, where slabmod keeps nothing, are not counted.
 * What a CPU has counted and not yet passed on is added, so that it is exact to the
 * page. SLUB's per-CPU memory is counted nowhere and left out.
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

/* What is on the way from a CPU's count to the sum is in neither, or in both. */
static long look_at_count(enum node_stat_item item)
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
	return look_at_count(NR_SLAB_RECLAIMABLE_B) + look_at_count(NR_SLAB_UNRECLAIMABLE_B);
}

/* That is over in a moment: two looks that agree have not met it. */
static s64 held_slub(void)
{
	long pages = slab_pages(), before;
	unsigned int looks = 100;

	do {
		before = pages;
		pages = slab_pages();
	} while (pages != before && --looks);
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
