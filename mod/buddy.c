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
 * Wholly free chunks go back to the source, less some pages that are kept for the next
 * request, until buddy_age() finds that none came. A block of pages that are no power of
 * two gives its tail back at once.
 *
 * Contexts: any but NMI. Locks: buddy->lock, raw, interrupts off, held for a split
 * or a merge over ten orders at the most (but for a chunk's pages by a check);
 * chunks come and go outside of it. What is done under the lock does not depend on how
 * many chunks there are.
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

/* How often a request looks again, a tick later, that met the limit because of others'. */
#define LIMIT_TRIES	16

/* Free pages below which more are taken ahead, if it was one who may not sleep. */
#define LOW_PAGES	64

/* ---- buckets ---- */

static void bucket_remove(struct buddy *buddy, struct chunk *chunk)
{
	list_del_init(&chunk->node);
	if (list_empty(&buddy->bucket[chunk->bucket]))
		__clear_bit(chunk->bucket, &buddy->bucket_mask);
	if (chunk->bucket >= BUCKET_EMPTY) {
		buddy->min_empty = min(buddy->min_empty, --buddy->nr_empty);
		buddy->empty_pages -= chunk_pages(chunk);
	}
}

static void bucket_insert(struct buddy *buddy, struct chunk *chunk)
{
	chunk->bucket = buddy_bucket_of(chunk);
	list_add(&chunk->node, &buddy->bucket[chunk->bucket]);
	__set_bit(chunk->bucket, &buddy->bucket_mask);
	if (chunk->bucket >= BUCKET_EMPTY) {
		buddy->nr_empty++;
		buddy->empty_pages += chunk_pages(chunk);
	}
}

static void bucket_update(struct buddy *buddy, struct chunk *chunk)
{
	if (buddy_bucket_of(chunk) == chunk->bucket)
		return;
	bucket_remove(buddy, chunk);
	bucket_insert(buddy, chunk);
}

/* The chunk with the least room that has a free block of @order or more. */
static struct chunk *find_chunk(struct buddy *buddy, unsigned int order)
{
	unsigned long fits = buddy->bucket_mask & GENMASK(BUDDY_ORDERS - 1, order);

	/* Those of a reserve, and what is kept. */
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
	/* Never FRAME_PAGES here: a stale free could claim the block. See buddy_claim(). */
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
static void detach_chunk(struct buddy *buddy, struct chunk *chunk)
{
	remove_chunk(buddy, chunk);
	unmark_free(buddy, chunk, &chunk->frames[0]);
}

/*
 * Take out the largest wholly free chunk that the reserve can spare, if there is one. Looks
 * at one chunk of each size, however many there are.
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
		/* Unless another node was faster. */
		if (chunk_try_release(chunk)) {
			detach_chunk(buddy, chunk);
			return chunk;
		}
		fits &= ~BIT(order);
	}
	return NULL;
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
static bool replace_last_freed(struct buddy *buddy, struct frame *frame)
{
	frame = xchg(&buddy->last_freed, frame);
	if (!frame)
		return false;
	merge_block(buddy, frame);
	return true;
}

/* One is kept, however large it is. Those of the reserve are among them. */
static bool has_excess(const struct buddy *buddy)
{
	return buddy->nr_empty > 1 && buddy->empty_pages > buddy->source->max_free;
}

/* Unlocks, and gives a wholly free chunk back that is one too many. */
static void unlock_and_trim(struct buddy *buddy, unsigned long flags)
	__releases(&buddy->lock)
{
	struct chunk *chunk = NULL;

	if (has_excess(buddy))
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
	if (!chunk && replace_last_freed(buddy, NULL))
		chunk = find_chunk(buddy, order);
	if (chunk)
		frame = carve_block(buddy, chunk, order, request);
	unlock_and_trim(buddy, flags);
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
	frame = carve_block(chunk->buddy, chunk, order, request);
	raw_spin_unlock_irqrestore(&chunk->buddy->lock, flags);
	source_settle(buddies->source);
	return frame;
}

/* Takes a block that there is, or that there is when caches give up what they keep. */
static struct frame *alloc_existing(struct buddy *buddy, const struct buddy_request *request)
{
	struct chunk_source *source = buddy->source;
	struct frame *frame = alloc_from(buddy, request);

	if (!frame && source->reclaim_empty && source->reclaim_empty(source))
		frame = alloc_from(buddy, request);
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

/* Whether the limit allows another chunk. */
static bool has_room(struct chunk_source *source)
{
	return atomic_long_read(&source->held) + BIT(source->min_order) <= source->limit;
}

void buddy_note_request(struct buddy *buddy, gfp_t gfp)
{
	if (gfpflags_allow_blocking(gfp) || READ_ONCE(buddy->free_pages) >= LOW_PAGES ||
	    READ_ONCE(buddy->low) || !has_room(buddy->source))
		return;
	WRITE_ONCE(buddy->low, true);
	source_kick_worker(buddy->source);
}

/* Gives back up to @nr wholly free chunks, down to the reserve. */
static unsigned long trim(struct buddy *buddy, unsigned long nr)
{
	unsigned long flags, pages = 0;
	struct chunk *chunk;

	while (nr--) {
		raw_spin_lock_irqsave(&buddy->lock, flags);
		replace_last_freed(buddy, NULL);
		chunk = detach_excess(buddy);
		raw_spin_unlock_irqrestore(&buddy->lock, flags);
		if (!chunk)
			break;
		pages += chunk_pages(chunk);
		chunk_destroy(chunk);
	}
	return pages;
}

unsigned long buddy_trim(struct buddy *buddy)
{
	return trim(buddy, ULONG_MAX);
}
EXPORT_SYMBOL_FOR_TEST(buddy_trim);

/*
 * Where it is the limit that is in the way: gives back free chunks that are too small, so
 * that a larger one may be had. False when that is not so.
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

/* One look at all that there is, and then at the source. */
static struct frame *alloc_once(struct buddy *buddies, int nid,
				const struct buddy_request *request, gfp_t gfp)
{
	struct frame *frame = alloc_existing(&buddies[nid], request);

	if (frame)
		return frame;
	if (gfp & __GFP_THISNODE || nr_online_nodes == 1)
		goto last;
	/*
	 * What other nodes have free is used before the kernel may give more of
	 * theirs: else a node without memory would take a chunk for every block.
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

/* Whether a request that failed for the @tries-th time is to wait for what others get. */
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

	if (in_nmi())
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
	/* What else a block has in its frame stays as it is: strict.h has bits there. */
	/* A wrong free finds nothing to claim, and writes nothing to the frame. */
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
	/* What is driven out is merged before anybody can look for it in vain. */
	raw_spin_lock_irqsave(&buddy->lock, flags);
	replace_last_freed(buddy, frame);
	unlock_and_trim(buddy, flags);
}
EXPORT_SYMBOL_FOR_TEST(buddy_free_claimed);

struct frame *buddy_alloc_last_freed(struct buddy *buddy, unsigned int nr_pages)
{
	struct frame *frame;
	bool mine;

	if (in_nmi())
		return NULL;
	/* A reader of RCU, for the frame may go while it is looked at. */
	preempt_disable();
	frame = READ_ONCE(buddy->last_freed);
	mine = frame && READ_ONCE(frame->nr_pages) == nr_pages &&
	       cmpxchg(&buddy->last_freed, frame, NULL) == frame;
	preempt_enable();
	if (!mine)
		return NULL;
	/* Meanwhile it may have been merged, and been kept again with another size. */
	if (unlikely(frame->nr_pages != nr_pages)) {
		buddy_free_claimed(frame);
		return NULL;
	}
	return frame;
}
EXPORT_SYMBOL_FOR_TEST(buddy_alloc_last_freed);

unsigned long buddy_free_pages(struct buddy *buddy)
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

unsigned long buddy_age(struct buddy *buddy)
{
	unsigned long flags, unwanted;

	raw_spin_lock_irqsave(&buddy->lock, flags);
	if (buddy->last_freed && buddy->last_freed == buddy->last_freed_before)
		replace_last_freed(buddy, NULL);
	buddy->last_freed_before = READ_ONCE(buddy->last_freed);
	unwanted = buddy->min_empty;
	buddy->min_empty = buddy->nr_empty;
	raw_spin_unlock_irqrestore(&buddy->lock, flags);
	return trim(buddy, unwanted);
}
EXPORT_SYMBOL_FOR_TEST(buddy_age);

/* Whether a wholly free chunk is small enough to leave the reserve whole. */
static bool has_unreserved(struct buddy *buddy)
{
	unsigned long beyond = source_unreserved(buddy->source);
	struct chunk *chunk;
	bool has = false;

	rcu_read_lock();
	list_for_each_entry_rcu(chunk, &buddy->chunks, all) {
		unsigned int pages = chunk_pages(chunk);

		if (READ_ONCE(chunk->free_pages) == pages && pages <= beyond) {
			has = true;
			break;
		}
	}
	rcu_read_unlock();
	return has;
}

bool buddy_has_idle(struct buddy *buddy)
{
	return READ_ONCE(buddy->last_freed) ||
	       (READ_ONCE(buddy->nr_empty) && has_unreserved(buddy));
}
EXPORT_SYMBOL_FOR_TEST(buddy_has_idle);

unsigned long buddy_reclaimable(struct buddy *buddy)
{
	struct chunk *chunk, *of_kept = NULL;
	unsigned long pages = 0;
	struct frame *last_freed;

	rcu_read_lock();
	last_freed = READ_ONCE(buddy->last_freed);
	if (last_freed)
		of_kept = frame_chunk(last_freed);
	list_for_each_entry_rcu(chunk, &buddy->chunks, all) {
		unsigned int idle = READ_ONCE(chunk->free_pages) + atomic_read(&chunk->empty_pages);

		if (chunk == of_kept)
			idle += READ_ONCE(last_freed->nr_pages);
		if (idle >= chunk_pages(chunk))
			pages += chunk_pages(chunk);
	}
	rcu_read_unlock();
	return pages;
}
EXPORT_SYMBOL_FOR_TEST(buddy_reclaimable);

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

void buddy_prefill(struct buddy *buddies, int nid, gfp_t gfp)
{
	struct buddy *buddy = &buddies[nid];

	if (!READ_ONCE(buddy->low))
		return;
	WRITE_ONCE(buddy->low, false);
	/* Of this node: what comes from another does not make it less empty. */
	while (READ_ONCE(buddy->free_pages) < LOW_PAGES && has_room(buddy->source)) {
		if (!buddy_add_chunk(buddies, nid, buddy->source->min_order, gfp | __GFP_THISNODE))
			break;
		stat_inc(buddy->source->stats, STAT_AHEAD);
	}
}
EXPORT_SYMBOL_FOR_TEST(buddy_prefill);

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
		chunk_leak(chunk);
	}
	return pages;
}
EXPORT_SYMBOL_FOR_TEST(buddy_exit);
