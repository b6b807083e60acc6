// SPDX-License-Identifier: GPL-2.0
/*
 * buddy.c - blocks of pages, split and merged.
 *
 * Each chunk has its own lists of free blocks, one for each order, and is itself in the bucket
 * of its largest free block. A request uses the lowest bucket that can serve it. So the chunk
 * with the least room is used up first, others drain, and a wholly free chunk is used last.
 * This takes two find-first-bit operations and no search. (With one list per order for the
 * whole node, finding the fullest chunk would be a walk over its blocks.)
 *
 * Each node caches the block that was freed last, and merges it when another one is freed or
 * pages are needed: alternating allocations and frees of large blocks neither split nor lock.
 * If the size of a block is not a power of two, the unused tail is freed at once.
 *
 * Wholly free chunks are freed to the source, except for some pages that are cached for later
 * requests until buddy_age() finds them unused.
 *
 * Contexts: any but NMI. Locks: buddy->lock, held for a split or a merge over at most ten
 * orders, however many chunks there are. Chunks are created and destroyed without it.
 */
#include <linux/bitops.h>
#include <linux/gfp.h>
#include <linux/log2.h>
#include <linux/nodemask.h>
#include <linux/rculist.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>

#include "buddy.h"
#include "chunk.h"
#include "gfp.h"
#include "source.h"

/* Tries, one per tick, of a request that the limit refused because of unsettled charges. */
#define LIMIT_TRIES	16

/* ---- buckets ---- */

static void bucket_remove(struct buddy *buddy, struct chunk *chunk)
{
	list_del_init(&chunk->node);
	if (list_empty(&buddy->bucket[chunk->bucket]))
		__clear_bit(chunk->bucket, &buddy->bucket_mask);
	if (chunk->bucket >= BUCKET_EMPTY) {
		buddy->min_free_chunks = min(buddy->min_free_chunks, --buddy->nr_free_chunks);
		buddy->free_chunk_pages -= chunk_pages(chunk);
	}
}

static void bucket_insert(struct buddy *buddy, struct chunk *chunk)
{
	chunk->bucket = buddy_bucket_of(chunk);
	list_add(&chunk->node, &buddy->bucket[chunk->bucket]);
	__set_bit(chunk->bucket, &buddy->bucket_mask);
	if (chunk->bucket >= BUCKET_EMPTY) {
		buddy->nr_free_chunks++;
		buddy->free_chunk_pages += chunk_pages(chunk);
	}
}

static void bucket_update(struct buddy *buddy, struct chunk *chunk)
{
	if (buddy_bucket_of(chunk) == chunk->bucket)
		return;
	bucket_remove(buddy, chunk);
	bucket_insert(buddy, chunk);
}

/* Return the chunk with the least room that has a free block of at least @order. */
static struct chunk *find_chunk(struct buddy *buddy, unsigned int order)
{
	unsigned long fits = buddy->bucket_mask & GENMASK(BUDDY_ORDERS - 1, order);

	if (!fits)
		fits = buddy->bucket_mask & GENMASK(NR_BUCKETS - 1, BUCKET_EMPTY + order);
	if (!fits)
		return NULL;
	return list_first_entry(&buddy->bucket[__ffs(fits)], struct chunk, node);
}

/* ---- free blocks ---- */

static void mark_free(struct buddy *buddy, struct chunk *chunk, unsigned int index,
		      unsigned int order)
{
	struct frame *frame = &chunk->frames[index];

	frame->state = FRAME_FREE;
	frame->order = order;
	list_add(&frame->node, &chunk->free_list[order]);
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
	if (list_empty(&chunk->free_list[order]))
		chunk->free_orders &= ~BIT(order);
	chunk->free_pages -= 1u << order;
	buddy->nr_free[order]--;
	buddy->free_pages -= 1ul << order;
}

/* Free a block, and merge it with its free buddies. */
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

/* Free a run of pages within a block, as the largest aligned blocks that it consists of. */
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

struct buddy_request {
	unsigned int nr_pages;
	void (*mark)(struct frame *frame, void *arg);	/* NULL: claim the block */
	void *arg;
};

/* Remove a block from a chunk that has one, and split it down to the requested pages. */
static struct frame *carve_block(struct buddy *buddy, struct chunk *chunk, unsigned int order,
				 const struct buddy_request *request)
{
	unsigned int nr_pages = request->nr_pages;
	unsigned int found = order + __ffs(chunk->free_orders >> order);
	struct frame *frame = list_first_entry(&chunk->free_list[found], struct frame, node);

	unmark_free(buddy, chunk, frame);
	while (found > order) {
		found--;
		mark_free(buddy, chunk, frame->index + (1u << found), found);
	}
	frame->order = order;
	frame->nr_pages = nr_pages;
	frame->block = frame_address(frame);
	frame->debug = NULL;
	frame->buddy = buddy;
	free_run(buddy, chunk, frame->index + nr_pages, (1u << order) - nr_pages);
	bucket_update(buddy, chunk);
	/* Never FRAME_PAGES here: a stale free could claim the block. */
	if (request->mark)
		request->mark(frame, request->arg);
	else
		WRITE_ONCE(frame->state, FRAME_CLAIMED);
	return frame;
}

/* ---- chunks ---- */

static void add_chunk(struct buddy *buddy, struct chunk *chunk)
{
	mark_free(buddy, chunk, 0, chunk->order);
	bucket_insert(buddy, chunk);
	list_add_rcu(&chunk->all, &buddy->chunks);
}

static void remove_chunk(struct buddy *buddy, struct chunk *chunk)
{
	bucket_remove(buddy, chunk);
	list_del_rcu(&chunk->all);
}

/*
 * Remove the largest wholly free chunk that the reserve can spare, if there is one. Look at one
 * chunk of each size only.
 */
static struct chunk *detach_excess(struct buddy *buddy)
{
	unsigned long beyond = source_unreserved(buddy->source), fits = 0;
	struct chunk *chunk;
	unsigned int order;

	if (beyond)
		fits = buddy->bucket_mask >> BUCKET_EMPTY & GENMASK(ilog2(beyond), 0);
	while (fits) {
		order = __fls(fits);
		chunk = list_last_entry(&buddy->bucket[BUCKET_EMPTY + order], struct chunk, node);
		/* Fails if another node released pages meanwhile. */
		if (chunk_try_release(chunk)) {
			remove_chunk(buddy, chunk);
			unmark_free(buddy, chunk, &chunk->frames[0]);
			return chunk;
		}
		fits &= ~BIT(order);
	}
	return NULL;
}

/* Merge a block that no other CPU can reach. */
static void merge_block(struct buddy *buddy, struct frame *frame)
{
	struct chunk *chunk = frame_chunk(frame);

	frame->state = FRAME_TAIL;
	free_run(buddy, chunk, frame->index, frame->nr_pages);
	bucket_update(buddy, chunk);
}

/* Return false if there was none. */
bool buddy_replace_last_freed(struct buddy *buddy, struct frame *frame)
{
	frame = xchg(&buddy->last_freed, frame);
	if (!frame)
		return false;
	merge_block(buddy, frame);
	return true;
}

/* Unlock, and free one wholly free chunk if there are more than the node may cache. */
static void unlock_and_trim(struct buddy *buddy, unsigned long flags)
	__releases(&buddy->lock)
{
	struct chunk *chunk = NULL;

	/* One may always stay, however large it is. */
	if (buddy->nr_free_chunks > 1 && buddy->free_chunk_pages > buddy->source->max_free)
		chunk = detach_excess(buddy);
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
	if (!chunk && buddy_replace_last_freed(buddy, NULL))
		chunk = find_chunk(buddy, order);
	if (chunk)
		frame = carve_block(buddy, chunk, order, request);
	unlock_and_trim(buddy, flags);
	return frame;
}

/* Allocate a block from a new chunk, before other CPUs can see the chunk. */
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
	frame = carve_block(chunk->buddy, chunk, order, request);
	raw_spin_unlock_irqrestore(&chunk->buddy->lock, flags);
	source_settle(buddies->source);
	return frame;
}

static struct frame *alloc_from_other_nodes(struct buddy *buddies, int nid,
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

void buddy_note_request(struct buddy *buddy, gfp_t gfp)
{
	if (gfpflags_allow_blocking(gfp) || READ_ONCE(buddy->free_pages) >= BUDDY_LOW_PAGES ||
	    READ_ONCE(buddy->low) || !source_has_room(buddy->source))
		return;
	WRITE_ONCE(buddy->low, true);
	source_kick_worker(buddy->source);
}

unsigned long buddy_trim_some(struct buddy *buddy, unsigned long nr)
{
	unsigned long flags, pages = 0;
	struct chunk *chunk;

	while (nr--) {
		raw_spin_lock_irqsave(&buddy->lock, flags);
		buddy_replace_last_freed(buddy, NULL);
		chunk = detach_excess(buddy);
		raw_spin_unlock_irqrestore(&buddy->lock, flags);
		if (!chunk)
			break;
		pages += chunk_pages(chunk);
		chunk_destroy(chunk);
	}
	return pages;
}
EXPORT_SYMBOL_FOR_TEST(buddy_trim_some);

/*
 * If the limit refuses a chunk for the request, free chunks that are too small for it. Return
 * false if the limit does not, or no chunk was freed.
 */
static bool make_room(struct buddy *buddies, const struct buddy_request *request)
{
	struct chunk_source *source = buddies->source;
	unsigned int order = order_base_2(request->nr_pages);
	unsigned long pages = 0;
	int nid;

	if (atomic_long_read(&source->held) + BIT(order) <= source->limit)
		return false;
	for_each_online_node(nid)
		pages += buddy_trim(&buddies[nid]);
	return pages;
}

/* Try once: free blocks first, then a new chunk. */
static struct frame *alloc_once(struct buddy *buddies, int nid,
				const struct buddy_request *request, gfp_t gfp)
{
	struct chunk_source *source = buddies->source;
	struct frame *frame = alloc_from(&buddies[nid], request);

	if (!frame && source->reclaim_empty && source->reclaim_empty(source))
		frame = alloc_from(&buddies[nid], request);
	if (frame)
		return frame;
	if (gfp & __GFP_THISNODE || nr_online_nodes == 1)
		goto last;
	/*
	 * Use free blocks of other nodes before new chunks of theirs: otherwise, a node
	 * without memory would create a chunk for every block.
	 */
	frame = alloc_new(buddies, nid, request, gfp_easy(gfp) | __GFP_THISNODE);
	if (!frame)
		frame = alloc_from_other_nodes(buddies, nid, request);
	if (frame)
		return frame;
last:
	frame = alloc_new(buddies, nid, request, gfp);
	if (!frame && make_room(buddies, request))
		frame = alloc_new(buddies, nid, request, gfp);
	return frame;
}

/* Return true if a request that failed @tries times may wait for unsettled charges. */
static bool may_wait(gfp_t gfp, unsigned int tries)
{
	if (!gfpflags_allow_blocking(gfp) || gfp & __GFP_NORETRY)
		return false;
	return gfp & __GFP_NOFAIL || tries < LIMIT_TRIES;
}

struct frame *buddy_alloc_as(struct buddy *buddies, int nid, unsigned int nr_pages, gfp_t gfp,
			     void (*mark)(struct frame *frame, void *arg), void *arg)
{
	const struct buddy_request request = { .nr_pages = nr_pages, .mark = mark, .arg = arg };
	struct chunk_source *source = buddies->source;
	unsigned int tries;

	if (must_not_lock())
		return NULL;
	if (source->nid != NUMA_NO_NODE) {
		if (gfp & __GFP_THISNODE && nid != source->nid)
			return NULL;
		nid = source->nid;
		gfp |= __GFP_THISNODE;
	}
	for (tries = 1;; tries++) {
		struct source_state before = source_state(source);
		struct frame *frame = alloc_once(buddies, nid, &request, gfp);

		if (frame || !may_wait(gfp, tries) || !source_was_unsettled(source, &before))
			return frame;
		schedule_timeout_uninterruptible(1);
	}
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
	unlock_and_trim(buddy, flags);
	return true;
}

bool buddy_free(struct frame *frame)
{
	return buddy_free_as(frame, NULL, NULL);
}
EXPORT_SYMBOL_FOR_TEST(buddy_free);

static void free_rcu(struct rcu_head *rcu)
{
	struct frame *frame = container_of(rcu, struct frame, rcu);
	struct buddy *buddy = frame_chunk(frame)->buddy;
	struct chunk_source *source = buddy->source;
	unsigned int pages = frame->nr_pages;
	unsigned long flags;

	raw_spin_lock_irqsave(&buddy->lock, flags);
	INIT_LIST_HEAD(&frame->node);
	merge_block(buddy, frame);
	unlock_and_trim(buddy, flags);
	atomic_long_sub(pages, &source->rcu_pages);
}

void buddy_free_rcu(struct frame *frame, void (*mark)(struct frame *frame, void *arg), void *arg)
{
	struct buddy *buddy = frame_chunk(frame)->buddy;
	unsigned long flags;

	raw_spin_lock_irqsave(&buddy->lock, flags);
	mark(frame, arg);
	atomic_long_add(frame->nr_pages, &buddy->source->rcu_pages);
	/* A wrong free cannot claim the block. The rest of the frame is kept: see strict.h. */
	WRITE_ONCE(frame->state, FRAME_CLAIMED);
	raw_spin_unlock_irqrestore(&buddy->lock, flags);
	call_rcu(&frame->rcu, free_rcu);
}

/* ---- the block that was freed last ---- */

bool buddy_claim(struct frame *frame)
{
	return cmpxchg(&frame->state, FRAME_PAGES, FRAME_CLAIMED) == FRAME_PAGES;
}
EXPORT_SYMBOL_FOR_TEST(buddy_claim);

void buddy_free_claimed(struct frame *frame)
{
	struct buddy *buddy = frame->buddy;
	unsigned long flags;

	if (!cmpxchg(&buddy->last_freed, NULL, frame))
		return;
	/* Merge the displaced block before a concurrent allocation can miss it. */
	raw_spin_lock_irqsave(&buddy->lock, flags);
	buddy_replace_last_freed(buddy, frame);
	unlock_and_trim(buddy, flags);
}
EXPORT_SYMBOL_FOR_TEST(buddy_free_claimed);

struct frame *buddy_alloc_last_freed(struct buddy *buddy, unsigned int nr_pages)
{
	struct frame *frame;
	bool removed;

	if (must_not_lock())
		return NULL;
	/* An RCU reader: the frame may be freed concurrently. */
	preempt_disable();
	frame = READ_ONCE(buddy->last_freed);
	removed = frame && READ_ONCE(frame->nr_pages) == nr_pages &&
		  cmpxchg(&buddy->last_freed, frame, NULL) == frame;
	preempt_enable();
	if (!removed)
		return NULL;
	/* The block may have been merged, and freed again with another size, in between. */
	if (unlikely(frame->nr_pages != nr_pages)) {
		buddy_free_claimed(frame);
		return NULL;
	}
	return frame;
}
EXPORT_SYMBOL_FOR_TEST(buddy_alloc_last_freed);

unsigned long buddy_nr_free_pages(struct buddy *buddy)
{
	unsigned long pages = READ_ONCE(buddy->free_pages);
	struct frame *last_freed;

	rcu_read_lock();
	last_freed = READ_ONCE(buddy->last_freed);
	if (last_freed)
		pages += READ_ONCE(last_freed->nr_pages);
	rcu_read_unlock();
	return pages;
}

bool buddy_add_chunk(struct buddy *buddies, int nid, unsigned int order, gfp_t gfp)
{
	struct chunk_source *source = buddies->source;
	struct chunk *chunk;
	unsigned long flags;

	if (source->nid != NUMA_NO_NODE) {
		if (nid != source->nid)
			return false;
		gfp |= __GFP_THISNODE;
	}
	chunk = chunk_create_exact(buddies, nid, order, gfp);
	if (!chunk)
		return false;
	raw_spin_lock_irqsave(&chunk->buddy->lock, flags);
	add_chunk(chunk->buddy, chunk);
	raw_spin_unlock_irqrestore(&chunk->buddy->lock, flags);
	source_settle(source);
	return true;
}
EXPORT_SYMBOL_FOR_TEST(buddy_add_chunk);

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

unsigned long buddy_exit(struct buddy *buddy)
{
	struct chunk *chunk, *next;
	unsigned long pages = 0;

	buddy_trim(buddy);
	/* No other CPU uses the pool any more; the remaining chunks are in use. */
	list_for_each_entry_safe(chunk, next, &buddy->chunks, all) {
		pages += chunk_pages(chunk);
		remove_chunk(buddy, chunk);
		chunk_forget(chunk);
	}
	return pages;
}
