// SPDX-License-Identifier: GPL-2.0
/*
 * descriptor.c - memory for struct slab.
 *
 * Slabs are described outside of their pages, in pages of the kernel that hold nothing else. A
 * lookup may find a slab that is being freed. So a descriptor is used again, and its page freed,
 * after a grace period: until then the lookup reads the same slab, which has no cache any more.
 *
 * New pages are needed as slabs are created. A pool with a reserve gets them with its chunks, one
 * descriptor for each page, so that the reserve serves objects of any size without the kernel.
 *
 * Contexts: any but NMI. Locks: descriptors->lock, for one page.
 */
#include <linux/bitmap.h>
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>

#include "debug/fault.h"
#include "descriptor.h"
#include "gfp.h"
#include "source.h"

#define PAGE_SLABS	(PAGE_SIZE / sizeof(struct slab))

/* Free descriptors below which the worker allocates a page. */
#define LOW_FREE	16

/* At the start of a page, in place of the first descriptors. */
struct descriptor_page {
	struct list_head node;
	struct descriptors *owner;
	unsigned int nr_free;
	unsigned long bits[BITS_TO_LONGS(PAGE_SLABS)];	/* of the free ones */
};

#define FIRST_SLAB	DIV_ROUND_UP(sizeof(struct descriptor_page), sizeof(struct slab))
#define NR_SLABS	(PAGE_SLABS - FIRST_SLAB)

/* ---- pages ---- */

static bool add_page(struct descriptors *all, struct chunk_source *source, gfp_t gfp)
{
	struct descriptor_page *page = NULL;
	unsigned long flags;
	unsigned int i;

	if (gfp_may_call_kernel())
		page = fault_alloc_pages_exact(FAULT_DESCRIPTORS, PAGE_SIZE,
					       (gfp & GFP_METADATA) | __GFP_NOWARN);
	if (!page)
		return false;
	page->owner = all;
	page->nr_free = NR_SLABS;
	bitmap_zero(page->bits, PAGE_SLABS);
	bitmap_set(page->bits, FIRST_SLAB, NR_SLABS);
	for (i = FIRST_SLAB; i < PAGE_SLABS; i++)
		((struct slab *)page)[i].word = FRAME_TAIL;
	source_count_metadata(source, PAGE_SIZE);
	raw_spin_lock_irqsave(&all->lock, flags);
	list_add_tail(&page->node, &all->usable);
	all->nr_free += NR_SLABS;
	all->nr += NR_SLABS;
	raw_spin_unlock_irqrestore(&all->lock, flags);
	return true;
}

/* Return true if the descriptors of a page are neither promised nor a stock for slabs to come. */
static bool has_spare_page(const struct descriptors *all)
{
	if (all->nr < all->promised + NR_SLABS)
		return false;
	return all->nr_free == all->nr || all->nr_free >= LOW_FREE + NR_SLABS;
}

/* Remove a page that has no slab, if it can be spared. */
static struct descriptor_page *remove_page(struct descriptors *all)
{
	struct descriptor_page *page, *found = NULL;
	unsigned long flags;

	raw_spin_lock_irqsave(&all->lock, flags);
	/* Wholly free ones are last. */
	page = list_empty(&all->usable) ? NULL :
		list_last_entry(&all->usable, struct descriptor_page, node);
	if (page && page->nr_free == NR_SLABS && has_spare_page(all)) {
		list_del(&page->node);
		all->nr_free -= NR_SLABS;
		all->nr -= NR_SLABS;
		found = page;
	}
	raw_spin_unlock_irqrestore(&all->lock, flags);
	return found;
}

/* Its descriptors were freed a grace period ago. */
static void free_descriptor_page(struct descriptor_page *page, struct chunk_source *source)
{
	source_count_metadata(source, -(long)PAGE_SIZE);
	free_pages_exact(page, PAGE_SIZE);
}

void descriptors_trim(struct descriptors *all, struct chunk_source *source)
{
	struct descriptor_page *page;

	while ((page = remove_page(all)))
		free_descriptor_page(page, source);
}
EXPORT_SYMBOL_FOR_TEST(descriptors_trim);

/* ---- descriptors ---- */

static struct slab *take(struct descriptors *all, struct chunk_source *source)
{
	struct descriptor_page *page;
	struct slab *slab = NULL;
	unsigned long flags;
	bool low = false;
	unsigned int i;

	raw_spin_lock_irqsave(&all->lock, flags);
	page = list_first_entry_or_null(&all->usable, struct descriptor_page, node);
	if (page) {
		i = find_first_bit(page->bits, PAGE_SLABS);
		__clear_bit(i, page->bits);
		slab = (struct slab *)page + i;
		all->nr_free--;
		if (!--page->nr_free)
			list_move(&page->node, &all->full);
		low = all->nr_free == LOW_FREE - 1;
	}
	raw_spin_unlock_irqrestore(&all->lock, flags);
	/* It calls descriptors_prefill(). */
	if (low)
		source_kick_worker(source);
	return slab;
}

struct slab *descriptor_alloc(struct descriptors *all, struct chunk_source *source, gfp_t gfp)
{
	struct slab *slab = take(all, source);

	if (!slab && add_page(all, source, gfp))
		slab = take(all, source);
	return slab;
}

static struct descriptor_page *page_of(const struct slab *slab)
{
	return (void *)((unsigned long)slab & PAGE_MASK);
}

/* Free a descriptor, and end the wait of @leaving of them: both at once for descriptors_used(). */
static void free_and_count(struct slab *slab, unsigned int leaving)
{
	struct descriptor_page *page = page_of(slab);
	struct descriptors *all = page->owner;
	unsigned long flags;

	WRITE_ONCE(slab->word, FRAME_TAIL);
	raw_spin_lock_irqsave(&all->lock, flags);
	all->nr_leaving -= leaving;
	__set_bit(slab - (struct slab *)page, page->bits);
	all->nr_free++;
	page->nr_free++;
	if (page->nr_free == NR_SLABS)
		list_move_tail(&page->node, &all->usable);
	else if (page->nr_free == 1)
		list_move(&page->node, &all->usable);
	raw_spin_unlock_irqrestore(&all->lock, flags);
}

void descriptor_free_now(struct slab *slab)
{
	free_and_count(slab, 0);
}

static void free_rcu(struct rcu_head *rcu)
{
	free_and_count(container_of(rcu, struct slab, rcu), 1);
}

void descriptor_free(struct slab *slab)
{
	struct descriptors *all = page_of(slab)->owner;
	unsigned long flags;

	WRITE_ONCE(slab->word, FRAME_TAIL);
	raw_spin_lock_irqsave(&all->lock, flags);
	all->nr_leaving++;
	raw_spin_unlock_irqrestore(&all->lock, flags);
	call_rcu(&slab->rcu, free_rcu);
}

unsigned long descriptors_used(struct descriptors *all)
{
	unsigned long flags, used;

	raw_spin_lock_irqsave(&all->lock, flags);
	used = all->nr - all->nr_free - all->nr_leaving;
	raw_spin_unlock_irqrestore(&all->lock, flags);
	return used;
}
EXPORT_SYMBOL_FOR_TEST(descriptors_used);

void descriptors_prefill(struct descriptors *all, struct chunk_source *source, gfp_t gfp)
{
	/* Nodes without slabs need none. */
	if (READ_ONCE(all->nr) && READ_ONCE(all->nr_free) < LOW_FREE)
		add_page(all, source, gfp);
}

/* ---- promises ---- */

bool descriptors_promise(struct descriptors *all, struct chunk_source *source, unsigned int nr,
			 gfp_t gfp)
{
	unsigned long promised, flags;

	raw_spin_lock_irqsave(&all->lock, flags);
	all->promised += nr;
	promised = all->promised;
	raw_spin_unlock_irqrestore(&all->lock, flags);
	while (READ_ONCE(all->nr) < promised)
		if (!add_page(all, source, gfp)) {
			descriptors_release(all, nr);
			return false;
		}
	return true;
}
EXPORT_SYMBOL_FOR_TEST(descriptors_promise);

void descriptors_release(struct descriptors *all, unsigned int nr)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&all->lock, flags);
	all->promised -= nr;
	raw_spin_unlock_irqrestore(&all->lock, flags);
}
EXPORT_SYMBOL_FOR_TEST(descriptors_release);

/* ---- beginning and end ---- */

void descriptors_init(struct descriptors *all)
{
	raw_spin_lock_init(&all->lock);
	INIT_LIST_HEAD(&all->usable);
	INIT_LIST_HEAD(&all->full);
}

void descriptors_exit(struct descriptors *all, struct chunk_source *source)
{
	struct descriptor_page *page, *next;

	list_splice_init(&all->full, &all->usable);
	list_for_each_entry_safe(page, next, &all->usable, node)
		free_descriptor_page(page, source);
}
