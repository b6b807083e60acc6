// SPDX-License-Identifier: GPL-2.0
/*
 * debug_block.c - debug mode for runs of pages that no cache serves.
 *
 * They are naturally aligned and often large, so there is no room for a red zone before
 * them, nor behind, but for what kmalloc() rounds up to whole pages. The rest is as for
 * objects: patterns, a quarantine, stacks. A block in quarantine is claimed: for all
 * others it is free already.
 *
 * Contexts: any but NMI, where blocks are neither taken nor given. Locks: that of the
 * xarray. Memory: a record a block from the kernel's own allocator; without one the block
 * is not debugged.
 */
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/xarray.h>

#include "chunk.h"
#include "debug_block.h"
#include "fault.h"
#include "gfp.h"
#include "report.h"

DEFINE_STATIC_KEY_FALSE(debug_blocks);

/* By number of the first page. Entries go when their block leaves the quarantine. */
static DEFINE_XARRAY_FLAGS(blocks, XA_FLAGS_LOCK_IRQ);

static struct debug_queue quarantine = {
	.lock = __RAW_SPIN_LOCK_UNLOCKED(quarantine.lock),
};

static atomic_long_t quarantined;	/* pages in it */

static unsigned long key_of(const void *block)
{
	return PHYS_PFN(__pa(block));
}

static struct debug_block *find(const void *block)
{
	return xa_load(&blocks, key_of(block));
}

static size_t size_of(const struct debug_block *b)
{
	return (size_t)b->nr_pages << PAGE_SHIFT;
}

/* ---- taking ---- */

static bool insert(struct debug_block *b, gfp_t gfp)
{
	unsigned long flags;
	int err;

	xa_lock_irqsave(&blocks, flags);
	err = xa_err(__xa_store(&blocks, key_of(b->frame->block), b, gfp));
	xa_unlock_irqrestore(&blocks, flags);
	return !err;
}

static struct debug_block *record(struct frame *frame, gfp_t gfp)
{
	struct debug_block *b;

	if (!gfp_may_call_kernel() || fault_hits(FAULT_TRACKS))
		return NULL;
	/* It is of no use to insist: nobody is refused a block for want of this. */
	gfp = (gfp & GFP_METADATA & ~__GFP_NOFAIL) | __GFP_NOWARN;
	b = kzalloc(sizeof(*b), gfp);
	if (!b)
		return NULL;
	b->frame = frame;
	b->source = frame->buddy->source;
	b->nr_pages = frame->nr_pages;
	if (insert(b, gfp & ~__GFP_RECLAIM))
		return b;
	kfree(b);
	return NULL;
}

void debug_block_take(struct frame *frame, gfp_t gfp, bool clear)
{
	struct debug_block *b = record(frame, gfp);

	if (!b)
		return;
	if (!clear)
		memset(frame->block, DEBUG_FILL_NEW, size_of(b));
	debug_note_alloc(&b->track, size_of(b), gfp);
	debug_tell_kmemleak(&b->track, frame->block, gfp);
	WRITE_ONCE(b->track.state, DEBUG_LIVE);
}

/* ---- reports ---- */

static void tell(const struct debug_block *b)
{
	pr_err("slabmod:   block %p of %u pages, %u bytes asked for, %s\n", b->frame->block,
	       b->nr_pages, b->track.asked, debug_state_name(&b->track));
	debug_tell_stacks(&b->track);
}

void debug_block_tell(struct frame *frame)
{
	struct debug_block *b;

	if (!static_branch_unlikely(&debug_blocks))
		return;
	b = find(frame_address(frame));
	if (b)
		tell(b);
}

static void check_zone(struct debug_block *b)
{
	void *block = b->frame->block, *zone = block + b->track.asked, *first;
	size_t written;

	first = debug_find_written(zone, DEBUG_FILL_ZONE, size_of(b) - b->track.asked, &written);
	if (first && report_misuse(MISUSE_OVERRUN,
				   "%zu bytes behind block %p were written, the first at offset %ld",
				   written, block, (long)(first - block)))
		tell(b);
}

static void check_pattern(struct debug_block *b)
{
	void *block = b->frame->block, *first;
	size_t written;

	first = debug_find_written(block, DEBUG_FILL_FREE, size_of(b), &written);
	if (first && report_misuse(MISUSE_WRITE_FREE,
				   "%zu bytes of block %p were written after it was freed, the first at offset %ld",
				   written, block, (long)(first - block)))
		tell(b);
}

/* ---- giving, and the quarantine ---- */

static void let_go(struct debug_block *b, void (*release)(struct frame *frame))
{
	struct frame *frame = b->frame;
	unsigned long flags;

	check_pattern(b);
	xa_lock_irqsave(&blocks, flags);
	__xa_erase(&blocks, key_of(frame->block));
	xa_unlock_irqrestore(&blocks, flags);
	atomic_long_sub(b->nr_pages, &b->source->quarantined);
	/* Who looks it up, for a report, is a reader of RCU. */
	kfree_rcu(b, rcu);
	release(frame);
}

/* The one that came first, when there are more than @keep pages. */
static struct debug_block *remove_oldest(long keep)
{
	struct debug_track *track;
	struct debug_block *b;

	if (atomic_long_read(&quarantined) <= keep)
		return NULL;
	track = debug_queue_remove(&quarantine, 0);
	if (!track)
		return NULL;
	b = container_of(track, struct debug_block, track);
	atomic_long_sub(b->nr_pages, &quarantined);
	return b;
}

bool debug_block_give(struct frame *frame, void (*release)(struct frame *frame))
{
	struct debug_block *b = find(frame->block);

	if (!b)
		return false;
	debug_untell_kmemleak(&b->track, frame->block);
	debug_note_free(&b->track);
	check_zone(b);
	memset(frame->block, DEBUG_FILL_FREE, size_of(b));
	WRITE_ONCE(b->track.state, DEBUG_QUARANTINED);
	atomic_long_add(b->nr_pages, &b->source->quarantined);
	atomic_long_add(b->nr_pages, &quarantined);
	debug_queue_add(&quarantine, &b->track);
	while ((b = remove_oldest(quarantine_kb >> (PAGE_SHIFT - 10))))
		let_go(b, release);
	return true;
}

bool debug_block_drain(void (*release)(struct frame *frame))
{
	struct debug_block *b;
	bool any = false;

	while ((b = remove_oldest(0))) {
		let_go(b, release);
		any = true;
	}
	return any;
}

/* ---- what was asked for ---- */

void debug_block_set_asked(void *block, size_t asked)
{
	struct debug_block *b = find(block);

	if (!b)
		return;
	memset(block + asked, DEBUG_FILL_ZONE, size_of(b) - asked);
	b->track.asked = asked;
}

size_t debug_block_asked(const void *block, bool all)
{
	struct debug_block *b = find(block);

	if (!b)
		return 0;
	if (all)
		b->track.asked = size_of(b);
	return b->track.asked;
}

void debug_block_walk(struct chunk_source *source,
		      void (*fn)(const struct debug_track *track, void *arg), void *arg)
{
	struct debug_block *b;
	unsigned long key;

	rcu_read_lock();
	xa_for_each(&blocks, key, b)
		if (b->source == source && READ_ONCE(b->track.state) == DEBUG_LIVE)
			fn(&b->track, arg);
	rcu_read_unlock();
}

/* ---- beginning and end ---- */

void debug_block_switch(bool on)
{
	if (on)
		static_branch_enable(&debug_blocks);
	else
		static_branch_disable(&debug_blocks);
}
EXPORT_SYMBOL_FOR_TEST(debug_block_switch);

int debug_block_init(void)
{
	debug_block_switch(debug_all);
	return 0;
}

/* Those that callers still have when slabmod goes leave their records. */
void debug_block_exit(void)
{
	struct debug_block *b;
	unsigned long key;

	xa_for_each(&blocks, key, b)
		kfree(b);
	xa_destroy(&blocks);
}
