// SPDX-License-Identifier: GPL-2.0
/*
 * area.c - areas of vmalloc, by address, and their pages in user space.
 *
 * The areas are in a latched tree, which any context can search without a lock.
 *
 * Contexts: any for lookups; otherwise process. Locks: areas_lock, a plain spinlock, held for one
 * insertion or removal.
 */
#include <linux/kasan.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>
#include <linux/vmalloc.h>

#include <slabmod/vmalloc.h>

#include "area.h"

static struct latch_tree_root areas;
static DEFINE_SPINLOCK(areas_lock);

/* The addresses freed last, to tell a second free from that of another address; areas_lock. */
#define NR_RECENT	64u

static const void *recent[NR_RECENT];
static unsigned int next_recent;

static struct vmalloc_area *area_of(struct latch_tree_node *node)
{
	return container_of(node, struct vmalloc_area, node);
}

static __always_inline bool area_less(struct latch_tree_node *a, struct latch_tree_node *b)
{
	return area_of(a)->addr < area_of(b)->addr;
}

static __always_inline int area_compare(void *addr, struct latch_tree_node *node)
{
	const struct vmalloc_area *area = area_of(node);

	if (addr < area->addr)
		return -1;
	return addr >= area->addr + area_bytes(area);
}

static const struct latch_tree_ops area_ops = { .less = area_less, .comp = area_compare };

struct vmalloc_area *area_find(const void *addr)
{
	struct latch_tree_node *node;

	node = latch_tree_find(kasan_reset_tag((void *)addr), &areas, &area_ops);
	return node ? area_of(node) : NULL;
}

void area_insert(struct vmalloc_area *area)
{
	spin_lock(&areas_lock);
	latch_tree_insert(&area->node, &areas, &area_ops);
	spin_unlock(&areas_lock);
}

void area_remove(struct vmalloc_area *area)
{
	spin_lock(&areas_lock);
	latch_tree_erase(&area->node, &areas, &area_ops);
	WRITE_ONCE(recent[next_recent++ % NR_RECENT], area->addr);
	spin_unlock(&areas_lock);
}

struct vmalloc_area *area_first(void)
{
	struct rb_node *node = rb_first(&areas.tree[0]);

	return node ? container_of(node, struct vmalloc_area, node.node[0]) : NULL;
}

bool area_was_freed(const void *addr)
{
	unsigned int i;

	for (i = 0; i < NR_RECENT; i++)
		if (READ_ONCE(recent[i]) == addr)
			/* The kernel may have reused it. Not by a read: the TLB may be stale. */
			return !vmalloc_to_page(addr);
	return false;
}

bool slabmod_is_vmalloc_addr(const void *addr)
{
	bool found;

	rcu_read_lock();
	found = area_find(addr);
	rcu_read_unlock();
	return found;
}
EXPORT_SYMBOL_SLABMOD(slabmod_is_vmalloc_addr);

size_t slabmod_vsize(const void *addr)
{
	struct vmalloc_area *area;
	size_t size = 0;

	rcu_read_lock();
	area = area_find(addr);
	if (area && area->addr == kasan_reset_tag((void *)addr) &&
	    READ_ONCE(area->state) == AREA_LIVE)
		size = READ_ONCE(area->size);
	rcu_read_unlock();
	return size;
}
EXPORT_SYMBOL_SLABMOD(slabmod_vsize);

/* ---- user space ---- */

/* References to slabmod's pages keep nothing, so map their numbers, a contiguous run at a time. */
static int remap_pages(struct vm_area_struct *vma, void *addr, unsigned long nr_pages)
{
	unsigned long done, run, pfn;
	int err;

	for (done = 0; done < nr_pages; done += run) {
		pfn = vmalloc_to_pfn(addr + (done << PAGE_SHIFT));
		for (run = 1; done + run < nr_pages; run++)
			if (vmalloc_to_pfn(addr + ((done + run) << PAGE_SHIFT)) != pfn + run)
				break;
		err = remap_pfn_range(vma, vma->vm_start + (done << PAGE_SHIFT), pfn,
				      run << PAGE_SHIFT, vma->vm_page_prot);
		if (err)
			return err;
	}
	return 0;
}

int slabmod_remap_vmalloc_range(struct vm_area_struct *vma, void *addr, unsigned long pgoff)
{
	unsigned long nr_pages = vma_pages(vma);
	struct vmalloc_area *area;
	bool fits;

	addr = kasan_reset_tag(addr);
	rcu_read_lock();
	area = area_find(addr);
	fits = area && area->addr == addr && area->user && pgoff <= area->nr_pages &&
	       nr_pages <= area->nr_pages - pgoff;
	rcu_read_unlock();
	return fits ? remap_pages(vma, addr + (pgoff << PAGE_SHIFT), nr_pages) : -EINVAL;
}
EXPORT_SYMBOL_SLABMOD(slabmod_remap_vmalloc_range);
