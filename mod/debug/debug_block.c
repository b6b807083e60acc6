// SPDX-License-Identifier: GPL-2.0
/*
 * debug_block.c - debug mode for blocks of pages.
 *
 * Blocks are naturally aligned and often large, so the only red zone is the part that kmalloc()
 * adds to round a size up to whole pages. Otherwise they are handled as objects: poison, a
 * quarantine, stacks. A block in quarantine is claimed, and so free for everything else.
 *
 * Contexts: any except NMI, in which blocks are not allocated or freed. Locks: records_lock,
 * raw, interrupts off, held for one record; the queue's. Memory: a record per block from SLUB;
 * without one the block is not debugged.
 */
#include <linux/hashtable.h>
#include <linux/kmemleak.h>
#include <linux/mm.h>
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

/* Set by debug_block_switch(). */
static bool all_pools;

/* All records, by address; changed under the lock, read under RCU. */
static DEFINE_HASHTABLE(records, 8);
static DEFINE_RAW_SPINLOCK(records_lock);

static struct debug_queue quarantine = {
	.lock = __RAW_SPIN_LOCK_UNLOCKED(quarantine.lock),
};

static atomic_long_t quarantined;	/* pages in it */

static size_t block_bytes(const struct debug_block *b)
{
	return (size_t)b->nr_pages << PAGE_SHIFT;
}

struct debug_block *debug_block_find(const void *block)
{
	struct debug_block *b, *found = NULL;

	rcu_read_lock();
	hash_for_each_possible_rcu(records, b, node, (unsigned long)block)
		if (b->block == block) {
			found = b;
			break;
		}
	rcu_read_unlock();
	return found;
}
EXPORT_SYMBOL_FOR_TEST(debug_block_find);

/* ---- allocation ---- */

static struct debug_block *add_record(void *block, unsigned int nr_pages, gfp_t gfp)
{
	struct debug_block *b;
	unsigned long flags;

	if (!gfp_may_call_kernel())
		return NULL;
	/* The block can do without a record: do not retry. */
	b = fault_kzalloc(FAULT_TRACKS, sizeof(*b),
			  (gfp & GFP_METADATA & ~__GFP_NOFAIL) | __GFP_NOWARN);
	if (!b)
		return NULL;
	/* It has the addresses of memory that a caller may have lost. */
	kmemleak_ignore(b);
	b->block = block;
	b->source = chunk_of(block)->buddy->source;
	b->nr_pages = nr_pages;
	source_count_metadata(b->source, sizeof(*b));
	raw_spin_lock_irqsave(&records_lock, flags);
	hash_add_rcu(records, &b->node, (unsigned long)block);
	raw_spin_unlock_irqrestore(&records_lock, flags);
	return b;
}

static void remove_record(struct debug_block *b)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&records_lock, flags);
	hash_del_rcu(&b->node);
	raw_spin_unlock_irqrestore(&records_lock, flags);
	source_count_metadata(b->source, -(long)sizeof(*b));
	/* Reports look it up under RCU. */
	kfree_rcu(b, rcu);
}

void debug_block_alloc(void *block, unsigned int nr_pages, gfp_t gfp, bool clear)
{
	struct debug_block *b;

	if (!all_pools && !chunk_of(block)->buddy->source->debug)
		return;
	b = add_record(block, nr_pages, gfp);
	if (!b)
		return;
	if (!clear)
		memset(block, DEBUG_FILL_NEW, block_bytes(b));
	debug_note_alloc(&b->track, block_bytes(b), gfp);
	/* Publish the tracking data. Pairs with the acquire in debug_block_walk(). */
	smp_store_release(&b->track.state, DEBUG_LIVE);
}

/* ---- reports ---- */

static void print_block(const struct debug_block *b)
{
	pr_err("slabmod:   block %p of %u pages, %u bytes requested, %s\n", b->block,
	       b->nr_pages, b->track.requested, debug_state_name(&b->track));
	debug_print_stacks(&b->track);
}

void debug_block_note_free(const void *block)
{
	struct debug_block *b = debug_block_find(block);

	if (b)
		debug_note_free(&b->track);
}

void debug_block_print(const void *block)
{
	struct debug_block *b;

	rcu_read_lock();
	b = debug_block_find(block);
	if (b)
		print_block(b);
	rcu_read_unlock();
}

/* Report writes to bytes from @offset on that should be @fill. */
static void check_block_fill(struct debug_block *b, size_t offset, u8 fill)
{
	void *block = b->block, *first;
	bool freed = fill == DEBUG_FILL_FREE;
	size_t written;

	debug_kasan_unpoison(block, block_bytes(b));
	first = debug_find_written(block + offset, fill, block_bytes(b) - offset, &written);
	if (first && report_misuse(freed ? MISUSE_WRITE_FREE : MISUSE_OVERRUN,
				   "%zu bytes %s block %p were written%s, the first at offset %ld",
				   written, freed ? "of" : "behind", block,
				   freed ? " after it was freed" : "", (long)(first - block))) {
		debug_print_bytes(block, first, block + block_bytes(b));
		print_block(b);
	}
}

/* The bytes of a live block beyond the requested size are red zone. */
static void check_redzone(struct debug_block *b)
{
	check_block_fill(b, b->track.requested, DEBUG_FILL_REDZONE);
}

/* ---- freeing, and the quarantine ---- */

static void release_block(struct debug_block *b, void (*release)(void *block))
{
	void *block = b->block;

	check_block_fill(b, 0, DEBUG_FILL_FREE);
	atomic_long_sub(b->nr_pages, &b->source->quarantined);
	remove_record(b);
	release(block);
}

/* Remove the oldest block if there are more than @keep pages. */
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

bool debug_block_free(void *block, void (*release)(void *block))
{
	struct debug_block *b = debug_block_find(block);

	if (!b)
		return false;
	debug_kmemleak_free(&b->track, block);
	debug_note_free(&b->track);
	check_redzone(b);
	memset(block, DEBUG_FILL_FREE, block_bytes(b));
	debug_kasan_poison(block, block_bytes(b), DEBUG_SHADOW_FREE);
	WRITE_ONCE(b->track.state, DEBUG_QUARANTINED);
	atomic_long_add(b->nr_pages, &b->source->quarantined);
	atomic_long_add(b->nr_pages, &quarantined);
	debug_queue_add(&quarantine, &b->track);
	/* pool_destroy() waits for CPUs that release a block. */
	rcu_read_lock();
	while ((b = remove_oldest(quarantine_kb >> (PAGE_SHIFT - 10))))
		release_block(b, release);
	rcu_read_unlock();
	return true;
}

bool debug_block_drain(unsigned long max, void (*release)(void *block))
{
	struct debug_block *b;
	unsigned long n;

	rcu_read_lock();
	for (n = 0; n < max && (b = remove_oldest(0)); n++)
		release_block(b, release);
	rcu_read_unlock();
	return n;
}

/* ---- requested size ---- */

static void set_requested(struct debug_block *b, size_t requested)
{
	void *block = b->block;

	/* Check the old red zone before overwriting it. */
	check_redzone(b);
	memset(block + requested, DEBUG_FILL_REDZONE, block_bytes(b) - requested);
	b->track.requested = requested;
	debug_kasan_poison(block + ALIGN(requested, 8), block_bytes(b) - ALIGN(requested, 8),
			   DEBUG_SHADOW_REDZONE);
	debug_kasan_unpoison(block, requested);
}

bool debug_block_is_memory(void *block, size_t requested, gfp_t gfp)
{
	struct debug_block *b = debug_block_find(block);

	if (!b)
		return false;
	set_requested(b, requested);
	debug_kmemleak_alloc(&b->track, block, block_bytes(b), gfp);
	return true;
}

void debug_block_set_requested(void *block, size_t requested)
{
	struct debug_block *b = debug_block_find(block);

	if (b)
		set_requested(b, requested);
}

size_t debug_block_requested(const void *block, bool all)
{
	struct debug_block *b = debug_block_find(block);

	if (!b)
		return 0;
	if (all && b->track.requested < block_bytes(b))
		set_requested(b, block_bytes(b));
	return b->track.requested;
}

void debug_block_walk(struct chunk_source *source,
		      void (*fn)(const struct debug_track *track, void *arg), void *arg)
{
	struct debug_block *b;
	int bucket;

	rcu_read_lock();
	hash_for_each_rcu(records, bucket, b, node)
		/* Pairs with the release in debug_block_alloc(). */
		if (b->source == source && smp_load_acquire(&b->track.state) == DEBUG_LIVE)
			fn(&b->track, arg);
	rcu_read_unlock();
}

/* ---- initialization ---- */

void debug_block_enable(void)
{
	static_branch_inc(&debug_blocks);
}

void debug_block_disable(void)
{
	static_branch_dec(&debug_blocks);
}

void debug_block_switch(bool on)
{
	if (on == all_pools)
		return;
	all_pools = on;
	if (on)
		debug_block_enable();
	else
		debug_block_disable();
}
EXPORT_SYMBOL_FOR_TEST(debug_block_switch);

int debug_block_init(void)
{
	debug_block_switch(debug_all);
	return 0;
}

/* Free the records of blocks that are live when slabmod is unloaded. */
void debug_block_exit(void)
{
	struct hlist_node *next;
	struct debug_block *b;
	int bucket;

	hash_for_each_safe(records, bucket, next, b, node)
		kfree(b);
	hash_init(records);
}
