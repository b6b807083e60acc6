// SPDX-License-Identifier: GPL-2.0
/*
 * buddy.c - blocks of pages: split, merged, given back.
 *
 * Each chunk has its own lists of free blocks, one an order, and is itself in the
 * bucket of its largest free block. A request takes the lowest bucket that can
 * serve it, so the chunk with the least room that fits is used up first, others
 * drain, and a wholly free chunk is touched last: two find-first-bits, no search,
 * however many chunks there are. (One list an order for the whole node, which
 * textbooks have, would make "from the fullest chunk" a walk over its blocks.)
 *
 * A block that a caller frees is first kept as it is, one a node, and merged when the
 * next comes or pages are needed: who takes and gives large blocks by turns pays
 * neither for splitting nor for the lock.
 *
 * A wholly free chunk goes back to the source, less one that is kept for the next
 * request. A block of pages that are no power of two gives its tail back at once.
 *
 * Contexts: any but NMI. Locks: buddy->lock, raw, interrupts off, held for a split
 * or a merge over ten orders at the most (but for a chunk's pages by a check);
 * chunks come and go outside of it.
 */
#include <linux/bitops.h>
#include <linux/gfp.h>
#include <linux/log2.h>
#include <linux/nodemask.h>
#include <linux/rculist.h>

#include "buddy.h"
#include "chunk.h"
#include "gfp.h"
#include "report.h"

/* Wholly free chunks that a node keeps. */
#define KEEP_EMPTY	1

/* ---- buckets ---- */

static int bucket_of(const struct chunk *chunk)
{
	if (chunk->free_pages == chunk_pages(chunk))
		return BUCKET_EMPTY;
	return chunk->free_orders ? __fls(chunk->free_orders) : BUCKET_FULL;
}

static void bucket_remove(struct buddy *buddy, struct chunk *chunk)
{
	list_del_init(&chunk->node);
	if (chunk->bucket == BUCKET_EMPTY)
		buddy->nr_empty--;
	else if (list_empty(&buddy->bucket[chunk->bucket]))
		__clear_bit(chunk->bucket, &buddy->bucket_mask);
}

static void bucket_insert(struct buddy *buddy, struct chunk *chunk)
{
	chunk->bucket = bucket_of(chunk);
	list_add(&chunk->node, &buddy->bucket[chunk->bucket]);
	if (chunk->bucket == BUCKET_EMPTY)
		buddy->nr_empty++;
	else
		__set_bit(chunk->bucket, &buddy->bucket_mask);
}

static void bucket_update(struct buddy *buddy, struct chunk *chunk)
{
	if (bucket_of(chunk) == chunk->bucket)
		return;
	bucket_remove(buddy, chunk);
	bucket_insert(buddy, chunk);
}

/* The chunk with the least room that has a free block of @order or more. */
static struct chunk *find_chunk(struct buddy *buddy, unsigned int order)
{
	unsigned long fits = buddy->bucket_mask & GENMASK(BUDDY_ORDERS - 1, order);
	struct chunk *chunk;

	if (fits)
		return list_first_entry(&buddy->bucket[__ffs(fits)], struct chunk, node);
	/* Few are ever here: buddy_free() gives all but KEEP_EMPTY back. */
	list_for_each_entry(chunk, &buddy->bucket[BUCKET_EMPTY], node)
		if (chunk->order >= order)
			return chunk;
	return NULL;
}

/* ---- free blocks ---- */

static void mark_free(struct buddy *buddy, struct chunk *chunk, unsigned int index,
		      unsigned int order)
{
	struct frame *frame = &chunk->frames[index];

	frame->state = FRAME_FREE;
	frame->order = order;
	list_add(&frame->node, chunk_free_list(chunk, order));
	chunk->free_orders |= BIT(order);
	chunk->free_pages += 1u << order;
	buddy->nr_free[order]++;
	buddy->free_pages += 1ul << order;
}

static void unmark_free(struct buddy *buddy, struct chunk *chunk, struct frame *frame)
{
	unsigned int order = frame->order;

	frame->state = FRAME_TAIL;
	list_del_init(&frame->node);
	if (list_empty(chunk_free_list(chunk, order)))
		chunk->free_orders &= ~BIT(order);
	chunk->free_pages -= 1u << order;
	buddy->nr_free[order]--;
	buddy->free_pages -= 1ul << order;
}

/* Frees a block, with whatever of its buddies is free too. */
static void merge(struct buddy *buddy, struct chunk *chunk, unsigned int index, unsigned int order)
{
	while (order < chunk->order) {
		struct frame *other = &chunk->frames[index ^ (1u << order)];

		if (other->state != FRAME_FREE || other->order != order)
			break;
		unmark_free(buddy, chunk, other);
		index &= ~(1u << order);
		order++;
	}
	mark_free(buddy, chunk, index, order);
}

/* Frees any run of pages in a block: the largest aligned blocks it is made of. */
static void free_run(struct buddy *buddy, struct chunk *chunk, unsigned int index,
		     unsigned int nr_pages)
{
	while (nr_pages) {
		unsigned int order = __fls(nr_pages);

		if (index)
			order = min_t(unsigned int, order, __ffs(index));
		merge(buddy, chunk, index, order);
		index += 1u << order;
		nr_pages -= 1u << order;
	}
}

/* What is asked for, and what a block is to be marked as while the lock is held. */
struct buddy_request {
	unsigned int nr_pages;
	void (*mark)(struct frame *frame, void *arg);
	void *arg;
};

/* Takes a block from a chunk that has one, and splits it down to @nr_pages. */
static struct frame *take_block(struct buddy *buddy, struct chunk *chunk, unsigned int order,
				const struct buddy_request *request)
{
	unsigned int nr_pages = request->nr_pages;
	unsigned int found = order + __ffs(chunk->free_orders >> order);
	struct frame *frame = list_first_entry(chunk_free_list(chunk, found), struct frame, node);

	unmark_free(buddy, chunk, frame);
	while (found > order) {
		found--;
		mark_free(buddy, chunk, frame->index + (1u << found), found);
	}
	frame->order = order;
	frame->nr_pages = nr_pages;
	free_run(buddy, chunk, frame->index + nr_pages, (1u << order) - nr_pages);
	bucket_update(buddy, chunk);
	/* Not a moment FRAME_PAGES if it is to be something else: see buddy_claim(). */
	if (request->mark)
		request->mark(frame, request->arg);
	else
		/* All else is right before anybody may claim it. */
		smp_store_release(&frame->state, FRAME_PAGES);
	return frame;
}

/* ---- chunks ---- */

static void add_chunk(struct buddy *buddy, struct chunk *chunk)
{
	mark_free(buddy, chunk, 0, chunk->order);
	bucket_insert(buddy, chunk);
	list_add_rcu(&chunk->all, &buddy->chunks);
	buddy->nr_chunks++;
	buddy->pages += chunk_pages(chunk);
}

static void remove_chunk(struct buddy *buddy, struct chunk *chunk)
{
	bucket_remove(buddy, chunk);
	list_del_rcu(&chunk->all);
	buddy->nr_chunks--;
	buddy->pages -= chunk_pages(chunk);
}

/* Takes a wholly free chunk out for good. */
static void retire_chunk(struct buddy *buddy, struct chunk *chunk)
{
	remove_chunk(buddy, chunk);
	unmark_free(buddy, chunk, &chunk->frames[0]);
}

/* Merges a block that nobody else knows any more. */
static void merge_block(struct buddy *buddy, struct frame *frame)
{
	struct chunk *chunk = frame_chunk(frame);

	frame->state = FRAME_TAIL;
	free_run(buddy, chunk, frame->index, frame->nr_pages);
	bucket_update(buddy, chunk);
}

/* Keeps @frame, or NULL, and merges what was kept; false when nothing was. */
static bool replace_kept(struct buddy *buddy, struct frame *frame)
{
	frame = xchg(&buddy->kept, frame);
	if (!frame)
		return false;
	merge_block(buddy, frame);
	return true;
}

/* Unlocks, and gives a wholly free chunk back that is one too many. */
static void unlock_and_shed(struct buddy *buddy, unsigned long flags)
	__releases(&buddy->lock)
{
	struct chunk *chunk = NULL;

	if (buddy->nr_empty > KEEP_EMPTY) {
		chunk = list_first_entry(&buddy->bucket[BUCKET_EMPTY], struct chunk, node);
		retire_chunk(buddy, chunk);
	}
	raw_spin_unlock_irqrestore(&buddy->lock, flags);
	if (chunk)
		chunk_destroy(chunk);
}

static struct frame *alloc_from(struct buddy *buddy, const struct buddy_request *request)
{
	unsigned int order = order_base_2(request->nr_pages);
	struct frame *frame = NULL;
	struct chunk *chunk;
	unsigned long flags;

	raw_spin_lock_irqsave(&buddy->lock, flags);
	chunk = find_chunk(buddy, order);
	if (!chunk && replace_kept(buddy, NULL))
		chunk = find_chunk(buddy, order);
	if (chunk)
		frame = take_block(buddy, chunk, order, request);
	unlock_and_shed(buddy, flags);
	return frame;
}

/* Takes a block from a new chunk, before anybody else can. */
static struct frame *alloc_new(struct buddy *buddies, int nid,
			       const struct buddy_request *request, gfp_t gfp)
{
	unsigned int order = order_base_2(request->nr_pages);
	struct chunk *chunk = chunk_create(buddies, nid, order, gfp);
	struct frame *frame;
	unsigned long flags;

	if (!chunk)
		return NULL;
	raw_spin_lock_irqsave(&chunk->buddy->lock, flags);
	add_chunk(chunk->buddy, chunk);
	frame = take_block(chunk->buddy, chunk, order, request);
	raw_spin_unlock_irqrestore(&chunk->buddy->lock, flags);
	return frame;
}

static struct frame *alloc_elsewhere(struct buddy *buddies, int nid,
				     const struct buddy_request *request)
{
	struct frame *frame;
	int other;

	for_each_online_node(other) {
		if (other == nid)
			continue;
		frame = alloc_from(&buddies[other], request);
		if (frame)
			return frame;
	}
	return NULL;
}

struct frame *buddy_alloc_as(struct buddy *buddies, int nid, unsigned int nr_pages, gfp_t gfp,
			     void (*mark)(struct frame *frame, void *arg), void *arg)
{
	const struct buddy_request request = { .nr_pages = nr_pages, .mark = mark, .arg = arg };
	struct frame *frame;

	if (in_nmi())
		return NULL;
	frame = alloc_from(&buddies[nid], &request);
	if (frame)
		return frame;
	if (gfp & __GFP_THISNODE || nr_online_nodes == 1)
		return alloc_new(buddies, nid, &request, gfp);
	/*
	 * What other nodes have free is used before the kernel may give more of
	 * theirs: else a node without memory would take a chunk for every block.
	 */
	frame = alloc_new(buddies, nid, &request, gfp_easy(gfp) | __GFP_THISNODE);
	if (!frame)
		frame = alloc_elsewhere(buddies, nid, &request);
	if (!frame)
		frame = alloc_new(buddies, nid, &request, gfp);
	return frame;
}

struct frame *buddy_alloc(struct buddy *buddies, int nid, unsigned int nr_pages, gfp_t gfp)
{
	return buddy_alloc_as(buddies, nid, nr_pages, gfp, NULL, NULL);
}
EXPORT_SYMBOL_FOR_TEST(buddy_alloc);

bool buddy_free_as(struct frame *frame, void (*mark)(struct frame *frame, void *arg), void *arg)
{
	struct buddy *buddy = frame_chunk(frame)->buddy;
	unsigned long flags;

	raw_spin_lock_irqsave(&buddy->lock, flags);
	if (mark) {
		mark(frame, arg);
	} else if (cmpxchg(&frame->state, FRAME_PAGES, FRAME_TAIL) != FRAME_PAGES) {
		raw_spin_unlock_irqrestore(&buddy->lock, flags);
		return false;
	}
	merge_block(buddy, frame);
	unlock_and_shed(buddy, flags);
	return true;
}

bool buddy_free(struct frame *frame)
{
	return buddy_free_as(frame, NULL, NULL);
}
EXPORT_SYMBOL_FOR_TEST(buddy_free);

/* ---- the block that was freed last ---- */

bool buddy_claim(struct frame *frame)
{
	return cmpxchg(&frame->state, FRAME_PAGES, FRAME_KEPT) == FRAME_PAGES;
}
EXPORT_SYMBOL_FOR_TEST(buddy_claim);

void buddy_keep(struct frame *frame)
{
	struct buddy *buddy = frame_chunk(frame)->buddy;
	unsigned long flags;

	if (!cmpxchg(&buddy->kept, NULL, frame))
		return;
	/* What is driven out is merged before anybody can look for it in vain. */
	raw_spin_lock_irqsave(&buddy->lock, flags);
	replace_kept(buddy, frame);
	unlock_and_shed(buddy, flags);
}
EXPORT_SYMBOL_FOR_TEST(buddy_keep);

struct frame *buddy_take_kept(struct buddy *buddy, unsigned int nr_pages)
{
	struct frame *frame;
	bool mine;

	if (in_nmi())
		return NULL;
	/* A reader of RCU, for the frame may go while it is looked at. */
	preempt_disable();
	frame = READ_ONCE(buddy->kept);
	mine = frame && READ_ONCE(frame->nr_pages) == nr_pages &&
	       cmpxchg(&buddy->kept, frame, NULL) == frame;
	preempt_enable();
	if (!mine)
		return NULL;
	/* Meanwhile it may have been merged, and been kept again with another size. */
	if (unlikely(frame->nr_pages != nr_pages)) {
		buddy_keep(frame);
		return NULL;
	}
	/* As in take_block(). */
	smp_store_release(&frame->state, FRAME_PAGES);
	return frame;
}
EXPORT_SYMBOL_FOR_TEST(buddy_take_kept);

unsigned long buddy_free_pages(struct buddy *buddy)
{
	unsigned long pages = READ_ONCE(buddy->free_pages);
	struct frame *kept;

	rcu_read_lock();
	kept = READ_ONCE(buddy->kept);
	if (kept)
		pages += READ_ONCE(kept->nr_pages);
	rcu_read_unlock();
	return pages;
}

unsigned long buddy_trim(struct buddy *buddy)
{
	unsigned long flags, pages = 0;
	struct chunk *chunk;

	for (;;) {
		raw_spin_lock_irqsave(&buddy->lock, flags);
		replace_kept(buddy, NULL);
		chunk = list_first_entry_or_null(&buddy->bucket[BUCKET_EMPTY], struct chunk, node);
		if (chunk)
			retire_chunk(buddy, chunk);
		raw_spin_unlock_irqrestore(&buddy->lock, flags);
		if (!chunk)
			return pages;
		pages += chunk_pages(chunk);
		chunk_destroy(chunk);
	}
}
EXPORT_SYMBOL_FOR_TEST(buddy_trim);

/* ---- walks and checks ---- */

static unsigned int frame_span(const struct frame *frame)
{
	switch (frame->state) {
	case FRAME_FREE:
		return 1u << frame->order;
	case FRAME_PAGES:
	case FRAME_KEPT:
		return frame->nr_pages;
	default:
		return 1;
	}
}

struct frame *buddy_block_of(struct frame *frame)
{
	unsigned int order;

	for (order = 0; order < BUDDY_ORDERS; order++) {
		unsigned int into = frame->index & ((1u << order) - 1);
		struct frame *first = frame - into;

		if (first->state != FRAME_TAIL)
			return into < frame_span(first) ? first : NULL;
	}
	return NULL;
}

void buddy_walk(struct buddy *buddy, void (*fn)(struct frame *frame, void *arg), void *arg)
{
	struct chunk *chunk;
	unsigned int i;

	rcu_read_lock();
	list_for_each_entry_rcu(chunk, &buddy->chunks, all)
		for (i = 0; i < chunk_pages(chunk); i++)
			if (READ_ONCE(chunk->frames[i].state) != FRAME_TAIL)
				fn(&chunk->frames[i], arg);
	rcu_read_unlock();
}
EXPORT_SYMBOL_FOR_TEST(buddy_walk);

struct chunk_tally {
	unsigned int free_pages;
	u16 free_orders;
	unsigned long *nr_free;
};

static bool check_free_block(struct chunk *chunk, unsigned int i, struct chunk_tally *tally)
{
	struct frame *frame = &chunk->frames[i], *other;

	if (frame->order > chunk->order || i & ((1u << frame->order) - 1)) {
		report_broken("free block of order %u at page %u", frame->order, i);
		return false;
	}
	other = &chunk->frames[i ^ (1u << frame->order)];
	if (frame->order < chunk->order && other->state == FRAME_FREE &&
	    other->order == frame->order) {
		report_broken("buddies of order %u at page %u are not merged", frame->order, i);
		return false;
	}
	if (list_empty(&frame->node)) {
		report_broken("free block at page %u is on no list", i);
		return false;
	}
	tally->free_pages += 1u << frame->order;
	tally->free_orders |= BIT(frame->order);
	tally->nr_free[frame->order]++;
	return true;
}

/* Invariant: the chunk's blocks tile it, and its counts are those of its free blocks. */
static bool check_chunk(struct chunk *chunk, unsigned long *nr_free)
{
	struct chunk_tally tally = { .nr_free = nr_free };
	unsigned int i, span, k;

	for (i = 0; i < chunk_pages(chunk); i += span) {
		struct frame *frame = &chunk->frames[i];

		span = frame_span(frame);
		if (frame->index != i || frame->state == FRAME_TAIL ||
		    i + span > chunk_pages(chunk)) {
			report_broken("page %u is in no block", i);
			return false;
		}
		if (frame->state == FRAME_FREE && !check_free_block(chunk, i, &tally))
			return false;
		for (k = 1; k < span; k++)
			if (frame[k].state != FRAME_TAIL || frame[k].cache) {
				report_broken("page %u inside a block is marked", i + k);
				return false;
			}
	}
	if (tally.free_pages != chunk->free_pages || tally.free_orders != chunk->free_orders ||
	    bucket_of(chunk) != chunk->bucket) {
		report_broken("a chunk counts %u free pages and has %u", chunk->free_pages,
			      tally.free_pages);
		return false;
	}
	return true;
}

/* Invariant: the node's counts are the sums over its chunks. */
static bool check_sums(struct buddy *buddy, unsigned long pages, const unsigned long *nr_free)
{
	unsigned long free_pages = 0;
	unsigned int order;
	bool ok = pages == buddy->pages;

	for (order = 0; order < BUDDY_ORDERS; order++) {
		ok &= nr_free[order] == buddy->nr_free[order];
		ok &= list_empty(&buddy->bucket[order]) == !test_bit(order, &buddy->bucket_mask);
		free_pages += nr_free[order] << order;
	}
	ok &= free_pages == buddy->free_pages;
	if (!ok)
		report_broken("node %d counts %lu free of %lu pages and has %lu of %lu", buddy->nid,
			      buddy->free_pages, buddy->pages, free_pages, pages);
	return ok;
}

bool buddy_check(struct buddy *buddy)
{
	unsigned long nr_free[BUDDY_ORDERS] = { 0 };
	unsigned long flags, pages = 0;
	struct chunk *chunk;
	bool ok = true;

	raw_spin_lock_irqsave(&buddy->lock, flags);
	list_for_each_entry(chunk, &buddy->chunks, all) {
		pages += chunk_pages(chunk);
		ok &= check_chunk(chunk, nr_free);
	}
	if (ok)
		ok = check_sums(buddy, pages, nr_free);
	raw_spin_unlock_irqrestore(&buddy->lock, flags);
	return ok;
}
EXPORT_SYMBOL_FOR_TEST(buddy_check);

/* ---- beginning and end ---- */

void buddy_init(struct buddy *buddy, int nid, struct chunk_source *source)
{
	unsigned int i;

	raw_spin_lock_init(&buddy->lock);
	buddy->nid = nid;
	buddy->source = source;
	INIT_LIST_HEAD(&buddy->chunks);
	for (i = 0; i < NR_BUCKETS; i++)
		INIT_LIST_HEAD(&buddy->bucket[i]);
}
EXPORT_SYMBOL_FOR_TEST(buddy_init);

unsigned long buddy_exit(struct buddy *buddy)
{
	struct chunk *chunk, *next;
	unsigned long pages = 0;

	buddy_trim(buddy);
	/* Nobody else knows the pool any more; what is left is in use. */
	list_for_each_entry_safe(chunk, next, &buddy->chunks, all) {
		pages += chunk_pages(chunk);
		remove_chunk(buddy, chunk);
		chunk_abandon(chunk);
	}
	return pages;
}
EXPORT_SYMBOL_FOR_TEST(buddy_exit);
