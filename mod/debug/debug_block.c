// SPDX-License-Identifier: GPL-2.0
/*
 * debug_block.c - debug mode for runs of pages that no cache serves.
 *
 * They are naturally aligned and often large, so there is no room for a red zone before
 * them, nor behind, but for what kmalloc() rounds up to whole pages. The rest is as for
 * objects: patterns, a quarantine, stacks. A block in quarantine is claimed: for all
 * others it is free already.
 *
 * Contexts: any but NMI, where blocks are neither taken nor given. Locks: records_lock,
 * raw, interrupts off, held for one record; that of the queue. Memory: a record a block from
 * the kernel's own allocator; without one the block is not debugged.
 */
#include <linux/kmemleak.h>
#include <linux/mm.h>
#include <linux/rculist.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "chunk.h"
#include "debug/debug_block.h"
#include "debug/fault.h"
#include "gfp.h"
#include "report.h"
#include "source.h"

DEFINE_STATIC_KEY_FALSE(debug_blocks);

/* All records, for walks; changed under the lock, read by RCU. */
static LIST_HEAD(records);
static DEFINE_RAW_SPINLOCK(records_lock);

static struct debug_queue quarantine = {
	.lock = __RAW_SPIN_LOCK_UNLOCKED(quarantine.lock),
};

static atomic_long_t quarantined;	/* pages in it */

static size_t size_of(const struct debug_block *b)
{
	return (size_t)b->nr_pages << PAGE_SHIFT;
}

/* Of a block that is the caller's, or is being freed by him. */
static struct debug_block *record_of(const void *block)
{
	return chunk_frame(block)->debug;
}

/* ---- taking ---- */

static struct debug_block *record(struct frame *frame, gfp_t gfp)
{
	struct debug_block *b;
	unsigned long flags;

	if (!gfp_may_call_kernel() || fault_hits(FAULT_TRACKS))
		return NULL;
	/* It is of no use to insist: nobody is refused a block for want of this. */
	b = kzalloc(sizeof(*b), (gfp & GFP_METADATA & ~__GFP_NOFAIL) | __GFP_NOWARN);
	if (!b)
		return NULL;
	/* Frames lead to it, and kmemleak does not look there. */
	kmemleak_ignore(b);
	b->frame = frame;
	b->source = frame->buddy->source;
	b->nr_pages = frame->nr_pages;
	source_count_metadata(b->source, sizeof(*b));
	frame->debug = b;
	raw_spin_lock_irqsave(&records_lock, flags);
	list_add_rcu(&b->node, &records);
	raw_spin_unlock_irqrestore(&records_lock, flags);
	return b;
}

static void forget(struct debug_block *b)
{
	unsigned long flags;

	b->frame->debug = NULL;
	raw_spin_lock_irqsave(&records_lock, flags);
	list_del_rcu(&b->node);
	raw_spin_unlock_irqrestore(&records_lock, flags);
	source_count_metadata(b->source, -(long)sizeof(*b));
	/* Who looks it up, for a report, is a reader of RCU. */
	kfree_rcu(b, rcu);
}

void debug_block_alloc(struct frame *frame, gfp_t gfp, bool clear)
{
	struct debug_block *b = record(frame, gfp);

	if (!b)
		return;
	if (!clear)
		memset(frame->block, DEBUG_FILL_NEW, size_of(b));
	debug_note_alloc(&b->track, size_of(b), gfp);
	/* Who finds it live finds all that is known of it. */
	smp_store_release(&b->track.state, DEBUG_LIVE);
}

/* ---- reports ---- */

static void tell(const struct debug_block *b)
{
	pr_err("slabmod:   block %p of %u pages, %u bytes asked for, %s\n", b->frame->block,
	       b->nr_pages, b->track.requested, debug_state_name(&b->track));
	debug_print_stacks(&b->track);
}

void debug_block_print(struct frame *frame)
{
	struct debug_block *b;

	if (!static_branch_unlikely(&debug_blocks))
		return;
	/* The frame of what is nobody's may be anything by now. */
	rcu_read_lock();
	list_for_each_entry_rcu(b, &records, node)
		if (b->frame == frame)
			tell(b);
	rcu_read_unlock();
}

/* One that a caller has: what is behind what was asked for is zone. */
static void check_zone(struct debug_block *b)
{
	void *block = b->frame->block, *zone = block + b->track.requested, *first;
	size_t written;

	debug_kasan_unpoison(block, size_of(b));
	first = debug_find_written(zone, DEBUG_FILL_REDZONE, size_of(b) - b->track.requested,
				   &written);
	if (first && report_misuse(MISUSE_OVERRUN,
				   "%zu bytes behind block %p were written, the first at offset %ld",
				   written, block, (long)(first - block))) {
		debug_print_bytes(block, first, block + size_of(b));
		tell(b);
	}
}

static void check_pattern(struct debug_block *b)
{
	void *block = b->frame->block, *first;
	size_t written;

	debug_kasan_unpoison(block, size_of(b));
	first = debug_find_written(block, DEBUG_FILL_FREE, size_of(b), &written);
	if (first && report_misuse(MISUSE_WRITE_FREE,
				   "%zu bytes of block %p were written after it was freed, the first at offset %ld",
				   written, block, (long)(first - block))) {
		debug_print_bytes(block, first, block + size_of(b));
		tell(b);
	}
}

/* ---- giving, and the quarantine ---- */

static void let_go(struct debug_block *b, void (*release)(struct frame *frame))
{
	struct frame *frame = b->frame;

	check_pattern(b);
	atomic_long_sub(b->nr_pages, &b->source->quarantined);
	forget(b);
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

bool debug_block_free(struct frame *frame, void (*release)(struct frame *frame))
{
	struct debug_block *b = frame->debug;

	if (!b)
		return false;
	debug_kmemleak_free(&b->track, frame->block);
	debug_note_free(&b->track);
	check_zone(b);
	memset(frame->block, DEBUG_FILL_FREE, size_of(b));
	debug_kasan_poison(frame->block, size_of(b), DEBUG_SHADOW_FREE);
	WRITE_ONCE(b->track.state, DEBUG_QUARANTINED);
	atomic_long_add(b->nr_pages, &b->source->quarantined);
	atomic_long_add(b->nr_pages, &quarantined);
	debug_queue_add(&quarantine, &b->track);
	/* Who ends a pool waits for those who are at one of its blocks. */
	rcu_read_lock();
	while ((b = remove_oldest(quarantine_kb >> (PAGE_SHIFT - 10))))
		let_go(b, release);
	rcu_read_unlock();
	return true;
}

bool debug_block_drain(unsigned long most, void (*release)(struct frame *frame))
{
	struct debug_block *b;
	unsigned long n;

	rcu_read_lock();
	for (n = 0; n < most && (b = remove_oldest(0)); n++)
		let_go(b, release);
	rcu_read_unlock();
	return n;
}

/* ---- what was asked for ---- */

static void set_asked(struct debug_block *b, size_t requested)
{
	void *block = b->frame->block;

	/* Before what was written to the old zone is written over. */
	check_zone(b);
	memset(block + requested, DEBUG_FILL_REDZONE, size_of(b) - requested);
	b->track.requested = requested;
	debug_kasan_poison(block + ALIGN(requested, 8), size_of(b) - ALIGN(requested, 8),
			   DEBUG_SHADOW_REDZONE);
	debug_kasan_unpoison(block, requested);
}

void debug_block_is_memory(void *block, size_t requested, gfp_t gfp)
{
	struct debug_block *b = record_of(block);

	if (!b)
		return;
	set_asked(b, requested);
	debug_kmemleak_alloc(&b->track, block, size_of(b), gfp);
}

void debug_block_set_requested(void *block, size_t requested)
{
	struct debug_block *b = record_of(block);

	if (b)
		set_asked(b, requested);
}

size_t debug_block_requested(const void *block, bool all)
{
	struct debug_block *b = record_of(block);

	if (!b)
		return 0;
	if (all && b->track.requested < size_of(b))
		set_asked(b, size_of(b));
	return b->track.requested;
}

void debug_block_walk(struct chunk_source *source,
		      void (*fn)(const struct debug_track *track, void *arg), void *arg)
{
	struct debug_block *b;

	rcu_read_lock();
	list_for_each_entry_rcu(b, &records, node)
		/* Pairs with the release in debug_block_alloc(). */
		if (b->source == source && smp_load_acquire(&b->track.state) == DEBUG_LIVE)
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
	struct debug_block *b, *next;

	list_for_each_entry_safe(b, next, &records, node)
		kfree(b);
	INIT_LIST_HEAD(&records);
}
